/* SPDX-License-Identifier: MIT
 * yara_list(?): a table-valued function over the values of a bound list, so that `in` takes lists
 * of any length and kind with one parameter. */
#include "backend/sqlite/sqlite.h"

typedef struct
{
  sqlite3_vtab_cursor base;
  const YaraValue    *values;
  gsize               n_values;
  gsize               position;
} ListCursor;

static int
list_connect (sqlite3 *db, gpointer data, int n_arguments, const char *const *arguments, sqlite3_vtab **table,
              char **message)
{
  int code = sqlite3_declare_vtab (db, "CREATE TABLE list (value, pointer HIDDEN)");

  if (code != SQLITE_OK)
    return code;
  *table = sqlite3_malloc (sizeof **table);
  if (*table == NULL)
    return SQLITE_NOMEM;
  memset (*table, 0, sizeof **table);
  sqlite3_vtab_config (db, SQLITE_VTAB_INNOCUOUS);
  return SQLITE_OK;
}

static int
list_disconnect (sqlite3_vtab *table)
{
  sqlite3_free (table);
  return SQLITE_OK;
}

/* The pointer is the only way in: without it there are no values. */
static int
list_best_index (sqlite3_vtab *table, sqlite3_index_info *info)
{
  for (int i = 0; i < info->nConstraint; i++)
    if (info->aConstraint[i].iColumn == 1 && info->aConstraint[i].op == SQLITE_INDEX_CONSTRAINT_EQ &&
        info->aConstraint[i].usable)
      {
        info->aConstraintUsage[i].argvIndex = 1;
        info->aConstraintUsage[i].omit = 1;
        info->estimatedCost = 100;
        info->estimatedRows = 100;
        return SQLITE_OK;
      }
  return SQLITE_CONSTRAINT;
}

static int
list_open (sqlite3_vtab *table, sqlite3_vtab_cursor **cursor)
{
  ListCursor *list = sqlite3_malloc (sizeof *list);

  if (list == NULL)
    return SQLITE_NOMEM;
  memset (list, 0, sizeof *list);
  *cursor = &list->base;
  return SQLITE_OK;
}

static int
list_close (sqlite3_vtab_cursor *cursor)
{
  sqlite3_free (cursor);
  return SQLITE_OK;
}

static int
list_filter (sqlite3_vtab_cursor *cursor, int index_number, const char *index_text, int n_arguments,
             sqlite3_value **arguments)
{
  ListCursor *list = (ListCursor *) cursor;
  const YaraValue *value = sqlite3_value_pointer (arguments[0], YARA_LIST_POINTER);

  list->values = value != NULL ? value->list.values : NULL;
  list->n_values = value != NULL ? value->list.n_values : 0;
  list->position = 0;
  return SQLITE_OK;
}

static int
list_next (sqlite3_vtab_cursor *cursor)
{
  ((ListCursor *) cursor)->position++;
  return SQLITE_OK;
}

static int
list_eof (sqlite3_vtab_cursor *cursor)
{
  const ListCursor *list = (const ListCursor *) cursor;

  return list->position >= list->n_values;
}

static void
return_decimal (sqlite3_context *context, const YaraValue *value)
{
  gint64 number;

  if (yara_sqlite_decimal_to_integer (value->bytes.data, value->bytes.size, value->scale, &number))
    sqlite3_result_int64 (context, number);
  else
    sqlite3_result_error (context, "a decimal of the list is out of range", -1);
}

static void
return_uuid (sqlite3_context *context, const YaraUuid *uuid)
{
  char text[YARA_UUID_TEXT_SIZE];

  yara_uuid_to_text (uuid, text);
  sqlite3_result_text (context, text, YARA_UUID_TEXT_SIZE - 1, SQLITE_TRANSIENT);
}

static void
return_value (sqlite3_context *context, const YaraValue *value)
{
  switch (value->kind)
    {
    case YARA_KIND_NULL:
      sqlite3_result_null (context);
      break;
    case YARA_KIND_BOOL:
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_TIMESTAMP:
    case YARA_KIND_DATE:
    case YARA_KIND_ENUM_INT:
      sqlite3_result_int64 (context, value->integer);
      break;
    case YARA_KIND_DOUBLE:
      sqlite3_result_double (context, value->number);
      break;
    case YARA_KIND_TEXT:
    case YARA_KIND_JSON:
    case YARA_KIND_ENUM_TEXT:
      sqlite3_result_text64 (context, value->bytes.data, value->bytes.size, SQLITE_STATIC, SQLITE_UTF8);
      break;
    case YARA_KIND_BYTES:
      sqlite3_result_blob64 (context, value->bytes.data, value->bytes.size, SQLITE_STATIC);
      break;
    case YARA_KIND_UUID:
      return_uuid (context, &value->uuid);
      break;
    case YARA_KIND_DECIMAL:
      return_decimal (context, value);
      break;
    case YARA_KIND_LIST:
    case YARA_KIND_INVALID:
      sqlite3_result_error (context, "an element of the list cannot be represented", -1);
      break;
    }
}

static int
list_column (sqlite3_vtab_cursor *cursor, sqlite3_context *context, int column)
{
  const ListCursor *list = (const ListCursor *) cursor;

  if (column == 0)
    return_value (context, &list->values[list->position]);
  return SQLITE_OK;
}

static int
list_rowid (sqlite3_vtab_cursor *cursor, sqlite3_int64 *rowid)
{
  *rowid = ((const ListCursor *) cursor)->position;
  return SQLITE_OK;
}

int
yara_sqlite_list_register (sqlite3 *db)
{
  static const sqlite3_module module = { /* without xCreate it exists only as a function */
    .xConnect = list_connect,
    .xDisconnect = list_disconnect,
    .xBestIndex = list_best_index,
    .xOpen = list_open,
    .xClose = list_close,
    .xFilter = list_filter,
    .xNext = list_next,
    .xEof = list_eof,
    .xColumn = list_column,
    .xRowid = list_rowid,
  };

  return sqlite3_create_module_v2 (db, "yara_list", &module, NULL, NULL);
}
