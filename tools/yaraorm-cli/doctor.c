/* SPDX-License-Identifier: MIT
 * "doctor": one page for a report of a problem. No passwords. */
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "commands.h"
#include "configuration.h"
#include "options.h"
#include "output.h"
#include "ping-output.h"
#include "probe.h"

/* Microseconds for all databases. */
#define PING_TIMEOUT (5 * G_USEC_PER_SEC)

/* What was found out. */
typedef struct
{
  YaraConfig *config;
  char      **names;   /* of its connections */
  GPtrArray  *pings;
  GPtrArray  *reports; /* Report *: what is wrong */
} Findings;

static void
findings_clear (Findings *findings)
{
  yara_config_unref (findings->config);
  g_strfreev (findings->names);
  g_clear_pointer (&findings->pings, g_ptr_array_unref);
  g_clear_pointer (&findings->reports, g_ptr_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Findings, findings_clear)

static void
add (Findings *findings, Report *report)
{
  if (report != NULL)
    g_ptr_array_add (findings->reports, report);
}

/* Tries the plugin of the configuration in a child process. */
static Report *
check_plugin (YaraConfig *config)
{
  g_auto(RouterOptions) router = ROUTER_OPTIONS_INIT;
  g_autoptr(ProbeResult) result = NULL;

  if (yara_config_get_plugin (config) == NULL)
    return NULL;
  router.plugin = g_strdup (yara_config_get_plugin (config));
  router.args = g_strdup (yara_config_get_plugin_args (config));
  result = probe_run ("check", &router);
  return probe_result_report (result, router.plugin);
}

static void
examine (Findings *findings)
{
  Report *report = NULL;

  findings->reports = g_ptr_array_new_with_free_func ((GDestroyNotify) report_free);
  findings->config = configuration_load (&report);
  add (findings, report);
  if (findings->config == NULL)
    return;
  if (yara_config_get_warning (findings->config) != NULL)
    {
      report = report_new ("YO-C010");
      report_line (report, "reason", "%s", yara_config_get_warning (findings->config));
      add (findings, report);
    }
  add (findings, check_plugin (findings->config));
  findings->names = yara_config_list_connections (findings->config);
  findings->pings = ping_all (findings->config, (const char *const *) findings->names, PING_TIMEOUT);
  add (findings, ping_make_report (findings->pings));
}

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

static void
print_text (const Findings *findings)
{
  g_autofree char *system = describe_system (), *glib = describe_glib ();
  YaraConfig *config = findings->config;
  const char *path = config != NULL ? yara_config_get_path (config) : NULL;
  const char *plugin = config != NULL ? yara_config_get_plugin (config) : NULL;
  const char *rules = config != NULL && yara_config_get_rules (config) != NULL ? "rules" : "none";

  printf ("yaraorm        %s\nGLib           %s\nsystem         %s\n", YARAORM_VERSION, glib, system);
  printf ("configuration  %s\n", path != NULL ? path : config != NULL ? "the environment" : "cannot be used");
  printf ("router         %s\n", plugin != NULL ? plugin : rules);
  if (findings->pings != NULL)
    {
      puts ("");
      ping_print_table (findings->pings);
    }
  if (findings->reports->len == 0)
    puts ("\nall is well");
}

static void
print_document (const Findings *findings)
{
  g_autoptr(JsonObject) document = output_document_new (findings->reports->len == 0);
  g_autofree char *system = describe_system (), *glib = describe_glib ();
  YaraConfig *config = findings->config;
  const char *path = config != NULL ? yara_config_get_path (config) : NULL;
  JsonArray *problems = json_array_new ();

  json_object_set_string_member (document, "version", YARAORM_VERSION);
  json_object_set_string_member (document, "glib", glib);
  json_object_set_string_member (document, "system", system);
  if (path != NULL)
    json_object_set_string_member (document, "file", path);
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
