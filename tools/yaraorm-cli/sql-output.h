/* SPDX-License-Identifier: MIT
 * Showing the results of SQL. */
#pragma once

#include <json-glib/json-glib.h>
#include <yaraorm/yaraorm.h>

typedef enum { FORMAT_TABLE, FORMAT_JSON, FORMAT_JSONL, FORMAT_CSV } SqlFormat;

/* "table", "json", "jsonl" or "csv". */
gboolean sql_format_parse (const char *name, SqlFormat *format);

/* Prints rows; as JSON adds them to `results` instead. */
void sql_output_rows (const YaraRows *rows, SqlFormat format, JsonArray *results);

/* The same for a statement that has none. */
void sql_output_count (gint64 n_changed, SqlFormat format, JsonArray *results);
