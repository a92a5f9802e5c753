/* SPDX-License-Identifier: MIT
 * Databases: requests that are cancelled, and sessions that others hold. */
#include "database-fixture.h"

static void
test_cancelled_before (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  YaraRequest request = make_raw ("INSERT INTO items (name, value) VALUES ('a', 1)", NULL, YARA_ANSWER_COUNT);
  Call call;

  g_cancellable_cancel (cancellable);
  yara_database_run (database, &request, cancellable);
  g_assert_error (request.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  clear_request (&request);
  submit_insert (&call, 0, cancellable);
  await (&call, 1);
  finish (&call, 1, TRUE);
  g_assert_cmpint (count_items (), ==, 0);
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (20000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancel_running (Fixture *fixture, gconstpointer data)
{
  static const char *const endless[] = { ENDLESS_READ, ENDLESS_WRITE };

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      GThread *thread = g_thread_new ("canceller", cancel_soon, cancellable);
      Call call;

      if (i < 2)
        {
          call = (Call) { .job.request = make_raw (endless[i % 2], NULL, YARA_ANSWER_ROWS), .n_completed = 1,
                          .thread = g_thread_self () };
          yara_database_run (database, &call.job.request, cancellable);
        }
      else
        {
          submit_raw (&call, endless[i % 2], YARA_ANSWER_ROWS, cancellable);
          await (&call, 1);
        }
      finish (&call, 1, TRUE);
      g_thread_join (thread);
      g_assert_cmpint (count_items (), ==, 0);
    }
}

/* Those that are queued behind a long one are cancelled at once; the rest goes on after it. */
static void
test_cancel_queued (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) stop_first = g_cancellable_new (), stop_half = g_cancellable_new ();
  Call first, calls[20];

  submit_raw (&first, ENDLESS_WRITE, YARA_ANSWER_COUNT, stop_first);
  for (guint i = 0; i < 20; i++)
    submit_insert (&calls[i], i, i % 2 == 0 ? stop_half : NULL);
  g_cancellable_cancel (stop_half);
  for (guint i = 0; i < 20; i += 2)
    {
      await (&calls[i], 1);
      g_assert_cmpuint (calls[i + 1].n_completed, ==, 0);
      finish (&calls[i], 1, TRUE);
    }
  g_assert_cmpuint (first.n_completed, ==, 0);
  g_cancellable_cancel (stop_first);
  await (&first, 1);
  finish (&first, 1, TRUE);
  for (guint i = 1; i < 20; i += 2)
    {
      await (&calls[i], 1);
      finish (&calls[i], 1, FALSE);
    }
  g_assert_cmpint (count_items (), ==, 10);
}

/* Issued and cancelled inside one callback, before anything was queued. */
typedef struct
{
  Call          call;
  GCancellable *cancellable;
} Regret;

static gboolean
submit_and_cancel (gpointer data)
{
  Regret *regret = data;

  submit_insert (&regret->call, 0, regret->cancellable);
  g_cancellable_cancel (regret->cancellable);
  g_assert_cmpuint (regret->call.n_completed, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
test_cancel_deferred (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Regret regret = { .cancellable = cancellable };

  g_idle_add (submit_and_cancel, &regret);
  await (&regret.call, 1);
  finish (&regret.call, 1, TRUE);
  g_assert_cmpint (count_items (), ==, 0);
}

/* A handler of the program that waits for a statement does not lock anything up. */
static void
run_in_handler (GCancellable *cancellable, gpointer data)
{
  await (data, 1);
}

static void
test_wait_in_handler (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Call call;

  submit_raw (&call, ENDLESS_READ, YARA_ANSWER_ROWS, cancellable);
  g_cancellable_connect (cancellable, G_CALLBACK (run_in_handler), &call, NULL);
  g_cancellable_cancel (cancellable);
  finish (&call, 1, TRUE);
}

/* Cancels at random moments: each call ends once, as it says, and the next one is not hit. */
static void
test_cancel_anywhere (Fixture *fixture, gconstpointer data)
{
  const guint n = 300;
  g_autoptr(GRand) rand = g_rand_new_with_seed (7);
  guint n_stored = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      Call victim, next;

      submit_insert (&victim, 2 * i, cancellable);
      submit_insert (&next, 2 * i + 1, NULL);
      if (g_rand_boolean (rand))
        g_usleep (g_rand_int_range (rand, 0, 60));
      g_cancellable_cancel (cancellable);
      await (&victim, 1);
      n_stored += victim.job.request.error == NULL;
      finish (&victim, 1, victim.job.request.error != NULL);
      await (&next, 1);
      finish (&next, 1, FALSE);
    }
  g_assert_cmpint (count_items (), ==, n + n_stored);
}

/* ---- sessions in use ---- */

static gpointer
hold_writer (gpointer data)
{
  YaraRequest request = make_raw (ENDLESS_WRITE, NULL, YARA_ANSWER_COUNT);

  yara_database_run (database, &request, data);
  g_assert_error (request.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  clear_request (&request);
  return NULL;
}

static void
test_acquire_timeout (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GThread *thread = g_thread_new ("holder", hold_writer, cancellable);
  Call call;
  guint n_tries = 0;

  do /* until the other thread has the session */
    {
      submit_insert (&call, n_tries++, NULL);
      await (&call, 1);
      if (call.job.request.error == NULL)
        clear_request (&call.job.request);
    }
  while (call.job.request.error == NULL);
  assert_fails (call.job.request.error, YARA_ERROR_TIMEOUT, "acquire_timeout");
  clear_request (&call.job.request);
  g_cancellable_cancel (cancellable);
  g_thread_join (thread);
  g_assert_cmpint (count_items (), ==, n_tries - 1);
}

/* A long read stops neither what was queued behind it nor the writer. */
static void
test_long_read (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Call endless, calls[20];

  submit_raw (&endless, ENDLESS_READ, YARA_ANSWER_ROWS, cancellable);
  for (guint i = 0; i < 20; i++)
    if (i % 2 == 0)
      submit_select (&calls[i], 1, NULL);
    else
      submit_insert (&calls[i], i, NULL);
  await (calls, 20);
  finish (calls, 20, FALSE);
  g_assert_cmpuint (endless.n_completed, ==, 0);
  g_cancellable_cancel (cancellable);
  await (&endless, 1);
  finish (&endless, 1, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD_ALL(variant, url) \
  ADD (variant, url, "cancelled-before", test_cancelled_before); \
  ADD (variant, url, "cancel-running", test_cancel_running); \
  ADD (variant, url, "cancel-queued", test_cancel_queued); \
  ADD (variant, url, "cancel-deferred", test_cancel_deferred); \
  ADD (variant, url, "cancel-anywhere", test_cancel_anywhere); \
  ADD (variant, url, "wait-in-handler", test_wait_in_handler)
  ADD_ALL ("file", "test.db");
  ADD_ALL ("memory", "sqlite::memory:");
  ADD ("fast", "test.db?sync_fast_path=1", "cancelled-before", test_cancelled_before);
  ADD ("file", "test.db?acquire_timeout=0.05", "acquire-timeout", test_acquire_timeout);
  ADD ("file", "test.db", "long-read", test_long_read);
  return g_test_run ();
}
