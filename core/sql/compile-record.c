/* SPDX-License-Identifier: MIT
 * Statements from one record: insert, update and delete by key, and the rows that are like it. */
#include "model/field-check.h"
#include "model/field.h"
#include "sql/compiler.h"

/* Whether the database is to make the key of the record. */
static gboolean
needs_key (const YaraModelInfo *info, gconstpointer record)
{
  return info->key_maker == YARA_KEY_DATABASE && !yara_record_has_key (info, record);
}

/* A column of INSERT or UPDATE with its value. `may_omit`: NULL in a field with default_sql leaves the
 * field to the database. */
static gboolean
add_column (YaraCompiler *compiler, gconstpointer record, const YaraFieldInfo *field, gboolean may_omit,
            GError **error)
{
  YaraValue *value = yara_compiler_add_value (compiler);

  if (!yara_field_get (compiler->info, field, record, value, error))
    return FALSE;
  if (value->kind == YARA_KIND_NULL && may_omit && field->field->default_sql != NULL)
    {
      compiler->n_values--;
      return TRUE;
    }
  yara_shape_add_index (&compiler->shape, field->index);
  return yara_field_require (compiler->info, field, value, error);
}

/* ---- insert ---- */

static gboolean
bind_insert (YaraCompiler *compiler, gconstpointer record, gboolean omits_key, GError **error)
{
  const YaraModelInfo *info = compiler->info;

  yara_shape_add (&compiler->shape, YARA_SHAPE_INSERT);
  yara_shape_add_index (&compiler->shape, 1);
  yara_shape_add (&compiler->shape, omits_key && compiler->dialect->returns_key);
  for (guint i = 0; i < info->n_fields; i++)
    if (!(omits_key && &info->fields[i] == info->key) &&
        !add_column (compiler, record, &info->fields[i], TRUE, error))
      return FALSE;
  yara_shape_add_index (&compiler->shape, YARA_SHAPE_NO_FIELD);
  return TRUE;
}

gboolean
yara_compile_insert (YaraSqlCache *cache, gconstpointer record, YaraArena *arena, YaraStatement *statement,
                     GError **error)
{
  gboolean omits_key = needs_key (cache->info, record);
  g_auto(YaraCompiler) compiler;

  *statement = (YaraStatement) { 0 };
  if (!yara_compiler_begin (&compiler, cache, arena, cache->info->n_fields, error) ||
      !bind_insert (&compiler, record, omits_key, error))
    return FALSE;
  yara_compiler_finish (&compiler, omits_key ? YARA_ANSWER_KEY : YARA_ANSWER_COUNT, statement);
  return TRUE;
}

/* ---- by key ---- */

/* "key = value" with the key of the record. */
static gboolean
add_key_condition (YaraCompiler *compiler, gconstpointer record, GError **error)
{
  const YaraModelInfo *info = compiler->info;
  YaraValue *value = yara_compiler_add_value (compiler);

  if (!yara_field_get (info, info->key, record, value, error))
    return FALSE;
  if (value->kind == YARA_KIND_NULL || needs_key (info, record))
    return yara_field_fail (info, info->key, error, "the record has no key; create it first");
  yara_shape_add_condition (&compiler->shape, YARA_LOOKUP_EXACT, info->key->index);
  return TRUE;
}

/* Marks in `chosen`, by index, the fields to be written. */
static gboolean
choose_fields (const YaraModelInfo *info, const char *const *fields, gboolean *chosen, GError **error)
{
  gboolean none = fields != NULL && fields[0] == NULL;

  for (guint i = 0; i < info->n_fields; i++)
    chosen[i] = fields == NULL ? &info->fields[i] != info->key : !none && info->fields[i].field->auto_now;
  for (; fields != NULL && *fields != NULL; fields++)
    {
      const YaraFieldInfo *field = yara_model_info_get (info, *fields, error);

      if (field == NULL)
        return FALSE;
      if (field == info->key)
        return yara_field_fail (info, field, error,
                                "the key of a row cannot be changed; leave it out of the names");
      chosen[field->index] = TRUE;
    }
  return TRUE;
}

/* All fields are written with what the record knows; named ones are written in any case, NULL too. */
static gboolean
add_chosen (YaraCompiler *compiler, gconstpointer record, const char *const *fields, const gboolean *chosen,
            GError **error)
{
  const YaraModelInfo *info = compiler->info;

  for (guint i = 0; i < info->n_fields; i++)
    if (chosen[i] && !add_column (compiler, record, &info->fields[i], fields == NULL, error))
      return FALSE;
  yara_shape_add_index (&compiler->shape, YARA_SHAPE_NO_FIELD);
  return TRUE;
}

