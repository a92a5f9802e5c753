/* SPDX-License-Identifier: MIT
 *
 * Statements in flight on sessions that a main loop drives: neighbors do not touch one another, sessions are
 * shared fairly, and an end comes to all of them.
 */
#include "fixture.h"

#include <string.h>
#include <unistd.h>

typedef struct
{
  gint64 id;
  gint64 token;
} Entry, Broken;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, token, .unique = true),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

/* A view of which a read fails. */
static const YaraModel broken_model = YARA_MODEL (Broken, "broken", entry_fields);

/* The database of the case, with these parameters in its URL. */
static YaraOrm *
open_with (Test *test, const char *parameters)
{
  g_autofree char *base = test_url (test, "default");
  g_autofree char *url = g_strdup_printf ("%s&application_name=pipeline-%d&%s", base, getpid (), parameters);
  YaraOrm *orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  test_ok (yara_orm_register (orm, &entry_model, &error));
  return orm;
}

/* Entries with the tokens 0, 1, ... */
static void
add_entries (Test *test, guint n)
{
  g_autofree char *sql = g_strdup_printf ("INSERT INTO entries (token) SELECT i FROM generate_series(0, %u) AS i", n - 1);

  TEST_USE (test, &entry_model);
  test_execute (test->orm, NULL, sql);
}

static gint64
count_entries (Test *test)
{
  return test_fetch_int (test->orm, NULL, "SELECT count(*) FROM entries");
}

static void
get_token (YaraOrm *orm, const YaraModel *model, gint64 token, GCancellable *cancellable, TestCall *call)
{
  g_autoptr(YaraQuery) query = yara_query_new (model);

  yara_query_filter (query, "token", token);
  yara_orm_get_async (orm, query, cancellable, test_call_done, call);
}

static void
check_token (YaraOrm *orm, TestCall *call, gint64 token)
{
  g_autoptr(YaraResult) result = test_ok (yara_orm_get_finish (orm, call->result, &error));

  g_assert_cmpint (((Entry *) yara_result_get_record (result, 0))->token, ==, token);
}

/* ---- neighbors ---- */

#define N_GETS 64

/* Reads that are sent together share a transaction of the server, which those behind a failure do not get. */
static void
failing_read (Test *test)
{
  g_autoptr(YaraOrm) orm = NULL;
  TestCall calls[N_GETS] = { { NULL } };

  add_entries (test, N_GETS);
  test_execute (test->orm, NULL, "CREATE VIEW broken AS SELECT id, token / 0 AS token FROM entries");
  orm = open_with (test, "max_size=1");
  test_ok (yara_orm_register (orm, &broken_model, &error));
  for (guint round = 0; round < 2; round++) /* prepared on the way, and before */
    {
      for (guint i = 0; i < N_GETS; i++)
        get_token (orm, i % 20 == 10 ? &broken_model : &entry_model, i, NULL, &calls[i]);
      test_calls_wait (calls, N_GETS);
      for (guint i = 0; i < N_GETS; i++)
        if (i % 20 == 10)
          test_fails (yara_orm_get_finish (orm, calls[i].result, &error), OPERATIONAL, "division by zero");
        else
          check_token (orm, &calls[i], i);
      test_calls_clear (calls, N_GETS);
      memset (calls, 0, sizeof calls);
    }
}

static void
failing_writes (Test *test)
{
  Entry entries[30];
  TestCall calls[30] = { { NULL } };

  add_entries (test, 10);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    {
      entries[i] = (Entry) { .token = i % 3 == 1 ? 5 : 100 + i }; /* there is a 5 */
      yara_orm_create_async (test->orm, &entry_model, &entries[i], NULL, test_call_done, &calls[i]);
    }
  test_calls_wait (calls, G_N_ELEMENTS (calls));
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    if (i % 3 == 1)
      test_fails (yara_orm_create_finish (test->orm, calls[i].result, &error), INTEGRITY, "create Entry");
    else
      test_ok (yara_orm_create_finish (test->orm, calls[i].result, &error));
  test_calls_clear (calls, G_N_ELEMENTS (calls));
  g_assert_cmpint (count_entries (test), ==, 10 + 20);
}

