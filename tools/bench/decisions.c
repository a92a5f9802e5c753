/* SPDX-License-Identifier: MIT
 * What it costs to decide where a statement goes, in four situations. Time is the CPU time of the
 * deciding thread, so that another thread on the same core does not count.
 *
 * decisions PLUGIN ROUNDS    prints "situation<TAB>nanoseconds" for every round; PLUGIN is replica.so */
#include "bench.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <time.h>
#include <yaraorm/yaraorm.h>

#define DECISIONS 500000 /* a round; long enough for a hundred swaps */

typedef struct
{
  gint64 id;
} Row;

static const YaraField row_fields[] = { YARA_FIELD (Row, id, .primary_key = true) };
static const YaraModel row_model = YARA_MODEL (Row, "bench", row_fields);

static YaraOrm *orm;
static const char *plugin;

static void
expect (gboolean succeeded, GError *error)
{
  if (!succeeded)
    bench_fail ("yaraorm: %s", error != NULL ? error->message : "wrong result");
}

static void
set_plugin (void)
{
  g_autoptr(GError) error = NULL;

  expect (yara_orm_set_router (orm, plugin, NULL, NULL, &error), error);
}

static double
nanoseconds_per_decision (const char *wanted)
{
  YaraConnection *connection = yara_orm_get_connection (orm, wanted, NULL);
  struct timespec start, end;

  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &start);
  for (int i = 0; i < DECISIONS; i++)
    {
      g_autoptr(GError) error = NULL;
      YaraRoute route;

      expect (yara_orm_route (orm, &row_model, YARA_OPERATION_READ, &route, &error), error);
      bench_check (route.connection == connection, "route");
    }
  clock_gettime (CLOCK_THREAD_CPUTIME_ID, &end);
  return ((end.tv_sec - start.tv_sec) * 1e9 + (end.tv_nsec - start.tv_nsec)) / DECISIONS;
}

static void
report (const char *situation, double nanoseconds)
{
  g_print ("%s\t%.3f\n", situation, nanoseconds);
}

static const char *
answer_replica (const YaraModel *model, const YaraHints *hints)
{
  return "replica";
}

static atomic_bool swapping;

static gpointer
swap_every_millisecond (gpointer n_swaps)
{
  while (atomic_load (&swapping))
    {
      set_plugin ();
      ++*(unsigned *) n_swaps;
      g_usleep (1000);
    }
  return NULL;
}

static double
measure_while_swapping (void)
{
  unsigned n_swaps = 0;
  GThread *thread;
  double nanoseconds;

  atomic_store (&swapping, true);
  thread = g_thread_new ("swapper", swap_every_millisecond, &n_swaps);
  nanoseconds = nanoseconds_per_decision ("replica");
  atomic_store (&swapping, false);
  g_thread_join (thread);
  bench_check (n_swaps > 1, "swap");
  report ("swaps in a round", n_swaps);
  return nanoseconds;
}

static void
round_of_four (void)
{
  g_autoptr(GError) error = NULL;

  expect (yara_orm_set_router (orm, NULL, NULL, NULL, &error), error);
  report ("no router", nanoseconds_per_decision (NULL));
  expect (yara_orm_set_router_functions (orm, answer_replica, answer_replica, NULL, NULL, &error), error);
  report ("functions of the program", nanoseconds_per_decision ("replica"));
  set_plugin ();
  report ("plugin", nanoseconds_per_decision ("replica"));
  report ("plugin, swapped every millisecond", measure_while_swapping ());
}

int
main (int argc, char **argv)
{
  g_autoptr(GError) error = NULL;

  if (argc != 3)
    bench_fail ("usage: decisions PLUGIN ROUNDS");
  plugin = argv[1];
  orm = yara_orm_open ("sqlite::memory:", NULL, NULL, &error);
  expect (orm != NULL &&
          yara_orm_add_connection (orm, "replica", "sqlite::memory:", NULL, &error) &&
          yara_orm_register (orm, &row_model, &error), error);
  for (int i = atoi (argv[2]); i > 0; i--)
    round_of_four ();
  g_clear_object (&orm);
  return 0;
}
