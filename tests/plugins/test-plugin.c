/* SPDX-License-Identifier: MIT
 * Sound plugins: built by hand, shipped with the library, slow, with arguments. */
#include "fixture.h"

#include <dlfcn.h>
#include <float.h>
#include <stdatomic.h>
#include <string.h>

/* The program exports this; no plugin may reach it. */
const char *db_for_read (const YaraModel *model, const YaraHints *hints);

__attribute__ ((visibility ("default"))) const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return "node0002";
}

/* Compiles `code` as the user manual says: (transfer full), the path of the plugin. */
static char *
build_by_hand (Fixture *fixture, const char *code)
{
  g_autofree char  *source = fixture_path (fixture, "router.c");
  char             *path = fixture_path (fixture, "router.so");
  const char       *command[] = { COMPILER, "-shared", "-fPIC", "-I" INCLUDE_FOLDER, "-o", path, source, NULL };
  g_autoptr(GError) error = NULL;
  int               status = -1;

  g_file_set_contents (source, code, -1, &error);
  g_assert_no_error (error);
  g_spawn_sync (NULL, (char **) command, NULL, G_SPAWN_DEFAULT, NULL, NULL, NULL, NULL, &status, &error);
  g_assert_no_error (error);
  g_assert_cmpint (status, ==, 0);
  return path;
}

static void
test_two_lines (void)
{
  Fixture          fixture;
  g_autofree char *path = NULL;

  fixture_init (&fixture, 2);
  path = build_by_hand (&fixture,
    "#include <yaraorm/yara-router.h>\n"
    "const char *db_for_read  (const YaraModel *model, const YaraHints *hints) { return \"node0001\"; }\n"
    "const char *db_for_write (const YaraModel *model, const YaraHints *hints) { return \"node0000\"; }\n");
  fixture_set (&fixture, path);
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, "node0001");
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_WRITE), ==, "node0000");
  fixture_clear (&fixture);
}

static void
test_calls_itself (void)
{
  Fixture          fixture;
  g_autofree char *path = NULL;

  g_assert_true (dlsym (RTLD_DEFAULT, "db_for_read") == (gpointer) db_for_read);
  fixture_init (&fixture, 3);
  path = build_by_hand (&fixture,
    "#include <yaraorm/yara-router.h>\n"
    "const char *db_for_read  (const YaraModel *model, const YaraHints *hints) { return \"node0001\"; }\n"
    "const char *db_for_write (const YaraModel *model, const YaraHints *hints)\n"
    "{ return db_for_read (model, hints); }\n");
  fixture_set (&fixture, path);
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_WRITE), ==, "node0001");
  fixture_clear (&fixture);
}

static void
test_sees_model_and_hints (void)
{
  static const char *const hints[] = { "tenant=7", "node=node0001", NULL };
  Fixture           fixture;
  g_autofree char  *path = NULL;
  g_autoptr(GError) error = NULL;
  YaraDecision      decision;

  fixture_init (&fixture, 2);
  path = build_by_hand (&fixture,
    "#include <yaraorm/yara-router.h>\n"
    "const char *db_for_read  (const YaraModel *model, const YaraHints *hints)\n"
    "{ return hints->operation == YARA_OPERATION_READ ? yara_hints_get (hints, \"node\") : \"x\"; }\n"
    "const char *db_for_write (const YaraModel *model, const YaraHints *hints)\n"
    "{ return strcmp (model->name, \"User\") == 0 && strcmp (model->table, \"users\") == 0 &&\n"
    "         hints->operation == YARA_OPERATION_WRITE && yara_hints_get (hints, \"ten\") == NULL\n"
    "         ? \"node0000\" : \"x\"; }\n");
  fixture_set (&fixture, path);
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, "default");
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_WRITE), ==, "node0000");
  yara_routes_decide (fixture.routes, &fixture_model, YARA_OPERATION_READ, NULL, hints, &decision, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (yara_connection_get_name (decision.connection), ==, "node0001");
  g_assert_cmpint (decision.reason, ==, YARA_ROUTE_ROUTER);
  yara_database_unref (decision.database);
  fixture_clear (&fixture);
}

