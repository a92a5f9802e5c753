/* SPDX-License-Identifier: MIT
 *
 * Queries beyond their conditions: order, slices, the reading verbs, values, reuse, and mistakes.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64      id;
  const char *name;
  gint32      team;
  gint32      score;
  bool        score_null;
} Player;

static const YaraField player_fields[] = {
  YARA_FIELD (Player, id, .primary_key = true),
  YARA_FIELD (Player, name),
  YARA_FIELD (Player, team, .column = "group"),
  YARA_FIELD (Player, score, .nullable = true, .null_flag = YARA_NULL_FLAG (Player, score_null)),
};
static const YaraModel player_model = YARA_MODEL (Player, "order",
                                                  player_fields); /* names that are words of SQL */

static void
add_players (Test *test)
{
  Player players[] = {
    { .name = "eve", .team = 1, .score = 5 }, { .name = "dan", .team = 2, .score = 5 },
    { .name = "cat", .team = 1, .score = 7 }, { .name = "bob", .team = 2, .score = 1 },
    { .name = "ann", .team = 1, .score_null = true }, { .name = "fay", .team = 3, .score = 5 },
  };

  TEST_USE (test, &player_model);
  test_ok (yara_orm_bulk_create (test->orm, &player_model, players, G_N_ELEMENTS (players), NULL, &error));
}

/* A query that sorts by the words of `order` and keeps a slice; -1 leaves limit or offset away. */
static YaraQuery *
sorted (const char *order, gint64 limit, gint64 offset)
{
  YaraQuery *query = yara_query_new (&player_model);
  g_auto(GStrv) fields = g_strsplit (order, " ", -1);

  for (guint i = 0; fields[i] != NULL; i++)
    if (*fields[i] != '\0')
      yara_query_order_by (query, fields[i]);
  if (limit >= 0)
    yara_query_limit (query, limit);
  if (offset >= 0)
    yara_query_offset (query, offset);
  return query;
}

static char *
initials (YaraResult *result)
{
  GString *text = g_string_new (NULL);

  YARA_FOREACH (Player, player, result)
    g_string_append_c (text, player->name[0]);
  return g_string_free (text, FALSE);
}

static void
assert_order (Test *test, const char *order, gint64 limit, gint64 offset, const char *expected)
{
  g_autoptr(YaraQuery) query = sorted (order, limit, offset);
  g_autoptr(YaraResult) result = test_ok (yara_orm_all (test->orm, query, NULL, &error));
  g_autofree char *names = initials (result);
  gboolean exists = FALSE;

  g_assert_cmpstr (names, ==, expected);
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, strlen (expected));
  test_ok (yara_orm_exists (test->orm, query, &exists, NULL, &error));
  g_assert_cmpint (exists, ==, *expected != '\0');
}

static void
order (Test *test)
{
  add_players (test);
  assert_order (test, "name", -1, -1, "abcdef");
  assert_order (test, "-name", -1, -1, "fedcba");
  assert_order (test, "team name", -1, -1, "acebdf");
  assert_order (test, "-team -name", -1, -1, "fdbeca");
  assert_order (test, "team -id", -1, -1, "acebdf");
  assert_order (test, "id", -1, -1, "edcbaf");
}

static void
slices (Test *test)
{
  add_players (test);
  assert_order (test, "name", 2, -1, "ab");
  assert_order (test, "name", 2, 1, "bc");
  assert_order (test, "name", -1, 4, "ef");
  assert_order (test, "name", 0, -1, "");
  assert_order (test, "name", 0, 3, "");
  assert_order (test, "name", 10, 6, "");
  assert_order (test, "name", G_MAXINT64, 5, "f");
  assert_order (test, "name", 1, G_MAXINT64, "");
  {
    g_autoptr(YaraQuery) query = sorted ("name", 1, 5);

    yara_query_limit (query, 3); /* the last call counts */
    yara_query_offset (query, 2);
    g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 3);
  }
}

