/* SPDX-License-Identifier: MIT
 * PostgreSQL's types: values go to a server and come back, and the server's own text form tells that it
 * understood them. */
#include "postgres-fixture.h"

#include <math.h>

#define DAY G_GINT64_CONSTANT (86400000000)

/* Asks with `value` as $1, sent as `type`. */
static PGresult *
ask_with (const char *sql, const YaraValue *value, Oid type)
{
  YaraArena arena;
  const char *data;
  int length, format;
  GError *error = NULL;
  PGresult *answer;

  yara_arena_init (&arena);
  yara_postgres_encode (value, type, &arena, &data, &length, &format, &error);
  g_assert_no_error (error);
  answer = PQexecParams (session, sql, 1, &type, &data, &length, &format, 1);
  require_status (answer, PGRES_TUPLES_OK, sql);
  yara_arena_clear (&arena);
  return answer;
}

static YaraRows *
take_rows (PGresult *answer)
{
  const YaraStatement raw = { .answer = YARA_ANSWER_ROWS, .is_raw = TRUE };
  GError *error = NULL;
  YaraRows *rows = yara_postgres_decode_rows (answer, &raw, &error);

  g_assert_no_error (error);
  return rows;
}

static void
assert_equal (const YaraValue *a, const YaraValue *b)
{
  g_assert_cmpstr (yara_kind_get_name (a->kind), ==, yara_kind_get_name (b->kind));
  if (yara_kind_is_bytes (a->kind))
    g_assert_cmpmem (a->bytes.data, a->bytes.size, b->bytes.data, b->bytes.size);
  else if (a->kind == YARA_KIND_UUID)
    g_assert_cmpmem (&a->uuid, sizeof a->uuid, &b->uuid, sizeof b->uuid);
  else if (a->kind == YARA_KIND_DOUBLE)
    g_assert_cmpmem (&a->number, sizeof a->number, &b->number, sizeof b->number);
  else if (a->kind != YARA_KIND_NULL)
    g_assert_cmpint (a->integer, ==, b->integer);
}

/* ---- there and back ---- */

static YaraValue
make_integer (YaraKind kind, gint64 number)
{
  return (YaraValue) { .kind = kind, .integer = number };
}

static void
check_both_ways (const YaraValue *value, const char *type, const char *text)
{
  g_autofree char *sql = g_strdup_printf ("SELECT $1::%s AS v, $1::%s::text", type, type);
  g_autoptr (YaraRows) rows = take_rows (ask_with (sql, value, yara_postgres_type_of (value)));
  YaraValue expected = *value;

  if (value->kind == YARA_KIND_INT16 || value->kind == YARA_KIND_INT32 || value->kind == YARA_KIND_ENUM_INT)
    expected.kind = YARA_KIND_INT64;
  if (value->kind == YARA_KIND_ENUM_TEXT)
    expected.kind = YARA_KIND_TEXT;
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 1), ==, text);
  if (value->kind == YARA_KIND_DECIMAL)
    g_assert_cmpstr (yara_rows_get_text (rows, 0, 0), ==, text);
  else
    assert_equal (yara_rows_get_value (rows, 0, 0), &expected);
}

