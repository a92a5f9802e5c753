/* SPDX-License-Identifier: MIT
 *
 * Transactions on the main loop: chains of work that know nothing of their transaction, next to one another,
 * across time-outs and threads, cancelled and dropped.
 */
#include "fixture.h"

#include <string.h>

typedef struct { gint64 id; const char *name; gint32 step; } Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, name, .max_length = 40),
  YARA_FIELD (Entry, step),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

static gint64
count_entries (YaraOrm *orm, const char *connection)
{
  return test_fetch_int (orm, connection, "SELECT count(*) FROM entries");
}

/* Another client of the same database, which sees what is committed and nothing else. */
static YaraOrm *
open_probe (Test *test)
{
  g_autofree char *url = test_url (test, "default");

  return test_ok (yara_orm_open (url, NULL, NULL, &error));
}

static char *
url_with (Test *test, const char *parameter)
{
  g_autofree char *url = test_url (test, "default");

  return g_strconcat (url, strchr (url, '?') != NULL ? "&" : "?", parameter, NULL);
}

/* ---- one chain ---- */

typedef enum { RETURN, RETURN_ERROR, RETURN_AT_ONCE, DROP } Ending;

typedef struct
{
  YaraOrm         *orm;
  Ending           ending;
  YaraTransaction *transaction;
  Entry            entries[3];
  guint            n_created;
  gboolean         was_ambient; /* in every callback */
  TestCall         call;
} Chain;

static void chain_step (Chain *chain);

static void
on_created (GObject *orm, GAsyncResult *result, gpointer data)
{
  Chain *chain = data;
  g_autoptr(YaraAmbient) ambient = yara_ambient_dup_current ();

  chain->was_ambient &= ambient != NULL;
  test_ok (yara_orm_create_finish (YARA_ORM (orm), result, &error));
  chain->n_created++;
  chain_step (chain);
}

static void
chain_end (Chain *chain)
{
  switch (chain->ending)
    {
    case RETURN:
    case RETURN_AT_ONCE:
      yara_transaction_return (g_steal_pointer (&chain->transaction));
      break;
    case RETURN_ERROR:
      yara_transaction_return_error (g_steal_pointer (&chain->transaction),
                                     g_error_new (G_FILE_ERROR, G_FILE_ERROR_FAILED, "on purpose"));
      break;
    case DROP:
      g_clear_object (&chain->transaction);
    }
}

static void
chain_step (Chain *chain)
{
  Entry *entry = &chain->entries[chain->n_created];

  if (chain->n_created == G_N_ELEMENTS (chain->entries) || chain->ending == RETURN_AT_ONCE)
    {
      chain_end (chain);
      return;
    }
  entry->name = "chain";
  entry->step = chain->n_created;
  yara_orm_create_async (chain->orm, &entry_model, entry, NULL, on_created, chain);
}

static void
chain_body (YaraTransaction *transaction, gpointer data)
{
  Chain *chain = data;

  chain->was_ambient = TRUE;
  chain->transaction = transaction;
  chain_step (chain);
}

/* The callback runs outside. */
static void
chain_done (GObject *source, GAsyncResult *result, gpointer call)
{
  g_assert_null (yara_ambient_dup_current ());
  test_call_done (source, result, call);
}

static void
run_chain (Chain *chain)
{
  yara_orm_in_transaction_async (chain->orm, NULL, NULL, chain_body, chain, NULL, chain_done, &chain->call);
  g_assert_null (yara_ambient_dup_current ());
  g_assert_null (chain->transaction);
  test_call_wait (&chain->call);
  g_assert_true (chain->was_ambient);
  g_assert_null (yara_ambient_dup_current ());
}

static void
commits (Test *test)
{
  Chain chain = { test->orm, RETURN };

  TEST_USE (test, &entry_model);
  run_chain (&chain);
  test_ok (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error));
  test_calls_clear (&chain.call, 1);
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 3);
}

