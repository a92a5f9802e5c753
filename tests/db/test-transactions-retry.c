/* SPDX-License-Identifier: MIT
 *
 * Transactions when others write the same rows: threads, chains and processes that count.
 */
#include "counters.h"

#include <stdatomic.h>
#include <sys/wait.h>

/* ---- several who count ---- */

#define N_THREADS 4
#define N_INCREMENTS 25

static gboolean
increment (YaraTransaction *transaction, gpointer orm, GError **error)
{
  g_autoptr(YaraQuery) query = yara_query_new (&counter_model);
  g_autoptr(YaraResult) found = NULL;
  Counter counter;

  yara_query_filter (query, "name", "sum");
  found = yara_orm_get (orm, query, NULL, error);
  if (found == NULL)
    return FALSE;
  counter = *(const Counter *) yara_result_get_record (found, 0);
  counter.amount++;
  return yara_orm_save (orm, &counter_model, &counter, NULL, NULL, error);
}

static void
create_sum (YaraOrm *orm)
{
  Counter counter = { .name = "sum" };

  test_ok (yara_orm_create (orm, &counter_model, &counter, NULL, &error));
}

static atomic_uint n_runs;

static gboolean
increment_serializably (YaraTransaction *transaction, gpointer orm, GError **error)
{
  atomic_fetch_add (&n_runs, 1);
  return increment (transaction, orm, error);
}

static gpointer
count_up (gpointer orm)
{
  const YaraTransactionOptions *options = YARA_TRANSACTION_OPTIONS (.isolation = YARA_ISOLATION_SERIALIZABLE);

  for (guint i = 0; i < N_INCREMENTS; i++)
    test_ok (yara_orm_run_retrying (orm, NULL, options, 100, increment_serializably, orm, NULL, &error));
  return NULL;
}

static void
retried_threads (Test *test)
{
  GThread *threads[N_THREADS];

  TEST_USE (test, &counter_model);
  create_sum (test->orm);
  atomic_store (&n_runs, 0);
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("counter", count_up, test->orm);
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT amount FROM counters"), ==, N_THREADS * N_INCREMENTS);
  g_test_message ("%u runs for %u", atomic_load (&n_runs), N_THREADS * N_INCREMENTS);
}

/* The same on the main loop. */
typedef struct
{
  YaraOrm         *orm;
  YaraTransaction *transaction;
  Counter          counter;
  guint            n_runs;
  TestCall         call;
} Adder;

static void
adder_end (Adder *adder, GError *error)
{
  if (error != NULL)
    yara_transaction_return_error (adder->transaction, error);
  else
    yara_transaction_return (adder->transaction);
}

static void
adder_saved (GObject *orm, GAsyncResult *result, gpointer data)
{
  GError *error = NULL;

  yara_orm_save_finish (YARA_ORM (orm), result, &error);
  adder_end (data, error);
}

static void
adder_found (GObject *orm, GAsyncResult *result, gpointer data)
{
  Adder *adder = data;
  GError *error = NULL;
  g_autoptr(YaraResult) found = yara_orm_get_finish (YARA_ORM (orm), result, &error);

  if (found == NULL)
    {
      adder_end (adder, error);
      return;
    }
  adder->counter = *(const Counter *) yara_result_get_record (found, 0);
  adder->counter.name = "sum";
  adder->counter.amount++;
  yara_orm_save_async (adder->orm, &counter_model, &adder->counter, NULL, NULL, adder_saved, adder);
}

static void
adder_body (YaraTransaction *transaction, gpointer data)
{
  Adder *adder = data;
  g_autoptr(YaraQuery) query = yara_query_new (&counter_model);

  adder->n_runs++;
  adder->transaction = transaction;
  yara_query_filter (query, "name", "sum");
  yara_orm_get_async (adder->orm, query, NULL, adder_found, adder);
}

static void
retried_chains (Test *test)
{
  const YaraTransactionOptions *options = YARA_TRANSACTION_OPTIONS (.isolation = YARA_ISOLATION_SERIALIZABLE);
  Adder adders[20];
  guint runs = 0;

  TEST_USE (test, &counter_model);
  create_sum (test->orm);
  for (guint i = 0; i < G_N_ELEMENTS (adders); i++)
    {
      adders[i] = (Adder) { .orm = test->orm };
      yara_orm_run_retrying_async (test->orm, NULL, options, 200, adder_body, &adders[i], NULL, test_call_done,
                                   &adders[i].call);
    }
  for (guint i = 0; i < G_N_ELEMENTS (adders); i++)
    {
      test_call_wait (&adders[i].call);
      test_ok (yara_orm_run_retrying_finish (test->orm, adders[i].call.result, &error));
      test_calls_clear (&adders[i].call, 1);
      runs += adders[i].n_runs;
    }
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT amount FROM counters"), ==, G_N_ELEMENTS (adders));
  g_test_message ("%u runs for %u", runs, (guint) G_N_ELEMENTS (adders));
}

