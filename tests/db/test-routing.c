/* SPDX-License-Identifier: MIT
 *
 * Routing with functions of the program: who decides, what a router is asked and told, and what happens
 * when its answer is no good.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64      id;
  const char *name;
  gint32      age;
} User;

static const YaraField user_fields[] = {
  YARA_FIELD (User, id, .primary_key = true),
  YARA_FIELD (User, name),
  YARA_FIELD (User, age),
};
static const YaraModel user_model = YARA_MODEL (User, "users", user_fields);

typedef struct { gint64 id; } Event;

static const YaraField event_fields[] = { YARA_FIELD (Event, id, .primary_key = true) };
static const YaraModel event_model = YARA_MODEL (Event, "events", event_fields, .connection = "analytics");

/* A router that answers what it is told to, and counts what it is asked. */
typedef struct
{
  const char      *read, *write;   /* its answers */
  guint            n_reads, n_writes;
  const YaraModel *model;          /* of the last question */
  char             hint[32];
} Router;

static void
note (Router *router, const YaraModel *model, const YaraHints *hints, YaraOperation operation)
{
  g_assert_cmpint (hints->operation, ==, operation);
  g_assert_cmpuint (hints->struct_size, ==, sizeof (YaraHints));
  router->model = model;
  g_strlcpy (router->hint, yara_hints_get (hints, "tenant") != NULL ? yara_hints_get (hints, "tenant") : "",
             sizeof router->hint);
}

static const char *
answer_read (const YaraModel *model, const YaraHints *hints)
{
  Router *router = hints->user_data;

  router->n_reads++;
  note (router, model, hints, YARA_OPERATION_READ);
  return router->read;
}

static const char *
answer_write (const YaraModel *model, const YaraHints *hints)
{
  Router *router = hints->user_data;

  router->n_writes++;
  note (router, model, hints, YARA_OPERATION_WRITE);
  return router->write;
}

static void
set_router (Test *test, Router *router)
{
  test_ok (yara_orm_set_router_functions (test->orm, answer_read, answer_write, router, NULL, &error));
}

/* Three databases with the tables of both models. */
static void
set_up (Test *test)
{
  static const char *const names[] = { "default", "replica", "analytics" };

  test_add_connection (test, "replica");
  test_add_connection (test, "analytics");
  test_ok (yara_orm_register (test->orm, &user_model, &error));
  test_ok (yara_orm_register (test->orm, &event_model, &error));
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(YaraOrm) orm = yara_orm_using (test->orm, names[i]);

      test_ok (yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, &error));
    }
}

static void
assert_users (Test *test, gint64 in_default, gint64 in_replica, gint64 in_analytics)
{
  g_assert_cmpint (test_fetch_int (test->orm, "default", "SELECT count(*) FROM users"), ==, in_default);
  g_assert_cmpint (test_fetch_int (test->orm, "replica", "SELECT count(*) FROM users"), ==, in_replica);
  g_assert_cmpint (test_fetch_int (test->orm, "analytics", "SELECT count(*) FROM users"), ==, in_analytics);
}

static void
add_user (YaraOrm *orm)
{
  User user = { .name = "Ada" };

  test_ok (yara_orm_create (orm, &user_model, &user, NULL, &error));
}

static void
assert_route (YaraOrm *orm, const YaraModel *model, YaraOperation operation, const char *name,
              YaraRouteReason reason)
{
  YaraRoute route;

  test_ok (yara_orm_route (orm, model, operation, &route, &error));
  g_assert_cmpstr (yara_connection_get_name (route.connection), ==, name);
  g_assert_cmpstr (yara_route_reason_get_name (route.reason), ==, yara_route_reason_get_name (reason));
}

/* ---- who decides ---- */

static void
default_decides (Test *test)
{
  set_up (test);
  assert_route (test->orm, &user_model, YARA_OPERATION_READ, "default", YARA_ROUTE_DEFAULT);
  assert_route (test->orm, &user_model, YARA_OPERATION_WRITE, "default", YARA_ROUTE_DEFAULT);
  add_user (test->orm);
  assert_users (test, 1, 0, 0);
}

