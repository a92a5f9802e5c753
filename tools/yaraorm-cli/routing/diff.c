/* SPDX-License-Identifier: MIT
 * "route diff": which decisions change when one router replaces another. */
#include <stdio.h>
#include <string.h>

#include "routing/pair.h"
#include "shell/commands.h"
#include "shell/output.h"

typedef struct
{
  RoutePair    pair;
  char        *models_from; /* path, or NULL */
  gboolean     exit_code;
  ProbeResult *results[2];
  guint        n_decisions, n_writes; /* that change */
} Diff;

static void
diff_clear (Diff *diff)
{
  route_pair_clear (&diff->pair);
  g_free (diff->models_from);
  for (guint i = 0; i < 2; i++)
    g_clear_pointer (&diff->results[i], probe_result_free);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Diff, diff_clear)

/* Where a decision goes, or the id of what is wrong with it: (transfer full). */
static char *
describe (const ProbeResult *result, guint i)
{
  JsonObject *line = result->lines->pdata[i];
  const char *id = probe_get_text (line, "id");

  return id != NULL ? g_strdup (id) : probe_get_connections (line);
}

/* Adds the decisions about `operation` that change, as {"model","op","was","becomes"}. */
static void
compare (Diff *diff, const char *operation, JsonArray *changes)
{
  for (guint i = 1; i < diff->results[0]->lines->len; i++)
    {
      JsonObject *line = diff->results[0]->lines->pdata[i], *change;
      g_autofree char *was = describe (diff->results[0], i);
      g_autofree char *becomes = describe (diff->results[1], i);

      if (strcmp (probe_get_text (line, "op"), operation) != 0)
        continue;
      diff->n_decisions++;
      if (strcmp (was, becomes) == 0)
        continue;
      change = json_object_new ();
      json_object_set_string_member (change, "model", probe_get_text (line, "model"));
      json_object_set_string_member (change, "op", operation);
      json_object_set_string_member (change, "was", was);
      json_object_set_string_member (change, "becomes", becomes);
      json_array_add_object_element (changes, change);
    }
}

static void
print_table (JsonArray *changes)
{
  const char *const headings[] = { "MODEL", "OP", "WAS", "BECOMES", NULL };
  struct libscols_table *table = output_table_new (headings, TRUE);

  for (guint i = 0; i < json_array_get_length (changes); i++)
    {
      JsonObject *change = json_array_get_object_element (changes, i);
      const char *becomes = probe_get_text (change, "becomes");
      const char *cells[] = { probe_get_text (change, "model"), probe_get_text (change, "op"),
                              probe_get_text (change, "was"), becomes, NULL };

      output_table_add (table, cells, 3, g_str_has_prefix (becomes, "YO-") ? STYLE_RED : STYLE_YELLOW);
    }
  output_table_print (table);
}

static int
show (Diff *diff)
{
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  g_autoptr(Report) report = route_pair_find_fault (&diff->pair.sides[1], diff->results[1]);
  JsonArray *changes = json_array_new ();
  guint n_changes;

  compare (diff, "write", changes);
  diff->n_writes = json_array_get_length (changes);
  compare (diff, "read", changes);
  n_changes = json_array_get_length (changes);
  json_object_set_string_member (document, "old", diff->pair.sides[0].plugin);
  json_object_set_string_member (document, "new", diff->pair.sides[1].plugin);
  json_object_set_int_member (document, "decisions", diff->n_decisions);
  json_object_set_int_member (document, "writes", diff->n_writes);
  json_object_set_array_member (document, "changes", changes);
  if (!output_is_json ())
    {
      if (n_changes > 0)
        print_table (changes);
      printf ("%u of %u decisions change%s; %u write%s\n", n_changes, diff->n_decisions, n_changes == 1 ? "s" : "",
              diff->n_writes, diff->n_writes == 1 ? " changes" : "s change");
    }
  if (report != NULL)
    return report_print (report, document);
  if (output_is_json ())
    output_document_print (document);
  return diff->exit_code && n_changes > 0 ? STATUS_NO : STATUS_DONE;
}

int
command_route_diff (char **arguments)
{
  g_auto(Diff) diff = { .models_from = NULL };
  const GOptionEntry entries[] = {
    { "models-from", 0, 0, G_OPTION_ARG_FILENAME, &diff.models_from,
      "Ask for the models named in FILE, one a line; - is standard input", "FILE" },
    { "exit-code", 0, 0, G_OPTION_ARG_NONE, &diff.exit_code, "Exit 1 when a decision changes", NULL },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("route diff", "[OLD] NEW");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(Report) report = NULL;
  int status;

  route_pair_add_options (&diff.pair, options, ROUTER_OPERATION | ROUTER_LIBRARY);
  options_add (options, entries);
  if (!options_parse (options, &words, &status))
    return status;
  if (diff.models_from != NULL)
    report = router_options_read_models (&diff.pair.sides[0], diff.models_from);
  if (report != NULL)
    return report_print (report, NULL);
  if (!route_pair_take (&diff.pair, "route diff", words, &status))
    return status;
  for (guint i = 0; i < 2 && report == NULL; i++)
    diff.results[i] = route_pair_ask (&diff.pair.sides[i], &report);
  return report != NULL ? report_print (report, NULL) : show (&diff);
}
