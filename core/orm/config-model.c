/* SPDX-License-Identifier: MIT
 * The models of a configuration: descriptors of structs that no compiler has seen. */
#include "orm/config-model.h"

#include <string.h>

#include "base/text.h"
#include "model/model-info.h"

/* What a program would have written into its arrays, while it is collected. */
typedef struct
{
  YaraConfig           *config;
  const YaraConfigFile *file;
  const char           *group;
  YaraModel            *model;
  GArray               *fields;  /* YaraField */
  GArray               *indexes; /* YaraIndex */
  gsize                 size;    /* of the struct so far */
} Draft;

char *
yara_config_keep (YaraConfig *config, const char *text)
{
  gsize size = strlen (text) + 1;

  return memcpy (yara_arena_alloc (&config->arena, size), text, size);
}

static gpointer
keep_array (YaraConfig *config, const GArray *array)
{
  gsize size = array->len * g_array_get_element_size ((GArray *) array);

  return size > 0 ? memcpy (yara_arena_alloc (&config->arena, size), array->data, size) : NULL;
}

char *
yara_config_keep_value (YaraConfig *config, const YaraConfigFile *file, const char *group, const char *key)
{
  g_autofree char *value = yara_config_file_get (file, group, key);

  return value != NULL ? yara_config_keep (config, value) : NULL;
}

/* The model of a name, among those that were begun, or NULL. */
static YaraModel *
find_model (const YaraConfig *config, const char *name)
{
  for (guint i = 0; i < config->models->len; i++)
    if (strcmp (((YaraModel *) config->models->pdata[i])->name, name) == 0)
      return config->models->pdata[i];
  return NULL;
}

const YaraModel *
yara_config_find_model (const YaraConfig *config, const char *name, GError **error)
{
  g_autoptr (GPtrArray) names = NULL;
  g_autofree char      *quoted = NULL, *hint = NULL;
  const YaraModel      *model = find_model (config, name);

  if (model != NULL)
    return model;
  names = g_ptr_array_new ();
  for (guint i = 0; i < config->models->len; i++)
    g_ptr_array_add (names, (gpointer) ((YaraModel *) config->models->pdata[i])->name);
  g_ptr_array_add (names, NULL);
  quoted = yara_text_quote (name);
  hint = yara_text_did_you_mean (name, (const char *const *) names->pdata);
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, "there is no [model %s]%s", quoted, hint);
  return NULL;
}

/* ---- places in the struct ---- */

static gsize
place (Draft *draft, gsize size, gsize alignment)
{
  gsize offset = (draft->size + alignment - 1) / alignment * alignment;

  draft->size = offset + size;
  return offset;
}

#define PLACE(draft, field, Type) \
  ((field)->size = sizeof (Type), (field)->offset = place ((draft), sizeof (Type), _Alignof (Type)))

static void
place_field (Draft *draft, YaraField *field)
{
  gboolean tells_null = FALSE;

  switch (field->c_type)
    {
    case YARA_C_TYPE_BOOL:
      PLACE (draft, field, bool);
      break;
    case YARA_C_TYPE_INT16:
      PLACE (draft, field, gint16);
      break;
    case YARA_C_TYPE_INT32:
    case YARA_C_TYPE_UINT32:
      PLACE (draft, field, gint32);
      break;
    case YARA_C_TYPE_INT64:
      PLACE (draft, field, gint64);
      break;
    case YARA_C_TYPE_DOUBLE:
      PLACE (draft, field, double);
      break;
    case YARA_C_TYPE_TEXT:
      PLACE (draft, field, const char *);
      tells_null = TRUE;
      break;
    case YARA_C_TYPE_BYTES:
      PLACE (draft, field, YaraBytes);
      tells_null = TRUE;
      break;
    case YARA_C_TYPE_UUID:
      PLACE (draft, field, YaraUuid);
      tells_null = TRUE;
      break;
    }
  if (!tells_null && (field->nullable || field->default_sql != NULL))
    field->null_flag = place (draft, sizeof (bool), _Alignof (bool)) + 1;
}

/* ---- fields and indexes ---- */

static gboolean
add_field (Draft *draft, const char *key, GError **error)
{
  g_autofree char *text = yara_config_file_get (draft->file, draft->group, key);
  YaraField        field = { .name = yara_config_keep (draft->config, key + strlen ("field.")) };

  if (!yara_config_read_field (draft->config, text, &field, error))
    return yara_config_prefix (draft->file, draft->group, key, error);
  place_field (draft, &field);
  g_array_append_val (draft->fields, field);
  return TRUE;
}