static void
model_decides (Test *test)
{
  Event event = { 0 };

  set_up (test);
  assert_route (test->orm, &event_model, YARA_OPERATION_WRITE, "analytics", YARA_ROUTE_MODEL);
  test_ok (yara_orm_create (test->orm, &event_model, &event, NULL, &error));
  g_assert_cmpint (test_fetch_int (test->orm, "analytics", "SELECT count(*) FROM events"), ==, 1);
  test_ok (yara_orm_remove_connection (test->orm, "analytics", &error));
  event.id = 0;
  test_fails (yara_orm_create (test->orm, &event_model, &event, NULL, &error), CONFIGURATION, "Event",
              "analytics", "default", "replica");
  g_assert_cmpint (test_fetch_int (test->orm, "default", "SELECT count(*) FROM events"), ==, 0);
}

static void
router_decides (Test *test)
{
  Router router = { .read = "replica", .write = "analytics" };

  set_up (test);
  set_router (test, &router);
  assert_route (test->orm, &user_model, YARA_OPERATION_READ, "replica", YARA_ROUTE_ROUTER);
  assert_route (test->orm, &event_model, YARA_OPERATION_READ, "replica",
                YARA_ROUTE_ROUTER); /* before the model's own */
  add_user (test->orm);
  assert_users (test, 0, 0, 1);
  router.write = "default";
  assert_route (test->orm, &event_model, YARA_OPERATION_WRITE, "default",
                YARA_ROUTE_ROUTER); /* a name is an answer */
  test_ok (yara_orm_set_router (test->orm, NULL, NULL, NULL, &error));
  assert_route (test->orm, &user_model, YARA_OPERATION_READ, "default", YARA_ROUTE_DEFAULT);
  assert_route (test->orm, &event_model, YARA_OPERATION_READ, "analytics", YARA_ROUTE_MODEL);
}

static void
no_opinion (Test *test)
{
  Router router = { .read = NULL, .write = "" };

  set_up (test);
  set_router (test, &router);
  assert_route (test->orm, &user_model, YARA_OPERATION_READ, "default", YARA_ROUTE_DEFAULT);
  assert_route (test->orm, &user_model, YARA_OPERATION_WRITE, "default", YARA_ROUTE_DEFAULT);
  assert_route (test->orm, &event_model, YARA_OPERATION_READ, "analytics", YARA_ROUTE_MODEL);
  assert_route (test->orm, &event_model, YARA_OPERATION_WRITE, "analytics", YARA_ROUTE_MODEL);
  add_user (test->orm);
  assert_users (test, 1, 0, 0);
}

static void
using_decides (Test *test)
{
  Router router = { .read = "replica", .write = "replica" };
  g_autoptr(YaraOrm) analytics = NULL, unknown = NULL, again = NULL;
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);

  set_up (test);
  set_router (test, &router);
  analytics = yara_orm_using (test->orm, "analytics");
  unknown = yara_orm_using (test->orm, "replcia");
  again = yara_orm_using (analytics, "default");
  assert_route (analytics, &user_model, YARA_OPERATION_READ, "analytics", YARA_ROUTE_USING);
  assert_route (again, &user_model, YARA_OPERATION_WRITE, "default",
                YARA_ROUTE_USING); /* the last word counts */
  add_user (analytics);
  assert_users (test, 0, 0, 1);
  g_assert_cmpuint (router.n_reads + router.n_writes, ==, 0);
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 0);
  g_assert_cmpint (test_ok (yara_orm_count (analytics, query, NULL, &error)), ==, 1);
  test_fails (yara_orm_count (unknown, query, NULL, &error), CONFIGURATION, "replcia", "replica", "default",
              "analytics");
  test_await (yara_orm_count_async (unknown, query, NULL, test_call_done, &call),
              test_fails (yara_orm_count_finish (unknown, call.result, &error), CONFIGURATION, "replcia"));
  test_await_ok (orm_count, analytics, query);
}

/* ---- what the router is asked ---- */

