/* SPDX-License-Identifier: MIT
 * From cells to records. Type, range and encoding of every cell are checked: nothing is cut or
 * converted silently. Text goes into the arena of the result, one bump each.
 *
 * Cells are read as values rather than by statement and column, which finds each of them once. SQLite
 * allows that as long as one thread uses the connection, and one thread uses a session. */
#include "backend/sqlite/sqlite.h"

#include <yaraorm/yara-error.h>
#include "model/field.h"

gboolean
yara_sqlite_out_of_memory (GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "out of memory for the result; ask for fewer rows");
  return FALSE;
}

/* What a cell of the wrong storage class holds. */
static const char *
describe (sqlite3_value *cell)
{
  switch (sqlite3_value_type (cell))
    {
    case SQLITE_INTEGER:
      return "an integer";
    case SQLITE_FLOAT:
      return "a floating-point number";
    case SQLITE_TEXT:
      return "text";
    case SQLITE_BLOB:
      return "bytes";
    default:
      return "NULL";
    }
}

/* ---- text and bytes ---- */

/* Whether the text is UTF-8 without NUL; quick for ASCII. */
static inline gboolean
text_is_sound (const char *text, gsize size)
{
  const guint64 low_bits = G_GUINT64_CONSTANT (0x0101010101010101), high_bits = low_bits << 7;
  guint64 word;
  gsize i = 0;

  for (; i + sizeof word <= size; i += sizeof word)
    {
      memcpy (&word, text + i, sizeof word);
      if (((word - low_bits) | word) & high_bits) /* a NUL or a byte above 127 */
        return g_utf8_validate_len (text, size, NULL);
    }
  for (; i < size; i++)
    if ((guint8) (text[i] - 1) >= 0x7f)
      return g_utf8_validate_len (text, size, NULL);
  return TRUE;
}

static inline const char *
copy_text (sqlite3_value *cell, YaraArena *arena, const char **copy)
{
  const char *text = (const char *) sqlite3_value_text (cell);
  gsize size = sqlite3_value_bytes (cell);
  char *memory;

  if (G_UNLIKELY (text == NULL || !text_is_sound (text, size)))
    return NULL;
  memory = yara_arena_try_alloc (arena, size + 1);
  if (G_UNLIKELY (memory == NULL))
    return NULL;
  return *copy = memcpy (memory, text, size + 1);
}

const char *
yara_sqlite_read_text (sqlite3_value *cell, YaraArena *arena, YaraBytes *text)
{
  const char *copy;

  if (sqlite3_value_type (cell) != SQLITE_TEXT)
    return describe (cell);
  if (copy_text (cell, arena, &copy) == NULL)
    return "text that is not UTF-8, has a NUL in it or needs more memory than there is";
  text->data = copy;
  text->size = sqlite3_value_bytes (cell);
  return NULL;
}

const char *
yara_sqlite_read_bytes (sqlite3_value *cell, YaraArena *arena, YaraBytes *bytes)
{
  gconstpointer data;
  char *copy;

  if (sqlite3_value_type (cell) != SQLITE_BLOB)
    return describe (cell);
  data = sqlite3_value_blob (cell);
  bytes->size = sqlite3_value_bytes (cell);
  copy = yara_arena_try_alloc (arena, bytes->size + 1);
  if (copy == NULL)
    return "more bytes than there is memory for";
  if (bytes->size > 0)
    memcpy (copy, data, bytes->size);
  bytes->data = copy;
  return NULL;
}

/* ---- one kind each ---- */

static inline const char *
read_integer (sqlite3_value *cell, gint64 minimum, gint64 maximum, gint64 *number)
{
  if (G_UNLIKELY (sqlite3_value_type (cell) != SQLITE_INTEGER))
    return describe (cell);
  *number = sqlite3_value_int64 (cell);
  if (G_UNLIKELY (*number < minimum || *number > maximum))
    return "an integer out of range";
  return NULL;
}

