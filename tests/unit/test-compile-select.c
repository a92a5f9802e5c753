/* SPDX-License-Identifier: MIT
 * Select, update and delete as a whole: orders, limits, columns, assignments; and the cache of texts. */
#include "compile-fixture.h"
#include "sql/cache.h"

#define SELECT_ITEMS "SELECT " ITEM_COLUMNS " FROM \"items\""
#define NOT_LAST \
  "Item: the last row of a query with limit or offset is not defined; reverse the order and use yara_orm_first()"
#define SLICED \
  "Item: a query with order, limit, offset or distinct cannot update or delete; filter by \"in\" with the keys instead"

static void
assert_select (Fixture *fixture, YaraSelect what, YaraQuery *query, const char *sql, const char *values, gsize max_rows)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_compile_select (fixture->cache, what, query, NULL, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (statement.max_rows, ==, max_rows);
  g_assert_true (statement.is_read);
  if (what == YARA_SELECT_COUNT || what == YARA_SELECT_EXISTS)
    g_assert_cmpint (statement.answer, ==, YARA_ANSWER_NUMBER);
  else
    g_assert_cmpint (statement.answer, ==, YARA_ANSWER_RECORDS);
  g_assert_cmpuint (statement.n_columns, ==, 0);
  assert_statement (fixture, &statement, sql, values);
}

static void
assert_not_selected (Fixture *fixture, YaraSelect what, const YaraQuery *query, const char *const *fields,
                     const char *message)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;
  gboolean ok = yara_compile_select (fixture->cache, what, query, fields, &fixture->arena, &statement, &error);

  assert_refused (ok, &statement, &error, message);
}

static void
test_orders (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) plain = yara_query_new (&item_model);
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);

  yara_query_order_by (query, "-age");
  yara_query_order_by (query, "name");
  assert_select (fixture, YARA_SELECT_ALL, query, SELECT_ITEMS " ORDER BY \"age\" DESC, \"name\"", "", 0);
  assert_select (fixture, YARA_SELECT_FIRST, query, SELECT_ITEMS " ORDER BY \"age\" DESC, \"name\" LIMIT ?", "1", 1);
  assert_select (fixture, YARA_SELECT_LAST, query, SELECT_ITEMS " ORDER BY \"age\", \"name\" DESC LIMIT ?", "1", 1);
  assert_select (fixture, YARA_SELECT_ONE, query, SELECT_ITEMS " ORDER BY \"age\" DESC, \"name\" LIMIT ?", "2", 2);
  assert_select (fixture, YARA_SELECT_COUNT, query, "SELECT count(*) FROM \"items\"", "", 0);
  assert_select (fixture, YARA_SELECT_EXISTS, query, "SELECT EXISTS (SELECT 1 FROM \"items\")", "", 0);
  assert_select (fixture, YARA_SELECT_FIRST, plain, SELECT_ITEMS " ORDER BY \"id\" LIMIT ?", "1", 1);
  assert_select (fixture, YARA_SELECT_LAST, plain, SELECT_ITEMS " ORDER BY \"id\" DESC LIMIT ?", "1", 1);
  assert_select (fixture, YARA_SELECT_ONE, plain, SELECT_ITEMS " LIMIT ?", "2", 2);

  yara_query_order_by (query, "-agee");
  assert_not_selected (fixture, YARA_SELECT_ALL, query, NULL, "Item has no field \"agee\"; did you mean \"age\"?");
  assert_not_selected (fixture, YARA_SELECT_COUNT, query, NULL, "Item has no field \"agee\"; did you mean \"age\"?");
  yara_query_order_by (plain, "-");
  assert_not_selected (fixture, YARA_SELECT_ALL, plain, NULL, "Item has no field \"\"");
}

