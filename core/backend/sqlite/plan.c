/* SPDX-License-Identifier: MIT
 * How the columns of a statement are decoded. Looking at the type of every cell costs more than
 * reading it; in a STRICT table SQLite itself sees to it that an integer column holds integers. */
#include "backend/sqlite/sqlite.h"

static gboolean
is_strict (sqlite3 *db, const char *table)
{
  sqlite3_stmt *stmt = NULL;
  gboolean strict = FALSE;

  if (sqlite3_prepare_v2 (db, "SELECT strict FROM pragma_table_list (?1) WHERE schema = 'main'", -1, &stmt, NULL) ==
        SQLITE_OK &&
      sqlite3_bind_text (stmt, 1, table, -1, SQLITE_STATIC) == SQLITE_OK && sqlite3_step (stmt) == SQLITE_ROW)
    strict = sqlite3_column_int (stmt, 0);
  sqlite3_finalize (stmt);
  return strict;
}

/* Neither NULL nor anything else. */
static gboolean
holds_integers (sqlite3 *db, const char *table, const char *column)
{
  const char *type = NULL;
  int not_null = 0, makes_keys = 0;

  return sqlite3_table_column_metadata (db, "main", table, column, &type, NULL, &not_null, NULL, &makes_keys) ==
           SQLITE_OK &&
         type != NULL && g_ascii_strcasecmp (type, "INTEGER") == 0 && (not_null || makes_keys);
}

static YaraDecodeWay
choose_way (YaraKind kind, gboolean is_sure)
{
  switch (kind)
    {
    case YARA_KIND_INT64:
    case YARA_KIND_TIMESTAMP:
      return is_sure ? YARA_DECODE_SURE_INT64 : YARA_DECODE_INT64;
    case YARA_KIND_INT32:
      return is_sure ? YARA_DECODE_SURE_INT32 : YARA_DECODE_INT32;
    case YARA_KIND_DOUBLE:
      return YARA_DECODE_DOUBLE;
    case YARA_KIND_TEXT:
      return YARA_DECODE_TEXT;
    default:
      return YARA_DECODE_ANY;
    }
}

void
yara_sqlite_plan (YaraPrepared *prepared, const YaraModelInfo *info)
{
  sqlite3 *db = sqlite3_db_handle (prepared->stmt);
  gboolean strict = prepared->is_kept && is_strict (db, info->table);

  if (prepared->plan == NULL)
    prepared->plan = g_new (YaraDecodeStep, info->n_fields);
  for (guint i = 0; i < info->n_fields; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];
      gboolean is_sure = strict && holds_integers (db, info->table, field->column);

      prepared->plan[i] = (YaraDecodeStep) { choose_way (field->kind, is_sure), field->offset, field };
    }
  prepared->n_reprepared = sqlite3_stmt_status (prepared->stmt, SQLITE_STMTSTATUS_REPREPARE, FALSE);
}
