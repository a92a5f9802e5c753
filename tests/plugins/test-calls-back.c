/* SPDX-License-Identifier: MIT
 * A router that calls into the program, which replaces it then: what is in a call stays loaded, and nobody
 * waits for himself. */
#include "fixture.h"

#include <string.h>

#define N_ROUNDS FIXTURE_ROUNDS (200)

static Fixture fixture;
static char   *node; /* a router that says node0000 */
static guint   n_calls, n_refused;

/* A router that is being loaded may not load another. */
static void
load_another (void)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (yara_routes_set_plugin (fixture.routes, node, NULL, &error));
  g_assert_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_REFUSED);
  g_assert_nonnull (strstr (error->message, "router_open of another"));
  g_clear_error (&error);
  g_assert_false (yara_routes_set_shadow (fixture.routes, node, NULL, &error));
  g_assert_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_REFUSED);
  g_assert_true (yara_routes_set_shadow (fixture.routes, NULL, NULL, NULL));
  fixture_set (&fixture, NULL);
  n_refused++;
}

static void
replace_the_caller (void)
{
  fixture_set (&fixture, node);
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, "node0000");
  fixture_set (&fixture, NULL);
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, "default");
}

static void
call_back (const char *from)
{
  n_calls++;
  if (strcmp (from, "router_open") == 0)
    load_another ();
  else
    replace_the_caller ();
}

static void
test_replaces_its_router (void)
{
  g_autofree char  *path = fixture_zoo_path ("calls-back");
  g_autofree char  *address = g_strdup_printf ("%p", (gpointer) call_back);
  g_autoptr(GError) error = NULL;

  fixture_init (&fixture, 2);
  node = fixture_zoo_path ("node");
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      yara_routes_set_plugin (fixture.routes, path, address, &error);
      g_assert_no_error (error);
      /* The code that answers is that of a router which is not in force any more. */
      g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, "node0001");
      g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, "default");
    }
  g_assert_cmpuint (n_calls, ==, 2 * N_ROUNDS);
  g_assert_cmpuint (n_refused, ==, N_ROUNDS);
  g_assert_true (yara_routes_drain (fixture.routes, 10 * G_USEC_PER_SEC));
  if (FIXTURE_UNMAPS)
    g_assert_cmpuint (fixture_count_images (), ==, 0);
  fixture_clear (&fixture);
  g_free (node);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/calls-back/replaces-its-router", test_replaces_its_router);
  return g_test_run ();
}
