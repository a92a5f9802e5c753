/* SPDX-License-Identifier: MIT
 * Tallies: nothing is lost or counted twice, also while generations take over cells from one another. */
#include "base/tally.h"

#include <stdatomic.h>

typedef struct
{
  guint64 total;
  guint64 by_generation[64];
  guint64 older;
  guint   n_calls;
} Sum;

static void
sum_up (const YaraTallyKey *key, guint64 generation, const guint64 counts[2], gpointer data)
{
  Sum *sum = data;

  sum->n_calls++;
  sum->total += counts[0] + counts[1];
  if (generation == YARA_TALLY_OLDER)
    sum->older += counts[0] + counts[1];
  else if (generation < G_N_ELEMENTS (sum->by_generation))
    sum->by_generation[generation] += counts[0] + counts[1];
}

static void
test_rows (void)
{
  YaraTally tally;
  Sum       sum = { 0 };
  char      things[300];

  yara_tally_init (&tally);
  yara_tally_foreach (&tally, sum_up, &sum);
  g_assert_cmpuint (sum.n_calls, ==, 0);
  for (guint round = 0; round < 2; round++)
    for (guint i = 0; i < G_N_ELEMENTS (things); i++)
      yara_tally_add (&tally, &(YaraTallyKey) { { &things[i], NULL, &things[i / 2] }, i % 3 }, 0, round);
  yara_tally_foreach (&tally, sum_up, &sum);
  g_assert_cmpuint (sum.n_calls, ==, G_N_ELEMENTS (things));
  g_assert_cmpuint (sum.by_generation[0], ==, 2 * G_N_ELEMENTS (things));
  yara_tally_clear (&tally);
}

static void
test_generations (void)
{
  YaraTally    tally;
  YaraTallyKey key = { { &tally }, 0 };
  Sum          sum = { 0 };

  yara_tally_init (&tally);
  for (guint64 generation = 0; generation < 40; generation++)
    for (guint i = 0; i <= generation; i++)
      yara_tally_add (&tally, &key, generation, i % 2);
  yara_tally_add (&tally, &key, 3, 0); /* a late one */
  yara_tally_foreach (&tally, sum_up, &sum);
  g_assert_cmpuint (sum.total, ==, 40 * 41 / 2 + 1);
  g_assert_cmpuint (sum.by_generation[0], ==, 1);
  for (guint64 generation = 24; generation < 40; generation++)
    g_assert_cmpuint (sum.by_generation[generation], ==, generation + 1);
  g_assert_cmpuint (sum.by_generation[3] + sum.by_generation[23], ==, 0);
  g_assert_cmpuint (sum.older, ==, 23 * 24 / 2 + 23 + 1);
  yara_tally_clear (&tally);
}

#define N_THREADS 16     /* more than stripes */
#define N_COUNTS  100000 /* of each; they have to overlap */

static YaraTally   shared;
static atomic_uint n_ready;
static guint       n_in_generation; /* counts of a thread before it goes on to the next */

static gpointer
count_all_the_time (gpointer data)
{
  guint first = GPOINTER_TO_UINT (data);

  atomic_fetch_add (&n_ready, 1);
  while (atomic_load (&n_ready) < N_THREADS)
    g_thread_yield ();
  for (guint i = 0; i < N_COUNTS; i++) /* the threads are in different generations at the same time */
    yara_tally_add (&shared, &(YaraTallyKey) { { &shared }, i % 2 }, 1 + (i + first * 100) / n_in_generation, i % 5 == 0);
  return NULL;
}

static void
test_threads (gconstpointer data)
{
  GThread *threads[N_THREADS];
  Sum      sum = { 0 };

  n_in_generation = GPOINTER_TO_UINT (data);
  atomic_store (&n_ready, 0);
  yara_tally_init (&shared);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("counter", count_all_the_time, GUINT_TO_POINTER (i));
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  yara_tally_foreach (&shared, sum_up, &sum);
  g_assert_cmpuint (sum.total, ==, N_THREADS * N_COUNTS);
  g_assert_cmpuint (sum.n_calls, <=, 2 * 17);
  yara_tally_clear (&shared);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/tally/rows", test_rows);
  g_test_add_func ("/tally/generations", test_generations);
  g_test_add_data_func ("/tally/many-generations", GUINT_TO_POINTER (50), test_threads);
  g_test_add_data_func ("/tally/one-generation", GUINT_TO_POINTER (10 * N_COUNTS), test_threads);
  return g_test_run ();
}
