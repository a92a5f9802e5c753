/* SPDX-License-Identifier: MIT
 * The child of "route bench". Lines: {"sha256":HEX}, then for each number of threads {"threads","router",
 * "min_ns","median_ns","p99_ns","per_second"}; "router" is false for what deciding costs without one. */
#include <stdatomic.h>
#include <stdlib.h>

#include "probe/child.h"
#include "probe/latency.h"
#include "routing/bench.h"
#include "routing/pair.h"

/* Decisions between two readings of the clock. */
#define BATCH 64

typedef struct
{
  YaraOrm          *orm, *view; /* the view has the hints of the program */
  const YaraModel **models;
  guint             n_models;
  atomic_bool       is_over;
} Bench;

typedef struct
{
  Bench   *bench;
  GThread *thread;
  Latency  batches;
} Decider;

static gpointer
decide (gpointer data)
{
  Decider *decider = data;
  const Bench *bench = decider->bench;
  YaraRoute route;

  for (guint question = 0; !atomic_load (&bench->is_over);)
    {
      guint64 start = latency_now ();

      for (guint i = 0; i < BATCH; i++, question = (question + 1) % (2 * bench->n_models))
        yara_orm_route (bench->view, bench->models[question / 2], question % 2, &route, NULL);
      latency_add (&decider->batches, latency_now () - start, 0);
    }
  return NULL;
}

static int
compare (const void *a, const void *b)
{
  double left = *(const double *) a, right = *(const double *) b;

  return (left > right) - (left < right);
}

/* Nanoseconds of a decision, on average over a batch, that `share` of the batches do not exceed. */
static double
get_decision (const Latency *batches, double share)
{
  return (double) latency_quantile (batches, share) / BATCH;
}

/* One round; what a decision took usually. */
static double
run_round (Bench *bench, guint n_threads, Latency *all)
{
  g_autofree Decider *deciders = g_new0 (Decider, n_threads);
  g_autofree Latency *batches = g_new0 (Latency, 1);

  atomic_store (&bench->is_over, FALSE);
  for (guint i = 0; i < n_threads; i++)
    {
      deciders[i].bench = bench;
      deciders[i].thread = g_thread_new ("decider", decide, &deciders[i]);
    }
  g_usleep (BENCH_ROUND_TIME * 1000);
  atomic_store (&bench->is_over, TRUE);
  for (guint i = 0; i < n_threads; i++)
    {
      g_thread_join (deciders[i].thread);
      latency_merge (batches, &deciders[i].batches);
    }
  latency_merge (all, batches);
  return get_decision (batches, 0.5);
}

static void
measure (Bench *bench, guint n_threads, gboolean has_router)
{
  g_autofree Latency *batches = g_new0 (Latency, 1);
  JsonObject *line = json_object_new ();
  double rounds[BENCH_ROUNDS];
  guint64 start, taken;

  probe_at (10 * BENCH_ROUNDS * BENCH_ROUND_TIME, "measuring %u thread%s%s", n_threads, n_threads != 1 ? "s" : "",
            has_router ? "" : " without a router");
  start = latency_now ();
  for (guint i = 0; i < BENCH_ROUNDS; i++)
    rounds[i] = run_round (bench, n_threads, batches);
  taken = latency_now () - start;
  qsort (rounds, BENCH_ROUNDS, sizeof *rounds, compare);
  json_object_set_int_member (line, "threads", n_threads);
  json_object_set_boolean_member (line, "router", has_router);
  json_object_set_double_member (line, "min_ns", rounds[0]);
  json_object_set_double_member (line, "median_ns", rounds[BENCH_ROUNDS / 2]);
  json_object_set_double_member (line, "p99_ns", get_decision (batches, 0.99));
  json_object_set_int_member (line, "per_second", batches->n * BATCH * 1e9 / taken);
  probe_send (line);
}

static gboolean
prepare (Bench *bench, const BenchOptions *options, GError **error)
{
  bench->orm = probe_router_open_orm (&options->router, error);
  if (bench->orm == NULL)
    return FALSE;
  bench->view = probe_router_make_view (bench->orm, &options->router);
  bench->n_models = g_strv_length (options->router.models);
  bench->models = g_new0 (const YaraModel *, bench->n_models);
  for (guint i = 0; i < bench->n_models; i++)
    {
      bench->models[i] = probe_model_new (options->router.models[i]);
      if (!yara_orm_register (bench->orm, bench->models[i], error))
        return FALSE;
    }
  return TRUE;
}

static void
send_head (YaraOrm *orm)
{
  g_autoptr(YaraRouterInfo) info = yara_orm_get_router_info (orm);
  JsonObject *head = json_object_new ();

  json_object_set_string_member (head, "sha256", info->sha256);
  probe_send (head);
}

int
bench_child_main (char **arguments)
{
  g_auto(BenchOptions) options = { .threads = NULL };
  g_autoptr(Options) parser = options_new ("bench", "PLUGIN");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(GError) error = NULL;
  Bench bench = { .orm = NULL };
  int status;

  probe_confine (FALSE);
  bench_options_add (&options, parser);
  if (!options_parse (parser, &words, &status) || !bench_options_take (&options, words, &status))
    return status;
  probe_at (PROBE_CALL_LIMIT, "preparing");
  if (prepare (&bench, &options, &error))
    {
      measure (&bench, 1, FALSE);
      probe_at (PROBE_CALL_LIMIT, "loading");
      if (probe_router_put_in_force (&options.router, bench.orm, &error))
        {
          send_head (bench.orm);
          for (guint i = 0; i < options.n_counts; i++)
            measure (&bench, options.counts[i], TRUE);
        }
    }
  if (error != NULL)
    probe_refuse (error);
  probe_finish ();
}
