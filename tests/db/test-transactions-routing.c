/* SPDX-License-Identifier: MIT
 *
 * Transactions and routing: what is pinned to the transaction's connection, in whose dialect, what the other
 * rules do, and what hooks are told.
 */
#include "fixture.h"

#include <string.h>

typedef struct { gint64 id; const char *name; bool active; } User;

static const YaraField user_fields[] = {
  YARA_FIELD (User, id, .primary_key = true),
  YARA_FIELD (User, name),
  YARA_FIELD (User, active),
};
static const YaraModel user_model = YARA_MODEL (User, "users", user_fields);

typedef struct { gint64 id; const char *what; bool loud; } Event;

static const YaraField event_fields[] = {
  YARA_FIELD (Event, id, .primary_key = true),
  YARA_FIELD (Event, what),
  YARA_FIELD (Event, loud),
};
static const YaraModel event_model = YARA_MODEL (Event, "events", event_fields);

typedef struct { gint64 id; } Note;

static const YaraField note_fields[] = { YARA_FIELD (Note, id, .primary_key = true) };
static const YaraModel note_model = YARA_MODEL (Note, "notes", note_fields, .connection = "analytics");

/* ---- a router that counts ---- */

typedef struct
{
  guint       n_calls;
  const char *reads; /* where everything is read, or NULL */
} Router;

static const char *
answer (const YaraModel *model, const YaraHints *hints)
{
  Router *router = hints->user_data;

  router->n_calls++;
  if (hints->operation == YARA_OPERATION_READ && router->reads != NULL)
    return router->reads;
  return strcmp (model->name, "Event") == 0 ? "analytics" : NULL;
}

static const YaraModel *const both_models[] = { &user_model, &event_model, NULL };

/* Event goes to "analytics"; the tables of both models are on both connections. */
static void
set_up (YaraOrm *orm, Router *router)
{
  static const char *const names[] = { "default", "analytics" };

  for (guint i = 0; i < 2; i++)
    test_ok (yara_orm_register (orm, both_models[i], &error));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(YaraOrm) view = yara_orm_using (orm, names[i]);

      test_ok (yara_orm_generate_schemas_for (view, both_models, YARA_SCHEMA_SAFE, NULL, &error));
    }
  test_ok (yara_orm_set_router_functions (orm, answer, answer, router, NULL, &error));
}

static gint64
count_on (YaraOrm *orm, const char *connection, const YaraModel *model)
{
  g_autoptr(YaraOrm) view = yara_orm_using (orm, connection);
  g_autoptr(YaraQuery) query = yara_query_new (model);

  return test_ok (yara_orm_count (view, query, NULL, &error));
}

static void
assert_counts (YaraOrm *orm, gint64 users, gint64 events_here, gint64 events_there)
{
  g_assert_cmpint (count_on (orm, "default", &user_model), ==, users);
  g_assert_cmpint (count_on (orm, "analytics", &user_model), ==, 0);
  g_assert_cmpint (count_on (orm, "default", &event_model), ==, events_here);
  g_assert_cmpint (count_on (orm, "analytics", &event_model), ==, events_there);
}

/* Functions that are told nothing. */
static gboolean
create_user (YaraOrm *orm, const char *name, GError **error)
{
  User user = { .name = name, .active = true };

  return yara_orm_create (orm, &user_model, &user, NULL, error);
}

static gboolean
create_event (YaraOrm *orm, const char *what, GError **error)
{
  Event event = { .what = what, .loud = true };

  return yara_orm_create (orm, &event_model, &event, NULL, error);
}

/* ---- pinned ---- */

typedef struct
{
  YaraOrm *orm;
  Router  *router;
  gboolean fails;
} Block;

static gboolean
create_both (YaraTransaction *transaction, gpointer data, GError **error)
{
  Block *block = data;
  g_autoptr(YaraQuery) query = yara_query_new (&event_model);
  g_autoptr(YaraResult) events = NULL;

  if (!create_user (block->orm, "Ada", error) || !create_event (block->orm, "Joined", error))
    return FALSE;
  /* Lists, booleans and matching are rendered differently by each dialect. */
  yara_query_filter (query, "what__in", YARA_LIST ("Joined", "left"));
  yara_query_filter (query, "loud", true);
  yara_query_filter (query, "what__icontains", "JOIN");
  events = yara_orm_all (block->orm, query, NULL, error);
  if (events == NULL)
    return FALSE;
  g_assert_cmpuint (yara_result_get_n_records (events), ==, block->fails ? 2 : 1);
  if (block->fails)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "on purpose");
  return !block->fails;
}

