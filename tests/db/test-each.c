/* SPDX-License-Identifier: MIT
 *
 * The records of a query in batches: all of them once, in order, one batch at a time, and what becomes of
 * the session when it ends early.
 */
#include "fixture.h"

typedef struct
{
  gint64      id;
  gint32      number;
  const char *text;
} Row;

static const YaraField row_fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, number),
  YARA_FIELD (Row, text, .nullable = true),
};
static const YaraModel row_model = YARA_MODEL (Row, "rows", row_fields);

#define N_ROWS 25
#define PER_BATCH 10

static void
add_rows (Test *test, guint n_rows)
{
  g_autofree Row *rows = g_new0 (Row, n_rows);

  TEST_USE (test, &row_model);
  for (guint i = 0; i < n_rows; i++)
    rows[i] = (Row) { .number = i, .text = i % 3 == 0 ? NULL : i % 3 == 1 ? "text" : "ein längerer Text, der Platz braucht" };
  test_ok (yara_orm_bulk_create (test->orm, &row_model, rows, n_rows, NULL, &error));
}

static YaraQuery *
by_number (void)
{
  YaraQuery *query = yara_query_new (&row_model);

  yara_query_order_by (query, "number");
  return query;
}

/* What a function of the program does, and has seen. */
typedef struct Seen Seen;
struct Seen
{
  Test         *test;
  GString      *sizes;        /* of the batches: "10 10 5" */
  gint64        next;         /* number that is expected; -1: any */
  guint         n_batches;
  guint         stop_after;   /* batches; 0: never */
  gboolean      fails;
  gboolean      is_inside;
  guint         n_destroyed;
  void        (*act) (Seen *seen); /* after the first batch; or NULL */
  GCancellable *cancellable;
  GThread      *thread;
};

static void
seen_clear (Seen *seen)
{
  g_string_free (seen->sizes, TRUE);
  g_clear_object (&seen->cancellable);
}
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Seen, seen_clear)

#define SEEN(...) { .test = test, .sizes = g_string_new (NULL), .thread = g_thread_self (), __VA_ARGS__ }

static gboolean
take (YaraResult *batch, gpointer data, GError **error)
{
  Seen *seen = data;

  g_assert_false (seen->is_inside);
  g_assert_true (seen->thread == g_thread_self ());
  g_assert_cmpuint (seen->n_destroyed, ==, 0);
  seen->is_inside = TRUE;
  g_string_append_printf (seen->sizes, "%s%" G_GSIZE_FORMAT, seen->n_batches > 0 ? " " : "",
                          yara_result_get_n_records (batch));
  YARA_FOREACH (Row, row, batch)
    {
      if (seen->next >= 0)
        g_assert_cmpint (row->number, ==, seen->next++);
      g_assert_cmpstr (row->text, ==, row->number % 3 == 0 ? NULL
                                      : row->number % 3 == 1 ? "text" : "ein längerer Text, der Platz braucht");
    }
  if (++seen->n_batches == 1 && seen->act != NULL)
    seen->act (seen);
  seen->is_inside = FALSE;
  if (seen->n_batches != seen->stop_after)
    return TRUE;
  if (seen->fails)
    g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOSPC, "the disk is full");
  return FALSE;
}

static void
on_destroyed (gpointer data)
{
  ((Seen *) data)->n_destroyed++;
}

/* No session is held any more. */
static void
check_sessions (Test *test)
{
  YaraConnectionStatus status = { .struct_size = sizeof status };

  g_assert_true (yara_connection_get_status (test_connection (test->orm, NULL), &status));
  g_assert_cmpuint (status.n_in_use, ==, 0);
}

/* Both shapes must succeed and give batches of these sizes. */
static void
check (Test *test, const YaraQuery *query, const char *sizes, Seen like)
{
  for (guint i = 0; i < 2; i++)
    {
      g_auto(Seen) seen = SEEN (.next = like.next, .stop_after = like.stop_after, .act = like.act);

      if (i == 0)
        test_ok (yara_orm_each (test->orm, query, PER_BATCH, take, &seen, NULL, &error));
      else
        test_await (yara_orm_each_async (test->orm, query, PER_BATCH, take, &seen, on_destroyed, NULL, test_call_done,
                                         &call),
                    test_ok (yara_orm_each_finish (test->orm, call.result, &error)));
      g_assert_cmpstr (seen.sizes->str, ==, sizes);
      g_assert_cmpuint (seen.n_destroyed, ==, i);
      check_sessions (test);
    }
}

/* ---- what it gives ---- */

