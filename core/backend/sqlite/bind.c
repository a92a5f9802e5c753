/* SPDX-License-Identifier: MIT
 * Binding values. Text and bytes are bound where they lie. */
#include "backend/sqlite/sqlite.h"

#include <math.h>
#include <yaraorm/yara-error.h>

static gboolean
fail (int index, GError **error, const char *reason)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_FIELD, "value %d %s", index, reason);
  return FALSE;
}

static int
bind_decimal (sqlite3_stmt *stmt, int index, const YaraValue *value)
{
  gint64 number;

  if (!yara_sqlite_decimal_to_integer (value->bytes.data, value->bytes.size, value->scale, &number))
    return SQLITE_RANGE;
  return sqlite3_bind_int64 (stmt, index, number);
}

static int
bind_uuid (sqlite3_stmt *stmt, int index, const YaraUuid *uuid)
{
  char text[YARA_UUID_TEXT_SIZE];

  yara_uuid_to_text (uuid, text);
  return sqlite3_bind_text (stmt, index, text, YARA_UUID_TEXT_SIZE - 1, SQLITE_TRANSIENT);
}

static inline int
bind (sqlite3_stmt *stmt, int index, const YaraValue *value)
{
  switch (value->kind)
    {
    case YARA_KIND_NULL:
      return sqlite3_bind_null (stmt, index);
    case YARA_KIND_BOOL:
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_TIMESTAMP:
    case YARA_KIND_DATE:
    case YARA_KIND_ENUM_INT:
      return sqlite3_bind_int64 (stmt, index, value->integer);
    case YARA_KIND_DOUBLE:
      return sqlite3_bind_double (stmt, index, value->number);
    case YARA_KIND_TEXT:
    case YARA_KIND_JSON:
    case YARA_KIND_ENUM_TEXT:
      return sqlite3_bind_text64 (stmt, index, value->bytes.data, value->bytes.size, SQLITE_STATIC, SQLITE_UTF8);
    case YARA_KIND_BYTES:
      return sqlite3_bind_blob64 (stmt, index, value->bytes.data, value->bytes.size, SQLITE_STATIC);
    case YARA_KIND_UUID:
      return bind_uuid (stmt, index, &value->uuid);
    case YARA_KIND_DECIMAL:
      return bind_decimal (stmt, index, value);
    case YARA_KIND_LIST:
      return sqlite3_bind_pointer (stmt, index, (gpointer) value, YARA_LIST_POINTER, NULL);
    case YARA_KIND_INVALID:
      return SQLITE_RANGE;
    }
  return SQLITE_RANGE;
}

/* Result codes of the functions above: SQLITE_RANGE is a value that has no form in SQLite. */
static gboolean
take_code (YaraSqliteSession *session, int code, int index, GError **error)
{
  if (G_LIKELY (code == SQLITE_OK))
    return TRUE;
  if (code == SQLITE_RANGE)
    return fail (index, error, "cannot be stored by SQLite: it is out of the range of its type");
  g_propagate_error (error, yara_sqlite_error_new (session, code));
  return FALSE;
}

gboolean
yara_sqlite_bind (YaraSqliteSession *session, sqlite3_stmt *stmt, int index, const YaraValue *value,
                  GError **error)
{
  return take_code (session, bind (stmt, index, value), index, error);
}

/* What nobody has checked yet. `index` counts the arguments. */
static gboolean
check_argument (int index, const YaraValue *value, GError **error)
{
  switch (value->kind)
    {
    case YARA_KIND_DOUBLE:
      return !isnan (value->number) || fail (index, error, "is not a number (NaN), which SQLite would store as NULL");
    case YARA_KIND_TEXT:
    case YARA_KIND_JSON:
    case YARA_KIND_DECIMAL:
    case YARA_KIND_ENUM_TEXT:
      return g_utf8_validate_len (value->bytes.data, value->bytes.size, NULL) ||
             fail (index, error, "is not valid UTF-8 text without NUL");
    case YARA_KIND_LIST:
      return fail (index, error, "is a list; raw SQL takes one value for each parameter");
    case YARA_KIND_INVALID:
      return fail (index, error, "is of a type or in a range that cannot be represented");
    default:
      return TRUE;
    }
}

gboolean
yara_sqlite_bind_raw (YaraSqliteSession *session, const YaraPrepared *prepared, const YaraStatement *statement,
                      GError **error)
{
  int n_parameters = sqlite3_bind_parameter_count (prepared->stmt);

  if (statement->n_values != prepared->n_arguments)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL,
                   "the SQL has parameters for %u arguments, but %u were given", prepared->n_arguments,
                   statement->n_values);
      return FALSE;
    }
  for (guint i = 0; i < statement->n_values; i++)
    if (!check_argument (i + 1, &statement->values[i], error))
      return FALSE;

  for (int i = 0; i < n_parameters; i++)
    {
      guint argument = prepared->arguments != NULL ? prepared->arguments[i] : (guint) i;
      YaraValue value = statement->values[argument];

      if (value.kind == YARA_KIND_DECIMAL) /* no field says how many digits it has */
        value.kind = YARA_KIND_TEXT;
      if (!take_code (session, bind (prepared->stmt, i + 1, &value), argument + 1, error))
        return FALSE;
    }
  return TRUE;
}