static void
assert_pinned (YaraOrm *orm)
{
  Router router = { 0 };
  Block block = { orm, &router };
  guint n_calls;

  set_up (orm, &router);
  n_calls = router.n_calls;
  test_ok (yara_orm_in_transaction (orm, NULL, NULL, create_both, &block, NULL, &error));
  g_assert_cmpuint (router.n_calls, ==, n_calls);
  assert_counts (orm, 1, 1, 0);

  block.fails = TRUE;
  test_fails_in (yara_orm_in_transaction (orm, NULL, NULL, create_both, &block, NULL, &error), G_FILE_ERROR,
                 G_FILE_ERROR_FAILED);
  g_assert_cmpuint (router.n_calls, ==, n_calls);
  assert_counts (orm, 1, 1, 0);

  /* outside, it is as before */
  test_ok (create_event (orm, "Left", &error));
  g_assert_cmpuint (router.n_calls, ==, n_calls + 1);
  assert_counts (orm, 1, 1, 1);
}

static void
pinned (Test *test)
{
  test_add_connection (test, "analytics");
  assert_pinned (test->orm);
}

/* Event's home speaks another dialect. */
static void
mixed (Test *test)
{
  g_autofree char *file = g_strdup_printf ("sqlite://%s/mixed.db", test->folder);

  test_ok (yara_orm_add_connection (test->orm, "analytics", file, NULL, &error));
  assert_pinned (test->orm);
}

static void
mixed_reversed (Test *test)
{
  g_autofree char *file = g_strdup_printf ("sqlite://%s/mixed.db", test->folder), *url = test_url (test, "other");
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (file, NULL, NULL, &error));

  test_ok (yara_orm_add_connection (orm, "analytics", url, NULL, &error));
  assert_pinned (orm);
  test_ok (yara_orm_close (orm, NULL, &error));
}

static void
get_connection (Test *test)
{
  Router router = { 0 };
  YaraConnection *before;
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraOrm) view = NULL, same = NULL;
  YaraConnectionStatus status = { .struct_size = sizeof status };

  test_add_connection (test, "analytics");
  set_up (test->orm, &router);
  before = test_connection (test->orm, "analytics");
  view = yara_orm_using (test->orm, "analytics");
  same = yara_orm_using (test->orm, "default");
  transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));

  /* any name gives an executor that joins */
  test_execute (test->orm, "analytics", "INSERT INTO users (name, active) VALUES ('raw', true)");
  test_execute (test->orm, NULL, "INSERT INTO users (name, active) VALUES ('raw', true)");
  g_assert_true (test_connection (test->orm, "analytics") == yara_transaction_get_connection (transaction));
  test_fails (yara_orm_get_connection (test->orm, "nowhere", &error), CONFIGURATION, "nowhere");
  test_ok (create_user (same, "same", &error));

  /* but not one that was taken before, nor a view */
  test_fails (yara_connection_execute (before, "INSERT INTO users (name, active) VALUES ('x', true)", NULL, NULL,
                                       &error), TRANSACTION, "analytics", "spans one connection");
  test_fails (create_user (view, "x", &error), TRANSACTION, "analytics", "spans one connection");
  g_assert_cmpstr (yara_connection_get_backend (before), ==, test->variant->backend);
  g_assert_true (yara_connection_get_status (before, &status));
  test_ok (yara_transaction_commit (transaction, NULL, &error));
  assert_counts (test->orm, 3, 0, 0);
}

/* ---- the other rules ---- */

static void
strict (Test *test)
{
  Router router = { 0 };
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraQuery) query = yara_query_new (&event_model);
  guint n_calls;

  test_add_connection (test, "analytics");
  set_up (test->orm, &router);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.rule = YARA_RULE_STRICT),
                                         NULL, &error));
  n_calls = router.n_calls;
  test_ok (create_user (test->orm, "Ada", &error));
  g_assert_cmpuint (router.n_calls, ==, n_calls + 1);
  test_fails (create_event (test->orm, "x", &error), TRANSACTION, "Event", "analytics", "router", "default",
              "strict");
  test_fails (yara_orm_all (test->orm, query, NULL, &error), TRANSACTION, "read of Event");
  test_fails (yara_orm_get_connection (test->orm, "analytics", &error), TRANSACTION, "strict");
  test_ok (create_user (test->orm, "Bob", &error)); /* nothing was sent, and so nothing has failed */
  g_assert_cmpuint (yara_transaction_get_n_overridden (transaction), ==, 0);
  test_ok (yara_transaction_commit (transaction, NULL, &error));
  assert_counts (test->orm, 2, 0, 0);
}

/* Reads that usually go to a replica belong to the transaction in which the model is written. */
static void
strict_with_replica (Test *test)
{
  Router router = { .reads = "analytics" };
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraQuery) query = yara_query_new (&user_model);

  test_add_connection (test, "analytics");
  set_up (test->orm, &router);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.rule = YARA_RULE_STRICT),
                                         NULL, &error));
  test_ok (create_user (test->orm, "Ada", &error));
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 1);
  g_assert_cmpuint (yara_transaction_get_n_overridden (transaction), ==, 1);
  test_ok (yara_transaction_commit (transaction, NULL, &error));
}

