/* SPDX-License-Identifier: MIT
 * Statements from queries: select, update, delete. */
#include "model/field-check.h"
#include "model/field.h"
#include "sql/compiler.h"

/* What a query needs room for before its values outgrow their first place. */
#define USUAL_VALUES 4

static gboolean
fail_query (const YaraModelInfo *info, const char *mistake, GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_FIELD, "%s: %s", info->name, mistake);
  return FALSE;
}

/* Begins a compilation for a query without mistakes of its own. */
static gboolean
begin (YaraCompiler *compiler, YaraSqlCache *cache, const YaraQuery *query, YaraArena *arena, GError **error)
{
  g_assert (query->model == cache->info->model);

  if (!yara_compiler_begin (compiler, cache, arena, USUAL_VALUES, error))
    return FALSE;
  if (G_LIKELY (query->error == NULL))
    return TRUE;
  g_propagate_error (error, g_error_copy (query->error));
  return FALSE;
}

/* ---- select ---- */

/* The columns of VALUES, also into the statement. Nothing is added to the shape for all of them. */
static gboolean
add_columns (YaraCompiler *compiler, const char *const *fields, YaraStatement *statement, GError **error)
{
  const YaraModelInfo *info = compiler->info;
  guint n_columns = fields == NULL ? info->n_fields : g_strv_length ((char **) fields);

  if (n_columns == 0)
    return fail_query (info, "the list of fields is empty", error);
  statement->columns = yara_arena_alloc (compiler->arena, n_columns * sizeof *statement->columns);
  for (guint i = 0; i < n_columns; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];

      if (fields != NULL)
        field = yara_model_info_get (info, fields[i], error);
      if (field == NULL)
        return FALSE;
      statement->columns[i] = field;
      if (fields != NULL)
        yara_shape_add_index (&compiler->shape, field->index);
    }
  statement->n_columns = n_columns;
  return TRUE;
}

/* What stands before the conditions. */
static gboolean
add_head (YaraCompiler *compiler, YaraSelect what, const YaraQuery *query, const char *const *fields,
          YaraStatement *statement, GError **error)
{
  YaraShape *shape = &compiler->shape;

  switch (what)
    {
    case YARA_SELECT_COUNT:
    case YARA_SELECT_EXISTS:
      if (what == YARA_SELECT_EXISTS)
        yara_shape_add (shape, YARA_SHAPE_EXISTS);
      else if (!query->distinct && query->limit < 0 && query->offset == 0)
        yara_shape_add (shape, YARA_SHAPE_COUNT);
      else
        {
          yara_shape_add (shape, YARA_SHAPE_COUNT_ROWS);
          yara_shape_add (shape, query->distinct);
        }
      return TRUE;
    case YARA_SELECT_ALL:
    case YARA_SELECT_FIRST:
    case YARA_SELECT_LAST:
    case YARA_SELECT_ONE:
    case YARA_SELECT_VALUES:
      yara_shape_add (shape, YARA_SHAPE_SELECT);
      yara_shape_add (shape, query->distinct);
      if (what == YARA_SELECT_VALUES && !add_columns (compiler, fields, statement, error))
        return FALSE;
      yara_shape_add_index (shape, YARA_SHAPE_NO_FIELD);
      return TRUE;
    }
  g_return_val_if_reached (FALSE);
}

/* The order; only checked for COUNT and EXISTS, whose answer does not depend on it. */
static gboolean
add_orders (YaraCompiler *compiler, YaraSelect what, const YaraQuery *query, GError **error)
{
  YaraShape *shape = &compiler->shape;
  gboolean counts = what == YARA_SELECT_COUNT || what == YARA_SELECT_EXISTS;
  gboolean reversed = what == YARA_SELECT_LAST;

  for (const YaraOrder *order = query->orders; order != NULL; order = order->next)
    {
      const YaraFieldInfo *field = yara_model_info_get (compiler->info, order->field, error);

      if (field == NULL)
        return FALSE;
      if (counts)
        continue;
      yara_shape_add_index (shape, field->index);
      yara_shape_add (shape, order->descending != reversed);
    }
  if (query->orders == NULL && (what == YARA_SELECT_FIRST || what == YARA_SELECT_LAST))
    {
      yara_shape_add_index (shape, compiler->info->key->index);
      yara_shape_add (shape, reversed);
    }
  if (!counts)
    yara_shape_add_index (shape, YARA_SHAPE_NO_FIELD);
  return TRUE;
}