static void
test_limits (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);
  g_autoptr(YaraQuery) offset = yara_query_new (&item_model);

  yara_query_filter (query, "age", 7);
  yara_query_limit (query, 5);
  assert_select (fixture, YARA_SELECT_ALL, query, SELECT_ITEMS " WHERE \"age\" = ? LIMIT ?", "7, 5", 0);
  yara_query_offset (query, 3);
  assert_select (fixture, YARA_SELECT_ALL, query, SELECT_ITEMS " WHERE \"age\" = ? LIMIT ? OFFSET ?", "7, 5, 3", 0);
  assert_select (fixture, YARA_SELECT_ONE, query, SELECT_ITEMS " WHERE \"age\" = ? LIMIT ? OFFSET ?", "7, 2, 3", 2);
  assert_select (fixture, YARA_SELECT_FIRST, query,
                 SELECT_ITEMS " WHERE \"age\" = ? ORDER BY \"id\" LIMIT ? OFFSET ?", "7, 1, 3", 1);
  assert_select (fixture, YARA_SELECT_COUNT, query,
                 "SELECT count(*) FROM (SELECT 1 FROM \"items\" WHERE \"age\" = ? LIMIT ? OFFSET ?) AS matches",
                 "7, 5, 3", 0);
  assert_select (fixture, YARA_SELECT_EXISTS, query,
                 "SELECT EXISTS (SELECT 1 FROM \"items\" WHERE \"age\" = ? LIMIT ? OFFSET ?)", "7, 5, 3", 0);
  assert_not_selected (fixture, YARA_SELECT_LAST, query, NULL, NOT_LAST);
  yara_query_limit (query, 0);
  assert_select (fixture, YARA_SELECT_FIRST, query,
                 SELECT_ITEMS " WHERE \"age\" = ? ORDER BY \"id\" LIMIT ? OFFSET ?", "7, 0, 3", 1);
  assert_select (fixture, YARA_SELECT_ONE, query, SELECT_ITEMS " WHERE \"age\" = ? LIMIT ? OFFSET ?", "7, 0, 3", 2);

  yara_query_offset (offset, 3);
  assert_select (fixture, YARA_SELECT_ALL, offset, SELECT_ITEMS " LIMIT -1 OFFSET ?", "3", 0);
  assert_not_selected (fixture, YARA_SELECT_LAST, offset, NULL, NOT_LAST);
}

/* At most one row has a key, so that nothing need be limited. */
static void
test_one_by_key (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) by_key = yara_query_new (&item_model);
  g_autoptr(YaraQuery) by_expr = yara_query_new (&item_model);
  g_autoptr(YaraQuery) excluded = yara_query_new (&item_model);
  g_autoptr(YaraQuery) alternative = yara_query_new (&item_model);
  g_autoptr(YaraQuery) greater = yara_query_new (&item_model);

  yara_query_filter (by_key, "id", 5);
  assert_select (fixture, YARA_SELECT_ONE, by_key, SELECT_ITEMS " WHERE \"id\" = ?", "5", 1);
  yara_query_filter (by_key, "name", "Ada");
  yara_query_limit (by_key, 9);
  assert_select (fixture, YARA_SELECT_ONE, by_key, SELECT_ITEMS " WHERE \"id\" = ? AND \"name\" = ? LIMIT ?",
                 "5, 'Ada', 9", 1);
  yara_query_filter (by_expr, "name", "Ada");
  yara_query_filter_expr (by_expr, yara_expr ("id__exact", 5));
  assert_select (fixture, YARA_SELECT_ONE, by_expr, SELECT_ITEMS " WHERE \"name\" = ? AND \"id\" = ?", "'Ada', 5", 1);

  yara_query_exclude (excluded, "id", 5);
  assert_select (fixture, YARA_SELECT_ONE, excluded, SELECT_ITEMS " WHERE (\"id\" = ?) IS NOT 1 LIMIT ?", "5, 2", 2);
  yara_query_filter_expr (alternative, yara_expr_or (yara_expr ("id", 5), yara_expr ("id", 6)));
  assert_select (fixture, YARA_SELECT_ONE, alternative, SELECT_ITEMS " WHERE (\"id\" = ? OR \"id\" = ?) LIMIT ?",
                 "5, 6, 2", 2);
  yara_query_filter (greater, "id__gt", 5);
  assert_select (fixture, YARA_SELECT_ONE, greater, SELECT_ITEMS " WHERE \"id\" > ? LIMIT ?", "5, 2", 2);
}

