/* SPDX-License-Identifier: MIT
 * Answers of a PostgreSQL server as records and as rows: every kind of field and type of column, NULL,
 * limits, and all that does not fit. */
#include "field-fixture.h"
#include "postgres-fixture.h"

#include <math.h>

#define DAY G_GINT64_CONSTANT (86400000000)

/* A cell for every field of the model, in their order. */
static const char *const usual[] = {
  "1::int8", "'Ada'::varchar", "'-12.50'::numeric(5, 2)", "'{\"a\": 1}'::jsonb", "'\\x00ff'::bytea",
  "'01020304-0506-0708-090a-0b0c0d0e0f10'::uuid", "0.1::float8", "'1969-12-31 23:59:59.999999+00'::timestamptz",
  "'2000-01-01 00:00:00+00'::timestamptz", "(-9223372036854775808)::int8", "(-2147483648)::int4", "true",
  "'1969-12-31'::date", "(-2)::int4", "'low'::text", "(-32768)::int2", "true", "'must'::text",
};

/* Asks for the usual cells, but `cell` for the field `name`. */
static YaraResult *
decode_with (const char *name, const char *cell, GError **error)
{
  g_autoptr (GString) sql = g_string_new ("SELECT ");
  g_autoptr (YaraResult) result = yara_result_new (sizeof (Row));

  g_assert_cmpuint (info->n_fields, ==, G_N_ELEMENTS (usual));
  for (guint i = 0; i < info->n_fields; i++)
    g_string_append_printf (sql, "%s%s", i > 0 ? ", " : "",
                            name != NULL && field (name)->index == i ? cell : usual[i]);
  return yara_postgres_decode_records (ask (sql->str), info, result, error) ? g_steal_pointer (&result) : NULL;
}

static const Row *
get_row (YaraResult *result, GError *error)
{
  g_assert_no_error (error);
  g_assert_cmpuint (yara_result_get_n_records (result), ==, 1);
  return yara_result_get_record (result, 0);
}

/* ---- records ---- */

static void
test_every_kind (void)
{
  GError *error = NULL;
  g_autoptr (YaraResult) result = decode_with (NULL, NULL, &error);
  const Row *row = get_row (result, error);

  g_assert_cmpint (row->id, ==, 1);
  g_assert_cmpstr (row->name, ==, "Ada");
  g_assert_cmpstr (row->price, ==, "-12.50");
  g_assert_cmpstr (row->json, ==, "{\"a\": 1}");
  g_assert_cmpmem (row->bytes.data, row->bytes.size, "\0\xff", 2);
  for (guint i = 0; i < sizeof row->uuid; i++)
    g_assert_cmpint (row->uuid.bytes[i], ==, i + 1);
  g_assert_cmpfloat (row->real, ==, 0.1);
  g_assert_cmpint (row->created, ==, -1);
  g_assert_cmpint (row->changed, ==, 10957 * DAY);
  g_assert_cmpint (row->big, ==, G_MININT64);
  g_assert_cmpint (row->number, ==, G_MININT32);
  g_assert_cmpint (row->truth, ==, TRUE);
  g_assert_cmpint (row->day, ==, -1);
  g_assert_cmpint (row->number_level, ==, HIGH);
  g_assert_cmpint (row->text_level, ==, LOW);
  g_assert_cmpint (row->small, ==, G_MININT16);
  g_assert_true (row->flag);
  g_assert_cmpstr (row->must, ==, "must");
  g_assert_false (row->number_is_null || row->small_is_null || row->real_is_null);
  g_assert_false (row->number_level_is_null || row->text_level_is_null);
}

static void
test_null (void)
{
  static const char *const names[] = { "price", "json", "bytes", "real", "number", "number_level", "text_level",
                                       "small" };
  static const char *const types[] = { "numeric", "jsonb", "bytea", "float8", "int4", "int4", "text", "int2" };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *cell = g_strdup_printf ("NULL::%s", types[i]);
      GError *error = NULL;
      g_autoptr (YaraResult) result = decode_with (names[i], cell, &error);
      const Row *row = get_row (result, error);

      for (guint other = 0; other < G_N_ELEMENTS (names); other++)
        g_assert_cmpint (yara_field_is_null (field (names[other]), row), ==, other == i);
    }
}

