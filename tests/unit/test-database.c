/* SPDX-License-Identifier: MIT
 * Databases: blocking and asynchronous requests, cancelling, closing, on files and in memory. */
#include "sqlite-fixture.h"

#include <stdatomic.h>
#include "conn/database.h"

#ifdef __SANITIZE_THREAD__
/* Connecting signals in several threads, GLib changes its tables under a lock that ThreadSanitizer
 * cannot see. */
YARA_API const char *__tsan_default_suppressions (void);

const char *
__tsan_default_suppressions (void)
{
  return "race:g_realloc\n";
}
#endif

#define ENDLESS       "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
#define ENDLESS_READ  ENDLESS "SELECT max (n) FROM c"
#define ENDLESS_WRITE ENDLESS "INSERT INTO items (name, value) SELECT n, n FROM c"

static YaraDatabase  *database;
static YaraModelInfo *info;
static YaraSql       *insert_sql, *select_sql;

static void
run_ok (YaraRequest *request)
{
  yara_database_run (database, request, NULL);
  g_assert_no_error (request->error);
}

static void
set_up_database (Fixture *fixture, gconstpointer variant)
{
  g_autofree char *url = NULL;
  g_autoptr(GError) error = NULL;
  YaraRequest script = { .kind = YARA_REQUEST_SCRIPT, .script = ITEM_TABLE };

  make_folder (fixture);
  url = g_str_has_prefix (variant, "sqlite:") ? g_strdup (variant) : make_url (fixture, variant);
  database = yara_database_open (url, NULL, &error);
  g_assert_no_error (error);
  info = make_info (&item_model);
  insert_sql = yara_sql_new (INSERT_ITEM, strlen (INSERT_ITEM));
  select_sql = yara_sql_new (SELECT_ITEM, strlen (SELECT_ITEM));
  run_ok (&script);
}

static void
tear_down_database (Fixture *fixture, gconstpointer variant)
{
  yara_database_unref (database);
  yara_sql_unref (insert_sql);
  yara_sql_unref (select_sql);
  yara_model_info_free (info);
  remove_folder (fixture);
}

static gint64
run_int (const char *sql)
{
  YaraRequest request = make_raw (sql, NULL, YARA_ANSWER_ROWS);
  gint64 number;

  run_ok (&request);
  number = yara_rows_get_int (request.rows, 0, 0);
  clear_request (&request);
  return number;
}

static gint64
count_items (void)
{
  return run_int ("SELECT count(*) FROM items");
}

/* ---- asynchronous calls ---- */

typedef struct
{
  YaraJob       job;
  YaraValue     values[2];
  char          name[16];
  guint         n_completed;
  GThread      *thread;
  GMainContext *context;
} Call;

static void
on_completed (YaraCompletion *completion)
{
  Call *call = (Call *) completion;

  call->n_completed++;
  call->thread = g_thread_self ();
  g_assert_true (call->context == NULL || g_main_context_is_owner (call->context));
}

static void
submit (Call *call, GCancellable *cancellable)
{
  call->job.completion.complete = on_completed;
  yara_database_submit (database, &call->job, cancellable);
  g_assert_cmpuint (call->n_completed, ==, 0); /* never inside */
}

static void
submit_raw (Call *call, const char *sql, YaraAnswer answer, GCancellable *cancellable)
{
  *call = (Call) { .job.request = make_raw (sql, NULL, answer) };
  submit (call, cancellable);
}

static void
submit_insert (Call *call, guint number, GCancellable *cancellable)
{
  *call = (Call) { .n_completed = 0 };
  g_snprintf (call->name, sizeof call->name, "item %u", number);
  call->values[0] = yara_value_text (call->name);
  call->values[1] = yara_value_int (number);
  call->job.request = (YaraRequest) {
    .kind = YARA_REQUEST_STATEMENT,
    .statement = { .sql = yara_sql_ref (insert_sql), .values = call->values, .n_values = 2,
                   .answer = YARA_ANSWER_KEY, .info = info },
  };
  submit (call, cancellable);
}