/* `most` rows are wanted at most, or all (-1). */
static void
add_limits (YaraCompiler *compiler, const YaraQuery *query, gint64 most)
{
  gint64 limit = query->limit;
  guint8 limits = 0;

  if (most >= 0 && (limit < 0 || limit > most))
    limit = most;
  if (limit >= 0)
    {
      limits |= YARA_SHAPE_LIMIT;
      *yara_compiler_add_value (compiler) = yara_value_int (limit);
    }
  if (query->offset > 0)
    {
      limits |= YARA_SHAPE_OFFSET;
      *yara_compiler_add_value (compiler) = yara_value_int (query->offset);
    }
  if (query->for_update)
    limits |= YARA_SHAPE_FOR_UPDATE | (query->lock & YARA_LOCK_NOWAIT ? YARA_SHAPE_NOWAIT :
                                       query->lock & YARA_LOCK_SKIP_LOCKED ? YARA_SHAPE_SKIP_LOCKED : 0);
  yara_shape_add (&compiler->shape, limits);
}

static gboolean
bind_select (YaraCompiler *compiler, YaraSelect what, const YaraQuery *query, const char *const *fields,
             YaraStatement *statement, GError **error)
{
  gboolean fixes_key;
  gint64 most = -1;

  if (query->assignments != NULL)
    return fail_query (compiler->info, "a query with assignments cannot be read; use yara_orm_update()", error);
  if (what == YARA_SELECT_LAST && (query->limit >= 0 || query->offset > 0))
    return fail_query (compiler->info, "the last row of a query with limit or offset is not defined; "
                       "reverse the order and use yara_orm_first()", error);

  if (query->for_update && (what == YARA_SELECT_COUNT || what == YARA_SELECT_EXISTS || query->distinct))
    return fail_query (compiler->info, "counted rows and distinct ones cannot be locked; drop yara_query_for_update() "
                       "or read the rows themselves", error);

  if (!add_head (compiler, what, query, fields, statement, error) ||
      !yara_compiler_add_filters (compiler, query, &fixes_key, error) ||
      !add_orders (compiler, what, query, error))
    return FALSE;

  if (what == YARA_SELECT_FIRST || what == YARA_SELECT_LAST)
    most = statement->max_rows = 1;
  else if (what == YARA_SELECT_ONE && fixes_key)
    statement->max_rows = 1;
  else if (what == YARA_SELECT_ONE)
    most = statement->max_rows = 2;
  if (compiler->shape.bytes[0] != YARA_SHAPE_COUNT)
    add_limits (compiler, query, most);
  statement->is_read = !query->for_update;
  return TRUE;
}

static YaraAnswer
get_answer (YaraSelect what)
{
  switch (what)
    {
    case YARA_SELECT_COUNT:
    case YARA_SELECT_EXISTS:
      return YARA_ANSWER_NUMBER;
    case YARA_SELECT_VALUES:
      return YARA_ANSWER_ROWS;
    default:
      return YARA_ANSWER_RECORDS;
    }
}

gboolean
yara_compile_select (YaraSqlCache *cache, YaraSelect what, const YaraQuery *query, const char *const *fields,
                     YaraArena *arena, YaraStatement *statement, GError **error)
{
  g_auto(YaraCompiler) compiler;

  *statement = (YaraStatement) { 0 };
  if (!begin (&compiler, cache, query, arena, error) ||
      !bind_select (&compiler, what, query, fields, statement, error))
    {
      *statement = (YaraStatement) { 0 };
      return FALSE;
    }
  yara_compiler_finish (&compiler, get_answer (what), statement);
  return TRUE;
}

/* ---- update and delete ---- */

