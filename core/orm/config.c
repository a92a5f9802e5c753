/* SPDX-License-Identifier: MIT
 * The configuration: loading it, telling what it says, and opening an ORM with it. */
#include "orm/config.h"

#include <string.h>

#include "base/text.h"
#include "orm/threaded.h"
#include "route/rules.h"

G_DEFINE_BOXED_TYPE (YaraConfig, yara_config, yara_config_ref, yara_config_unref)

YaraConfig *
yara_config_ref (YaraConfig *config)
{
  g_return_val_if_fail (config != NULL, NULL);

  atomic_fetch_add (&config->n_references, 1);
  return config;
}

void
yara_config_unref (YaraConfig *config)
{
  if (config == NULL || atomic_fetch_sub (&config->n_references, 1) > 1)
    return;
  g_free (config->path);
  g_free (config->warning);
  g_clear_pointer (&config->connections, g_ptr_array_unref);
  g_free (config->plugin);
  g_free (config->plugin_args);
  g_clear_pointer (&config->rules, g_ptr_array_unref);
  g_clear_pointer (&config->models, g_ptr_array_unref);
  yara_arena_clear (&config->arena);
  g_free (config);
}

/* ---- loading ---- */

static gboolean
check_version (const YaraConfigFile *file, GError **error)
{
  g_autofree char *version = yara_config_file_get (file, "yaraorm", "version");

  if (version == NULL || strcmp (version, "1") == 0)
    return TRUE;
  return yara_config_fail (file, "yaraorm", "version", error, "this library knows version 1 only");
}

/* Cuts "PATTERN=TARGET" and adds it. */
static gboolean
add_rule (const YaraConfig *config, YaraRules *rules, const char *text, GError **error)
{
  g_autofree const char **names = yara_config_connection_names (config);
  const char             *equals = strchr (text, '=');
  g_autofree char        *pattern = g_strndup (text, equals - text);

  return yara_rules_add (rules, pattern, equals + 1, names, error);
}

static gboolean
load_rules (YaraConfig *config, const YaraConfigFile *file, GError **error)
{
  g_autoptr (YaraRules) rules = yara_rules_new ();
  g_auto (GStrv)        patterns = g_key_file_get_keys (file->groups, "route", NULL, NULL);

  config->rules = g_ptr_array_new_with_free_func (g_free);
  for (char **pattern = patterns; pattern != NULL && *pattern != NULL; pattern++)
    {
      g_autofree char *target = yara_config_file_get (file, "route", *pattern);

      g_ptr_array_add (config->rules, g_strconcat (*pattern, "=", target, NULL));
      if (!add_rule (config, rules, config->rules->pdata[config->rules->len - 1], error))
        return yara_config_prefix (file, "route", *pattern, error);
    }
  g_ptr_array_add (config->rules, NULL);
  return TRUE;
}

static gboolean
load_router (YaraConfig *config, const YaraConfigFile *file, GError **error)
{
  g_autofree char *plugin = yara_config_file_get (file, "router", "plugin");
  g_autofree char *unknown = yara_config_file_get (file, "router", "unknown");

  if (unknown != NULL && strcmp (unknown, "fail") != 0)
    return yara_config_fail (file, "router", "unknown", error,
                             "only fail is known: a router's answer that is no connection is an error");
  if (plugin != NULL && g_key_file_has_group (file->groups, "route"))
    return yara_config_fail (file, "router", "plugin", error, "there is a [route], too; keep one of them");
  if (plugin != NULL && *plugin == '\0')
    return yara_config_fail (file, "router", "plugin", error, "it is empty");
  if (plugin != NULL) /* with a slash it is a file, else it is looked up */
    config->plugin = strchr (plugin, '/') != NULL ? g_canonicalize_filename (plugin, file->folder) : g_strdup (plugin);
  config->plugin_args = yara_config_file_get (file, "router", "args");
  return load_rules (config, file, error);
}

YaraConfig *
yara_config_load (const char *path, const char *set, GError **error)
{
  g_auto (YaraConfigFile) file = { NULL };
  g_autoptr (YaraConfig)  config = g_new0 (YaraConfig, 1);

  atomic_init (&config->n_references, 1);
  yara_arena_init (&config->arena);
  if (!yara_config_file_load (&file, path, set, error) || !check_version (&file, error))
    return NULL;
  config->path = g_strdup (file.path);
  if (!yara_config_add_connections (config, &file, error) || !load_router (config, &file, error) ||
      !yara_config_add_models (config, &file, error))
    return NULL;
  return g_steal_pointer (&config);
}

/* ---- telling ---- */

const char *
yara_config_get_path (YaraConfig *config)
{
  g_return_val_if_fail (config != NULL, NULL);

  return config->path;
}

