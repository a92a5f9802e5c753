/* SPDX-License-Identifier: MIT
 * "route test --expect": comparing with the expectation file, and writing it. */
#include <stdio.h>
#include <string.h>

#include "routing/test.h"
#include "shell/output.h"

JsonArray *
route_test_compare (const RouteTest *test, const ProbeResult *result)
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

void
route_test_print_differences (JsonArray *differences)
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

Report *
route_test_report_differences (const RouteTest *test, guint n_differing, guint n_decisions)
{
  Report *report = report_new ("YO-R005");

  report_line (report, "plugin", "%s", test->router.plugin);
  report_line (report, "file", "%s", test->expect);
  report_line (report, "reason", "%u of %u decisions differ", n_differing, n_decisions);
  report_line (report, "hint", "if the new routing is right, write it down with --update");
  return report;
}

Report *
route_test_report_file (const RouteTest *test, const GError *error)
{
  Report *report = report_new ("YO-R006");

  report_line (report, "file", "%s", test->expect);
  report_line (report, "reason", "%s", error->message);
  if (g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT) && !test->update)
    report_line (report, "hint", "--update writes it");
  return report;
}

Report *
route_test_update (RouteTest *test, const ProbeResult *result)
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
  return expectation_save (test->expectation, test->expect, &error) ? NULL : route_test_report_file (test, error);
}
