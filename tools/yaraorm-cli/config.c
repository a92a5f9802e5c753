/* SPDX-License-Identifier: MIT
 * "config init", "config check", "config show" and "config path". */
#include <stdio.h>
#include <string.h>

#include "probe/probe.h"
#include "probe/router-options.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/output.h"

/* Parses a command without arguments and loads the configuration; NULL when there is nothing to do. */
static YaraConfig *
begin (const char *command, char **arguments, int *status)
{
  g_autoptr(Options) options = options_new (command, NULL);
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(Report) report = NULL;
  YaraConfig *config;

  if (!options_parse (options, &words, status))
    return NULL;
  config = configuration_load (&report);
  if (config == NULL)
    *status = report_print (report, NULL);
  return config;
}

/* ---- show ---- */

static const char *
get_source (YaraConfig *config)
{
  return yara_config_get_path (config) != NULL ? yara_config_get_path (config) : "the environment";
}

/* "replica (eu)", "2 rules" or "none": (transfer full). */
static char *
describe_router (YaraConfig *config)
{
  const char *plugin = yara_config_get_plugin (config), *args = yara_config_get_plugin_args (config);
  const char *const *rules = yara_config_get_rules (config);

  if (plugin != NULL)
    return args != NULL ? g_strdup_printf ("%s (%s)", plugin, args) : g_strdup (plugin);
  return rules != NULL ? g_strdup ("rules") : g_strdup ("none");
}

static void
show_connections (YaraConfig *config)
{
  const char *const headings[] = { "NAME", "BACKEND", "ROLE", "URL", NULL };
  struct libscols_table *table = output_table_new (headings, TRUE);
  g_auto(GStrv) names = yara_config_list_connections (config);

  for (char **name = names; *name != NULL; name++)
    {
      const char *cells[] = { *name, configuration_get_backend (config, *name), configuration_get_role (config, *name),
                              yara_config_get_url (config, *name), NULL };

      output_table_add (table, cells, 0, STYLE_PLAIN);
    }
  output_table_print (table);
}

static void
show_text (YaraConfig *config)
{
  const char *const *rules = yara_config_get_rules (config);
  const YaraModel *const *models = yara_config_get_models (config);
  g_autofree char *router = describe_router (config);

  printf ("file    %s\nrouter  %s\n", get_source (config), router);
  for (; rules != NULL && *rules != NULL; rules++)
    printf ("        %s\n", *rules);
  puts ("");
  show_connections (config);
  if (*models != NULL)
    puts ("");
  for (; *models != NULL; models++)
    printf ("model %s, table %s, %" G_GSIZE_FORMAT " field%s\n", (*models)->name, (*models)->table, (*models)->n_fields,
            (*models)->n_fields == 1 ? "" : "s");
}

static void
set_text (JsonObject *object, const char *member, const char *text)
{
  if (text != NULL && *text != '\0')
    json_object_set_string_member (object, member, text);
  else
    json_object_set_null_member (object, member);
}

static JsonArray *
list_connections (YaraConfig *config)
{
  g_auto(GStrv) names = yara_config_list_connections (config);
  JsonArray *array = json_array_new ();

  for (char **name = names; *name != NULL; name++)
    {
      JsonObject *object = json_object_new ();
      gint64 lag = yara_config_get_max_lag (config, *name);

      set_text (object, "name", *name);
      set_text (object, "backend", configuration_get_backend (config, *name));
      set_text (object, "role", configuration_get_role (config, *name));
      set_text (object, "url", yara_config_get_url (config, *name));
      if (lag >= 0)
        json_object_set_int_member (object, "max_lag_bytes", lag);
      json_array_add_object_element (array, object);
    }
  return array;
}

static JsonObject *
make_document (YaraConfig *config)
{
  JsonObject *document = output_document_new (TRUE);
  const char *const *rules = yara_config_get_rules (config);
  const YaraModel *const *models = yara_config_get_models (config);
  JsonArray *rule_array = json_array_new (), *model_array = json_array_new ();

  for (; rules != NULL && *rules != NULL; rules++)
    json_array_add_string_element (rule_array, *rules);
  for (; *models != NULL; models++)
    json_array_add_string_element (model_array, (*models)->name);
  set_text (document, "file", yara_config_get_path (config));
  json_object_set_array_member (document, "connections", list_connections (config));
  set_text (document, "plugin", yara_config_get_plugin (config));
  set_text (document, "args", yara_config_get_plugin_args (config));
  json_object_set_array_member (document, "rules", rule_array);
  json_object_set_array_member (document, "models", model_array);
  return document;
}

int
command_config_show (char **arguments)
{
  int status = STATUS_DONE;
  g_autoptr(YaraConfig) config = begin ("config show", arguments, &status);
  g_autoptr(JsonObject) document = NULL;

  if (config == NULL)
    return status;
  document = make_document (config);
  if (output_is_json ())
    output_document_print (document);
  else
    show_text (config);
  return STATUS_DONE;
}

/* ---- check ---- */

/* Loads the plugin in a child process; what is wrong with it: (transfer full) (nullable). */
static Report *
check_plugin (YaraConfig *config)
{
  g_auto(RouterOptions) router = ROUTER_OPTIONS_INIT;
  g_autoptr(ProbeResult) result = NULL;

  if (yara_config_get_plugin (config) == NULL)
    return NULL;
  router.plugin = g_strdup (yara_config_get_plugin (config));
  router.args = g_strdup (yara_config_get_plugin_args (config));
  router.models = g_new0 (char *, 1);
  result = probe_run ("route", &router);
  return probe_result_report (result, router.plugin);
}