/* What is refused only when it is to be committed was not stored, whatever the statement itself answered. */
static void
refused_commit (Test *test)
{
  Entry entries[3] = { { .token = 1 }, { .token = 5 }, { .token = 2 } };
  TestCall calls[3] = { { NULL } };

  TEST_USE (test, &entry_model);
  test_execute (test->orm, NULL, "ALTER TABLE entries ADD CONSTRAINT late UNIQUE (token) DEFERRABLE INITIALLY DEFERRED");
  test_execute (test->orm, NULL, "DO $$ DECLARE name text; BEGIN FOR name IN SELECT conname FROM pg_constraint WHERE "
                "conrelid = 'entries'::regclass AND contype = 'u' AND conname <> 'late' LOOP EXECUTE "
                "format('ALTER TABLE entries DROP CONSTRAINT %I', name); END LOOP; END $$");
  test_execute (test->orm, NULL, "DROP INDEX IF EXISTS uq_entries_token");
  test_execute (test->orm, NULL, "INSERT INTO entries (token) VALUES (5)");
  for (guint i = 0; i < 3; i++)
    yara_orm_create_async (test->orm, &entry_model, &entries[i], NULL, test_call_done, &calls[i]);
  test_calls_wait (calls, 3);
  test_ok (yara_orm_create_finish (test->orm, calls[0].result, &error));
  test_fails (yara_orm_create_finish (test->orm, calls[1].result, &error), INTEGRITY, "late");
  test_ok (yara_orm_create_finish (test->orm, calls[2].result, &error));
  g_assert_cmpint (entries[1].id, ==, 0);
  test_calls_clear (calls, 3);
  g_assert_cmpint (count_entries (test), ==, 3);
}

/* More than a session takes at a time. */
static void
very_many (Test *test)
{
  const guint n = 3000;
  g_autofree TestCall *calls = g_new0 (TestCall, n);
  g_autoptr(YaraOrm) orm = NULL;

  add_entries (test, 100);
  orm = open_with (test, "max_size=2");
  for (guint i = 0; i < n; i++)
    get_token (orm, &entry_model, i % 100, NULL, &calls[i]);
  test_calls_wait (calls, n);
  for (guint i = 0; i < n; i++)
    check_token (orm, &calls[i], i % 100);
  test_calls_clear (calls, n);
}

/* ---- sharing ---- */

static gpointer
get_blocking (gpointer orm)
{
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
      g_autoptr(YaraResult) result = NULL;

      yara_query_filter (query, "token", i);
      result = test_ok (yara_orm_get (orm, query, NULL, &error));
      g_assert_cmpint (((Entry *) yara_result_get_record (result, 0))->token, ==, i);
    }
  return NULL;
}

static gpointer
get_async (gpointer orm)
{
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint round = 0; round < 40; round++)
    {
      TestCall calls[20] = { { NULL } };

      for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
        get_token (orm, &entry_model, i, NULL, &calls[i]);
      test_calls_wait (calls, G_N_ELEMENTS (calls));
      for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
        {
          g_assert_true (calls[i].thread == g_thread_self ());
          g_assert_true (calls[i].context == context);
          check_token (orm, &calls[i], i);
        }
      test_calls_clear (calls, G_N_ELEMENTS (calls));
    }
  g_main_context_pop_thread_default (context);
  return NULL;
}

/* Two contexts and two blocking threads on one session: nobody starves, and a context may end. */
static void
one_session_for_all (Test *test)
{
  static const GThreadFunc functions[] = { get_blocking, get_async, get_blocking, get_async };
  GThread *threads[G_N_ELEMENTS (functions)];
  g_autoptr(YaraOrm) orm = NULL;

  add_entries (test, 100);
  orm = open_with (test, "max_size=1&acquire_timeout=30");
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    threads[i] = g_thread_new ("user", functions[i], orm);
  for (guint i = 0; i < G_N_ELEMENTS (functions); i++)
    g_thread_join (threads[i]);
  get_blocking (orm);
}

static void
sleep_async (YaraOrm *orm, GCancellable *cancellable, TestCall *call)
{
  yara_connection_fetch_row_async (test_connection (orm, NULL), "SELECT pg_sleep(0.3)", NULL, cancellable, test_call_done,
                                   call);
}