/* Forms of a column that are not the usual ones of the field. */
static void
test_other_types (void)
{
  GError *error = NULL;
  g_autoptr (YaraResult) small = decode_with ("small", "32767::int8", &error);
  g_autoptr (YaraResult) big = decode_with ("big", "(-1)::int2", &error);
  g_autoptr (YaraResult) single = decode_with ("real", "1.5::float4", &error);
  g_autoptr (YaraResult) whole = decode_with ("real", "(-9007199254740992)::int8", &error);
  g_autoptr (YaraResult) nan = decode_with ("real", "'NaN'::float8", &error);
  g_autoptr (YaraResult) local = decode_with ("created", "'1970-01-01 00:00:01'::timestamp", &error);
  g_autoptr (YaraResult) json = decode_with ("json", "'[ 1 ]'::json", &error);
  g_autoptr (YaraResult) empty = decode_with ("name", "''::text", &error);
  g_autoptr (YaraResult) nothing = decode_with ("bytes", "''::bytea", &error);
  g_autoptr (YaraResult) letter = decode_with ("name", "'x'::\"char\"", &error);

  g_assert_cmpint (get_row (small, error)->small, ==, 32767);
  g_assert_cmpint (get_row (big, error)->big, ==, -1);
  g_assert_cmpfloat (get_row (single, error)->real, ==, 1.5);
  g_assert_cmpfloat (get_row (whole, error)->real, ==, -9007199254740992.0);
  g_assert_true (isnan (get_row (nan, error)->real));
  g_assert_cmpint (get_row (local, error)->created, ==, 1000000);
  g_assert_cmpstr (get_row (json, error)->json, ==, "[ 1 ]");
  g_assert_cmpstr (get_row (empty, error)->name, ==, "");
  g_assert_nonnull (get_row (nothing, error)->bytes.data);
  g_assert_cmpuint (get_row (nothing, error)->bytes.size, ==, 0);
  g_assert_cmpstr (get_row (letter, error)->name, ==, "x");
}