static inline const char *
read_double (sqlite3_value *cell, double *number)
{
  const gint64 exact = G_GINT64_CONSTANT (1) << 53;
  gint64 integer = 0; /* GCC does not see that it is set */

  if (G_LIKELY (sqlite3_value_type (cell) == SQLITE_FLOAT))
    {
      *number = sqlite3_value_double (cell);
      return NULL;
    }
  /* A table that was made elsewhere may keep whole numbers as integers. */
  if (read_integer (cell, -exact, exact, &integer) != NULL)
    return describe (cell);
  *number = integer;
  return NULL;
}

static const char *
read_uuid (sqlite3_value *cell, YaraUuid *uuid)
{
  if (sqlite3_value_type (cell) != SQLITE_TEXT)
    return describe (cell);
  if (!yara_uuid_from_text ((const char *) sqlite3_value_text (cell), uuid) ||
      sqlite3_value_bytes (cell) != YARA_UUID_TEXT_SIZE - 1)
    return "text that is not a UUID";
  return NULL;
}

static const char *
read_decimal (sqlite3_value *cell, guint scale, YaraArena *arena, YaraBytes *text)
{
  char buffer[YARA_DECIMAL_TEXT_SIZE];
  gint64 number = 0;
  const char *found = read_integer (cell, G_MININT64, G_MAXINT64, &number);

  if (found != NULL)
    return found;
  if (scale > YARA_DECIMAL_MAX_SCALE)
    return "a decimal of fewer digits after the point";
  text->size = yara_sqlite_decimal_to_text (number, scale, buffer);
  text->data = yara_arena_try_copy (arena, buffer, text->size);
  return text->data != NULL ? NULL : "more text than there is memory for";
}

static const char *
read_choice (sqlite3_value *cell, const YaraFieldInfo *field, YaraValue *value)
{
  const YaraChoice *choice = field->field->choices;

  if (field->kind == YARA_KIND_ENUM_INT)
    {
      const char *found = read_integer (cell, G_MININT, G_MAXINT, &value->integer);

      if (found != NULL)
        return found;
      while (choice->name != NULL && choice->value != value->integer)
        choice++;
      return choice->name != NULL ? NULL : "an integer that is none of the choices";
    }

  if (sqlite3_value_type (cell) != SQLITE_TEXT)
    return describe (cell);
  value->bytes.data = sqlite3_value_text (cell);
  value->bytes.size = sqlite3_value_bytes (cell);
  for (; choice->name != NULL; choice++)
    if (strlen (choice->name) == value->bytes.size && memcmp (choice->name, value->bytes.data, value->bytes.size) == 0)
      {
        value->bytes.data = choice->name;
        return NULL;
      }
  return "text that is none of the choices";
}

const char *
yara_sqlite_read_field (sqlite3_value *cell, const YaraFieldInfo *field, YaraArena *arena, YaraValue *value)
{
  value->kind = field->kind;
  switch (field->kind)
    {
    case YARA_KIND_INT64:
    case YARA_KIND_TIMESTAMP:
      return read_integer (cell, G_MININT64, G_MAXINT64, &value->integer);
    case YARA_KIND_INT32:
    case YARA_KIND_DATE:
      return read_integer (cell, G_MININT32, G_MAXINT32, &value->integer);
    case YARA_KIND_INT16:
      return read_integer (cell, G_MININT16, G_MAXINT16, &value->integer);
    case YARA_KIND_BOOL:
      return read_integer (cell, 0, 1, &value->integer);
    case YARA_KIND_DOUBLE:
      return read_double (cell, &value->number);
    case YARA_KIND_TEXT:
    case YARA_KIND_JSON:
      return yara_sqlite_read_text (cell, arena, &value->bytes);
    case YARA_KIND_BYTES:
      return yara_sqlite_read_bytes (cell, arena, &value->bytes);
    case YARA_KIND_UUID:
      return read_uuid (cell, &value->uuid);
    case YARA_KIND_DECIMAL:
      return read_decimal (cell, field->field->scale, arena, &value->bytes);
    case YARA_KIND_ENUM_INT:
    case YARA_KIND_ENUM_TEXT:
      return read_choice (cell, field, value);
    case YARA_KIND_NULL:
    case YARA_KIND_LIST:
    case YARA_KIND_INVALID:
      break;
    }
  g_assert_not_reached ();
}

/* ---- records ---- */

