/* SPDX-License-Identifier: MIT
 * Model infos: made from a descriptor in steps, each of which checks what the next relies on. */
#include "model/model-info.h"

#include <string.h>
#include "base/error.h"
#include "base/text.h"
#include "model/model-check.h"

static gboolean
fill_field (YaraModelInfo *info, guint index, GError **error)
{
  const YaraField *field = &info->model->fields[index];
  const char      *problem = yara_model_name_problem (field->name);

  if (problem != NULL)
    return yara_model_fail (info->model, error, "the name of field %u %s", index + 1, problem);
  info->fields[index] = (YaraFieldInfo) {
    .field = field,
    .name = field->name,
    .column = field->column != NULL ? field->column : field->name,
    .index = index,
    .kind = yara_model_field_kind (field),
    .c_type = field->c_type,
    .offset = field->offset,
    .null_offset = field->null_flag > 0 ? field->null_flag - 1 : G_MAXSIZE,
  };
  info->has_auto_now |= field->auto_now || field->auto_now_add;
  return yara_model_check_field (info, &info->fields[index], error);
}

static gboolean
fill_fields (YaraModelInfo *info, GError **error)
{
  info->n_fields = info->model->n_fields;
  info->fields = yara_arena_alloc (&info->arena, info->n_fields * sizeof *info->fields);
  for (guint i = 0; i < info->n_fields; i++)
    if (!fill_field (info, i, error))
      return FALSE;
  return yara_model_check_fields (info, error);
}

static gboolean
fill_key (YaraModelInfo *info, GError **error)
{
  for (guint i = 0; i < info->n_fields; i++)
    if (info->fields[i].field->primary_key)
      {
        if (info->key != NULL)
          return yara_model_fail (info->model, error, "both %s and %s are primary keys; keep one", info->key->name,
                                  info->fields[i].name);
        info->key = &info->fields[i];
      }
  if (info->key == NULL)
    return yara_model_fail (info->model, error, "no field is the primary key");

  if (info->key->field->natural)
    info->key_maker = YARA_KEY_NATURAL;
  else if (info->key->kind == YARA_KIND_INT16 || info->key->kind == YARA_KIND_INT32 ||
           info->key->kind == YARA_KIND_INT64)
    info->key_maker = YARA_KEY_DATABASE;
  else if (info->key->kind == YARA_KIND_UUID)
    info->key_maker = YARA_KEY_LIBRARY;
  else
    info->key_maker = YARA_KEY_NATURAL;
  return TRUE;
}

static gboolean
fill_defaults (YaraModelInfo *info, GError **error)
{
  for (guint i = 0; i < info->n_fields; i++)
    if (!yara_model_parse_default (info, &info->fields[i], error))
      return FALSE;

  info->filled = yara_arena_alloc (&info->arena, info->n_fields * sizeof *info->filled);
  for (guint i = 0; i < info->n_fields; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];

      if (field->field->auto_now || field->field->auto_now_add || field->has_default)
        info->filled[info->n_filled++] = field;
    }
  return TRUE;
}

YaraModelInfo *
yara_model_info_new (const YaraModel *model, GError **error)
{
  g_autoptr (YaraModelInfo) info = NULL;

  if (!yara_model_check (model, error))
    return NULL;
  info = g_new0 (YaraModelInfo, 1);
  yara_arena_init (&info->arena);
  info->model = model;
  info->name = model->name;
  info->table = model->table;
  if (!fill_fields (info, error) || !fill_key (info, error) || !fill_defaults (info, error) ||
      !yara_model_make_indexes (info, error))
    return NULL;
  return g_steal_pointer (&info);
}

void
yara_model_info_free (YaraModelInfo *info)
{
  if (info == NULL)
    return;
  yara_arena_clear (&info->arena);
  g_free (info);
}

const YaraFieldInfo *
yara_model_info_find (const YaraModelInfo *info, const char *name, gsize length)
{
  for (guint i = 0; i < info->n_fields; i++)
    if (strncmp (info->fields[i].name, name, length) == 0 && info->fields[i].name[length] == '\0')
      return &info->fields[i];
  return NULL;
}

const YaraFieldInfo *
yara_model_info_get (const YaraModelInfo *info, const char *name, GError **error)
{
  const YaraFieldInfo    *field = yara_model_info_find (info, name, strlen (name));
  g_autofree const char **names = NULL;
  g_autofree char        *quoted = NULL, *hint = NULL;

  if (field != NULL)
    return field;
  names = g_new0 (const char *, info->n_fields + 1);
  for (guint i = 0; i < info->n_fields; i++)
    names[i] = info->fields[i].name;
  quoted = yara_text_quote (name);
  hint = yara_text_did_you_mean (name, names);
  g_set_error (error, YARA_ERROR, YARA_ERROR_FIELD, "%s has no field \"%s\"%s", info->name, quoted, hint);
  return NULL;
}