const char *
yara_config_get_warning (YaraConfig *config)
{
  g_return_val_if_fail (config != NULL, NULL);

  return config->warning;
}

char **
yara_config_list_connections (YaraConfig *config)
{
  g_autofree const char **names = NULL;

  g_return_val_if_fail (config != NULL, NULL);

  names = yara_config_connection_names (config);
  return g_strdupv ((char **) names);
}

static const YaraConfigConnection *
find_connection (const YaraConfig *config, const char *name)
{
  g_return_val_if_fail (config != NULL && name != NULL, NULL);

  for (guint i = 0; i < config->connections->len; i++)
    if (strcmp (((YaraConfigConnection *) config->connections->pdata[i])->name, name) == 0)
      return config->connections->pdata[i];
  g_return_val_if_reached (NULL); /* not one of the names */
}

const char *
yara_config_get_url (YaraConfig *config, const char *name)
{
  const YaraConfigConnection *connection = find_connection (config, name);

  return connection != NULL ? connection->shown_url : NULL;
}

const char *
yara_config_get_full_url (YaraConfig *config, const char *name)
{
  const YaraConfigConnection *connection = find_connection (config, name);

  return connection != NULL ? connection->url : NULL;
}

YaraRole
yara_config_get_role (YaraConfig *config, const char *name)
{
  const YaraConfigConnection *connection = find_connection (config, name);

  return connection != NULL ? connection->role : YARA_ROLE_UNKNOWN;
}

gint64
yara_config_get_max_lag (YaraConfig *config, const char *name)
{
  const YaraConfigConnection *connection = find_connection (config, name);

  return connection != NULL ? connection->max_lag : -1;
}

const char *
yara_config_get_plugin (YaraConfig *config)
{
  g_return_val_if_fail (config != NULL, NULL);

  return config->plugin;
}

const char *
yara_config_get_plugin_args (YaraConfig *config)
{
  g_return_val_if_fail (config != NULL, NULL);

  return config->plugin_args;
}

const char *const *
yara_config_get_rules (YaraConfig *config)
{
  g_return_val_if_fail (config != NULL, NULL);

  return config->rules->len > 1 ? (const char *const *) config->rules->pdata : NULL;
}

const YaraModel *const *
yara_config_get_models (YaraConfig *config)
{
  g_return_val_if_fail (config != NULL, NULL);

  return (const YaraModel *const *) config->models->pdata;
}

/* ---- opening ---- */

gboolean
yara_config_set_router (YaraConfig *config, YaraOrm *orm, GError **error)
{
  g_autoptr (YaraRules) rules = NULL;

  g_return_val_if_fail (config != NULL, FALSE);
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);

  if (config->rules->len == 1)
    return yara_orm_set_router (orm, config->plugin, config->plugin_args, NULL, error);
  rules = yara_rules_new ();
  for (guint i = 0; config->rules->pdata[i] != NULL; i++)
    if (!add_rule (config, rules, config->rules->pdata[i], error))
      return FALSE;
  return yara_orm_set_router_functions (orm, yara_rules_db_for_read, yara_rules_db_for_write,
                                        g_steal_pointer (&rules), (GDestroyNotify) yara_rules_free, error);
}

YaraOrm *
yara_orm_open_config (const char *path, const char *set, GCancellable *cancellable, GError **error)
{
  g_autoptr (YaraConfig) config = yara_config_load (path, set, error);
  g_autoptr (YaraOrm)    orm = NULL;

  if (config == NULL)
    return NULL;
  if (config->warning != NULL)
    g_warning ("%s", config->warning);
  for (guint i = 0; i < config->connections->len; i++)
    {
      const YaraConfigConnection *connection = config->connections->pdata[i];

      if (i == 0)
        orm = yara_orm_open (connection->url, NULL, cancellable, error);
      if (orm == NULL ||
          (i > 0 && !yara_orm_add_connection (orm, connection->name, connection->url, cancellable, error)))
        return NULL;
    }
  return yara_config_set_router (config, orm, error) ? g_steal_pointer (&orm) : NULL;
}

static gpointer
open_threaded (gpointer source, const char *path, const char *set, GCancellable *cancellable, GError **error)
{
  return yara_orm_open_config (path, set, cancellable, error);
}

void
yara_orm_open_config_async (const char *path, const char *set, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  yara_run_threaded (yara_orm_open_config_async, open_threaded, g_object_unref, NULL, path, set, cancellable, callback,
                     user_data);
}

YaraOrm *
yara_orm_open_config_finish (GAsyncResult *result, GError **error)
{
  return yara_finish_threaded (yara_orm_open_config_async, NULL, result, error);
}
