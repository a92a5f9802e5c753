/* SPDX-License-Identifier: MIT
 *
 * What goes in comes out: every kind with NULL, its least and greatest and its odd values, and in the
 * right order.
 */
#include "fixture.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef enum { SMALL = -5, MIDDLE = 0, LARGE = 70000 } Size;

static const YaraChoice sizes[] = { { SMALL, "small" }, { MIDDLE, "mid size" }, { LARGE, "gro\xc3\x9f" },
                                    { 0, NULL } };

typedef struct
{
  gint64      id;
  bool        flag, flag_null;
  gint16      small;
  bool        small_null;
  gint32      medium;
  bool        medium_null;
  gint64      big;
  bool        big_null;
  double      real;
  bool        real_null;
  const char *text;
  YaraBytes   bytes;
  YaraUuid    uuid;
  const char *decimal;
  const char *json;
  gint64      at;
  bool        at_null;
  gint32      day;
  bool        day_null;
  Size        by_number;
  bool        by_number_null;
  Size        by_name;
  bool        by_name_null;
  gint32      gflag;
} Every;

#define NULLABLE(member) .nullable = true, .null_flag = YARA_NULL_FLAG (Every, member##_null)

static const YaraField every_fields[] = {
  YARA_FIELD (Every, id, .primary_key = true),
  YARA_FIELD (Every, flag, NULLABLE (flag)),
  YARA_FIELD (Every, small, NULLABLE (small)),
  YARA_FIELD (Every, medium, NULLABLE (medium)),
  YARA_FIELD (Every, big, NULLABLE (big)),
  YARA_FIELD (Every, real, NULLABLE (real)),
  YARA_FIELD (Every, text, .nullable = true),
  YARA_FIELD (Every, bytes, .nullable = true),
  YARA_FIELD (Every, uuid, .nullable = true),
  YARA_FIELD_AS (Every, decimal, DECIMAL, .precision = 18, .scale = 2, .nullable = true),
  YARA_FIELD_AS (Every, json, JSON, .nullable = true),
  YARA_FIELD_AS (Every, at, TIMESTAMP, NULLABLE (at)),
  YARA_FIELD_AS (Every, day, DATE, NULLABLE (day)),
  YARA_FIELD_AS (Every, by_number, ENUM_INT, .choices = sizes, NULLABLE (by_number)),
  YARA_FIELD_AS (Every, by_name, ENUM_TEXT, .choices = sizes, NULLABLE (by_name)),
  YARA_FIELD_AS (Every, gflag, BOOL),
};
static const YaraModel every_model = YARA_MODEL (Every, "everything", every_fields);

#define YEAR_1      G_GINT64_CONSTANT (-62135596800000000) /* 0001-01-01 00:00:00 */
#define YEAR_9999   G_GINT64_CONSTANT (253402300799999999) /* 9999-12-31 23:59:59.999999 */
#define NOTHING     .flag_null = true, .small_null = true, .medium_null = true, .big_null = true, \
                    .real_null = true, .at_null = true, .day_null = true, .by_number_null = true, \
                    .by_name_null = true

static const Every samples[] = {
  { NOTHING },
  { .text = "", .bytes = { "", 0 }, .decimal = "0.00", .json = "0" },
  { .flag = true, .small = G_MININT16, .medium = G_MININT32, .big = G_MININT64, .real = -DBL_MAX,
    .text = "\x01\x7f '\"`\\ $1 ? %_ \r\n\t", .bytes = { "\0\0\0", 3 },
    .uuid = { { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1 } },
    .decimal = "-9999999999999999.99", .json = "null", .at = YEAR_1, .day = -719162, .by_number = SMALL,
    .by_name = SMALL, .gflag = TRUE },
  { .small = G_MAXINT16, .medium = G_MAXINT32, .big = G_MAXINT64, .real = DBL_MAX,
    .text = "\xd0\x9f\xd1\x80\xd0\xb8 \xf0\x9f\x8c\x8d e\xcc\x81 \xe2\x80\xae", 
    .bytes = { "a\0b\xff\x80", 5 },
    .uuid = { { 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255 } },
    .decimal = "9999999999999999.99", .json = "12345678901234567890", .at = YEAR_9999, .day = 2932896,
    .by_number = LARGE, .by_name = LARGE },
  { .small = -1, .medium = -1, .big = -1, .real = DBL_MIN, .text = "NULL", .bytes = { "NULL", 4 },
    .decimal = "-0.01", .json = "{\"a\": [1, \"\xc3\xa9\"]}", .at = -1, .day = -1 },
  { .big = G_GINT64_CONSTANT (9007199254740993), .real = 0.1, .text = "0123", .decimal = "12.30",
    .json = "\"x\"", .at = 1, .day = 1 },
  { .real = INFINITY, .decimal = "10.00" },
  { .real = -INFINITY, .decimal = "9.00" },
  { .real = -0.0, .at = -1000001, .json = "[1.10, 100000]" },
};

