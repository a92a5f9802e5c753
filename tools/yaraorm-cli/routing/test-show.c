/* SPDX-License-Identifier: MIT
 * "route test": showing what was decided. */
#include <stdio.h>
#include <string.h>

#include "plugin/file.h"
#include "routing/fault.h"
#include "routing/test.h"
#include "shell/configuration.h"
#include "shell/output.h"

/* How much of a number that identifies a file is shown. */
#define SHORT_DIGITS 6

/* ---- what is known beside the decisions ---- */

/* Adds to each decision what is known of its connection. */
static void
add_places (const RoutePlaces *places, const ProbeResult *result)
{
  for (guint i = 1; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      const char *connection = probe_get_text (line, "connection"), *other;

      if (!route_places_has (places, connection))
        continue;
      other = route_places_get_disagreement (places, connection);
      json_object_set_string_member (line, "backend", configuration_get_backend (places->config, connection));
      json_object_set_string_member (line, "role",
                                     configuration_role_name (route_places_get_role (places, connection)));
      if (other != NULL)
        json_object_set_string_member (line, "configured_role", other);
    }
}

/* Marks the writes that go to a standby. */
static void
find_standby_writes (const RoutePlaces *places, const ProbeResult *result)
{
  for (guint i = 1; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      g_autofree char *all = probe_get_connections (line);
      g_auto(GStrv) names = g_strsplit (all != NULL ? all : "", ",", -1);

      if (strcmp (probe_get_text (line, "op"), "write") != 0 || probe_get_text (line, "id") != NULL)
        continue;
      for (char **name = names; *name != NULL; name++)
        if (route_places_has (places, *name) && route_places_get_role (places, *name) == YARA_ROLE_STANDBY)
          {
            json_object_set_string_member (line, "id", "YO-R004");
            json_object_set_string_member (line, "standby", *name);
          }
    }
}

/* ---- the error ---- */

static void
explain_standby_write (const RouteTest *test, JsonObject *decision, Report *report)
{
  const char *model = probe_get_text (decision, "model"), *op = probe_get_text (decision, "op");
  g_autofree char *other = route_places_find_writable (&test->places);

  report_line (report, "reason", "the %s says that \"%s\" is a standby",
               test->places.live != NULL ? "server" : "configuration", probe_get_text (decision, "standby"));
  if (other == NULL)
    report_line (report, "hint", "no connection of the configuration can be written on");
  else if (test->router.rules)
    report_line (report, "hint", "put the rule %s.%s=%s before the one that matches", model, op, other);
  else if (strcmp (other, "default") == 0 && probe_get_text (decision, "own") == NULL)
    report_line (report, "hint", "let db_for_%s(\"%s\") return NULL or \"default\"", op, model);
  else
    report_line (report, "hint", "let db_for_%s(\"%s\") return \"%s\"", op, model, other);
}

/* The error about the first bad decision, NULL when there is none: (transfer full). */
static Report *
make_report (const RouteTest *test, const ProbeResult *result, guint *n_bad)
{
  JsonObject *bad = NULL;
  Report *report;

  *n_bad = 0;
  for (guint i = 1; i < result->lines->len; i++)
    if (probe_get_text (result->lines->pdata[i], "id") != NULL && (*n_bad)++ == 0)
      bad = result->lines->pdata[i];
  if (bad == NULL)
    return NULL;
  report = route_fault_report (&test->router, bad);
  if (strcmp (report_get_id (report), "YO-R004") == 0)
    explain_standby_write (test, bad, report);
  return report;
}

/* ---- text ---- */

/* A number that identifies a file, cut: (transfer full). */
static char *
shorten (const char *digits)
{
  return g_strdup_printf ("%.*s%s", SHORT_DIGITS, digits, output_has_unicode () ? "…" : "");
}

/* The plugin, and by what its file is known. */
static void
print_head (const RouteTest *test, const ProbeResult *result)
{
  JsonObject *head = result->lines->pdata[0];
  g_autoptr(PluginFile) file = NULL;
  g_autofree char *exports = NULL, *number = NULL;

  if (test->router.rules)
    {
      printf ("router  rules of %s\n\n", yara_config_get_path (test->places.config));
      return;
    }
  file = plugin_file_read (probe_get_text (head, "router"), NULL);
  printf ("router  %s", test->router.plugin);
  if (file != NULL && file->abi != NULL)
    printf ("   abi %.*s", (int) (strlen (file->abi) - (g_str_has_suffix (file->abi, ".0") ? 2 : 0)), file->abi);
  number = shorten (file != NULL && file->build_id != NULL ? file->build_id : probe_get_text (head, "sha256"));
  printf ("   %s %s", file != NULL && file->build_id != NULL ? "build-id" : "sha256", number);
  exports = file != NULL ? plugin_file_describe_functions (file) : NULL;
  printf ("%s%s\n\n", exports != NULL ? "   exports " : "", exports != NULL ? exports : "");
}

