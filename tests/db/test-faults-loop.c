/* SPDX-License-Identifier: MIT
 *
 * The main loop goes on whatever a server, a name server or a plugin does: a timer of 1 ms on the same
 * loop measures the largest gap. The tests allow more than the library promises (10 ms), because the
 * machine may be busy, but much less than what is slow here takes.
 */
#include "server.h"

#include <string.h>
#include "slow-resolver.h"

#define LARGEST_GAP (200 * 1000)

/* ---- measuring ---- */

typedef struct
{
  GSource *timer;
  gint64   start, last, largest;
} Meter;

static gboolean
tick (gpointer data)
{
  Meter *meter = data;
  gint64 now = g_get_monotonic_time ();

  meter->largest = MAX (meter->largest, now - meter->last);
  meter->last = now;
  return G_SOURCE_CONTINUE;
}

static void
meter_start (Meter *meter)
{
  *meter = (Meter) { .timer = g_timeout_source_new (1), .start = g_get_monotonic_time () };
  meter->last = meter->start;
  g_source_set_priority (meter->timer, G_PRIORITY_HIGH);
  g_source_set_callback (meter->timer, tick, meter, NULL);
  g_source_attach (meter->timer, NULL);
}

static gint64
meter_stop (Meter *meter, const char *what)
{
  tick (meter);
  g_source_destroy (meter->timer);
  g_source_unref (meter->timer);
  g_test_message ("%s: %.1f ms, largest gap %.1f ms", what, (meter->last - meter->start) / 1000.0,
                  meter->largest / 1000.0);
  return meter->largest;
}

/* The calls take at least as long as what is slow, and the loop goes on meanwhile. */
#define assert_smooth(meter, what, at_least) \
  G_STMT_START { \
    g_assert_cmpint (meter_stop ((meter), (what)), <, LARGEST_GAP); \
    g_assert_cmpint ((meter)->last - (meter)->start, >=, (at_least)); \
  } G_STMT_END

/* ---- names ---- */

static gboolean
names_can_be_tested (void)
{
#ifdef __SANITIZE_THREAD__
  g_test_skip ("GLib resolves names in threads whose hand-overs ThreadSanitizer cannot see");
  return FALSE;
#else
  return TRUE;
#endif
}

static void
slow_name (Test *test)
{
  g_autofree char *url = test_server_url ("slow.test", "max_size=2");
  YaraConnection *connection;
  TestCall calls[2] = { { NULL }, { NULL } };
  guint n_slow = slow_resolver_count ();
  Meter meter;

  if (!names_can_be_tested ())
    return;
  meter_start (&meter);
  test_await (yara_orm_add_connection_async (test->orm, "slow", url, NULL, test_call_done, &call),
              test_ok (yara_orm_add_connection_finish (test->orm, call.result, &error)));
  assert_smooth (&meter, "opening by a name that resolves slowly", 2 * G_USEC_PER_SEC);
  g_assert_cmpuint (slow_resolver_count (), ==, n_slow + 1);

  connection = test_connection (test->orm, "slow"); /* the second statement needs another session */
  meter_start (&meter);
  for (guint i = 0; i < 2; i++)
    yara_connection_fetch_row_async (connection, "SELECT 1, pg_sleep(0.5)", NULL, NULL, test_call_done, &calls[i]);
  test_calls_wait (calls, 2);
  assert_smooth (&meter, "a second session by that name", G_USEC_PER_SEC / 2);
  for (guint i = 0; i < 2; i++)
    yara_rows_unref (test_ok (yara_connection_fetch_row_finish (connection, calls[i].result, &error)));
  test_calls_clear (calls, 2);
}

static gboolean
open_blocking (gpointer data)
{
  g_autofree char *url = test_server_url ("slow.test", "max_size=1");
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  *(gboolean *) data = TRUE;
  test_ok (yara_orm_close (orm, NULL, &error));
  return G_SOURCE_REMOVE;
}

/* The meter does find what blocks the loop. */
static void
meter_works (Test *test)
{
  gboolean is_done = FALSE;
  Meter meter;

  if (!names_can_be_tested ())
    return;
  g_free (test_server_url (NULL, "")); /* started before the measuring begins */
  g_idle_add (open_blocking, &is_done);
  meter_start (&meter);
  while (!is_done)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (meter_stop (&meter, "the same with a blocking verb"), >=, 2 * G_USEC_PER_SEC);
}

/* ---- a server that stands still ---- */

