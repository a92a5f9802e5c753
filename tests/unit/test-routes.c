/* SPDX-License-Identifier: MIT
 * Where statements go, with routers of the test's own. */
#include "route/routes.h"

#include <stdatomic.h>
#include <string.h>
#include <yaraorm/yara-error.h>

static const YaraModel user  = { sizeof user, "User", "users" };
static const YaraModel event = { sizeof event, "Event", "events", .connection = "archive" };
static const YaraModel lost  = { sizeof lost, "Lost", "lost", .connection = "nowhere" };

typedef struct
{
  YaraRoutes   *routes;
  YaraDatabase *database;
  GPtrArray    *connections;
} Fixture;

static YaraConnection *
add (Fixture *fixture, const char *name)
{
  YaraRegistry   *registry = yara_routes_get_registry (fixture->routes);
  YaraConnection *connection = yara_connection_new (name, NULL);

  g_ptr_array_add (fixture->connections, connection);
  yara_routes_set_registry (fixture->routes, yara_registry_with (registry, name, connection, fixture->database));
  yara_registry_unref (registry);
  return connection;
}

static void
take_away (Fixture *fixture, const char *name)
{
  YaraRegistry *registry = yara_routes_get_registry (fixture->routes);

  yara_routes_set_registry (fixture->routes, yara_registry_with (registry, name, NULL, NULL));
  yara_registry_unref (registry);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  fixture->database = yara_database_open ("sqlite::memory:", NULL, &error);
  g_assert_no_error (error);
  fixture->connections = g_ptr_array_new_with_free_func (g_object_unref);
  fixture->routes = yara_routes_new ();
  add (fixture, "default");
  add (fixture, "replica");
  add (fixture, "archive");
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  yara_routes_free (fixture->routes);
  g_ptr_array_unref (fixture->connections);
  yara_database_unref (fixture->database);
}