static void
rolls_back (Test *test)
{
  Chain chain = { test->orm, RETURN_ERROR };

  TEST_USE (test, &entry_model);
  run_chain (&chain);
  test_fails_in (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error), G_FILE_ERROR,
                 G_FILE_ERROR_FAILED, "on purpose");
  test_calls_clear (&chain.call, 1);
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 0);
}

static void
returns_at_once (Test *test)
{
  Chain chain = { test->orm, RETURN_AT_ONCE };

  TEST_USE (test, &entry_model);
  run_chain (&chain);
  test_ok (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error));
  test_calls_clear (&chain.call, 1);
}

static void
dropped_by_its_body (Test *test)
{
  Chain chain = { test->orm, DROP };
  gint64 deadline;

  TEST_USE (test, &entry_model);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_WARNING, "*dropped without a commit or rollback*");
  run_chain (&chain);
  g_test_assert_expected_messages ();
  test_fails (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error), TRANSACTION,
              "yara_transaction_return()");
  test_calls_clear (&chain.call, 1);

  /* rolled back in the background, within a second */
  deadline = g_get_monotonic_time () + G_USEC_PER_SEC;
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 0);
  for (YaraConnectionStatus status = { .struct_size = sizeof status, .n_in_use = 1 }; status.n_in_use > 0;)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_assert_true (yara_connection_get_status (test_connection (test->orm, NULL), &status));
      g_usleep (1000);
    }
}

static void
unknown_name (Test *test)
{
  Chain chain = { test->orm, RETURN };

  yara_orm_in_transaction_async (test->orm, "nowhere", NULL, chain_body, &chain, NULL, test_call_done, &chain.call);
  g_assert_cmpuint (chain.call.n_callbacks, ==, 0);
  test_call_wait (&chain.call);
  test_fails (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error), CONFIGURATION, "nowhere");
  test_calls_clear (&chain.call, 1);
}

/* ---- straight-line code, without blocking ---- */

typedef struct
{
  YaraOrm         *orm;
  YaraTransaction *transaction;
  Entry            entry;
  gboolean         rolls_back;
  TestCall         call;
} Line;

static void
line_created (GObject *orm, GAsyncResult *result, gpointer data)
{
  Line *line = data;

  test_ok (yara_orm_create_finish (YARA_ORM (orm), result, &error));
  if (line->rolls_back)
    yara_transaction_rollback_async (line->transaction, chain_done, &line->call);
  else
    yara_transaction_commit_async (line->transaction, NULL, chain_done, &line->call);
}

static void
line_begun (GObject *orm, GAsyncResult *result, gpointer data)
{
  Line *line = data;
  g_autoptr(YaraAmbient) ambient = yara_ambient_dup_current ();

  g_assert_nonnull (ambient);
  line->transaction = test_ok (yara_orm_begin_finish (YARA_ORM (orm), result, &error));
  line->entry.name = "line";
  yara_orm_create_async (line->orm, &entry_model, &line->entry, NULL, line_created, line);
}

static void
lines (Test *test)
{
  TEST_USE (test, &entry_model);
  for (guint i = 0; i < 4; i++)
    {
      Line line = { test->orm, .rolls_back = i % 2 == 1 };

      yara_orm_begin_async (test->orm, NULL, NULL, NULL, line_begun, &line);
      test_call_wait (&line.call);
      if (line.rolls_back)
        test_ok (yara_transaction_rollback_finish (line.transaction, line.call.result, &error));
      else
        test_ok (yara_transaction_commit_finish (line.transaction, line.call.result, &error));
      g_object_unref (line.transaction);
      test_calls_clear (&line.call, 1);
    }
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 2);
}

static void
begin_nobody_takes (Test *test)
{
  TestCall call = { NULL };

  TEST_USE (test, &entry_model);
  yara_orm_begin_async (test->orm, NULL, NULL, NULL, test_call_done, &call);
  test_call_wait (&call);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_WARNING, "*dropped without a commit or rollback*");
  test_calls_clear (&call, 1);
  g_test_assert_expected_messages ();
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 0);
}

/* ---- many chains ---- */

#define N_CHAINS 200

