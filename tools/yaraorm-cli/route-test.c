/* SPDX-License-Identifier: MIT
 * "route test": shows what a router decides, and compares it with an expectation file. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "configuration.h"
#include "errors.h"
#include "expectation.h"
#include "options.h"
#include "output.h"
#include "probe.h"
#include "suggest.h"

typedef struct
{
  RouterOptions router;
  char         *expect; /* path, or NULL */
  gboolean      update;
  Expectation  *expectation; /* what is in the file; NULL: none, or not there yet */
  YaraConfig   *config;      /* or NULL */
} RouteTest;

static void
route_test_clear (RouteTest *test)
{
  router_options_clear (&test->router);
  g_free (test->expect);
  g_clear_pointer (&test->expectation, expectation_free);
  yara_config_unref (test->config);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RouteTest, route_test_clear)

static char *
make_note (JsonObject *line)
{
  const char *id = probe_get_text (line, "id");
  g_autofree char *connections = NULL;

  if (id != NULL)
    return g_strdup_printf ("%s %s", id, error_kind_find (id)->title);
  if (json_object_has_member (line, "varies"))
    {
      connections = probe_get_connections (line);
      return g_strconcat ("in turn: ", connections, NULL);
    }
  return g_strdup (strcmp (probe_get_text (line, "reason"), "router") == 0 ? "" : "fell back");
}

/* Whether the configuration knows the connection of a decision. */
static gboolean
is_configured (const RouteTest *test, const char *connection)
{
  g_auto(GStrv) names = test->config != NULL ? yara_config_list_connections (test->config) : NULL;

  return names != NULL && connection != NULL && g_strv_contains ((const char *const *) names, connection);
}

static void
print_table (const RouteTest *test, const ProbeResult *result)
{
  const char *const plain[] = { "MODEL", "OP", "ROUTER SAID", "CONNECTION", "NOTE", NULL };
  const char *const configured[] = { "MODEL", "OP", "ROUTER SAID", "CONNECTION", "BACKEND", "ROLE", "NOTE", NULL };
  struct libscols_table *table = output_table_new (test->config != NULL ? configured : plain, TRUE);

  for (guint i = 1; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      const char *said = probe_get_text (line, "said");
      const char *connection = probe_get_text (line, "connection");
      gboolean known = is_configured (test, connection);
      g_autofree char *note = make_note (line);
      const char *cells[8] = { probe_get_text (line, "model"), probe_get_text (line, "op"),
                               said != NULL ? said : "-", connection != NULL ? connection : "-" };
      gboolean is_bad = probe_get_text (line, "id") != NULL;
      Style style = is_bad ? STYLE_RED : *note != '\0' ? STYLE_YELLOW : STYLE_PLAIN;
      guint n = 4;

      if (test->config != NULL)
        {
          cells[n++] = known ? configuration_get_backend (test->config, connection) : "";
          cells[n++] = known ? configuration_get_role (test->config, connection) : "";
        }
      cells[n] = note;
      output_table_add (table, cells, n, style);
    }
  output_table_print (table);
}

/* Marks the writes that go to a standby. */
static void
find_standby_writes (const RouteTest *test, const ProbeResult *result)
{
  for (guint i = 1; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      g_autofree char *all = probe_get_connections (line);
      g_auto(GStrv) names = g_strsplit (all != NULL ? all : "", ",", -1);

      if (strcmp (probe_get_text (line, "op"), "write") != 0 || probe_get_text (line, "id") != NULL)
        continue;
      for (char **name = names; *name != NULL; name++)
        if (is_configured (test, *name) && yara_config_get_role (test->config, *name) == YARA_ROLE_STANDBY)
          {
            json_object_set_string_member (line, "id", "YO-R004");
            json_object_set_string_member (line, "standby", *name);
          }
    }
}

