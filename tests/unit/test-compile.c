/* SPDX-License-Identifier: MIT
 * From queries to statements: text, values, and every mistake. */
#include "compile-fixture.h"

#define SELECT_ITEMS "SELECT " ITEM_COLUMNS " FROM \"items\""

/* A query of one filter is what its WHERE clause says. */
static void
assert_filter (Fixture *fixture, const char *lookup, YaraValue value, const char *where, const char *values)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);
  g_autofree char *sql = g_strconcat (SELECT_ITEMS " WHERE ", where, NULL);
  g_autofree char *inverse = g_strconcat (SELECT_ITEMS " WHERE (", where, ") IS NOT 1", NULL);
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_query_filter_value (query, lookup, &value);
  g_assert_true (yara_compile_select (fixture->cache, YARA_SELECT_ALL, query, NULL, &fixture->arena, &statement,
                                      &error));
  g_assert_cmpint (statement.answer, ==, YARA_ANSWER_RECORDS);
  g_assert_true (statement.is_read);
  g_assert_false (statement.is_raw);
  g_assert_cmpuint (statement.max_rows, ==, 0);
  assert_statement (fixture, &statement, sql, values);

  yara_query_unref (query);
  query = yara_query_new (&item_model);
  yara_query_exclude_expr (query, yara_expr_new (lookup, &value));
  g_assert_true (yara_compile_select (fixture->cache, YARA_SELECT_ALL, query, NULL, &fixture->arena, &statement,
                                      &error));
  assert_statement (fixture, &statement, inverse, values);
}

