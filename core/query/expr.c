/* SPDX-License-Identifier: MIT
 * Conditions and how they are joined. An expression is never changed once it is made. */
#include "query/query.h"

#include <string.h>

G_DEFINE_BOXED_TYPE (YaraExpr, yara_expr, yara_expr_ref, yara_expr_unref)

/* `space` is the room for what the arena of the expression takes first. */
static YaraExpr *
expr_alloc (YaraExprType type, guint depth, gsize space)
{
  YaraExpr *expr = g_malloc (sizeof *expr + space);

  memset (expr, 0, sizeof *expr);
  expr->ref_count = 1;
  expr->type = type;
  expr->depth = depth;
  yara_arena_init_with (&expr->arena, expr->inline_space, space);
  return expr;
}

static YaraExpr *
expr_new_mistake (const char *mistake)
{
  YaraExpr *expr = expr_alloc (YARA_EXPR_MISTAKE, 1, 0);

  expr->mistake = mistake;
  return expr;
}

YaraExpr *
yara_expr_new (const char *lookup, const YaraValue *value)
{
  g_autoptr(YaraExpr) expr = NULL;

  g_return_val_if_fail (lookup != NULL, NULL);
  g_return_val_if_fail (value != NULL, NULL);

  expr = expr_alloc (YARA_EXPR_CONDITION, 1, 64);
  expr->condition.lookup = yara_arena_try_copy (&expr->arena, lookup, strlen (lookup));
  if (expr->condition.lookup == NULL || !yara_value_copy_to (&expr->condition.value, value, &expr->arena))
    return expr_new_mistake ("out of memory for the value of a condition");
  return g_steal_pointer (&expr);
}

/* A NULL argument was reported where it came from; the NULL that is returned is kept by the query. */
static YaraExpr *
join (YaraExprType type, YaraExpr *first_taken, YaraExpr *second_taken)
{
  g_autoptr(YaraExpr) first = first_taken;
  g_autoptr(YaraExpr) second = second_taken;
  YaraExpr *joined;
  guint depth;

  if (first == NULL || (second == NULL && type != YARA_EXPR_NOT))
    return NULL;
  if (first->type == YARA_EXPR_MISTAKE)
    return g_steal_pointer (&first);
  if (second != NULL && second->type == YARA_EXPR_MISTAKE)
    return g_steal_pointer (&second);

  depth = MAX (first->depth, second != NULL ? second->depth : 0) + 1;
  if (depth > YARA_EXPR_MAX_DEPTH)
    return expr_new_mistake ("the conditions are nested more than " G_STRINGIFY (YARA_EXPR_MAX_DEPTH) " deep; "
                             "use \"in\" with a list, or several filters");
  joined = expr_alloc (type, depth, 0);
  joined->first = g_steal_pointer (&first);
  joined->second = g_steal_pointer (&second);
  return joined;
}

YaraExpr *
yara_expr_and (YaraExpr *first, YaraExpr *second)
{
  return join (YARA_EXPR_AND, first, second);
}

YaraExpr *
yara_expr_or (YaraExpr *first, YaraExpr *second)
{
  return join (YARA_EXPR_OR, first, second);
}

YaraExpr *
yara_expr_not (YaraExpr *expr)
{
  return join (YARA_EXPR_NOT, expr, NULL);
}

YaraExpr *
yara_expr_ref (YaraExpr *expr)
{
  g_return_val_if_fail (expr != NULL, NULL);

  g_atomic_int_inc (&expr->ref_count);
  return expr;
}

/* Recurses at most YARA_EXPR_MAX_DEPTH deep. */
void
yara_expr_unref (YaraExpr *expr)
{
  g_return_if_fail (expr != NULL);

  if (!g_atomic_int_dec_and_test (&expr->ref_count))
    return;
  if (expr->first != NULL)
    yara_expr_unref (expr->first);
  if (expr->second != NULL)
    yara_expr_unref (expr->second);
  yara_arena_clear (&expr->arena);
  g_free (expr);
}