static void
batches (Test *test)
{
  g_autoptr(YaraQuery) all = by_number (), twenty = by_number (), none = by_number (), slice = by_number ();

  add_rows (test, N_ROWS);
  check (test, all, "10 10 5", (Seen) { .next = 0 });
  yara_query_filter (twenty, "number__lt", 20);
  check (test, twenty, "10 10", (Seen) { .next = 0 });
  yara_query_filter (none, "text", "no such text");
  check (test, none, "", (Seen) { .next = 0 });
  yara_query_filter (slice, "number__in", YARA_LIST (3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18));
  yara_query_limit (slice, 14);
  yara_query_offset (slice, 1);
  check (test, slice, "10 4", (Seen) { .next = 4 });
}

static void
mistakes (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);
  g_auto(Seen) seen = SEEN (.next = 0);

  test_fails (yara_orm_each (test->orm, query, PER_BATCH, take, &seen, NULL, &error), CONFIGURATION, "Row", "not registered");
  add_rows (test, 1);
  yara_query_filter (query, "colour", 1);
  test_fails (yara_orm_each (test->orm, query, PER_BATCH, take, &seen, NULL, &error), FIELD, "colour");
  test_await (yara_orm_each_async (test->orm, query, PER_BATCH, take, &seen, on_destroyed, NULL, test_call_done, &call),
              test_fails (yara_orm_each_finish (test->orm, call.result, &error), FIELD, "colour"));
  g_assert_cmpuint (seen.n_destroyed, ==, 1);
  g_assert_cmpuint (seen.n_batches, ==, 0);
  check_sessions (test);
}

/* While the function runs a loop of its own, no other batch comes. */
static void
linger (Seen *seen)
{
  for (guint i = 0; i < 20; i++)
    {
      g_usleep (1000);
      g_main_context_iteration (NULL, FALSE);
    }
  g_assert_cmpuint (seen->n_batches, ==, 1);
}

static void
back_pressure (Test *test)
{
  g_autoptr(YaraQuery) query = by_number ();

  add_rows (test, N_ROWS);
  check (test, query, "10 10 5", (Seen) { .act = linger });
}

/* Statements of the function go on beside it. */
static void
read_and_write (Seen *seen)
{
  g_autoptr(YaraQuery) all = by_number (), other = yara_query_new (&row_model);
  g_auto(Seen) inner = { .test = seen->test, .sizes = g_string_new (NULL), .thread = g_thread_self () };

  g_assert_cmpint (test_ok (yara_orm_count (seen->test->orm, all, NULL, &error)), ==, N_ROWS);
  g_assert_cmpint (test_await_ok (orm_count, seen->test->orm, all), ==, N_ROWS);
  yara_query_filter (other, "number", 1000);
  yara_query_set (other, "text", "changed");
  g_assert_cmpint (test_ok (yara_orm_update (seen->test->orm, other, NULL, &error)), ==, 0);
  g_assert_cmpint (test_await_ok (orm_update, seen->test->orm, other), ==, 0);
  test_ok (yara_orm_each (seen->test->orm, all, PER_BATCH, take, &inner, NULL, &error));
  g_assert_cmpstr (inner.sizes->str, ==, "10 10 5");
}

static void
beside_others (Test *test)
{
  g_autoptr(YaraQuery) query = by_number ();
  Seen seen[5];
  TestCall calls[G_N_ELEMENTS (seen)] = { 0 };

  add_rows (test, N_ROWS);
  check (test, query, "10 10 5", (Seen) { .act = read_and_write });

  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    {
      seen[i] = (Seen) SEEN (.next = 0);
      yara_orm_each_async (test->orm, query, PER_BATCH, take, &seen[i], NULL, NULL, test_call_done, &calls[i]);
    }
  test_calls_wait (calls, G_N_ELEMENTS (calls));
  for (guint i = 0; i < G_N_ELEMENTS (seen); i++)
    {
      test_ok (yara_orm_each_finish (test->orm, calls[i].result, &error));
      g_assert_cmpstr (seen[i].sizes->str, ==, "10 10 5");
      seen_clear (&seen[i]);
    }
  test_calls_clear (calls, G_N_ELEMENTS (calls));
}

/* What is read is as it was at the first batch, where the session is not shared. */
static void
delete_all (Seen *seen)
{
  test_execute (seen->test->orm, NULL, "DELETE FROM rows WHERE number > 12");
}

static void
snapshot (Test *test)
{
  g_autoptr(YaraQuery) query = by_number ();
  g_auto(Seen) seen = SEEN (.act = delete_all);

  add_rows (test, N_ROWS);
  test_ok (yara_orm_each (test->orm, query, PER_BATCH, take, &seen, NULL, &error));
  g_assert_cmpstr (seen.sizes->str, ==, "10 10 5");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM rows"), ==, 13);
}

