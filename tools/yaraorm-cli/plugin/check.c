/* SPDX-License-Identifier: MIT
 * "plugin check": what the file tells, and what a child process found out by running the code. */
#include <stdio.h>
#include <string.h>

#include "plugin/check.h"
#include "plugin/file.h"
#include "probe/router-options.h"
#include "route/file.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/errors.h"
#include "shell/output.h"

#define CHECK_COMMAND "plugin check"

/* One line of the result; `id` NULL: all is well. */
static void
add_line (GPtrArray *lines, const char *check, const char *status, const char *id, const char *text)
{
  JsonObject *line = json_object_new ();

  json_object_set_string_member (line, "check", check);
  json_object_set_string_member (line, "status", status);
  json_object_set_string_member (line, "text", text);
  if (id != NULL)
    json_object_set_string_member (line, "id", id);
  g_ptr_array_add (lines, line);
}

/* What can be known before any code has run. `file` NULL: it cannot be read. */
static void
add_file (GPtrArray *lines, const PluginFile *file, const char *path, gboolean is_installed)
{
  g_autofree char *place = is_installed ? g_strconcat (path, ", ", NULL) : g_strdup ("");
  g_autofree char *text = NULL, *needed = NULL;

  if (file == NULL || (file->refusal != NULL && file->refusal->code != YARA_ROUTER_ERROR_MISSING_SYMBOL))
    return;
  text = g_strdup_printf ("%s%s, mode %04o, owner %s", place, file->form, file->mode, file->owner);
  needed = plugin_file_join (file->needed);
  add_line (lines, "file", "ok", NULL, text);
  add_line (lines, "needed", "ok", NULL, needed);
}

/* The functions of the contract among its exports. */
static void
add_symbols (GPtrArray *lines, const PluginFile *file)
{
  g_autofree char *text = plugin_file_describe_functions (file), *call = NULL;

  add_line (lines, "symbols", "ok", NULL, text);
  if (file->self_call == NULL)
    {
      add_line (lines, "self call", "ok", NULL, "no call of its own functions leaves the plugin");
      return;
    }
  call = g_strdup_printf ("calls its own %s through the symbol table; link with -Wl,-Bsymbolic", file->self_call);
  add_line (lines, "self call", "warn", "YO-P007", call);
}

/* The check that the child did not survive, or that the library made: (transfer full). */
static char *
name_last_step (const ProbeResult *result, const PluginFile *file)
{
  if (result->refused != NULL
      && json_object_get_int_member (result->refused, "code") == YARA_ROUTER_ERROR_MISSING_SYMBOL)
    return g_strdup ("symbols");
  if (file != NULL && file->refusal != NULL)
    return g_strdup ("file");
  if (result->refused != NULL || strcmp (result->at, "starting") == 0 || strcmp (result->at, "loading") == 0)
    return g_strdup ("load");
  if (strcmp (result->at, "unloading") == 0)
    return g_strdup ("unload");
  return g_strndup (result->at, strcspn (result->at, " "));
}

/* `model "User"`, from `db_for_read ("User")`: (transfer full) (nullable). */
static char *
describe_place (const char *at)
{
  const char *open = strchr (at, '('), *close = strrchr (at, ')');
  gboolean is_call = g_str_has_prefix (at, "db_for_");

  if (open == NULL || close == NULL)
    return NULL;
  return g_strdup_printf (", %s%.*s%s", is_call ? "model " : "", (int) (close - open - 1), open + 1, close + 1);
}

/* How the child came to its end: (transfer full). */
static char *
describe_end (const ProbeResult *result, const PluginFile *file)
{
  g_autofree char *signal = NULL, *place = describe_place (result->at);
  const char *tail = place != NULL ? place : "";

  if (result->refused != NULL)
    return g_strdup (file != NULL && file->refusal != NULL ? file->refusal->message
                                                           : probe_get_text (result->refused, "message"));
  if (result->end == PROBE_CRASHED)
    {
      signal = probe_describe_signal (result->status);
      return g_strdup_printf ("crashed, %s%s", signal, tail);
    }
  if (result->end == PROBE_EXITED)
    return g_strdup_printf ("ended the process, exit (%d)%s", result->status, tail);
  return g_strdup_printf ("did not come back, killed%s", tail);
}

/* All lines in their order: (transfer container). */
static GPtrArray *
list_lines (const ProbeResult *result, const PluginFile *file, const Report *report, const char *path,
            gboolean is_installed)
{
  GPtrArray *lines = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);

  add_file (lines, file, path, is_installed);
  for (guint i = 0; i < result->lines->len; i++)
    {
      g_ptr_array_add (lines, json_object_ref (result->lines->pdata[i]));
      if (i == 0 && file != NULL && file->refusal == NULL)
        add_symbols (lines, file); /* it is loaded */
    }
  if (report != NULL)
    {
      g_autofree char *check = name_last_step (result, file), *text = describe_end (result, file);

      add_line (lines, check, "fail", report_get_id (report), text);
    }
  return lines;
}