static void
test_distinct (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);

  yara_query_filter (query, "age", 7);
  yara_query_distinct (query);
  assert_select (fixture, YARA_SELECT_ALL, query,
                 "SELECT DISTINCT " ITEM_COLUMNS " FROM \"items\" WHERE \"age\" = ?", "7", 0);
  assert_select (fixture, YARA_SELECT_COUNT, query,
                 "SELECT count(*) FROM (SELECT DISTINCT " ITEM_COLUMNS
                 " FROM \"items\" WHERE \"age\" = ?) AS matches", "7", 0);
}

static void
test_values (Fixture *fixture, gconstpointer model)
{
  const char *const names[] = { "name", "id", "name", NULL }, *const unknown[] = { "id", "nam", NULL };
  const char *const empty[] = { NULL };
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_query_filter (query, "age", 7);
  yara_query_distinct (query);
  yara_query_order_by (query, "name");
  yara_compile_select (fixture->cache, YARA_SELECT_VALUES, query, names, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpint (statement.answer, ==, YARA_ANSWER_ROWS);
  g_assert_cmpuint (statement.n_columns, ==, 3);
  g_assert_true (statement.columns[0] == &fixture->info->fields[1]);
  g_assert_true (statement.columns[1] == &fixture->info->fields[0]);
  g_assert_true (statement.columns[2] == &fixture->info->fields[1]);
  assert_statement (fixture, &statement,
                    "SELECT DISTINCT \"name\", \"id\", \"name\" FROM \"items\" WHERE \"age\" = ? ORDER BY \"name\"", "7");

  yara_compile_select (fixture->cache, YARA_SELECT_VALUES, query, NULL, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpint (statement.answer, ==, YARA_ANSWER_ROWS);
  g_assert_cmpuint (statement.n_columns, ==, G_N_ELEMENTS (item_fields));
  g_assert_true (statement.columns[8] == &fixture->info->fields[8]);
  assert_statement (fixture, &statement,
                    "SELECT DISTINCT " ITEM_COLUMNS " FROM \"items\" WHERE \"age\" = ? ORDER BY \"name\"", "7");

  assert_not_selected (fixture, YARA_SELECT_VALUES, query, unknown, "Item has no field \"nam\"; did you mean \"name\"?");
  assert_not_selected (fixture, YARA_SELECT_VALUES, query, empty, "Item: the list of fields is empty");
}

typedef gboolean (*CompileChange) (YaraSqlCache *, const YaraQuery *, YaraArena *, YaraStatement *, GError **);

static void
assert_change (Fixture *fixture, CompileChange compile, const YaraQuery *query, const char *sql, const char *values)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  compile (fixture->cache, query, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpint (statement.answer, ==, YARA_ANSWER_COUNT);
  g_assert_false (statement.is_read);
  assert_statement (fixture, &statement, sql, values);
}

static void
assert_not_changed (Fixture *fixture, CompileChange compile, const YaraQuery *query, const char *message)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;
  gboolean ok = compile (fixture->cache, query, &fixture->arena, &statement, &error);

  assert_refused (ok, &statement, &error, message);
}

static void
test_update (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);

  assert_not_changed (fixture, yara_compile_update, query, "Item: the update sets no field; use yara_query_set()");
  yara_query_filter (query, "age__lt", 18);
  yara_query_set (query, "name", yara_value_null ());
  yara_query_set (query, "color", "green");
  yara_query_set (query, "price", "1.50");
  assert_change (fixture, yara_compile_update, query,
                 "UPDATE \"items\" SET \"name\" = ?, \"color\" = ?, \"price\" = ? WHERE \"age\" < ?",
                 "null, 'green', decimal 1.50/2, 18");
  assert_not_changed (fixture, yara_compile_delete, query,
                      "Item: a query with assignments cannot delete; use yara_orm_update()");
  assert_not_selected (fixture, YARA_SELECT_ALL, query, NULL,
                       "Item: a query with assignments cannot be read; use yara_orm_update()");
  assert_not_selected (fixture, YARA_SELECT_COUNT, query, NULL,
                       "Item: a query with assignments cannot be read; use yara_orm_update()");
}

