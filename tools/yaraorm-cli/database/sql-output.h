/* SPDX-License-Identifier: MIT
 * Showing the results of SQL. */
#pragma once

#include <yaraorm/yaraorm.h>

#include "shell/output.h"

/* Prints rows; as JSON adds them to `results` instead. */
void sql_output_rows (const YaraRows *rows, OutputFormat format, JsonArray *results);

/* The same for the answer of EXPLAIN, as PostgreSQL or EXPLAIN QUERY PLAN of SQLite gives it. */
void sql_output_plan (const YaraRows *rows, OutputFormat format, JsonArray *results);

/* The same for a statement that has none. */
void sql_output_count (gint64 n_changed, OutputFormat format, JsonArray *results);