static void
get_within (GObject *source, GAsyncResult *result, gpointer user_data)
{
  get_blocking (YARA_ORM (source));
  test_call_done (source, result, user_data);
}

/* A callback may block for the session that its own loop has. */
static void
blocking_in_a_callback (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  g_autoptr(YaraOrm) orm = NULL;
  TestCall calls[3] = { { NULL } }, sleep = { NULL };

  add_entries (test, 100);
  orm = open_with (test, "max_size=1&acquire_timeout=20");
  for (guint i = 0; i < 3; i++)
    yara_orm_count_async (orm, query, NULL, i == 0 ? get_within : test_call_done, &calls[i]);
  sleep_async (orm, NULL, &sleep);
  get_blocking (orm); /* and so may who has just issued something */
  test_calls_wait (calls, 3);
  test_call_wait (&sleep);
  yara_rows_unref (test_ok (yara_connection_fetch_row_finish (test_connection (orm, NULL), sleep.result, &error)));
  test_calls_clear (&sleep, 1);
  for (guint i = 0; i < 3; i++)
    g_assert_cmpint (test_ok (yara_orm_count_finish (orm, calls[i].result, &error)), ==, 100);
  test_calls_clear (calls, 3);
}

static gint64
count_sessions (Test *test)
{
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM pg_stat_activity WHERE application_name = 'pipeline-%d'",
                                          getpid ());

  return test_fetch_int (test->orm, NULL, sql);
}

/* Long statements get sessions of their own, up to max_size. */
static void
grows (Test *test)
{
  g_autoptr(YaraOrm) orm = NULL;
  TestCall calls[12] = { { NULL } };
  gint64 before = count_sessions (test);

  orm = open_with (test, "max_size=4");
  g_assert_cmpint (count_sessions (test), ==, before + 1);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    sleep_async (orm, NULL, &calls[i]);
  test_call_wait (&calls[3]);
  g_assert_cmpint (count_sessions (test), ==, before + 4);
  test_calls_wait (calls, G_N_ELEMENTS (calls));
  g_assert_cmpint (count_sessions (test), ==, before + 4);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    yara_rows_unref (test_ok (yara_connection_fetch_row_finish (test_connection (orm, NULL), calls[i].result, &error)));
  test_calls_clear (calls, G_N_ELEMENTS (calls));
}

static gpointer
hold_session (gpointer orm)
{
  g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_row (test_connection (orm, NULL), "SELECT pg_sleep(1)", NULL,
                                                                NULL, &error));
  return NULL;
}