static void
test_delete (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);

  assert_change (fixture, yara_compile_delete, query, "DELETE FROM \"items\"", "");
  yara_query_filter (query, "age__lt", 18);
  assert_change (fixture, yara_compile_delete, query, "DELETE FROM \"items\" WHERE \"age\" < ?", "18");
}

static void
test_bad_assignments (Fixture *fixture, gconstpointer model)
{
  const struct
  {
    const char *field;
    YaraValue   value;
    const char *message;
  } cases[] = {
    { "nam", YARA_VALUE ("x"), "Item has no field \"nam\"; did you mean \"name\"?" },
    { "name__gt", YARA_VALUE ("x"), "Item has no field \"name__gt\"" },
    { "id", YARA_VALUE (5), "Item.id: the key of a row cannot be changed; create a new row and delete the old one" },
    { "score", yara_value_null (), "Item.score: NULL cannot be stored, because the field is not nullable" },
    { "age", YARA_LIST (1), "Item.age: a list cannot be stored in a field" },
    { "flag", YARA_VALUE (true), "Item.flag: the field is set twice" },
    { "age", YARA_VALUE ("x"), NULL },
    { "name", YARA_VALUE ("longer than the field can be"), NULL },
    { "price", YARA_VALUE ("1.234"), NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (&item_model);
      g_autoptr(GError) error = NULL;
      YaraStatement statement;
      gboolean ok;

      yara_query_set (query, "flag", yara_value_bool (false));
      yara_query_set_value (query, cases[i].field, &cases[i].value);
      ok = yara_compile_update (fixture->cache, query, &fixture->arena, &statement, &error);
      assert_refused (ok, &statement, &error, cases[i].message != NULL ? cases[i].message : error->message);
    }
}

static void
test_slices (Fixture *fixture, gconstpointer model)
{
  for (int i = 0; i < 4; i++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (&item_model);

      if (i == 0)
        yara_query_order_by (query, "id");
      else if (i == 1)
        yara_query_limit (query, 0);
      else if (i == 2)
        yara_query_offset (query, 1);
      else
        yara_query_distinct (query);
      assert_not_changed (fixture, yara_compile_delete, query, SLICED);
      yara_query_set (query, "age", 1);
      assert_not_changed (fixture, yara_compile_update, query, SLICED);
    }
}

/* A mistake of the builder is what every verb reports. */
static void
test_kept_mistake (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);

  yara_query_limit (query, -1);
  for (YaraSelect what = YARA_SELECT_ALL; what <= YARA_SELECT_VALUES; what++)
    assert_not_selected (fixture, what, query, NULL, "Item: a limit is negative; it must be 0 or more");
  assert_not_changed (fixture, yara_compile_update, query, "Item: a limit is negative; it must be 0 or more");
  assert_not_changed (fixture, yara_compile_delete, query, "Item: a limit is negative; it must be 0 or more");
}

/* ---- the cache ---- */

/* The compiled text of `query`: (transfer full). */
static YaraSql *
compile_text (Fixture *fixture, YaraSelect what, const YaraQuery *query)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_compile_select (fixture->cache, what, query, NULL, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  return statement.sql;
}