/* "last, first; unique" */
static gboolean
add_index (Draft *draft, const char *key, GError **error)
{
  g_autofree char   *text = yara_config_file_get (draft->file, draft->group, key);
  g_auto (GStrv)     parts = g_strsplit (text, ";", -1);
  g_auto (GStrv)     names = g_strsplit (parts[0] != NULL ? parts[0] : "", ",", -1);
  g_autoptr (GArray) fields = g_array_new (TRUE, TRUE, sizeof (char *));
  YaraIndex          index = { .name = yara_config_keep (draft->config, key + strlen ("index.")) };

  for (char **name = names; *name != NULL; name++)
    {
      char *kept = yara_config_keep (draft->config, g_strstrip (*name));

      g_array_append_val (fields, kept);
    }
  for (char **part = parts; *part != NULL && *++part != NULL;)
    if (strcmp (g_strstrip (*part), "unique") == 0)
      index.unique = TRUE;
    else
      return yara_config_fail (draft->file, draft->group, key, error,
                               "an index is written FIELD, FIELD and \"; unique\"");
  g_array_set_size (fields, fields->len + 1); /* a NULL that is copied, too */
  index.fields = keep_array (draft->config, fields);
  g_array_append_val (draft->indexes, index);
  return TRUE;
}

static gboolean
fill_model (Draft *draft, GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (draft->file->groups, draft->group, NULL, NULL);
  YaraModel     *model = draft->model;

  for (char **key = keys; *key != NULL; key++)
    if ((g_str_has_prefix (*key, "field.") && !add_field (draft, *key, error)) ||
        (g_str_has_prefix (*key, "index.") && !add_index (draft, *key, error)))
      return FALSE;
  model->record_size = place (draft, 0, _Alignof (max_align_t));
  model->fields = keep_array (draft->config, draft->fields);
  model->n_fields = draft->fields->len;
  model->indexes = keep_array (draft->config, draft->indexes);
  model->n_indexes = draft->indexes->len;
  return TRUE;
}

/* Gives the model its name and its table, so that others can refer to it. */
static void
begin_model (YaraConfig *config, const YaraConfigFile *file, const char *group)
{
  YaraModel       *model = yara_arena_alloc (&config->arena, sizeof *model);
  const char      *name = group + strlen ("model ");
  g_autofree char *lower = g_utf8_strdown (name, -1);

  *model = (YaraModel) {
    .struct_size = sizeof *model,
    .name = yara_config_keep (config, name),
    .table = yara_config_keep_value (config, file, group, "table"),
    .connection = yara_config_keep_value (config, file, group, "connection"),
    .description = yara_config_keep_value (config, file, group, "description"),
  };
  if (model->table == NULL)
    model->table = yara_config_keep (config, lower);
  g_ptr_array_add (config->models, model);
}

static gboolean
finish_model (YaraConfig *config, const YaraConfigFile *file, const char *group, YaraModel *model, GError **error)
{
  g_autoptr (GArray) fields = g_array_new (FALSE, TRUE, sizeof (YaraField));
  g_autoptr (GArray) indexes = g_array_new (FALSE, TRUE, sizeof (YaraIndex));
  Draft              draft = { config, file, group, model, fields, indexes, 0 };

  return fill_model (&draft, error);
}

/* When all are finished: a model is checked with those that it refers to. */
static gboolean
check_model (const YaraConfig *config, const YaraConfigFile *file, const char *group, const YaraModel *model,
             GError **error)
{
  g_autofree const char   **names = yara_config_connection_names (config);
  g_autoptr (YaraModelInfo) info = NULL;

  if (model->connection != NULL && !g_strv_contains (names, model->connection))
    {
      g_autofree char *quoted = yara_text_quote (model->connection);
      g_autofree char *hint = yara_text_did_you_mean (model->connection, names);

      return yara_config_fail (file, group, "connection", error, "there is no [connection %s]%s", quoted, hint);
    }
  info = yara_model_info_new (model, error);
  return info != NULL || yara_config_prefix (file, group, NULL, error);
}

gboolean
yara_config_add_models (YaraConfig *config, const YaraConfigFile *file, GError **error)
{
  g_auto (GStrv) groups = yara_config_file_list (file, "model");

  config->models = g_ptr_array_new ();
  for (char **group = groups; *group != NULL; group++)
    begin_model (config, file, *group);
  for (guint i = 0; groups[i] != NULL; i++)
    if (!finish_model (config, file, groups[i], config->models->pdata[i], error))
      return FALSE;
  for (guint i = 0; groups[i] != NULL; i++)
    if (!check_model (config, file, groups[i], config->models->pdata[i], error))
      return FALSE;
  g_ptr_array_add (config->models, NULL);
  return TRUE;
}
