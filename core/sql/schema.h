/* SPDX-License-Identifier: MIT
 * CREATE TABLE and CREATE INDEX, and what takes a column or an index away. */
#pragma once

#include "sql/dialect.h"

/* Appends the statements for one model to `statements` (element type char *, owned): the table
 * first, then its indexes. `safe`: IF NOT EXISTS. `find` gives the info of a referenced model. */
typedef const YaraModelInfo *(*YaraModelFinder) (const YaraModel *model, gpointer user_data);

/* The same for what is missing: `existing` has "c" and the name of each column of the table, and "i" and that of
 * each index, as the dialect's catalog tells them; without a column the table is not there. A column of a
 * table that is there is added, unique or not; its uniqueness is an index. */
gboolean yara_schema_append_missing (const YaraDialect *dialect, const YaraModelInfo *info, GHashTable *existing, YaraModelFinder find, gpointer user_data, GPtrArray *statements, GError **error);

/* Removes from `existing` what the model has of it. */
void yara_schema_remove_own (const YaraModelInfo *info, GHashTable *existing);

/* The statement that drops the column, or the index, `name` of a table: (transfer full). */
char *yara_schema_drop_column (const char *table, const char *name);
char *yara_schema_drop_index  (const char *name);

gboolean yara_schema_append (const YaraDialect *dialect, const YaraModelInfo *info, gboolean safe, YaraModelFinder find, gpointer user_data, GPtrArray *statements, GError **error);