static void
test_cached (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) five = yara_query_new (&item_model);
  g_autoptr(YaraQuery) six = yara_query_new (&item_model);
  g_autoptr(YaraQuery) null = yara_query_new (&item_model);
  g_autoptr(YaraSql) of_five = NULL, of_six = NULL, of_null = NULL, of_count = NULL;

  yara_query_filter (five, "age", 5);
  yara_query_filter_expr (six, yara_expr ("age__exact", 6));
  yara_query_filter (null, "age", yara_value_null ());
  of_five = compile_text (fixture, YARA_SELECT_ALL, five);
  of_six = compile_text (fixture, YARA_SELECT_ALL, six);
  of_null = compile_text (fixture, YARA_SELECT_ALL, null);
  of_count = compile_text (fixture, YARA_SELECT_COUNT, five);
  g_assert_true (of_five == of_six);
  g_assert_true (of_five != of_null);
  g_assert_cmpuint (of_five->id, !=, of_null->id);
  g_assert_cmpuint (of_count->id, !=, of_five->id);
}

/* A query whose shape depends on every bit of `number`. */
static YaraQuery *
make_shape (guint number)
{
  YaraQuery *query = yara_query_new (&item_model);

  for (; number > 0; number /= 2)
    yara_query_filter (query, number % 2 ? "age__gt" : "age__lt", 1);
  return query;
}

static void
test_cache_is_bounded (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) first_query = make_shape (1);
  g_autoptr(YaraSql) first = compile_text (fixture, YARA_SELECT_ALL, first_query);
  g_autofree char *text = g_strdup (first->text);
  g_autoptr(YaraSql) again = NULL;

  for (guint i = 2; i <= 600; i++)
    {
      g_autoptr(YaraQuery) query = make_shape (i);
      g_autoptr(YaraSql) sql = compile_text (fixture, YARA_SELECT_ALL, query);
      g_autoptr(YaraSql) twice = compile_text (fixture, YARA_SELECT_ALL, query);

      g_assert_true (sql == twice);
      g_assert_cmpuint (g_hash_table_size (fixture->cache->shapes), <=, YARA_SQL_CACHE_MAX);
    }
  g_assert_cmpstr (first->text, ==, text); /* what is held stays */
  again = compile_text (fixture, YARA_SELECT_ALL, first_query);
  g_assert_true (again != first); /* but was forgotten */
  g_assert_cmpstr (again->text, ==, text);
  g_assert_cmpuint (again->id, !=, first->id);
}

static gpointer
compile_shapes (gpointer data)
{
  Fixture *fixture = data;
  YaraArena arena;

  yara_arena_init (&arena);
  for (guint i = 0; i < 4000; i++)
    {
      g_autoptr(YaraQuery) query = make_shape (1 + i % 700);
      g_autoptr(GError) error = NULL;
      YaraStatement statement;
      guint n_values = 0;

      yara_compile_select (fixture->cache, YARA_SELECT_COUNT, query, NULL, &arena, &statement, &error);
      g_assert_no_error (error);
      for (const char *next = statement.sql->text; (next = strchr (next, '?')) != NULL; next++)
        n_values++;
      g_assert_cmpuint (statement.n_values, ==, n_values); /* the text is that of the shape */
      yara_statement_clear (&statement);
    }
  yara_arena_clear (&arena);
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer model)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("compile", compile_shapes, fixture);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (g_hash_table_size (fixture->cache->shapes), <=, YARA_SQL_CACHE_MAX);
}

#define add(path, test) g_test_add (path, Fixture, &item_model, fixture_set_up, test, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/compile/orders", test_orders);
  add ("/compile/limits", test_limits);
  add ("/compile/one-by-key", test_one_by_key);
  add ("/compile/distinct", test_distinct);
  add ("/compile/values", test_values);
  add ("/compile/update", test_update);
  add ("/compile/delete", test_delete);
  add ("/compile/bad-assignments", test_bad_assignments);
  add ("/compile/slices", test_slices);
  add ("/compile/kept-mistake", test_kept_mistake);
  add ("/compile/cached", test_cached);
  add ("/compile/cache-is-bounded", test_cache_is_bounded);
  add ("/compile/threads", test_threads);
  return g_test_run ();
}