static void
test_lookups (Fixture *fixture, gconstpointer model)
{
  YaraUuid token = { { 0xab } };

  const struct
  {
    const char *lookup;
    YaraValue   value;
    const char *where;
    const char *values;
  } cases[] = {
    { "age", YARA_VALUE (18), "\"age\" = ?", "18" },
    { "age__exact", YARA_VALUE (18), "\"age\" = ?", "18" },
    { "age", yara_value_null (), "\"age\" IS NULL", "" },
    { "age__not", YARA_VALUE (18), "\"age\" IS NOT ?", "18" },
    { "age__not", yara_value_null (), "\"age\" IS NOT NULL", "" },
    { "age__gt", YARA_VALUE (18), "\"age\" > ?", "18" },
    { "age__gte", YARA_VALUE (18), "\"age\" >= ?", "18" },
    { "age__lt", YARA_VALUE (18), "\"age\" < ?", "18" },
    { "age__lte", YARA_VALUE (18), "\"age\" <= ?", "18" },
    { "age__range", YARA_LIST (18, 30), "\"age\" BETWEEN ? AND ?", "18, 30" },
    { "age__in", YARA_LIST (1, 2, 3), "\"age\" IN (SELECT value FROM yara_list(?))", "[1, 2, 3]" },
    { "age__in", yara_value_list (NULL, 0), "0", "" },
    { "age__not_in", YARA_LIST (1, 2), "(\"age\" NOT IN (SELECT value FROM yara_list(?)) OR \"age\" IS NULL)",
      "[1, 2]" },
    { "id__not_in", YARA_LIST (1, 2), "\"id\" NOT IN (SELECT value FROM yara_list(?))", "[1, 2]" },
    { "age__not_in", yara_value_list (NULL, 0), "1", "" },
    { "age__isnull", YARA_VALUE (true), "\"age\" IS NULL", "" },
    { "age__isnull", yara_value_bool (true), "\"age\" IS NULL", "" },
    { "age__isnull", yara_value_bool (false), "\"age\" IS NOT NULL", "" },
    { "age__isnull", YARA_VALUE (0), "\"age\" IS NOT NULL", "" },
    /* values in the form of their field */
    { "price", YARA_VALUE ("9"), "\"price\" = ?", "decimal 9/2" },
    { "price__in", YARA_LIST ("9", 10), "\"price\" IN (SELECT value FROM yara_list(?))",
      "[decimal 9/2, decimal 10/2]" },
    { "color", YARA_VALUE (GREEN), "\"color\" = ?", "'green'" },
    { "color__in", YARA_LIST ("red", GREEN), "\"color\" IN (SELECT value FROM yara_list(?))", "['red', 'green']" },
    { "level", YARA_VALUE (GREEN), "\"level\" = ?", "1" },
    { "token", YARA_VALUE (token), "\"token\" = ?", "ab000000-0000-0000-0000-000000000000" },
    { "token", YARA_VALUE ("AB000000-0000-0000-0000-000000000000"), "\"token\" = ?",
      "ab000000-0000-0000-0000-000000000000" },
    { "flag", yara_value_bool (true), "\"flag\" = ?", "1" },
    { "score__gt", YARA_VALUE (2), "\"score\" > ?", "2" },
    { "score__gt", YARA_VALUE (2.5), "\"score\" > ?", "2.5" },
    /* text: no character of the value has a meaning, and it need not fit the field */
    { "name__contains", YARA_VALUE ("a*?[]%_\\"), "\"name\" GLOB ?", "'*a[*][?][[]]%_\\*'" },
    { "name__startswith", YARA_VALUE ("a"), "\"name\" GLOB ?", "'a*'" },
    { "name__endswith", YARA_VALUE ("a"), "\"name\" GLOB ?", "'*a'" },
    { "name__contains", YARA_VALUE (""), "\"name\" GLOB ?", "'**'" },
    { "name__iexact", YARA_VALUE ("a*?[]%_\\"), "\"name\" LIKE ? ESCAPE '\\'", "'a*?[]\\%\\_\\\\'" },
    { "name__icontains", YARA_VALUE ("a"), "\"name\" LIKE ? ESCAPE '\\'", "'%a%'" },
    { "name__istartswith", YARA_VALUE ("a"), "\"name\" LIKE ? ESCAPE '\\'", "'a%'" },
    { "name__iendswith", YARA_VALUE ("a"), "\"name\" LIKE ? ESCAPE '\\'", "'%a'" },
    { "color__startswith", YARA_VALUE ("gr"), "\"color\" GLOB ?", "'gr*'" },
    { "name__contains", YARA_VALUE ("longer than the field can be"), "\"name\" GLOB ?",
      "'*longer than the field can be*'" },
    { "name", YARA_VALUE ("Robert'); DROP TABLE"), "\"name\" = ?", "'Robert'); DROP TABLE'" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_filter (fixture, cases[i].lookup, cases[i].value, cases[i].where, cases[i].values);
}

static void
test_bad_conditions (Fixture *fixture, gconstpointer model)
{
  const struct
  {
    const char *lookup;
    YaraValue   value;
    const char *message;
  } cases[] = {
    { "agee", YARA_VALUE (1), "Item has no field \"agee\"; did you mean \"age\"?" },
    { "agee__gt", YARA_VALUE (1), "Item has no field \"agee\"; did you mean \"age\"?" },
    { "age__gtee", YARA_VALUE (1), "Item.age: unknown lookup \"gtee\"; did you mean \"gte\"?" },
    { "age__between_the", YARA_VALUE (1), "Item.age: unknown lookup \"between_the\"" },
    { "age__gt__", YARA_VALUE (1), "Item has no field \"age__gt\"" },
    { "", YARA_VALUE (1), "Item has no field \"\"" },
    { "__gt", YARA_VALUE (1), "Item has no field \"\"" },
    { "age__gt", yara_value_null (), "Item.age: \"gt\" cannot compare with NULL; use \"isnull\"" },
    { "age__gte", yara_value_null (), "Item.age: \"gte\" cannot compare with NULL; use \"isnull\"" },
    { "age__lt", yara_value_null (), "Item.age: \"lt\" cannot compare with NULL; use \"isnull\"" },
    { "age__lte", yara_value_null (), "Item.age: \"lte\" cannot compare with NULL; use \"isnull\"" },
    { "name__contains", yara_value_null (), "Item.name: \"contains\" cannot compare with NULL; use \"isnull\"" },
    { "age", YARA_LIST (1, 2), "Item.age: \"exact\" takes one value; for a list use \"in\"" },
    { "age__lt", YARA_LIST (1, 2), "Item.age: \"lt\" takes one value; for a list use \"in\"" },
    { "age__in", YARA_VALUE (1), "Item.age: \"in\" takes a list of values; use YARA_LIST" },
    { "age__not_in", yara_value_null (), "Item.age: \"not_in\" takes a list of values; use YARA_LIST" },
    { "age__in", YARA_LIST (1, yara_value_null ()),
      "Item.age: a list for \"in\" cannot hold NULL; add an \"isnull\"" },
    { "age__range", YARA_VALUE (1), "Item.age: \"range\" takes a list of values; use YARA_LIST" },
    { "age__range", YARA_LIST (1), "Item.age: \"range\" takes two values, the list has 1" },
    { "age__range", YARA_LIST (1, 2, 3), "Item.age: \"range\" takes two values, the list has 3" },
    { "age__range", yara_value_list (NULL, 0), "Item.age: \"range\" takes two values, the list has 0" },
    { "age__range", YARA_LIST (1, yara_value_null ()),
      "Item.age: a list for \"range\" cannot hold NULL; add an \"isnull\"" },
    { "age__isnull", YARA_VALUE (2), "Item.age: \"isnull\" takes true or false" },
    { "age__isnull", YARA_VALUE ("true"), "Item.age: \"isnull\" takes true or false" },
    { "age__isnull", yara_value_null (), "Item.age: \"isnull\" takes true or false" },
    { "age__contains", YARA_VALUE ("1"), "Item.age: \"contains\" is for text, the field is int32" },
    { "name__icontains", YARA_VALUE (1), "Item.name: \"icontains\" takes text, not int64" },
    { "name__endswith", YARA_VALUE ("\xff"), "Item.name: the text for \"endswith\" is not UTF-8 without NUL" },
    { "name__contains", ((YaraValue) { .kind = YARA_KIND_TEXT, .bytes = { "a\0b", 3 } }),
      "Item.name: the text for \"contains\" is not UTF-8 without NUL" },
    { "age", YARA_VALUE ("18"), NULL },
    { "age", YARA_VALUE (G_GINT64_CONSTANT (1) << 40), NULL },
    { "age__in", YARA_LIST (1, "x"), NULL },
    { "age__range", YARA_LIST ("x", 2), NULL },
    { "age", yara_value_pointer (fixture), NULL },
    { "age__in", YARA_LIST (yara_value_pointer (fixture)), NULL },
    { "age__in", YARA_LIST (YARA_LIST (1)), NULL },
    { "name__contains", yara_value_pointer (fixture), "Item.name: \"contains\" takes text, not invalid" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (&item_model);
      g_autoptr(GError) error = NULL;
      YaraStatement statement;
      gboolean ok;

      yara_query_filter (query, "id", 1);
      yara_query_filter_expr (query, yara_expr_not (yara_expr_new (cases[i].lookup, &cases[i].value)));
      ok = yara_compile_select (fixture->cache, YARA_SELECT_ALL, query, NULL, &fixture->arena, &statement, &error);
      assert_refused (ok, &statement, &error, cases[i].message != NULL ? cases[i].message : error->message);
      ok = yara_compile_delete (fixture->cache, query, &fixture->arena, &statement, &error);
      assert_refused (ok, &statement, &error, cases[i].message != NULL ? cases[i].message : error->message);
    }
}

/* Fields may be called like lookups; what can be read as a lookup on another field is one. */
typedef struct
{
  gint64 a;
  gint64 a__gt;
  gint64 b__in;
} Names;

static const YaraField names_fields[] = {
  YARA_FIELD (Names, a, .primary_key = true),
  YARA_FIELD (Names, a__gt),
  YARA_FIELD (Names, b__in),
};
static const YaraModel names_model = YARA_MODEL (Names, "names", names_fields);

static void
test_field_names (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) query = yara_query_new (&names_model);
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_query_filter (query, "a__gt", 1);
  yara_query_filter (query, "a__gt__exact", 2);
  yara_query_filter (query, "b__in", 3);
  yara_query_filter (query, "b__in__lt", 4);
  yara_compile_select (fixture->cache, YARA_SELECT_COUNT, query, NULL, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  assert_statement (fixture, &statement,
                    "SELECT count(*) FROM \"names\" WHERE \"a\" > ? AND \"a__gt\" = ? AND \"b__in\" = ? AND "
                    "\"b__in\" < ?", "1, 2, 3, 4");
}

/* A column may be called like any word of SQL, in quotes or with them. */
static const YaraField quoted_fields[] = {
  YARA_FIELD (Names, a, .primary_key = true, .column = "ro\"w\""),
  YARA_FIELD (Names, a__gt, .column = "true"),
  YARA_FIELD (Names, b__in, .column = "'; --"),
};
static const YaraModel quoted_model = YARA_MODEL (Names, "select", quoted_fields);

static void
test_quotes (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) query = yara_query_new (&quoted_model);
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_query_exclude (query, "a", 1);
  yara_query_filter (query, "b__in__in", YARA_LIST (1));
  yara_query_order_by (query, "-a__gt");
  yara_compile_select (fixture->cache, YARA_SELECT_ALL, query, NULL, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  assert_statement (fixture, &statement,
                    "SELECT \"ro\"\"w\"\"\", \"true\", \"'; --\" FROM \"select\" WHERE (\"ro\"\"w\"\"\" = ?) IS NOT 1 "
                    "AND \"'; --\" IN (SELECT value FROM yara_list(?)) ORDER BY \"true\" DESC", "1, [1]");
}

/* A list inside a list does not pass a query, but a statement must not trust that. */
static void
test_nested_list (Fixture *fixture, gconstpointer model)
{
  YaraValue inner = yara_value_list (NULL, 0), outer = yara_value_list (&inner, 1);
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);
  g_autoptr(GError) error = NULL;
  YaraStatement statement;
  gboolean ok;

  yara_query_filter (query, "age__in", YARA_LIST (1));
  query->filters->condition.value = outer;
  ok = yara_compile_select (fixture->cache, YARA_SELECT_ALL, query, NULL, &fixture->arena, &statement, &error);
  assert_refused (ok, &statement, &error, "Item.age: a list for \"in\" cannot hold a list");
}

static void
assert_where (Fixture *fixture, YaraQuery *query, const char *where, const char *values)
{
  g_autofree char *sql = g_strconcat (SELECT_ITEMS, where, NULL);
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_compile_select (fixture->cache, YARA_SELECT_ALL, query, NULL, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  assert_statement (fixture, &statement, sql, values);
  yara_query_unref (query);
}

static void
test_expressions (Fixture *fixture, gconstpointer model)
{
  YaraQuery *query = yara_query_new (&item_model);

  assert_where (fixture, query, "", "");

  query = yara_query_new (&item_model);
  yara_query_filter (query, "age", 1);
  yara_query_exclude (query, "name", "Ada");
  yara_query_filter_expr (query, yara_expr_or (yara_expr ("age", 2), yara_expr ("age", 3)));
  assert_where (fixture, query,
                " WHERE \"age\" = ? AND (\"name\" = ?) IS NOT 1 AND (\"age\" = ? OR \"age\" = ?)",
                "1, 'Ada', 2, 3");

  /* a run of one operator has no parentheses inside, another one has */
  query = yara_query_new (&item_model);
  yara_query_filter_expr (query, yara_expr_and (yara_expr ("age", 1), yara_expr ("age", 2)));
  yara_query_filter_expr (query, yara_expr_or (yara_expr_or (yara_expr ("age", 3), yara_expr ("age", 4)),
                                               yara_expr_or (yara_expr ("age", 5), yara_expr ("age", 6))));
  assert_where (fixture, query,
                " WHERE \"age\" = ? AND \"age\" = ? AND (\"age\" = ? OR \"age\" = ? OR \"age\" = ? OR \"age\" = ?)",
                "1, 2, 3, 4, 5, 6");

  query = yara_query_new (&item_model);
  yara_query_filter_expr (query, yara_expr_or (yara_expr_and (yara_expr ("age", 1), yara_expr ("age", 2)),
                                               yara_expr_and (yara_expr ("age", 3), yara_expr ("age", 4))));
  assert_where (fixture, query,
                " WHERE ((\"age\" = ? AND \"age\" = ?) OR (\"age\" = ? AND \"age\" = ?))", "1, 2, 3, 4");

  query = yara_query_new (&item_model);
  yara_query_exclude_expr (query, yara_expr_and (yara_expr ("age", 1), yara_expr_not (yara_expr ("age", 2))));
  assert_where (fixture, query, " WHERE (\"age\" = ? AND (\"age\" = ?) IS NOT 1) IS NOT 1", "1, 2");

  query = yara_query_new (&item_model);
  yara_query_exclude_expr (query, yara_expr_not (yara_expr_or (yara_expr ("age", 1),
                                                               yara_expr ("age__in", yara_value_list (NULL, 0)))));
  assert_where (fixture, query, " WHERE ((\"age\" = ? OR 0) IS NOT 1) IS NOT 1", "1");
}

/* A long run stays within what SQLite's parser can nest; the shape leaves its first place. */
static void
test_long_expressions (Fixture *fixture, gconstpointer model)
{
  for (int to_left = 0; to_left < 2; to_left++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (&item_model);
      g_autoptr(GError) error = NULL;
      YaraExpr *expr = yara_expr ("age", 0);
      YaraStatement statement;

      for (int i = 1; i < 900; i++)
        expr = to_left ? yara_expr_or (expr, yara_expr ("age", i)) : yara_expr_or (yara_expr ("age", i), expr);
      yara_query_filter_expr (query, expr);
      yara_compile_select (fixture->cache, YARA_SELECT_COUNT, query, NULL, &fixture->arena, &statement, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (statement.n_values, ==, 900);
      for (int i = 0; i < 900; i++)
        g_assert_cmpint (statement.values[i].integer, ==, to_left ? i : 899 - i);
      assert_prepares (fixture, statement.sql->text, 900);
      yara_statement_clear (&statement);
    }
}

/* As deep as an expression can be: nothing overflows. SQLite itself gives up earlier. */
static void
test_deep_expression (Fixture *fixture, gconstpointer model)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);
  g_autoptr(GError) error = NULL;
  YaraExpr *expr = yara_expr ("age", 0);
  YaraStatement statement;
  gboolean ok;

  for (guint i = 1; i < YARA_EXPR_MAX_DEPTH; i++)
    expr = i % 2 ? yara_expr_and (yara_expr ("age", 1), expr) : yara_expr_not (expr);
  yara_query_filter_expr (query, expr);
  yara_compile_select (fixture->cache, YARA_SELECT_ALL, query, NULL, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (statement.n_values, ==, YARA_EXPR_MAX_DEPTH / 2 + 1);
  yara_statement_clear (&statement);

  expr = yara_expr ("age", 0);
  for (guint i = 1; i < 5000; i++)
    expr = yara_expr_not (expr);
  yara_query_filter_expr (query, expr);
  ok = yara_compile_select (fixture->cache, YARA_SELECT_ALL, query, NULL, &fixture->arena, &statement, &error);
  assert_refused (ok, &statement, &error, "Item: the conditions are nested more than 1000 deep; use \"in\" with a "
                                          "list, or several filters");
}

/* Every row matches a condition or its negation, and both agree with the plain meaning. */
static void
test_patterns (Fixture *fixture, gconstpointer model)
{
  static const struct
  {
    const char *name;
    const char *lookup;
    const char *text;
    int         matches;
  } cases[] = {
    { "a*b", "name__contains", "*", 1 }, { "axb", "name__contains", "*", 0 },
    { "a?b", "name__exact", "a?b", 1 }, { "axb", "name__startswith", "a?", 0 },
    { "a[x]b", "name__contains", "[x]", 1 }, { "axb", "name__contains", "[x]", 0 },
    { "a%b", "name__icontains", "%", 1 }, { "axb", "name__icontains", "%", 0 },
    { "a_b", "name__icontains", "A_B", 1 }, { "axb", "name__icontains", "a_b", 0 },
    { "a\\b", "name__icontains", "\\", 1 }, { "ab", "name__icontains", "\\", 0 },
    { "Ada", "name__startswith", "a", 0 }, { "Ada", "name__istartswith", "a", 1 },
    { "Ada", "name__endswith", "A", 0 }, { "Ada", "name__iendswith", "A", 1 },
    { "Ada", "name__iexact", "aDA", 1 }, { "Adam", "name__iexact", "ada", 0 },
    { "\xc3\xa9t\xc3\xa9", "name__contains", "\xc3\xa9", 1 }, { "x", "name__contains", "", 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (&item_model);
      g_autoptr(GError) error = NULL;
      g_autofree char *name = g_strdup (cases[i].name);
      YaraStatement statement;
      sqlite3_stmt *stmt;

      sqlite3_exec (fixture->db, "DELETE FROM items", NULL, NULL, NULL);
      sqlite3_prepare_v2 (fixture->db, "INSERT INTO items (name, color, level, flag, score) VALUES (?, 'red', 0, 0, 0)",
                          -1, &stmt, NULL);
      sqlite3_bind_text (stmt, 1, name, -1, SQLITE_STATIC);
      g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_DONE);
      sqlite3_finalize (stmt);

      yara_query_filter (query, cases[i].lookup, cases[i].text);
      yara_compile_select (fixture->cache, YARA_SELECT_COUNT, query, NULL, &fixture->arena, &statement, &error);
      g_assert_no_error (error);
      g_assert_cmpint (sqlite3_prepare_v2 (fixture->db, statement.sql->text, -1, &stmt, NULL), ==, SQLITE_OK);
      sqlite3_bind_text (stmt, 1, statement.values[0].bytes.data, statement.values[0].bytes.size, SQLITE_STATIC);
      g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
      g_test_message ("%s %s %s", cases[i].name, cases[i].lookup, cases[i].text);
      g_assert_cmpint (sqlite3_column_int (stmt, 0), ==, cases[i].matches);
      sqlite3_finalize (stmt);
      yara_statement_clear (&statement);
    }
}

#define add_with(path, model, test) g_test_add (path, Fixture, model, fixture_set_up, test, fixture_tear_down)
#define add(path, test) add_with (path, &item_model, test)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/compile/lookups", test_lookups);
  add ("/compile/bad-conditions", test_bad_conditions);
  add_with ("/compile/field-names", &names_model, test_field_names);
  add_with ("/compile/quotes", &quoted_model, test_quotes);
  add ("/compile/nested-list", test_nested_list);
  add ("/compile/expressions", test_expressions);
  add ("/compile/long-expressions", test_long_expressions);
  add ("/compile/deep-expression", test_deep_expression);
  add ("/compile/patterns", test_patterns);
  return g_test_run ();
}