typedef struct Many Many;

typedef struct
{
  Many            *many;
  guint            number;
  char             name[16];
  Entry            entries[3];
  guint            n_created;
  YaraTransaction *outer, *inner;
  YaraAmbient     *ambient;
  gboolean         outer_fails, inner_fails;
  TestCall         call;
} Worker;

struct Many
{
  YaraOrm *orm;
  Worker   workers[N_CHAINS];
};

static void worker_next (Worker *worker);

/* Helpers, which are told of no transaction and no connection. */
static void
save_entry (YaraOrm *orm, Entry *entry, const char *name, GAsyncReadyCallback callback, gpointer data)
{
  entry->name = name;
  yara_orm_create_async (orm, &entry_model, entry, NULL, callback, data);
}

static void
worker_created (GObject *orm, GAsyncResult *result, gpointer data)
{
  Worker *worker = data;

  test_ok (yara_orm_create_finish (YARA_ORM (orm), result, &error));
  worker->n_created++;
  worker_next (worker);
}

/* A time-out knows nothing of transactions: the chain carries its own across. */
static gboolean
worker_wake (gpointer data)
{
  Worker *worker = data;

  yara_ambient_enter (worker->ambient);
  worker_next (worker);
  yara_ambient_leave ();
  g_clear_pointer (&worker->ambient, yara_ambient_unref);
  return G_SOURCE_REMOVE;
}

static void
end (YaraTransaction **transaction, gboolean fails)
{
  if (fails)
    yara_transaction_return_error (g_steal_pointer (transaction),
                                   g_error_new (G_FILE_ERROR, G_FILE_ERROR_FAILED, "on purpose"));
  else
    yara_transaction_return (g_steal_pointer (transaction));
}

static void
worker_inner_body (YaraTransaction *transaction, gpointer data)
{
  Worker *worker = data;

  worker->inner = transaction;
  save_entry (worker->many->orm, &worker->entries[1], worker->name, worker_created, worker);
}

static void
worker_inner_done (GObject *orm, GAsyncResult *result, gpointer data)
{
  Worker *worker = data;
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (yara_orm_in_transaction_finish (YARA_ORM (orm), result, &error), ==, !worker->inner_fails);
  worker->n_created++;
  worker_next (worker);
}

/* A create, a nested block with a create, a create; between them other chains come to their turn. */
static void
worker_next (Worker *worker)
{
  YaraOrm *orm = worker->many->orm;

  switch (worker->n_created)
    {
    case 0:
      save_entry (orm, &worker->entries[0], worker->name, worker_created, worker);
      break;
    case 1:
      yara_orm_in_transaction_async (orm, worker->number % 2 == 0 ? "default" : "second", NULL, worker_inner_body, worker,
                                     NULL, worker_inner_done, worker);
      break;
    case 2:
      end (&worker->inner, worker->inner_fails);
      break;
    case 3:
      save_entry (orm, &worker->entries[2], worker->name, worker_created, worker);
      break;
    default:
      end (&worker->outer, worker->outer_fails);
    }
}

static void
worker_body (YaraTransaction *transaction, gpointer data)
{
  Worker *worker = data;

  worker->outer = transaction;
  if (worker->number % 5 == 0)
    {
      worker->ambient = yara_ambient_dup_current ();
      g_timeout_add (worker->number % 3, worker_wake, worker);
    }
  else
    worker_next (worker);
}

