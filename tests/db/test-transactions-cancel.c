/* SPDX-License-Identifier: MIT
 *
 * Transactions that are cancelled sometime: what they say is what happened.
 */
#include "entries.h"

#include <string.h>

/* Another client of the same database, which sees what is committed and nothing else. */
static YaraOrm *
open_probe (Test *test)
{
  g_autofree char *url = test_url (test, "default");

  return test_ok (yara_orm_open (url, NULL, NULL, &error));
}

static char *
url_with (Test *test, const char *parameter)
{
  g_autofree char *url = test_url (test, "default");

  return g_strconcat (url, strchr (url, '?') != NULL ? "&" : "?", parameter, NULL);
}

#define N_CANCELS 500

typedef struct
{
  GCancellable *cancellable;
  guint         delay; /* microseconds */
} Cancel;

static gpointer
cancel_in_time (gpointer data)
{
  Cancel *cancel = data;
  gint64 until = g_get_monotonic_time () + cancel->delay;

  while (g_get_monotonic_time () < until)
    ;
  g_cancellable_cancel (cancel->cancellable);
  return NULL;
}

/* One transaction whose commit is cancelled sometime: what it says is what happened. */
static gboolean
commit_and_cancel (YaraOrm *orm, guint number, GRand *random)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(YaraTransaction) transaction = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
  Cancel cancel = { cancellable, g_rand_int_range (random, 0, 400) };
  Entry entry = { .name = "cancelled", .step = number };
  TestCall call = { NULL };
  GThread *thread;
  GError *error = NULL;
  gboolean ok;

  test_ok (yara_orm_create (orm, &entry_model, &entry, NULL, &error));
  thread = g_thread_new ("cancel", cancel_in_time, &cancel);
  if (number % 2 == 0)
    ok = yara_transaction_commit (transaction, cancellable, &error);
  else
    {
      yara_transaction_commit_async (transaction, cancellable, test_call_done, &call);
      test_call_wait (&call);
      ok = yara_transaction_commit_finish (transaction, call.result, &error);
      test_calls_clear (&call, 1);
    }
  g_thread_join (thread);
  if (!ok)
    test_check_error (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  return ok;
}

static void
cancelled_commits (Test *test)
{
  g_autofree char *url = url_with (test, "max_size=1");
  g_autoptr(YaraOrm) orm = NULL, probe = NULL;
  g_autoptr(GRand) random = g_rand_new_with_seed (7);
  guint n_committed = 0;

  TEST_USE (test, &entry_model);
  orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  test_ok (yara_orm_register (orm, &entry_model, &error));
  probe = open_probe (test);
  for (guint i = 0; i < N_CANCELS; i++)
    {
      n_committed += commit_and_cancel (orm, i, random);
      g_assert_cmpint (count_entries (probe, NULL), ==, n_committed);
      g_assert_cmpint (count_entries (orm, NULL), ==, n_committed);
    }
  g_test_message ("%u of %u were committed", n_committed, N_CANCELS);
  test_ok (yara_orm_close (orm, NULL, &error));
  test_ok (yara_orm_close (probe, NULL, &error));
}

/* Cancelled anywhere in an asynchronous block. */
static void
cancelled_blocks (Test *test)
{
  g_autofree char *url = url_with (test, "max_size=1");
  g_autoptr(YaraOrm) orm = NULL, probe = NULL;
  g_autoptr(GRand) random = g_rand_new_with_seed (9);
  guint n_rows = 0;

  TEST_USE (test, &entry_model);
  orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  test_ok (yara_orm_register (orm, &entry_model, &error));
  probe = open_probe (test);
  for (guint i = 0; i < 100; i++)
    {
      Chain chain = { orm, RETURN };
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      Cancel cancel = { cancellable, g_rand_int_range (random, 0, 1500) };
      GThread *thread = g_thread_new ("cancel", cancel_in_time, &cancel);
      GError *error = NULL;

      yara_orm_in_transaction_async (orm, NULL, NULL, chain_body, &chain, cancellable, chain_done, &chain.call);
      test_call_wait (&chain.call);
      if (yara_orm_in_transaction_finish (orm, chain.call.result, &error))
        n_rows += 3;
      else
        test_check_error (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
      test_calls_clear (&chain.call, 1);
      g_thread_join (thread);
      g_assert_cmpint (count_entries (probe, NULL), ==, n_rows);
    }
  test_ok (yara_orm_close (orm, NULL, &error));
  test_ok (yara_orm_close (probe, NULL, &error));
}

static const TestCase cases[] = {
  { "transactions/async/cancelled-commits", cancelled_commits, "sqlite-file" },
  { "transactions/async/cancelled-commits", cancelled_commits, "postgres" },
  { "transactions/async/cancelled-blocks", cancelled_blocks, "sqlite-file" },
  { "transactions/async/cancelled-blocks", cancelled_blocks, "postgres" },
};

TEST_MAIN (cases)
