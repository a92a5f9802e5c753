/* SPDX-License-Identifier: MIT
 *
 * Time-outs of statements: of the URL and of a view of the ORM, in all shapes, and what they leave behind.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64 id;
  gint64 number;
} Row, Slow;

static const YaraField row_fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, number),
};
static const YaraModel row_model = YARA_MODEL (Row, "rows", row_fields);
static const YaraModel slow_model = YARA_MODEL (Slow, "slow", row_fields); /* a view without end */

#define SHORT 0.1 /* seconds */
#define NEVER 3600

static void
add_models (Test *test)
{
  g_autofree char *sql = g_strdup_printf ("CREATE VIEW slow AS SELECT 1 AS id, 1 AS number FROM (%s) AS endless",
                                          test->variant->endless_sql);
  Row row = { .number = 1 };

  TEST_USE (test, &row_model);
  test_ok (yara_orm_create (test->orm, &row_model, &row, NULL, &error));
  test_execute (test->orm, NULL, sql);
  test_ok (yara_orm_register (test->orm, &slow_model, &error));
}

/* The database of the case with a time-out in its URL. */
static YaraOrm *
open_limited (Test *test, double seconds)
{
  g_autofree char *url = test_url (test, "default");
  g_autofree char *limited = g_strdup_printf ("%s%cstatement_timeout=%g", url, strchr (url, '?') != NULL ? '&' : '?', seconds);
  YaraOrm *orm = test_ok (yara_orm_open (limited, NULL, NULL, &error));

  test_ok (yara_orm_register (orm, &row_model, &error));
  test_ok (yara_orm_register (orm, &slow_model, &error));
  return orm;
}

static gboolean
take (YaraResult *batch, gpointer data, GError **error)
{
  g_assert_not_reached ();
}

/* Every kind of statement is stopped, and the session serves on. */
static void
check_limited (YaraOrm *orm, const char *limit)
{
  g_autoptr(YaraQuery) slow = yara_query_new (&slow_model), rows = yara_query_new (&row_model);

  test_fails (yara_orm_count (orm, slow, NULL, &error), TIMEOUT, "count Slow", limit, "statement_timeout");
  test_fails (yara_orm_all (orm, slow, NULL, &error), TIMEOUT, limit);
  test_fails (yara_orm_each (orm, slow, 10, take, NULL, NULL, &error), TIMEOUT, "each Slow", limit);
  test_await (yara_orm_all_async (orm, slow, NULL, test_call_done, &call),
              test_fails (yara_orm_all_finish (orm, call.result, &error), TIMEOUT, "all Slow", limit));
  test_await (yara_orm_each_async (orm, slow, 10, take, NULL, NULL, NULL, test_call_done, &call),
              test_fails (yara_orm_each_finish (orm, call.result, &error), TIMEOUT, limit));
  g_assert_cmpint (test_ok (yara_orm_count (orm, rows, NULL, &error)), ==, 1);
  g_assert_cmpint (test_await_ok (orm_count, orm, rows), ==, 1);
}

static void
view (Test *test)
{
  g_autoptr(YaraOrm) limited = yara_orm_with_timeout (test->orm, SHORT);
  g_autoptr(YaraOrm) named = yara_orm_using (limited, "default");

  add_models (test);
  check_limited (limited, "longer than 0.1 seconds");
  check_limited (named, "longer than 0.1 seconds");
}

static void
url (Test *test)
{
  g_autoptr(YaraOrm) orm = NULL, shorter = NULL;
  YaraConnection *connection;

  add_models (test);
  orm = open_limited (test, 0.2);
  check_limited (orm, "longer than 0.2 seconds");
  shorter = yara_orm_with_timeout (orm, SHORT);
  check_limited (shorter, "longer than 0.1 seconds");

  connection = test_connection (orm, NULL);
  test_fails (yara_connection_fetch_row (connection, test->variant->endless_sql, NULL, NULL, &error), TIMEOUT,
              "fetch_row", "longer than 0.2 seconds");
  test_fails (yara_connection_execute_script (connection, test->variant->endless_sql, NULL, &error), TIMEOUT,
              "statement 1 of the script", "longer than 0.2 seconds");
  test_await (yara_connection_fetch_rows_async (connection, test->variant->endless_sql, NULL, NULL, test_call_done, &call),
              test_fails (yara_connection_fetch_rows_finish (connection, call.result, &error), TIMEOUT, "0.2 seconds"));
}