static void
many_chains (Test *test)
{
  g_autofree Many *many = g_new0 (Many, 1);
  GString *expected[2] = { g_string_new (NULL), g_string_new (NULL) };

  test_add_connection (test, "second");
  TEST_USE (test, &entry_model);
  {
    g_autoptr(YaraOrm) view = yara_orm_using (test->orm, "second");

    test_ok (yara_orm_generate_schemas (view, YARA_SCHEMA_SAFE, NULL, &error));
  }
  many->orm = test->orm;
  for (guint i = 0; i < N_CHAINS; i++)
    {
      Worker *worker = &many->workers[i];

      *worker = (Worker) { .many = many, .number = i, .outer_fails = i / 2 % 2 == 1, .inner_fails = i % 7 == 0 };
      g_snprintf (worker->name, sizeof worker->name, "w%03u", i);
      yara_orm_in_transaction_async (test->orm, i % 2 == 0 ? "default" : "second", NULL, worker_body, worker, NULL,
                                     chain_done, &worker->call);
    }
  for (guint i = 0; i < N_CHAINS; i++)
    {
      Worker *worker = &many->workers[i];
      guint n_rows = worker->outer_fails ? 0 : worker->inner_fails ? 2 : 3;
      GError *error = NULL;

      test_call_wait (&worker->call);
      g_assert_cmpint (yara_orm_in_transaction_finish (test->orm, worker->call.result, &error), ==, !worker->outer_fails);
      g_clear_error (&error);
      test_calls_clear (&worker->call, 1);
      for (guint n = 0; n < n_rows; n++)
        g_string_append_printf (expected[i % 2], "%s%s", expected[i % 2]->len > 0 ? "," : "", worker->name);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *found = test_fetch_list (test->orm, i == 0 ? "default" : "second",
                                                "SELECT name FROM entries ORDER BY name");

      g_assert_cmpstr (found, ==, expected[i]->str);
      g_string_free (expected[i], TRUE);
    }
}

/* ---- what is ambient where ---- */

static gpointer
has_ambient (gpointer data)
{
  g_autoptr(YaraAmbient) ambient = yara_ambient_dup_current ();

  return GINT_TO_POINTER (ambient != NULL);
}

typedef struct
{
  YaraAmbient *ambient;
  gboolean     outside, inside, has_run;
} Idle;

static gboolean
look_around (gpointer data)
{
  Idle *idle = data;

  idle->outside = has_ambient (NULL) != NULL;
  yara_ambient_enter (idle->ambient);
  idle->inside = has_ambient (NULL) != NULL;
  yara_ambient_enter (NULL);
  g_assert_null (has_ambient (NULL));
  yara_ambient_leave ();
  g_assert_nonnull (has_ambient (NULL));
  yara_ambient_leave ();
  idle->has_run = TRUE;
  return G_SOURCE_REMOVE;
}

typedef struct
{
  YaraOrm         *orm;
  YaraTransaction *transaction;
  Idle             idle;
  TestCall         call;
} Scope;

static gboolean
scope_end (gpointer data)
{
  Scope *scope = data;

  g_assert_null (has_ambient (NULL)); /* an unrelated callback has none */
  yara_transaction_return (g_steal_pointer (&scope->transaction));
  return G_SOURCE_REMOVE;
}

static void
scope_body (YaraTransaction *transaction, gpointer data)
{
  Scope *scope = data;
  GThread *thread = g_thread_new ("elsewhere", has_ambient, NULL);

  g_assert_null (g_thread_join (thread));
  g_assert_nonnull (has_ambient (NULL));
  scope->transaction = transaction;
  scope->idle.ambient = yara_ambient_dup_current ();
  g_idle_add (look_around, &scope->idle);
  g_timeout_add (5, scope_end, scope);
}

static void
scopes (Test *test)
{
  Scope scope = { test->orm };

  yara_orm_in_transaction_async (test->orm, NULL, NULL, scope_body, &scope, NULL, chain_done, &scope.call);
  test_call_wait (&scope.call);
  test_ok (yara_orm_in_transaction_finish (test->orm, scope.call.result, &error));
  test_calls_clear (&scope.call, 1);
  while (!scope.idle.has_run)
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (scope.idle.outside);
  g_assert_true (scope.idle.inside);
  yara_ambient_unref (scope.idle.ambient);
}

/* A chain that was begun outside stays outside when its callback comes within a blocking transaction whose
 * body runs the loop. */
