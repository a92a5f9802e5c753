/* SPDX-License-Identifier: MIT
 *
 * Writing by query: what is set, what is deleted, and what may not be asked.
 */
#include "fixture.h"

typedef struct
{
  gint64      id;
  const char *name;
  gint32      score;
  bool        score_null;
  const char *code;
  gint64      changed;
} Player;

static const YaraField player_fields[] = {
  YARA_FIELD (Player, id, .primary_key = true),
  YARA_FIELD (Player, name),
  YARA_FIELD (Player, score, .nullable = true, .null_flag = YARA_NULL_FLAG (Player, score_null)),
  YARA_FIELD (Player, code, .nullable = true, .unique = true),
  YARA_FIELD_AS (Player, changed, TIMESTAMP, .auto_now = true),
};
static const YaraModel player_model = YARA_MODEL (Player, "players", player_fields);

#define ROWS "SELECT name || coalesce(score, -1) || coalesce(code, '') FROM players ORDER BY id"

static void
add_players (Test *test)
{
  Player players[] = { { .name = "a", .score = 1 }, { .name = "b", .score = 2 },
                       { .name = "c", .score_null = true }, { .name = "d", .score = 4 } };

  TEST_USE (test, &player_model);
  test_ok (yara_orm_bulk_create (test->orm, &player_model, players, G_N_ELEMENTS (players), NULL, &error));
}

static void
assert_rows (Test *test, const char *expected)
{
  g_autofree char *rows = test_fetch_list (test->orm, NULL, ROWS);

  g_assert_cmpstr (rows, ==, expected);
}

static void
update (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&player_model);
  gint64 changed;

  add_players (test);
  changed = test_fetch_int (test->orm, NULL, "SELECT count(DISTINCT changed) FROM players");
  g_assert_cmpint (changed, ==, 1);
  yara_query_filter (query, "score__gte", 2);
  yara_query_set (query, "name", "x");
  yara_query_set (query, "score", 9);
  g_assert_cmpint (test_ok (yara_orm_update (test->orm, query, NULL, &error)), ==, 2);
  assert_rows (test, "a1,x9,c-1,x9");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(DISTINCT changed) FROM players"), ==,
                   1); /* auto_now is left */
  g_assert_cmpint (test_ok (yara_orm_update (test->orm, query, NULL, &error)), ==, 2); /* may be run again */
}

static void
update_all_and_none (Test *test)
{
  g_autoptr(YaraQuery) all = yara_query_new (&player_model), none = yara_query_new (&player_model);

  add_players (test);
  yara_query_set (all, "score", yara_value_null ());
  g_assert_cmpint (test_await_ok (orm_update, test->orm, all), ==, 4);
  assert_rows (test, "a-1,b-1,c-1,d-1");
  yara_query_filter (none, "name", "nobody");
  yara_query_set (none, "score", 1);
  g_assert_cmpint (test_ok (yara_orm_update (test->orm, none, NULL, &error)), ==, 0);
  assert_rows (test, "a-1,b-1,c-1,d-1");
}

static void
update_conflict (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&player_model);

  add_players (test);
  yara_query_set (query, "code", TEST_SECRET);
  test_fails (yara_orm_update (test->orm, query, NULL, &error), INTEGRITY, "code");
  test_await (yara_orm_update_async (test->orm, query, NULL, test_call_done, &call),
              test_fails (yara_orm_update_finish (test->orm, call.result, &error), INTEGRITY, "code"));
  assert_rows (test, "a1,b2,c-1,d4");
}

static void
delete_all (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&player_model), all = yara_query_new (&player_model);

  add_players (test);
  yara_query_exclude (query, "score__gt", 1);
  g_assert_cmpint (test_ok (yara_orm_delete_all (test->orm, query, NULL, &error)), ==, 2);
  assert_rows (test, "b2,d4");
  g_assert_cmpint (test_ok (yara_orm_delete_all (test->orm, query, NULL, &error)), ==, 0);
  g_assert_cmpint (test_await_ok (orm_delete_all, test->orm, all), ==, 2);
  g_assert_cmpint (test_ok (yara_orm_delete_all (test->orm, all, NULL, &error)), ==, 0);
}

/* A part of a query that a write cannot follow is an error, never left out. */
static void
assert_not_for_writes (Test *test, YaraQuery *query)
{
  test_fails (yara_orm_delete_all (test->orm, query, NULL, &error), FIELD, "Player");
  yara_query_set (query, "score", 5);
  test_fails (yara_orm_update (test->orm, query, NULL, &error), FIELD, "Player");
  test_await (yara_orm_delete_all_async (test->orm, query, NULL, test_call_done, &call),
              test_fails (yara_orm_delete_all_finish (test->orm, call.result, &error), FIELD, "Player"));
  yara_query_unref (query);
}

static void
restrictions (Test *test)
{
  YaraQuery *query;

  add_players (test);
  query = yara_query_new (&player_model);
  yara_query_limit (query, 1);
  assert_not_for_writes (test, query);
  query = yara_query_new (&player_model);
  yara_query_limit (query, 0);
  assert_not_for_writes (test, query);
  query = yara_query_new (&player_model);
  yara_query_offset (query, 1);
  assert_not_for_writes (test, query);
  query = yara_query_new (&player_model);
  yara_query_order_by (query, "score");
  assert_not_for_writes (test, query);
  query = yara_query_new (&player_model);
  yara_query_distinct (query);
  assert_not_for_writes (test, query);
  assert_rows (test, "a1,b2,c-1,d4");
}

static void
bad_assignments (Test *test)
{
  g_autoptr(YaraQuery) nothing = yara_query_new (&player_model), unknown = yara_query_new (&player_model);
  g_autoptr(YaraQuery) lookup = yara_query_new (&player_model), wrong = yara_query_new (&player_model);
  g_autoptr(YaraQuery) list = yara_query_new (&player_model), twice = yara_query_new (&player_model);

  add_players (test);
  test_fails (yara_orm_update (test->orm, nothing, NULL, &error), FIELD, "Player");
  yara_query_set (unknown, "scroe", 1);
  test_fails (yara_orm_update (test->orm, unknown, NULL, &error), FIELD, "Player", "scroe", "score");
  yara_query_set (lookup, "score__gt", 1);
  test_fails (yara_orm_update (test->orm, lookup, NULL, &error), FIELD, "Player", "score__gt");
  yara_query_set (wrong, "score", TEST_SECRET);
  test_fails (yara_orm_update (test->orm, wrong, NULL, &error), FIELD, "Player", "score");
  yara_query_set (list, "score", YARA_LIST (1, 2));
  test_fails (yara_orm_update (test->orm, list, NULL, &error), FIELD, "Player", "score");
  yara_query_set (twice, "score", 1);
  yara_query_set (twice, "score", 2);
  test_fails (yara_orm_update (test->orm, twice, NULL, &error), FIELD, "Player", "score");
  assert_rows (test, "a1,b2,c-1,d4");
}

static const TestCase cases[] = {
  { "updates/update", update },
  { "updates/all-and-none", update_all_and_none },
  { "updates/conflict", update_conflict },
  { "updates/delete-all", delete_all },
  { "updates/restrictions", restrictions },
  { "updates/bad-assignments", bad_assignments },
};
TEST_MAIN (cases)