static void
test_records_refused (void)
{
  static const struct
  {
    const char *name, *cell, *words;
  } cases[] = {
    { "flag", "NULL::bool", "Row.flag: the database holds NULL, which a field of kind bool cannot take" },
    { "id", "NULL::int8", "Row.id: the database holds NULL" },
    { "created", "NULL::timestamptz", "Row.created: the database holds NULL" },
    { "must", "NULL::text", "Row.must: the database holds NULL" },
    { "uuid", "NULL::uuid", "Row.uuid: the database holds NULL" },
    { "small", "32768::int4", "Row.small: the database holds an integer out of range" },
    { "number", "2147483648::int8", "Row.number: the database holds an integer out of range" },
    { "number", "4294967295::oid", "Row.number: the database holds an integer out of range" },
    { "real", "9007199254740993::int8", "Row.real: the database holds an integer out of range" },
    { "number_level", "3::int4", "Row.number_level: the database holds an integer that is none of the choices" },
    { "text_level", "'lo'::text", "Row.text_level: the database holds text that is none of the choices" },
    { "price", "'NaN'::numeric", "Row.price: the database holds NaN or an infinity" },
    { "price", "'-Infinity'::numeric", "Row.price: the database holds NaN or an infinity" },
    { "created", "'infinity'::timestamptz", "Row.created: the database holds an infinite timestamp" },
    { "created", "'-infinity'::timestamp", "Row.created: the database holds an infinite timestamp" },
    { "created", "'294276-12-31 23:59:59+00'::timestamptz", "Row.created: the database holds a timestamp out of" },
    { "created", "'294247-01-10 04:00:54.775808+00'::timestamptz", "Row.created: the database holds a timestamp out of" },
    { "day", "'-infinity'::date", "Row.day: the database holds an infinite date" },
    { "name", "1::int4", "Row.name: the column \"name\" is of type integer, which a field of kind text" },
    { "number", "'1'::text", "Row.number: the column \"number\" is of type text" },
    { "flag", "1::int4", "Row.flag: the column \"flag\" is of type integer" },
    { "real", "1::numeric", "Row.real: the column \"real\" is of type numeric" },
    { "name", "'{a}'::text[]", "Row.name: the column \"name\" is of type text[]" },
    { "name", "now()::time", "Row.name: the column \"name\" is of type time" },
    { "name", "'happy'::mood", "Row.name: the column \"name\" is of type OID " },
    { "must", "'must', 5", "Row: the database returned 19 columns for a model of 18 fields" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      GError *error = NULL;

      g_assert_null (decode_with (cases[i].name, cases[i].cell, &error));
      assert_error (error, YARA_ERROR_DECODE, cases[i].words);
    }
}

/* Text stays where the server's answer has it; numbers of many rows come in order. */
static void
test_many_records (void)
{
  g_autoptr (YaraResult) result = yara_result_new (sizeof (Row));
  g_autoptr (GString) sql = g_string_new ("SELECT i::int8");
  GError *error = NULL;
  gint64 i = 0;

  for (guint column = 1; column < info->n_fields; column++)
    g_string_append_printf (sql, ", %s", column == field ("name")->index ? "i::text" : usual[column]);
  g_string_append (sql, " FROM generate_series (1, 3000) AS i");
  g_assert_true (yara_postgres_decode_records (ask (sql->str), info, result, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (yara_result_get_n_records (result), ==, 3000);
  g_assert_cmpuint (result->capacity, ==, 3000);
  YARA_FOREACH (Row, row, result)
    {
      g_assert_cmpint (row->id, ==, ++i);
      g_assert_cmpint (g_ascii_strtoll (row->name, NULL, 10), ==, i);
      g_assert_cmpstr (row->price, ==, "-12.50");
    }
}

/* ---- rows ---- */

static YaraRows *
decode_raw (const char *sql, gsize max_rows, GError **error)
{
  const YaraStatement raw = { .answer = YARA_ANSWER_ROWS, .is_raw = TRUE, .max_rows = max_rows };

  return yara_postgres_decode_rows (ask (sql), &raw, error);
}

static void
test_rows_by_type (void)
{
  static const struct
  {
    const char *cell;
    YaraKind kind;
    gint64 integer;
    const char *text;
  } cases[] = {
    { "true", YARA_KIND_BOOL, 1, NULL },
    { "(-3)::int2", YARA_KIND_INT64, -3, NULL },
    { "(-3)::int4", YARA_KIND_INT64, -3, NULL },
    { "(-3)::int8", YARA_KIND_INT64, -3, NULL },
    { "4294967295::oid", YARA_KIND_INT64, G_MAXUINT32, NULL },
    { "'ö'::text", YARA_KIND_TEXT, 0, "ö" },
    { "'a'::char(3)", YARA_KIND_TEXT, 0, "a  " },
    { "'n'::name", YARA_KIND_TEXT, 0, "n" },
    { "'c'::\"char\"", YARA_KIND_TEXT, 0, "c" },
    { "''::\"char\"", YARA_KIND_TEXT, 0, "" },
    { "NULL", YARA_KIND_NULL, 0, NULL },
    { "'literal'", YARA_KIND_TEXT, 0, "literal" },
    { "12.30", YARA_KIND_DECIMAL, 0, "12.30" },
    { "'[1]'::json", YARA_KIND_JSON, 0, "[1]" },
    { "'[1]'::jsonb", YARA_KIND_JSON, 0, "[1]" },
    { "'1970-01-01 00:00:01+00'::timestamptz", YARA_KIND_TIMESTAMP, 1000000, NULL },
    { "'1970-01-01 00:00:01'::timestamp", YARA_KIND_TIMESTAMP, 1000000, NULL },
    { "'5874897-12-31'::date", YARA_KIND_DATE, 2145042905, NULL },
    { "pg_sleep (0)", YARA_KIND_NULL, 0, NULL },
    { "NULL::interval", YARA_KIND_NULL, 0, NULL },
    { "NULL::mood", YARA_KIND_NULL, 0, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT %s AS c", cases[i].cell);
      GError *error = NULL;
      g_autoptr (YaraRows) rows = decode_raw (sql, 0, &error);
      const YaraValue *cell;

      g_assert_no_error (error);
      cell = yara_rows_get_value (rows, 0, 0);
      g_assert_cmpstr (yara_kind_get_name (cell->kind), ==, yara_kind_get_name (cases[i].kind));
      g_assert_cmpstr (yara_rows_get_column_name (rows, 0), ==, "c");
      if (cases[i].text != NULL)
        {
          g_assert_cmpmem (cell->bytes.data, cell->bytes.size, cases[i].text, strlen (cases[i].text));
          g_assert_cmpstr (cell->bytes.data, ==, cases[i].text);
        }
      else if (cell->kind != YARA_KIND_NULL)
        g_assert_cmpint (cell->integer, ==, cases[i].integer);
    }
}

static void
test_rows_refused (void)
{
  static const struct
  {
    const char *cell, *words;
  } cases[] = {
    { "'happy'::mood", "column \"c\" has a type (OID " },
    { "'1 day'::interval", "column \"c\" has a type (interval) that is not known here; cast it to text" },
    { "now ()::time", "(time)" },
    { "now ()::timetz", "(timetz)" },
    { "'127.0.0.1'::inet", "(inet)" },
    { "'127.0.0.0/8'::cidr", "(cidr)" },
    { "'00:00:00:00:00:01'::macaddr", "(macaddr)" },
    { "'101'::bit(3)", "(bit)" },
    { "ARRAY[1]", "(integer[])" },
    { "ARRAY['a']", "(text[])" },
    { "ARRAY['happy'::mood]", "(OID " },
    { "ROW (1)", "(record)" },
    { "'infinity'::timestamptz", "column \"c\": the database holds an infinite timestamp; cast it to text" },
    { "'infinity'::date", "column \"c\": the database holds an infinite date" },
    { "'\\377'::\"char\"", "column \"c\": the database holds a \"char\" that is not ASCII" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT NULL::int4, %s AS c", cases[i].cell);
      GError *error = NULL;

      g_assert_null (decode_raw (sql, 0, &error));
      assert_error (error, YARA_ERROR_DECODE, cases[i].words);
    }
}

/* Cells that no sound server sends: an answer made by hand. */
static void
test_malformed (void)
{
  static const struct
  {
    Oid oid;
    const char *data;
    int size;
    const char *words;
  } cases[] = {
    { 16, "\1\0", 2, "a malformed boolean" },
    { 16, "", 0, "a malformed boolean" },
    { 21, "\0\0\0\1", 4, "a malformed smallint" },
    { 23, "1", 1, "a malformed integer" },
    { 20, "\0\0\0\1", 4, "a malformed bigint" },
    { 26, "", 0, "a malformed oid" },
    { 700, "12345678", 8, "a malformed real" },
    { 701, "1.5", 3, "a malformed double precision" },
    { 1184, "2000", 4, "a malformed timestamp" },
    { 1082, "12345678", 8, "a malformed date" },
    { 2950, "0123456789abcdef!", 17, "a malformed uuid" },
    { 3802, "\2{}", 3, "a jsonb of an unknown version" },
    { 3802, "", 0, "a jsonb of an unknown version" },
    { 1700, "12.50", 5, "a malformed numeric" },
    { 1700, "\0\2\0\0\0\0\0\0\0\1", 10, "a malformed numeric" },         /* a group is missing */
    { 1700, "\0\1\0\0\0\0\0\0\x27\x10", 10, "a malformed numeric" },     /* a group of 10000 */
    { 1700, "\0\1\0\0\x40\1\0\0\0\1", 10, "a malformed numeric" },       /* no sign */
    { 1700, "\0\1\0\0\0\0\x40\0\0\1", 10, "a malformed numeric" },       /* 16384 digits after the point */
    { 18, "ab", 2, "a \"char\" that is not ASCII" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const YaraStatement raw = { .answer = YARA_ANSWER_ROWS, .is_raw = TRUE };
      char name[] = "c";
      PGresAttDesc column = { .name = name, .format = 1, .typid = cases[i].oid };
      PGresult *answer = PQmakeEmptyPGresult (NULL, PGRES_TUPLES_OK);
      GError *error = NULL;

      g_assert_true (PQsetResultAttrs (answer, 1, &column));
      g_assert_true (PQsetvalue (answer, 0, 0, (char *) cases[i].data, cases[i].size));
      g_assert_null (yara_postgres_decode_rows (answer, &raw, &error));
      assert_error (error, YARA_ERROR_DECODE, cases[i].words);
    }
}

/* The kinds of cells follow the fields, the names too. */
static void
test_rows_by_field (void)
{
  const YaraFieldInfo *columns[] = { field ("small"), field ("text_level"), field ("truth"), NULL, field ("real") };
  YaraStatement statement = { .answer = YARA_ANSWER_ROWS, .info = info, .columns = columns, .n_columns = 5 };
  GError *error = NULL;
  g_autoptr (YaraRows) rows = yara_postgres_decode_rows (
    ask ("SELECT 5::int2 AS x, 'low'::text, true, count (*), 2::int4 "
         "UNION ALL SELECT NULL, NULL, NULL, NULL, NULL ORDER BY 1"),
    &statement, &error);
  const YaraValue *cells;

  g_assert_no_error (error);
  g_assert_cmpuint (yara_rows_get_n_rows (rows), ==, 2);
  g_assert_cmpstr (yara_rows_get_column_name (rows, 0), ==, "small");
  g_assert_cmpstr (yara_rows_get_column_name (rows, 3), ==, "count");
  cells = yara_rows_get_value (rows, 0, 0);
  assert_integer (cells[0], YARA_KIND_INT16, 5);
  assert_text (cells[1], YARA_KIND_ENUM_TEXT, "low");
  assert_integer (cells[2], YARA_KIND_BOOL, 1);
  assert_integer (cells[3], YARA_KIND_INT64, 1);
  g_assert_cmpint (cells[4].kind, ==, YARA_KIND_DOUBLE);
  g_assert_cmpfloat (cells[4].number, ==, 2);
  for (gsize i = 0; i < 5; i++)
    g_assert_true (yara_rows_is_null (rows, 1, i));

  g_assert_null (yara_postgres_decode_rows (ask ("SELECT 40000::int4, 'low'::text, true, 1, 1"), &statement, &error));
  assert_error (error, YARA_ERROR_DECODE, "Row.small: the database holds an integer out of range");
  error = NULL;
  g_assert_null (yara_postgres_decode_rows (ask ("SELECT 'a'::text, 'low'::text, true, 1, 1"), &statement, &error));
  assert_error (error, YARA_ERROR_DECODE, "Row.small: the column \"small\" is of type text");
  error = NULL;
  g_assert_null (yara_postgres_decode_rows (ask ("SELECT 1"), &statement, &error));
  assert_error (error, YARA_ERROR_DECODE, "the database returned 1 columns instead of 5");
}

static void
test_rows_in_number (void)
{
  GError *error = NULL;
  g_autoptr (YaraRows) few = decode_raw ("SELECT i::text FROM generate_series (1, 100) AS i", 7, &error);
  g_autoptr (YaraRows) all = decode_raw ("SELECT i::text, 0.50 FROM generate_series (1, 1000) AS i", 0, &error);
  g_autoptr (YaraRows) none = decode_raw ("SELECT 1 WHERE false", 0, &error);
  g_autoptr (YaraRows) bare = decode_raw ("SELECT FROM generate_series (1, 3)", 0, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (yara_rows_get_n_rows (few), ==, 7);
  g_assert_cmpstr (yara_rows_get_text (few, 6, 0), ==, "7");
  g_assert_cmpuint (yara_rows_get_n_rows (all), ==, 1000);
  g_assert_cmpstr (yara_rows_get_text (all, 999, 0), ==, "1000");
  g_assert_cmpstr (yara_rows_get_text (all, 999, 1), ==, "0.50");
  g_assert_cmpuint (yara_rows_get_n_rows (none), ==, 0);
  g_assert_cmpuint (yara_rows_get_n_columns (none), ==, 1);
  g_assert_cmpuint (yara_rows_get_n_rows (bare), ==, 3);
  g_assert_cmpuint (yara_rows_get_n_columns (bare), ==, 0);
}

int
main (int argc, char **argv)
{
  int code;

  g_test_init (&argc, &argv, NULL);
  open_session ();
  execute ("CREATE TYPE pg_temp.mood AS ENUM ('happy')");
  execute ("SET search_path = pg_temp, public");
  info = yara_model_info_new (&row_model, NULL);
  g_test_add_func ("/postgres/records/every-kind", test_every_kind);
  g_test_add_func ("/postgres/records/null", test_null);
  g_test_add_func ("/postgres/records/other-types", test_other_types);
  g_test_add_func ("/postgres/records/refused", test_records_refused);
  g_test_add_func ("/postgres/records/many", test_many_records);
  g_test_add_func ("/postgres/rows/by-type", test_rows_by_type);
  g_test_add_func ("/postgres/rows/refused", test_rows_refused);
  g_test_add_func ("/postgres/rows/malformed", test_malformed);
  g_test_add_func ("/postgres/rows/by-field", test_rows_by_field);
  g_test_add_func ("/postgres/rows/number", test_rows_in_number);
  code = g_test_run ();
  yara_model_info_free (info);
  PQfinish (session);
  return code;
}