/* `call` asks `reads` and `writes` questions about User. */
#define ASKS(reads, writes, call) \
  G_STMT_START \
    { \
      router.n_reads = router.n_writes = 0; \
      router.model = NULL; \
      call; \
      if (router.n_reads != (reads) || router.n_writes != (writes)) \
        g_error ("%s asked for %u reads and %u writes", #call, router.n_reads, router.n_writes); \
      g_assert_true ((reads) + (writes) == 0 || router.model == &user_model); \
    } \
  G_STMT_END

static void
questions (Test *test)
{
  Router router = { .read = "replica", .write = "default" };
  YaraOrm *orm = test->orm;
  g_autoptr(YaraQuery) query = yara_query_new (&user_model), one = yara_query_new (&user_model);
  g_autoptr(YaraQuery) none = yara_query_new (&user_model), update = yara_query_new (&user_model);
  User user = { .name = "Ada" }, copy, many[2] = { { .name = "Eve" }, { .name = "Bob" } };
  gboolean flag;

  set_up (test);
  test_execute (orm, "replica", "INSERT INTO users (id, name, age) VALUES (1, 'Ada', 0)");
  set_router (test, &router);
  yara_query_filter (one, "id", 1);
  yara_query_filter (none, "id", -1);
  yara_query_filter (update, "id", -1);
  yara_query_set (update, "age", 1);

  ASKS (0, 1, test_ok (yara_orm_create (orm, &user_model, &user, NULL, &error)));
  ASKS (0, 1, test_ok (yara_orm_bulk_create (orm, &user_model, many, 2, NULL, &error)));
  ASKS (0, 1, test_ok (yara_orm_save (orm, &user_model, &user, NULL, NULL, &error)));
  copy = user;
  ASKS (1, 0, yara_result_unref (test_ok (yara_orm_refresh (orm, &user_model, &copy, NULL, &error))));
  ASKS (1, 0, yara_result_unref (test_ok (yara_orm_all (orm, query, NULL, &error))));
  ASKS (1, 0, yara_result_unref (test_ok (yara_orm_first (orm, query, NULL, &error))));
  ASKS (1, 0, yara_result_unref (test_ok (yara_orm_last (orm, query, NULL, &error))));
  ASKS (1, 0, yara_result_unref (test_ok (yara_orm_get (orm, one, NULL, &error))));
  ASKS (1, 0, yara_result_unref (test_ok (yara_orm_get_or_none (orm, none, NULL, &error))));
  ASKS (1, 0, test_ok (yara_orm_count (orm, query, NULL, &error)));
  ASKS (1, 0, test_ok (yara_orm_exists (orm, query, &flag, NULL, &error)));
  ASKS (1, 0, yara_rows_unref (test_ok (yara_orm_values (orm, query, NULL, NULL, &error))));
  ASKS (0, 1, test_ok (yara_orm_update (orm, update, NULL, &error)));
  ASKS (0, 1, test_ok (yara_orm_delete_all (orm, none, NULL, &error)));
  ASKS (0, 1, test_ok (yara_orm_delete (orm, &user_model, &many[0], NULL, &error)));
  ASKS (0, 0, test_execute (orm, "replica", "SELECT 1"));
  ASKS (0, 0, test_execute (orm, NULL, "SELECT 1"));
  ASKS (1, 0, test_await_ok (orm_count, orm, query));
  user = (User) { .name = "Kim" };
  ASKS (0, 1, test_await_ok (orm_create, orm, &user_model, &user));
  ASKS (0, 1, test_ok (yara_orm_generate_schemas_for (orm, (const YaraModel *const[]) { &user_model, NULL },
                                                      YARA_SCHEMA_SAFE, NULL, &error)));
  ASKS (1, 0, assert_route (orm, &user_model, YARA_OPERATION_READ, "replica", YARA_ROUTE_ROUTER));
}

/* Looking and making happen in one place, so that a late replica makes no doubles. */
static void
look_then_write (Test *test)
{
  Router router = { .read = "replica", .write = "default" };
  gboolean created = FALSE;

  set_up (test);
  set_router (test, &router);
  for (guint i = 0; i < 4; i++)
    {
      User user = { .name = "Ada", .age = i };

      if (i < 2)
        yara_result_unref (test_ok (yara_orm_get_or_create (test->orm, &user_model, &user,
                                                            YARA_NAMES ("name"), &created, NULL, &error)));
      else
        test_await (yara_orm_update_or_create_async (test->orm, &user_model, &user, YARA_NAMES ("name"), NULL,
                                                     test_call_done, &call),
                    test_ok (yara_orm_update_or_create_finish (test->orm, call.result, &created, &error)));
      g_assert_cmpint (created, ==, i == 0);
    }
  g_assert_cmpuint (router.n_reads, ==, 0);
  g_assert_cmpuint (router.n_writes, >=, 4);
  assert_users (test, 1, 0, 0);
  g_assert_cmpint (test_fetch_int (test->orm, "default", "SELECT age FROM users"), ==, 3);
}

static void
hints (Test *test)
{
  Router router = { .read = "default", .write = "default" };
  const char **strings = g_new0 (const char *, 3);
  g_autoptr(YaraOrm) hinted = NULL, placed = NULL, plain = NULL;
  char *tenant = g_strdup ("tenant=blue");

  set_up (test);
  set_router (test, &router);
  strings[0] = "tenants=none";
  strings[1] = tenant;
  hinted = yara_orm_with_hints (test->orm, strings);
  memset (tenant, 'x', strlen (tenant));
  g_free (tenant);
  g_free (strings);
  add_user (hinted);
  g_assert_cmpstr (router.hint, ==, "blue");
  add_user (test->orm);
  g_assert_cmpstr (router.hint, ==, "");
  placed = yara_orm_using (hinted, "replica");
  plain = yara_orm_with_hints (placed, (const char *const[]) { "tenant=red", NULL });
  assert_route (plain, &user_model, YARA_OPERATION_WRITE, "replica", YARA_ROUTE_USING);
  add_user (placed);
  assert_users (test, 2, 1, 0);
}

/* ---- answers that are no good ---- */

static void
count_event (YaraOrm *orm, const YaraQueryEvent *event, gpointer user_data)
{
  ++*(guint *) user_data;
}

static void
bad_answers (Test *test)
{
  static const char *const answers[] = {
    "replcia", "Default", " ", "default ", "bad\xff\xfe", "new\nline",
    "a123456789012345678901234567890123456789012345678901234567890123",
  };
  g_autofree char *huge = g_strnfill (100000, 'h');
  Router router = { .read = "nowhere", .write = "nowhere" };
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);
  guint n_statements = 0, hook;

  set_up (test);
  set_router (test, &router);
  hook = yara_orm_add_query_hook (test->orm, count_event, &n_statements, NULL);
  for (gsize i = 0; i <= G_N_ELEMENTS (answers); i++)
    {
      User user = { .name = "Ada" };
      YaraRoute route;
      GError *error = NULL;

      router.read = router.write = i < G_N_ELEMENTS (answers) ? answers[i] : huge;
      g_assert_cmpint (yara_orm_count (test->orm, query, NULL, &error), ==, -1);
      g_assert_cmpuint (strlen (error->message), <, 1000);
      test_check_error (&error, YARA_ERROR, YARA_ERROR_CONFIGURATION, "User", "read", "default", "replica",
                        "analytics", NULL);
      test_fails (yara_orm_create (test->orm, &user_model, &user, NULL, &error), CONFIGURATION, "User",
                  "write", "default", "replica", "analytics");
      g_assert_cmpint (user.id, ==, 0);
      test_await (yara_orm_create_async (test->orm, &user_model, &user, NULL, test_call_done, &call),
                  test_fails (yara_orm_create_finish (test->orm, call.result, &error), CONFIGURATION, "User",
                              "write"));
      test_fails (yara_orm_route (test->orm, &user_model, YARA_OPERATION_READ, &route, &error), CONFIGURATION,
                  "User", "read");
      test_fails (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_SAFE, NULL, &error), CONFIGURATION,
                  "write");
    }
  g_assert_cmpuint (n_statements, ==, 0);
  yara_orm_remove_query_hook (test->orm, hook);
  router.read = router.write = "replcia";
  test_fails (yara_orm_count (test->orm, query, NULL, &error), CONFIGURATION, "replcia", "did you mean");
  assert_users (test, 0, 0, 0);
}

