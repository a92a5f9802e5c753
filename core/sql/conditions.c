/* SPDX-License-Identifier: MIT
 * Conditions: from lookups and values as the program wrote them to fields and values that fit them. */
#include <string.h>

#include "base/text.h"
#include "model/field-check.h"
#include "model/field.h"
#include "sql/compiler.h"

static gboolean
fail_unknown (const YaraModelInfo *info, const char *text, GError **error)
{
  const char *separator = g_strrstr (text, "__");
  g_autofree char *name = separator == NULL ? g_strdup (text) : g_strndup (text, separator - text);
  const YaraFieldInfo *field = yara_model_info_get (info, name, error);
  const char *suggestion;
  g_autofree char *hint = NULL;
  g_autofree char *quoted = NULL;

  if (field == NULL)
    return FALSE;
  suggestion = yara_lookup_suggest (text);
  quoted = yara_text_quote (separator + 2);
  if (suggestion != NULL)
    hint = g_strdup_printf ("; did you mean \"%s\"?", suggestion);
  return yara_field_fail (info, field, error, "unknown lookup \"%s\"%s", quoted, hint != NULL ? hint : "");
}

/* The field and the lookup of "age__gte". A field may itself be called like one. */
static const YaraFieldInfo *
find_field (const YaraModelInfo *info, const char *text, YaraLookup *lookup, GError **error)
{
  const YaraFieldInfo *field;
  gsize length;

  yara_lookup_split (text, &length, lookup);
  field = yara_model_info_find (info, text, length);
  if (G_LIKELY (field != NULL))
    return field;
  *lookup = YARA_LOOKUP_EXACT;
  field = yara_model_info_find (info, text, strlen (text));
  if (field == NULL)
    fail_unknown (info, text, error);
  return field;
}

static gboolean
fail_null (YaraCompiler *compiler, const YaraFieldInfo *field, YaraLookup lookup, GError **error)
{
  return yara_field_fail (compiler->info, field, error, "\"%s\" cannot compare with NULL; use \"isnull\"",
                          yara_lookup_get_name (lookup));
}

/* exact, not, gt, gte, lt, lte */
static gboolean
add_comparison (YaraCompiler *compiler, const YaraFieldInfo *field, YaraLookup lookup, const YaraValue *value,
                GError **error)
{
  YaraValue *coerced;

  if (value->kind == YARA_KIND_LIST)
    return yara_field_fail (compiler->info, field, error, "\"%s\" takes one value; for a list use \"in\"",
                            yara_lookup_get_name (lookup));
  coerced = yara_compiler_add_value (compiler);
  if (!yara_field_coerce (compiler->info, field, value, compiler->arena, coerced, error))
    return FALSE;
  if (G_LIKELY (coerced->kind != YARA_KIND_NULL))
    {
      yara_shape_add_condition (&compiler->shape, lookup, field->index);
      return TRUE;
    }
  compiler->n_values--;
  if (lookup != YARA_LOOKUP_EXACT && lookup != YARA_LOOKUP_NOT)
    return fail_null (compiler, field, lookup, error);
  yara_shape_add_condition (&compiler->shape,
                            lookup == YARA_LOOKUP_EXACT ? YARA_LOOKUP_ISNULL : YARA_SHAPE_NOT_NULL,
                            field->index);
  return TRUE;
}

/* One of the values of a list. */
static gboolean
coerce_element (YaraCompiler *compiler, const YaraFieldInfo *field, YaraLookup lookup, const YaraValue *element,
                YaraValue *coerced, GError **error)
{
  if (element->kind == YARA_KIND_LIST)
    return yara_field_fail (compiler->info, field, error, "a list for \"%s\" cannot hold a list",
                            yara_lookup_get_name (lookup));
  if (!yara_field_coerce (compiler->info, field, element, compiler->arena, coerced, error))
    return FALSE;
  return coerced->kind != YARA_KIND_NULL ||
         yara_field_fail (compiler->info, field, error,
                          "a list for \"%s\" cannot hold NULL; add an \"isnull\"", yara_lookup_get_name (lookup));
}

static gboolean
require_list (YaraCompiler *compiler, const YaraFieldInfo *field, YaraLookup lookup, const YaraValue *value,
              GError **error)
{
  return value->kind == YARA_KIND_LIST ||
         yara_field_fail (compiler->info, field, error, "\"%s\" takes a list of values; use YARA_LIST",
                          yara_lookup_get_name (lookup));
}

/* in, not_in */
static gboolean
add_membership (YaraCompiler *compiler, const YaraFieldInfo *field, YaraLookup lookup, const YaraValue *value,
                GError **error)
{
  gsize n_values;
  YaraValue *values;

  if (!require_list (compiler, field, lookup, value, error))
    return FALSE;
  n_values = value->list.n_values;
  if (n_values == 0)
    {
      yara_shape_add (&compiler->shape, lookup == YARA_LOOKUP_IN ? YARA_SHAPE_FALSE : YARA_SHAPE_TRUE);
      return TRUE;
    }
  /* No overflow: the list of the program, of the same size, is in memory. */
  values = yara_arena_try_alloc (compiler->arena, n_values * sizeof *values);
  if (values == NULL)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL,
                   "%s.%s: out of memory for a list of %" G_GSIZE_FORMAT " values", compiler->info->name,
                   field->name, n_values);
      return FALSE;
    }
  for (gsize i = 0; i < n_values; i++)
    if (!coerce_element (compiler, field, lookup, &value->list.values[i], &values[i], error))
      return FALSE;
  yara_shape_add_condition (&compiler->shape, lookup, field->index);
  *yara_compiler_add_value (compiler) = yara_value_list (values, n_values);
  return TRUE;
}