static void
count_events (YaraOrm *orm, const YaraQueryEvent *event, gpointer data)
{
  g_assert_cmpstr (event->verb, ==, "each");
  g_assert_cmpint (event->operation, ==, YARA_OPERATION_READ);
  g_string_append_printf (data, " %" G_GINT64_FORMAT, event->n_rows);
}

static void
hooks (Test *test)
{
  g_autoptr(GString) events = g_string_new (NULL);
  g_autoptr(YaraQuery) query = by_number ();
  guint id;

  add_rows (test, N_ROWS);
  id = yara_orm_add_query_hook (test->orm, count_events, events, NULL);
  check (test, query, "10", (Seen) { .stop_after = 1 });
  check (test, query, "10 10 5", (Seen) { .next = 0 });
  yara_orm_remove_query_hook (test->orm, id);
  g_assert_cmpstr (events->str, ==, " 10 10 10 10 5 10 10 5");
}

/* In a transaction it reads in that: what is not committed yet, beside other statements of it. */
static void
add_one (Seen *seen)
{
  Row row = { .number = 1000 };

  test_ok (yara_orm_create (seen->test->orm, &row_model, &row, NULL, &error));
}

static void
in_transaction (Test *test)
{
  g_autoptr(YaraQuery) query = by_number ();

  add_rows (test, 1);
  for (guint i = 0; i < 3; i++) /* to the end, stopped, failed */
    {
      g_autoptr(YaraTransaction) transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
      g_auto(Seen) seen = SEEN (.next = -1, .act = add_one, .stop_after = i == 0 ? 0 : 1, .fails = i == 2);

      for (guint j = 1; j < N_ROWS; j++)
        {
          Row row = { .number = 3 * j };

          test_ok (yara_orm_create (test->orm, &row_model, &row, NULL, &error));
        }
      if (i < 2)
        test_ok (yara_orm_each (test->orm, query, PER_BATCH, take, &seen, NULL, &error));
      else
        test_fails_in (yara_orm_each (test->orm, query, PER_BATCH, take, &seen, NULL, &error), G_FILE_ERROR,
                       G_FILE_ERROR_NOSPC);
      g_assert_cmpuint (seen.n_batches, ==, i == 0 ? 3 : 1);
      g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, N_ROWS + 1);
      test_ok (yara_transaction_rollback (transaction, &error));
      g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 1);
      check_sessions (test);
    }
}

/* ---- how it ends early ---- */

static void
stop (Test *test)
{
  g_autoptr(YaraQuery) query = by_number ();

  add_rows (test, N_ROWS);
  for (guint i = 0; i < 3; i++)
    check (test, query, "10 10", (Seen) { .stop_after = 2 });
  check (test, query, "10 10 5", (Seen) { .stop_after = 3 });
}

static void
cancel (Seen *seen)
{
  if (seen->cancellable != NULL)
    g_cancellable_cancel (seen->cancellable);
}

static void
failure (Test *test)
{
  g_autoptr(YaraQuery) query = by_number ();

  add_rows (test, N_ROWS);
  for (guint i = 0; i < 4; i++)
    {
      gboolean cancels = i >= 2;
      g_auto(Seen) seen = SEEN (.stop_after = 2, .fails = TRUE, .act = cancel);
      int code = cancels ? (int) G_IO_ERROR_CANCELLED : (int) G_FILE_ERROR_NOSPC;
      GQuark domain = cancels ? G_IO_ERROR : G_FILE_ERROR;

      seen.cancellable = cancels ? g_cancellable_new () : NULL;
      if (i % 2 == 0)
        test_fails_in (yara_orm_each (test->orm, query, PER_BATCH, take, &seen, seen.cancellable, &error), domain, code);
      else
        test_await (yara_orm_each_async (test->orm, query, PER_BATCH, take, &seen, on_destroyed, seen.cancellable,
                                         test_call_done, &call),
                    test_fails_in (yara_orm_each_finish (test->orm, call.result, &error), domain, code));
      g_assert_cmpstr (seen.sizes->str, ==, cancels ? "10" : "10 10");
      check_sessions (test);
    }
  check (test, query, "10 10 5", (Seen) { .next = 0 });
}

static void
close_orm (Seen *seen)
{
  test_ok (yara_orm_close (seen->test->orm, NULL, &error));
}