/* The name that a verb of one record finds, "" for none. */
#define ONE(verb, query) \
  ({ g_autoptr(YaraResult) result_ = test_ok (yara_orm_##verb (test->orm, (query), NULL, &error)); \
     Player *player_ = yara_result_get_record (result_, 0); \
     g_assert_cmpuint (yara_result_get_n_records (result_), ==, player_ != NULL); \
     g_intern_string (player_ != NULL ? player_->name : ""); })

static void
first_and_last (Test *test)
{
  g_autoptr(YaraQuery) plain = sorted ("", -1, -1), none = sorted ("", -1, -1);
  g_autoptr(YaraQuery) by_name = sorted ("name", -1, -1), down = sorted ("-team name", -1, -1);
  g_autoptr(YaraQuery) slice = sorted ("name", 2, 1), limited = sorted ("name", 2, -1);

  add_players (test);
  yara_query_filter (none, "team", 9);
  g_assert_cmpstr (ONE (first, plain), ==, "eve");
  g_assert_cmpstr (ONE (last, plain), ==, "fay");
  g_assert_cmpstr (ONE (first, by_name), ==, "ann");
  g_assert_cmpstr (ONE (last, by_name), ==, "fay");
  g_assert_cmpstr (ONE (first, down), ==, "fay");
  g_assert_cmpstr (ONE (last, down), ==, "eve");
  g_assert_cmpstr (ONE (first, slice), ==, "bob");
  g_assert_cmpstr (ONE (first, none), ==, "");
  g_assert_cmpstr (ONE (last, none), ==, "");
  test_fails (yara_orm_last (test->orm, slice, NULL, &error), FIELD, "Player");
  test_fails (yara_orm_last (test->orm, limited, NULL, &error), FIELD, "Player");
}

static void
get (Test *test)
{
  g_autoptr(YaraQuery) one = sorted ("", -1, -1), several = sorted ("", -1, -1);
  g_autoptr(YaraQuery) none = sorted ("", -1, -1), key = sorted ("", -1, -1);

  add_players (test);
  yara_query_filter (one, "name", "cat");
  yara_query_filter (several, "team", 1);
  yara_query_filter (none, "name", TEST_SECRET);
  yara_query_filter (key, "id", 3);
  g_assert_cmpstr (ONE (get, one), ==, "cat");
  g_assert_cmpstr (ONE (get, key), ==, "cat");
  g_assert_cmpstr (ONE (get_or_none, one), ==, "cat");
  g_assert_cmpstr (ONE (get_or_none, none), ==, "");
  test_fails (yara_orm_get (test->orm, none, NULL, &error), DOES_NOT_EXIST, "Player");
  test_fails (yara_orm_get (test->orm, several, NULL, &error), MULTIPLE_OBJECTS, "Player");
  test_fails (yara_orm_get_or_none (test->orm, several, NULL, &error), MULTIPLE_OBJECTS, "Player");
}

static void
exists_and_count (Test *test)
{
  g_autoptr(YaraQuery) all = sorted ("", -1, -1), none = sorted ("", -1, -1);
  gboolean exists = FALSE;

  add_players (test);
  yara_query_filter (none, "score__gt", 100);
  test_ok (yara_orm_exists (test->orm, all, &exists, NULL, &error));
  g_assert_true (exists);
  test_ok (yara_orm_exists (test->orm, none, &exists, NULL, &error));
  g_assert_false (exists);
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, all, NULL, &error)), ==, 6);
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, none, NULL, &error)), ==, 0);
}

/* ---- values ---- */

static void
values (Test *test)
{
  g_autoptr(YaraQuery) query = sorted ("name", -1, -1);
  g_autoptr(YaraRows) two = NULL, all = NULL, none = NULL;

  add_players (test);
  two = test_ok (yara_orm_values (test->orm, query, YARA_NAMES ("score", "name"), NULL, &error));
  g_assert_cmpuint (yara_rows_get_n_rows (two), ==, 6);
  g_assert_cmpuint (yara_rows_get_n_columns (two), ==, 2);
  g_assert_cmpstr (yara_rows_get_column_name (two, 0), ==, "score");
  g_assert_true (yara_rows_is_null (two, 0, 0));
  g_assert_cmpint (yara_rows_get_int (two, 0, 0), ==, 0);
  g_assert_cmpstr (yara_rows_get_text (two, 1, 1), ==, "bob");
  g_assert_cmpint (yara_rows_get_value (two, 1, 0)->kind, ==, YARA_KIND_INT32);
  all = test_ok (yara_orm_values (test->orm, query, NULL, NULL, &error));
  g_assert_cmpuint (yara_rows_get_n_columns (all), ==, 4);
  g_assert_cmpstr (yara_rows_get_column_name (all, 2), ==, "team"); /* of the field, not the column */
  yara_query_filter (query, "team", 99);
  none = test_ok (yara_orm_values (test->orm, query, YARA_NAMES ("id"), NULL, &error));
  g_assert_cmpuint (yara_rows_get_n_rows (none), ==, 0);
  g_assert_cmpuint (yara_rows_get_n_columns (none), ==, 1);
  test_fails (yara_orm_values (test->orm, query, YARA_NAMES ("name", "scroe"), NULL, &error), FIELD, "Player",
              "scroe", "score");
  test_fails (yara_orm_values (test->orm, query, (const char *const[]) { NULL }, NULL, &error), FIELD,
              "Player");
}