/* Somebody else has the only session for longer than acquire_timeout. */
static void
waits_too_long (Test *test)
{
  g_autoptr(YaraOrm) orm = open_with (test, "max_size=1&acquire_timeout=0.2");
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  TestCall calls[2] = { { NULL } };
  GThread *thread;

  TEST_USE (test, &entry_model);
  thread = g_thread_new ("holder", hold_session, orm);
  while (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(1)'") == 0)
    g_usleep (1000);
  for (guint i = 0; i < 2; i++)
    yara_orm_count_async (orm, query, NULL, test_call_done, &calls[i]);
  test_calls_wait (calls, 2);
  for (guint i = 0; i < 2; i++)
    test_fails (yara_orm_count_finish (orm, calls[i].result, &error), TIMEOUT, "no session became free in 0.2 seconds");
  test_calls_clear (calls, 2);
  g_thread_join (thread);
  g_assert_cmpint (test_await_ok (orm_count, orm, query), ==, 0);
}

/* ---- ends ---- */

/* One that runs, one that is sent behind it, which may be done before it could be stopped, and one that waits
 * for the session. */
static void
cancelled (Test *test)
{
  g_autoptr(YaraResult) result = NULL;
  g_autoptr(GError) reason = NULL;
  g_autoptr(YaraOrm) orm = NULL;
  GCancellable *stopped[3] = { g_cancellable_new (), g_cancellable_new (), g_cancellable_new () };
  TestCall sleeps[2] = { { NULL } }, gets[3] = { { NULL } };

  add_entries (test, 10);
  orm = open_with (test, "max_size=1");
  sleep_async (orm, stopped[0], &sleeps[0]);
  get_token (orm, &entry_model, 1, NULL, &gets[0]);
  get_token (orm, &entry_model, 2, stopped[1], &gets[1]);
  get_token (orm, &entry_model, 3, NULL, &gets[2]);
  g_main_context_iteration (NULL, FALSE); /* they are sent */
  sleep_async (orm, stopped[2], &sleeps[1]);
  g_usleep (20000); /* the first runs */
  for (guint i = 0; i < 3; i++)
    {
      g_cancellable_cancel (stopped[i]);
      g_object_unref (stopped[i]);
    }
  test_calls_wait (sleeps, 2);
  test_calls_wait (gets, 3);
  for (guint i = 0; i < 2; i++)
    test_is_cancelled (yara_connection_fetch_row_finish (test_connection (orm, NULL), sleeps[i].result, &error));
  check_token (orm, &gets[0], 1);
  result = yara_orm_get_finish (orm, gets[1].result, &reason);
  if (result == NULL)
    g_assert_error (reason, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  check_token (orm, &gets[2], 3);
  test_calls_clear (sleeps, 2);
  test_calls_clear (gets, 3);
}

static void
close_within (GObject *source, GAsyncResult *result, gpointer user_data)
{
  test_ok (yara_orm_close (YARA_ORM (source), NULL, &error));
  test_call_done (source, result, user_data);
}

/* From inside the callback of the first: what was issued is done, and called back later. */
static void
closed_within (Test *test)
{
  YaraOrm *orm = NULL;
  TestCall calls[40] = { { NULL } };
  Entry late = { .token = 1000 };

  add_entries (test, N_GETS);
  orm = open_with (test, "max_size=2");
  {
    g_autoptr(YaraQuery) query = yara_query_new (&entry_model);

    yara_query_filter (query, "token", 0);
    yara_orm_get_async (orm, query, NULL, close_within, &calls[0]);
  }
  for (guint i = 1; i < G_N_ELEMENTS (calls) - 1; i++)
    get_token (orm, &entry_model, i, NULL, &calls[i]);
  yara_orm_create_async (orm, &entry_model, &late, NULL, test_call_done, &calls[G_N_ELEMENTS (calls) - 1]);
  g_object_unref (orm);
  test_calls_wait (calls, G_N_ELEMENTS (calls));
  for (guint i = 0; i < G_N_ELEMENTS (calls) - 1; i++)
    check_token (orm, &calls[i], i); /* the results keep it alive */
  test_ok (yara_orm_create_finish (orm, calls[G_N_ELEMENTS (calls) - 1].result, &error));
  test_calls_clear (calls, G_N_ELEMENTS (calls));
  g_assert_cmpint (count_entries (test), ==, N_GETS + 1);
}

/* A session that the server has ended while it rested is not used any more. */
static void
ended_at_rest (Test *test)
{
  g_autofree char *end = g_strdup_printf ("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE "
                                          "application_name = 'pipeline-%d'", getpid ());
  g_autoptr(YaraOrm) orm = NULL;
  Entry entries[10] = { { 0 } };

  TEST_USE (test, &entry_model);
  orm = open_with (test, "max_size=1");
  for (guint i = 0; i < G_N_ELEMENTS (entries); i++)
    {
      entries[i].token = i;
      test_await_ok (orm_create, orm, &entry_model, &entries[i]);
      g_assert_cmpint (test_fetch_int (test->orm, NULL, end), >=, 1);
    }
  g_assert_cmpint (count_entries (test), ==, G_N_ELEMENTS (entries));
}

#define BOTH(path, function) { path, function, "postgres" }, { path, function, "pgbouncer" }

static const TestCase cases[] = {
  BOTH ("pipeline/failing-read", failing_read),
  BOTH ("pipeline/failing-writes", failing_writes),
  BOTH ("pipeline/refused-commit", refused_commit),
  BOTH ("pipeline/very-many", very_many),
  BOTH ("pipeline/one-session-for-all", one_session_for_all),
  BOTH ("pipeline/blocking-in-a-callback", blocking_in_a_callback),
  { "pipeline/grows", grows, "postgres" },
  { "pipeline/waits-too-long", waits_too_long, "postgres" },
  BOTH ("pipeline/cancelled", cancelled),
  BOTH ("pipeline/closed-within", closed_within),
  { "pipeline/ended-at-rest", ended_at_rest, "postgres" },
};
TEST_MAIN (cases)
