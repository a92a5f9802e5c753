/* SPDX-License-Identifier: MIT
 *
 * PostgreSQL servers that hang up or take too long.
 */
#include "items.h"
#include "proxy.h"

#include <signal.h>

/* ---- losing the server ---- */

static gint64
get_pid (Test *test)
{
  return test_fetch_int (test->orm, NULL, "SELECT pg_backend_pid()");
}

static void
end_session (Test *test, gint64 pid)
{
  g_autofree char *sql = g_strdup_printf ("SELECT pg_terminate_backend(%" G_GINT64_FORMAT ", 5000)::int", pid);

  test_fetch_int (test->orm, "other", sql);
}

/* Killed while it was idle: what comes next does not notice. */
static void
idle_session_lost (Test *test)
{
  test_add_connection (test, "other");
  TEST_USE (test, &item_model);
  for (guint i = 0; i < 20; i++)
    {
      Item item = { .name = i % 2 ? "a" : "b", .size = i };

      end_session (test, get_pid (test));
      g_usleep (20000);
      if (i % 2)
        test_await (yara_orm_update_or_create_async (test->orm, &item_model, &item, YARA_NAMES ("name"), NULL,
                                                     test_call_done, &call),
                    test_ok (yara_orm_update_or_create_finish (test->orm, call.result, NULL, &error)));
      else
        test_ok (yara_orm_update_or_create (test->orm, &item_model, &item, YARA_NAMES ("name"), NULL, NULL,
                                            &error));
    }
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, 2);
}

/* The server says that it ends a session, and takes its time to do so: nothing is sent there any more. */
static void
told_at_rest (Test *test)
{
  static const char *const names[] = { "a", "b", "c", "d" };
  TestProxy *proxy = test_proxy_new ();
  g_autofree char *url = test_proxy_url (proxy, "default", "max_size=1");
  g_autoptr(YaraOrm) orm = NULL;

  test_add_connection (test, "other");
  TEST_USE (test, &item_model);
  test_proxy_hide_ends (proxy);
  orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  test_ok (yara_orm_register (orm, &item_model, &error));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      Item item = { .name = names[i], .size = i };
      gint64 pid = test_fetch_int (orm, NULL, "SELECT pg_backend_pid()");

      end_session (test, pid);
      g_usleep (20000);
      if (i % 2)
        test_await (yara_orm_create_async (orm, &item_model, &item, NULL, test_call_done, &call),
                    test_ok (yara_orm_create_finish (orm, call.result, &error)));
      else
        test_ok (yara_orm_create (orm, &item_model, &item, NULL, &error));
    }
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, G_N_ELEMENTS (names));
  g_clear_object (&orm);
  test_proxy_free (proxy);
}

static gpointer
end_sleeper (gpointer data)
{
  Test *test = data;
  gint64 pid = 0;

  while (pid == 0)
    pid = test_fetch_int (test->orm, "other",
                          "SELECT coalesce((SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' "
                          "AND query NOT LIKE '%coalesce%' AND state = 'active' LIMIT 1), 0)");
  end_session (test, pid);
  return NULL;
}

static void
busy_session_lost (Test *test)
{
  YaraConnection *connection = test_ok (yara_orm_get_connection (test->orm, NULL, &error));
  g_autoptr(GError) error = NULL;
  GThread *thread;

  test_add_connection (test, "other");
  thread = g_thread_new ("ender", end_sleeper, test);
  g_assert_cmpint (yara_connection_execute (connection, "SELECT pg_sleep(61)", NULL, NULL, &error), ==, -1);
  g_thread_join (thread);
  g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "57P01");
  g_assert_true (yara_error_is_retryable (error));
  g_assert_false (yara_error_is_outcome_unknown (error));
  test_check_error (&error, YARA_ERROR, YARA_ERROR_CONNECTION, NULL);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT 6"), ==, 6);
}

/* ---- time-outs ---- */

static void
statement_timeout (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autofree char *limited = g_strconcat (url, "&statement_timeout=0.2", NULL);
  YaraConnection *connection;
  gint64 start = g_get_monotonic_time ();

  test_ok (yara_orm_add_connection (test->orm, "limited", limited, NULL, &error));
  connection = test_ok (yara_orm_get_connection (test->orm, "limited", &error));
  test_fails (yara_connection_fetch_row (connection, "SELECT pg_sleep(30)", NULL, NULL, &error), TIMEOUT,
              "0.2 seconds");
  test_await (yara_connection_execute_async (connection, "SELECT pg_sleep(30)", NULL, NULL, test_call_done, &call),
              test_fails (yara_connection_execute_finish (connection, call.result, &error), TIMEOUT,
                          "0.2 seconds"));
  test_fails (yara_connection_execute_script (connection, "SELECT 1; SELECT pg_sleep(30)", NULL, &error), TIMEOUT,
              "statement 2", "0.2 seconds");
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  g_assert_cmpint (test_fetch_int (test->orm, "limited", "SELECT 3"), ==, 3);
}

/* A server process that is stopped answers neither the statement nor the request to cancel it. */
static void
frozen_server (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autofree char *limited = g_strconcat (url, "&statement_timeout=0.2&max_size=1", NULL);
  YaraConnection *connection;
  GPid pid;
  g_autoptr(GError) error = NULL;
  gint64 start;

  test_execute (test->orm, NULL, "CREATE TABLE t (id INTEGER)");
  test_ok (yara_orm_add_connection (test->orm, "limited", limited, NULL, &error));
  connection = test_ok (yara_orm_get_connection (test->orm, "limited", &error));
  pid = test_fetch_int (test->orm, "limited", "SELECT pg_backend_pid()");
  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  start = g_get_monotonic_time ();
  g_assert_cmpint (yara_connection_execute (connection, "INSERT INTO t VALUES (1)", NULL, NULL, &error), ==, -1);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  g_assert_true (yara_error_is_outcome_unknown (error));
  g_assert_false (yara_error_is_retryable (error));
  test_check_error (&error, YARA_ERROR, YARA_ERROR_TIMEOUT, "0.2 seconds", NULL);
  g_assert_cmpint (test_fetch_int (test->orm, "limited", "SELECT 4"), ==, 4); /* on a new session */
  g_assert_cmpint (kill (pid, SIGCONT), ==, 0);
}

static const TestCase cases[] = {
  { "postgres/idle-session-lost", idle_session_lost, "postgres" },
  { "postgres/told-at-rest", told_at_rest, "postgres" },
  { "postgres/busy-session-lost", busy_session_lost, "postgres" },
  { "postgres/statement-timeout", statement_timeout, "postgres" },
  { "postgres/statement-timeout", statement_timeout, "pgbouncer" },
  { "postgres/frozen-server", frozen_server, "postgres" },
};
TEST_MAIN (cases)