/* The shipped routers are found by name. What is not registered here shows in the error. */
static void
expect_answer (Fixture *fixture, const char *model_name, YaraOperation operation, const char *answer)
{
  YaraModel         model = { .struct_size = sizeof model, .name = model_name, .table = "t" };
  g_autofree char  *answered = g_strdup_printf ("(\"%s\") answered \"%s\", which is no", model_name, answer);
  g_autoptr(GError) error = NULL;
  YaraDecision      decision;

  if (yara_routes_decide (fixture->routes, &model, operation, NULL, NULL, &decision, &error))
    {
      g_assert_cmpstr (answer, ==, "default");
      g_assert_cmpstr (yara_connection_get_name (decision.connection), ==, "default");
      yara_database_unref (decision.database);
      return;
    }
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, answered));
}

/* How many of a hundred reads in a row do not go to "default". */
static void
expect_share (Fixture *fixture, guint share)
{
  YaraModel model = { .struct_size = sizeof model, .name = "User", .table = "t" };
  guint     n = 0;

  for (guint i = 0; i < 100; i++)
    {
      YaraDecision decision;

      if (yara_routes_decide (fixture->routes, &model, YARA_OPERATION_READ, NULL, NULL, &decision, NULL))
        yara_database_unref (decision.database);
      else
        n++;
    }
  g_assert_cmpuint (n, ==, share);
}

static void
set_shipped (Fixture *fixture, const char *name, const char *args)
{
  g_autoptr(GError) error = NULL;

  yara_routes_set_plugin (fixture->routes, name, args, &error);
  g_assert_no_error (error);
}

static void
expect_bad_args (Fixture *fixture, const char *name, const char *args)
{
  g_autoptr(GError) error = NULL;

  g_assert_false (yara_routes_set_plugin (fixture->routes, name, args, &error));
  g_assert_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_REFUSED);
}

static void
test_shipped (void)
{
  g_autofree char *long_args = g_strnfill (2000, 'x');
  Fixture          fixture;

  fixture_init (&fixture, 0);
  set_shipped (&fixture, "replica", NULL);
  expect_answer (&fixture, "User", YARA_OPERATION_READ, "replica");
  expect_answer (&fixture, "User", YARA_OPERATION_WRITE, "default");
  set_shipped (&fixture, "replica", "r1,r2");
  expect_answer (&fixture, "User", YARA_OPERATION_READ, "r1");
  expect_answer (&fixture, "User", YARA_OPERATION_READ, "r2");
  expect_answer (&fixture, "User", YARA_OPERATION_READ, "r1");
  expect_bad_args (&fixture, "replica", "r1,,r2");
  expect_bad_args (&fixture, "replica", "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q");
  expect_bad_args (&fixture, "replica", long_args);

  set_shipped (&fixture, "analytics", NULL);
  expect_answer (&fixture, "Event", YARA_OPERATION_READ, "analytics");
  expect_answer (&fixture, "Event", YARA_OPERATION_WRITE, "analytics");
  expect_answer (&fixture, "User", YARA_OPERATION_WRITE, "default");
  set_shipped (&fixture, "analytics", "Event=a,Metric=b");
  expect_answer (&fixture, "Event", YARA_OPERATION_WRITE, "a");
  expect_answer (&fixture, "Metric", YARA_OPERATION_READ, "b");
  expect_bad_args (&fixture, "analytics", "Event");
  expect_bad_args (&fixture, "analytics", "Event=");
  expect_bad_args (&fixture, "analytics", "=a");
  expect_bad_args (&fixture, "analytics", long_args);

  set_shipped (&fixture, "percent", "replica=25");
  expect_share (&fixture, 25);
  expect_answer (&fixture, "User", YARA_OPERATION_WRITE, "default");
  expect_bad_args (&fixture, "percent", "replica=101");

  set_shipped (&fixture, "shard", NULL);
  expect_answer (&fixture, "User", YARA_OPERATION_WRITE, "default");
  expect_bad_args (&fixture, "shard", "a,,b");
  set_shipped (&fixture, "tenant", NULL);
  expect_answer (&fixture, "User", YARA_OPERATION_READ, "default");

  set_shipped (&fixture, "cache", NULL);
  expect_answer (&fixture, "Snapshot", YARA_OPERATION_WRITE, "cache");
  expect_answer (&fixture, "User", YARA_OPERATION_READ, "default");
  set_shipped (&fixture, "cache", "Session=memory");
  expect_answer (&fixture, "Session", YARA_OPERATION_READ, "memory");
  expect_answer (&fixture, "Snapshot", YARA_OPERATION_READ, "default");
  expect_bad_args (&fixture, "cache", "Session");
  expect_bad_args (&fixture, "cache", "=memory");

  set_shipped (&fixture, "template", NULL);
  expect_answer (&fixture, "User", YARA_OPERATION_READ, "default");
  fixture_clear (&fixture);
}

