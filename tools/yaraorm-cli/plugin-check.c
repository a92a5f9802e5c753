/* SPDX-License-Identifier: MIT
 * "plugin check": shows what a child process found out about a plugin. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "errors.h"
#include "options.h"
#include "output.h"
#include "probe.h"

/* The error for a check that failed, NULL when none did: (transfer full). */
static Report *
report_failed_check (const ProbeResult *result, const char *plugin)
{
  JsonObject *line = result->lines->len > 0 ? result->lines->pdata[result->lines->len - 1] : NULL;
  Report *report;

  if (line == NULL || strcmp (probe_get_text (line, "status"), "fail") != 0)
    return NULL;
  report = report_new (probe_get_text (line, "id"));
  report_line (report, "plugin", "%s", plugin);
  report_line (report, "call", "%s, %s", probe_get_text (line, "check"), probe_get_text (line, "text"));
  report_line (report, "help", "yaraorm-cli help %s", report_get_id (report));
  return report;
}

/* The line of the step that the child did not survive. */
static void
add_last_step (ProbeResult *result, const Report *report)
{
  JsonObject *line = json_object_new ();
  const char *at = result->refused != NULL ? "loading" : result->at;
  gboolean loading = strcmp (at, "loading") == 0 || strcmp (at, "starting") == 0;
  g_autofree char *check = loading ? g_strdup ("load") : g_strndup (at, strcspn (at, " "));
  const char *text = error_kind_find (report_get_id (report))->title;

  json_object_set_string_member (line, "check", check);
  json_object_set_string_member (line, "status", "fail");
  json_object_set_string_member (line, "text", text);
  json_object_set_string_member (line, "id", report_get_id (report));
  g_ptr_array_add (result->lines, line);
}

static void
print_table (const ProbeResult *result)
{
  const char *const columns[] = { "CHECK", "STATUS", "RESULT", NULL };
  struct libscols_table *table = output_table_new (columns, FALSE);

  for (guint i = 0; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      const char *status = probe_get_text (line, "status"), *id = probe_get_text (line, "id");
      const char *result_text = probe_get_text (line, "text");
      gboolean ok = strcmp (status, "ok") == 0, failed = strcmp (status, "fail") == 0;
      g_autofree char *text = id != NULL ? g_strconcat (id, " ", result_text, NULL) : g_strdup (result_text);
      const char *cells[] = { probe_get_text (line, "check"), failed ? "FAIL" : status, text, NULL };

      output_table_add (table, cells, 1, ok ? STYLE_GREEN : failed ? STYLE_RED : STYLE_YELLOW);
    }
  output_table_print (table);
}

static JsonObject *
make_document (const ProbeResult *result, const char *plugin)
{
  JsonObject *document = output_document_new (TRUE);
  JsonArray *checks = json_array_new ();

  json_object_set_string_member (document, "plugin", plugin);
  for (guint i = 0; i < result->lines->len; i++)
    json_array_add_object_element (checks, json_object_ref (result->lines->pdata[i]));
  json_object_set_array_member (document, "checks", checks);
  return document;
}

int
command_plugin_check (char **arguments)
{
  g_auto(RouterOptions) router = ROUTER_OPTIONS_INIT;
  g_autoptr(Options) options = options_new ("plugin check", "PLUGIN");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(ProbeResult) result = NULL;
  g_autoptr(Report) report = NULL;
  g_autoptr(JsonObject) document = NULL;
  int status;

  router_options_add (&router, options, FALSE);
  if (!options_parse (options, &words, &status)
      || !router_options_check (&router, "plugin check", words, &status))
    return status;

  result = probe_run ("check", &router);
  report = probe_result_report (result, router.plugin);
  if (report != NULL && result->end != PROBE_NOT_STARTED)
    add_last_step (result, report);
  else if (report == NULL)
    report = report_failed_check (result, router.plugin);

  document = make_document (result, router.plugin);
  if (!output_is_json ())
    print_table (result);
  else if (report == NULL)
    output_document_print (document);
  return report != NULL ? report_print (report, document) : STATUS_DONE;
}
