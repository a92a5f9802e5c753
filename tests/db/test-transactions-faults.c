/* SPDX-License-Identifier: MIT
 *
 * Transactions when things go wrong: the link is cut around COMMIT, the server loses its patience. And what
 * they cost on the wire.
 */
#include "counters.h"
#include "proxy.h"

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
  while (test_fetch_int (orm, NULL, "SELECT count(*) FROM pg_stat_activity "
                                    "WHERE application_name = 'to-be-cut'") > 0)
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
      guint delay = g_rand_int_range (random, 0, 2 * usual + 100);
      gboolean is_unknown, ok = commit_and_cut (proxy, orm, i, delay, &is_unknown);
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
  g_autofree char *url = g_strconcat (direct, "&max_size=1&options=-c%20idle_in_transaction_session_timeout%3D100",
                                      NULL);
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
  test_execute (test->orm, NULL, "CREATE TABLE children "
                                  "(parent BIGINT REFERENCES parents (id) DEFERRABLE INITIALLY DEFERRED)");
  transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  test_execute (test->orm, NULL, "INSERT INTO children VALUES (7)");
  test_fails (yara_transaction_commit (transaction, NULL, &error), INTEGRITY, "commit on \"default\"");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM children"), ==, 0);
}

static const TestCase cases[] = {
  { "transactions/faults/round-trips", round_trips, "postgres" },
  { "transactions/faults/cut-links", cut_links, "postgres" },
  { "transactions/faults/lost-before-commit", lost_before_commit, "postgres" },
  { "transactions/faults/idle-too-long", idle_too_long, "postgres" },
  { "transactions/faults/refused-at-commit", refused_at_commit, "sqlite-file" },
  { "transactions/faults/refused-at-commit", refused_at_commit, "postgres" },
};

TEST_MAIN (cases)
