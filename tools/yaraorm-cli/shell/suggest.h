/* SPDX-License-Identifier: MIT
 * "Did you mean": the known word nearest to a mistyped one. */
#pragma once

#include <glib.h>

/* (transfer none), NULL when none is near. `known` is NULL-terminated. */
const char *suggest_nearest (const char *word, const char *const *known);