static void
assert_same_bytes (YaraBytes a, YaraBytes b)
{
  g_assert_cmpint (a.data == NULL, ==, b.data == NULL);
  g_assert_cmpmem (a.data, a.size, b.data, b.size);
}

static void
assert_same (const Every *a, const Every *b)
{
  g_assert_cmpint (a->flag_null, ==, b->flag_null);
  g_assert_cmpint (a->flag, ==, b->flag);
  g_assert_cmpint (a->small_null, ==, b->small_null);
  g_assert_cmpint (a->small, ==, b->small);
  g_assert_cmpint (a->medium_null, ==, b->medium_null);
  g_assert_cmpint (a->medium, ==, b->medium);
  g_assert_cmpint (a->big_null, ==, b->big_null);
  g_assert_cmpint (a->big, ==, b->big);
  g_assert_cmpint (a->real_null, ==, b->real_null);
  g_assert_cmpfloat (a->real, ==, b->real);
  g_assert_cmpstr (a->text, ==, b->text);
  assert_same_bytes (a->bytes, b->bytes);
  g_assert_cmpmem (&a->uuid, sizeof a->uuid, &b->uuid, sizeof b->uuid);
  g_assert_cmpstr (a->decimal, ==, b->decimal);
  g_assert_cmpstr (a->json, ==, b->json);
  g_assert_cmpint (a->at_null, ==, b->at_null);
  g_assert_cmpint (a->at, ==, b->at);
  g_assert_cmpint (a->day_null, ==, b->day_null);
  g_assert_cmpint (a->day, ==, b->day);
  g_assert_cmpint (a->by_number_null, ==, b->by_number_null);
  g_assert_cmpint (a->by_number, ==, b->by_number);
  g_assert_cmpint (a->by_name_null, ==, b->by_name_null);
  g_assert_cmpint (a->by_name, ==, b->by_name);
  g_assert_cmpint (a->gflag, ==, b->gflag);
}

static void
assert_all_there (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&every_model);
  g_autoptr(YaraResult) result = NULL;

  yara_query_order_by (query, "id");
  result = test_ok (yara_orm_all (test->orm, query, NULL, &error));
  g_assert_cmpuint (yara_result_get_n_records (result), ==, G_N_ELEMENTS (samples));
  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    assert_same (yara_result_get_record (result, i), &samples[i]);
}

static void
created_one_by_one (Test *test)
{
  TEST_USE (test, &every_model);
  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      Every record = samples[i];
      g_autoptr(YaraResult) result = NULL;

      test_ok (yara_orm_create (test->orm, &every_model, &record, NULL, &error));
      assert_same (&record, &samples[i]);
      memset (&record.flag, 0x5a, sizeof record - G_STRUCT_OFFSET (Every, flag));
      result = test_ok (yara_orm_refresh (test->orm, &every_model, &record, NULL, &error));
      assert_same (&record, &samples[i]);
    }
  assert_all_there (test);
}

static void
created_in_bulk (Test *test)
{
  Every records[G_N_ELEMENTS (samples)];

  memcpy (records, samples, sizeof records);
  TEST_USE (test, &every_model);
  test_ok (yara_orm_bulk_create (test->orm, &every_model, records, G_N_ELEMENTS (records), NULL, &error));
  assert_all_there (test);
}

static void
saved (Test *test)
{
  TEST_USE (test, &every_model);
  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      Every record = samples[(i + 1) % G_N_ELEMENTS (samples)];
      gint64 id;

      test_ok (yara_orm_create (test->orm, &every_model, &record, NULL, &error));
      id = record.id;
      record = samples[i];
      record.id = id;
      test_ok (yara_orm_save (test->orm, &every_model, &record, NULL, NULL, &error));
    }
  assert_all_there (test);
}

