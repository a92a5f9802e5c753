/* SPDX-License-Identifier: MIT
 * The builder: what a query and an expression keep, and which mistakes they remember. */
#include "query/query.h"

#include <string.h>
#include <yaraorm/yara-error.h>

typedef struct
{
  gint64      id;
  const char *name;
} User;

static const YaraField user_fields[] = {
  YARA_FIELD (User, id, .primary_key = true),
  YARA_FIELD (User, name),
};
static const YaraModel user_model = YARA_MODEL (User, "users", user_fields);

static void
test_new (void)
{
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);

  g_assert_true (query->model == &user_model);
  g_assert_null (query->filters);
  g_assert_null (query->orders);
  g_assert_null (query->assignments);
  g_assert_cmpint (query->limit, ==, -1);
  g_assert_cmpint (query->offset, ==, 0);
  g_assert_false (query->distinct);
  g_assert_null (query->error);
}

/* What is handed in may change or go away afterwards. */
static void
test_values_are_copied (void)
{
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);
  char lookup[] = "name__in", text[] = "Ada", field[] = "-name";
  YaraValue values[] = { yara_value_text (text), yara_value_int (7) };
  const YaraValue *list;

  yara_query_filter (query, lookup, yara_value_list (values, 2));
  yara_query_order_by (query, field);
  yara_query_set (query, field + 1, text);
  memset (lookup, 'x', sizeof lookup - 1);
  memset (text, 'x', sizeof text - 1);
  memset (field, 'x', sizeof field - 1);
  memset (values, 0, sizeof values);

  g_assert_cmpstr (query->filters->condition.lookup, ==, "name__in");
  g_assert_cmpint (query->filters->condition.value.kind, ==, YARA_KIND_LIST);
  g_assert_cmpuint (query->filters->condition.value.list.n_values, ==, 2);
  list = query->filters->condition.value.list.values;
  g_assert_cmpmem (list[0].bytes.data, list[0].bytes.size, "Ada", 3);
  g_assert_cmpint (list[1].integer, ==, 7);
  g_assert_cmpstr (query->orders->field, ==, "name");
  g_assert_true (query->orders->descending);
  g_assert_cmpstr (query->assignments->field, ==, "name");
  g_assert_cmpmem (query->assignments->value.bytes.data, query->assignments->value.bytes.size, "Ada", 3);
}

static void
test_order_of_calls (void)
{
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);
  YaraFilter *filter;

  yara_query_filter (query, "id__gt", 1);
  yara_query_exclude (query, "id", 2);
  yara_query_filter_expr (query, yara_expr ("id", 3));
  yara_query_exclude_expr (query, yara_expr ("id", 4));
  yara_query_order_by (query, "name");
  yara_query_order_by (query, "-id");
  yara_query_limit (query, 1);
  yara_query_limit (query, 0); /* the last call counts */
  yara_query_offset (query, 5);
  yara_query_distinct (query);

  filter = query->filters;
  g_assert_cmpstr (filter->condition.lookup, ==, "id__gt");
  g_assert_false (filter->exclude);
  filter = filter->next;
  g_assert_cmpint (filter->condition.value.integer, ==, 2);
  g_assert_true (filter->exclude);
  filter = filter->next;
  g_assert_cmpint (filter->expr->condition.value.integer, ==, 3);
  g_assert_false (filter->exclude);
  filter = filter->next;
  g_assert_cmpint (filter->expr->condition.value.integer, ==, 4);
  g_assert_true (filter->exclude);
  g_assert_null (filter->next);
  g_assert_cmpstr (query->orders->field, ==, "name");
  g_assert_false (query->orders->descending);
  g_assert_cmpstr (query->orders->next->field, ==, "id");
  g_assert_true (query->orders->next->descending);
  g_assert_cmpint (query->limit, ==, 0);
  g_assert_cmpint (query->offset, ==, 5);
  g_assert_true (query->distinct);
  g_assert_null (query->error);
}

