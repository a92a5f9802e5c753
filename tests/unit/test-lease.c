/* SPDX-License-Identifier: MIT
 * Leases: one session for several requests, one at a time, in order. What a session keeps to itself is
 * a temporary table. */
#include "conn/lease.h"
#include "database-fixture.h"

#define NOTE(number) "INSERT INTO temp.notes (number) VALUES (" #number ")"

static void
lease_run (YaraLease *lease, const char *sql)
{
  YaraRequest request = make_raw (sql, NULL, YARA_ANSWER_COUNT);

  yara_lease_run (lease, &request, NULL);
  g_assert_no_error (request.error);
  clear_request (&request);
}

static void
lease_fails (YaraLease *lease, const char *sql, GCancellable *cancellable, GQuark domain, int code)
{
  YaraRequest request = make_raw (sql, NULL, YARA_ANSWER_COUNT);

  yara_lease_run (lease, &request, cancellable);
  g_assert_error (request.error, domain, code);
  clear_request (&request);
}

static void
lease_submit (YaraLease *lease, Call *call, const char *sql, GCancellable *cancellable)
{
  *call = (Call) { .job.request = make_raw (sql, NULL, YARA_ANSWER_COUNT), .job.completion.complete = on_completed };
  yara_lease_submit (lease, &call->job, cancellable);
  g_assert_cmpuint (call->n_completed, ==, 0);
}

static YaraLease *
lease_with_notes (void)
{
  YaraLease *lease = yara_lease_new (database, TRUE);

  lease_run (lease, "CREATE TEMP TABLE notes (id INTEGER PRIMARY KEY, number INTEGER)");
  return lease;
}

static gint64
lease_int (YaraLease *lease, const char *sql)
{
  YaraRequest request = make_raw (sql, NULL, YARA_ANSWER_ROWS);
  gint64 number;

  yara_lease_run (lease, &request, NULL);
  g_assert_no_error (request.error);
  number = yara_rows_get_int (request.rows, 0, 0);
  clear_request (&request);
  return number;
}

static void
finish_error (Call *call, GQuark domain, int code)
{
  await (call, 1);
  g_assert_cmpuint (call->n_completed, ==, 1);
  g_assert_error (call->job.request.error, domain, code);
  clear_request (&call->job.request);
}

/* ---- one session, in order ---- */

static void
test_nothing (Fixture *fixture, gconstpointer variant)
{
  YaraDatabaseCounts counts;
  YaraLease *lease = yara_lease_new (database, TRUE);

  yara_database_get_counts (database, &counts);
  g_assert_cmpuint (counts.n_in_use, ==, 0);
  yara_lease_free (lease);
}

static void
test_order (Fixture *fixture, gconstpointer variant)
{
  YaraLease *lease = lease_with_notes ();
  Call calls[6];

  lease_submit (lease, &calls[0], NOTE (0), NULL);
  lease_submit (lease, &calls[1], NOTE (1), NULL);
  lease_run (lease, NOTE (2)); /* waits for those before it */
  lease_submit (lease, &calls[2], NOTE (3), NULL);
  lease_submit (lease, &calls[3], NOTE (4), NULL);
  g_assert_cmpint (lease_int (lease, "SELECT count(*) FROM temp.notes"), ==, 5);
  g_assert_cmpint (lease_int (lease, "SELECT count(*) FROM temp.notes WHERE id = number + 1"), ==, 5);
  lease_submit (lease, &calls[4], NOTE (5), NULL);
  lease_submit (lease, &calls[5], NOTE (6), NULL);
  await (calls, 6);
  finish (calls, 6, FALSE);
  g_assert_cmpint (lease_int (lease, "SELECT count(*) FROM temp.notes WHERE id = number + 1"), ==, 7);
  yara_lease_free (lease);
}

static gpointer
note_often (gpointer data)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  YaraLease *lease = data;

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 20; i++)
    {
      Call calls[3];

      for (guint j = 0; j < G_N_ELEMENTS (calls); j++)
        lease_submit (lease, &calls[j], NOTE (1), NULL);
      lease_run (lease, NOTE (2));
      await (calls, G_N_ELEMENTS (calls));
      finish (calls, G_N_ELEMENTS (calls), FALSE);
    }
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer variant)
{
  YaraLease *lease = lease_with_notes ();
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("notes", note_often, lease);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (lease_int (lease, "SELECT count(*) FROM temp.notes"), ==, 4 * 20 * 4);
  yara_lease_free (lease);
}

/* ---- beside others ---- */