/* The error about the first bad decision, NULL when there is none: (transfer full). */
static Report *
make_report (const RouteTest *test, const ProbeResult *result, guint *n_bad)
{
  JsonObject *bad = NULL;
  const char *model, *op, *returned, *nearest;
  g_auto(GStrv) connections = router_options_list_connections (&test->router);
  g_autofree char *known = g_strjoinv (", ", connections);
  Report *report;

  *n_bad = 0;
  for (guint i = 1; i < result->lines->len; i++)
    if (probe_get_text (result->lines->pdata[i], "id") != NULL && (*n_bad)++ == 0)
      bad = result->lines->pdata[i];
  if (bad == NULL)
    return NULL;

  model = probe_get_text (bad, "model");
  op = probe_get_text (bad, "op");
  returned = probe_get_text (bad, "returned");
  report = report_new (probe_get_text (bad, "id"));
  report_line (report, "plugin", "%s", test->router.plugin);
  if (returned != NULL)
    report_line (report, "call", "db_for_%s (\"%s\") returned \"%s\"", op, model, returned);
  else
    report_line (report, "call", "db_for_%s (\"%s\")", op, model);
  report_data (report, "model", model);
  report_data (report, "op", op);
  if (returned != NULL)
    report_data (report, "returned", returned);
  if (returned != NULL && strcmp (report_get_id (report), "YO-R003") == 0)
    {
      nearest = suggest_nearest (returned, (const char *const *) connections);
      report_line (report, "known", "%s", known);
      if (nearest != NULL)
        report_line (report, "hint", "did you mean \"%s\"?", nearest);
      else
        report_line (report, "hint", "if the program has it: --connections %s,%s",
                     test->router.connections != NULL ? test->router.connections : "default", returned);
    }
  else if (strcmp (report_get_id (report), "YO-R004") == 0)
    {
      report_line (report, "reason", "the configuration says that \"%s\" is a standby",
                   probe_get_text (bad, "standby"));
      report_line (report, "hint", test->router.rules ? "let another rule match %s.%s first"
                   : "let db_for_write (\"%s\") return NULL or another connection", model, op);
    }
  else
    report_line (report, "help", "yaraorm-cli help %s", report_get_id (report));
  return report;
}

/* The decisions that are not as expected, as an array of {"model","op","expected","connection"}. */
static JsonArray *
compare (const RouteTest *test, const ProbeResult *result)
{
  JsonArray *differences = json_array_new ();

  for (guint i = 1; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      g_autofree char *connections = probe_get_connections (line);
      const char *model = probe_get_text (line, "model"), *op = probe_get_text (line, "op");
      const char *expected = expectation_get (test->expectation, model, op);
      JsonObject *difference;

      if (g_strcmp0 (expected, connections) == 0)
        continue;
      difference = json_object_new ();
      json_object_set_string_member (difference, "model", model);
      json_object_set_string_member (difference, "op", op);
      json_object_set_string_member (difference, "expected", expected);
      json_object_set_string_member (difference, "connection", connections);
      json_array_add_object_element (differences, difference);
    }
  return differences;
}

static void
print_differences (JsonArray *differences)
{
  if (json_array_get_length (differences) > 0)
    puts ("\nnot as expected (- expected, + decided):");
  for (guint i = 0; i < json_array_get_length (differences); i++)
    {
      JsonObject *difference = json_array_get_object_element (differences, i);
      const char *model = probe_get_text (difference, "model"), *op = probe_get_text (difference, "op");
      const char *expected = probe_get_text (difference, "expected");
      const char *connection = probe_get_text (difference, "connection");
      const char *wanted = expected != NULL ? expected : "(not in the file)";
      g_autofree char *was = g_strjoin (" ", "-", model, op, wanted, NULL);
      g_autofree char *is = g_strjoin (" ", "+", model, op, connection, NULL);

      output_styled (stdout, STYLE_RED, was);
      puts ("");
      output_styled (stdout, STYLE_GREEN, is);
      puts ("");
    }
}

static Report *
report_differences (const RouteTest *test, guint n_differing, guint n_decisions)
{
  Report *report = report_new ("YO-R005");

  report_line (report, "plugin", "%s", test->router.plugin);
  report_line (report, "file", "%s", test->expect);
  report_line (report, "reason", "%u of %u decisions differ", n_differing, n_decisions);
  report_line (report, "hint", "if the new routing is right, write it down with --update");
  return report;
}

static Report *
report_file (const RouteTest *test, const GError *error)
{
  Report *report = report_new ("YO-R006");

  report_line (report, "file", "%s", test->expect);
  report_line (report, "reason", "%s", error->message);
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT))
    report_line (report, "hint", "--update writes it");
  return report;
}

/* Writes what was decided; what the file says about other models stays. */
static Report *
update (RouteTest *test, const ProbeResult *result)
{
  g_autoptr(GError) error = NULL;

  if (test->expectation == NULL)
    test->expectation = expectation_new ();
  for (guint i = 1; i < result->lines->len; i++)
    {
      JsonObject *line = result->lines->pdata[i];
      g_autofree char *connections = probe_get_connections (line);

      expectation_set (test->expectation, probe_get_text (line, "model"), probe_get_text (line, "op"),
                       connections);
    }
  return expectation_save (test->expectation, test->expect, &error) ? NULL : report_file (test, error);
}