static void
test_copy (void)
{
  YaraQuery *query = yara_query_new (&user_model);
  g_autoptr(YaraQuery) copy = NULL;

  yara_query_filter (query, "name", "Ada");
  yara_query_exclude_expr (query, yara_expr_or (yara_expr ("id", 1), yara_expr ("id", 2)));
  yara_query_order_by (query, "-name");
  yara_query_set (query, "name", "Bob");
  yara_query_limit (query, 3);
  yara_query_offset (query, 4);
  yara_query_distinct (query);
  copy = yara_query_copy (query);
  yara_query_filter (query, "id", 5); /* not in the copy */
  yara_query_order_by (query, "id");
  yara_query_unref (query);

  g_assert_true (copy->model == &user_model);
  g_assert_cmpmem (copy->filters->condition.value.bytes.data, copy->filters->condition.value.bytes.size, "Ada", 3);
  g_assert_true (copy->filters->next->exclude);
  g_assert_cmpint (copy->filters->next->expr->second->condition.value.integer, ==, 2);
  g_assert_null (copy->filters->next->next);
  g_assert_cmpstr (copy->orders->field, ==, "name");
  g_assert_true (copy->orders->descending);
  g_assert_null (copy->orders->next);
  g_assert_cmpstr (copy->assignments->field, ==, "name");
  g_assert_cmpint (copy->limit, ==, 3);
  g_assert_cmpint (copy->offset, ==, 4);
  g_assert_true (copy->distinct);
  yara_query_filter (copy, "id", 6); /* it can be built on */
  g_assert_cmpint (copy->filters->next->next->condition.value.integer, ==, 6);
}

/* More than the space inside the query. */
static void
test_many_parts (void)
{
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);
  g_autoptr(YaraQuery) copy = NULL;
  gint64 expected = 0;

  for (int i = 0; i < 5000; i++)
    yara_query_filter (query, "id__not", i);
  copy = yara_query_copy (query);
  for (YaraFilter *filter = copy->filters; filter != NULL; filter = filter->next)
    g_assert_cmpint (filter->condition.value.integer, ==, expected++);
  g_assert_cmpint (expected, ==, 5000);
}

static void
assert_mistake (YaraQuery *query, const char *message)
{
  g_autoptr(YaraQuery) copy = yara_query_copy (query);

  g_assert_error (query->error, YARA_ERROR, YARA_ERROR_FIELD);
  g_assert_cmpstr (query->error->message, ==, message);
  g_assert_error (copy->error, YARA_ERROR, YARA_ERROR_FIELD); /* a copy has it too */
  g_assert_cmpstr (copy->error->message, ==, message);
  yara_query_unref (query);
}

static void
test_mistakes (void)
{
  YaraValue value = yara_value_int (1);
  YaraQuery *query;

  query = yara_query_new (&user_model);
  yara_query_limit (query, -1);
  g_assert_cmpint (query->limit, ==, -1);
  assert_mistake (query, "User: a limit is negative; it must be 0 or more");

  query = yara_query_new (&user_model);
  yara_query_offset (query, G_MININT64);
  assert_mistake (query, "User: an offset is negative; it must be 0 or more");

  query = yara_query_new (&user_model);
  yara_query_filter_value (query, NULL, &value);
  assert_mistake (query, "User: a filter has no lookup or no value");

  query = yara_query_new (&user_model);
  yara_query_exclude_value (query, "id", NULL);
  assert_mistake (query, "User: a filter has no lookup or no value");

  query = yara_query_new (&user_model);
  yara_query_filter_expr (query, NULL);
  assert_mistake (query, "User: a filter has no expression");

  query = yara_query_new (&user_model);
  yara_query_order_by (query, NULL);
  assert_mistake (query, "User: an order has no field");

  query = yara_query_new (&user_model);
  yara_query_set_value (query, NULL, &value);
  assert_mistake (query, "User: an assignment has no field or no value");

  query = yara_query_new (&user_model);
  yara_query_set_value (query, "id", NULL);
  yara_query_limit (query, -1); /* the first mistake counts */
  assert_mistake (query, "User: an assignment has no field or no value");
}

#define assert_critical(call) \
  do \
    { \
      g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, "*assertion*failed*"); \
      call; \
      g_test_assert_expected_messages (); \
    } \
  while (0)

