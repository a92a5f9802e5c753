/* SPDX-License-Identifier: MIT
 *
 * Transactions in straight-line code: how they end, what is stored and what is not, blocks, savepoints.
 */
#include "accounts.h"

/* ---- ends ---- */

static void
commits (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;

  TEST_USE (test, &account_model);
  transaction = begin (test);
  g_assert_true (yara_transaction_is_open (transaction));
  g_assert_cmpstr (yara_connection_get_name (yara_transaction_get_connection (transaction)), ==, "default");
  create (test->orm, "a", 1);
  create (test->orm, "b", 2);
  g_assert_cmpint (count (test->orm), ==, 2);
  commit (transaction);
  g_assert_false (yara_transaction_is_open (transaction));
  assert_names (test, "a,b");
}

static void
rolls_back (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;

  TEST_USE (test, &account_model);
  create (test->orm, "a", 1);
  transaction = begin (test);
  create (test->orm, "b", 2);
  g_assert_cmpint (count (test->orm), ==, 2);
  roll_back (transaction);
  assert_names (test, "a");
}

/* One in which nothing was done. */
static void
empty (Test *test)
{
  YaraTransaction *first = begin (test), *second;

  commit (first);
  second = begin (test);
  roll_back (second);
  g_object_unref (first);
  g_object_unref (second);
}

static void
is_over_after_its_end (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraAmbient) late = NULL;
  Account account = { .name = "late" };

  TEST_USE (test, &account_model);
  transaction = begin (test);
  late = yara_ambient_dup_current ();
  g_assert_nonnull (late);
  create (test->orm, "a", 1);
  commit (transaction);
  test_fails (yara_transaction_commit (transaction, NULL, &error), TRANSACTION, "commit on \"default\"", "ended");
  test_fails (yara_transaction_rollback (transaction, &error), TRANSACTION, "ended");
  g_assert_null (yara_ambient_dup_current ());

  /* a callback that comes late does not slip out of it */
  yara_ambient_enter (late);
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), TRANSACTION,
              "create Account", "ended");
  test_fails (yara_orm_begin (test->orm, NULL, NULL, NULL, &error), TRANSACTION, "ended");
  yara_ambient_leave ();
  assert_names (test, "a");
}

static void
dropped (Test *test)
{
  TEST_USE (test, &account_model);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_WARNING, "*dropped without a commit or rollback*");
  {
    g_autoptr(YaraTransaction) transaction = begin (test);

    create (test->orm, "a", 1);
  }
  g_test_assert_expected_messages ();
  g_assert_null (yara_ambient_dup_current ());
  assert_names (test, "");
  create (test->orm, "b", 1);
  assert_names (test, "b");
}

static void
closed (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  g_autoptr(YaraTransaction) transaction = NULL;
  Account account = { .name = "late" };

  TEST_USE (test, &account_model);
  test_ok (yara_orm_register (orm, &account_model, &error));
  test_ok (yara_orm_generate_schemas (orm, YARA_SCHEMA_SAFE, NULL, &error));
  transaction = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
  create (orm, "a", 1);
  test_ok (yara_orm_close (orm, NULL, &error));
  test_fails (yara_orm_create (orm, &account_model, &account, NULL, &error), CONNECTION, "closed");
  test_fails (yara_transaction_commit (transaction, NULL, &error), CONNECTION, "closed");
  assert_names (test, "");
}

/* ---- blocks ---- */

static gboolean
create_two (YaraTransaction *transaction, gpointer orm, GError **error)
{
  create (orm, "a", 1);
  create (orm, "b", 2);
  return TRUE;
}

static gboolean
create_and_fail (YaraTransaction *transaction, gpointer orm, GError **error)
{
  create (orm, "c", 1);
  g_set_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT, "its own trouble");
  return FALSE;
}

static gboolean
fail_silently (YaraTransaction *transaction, gpointer orm, GError **error)
{
  create (orm, "d", 1);
  return FALSE;
}

static void
blocks (Test *test)
{
  GError *error = NULL;

  TEST_USE (test, &account_model);
  test_ok (yara_orm_in_transaction (test->orm, NULL, NULL, create_two, test->orm, NULL, &error));
  assert_names (test, "a,b");

  g_assert_false (yara_orm_in_transaction (test->orm, NULL, NULL, create_and_fail, test->orm, NULL, &error));
  g_assert_error (error, G_FILE_ERROR, G_FILE_ERROR_NOENT);
  g_assert_cmpstr (error->message, ==, "its own trouble");
  g_clear_error (&error);
  test_fails (yara_orm_in_transaction (test->orm, NULL, NULL, fail_silently, test->orm, NULL, &error), TRANSACTION,
              "without an error");
  test_fails (yara_orm_in_transaction (test->orm, "nowhere", NULL, create_two, test->orm, NULL, &error),
              CONFIGURATION, "nowhere", "known: default");
  assert_names (test, "a,b");
}

