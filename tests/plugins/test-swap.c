/* SPDX-License-Identifier: MIT
 * The router is replaced thousands of times while four threads decide. Each decision must be that of the
 * generation that it names. The same program, built with one half of the algorithm left out, must fail. */
#include "fixture.h"

#include <sched.h>
#include <stdatomic.h>

#define N_DECIDERS 4
#define N_SWAPS    FIXTURE_ROUNDS (10000)

/* Generation n is a plugin that answers node0000, one that answers node0001, functions that answer
 * node0002, or none. */
#define N_KINDS 4
static const char *const expected[N_KINDS] = { "node0000", "node0001", "node0002", "default" };

typedef struct
{
  Fixture     fixture;
  atomic_bool is_over;
  atomic_uint n_decisions;
} Load;

static const char *
answer_node_2 (const YaraModel *model, const YaraHints *hints)
{
  return "node0002";
}

static gpointer
decide_all_the_time (gpointer data)
{
  Load *load = data;

  while (!atomic_load (&load->is_over))
    {
      g_autoptr(GError) error = NULL;
      YaraDecision      decision;
      guint             number = atomic_fetch_add (&load->n_decisions, 1);

      yara_routes_decide (load->fixture.routes, &fixture_model, number % 2, NULL, NULL, &decision, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (yara_connection_get_name (decision.connection), ==,
                       expected[(decision.generation + N_KINDS - 1) % N_KINDS]);
      yara_database_unref (decision.database);
      if (number % 64 == 0)
        sched_yield ();
    }
  return NULL;
}

static void
swap (Load *load, guint number, char *const paths[2])
{
  switch (number % N_KINDS)
    {
    case 0:
    case 1:
      fixture_set (&load->fixture, paths[number % N_KINDS]);
      break;
    case 2:
      yara_routes_set_functions (load->fixture.routes, answer_node_2, answer_node_2, NULL, NULL);
      break;
    default:
      fixture_set (&load->fixture, NULL);
      break;
    }
}

/* `data` is the name of the plugin. */
static void
test_swap_under_load (gconstpointer data)
{
  Load     load = { 0 };
  GThread *threads[N_DECIDERS];
  char    *paths[2];
  guint    most_images = 0, n_descriptors;
  gsize    resident = 0;

  fixture_init (&load.fixture, 0);
  fixture_clear (&load.fixture); /* what GLib opens once is open now */
  n_descriptors = fixture_count_descriptors ();
  fixture_init (&load.fixture, 3);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char   *name = g_strdup_printf ("%u.so", i);
      g_autoptr(GString) bytes = fixture_load (data);

      paths[i] = fixture_path (&load.fixture, name);
      fixture_patch (bytes, i);
      fixture_write (paths[i], bytes);
    }
  swap (&load, 0, paths);
  for (guint i = 0; i < N_DECIDERS; i++)
    threads[i] = g_thread_new ("decider", decide_all_the_time, &load);
  for (guint i = 1; i < N_SWAPS; i++)
    {
      guint n_images;

      swap (&load, i, paths);
      n_images = FIXTURE_UNMAPS ? fixture_count_images () : 0;
      most_images = MAX (most_images, n_images);
      if (i == N_SWAPS / 10)
        resident = fixture_get_resident_bytes ();
    }
  g_test_message ("%u swaps, %u decisions, at most %u images at once, %" G_GSSIZE_FORMAT " KiB more%s", N_SWAPS,
                  atomic_load (&load.n_decisions), most_images,
                  ((gssize) fixture_get_resident_bytes () - (gssize) resident) / 1024,
                  FIXTURE_IS_SCALED_DOWN ? " (scaled down 20 times)" : "");
  if (!FIXTURE_IS_SCALED_DOWN)
    g_assert_cmpuint (fixture_get_resident_bytes (), <, resident + 1024 * 1024);
  swap (&load, 0, paths);
  atomic_store (&load.is_over, TRUE);
  for (guint i = 0; i < N_DECIDERS; i++)
    g_thread_join (threads[i]);
  g_assert_true (yara_routes_drain (load.fixture.routes, 10 * G_USEC_PER_SEC));
  if (FIXTURE_UNMAPS)
    {
      g_assert_cmpuint (most_images, <=, 2);
      g_assert_cmpuint (fixture_count_images (), ==, 1);
    }
  g_assert_cmpuint (atomic_load (&load.n_decisions), >, N_SWAPS);
  fixture_clear (&load.fixture);
  if (FIXTURE_UNMAPS)
    {
      g_assert_cmpuint (fixture_count_images (), ==, 0);
      g_assert_cmpuint (fixture_count_descriptors (), ==, n_descriptors);
    }
  g_free (paths[0]);
  g_free (paths[1]);
}

/* ---- several threads that replace it ---- */

#define N_SWAPPERS 4

static gpointer
swap_often (gpointer fixture)
{
  g_autofree char *path = fixture_zoo_path ("node");

  for (guint i = 0; i < N_SWAPS / N_SWAPPERS; i++)
    fixture_set (fixture, i % 4 == 3 ? NULL : path);
  return NULL;
}

static void
test_storm (void)
{
  Fixture                   fixture;
  GThread                  *threads[N_SWAPPERS];
  g_autoptr(YaraRouterInfo) info = NULL;

  fixture_init (&fixture, 1);
  for (guint i = 0; i < N_SWAPPERS; i++)
    threads[i] = g_thread_new ("swapper", swap_often, &fixture);
  for (guint i = 0; i < N_SWAPPERS; i++)
    g_thread_join (threads[i]);
  g_assert_true (yara_routes_drain (fixture.routes, 10 * G_USEC_PER_SEC));
  info = yara_routes_get_info (fixture.routes);
  g_assert_cmpuint (info->generation, ==, N_SWAPS / N_SWAPPERS * N_SWAPPERS);
  g_assert_cmpuint (info->retired, ==, 0);
  if (FIXTURE_UNMAPS)
    g_assert_cmpuint (fixture_count_images (), <=, 1);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_data_func ("/plugins/swap/quick-router", "node", test_swap_under_load);
  g_test_add_data_func ("/plugins/swap/yielding-router", "yielding", test_swap_under_load);
  g_test_add_func ("/plugins/swap/storm", test_storm);
  return g_test_run ();
}
