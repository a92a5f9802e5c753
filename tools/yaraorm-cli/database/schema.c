/* SPDX-License-Identifier: MIT
 * Models, and the connections that their writes are routed to. */
#include "database/schema.h"

#include <string.h>

#include "database/database.h"
#include "probe/probe.h"
#include "shell/configuration.h"
#include "shell/interrupt.h"

void
schema_clear (Schema *schema)
{
  g_free (schema->library);
  g_clear_object (&schema->orm); /* before its models go */
  yara_config_unref (schema->config);
  if (schema->module != NULL)
    g_module_close (schema->module);
}

void
schema_add_options (Schema *schema, Options *options)
{
  const GOptionEntry entries[] = {
    { "models", 0, 0, G_OPTION_ARG_FILENAME, &schema->library,
      "Take the models from a library that exports yaraorm_models", "FILE" },
    { NULL }
  };

  options_add (options, entries);
}

/* ---- models ---- */

static Report *
load_library (Schema *schema)
{
  g_autofree char *path = g_canonicalize_filename (schema->library, NULL);
  g_autoptr(GError) error = NULL;
  YaraModelsFunc models = NULL;
  Report *report;

  schema->models = NULL;
  schema->module = g_module_open_full (path, G_MODULE_BIND_LOCAL, &error);
  if (schema->module != NULL && g_module_symbol (schema->module, "yaraorm_models", (gpointer *) &models))
    schema->models = models ();
  if (schema->models != NULL)
    return NULL;
  report = report_new ("YO-S002");
  report_line (report, "file", "%s", schema->library);
  report_line (report, "reason", "%s",
               error != NULL ? error->message : "it exports no function yaraorm_models, or that gave none");
  return report;
}

gboolean
schema_load (Schema *schema, Report **report)
{
  schema->config = configuration_load (report);
  if (schema->config == NULL)
    return FALSE;
  schema->models = yara_config_get_models (schema->config);
  if (schema->library != NULL)
    *report = load_library (schema);
  else if (schema->models[0] == NULL)
    {
      *report = report_new ("YO-S001");
      report_line (*report, "hint", "add [model NAME] groups to the configuration, or name a library with --models");
    }
  return *report == NULL;
}

/* ---- routing ---- */

/* A router made of a child's answers: model -> connection, for those about which it had an opinion. */
static const char *
answer (const YaraModel *model, const YaraHints *hints)
{
  return g_hash_table_lookup (hints->user_data, model->name);
}

/* The answers about writes; NULL with the error. */
static GHashTable *
take_answers (const ProbeResult *result, Report **report)
{
  GHashTable *answers = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  for (guint i = 1; i < result->lines->len && *report == NULL; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      const char *model = probe_get_text (line, "model"), *id = probe_get_text (line, "id");

      if (id != NULL || json_object_has_member (line, "varies"))
        {
          *report = report_new (id != NULL ? id : "YO-S003");
          report_line (*report, "model", "%s", model);
          report_line (*report, "help", "yaraorm-cli route test --op write");
        }
      else if (g_strcmp0 (probe_get_text (line, "reason"), "router") == 0)
        g_hash_table_insert (answers, g_strdup (model), g_strdup (probe_get_text (line, "connection")));
    }
  if (*report != NULL)
    g_clear_pointer (&answers, g_hash_table_unref);
  return answers;
}

/* Asks a child where the writes of the models go; NULL with the error. */
static GHashTable *
ask_router (const Schema *schema, const char *plugin, Report **report)
{
  g_auto(RouterOptions) router = ROUTER_OPTIONS_INIT;
  g_autoptr(GStrvBuilder) names = g_strv_builder_new ();
  g_autoptr(ProbeResult) result = NULL;

  for (const YaraModel *const *model = schema->models; *model != NULL; model++)
    g_strv_builder_add (names, (*model)->name);
  router.models = g_strv_builder_end (names);
  router.operation = g_strdup ("write");
  router_options_take (&router, schema->config, (char *[]) { (char *) "", (char *) plugin, NULL });
  if (plugin != NULL)
    router.plugin = g_strdup (plugin);
  if (router.plugin == NULL)
    return g_hash_table_new (g_str_hash, g_str_equal);
  result = probe_run (router.rules ? "rules" : "route", &router);
  *report = probe_result_report (result, router.plugin);
  return *report == NULL ? take_answers (result, report) : NULL;
}

static gboolean
prepare (const Schema *schema, YaraOrm *orm, GHashTable *answers, GError **error)
{
  g_auto(GStrv) names = yara_config_list_connections (schema->config);

  for (char **name = names; *name != NULL; name++)
    if (!yara_orm_add_connection (orm, *name, "sqlite::memory:", NULL, error))
      return FALSE;
  for (const YaraModel *const *model = schema->models; *model != NULL; model++)
    if (!yara_orm_register (orm, *model, error))
      return FALSE;
  return yara_orm_set_router_functions (orm, answer, answer, g_hash_table_ref (answers),
                                        (GDestroyNotify) g_hash_table_unref, error);
}

YaraOrm *
schema_route (const Schema *schema, const char *plugin, Report **report)
{
  g_autoptr(GHashTable) answers = ask_router (schema, plugin, report);
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraOrm) orm = NULL;
  YaraRoute route;

  if (answers == NULL)
    return NULL;
  orm = yara_orm_open ("sqlite::memory:", NULL, NULL, &error);
  if (orm != NULL && prepare (schema, orm, answers, &error))
    for (const YaraModel *const *model = schema->models; error == NULL && *model != NULL; model++)
      yara_orm_route (orm, *model, YARA_OPERATION_WRITE, &route, &error);
  if (error == NULL)
    return g_steal_pointer (&orm);
  *report = configuration_report ("YO-C001", error);
  return NULL;
}

const char *
schema_get_home (YaraOrm *orm, const YaraModel *model)
{
  YaraRoute route;
  gboolean routed = yara_orm_route (orm, model, YARA_OPERATION_WRITE, &route, NULL);

  g_assert (routed); /* schema_route() has tried */
  return yara_connection_get_name (route.connection);
}

/* Opens the databases that models are written on and that are there, or those that are not. */
static gboolean
open_homes (Schema *schema, gboolean exist, Report **report)
{
  g_autoptr(GHashTable) homes = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr(GError) error = NULL;
  GHashTableIter iter;
  const char *name;

  for (const YaraModel *const *model = schema->models; *model != NULL; model++)
    {
      name = schema_get_home (schema->orm, *model);
      if (database_exists (schema->config, name, NULL) == exist)
        g_hash_table_add (homes, (char *) name);
    }
  g_hash_table_iter_init (&iter, homes);
  while (g_hash_table_iter_next (&iter, (gpointer *) &name, NULL))
    if (!yara_orm_add_connection (schema->orm, name, yara_config_get_full_url (schema->config, name),
                                   interrupt_get_timed (), &error))
      {
        if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
          *report = database_report (name, error);
        return FALSE;
      }
  return TRUE;
}

gboolean
schema_open (Schema *schema, Report **report)
{
  schema->orm = schema_route (schema, NULL, report);
  return schema->orm != NULL && open_homes (schema, TRUE, report);
}

gboolean
schema_open_missing (Schema *schema, Report **report)
{
  return open_homes (schema, FALSE, report);
}

int
schema_fail (Report *report)
{
  return report != NULL ? report_print (report, NULL) : interrupt_report ();
}
