/* SPDX-License-Identifier: MIT
 *
 * Transactions in straight-line code: what fails stays failed, whoever swallows the error.
 */
#include "accounts.h"

/* A row that is there already, whose error somebody swallows. */
static void
create_duplicate (Test *test, const char *name)
{
  Account account = { .name = name };

  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), INTEGRITY, "create Account");
  g_assert_cmpint (account.id, ==, 0);
}

static void
swallowed_error (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;
  Account account = { .name = "c" };

  TEST_USE (test, &account_model);
  create (test->orm, "a", 1);
  transaction = begin (test);
  create (test->orm, "b", 1);
  create_duplicate (test, "a");
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), TRANSACTION, "failed before");
  g_assert_cmpint (account.id, ==, 0);
  test_fails (yara_transaction_commit (transaction, NULL, &error), TRANSACTION, "rolled back", "failed before");
  assert_names (test, "a");
  create (test->orm, "c", 1);
  assert_names (test, "a,c");
}

static void
swallowed_error_in_savepoint (Test *test)
{
  g_autoptr(YaraTransaction) outer = NULL, inner = NULL, other = NULL;

  TEST_USE (test, &account_model);
  create (test->orm, "a", 1);
  outer = begin (test);
  create (test->orm, "b", 1);
  inner = begin (test);
  create_duplicate (test, "a");
  test_fails (yara_orm_begin (test->orm, NULL, NULL, NULL, &error), TRANSACTION, "failed before");
  roll_back (inner);
  create (test->orm, "c", 1);

  /* one that is released in spite of it is rolled back, and says so */
  other = begin (test);
  create (test->orm, "d", 1);
  create_duplicate (test, "a");
  test_fails (yara_transaction_commit (other, NULL, &error), TRANSACTION, "nested block was rolled back");
  create (test->orm, "e", 1);
  commit (outer);
  assert_names (test, "a,b,c,e");
}

/* What is found out before anything is sent does no harm. */
static void
mistakes_do_no_harm (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraQuery) query = yara_query_new (&account_model);
  Account account = { .name = "a name of more than forty characters, which it may not have" };

  TEST_USE (test, &account_model);
  yara_query_filter (query, "nothing", 1);
  transaction = begin (test);
  create (test->orm, "a", 1);
  test_fails (yara_orm_all (test->orm, query, NULL, &error), FIELD, "nothing");
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), FIELD, "40");
  create (test->orm, "b", 1);
  commit (transaction);
  assert_names (test, "a,b");
}

static void
wrong_sql (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;

  TEST_USE (test, &account_model);
  transaction = begin (test);
  create (test->orm, "a", 1);
  test_fails (yara_connection_execute (test_connection (test->orm, NULL), "SELEKT", NULL, NULL, &error),
              OPERATIONAL);
  test_fails (yara_transaction_commit (transaction, NULL, &error), TRANSACTION, "failed before");
  assert_names (test, "");
}

/* A cancelled statement: the transaction has failed; nothing of it is stored, the session is clean. */
static void
cancelled_statement (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  TestCall call = { NULL };
  YaraConnection *connection;

  TEST_USE (test, &account_model);
  transaction = begin (test);
  create (test->orm, "a", 1);
  connection = test_connection (test->orm, NULL);
  yara_connection_fetch_rows_async (connection, test->variant->endless_sql, NULL, cancellable, test_call_done,
                                    &call);
  for (guint i = 0; i < 20; i++)
    {
      g_main_context_iteration (NULL, FALSE);
      g_usleep (2000);
    }
  g_cancellable_cancel (cancellable);
  test_call_wait (&call);
  test_is_cancelled (yara_connection_fetch_rows_finish (connection, call.result, &error));
  test_calls_clear (&call, 1);
  test_fails (yara_transaction_commit (transaction, NULL, &error), TRANSACTION, "failed before");
  assert_names (test, "");
}

static const TestCase cases[] = {
  { "transactions/swallowed-error", swallowed_error },
  { "transactions/swallowed-error-in-savepoint", swallowed_error_in_savepoint },
  { "transactions/mistakes-do-no-harm", mistakes_do_no_harm },
  { "transactions/wrong-sql", wrong_sql },
  { "transactions/cancelled-statement", cancelled_statement },
};

TEST_MAIN (cases)