int
command_config_check (char **arguments)
{
  int status = STATUS_DONE;
  g_autoptr(YaraConfig) config = begin ("config check", arguments, &status);
  g_autoptr(JsonObject) document = NULL;
  g_autoptr(Report) report = NULL;
  g_auto(GStrv) names = NULL;
  g_autofree char *router = NULL;

  if (config == NULL)
    return status;
  report = configuration_check_secrets (config);
  if (report == NULL)
    report = check_plugin (config);
  document = make_document (config);
  if (report != NULL)
    return report_print (report, document);
  if (output_is_json ())
    {
      output_document_print (document);
      return STATUS_DONE;
    }
  names = yara_config_list_connections (config);
  router = describe_router (config);
  printf ("%s is sound: %u connection%s, router %s\n", get_source (config), g_strv_length (names),
          names[1] == NULL ? "" : "s", router);
  return STATUS_DONE;
}

/* ---- path ---- */

/* Tells of the variables that give URLs; their names: (transfer full). */
static JsonArray *
trace_variables (void)
{
  g_auto(GStrv) names = configuration_list_variables ();
  JsonArray *array = json_array_new ();

  for (char **name = names; *name != NULL; name++)
    {
      gboolean is_default = strcmp (*name, "DATABASE_URL") == 0;

      json_array_add_string_element (array, *name);
      if (!output_is_json ())
        printf ("%s  %s\n", *name, is_default ? "is the URL of \"default\" when the file has none"
                                               : "is the URL of the connection it names, whatever the file says");
    }
  return array;
}

int
command_config_path (char **arguments)
{
  g_autoptr(Options) options = options_new ("config path", NULL);
  g_auto(GStrv) words = g_strdupv (arguments);
  g_auto(GStrv) places = NULL;
  g_autoptr(JsonObject) document = NULL;
  JsonArray *array = json_array_new ();
  const char *found = NULL;
  int status;

  if (!options_parse (options, &words, &status))
    {
      json_array_unref (array);
      return status;
    }
  if (options_get_config () != NULL)
    places = g_strdupv ((char *[]) { (char *) options_get_config (), NULL });
  else
    places = yara_config_list_places ();
  for (char **place = places; *place != NULL; place++)
    {
      gboolean exists = g_file_test (*place, G_FILE_TEST_EXISTS);

      json_array_add_string_element (array, *place);
      if (!output_is_json () && exists && found == NULL)
        printf ("%s  is used: it is %s\n", *place, configuration_get_reason (*place));
      else if (!output_is_json ())
        printf ("%s  %s\n", *place, exists ? "comes too late" : "is not there");
      if (exists && found == NULL)
        found = *place;
    }
  document = output_document_new (TRUE);
  set_text (document, "file", found);
  if (found != NULL)
    set_text (document, "reason", configuration_get_reason (found));
  json_object_set_array_member (document, "places", array);
  json_object_set_array_member (document, "variables", trace_variables ());
  if (output_is_json ())
    output_document_print (document);
  return STATUS_DONE;
}

/* ---- init ---- */

static int
write_file (const char *path, const char *url)
{
  g_autoptr(GBytes) template = g_resources_lookup_data ("/yaraorm-cli/templates/yaraorm.ini", 0, NULL);
  g_autoptr(GString) text = g_string_new_len (g_bytes_get_data (template, NULL), g_bytes_get_size (template));
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  g_autoptr(YaraConfig) config = NULL;
  g_autoptr(GError) error = NULL;

  g_string_replace (text, "@URL@", url, 1);
  if (!g_file_set_contents_full (path, text->str, text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0600, &error))
    {
      g_autoptr(Report) report = report_new ("YO-N003");

      report_line (report, "file", "%s", path);
      report_line (report, "reason", "%s", error->message);
      return report_print (report, NULL);
    }
  config = strstr (url, "${") == NULL ? yara_config_load (path, NULL, &error) : NULL; /* a variable may come later */
  if (error != NULL)
    {
      g_autoptr(Report) report = configuration_report ("YO-C001", error);

      remove (path);
      return report_print (report, NULL);
    }
  set_text (document, "file", path);
  if (output_is_json ())
    output_document_print (document);
  else
    printf ("wrote %s; now try:\n\n  yaraorm-cli config check\n  yaraorm-cli conn ping\n", path);
  return STATUS_DONE;
}

int
command_config_init (char **arguments)
{
  g_autofree char *url = NULL;
  const GOptionEntry entries[] = {
    { "url", 0, 0, G_OPTION_ARG_STRING, &url, "The URL of the connection \"default\" (default: sqlite:app.db)", "URL" },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("config init", "[FILE]");
  g_auto(GStrv) words = g_strdupv (arguments);
  const char *path;
  int status;

  options_add (options, entries);
  if (!options_parse (options, &words, &status))
    return status;
  if (words[1] != NULL && words[2] != NULL)
    return options_wrong ("config init", "one FILE is wanted");
  path = words[1] != NULL ? words[1] : options_get_config () != NULL ? options_get_config () : "yaraorm.ini";
  if (g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_autoptr(Report) report = report_new ("YO-C011");

      report_line (report, "file", "%s", path);
      report_line (report, "hint", "nothing was written; name another FILE");
      return report_print (report, NULL);
    }
  return write_file (path, url != NULL ? url : "sqlite:app.db");
}
