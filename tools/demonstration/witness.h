/* SPDX-License-Identifier: MIT
 * The witness: looks into the files through sqlite3 handles of its own, past the library. */
#pragma once

#include "models.h"

/* The files, and the connections that lead to them by the same index. "replica" is one more
 * connection to the first file. */
enum { DEFAULT, ANALYTICS, CACHE, N_FILES };

extern const char *const file_names[N_FILES];
extern const char *const connection_names[N_FILES];

/* Counts what was found wrong, and says so. */
extern guint n_problems;
void report_problem (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The one number that `expression` gives over the rows of one step: "count(*)", "min(serial)". */
gint64 witness_ask (const char *folder, guint file, guint model, guint step, const char *expression);

/* Of all files the only one with a row of that step; N_FILES, reported, when there is not exactly one
 * row. */
guint witness_find_row (const char *folder, guint model, guint step);