/* What is to be said about a decision: (transfer full). */
static char *
make_note (JsonObject *line)
{
  const char *id = probe_get_text (line, "id"), *reason = probe_get_text (line, "reason");
  const char *configured = probe_get_text (line, "configured_role");
  g_autofree char *connections = NULL;
  GString *note = g_string_new (NULL);

  if (id != NULL)
    g_string_append_printf (note, "%s%s %s", output_has_unicode () ? "✗ " : "", id, error_kind_find (id)->title);
  else if (json_object_has_member (line, "varies"))
    {
      connections = probe_get_connections (line);
      g_string_append_printf (note, "in turn: %s", connections);
    }
  else if (strcmp (reason, "router") != 0)
    g_string_append (note, strcmp (reason, "model") == 0 ? "the model's own" : "fell back");
  if (configured != NULL)
    g_string_append_printf (note, "%sthe configuration says %s", note->len > 0 ? "; " : "", configured);
  return g_string_free (note, FALSE);
}

/* A member of a decision as a cell. */
static const char *
get_cell (JsonObject *line, const char *member, const char *absent)
{
  const char *text = probe_get_text (line, member);

  return text != NULL ? text : absent;
}

static void
print_table (const RouteTest *test, const ProbeResult *result)
{
  const char *const plain[] = { "MODEL", "OP", "ROUTER SAID", "CONNECTION", "NOTE", NULL };
  const char *const configured[] = { "MODEL", "OP", "ROUTER SAID", "CONNECTION", "BACKEND", "ROLE", "NOTE", NULL };
  gboolean has_places = test->places.config != NULL;
  struct libscols_table *table = output_table_new (has_places ? configured : plain, TRUE);

  for (guint i = 1; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      g_autofree char *note = make_note (line);
      const char *cells[8] = { probe_get_text (line, "model"), probe_get_text (line, "op"),
                               get_cell (line, "said", "NULL"), get_cell (line, "connection", "-") };
      gboolean is_bad = probe_get_text (line, "id") != NULL;
      guint n = 4;

      if (has_places)
        {
          cells[n++] = get_cell (line, "backend", "");
          cells[n++] = get_cell (line, "role", "");
        }
      cells[n] = note;
      output_table_add (table, cells, n, is_bad ? STYLE_RED : *note != '\0' ? STYLE_YELLOW : STYLE_PLAIN);
    }
  output_table_print (table);
}

static void
print_summary (const RouteTest *test, const ProbeResult *result, guint n_bad)
{
  guint n_decisions = result->lines->len - 1, n_varying = 0;
  gint64 time = 0;

  for (guint i = 1; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];

      time += json_object_get_int_member_with_default (line, "time_us", 0);
      n_varying += json_object_has_member (line, "varies");
    }
  printf ("\n%u decision%s in %.*f ms (run in %s process)", n_decisions, n_decisions == 1 ? "" : "s",
          time < 100 ? 2 : 1, time / 1000.0, test->in_process ? "this" : "a child");
  if (test->router.repeat > 0)
    printf (", each asked %d times", test->router.repeat);
  if (test->router.repeat > 0 && n_varying > 0)
    printf (": %u not deterministic", n_varying);
  if (n_bad > 0)
    printf (", %u problem%s", n_bad, n_bad == 1 ? "" : "s");
  else if (test->update)
    printf (", written to %s", test->expect);
  else if (test->expect != NULL)
    printf (", as expected by %s", test->expect);
  puts ("");
}

/* ---- all of it ---- */

/* Everything that was decided, as JSON. */
static JsonObject *
make_document (const RouteTest *test, const ProbeResult *result, JsonArray *differences)
{
  JsonObject *document = output_document_new (TRUE);
  JsonArray *decisions = json_array_new ();

  json_object_set_string_member (document, "plugin", test->router.plugin);
  if (!test->router.rules)
    json_object_set_string_member (document, "sha256", probe_get_text (result->lines->pdata[0], "sha256"));
  for (guint i = 1; i < result->lines->len; i++)
    json_array_add_object_element (decisions, json_object_ref (result->lines->pdata[i]));
  json_object_set_array_member (document, "decisions", decisions);
  if (differences != NULL)
    json_object_set_array_member (document, "differences", json_array_ref (differences));
  return document;
}

/* A write to a standby stands in the table; what to do about it is all that is left to say. */
static int
end (Report *report, JsonObject *document)
{
  g_autoptr(JsonObject) members = report_to_json (report);

  if (output_is_json () || strcmp (report_get_id (report), "YO-R004") != 0)
    return report_print (report, document);
  output_words ("hint: %s", probe_get_text (members, "hint"));
  return STATUS_NO;
}

int
route_test_show (RouteTest *test, const ProbeResult *result)
{
  guint n_bad;
  g_autoptr(Report) report = NULL;
  g_autoptr(JsonArray) differences = NULL;
  g_autoptr(JsonObject) document = NULL;

  add_places (&test->places, result);
  find_standby_writes (&test->places, result);
  report = make_report (test, result, &n_bad);
  if (report == NULL && test->update)
    report = route_test_update (test, result);
  else if (report == NULL && test->expect != NULL)
    {
      differences = route_test_compare (test, result);
      if (json_array_get_length (differences) > 0)
        report = route_test_report_differences (test, json_array_get_length (differences), result->lines->len - 1);
    }

  document = make_document (test, result, differences);
  if (!output_is_json ())
    {
      print_head (test, result);
      print_table (test, result);
      if (differences != NULL)
        route_test_print_differences (differences);
      if (report == NULL || n_bad > 0)
        print_summary (test, result, n_bad);
    }
  else if (report == NULL)
    output_document_print (document);
  return report != NULL ? end (report, document) : STATUS_DONE;
}
