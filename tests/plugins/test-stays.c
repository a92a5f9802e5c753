/* SPDX-License-Identifier: MIT
 * Plugins that the dynamic linker does not let go: the new one answers all the same, and there is an end to
 * their number. */
#include "fixture.h"

#include <string.h>

#define MAX_RESIDENT 64 /* as plugin.c has it */

/* Every fourth stays; the last but one is the last of them. */
#define N_VERSIONS (4 * (MAX_RESIDENT - 1) + 2)

/* Puts the plugin NAME.so that answers node<number> in force. FALSE: it was refused. */
static gboolean
set_version (Fixture *fixture, const char *name, guint number, GError **error)
{
  g_autoptr(GString) bytes = fixture_load (name);
  g_autofree char   *path = fixture_path (fixture, "router.so");

  fixture_patch (bytes, number);
  fixture_write (path, bytes);
  return yara_routes_set_plugin (fixture->routes, path, NULL, error);
}

/* Descriptors are given out again, and the dynamic linker knows libraries by theirs. */
static void
test_stays (void)
{
  Fixture           fixture;
  g_autoptr(GError) error = NULL;
  char              expected[16];

  if (!FIXTURE_UNMAPS)
    {
      g_test_skip ("no plugin is unmapped in this build");
      return;
    }
  fixture_init (&fixture, N_VERSIONS);
  for (guint i = 0; i < N_VERSIONS; i++)
    {
      set_version (&fixture, i % 4 == 0 ? "stays" : "node", i, &error);
      g_assert_no_error (error);
      g_snprintf (expected, sizeof expected, "node%04u", i);
      g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, expected);
      g_assert_true (yara_routes_drain (fixture.routes, 10 * G_USEC_PER_SEC));
      g_assert_cmpuint (fixture_count_images (), ==, i / 4 + 1 + (i % 4 != 0));
    }
  g_assert_false (set_version (&fixture, "node", 0, &error));
  g_assert_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_UNSAFE);
  g_assert_nonnull (strstr (error->message, "is one too many: 64 earlier routers cannot be unloaded"));
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, expected);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/stays/stays", test_stays);
  return g_test_run ();
}