/* Attempts are bounded, other errors are not tried again, and neither is a nested block. */
typedef struct
{
  YaraOrm *orm, *rival;
  guint    n_runs;
} Loser;

/* Somebody else always comes first. */
static gboolean
lose (YaraTransaction *transaction, gpointer data, GError **error)
{
  Loser *loser = data;

  loser->n_runs++;
  if (test_fetch_int (loser->orm, NULL, "SELECT amount FROM counters") < 0)
    return FALSE;
  test_execute (loser->rival, NULL, "UPDATE counters SET amount = amount + 1");
  return yara_connection_execute (test_connection (loser->orm, NULL), "UPDATE counters SET amount = amount + 1",
                                  NULL, NULL, error) >= 0;
}

static gboolean
fail_otherwise (YaraTransaction *transaction, gpointer data, GError **error)
{
  ((Loser *) data)->n_runs++;
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_FAILED, "on purpose");
  return FALSE;
}

static void
bounded_attempts (Test *test)
{
  const YaraTransactionOptions *options = YARA_TRANSACTION_OPTIONS (.isolation = YARA_ISOLATION_REPEATABLE_READ);
  g_autofree char *url = test_url (test, "default");
  g_autoptr(YaraOrm) rival = NULL;
  g_autoptr(YaraTransaction) outer = NULL;
  Loser loser = { test->orm };

  TEST_USE (test, &counter_model);
  create_sum (test->orm);
  loser.rival = rival = open_orm (url);
  test_fails (yara_orm_run_retrying (test->orm, NULL, options, 4, lose, &loser, NULL, &error), OPERATIONAL);
  g_assert_cmpuint (loser.n_runs, ==, 4);
  loser.n_runs = 0;
  test_fails_in (yara_orm_run_retrying (test->orm, NULL, options, 4, fail_otherwise, &loser, NULL, &error),
                 G_FILE_ERROR, G_FILE_ERROR_FAILED);
  g_assert_cmpuint (loser.n_runs, ==, 1);

  loser.n_runs = 0;
  outer = test_ok (yara_orm_begin (test->orm, NULL, options, NULL, &error));
  test_fails (yara_orm_run_retrying (test->orm, NULL, NULL, 4, lose, &loser, NULL, &error), OPERATIONAL);
  g_assert_cmpuint (loser.n_runs, ==, 1);
  test_ok (yara_transaction_rollback (outer, &error));
  test_ok (yara_orm_close (rival, NULL, &error));
}

/* ---- several processes ---- */

#define N_PROCESS_INCREMENTS 200
#define ROLE "YARAORM_TEST_COUNTS_UP"

/* In a process of its own. */
static int
run_as_counter (const char *url)
{
  g_autoptr(YaraOrm) orm = open_orm (url);

  for (guint i = 0; i < N_PROCESS_INCREMENTS; i++)
    test_ok (yara_orm_in_transaction (orm, NULL, NULL, increment, orm, NULL, &error));
  test_ok (yara_orm_close (orm, NULL, &error));
  return 0;
}

static GPid
start_counter (const char *url)
{
  g_auto(GStrv) environment = g_environ_unsetenv (g_environ_setenv (g_get_environ (), ROLE, url, TRUE),
                                                  "G_MESSAGES_DEBUG");
  char *arguments[] = { (char *) "/proc/self/exe", NULL };
  GPid pid;

  test_ok (g_spawn_async (NULL, arguments, environment, G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, &pid, &error));
  return pid;
}

static void
processes (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  GPid children[2];
  int status;

  TEST_USE (test, &counter_model);
  create_sum (test->orm);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    children[i] = start_counter (url);
  for (guint i = 0; i < G_N_ELEMENTS (children); i++)
    {
      g_assert_cmpint (waitpid (children[i], &status, 0), ==, children[i]);
      test_ok (g_spawn_check_wait_status (status, &error));
    }
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT amount FROM counters"), ==, 2 * N_PROCESS_INCREMENTS);
}

static const TestCase cases[] = {
  { "transactions/faults/retried-threads", retried_threads },
  { "transactions/faults/retried-chains", retried_chains },
  { "transactions/faults/bounded-attempts", bounded_attempts, "postgres" },
  { "transactions/faults/processes", processes, "sqlite-file" },
};

int
main (int argc, char **argv)
{
  const char *url = g_getenv (ROLE);

  return url != NULL ? run_as_counter (url) : test_main (argc, argv, cases, G_N_ELEMENTS (cases));
}
