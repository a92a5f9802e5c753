/* SPDX-License-Identifier: MIT
 * "doctor": one page for a report of a problem. No passwords. */
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/utsname.h>

#include "database/ping-output.h"
#include "probe/probe.h"
#include "probe/router-options.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/output.h"

/* Microseconds for all databases. */
#define PING_TIMEOUT (5 * G_USEC_PER_SEC)

/* What was found out. */
typedef struct
{
  YaraConfig  *config;
  char       **variables; /* of the environment, that say something about connections */
  char       **names;     /* of its connections */
  ProbeResult *plugin;    /* the checks of the router's plugin; NULL: there is none */
  GPtrArray   *pings;
  GPtrArray   *reports;   /* Report *: what is wrong */
} Findings;

static void
findings_clear (Findings *findings)
{
  yara_config_unref (findings->config);
  g_strfreev (findings->variables);
  g_strfreev (findings->names);
  g_clear_pointer (&findings->plugin, probe_result_free);
  g_clear_pointer (&findings->pings, g_ptr_array_unref);
  g_clear_pointer (&findings->reports, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Findings, findings_clear)

/* ---- finding out ---- */

static void
add (Findings *findings, Report *report)
{
  if (report != NULL)
    g_ptr_array_add (findings->reports, report);
}

/* The error for the check that failed, NULL when none did: (transfer full). */
static Report *
report_failed_check (const ProbeResult *result, const char *plugin)
{
  for (guint i = 0; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      Report *report;

      if (g_strcmp0 (probe_get_text (line, "status"), "fail") != 0)
        continue;
      report = report_new (probe_get_text (line, "id"));
      report_line (report, "plugin", "%s", plugin);
      report_line (report, "call", "%s, %s", probe_get_text (line, "check"), probe_get_text (line, "text"));
      return report;
    }
  return NULL;
}

/* Tries the plugin of the configuration in a child process. */
static void
check_plugin (Findings *findings)
{
  g_auto(RouterOptions) router = ROUTER_OPTIONS_INIT;
  Report *report;

  if (yara_config_get_plugin (findings->config) == NULL)
    return;
  router.plugin = g_strdup (yara_config_get_plugin (findings->config));
  router.args = g_strdup (yara_config_get_plugin_args (findings->config));
  findings->plugin = probe_run ("check", &router);
  report = probe_result_report (findings->plugin, router.plugin);
  add (findings, report != NULL ? report : report_failed_check (findings->plugin, router.plugin));
}

static void
examine (Findings *findings)
{
  Report *report = NULL;

  findings->reports = g_ptr_array_new_with_free_func ((GDestroyNotify) report_free);
  findings->variables = configuration_list_variables ();
  findings->config = configuration_load (&report);
  add (findings, report);
  if (findings->config == NULL)
    return;
  add (findings, configuration_check_secrets (findings->config));
  check_plugin (findings);
  findings->names = yara_config_list_connections (findings->config);
  findings->pings = ping_all (findings->config, (const char *const *) findings->names, TRUE,
                              options_get_timeout (PING_TIMEOUT));
  add (findings, ping_make_report (findings->pings));
}

/* ---- this machine ---- */

/* "Linux 6.1.0 x86_64": (transfer full). */
static char *
describe_system (void)
{
  struct utsname names;

  if (uname (&names) != 0)
    return g_strdup ("unknown");
  return g_strjoin (" ", names.sysname, names.release, names.machine, NULL);
}

static char *
describe_glib (void)
{
  return g_strdup_printf ("%u.%u.%u", glib_major_version, glib_minor_version, glib_micro_version);
}

/* "1024 open files": (transfer full). */
static char *
describe_limits (void)
{
  struct rlimit files;

  if (getrlimit (RLIMIT_NOFILE, &files) != 0)
    return g_strdup ("unknown");
  return g_strdup_printf ("%" G_GUINT64_FORMAT " open files", (guint64) files.rlim_cur);
}

/* "Linux ..." and the like by their names: (transfer full). */
static JsonObject *
describe_machine (void)
{
  JsonObject *object = json_object_new ();
  g_autofree char *system = describe_system (), *glib = describe_glib (), *limits = describe_limits ();

  json_object_set_string_member (object, "yaraorm", YARAORM_VERSION);
  json_object_set_string_member (object, "GLib", glib);
  json_object_set_string_member (object, "system", system);
  json_object_set_string_member (object, "limits", limits);
  return object;
}

/* ---- the page ---- */

static void
print_fact (const char *label, const char *text)
{
  printf ("%-13s  %s\n", label, text);
}

static void
print_configuration (const Findings *findings)
{
  YaraConfig *config = findings->config;
  const char *path = config != NULL ? yara_config_get_path (config) : NULL;
  g_autofree char *variables = g_strjoinv (", ", findings->variables);
  g_autofree char *file = path != NULL ? g_strdup_printf ("%s (%s)", path, configuration_get_reason (path)) : NULL;

  print_fact ("configuration", file != NULL ? file : config != NULL ? "the environment" : "cannot be used");
  if (*variables != '\0')
    print_fact ("environment", variables);
}

/* The router, and what is to be said about its plugin. */
static void
print_router (const Findings *findings)
{
  YaraConfig *config = findings->config;
  const char *plugin = config != NULL ? yara_config_get_plugin (config) : NULL;
  const char *rules = config != NULL && yara_config_get_rules (config) != NULL ? "rules" : "none";
  guint n_good = 0;

  print_fact ("router", plugin != NULL ? plugin : rules);
  for (guint i = 0; findings->plugin != NULL && i < findings->plugin->lines->len; i++)
    {
      JsonObject *line = findings->plugin->lines->pdata[i];
      const char *id = probe_get_text (line, "id");
      g_autofree char *text = NULL;

      if (id == NULL)
        {
          n_good++;
          continue;
        }
      text = g_strdup_printf ("%s: %s %s", probe_get_text (line, "check"), id, probe_get_text (line, "text"));
      print_fact ("", text);
    }
  if (n_good > 0)
    printf ("%-13s  %u check%s passed\n", "", n_good, n_good == 1 ? "" : "s");
}

static void
print_details (const GPtrArray *pings)
{
  int width = 0;

  for (guint i = 0; i < pings->len; i++)
    width = MAX (width, (int) strlen (((const Ping *) pings->pdata[i])->name));
  puts ("");
  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];

      if (ping->details != NULL)
        printf ("%-*s  %s\n", width, ping->name, ping->details);
    }
}