static void
async_and_values (Test *test)
{
  TEST_USE (test, &every_model);
  for (gsize i = 0; i < G_N_ELEMENTS (samples); i++)
    {
      Every record = samples[i];

      test_await_ok (orm_create, test->orm, &every_model, &record);
    }
  assert_all_there (test);
  {
    g_autoptr(YaraQuery) query = yara_query_new (&every_model);
    g_autoptr(YaraRows) rows = NULL;

    yara_query_order_by (query, "id");
    rows = test_ok (yara_orm_values (test->orm, query, NULL, NULL, &error));
    g_assert_cmpuint (yara_rows_get_n_columns (rows), ==, G_N_ELEMENTS (every_fields));
    for (gsize c = 1; c < G_N_ELEMENTS (every_fields) - 1; c++)
      {
        g_assert_cmpstr (yara_rows_get_column_name (rows, c), ==, every_fields[c].name);
        g_assert_true (yara_rows_is_null (rows, 0, c));
      }
    g_assert_cmpint (yara_rows_get_int (rows, 2, 2), ==, G_MININT16);
    g_assert_cmpint (yara_rows_get_int (rows, 2, 4), ==, G_MININT64);
    g_assert_cmpfloat (yara_rows_get_double (rows, 5, 5), ==, 0.1);
    g_assert_cmpstr (yara_rows_get_text (rows, 3, 6), ==, samples[3].text);
    assert_same_bytes (yara_rows_get_bytes (rows, 3, 7), samples[3].bytes);
    assert_same_bytes (yara_rows_get_bytes (rows, 1, 7), samples[1].bytes);
    g_assert_cmpint (yara_rows_get_uuid (rows, 2, 8).bytes[15], ==, 1);
    g_assert_cmpstr (yara_rows_get_text (rows, 5, 9), ==, "12.30");
    g_assert_cmpstr (yara_rows_get_text (rows, 3, 10), ==, "12345678901234567890");
    g_assert_cmpint (yara_rows_get_int (rows, 2, 11), ==, YEAR_1);
    g_assert_cmpint (yara_rows_get_int (rows, 2, 12), ==, -719162);
    g_assert_cmpint (yara_rows_get_value (rows, 2, 9)->kind, ==, YARA_KIND_DECIMAL);
    g_assert_cmpint (yara_rows_get_value (rows, 2, 10)->kind, ==, YARA_KIND_JSON);
    g_assert_cmpint (yara_rows_get_value (rows, 2, 11)->kind, ==, YARA_KIND_TIMESTAMP);
    g_assert_cmpint (yara_rows_get_value (rows, 2, 12)->kind, ==, YARA_KIND_DATE);
    g_assert_cmpint (yara_rows_get_value (rows, 2, 1)->kind, ==, YARA_KIND_BOOL);
  }
}

/* ---- order and comparison ---- */

/* The ids of all rows whose `field` is not NULL, in the order of the field. */
static char *
ids_by (Test *test, const char *field)
{
  g_autofree char *lookup = g_strconcat (field, "__isnull", NULL);
  g_autoptr(YaraQuery) query = yara_query_new (&every_model);
  g_autoptr(YaraResult) result = NULL;
  GString *ids = g_string_new (NULL);

  yara_query_filter (query, lookup, false);
  yara_query_order_by (query, field);
  yara_query_order_by (query, "id");
  result = test_ok (yara_orm_all (test->orm, query, NULL, &error));
  YARA_FOREACH (Every, record, result)
    g_string_append_printf (ids, "%s%d", ids->len > 0 ? " " : "", (int) record->id);
  return g_string_free (ids, FALSE);
}

static void
add_rows (Test *test, const Every *records, gsize n_records)
{
  g_autofree Every *copies = g_memdup2 (records, n_records * sizeof *records);

  TEST_USE (test, &every_model);
  test_ok (yara_orm_bulk_create (test->orm, &every_model, copies, n_records, NULL, &error));
}

static gint64
count_where (Test *test, const char *lookup, YaraValue value)
{
  g_autoptr(YaraQuery) query = yara_query_new (&every_model);

  yara_query_filter (query, lookup, value);
  return test_ok (yara_orm_count (test->orm, query, NULL, &error));
}

static void
decimals_are_numbers (Test *test)
{
  static const Every records[] = {
    { .decimal = "10.00" }, { .decimal = "9" }, { .decimal = "-10.5" }, { .decimal = "-9.00" },
    { .decimal = "9999999999999999.98" }, { .decimal = "9999999999999999.99" }, { .decimal = "0.1" },
    { NOTHING },
  };
  g_autofree char *ids = NULL;

  add_rows (test, records, G_N_ELEMENTS (records));
  ids = ids_by (test, "decimal");
  g_assert_cmpstr (ids, ==, "3 4 7 2 1 5 6");
  g_assert_cmpint (count_where (test, "decimal__gt", yara_value_decimal ("9.00")), ==, 3);
  g_assert_cmpint (count_where (test, "decimal__gt", yara_value_text ("9.0")), ==, 3);
  g_assert_cmpint (count_where (test, "decimal", yara_value_text ("-10.50")), ==, 1);
  g_assert_cmpint (count_where (test, "decimal", yara_value_text ("9")), ==, 1);
  g_assert_cmpint (count_where (test, "decimal__lte", yara_value_text ("9999999999999999.98")), ==, 6);
  g_assert_cmpint (count_where (test, "decimal__in", YARA_LIST ("10", "0.10")), ==, 2);
  g_assert_cmpint (count_where (test, "decimal__range", YARA_LIST ("-9.00", "9.00")), ==, 3);
  g_assert_cmpint (count_where (test, "decimal", yara_value_int (10)), ==, 1);
}