static void
print_summary (const RouteTest *test, guint n_decisions, guint n_bad)
{
  printf ("\n%u decision%s, made in a child process", n_decisions, n_decisions == 1 ? "" : "s");
  if (n_bad > 0)
    printf (", %u bad", n_bad);
  else if (test->update)
    printf (", written to %s", test->expect);
  else if (test->expect != NULL)
    printf (", as expected by %s", test->expect);
  puts ("");
}

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

static void
print_head (const RouteTest *test, const ProbeResult *result)
{
  if (test->router.rules)
    printf ("router  rules of %s\n\n", yara_config_get_path (test->config));
  else
    printf ("router  %s   sha256 %.12s\n\n", test->router.plugin,
            probe_get_text (result->lines->pdata[0], "sha256"));
}

/* Shows a result of a child that came to its end. */
static int
show (RouteTest *test, const ProbeResult *result)
{
  guint n_bad, n_decisions = result->lines->len - 1;
  g_autoptr(Report) report = make_report (test, result, &n_bad);
  g_autoptr(JsonArray) differences = NULL;
  g_autoptr(JsonObject) document = NULL;

  if (report == NULL && test->update)
    report = update (test, result);
  else if (report == NULL && test->expect != NULL)
    {
      differences = compare (test, result);
      if (json_array_get_length (differences) > 0)
        report = report_differences (test, json_array_get_length (differences), n_decisions);
    }

  document = make_document (test, result, differences);
  if (output_is_json ())
    {
      if (report == NULL)
        output_document_print (document);
    }
  else
    {
      print_head (test, result);
      print_table (test, result);
      if (differences != NULL)
        print_differences (differences);
      if (report == NULL || n_bad > 0)
        print_summary (test, n_decisions, n_bad);
    }
  return report != NULL ? report_print (report, document) : STATUS_DONE;
}

/* Reads the expectation file, and takes the models from it when none are named. */
static Report *
load_expectation (RouteTest *test)
{
  g_autoptr(GError) error = NULL;

  if (test->expect != NULL)
    test->expectation = expectation_load (test->expect, &error);
  if (error != NULL && !(test->update && g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT)))
    return report_file (test, error);
  if (test->router.models == NULL && test->expectation != NULL)
    test->router.models = expectation_list_models (test->expectation);
  if (test->router.models == NULL || test->router.models[0] == NULL)
    {
      g_strfreev (test->router.models);
      test->router.models = g_strsplit ("User,Event,Snapshot", ",", -1);
    }
  return NULL;
}

/* What the configuration knows comes after the options and before what is usual. */
static gboolean
load_configuration (RouteTest *test, char **words, Report **report)
{
  gboolean own_models = test->router.models != NULL;

  test->config = configuration_load_if_any (report);
  if (*report != NULL || test->config == NULL)
    return *report == NULL;
  router_options_take (&test->router, test->config, words);
  if (!own_models && test->expect != NULL && !test->update)
    g_clear_pointer (&test->router.models, g_strfreev); /* those of the file */
  return TRUE;
}

int
command_route_test (char **arguments)
{
  g_auto(RouteTest) test = { 0 };
  const GOptionEntry entries[] = {
    { "expect", 0, 0, G_OPTION_ARG_FILENAME, &test.expect,
      "Compare with FILE; exit 1 when something differs", "FILE" },
    { "update", 0, 0, G_OPTION_ARG_NONE, &test.update, "Write FILE instead of comparing", NULL },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("route test", "[PLUGIN]");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(ProbeResult) result = NULL;
  g_autoptr(Report) report = NULL;
  int status;

  router_options_add (&test.router, options, TRUE);
  options_add (options, entries);
  if (!options_parse (options, &words, &status))
    return status;
  if (test.update && test.expect == NULL)
    return options_wrong ("route test", "--update needs --expect FILE, which it writes");
  if (!load_configuration (&test, words, &report))
    return report_print (report, NULL);
  if (!router_options_check (&test.router, "route test", words, &status))
    return status;

  report = load_expectation (&test);
  if (report == NULL)
    {
      result = probe_run (test.router.rules ? "rules" : "route", &test.router);
      report = probe_result_report (result, test.router.plugin);
    }
  if (report == NULL)
    find_standby_writes (&test, result);
  return report != NULL ? report_print (report, NULL) : show (&test, result);
}