/* A router that cannot be loaded leaves the one in force. */
static void
failed_router (Test *test)
{
  Router router = { .read = "replica", .write = "default" };
  g_autofree char *path = g_build_filename (test->folder, "absent.so", NULL);

  set_up (test);
  set_router (test, &router);
  test_fails_in (yara_orm_set_router (test->orm, path, NULL, NULL, &error), YARA_ROUTER_ERROR,
                 YARA_ROUTER_ERROR_FILE, "absent.so");
  test_await (yara_orm_set_router_async (test->orm, path, NULL, NULL, test_call_done, &call),
              test_fails_in (yara_orm_set_router_finish (test->orm, call.result, &error), YARA_ROUTER_ERROR,
                             YARA_ROUTER_ERROR_FILE, "absent.so"));
  assert_route (test->orm, &user_model, YARA_OPERATION_READ, "replica", YARA_ROUTE_ROUTER);
}

static const TestCase cases[] = {
  { "routing/default-decides", default_decides },
  { "routing/model-decides", model_decides },
  { "routing/router-decides", router_decides },
  { "routing/no-opinion", no_opinion },
  { "routing/using-decides", using_decides },
  { "routing/questions", questions },
  { "routing/look-then-write", look_then_write },
  { "routing/hints", hints },
  { "routing/bad-answers", bad_answers },
  { "routing/failed-router", failed_router },
};
TEST_MAIN (cases)
