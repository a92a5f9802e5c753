/* SPDX-License-Identifier: MIT
 *
 * A thousand calls that are cancelled at random moments: each comes back once, none gets the answer of
 * another or is stopped in its place, and all sessions serve again afterwards.
 */
#include "fixture.h"

#include <string.h>
#include <unistd.h>

#define N_CALLS     1000
#define N_AT_ONCE   24
#define N_SESSIONS  3

typedef struct
{
  gint64 id;
  gint64 token;
} Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, token, .unique = true),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

typedef enum { READ_ENTRY, READ_TOKEN, READ_SLOWLY, CREATE, INSERT, N_KINDS } Kind;

typedef struct Storm Storm;

typedef struct
{
  Storm        *storm;
  Kind          kind;
  Entry         entry;
  GCancellable *cancellable;
  guint         n_callbacks;
  gboolean      is_stored;   /* a write that was acknowledged, */
  gboolean      is_unknown;  /* or one that nobody knows about */
} Call;

struct Storm
{
  YaraOrm        *orm;
  YaraConnection *connection;
  guint           n_started, n_ended, n_cancelled;
  Call            calls[N_CALLS];
};

static void start_call (Storm *storm);

static YaraRows *
read_rows (Call *call, GAsyncResult *result, GError **error)
{
  YaraRows *rows = yara_connection_fetch_row_finish (call->storm->connection, result, error);

  if (rows != NULL)
    g_assert_cmpint (yara_rows_get_int (rows, 0, 0), ==, call->entry.token);
  return rows;
}

static void
on_ended (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Call *call = user_data;
  Storm *storm = call->storm;
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraResult) found = NULL;
  g_autoptr(YaraRows) rows = NULL;

  g_assert_cmpuint (++call->n_callbacks, ==, 1);
  switch (call->kind)
    {
    case READ_ENTRY:
      found = yara_orm_all_finish (storm->orm, result, &error);
      if (found != NULL)
        g_assert_cmpint (((Entry *) yara_result_get_record (found, 0))->token, ==, call->entry.token);
      break;
    case READ_TOKEN:
    case READ_SLOWLY:
      rows = read_rows (call, result, &error);
      break;
    case CREATE:
      call->is_stored = yara_orm_create_finish (storm->orm, result, &error);
      g_assert_cmpint (call->entry.id > 0, ==, call->is_stored);
      break;
    default:
      call->is_stored = yara_connection_execute_finish (storm->connection, result, &error) == 1;
      break;
    }
  if (error != NULL) /* that of a neighbour's cancel would be another */
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  call->is_unknown = yara_error_is_outcome_unknown (error);
  storm->n_cancelled += error != NULL;
  storm->n_ended++;
  g_cancellable_cancel (call->cancellable); /* too late: must reach nobody */
  g_clear_object (&call->cancellable);
  if (storm->n_started < N_CALLS)
    start_call (storm);
}

static gboolean
cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static void
cancel_some_time (Call *call)
{
  guint delay = g_test_rand_int_range (0, 8);

  if (delay == 0)
    g_cancellable_cancel (call->cancellable);
  else if (delay < 7) /* some are left alone */
    g_timeout_add_full (G_PRIORITY_HIGH, g_test_rand_int_range (0, 12), cancel, g_object_ref (call->cancellable),
                        g_object_unref);
}

static void
start_call (Storm *storm)
{
  Call *call = &storm->calls[storm->n_started];
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);

  *call = (Call) { .storm = storm, .kind = storm->n_started % N_KINDS, .cancellable = g_cancellable_new () };
  call->entry.token = call->kind == READ_ENTRY ? -1 - (gint64) (storm->n_started % 100) : storm->n_started;
  storm->n_started++;
  switch (call->kind)
    {
    case READ_ENTRY:
      yara_query_filter (query, "token", call->entry.token);
      yara_orm_all_async (storm->orm, query, call->cancellable, on_ended, call);
      break;
    case READ_TOKEN:
      yara_connection_fetch_row_async (storm->connection, "SELECT CAST ($1 AS BIGINT)",
                                       YARA_ARGS (call->entry.token),
                                       call->cancellable, on_ended, call);
      break;
    case READ_SLOWLY:
      yara_connection_fetch_row_async (storm->connection, "SELECT CAST ($1 AS BIGINT), pg_sleep ($2)",
                                       YARA_ARGS (call->entry.token, g_test_rand_double_range (0, 0.02)),
                                       call->cancellable, on_ended, call);
      break;
    case CREATE:
      yara_orm_create_async (storm->orm, &entry_model, &call->entry, call->cancellable, on_ended, call);
      break;
    default:
      yara_connection_execute_async (storm->connection,
                                     "INSERT INTO entries (token) SELECT $1 FROM pg_sleep (0.002)",
                                     YARA_ARGS (call->entry.token), call->cancellable, on_ended, call);
      break;
    }
  cancel_some_time (call);
}