static void
times_are_in_order (Test *test)
{
  static const Every records[] = {
    { .at = 0, .day = 0 }, { .at = -1, .day = -1 }, { .at = YEAR_1, .day = -719162 }, 
    { .at = YEAR_9999, .day = 2932896 },
    { .at = 999999, .day = 9 }, { .at = 1000000, .day = 10 }, { .at = -1000000, .day = -366 }, { NOTHING },
  };
  g_autofree char *by_time = NULL, *by_day = NULL;

  add_rows (test, records, G_N_ELEMENTS (records));
  by_time = ids_by (test, "at");
  by_day = ids_by (test, "day");
  g_assert_cmpstr (by_time, ==, "3 7 2 1 5 6 4");
  g_assert_cmpstr (by_day, ==, "3 7 2 1 5 6 4");
  g_assert_cmpint (count_where (test, "at__lt", yara_value_timestamp (0)), ==, 3);
  g_assert_cmpint (count_where (test, "at", yara_value_timestamp (-1)), ==, 1);
  g_assert_cmpint (count_where (test, "at__gte", YARA_VALUE (G_GINT64_CONSTANT (1000000))), ==, 2);
  g_assert_cmpint (count_where (test, "day__lte", yara_value_date (-1)), ==, 3);
  g_assert_cmpint (count_where (test, "day__in", YARA_LIST (9, 10)), ==, 2);
}

static void
others_are_in_order (Test *test)
{
  static const Every records[] = {
    { .real = 2, .uuid = { { 9 } }, .bytes = { "b", 1 }, .flag = true, .by_number = LARGE },
    { .real = INFINITY, .uuid = { { 1 } }, .bytes = { "a\0b", 3 } },
    { .real = -0.5, .uuid = { { 255 } }, .bytes = { "", 0 }, .by_number = SMALL },
    { .real = -INFINITY, .uuid = { { 0x7f } }, .bytes = { "a", 1 } },
  };
  static const struct { const char *field, *ids; } expected[] = {
    { "real", "4 3 1 2" }, { "uuid", "2 1 4 3" }, { "bytes", "3 4 2 1" }, { "flag", "2 3 4 1" },
    { "by_number", "3 2 4 1" },
  };

  add_rows (test, records, G_N_ELEMENTS (records));
  for (gsize i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *ids = ids_by (test, expected[i].field);

      g_assert_cmpstr (ids, ==, expected[i].ids);
    }
  g_assert_cmpint (count_where (test, "bytes", yara_value_bytes (records[1].bytes)), ==, 1);
  g_assert_cmpint (count_where (test, "uuid", yara_value_uuid (records[2].uuid)), ==, 1);
  g_assert_cmpint (count_where (test, "uuid", yara_value_text ("FF000000-0000-0000-0000-000000000000")), ==,
                   1);
  g_assert_cmpint (count_where (test, "by_number", YARA_VALUE (LARGE)), ==, 1);
  g_assert_cmpint (count_where (test, "by_number__gt", yara_value_int (SMALL)), ==, 3);
  g_assert_cmpint (count_where (test, "by_name", YARA_VALUE (MIDDLE)), ==, 4);
  g_assert_cmpint (count_where (test, "by_name", yara_value_text ("mid size")), ==, 4);
  g_assert_cmpint (count_where (test, "flag", yara_value_bool (true)), ==, 1);
  g_assert_cmpint (count_where (test, "real__gt", yara_value_int (1)), ==, 2);
}

/* ---- size ---- */

static void
large_text_and_bytes (Test *test)
{
  g_autofree char *text = g_malloc (1000001);
  g_autoptr(YaraResult) result = NULL;
  Every record = { NOTHING };

  memset (text, 'z', 1000000);
  text[1000000] = '\0';
  record.text = text;
  record.bytes = (YaraBytes) { text, 1000001 };
  TEST_USE (test, &every_model);
  test_ok (yara_orm_create (test->orm, &every_model, &record, NULL, &error));
  record.text = NULL;
  result = test_ok (yara_orm_refresh (test->orm, &every_model, &record, NULL, &error));
  g_assert_cmpstr (record.text, ==, text);
  assert_same_bytes (record.bytes, (YaraBytes) { text, 1000001 });
}

static const TestCase cases[] = {
  { "kinds/created-one-by-one", created_one_by_one },
  { "kinds/created-in-bulk", created_in_bulk },
  { "kinds/saved", saved },
  { "kinds/async-and-values", async_and_values },
  { "kinds/decimals-are-numbers", decimals_are_numbers },
  { "kinds/times-are-in-order", times_are_in_order },
  { "kinds/others-are-in-order", others_are_in_order },
  { "kinds/large-text-and-bytes", large_text_and_bytes },
};
TEST_MAIN (cases)