static void
distinct (Test *test)
{
  g_autoptr(YaraQuery) query = sorted ("team", -1, -1), slice = sorted ("team", 2, 1);
  g_autoptr(YaraRows) rows = NULL, pair = NULL;

  add_players (test);
  yara_query_distinct (query);
  rows = test_ok (yara_orm_values (test->orm, query, YARA_NAMES ("team"), NULL, &error));
  g_assert_cmpuint (yara_rows_get_n_rows (rows), ==, 3);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (yara_rows_get_int (rows, i, 0), ==, i + 1);
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==,
                   6); /* whole records differ by key */
  yara_query_distinct (slice);
  pair = test_ok (yara_orm_values (test->orm, slice, YARA_NAMES ("team"), NULL, &error));
  g_assert_cmpuint (yara_rows_get_n_rows (pair), ==, 2);
  g_assert_cmpint (yara_rows_get_int (pair, 0, 0), ==, 2);
}

/* ---- reuse ---- */

static void
running_changes_nothing (Test *test)
{
  g_autoptr(YaraQuery) query = sorted ("-name", -1, -1);
  g_autoptr(YaraQuery) copy = NULL;
  gboolean exists = FALSE;

  add_players (test);
  yara_query_filter (query, "team", 1);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(YaraResult) result = test_ok (yara_orm_all (test->orm, query, NULL, &error));
      g_autofree char *names = initials (result);

      g_assert_cmpstr (names, ==, "eca");
      g_assert_cmpstr (ONE (first, query), ==, "eve");
      g_assert_cmpstr (ONE (last, query), ==, "ann");
      g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 3);
      test_ok (yara_orm_exists (test->orm, query, &exists, NULL, &error));
    }
  copy = yara_query_copy (query);
  yara_query_filter (copy, "name", "cat");
  yara_query_limit (copy, 1);
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, copy, NULL, &error)), ==, 1);
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 3);
  yara_query_filter (query, "name", "ann");
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, copy, NULL, &error)), ==, 1);
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 1);
}

/* Values are copied when they are given. */
static void
values_are_copied (Test *test)
{
  g_autoptr(YaraQuery) query = sorted ("", -1, -1), copy = NULL;
  char *name = g_strdup ("cat"), *field = g_strdup ("name__in"), *column = g_strdup ("-name");
  YaraValue value = yara_value_text (name);

  add_players (test);
  yara_query_filter (query, field, yara_value_list (&value, 1));
  yara_query_filter_expr (query, yara_expr (field, yara_value_list (&value, 1)));
  yara_query_order_by (query, column);
  memset (name, 'x', 3);
  g_free (name);
  memset (field, 'x', 8);
  g_free (field);
  g_free (column);
  copy = yara_query_copy (query);
  g_clear_pointer (&query, yara_query_unref);
  g_assert_cmpstr (ONE (get, copy), ==, "cat");
}

/* A result is its own owner. */
static void
result_outlives_orm (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  YaraOrm *orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  YaraQuery *query = yara_query_new (&player_model);
  Player player = { .name = "long enough to be stored somewhere else" };
  g_autoptr(YaraResult) result = NULL;
  g_autoptr(YaraRows) rows = NULL;

  test_ok (yara_orm_register (orm, &player_model, &error));
  test_ok (yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  test_ok (yara_orm_create (orm, &player_model, &player, NULL, &error));
  result = test_ok (yara_orm_all (orm, query, NULL, &error));
  rows = test_ok (yara_orm_values (orm, query, YARA_NAMES ("name"), NULL, &error));
  yara_query_unref (query);
  test_ok (yara_orm_close (orm, NULL, &error));
  g_object_unref (orm);
  g_assert_cmpstr (((Player *) yara_result_get_record (result, 0))->name, ==, player.name);
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 0), ==, player.name);
  g_assert_null (yara_result_get_record (result, 1));
}

