/* SPDX-License-Identifier: MIT
 *
 * Values that do not fit: refused on the way in, never wrapped, rounded or cut; reported on the way out.
 */
#include "fixture.h"

#include <math.h>
#include <string.h>

typedef enum { SMALL = 1, LARGE = 2 } Size;

static const YaraChoice sizes[] = { { SMALL, "small" }, { LARGE, "large" }, { 0, NULL } };

typedef struct
{
  gint64      id;
  bool        flag;
  gint16      small;
  gint32      medium;
  gint64      big;
  double      real;
  const char *text;
  const char *label;   /* of 5 characters at most */
  YaraBytes   bytes;
  YaraUuid    uuid;
  const char *decimal; /* of 5 digits, 2 of them after the point */
  const char *json;
  gint64      at;
  gint32      day;
  Size        by_number;
  Size        by_name;
} Thing;

static const YaraField thing_fields[] = {
  YARA_FIELD (Thing, id, .primary_key = true),
  YARA_FIELD (Thing, flag),
  YARA_FIELD (Thing, small),
  YARA_FIELD (Thing, medium),
  YARA_FIELD (Thing, big),
  YARA_FIELD (Thing, real),
  YARA_FIELD (Thing, text),
  YARA_FIELD (Thing, label, .max_length = 5, .nullable = true),
  YARA_FIELD (Thing, bytes, .nullable = true),
  YARA_FIELD (Thing, uuid, .nullable = true),
  YARA_FIELD_AS (Thing, decimal, DECIMAL, .precision = 5, .scale = 2, .nullable = true),
  YARA_FIELD_AS (Thing, json, JSON, .nullable = true),
  YARA_FIELD_AS (Thing, at, TIMESTAMP),
  YARA_FIELD_AS (Thing, day, DATE),
  YARA_FIELD_AS (Thing, by_number, ENUM_INT, .choices = sizes),
  YARA_FIELD_AS (Thing, by_name, ENUM_TEXT, .choices = sizes),
};
static const YaraModel thing_model = YARA_MODEL (Thing, "things", thing_fields);

static const Thing good = { .text = "good", .by_number = SMALL, .by_name = LARGE };

static gint64
count_things (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&thing_model);

  return test_ok (yara_orm_count (test->orm, query, NULL, &error));
}

/* Every way to write the record fails because of `field` and leaves everything as it is. */
static void
assert_refused (Test *test, Thing record, const char *field)
{
  Thing both[2] = { good, record };
  Thing kept = good;
  gint64 before;

  test_ok (yara_orm_create (test->orm, &thing_model, &kept, NULL, &error));
  before = count_things (test);
  test_fails (yara_orm_create (test->orm, &thing_model, &record, NULL, &error), FIELD, "Thing", field);
  g_assert_cmpint (record.id, ==, 0);
  test_fails (yara_orm_bulk_create (test->orm, &thing_model, both, 2, NULL, &error), FIELD, "Thing", field);
  g_assert_cmpint (both[0].id + both[1].id, ==, 0);
  record.id = kept.id;
  test_fails (yara_orm_save (test->orm, &thing_model, &record, NULL, NULL, &error), FIELD, "Thing", field);
  test_fails (yara_orm_save (test->orm, &thing_model, &record, YARA_NAMES (field), NULL, &error), FIELD,
              "Thing", field);
  record.id = 0;
  test_await (yara_orm_create_async (test->orm, &thing_model, &record, NULL, test_call_done, &call),
              test_fails (yara_orm_create_finish (test->orm, call.result, &error), FIELD, "Thing", field));
  g_assert_cmpint (count_things (test), ==, before);
}