static void
print_table (const GPtrArray *lines)
{
  const char *const columns[] = { "CHECK", "STATUS", "RESULT", NULL };
  struct libscols_table *table = output_table_new (columns, FALSE);

  for (guint i = 0; i < lines->len; i++)
    {
      JsonObject *line = lines->pdata[i];
      const char *status = probe_get_text (line, "status"), *id = probe_get_text (line, "id");
      const char *result_text = probe_get_text (line, "text");
      gboolean ok = strcmp (status, "ok") == 0, failed = strcmp (status, "fail") == 0;
      g_autofree char *text = id != NULL ? g_strconcat (id, " ", result_text, NULL) : g_strdup (result_text);
      const char *cells[] = { probe_get_text (line, "check"), failed ? "FAIL" : status, text, NULL };

      output_table_add (table, cells, 1, ok ? STYLE_GREEN : failed ? STYLE_RED : STYLE_YELLOW);
    }
  output_table_print (table);
}

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
  report_line (report, "call", "%s %s", probe_get_text (line, "check"), probe_get_text (line, "text"));
  return report;
}

/* What to do about a failure: (transfer full). */
static char *
find_hint (const ProbeResult *result, const RouterOptions *router, Report *report)
{
  g_autoptr(JsonObject) object = report_to_json (report);
  const char *hint = probe_get_text (object, "hint");
  gboolean is_running = result->refused == NULL
                        && (result->end == PROBE_CRASHED || result->end == PROBE_TIMED_OUT);

  if (is_running)
    {
      g_autofree char *command = plugin_debug_describe (router);

      return g_strdup_printf ("%s   starts gdb at the call", command);
    }
  return hint != NULL ? g_strdup (hint) : g_strdup_printf ("yaraorm-cli help %s", report_get_id (report));
}

static JsonObject *
make_document (const GPtrArray *lines, const char *plugin)
{
  JsonObject *document = output_document_new (TRUE);
  JsonArray *checks = json_array_new ();

  json_object_set_string_member (document, "plugin", plugin);
  for (guint i = 0; i < lines->len; i++)
    json_array_add_object_element (checks, json_object_ref (lines->pdata[i]));
  json_object_set_array_member (document, "checks", checks);
  return document;
}

/* The lines are the result; what there is to say besides is the hint. */
static int
show (const RouterOptions *router, const ProbeResult *result, const GPtrArray *lines, Report *report)
{
  g_autoptr(JsonObject) document = make_document (lines, router->plugin);
  g_autofree char *hint = report != NULL ? find_hint (result, router, report) : NULL;

  if (output_is_json ())
    {
      if (hint != NULL)
        report_data (report, "hint", hint);
      if (report != NULL)
        report_print (report, document);
      else
        output_document_print (document);
    }
  else
    {
      print_table (lines);
      if (hint != NULL)
        output_words ("hint: %s", hint);
    }
  return report != NULL ? STATUS_PLUGIN : STATUS_DONE;
}

static int
check (const RouterOptions *router)
{
  g_autofree char *path = yara_router_file_find (router->plugin, NULL);
  g_autoptr(PluginFile) file = path != NULL ? plugin_file_read (path, NULL) : NULL;
  g_autoptr(ProbeResult) result = probe_run ("check", router);
  g_autoptr(Report) report = probe_result_report (result, router->plugin);
  g_autoptr(GPtrArray) lines = NULL;

  /* Nothing was looked at. */
  if (report != NULL && (result->end == PROBE_NOT_STARTED || (result->refused != NULL && file == NULL)))
    return report_print (report, NULL);
  lines = list_lines (result, file, report, path, strchr (router->plugin, '/') == NULL);
  if (report == NULL)
    report = report_failed_check (result, router->plugin);
  return show (router, result, lines, report);
}

int
command_plugin_check (char **arguments)
{
  g_auto(RouterOptions) router = ROUTER_OPTIONS_INIT;
  gboolean debug = FALSE;
  const GOptionEntry entries[] = {
    { "connections", 0, 0, G_OPTION_ARG_FILENAME, &router.connections,
      "Connections of the program; an answer that is none of them fails (default: any name will do)", "A,B,C" },
    { "debug", 0, 0, G_OPTION_ARG_NONE, &debug, "Run the same in gdb, which stops where the plugin crashes", NULL },
    { NULL }
  };
  g_autoptr(Options) options = options_new (CHECK_COMMAND, "PLUGIN");
  g_auto(GStrv) words = g_strdupv (arguments);
  int status;

  router_options_add (&router, options, ROUTER_ARGS);
  options_add (options, entries);
  if (!options_parse (options, &words, &status) || !router_options_check (&router, CHECK_COMMAND, words, &status))
    return status;
  return debug ? plugin_debug (&router) : check (&router);
}
