/* SPDX-License-Identifier: MIT
 *
 * What yara_connection_get_status() tells: the server, its role, the sessions and the queue.
 */
#include "fixture.h"

#include <string.h>

static YaraConnectionStatus
get_status (YaraOrm *orm, const char *name)
{
  YaraConnectionStatus status = { .struct_size = sizeof status };

  g_assert_true (yara_connection_get_status (test_connection (orm, name), &status));
  return status;
}

static gboolean
is_sqlite (Test *test)
{
  return strcmp (test->variant->backend, "sqlite") == 0;
}

/* Adds the database `database` as the connection `name`, with more parameters. */
static void
add_with (Test *test, const char *name, const char *database, const char *parameters)
{
  g_autofree char *url = test_url (test, database);
  g_autofree char *full = g_strconcat (url, strchr (url, '?') != NULL ? "&" : "?", parameters, NULL);

  test_ok (yara_orm_add_connection (test->orm, name, full, NULL, &error));
}

/* ---- what it is ---- */

static void
server (Test *test)
{
  const char *sql = is_sqlite (test) ? "SELECT sqlite_version()" : "SELECT current_setting('server_version_num')";
  YaraConnectionStatus status = get_status (test->orm, NULL);
  g_autofree char *version = test_fetch_list (test->orm, NULL, sql);
  g_autofree char *told = NULL;

  if (is_sqlite (test))
    told = g_strdup_printf ("%d.%d.%d", status.version / 1000000, status.version / 1000 % 1000, status.version % 1000);
  else
    told = g_strdup_printf ("%d", status.version);
  g_assert_cmpstr (told, ==, version);
  g_assert_cmpint (status.role, ==, YARA_ROLE_PRIMARY);
  if (is_sqlite (test))
    g_assert_cmpint (status.round_trip, ==, 0);
  else
    g_assert_cmpint (status.round_trip, >, 0);
  g_assert_cmpuint (status.n_open, ==, 1);
  g_assert_cmpuint (status.n_in_use, ==, 0);
  g_assert_cmpuint (status.n_queued, ==, 0);
  g_assert_cmpuint (status.max_size, >=, 1);
  g_assert_cmpint (status.is_pooled, ==, strcmp (test->variant->name, "pgbouncer") == 0);
  g_assert_cmpuint (status.struct_size, ==, sizeof status);
}

static void
sizes (Test *test)
{
  struct { YaraConnectionStatus status; guint more; } newer = { .status.struct_size = sizeof newer, .more = 7 };
  YaraConnectionStatus older = {
    .struct_size = G_STRUCT_OFFSET (YaraConnectionStatus, n_open), .n_open = 77, .round_trip = -5
  };

  g_assert_true (yara_connection_get_status (test_connection (test->orm, NULL), &newer.status));
  g_assert_cmpuint (newer.status.n_open, ==, 1);
  g_assert_cmpuint (newer.more, ==, 7);
  g_assert_true (yara_connection_get_status (test_connection (test->orm, NULL), &older));
  g_assert_cmpint (older.version, ==, newer.status.version);
  g_assert_cmpuint (older.n_open, ==, 77);
  g_assert_cmpint (older.round_trip, ==, -5);
}

static void
gone (Test *test)
{
  YaraConnectionStatus status = { .struct_size = sizeof status };
  YaraConnection *other, *connection = test_connection (test->orm, NULL);

  test_add_connection (test, "other");
  other = test_connection (test->orm, "other");
  g_assert_true (yara_connection_get_status (other, &status));
  test_ok (yara_orm_remove_connection (test->orm, "other", &error));
  g_assert_false (yara_connection_get_status (other, &status));
  g_assert_true (yara_connection_get_status (connection, &status));
  test_ok (yara_orm_close (test->orm, NULL, &error));
  g_assert_false (yara_connection_get_status (connection, &status));
}

/* ---- sessions and the queue ---- */

#define N_CALLS 3

typedef struct
{
  Test         *test;
  GCancellable *cancellable;
} Caller;

static gpointer
run_endless (gpointer data)
{
  Caller *caller = data;
  YaraConnection *connection = test_connection (caller->test->orm, "small");

  test_is_cancelled (yara_connection_fetch_row (connection, caller->test->variant->endless_sql, NULL,
                                                caller->cancellable, &error));
  return NULL;
}

/* Until so many sessions are in use and so many statements wait. */
static void
wait_for_counts (Test *test, guint n_in_use, guint n_queued)
{
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  YaraConnectionStatus status;

  do
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (1000);
      status = get_status (test->orm, "small");
      g_assert_cmpuint (status.n_in_use, <=, status.n_open);
      g_assert_cmpuint (status.n_open, <=, status.max_size);
    }
  while (status.n_in_use != n_in_use || status.n_queued != n_queued);
}

static void
blocking_callers (Test *test)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Caller caller = { test, cancellable };
  GThread *threads[N_CALLS];

  add_with (test, "small", "small", "max_size=1");
  g_assert_cmpuint (get_status (test->orm, "small").max_size, ==, 1);
  for (guint i = 0; i < N_CALLS; i++)
    threads[i] = g_thread_new ("caller", run_endless, &caller);
  wait_for_counts (test, 1, N_CALLS - 1);
  g_cancellable_cancel (cancellable);
  for (guint i = 0; i < N_CALLS; i++)
    g_thread_join (threads[i]);
  wait_for_counts (test, 0, 0);
}

