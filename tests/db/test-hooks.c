/* SPDX-License-Identifier: MIT
 *
 * Query hooks: what they see of each statement, where they run, and that they go; and the log.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64      id;
  const char *name;
} User;

static const YaraField user_fields[] = {
  YARA_FIELD (User, id, .primary_key = true),
  YARA_FIELD (User, name, .unique = true),
};
static const YaraModel user_model = YARA_MODEL (User, "users", user_fields);

/* The last event, copied. */
typedef struct
{
  guint            n_events, n_destroyed;
  GThread         *thread;
  char            *verb, *connection, *sql;
  const YaraModel *model;
  YaraRouteReason  reason;
  YaraOperation    operation;
  guint64          generation;
  gint64           duration, n_rows;
  int              error_code;     /* -1: none */
  TestCall        *call;           /* must not have called back yet */
} Seen;

static void
see (YaraOrm *orm, const YaraQueryEvent *event, gpointer user_data)
{
  Seen *seen = user_data;

  g_assert_true (YARA_IS_ORM (orm));
  g_assert_cmpuint (event->struct_size, ==, sizeof (YaraQueryEvent));
  if (seen->call != NULL)
    g_assert_cmpuint (seen->call->n_callbacks, ==, 0);
  seen->n_events++;
  seen->thread = g_thread_self ();
  g_free (seen->verb);
  seen->verb = g_strdup (event->verb);
  g_free (seen->connection);
  seen->connection = g_strdup (event->connection);
  g_free (seen->sql);
  seen->sql = g_strdup (event->sql);
  seen->model = event->model;
  seen->reason = event->reason;
  seen->operation = event->operation;
  seen->generation = event->generation;
  seen->duration = event->duration;
  seen->n_rows = event->n_rows;
  seen->error_code = event->error != NULL ? event->error->code : -1;
  g_assert_null (strstr (event->sql, TEST_SECRET));
}

static void
destroy (gpointer data)
{
  ((Seen *) data)->n_destroyed++;
}

static void
clear (Seen *seen)
{
  g_free (seen->verb);
  g_free (seen->connection);
  g_free (seen->sql);
}

static void
assert_seen (Seen *seen, const char *verb, const char *connection, YaraRouteReason reason,
             YaraOperation operation, gint64 n_rows, int error_code)
{
  g_assert_cmpuint (seen->n_events, ==, 1);
  g_assert_cmpstr (seen->verb, ==, verb);
  g_assert_cmpstr (seen->connection, ==, connection);
  g_assert_cmpint (seen->reason, ==, reason);
  g_assert_cmpint (seen->operation, ==, operation);
  g_assert_cmpint (seen->n_rows, ==, n_rows);
  g_assert_cmpint (seen->error_code, ==, error_code);
  g_assert_cmpint (seen->duration, >=, 0);
  g_assert_true (seen->thread == g_thread_self ());
  seen->n_events = 0;
}

static const char *
to_replica (const YaraModel *model, const YaraHints *hints)
{
  return "replica";
}

static const char *
to_nobody (const YaraModel *model, const YaraHints *hints)
{
  return NULL;
}

static void
see_everything (Test *test)
{
  Seen seen = { 0 };
  User user = { .name = TEST_SECRET }, again = { .name = TEST_SECRET };
  User many[2] = { { .name = "a" }, { .name = "b" } };
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);
  g_autoptr(YaraOrm) replica = yara_orm_using (test->orm, "replica");
  YaraConnection *connection;
  guint hook;

  test_add_connection (test, "replica");
  connection = test_connection (test->orm, "replica");
  TEST_USE (test, &user_model);
  test_ok (yara_orm_generate_schemas (replica, YARA_SCHEMA_DEFAULT, NULL, &error));
  hook = yara_orm_add_query_hook (test->orm, see, &seen, destroy);

  test_ok (yara_orm_create (test->orm, &user_model, &user, NULL, &error));
  assert_seen (&seen, "create", "default", YARA_ROUTE_DEFAULT, YARA_OPERATION_WRITE, 1, -1);
  g_assert_true (seen.model == &user_model);
  g_assert_nonnull (strstr (seen.sql, "users"));
  test_fails (yara_orm_create (test->orm, &user_model, &again, NULL, &error), INTEGRITY);
  assert_seen (&seen, "create", "default", YARA_ROUTE_DEFAULT, YARA_OPERATION_WRITE, -1,
               YARA_ERROR_INTEGRITY);
  test_ok (yara_orm_bulk_create (test->orm, &user_model, many, 2, NULL, &error));
  assert_seen (&seen, "bulk_create", "default", YARA_ROUTE_DEFAULT, YARA_OPERATION_WRITE, 2, -1);
  yara_result_unref (test_ok (yara_orm_all (test->orm, query, NULL, &error)));
  assert_seen (&seen, "all", "default", YARA_ROUTE_DEFAULT, YARA_OPERATION_READ, 3, -1);
  yara_query_filter (query, "name", TEST_SECRET);
  test_ok (yara_orm_count (replica, query, NULL, &error));
  assert_seen (&seen, "count", "replica", YARA_ROUTE_USING, YARA_OPERATION_READ, 1, -1);
  g_assert_cmpuint (seen.generation, ==, 0);

  test_ok (yara_orm_set_router_functions (test->orm, to_replica, to_nobody, NULL, NULL, &error));
  g_assert_cmpint (test_ok (yara_orm_delete_all (test->orm, query, NULL, &error)), ==, 1);
  assert_seen (&seen, "delete_all", "default", YARA_ROUTE_DEFAULT, YARA_OPERATION_WRITE, 1, -1);
  yara_result_unref (test_ok (yara_orm_get_or_none (test->orm, query, NULL, &error)));
  assert_seen (&seen, "get_or_none", "replica", YARA_ROUTE_ROUTER, YARA_OPERATION_READ, 0, -1);
  g_assert_cmpuint (seen.generation, ==, 1);

  yara_rows_unref (test_ok (yara_connection_fetch_rows (connection, "SELECT 1 WHERE $1 = $1",
                                                        YARA_ARGS (TEST_SECRET), NULL, &error)));
  g_assert_cmpstr (seen.verb, ==, "fetch_rows");
  g_assert_cmpstr (seen.connection, ==, "replica");
  g_assert_cmpstr (seen.sql, ==, "SELECT 1 WHERE $1 = $1");
  g_assert_null (seen.model);
  g_assert_cmpint (seen.n_rows, ==, 1);
  test_fails (yara_connection_execute (connection, "DELETE FROM nowhere", NULL, NULL, &error), OPERATIONAL);
  g_assert_cmpstr (seen.verb, ==, "execute");
  g_assert_cmpint (seen.error_code, ==, YARA_ERROR_OPERATIONAL);

  seen.n_events = 0;
  yara_orm_remove_query_hook (test->orm, hook);
  g_assert_cmpuint (seen.n_destroyed, ==, 1);
  test_ok (yara_orm_count (test->orm, query, NULL, &error));
  g_assert_cmpuint (seen.n_events, ==, 0);
  clear (&seen);
}