static void
frozen_server (Test *test)
{
  g_autofree char *url = test_server_url (NULL, "max_size=1&statement_timeout=0.5&connect_timeout=0.5");
  YaraConnection *connection;
  Meter meter;

  test_ok (yara_orm_add_connection (test->orm, "frozen", url, NULL, &error));
  connection = test_connection (test->orm, "frozen");
  test_execute (test->orm, "frozen", "CREATE TABLE frozen (id INTEGER)");
  test_server_freeze ();

  meter_start (&meter);
  test_await (yara_connection_execute_async (connection, "INSERT INTO frozen VALUES (1)", NULL, NULL,
                                             test_call_done, &call),
              ({ g_autoptr(GError) reason = NULL;
                 g_assert_cmpint (yara_connection_execute_finish (connection, call.result, &reason), ==, -1);
                 g_assert_true (yara_error_is_outcome_unknown (reason));
                 test_check_error (&reason, YARA_ERROR, YARA_ERROR_TIMEOUT, "0.5 seconds", NULL); TRUE; }));
  assert_smooth (&meter, "a statement that times out on a frozen server", G_USEC_PER_SEC / 2);

  meter_start (&meter);
  test_await (yara_connection_execute_async (connection, "INSERT INTO frozen VALUES (2)", NULL, NULL,
                                             test_call_done, &call),
              test_fails (yara_connection_execute_finish (connection, call.result, &error), TIMEOUT,
                          "connect_timeout"));
  assert_smooth (&meter, "connecting to a frozen server", G_USEC_PER_SEC / 2);

  test_server_thaw ();
  g_assert_cmpint (test_await (yara_connection_execute_async (connection, "DELETE FROM frozen WHERE id = 2", NULL,
                                                              NULL,
                                                              test_call_done, &call),
                               test_ok (yara_connection_execute_finish (connection, call.result, &error))), ==, 0);
}

static gboolean
freeze_and_cancel (gpointer cancellable)
{
  test_server_freeze ();
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static void
cancel_on_frozen_server (Test *test)
{
  g_autofree char *url = test_server_url (NULL, "max_size=2&connect_timeout=5");
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  YaraConnection *connection;
  Meter meter;

  test_ok (yara_orm_add_connection (test->orm, "frozen", url, NULL, &error));
  connection = test_connection (test->orm, "frozen");
  meter_start (&meter);
  g_timeout_add (300, freeze_and_cancel, cancellable);
  test_await (yara_connection_fetch_row_async (connection, "SELECT 1 FROM pg_sleep(600)", NULL, cancellable,
                                               test_call_done,
                                               &call),
              test_is_cancelled (yara_connection_fetch_row_finish (connection, call.result, &error)));
  assert_smooth (&meter, "a cancel that a frozen server does not take", G_USEC_PER_SEC / 4);
  g_assert_cmpint (meter.last - meter.start, <, 10 * G_USEC_PER_SEC);
  test_server_thaw ();
  for (guint i = 0; i < 10; i++) /* the cancel that arrives now hits nobody */
    g_assert_cmpint (test_fetch_int (test->orm, "frozen", "SELECT 7 FROM pg_sleep(0.02)"), ==, 7);
}

/* ---- many rows ---- */

#define N_ROWS 100000

typedef struct
{
  gint64      id;
  const char *text;
  double      number;
} Row;

static const YaraField row_fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, text),
  YARA_FIELD (Row, number),
};
static const YaraModel row_model = YARA_MODEL (Row, "many", row_fields);

static gboolean
count_rows (YaraResult *batch, gpointer n_rows, GError **error)
{
  *(gsize *) n_rows += yara_result_get_n_records (batch);
  return TRUE;
}

static void
many_rows (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);
  gsize n_rows = 0;
  Meter meter;

  TEST_USE (test, &row_model);
  test_execute (test->orm, NULL, "INSERT INTO many (id, text, number) WITH RECURSIVE n(i) AS "
                                 "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < " G_STRINGIFY (N_ROWS) ") "
                                 "SELECT i, 'some text in the row', i / 7.0 FROM n");
  meter_start (&meter);
  test_await (yara_orm_each_async (test->orm, query, 1000, count_rows, &n_rows, NULL, NULL, test_call_done, &call),
              test_ok (yara_orm_each_finish (test->orm, call.result, &error)));
  assert_smooth (&meter, G_STRINGIFY (N_ROWS) " rows in batches", 0);
  g_assert_cmpuint (n_rows, ==, N_ROWS);
}

/* ---- plugins ---- */

static void
slow_plugin (Test *test)
{
  Meter meter;

  meter_start (&meter);
  test_await (yara_orm_set_router_async (test->orm, SLOW_ROUTER, NULL, NULL, test_call_done, &call),
              test_ok (yara_orm_set_router_finish (test->orm, call.result, &error)));
  assert_smooth (&meter, "a plugin that opens slowly", G_USEC_PER_SEC);
}

static const TestCase cases[] = {
  { "faults/loop/meter-works", meter_works, "postgres" },
  { "faults/loop/slow-name", slow_name, "postgres" },
  { "faults/loop/frozen-server", frozen_server, "postgres" },
  { "faults/loop/cancel-on-frozen-server", cancel_on_frozen_server, "postgres" },
  { "faults/loop/many-rows", many_rows, "postgres" },
  { "faults/loop/many-rows", many_rows, "pgbouncer" },
  { "faults/loop/many-rows", many_rows, "sqlite-file" },
  { "faults/loop/slow-plugin", slow_plugin, "postgres" },
};
TEST_MAIN (cases)