static void
outside_stays_outside (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Entry entry = { .name = "inside" };
  TestCall call = { NULL };

  TEST_USE (test, &entry_model);
  yara_orm_count_async (test->orm, query, NULL, chain_done, &call);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  test_ok (yara_orm_create (test->orm, &entry_model, &entry, NULL, &error));
  test_call_wait (&call);
  g_assert_nonnull (has_ambient (NULL));
  g_assert_cmpint (test_ok (yara_orm_count_finish (test->orm, call.result, &error)), ==, 0);
  test_calls_clear (&call, 1);
  test_ok (yara_transaction_rollback (transaction, &error));
}

/* A blocking transaction is its thread's alone. */
static gpointer
create_in_thread (gpointer orm)
{
  g_autoptr(YaraTransaction) transaction = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
  Entry entry = { .name = "thread" };

  test_ok (yara_orm_create (orm, &entry_model, &entry, NULL, &error));
  test_ok (yara_transaction_commit (transaction, NULL, &error));
  return NULL;
}

static void
threads (Test *test)
{
  GThread *all[8];
  g_autoptr(YaraTransaction) transaction = NULL;

  TEST_USE (test, &entry_model);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    all[i] = g_thread_new ("transaction", create_in_thread, test->orm);
  test_ok (yara_transaction_rollback (transaction, &error));
  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    g_thread_join (all[i]);
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 8);
}

/* Ended by another thread than the one that began it. */
static gpointer
commit_in_thread (gpointer transaction)
{
  test_ok (yara_transaction_commit (transaction, NULL, &error));
  return NULL;
}

static void
ended_elsewhere (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;
  Entry entry = { .name = "one" };

  TEST_USE (test, &entry_model);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  test_ok (yara_orm_create (test->orm, &entry_model, &entry, NULL, &error));
  g_thread_join (g_thread_new ("commit", commit_in_thread, transaction));
  entry.id = 0;
  test_ok (yara_orm_create (test->orm, &entry_model, &entry, NULL, &error)); /* outside again */
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 2);
}

/* ---- two chains in one transaction ---- */

typedef struct
{
  YaraOrm         *orm;
  YaraTransaction *outer, *inner[2];
  Entry            entry;
  TestCall         call, calls[2];
} Shared;

static void
take_inner (YaraTransaction *transaction, gpointer place)
{
  *(YaraTransaction **) place = transaction;
}

static void
shared_body (YaraTransaction *transaction, gpointer data)
{
  Shared *shared = data;

  shared->outer = transaction;
  for (guint i = 0; i < 2; i++)
    yara_orm_in_transaction_async (shared->orm, NULL, NULL, take_inner, &shared->inner[i], NULL, test_call_done,
                                   &shared->calls[i]);
}

