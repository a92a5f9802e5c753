/* SPDX-License-Identifier: MIT
 * Databases: closing, with work in flight. */
#include "database-fixture.h"

static void
test_close (Fixture *fixture, gconstpointer data)
{
  g_autofree Call *calls = g_new (Call, N_CALLS);
  YaraRequest request = make_raw ("SELECT 1", NULL, YARA_ANSWER_ROWS);
  Call late;

  for (guint i = 0; i < N_CALLS; i++)
    if (i % 2 == 0)
      submit_insert (&calls[i], i, NULL);
    else
      submit_raw (&calls[i], "INSERT INTO items (name, value) VALUES (random (), 1)", YARA_ANSWER_COUNT, NULL);
  yara_database_close (database);
  yara_database_close (database);
  yara_database_run (database, &request, NULL);
  assert_fails (request.error, YARA_ERROR_CONNECTION, "closed");
  clear_request (&request);
  submit_raw (&late, "SELECT 1", YARA_ANSWER_ROWS, NULL);
  await (calls, N_CALLS);
  finish (calls, N_CALLS, FALSE);
  await (&late, 1);
  assert_fails (late.job.request.error, YARA_ERROR_CONNECTION, "closed");
  clear_request (&late.job.request);
}

/* From inside a callback that has just issued statements. */
typedef struct
{
  Call call;
} Closing;

static gboolean
submit_and_close (gpointer data)
{
  Closing *closing = data;

  submit_insert (&closing->call, 0, NULL);
  yara_database_close (database);
  g_assert_cmpuint (closing->call.n_completed, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
test_close_in_callback (Fixture *fixture, gconstpointer data)
{
  Closing closing;

  closing.call.n_completed = 0;
  g_idle_add (submit_and_close, &closing);
  await (&closing.call, 1);
  finish (&closing.call, 1, FALSE);
}

static gpointer
close_in_thread (gpointer data)
{
  yara_database_close (database);
  return NULL;
}

static gpointer
run_until_closed (gpointer data)
{
  for (;;)
    {
      YaraRequest request = make_raw ("SELECT count(*) FROM items", NULL, YARA_ANSWER_ROWS);
      gboolean is_closed;

      yara_database_run (database, &request, NULL);
      is_closed = request.error != NULL;
      if (is_closed)
        assert_fails (request.error, YARA_ERROR_CONNECTION, "closed");
      clear_request (&request);
      if (is_closed)
        return NULL;
    }
}

static void
test_close_under_load (Fixture *fixture, gconstpointer data)
{
  GThread *threads[6];

  for (guint i = 0; i < 4; i++)
    threads[i] = g_thread_new ("runner", run_until_closed, NULL);
  g_usleep (20000);
  for (guint i = 4; i < 6; i++)
    threads[i] = g_thread_new ("closer", close_in_thread, NULL);
  for (guint i = 0; i < 6; i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD_ALL(variant, url) \
  ADD (variant, url, "close", test_close); \
  ADD (variant, url, "close-in-callback", test_close_in_callback); \
  ADD (variant, url, "close-under-load", test_close_under_load)
  ADD_ALL ("file", "test.db");
  ADD_ALL ("one-session", "test.db?max_size=1");
  ADD_ALL ("memory", "sqlite::memory:");
  ADD_ALL ("fast", "test.db?sync_fast_path=1");
  return g_test_run ();
}