static void
print_text (const Findings *findings)
{
  g_autoptr(JsonObject) machine = describe_machine ();
  g_autoptr(GList) labels = json_object_get_members (machine);

  for (const GList *label = labels; label != NULL; label = label->next)
    print_fact (label->data, json_object_get_string_member (machine, label->data));
  print_configuration (findings);
  print_router (findings);
  if (findings->pings != NULL)
    {
      puts ("");
      ping_print_table (findings->pings);
      print_details (findings->pings);
    }
  if (findings->reports->len == 0)
    puts ("\nall is well");
}

/* ---- the same as JSON ---- */

static void
add_configuration (JsonObject *document, const Findings *findings)
{
  YaraConfig *config = findings->config;
  const char *path = config != NULL ? yara_config_get_path (config) : NULL;
  JsonArray *variables = json_array_new ();

  if (path != NULL)
    {
      json_object_set_string_member (document, "file", path);
      json_object_set_string_member (document, "file_reason", configuration_get_reason (path));
    }
  for (char **variable = findings->variables; *variable != NULL; variable++)
    json_array_add_string_element (variables, *variable);
  json_object_set_array_member (document, "variables", variables);
}

static void
print_document (const Findings *findings)
{
  g_autoptr(JsonObject) document = output_document_new (findings->reports->len == 0);
  JsonArray *problems = json_array_new (), *checks = json_array_new ();

  json_object_set_string_member (document, "version", YARAORM_VERSION);
  json_object_set_object_member (document, "machine", describe_machine ());
  add_configuration (document, findings);
  for (guint i = 0; findings->plugin != NULL && i < findings->plugin->lines->len; i++)
    json_array_add_object_element (checks, json_object_ref (findings->plugin->lines->pdata[i]));
  json_object_set_array_member (document, "plugin_checks", checks);
  if (findings->pings != NULL)
    json_object_set_array_member (document, "connections", ping_make_array (findings->pings));
  for (guint i = 0; i < findings->reports->len; i++)
    json_array_add_object_element (problems, report_to_json (findings->reports->pdata[i]));
  json_object_set_array_member (document, "problems", problems);
  output_document_print (document);
}

int
command_doctor (char **arguments)
{
  g_auto(Findings) findings = { NULL };
  g_autoptr(Options) options = options_new ("doctor", NULL);
  g_auto(GStrv) words = g_strdupv (arguments);
  int status;

  if (!options_parse (options, &words, &status))
    return status;
  examine (&findings);
  if (output_is_json ())
    print_document (&findings);
  else
    {
      print_text (&findings);
      for (guint i = 0; i < findings.reports->len; i++)
        report_print (findings.reports->pdata[i], NULL);
    }
  return findings.reports->len > 0 ? STATUS_NO : STATUS_DONE;
}