/* While a lease has the only session that writes, other writes wait and its own go on. */
static void
test_beside_writes (Fixture *fixture, gconstpointer variant)
{
  YaraLease *lease = lease_with_notes ();
  Call others[10], own[10];

  for (guint i = 0; i < 10; i++)
    {
      submit_insert (&others[i], i, NULL);
      lease_submit (lease, &own[i], NOTE (0), NULL);
    }
  await (own, 10);
  finish (own, 10, FALSE);
  for (guint i = 0; i < 10; i++)
    g_assert_cmpuint (others[i].n_completed, ==, 0);
  lease_run (lease, NOTE (0));
  yara_lease_free (lease);
  await (others, 10);
  finish (others, 10, FALSE);
}

/* Those behind it come when it ends, also when their thread does nothing but wait. */
static void
test_behind_another (Fixture *fixture, gconstpointer variant)
{
  YaraLease *first = lease_with_notes (), *second = yara_lease_new (database, TRUE), *third = yara_lease_new (database, TRUE);
  Call calls[2], last;

  lease_submit (second, &calls[0], "INSERT INTO items (name, value) VALUES ('a', 1)", NULL);
  lease_submit (second, &calls[1], "INSERT INTO items (name, value) VALUES ('b', 2)", NULL);
  lease_submit (third, &last, "INSERT INTO items (name, value) VALUES ('c', 3)", NULL);
  for (guint i = 0; i < 10; i++)
    lease_run (first, NOTE (0));
  g_assert_cmpuint (calls[0].n_completed, ==, 0);
  yara_lease_free (first);
  await (calls, 2);
  finish (calls, 2, FALSE);
  g_assert_cmpuint (last.n_completed, ==, 0);
  yara_lease_free (second);
  await (&last, 1);
  finish (&last, 1, FALSE);
  yara_lease_free (third);
  g_assert_cmpint (run_int ("SELECT max(value) FROM items WHERE id = value"), ==, 3);
}

static void
test_reading (Fixture *fixture, gconstpointer variant)
{
  YaraLease *writer = lease_with_notes (), *reader = yara_lease_new (database, FALSE);
  Call call;

  g_assert_cmpint (lease_int (reader, "SELECT 7"), ==, 7);
  lease_fails (reader, "DELETE FROM items", NULL, YARA_ERROR, YARA_ERROR_OPERATIONAL);
  lease_submit (reader, &call, "SELECT 1", NULL);
  await (&call, 1);
  finish (&call, 1, FALSE);
  yara_lease_free (reader);
  yara_lease_free (writer);
}

/* ---- waiting in vain ---- */

static void
test_timeout (Fixture *fixture, gconstpointer variant)
{
  YaraLease *first = lease_with_notes (), *second = yara_lease_new (database, TRUE);
  Call calls[2];

  lease_fails (second, "DELETE FROM items", NULL, YARA_ERROR, YARA_ERROR_TIMEOUT);
  lease_submit (second, &calls[0], "DELETE FROM items", NULL);
  lease_submit (second, &calls[1], "DELETE FROM items", NULL);
  finish_error (&calls[0], YARA_ERROR, YARA_ERROR_TIMEOUT);
  finish_error (&calls[1], YARA_ERROR, YARA_ERROR_TIMEOUT);

  /* Blocking behind one that waits: its timer belongs to a loop that stands still meanwhile. */
  lease_submit (second, &calls[0], "DELETE FROM items", NULL);
  lease_fails (second, "DELETE FROM items", NULL, YARA_ERROR, YARA_ERROR_TIMEOUT);
  finish_error (&calls[0], YARA_ERROR, YARA_ERROR_TIMEOUT);
  yara_lease_free (first);
  lease_run (second, "DELETE FROM items");
  yara_lease_free (second);
}

static gpointer
cancel_soon (gpointer cancellable)
{
  g_usleep (20 * 1000);
  g_cancellable_cancel (cancellable);
  return NULL;
}