/* Every kind and every surprise. */
static gboolean
decode_any (sqlite3_value *cell, char *record, const YaraModelInfo *info, const YaraFieldInfo *field,
            YaraArena *arena, GError **error)
{
  const char *found;
  YaraValue value;

  if (sqlite3_value_type (cell) == SQLITE_NULL)
    return yara_field_store_null (info, field, record, error);
  found = yara_sqlite_read_field (cell, field, arena, &value);
  if (found != NULL)
    return yara_field_fail_cell (info, field, found, error);
  yara_field_store (field, record, &value);
  return TRUE;
}

/* The usual kinds with the cells that are usual for them. FALSE: have a closer look. */
static inline gboolean
decode_usual (sqlite3_value *cell, gpointer member, YaraDecodeWay way, YaraArena *arena)
{
  int type = sqlite3_value_type (cell);
  gint64 number;

  switch (way)
    {
    case YARA_DECODE_INT64:
      if (G_UNLIKELY (type != SQLITE_INTEGER))
        return FALSE;
      *(gint64 *) member = sqlite3_value_int64 (cell);
      return TRUE;
    case YARA_DECODE_INT32:
      if (G_UNLIKELY (type != SQLITE_INTEGER))
        return FALSE;
      number = sqlite3_value_int64 (cell);
      *(gint32 *) member = number;
      return number == (gint32) number;
    case YARA_DECODE_DOUBLE:
      if (G_UNLIKELY (type != SQLITE_FLOAT))
        return FALSE;
      *(double *) member = sqlite3_value_double (cell);
      return TRUE;
    case YARA_DECODE_TEXT:
      return G_LIKELY (type == SQLITE_TEXT) && copy_text (cell, arena, member) != NULL;
    default:
      return FALSE;
    }
}

/* Integers that need no look at the cell but for their range. */
static inline gboolean
decode_sure (sqlite3_stmt *stmt, int column, gpointer member, YaraDecodeWay way)
{
  gint64 number;

  if (way < YARA_DECODE_SURE_INT64)
    return FALSE;
  number = sqlite3_column_int64 (stmt, column);
  if (way == YARA_DECODE_SURE_INT64)
    {
      *(gint64 *) member = number;
      return TRUE;
    }
  *(gint32 *) member = number;
  return number == (gint32) number;
}

static inline gboolean
decode_record (sqlite3_stmt *stmt, const YaraModelInfo *info, const YaraDecodeStep *plan, char *record,
               YaraArena *arena, GError **error)
{
  const YaraDecodeStep *end = plan + info->n_fields;

  for (int column = 0; plan < end; plan++, column++)
    {
      sqlite3_value *cell;

      if (decode_sure (stmt, column, record + plan->offset, plan->way))
        continue;
      cell = sqlite3_column_value (stmt, column);
      if (G_UNLIKELY (!decode_usual (cell, record + plan->offset, plan->way, arena)) &&
          !decode_any (cell, record, info, plan->field, arena, error))
        return FALSE;
    }
  return TRUE;
}

/* SQLite prepares a statement anew by itself when the schema has changed. */
static inline gboolean
plan_is_current (const YaraPrepared *prepared)
{
  return prepared->plan != NULL &&
         sqlite3_stmt_status (prepared->stmt, SQLITE_STMTSTATUS_REPREPARE, FALSE) == prepared->n_reprepared;
}

int
yara_sqlite_step_records (YaraPrepared *prepared, const YaraStatement *statement, YaraResult *result,
                          GError **error)
{
  sqlite3_stmt *stmt = prepared->stmt;
  int code = sqlite3_step (stmt);

  if (G_UNLIKELY (code == SQLITE_ROW && !plan_is_current (prepared)))
    yara_sqlite_plan (prepared, statement->info);
  result->expected = prepared->n_records;
  for (; code == SQLITE_ROW; code = sqlite3_step (stmt))
    {
      char *record = yara_result_append (result);

      if (G_UNLIKELY (record == NULL))
        yara_sqlite_out_of_memory (error);
      if (G_UNLIKELY (record == NULL ||
                      !decode_record (stmt, statement->info, prepared->plan, record, &result->arena, error)) ||
          result->n_records == statement->max_rows)
        return SQLITE_DONE;
    }
  prepared->n_records = result->n_records;
  return code;
}
