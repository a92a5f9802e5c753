/* SPDX-License-Identifier: MIT
 * The builder: keeps what was asked for, and the first mistake that can be seen without the
 * registered model. */
#include "query/query.h"

#include <string.h>
#include <yaraorm/yara-error.h>

G_DEFINE_BOXED_TYPE (YaraQuery, yara_query, yara_query_ref, yara_query_unref)

YaraQuery *
yara_query_new (const YaraModel *model)
{
  YaraQuery *query;

  g_return_val_if_fail (model != NULL, NULL);

  /* Not the inline space: it is written before it is read. */
  query = g_malloc (sizeof *query);
  memset (query, 0, G_STRUCT_OFFSET (YaraQuery, inline_space));
  query->ref_count = 1;
  query->model = model;
  query->filters_end = &query->filters;
  query->orders_end = &query->orders;
  query->assignments_end = &query->assignments;
  query->limit = -1;
  yara_arena_init_with (&query->arena, query->inline_space, sizeof query->inline_space);
  return query;
}

YaraQuery *
yara_query_ref (YaraQuery *query)
{
  g_return_val_if_fail (query != NULL, NULL);

  g_atomic_int_inc (&query->ref_count);
  return query;
}

void
yara_query_unref (YaraQuery *query)
{
  g_return_if_fail (query != NULL);

  if (!g_atomic_int_dec_and_test (&query->ref_count))
    return;
  for (YaraFilter *filter = query->filters; filter != NULL; filter = filter->next)
    if (filter->expr != NULL)
      yara_expr_unref (filter->expr);
  g_clear_error (&query->error);
  yara_arena_clear (&query->arena);
  g_free (query);
}

static void
keep_mistake (YaraQuery *query, YaraError code, const char *mistake)
{
  if (query->error == NULL)
    g_set_error (&query->error, YARA_ERROR, code, "%s: %s", query->model->name, mistake);
}

/* Room for a part of the query; NULL keeps the mistake. */
static gpointer
query_alloc (YaraQuery *query, gsize size)
{
  gpointer memory = yara_arena_try_alloc (&query->arena, size);

  if (memory == NULL)
    keep_mistake (query, YARA_ERROR_OPERATIONAL, "out of memory for the query");
  return memory;
}

/* Copies a name and its value, NULL when the name has none, into the query. */
static gboolean
query_copy_in (YaraQuery *query, const char *name, const YaraValue *value, const char **name_copy,
               YaraValue *value_copy)
{
  *name_copy = yara_arena_try_copy (&query->arena, name, strlen (name));
  if (*name_copy != NULL && (value == NULL || yara_value_copy_to (value_copy, value, &query->arena)))
    return TRUE;
  keep_mistake (query, YARA_ERROR_OPERATIONAL, "out of memory for a value of the query");
  return FALSE;
}

static void
add_condition (YaraQuery *query, gboolean exclude, const char *lookup, const YaraValue *value)
{
  YaraFilter *filter;

  if (lookup == NULL || value == NULL)
    {
      keep_mistake (query, YARA_ERROR_FIELD, "a filter has no lookup or no value");
      return;
    }
  filter = query_alloc (query, sizeof *filter);
  if (filter == NULL ||
      !query_copy_in (query, lookup, value, &filter->condition.lookup, &filter->condition.value))
    return;
  filter->exclude = exclude;
  filter->expr = NULL;
  filter->next = NULL;
  *query->filters_end = filter;
  query->filters_end = &filter->next;
}

/* Takes over the reference. */
static void
add_expr (YaraQuery *query, gboolean exclude, YaraExpr *expr_taken)
{
  g_autoptr(YaraExpr) expr = expr_taken;
  YaraFilter *filter;

  if (expr == NULL)
    {
      keep_mistake (query, YARA_ERROR_FIELD, "a filter has no expression");
      return;
    }
  if (expr->type == YARA_EXPR_MISTAKE)
    {
      keep_mistake (query, YARA_ERROR_FIELD, expr->mistake);
      return;
    }
  filter = query_alloc (query, sizeof *filter);
  if (filter == NULL)
    return;
  filter->exclude = exclude;
  filter->expr = g_steal_pointer (&expr);
  filter->next = NULL;
  *query->filters_end = filter;
  query->filters_end = &filter->next;
}

