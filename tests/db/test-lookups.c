/* SPDX-License-Identifier: MIT
 *
 * Every lookup, on rows with and without NULL: what it finds, and that exclude() finds the rest.
 */
#include "fixture.h"

#include <string.h>

typedef enum { RED, GREEN, BLUE } Color;

static const YaraChoice colors[] = { { RED, "red" }, { GREEN, "green" }, { BLUE, "blue" }, { 0, NULL } };

typedef struct
{
  gint64      id;
  gint32      age;
  bool        age_null;
  const char *name;
  const char *price;
  gint64      at;
  bool        at_null;
  Color       color;
  bool        color_null;
  YaraUuid    uuid;
  YaraBytes   bytes;
  bool        flag;
  double      rating;
} Item;

static const YaraField item_fields[] = {
  YARA_FIELD (Item, id, .primary_key = true),
  YARA_FIELD (Item, age, .nullable = true, .null_flag = YARA_NULL_FLAG (Item, age_null)),
  YARA_FIELD (Item, name, .nullable = true),
  YARA_FIELD_AS (Item, price, DECIMAL, .precision = 8, .scale = 2, .nullable = true),
  YARA_FIELD_AS (Item, at, TIMESTAMP, .nullable = true, .null_flag = YARA_NULL_FLAG (Item, at_null)),
  YARA_FIELD_AS (Item, color, ENUM_TEXT, .choices = colors, .nullable = true,
                 .null_flag = YARA_NULL_FLAG (Item, color_null)),
  YARA_FIELD (Item, uuid, .nullable = true),
  YARA_FIELD (Item, bytes, .nullable = true),
  YARA_FIELD (Item, flag),
  YARA_FIELD (Item, rating),
};
static const YaraModel item_model = YARA_MODEL (Item, "items", item_fields);

/* The keys are 1 to 10. */
static const Item items[] = {
  { .age = 10, .name = "Ada", .price = "9.00", .at = -1, .color = RED, .uuid = { { 1 } }, .bytes = { "a", 1 },
    .rating = 0.5 },
  { .age = 20, .name = "ada", .price = "10.00", .at = 0, .color = GREEN, .uuid = { { 2 } },
    .bytes = { "", 0 }, .flag = true },
  { .age = 30, .name = "100%", .price = "-1.50", .at = 1, .color = BLUE, .rating = -1 },
  { .age = 30, .name = "100x", .at_null = true, .color = RED, .bytes = { "a\0b", 3 }, .flag = true },
  { .age_null = true, .name = "a_b", .price = "0.00", .at = 2, .color_null = true },
  { .age = -5, .name = "axb", .at = 3, .rating = 2 },
  { .age = 40, .name = "c\\d", .price = "9.00", .at = 4, .flag = true },
  { .age_null = true, .name = NULL, .at_null = true, .color_null = true },
  { .age = 0, .name = "", .at = 5, .rating = 3 },
  { .age = 50, .name = "St*r [x]? \xc3\x89t\xc3\xa9 'q'", .at = 6 },
};
#define N_ITEMS G_N_ELEMENTS (items)

static void
add_items (Test *test)
{
  Item copies[N_ITEMS];

  memcpy (copies, items, sizeof copies);
  TEST_USE (test, &item_model);
  test_ok (yara_orm_bulk_create (test->orm, &item_model, copies, N_ITEMS, NULL, &error));
}

/* The keys of the rows of a query, as bits. */
static guint
keys_of (Test *test, const YaraQuery *query)
{
  g_autoptr(YaraResult) result = test_ok (yara_orm_all (test->orm, query, NULL, &error));
  guint keys = 0;

  YARA_FOREACH (Item, item, result)
    keys |= 1u << item->id;
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==,
                   yara_result_get_n_records (result));
  return keys;
}

static guint
keys_of_list (const char *list)
{
  g_auto(GStrv) words = g_strsplit (list, " ", -1);
  guint keys = 0;

  for (guint i = 0; words[i] != NULL; i++)
    if (*words[i] != '\0')
      keys |= 1u << atoi (words[i]);
  return keys;
}

#define ALL_KEYS (((1u << N_ITEMS) - 1) << 1)

