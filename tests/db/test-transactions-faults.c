/* SPDX-License-Identifier: MIT
 *
 * Transactions when things go wrong: the link is cut around COMMIT, others write the same rows, the server
 * loses its patience. And what they cost on the wire.
 */
#include "fixture.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "proxy.h"

typedef struct { gint64 id; const char *name; gint64 amount; } Counter;

static const YaraField counter_fields[] = {
  YARA_FIELD (Counter, id, .primary_key = true),
  YARA_FIELD (Counter, name, .max_length = 40),
  YARA_FIELD (Counter, amount),
};
static const YaraModel counter_model = YARA_MODEL (Counter, "counters", counter_fields);

static YaraOrm *
open_orm (const char *url)
{
  YaraOrm *orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  test_ok (yara_orm_register (orm, &counter_model, &error));
  return orm;
}

/* ---- on the wire ---- */

static gboolean
create_one (YaraTransaction *transaction, gpointer orm, GError **error)
{
  Counter counter = { .name = "one" };

  return yara_orm_create (orm, &counter_model, &counter, NULL, error);
}

static void
body_of_one (YaraTransaction *transaction, gpointer counter)
{
  yara_orm_create_async (((gpointer *) counter)[0], &counter_model, ((gpointer *) counter)[1], NULL, NULL, NULL);
  yara_transaction_return (transaction);
}

static void
round_trips (Test *test)
{
  TestProxy *proxy = test_proxy_new ();
  g_autofree char *url = test_proxy_url (proxy, "default", "max_size=1");
  g_autoptr(YaraOrm) orm = NULL;

  TEST_USE (test, &counter_model);
  orm = open_orm (url);
  for (guint i = 0; i < 3; i++) /* the first prepares, with what it sends anyway */
    {
      Counter counter = { .name = "two" };
      gpointer data[] = { orm, &counter };
      guint n_trips = test_proxy_get_n_trips (proxy);
      YaraTransaction *empty;

      test_ok (create_one (NULL, orm, &error));
      g_assert_cmpuint (test_proxy_get_n_trips (proxy) - n_trips, ==, 1);

      n_trips = test_proxy_get_n_trips (proxy);
      test_ok (yara_orm_in_transaction (orm, NULL, NULL, create_one, orm, NULL, &error));
      g_assert_cmpuint (test_proxy_get_n_trips (proxy) - n_trips, ==, 2);

      n_trips = test_proxy_get_n_trips (proxy);
      test_await (yara_orm_in_transaction_async (orm, NULL, NULL, body_of_one, data, NULL, test_call_done, &call),
                  test_ok (yara_orm_in_transaction_finish (orm, call.result, &error)));
      g_assert_cmpuint (test_proxy_get_n_trips (proxy) - n_trips, ==, 2);

      n_trips = test_proxy_get_n_trips (proxy);
      empty = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
      test_ok (yara_transaction_commit (empty, NULL, &error));
      g_object_unref (empty);
      g_assert_cmpuint (test_proxy_get_n_trips (proxy) - n_trips, ==, 0);
    }
  test_ok (yara_orm_close (orm, NULL, &error));
  test_proxy_free (proxy);
}

/* ---- the link is cut around COMMIT ---- */

#define N_CUTS 150

/* The server may still be busy with what it was sent. */
static void
await_no_client (YaraOrm *orm)
{
  while (test_fetch_int (orm, NULL, "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'to-be-cut'") > 0)
    g_usleep (500);
}

static gint64
measure_commit (YaraOrm *orm)
{
  gint64 shortest = G_MAXINT64;

  for (guint i = 0; i < 20; i++)
    {
      g_autoptr(YaraTransaction) transaction = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
      gint64 start;

      test_ok (create_one (NULL, orm, &error));
      start = g_get_monotonic_time ();
      test_ok (yara_transaction_commit (transaction, NULL, &error));
      shortest = MIN (shortest, g_get_monotonic_time () - start);
    }
  return shortest;
}

/* TRUE, FALSE, or unknown. */
static gboolean
commit_and_cut (TestProxy *proxy, YaraOrm *orm, guint number, guint delay, gboolean *is_unknown)
{
  g_autofree char *name = g_strdup_printf ("c%u", number);
  Counter counter = { .name = name };
  g_autoptr(YaraTransaction) transaction = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
  GError *error = NULL;
  TestCall call = { NULL };
  gboolean ok;

  test_ok (yara_orm_create (orm, &counter_model, &counter, NULL, &error));
  test_proxy_cut_in (proxy, delay);
  if (number % 3 != 0)
    ok = yara_transaction_commit (transaction, NULL, &error);
  else
    {
      yara_transaction_commit_async (transaction, NULL, test_call_done, &call);
      test_call_wait (&call);
      ok = yara_transaction_commit_finish (transaction, call.result, &error);
      test_calls_clear (&call, 1);
    }
  *is_unknown = yara_error_is_outcome_unknown (error);
  if (!ok)
    test_check_error (&error, YARA_ERROR, YARA_ERROR_CONNECTION, "commit on \"default\"", NULL);
  return ok;
}