static void
test_null (void)
{
  YaraValue value = yara_value_int (1);
  g_autoptr(YaraExpr) expr = yara_expr ("id", 1);

  assert_critical (g_assert_null (yara_query_new (NULL)));
  assert_critical (g_assert_null (yara_query_copy (NULL)));
  assert_critical (g_assert_null (yara_query_ref (NULL)));
  assert_critical (yara_query_unref (NULL));
  assert_critical (yara_query_filter_value (NULL, "id", &value));
  assert_critical (yara_query_exclude_value (NULL, "id", &value));
  assert_critical (yara_query_filter_expr (NULL, expr));
  assert_critical (yara_query_exclude_expr (NULL, expr));
  assert_critical (yara_query_order_by (NULL, "id"));
  assert_critical (yara_query_limit (NULL, 1));
  assert_critical (yara_query_offset (NULL, 1));
  assert_critical (yara_query_distinct (NULL));
  assert_critical (yara_query_set_value (NULL, "id", &value));
  assert_critical (g_assert_null (yara_expr_new (NULL, &value)));
  assert_critical (g_assert_null (yara_expr_new ("id", NULL)));
  assert_critical (g_assert_null (yara_expr_ref (NULL)));
  assert_critical (yara_expr_unref (NULL));

  /* A NULL among the joined ones makes a NULL; the others are freed. */
  g_assert_null (yara_expr_not (NULL));
  g_assert_null (yara_expr_and (NULL, NULL));
  g_assert_null (yara_expr_and (yara_expr ("id", 1), NULL));
  g_assert_null (yara_expr_or (NULL, yara_expr ("id", 1)));
}

static void
test_expressions (void)
{
  YaraExpr *shared = yara_expr ("name", "Ada");
  YaraExpr *expr = yara_expr_and (yara_expr_ref (shared), yara_expr_not (shared));
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);

  g_assert_cmpint (expr->type, ==, YARA_EXPR_AND);
  g_assert_cmpuint (expr->depth, ==, 3);
  g_assert_true (expr->first == shared);
  g_assert_cmpint (expr->second->type, ==, YARA_EXPR_NOT);
  g_assert_true (expr->second->first == shared);
  yara_query_filter_expr (query, yara_expr_ref (expr));
  yara_query_filter_expr (query, expr); /* one expression, twice */
  g_assert_true (query->filters->expr == query->filters->next->expr);
}

/* An expression of `depth`, leaning to one side. */
static YaraExpr *
make_deep (guint depth, gboolean to_left)
{
  YaraExpr *expr = yara_expr ("id", 1);

  for (guint i = 1; i < depth; i++)
    if (i % 3 == 0)
      expr = yara_expr_not (expr);
    else
      expr = to_left ? yara_expr_or (expr, yara_expr ("id", 2)) : yara_expr_and (yara_expr ("id", 2), expr);
  return expr;
}

static void
test_depth (void)
{
  static const guint too_deep[] = { YARA_EXPR_MAX_DEPTH + 1, 5000 };

  for (int to_left = 0; to_left < 2; to_left++)
    {
      YaraQuery *query = yara_query_new (&user_model);

      yara_query_filter_expr (query, make_deep (YARA_EXPR_MAX_DEPTH, to_left));
      g_assert_no_error (query->error);
      g_assert_cmpuint (query->filters->expr->depth, ==, YARA_EXPR_MAX_DEPTH);
      yara_query_unref (query);

      for (guint i = 0; i < G_N_ELEMENTS (too_deep); i++)
        {
          query = yara_query_new (&user_model);
          yara_query_filter_expr (query, make_deep (too_deep[i], to_left));
          g_assert_null (query->filters);
          assert_mistake (query, "User: the conditions are nested more than 1000 deep; use \"in\" with a list, or "
                                 "several filters");
        }
    }
}

static void
test_boxed (void)
{
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);
  g_autoptr(YaraExpr) expr = yara_expr ("id", 1);
  YaraQuery *boxed_query = g_boxed_copy (YARA_TYPE_QUERY, query);
  YaraExpr *boxed_expr = g_boxed_copy (YARA_TYPE_EXPR, expr);

  g_assert_cmpstr (g_type_name (YARA_TYPE_QUERY), ==, "YaraQuery");
  g_assert_cmpstr (g_type_name (YARA_TYPE_EXPR), ==, "YaraExpr");
  g_assert_true (boxed_query == query);
  g_assert_true (boxed_expr == expr);
  g_boxed_free (YARA_TYPE_QUERY, boxed_query);
  g_boxed_free (YARA_TYPE_EXPR, boxed_expr);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/query/new", test_new);
  g_test_add_func ("/query/values-are-copied", test_values_are_copied);
  g_test_add_func ("/query/order-of-calls", test_order_of_calls);
  g_test_add_func ("/query/copy", test_copy);
  g_test_add_func ("/query/many-parts", test_many_parts);
  g_test_add_func ("/query/mistakes", test_mistakes);
  g_test_add_func ("/query/null", test_null);
  g_test_add_func ("/query/expressions", test_expressions);
  g_test_add_func ("/query/depth", test_depth);
  g_test_add_func ("/query/boxed", test_boxed);
  return g_test_run ();
}