/* filter() finds `expected`, and exclude(), not-expressions and their doubles find the rest. */
static void
assert_finds_value (Test *test, const char *lookup, YaraValue value, const char *expected)
{
  g_autoptr(YaraQuery) with = yara_query_new (&item_model), without = yara_query_new (&item_model);
  g_autoptr(YaraQuery) negated = yara_query_new (&item_model), twice = yara_query_new (&item_model);
  guint keys = keys_of_list (expected);

  g_test_message ("%s", lookup);
  yara_query_filter_value (with, lookup, &value);
  yara_query_exclude_value (without, lookup, &value);
  yara_query_filter_expr (negated, yara_expr_not (yara_expr_new (lookup, &value)));
  yara_query_exclude_expr (twice, yara_expr_not (yara_expr_new (lookup, &value)));
  g_assert_cmphex (keys_of (test, with), ==, keys);
  g_assert_cmphex (keys_of (test, without), ==, ALL_KEYS & ~keys);
  g_assert_cmphex (keys_of (test, negated), ==, ALL_KEYS & ~keys);
  g_assert_cmphex (keys_of (test, twice), ==, keys);
}

#define FINDS(lookup, value, expected) assert_finds_value (test, (lookup), YARA_VALUE (value), (expected))

static void
exact_and_not (Test *test)
{
  add_items (test);
  FINDS ("age", 30, "3 4");
  FINDS ("age__exact", 30, "3 4");
  FINDS ("age__exact", 31, "");
  FINDS ("age", yara_value_null (), "5 8");
  FINDS ("age", (void *) NULL, "5 8");
  FINDS ("age__not", 30, "1 2 5 6 7 8 9 10");
  FINDS ("age__not", yara_value_null (), "1 2 3 4 6 7 9 10");
  FINDS ("name", "Ada", "1");
  FINDS ("name", "", "9");
  FINDS ("name", (char *) NULL, "8");
  FINDS ("name__not", "Ada", "2 3 4 5 6 7 8 9 10");
  FINDS ("name__not", (char *) NULL, "1 2 3 4 5 6 7 9 10");
  FINDS ("price", "9", "1 7");
  FINDS ("price__not", "9.00", "2 3 4 5 6 8 9 10");
  FINDS ("at", yara_value_timestamp (0), "2");
  FINDS ("color", RED, "1 4 6 7 9 10");
  FINDS ("color", "green", "2");
  FINDS ("color__not", RED, "2 3 5 8");
  FINDS ("uuid", items[1].uuid, "2");
  FINDS ("uuid", yara_value_null (), "3 4 5 6 7 8 9 10");
  FINDS ("bytes", items[1].bytes, "2");
  FINDS ("bytes", items[3].bytes, "4");
  FINDS ("flag", true, "2 4 7");
  FINDS ("flag__not", true, "1 3 5 6 8 9 10");
  FINDS ("rating", 0.5, "1");
  FINDS ("id", 3, "3");
  FINDS ("id", 11, "");
}

static void
order_lookups (Test *test)
{
  add_items (test);
  FINDS ("age__gt", 30, "7 10");
  FINDS ("age__gte", 30, "3 4 7 10");
  FINDS ("age__lt", 0, "6");
  FINDS ("age__lte", 0, "6 9");
  FINDS ("age__gt", G_MAXINT32, "");
  FINDS ("age__gte", G_MININT32, "1 2 3 4 6 7 9 10");
  FINDS ("price__gt", "9.00", "2");
  FINDS ("price__lt", "0", "3");
  FINDS ("at__gte", yara_value_timestamp (0), "2 3 5 6 7 9 10");
  FINDS ("at__lt", yara_value_timestamp (0), "1");
  FINDS ("rating__gt", 0.25, "1 6 9");
  FINDS ("rating__lt", 0, "3");
  FINDS ("name__gte", "b", "7");
  FINDS ("name__lt", "1", "9");
  FINDS ("age__range", YARA_LIST (10, 30), "1 2 3 4");
  FINDS ("age__range", YARA_LIST (30, 10), "");
  FINDS ("age__range", YARA_LIST (20, 20), "2");
  FINDS ("at__range", YARA_LIST (yara_value_timestamp (-1), yara_value_timestamp (1)), "1 2 3");
  FINDS ("price__range", YARA_LIST ("0", "9"), "1 5 7");
}