static void
asynchronous_calls (Test *test)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestCall calls[N_CALLS] = { { NULL } };
  YaraConnection *small;

  if (test->variant->blocks_loop)
    return;
  add_with (test, "small", "small", "max_size=1");
  small = test_connection (test->orm, "small");
  for (guint i = 0; i < N_CALLS; i++)
    yara_connection_fetch_row_async (small, test->variant->endless_sql, NULL, cancellable, test_call_done, &calls[i]);
  while (get_status (test->orm, "small").n_in_use == 0)
    g_main_context_iteration (NULL, FALSE);
  if (is_sqlite (test)) /* PostgreSQL may have sent them all on the one session */
    wait_for_counts (test, 1, N_CALLS - 1);
  g_cancellable_cancel (cancellable);
  test_calls_wait (calls, N_CALLS);
  for (guint i = 0; i < N_CALLS; i++)
    test_is_cancelled (yara_connection_fetch_row_finish (small, calls[i].result, &error));
  test_calls_clear (calls, N_CALLS);
  wait_for_counts (test, 0, 0);
}

/* ---- roles ---- */

/* Adds a connection to the test's own database on servers of a list, each tried in turn. The standby has
 * the database a little later. */
static void
add_servers (Test *test, const char *name, const char *parameters, const char *first_port, const char *second_port)
{
  g_autofree char *folder = test_postgres_variable ("YARAORM_POSTGRES_DIRECTORY");
  g_autofree char *database = test_fetch_list (test->orm, NULL, "SELECT current_database()::text");
  g_autofree char *first = test_postgres_variable (first_port), *second = test_postgres_variable (second_port);
  g_autofree char *url = g_strdup_printf ("postgresql://app:" TEST_SECRET "@/%s?host=%s,%s&port=%s,%s&%s", database,
                                          folder, folder, first, second, parameters);
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;
  g_autoptr(GError) error = NULL;

  while (!yara_orm_add_connection (test->orm, name, url, NULL, &error))
    {
      g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "3D000");
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_clear_error (&error);
      g_usleep (1000);
    }
}

#define PRIMARY "YARAORM_POSTGRES_PRIMARY_PORT"
#define STANDBY "YARAORM_POSTGRES_STANDBY_PORT"

static void
standby (Test *test)
{
  add_servers (test, "standby", "max_size=3", STANDBY, PRIMARY);
  g_assert_cmpint (get_status (test->orm, "standby").role, ==, YARA_ROLE_STANDBY);
  g_assert_cmpuint (get_status (test->orm, "standby").max_size, ==, 3);
  g_assert_cmpint (get_status (test->orm, NULL).role, ==, YARA_ROLE_PRIMARY);
}

/* A session whose server has turned read-only under it. The standby, first of the list, stands for the
 * old primary, which will not do for a new session. */
static void
role_changed (Test *test)
{
  const char *create = "CREATE TABLE changed (id INTEGER)";
  YaraConnection *connection;
  g_autoptr(GError) error = NULL;
  gint64 pid;

  add_servers (test, "pair", "target_session_attrs=read-write&max_size=1", STANDBY, PRIMARY);
  connection = test_connection (test->orm, "pair");
  pid = test_fetch_int (test->orm, "pair", "SELECT pg_backend_pid()");
  test_fetch_int (test->orm, "pair", "SELECT (set_config('default_transaction_read_only', 'on', false) = 'on')::int");
  g_assert_cmpint (get_status (test->orm, "pair").role, ==, YARA_ROLE_PRIMARY);

  g_assert_cmpint (yara_connection_execute (connection, create, NULL, NULL, &error), ==, -1);
  g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "25006");
  g_assert_false (yara_error_is_outcome_unknown (error));
  test_check_error (&error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "primary", NULL);
  g_assert_cmpint (get_status (test->orm, "pair").role, ==, YARA_ROLE_STANDBY);
  g_assert_cmpuint (get_status (test->orm, "pair").n_open, ==, 0);

  test_execute (test->orm, "pair", create);
  test_execute (test->orm, "pair", "DROP TABLE changed");
  g_assert_cmpint (get_status (test->orm, "pair").role, ==, YARA_ROLE_PRIMARY);
  g_assert_cmpint (test_fetch_int (test->orm, "pair", "SELECT pg_backend_pid()"), !=, pid);
}

typedef struct
{
  gint64 id;
  gint32 number;
} Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, number),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "status_entries", entry_fields);

/* Refused together: each is told why, and that nothing happened. */
static void
refused_together (Test *test)
{
  enum { N = 40 };
  YaraOrm *standby;
  Entry entries[N] = { { 0 } };
  TestCall calls[N] = { { NULL } };

  TEST_USE (test, &entry_model);
  add_servers (test, "standby", "max_size=2", STANDBY, PRIMARY);
  while (test_fetch_int (test->orm, "standby", "SELECT (to_regclass('status_entries') IS NOT NULL)::int") == 0)
    g_usleep (1000);
  standby = yara_orm_using (test->orm, "standby");
  for (guint i = 0; i < N; i++)
    yara_orm_create_async (standby, &entry_model, &entries[i], NULL, test_call_done, &calls[i]);
  test_calls_wait (calls, N);
  for (guint i = 0; i < N; i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (yara_orm_create_finish (standby, calls[i].result, &error));
      g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "25006");
      g_assert_false (yara_error_is_outcome_unknown (error));
    }
  test_calls_clear (calls, N);
  g_object_unref (standby);
  g_assert_cmpint (test_fetch_int (test->orm, "standby", "SELECT count(*) FROM status_entries"), ==, 0);
}

static const TestCase cases[] = {
  { "status/server", server },
  { "status/sizes", sizes },
  { "status/gone", gone },
  { "status/blocking-callers", blocking_callers },
  { "status/asynchronous-calls", asynchronous_calls },
  { "status/standby", standby, "postgres" },
  { "status/role-changed", role_changed, "postgres" },
  { "status/refused-together", refused_together, "postgres" },
};
TEST_MAIN (cases)
