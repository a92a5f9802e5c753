/* SPDX-License-Identifier: MIT
 *
 * Opening and closing: what a program starts and ends with.
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
  YARA_FIELD (Entry, token),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

#define N_IN_FLIGHT 100

static void
open_gives_default (Test *test)
{
  g_auto(GStrv) names = yara_orm_list_connections (test->orm);

  g_assert_cmpuint (g_strv_length (names), ==, 1);
  g_assert_cmpstr (names[0], ==, "default");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT 41 + 1"), ==, 42);
}

static void
open_async (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  g_autoptr(YaraOrm) orm = test_await (yara_orm_open_async (url, NULL, NULL, test_call_done, &call),
                                       test_ok (yara_orm_open_finish (call.result, &error)));

  g_assert_cmpint (test_fetch_int (orm, "default", "SELECT 1"), ==, 1);
  test_ok (yara_orm_close (orm, NULL, &error));
}

static void
open_bad_url (Test *test)
{
  static const char *const urls[] = {
    "", "sqlite", "/just/a/path", "nothing://host/" TEST_SECRET, "http://user:" TEST_SECRET "@host/name",
    "sqlite://x.db?max_size", "sqlite://x.db?=1", "sqlite://\xff.db", "://x",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    {
      test_fails (yara_orm_open (urls[i], NULL, NULL, &error), CONFIGURATION);
      test_await (yara_orm_open_async (urls[i], NULL, NULL, test_call_done, &call),
                  test_fails (yara_orm_open_finish (call.result, &error), CONFIGURATION));
    }
  test_fails (yara_orm_open ("sqlit://x.db", NULL, NULL, &error), CONFIGURATION, "sqlit", "sqlite");
  g_assert_false (g_file_test ("x.db", G_FILE_TEST_EXISTS));
}

static void
open_bad_router (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  g_autofree char *path = g_build_filename (test->folder, "absent.so", NULL);

  test_fails_in (yara_orm_open (url, path, NULL, &error), YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_FILE, path);
  test_await (yara_orm_open_async (url, path, NULL, test_call_done, &call),
              test_fails_in (yara_orm_open_finish (call.result, &error), YARA_ROUTER_ERROR,
                             YARA_ROUTER_ERROR_FILE, path));
}

static void
open_cancelled (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  g_autofree char *file = g_build_filename (test->folder, "second.db", NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  test_is_cancelled (yara_orm_open (url, NULL, cancellable, &error));
  test_await (yara_orm_open_async (url, NULL, cancellable, test_call_done, &call),
              test_is_cancelled (yara_orm_open_finish (call.result, &error)));
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
}

/* ---- closing ---- */

static void
close_twice (Test *test)
{
  test_ok (yara_orm_close (test->orm, NULL, &error));
  test_ok (yara_orm_close (test->orm, NULL, &error));
  test_await (yara_orm_close_async (test->orm, NULL, test_call_done, &call),
              test_ok (yara_orm_close_finish (test->orm, call.result, &error)));
}

static void
close_async_twice_at_once (Test *test)
{
  TestCall calls[2] = { { NULL }, { NULL } };

  for (guint i = 0; i < 2; i++)
    yara_orm_close_async (test->orm, NULL, test_call_done, &calls[i]);
  g_assert_cmpuint (calls[0].n_callbacks + calls[1].n_callbacks, ==, 0);
  test_calls_wait (calls, 2);
  for (guint i = 0; i < 2; i++)
    test_ok (yara_orm_close_finish (test->orm, calls[i].result, &error));
  test_calls_clear (calls, 2);
}

static void
use_after_close (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  g_autofree char *url = test_url (test, "second");
  g_autofree char *file = g_build_filename (test->folder, "second.db", NULL);
  Entry entry = { .token = 1 };

  TEST_USE (test, &entry_model);
  test_ok (yara_orm_close (test->orm, NULL, &error));

  test_fails (yara_orm_create (test->orm, &entry_model, &entry, NULL, &error), CONNECTION);
  g_assert_cmpint (entry.id, ==, 0);
  test_fails (yara_orm_all (test->orm, query, NULL, &error), CONNECTION);
  test_fails (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_SAFE, NULL, &error), CONNECTION);
  test_fails (yara_connection_execute (connection, "SELECT 1", NULL, NULL, &error), CONNECTION, "default");
  test_fails (yara_connection_fetch_rows (connection, "SELECT 1", NULL, NULL, &error), CONNECTION, "default");
  test_fails (yara_connection_execute_script (connection, "SELECT 1", NULL, &error), CONNECTION, "default");
  test_fails (yara_orm_add_connection (test->orm, "second", url, NULL, &error), CONNECTION);
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));

  test_await (yara_orm_count_async (test->orm, query, NULL, test_call_done, &call),
              test_fails (yara_orm_count_finish (test->orm, call.result, &error), CONNECTION));
  test_await (yara_connection_fetch_row_async (connection, "SELECT 1", NULL, NULL, test_call_done, &call),
              test_fails (yara_connection_fetch_row_finish (connection, call.result, &error), CONNECTION));
}