static void
closing (Test *test)
{
  g_autoptr(YaraQuery) query = by_number ();
  g_auto(Seen) seen = SEEN (.act = close_orm);

  add_rows (test, N_ROWS);
  test_fails (yara_orm_each (test->orm, query, PER_BATCH, take, &seen, NULL, &error), CONNECTION, "each", "closed");
  g_assert_cmpstr (seen.sizes->str, ==, "10");
}

static void
closing_async (Test *test)
{
  g_autoptr(YaraQuery) query = by_number ();
  g_auto(Seen) seen = SEEN (.act = close_orm);

  add_rows (test, N_ROWS);
  test_await (yara_orm_each_async (test->orm, query, PER_BATCH, take, &seen, on_destroyed, NULL, test_call_done, &call),
              test_fails (yara_orm_each_finish (test->orm, call.result, &error), CONNECTION, "each", "closed"));
  g_assert_cmpstr (seen.sizes->str, ==, "10");
}

/* ---- PostgreSQL ---- */

static void
kill_others (Seen *seen)
{
  test_execute (seen->test->orm, NULL, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                                       "WHERE pid <> pg_backend_pid() AND datname = current_database()");
}

/* The rest of the rows is gone with the session, which does not come back by itself. */
static void
lost_link (Test *test)
{
  g_autoptr(YaraQuery) query = by_number ();
  g_auto(Seen) seen = SEEN (.act = kill_others), again = SEEN (.act = kill_others);

  add_rows (test, N_ROWS);
  test_fails (yara_orm_each (test->orm, query, PER_BATCH, take, &seen, NULL, &error), CONNECTION, "each");
  g_assert_cmpstr (seen.sizes->str, ==, "10");
  test_await (yara_orm_each_async (test->orm, query, PER_BATCH, take, &again, NULL, NULL, test_call_done, &call),
              test_fails (yara_orm_each_finish (test->orm, call.result, &error), CONNECTION, "each"));
  g_assert_cmpstr (again.sizes->str, ==, "10");
  check (test, query, "10 10 5", (Seen) { .next = 0 });
}

static void
wait_until (gint64 deadline)
{
  g_assert_cmpint (g_get_monotonic_time (), <, deadline);
  g_usleep (10000);
}

/* From a standby, behind one session. */
static void
standby (Test *test)
{
  g_autofree char *port = test_postgres_variable ("YARAORM_POSTGRES_STANDBY_PORT");
  g_autofree char *primary = test_url (test, "default"), *end = g_strdup_printf ("&port=%s&max_size=1", port);
  g_autoptr(GRegex) old_port = test_ok (g_regex_new ("[&]port=[0-9]+", 0, 0, &error));
  g_autofree char *url = test_ok (g_regex_replace_literal (old_port, primary, -1, 0, end, 0, &error));
  g_autoptr(YaraQuery) query = by_number ();
  g_autoptr(YaraOrm) view = yara_orm_using (test->orm, "standby");
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  g_assert_cmpstr (url, !=, primary);
  add_rows (test, N_ROWS);
  while (!yara_orm_add_connection (test->orm, "standby", url, NULL, NULL)) /* the database itself comes later, too */
    wait_until (deadline);
  while (test_fetch_int (test->orm, "standby", "SELECT count(*) FROM pg_tables WHERE tablename = 'rows'") == 0 ||
         test_fetch_int (test->orm, "standby", "SELECT count(*) FROM rows") < N_ROWS)
    wait_until (deadline);
  for (guint i = 0; i < 3; i++)
    {
      g_auto(Seen) seen = SEEN (.next = 0, .stop_after = i);

      test_ok (yara_orm_each (view, query, PER_BATCH, take, &seen, NULL, &error));
      g_assert_cmpuint (seen.n_batches, ==, i == 0 ? 3 : i);
    }
  g_assert_cmpint (test_fetch_int (test->orm, "standby", "SELECT count(*) FROM pg_cursors WHERE name LIKE 'yara%'"), ==, 0);
}

static const TestCase cases[] = {
  { "each/batches", batches },
  { "each/mistakes", mistakes },
  { "each/back-pressure", back_pressure },
  { "each/beside-others", beside_others },
  { "each/snapshot", snapshot, "sqlite-file" },
  { "each/snapshot", snapshot, "postgres" },
  { "each/snapshot", snapshot, "pgbouncer" },
  { "each/in-transaction", in_transaction },
  { "each/hooks", hooks },
  { "each/stop", stop },
  { "each/failure", failure },
  { "each/closing", closing },
  { "each/closing-async", closing_async },
  { "each/lost-link", lost_link, "postgres" },
  { "each/standby", standby, "postgres" },
};
TEST_MAIN (cases)