void
yara_query_filter_value (YaraQuery *query, const char *lookup, const YaraValue *value)
{
  g_return_if_fail (query != NULL);

  add_condition (query, FALSE, lookup, value);
}

void
yara_query_exclude_value (YaraQuery *query, const char *lookup, const YaraValue *value)
{
  g_return_if_fail (query != NULL);

  add_condition (query, TRUE, lookup, value);
}

void
yara_query_filter_expr (YaraQuery *query, YaraExpr *expr)
{
  g_return_if_fail (query != NULL);

  add_expr (query, FALSE, expr);
}

void
yara_query_exclude_expr (YaraQuery *query, YaraExpr *expr)
{
  g_return_if_fail (query != NULL);

  add_expr (query, TRUE, expr);
}

static void
add_order (YaraQuery *query, const char *field, gboolean descending)
{
  YaraOrder *order = query_alloc (query, sizeof *order);

  if (order == NULL || !query_copy_in (query, field, NULL, &order->field, NULL))
    return;
  order->descending = descending;
  order->next = NULL;
  *query->orders_end = order;
  query->orders_end = &order->next;
}

void
yara_query_order_by (YaraQuery *query, const char *field)
{
  g_return_if_fail (query != NULL);

  if (field == NULL)
    keep_mistake (query, YARA_ERROR_FIELD, "an order has no field");
  else
    add_order (query, field + (field[0] == '-'), field[0] == '-');
}

void
yara_query_limit (YaraQuery *query, gint64 limit)
{
  g_return_if_fail (query != NULL);

  if (limit < 0)
    keep_mistake (query, YARA_ERROR_FIELD, "a limit is negative; it must be 0 or more");
  else
    query->limit = limit;
}

void
yara_query_offset (YaraQuery *query, gint64 offset)
{
  g_return_if_fail (query != NULL);

  if (offset < 0)
    keep_mistake (query, YARA_ERROR_FIELD, "an offset is negative; it must be 0 or more");
  else
    query->offset = offset;
}

void
yara_query_distinct (YaraQuery *query)
{
  g_return_if_fail (query != NULL);

  query->distinct = TRUE;
}

void
yara_query_for_update (YaraQuery *query, YaraLock lock)
{
  g_return_if_fail (query != NULL);

  query->for_update = TRUE;
  query->lock = lock;
}

void
yara_query_set_value (YaraQuery *query, const char *field, const YaraValue *value)
{
  YaraAssignment *assignment;

  g_return_if_fail (query != NULL);

  if (field == NULL || value == NULL)
    {
      keep_mistake (query, YARA_ERROR_FIELD, "an assignment has no field or no value");
      return;
    }
  assignment = query_alloc (query, sizeof *assignment);
  if (assignment == NULL || !query_copy_in (query, field, value, &assignment->field, &assignment->value))
    return;
  assignment->next = NULL;
  *query->assignments_end = assignment;
  query->assignments_end = &assignment->next;
}

YaraQuery *
yara_query_copy (const YaraQuery *query)
{
  YaraQuery *copy;

  g_return_val_if_fail (query != NULL, NULL);

  copy = yara_query_new (query->model);
  copy->error = query->error != NULL ? g_error_copy (query->error) : NULL;
  for (const YaraFilter *filter = query->filters; filter != NULL; filter = filter->next)
    if (filter->expr != NULL)
      add_expr (copy, filter->exclude, yara_expr_ref (filter->expr));
    else
      add_condition (copy, filter->exclude, filter->condition.lookup, &filter->condition.value);
  for (const YaraOrder *order = query->orders; order != NULL; order = order->next)
    add_order (copy, order->field, order->descending);
  for (const YaraAssignment *assignment = query->assignments; assignment != NULL; assignment = assignment->next)
    yara_query_set_value (copy, assignment->field, &assignment->value);
  copy->limit = query->limit;
  copy->offset = query->offset;
  copy->distinct = query->distinct;
  copy->for_update = query->for_update;
  copy->lock = query->lock;
  return copy;
}
