/* SPDX-License-Identifier: MIT
 * Whether text is JSON. */
#pragma once

#include <glib.h>

/* Whether the NUL-terminated text is one JSON value (RFC 8259), nested at most 1000 deep. It has to be
 * UTF-8; that is not checked here. */
gboolean yara_json_is_valid (const char *text);