static void
await_pointers (YaraTransaction **first, YaraTransaction **second)
{
  while (*first == NULL || *second == NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
shared_transaction (Test *test)
{
  Shared shared = { test->orm };

  yara_orm_in_transaction_async (test->orm, NULL, NULL, shared_body, &shared, NULL, test_call_done, &shared.call);
  await_pointers (&shared.inner[0], &shared.inner[1]);
  yara_transaction_return (shared.inner[0]); /* it was begun first, and must end last */
  test_call_wait (&shared.calls[0]);
  test_fails (yara_orm_in_transaction_finish (test->orm, shared.calls[0].result, &error), TRANSACTION, "reverse order",
              "two chains");
  yara_transaction_return (shared.inner[1]);
  test_call_wait (&shared.calls[1]);
  test_fails (yara_orm_in_transaction_finish (test->orm, shared.calls[1].result, &error), TRANSACTION);
  yara_transaction_return (shared.outer);
  test_call_wait (&shared.call);
  test_fails (yara_orm_in_transaction_finish (test->orm, shared.call.result, &error), TRANSACTION, "only be rolled back");
  test_calls_clear (shared.calls, 2);
  test_calls_clear (&shared.call, 1);
}

static void
foreign_body (YaraTransaction *transaction, gpointer data)
{
  Shared *shared = data;

  shared->outer = transaction;
  yara_orm_in_transaction_async (shared->orm, NULL, NULL, take_inner, &shared->inner[0], NULL, test_call_done,
                                 &shared->calls[0]);
  /* issued by the outer chain, but it runs within the savepoint */
  shared->entry.name = "foreign";
  yara_orm_create_async (shared->orm, &entry_model, &shared->entry, NULL, test_call_done, &shared->calls[1]);
}

static void
foreign_statement (Test *test)
{
  Shared shared = { test->orm };

  TEST_USE (test, &entry_model);
  yara_orm_in_transaction_async (test->orm, NULL, NULL, foreign_body, &shared, NULL, test_call_done, &shared.call);
  await_pointers (&shared.outer, &shared.inner[0]);
  test_call_wait (&shared.calls[1]);
  test_ok (yara_orm_create_finish (test->orm, shared.calls[1].result, &error));
  yara_transaction_return_error (shared.inner[0], g_error_new (G_FILE_ERROR, G_FILE_ERROR_FAILED, "on purpose"));
  test_call_wait (&shared.calls[0]);
  test_fails_in (yara_orm_in_transaction_finish (test->orm, shared.calls[0].result, &error), G_FILE_ERROR,
                 G_FILE_ERROR_FAILED);
  yara_transaction_return (shared.outer); /* it would lose what it was told is there */
  test_call_wait (&shared.call);
  test_fails (yara_orm_in_transaction_finish (test->orm, shared.call.result, &error), TRANSACTION, "another chain");
  test_calls_clear (shared.calls, 2);
  test_calls_clear (&shared.call, 1);
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 0);
}

/* ---- order ---- */

static void
order_body (YaraTransaction *transaction, gpointer data)
{
  YaraOrm *orm = ((gpointer *) data)[0];
  TestCall *calls = ((gpointer *) data)[1];
  Entry *entries = ((gpointer *) data)[2];

  for (guint i = 0; i < 30; i++)
    {
      entries[i] = (Entry) { .name = "order", .step = i };
      yara_orm_create_async (orm, &entry_model, &entries[i], NULL, test_call_done, &calls[i]);
    }
  yara_transaction_return (transaction); /* behind them */
}

static void
order (Test *test)
{
  TestCall calls[30], call = { NULL };
  Entry entries[30];
  gpointer data[] = { test->orm, calls, entries };

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &entry_model);
  yara_orm_in_transaction_async (test->orm, NULL, NULL, order_body, data, NULL, test_call_done, &call);
  test_call_wait (&call);
  test_ok (yara_orm_in_transaction_finish (test->orm, call.result, &error));
  test_calls_clear (&call, 1);
  for (guint i = 0; i < 30; i++)
    {
      test_call_wait (&calls[i]);
      test_ok (yara_orm_create_finish (test->orm, calls[i].result, &error));
      if (i > 0)
        g_assert_cmpint (entries[i].id, >, entries[i - 1].id);
    }
  test_calls_clear (calls, 30);
}

/* ---- cancelling ---- */

#define N_CANCELS 500

typedef struct
{
  GCancellable *cancellable;
  guint         delay; /* microseconds */
} Cancel;

static gpointer
cancel_in_time (gpointer data)
{
  Cancel *cancel = data;
  gint64 until = g_get_monotonic_time () + cancel->delay;

  while (g_get_monotonic_time () < until)
    ;
  g_cancellable_cancel (cancel->cancellable);
  return NULL;
}

/* One transaction whose commit is cancelled sometime: what it says is what happened. */
static gboolean
commit_and_cancel (YaraOrm *orm, guint number, GRand *random)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(YaraTransaction) transaction = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
  Cancel cancel = { cancellable, g_rand_int_range (random, 0, 400) };
  Entry entry = { .name = "cancelled", .step = number };
  TestCall call = { NULL };
  GThread *thread;
  GError *error = NULL;
  gboolean ok;

  test_ok (yara_orm_create (orm, &entry_model, &entry, NULL, &error));
  thread = g_thread_new ("cancel", cancel_in_time, &cancel);
  if (number % 2 == 0)
    ok = yara_transaction_commit (transaction, cancellable, &error);
  else
    {
      yara_transaction_commit_async (transaction, cancellable, test_call_done, &call);
      test_call_wait (&call);
      ok = yara_transaction_commit_finish (transaction, call.result, &error);
      test_calls_clear (&call, 1);
    }
  g_thread_join (thread);
  if (!ok)
    test_check_error (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  return ok;
}