static void
by_name (Test *test)
{
  const YaraTransactionOptions *options = YARA_TRANSACTION_OPTIONS (.rule = YARA_RULE_BY_NAME);
  Router router = { 0 };
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraOrm) view = NULL;

  test_add_connection (test, "analytics");
  set_up (test->orm, &router);
  view = yara_orm_using (test->orm, "analytics");
  transaction = test_ok (yara_orm_begin (test->orm, NULL, options, NULL, &error));
  test_ok (create_user (test->orm, "Ada", &error));
  test_ok (create_event (test->orm, "outside", &error));
  test_ok (create_event (view, "outside, too", &error));
  test_execute (test->orm, "analytics", "INSERT INTO events (what, loud) VALUES ('raw', true)");
  test_ok (yara_transaction_rollback (transaction, &error));
  assert_counts (test->orm, 0, 0, 3);
}

/* What goes elsewhere joins the transaction that the chain has open there. */
static void
by_name_joins (Test *test)
{
  const YaraTransactionOptions *options = YARA_TRANSACTION_OPTIONS (.rule = YARA_RULE_BY_NAME);
  Router router = { 0 };
  g_autoptr(YaraTransaction) there = NULL, here = NULL;

  test_add_connection (test, "analytics");
  set_up (test->orm, &router);
  there = test_ok (yara_orm_begin (test->orm, "analytics", options, NULL, &error));
  here = test_ok (yara_orm_begin (test->orm, NULL, options, NULL, &error));
  test_ok (create_user (test->orm, "Ada", &error));
  test_ok (create_event (test->orm, "in the outer one", &error));
  test_ok (yara_transaction_commit (here, NULL, &error));
  test_ok (yara_transaction_rollback (there, &error));
  assert_counts (test->orm, 1, 0, 0);
}

/* ---- two connections ---- */

/* The innermost one pins; each ends by itself. */
static void
two_connections (Test *test)
{
  Router router = { 0 };
  g_autoptr(YaraTransaction) outer = NULL, inner = NULL, again = NULL;

  test_add_connection (test, "analytics");
  set_up (test->orm, &router);
  outer = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  test_ok (create_user (test->orm, "Ada", &error));
  inner = test_ok (yara_orm_begin (test->orm, "analytics", NULL, NULL, &error));
  g_assert_cmpstr (yara_connection_get_name (yara_transaction_get_connection (inner)), ==, "analytics");
  test_ok (create_event (test->orm, "there", &error));

  /* back on the first: a savepoint in the outer one */
  again = test_ok (yara_orm_begin (test->orm, "default", NULL, NULL, &error));
  test_ok (create_event (test->orm, "here", &error));
  test_ok (yara_transaction_rollback (again, &error));

  test_ok (yara_transaction_commit (inner, NULL, &error));
  test_ok (create_event (test->orm, "here", &error));
  test_ok (yara_transaction_rollback (outer, &error));
  assert_counts (test->orm, 0, 0, 1);
}

static void
opens_by_model (Test *test)
{
  Router router = { 0 };
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraOrm) view = NULL;
  g_autoptr(YaraTransaction) viewed = NULL;

  test_add_connection (test, "analytics");
  set_up (test->orm, &router);
  test_fails (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.model = &note_model), NULL, &error),
              CONFIGURATION, "Note", "register");
  transaction = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.model = &event_model), NULL,
                                         &error));
  g_assert_cmpstr (yara_connection_get_name (yara_transaction_get_connection (transaction)), ==, "analytics");
  test_ok (create_event (test->orm, "there", &error));
  test_ok (yara_transaction_commit (transaction, NULL, &error));
  assert_counts (test->orm, 0, 0, 1);

  view = yara_orm_using (test->orm, "analytics");
  viewed = test_ok (yara_orm_begin (view, NULL, NULL, NULL, &error));
  g_assert_cmpstr (yara_connection_get_name (yara_transaction_get_connection (viewed)), ==, "analytics");
  test_ok (yara_transaction_rollback (viewed, &error));
}

/* Tables are made where the transaction is. */
static void
schemas (Test *test)
{
  Router router = { 0 };
  g_autoptr(YaraTransaction) transaction = NULL;

  test_add_connection (test, "analytics");
  test_ok (yara_orm_register (test->orm, &event_model, &error));
  test_ok (yara_orm_set_router_functions (test->orm, answer, answer, &router, NULL, &error));
  transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  test_ok (create_event (test->orm, "here", &error));
  test_ok (yara_transaction_commit (transaction, NULL, &error));
  g_assert_cmpuint (router.n_calls, ==, 0);
  g_assert_cmpint (test_fetch_int (test->orm, "default", "SELECT count(*) FROM events"), ==, 1);
  test_fails (yara_connection_execute (test_connection (test->orm, "analytics"), "DELETE FROM events", NULL, NULL,
                                       &error), OPERATIONAL);
}

