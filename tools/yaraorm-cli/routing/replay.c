/* SPDX-License-Identifier: MIT
 * "route replay": which of the decisions in a log another router would make differently. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe/probe.h"
#include "routing/log.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/interrupt.h"
#include "shell/output.h"

/* Microseconds for all of it; what hangs is noticed earlier. */
#define LIMIT (24 * G_TIME_SPAN_HOUR)

typedef struct
{
  RouterOptions router;
  const char   *path;
  FILE         *log; /* can be read again */
  LogSummary    summary;
} Replay;

static void
replay_clear (Replay *replay)
{
  router_options_clear (&replay->router);
  g_clear_pointer (&replay->log, fclose);
  log_summary_clear (&replay->summary);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Replay, replay_clear)

/* Reads the log once. It is sound then, and what is in it is known before the plugin's code runs. */
static Report *
read_log (Replay *replay)
{
  gboolean is_stdin = strcmp (replay->path, "-") == 0, is_stream;
  FILE *file = is_stdin ? stdin : fopen (replay->path, "re");
  g_autoptr(Report) report = NULL;

  if (file == NULL)
    return log_report_file (replay->path, errno);
  is_stream = is_stdin || lseek (fileno (file), 0, SEEK_CUR) < 0;
  replay->log = is_stream ? tmpfile () : file;
  report = replay->log != NULL ? log_summary_take (&replay->summary, replay->path, file, is_stream ? replay->log : NULL)
                               : log_report_file (replay->path, errno);
  if (is_stream && !is_stdin)
    fclose (file);
  if (report != NULL)
    return g_steal_pointer (&report);
  if (fseek (replay->log, 0, SEEK_SET) != 0 || lseek (fileno (replay->log), 0, SEEK_SET) != 0)
    return log_report_file (replay->path, errno);
  if (replay->summary.n_decisions > 0)
    return NULL;
  report = report_new ("YO-L003");
  report_line (report, "log", "%s", replay->path);
  return g_steal_pointer (&report);
}

/* What the answers of the log name is there, too. */
static void
add_connections (Replay *replay)
{
  g_autoptr(GList) names = g_list_sort (g_hash_table_get_keys (replay->summary.connections), (GCompareFunc) strcmp);
  g_autoptr(GString) all = g_string_new ("default");
  g_auto(GStrv) known = g_strsplit (replay->router.connections != NULL ? replay->router.connections : "", ",", -1);

  for (char **name = known; *name != NULL; name++)
    if (strcmp (*name, "default") != 0)
      g_string_append_printf (all, ",%s", *name);
  for (GList *name = names; name != NULL; name = name->next)
    if (strcmp (name->data, "default") != 0 && !g_strv_contains ((const char *const *) known, name->data))
      g_string_append_printf (all, ",%s", (char *) name->data);
  g_free (replay->router.connections);
  replay->router.connections = g_strdup (all->str);
}

/* ---- showing ---- */

static JsonObject *
get_last (const ProbeResult *result)
{
  return result->lines->pdata[result->lines->len - 1];
}

static void
add_row (struct libscols_table *table, const char *label, const char *text)
{
  if (text != NULL)
    output_table_add (table, (const char *[]) { label, text, NULL }, 1, STYLE_PLAIN);
}

static void
print_first (const Replay *replay, JsonObject *first)
{
  struct libscols_table *table = output_table_new ((const char *[]) { "", "", NULL }, FALSE);
  g_autoptr(GString) hints = NULL;

  if (json_object_has_member (first, "hints"))
    {
      JsonArray *array = json_object_get_array_member (first, "hints");

      hints = g_string_new (NULL);
      for (guint i = 0; i < json_array_get_length (array); i++)
        g_string_append_printf (hints, "%s%s", i > 0 ? ", " : "", json_array_get_string_element (array, i));
    }
  printf ("first difference: line %" G_GINT64_FORMAT " of %s\n", json_object_get_int_member (first, "line"),
          replay->path);
  add_row (table, "  model", probe_get_text (first, "model"));
  add_row (table, "  table", probe_get_text (first, "table"));
  add_row (table, "  own", probe_get_text (first, "own"));
  add_row (table, "  operation", probe_get_text (first, "op"));
  add_row (table, "  hints", hints != NULL ? hints->str : NULL);
  add_row (table, "  using", probe_get_text (first, "using"));
  add_row (table, "  transaction", probe_get_text (first, "transaction"));
  add_row (table, "  rule", probe_get_text (first, "rule"));
  add_row (table, "  was", probe_get_text (first, "was"));
  add_row (table, "  reason", probe_get_text (first, "was_reason"));
  add_row (table, "  becomes", probe_get_text (first, "becomes"));
  add_row (table, "  reason", probe_get_text (first, "becomes_reason"));
  output_table_print (table);
  printf ("\n");
}

/* Writes first; then by model and connections. */
static int
compare (gconstpointer a, gconstpointer b)
{
  static const char *const members[] = { "model", "was", "becomes" };
  JsonObject *first = *(JsonObject **) a, *second = *(JsonObject **) b;
  int order = strcmp (probe_get_text (second, "op"), probe_get_text (first, "op"));

  for (guint i = 0; i < G_N_ELEMENTS (members) && order == 0; i++)
    order = strcmp (probe_get_text (first, members[i]), probe_get_text (second, members[i]));
  return order;
}