/* ---- mistakes ---- */

static void
assert_not_read (Test *test, YaraQuery *query, const char *word)
{
  g_autoptr(YaraQuery) copy = yara_query_copy (query);
  gboolean exists;

  test_fails (yara_orm_all (test->orm, query, NULL, &error), FIELD, word);
  test_fails (yara_orm_first (test->orm, copy, NULL, &error), FIELD, word);
  test_fails (yara_orm_count (test->orm, query, NULL, &error), FIELD, word);
  test_fails (yara_orm_exists (test->orm, query, &exists, NULL, &error), FIELD, word);
  test_fails (yara_orm_values (test->orm, query, YARA_NAMES ("id"), NULL, &error), FIELD, word);
  test_await (yara_orm_get_async (test->orm, query, NULL, test_call_done, &call),
              test_fails (yara_orm_get_finish (test->orm, call.result, &error), FIELD, word));
  yara_query_unref (query);
}

static void
assert_mistake (Test *test, YaraQuery *query, const char *word)
{
  test_fails (yara_orm_delete_all (test->orm, query, NULL, &error), FIELD, word);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM \"order\""), ==, 6);
  assert_not_read (test, query, word);
}

static void
mistakes (Test *test)
{
  static const char *const lookups[] = {
    "", "__", "__gt", "nmae", "name__", "name__containz", "name__gt__lt", "team__name", "name ", "\"name\"",
    "group", "na\xffme",
    "name\nname",
  };
  YaraQuery *query;

  add_players (test);
  for (gsize i = 0; i < G_N_ELEMENTS (lookups); i++)
    {
      query = yara_query_new (&player_model);
      yara_query_filter (query, lookups[i], TEST_SECRET);
      assert_mistake (test, query, "Player");
      query = yara_query_new (&player_model);
      yara_query_exclude_expr (query,
                               yara_expr_or (yara_expr ("team", 1), yara_expr (lookups[i], TEST_SECRET)));
      assert_mistake (test, query, "Player");
    }
  query = yara_query_new (&player_model);
  yara_query_filter (query, "nmae", "x");
  assert_mistake (test, query, "name");
  query = yara_query_new (&player_model);
  yara_query_filter (query, "name__containz", "x");
  assert_mistake (test, query, "contains");
  query = yara_query_new (&player_model);
  yara_query_limit (query, -1);
  assert_mistake (test, query, "limit");
  query = yara_query_new (&player_model);
  yara_query_offset (query, G_MININT64);
  assert_mistake (test, query, "offset");
  assert_not_read (test, sorted ("scroe", -1, -1), "score");
  assert_not_read (test, sorted ("--score", -1, -1), "Player");
  assert_not_read (test, sorted ("-", -1, -1), "Player");
  assert_not_read (test, sorted ("score__gt", -1, -1), "score__gt");
}

/* The first mistake is the one that is told. */
static void
first_mistake (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&player_model);

  add_players (test);
  yara_query_filter (query, "one_bad", 1);
  yara_query_order_by (query, "two_bad");
  yara_query_filter (query, "three_bad", 1);
  test_fails (yara_orm_all (test->orm, query, NULL, &error), FIELD, "one_bad");
}

static const TestCase cases[] = {
  { "queries/order", order },
  { "queries/slices", slices },
  { "queries/first-and-last", first_and_last },
  { "queries/get", get },
  { "queries/exists-and-count", exists_and_count },
  { "queries/values", values },
  { "queries/distinct", distinct },
  { "queries/running-changes-nothing", running_changes_nothing },
  { "queries/values-are-copied", values_are_copied },
  { "queries/result-outlives-orm", result_outlives_orm },
  { "queries/mistakes", mistakes },
  { "queries/first-mistake", first_mistake },
};
TEST_MAIN (cases)