static void
test_both_ways (void)
{
  YaraUuid uuid;
  const struct
  {
    YaraValue value;
    const char *type, *text;
  } cases[] = {
    { yara_value_bool (true), "bool", "true" },
    { yara_value_bool (false), "bool", "false" },
    { make_integer (YARA_KIND_INT16, G_MININT16), "int2", "-32768" },
    { make_integer (YARA_KIND_INT16, G_MAXINT16), "int2", "32767" },
    { make_integer (YARA_KIND_INT32, G_MININT32), "int4", "-2147483648" },
    { make_integer (YARA_KIND_INT32, G_MAXINT32), "int4", "2147483647" },
    { make_integer (YARA_KIND_ENUM_INT, -2), "int4", "-2" },
    { yara_value_int (G_MININT64), "int8", "-9223372036854775808" },
    { yara_value_int (G_MAXINT64), "int8", "9223372036854775807" },
    { yara_value_int (0), "int8", "0" },
    { yara_value_double (0.1), "float8", "0.1" },
    { yara_value_double (-0.0), "float8", "-0" },
    { yara_value_double (5e-324), "float8", "5e-324" },
    { yara_value_double (G_MAXDOUBLE), "float8", "1.7976931348623157e+308" },
    { yara_value_double (-INFINITY), "float8", "-Infinity" },
    { yara_value_text (""), "text", "" },
    { yara_value_text ("größe 𝄞"), "text", "größe 𝄞" },
    { yara_value_text ("Ada"), "varchar(10)", "Ada" },
    { (YaraValue) { .kind = YARA_KIND_ENUM_TEXT, .bytes = { "low", 3 } }, "text", "low" },
    { yara_value_bytes ((YaraBytes) { "", 0 }), "bytea", "\\x" },
    { yara_value_bytes ((YaraBytes) { "\0\xff\\'", 4 }), "bytea", "\\x00ff5c27" },
    { yara_value_uuid ((YaraUuid) { { 0 } }), "uuid", "00000000-0000-0000-0000-000000000000" },
    { yara_value_uuid ((YaraUuid) { { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 255 } }), "uuid",
      "01020304-0506-0708-090a-0b0c0d0e0fff" },
    { yara_value_json ("{\"a\": [1, null, \"ö\"]}"), "jsonb", "{\"a\": [1, null, \"ö\"]}" },
    { yara_value_json ("12345678901234567890"), "jsonb", "12345678901234567890" },
    { yara_value_timestamp (0), "timestamptz", "1970-01-01 00:00:00+00" },
    { yara_value_timestamp (-1), "timestamptz", "1969-12-31 23:59:59.999999+00" },
    { yara_value_timestamp (10957 * DAY), "timestamptz", "2000-01-01 00:00:00+00" },
    { yara_value_timestamp (10957 * DAY - 1), "timestamptz", "1999-12-31 23:59:59.999999+00" },
    { yara_value_timestamp (2932896 * DAY + DAY - 1), "timestamptz", "9999-12-31 23:59:59.999999+00" },
    { yara_value_timestamp (-719162 * DAY), "timestamptz", "0001-01-01 00:00:00+00" },
    { yara_value_timestamp (-210866803200000000), "timestamptz", "4714-11-24 00:00:00+00 BC" },
    { yara_value_timestamp (G_MAXINT64), "timestamptz", "294247-01-10 04:00:54.775807+00" },
    { yara_value_date (0), "date", "1970-01-01" },
    { yara_value_date (-1), "date", "1969-12-31" },
    { yara_value_date (10957), "date", "2000-01-01" },
    { yara_value_date (2932896), "date", "9999-12-31" },
    { yara_value_date (-2451545 + 10957), "date", "4714-11-24 BC" },
    { yara_value_date (2145031948 + 10957), "date", "5874897-12-31" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_both_ways (&cases[i].value, cases[i].type, cases[i].text);
  for (int i = 0; i < 20; i++)
    {
      YaraValue value = yara_value_uuid (uuid = yara_uuid_random ());
      char text[YARA_UUID_TEXT_SIZE];

      yara_uuid_to_text (&uuid, text);
      check_both_ways (&value, "uuid", text);
    }
}

static void
check_decimal (const char *text, guint scale, const char *expected)
{
  YaraValue value = yara_value_decimal (text);

  value.scale = scale;
  check_both_ways (&value, "numeric", expected);
}

static void
test_decimals (void)
{
  g_autofree char *whole = g_strnfill (1000, '9'), *tail = g_strnfill (999, '7');
  g_autofree char *fraction = g_strconcat ("-0.", tail, "1", NULL), *both = g_strconcat (tail, "000.000", tail, NULL);
  const struct
  {
    const char *text;
    guint scale;
    const char *expected;
  } cases[] = {
    { "0", 0, "0" }, { "-0.00", 0, "0.00" }, { "0", 3, "0.000" }, { "10.00", 0, "10.00" }, { "10", 2, "10.00" },
    { "+7", 0, "7" }, { "007.50", 0, "7.50" }, { "0.0001", 0, "0.0001" }, { "0.00001", 0, "0.00001" },
    { "-0.000000012", 0, "-0.000000012" }, { "10000", 0, "10000" }, { "100000000", 0, "100000000" },
    { "9999", 0, "9999" }, { "99999.9999", 0, "99999.9999" }, { "12345678.90120000", 0, "12345678.90120000" },
    { "1.00000001", 2, "1.00000001" }, { "-1234567890123456789012345678.5", 1, "-1234567890123456789012345678.5" },
    { "100000000.00000001", 0, "100000000.00000001" }, { whole, 0, whole }, { fraction, 0, fraction },
    { both, 0, both },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    check_decimal (cases[i].text, cases[i].scale, cases[i].expected);

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr (GString) text = g_string_new (g_test_rand_int_range (0, 2) ? "-" : "");
      int n_whole = g_test_rand_int_range (0, 40), n_fraction = g_test_rand_int_range (0, 40);

      g_string_append_c (text, '1' + g_test_rand_int_range (0, 9));
      while (n_whole-- > 0) /* many zeros, so that there are empty groups */
        g_string_append_c (text, g_test_rand_int_range (0, 3) ? '0' : '0' + g_test_rand_int_range (0, 10));
      if (n_fraction > 0)
        g_string_append_c (text, '.');
      while (n_fraction-- > 0)
        g_string_append_c (text, g_test_rand_int_range (0, 3) ? '0' : '0' + g_test_rand_int_range (0, 10));
      check_decimal (text->str, 0, text->str);
    }
}

/* Numbers that only the server makes. */
static void
test_decimals_of_the_server (void)
{
  g_autoptr (YaraRows) rows = take_rows (ask (
    "SELECT n, n::text FROM (VALUES ('NaN'::numeric), ('Infinity'), ('-Infinity'), (1e1000), (-1e-1000),"
    " (1 / 3::numeric), (10::numeric ^ 4), (0.10 * 0.10),"
    " (repeat('9', 131072)::numeric), (('0.' || repeat('1', 16383))::numeric)) AS t (n)"));

  g_assert_cmpuint (yara_rows_get_n_rows (rows), ==, 10);
  for (gsize i = 0; i < yara_rows_get_n_rows (rows); i++)
    {
      g_assert_cmpint (yara_rows_get_value (rows, i, 0)->kind, ==, YARA_KIND_DECIMAL);
      g_assert_cmpstr (yara_rows_get_text (rows, i, 0), ==, yara_rows_get_text (rows, i, 1));
    }
}

/* ---- text form ---- */

/* The server answers in text when one column has no binary form here; the other cells must be the same. */
static void
test_text_form (void)
{
  const char *sql =
    "SELECT true AS a, -7::int2 AS b, 2147483647 AS c, '-9223372036854775808'::int8 AS d, 0.1::float8 AS e,"
    " 'Infinity'::float8 AS f, 1.5::float4 AS g, 'x y'::text AS h, 'k'::name AS i, '-12.50'::numeric AS j,"
    " '\\x00ff'::bytea AS k, ''::bytea AS l, '123e4567-e89b-12d3-a456-426614174000'::uuid AS m,"
    " '{\"a\":1}'::json AS n, '[1]'::jsonb AS o, '0001-01-01 00:00:00+00'::timestamptz AS p,"
    " '9999-12-31 23:59:59.999999+00'::timestamptz AS q, '1969-12-31 23:59:59.000001'::timestamp AS r,"
    " '1969-12-31'::date AS s, '2024-02-29'::date AS t, NULL::int4 AS u, 5::oid AS v, 'c'::\"char\" AS w";
  PGresult *in_text = PQexec (session, sql);
  g_autoptr (YaraRows) binary = take_rows (ask (sql)), text = NULL;

  require_status (in_text, PGRES_TUPLES_OK, sql);
  text = take_rows (in_text);
  g_assert_cmpuint (yara_rows_get_n_columns (text), ==, 23);
  for (guint i = 0; i < yara_rows_get_n_columns (text); i++)
    assert_equal (yara_rows_get_value (text, 0, i), yara_rows_get_value (binary, 0, i));
}

static void
test_text_form_refused (void)
{
  static const char *const cells[] = {
    "'infinity'::timestamptz", "'0044-03-15 BC'::date", "'10000-01-01 00:00:00'::timestamp",
  };
  const YaraStatement raw = { .answer = YARA_ANSWER_ROWS, .is_raw = TRUE };

  for (guint i = 0; i < G_N_ELEMENTS (cells); i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT %s AS late", cells[i]);
      GError *error = NULL;

      g_assert_null (yara_postgres_decode_rows (PQexec (session, sql), &raw, &error));
      assert_error (error, YARA_ERROR_DECODE, "column \"late\": the database holds a ");
    }
}

/* ---- other types than the value's own ---- */

static void
test_conversions (void)
{
  const struct
  {
    YaraValue value;
    const char *type;
    Oid oid;
    const char *text;
  } cases[] = {
    { yara_value_int (-32768), "smallint", 21, "-32768" },
    { yara_value_int (G_MAXINT32), "integer", 23, "2147483647" },
    { make_integer (YARA_KIND_INT16, -5), "bigint", 20, "-5" },
    { make_integer (YARA_KIND_INT32, 5), "numeric", 1700, "5" },
    { yara_value_int (G_MININT64), "numeric", 1700, "-9223372036854775808" },
    { yara_value_int (-9007199254740992), "double precision", 701, "-9.007199254740992e+15" },
    { yara_value_int (G_MAXUINT32), "oid", 26, "4294967295" },
    { yara_value_timestamp (1), "timestamp without time zone", 1114, "1970-01-01 00:00:00.000001" },
    { yara_value_text ("42"), "integer", 23, "42" },
    { yara_value_text ("127.0.0.1"), "inet", 869, "127.0.0.1/32" },
    { yara_value_json ("{\"b\":1,  \"a\":2}"), "json", 114, "{\"b\":1,  \"a\":2}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      PGresult *answer = ask_with ("SELECT pg_typeof ($1)::text, $1::text", &cases[i].value, cases[i].oid);
      g_autoptr (YaraRows) rows = take_rows (answer);

      g_assert_cmpstr (yara_rows_get_text (rows, 0, 0), ==, cases[i].type);
      g_assert_cmpstr (yara_rows_get_text (rows, 0, 1), ==, cases[i].text);
    }
}

static void
test_refused (void)
{
  g_autofree char *digits = g_strnfill (20000, '1');
  const YaraValue mixed[] = { yara_value_int (1), yara_value_text ("a") };
  const YaraValue nested[] = { yara_value_list (mixed, 2) };
  const struct
  {
    YaraValue value;
    Oid oid;
    const char *words;
  } cases[] = {
    { { .kind = YARA_KIND_INVALID }, 0, "is of a type or in a range that cannot be represented" },
    { yara_value_int (32768), 21, "is out of the range of smallint" },
    { yara_value_int (G_MININT32 - 1LL), 23, "is out of the range of integer" },
    { yara_value_int (-1), 26, "is out of the range of oid" },
    { yara_value_int (9007199254740993), 701, "is out of the range of double precision" },
    { yara_value_int (1), 16, "is of kind int64, which cannot be sent as boolean" },
    { yara_value_bool (true), 23, "is of kind bool, which cannot be sent as integer" },
    { yara_value_double (1), 20, "is of kind double, which cannot be sent as bigint" },
    { yara_value_uuid ((YaraUuid) { { 1 } }), 4711, "is of kind uuid, which cannot be sent as OID 4711" },
    { yara_value_timestamp (0), 1082, "is of kind timestamp, which cannot be sent as date" },
    { yara_value_timestamp (-210866803200000001), 0, "is out of the range of timestamptz" },
    { yara_value_timestamp (G_MININT64), 0, "is out of the range of timestamptz" },
    { yara_value_date (-2451546 + 10957), 0, "is out of the range of date" },
    { yara_value_date (2145031949 + 10957), 0, "is out of the range of date" },
    { yara_value_decimal (""), 0, "is not a decimal number" },
    { yara_value_decimal ("-"), 0, "is not a decimal number" },
    { yara_value_decimal ("1."), 0, "is not a decimal number" },
    { yara_value_decimal (".5"), 0, "is not a decimal number" },
    { yara_value_decimal ("1e5"), 0, "is not a decimal number" },
    { yara_value_decimal (digits), 0, "more digits than PostgreSQL takes" },
    { { .kind = YARA_KIND_TEXT, .bytes = { "a\0b", 3 } }, 0, "is text with a NUL in it" },
    { yara_value_list (mixed, 2), 0, "is a list whose element 2 is of kind text, which cannot be sent as bigint" },
    { yara_value_list (nested, 1), 0, "is a list whose element 1 is a list" },
    { yara_value_list (mixed, 1), 20, "is of kind list, which cannot be sent as bigint" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      YaraArena arena;
      const char *data;
      int length, format;
      GError *error = NULL;

      yara_arena_init (&arena);
      g_assert_false (yara_postgres_encode (&cases[i].value, cases[i].oid, &arena, &data, &length, &format, &error));
      assert_error (error, YARA_ERROR_FIELD, cases[i].words);
      yara_arena_clear (&arena);
    }
}

/* Text and bytes are not copied; nothing but text goes as text. */
static void
test_borrowed (void)
{
  const YaraValue values[] = { yara_value_text ("Ada"), yara_value_json ("[]"),
                               yara_value_bytes ((YaraBytes) { "ab", 2 }) };
  const YaraValue nothing = yara_value_null ();
  YaraArena arena;
  const char *data;
  int length, format;

  yara_arena_init (&arena);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_assert_true (yara_postgres_encode (&values[i], 0, &arena, &data, &length, &format, NULL));
      g_assert_true (data == values[i].bytes.data);
      g_assert_cmpint (length, ==, values[i].bytes.size);
      g_assert_cmpint (format, ==, values[i].kind == YARA_KIND_BYTES);
    }
  g_assert_true (yara_postgres_encode (&nothing, 23, &arena, &data, &length, &format, NULL));
  g_assert_null (data);
  g_assert_null (arena.blocks);
}

/* ---- arrays ---- */

static void
check_array (const YaraValue *values, gsize n_values, Oid oid, const char *type, const char *text)
{
  YaraValue list = yara_value_list (values, n_values);
  g_autofree char *sql = g_strdup_printf ("SELECT pg_typeof ($1)::text, $1::%s::text", type);
  g_autoptr (YaraRows) described = NULL, elements = NULL;

  g_assert_cmpuint (yara_postgres_type_of (&list), ==, oid);
  described = take_rows (ask_with (sql, &list, oid));
  g_assert_cmpstr (yara_rows_get_text (described, 0, 0), ==, type);
  g_assert_cmpstr (yara_rows_get_text (described, 0, 1), ==, text);

  elements = take_rows (ask_with ("SELECT unnest ($1)", &list, oid));
  g_assert_cmpuint (yara_rows_get_n_rows (elements), ==, n_values);
  for (gsize i = 0; i < n_values; i++)
    {
      YaraValue expected = values[i];

      if (expected.kind == YARA_KIND_INT16 || expected.kind == YARA_KIND_INT32)
        expected.kind = YARA_KIND_INT64;
      assert_equal (yara_rows_get_value (elements, i, 0), &expected);
    }
}

#define CHECK_ARRAY(oid, type, text, ...) \
  check_array ((const YaraValue[]) { __VA_ARGS__ }, \
               sizeof ((const YaraValue[]) { __VA_ARGS__ }) / sizeof (YaraValue), oid, type, text)

static void
test_arrays (void)
{
  CHECK_ARRAY (1000, "boolean[]", "{t,f}", yara_value_bool (true), yara_value_bool (false));
  CHECK_ARRAY (1005, "smallint[]", "{-1,2}", make_integer (YARA_KIND_INT16, -1), make_integer (YARA_KIND_INT16, 2));
  CHECK_ARRAY (1007, "integer[]", "{-1}", make_integer (YARA_KIND_INT32, -1));
  CHECK_ARRAY (1016, "bigint[]", "{NULL,1}", yara_value_null (), yara_value_int (1));
  CHECK_ARRAY (1022, "double precision[]", "{0.5,1e+100}", yara_value_double (0.5), yara_value_double (1e100));
  CHECK_ARRAY (1009, "text[]", "{\"\",NULL,\"a,b\",ö}", yara_value_text (""), yara_value_null (),
               yara_value_text ("a,b"), yara_value_text ("ö"));
  CHECK_ARRAY (1009, "text[]", "{NULL}", yara_value_null ());
  CHECK_ARRAY (1001, "bytea[]", "{\"\\\\x\",\"\\\\x00\"}", yara_value_bytes ((YaraBytes) { "", 0 }),
               yara_value_bytes ((YaraBytes) { "", 1 }));
  CHECK_ARRAY (2951, "uuid[]", "{ff000000-0000-0000-0000-000000000000}", yara_value_uuid ((YaraUuid) { { 255 } }));
  CHECK_ARRAY (1231, "numeric[]", "{10.00,-0.5}", yara_value_decimal ("10.00"), yara_value_decimal ("-0.5"));
  CHECK_ARRAY (3807, "jsonb[]", "{1,\"{}\"}", yara_value_json ("1"), yara_value_json ("{}"));
  CHECK_ARRAY (1185, "timestamp with time zone[]", "{\"1969-12-31 00:00:00+00\"}", yara_value_timestamp (-DAY));
  CHECK_ARRAY (1182, "date[]", "{1970-01-02}", yara_value_date (1));
}

/* A list sent as an array of another type; and an empty one, which fits any. */
static void
test_array_conversions (void)
{
  const YaraValue numbers[] = { yara_value_int (1), yara_value_null (), yara_value_int (-2) };
  const YaraValue list = yara_value_list (numbers, 3), empty = yara_value_list (NULL, 0);
  g_autoptr (YaraRows) small = take_rows (ask_with ("SELECT pg_typeof ($1)::text || $1::text", &list, 1005));
  g_autoptr (YaraRows) none = take_rows (ask_with ("SELECT 5 = ANY ($1)", &empty, yara_postgres_type_of (&empty)));

  g_assert_cmpstr (yara_rows_get_text (small, 0, 0), ==, "smallint[]{1,NULL,-2}");
  g_assert_false (yara_rows_get_int (none, 0, 0));
}

/* ---- COPY ---- */

static void
test_copy (void)
{
  const struct
  {
    YaraValue value;
    Oid oid;
  } columns[] = {
    { yara_value_int (7), 21 }, { yara_value_int (-7), 23 }, { yara_value_int (1LL << 40), 20 },
    { yara_value_bool (true), 16 }, { yara_value_double (1.5), 701 }, { yara_value_text ("größe"), 1043 },
    { yara_value_text (""), 0 }, { yara_value_bytes ((YaraBytes) { "\0x", 2 }), 17 },
    { yara_value_uuid ((YaraUuid) { { 1 } }), 2950 }, { yara_value_decimal ("-12.5"), 1700 },
    { yara_value_json ("{\"a\": 1}"), 3802 }, { yara_value_json ("[ 1]"), 114 }, { yara_value_timestamp (-5), 1184 },
    { yara_value_date (5), 1082 }, { yara_value_null (), 20 },
  };
  g_autoptr (GByteArray) buffer = g_byte_array_new ();
  g_autoptr (YaraRows) rows = NULL;
  const YaraValue invalid = { .kind = YARA_KIND_INVALID };
  GError *error = NULL;
  guint length;

  execute ("CREATE TEMPORARY TABLE copied (a int2, b int4, c int8, d bool, e float8, f varchar(9), g text, h bytea,"
           " i uuid, j numeric(6, 2), k jsonb, l json, m timestamptz, n date, o int8)");
  g_byte_array_append (buffer, (const guint8 *) "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0\0\17", 21);
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    g_assert_true (yara_postgres_append_binary (&columns[i].value, columns[i].oid, buffer, NULL));
  length = buffer->len;
  g_assert_false (yara_postgres_append_binary (&invalid, 20, buffer, &error));
  assert_error (error, YARA_ERROR_FIELD, "cannot be represented");
  g_assert_cmpuint (buffer->len, ==, length);
  g_byte_array_append (buffer, (const guint8 *) "\377\377", 2);

  PQclear (PQexec (session, "COPY copied FROM STDIN (FORMAT binary)"));
  g_assert_cmpint (PQputCopyData (session, (char *) buffer->data, buffer->len), ==, 1);
  g_assert_cmpint (PQputCopyEnd (session, NULL), ==, 1);
  for (PGresult *answer; (answer = PQgetResult (session)) != NULL; PQclear (answer))
    require_status (answer, PGRES_COMMAND_OK, "COPY");

  rows = take_rows (ask ("SELECT * FROM copied"));
  for (guint i = 0; i < G_N_ELEMENTS (columns); i++)
    if (columns[i].value.kind == YARA_KIND_DECIMAL)
      g_assert_cmpstr (yara_rows_get_text (rows, 0, i), ==, "-12.50");
    else
      assert_equal (yara_rows_get_value (rows, 0, i), &columns[i].value);
}

int
main (int argc, char **argv)
{
  int code;

  g_test_init (&argc, &argv, NULL);
  open_session ();
  g_test_add_func ("/postgres/types/both-ways", test_both_ways);
  g_test_add_func ("/postgres/types/decimals", test_decimals);
  g_test_add_func ("/postgres/types/decimals-of-the-server", test_decimals_of_the_server);
  g_test_add_func ("/postgres/types/text-form", test_text_form);
  g_test_add_func ("/postgres/types/text-form-refused", test_text_form_refused);
  g_test_add_func ("/postgres/types/conversions", test_conversions);
  g_test_add_func ("/postgres/types/refused", test_refused);
  g_test_add_func ("/postgres/types/borrowed", test_borrowed);
  g_test_add_func ("/postgres/types/arrays", test_arrays);
  g_test_add_func ("/postgres/types/array-conversions", test_array_conversions);
  g_test_add_func ("/postgres/types/copy", test_copy);
  code = g_test_run ();
  PQfinish (session);
  return code;
}