static gpointer
cancel_late (gpointer cancellable)
{
  g_usleep (3 * SHORT * G_USEC_PER_SEC);
  g_cancellable_cancel (cancellable);
  return NULL;
}

/* A view may take a limit away, or raise it. */
static void
longer (Test *test)
{
  g_autoptr(YaraQuery) slow = yara_query_new (&slow_model);
  g_autoptr(YaraOrm) orm = NULL;

  add_models (test);
  orm = open_limited (test, SHORT);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(YaraOrm) patient = yara_orm_with_timeout (orm, i == 0 ? 0 : NEVER);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      GThread *thread = g_thread_new ("cancel", cancel_late, cancellable);

      test_is_cancelled (yara_orm_count (patient, slow, cancellable, &error));
      g_thread_join (thread);
    }
  test_fails (yara_orm_count (orm, slow, NULL, &error), TIMEOUT);
}

/* Those beside it in the queue have their own time. */
static void
neighbors (Test *test)
{
  g_autoptr(YaraQuery) slow = yara_query_new (&slow_model), rows = yara_query_new (&row_model);
  g_autoptr(YaraOrm) limited = yara_orm_with_timeout (test->orm, SHORT);
  TestCall calls[9] = { 0 };

  add_models (test);
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    if (i % 3 == 1)
      yara_orm_count_async (limited, slow, NULL, test_call_done, &calls[i]);
    else
      yara_orm_count_async (i % 3 == 0 ? test->orm : limited, rows, NULL, test_call_done, &calls[i]);
  test_calls_wait (calls, G_N_ELEMENTS (calls));
  for (guint i = 0; i < G_N_ELEMENTS (calls); i++)
    if (i % 3 == 1)
      test_fails (yara_orm_count_finish (limited, calls[i].result, &error), TIMEOUT);
    else
      g_assert_cmpint (test_ok (yara_orm_count_finish (i % 3 == 0 ? test->orm : limited, calls[i].result, &error)), ==, 1);
  test_calls_clear (calls, G_N_ELEMENTS (calls));
}

/* A write that was stopped has changed nothing, and neither has what a script would have done next. */
static void
writes (Test *test)
{
  g_autofree char *insert = g_strdup_printf ("INSERT INTO rows (number) SELECT 2 FROM (%s) AS endless",
                                             test->variant->endless_sql);
  g_autofree char *script = g_strdup_printf ("INSERT INTO rows (number) VALUES (3); %s; INSERT INTO rows (number) VALUES (4)",
                                             insert);
  g_autoptr(YaraOrm) orm = NULL;

  add_models (test);
  orm = open_limited (test, SHORT);
  test_fails (yara_connection_execute (test_connection (orm, NULL), insert, NULL, NULL, &error), TIMEOUT);
  test_await (yara_connection_execute_async (test_connection (orm, NULL), insert, NULL, NULL, test_call_done, &call),
              test_fails (yara_connection_execute_finish (test_connection (orm, NULL), call.result, &error), TIMEOUT));
  test_fails (yara_connection_execute_script (test_connection (orm, NULL), script, NULL, &error), TIMEOUT,
              "statement 2");
  g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT CAST(sum(number) AS bigint) FROM rows"), ==, 1 + 3);
}

static void
range (Test *test)
{
  const char *const refused[] = { "-1", "86401", "soon" };

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_autofree char *url = g_strdup_printf ("sqlite::memory:?statement_timeout=%s", refused[i]);

      test_fails (yara_orm_open (url, NULL, NULL, &error), CONFIGURATION, "statement_timeout");
    }
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, "*seconds >= 0*");
  g_assert_null (yara_orm_with_timeout (test->orm, -1));
  g_test_assert_expected_messages ();
}

static const TestCase cases[] = {
  { "timeout/view", view },
  { "timeout/url", url, "sqlite-file" },
  { "timeout/url", url, "sqlite-fast-path" },
  { "timeout/url", url, "postgres" },
  { "timeout/url", url, "pgbouncer" },
  { "timeout/longer", longer, "sqlite-file" },
  { "timeout/longer", longer, "postgres" },
  { "timeout/longer", longer, "pgbouncer" },
  { "timeout/neighbors", neighbors },
  { "timeout/writes", writes, "sqlite-file" },
  { "timeout/writes", writes, "sqlite-fast-path" },
  { "timeout/writes", writes, "postgres" },
  { "timeout/writes", writes, "pgbouncer" },
  { "timeout/range", range, "sqlite-memory" },
};
TEST_MAIN (cases)