static void
in_lookups (Test *test)
{
  add_items (test);
  FINDS ("age__in", YARA_LIST (10, 30, 77), "1 3 4");
  FINDS ("age__in", YARA_LIST (10, 10), "1");
  FINDS ("age__in", yara_value_list (NULL, 0), "");
  FINDS ("age__not_in", yara_value_list (NULL, 0), "1 2 3 4 5 6 7 8 9 10");
  FINDS ("age__not_in", YARA_LIST (10, 30), "2 5 6 7 8 9 10");
  FINDS ("name__in", YARA_LIST ("Ada", "100%", "'); DROP TABLE items; --"), "1 3");
  FINDS ("name__not_in", YARA_LIST ("Ada", ""), "2 3 4 5 6 7 8 10");
  FINDS ("price__in", YARA_LIST ("9", "10.0"), "1 2 7");
  FINDS ("color__in", YARA_LIST (GREEN, "blue"), "2 3");
  FINDS ("uuid__in", YARA_LIST (items[0].uuid, items[1].uuid), "1 2");
  FINDS ("uuid__not_in", YARA_LIST (items[0].uuid), "2 3 4 5 6 7 8 9 10");
  FINDS ("bytes__in", YARA_LIST (items[0].bytes, items[1].bytes, items[3].bytes), "1 2 4");
  FINDS ("at__in", YARA_LIST (yara_value_timestamp (-1), yara_value_timestamp (6)), "1 10");
  FINDS ("flag__in", YARA_LIST (true), "2 4 7");
  FINDS ("rating__in", YARA_LIST (0.5, 2), "1 6");
  FINDS ("id__in", YARA_LIST (1, 10, 11), "1 10");
}

static void
null_lookups (Test *test)
{
  add_items (test);
  FINDS ("age__isnull", true, "5 8");
  FINDS ("age__isnull", false, "1 2 3 4 6 7 9 10");
  FINDS ("name__isnull", true, "8");
  FINDS ("bytes__isnull", true, "3 5 6 7 8 9 10");
  FINDS ("uuid__isnull", false, "1 2");
  FINDS ("flag__isnull", true, "");
}

/* Text is text: no character of it is special. */
static void
text_lookups (Test *test)
{
  add_items (test);
  FINDS ("name__contains", "da", "1 2");
  FINDS ("name__contains", "A", "1");
  FINDS ("name__contains", "", "1 2 3 4 5 6 7 9 10");
  FINDS ("name__contains", "%", "3");
  FINDS ("name__contains", "_", "5");
  FINDS ("name__contains", "\\", "7");
  FINDS ("name__contains", "*", "10");
  FINDS ("name__contains", "?", "10");
  FINDS ("name__contains", "[x]", "10");
  FINDS ("name__contains", "[a-z]", "");
  FINDS ("name__contains", "'q'", "10");
  FINDS ("name__contains", "\xc3\xa9", "10");
  FINDS ("name__contains", "\xc3\xa9T", "");
  FINDS ("name__startswith", "a", "2 5 6");
  FINDS ("name__startswith", "a_", "5");
  FINDS ("name__startswith", "100%", "3");
  FINDS ("name__startswith", "", "1 2 3 4 5 6 7 9 10");
  FINDS ("name__endswith", "b", "5 6");
  FINDS ("name__endswith", "_b", "5");
  FINDS ("name__endswith", "%", "3");
  FINDS ("name__endswith", "\\d", "7");
  FINDS ("name__endswith", "", "1 2 3 4 5 6 7 9 10");
  FINDS ("name__endswith", "Ada", "1");
  FINDS ("name__iexact", "ADA", "1 2");
  FINDS ("name__iexact", "a%", "");
  FINDS ("name__iexact", "C\\D", "7");
  FINDS ("name__icontains", "D", "1 2 7");
  FINDS ("name__icontains", "%", "3");
  FINDS ("name__icontains", "A_B", "5");
  FINDS ("name__icontains", "c\\", "7");
  FINDS ("name__icontains", "st*R [X]?", "10");
  FINDS ("name__istartswith", "AD", "1 2");
  FINDS ("name__istartswith", "_", "");
  FINDS ("name__iendswith", "DA", "1 2");
  FINDS ("name__iendswith", "0%", "3");
}

/* Longer than any backend can bind one by one. */
static void
long_lists (Test *test)
{
  gsize n = 40000;
  g_autofree YaraValue *numbers = g_new (YaraValue, n);
  g_autofree YaraValue *texts = g_new (YaraValue, n);
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func (g_free);

  add_items (test);
  for (gsize i = 0; i < n; i++)
    {
      numbers[i] = yara_value_int ((gint64) i + 30);
      g_ptr_array_add (words, g_strdup_printf ("%" G_GSIZE_FORMAT "x", i + 100));
      texts[i] = yara_value_text (words->pdata[i]);
    }
  FINDS ("age__in", yara_value_list (numbers, n), "3 4 7 10");
  FINDS ("age__not_in", yara_value_list (numbers, n), "1 2 5 6 8 9");
  FINDS ("name__in", yara_value_list (texts, n), "4");
  {
    g_autoptr(YaraQuery) query = yara_query_new (&item_model), update = NULL;

    yara_query_filter (query, "age__in", yara_value_list (numbers, n));
    yara_query_filter (query, "name__not_in", yara_value_list (texts, n));
    update = yara_query_copy (query);
    yara_query_set (update, "flag", true);
    g_assert_cmpint (test_await_ok (orm_count, test->orm, query), ==, 3);
    g_assert_cmpint (test_ok (yara_orm_update (test->orm, update, NULL, &error)), ==, 3);
    g_assert_cmpint (test_ok (yara_orm_delete_all (test->orm, query, NULL, &error)), ==, 3);
  }
}

