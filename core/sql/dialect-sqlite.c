/* SPDX-License-Identifier: MIT
 * The SQL of SQLite. Rich kinds are kept in storage that compares and sorts as they do: decimals as
 * integers in units of their last digit, timestamps as microseconds, dates as days. */
#include "sql/dialect.h"

#include <string.h>
#include <yaraorm/yara-error.h>

/* Digits of a decimal that a 64-bit integer always holds. */
#define MAX_PRECISION 18

static gboolean
check_model (const YaraModelInfo *info, GError **error)
{
  for (guint i = 0; i < info->n_fields; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];

      if (field->kind != YARA_KIND_DECIMAL || field->field->precision <= MAX_PRECISION)
        continue;
      g_set_error (error, YARA_ERROR, YARA_ERROR_UNSUPPORTED,
                   "%s.%s: SQLite holds decimals of at most %d digits, the field has a precision of %u; "
                   "lower it or use another backend",
                   info->name, field->name, MAX_PRECISION, field->field->precision);
      return FALSE;
    }
  return TRUE;
}

/* Placeholders come in the order of their numbers, so that the plain form means the same; SQLite looks
 * through all it has seen for each numbered one, which makes a long INSERT take seconds to prepare. */
static void
append_placeholder (GString *sql, guint number)
{
  g_string_append_c (sql, '?');
}

static void
append_in_list (GString *sql, const YaraFieldInfo *field, gboolean is_in, guint number)
{
  yara_append_identifier (sql, field->column);
  g_string_append (sql, is_in ? " IN (SELECT value FROM yara_list(" : " NOT IN (SELECT value FROM yara_list(");
  append_placeholder (sql, number);
  g_string_append (sql, "))");
}

static gboolean
ignores_case (YaraLookup lookup)
{
  return lookup >= YARA_LOOKUP_IEXACT;
}

/* LIKE takes A to Z in either case, so that what minds the case has to be a GLOB. */
static void
append_match (GString *sql, const YaraFieldInfo *field, YaraLookup lookup, guint number)
{
  yara_append_identifier (sql, field->column);
  g_string_append (sql, ignores_case (lookup) ? " LIKE " : " GLOB ");
  append_placeholder (sql, number);
  if (ignores_case (lookup))
    g_string_append (sql, " ESCAPE '\\'");
}

/* Copies `text` with the special characters escaped; returns the end of the copy. */
static char *
copy_escaped (char *end, YaraBytes text, gboolean is_like)
{
  const char *special = is_like ? "\\%_" : "*?[";

  for (const char *next = text.data, *stop = next + text.size; next < stop; next++)
    if (strchr (special, *next) == NULL)
      *end++ = *next;
    else if (is_like)
      {
        *end++ = '\\';
        *end++ = *next;
      }
    else
      {
        *end++ = '[';
        *end++ = *next;
        *end++ = ']';
      }
  return end;
}

static gboolean
make_pattern (YaraLookup lookup, const YaraValue *value, YaraArena *arena, YaraValue *pattern)
{
  gboolean is_like = ignores_case (lookup);
  gboolean open_start = lookup == YARA_LOOKUP_CONTAINS || lookup == YARA_LOOKUP_ICONTAINS ||
                        lookup == YARA_LOOKUP_ENDSWITH || lookup == YARA_LOOKUP_IENDSWITH;
  gboolean open_end = lookup == YARA_LOOKUP_CONTAINS || lookup == YARA_LOOKUP_ICONTAINS ||
                      lookup == YARA_LOOKUP_STARTSWITH || lookup == YARA_LOOKUP_ISTARTSWITH;
  char any = is_like ? '%' : '*';
  gsize size;
  char *text, *end;

  /* At most three bytes for one, and a wildcard on either side. */
  if (!g_size_checked_mul (&size, value->bytes.size, 3) || !g_size_checked_add (&size, size, 2))
    return FALSE;
  text = end = yara_arena_try_alloc (arena, size);
  if (text == NULL)
    return FALSE;
  if (open_start)
    *end++ = any;
  end = copy_escaped (end, value->bytes, is_like);
  if (open_end)
    *end++ = any;
  *pattern = (YaraValue) { .kind = YARA_KIND_TEXT, .bytes = { text, end - text } };
  return TRUE;
}

