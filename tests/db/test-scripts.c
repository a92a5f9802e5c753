/* SPDX-License-Identifier: MIT
 *
 * Scripts of several statements: where they are cut, what stays when one fails.
 */
#include "fixture.h"

static void
run_script (Test *test, const char *script)
{
  YaraConnection *connection = test_connection (test->orm, NULL);

  test_ok (yara_connection_execute_script (connection, script, NULL, &error));
}

static void
several (Test *test)
{
  g_autofree char *names = NULL;

  run_script (test, "CREATE TABLE t (name VARCHAR(100));\n"
                    "-- a comment; with INSERT INTO t VALUES ('no');\n"
                    "INSERT INTO t VALUES ('a;b'); /* c; d 'e */ INSERT INTO t VALUES ('it''s; fine');;\n"
                    "INSERT INTO t (\"name\") SELECT 'x' AS \"odd;name\";\n"
                    "INSERT INTO t VALUES ('-- not a comment')\n");
  names = test_fetch_list (test->orm, NULL, "SELECT name FROM t ORDER BY name");
  g_assert_cmpstr (names, ==, "-- not a comment,a;b,it's; fine,x");
}

static void
nothing (Test *test)
{
  run_script (test, "");
  run_script (test, " ; ;; -- nothing\n /* nothing; */ ;");
}

static void
trigger (Test *test)
{
  run_script (test, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER); CREATE TABLE log (id INTEGER);"
                    "CREATE TRIGGER tr AFTER INSERT ON t BEGIN INSERT INTO log VALUES (new.id); "
                    "UPDATE t SET n = 1 WHERE id = new.id; END;"
                    "INSERT INTO t (id) VALUES (7)");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT id FROM log"), ==, 7);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT n FROM t"), ==, 1);
}

static void
first_error_stops (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  const char *script = "CREATE TABLE t (id BIGINT PRIMARY KEY); INSERT INTO t VALUES (1);"
                       "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)";
  const char *broken = "INSERT INTO t VALUES (5); INSERT INTO nowhere VALUES (1); INSERT INTO t VALUES (6)";

  test_fails (yara_connection_execute_script (connection, script, NULL, &error), INTEGRITY);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM t"), ==, 1);
  test_await (yara_connection_execute_script_async (connection, broken, NULL, test_call_done, &call),
              test_fails (yara_connection_execute_script_finish (connection, call.result, &error),
                          OPERATIONAL, "nowhere"));
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT max(id) FROM t"), ==, 5);
}

static void
transactions (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  const char *left_open = "INSERT INTO t VALUES (3); BEGIN; INSERT INTO t VALUES (4)";
  const char *broken = "BEGIN; INSERT INTO t VALUES (5); INSERT INTO t VALUES (1)";
  GError *error = NULL;

  run_script (test, "CREATE TABLE t (id BIGINT PRIMARY KEY); BEGIN; INSERT INTO t VALUES (1); COMMIT;"
                    "BEGIN; INSERT INTO t VALUES (2); ROLLBACK");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM t"), ==, 1);

  /* left open: rolled back, told or not */
  if (!yara_connection_execute_script (connection, left_open, NULL, &error))
    test_check_error (&error, YARA_ERROR, YARA_ERROR_TRANSACTION, NULL);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT max(id) FROM t"), ==, 3);
  test_fails (yara_connection_execute_script (connection, broken, NULL, &error), INTEGRITY);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT max(id) FROM t"), ==, 3);
  test_execute (test->orm, NULL, "INSERT INTO t VALUES (9)");
}

/* One session runs it all. */
static void
one_session (Test *test)
{
  run_script (test, "CREATE TEMPORARY TABLE scratch (id BIGINT); INSERT INTO scratch VALUES (3);"
                    "CREATE TABLE t AS SELECT id FROM scratch; DROP TABLE scratch");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT id FROM t"), ==, 3);
}

/* ---- more than text ---- */

static void
long_script (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  GString *script = g_string_new ("CREATE TABLE t (id BIGINT);");

  for (guint i = 0; i < 2000; i++)
    g_string_append_printf (script, "INSERT INTO t VALUES (%u); -- row %u;\n", i, i);
  test_await_ok (connection_execute_script, connection, script->str);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM t"), ==, 2000);
  g_string_free (script, TRUE);
}

static const TestCase cases[] = {
  { "scripts/several", several },
  { "scripts/nothing", nothing },
  { "scripts/trigger", trigger, "sqlite-file" },
  { "scripts/first-error-stops", first_error_stops },
  { "scripts/transactions", transactions },
  { "scripts/one-session", one_session },
  { "scripts/long", long_script },
};
TEST_MAIN (cases)