static void
expect (Fixture *fixture, const YaraModel *model, YaraOperation operation, const char *using_name,
        const char *connection, YaraRouteReason reason)
{
  g_autoptr(GError) error = NULL;
  YaraDecision      decision;

  yara_routes_decide (fixture->routes, model, operation, using_name, NULL, &decision, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (yara_connection_get_name (decision.connection), ==, connection);
  g_assert_cmpint (decision.reason, ==, reason);
  g_assert_true (decision.database == fixture->database);
  yara_database_unref (decision.database);
}

static void
expect_error (Fixture *fixture, const YaraModel *model, const char *using_name, YaraError code, const char *message)
{
  g_autoptr(GError) error = NULL;
  YaraDecision      decision;

  g_assert_false (yara_routes_decide (fixture->routes, model, YARA_OPERATION_READ, using_name, NULL, &decision,
                                      &error));
  g_assert_error (error, YARA_ERROR, code);
  g_assert_cmpstr (error->message, ==, message);
}

/* Answers what it was given. */
static const char *
answer_data (const YaraModel *model, const YaraHints *hints)
{
  return hints->user_data;
}

static const char *
answer_replica_to_reads (const YaraModel *model, const YaraHints *hints)
{
  g_assert_cmpuint (hints->struct_size, ==, sizeof (YaraHints));
  return hints->operation == YARA_OPERATION_READ ? "replica" : NULL;
}

static void
set_answer (Fixture *fixture, const char *answer)
{
  yara_routes_set_functions (fixture->routes, answer_data, answer_data, (gpointer) answer, NULL);
}

static void
test_order (Fixture *fixture, gconstpointer data)
{
  expect (fixture, &user, YARA_OPERATION_READ, NULL, "default", YARA_ROUTE_DEFAULT);
  expect (fixture, &event, YARA_OPERATION_WRITE, NULL, "archive", YARA_ROUTE_MODEL);
  expect (fixture, &event, YARA_OPERATION_WRITE, "default", "default", YARA_ROUTE_USING);

  yara_routes_set_functions (fixture->routes, answer_replica_to_reads, answer_replica_to_reads, NULL, NULL);
  expect (fixture, &user, YARA_OPERATION_READ, NULL, "replica", YARA_ROUTE_ROUTER);
  expect (fixture, &user, YARA_OPERATION_WRITE, NULL, "default", YARA_ROUTE_DEFAULT);
  expect (fixture, &event, YARA_OPERATION_READ, NULL, "replica", YARA_ROUTE_ROUTER);
  expect (fixture, &event, YARA_OPERATION_WRITE, NULL, "archive", YARA_ROUTE_MODEL);
  expect (fixture, &event, YARA_OPERATION_READ, "archive", "archive", YARA_ROUTE_USING);

  set_answer (fixture, "");
  expect (fixture, &user, YARA_OPERATION_READ, NULL, "default", YARA_ROUTE_DEFAULT);
  set_answer (fixture, "default");
  expect (fixture, &event, YARA_OPERATION_READ, NULL, "default", YARA_ROUTE_ROUTER);
  yara_routes_set_plugin (fixture->routes, NULL, NULL, NULL);
  expect (fixture, &user, YARA_OPERATION_READ, NULL, "default", YARA_ROUTE_DEFAULT);
}

static void
test_unknown_names (Fixture *fixture, gconstpointer data)
{
  char unending[256];

  expect_error (fixture, &user, "replcia", YARA_ERROR_CONFIGURATION,
                "unknown connection \"replcia\"; known: default, archive, replica; did you mean \"replica\"?");
  expect_error (fixture, &lost, NULL, YARA_ERROR_CONFIGURATION,
                "model \"Lost\": unknown connection \"nowhere\"; known: default, archive, replica");
  set_answer (fixture, "replcia");
  expect_error (fixture, &user, NULL, YARA_ERROR_CONFIGURATION,
                "the program's router: db_for_read (\"User\") answered \"replcia\", which is no connection; "
                "known: default, archive, replica; did you mean \"replica\"?");
  set_answer (fixture, "default ");
  expect_error (fixture, &user, NULL, YARA_ERROR_CONFIGURATION,
                "the program's router: db_for_read (\"User\") answered \"default \", which is no connection; "
                "known: default, archive, replica; did you mean \"default\"?");
  set_answer (fixture, "line\nbreak");
  expect_error (fixture, &user, NULL, YARA_ERROR_CONFIGURATION,
                "the program's router: db_for_read (\"User\") answered \"line\\u000abreak\", which is no connection; "
                "known: default, archive, replica");
  set_answer (fixture, "\xff\xfe");
  expect_error (fixture, &user, NULL, YARA_ERROR_CONFIGURATION,
                "the program's router: db_for_read (\"User\") answered \"\\xff\\xfe\", which is not UTF-8; "
                "known: default, archive, replica");
  memset (unending, 'a', sizeof unending);
  set_answer (fixture, unending);
  expect_error (fixture, &user, NULL, YARA_ERROR_CONFIGURATION,
                "the program's router: db_for_read (\"User\") answered "
                "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\", "
                "which goes on for more than 63 bytes; known: default, archive, replica");
  expect (fixture, &user, YARA_OPERATION_READ, "replica", "replica", YARA_ROUTE_USING);
}

/* With many connections names are found in another way. */
static void
test_many_connections (Fixture *fixture, gconstpointer data)
{
  YaraDecision decision;
  char         unending[64];

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("shard%u", i);

      add (fixture, name);
    }
  set_answer (fixture, "shard99");
  expect (fixture, &user, YARA_OPERATION_READ, NULL, "shard99", YARA_ROUTE_ROUTER);
  expect (fixture, &user, YARA_OPERATION_READ, "shard0", "shard0", YARA_ROUTE_USING);
  memset (unending, 'a', sizeof unending);
  set_answer (fixture, unending);
  g_assert_false (yara_routes_decide (fixture->routes, &user, YARA_OPERATION_READ, NULL, NULL, &decision, NULL));
}