static void
cancelled (Test *test)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(YaraTransaction) transaction = NULL;

  TEST_USE (test, &account_model);
  transaction = begin (test);
  create (test->orm, "a", 1);
  g_cancellable_cancel (cancellable);
  test_is_cancelled (yara_transaction_commit (transaction, cancellable, &error));
  assert_names (test, "");
  test_is_cancelled (yara_orm_begin (test->orm, NULL, NULL, cancellable, &error));
  create (test->orm, "b", 1);
  assert_names (test, "b");
}

/* ---- savepoints ---- */

static void
nested (Test *test)
{
  YaraTransaction *outer, *inner, *innermost;

  TEST_USE (test, &account_model);
  outer = begin (test);
  create (test->orm, "a", 1);
  inner = begin (test);
  create (test->orm, "b", 1);
  innermost = begin (test);
  create (test->orm, "c", 1);
  roll_back (innermost);
  create (test->orm, "d", 1);
  commit (inner);
  create (test->orm, "e", 1);
  commit (outer);
  assert_names (test, "a,b,d,e");
  g_object_unref (outer);
  g_object_unref (inner);
  g_object_unref (innermost);

  /* the outer one takes all */
  outer = begin (test);
  inner = begin (test);
  create (test->orm, "f", 1);
  commit (inner);
  roll_back (outer);
  assert_names (test, "a,b,d,e");
  g_object_unref (outer);
  g_object_unref (inner);
}

static void
deeply_nested (Test *test)
{
  YaraTransaction *transactions[40];

  TEST_USE (test, &account_model);
  for (guint i = 0; i < G_N_ELEMENTS (transactions); i++)
    {
      g_autofree char *name = g_strdup_printf ("%02u", i);

      transactions[i] = begin (test);
      create (test->orm, name, i);
    }
  for (guint i = G_N_ELEMENTS (transactions); i-- > 0;)
    {
      if (i == 20)
        roll_back (transactions[i]);
      else
        commit (transactions[i]);
      g_object_unref (transactions[i]);
    }
  g_assert_cmpint (count (test->orm), ==, 20);
}

static void
nested_options (Test *test)
{
  const YaraTransactionOptions *refused[] = {
    YARA_TRANSACTION_OPTIONS (.isolation = YARA_ISOLATION_SERIALIZABLE),
    YARA_TRANSACTION_OPTIONS (.read_only = TRUE),
    YARA_TRANSACTION_OPTIONS (.deferrable = TRUE),
    YARA_TRANSACTION_OPTIONS (.deadline = 1),
    YARA_TRANSACTION_OPTIONS (.rule = YARA_RULE_STRICT),
  };
  g_autoptr(YaraTransaction) outer = NULL, inner = NULL;

  TEST_USE (test, &account_model);
  outer = begin (test);
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    test_fails (yara_orm_begin (test->orm, NULL, refused[i], NULL, &error), TRANSACTION, "nested");
  inner = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.model = &account_model), NULL,
                                   &error));
  create (test->orm, "a", 1);
  commit (inner);
  commit (outer);
  assert_names (test, "a");
}

static void
out_of_order (Test *test)
{
  g_autoptr(YaraTransaction) outer = NULL, first = NULL, second = NULL;
  Account account = { .name = "d" };

  TEST_USE (test, &account_model);
  outer = begin (test);
  create (test->orm, "a", 1);
  first = begin (test);
  create (test->orm, "b", 1);
  second = begin (test);
  create (test->orm, "c", 1);
  test_fails (yara_transaction_commit (first, NULL, &error), TRANSACTION, "reverse order");
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), TRANSACTION,
              "only be rolled back");
  test_fails (yara_transaction_commit (second, NULL, &error), TRANSACTION, "only be rolled back");
  test_fails (yara_transaction_commit (outer, NULL, &error), TRANSACTION, "only be rolled back");
  assert_names (test, "");
  create (test->orm, "e", 1);
  assert_names (test, "e");
}

/* The outermost is committed with a block in it still open. */
static void
outer_ends_first (Test *test)
{
  g_autoptr(YaraTransaction) outer = NULL, inner = NULL;

  TEST_USE (test, &account_model);
  outer = begin (test);
  inner = begin (test);
  create (test->orm, "a", 1);
  test_fails (yara_transaction_commit (outer, NULL, &error), TRANSACTION, "reverse order");
  test_fails (yara_transaction_commit (inner, NULL, &error), TRANSACTION, "ended");
  g_assert_false (yara_transaction_is_open (inner));
  assert_names (test, "");
}

static const TestCase cases[] = {
  { "transactions/commit", commits },
  { "transactions/rollback", rolls_back },
  { "transactions/empty", empty },
  { "transactions/over", is_over_after_its_end },
  { "transactions/dropped", dropped },
  { "transactions/closed", closed, "sqlite-file" },
  { "transactions/closed", closed, "postgres" },
  { "transactions/blocks", blocks },
  { "transactions/cancelled", cancelled },
  { "transactions/nested", nested },
  { "transactions/deeply-nested", deeply_nested },
  { "transactions/nested-options", nested_options },
  { "transactions/out-of-order", out_of_order },
  { "transactions/outer-ends-first", outer_ends_first },
};

TEST_MAIN (cases)
