/* SPDX-License-Identifier: MIT
 * The file of a router is replaced in every way there is: each set_router gets the new code, and the
 * router in force does not mind. */
#include "fixture.h"

#include <glib/gstdio.h>
#include <stdatomic.h>
#include <unistd.h>

/* New content at `path`, in one of four ways. */
static void
republish (Fixture *fixture, const char *path, const GString *bytes, guint number)
{
  g_autofree char *name = g_strdup_printf ("version-%u.so", number);
  g_autofree char *other = fixture_path (fixture, name);

  switch (number % 4)
    {
    case 0: /* rename */
      fixture_write (other, bytes);
      g_assert_cmpint (g_rename (other, path), ==, 0);
      break;
    case 1: /* in place */
      fixture_write (path, bytes);
      break;
    case 2: /* remove and create */
      g_assert_cmpint (g_unlink (path), ==, 0);
      fixture_write (path, bytes);
      break;
    default: /* a link to another file */
      fixture_write (other, bytes);
      g_assert_cmpint (g_unlink (path), ==, 0);
      g_assert_cmpint (symlink (other, path), ==, 0);
      break;
    }
}

static void
test_same_path (void)
{
  guint              n_versions = FIXTURE_ROUNDS (1000);
  Fixture            fixture;
  g_autoptr(GString) bytes = fixture_load ("node");
  g_autofree char   *path = NULL;

  fixture_init (&fixture, n_versions);
  path = fixture_path (&fixture, "router.so");
  for (guint i = 0; i < n_versions; i++)
    {
      g_autofree char *expected = g_strdup_printf ("node%04u", i);

      fixture_patch (bytes, i);
      republish (&fixture, path, bytes, i);
      fixture_set (&fixture, path);
      g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, expected);
    }
  g_test_message ("%u versions%s", n_versions, FIXTURE_IS_SCALED_DOWN ? " (scaled down 20 times)" : "");
  fixture_clear (&fixture);
}

typedef struct
{
  Fixture     fixture;
  atomic_bool is_over;
  atomic_uint n_decisions;
} Load;

static gpointer
ask_all_the_time (gpointer data)
{
  Load *load = data;

  while (!atomic_load (&load->is_over))
    {
      g_assert_cmpstr (fixture_ask (&load->fixture, YARA_OPERATION_READ), ==, "node0007");
      atomic_fetch_add (&load->n_decisions, 1);
    }
  return NULL;
}

/* Overwriting the file of a mapped library in place kills a process; not this one. */
static void
test_overwrite_in_force (void)
{
  Load               load = { 0 };
  g_autoptr(GString) bytes = fixture_load ("node"), noise = NULL;
  g_autofree char   *path = NULL;
  GThread           *threads[2];

  fixture_init (&load.fixture, 8);
  path = fixture_path (&load.fixture, "router.so");
  fixture_patch (bytes, 7);
  fixture_write (path, bytes);
  fixture_set (&load.fixture, path);
  noise = g_string_new (NULL);
  for (gsize i = 0; i < bytes->len; i++)
    g_string_append_c (noise, 'x');
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("asker", ask_all_the_time, &load);
  for (guint i = 0; i < 100; i++)
    {
      guint before = atomic_load (&load.n_decisions);

      if (i % 3 == 0)
        fixture_write (path, noise);
      else
        g_assert_cmpint (truncate (path, i % 3 == 1 ? 0 : 8192), ==, 0);
      while (atomic_load (&load.n_decisions) < before + 100) /* it is asked after the change too */
        g_usleep (100);
    }
  atomic_store (&load.is_over, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  fixture_clear (&load.fixture);
}

typedef struct
{
  GString    *versions[2];
  char       *path;
  atomic_bool is_over;
} Rewriting;

static gpointer
rewrite_all_the_time (gpointer data)
{
  Rewriting *rewriting = data;

  for (guint i = 0; !atomic_load (&rewriting->is_over); i++)
    {
      fixture_write (rewriting->path, rewriting->versions[i % 2]);
      g_usleep (i % 1000);
    }
  return NULL;
}

/* What is accepted while somebody rewrites the file in place is one of the versions. */
static void
test_rewrite_while_reading (void)
{
  guint     n_accepted = 0, n_refused = 0;
  Fixture   fixture;
  Rewriting rewriting = { 0 };
  char     *sums[2];
  GThread  *thread;

  fixture_init (&fixture, 2);
  rewriting.path = fixture_path (&fixture, "router.so");
  for (guint i = 0; i < 2; i++)
    {
      rewriting.versions[i] = fixture_load ("node");
      fixture_patch (rewriting.versions[i], i);
      sums[i] = g_compute_checksum_for_string (G_CHECKSUM_SHA256, rewriting.versions[i]->str,
                                               rewriting.versions[i]->len);
    }
  fixture_write (rewriting.path, rewriting.versions[0]);
  thread = g_thread_new ("rewriter", rewrite_all_the_time, &rewriting);
  while (n_accepted < FIXTURE_ROUNDS (400))
    {
      g_autoptr(YaraRouterInfo) info = NULL;
      gboolean                  is_first;

      if (!yara_routes_set_plugin (fixture.routes, rewriting.path, NULL, NULL))
        {
          n_refused++;
          continue;
        }
      info = yara_routes_get_info (fixture.routes);
      is_first = g_str_equal (info->sha256, sums[0]);
      g_assert_true (is_first || g_str_equal (info->sha256, sums[1]));
      g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, is_first ? "node0000" : "node0001");
      n_accepted++;
    }
  g_test_message ("%u versions accepted, %u refused because they were being written", n_accepted, n_refused);
  atomic_store (&rewriting.is_over, TRUE);
  g_thread_join (thread);
  fixture_clear (&fixture);
  g_free (rewriting.path);
  for (guint i = 0; i < 2; i++)
    {
      g_string_free (rewriting.versions[i], TRUE);
      g_free (sums[i]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/replace/same-path", test_same_path);
  g_test_add_func ("/plugins/replace/overwrite-in-force", test_overwrite_in_force);
  g_test_add_func ("/plugins/replace/rewrite-while-reading", test_rewrite_while_reading);
  return g_test_run ();
}