static void
cancelled_commits (Test *test)
{
  g_autofree char *url = url_with (test, "max_size=1");
  g_autoptr(YaraOrm) orm = NULL, probe = NULL;
  g_autoptr(GRand) random = g_rand_new_with_seed (7);
  guint n_committed = 0;

  TEST_USE (test, &entry_model);
  orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  test_ok (yara_orm_register (orm, &entry_model, &error));
  probe = open_probe (test);
  for (guint i = 0; i < N_CANCELS; i++)
    {
      n_committed += commit_and_cancel (orm, i, random);
      g_assert_cmpint (count_entries (probe, NULL), ==, n_committed);
      g_assert_cmpint (count_entries (orm, NULL), ==, n_committed);
    }
  g_test_message ("%u of %u were committed", n_committed, N_CANCELS);
  test_ok (yara_orm_close (orm, NULL, &error));
  test_ok (yara_orm_close (probe, NULL, &error));
}

/* Cancelled anywhere in an asynchronous block. */
static void
cancelled_blocks (Test *test)
{
  g_autofree char *url = url_with (test, "max_size=1");
  g_autoptr(YaraOrm) orm = NULL, probe = NULL;
  g_autoptr(GRand) random = g_rand_new_with_seed (9);
  guint n_rows = 0;

  TEST_USE (test, &entry_model);
  orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  test_ok (yara_orm_register (orm, &entry_model, &error));
  probe = open_probe (test);
  for (guint i = 0; i < 100; i++)
    {
      Chain chain = { orm, RETURN };
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      Cancel cancel = { cancellable, g_rand_int_range (random, 0, 1500) };
      GThread *thread = g_thread_new ("cancel", cancel_in_time, &cancel);
      GError *error = NULL;

      yara_orm_in_transaction_async (orm, NULL, NULL, chain_body, &chain, cancellable, chain_done, &chain.call);
      test_call_wait (&chain.call);
      if (yara_orm_in_transaction_finish (orm, chain.call.result, &error))
        n_rows += 3;
      else
        test_check_error (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
      test_calls_clear (&chain.call, 1);
      g_thread_join (thread);
      g_assert_cmpint (count_entries (probe, NULL), ==, n_rows);
    }
  test_ok (yara_orm_close (orm, NULL, &error));
  test_ok (yara_orm_close (probe, NULL, &error));
}

static const TestCase cases[] = {
  { "transactions/async/commit", commits },
  { "transactions/async/rollback", rolls_back },
  { "transactions/async/returns-at-once", returns_at_once },
  { "transactions/async/dropped", dropped_by_its_body },
  { "transactions/async/unknown-name", unknown_name },
  { "transactions/async/lines", lines },
  { "transactions/async/begin-nobody-takes", begin_nobody_takes },
  { "transactions/async/many-chains", many_chains },
  { "transactions/async/scopes", scopes },
  { "transactions/async/outside-stays-outside", outside_stays_outside, "postgres" },
  { "transactions/async/outside-stays-outside", outside_stays_outside, "sqlite-file" },
  { "transactions/async/threads", threads },
  { "transactions/async/ended-elsewhere", ended_elsewhere },
  { "transactions/async/shared", shared_transaction },
  { "transactions/async/foreign-statement", foreign_statement },
  { "transactions/async/order", order },
  { "transactions/async/cancelled-commits", cancelled_commits, "sqlite-file" },
  { "transactions/async/cancelled-commits", cancelled_commits, "postgres" },
  { "transactions/async/cancelled-blocks", cancelled_blocks, "sqlite-file" },
  { "transactions/async/cancelled-blocks", cancelled_blocks, "postgres" },
};

TEST_MAIN (cases)