static void
test_removed_connection (Fixture *fixture, gconstpointer data)
{
  YaraConnection   *replica = fixture->connections->pdata[1];
  g_autoptr(GError) error = NULL;
  YaraDecision      decision;

  set_answer (fixture, "replica");
  expect (fixture, &user, YARA_OPERATION_READ, NULL, "replica", YARA_ROUTE_ROUTER);
  g_assert_true (yara_routes_decide_connection (fixture->routes, replica, &decision, &error));
  g_assert_true (decision.connection == replica);
  g_assert_cmpint (decision.reason, ==, YARA_ROUTE_USING);
  yara_database_unref (decision.database);

  take_away (fixture, "replica");
  expect_error (fixture, &user, NULL, YARA_ERROR_CONFIGURATION,
                "the program's router: db_for_read (\"User\") answered \"replica\", which is no connection; "
                "known: default, archive");
  g_assert_false (yara_routes_decide_connection (fixture->routes, replica, &decision, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONNECTION);
}

static void
test_closed (Fixture *fixture, gconstpointer data)
{
  static const char *message = "no database is open: the ORM was closed or not opened";

  set_answer (fixture, "replica");
  yara_routes_set_registry (fixture->routes, yara_registry_new ());
  expect_error (fixture, &user, NULL, YARA_ERROR_CONNECTION, message);
  expect_error (fixture, &user, "replica", YARA_ERROR_CONNECTION, message);
}

static void
count (gpointer data)
{
  atomic_fetch_add ((atomic_uint *) data, 1);
}

static const char *
answer_archive (const YaraModel *model, const YaraHints *hints)
{
  return "archive";
}

/* A router outlives changes of the connections, and is destroyed once, when another one comes. */
static void
test_generations (Fixture *fixture, gconstpointer data)
{
  atomic_uint               n_destroyed = 0;
  g_autoptr(YaraRouterInfo) info = NULL;

  info = yara_routes_get_info (fixture->routes);
  g_assert_cmpuint (info->generation, ==, 0);
  g_clear_pointer (&info, yara_router_info_free);
  yara_routes_set_functions (fixture->routes, answer_archive, answer_archive, &n_destroyed, count);
  for (guint i = 0; i < 10; i++)
    {
      expect (fixture, &user, YARA_OPERATION_WRITE, NULL, "archive", YARA_ROUTE_ROUTER);
      expect (fixture, &user, YARA_OPERATION_WRITE, "replica", "replica", YARA_ROUTE_USING); /* does not ask */
      add (fixture, "other");
    }
  g_assert_true (yara_routes_drain (fixture->routes, G_USEC_PER_SEC));
  info = yara_routes_get_info (fixture->routes);
  g_assert_cmpuint (info->generation, ==, 1);
  g_assert_cmpuint (info->calls, ==, 10);
  g_assert_cmpuint (info->retired, ==, 0);
  g_assert_null (info->path);
  g_assert_cmpuint (atomic_load (&n_destroyed), ==, 0);
  yara_routes_set_plugin (fixture->routes, NULL, NULL, NULL);
  g_assert_true (yara_routes_drain (fixture->routes, G_USEC_PER_SEC));
  g_assert_cmpuint (atomic_load (&n_destroyed), ==, 1);
  g_clear_pointer (&info, yara_router_info_free);
  info = yara_routes_get_info (fixture->routes);
  g_assert_cmpuint (info->generation, ==, 2);
  g_assert_cmpuint (info->calls, ==, 0);
}

/* Replaces itself from the inside, twice. */
static const char *
replace_myself (const YaraModel *model, const YaraHints *hints)
{
  Fixture *fixture = hints->user_data;

  yara_routes_set_functions (fixture->routes, answer_archive, answer_archive, NULL, NULL);
  yara_routes_set_functions (fixture->routes, replace_myself, replace_myself, fixture, NULL);
  expect (fixture, &user, YARA_OPERATION_READ, "replica", "replica", YARA_ROUTE_USING);
  return "replica";
}

static void
test_reentrancy (Fixture *fixture, gconstpointer data)
{
  yara_routes_set_functions (fixture->routes, replace_myself, replace_myself, fixture, NULL);
  for (guint i = 0; i < 1000; i++)
    expect (fixture, &user, YARA_OPERATION_READ, NULL, "replica", YARA_ROUTE_ROUTER);
  g_assert_true (yara_routes_drain (fixture->routes, G_USEC_PER_SEC));
}

static gpointer
swap_often (gpointer data)
{
  Fixture *fixture = data;

  for (guint i = 0; i < 500; i++)
    {
      set_answer (fixture, i % 2 == 0 ? "replica" : "archive");
      yara_registry_unref (yara_routes_get_registry (fixture->routes));
    }
  return NULL;
}

/* Several threads replace the router: one after another, and the last one stays. */
static void
test_swap_storm (Fixture *fixture, gconstpointer data)
{
  GThread                  *threads[4];
  g_autoptr(YaraRouterInfo) info = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("swapper", swap_often, fixture);
  for (guint i = 0; i < 2000; i++)
    {
      YaraDecision decision;

      g_assert_true (yara_routes_decide (fixture->routes, &user, YARA_OPERATION_READ, NULL, NULL, &decision, NULL));
      yara_database_unref (decision.database);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  expect (fixture, &user, YARA_OPERATION_READ, NULL, "archive", YARA_ROUTE_ROUTER);
  g_assert_true (yara_routes_drain (fixture->routes, 10 * G_USEC_PER_SEC));
  info = yara_routes_get_info (fixture->routes);
  g_assert_cmpuint (info->generation, ==, 2000);
  g_assert_cmpuint (info->retired, ==, 0);
}

static void
test_reason_names (void)
{
  g_assert_cmpstr (yara_route_reason_get_name (YARA_ROUTE_TRANSACTION), ==, "transaction");
  g_assert_cmpstr (yara_route_reason_get_name (YARA_ROUTE_DEFAULT), ==, "default");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define TEST(name, function) g_test_add ("/route/routes/" name, Fixture, NULL, set_up, function, tear_down)
  TEST ("order", test_order);
  TEST ("unknown-names", test_unknown_names);
  TEST ("many-connections", test_many_connections);
  TEST ("removed-connection", test_removed_connection);
  TEST ("closed", test_closed);
  TEST ("generations", test_generations);
  TEST ("reentrancy", test_reentrancy);
  TEST ("swap-storm", test_swap_storm);
  g_test_add_func ("/route/routes/reason-names", test_reason_names);
  return g_test_run ();
}