static void
cut_links (Test *test)
{
  TestProxy *proxy = test_proxy_new ();
  g_autofree char *url = test_proxy_url (proxy, "default", "max_size=1&application_name=to-be-cut");
  g_autoptr(YaraOrm) orm = NULL;
  g_autoptr(GRand) random = g_rand_new_with_seed (5);
  guint n_ok = 0, n_failed = 0, n_unknown = 0, n_unknown_committed = 0;
  gint64 usual;

  TEST_USE (test, &counter_model);
  orm = open_orm (url);
  usual = measure_commit (orm);
  for (guint i = 0; i < N_CUTS; i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM counters WHERE name = 'c%u'", i);
      gboolean is_unknown, ok = commit_and_cut (proxy, orm, i, g_rand_int_range (random, 0, 2 * usual + 100), &is_unknown);
      gint64 n_rows;

      test_proxy_await_cut (proxy);
      await_no_client (test->orm);
      g_usleep (12000); /* a session that has rested so long is looked at before it is used */
      n_rows = test_fetch_int (test->orm, NULL, sql);
      if (!is_unknown)
        g_assert_cmpint (n_rows, ==, ok);
      n_ok += ok;
      n_failed += !ok && !is_unknown;
      n_unknown += is_unknown;
      n_unknown_committed += is_unknown && n_rows == 1;
    }
  g_test_message ("%u committed, %u not, %u unknown, of which %u were committed", n_ok, n_failed, n_unknown,
                  n_unknown_committed);
  g_assert_cmpuint (n_ok + n_failed + n_unknown, ==, N_CUTS);
  test_ok (create_one (NULL, orm, &error)); /* the pool is whole */
  test_ok (yara_orm_close (orm, NULL, &error));
  test_proxy_free (proxy);
}

/* The link is lost while the transaction rests: nothing of it was stored, and that is certain. */
static void
lost_before_commit (Test *test)
{
  TestProxy *proxy = test_proxy_new ();
  g_autofree char *url = test_proxy_url (proxy, "default", "max_size=1");
  g_autoptr(YaraOrm) orm = NULL;

  TEST_USE (test, &counter_model);
  orm = open_orm (url);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(YaraTransaction) transaction = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
      GError *error = NULL;

      test_ok (create_one (NULL, orm, &error));
      test_proxy_cut_in (proxy, 0);
      test_proxy_await_cut (proxy);
      g_usleep (20000);
      if (i == 1)
        {
          g_assert_false (create_one (NULL, orm, &error));
          g_assert_false (yara_error_is_outcome_unknown (error));
          test_check_error (&error, YARA_ERROR, YARA_ERROR_CONNECTION, "nothing was stored", NULL);
          test_fails (create_one (NULL, orm, &error), TRANSACTION, "is over");
        }
      g_assert_false (yara_transaction_commit (transaction, NULL, &error));
      g_assert_false (yara_error_is_outcome_unknown (error));
      test_check_error (&error, YARA_ERROR, i == 0 ? YARA_ERROR_CONNECTION : YARA_ERROR_TRANSACTION, NULL);
      g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM counters"), ==, 0);
    }
  test_ok (create_one (NULL, orm, &error));
  test_ok (yara_orm_close (orm, NULL, &error));
  test_proxy_free (proxy);
}

/* The server ends what rests for too long. */
static void
idle_too_long (Test *test)
{
  g_autofree char *direct = test_url (test, "default");
  g_autofree char *url = g_strconcat (direct, "&max_size=1&options=-c%20idle_in_transaction_session_timeout%3D100", NULL);
  g_autoptr(YaraOrm) orm = NULL;
  g_autoptr(YaraTransaction) transaction = NULL;
  GError *error = NULL;

  TEST_USE (test, &counter_model);
  orm = open_orm (url);
  transaction = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
  test_ok (create_one (NULL, orm, &error));
  g_usleep (300000);
  g_assert_false (yara_transaction_commit (transaction, NULL, &error));
  g_assert_false (yara_error_is_outcome_unknown (error));
  test_check_error (&error, YARA_ERROR, YARA_ERROR_CONNECTION, NULL);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM counters"), ==, 0);
  test_ok (create_one (NULL, orm, &error));
  test_ok (yara_orm_close (orm, NULL, &error));
}

/* A constraint that is checked at COMMIT. */
static void
refused_at_commit (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;

  test_execute (test->orm, NULL, "CREATE TABLE parents (id BIGINT PRIMARY KEY)");
  test_execute (test->orm, NULL, "CREATE TABLE children (parent BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)");
  transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  test_execute (test->orm, NULL, "INSERT INTO children VALUES (7)");
  test_fails (yara_transaction_commit (transaction, NULL, &error), INTEGRITY, "commit on \"default\"");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM children"), ==, 0);
}

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
  for (guint i = 0; i < N_INCREMENTS; i++)
    test_ok (yara_orm_run_retrying (orm, NULL, YARA_TRANSACTION_OPTIONS (.isolation = YARA_ISOLATION_SERIALIZABLE), 100,
                                    increment_serializably, orm, NULL, &error));
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
  Adder adders[20];
  guint runs = 0;

  TEST_USE (test, &counter_model);
  create_sum (test->orm);
  for (guint i = 0; i < G_N_ELEMENTS (adders); i++)
    {
      adders[i] = (Adder) { .orm = test->orm };
      yara_orm_run_retrying_async (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.isolation = YARA_ISOLATION_SERIALIZABLE),
                                   200, adder_body, &adders[i], NULL, test_call_done, &adders[i].call);
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
  return yara_connection_execute (test_connection (loser->orm, NULL), "UPDATE counters SET amount = amount + 1", NULL, NULL,
                                  error) >= 0;
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
  test_fails_in (yara_orm_run_retrying (test->orm, NULL, options, 4, fail_otherwise, &loser, NULL, &error), G_FILE_ERROR,
                 G_FILE_ERROR_FAILED);
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
  { "transactions/faults/round-trips", round_trips, "postgres" },
  { "transactions/faults/cut-links", cut_links, "postgres" },
  { "transactions/faults/lost-before-commit", lost_before_commit, "postgres" },
  { "transactions/faults/idle-too-long", idle_too_long, "postgres" },
  { "transactions/faults/refused-at-commit", refused_at_commit, "sqlite-file" },
  { "transactions/faults/refused-at-commit", refused_at_commit, "postgres" },
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