#define REFUSED(field, ...) \
  G_STMT_START { Thing record_ = good; record_.field = (__typeof__ (record_.field)) __VA_ARGS__; \
                 assert_refused (test, record_, #field); } G_STMT_END

static void
text (Test *test)
{
  Thing longest = good;

  TEST_USE (test, &thing_model);
  REFUSED (text, TEST_SECRET "\xff");
  REFUSED (text, TEST_SECRET "\xc3");
  REFUSED (text, TEST_SECRET "\xed\xa0\x80"); /* a surrogate */
  REFUSED (text, NULL);
  REFUSED (label, TEST_SECRET); /* 6 characters */
  REFUSED (label, "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9");
  longest.label = "\xc3\xa9\xc3\xa9\xc3\xa9\xc3\xa9\xf0\x9f\x8c\x8d"; /* 5 characters, 12 bytes */
  test_ok (yara_orm_create (test->orm, &thing_model, &longest, NULL, &error));
}

static void
numbers (Test *test)
{
  static const char *const decimals[] = {
    "", TEST_SECRET, "1.234", "1000", "-1000.00", "nan", "inf", "1.2.3", "--1", "0x10", "1,5", "1 ", "\xff",
    "99999999999999999999999999999999999999", "1e999999999",
  };

  TEST_USE (test, &thing_model);
  REFUSED (real, NAN);
  REFUSED (real, -NAN);
  for (gsize i = 0; i < G_N_ELEMENTS (decimals); i++)
    REFUSED (decimal, decimals[i]);
  REFUSED (json, "\"" TEST_SECRET "\xff\"");
  REFUSED (json, "{\"" TEST_SECRET "\": ");
  REFUSED (json, "");
}

static void
choices (Test *test)
{
  TEST_USE (test, &thing_model);
  REFUSED (by_number, 0);
  REFUSED (by_number, TEST_SECRET_NUMBER);
  REFUSED (by_name, 0);
  REFUSED (by_name, -1);
}

/* What a backend cannot store is refused; what it takes comes out as it went in. */
static void
far_times (Test *test)
{
  static const gint64 times[] = { G_MININT64, G_MAXINT64, G_GINT64_CONSTANT (253402300800000000),
                                  G_GINT64_CONSTANT (-62135596800000001) };
  static const gint32 days[] = { G_MININT32, G_MAXINT32, 2932897, -719163 };

  TEST_USE (test, &thing_model);
  for (gsize i = 0; i < G_N_ELEMENTS (times); i++)
    {
      Thing record = good;
      GError *error = NULL;

      record.at = times[i];
      record.day = days[i];
      if (yara_orm_create (test->orm, &thing_model, &record, NULL, &error))
        {
          g_autoptr(YaraResult) result = NULL;

          result = test_ok (yara_orm_refresh (test->orm, &thing_model, &record, NULL, &error));

          g_assert_cmpint (record.at, ==, times[i]);
          g_assert_cmpint (record.day, ==, days[i]);
        }
      else
        test_check_error (&error, YARA_ERROR, YARA_ERROR_FIELD, "Thing", NULL);
    }
}

/* ---- in queries ---- */

static void
assert_lookup_refused (Test *test, const char *lookup, YaraValue value)
{
  const char *separator = strstr (lookup, "__");
  g_autofree char *field = separator != NULL ? g_strndup (lookup, separator - lookup) : g_strdup (lookup);
  g_autoptr(YaraQuery) query = yara_query_new (&thing_model);
  g_autoptr(YaraQuery) update = yara_query_new (&thing_model);

  yara_query_filter_value (query, lookup, &value);
  test_fails (yara_orm_all (test->orm, query, NULL, &error), FIELD, "Thing", field);
  test_fails (yara_orm_delete_all (test->orm, query, NULL, &error), FIELD, "Thing", field);
  if (separator == NULL)
    {
      yara_query_set_value (update, lookup, &value);
      test_fails (yara_orm_update (test->orm, update, NULL, &error), FIELD, "Thing", field);
    }
}

#define LOOKUP_REFUSED(lookup, ...) assert_lookup_refused (test, (lookup), YARA_VALUE ((__VA_ARGS__)))

static void
lookups (Test *test)
{
  Thing record = good;
  int anything = 0;

  TEST_USE (test, &thing_model);
  test_ok (yara_orm_create (test->orm, &thing_model, &record, NULL, &error));
  LOOKUP_REFUSED ("small", 32768);
  LOOKUP_REFUSED ("small__gt", -32769);
  LOOKUP_REFUSED ("medium", G_GINT64_CONSTANT (2147483648));
  LOOKUP_REFUSED ("medium", G_GINT64_CONSTANT (4294967296));
  LOOKUP_REFUSED ("big", G_MAXUINT64);
  LOOKUP_REFUSED ("big", (guint64) G_MAXINT64 + 1);
  LOOKUP_REFUSED ("medium", 1.5);
  LOOKUP_REFUSED ("medium", TEST_SECRET);
  LOOKUP_REFUSED ("medium__in", YARA_LIST (1, TEST_SECRET));
  LOOKUP_REFUSED ("medium__in", 1);
  LOOKUP_REFUSED ("medium__range", YARA_LIST (1));
  LOOKUP_REFUSED ("medium__range", YARA_LIST (1, 2, 3));
  LOOKUP_REFUSED ("medium", YARA_LIST (1, 2));
  LOOKUP_REFUSED ("medium__contains", "1");
  LOOKUP_REFUSED ("medium__isnull", TEST_SECRET);
  LOOKUP_REFUSED ("medium__isnull", yara_value_null ());
  LOOKUP_REFUSED ("medium__gt", yara_value_null ());
  LOOKUP_REFUSED ("medium__in", yara_value_null ());
  LOOKUP_REFUSED ("medium__in", YARA_LIST (1, yara_value_null ()));
  LOOKUP_REFUSED ("medium__not_in", YARA_LIST (1, yara_value_null ()));
  LOOKUP_REFUSED ("medium__range", YARA_LIST (1, yara_value_null ()));
  LOOKUP_REFUSED ("medium__in", YARA_LIST (YARA_LIST (1, 2)));
  LOOKUP_REFUSED ("text__icontains", yara_value_null ());
  LOOKUP_REFUSED ("text", TEST_SECRET_NUMBER);
  LOOKUP_REFUSED ("text", TEST_SECRET "\xff");
  LOOKUP_REFUSED ("text__contains", 5);
  LOOKUP_REFUSED ("text", (YaraBytes) { TEST_SECRET, 6 });
  LOOKUP_REFUSED ("text", (void *) &anything);
  LOOKUP_REFUSED ("bytes", TEST_SECRET);
  LOOKUP_REFUSED ("real", NAN);
  LOOKUP_REFUSED ("real", TEST_SECRET);
  LOOKUP_REFUSED ("flag", TEST_SECRET);
  LOOKUP_REFUSED ("uuid", TEST_SECRET);
  LOOKUP_REFUSED ("decimal", TEST_SECRET);
  LOOKUP_REFUSED ("by_name", TEST_SECRET);
  LOOKUP_REFUSED ("by_number", TEST_SECRET_NUMBER);
  LOOKUP_REFUSED ("at", TEST_SECRET);
  LOOKUP_REFUSED ("day", G_GINT64_CONSTANT (2147483648));
  g_assert_cmpint (count_things (test), ==, 1);
}

/* A required field cannot be set to nothing, nor a text to one that is too long. */
static void
assignments (Test *test)
{
  g_autoptr(YaraQuery) no_text = yara_query_new (&thing_model);
  g_autoptr(YaraQuery) long_label = yara_query_new (&thing_model);
  g_autoptr(YaraQuery) fine_scale = yara_query_new (&thing_model);

  TEST_USE (test, &thing_model);
  yara_query_set (no_text, "text", yara_value_null ());
  test_fails (yara_orm_update (test->orm, no_text, NULL, &error), FIELD, "Thing", "text");
  yara_query_set (long_label, "label", TEST_SECRET);
  test_fails (yara_orm_update (test->orm, long_label, NULL, &error), FIELD, "Thing", "label");
  yara_query_set (fine_scale, "decimal", "1.234");
  test_fails (yara_orm_update (test->orm, fine_scale, NULL, &error), FIELD, "Thing", "decimal");
}

/* ---- on the way out ---- */

typedef struct
{
  gint64      id;
  gint16      small;
  bool        flag;
  Size        by_number;
  Size        by_name;
  const char *text;
} Narrow;

static const YaraField narrow_fields[] = {
  YARA_FIELD (Narrow, id, .primary_key = true),
  YARA_FIELD (Narrow, small),
  YARA_FIELD (Narrow, flag),
  YARA_FIELD_AS (Narrow, by_number, ENUM_INT, .choices = sizes),
  YARA_FIELD_AS (Narrow, by_name, ENUM_TEXT, .choices = sizes),
  YARA_FIELD (Narrow, text),
};
static const YaraModel narrow_model = YARA_MODEL (Narrow, "narrow", narrow_fields);

/* The row of `id` cannot be read, by any verb that would have to show `field`. */
static void
assert_not_decoded (Test *test, int id, const char *field)
{
  g_autoptr(YaraQuery) query = yara_query_new (&narrow_model);
  g_autoptr(YaraRows) rows = NULL;
  Narrow record = { .id = id, .text = "mine" };

  yara_query_filter (query, "id", id);
  test_fails (yara_orm_all (test->orm, query, NULL, &error), DECODE, "Narrow", field);
  test_fails (yara_orm_get (test->orm, query, NULL, &error), DECODE, "Narrow", field);
  test_fails (yara_orm_refresh (test->orm, &narrow_model, &record, NULL, &error), DECODE, "Narrow", field);
  test_await (yara_orm_first_async (test->orm, query, NULL, test_call_done, &call),
              test_fails (yara_orm_first_finish (test->orm, call.result, &error), DECODE, "Narrow", field));
  g_assert_cmpstr (record.text, ==, "mine"); /* a failed refresh leaves the record alone */
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 1);
  rows = test_ok (yara_orm_values (test->orm, query, YARA_NAMES ("id"), NULL, &error));
  g_assert_cmpint (yara_rows_get_int (rows, 0, 0), ==, id);
}

static void
decode (Test *test)
{
  const char *insert = "INSERT INTO narrow VALUES (1, 32768, FALSE, 1, 'small', 'a'), "
                       "(2, NULL, FALSE, 1, 'small', 'a'), (3, 0, FALSE, $1, 'small', 'a'), "
                       "(4, 0, FALSE, 1, $2, 'a'), (5, 0, FALSE, 1, NULL, 'a'), "
                       "(6, 1, TRUE, 2, 'large', 'b'), (7, 0, FALSE, 1, 'Small', 'a'), "
                       "(8, 0, FALSE, 1, 'small', NULL)";

  test_ok (yara_orm_register (test->orm, &narrow_model, &error));
  test_execute (test->orm, NULL, "CREATE TABLE narrow (id BIGINT, small BIGINT, flag BOOLEAN, "
                                 "by_number BIGINT, by_name VARCHAR(100), text VARCHAR(100))");
  test_ok (yara_connection_execute (test_connection (test->orm, NULL), insert,
                                    YARA_ARGS (TEST_SECRET_NUMBER, TEST_SECRET), NULL, &error));
  assert_not_decoded (test, 1, "small");
  assert_not_decoded (test, 2, "small");
  assert_not_decoded (test, 3, "by_number");
  assert_not_decoded (test, 4, "by_name");
  assert_not_decoded (test, 5, "by_name");
  assert_not_decoded (test, 7, "by_name");
  assert_not_decoded (test, 8, "text");
  {
    g_autoptr(YaraQuery) query = yara_query_new (&narrow_model);
    g_autoptr(YaraResult) result = NULL;
    Narrow *record;

    test_fails (yara_orm_values (test->orm, query, YARA_NAMES ("id", "small"), NULL, &error), DECODE,
                "Narrow", "small");
    yara_query_filter (query, "id", 6);
    result = test_ok (yara_orm_get (test->orm, query, NULL, &error));
    record = yara_result_get_record (result, 0);
    g_assert_cmpint (record->by_name, ==, LARGE);
    g_assert_true (record->flag);
  }
}

static void
decode_loose_storage (Test *test)
{
  static const struct { const char *insert, *field; } rows[] = {
    { "(1, 'many', 0, 1, 'small', 'a')", "small" }, { "(2, 1.5, 0, 1, 'small', 'a')", "small" },
    { "(3, 0, 7, 1, 'small', 'a')", "flag" }, { "(4, 0, 'yes', 1, 'small', 'a')", "flag" },
    { "(5, 0, 0, 1, 'small', x'00ff')", "text" }, { "(6, 0, 0, 1, 'small', CAST (x'61ff' AS TEXT))", "text" },
    { "(7, 0, 0, 1, 'small', 12)", "text" }, { "(8, 0, 0, x'01', 'small', 'a')", "by_number" },
    { "(9, 0, 0, 1, 'small', CAST (x'610062' AS TEXT))", "text" },
  };

  test_ok (yara_orm_register (test->orm, &narrow_model, &error));
  test_execute (test->orm, NULL, "CREATE TABLE narrow (id, small, flag, by_number, by_name, text)");
  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *insert = g_strconcat ("INSERT INTO narrow VALUES ", rows[i].insert, NULL);

      test_execute (test->orm, NULL, insert);
      assert_not_decoded (test, i + 1, rows[i].field);
    }
}

static const TestCase cases[] = {
  { "values/text", text },
  { "values/numbers", numbers },
  { "values/choices", choices },
  { "values/far-times", far_times },
  { "values/lookups", lookups },
  { "values/assignments", assignments },
  { "values/decode", decode },
  { "values/decode-loose-storage", decode_loose_storage, "sqlite-file" },
};
TEST_MAIN (cases)