static void
check_writes (Storm *storm)
{
  g_autofree char *list = test_fetch_list (storm->orm, NULL,
                                           "SELECT token FROM entries WHERE token >= 0 ORDER BY token");
  g_auto(GStrv) tokens = g_strsplit (list, ",", -1);
  guint n_stored = 0;

  for (guint i = 0; i < N_CALLS; i++)
    {
      const Call *call = &storm->calls[i];
      g_autofree char *token = g_strdup_printf ("%u", i);

      g_assert_cmpuint (call->n_callbacks, ==, 1);
      if (!call->is_unknown)
        g_assert_cmpint (g_strv_contains ((const char *const *) tokens, token), ==, call->is_stored);
      n_stored += call->is_stored;
    }
  g_test_message ("%u of %u calls were cancelled; %u writes stored", storm->n_cancelled, N_CALLS, n_stored);
  g_assert_cmpuint (storm->n_cancelled, >, N_CALLS / 10);
  g_assert_cmpuint (storm->n_cancelled, <, N_CALLS);
}

/* How many sessions serve so many statements that are sent together. */
static guint
count_sessions (Storm *storm)
{
  TestCall calls[N_SESSIONS];
  g_autoptr(GHashTable) pids = g_hash_table_new (NULL, NULL);

  memset (calls, 0, sizeof calls);
  for (guint i = 0; i < N_SESSIONS; i++)
    yara_connection_fetch_row_async (storm->connection, "SELECT pg_backend_pid(), pg_sleep(0.05)", NULL, NULL,
                                     test_call_done, &calls[i]);
  test_calls_wait (calls, N_SESSIONS);
  for (guint i = 0; i < N_SESSIONS; i++)
    {
      g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_row_finish (storm->connection, calls[i].result,
                                                                            &error));

      g_hash_table_add (pids, GINT_TO_POINTER (yara_rows_get_int (rows, 0, 0)));
    }
  test_calls_clear (calls, N_SESSIONS);
  return g_hash_table_size (pids);
}

/* Sessions that were given up are opened again while others serve. */
static void
check_full_size (Storm *storm)
{
  guint n_sessions = 0;

  for (guint i = 0; n_sessions < N_SESSIONS && i < 40; i++)
    n_sessions = count_sessions (storm);
  g_assert_cmpuint (n_sessions, ==, N_SESSIONS);
}

static void
at_random_moments (Test *test)
{
  g_autofree char *base = test_url (test, "default");
  g_autofree char *application = g_strdup_printf ("cancels-%s-%d", test->variant->name, getpid ());
  g_autofree char *url = g_strdup_printf ("%s&application_name=%s&max_size=%d", base, application, N_SESSIONS);
  g_autofree char *count = g_strdup_printf ("SELECT count(*) FROM pg_stat_activity WHERE application_name = '%s'",
                                            application);
  g_autofree Storm *storm = g_new0 (Storm, 1);
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  TEST_USE (test, &entry_model);
  test_execute (test->orm, NULL, "INSERT INTO entries (token) SELECT -i FROM generate_series(1, 100) AS i");
  test_ok (yara_orm_register (orm, &entry_model, &error));
  storm->orm = orm;
  storm->connection = test_connection (orm, NULL);
  for (guint i = 0; i < N_AT_ONCE; i++)
    start_call (storm);
  while (storm->n_ended < N_CALLS)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline); /* else some are stuck */
      g_main_context_iteration (NULL, TRUE);
    }
  test_settle ();
  check_writes (storm);
  check_full_size (storm);
  if (strcmp (test->variant->name, "pgbouncer") != 0) /* which has a pool of its own */
    g_assert_cmpint (test_fetch_int (test->orm, NULL, count), <=, N_SESSIONS);
  test_ok (yara_orm_close (orm, NULL, &error));
}

static const TestCase cases[] = {
  { "faults/cancels-at-random-moments", at_random_moments, "postgres" },
  { "faults/cancels-at-random-moments", at_random_moments, "pgbouncer" },
};
TEST_MAIN (cases)