/* ---- what is told ---- */

typedef struct
{
  guint n_events;
  char  connection[16];
  int   reason, overridden;
  gboolean in_transaction;
} Seen;

static void
see (YaraOrm *orm, const YaraQueryEvent *event, gpointer data)
{
  Seen *seen = data;

  g_assert_cmpuint (event->struct_size, ==, sizeof *event);
  seen->n_events++;
  g_strlcpy (seen->connection, event->connection, sizeof seen->connection);
  seen->reason = event->reason;
  seen->overridden = event->overridden;
  seen->in_transaction = event->in_transaction;
}

static void
assert_seen (Seen *seen, const char *connection, int reason, int overridden, gboolean in_transaction)
{
  g_assert_cmpuint (seen->n_events, ==, 1);
  g_assert_cmpstr (seen->connection, ==, connection);
  g_assert_cmpint (seen->reason, ==, reason);
  g_assert_cmpint (seen->overridden, ==, overridden);
  g_assert_cmpint (seen->in_transaction, ==, in_transaction);
  seen->n_events = 0;
}

static void
hooks (Test *test)
{
  Router router = { 0 };
  Seen seen = { 0 };
  Note note = { 0 };
  YaraRoute route;
  g_autoptr(YaraTransaction) transaction = NULL, there = NULL;
  guint hook;

  test_add_connection (test, "analytics");
  set_up (test->orm, &router);
  test_ok (yara_orm_register (test->orm, &note_model, &error));
  {
    g_autoptr(YaraOrm) view = yara_orm_using (test->orm, "default");

    test_ok (yara_orm_generate_schemas_for (view, (const YaraModel *const[]) { &note_model, NULL },
                                            YARA_SCHEMA_SAFE,
                                            NULL, &error));
  }
  hook = yara_orm_add_query_hook (test->orm, see, &seen, NULL);
  test_ok (create_event (test->orm, "outside", &error));
  assert_seen (&seen, "analytics", YARA_ROUTE_ROUTER, -1, FALSE);

  transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  test_ok (create_event (test->orm, "inside", &error));
  assert_seen (&seen, "default", YARA_ROUTE_TRANSACTION, YARA_ROUTE_ROUTER, TRUE);
  test_ok (yara_orm_route (test->orm, &event_model, YARA_OPERATION_WRITE, &route, &error));
  g_assert_cmpint (route.reason, ==, YARA_ROUTE_TRANSACTION);
  g_assert_cmpstr (yara_connection_get_name (route.connection), ==, "default");
  test_ok (yara_orm_set_router (test->orm, NULL, NULL, NULL, &error));
  test_ok (create_event (test->orm, "inside", &error));
  assert_seen (&seen, "default", YARA_ROUTE_TRANSACTION, -1, TRUE);
  test_ok (yara_orm_create (test->orm, &note_model, &note, NULL, &error));
  assert_seen (&seen, "default", YARA_ROUTE_TRANSACTION, YARA_ROUTE_MODEL, TRUE);
  test_execute (test->orm, NULL, "DELETE FROM notes");
  assert_seen (&seen, "default", YARA_ROUTE_TRANSACTION, -1, TRUE);
  g_assert_cmpuint (yara_transaction_get_n_overridden (transaction), ==, 3); /* with yara_orm_route() */

  there = test_ok (yara_orm_begin (test->orm, "analytics", NULL, NULL, &error));
  test_ok (create_event (test->orm, "inside", &error));
  assert_seen (&seen, "analytics", YARA_ROUTE_TRANSACTION, YARA_ROUTE_DEFAULT, TRUE);
  test_ok (yara_transaction_rollback (there, &error));
  test_ok (yara_transaction_rollback (transaction, &error));
  yara_orm_remove_query_hook (test->orm, hook);
}

static const TestCase cases[] = {
  { "transactions/routing/pinned", pinned },
  { "transactions/routing/mixed", mixed, "postgres" },
  { "transactions/routing/mixed-reversed", mixed_reversed, "postgres" },
  { "transactions/routing/get-connection", get_connection },
  { "transactions/routing/strict", strict },
  { "transactions/routing/strict-with-replica", strict_with_replica },
  { "transactions/routing/by-name", by_name },
  { "transactions/routing/by-name-joins", by_name_joins },
  { "transactions/routing/two-connections", two_connections },
  { "transactions/routing/opens-by-model", opens_by_model },
  { "transactions/routing/schemas", schemas },
  { "transactions/routing/hooks", hooks },
};

TEST_MAIN (cases)
