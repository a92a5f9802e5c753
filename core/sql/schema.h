/* SPDX-License-Identifier: MIT
 * CREATE TABLE and CREATE INDEX. */
#pragma once

#include "sql/dialect.h"

/* Appends the statements for one model to `statements` (element type char *, owned): the table
 * first, then its indexes. `safe`: IF NOT EXISTS. `find` gives the info of a referenced model. */
typedef const YaraModelInfo *(*YaraModelFinder) (const YaraModel *model, gpointer user_data);

gboolean yara_schema_append (const YaraDialect *dialect, const YaraModelInfo *info, gboolean safe, YaraModelFinder find, gpointer user_data, GPtrArray *statements, GError **error);
