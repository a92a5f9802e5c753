/* SPDX-License-Identifier: MIT
 * Words for error messages, and checks of names. */
#pragma once

#include <glib.h>

/* Longest name of a connection, table or column: what PostgreSQL keeps of an identifier. */
#define YARA_NAME_MAX 63

/* The known word nearest to `word`, or NULL when none is near: (transfer none). `known` is
 * NULL-terminated. */
const char *yara_text_suggest (const char *word, const char *const *known);

/* "; did you mean \"replica\"?" or "": (transfer full), to be appended to a message. */
char *yara_text_did_you_mean (const char *word, const char *const *known);

/* A connection name: 1 to 63 bytes of A-Z a-z 0-9 _ -. */
gboolean yara_text_is_connection_name (const char *name);

/* `text` for a message: at most 80 characters, control characters and bytes that are not UTF-8
 * escaped: (transfer full). `text` must be NUL-terminated. */
char *yara_text_quote (const char *text);
