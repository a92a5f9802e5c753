/* SPDX-License-Identifier: MIT
 * Databases: blocking and asynchronous requests, on files and in memory, from one thread and many. */
#include "database-fixture.h"

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
      request->statement = (YaraStatement) { .sql = yara_sql_ref (select_sql), .values = link->call.values,
                                             .n_values = 1, .answer = YARA_ANSWER_RECORDS, .info = info,
                                             .is_read = TRUE };
    }
  else
    {
      g_snprintf (link->call.name, sizeof link->call.name, "item %u", link->number);
      link->call.values[0] = yara_value_text (link->call.name);
      link->call.values[1] = yara_value_int (link->number);
      request->statement = (YaraStatement) { .sql = yara_sql_ref (insert_sql), .values = link->call.values,
                                             .n_values = 2, .answer = YARA_ANSWER_KEY, .info = info };
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
#define ADD_ALL(variant, url) \
  ADD (variant, url, "async", test_async); \
  ADD (variant, url, "chain", test_chain); \
  ADD (variant, url, "requests", test_requests); \
  ADD (variant, url, "contexts", test_contexts); \
  ADD (variant, url, "threads", test_threads)
  ADD_ALL ("file", "test.db");
  ADD_ALL ("one-session", "test.db?max_size=1");
  ADD_ALL ("memory", "sqlite::memory:");
  ADD_ALL ("fast", "test.db?sync_fast_path=1");
  return g_test_run ();
}