/* In the thread that issued it, and before its callback. */
static void
see_async (Test *test)
{
  Seen seen = { 0 };
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);
  User user = { .name = TEST_SECRET };
  TestCall call = { NULL };
  guint hook;

  TEST_USE (test, &user_model);
  hook = yara_orm_add_query_hook (test->orm, see, &seen, NULL);
  seen.call = &call;
  yara_orm_create_async (test->orm, &user_model, &user, NULL, test_call_done, &call);
  test_call_wait (&call);
  assert_seen (&seen, "create", "default", YARA_ROUTE_DEFAULT, YARA_OPERATION_WRITE, 1, -1);
  test_ok (yara_orm_create_finish (test->orm, call.result, &error));
  test_calls_clear (&call, 1);

  call = (TestCall) { NULL };
  user.id = 0;
  yara_orm_create_async (test->orm, &user_model, &user, NULL, test_call_done, &call);
  test_call_wait (&call);
  assert_seen (&seen, "create", "default", YARA_ROUTE_DEFAULT, YARA_OPERATION_WRITE, -1,
               YARA_ERROR_INTEGRITY);
  test_fails (yara_orm_create_finish (test->orm, call.result, &error), INTEGRITY);
  test_calls_clear (&call, 1);
  yara_orm_remove_query_hook (test->orm, hook);
  clear (&seen);
}

static void
several_hooks (Test *test)
{
  Seen seen[3] = { { 0 }, { 0 }, { 0 } };
  guint hooks[3];
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);

  TEST_USE (test, &user_model);
  for (guint i = 0; i < 3; i++)
    hooks[i] = yara_orm_add_query_hook (test->orm, see, &seen[i], destroy);
  g_assert_true (hooks[0] != hooks[1] && hooks[1] != hooks[2]);
  test_ok (yara_orm_count (test->orm, query, NULL, &error));
  yara_orm_remove_query_hook (test->orm, hooks[1]);
  test_ok (yara_orm_count (test->orm, query, NULL, &error));
  for (guint i = 0; i < 3; i++)
    {
      g_assert_cmpuint (seen[i].n_events, ==, i == 1 ? 1 : 2);
      g_assert_cmpuint (seen[i].n_destroyed, ==, i == 1);
      if (i != 1)
        yara_orm_remove_query_hook (test->orm, hooks[i]);
      clear (&seen[i]);
    }
}

/* Hooks may use the ORM themselves, and remove themselves. */
typedef struct
{
  guint number, n_events;
} Selfish;

static void
remove_itself (YaraOrm *orm, const YaraQueryEvent *event, gpointer user_data)
{
  Selfish *selfish = user_data;

  selfish->n_events++;
  yara_orm_remove_query_hook (orm, selfish->number);
  g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT 5"), ==, 5);
}

static void
hook_removes_itself (Test *test)
{
  Selfish selfish = { 0 };
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);

  TEST_USE (test, &user_model);
  selfish.number = yara_orm_add_query_hook (test->orm, remove_itself, &selfish, NULL);
  test_ok (yara_orm_count (test->orm, query, NULL, &error));
  test_ok (yara_orm_count (test->orm, query, NULL, &error));
  g_assert_cmpuint (selfish.n_events, ==, 1);
}

/* The fixture looks into every message for secrets; here it is seen that there are messages. */
static void
log_messages (Test *test)
{
  guint before = test_count_log_messages ();
  User user = { .name = TEST_SECRET };
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);

  TEST_USE (test, &user_model);
  test_ok (yara_orm_create (test->orm, &user_model, &user, NULL, &error));
  yara_query_filter (query, "name", TEST_SECRET);
  test_ok (yara_orm_count (test->orm, query, NULL, &error));
  test_ok (yara_connection_execute (test_connection (test->orm, NULL), "SELECT 1 WHERE $1 = $1",
                                    YARA_ARGS (TEST_SECRET), NULL, &error));
  g_assert_cmpuint (test_count_log_messages (), >, before);
}

static const TestCase cases[] = {
  { "hooks/see-everything", see_everything },
  { "hooks/see-async", see_async },
  { "hooks/several", several_hooks },
  { "hooks/removes-itself", hook_removes_itself },
  { "hooks/log-messages", log_messages },
};
TEST_MAIN (cases)
