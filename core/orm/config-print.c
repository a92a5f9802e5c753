/* SPDX-License-Identifier: MIT
 * The way back: registered models as groups of the configuration file. */
#include "orm/config-model.h"

#include <string.h>

#include "orm/engine.h"

gboolean
yara_config_can_hold (const char *text, const char *others)
{
  gsize length = strlen (text);

  for (const char *c = text; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c) || strchr (others, *c) != NULL)
      return FALSE;
  return g_utf8_validate (text, length, NULL) &&
         (length == 0 || (!g_ascii_isspace (text[0]) && !g_ascii_isspace (text[length - 1])));
}

/* "NAME=VALUE", or a comment. `value` may be NULL. */
static void
print_key (GString *text, const char *name, const char *value)
{
  if (value == NULL)
    return;
  if (yara_config_can_hold (value, ""))
    g_string_append_printf (text, "%s=%s\n", name, value);
  else
    g_string_append_printf (text, "# the %s is one that the file cannot hold\n", name);
}

static void
print_index (GString *text, const YaraIndexInfo *index)
{
  gboolean can_hold = yara_config_can_hold (index->name, "=[]");

  for (guint i = 0; i < index->n_fields; i++)
    can_hold = can_hold && yara_config_can_hold (index->fields[i]->name, ";,");
  if (!can_hold)
    {
      g_string_append (text, "# an index is left out: the file cannot hold its name, or that of a field\n");
      return;
    }
  g_string_append_printf (text, "index.%s=", index->name);
  for (guint i = 0; i < index->n_fields; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? ", " : "", index->fields[i]->name);
  g_string_append (text, index->unique ? "; unique\n" : "\n");
}

static void
print_model (GString *text, const YaraModelInfo *info, const YaraModel *const *models)
{
  const YaraModel *model = info->model;

  if (!yara_config_can_hold (info->name, "[] "))
    {
      g_string_append_printf (text, "# the model \"%s\" is left out: the file cannot hold its name\n", info->name);
      return;
    }
  g_string_append_printf (text, "[model %s]\n", info->name);
  print_key (text, "table", info->table);
  print_key (text, "connection", model->connection);
  print_key (text, "description", model->description);
  for (guint i = 0; i < info->n_fields; i++)
    if (yara_config_can_hold (info->fields[i].name, "=[]"))
      yara_config_print_field (text, &info->fields[i], models);
    else
      g_string_append_printf (text, "# the field \"%s\" is left out: the file cannot hold its name\n",
                              info->fields[i].name);
  /* Those of single fields come first; they are an option of the field. */
  for (guint i = info->n_indexes - model->n_indexes; i < info->n_indexes; i++)
    print_index (text, &info->indexes[i]);
}

char *
yara_orm_print_models (YaraOrm *orm)
{
  g_autofree const YaraModel **models = NULL;
  GPtrArray                   *order;
  GString                     *text;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  models = yara_engine_list_models (orm->engine);
  order = orm->engine->model_order;
  text = g_string_new (NULL);
  for (guint i = 0; i < order->len; i++)
    {
      if (i > 0)
        g_string_append_c (text, '\n');
      print_model (text, ((YaraRegisteredModel *) order->pdata[i])->info, models);
    }
  return g_string_free (text, FALSE);
}