static gboolean
refuse_slices (const YaraModelInfo *info, const YaraQuery *query, GError **error)
{
  if (query->for_update)
    return fail_query (info, "update and delete lock what they change; drop yara_query_for_update()", error);
  if (query->orders == NULL && query->limit < 0 && query->offset == 0 && !query->distinct)
    return TRUE;
  return fail_query (info, "a query with order, limit, offset or distinct cannot update or delete; "
                     "filter by \"in\" with the keys instead", error);
}

static gboolean
is_assigned_before (const YaraQuery *query, const YaraAssignment *assignment)
{
  for (const YaraAssignment *before = query->assignments; before != assignment; before = before->next)
    if (g_str_equal (before->field, assignment->field))
      return TRUE;
  return FALSE;
}

static gboolean
add_assignment (YaraCompiler *compiler, const YaraQuery *query, const YaraAssignment *assignment,
                GError **error)
{
  const YaraModelInfo *info = compiler->info;
  const YaraFieldInfo *field = yara_model_info_get (info, assignment->field, error);
  YaraValue *value;

  if (field == NULL)
    return FALSE;
  if (field == info->key)
    return yara_field_fail (info, field, error,
                            "the key of a row cannot be changed; create a new row and delete the old one");
  if (is_assigned_before (query, assignment))
    return yara_field_fail (info, field, error, "the field is set twice");
  if (assignment->value.kind == YARA_KIND_LIST)
    return yara_field_fail (info, field, error, "a list cannot be stored in a field");
  value = yara_compiler_add_value (compiler);
  if (!yara_field_coerce (info, field, &assignment->value, compiler->arena, value, error))
    return FALSE;
  if (value->kind == YARA_KIND_NULL && !field->field->nullable)
    return yara_field_fail (info, field, error, "NULL cannot be stored, because the field is not nullable");
  yara_shape_add_index (&compiler->shape, field->index);
  return TRUE;
}

static gboolean
bind_update (YaraCompiler *compiler, const YaraQuery *query, GError **error)
{
  if (query->assignments == NULL)
    return fail_query (compiler->info, "the update sets no field; use yara_query_set()", error);
  if (!refuse_slices (compiler->info, query, error))
    return FALSE;
  yara_shape_add (&compiler->shape, YARA_SHAPE_UPDATE);
  for (const YaraAssignment *set = query->assignments; set != NULL; set = set->next)
    if (!add_assignment (compiler, query, set, error))
      return FALSE;
  yara_shape_add_index (&compiler->shape, YARA_SHAPE_NO_FIELD);
  return yara_compiler_add_filters (compiler, query, NULL, error);
}

static gboolean
bind_delete (YaraCompiler *compiler, const YaraQuery *query, GError **error)
{
  if (query->assignments != NULL)
    return fail_query (compiler->info, "a query with assignments cannot delete; use yara_orm_update()", error);
  if (!refuse_slices (compiler->info, query, error))
    return FALSE;
  yara_shape_add (&compiler->shape, YARA_SHAPE_DELETE);
  return yara_compiler_add_filters (compiler, query, NULL, error);
}

static gboolean
compile_change (YaraSqlCache *cache, const YaraQuery *query, YaraArena *arena, YaraStatement *statement,
                GError **error, gboolean (*bind) (YaraCompiler *, const YaraQuery *, GError **))
{
  g_auto(YaraCompiler) compiler;

  *statement = (YaraStatement) { 0 };
  if (!begin (&compiler, cache, query, arena, error) || !bind (&compiler, query, error))
    return FALSE;
  yara_compiler_finish (&compiler, YARA_ANSWER_COUNT, statement);
  return TRUE;
}

gboolean
yara_compile_update (YaraSqlCache *cache, const YaraQuery *query, YaraArena *arena, YaraStatement *statement,
                     GError **error)
{
  return compile_change (cache, query, arena, statement, error, bind_update);
}

gboolean
yara_compile_delete (YaraSqlCache *cache, const YaraQuery *query, YaraArena *arena, YaraStatement *statement,
                     GError **error)
{
  return compile_change (cache, query, arena, statement, error, bind_delete);
}
