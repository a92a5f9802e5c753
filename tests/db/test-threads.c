/* SPDX-License-Identifier: MIT
 *
 * Threads: every verb from any of them, each callback in its caller's context, and a loop that goes on
 * while the database works.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64 id;
  gint64 token;
} Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, token, .unique = true),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

#define N_THREADS 4
#define N_ROUNDS  50

typedef struct
{
  Test *test;
  guint number;
} Worker;

static void
run_workers (Test *test, GThreadFunc work)
{
  Worker workers[N_THREADS];
  GThread *threads[N_THREADS];

  TEST_USE (test, &entry_model);
  for (guint i = 0; i < N_THREADS; i++)
    {
      workers[i] = (Worker) { test, i };
      threads[i] = g_thread_new ("worker", work, &workers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(DISTINCT token) FROM entries"), ==,
                   N_THREADS * N_ROUNDS);
}

static YaraQuery *
by_token (gint64 token)
{
  YaraQuery *query = yara_query_new (&entry_model);

  yara_query_filter (query, "token", token);
  return query;
}

static gpointer
block (gpointer data)
{
  Worker *worker = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      Entry entry = { .token = worker->number * 1000 + i };
      g_autoptr(YaraQuery) query = by_token (entry.token);
      g_autoptr(YaraResult) result = NULL;

      test_ok (yara_orm_create (worker->test->orm, &entry_model, &entry, NULL, &error));
      result = test_ok (yara_orm_get (worker->test->orm, query, NULL, &error));
      g_assert_cmpint (((Entry *) yara_result_get_record (result, 0))->id, ==, entry.id);
    }
  return NULL;
}

static void
blocking (Test *test)
{
  run_workers (test, block);
}

/* Each thread with a loop of its own. */
static gpointer
loop (gpointer data)
{
  Worker *worker = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  Entry entries[N_ROUNDS];
  TestCall calls[N_ROUNDS];

  memset (calls, 0, sizeof calls);
  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      entries[i] = (Entry) { .token = worker->number * 1000 + i };
      yara_orm_create_async (worker->test->orm, &entry_model, &entries[i], NULL, test_call_done, &calls[i]);
      if (i % 7 == 0)
        g_main_context_iteration (context, FALSE);
    }
  test_calls_wait (calls, N_ROUNDS);
  for (guint i = 0; i < N_ROUNDS; i++)
    {
      test_ok (yara_orm_create_finish (worker->test->orm, calls[i].result, &error));
      g_assert_true (calls[i].thread == g_thread_self ());
      g_assert_true (calls[i].context == context);
    }
  test_calls_clear (calls, N_ROUNDS);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
own_loops (Test *test)
{
  run_workers (test, loop);
}

/* Two contexts of one thread do not mix: a call comes back in the one in which it was issued. */
static void
two_contexts (Test *test)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  TestCall inner = { NULL }, outer = { NULL };

  TEST_USE (test, &entry_model);
  g_main_context_push_thread_default (context);
  yara_orm_count_async (test->orm, query, NULL, test_call_done, &inner);
  g_main_context_pop_thread_default (context);
  yara_orm_count_async (test->orm, query, NULL, test_call_done, &outer);
  test_call_wait (&outer);
  g_assert_null (outer.context);
  g_assert_cmpuint (inner.n_callbacks, ==, 0);
  g_main_context_push_thread_default (context);
  test_call_wait (&inner);
  g_main_context_pop_thread_default (context);
  g_assert_true (inner.context == context);
  test_ok (yara_orm_count_finish (test->orm, inner.result, &error));
  test_ok (yara_orm_count_finish (test->orm, outer.result, &error));
  test_calls_clear (&inner, 1);
  test_calls_clear (&outer, 1);
}

/* The statement ends only because the loop goes on: a timer of the loop cancels it. */
typedef struct
{
  GCancellable *cancellable;
  guint         n_ticks;
} Ticker;

static gboolean
tick (gpointer data)
{
  Ticker *ticker = data;

  if (++ticker->n_ticks == 50)
    g_cancellable_cancel (ticker->cancellable);
  return G_SOURCE_CONTINUE;
}

static void
loop_goes_on (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Ticker ticker = { cancellable, 0 };
  guint source;

  if (test->variant->blocks_loop)
    return;
  source = g_timeout_add (1, tick, &ticker);
  test_await (yara_connection_fetch_row_async (connection, test->variant->endless_sql, NULL, cancellable,
                                               test_call_done, &call),
              test_is_cancelled (yara_connection_fetch_row_finish (connection, call.result, &error)));
  g_assert_cmpuint (ticker.n_ticks, >=, 50);
  g_source_remove (source);
}

/* A reader that takes long stops neither other readers nor writers of a file, though they were queued
 * behind it. */
static void
readers_and_writers_go_on (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  TestCall endless = { NULL }, counts[5];
  Entry entry = { .token = 1 };

  if (test->variant->blocks_loop || !test->variant->on_disk)
    return;
  memset (counts, 0, sizeof counts);
  TEST_USE (test, &entry_model);
  yara_connection_fetch_row_async (connection, test->variant->endless_sql, NULL, cancellable, test_call_done,
                                   &endless);
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    yara_orm_count_async (test->orm, query, NULL, test_call_done, &counts[i]);
  test_calls_wait (counts, G_N_ELEMENTS (counts));
  for (guint i = 0; i < G_N_ELEMENTS (counts); i++)
    test_ok (yara_orm_count_finish (test->orm, counts[i].result, &error));
  test_calls_clear (counts, G_N_ELEMENTS (counts));
  test_await_ok (orm_create, test->orm, &entry_model, &entry);
  test_ok (yara_orm_delete (test->orm, &entry_model, &entry, NULL, &error));
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 0);
  g_assert_cmpuint (endless.n_callbacks, ==, 0);
  g_cancellable_cancel (cancellable);
  test_call_wait (&endless);
  test_is_cancelled (yara_connection_fetch_row_finish (connection, endless.result, &error));
  test_calls_clear (&endless, 1);
}

/* One query, several threads. */
static YaraQuery *shared_query;

static gpointer
run_shared (gpointer data)
{
  Worker *worker = data;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      Entry entry = { .token = worker->number * 1000 + i };

      test_ok (yara_orm_create (worker->test->orm, &entry_model, &entry, NULL, &error));
      g_assert_cmpint (test_ok (yara_orm_count (worker->test->orm, shared_query, NULL, &error)), >, 0);
    }
  return NULL;
}

static void
one_query_many_threads (Test *test)
{
  shared_query = yara_query_new (&entry_model);
  yara_query_filter (shared_query, "token__gte", 0);
  run_workers (test, run_shared);
  g_clear_pointer (&shared_query, yara_query_unref);
}

static const TestCase cases[] = {
  { "threads/blocking", blocking },
  { "threads/own-loops", own_loops },
  { "threads/two-contexts", two_contexts },
  { "threads/loop-goes-on", loop_goes_on },
  { "threads/readers-and-writers-go-on", readers_and_writers_go_on },
  { "threads/one-query-many-threads", one_query_many_threads },
};
TEST_MAIN (cases)