static void
test_search_path (void)
{
  Fixture                   fixture;
  g_autoptr(GString)        bytes = fixture_load ("node");
  g_autofree char          *path = NULL, *variable = NULL;
  g_autoptr(YaraRouterInfo) info = NULL;

  fixture_init (&fixture, 1);
  path = fixture_path (&fixture, "replica.so");
  fixture_write (path, bytes);
  variable = g_strdup_printf ("/no/such/folder::%s", fixture.folder);
  g_setenv ("YARAORM_ROUTER_PATH", variable, TRUE);
  fixture_set (&fixture, "replica"); /* before the shipped one */
  g_unsetenv ("YARAORM_ROUTER_PATH");
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, "node0000");
  info = yara_routes_get_info (fixture.routes);
  g_assert_cmpstr (info->path, ==, path);
  fixture_clear (&fixture);
}

static gpointer
read_once (gpointer data)
{
  g_assert_cmpstr (fixture_ask (data, YARA_OPERATION_READ), ==, "node0000");
  return NULL;
}

/* A call that is inside when its router is replaced ends as it began, and the plugin goes after it. */
static void
test_replaced_while_inside (void)
{
  static atomic_int         n_closed;
  Fixture                   fixture;
  GThread                  *thread;
  g_autofree char          *args = g_strdup_printf ("%p", (gpointer) &n_closed);
  g_autofree char          *path = fixture_zoo_path ("sleeper");
  g_autofree char          *sum = NULL;
  g_autoptr(GString)        bytes = fixture_load ("sleeper");
  g_autoptr(YaraRouterInfo) info = NULL;
  gint64                    start;

  fixture_init (&fixture, 2);
  set_shipped (&fixture, path, args);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_WRITE), ==, "node0001");
  info = yara_routes_get_info (fixture.routes);
  sum = g_compute_checksum_for_string (G_CHECKSUM_SHA256, bytes->str, bytes->len);
  g_assert_cmpstr (info->args, ==, args);
  g_assert_cmpstr (info->sha256, ==, sum);
  g_assert_cmpuint (info->generation, ==, 1);
  g_assert_cmpuint (info->calls, ==, 3);
  g_clear_pointer (&info, yara_router_info_free);

  thread = g_thread_new ("reader", read_once, &fixture);
  g_usleep (30 * 1000);
  start = g_get_monotonic_time ();
  fixture_set (&fixture, NULL);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 50 * 1000);
  g_assert_cmpstr (fixture_ask (&fixture, YARA_OPERATION_READ), ==, "default");
  info = yara_routes_get_info (fixture.routes);
  g_assert_null (info->path);
  g_assert_cmpuint (info->generation, ==, 2);
  g_assert_cmpuint (info->retired, ==, 1);
  g_assert_false (yara_routes_drain (fixture.routes, 1000));
  g_assert_cmpint (atomic_load (&n_closed), ==, 0);
  g_thread_join (thread);
  g_assert_true (yara_routes_drain (fixture.routes, G_USEC_PER_SEC));
  g_assert_cmpint (atomic_load (&n_closed), ==, 1);
  fixture_clear (&fixture);
}

/* gcc links code into such a plugin that turns off denormal numbers when it is loaded. */
static void
test_arithmetic_stays (void)
{
  Fixture          fixture;
  g_autofree char *path = fixture_zoo_path ("fast-math");
  volatile double  smallest = DBL_MIN;

  fixture_init (&fixture, 1);
  fixture_set (&fixture, path);
  g_assert_cmpfloat (smallest / 2, >, 0);
  fixture_clear (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/plugin/two-lines", test_two_lines);
  g_test_add_func ("/plugins/plugin/calls-itself", test_calls_itself);
  g_test_add_func ("/plugins/plugin/sees-model-and-hints", test_sees_model_and_hints);
  g_test_add_func ("/plugins/plugin/shipped", test_shipped);
  g_test_add_func ("/plugins/plugin/search-path", test_search_path);
  g_test_add_func ("/plugins/plugin/replaced-while-inside", test_replaced_while_inside);
  g_test_add_func ("/plugins/plugin/arithmetic-stays", test_arithmetic_stays);
  return g_test_run ();
}
