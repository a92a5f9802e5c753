/* SPDX-License-Identifier: MIT
 *
 * Cancelling: before, while waiting, during and after; what was cancelled has changed nothing.
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

#define COUNT_ROWS "SELECT count(*) FROM entries"

static void
before (Test *test)
{
  YaraOrm *orm = test->orm;
  YaraConnection *connection = test_connection (orm, NULL);
  g_autoptr(GCancellable) cancelled = g_cancellable_new ();
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Entry entry = { .token = 1 }, kept = { .token = 2 };
  gboolean flag = FALSE;

  TEST_USE (test, &entry_model);
  test_ok (yara_orm_create (orm, &entry_model, &kept, NULL, &error));
  yara_query_set (query, "token", 5);
  g_cancellable_cancel (cancelled);

  test_is_cancelled (yara_orm_create (orm, &entry_model, &entry, cancelled, &error));
  test_is_cancelled (yara_orm_bulk_create (orm, &entry_model, &entry, 1, cancelled, &error));
  test_is_cancelled (yara_orm_save (orm, &entry_model, &kept, NULL, cancelled, &error));
  test_is_cancelled (yara_orm_delete (orm, &entry_model, &kept, cancelled, &error));
  test_is_cancelled (yara_orm_refresh (orm, &entry_model, &kept, cancelled, &error));
  test_is_cancelled (yara_orm_get_or_create (orm, &entry_model, &entry, YARA_NAMES ("token"), &flag,
                                             cancelled, &error));
  test_is_cancelled (yara_orm_update_or_create (orm, &entry_model, &entry, YARA_NAMES ("token"), &flag,
                                                cancelled, &error));
  test_is_cancelled (yara_orm_all (orm, query, cancelled, &error));
  test_is_cancelled (yara_orm_count (orm, query, cancelled, &error));
  test_is_cancelled (yara_orm_exists (orm, query, &flag, cancelled, &error));
  test_is_cancelled (yara_orm_values (orm, query, NULL, cancelled, &error));
  test_is_cancelled (yara_orm_update (orm, query, cancelled, &error));
  test_is_cancelled (yara_orm_delete_all (orm, query, cancelled, &error));
  test_is_cancelled (yara_orm_generate_schemas (orm, YARA_SCHEMA_SAFE, cancelled, &error));
  test_is_cancelled (yara_connection_execute (connection, "DELETE FROM entries", NULL, cancelled, &error));
  test_is_cancelled (yara_connection_fetch_all (connection, "DELETE FROM entries", NULL, cancelled, &error));
  test_is_cancelled (yara_connection_execute_script (connection, "DELETE FROM entries", cancelled, &error));

  test_await (yara_orm_create_async (orm, &entry_model, &entry, cancelled, test_call_done, &call),
              test_is_cancelled (yara_orm_create_finish (orm, call.result, &error)));
  test_await (yara_orm_all_async (orm, query, cancelled, test_call_done, &call),
              test_is_cancelled (yara_orm_all_finish (orm, call.result, &error)));
  test_await (yara_orm_get_or_create_async (orm, &entry_model, &entry, YARA_NAMES ("token"), cancelled,
                                            test_call_done, &call),
              test_is_cancelled (yara_orm_get_or_create_finish (orm, call.result, &flag, &error)));
  test_await (yara_connection_execute_async (connection, "DELETE FROM entries", NULL, cancelled,
                                             test_call_done, &call),
              test_is_cancelled (yara_connection_execute_finish (connection, call.result, &error)));
  test_await (yara_connection_execute_script_async (connection, "DELETE FROM entries", cancelled,
                                                    test_call_done, &call),
              test_is_cancelled (yara_connection_execute_script_finish (connection, call.result, &error)));
  g_assert_cmpint (entry.id, ==, 0);
  g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT token FROM entries"), ==, 2);
}

static void
after (Test *test)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Entry entry = { .token = 1 };
  TestCall call = { NULL };

  TEST_USE (test, &entry_model);
  yara_orm_create_async (test->orm, &entry_model, &entry, cancellable, test_call_done, &call);
  test_call_wait (&call);
  g_cancellable_cancel (cancellable);
  test_ok (yara_orm_create_finish (test->orm, call.result, &error));
  test_calls_clear (&call, 1);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, COUNT_ROWS), ==, 1);
}

/* ---- during ---- */

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (30000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
during (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);

  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      GThread *thread = g_thread_new ("canceller", cancel_soon, cancellable);

      if (i == 0)
        test_is_cancelled (yara_connection_fetch_row (connection, test->variant->endless_sql, NULL,
                                                      cancellable, &error));
      else if (i == 1)
        test_await (yara_connection_fetch_rows_async (connection, test->variant->endless_sql, NULL,
                                                      cancellable, test_call_done, &call),
                    test_is_cancelled (yara_connection_fetch_rows_finish (connection, call.result, &error)));
      else
        test_is_cancelled (yara_connection_execute_script (connection, test->variant->endless_sql,
                                                           cancellable, &error));
      g_thread_join (thread);
      g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT 1"), ==, 1); /* the session is sound */
    }
}