/* ---- joined conditions ---- */

static void
assert_finds_expr (Test *test, YaraExpr *expr, const char *expected)
{
  g_autoptr(YaraQuery) with = yara_query_new (&item_model), without = yara_query_new (&item_model);
  guint keys = keys_of_list (expected);

  yara_query_filter_expr (with, yara_expr_ref (expr));
  yara_query_exclude_expr (without, expr);
  g_assert_cmphex (keys_of (test, with), ==, keys);
  g_assert_cmphex (keys_of (test, without), ==, ALL_KEYS & ~keys);
}

static void
trees (Test *test)
{
  add_items (test);
  assert_finds_expr (test, yara_expr_or (yara_expr ("age", 10), yara_expr ("name", "ada")), "1 2");
  assert_finds_expr (test, yara_expr_and (yara_expr ("age", 30), yara_expr ("flag", true)), "4");
  assert_finds_expr (test, yara_expr_and (yara_expr_or (yara_expr ("age", 10), yara_expr ("age", 20)),
                                          yara_expr ("flag", true)), "2");
  assert_finds_expr (test, yara_expr_or (yara_expr ("age", 10),
                                         yara_expr_and (yara_expr ("age", 20),
                                                        yara_expr ("flag", false))), "1");
  assert_finds_expr (test, yara_expr_not (yara_expr_or (yara_expr ("age__gt", 0), yara_expr ("name", ""))),
                     "5 6 8");
  assert_finds_expr (test, yara_expr_not (yara_expr_and (yara_expr ("age__gt", 0), yara_expr ("flag", true))),
                     "1 3 5 6 8 9 10");
  assert_finds_expr (test, yara_expr_not (yara_expr_not (yara_expr ("age__gt", 30))), "7 10");
  assert_finds_expr (test, yara_expr_or (yara_expr_not (yara_expr ("age__gte", 0)),
                                         yara_expr ("age__in", yara_value_list (NULL, 0))), "5 6 8");
}

/* Each filter and exclude narrows, whatever stands in the others. */
static void
calls_add_up (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);

  add_items (test);
  yara_query_filter_expr (query, yara_expr_or (yara_expr ("age__gte", 20), yara_expr ("age__isnull", true)));
  g_assert_cmphex (keys_of (test, query), ==, keys_of_list ("2 3 4 5 7 8 10"));
  yara_query_exclude (query, "name__startswith", "100");
  g_assert_cmphex (keys_of (test, query), ==, keys_of_list ("2 5 7 8 10"));
  yara_query_filter_expr (query, yara_expr_or (yara_expr ("flag", true), yara_expr ("name", (char *) NULL)));
  g_assert_cmphex (keys_of (test, query), ==, keys_of_list ("2 7 8"));
  yara_query_exclude (query, "age", yara_value_null ());
  g_assert_cmphex (keys_of (test, query), ==, keys_of_list ("2 7"));
}

/* A chain of any length is an answer or a clear error, never a crash. */
static void
deep_trees (Test *test)
{
  YaraExpr *wide = yara_expr ("age", 10), *deep = yara_expr ("age", 10);
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);
  g_autoptr(GError) error = NULL;

  add_items (test);
  for (int i = 0; i < 200; i++)
    wide = yara_expr_or (wide, yara_expr ("age", 1000 + i));
  assert_finds_expr (test, wide, "1");
  for (int i = 0; i < 200000; i++)
    deep = yara_expr_not (deep);
  yara_query_filter_expr (query, deep);
  g_assert_cmpint (yara_orm_count (test->orm, query, NULL, &error), ==, -1);
  g_assert_error (error, YARA_ERROR, YARA_ERROR_FIELD);
}

static const TestCase cases[] = {
  { "lookups/exact-and-not", exact_and_not },
  { "lookups/order", order_lookups },
  { "lookups/in", in_lookups },
  { "lookups/null", null_lookups },
  { "lookups/text", text_lookups },
  { "lookups/long-lists", long_lists },
  { "lookups/trees", trees },
  { "lookups/calls-add-up", calls_add_up },
  { "lookups/deep-trees", deep_trees },
};
TEST_MAIN (cases)
