/* SPDX-License-Identifier: MIT
 *
 * Transactions on the main loop: where they are ambient, also across threads, and what chains that share one
 * may do.
 */
#include "entries.h"

#include <string.h>

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
  test_fails (yara_orm_in_transaction_finish (test->orm, shared.calls[0].result, &error), TRANSACTION,
              "reverse order", "two chains");
  yara_transaction_return (shared.inner[1]);
  test_call_wait (&shared.calls[1]);
  test_fails (yara_orm_in_transaction_finish (test->orm, shared.calls[1].result, &error), TRANSACTION);
  yara_transaction_return (shared.outer);
  test_call_wait (&shared.call);
  test_fails (yara_orm_in_transaction_finish (test->orm, shared.call.result, &error), TRANSACTION,
              "only be rolled back");
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
  test_fails (yara_orm_in_transaction_finish (test->orm, shared.call.result, &error), TRANSACTION,
              "another chain");
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

static const TestCase cases[] = {
  { "transactions/async/scopes", scopes },
  { "transactions/async/outside-stays-outside", outside_stays_outside, "postgres" },
  { "transactions/async/outside-stays-outside", outside_stays_outside, "sqlite-file" },
  { "transactions/async/threads", threads },
  { "transactions/async/ended-elsewhere", ended_elsewhere },
  { "transactions/async/shared", shared_transaction },
  { "transactions/async/foreign-statement", foreign_statement },
  { "transactions/async/order", order },
};

TEST_MAIN (cases)