/* A write that is stopped half way leaves nothing. */
static void
during_a_write (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GThread *thread;

  test_execute (test->orm, NULL, "CREATE TABLE t (n BIGINT)");
  thread = g_thread_new ("canceller", cancel_soon, cancellable);
  test_is_cancelled (yara_connection_execute (connection,
    "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) INSERT INTO t SELECT n FROM c",
    NULL, cancellable, &error));
  g_thread_join (thread);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM t"), ==, 0);
  test_execute (test->orm, NULL, "INSERT INTO t VALUES (1)");
}

/* ---- while waiting ---- */

#define ENDLESS_WRITE \
  "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) INSERT INTO t SELECT n FROM c WHERE n < 0"

/* Queues twenty creates, cancels every second one, and then lets the first go on. */
static void
cancel_half (Test *test, GCancellable *stop_writer)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Entry entries[20];
  TestCall calls[20];

  memset (calls, 0, sizeof calls);
  for (guint i = 0; i < 20; i++)
    {
      entries[i] = (Entry) { .token = i };
      yara_orm_create_async (test->orm, &entry_model, &entries[i], i % 2 ? cancellable : NULL, test_call_done,
                             &calls[i]);
    }
  g_usleep (60000); /* longer than cancel_soon() takes */
  g_cancellable_cancel (cancellable);
  for (guint i = 1; i < 20; i += 2) /* they need not wait for the writer */
    {
      test_call_wait (&calls[i]);
      test_is_cancelled (yara_orm_create_finish (test->orm, calls[i].result, &error));
    }
  g_assert_cmpuint (calls[0].n_callbacks, ==, 0);
  g_cancellable_cancel (stop_writer);
  test_calls_wait (calls, 20);
  for (guint i = 0; i < 20; i += 2)
    test_ok (yara_orm_create_finish (test->orm, calls[i].result, &error));
  test_calls_clear (calls, 20);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, COUNT_ROWS), ==, 10);
}

static void
while_queued (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(GCancellable) stop = g_cancellable_new ();
  TestCall endless = { NULL };

  if (test->variant->blocks_loop || !test->variant->one_writer) /* else nothing has to wait */
    return;
  TEST_USE (test, &entry_model);
  test_execute (test->orm, NULL, "CREATE TABLE t (n BIGINT)");
  yara_connection_execute_script_async (connection, ENDLESS_WRITE, stop, test_call_done, &endless);
  cancel_half (test, stop);
  test_call_wait (&endless);
  test_is_cancelled (yara_connection_execute_script_finish (connection, endless.result, &error));
  test_calls_clear (&endless, 1);
}

/* The same behind a statement that was queued together with them. */
static void
while_queued_in_a_batch (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(GCancellable) stop_first = g_cancellable_new (), stop_second = g_cancellable_new ();
  TestCall endless[2] = { { NULL }, { NULL } };
  GThread *thread;

  if (test->variant->blocks_loop || !test->variant->one_writer) /* else nothing has to wait */
    return;
  TEST_USE (test, &entry_model);
  test_execute (test->orm, NULL, "CREATE TABLE t (n BIGINT)");
  yara_connection_execute_script_async (connection, ENDLESS_WRITE, stop_first, test_call_done, &endless[0]);
  yara_connection_execute_script_async (connection, ENDLESS_WRITE, stop_second, test_call_done, &endless[1]);
  thread = g_thread_new ("canceller", cancel_soon, stop_first);
  cancel_half (test, stop_second);
  g_thread_join (thread);
  test_calls_wait (endless, 2);
  for (guint i = 0; i < 2; i++)
    test_is_cancelled (yara_connection_execute_script_finish (connection, endless[i].result, &error));
  test_calls_clear (endless, 2);
}

/* Cancelled at any moment: each call comes back once, and a row is there exactly when it succeeded. */
static void
at_any_moment (Test *test)
{
  enum { N = 300 };
  Entry entries[N];
  TestCall calls[N];
  GCancellable *cancellables[N];
  gint64 n_created = 0;

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &entry_model);
  for (guint i = 0; i < N; i++)
    {
      entries[i] = (Entry) { .token = i };
      cancellables[i] = g_cancellable_new ();
      yara_orm_create_async (test->orm, &entry_model, &entries[i], cancellables[i], test_call_done,
                             &calls[i]);
      if (i % 3 == 0)
        g_cancellable_cancel (cancellables[i / 2]);
      if (i % 10 == 9)
        g_main_context_iteration (NULL, FALSE);
    }
  for (guint i = 0; i < N; i += 2)
    g_cancellable_cancel (cancellables[i]);
  test_calls_wait (calls, N);
  for (guint i = 0; i < N; i++)
    {
      g_autofree char *sql = g_strdup_printf (COUNT_ROWS " WHERE token = %u", i);
      g_autoptr(GError) error = NULL;

      if (yara_orm_create_finish (test->orm, calls[i].result, &error))
        n_created++;
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpint (entries[i].id != 0, ==, error == NULL);
      g_assert_cmpint (test_fetch_int (test->orm, NULL, sql), ==, error == NULL);
      g_object_unref (cancellables[i]);
    }
  test_settle ();
  test_calls_clear (calls, N);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, COUNT_ROWS), ==, n_created);
}

static const TestCase cases[] = {
  { "cancel/before", before },
  { "cancel/after", after },
  { "cancel/during", during },
  { "cancel/during-a-write", during_a_write },
  { "cancel/while-queued", while_queued },
  { "cancel/while-queued-in-a-batch", while_queued_in_a_batch },
  { "cancel/at-any-moment", at_any_moment },
};
TEST_MAIN (cases)