static gboolean
add_range (YaraCompiler *compiler, const YaraFieldInfo *field, const YaraValue *value, GError **error)
{
  if (!require_list (compiler, field, YARA_LOOKUP_RANGE, value, error))
    return FALSE;
  if (value->list.n_values != 2)
    return yara_field_fail (compiler->info, field, error,
                            "\"range\" takes two values, the list has %" G_GSIZE_FORMAT, value->list.n_values);
  yara_shape_add_condition (&compiler->shape, YARA_LOOKUP_RANGE, field->index);
  for (guint i = 0; i < 2; i++)
    if (!coerce_element (compiler, field, YARA_LOOKUP_RANGE, &value->list.values[i],
                         yara_compiler_add_value (compiler), error))
      return FALSE;
  return TRUE;
}

static gboolean
add_null_test (YaraCompiler *compiler, const YaraFieldInfo *field, const YaraValue *value, GError **error)
{
  if ((value->kind != YARA_KIND_BOOL && value->kind != YARA_KIND_INT64) ||
      (value->integer != 0 && value->integer != 1))
    return yara_field_fail (compiler->info, field, error, "\"isnull\" takes true or false");
  yara_shape_add_condition (&compiler->shape, value->integer ? YARA_LOOKUP_ISNULL : YARA_SHAPE_NOT_NULL,
                            field->index);
  return TRUE;
}

/* contains to iendswith. The text is part of a value of the field, so that it need not fit the field. */
static gboolean
add_match (YaraCompiler *compiler, const YaraFieldInfo *field, YaraLookup lookup, const YaraValue *value,
           GError **error)
{
  if (field->kind != YARA_KIND_TEXT && field->kind != YARA_KIND_ENUM_TEXT)
    return yara_field_fail (compiler->info, field, error, "\"%s\" is for text, the field is %s",
                            yara_lookup_get_name (lookup), yara_kind_get_name (field->kind));
  if (value->kind == YARA_KIND_NULL)
    return fail_null (compiler, field, lookup, error);
  if (value->kind != YARA_KIND_TEXT)
    return yara_field_fail (compiler->info, field, error, "\"%s\" takes text, not %s",
                            yara_lookup_get_name (lookup), yara_kind_get_name (value->kind));
  if (!g_utf8_validate_len (value->bytes.data, value->bytes.size, NULL))
    return yara_field_fail (compiler->info, field, error, "the text for \"%s\" is not UTF-8 without NUL",
                            yara_lookup_get_name (lookup));
  yara_shape_add_condition (&compiler->shape, lookup, field->index);
  if (compiler->dialect->make_pattern (lookup, value, compiler->arena, yara_compiler_add_value (compiler)))
    return TRUE;
  g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "%s.%s: out of memory for the text of \"%s\"",
               compiler->info->name, field->name, yara_lookup_get_name (lookup));
  return FALSE;
}

static gboolean
add_condition (YaraCompiler *compiler, const YaraCondition *condition, GError **error)
{
  YaraLookup lookup;
  const YaraFieldInfo *field = find_field (compiler->info, condition->lookup, &lookup, error);

  if (field == NULL)
    return FALSE;
  switch (lookup)
    {
    case YARA_LOOKUP_EXACT:
    case YARA_LOOKUP_NOT:
    case YARA_LOOKUP_GT:
    case YARA_LOOKUP_GTE:
    case YARA_LOOKUP_LT:
    case YARA_LOOKUP_LTE:
      return add_comparison (compiler, field, lookup, &condition->value, error);
    case YARA_LOOKUP_IN:
    case YARA_LOOKUP_NOT_IN:
      return add_membership (compiler, field, lookup, &condition->value, error);
    case YARA_LOOKUP_RANGE:
      return add_range (compiler, field, &condition->value, error);
    case YARA_LOOKUP_ISNULL:
      return add_null_test (compiler, field, &condition->value, error);
    default:
      return add_match (compiler, field, lookup, &condition->value, error);
    }
}

/* Recurses at most YARA_EXPR_MAX_DEPTH deep. */
static gboolean
add_expression (YaraCompiler *compiler, const YaraExpr *expr, GError **error)
{
  switch (expr->type)
    {
    case YARA_EXPR_CONDITION:
      return add_condition (compiler, &expr->condition, error);
    case YARA_EXPR_AND:
    case YARA_EXPR_OR:
      yara_shape_add (&compiler->shape, expr->type == YARA_EXPR_AND ? YARA_SHAPE_AND : YARA_SHAPE_OR);
      return add_expression (compiler, expr->first, error) && add_expression (compiler, expr->second, error);
    case YARA_EXPR_NOT:
      yara_shape_add (&compiler->shape, YARA_SHAPE_NOT);
      return add_expression (compiler, expr->first, error);
    case YARA_EXPR_MISTAKE:
      break;
    }
  g_return_val_if_reached (FALSE);
}

gboolean
yara_compiler_add_filters (YaraCompiler *compiler, const YaraQuery *query, gboolean *fixes_key, GError **error)
{
  const YaraShape *shape = &compiler->shape;
  gboolean found = FALSE;

  for (const YaraFilter *filter = query->filters; filter != NULL; filter = filter->next)
    {
      gsize start = shape->length;

      if (filter->exclude)
        yara_shape_add (&compiler->shape, YARA_SHAPE_NOT);
      if (filter->expr != NULL ? !add_expression (compiler, filter->expr, error)
                               : !add_condition (compiler, &filter->condition, error))
        return FALSE;
      if (shape->bytes[start] == YARA_LOOKUP_EXACT &&
          yara_shape_index_at (shape->bytes + start + 1) == compiler->info->key->index)
        found = TRUE;
    }
  yara_shape_add (&compiler->shape, YARA_SHAPE_END);
  if (fixes_key != NULL)
    *fixes_key = found;
  return TRUE;
}
