/* SPDX-License-Identifier: MIT
 * From cells to rows of values. What a cell is follows from its field where there is one, else from
 * what SQLite stored. */
#include "backend/sqlite/sqlite.h"

#include <yaraorm/yara-error.h>
#include "model/field.h"

YaraRows *
yara_sqlite_rows_new (sqlite3_stmt *stmt, const YaraStatement *statement)
{
  int n_columns = sqlite3_column_count (stmt);
  g_autofree const char **names = g_new (const char *, MAX (n_columns, 1));

  for (int i = 0; i < n_columns; i++)
    {
      names[i] = statement->columns != NULL ? statement->columns[i]->name : sqlite3_column_name (stmt, i);
      if (names[i] == NULL)
        names[i] = "";
    }
  return yara_rows_new (n_columns, names);
}

static const char *
read_stored (sqlite3_value *cell, YaraArena *arena, YaraValue *value)
{
  switch (sqlite3_value_type (cell))
    {
    case SQLITE_INTEGER:
      *value = yara_value_int (sqlite3_value_int64 (cell));
      return NULL;
    case SQLITE_FLOAT:
      *value = yara_value_double (sqlite3_value_double (cell));
      return NULL;
    case SQLITE_TEXT:
      value->kind = YARA_KIND_TEXT;
      return yara_sqlite_read_text (cell, arena, &value->bytes);
    default:
      value->kind = YARA_KIND_BYTES;
      return yara_sqlite_read_bytes (cell, arena, &value->bytes);
    }
}

gboolean
yara_sqlite_decode_row (sqlite3_stmt *stmt, const YaraStatement *statement, YaraRows *rows, GError **error)
{
  YaraValue *row = yara_rows_append (rows);

  if (row == NULL)
    return yara_sqlite_out_of_memory (error);
  for (gsize i = 0; i < rows->n_columns; i++)
    {
      const YaraFieldInfo *field = statement->columns != NULL ? statement->columns[i] : NULL;
      sqlite3_value *cell = sqlite3_column_value (stmt, i);
      const char *found;

      if (sqlite3_value_type (cell) == SQLITE_NULL)
        continue;
      if (field != NULL)
        found = yara_sqlite_read_field (cell, field, &rows->arena, &row[i]);
      else
        found = read_stored (cell, &rows->arena, &row[i]);
      if (found == NULL)
        continue;
      if (field != NULL)
        return yara_field_fail_cell (statement->info, field, found, error);
      g_set_error (error, YARA_ERROR, YARA_ERROR_DECODE, "column \"%s\": the database holds %s; select it as a BLOB "
                   "with CAST to read it", rows->names[i], found);
      return FALSE;
    }
  return TRUE;
}