static void
submit_select (Call *call, gint64 key, GCancellable *cancellable)
{
  *call = (Call) { .values = { yara_value_int (key) } };
  call->job.request = (YaraRequest) {
    .kind = YARA_REQUEST_STATEMENT,
    .statement = { .sql = yara_sql_ref (select_sql), .values = call->values, .n_values = 1,
                   .answer = YARA_ANSWER_RECORDS, .info = info, .is_read = TRUE },
  };
  submit (call, cancellable);
}

static void
await (Call *calls, guint n_calls)
{
  GMainContext *context = g_main_context_get_thread_default ();

  for (guint i = 0; i < n_calls; i++)
    while (calls[i].n_completed == 0)
      g_main_context_iteration (context, TRUE);
}

/* Each call has completed once, here, with no error or a cancelled one. */
static void
finish (Call *calls, guint n_calls, gboolean cancelled)
{
  for (guint i = 0; i < n_calls; i++)
    {
      g_assert_cmpuint (calls[i].n_completed, ==, 1);
      g_assert_true (calls[i].thread == g_thread_self ());
      if (cancelled)
        g_assert_error (calls[i].job.request.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      else
        g_assert_no_error (calls[i].job.request.error);
      clear_request (&calls[i].job.request);
    }
}

#define N_CALLS 100

static void
test_async (Fixture *fixture, gconstpointer data)
{
  g_autofree Call *calls = g_new (Call, N_CALLS);

  for (guint i = 0; i < N_CALLS; i++)
    submit_insert (&calls[i], i, NULL);
  await (calls, N_CALLS);
  for (guint i = 0; i < N_CALLS; i++)
    g_assert_cmpint (calls[i].job.request.number, ==, i + 1); /* in the order of issue */
  finish (calls, N_CALLS, FALSE);
  g_assert_cmpint (count_items (), ==, N_CALLS);

  for (guint i = 0; i < N_CALLS; i++)
    submit_select (&calls[i], i + 1, NULL);
  await (calls, N_CALLS);
  for (guint i = 0; i < N_CALLS; i++)
    {
      const Item *item = yara_result_get_record (calls[i].job.request.records, 0);

      g_assert_nonnull (item);
      g_assert_cmpint (item->value, ==, i);
    }
  finish (calls, N_CALLS, FALSE);
}

/* A chain: each statement is issued by the callback of the one before and sees its effect. */
typedef struct
{
  Call     call;
  guint    number;
  gboolean selected;
} Link;

static void
go_on (YaraCompletion *completion)
{
  Link *link = (Link *) completion;
  YaraRequest *request = &link->call.job.request;
  gint64 key = request->number;

  g_assert_no_error (request->error);
  if (link->selected)
    {
      g_assert_cmpuint (yara_result_get_n_records (request->records), ==, 1);
      link->number++;
    }
  clear_request (request);
  link->selected = !link->selected;
  if (link->number == 50)
    return;
  if (link->selected)
    {
      link->call.values[0] = yara_value_int (key);
      request->statement = (YaraStatement) { .sql = yara_sql_ref (select_sql), .values = link->call.values, .n_values = 1,
                                             .answer = YARA_ANSWER_RECORDS, .info = info, .is_read = TRUE };
    }
  else
    {
      g_snprintf (link->call.name, sizeof link->call.name, "item %u", link->number);
      link->call.values[0] = yara_value_text (link->call.name);
      link->call.values[1] = yara_value_int (link->number);
      request->statement = (YaraStatement) { .sql = yara_sql_ref (insert_sql), .values = link->call.values, .n_values = 2,
                                             .answer = YARA_ANSWER_KEY, .info = info };
    }
  yara_database_submit (database, &link->call.job, NULL);
}

static void
test_chain (Fixture *fixture, gconstpointer data)
{
  Link link = { .selected = TRUE };

  link.call.job.completion.complete = go_on;
  link.call.job.request = make_raw ("SELECT 1", NULL, YARA_ANSWER_ROWS);
  link.call.job.request.records = yara_result_new (sizeof (Item)); /* as if it had found one */
  yara_result_append (link.call.job.request.records);
  link.number = G_MAXUINT;
  link.call.job.completion.complete (&link.call.job.completion);
  while (link.number != 50)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpint (count_items (), ==, 50);
}

static void
test_requests (Fixture *fixture, gconstpointer data)
{
  YaraRequest transaction = { .kind = YARA_REQUEST_TRANSACTION,
                              .statements = YARA_NAMES ("CREATE TABLE a (id INTEGER)", "CREATE TABLE b (id INTEGER)") };
  Call calls[3];

  run_ok (&transaction);
  submit_raw (&calls[0], "WITH x AS (SELECT 1 AS n) INSERT INTO a SELECT n FROM x", YARA_ANSWER_COUNT, NULL);
  submit_raw (&calls[1], "INSERT INTO a VALUES (5)", YARA_ANSWER_COUNT, NULL);
  submit_raw (&calls[2], "PRAGMA user_version", YARA_ANSWER_ROWS, NULL);
  await (calls, 3);
  g_assert_cmpint (calls[0].job.request.n_rows, ==, 1);
  finish (calls, 3, FALSE);
  g_assert_cmpint (run_int ("SELECT count(*) FROM a"), ==, 2);
}

/* Each call comes back in the context in which it was issued. */
static void
test_contexts (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autofree Call *calls = g_new (Call, N_CALLS);

  for (guint i = 0; i < N_CALLS; i++)
    {
      if (i % 2 == 0)
        g_main_context_push_thread_default (context);
      submit_insert (&calls[i], i, NULL);
      calls[i].context = i % 2 == 0 ? context : g_main_context_default ();
      if (i % 2 == 0)
        g_main_context_pop_thread_default (context);
    }
  while (g_main_context_iteration (NULL, TRUE) && calls[N_CALLS - 1].n_completed == 0)
    ;
  for (guint i = 0; i < N_CALLS; i++)
    while (calls[i].n_completed == 0)
      g_main_context_iteration (i % 2 == 0 ? context : NULL, TRUE);
  finish (calls, N_CALLS, FALSE);
}

/* ---- cancelling ---- */

static void
test_cancelled_before (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  YaraRequest request = make_raw ("INSERT INTO items (name, value) VALUES ('a', 1)", NULL, YARA_ANSWER_COUNT);
  Call call;

  g_cancellable_cancel (cancellable);
  yara_database_run (database, &request, cancellable);
  g_assert_error (request.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  clear_request (&request);
  submit_insert (&call, 0, cancellable);
  await (&call, 1);
  finish (&call, 1, TRUE);
  g_assert_cmpint (count_items (), ==, 0);
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (20000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
test_cancel_running (Fixture *fixture, gconstpointer data)
{
  static const char *const endless[] = { ENDLESS_READ, ENDLESS_WRITE };

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      GThread *thread = g_thread_new ("canceller", cancel_soon, cancellable);
      Call call;

      if (i < 2)
        {
          call = (Call) { .job.request = make_raw (endless[i % 2], NULL, YARA_ANSWER_ROWS), .n_completed = 1,
                          .thread = g_thread_self () };
          yara_database_run (database, &call.job.request, cancellable);
        }
      else
        {
          submit_raw (&call, endless[i % 2], YARA_ANSWER_ROWS, cancellable);
          await (&call, 1);
        }
      finish (&call, 1, TRUE);
      g_thread_join (thread);
      g_assert_cmpint (count_items (), ==, 0);
    }
}

/* Those that are queued behind a long one are cancelled at once; the rest goes on after it. */
static void
test_cancel_queued (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) stop_first = g_cancellable_new (), stop_half = g_cancellable_new ();
  Call first, calls[20];

  submit_raw (&first, ENDLESS_WRITE, YARA_ANSWER_COUNT, stop_first);
  for (guint i = 0; i < 20; i++)
    submit_insert (&calls[i], i, i % 2 == 0 ? stop_half : NULL);
  g_cancellable_cancel (stop_half);
  for (guint i = 0; i < 20; i += 2)
    {
      await (&calls[i], 1);
      g_assert_cmpuint (calls[i + 1].n_completed, ==, 0);
      finish (&calls[i], 1, TRUE);
    }
  g_assert_cmpuint (first.n_completed, ==, 0);
  g_cancellable_cancel (stop_first);
  await (&first, 1);
  finish (&first, 1, TRUE);
  for (guint i = 1; i < 20; i += 2)
    {
      await (&calls[i], 1);
      finish (&calls[i], 1, FALSE);
    }
  g_assert_cmpint (count_items (), ==, 10);
}

/* Issued and cancelled inside one callback, before anything was queued. */
typedef struct
{
  Call          call;
  GCancellable *cancellable;
} Regret;

static gboolean
submit_and_cancel (gpointer data)
{
  Regret *regret = data;

  submit_insert (&regret->call, 0, regret->cancellable);
  g_cancellable_cancel (regret->cancellable);
  g_assert_cmpuint (regret->call.n_completed, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
test_cancel_deferred (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Regret regret = { .cancellable = cancellable };

  g_idle_add (submit_and_cancel, &regret);
  await (&regret.call, 1);
  finish (&regret.call, 1, TRUE);
  g_assert_cmpint (count_items (), ==, 0);
}

/* A handler of the program that waits for a statement does not lock anything up. */
static void
run_in_handler (GCancellable *cancellable, gpointer data)
{
  await (data, 1);
}

static void
test_wait_in_handler (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Call call;

  submit_raw (&call, ENDLESS_READ, YARA_ANSWER_ROWS, cancellable);
  g_cancellable_connect (cancellable, G_CALLBACK (run_in_handler), &call, NULL);
  g_cancellable_cancel (cancellable);
  finish (&call, 1, TRUE);
}

/* Cancels at random moments: each call ends once, as it says, and the next one is not hit. */
static void
test_cancel_anywhere (Fixture *fixture, gconstpointer data)
{
  const guint n = 300;
  g_autoptr(GRand) rand = g_rand_new_with_seed (7);
  guint n_stored = 0;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      Call victim, next;

      submit_insert (&victim, 2 * i, cancellable);
      submit_insert (&next, 2 * i + 1, NULL);
      if (g_rand_boolean (rand))
        g_usleep (g_rand_int_range (rand, 0, 60));
      g_cancellable_cancel (cancellable);
      await (&victim, 1);
      n_stored += victim.job.request.error == NULL;
      finish (&victim, 1, victim.job.request.error != NULL);
      await (&next, 1);
      finish (&next, 1, FALSE);
    }
  g_assert_cmpint (count_items (), ==, n + n_stored);
}

/* ---- sessions in use ---- */

static gpointer
hold_writer (gpointer data)
{
  YaraRequest request = make_raw (ENDLESS_WRITE, NULL, YARA_ANSWER_COUNT);

  yara_database_run (database, &request, data);
  g_assert_error (request.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  clear_request (&request);
  return NULL;
}

static void
test_acquire_timeout (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GThread *thread = g_thread_new ("holder", hold_writer, cancellable);
  Call call;
  guint n_tries = 0;

  do /* until the other thread has the session */
    {
      submit_insert (&call, n_tries++, NULL);
      await (&call, 1);
      if (call.job.request.error == NULL)
        clear_request (&call.job.request);
    }
  while (call.job.request.error == NULL);
  assert_fails (call.job.request.error, YARA_ERROR_TIMEOUT, "acquire_timeout");
  clear_request (&call.job.request);
  g_cancellable_cancel (cancellable);
  g_thread_join (thread);
  g_assert_cmpint (count_items (), ==, n_tries - 1);
}

/* A long read stops neither what was queued behind it nor the writer. */
static void
test_long_read (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Call endless, calls[20];

  submit_raw (&endless, ENDLESS_READ, YARA_ANSWER_ROWS, cancellable);
  for (guint i = 0; i < 20; i++)
    if (i % 2 == 0)
      submit_select (&calls[i], 1, NULL);
    else
      submit_insert (&calls[i], i, NULL);
  await (calls, 20);
  finish (calls, 20, FALSE);
  g_assert_cmpuint (endless.n_completed, ==, 0);
  g_cancellable_cancel (cancellable);
  await (&endless, 1);
  finish (&endless, 1, TRUE);
}

/* ---- closing ---- */

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

static void
test_open_fails (void)
{
  static const struct { const char *url; YaraError code; } cases[] = {
    { "sqlite", YARA_ERROR_CONFIGURATION },
    { "oracle://x", YARA_ERROR_CONFIGURATION },
    { "sqlite:x.db?size=1", YARA_ERROR_CONFIGURATION },
    { "sqlite:/absent/x.db", YARA_ERROR_CONNECTION },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (yara_database_open (cases[i].url, NULL, &error));
      assert_fails (error, cases[i].code, "");
    }
}

/* ---- many threads ---- */

typedef struct
{
  guint number;
  guint n_stored;
} Worker;

/* Blocking and asynchronous statements, some cancelled. */
static gpointer
work (gpointer data)
{
  Worker *worker = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GRand) rand = g_rand_new_with_seed (worker->number);

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < 50; i++)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      Call calls[6];

      for (guint j = 0; j < 6; j++)
        {
          guint number = (worker->number * 50 + i) * 6 + j;

          if (j % 3 == 2)
            submit_select (&calls[j], number, cancellable);
          else
            submit_insert (&calls[j], number, j % 3 == 0 ? cancellable : NULL);
        }
      g_assert_cmpint (count_items (), >=, 0);
      if (g_rand_int_range (rand, 0, 3) == 0)
        g_cancellable_cancel (cancellable);
      await (calls, 6);
      for (guint j = 0; j < 6; j++)
        {
          worker->n_stored += calls[j].job.request.number != 0;
          finish (&calls[j], 1, calls[j].job.request.error != NULL);
        }
    }
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
test_threads (Fixture *fixture, gconstpointer data)
{
  Worker workers[4];
  GThread *threads[4];
  guint n_stored = 0;

  for (guint i = 0; i < 4; i++)
    {
      workers[i] = (Worker) { .number = i };
      threads[i] = g_thread_new ("worker", work, &workers[i]);
    }
  for (guint i = 0; i < 4; i++)
    {
      g_thread_join (threads[i]);
      n_stored += workers[i].n_stored;
    }
  g_assert_cmpint (count_items (), ==, n_stored);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/database/open-fails", test_open_fails);
#define ADD(variant, url, path, function) \
  g_test_add ("/database/" variant "/" path, Fixture, url, set_up_database, function, tear_down_database)
#define ADD_ALWAYS(variant, url) \
  ADD (variant, url, "async", test_async); \
  ADD (variant, url, "chain", test_chain); \
  ADD (variant, url, "requests", test_requests); \
  ADD (variant, url, "contexts", test_contexts); \
  ADD (variant, url, "cancelled-before", test_cancelled_before); \
  ADD (variant, url, "close", test_close); \
  ADD (variant, url, "close-in-callback", test_close_in_callback); \
  ADD (variant, url, "close-under-load", test_close_under_load); \
  ADD (variant, url, "threads", test_threads)
#define ADD_WITH_WORKERS(variant, url) \
  ADD (variant, url, "cancel-running", test_cancel_running); \
  ADD (variant, url, "cancel-queued", test_cancel_queued); \
  ADD (variant, url, "cancel-deferred", test_cancel_deferred); \
  ADD (variant, url, "cancel-anywhere", test_cancel_anywhere); \
  ADD (variant, url, "wait-in-handler", test_wait_in_handler)
  ADD_ALWAYS ("file", "test.db");
  ADD_ALWAYS ("one-session", "test.db?max_size=1");
  ADD_ALWAYS ("memory", "sqlite::memory:");
  ADD_ALWAYS ("fast", "test.db?sync_fast_path=1");
  ADD_WITH_WORKERS ("file", "test.db");
  ADD_WITH_WORKERS ("memory", "sqlite::memory:");
  ADD ("file", "test.db?acquire_timeout=0.05", "acquire-timeout", test_acquire_timeout);
  ADD ("file", "test.db", "long-read", test_long_read);
  return g_test_run ();
}