gboolean
yara_compile_update_record (YaraSqlCache *cache, gconstpointer record, const char *const *fields,
                            YaraArena *arena, YaraStatement *statement, GError **error)
{
  gboolean *chosen = yara_arena_alloc (arena, cache->info->n_fields * sizeof *chosen);
  g_auto(YaraCompiler) compiler;

  *statement = (YaraStatement) { 0 };
  if (!yara_compiler_begin (&compiler, cache, arena, cache->info->n_fields, error) ||
      !choose_fields (cache->info, fields, chosen, error))
    return FALSE;
  yara_shape_add (&compiler.shape, YARA_SHAPE_UPDATE);
  if (!add_chosen (&compiler, record, fields, chosen, error))
    return FALSE;
  if (compiler.n_values == 0)
    return TRUE;
  if (!add_key_condition (&compiler, record, error))
    return FALSE;
  yara_shape_add (&compiler.shape, YARA_SHAPE_END);
  yara_compiler_finish (&compiler, YARA_ANSWER_COUNT, statement);
  return TRUE;
}

gboolean
yara_compile_delete_record (YaraSqlCache *cache, gconstpointer record, YaraArena *arena, YaraStatement *statement,
                            GError **error)
{
  g_auto(YaraCompiler) compiler;

  *statement = (YaraStatement) { 0 };
  if (!yara_compiler_begin (&compiler, cache, arena, 1, error))
    return FALSE;
  yara_shape_add (&compiler.shape, YARA_SHAPE_DELETE);
  if (!add_key_condition (&compiler, record, error))
    return FALSE;
  yara_shape_add (&compiler.shape, YARA_SHAPE_END);
  yara_compiler_finish (&compiler, YARA_ANSWER_COUNT, statement);
  return TRUE;
}

/* ---- the rows like a record ---- */

/* "field = value" for each of `fields`, or "field is NULL". */
static gboolean
add_likeness (YaraCompiler *compiler, gconstpointer record, const char *const *fields, GError **error)
{
  const YaraModelInfo *info = compiler->info;

  for (; *fields != NULL; fields++)
    {
      const YaraFieldInfo *field = yara_model_info_get (info, *fields, error);
      YaraValue *value;

      if (field == NULL)
        return FALSE;
      value = yara_compiler_add_value (compiler);
      if (!yara_field_get (info, field, record, value, error))
        return FALSE;
      if (value->kind == YARA_KIND_NULL)
        compiler->n_values--;
      yara_shape_add_condition (&compiler->shape,
                                value->kind == YARA_KIND_NULL ? YARA_LOOKUP_ISNULL : YARA_LOOKUP_EXACT,
                                field->index);
    }
  return TRUE;
}

static gboolean
bind_select_like (YaraCompiler *compiler, gconstpointer record, const char *const *fields, GError **error)
{
  YaraShape *shape = &compiler->shape;

  if (fields != NULL && fields[0] == NULL)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_FIELD, "%s: no fields are named to find the row by",
                   compiler->info->name);
      return FALSE;
    }
  yara_shape_add (shape, YARA_SHAPE_SELECT);
  yara_shape_add (shape, FALSE);
  yara_shape_add_index (shape, YARA_SHAPE_NO_FIELD);
  if (fields == NULL ? !add_key_condition (compiler, record, error)
                     : !add_likeness (compiler, record, fields, error))
    return FALSE;
  yara_shape_add (shape, YARA_SHAPE_END);
  yara_shape_add_index (shape, YARA_SHAPE_NO_FIELD);
  yara_shape_add (shape, fields == NULL ? 0 : YARA_SHAPE_LIMIT);
  if (fields != NULL)
    *yara_compiler_add_value (compiler) = yara_value_int (2);
  return TRUE;
}

gboolean
yara_compile_select_like (YaraSqlCache *cache, gconstpointer record, const char *const *fields, YaraArena *arena,
                          YaraStatement *statement, GError **error)
{
  g_auto(YaraCompiler) compiler;

  *statement = (YaraStatement) { 0 };
  if (!yara_compiler_begin (&compiler, cache, arena, 4, error) ||
      !bind_select_like (&compiler, record, fields, error))
    return FALSE;
  yara_compiler_finish (&compiler, YARA_ANSWER_RECORDS, statement);
  statement->is_read = TRUE;
  statement->max_rows = fields == NULL ? 1 : 2;
  return TRUE;
}