static void
append_type (GString *sql, const YaraFieldInfo *field)
{
  switch (field->kind)
    {
    case YARA_KIND_BOOL:
      g_string_append (sql, "INTEGER CHECK (");
      yara_append_identifier (sql, field->column);
      g_string_append (sql, " IN (0, 1))");
      break;
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_DECIMAL:
    case YARA_KIND_TIMESTAMP:
    case YARA_KIND_DATE:
    case YARA_KIND_ENUM_INT:
      g_string_append (sql, "INTEGER");
      break;
    case YARA_KIND_DOUBLE:
      g_string_append (sql, "REAL");
      break;
    case YARA_KIND_TEXT:
    case YARA_KIND_UUID:
    case YARA_KIND_JSON: /* SQLite 3.40 takes no JSON function in a CHECK when schemas are not trusted */
    case YARA_KIND_ENUM_TEXT:
      g_string_append (sql, "TEXT");
      break;
    case YARA_KIND_BYTES:
      g_string_append (sql, "BLOB");
      break;
    case YARA_KIND_NULL:
    case YARA_KIND_LIST:
    case YARA_KIND_INVALID:
      g_assert_not_reached ();
    }
}

/* AUTOINCREMENT: the key of a deleted row is not given again. The check keeps SQLite, all of whose
 * integers have 64 bits, from making a key that the record cannot take. */
static void
append_database_key (GString *sql, const YaraFieldInfo *field)
{
  g_string_append (sql, "INTEGER PRIMARY KEY AUTOINCREMENT");
  if (field->kind == YARA_KIND_INT64)
    return;
  g_string_append (sql, " CHECK (");
  yara_append_identifier (sql, field->column);
  g_string_append_printf (sql, " <= %d)", field->kind == YARA_KIND_INT16 ? G_MAXINT16 : G_MAXINT32);
}

/* Decimal text in units of its last digit: "-1.5" with a scale of 2 is -150. The model has checked the
 * text, and check_model() its length. */
static void
append_decimal (GString *sql, YaraBytes text, guint scale)
{
  const char *next = text.data, *end = next + text.size;
  gboolean negative = next < end && *next == '-', in_fraction = FALSE;
  gint64 units = 0;

  for (; next < end; next++)
    if (*next == '.')
      in_fraction = TRUE;
    else if (g_ascii_isdigit (*next) && (!in_fraction || scale > 0))
      {
        units = units * 10 + g_ascii_digit_value (*next);
        scale -= in_fraction;
      }
  for (; scale > 0; scale--)
    units *= 10;
  g_string_append_printf (sql, "%" G_GINT64_FORMAT, negative ? -units : units);
}

static void
append_default (GString *sql, const YaraFieldInfo *field)
{
  const YaraValue *value = &field->default_value;
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  char uuid[YARA_UUID_TEXT_SIZE];

  switch (value->kind)
    {
    case YARA_KIND_BOOL:
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_TIMESTAMP:
    case YARA_KIND_DATE:
    case YARA_KIND_ENUM_INT:
      g_string_append_printf (sql, "%" G_GINT64_FORMAT, value->integer);
      break;
    case YARA_KIND_DOUBLE:
      g_string_append (sql, g_ascii_dtostr (number, sizeof number, value->number));
      break;
    case YARA_KIND_DECIMAL:
      append_decimal (sql, value->bytes, field->field->scale);
      break;
    case YARA_KIND_TEXT:
    case YARA_KIND_JSON:
    case YARA_KIND_ENUM_TEXT:
      yara_append_text_literal (sql, value->bytes.data, value->bytes.size);
      break;
    case YARA_KIND_UUID:
      yara_uuid_to_text (&value->uuid, uuid);
      yara_append_text_literal (sql, uuid, sizeof uuid - 1);
      break;
    case YARA_KIND_BYTES: /* has no default_value */
    case YARA_KIND_NULL:
    case YARA_KIND_LIST:
    case YARA_KIND_INVALID:
      g_assert_not_reached ();
    }
}

/* 32766 is what SQLite allows unless it was built otherwise. */
const YaraDialect yara_dialect_sqlite = {
  .name = "SQLite",
  .true_text = "1",
  .false_text = "0",
  .is_distinct = "IS NOT",
  .no_limit = "LIMIT -1",
  .table_options = "STRICT",
  .max_parameters = 32766,
  .bulk_rows = 100,
  .check_model = check_model,
  .append_placeholder = append_placeholder,
  .append_in_list = append_in_list,
  .append_match = append_match,
  .make_pattern = make_pattern,
  .append_type = append_type,
  .append_database_key = append_database_key,
  .append_default = append_default,
  .catalog = "SELECT 'c', name FROM pragma_table_info ($1) UNION ALL "
             "SELECT 'i', name FROM sqlite_schema WHERE type = 'index' AND tbl_name = $1 UNION ALL "
             "SELECT 'ki', name FROM sqlite_schema WHERE type = 'index' AND tbl_name = $1 AND sql IS NULL UNION ALL "
             "SELECT 'kc', name FROM pragma_table_info ($1) WHERE pk > 0 UNION ALL "
             "SELECT 'kc', c.name FROM pragma_index_list ($1) AS i JOIN pragma_index_info (i.name) AS c "
             "WHERE i.origin <> 'c'",
  .add_comments = NULL,
};