/* The kinds of differences, sorted: (transfer container). */
static GPtrArray *
list_kinds (const ProbeResult *result)
{
  GPtrArray *kinds = g_ptr_array_new ();

  for (guint i = 0; i < result->lines->len; i++)
    if (json_object_has_member (result->lines->pdata[i], "count"))
      g_ptr_array_add (kinds, result->lines->pdata[i]);
  g_ptr_array_sort (kinds, compare);
  return kinds;
}

static void
print_kinds (const GPtrArray *kinds)
{
  const char *const headings[] = { "MODEL", "OP", "WAS", "BECOMES", "COUNT", NULL };
  struct libscols_table *table = output_table_new (headings, TRUE);

  for (guint i = 0; i < kinds->len; i++)
    {
      JsonObject *kind = kinds->pdata[i];
      g_autofree char *count = g_strdup_printf ("%" G_GINT64_FORMAT, json_object_get_int_member (kind, "count"));
      const char *becomes = probe_get_text (kind, "becomes");
      const char *cells[] = { probe_get_text (kind, "model"), probe_get_text (kind, "op"),
                              probe_get_text (kind, "was"), becomes, count, NULL };

      output_table_add (table, cells, 3, g_str_has_prefix (becomes, "refused") ? STYLE_RED : STYLE_YELLOW);
    }
  output_table_print (table);
}

static void
print_document (const Replay *replay, const ProbeResult *result, const GPtrArray *kinds)
{
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  JsonObject *first = result->lines->pdata[0], *last = get_last (result);
  JsonArray *differences = json_array_new ();

  json_object_set_string_member (document, "log", replay->path);
  json_object_set_string_member (document, "plugin", replay->router.plugin);
  json_object_set_int_member (document, "same", json_object_get_int_member (last, "same"));
  json_object_set_int_member (document, "different", json_object_get_int_member (last, "different"));
  if (json_object_has_member (first, "first"))
    json_object_set_object_member (document, "first", json_object_ref (json_object_get_object_member (first, "first")));
  for (guint i = 0; i < kinds->len; i++)
    json_array_add_object_element (differences, json_object_ref (kinds->pdata[i]));
  json_object_set_array_member (document, "differences", differences);
  output_document_print (document);
}

static int
show (const Replay *replay, const ProbeResult *result)
{
  JsonObject *first = result->lines->pdata[0], *last = get_last (result);
  g_autoptr(GPtrArray) kinds = NULL;
  g_autoptr(Report) report = NULL;

  if (json_object_has_member (last, "damaged"))
    {
      report = log_report_line (replay->path, json_object_get_int_member (last, "damaged"),
                                probe_get_text (last, "reason"));
      return report_print (report, NULL);
    }
  kinds = list_kinds (result);
  if (output_is_json ())
    print_document (replay, result, kinds);
  else
    {
      if (kinds->len > 0)
        {
          if (output_get_format () == FORMAT_TABLE) /* else there is one table */
            print_first (replay, json_object_get_object_member (first, "first"));
          print_kinds (kinds);
        }
      printf ("same=%" G_GINT64_FORMAT " different=%" G_GINT64_FORMAT "\n", json_object_get_int_member (last, "same"),
              json_object_get_int_member (last, "different"));
    }
  return kinds->len > 0 ? STATUS_NO : STATUS_DONE;
}

/* Takes LOG and PLUGIN, and the rest from the configuration. FALSE: the error was printed. */
static gboolean
take (Replay *replay, char **words, int *status)
{
  g_autoptr(YaraConfig) config = NULL;
  g_autoptr(Report) report = NULL;

  if (words[1] == NULL || *words[1] == '\0')
    {
      *status = options_wrong ("route replay", "LOG is missing");
      return FALSE;
    }
  replay->path = words[1];
  config = configuration_load_if_any (&report);
  if (report != NULL)
    {
      *status = report_print (report, NULL);
      return FALSE;
    }
  if (config != NULL)
    router_options_take (&replay->router, config, words + 1);
  g_clear_pointer (&replay->router.models, g_strfreev); /* those of the log */
  return router_options_check (&replay->router, "route replay", words + 1, status);
}

int
command_route_replay (char **arguments)
{
  g_auto(Replay) replay = { .log = NULL };
  const GOptionEntry entries[] = {
    { "connections", 0, 0, G_OPTION_ARG_FILENAME, &replay.router.connections,
      "Connections of the program (default: those of the configuration); those that the log names come to them",
      "A,B,C" },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("route replay", "LOG [PLUGIN]");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(ProbeResult) result = NULL;
  g_autoptr(Report) report = NULL;
  int status;

  router_options_add (&replay.router, options, ROUTER_ARGS);
  options_add (options, entries);
  if (!options_parse (options, &words, &status) || !take (&replay, words, &status))
    return status;
  report = read_log (&replay);
  if (report != NULL)
    return report_print (report, NULL);
  add_connections (&replay);
  probe_set_input (fileno (replay.log));
  result = probe_run_long (replay.router.rules ? "replay-rules" : "replay", &replay.router, NULL, NULL, LIMIT,
                           interrupt_get ());
  if (g_cancellable_is_cancelled (interrupt_get ()))
    return interrupt_report ();
  report = probe_result_report (result, replay.router.plugin);
  return report != NULL ? report_print (report, NULL) : show (&replay, result);
}