static void
connection_outlives_orm (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  YaraOrm *orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  g_autoptr(YaraConnection) connection = g_object_ref (test_connection (orm, NULL));

  g_object_unref (orm);
  test_fails (yara_connection_execute (connection, "SELECT 1", NULL, NULL, &error), CONNECTION);
  g_assert_cmpstr (yara_connection_get_name (connection), ==, "default");
  g_assert_null (yara_connection_get_backend (connection));
}

/* What yara_orm_using() gives keeps the ORM, and closes what it sees. */
static void
view_keeps_orm (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  YaraOrm *orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  g_autoptr(YaraOrm) view = yara_orm_using (orm, "default");
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);

  test_ok (yara_orm_register (orm, &entry_model, &error));
  g_object_unref (orm);
  test_ok (yara_orm_generate_schemas (view, YARA_SCHEMA_DEFAULT, NULL, &error));
  g_assert_cmpint (test_ok (yara_orm_count (view, query, NULL, &error)), ==, 0);
  g_assert_cmpint (test_fetch_int (view, NULL, "SELECT 1"), ==, 1);
}

typedef struct
{
  Entry    entries[N_IN_FLIGHT];
  TestCall calls[N_IN_FLIGHT];
} Flight;

static Flight *
take_off (YaraOrm *orm)
{
  Flight *flight = g_new0 (Flight, 1);

  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      flight->entries[i].token = i;
      yara_orm_create_async (orm, &entry_model, &flight->entries[i], NULL, test_call_done, &flight->calls[i]);
    }
  return flight;
}

static void
land (YaraOrm *orm, Flight *flight)
{
  test_calls_wait (flight->calls, N_IN_FLIGHT);
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      test_ok (yara_orm_create_finish (orm, flight->calls[i].result, &error));
      g_assert_cmpint (flight->entries[i].id, >, 0);
    }
  test_calls_clear (flight->calls, N_IN_FLIGHT);
  g_free (flight);
}

/* Every acknowledged row is there when the database is opened anew. */
static void
check_landed (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autoptr(YaraOrm) orm = NULL;

  if (!test->variant->on_disk)
    return;
  orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT count(DISTINCT token) FROM entries"), ==, N_IN_FLIGHT);
}

static void
close_in_flight (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Flight *flight;

  TEST_USE (test, &entry_model);
  flight = take_off (test->orm);
  test_ok (yara_orm_close (test->orm, NULL, &error));
  test_fails (yara_orm_count (test->orm, query, NULL, &error), CONNECTION);
  land (test->orm, flight);
  test_settle ();
  check_landed (test);
}

static void
close_async_in_flight (Test *test)
{
  TestCall closed = { NULL };
  Flight *flight;

  TEST_USE (test, &entry_model);
  flight = take_off (test->orm);
  yara_orm_close_async (test->orm, NULL, test_call_done, &closed);
  test_call_wait (&closed);
  test_ok (yara_orm_close_finish (test->orm, closed.result, &error));
  test_calls_clear (&closed, 1);
  land (test->orm, flight);
  check_landed (test);
}

static void
unref_in_flight (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  YaraOrm *orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  Flight *flight;

  test_ok (yara_orm_register (orm, &entry_model, &error));
  test_ok (yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  flight = take_off (orm);
  g_object_unref (orm); /* the calls keep it */
  land (orm, flight);
  test_settle ();
}

/* Verbs of two statements are finished or fail as a whole. */
static void
close_between_statements (Test *test)
{
  Entry entries[N_IN_FLIGHT];
  TestCall calls[N_IN_FLIGHT];
  g_autofree char *url = test_url (test, "default");
  guint n_created = 0;

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &entry_model);
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      entries[i] = (Entry) { .token = i };
      yara_orm_get_or_create_async (test->orm, &entry_model, &entries[i], YARA_NAMES ("token"), NULL,
                                    test_call_done, &calls[i]);
    }
  test_ok (yara_orm_close (test->orm, NULL, &error));
  test_calls_wait (calls, N_IN_FLIGHT);
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(YaraResult) result = yara_orm_get_or_create_finish (test->orm, calls[i].result, NULL, &error);

      if (result == NULL)
        g_assert_error (error, YARA_ERROR, YARA_ERROR_CONNECTION);
      else
        n_created++;
      g_assert_cmpint (entries[i].id != 0, ==, result != NULL);
    }
  test_calls_clear (calls, N_IN_FLIGHT);
  if (test->variant->on_disk)
    {
      g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

      g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT count(*) FROM entries"), ==, n_created);
    }
}

static const TestCase cases[] = {
  { "open/gives-default", open_gives_default },
  { "open/async", open_async },
  { "open/bad-url", open_bad_url },
  { "open/bad-router", open_bad_router },
  { "open/cancelled", open_cancelled },
  { "close/twice", close_twice },
  { "close/async-twice-at-once", close_async_twice_at_once },
  { "close/use-after", use_after_close },
  { "close/connection-outlives-orm", connection_outlives_orm },
  { "close/view-keeps-orm", view_keeps_orm },
  { "close/in-flight", close_in_flight },
  { "close/async-in-flight", close_async_in_flight },
  { "close/unref-in-flight", unref_in_flight },
  { "close/between-statements", close_between_statements },
};
TEST_MAIN (cases)