static void
test_cancel (Fixture *fixture, gconstpointer variant)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new (), stop_queued = g_cancellable_new ();
  g_autoptr(GCancellable) stop_running = g_cancellable_new ();
  YaraLease *first = lease_with_notes (), *second = yara_lease_new (database, TRUE);
  Call calls[3];
  GThread *thread;

  /* before, in the queue, and while it waits for a session */
  lease_submit (second, &calls[0], "DELETE FROM items", cancellable);
  lease_submit (second, &calls[1], "DELETE FROM items", stop_queued);
  lease_submit (second, &calls[2], "DELETE FROM items", cancellable);
  g_cancellable_cancel (stop_queued);
  await (&calls[1], 1);
  g_assert_cmpuint (calls[0].n_completed, ==, 0);
  g_cancellable_cancel (cancellable);
  await (calls, 3);
  finish (calls, 3, TRUE);
  lease_submit (second, &calls[0], "DELETE FROM items", cancellable);
  await (calls, 1);
  finish (calls, 1, TRUE);

  /* blocking */
  lease_fails (second, "DELETE FROM items", cancellable, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_cancellable_reset (cancellable);
  thread = g_thread_new ("canceller", cancel_soon, cancellable);
  lease_fails (second, "DELETE FROM items", cancellable, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  yara_lease_free (first);
  lease_run (second, "DELETE FROM items");

  /* running, with one that blocks behind it */
  g_cancellable_reset (cancellable);
  lease_submit (second, &calls[0], ENDLESS_WRITE, cancellable);
  thread = g_thread_new ("canceller", cancel_soon, cancellable);
  lease_run (second, "DELETE FROM items");
  g_thread_join (thread);
  await (calls, 1);
  finish (calls, 1, TRUE);

  /* one that blocks, behind a running one */
  g_cancellable_reset (cancellable);
  lease_submit (second, &calls[0], ENDLESS_WRITE, stop_running);
  thread = g_thread_new ("canceller", cancel_soon, cancellable);
  lease_fails (second, "DELETE FROM items", cancellable, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_thread_join (thread);
  g_cancellable_cancel (stop_running);
  await (calls, 1);
  finish (calls, 1, TRUE);
  yara_lease_free (second);
}

/* ---- closing ---- */

static void
test_close (Fixture *fixture, gconstpointer variant)
{
  YaraLease *idle = lease_with_notes (), *waiting = yara_lease_new (database, TRUE), *late;
  YaraDatabaseCounts counts;
  Call calls[4];

  lease_submit (waiting, &calls[0], "INSERT INTO items (name, value) VALUES ('a', 1)", NULL);
  lease_submit (waiting, &calls[1], "INSERT INTO items (name, value) VALUES ('b', 2)", NULL);
  lease_submit (idle, &calls[2], NOTE (0), NULL);
  yara_database_close (database); /* in the thread that holds them */
  await (calls, 3);
  finish (calls, 3, FALSE);
  yara_database_get_counts (database, &counts);
  g_assert_cmpuint (counts.n_open, ==, 0);

  lease_fails (idle, NOTE (0), NULL, YARA_ERROR, YARA_ERROR_CONNECTION);
  lease_submit (waiting, &calls[3], "DELETE FROM items", NULL);
  finish_error (&calls[3], YARA_ERROR, YARA_ERROR_CONNECTION);
  late = yara_lease_new (database, FALSE);
  lease_fails (late, "SELECT 1", NULL, YARA_ERROR, YARA_ERROR_CONNECTION);
  yara_lease_free (late);
  yara_lease_free (idle);
  yara_lease_free (waiting);
}

/* Leases come and go in several threads, are cancelled, and the database is closed under them. */
static gpointer
lease_often (gpointer data)
{
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 60; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      YaraLease *lease = yara_lease_new (database, i % 3 != 0);
      Call calls[3];

      for (guint j = 0; j < G_N_ELEMENTS (calls); j++)
        lease_submit (lease, &calls[j], "SELECT count(*) FROM items", j == 1 ? cancellable : NULL);
      if (i % 4 == 0)
        g_usleep (g_random_int_range (0, 300));
      g_cancellable_cancel (cancellable);
      await (calls, G_N_ELEMENTS (calls));
      for (guint j = 0; j < G_N_ELEMENTS (calls); j++)
        {
          GError *error = calls[j].job.request.error;

          g_assert_cmpuint (calls[j].n_completed, ==, 1);
          g_assert_true (error == NULL || g_error_matches (error, YARA_ERROR, YARA_ERROR_CONNECTION) ||
                         (j == 1 && g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED)));
          clear_request (&calls[j].job.request);
        }
      yara_lease_free (lease);
    }
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_close_under_threads (Fixture *fixture, gconstpointer variant)
{
  GThread *threads[4];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("leases", lease_often, NULL);
  g_usleep (10 * 1000);
  yara_database_close (database);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  ADD ("file", "a.db", "lease/nothing", test_nothing);
  ADD ("file", "a.db", "lease/order", test_order);
  ADD ("file", "a.db", "lease/threads", test_threads);
  ADD ("file", "a.db", "lease/beside-writes", test_beside_writes);
  ADD ("file", "a.db", "lease/behind-another", test_behind_another);
  ADD ("memory", "sqlite::memory:", "lease/behind-another", test_behind_another);
  ADD ("file", "a.db", "lease/reading", test_reading);
  ADD ("file", "a.db?acquire_timeout=0.05", "lease/timeout", test_timeout);
  ADD ("memory", "sqlite::memory:?acquire_timeout=0.05", "lease/timeout", test_timeout);
  ADD ("file", "a.db", "lease/cancel", test_cancel);
  ADD ("file", "a.db", "lease/close", test_close);
  ADD ("memory", "sqlite::memory:", "lease/close", test_close);
  ADD ("file", "a.db", "lease/close-under-threads", test_close_under_threads);
  ADD ("one-session", "a.db?max_size=1", "lease/close-under-threads", test_close_under_threads);
  return g_test_run ();
}
