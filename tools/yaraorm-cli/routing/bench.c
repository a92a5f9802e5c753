/* SPDX-License-Identifier: MIT
 * "route bench": shows what a child process measured of a plugin's decisions. */
#include "routing/bench.h"

#include <stdio.h>
#include <string.h>

#include "probe/latency.h"
#include "probe/probe.h"
#include "routing/pair.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/interrupt.h"
#include "shell/output.h"

#define BENCH_COMMAND "route bench"
#define MAX_THREADS 256
#define USUAL_THREADS "1,2,4"

void
bench_options_clear (BenchOptions *bench)
{
  router_options_clear (&bench->router);
  g_free (bench->threads);
}

void
bench_options_add (BenchOptions *bench, Options *options)
{
  const GOptionEntry entries[] = {
    { "threads", 0, 0, G_OPTION_ARG_STRING, &bench->threads, "Numbers of threads (default: 1,2,4)", "N,N,N" },
    { NULL }
  };

  router_options_add (&bench->router, options, ROUTER_ARGS | ROUTER_PROGRAM | ROUTER_MODELS);
  options_add (options, entries);
}

/* Whether --threads is a list of numbers. */
static gboolean
take_counts (BenchOptions *bench, int *status)
{
  g_auto(GStrv) counts = g_strsplit (bench->threads != NULL ? bench->threads : USUAL_THREADS, ",", -1);

  for (char **count = counts; *count != NULL; count++)
    {
      guint64 number;

      if (bench->n_counts == BENCH_MAX_COUNTS
          || !g_ascii_string_to_unsigned (*count, 10, 1, MAX_THREADS, &number, NULL))
        {
          *status = options_wrong (BENCH_COMMAND, "--threads: want up to %d numbers of 1 to %d", BENCH_MAX_COUNTS,
                                   MAX_THREADS);
          return FALSE;
        }
      bench->counts[bench->n_counts++] = number;
    }
  if (bench->n_counts == 0)
    *status = options_wrong (BENCH_COMMAND, "--threads is empty");
  return bench->n_counts > 0;
}

gboolean
bench_options_take (BenchOptions *bench, char **arguments, int *status)
{
  g_autoptr(Report) report = NULL;
  g_autoptr(YaraConfig) config = configuration_load_if_any (&report);
  char **words = arguments + 1;

  if (report != NULL)
    {
      *status = report_print (report, NULL);
      return FALSE;
    }
  if (g_strv_length (words) > 1)
    {
      *status = options_wrong (BENCH_COMMAND, "one PLUGIN is wanted");
      return FALSE;
    }
  return route_pair_take_router (&bench->router, config, BENCH_COMMAND, *words, status)
         && take_counts (bench, status);
}

static void
print_table (const GPtrArray *lines, gboolean rules)
{
  const char *const headings[] = { "THREADS", "ROUTER", "MIN", "MEDIAN", "P99", "DECISIONS/S", NULL };
  struct libscols_table *table = output_table_new (headings, TRUE);

  for (guint i = 0; i < lines->len; i++)
    {
      JsonObject *line = lines->pdata[i];
      gboolean has_router;

      if (!json_object_has_member (line, "threads"))
        continue;
      has_router = json_object_get_boolean_member (line, "router");
      g_autofree char *threads = g_strdup_printf ("%d", (int) json_object_get_int_member (line, "threads"));
      g_autofree char *least = latency_format (json_object_get_double_member (line, "min_ns"));
      g_autofree char *median = latency_format (json_object_get_double_member (line, "median_ns"));
      g_autofree char *p99 = latency_format (json_object_get_double_member (line, "p99_ns"));
      g_autofree char *rate = g_strdup_printf ("%.1f million",
                                               json_object_get_int_member (line, "per_second") / 1e6);
      const char *router = !has_router ? "none" : rules ? "rules" : "plugin";
      const char *cells[] = { threads, router, least, median, p99, rate, NULL };

      output_table_add (table, cells, 1, STYLE_PLAIN);
    }
  output_table_print (table);
}

static int
show (const BenchOptions *bench, const ProbeResult *result)
{
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  JsonArray *results = json_array_new ();
  const char *sha256 = NULL;

  for (guint i = 0; i < result->lines->len; i++)
    if (json_object_has_member (result->lines->pdata[i], "threads"))
      json_array_add_object_element (results, json_object_ref (result->lines->pdata[i]));
    else
      sha256 = probe_get_text (result->lines->pdata[i], "sha256");
  json_object_set_string_member (document, "plugin", bench->router.plugin);
  json_object_set_string_member (document, "sha256", sha256);
  json_object_set_int_member (document, "rounds", BENCH_ROUNDS);
  json_object_set_array_member (document, "results", results);
  if (output_is_json ())
    output_document_print (document);
  else
    {
      printf ("router  %s", bench->router.plugin);
      if (sha256 != NULL)
        printf ("   sha256 %.12s", sha256);
      puts ("\n");
      print_table (result->lines, bench->router.rules);
      printf ("\none decision, over %d rounds of %.1f s\n", BENCH_ROUNDS, BENCH_ROUND_TIME / 1000.0);
    }
  return STATUS_DONE;
}

int
command_route_bench (char **arguments)
{
  g_auto(BenchOptions) bench = { .threads = NULL };
  g_autoptr(Options) options = options_new (BENCH_COMMAND, "[PLUGIN]");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(ProbeResult) asked = NULL, result = NULL;
  g_autoptr(Report) report = NULL;
  g_autofree char *threads = NULL;
  int status;

  bench_options_add (&bench, options);
  if (!options_parse (options, &words, &status) || !bench_options_take (&bench, words, &status))
    return status;
  /* Whatever is wrong with the plugin has a better name there. */
  asked = route_pair_ask (&bench.router, &report);
  if (report == NULL)
    report = route_pair_find_fault (&bench.router, asked);
  if (report != NULL)
    return report_print (report, NULL);
  threads = g_strconcat ("--threads=", bench.threads != NULL ? bench.threads : USUAL_THREADS, NULL);
  result = probe_run_long ("bench", &bench.router, (const char *const[]) { threads, NULL }, NULL,
                           (bench.n_counts + 2) * 20 * BENCH_ROUNDS * BENCH_ROUND_TIME * G_GINT64_CONSTANT (1000),
                           interrupt_get ());
  if (g_cancellable_is_cancelled (interrupt_get ()))
    return interrupt_report ();
  report = probe_result_report (result, bench.router.plugin);
  return report != NULL ? report_print (report, NULL) : show (&bench, result);
}
