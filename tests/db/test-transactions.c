/* SPDX-License-Identifier: MIT
 *
 * Transactions in straight-line code: what is stored and what is not, savepoints, what fails and stays
 * failed, and that every verb joins.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64      id;
  const char *name;
  gint32      amount;
} Account;

static const YaraField account_fields[] = {
  YARA_FIELD (Account, id, .primary_key = true),
  YARA_FIELD (Account, name, .max_length = 40, .unique = true),
  YARA_FIELD (Account, amount),
};
static const YaraModel account_model = YARA_MODEL (Account, "accounts", account_fields);

static void
create (YaraOrm *orm, const char *name, gint32 amount)
{
  Account account = { .name = name, .amount = amount };

  test_ok (yara_orm_create (orm, &account_model, &account, NULL, &error));
}

static gint64
count (YaraOrm *orm)
{
  g_autoptr(YaraQuery) query = yara_query_new (&account_model);

  return test_ok (yara_orm_count (orm, query, NULL, &error));
}

/* The names in the table, as somebody sees them who is outside. */
static void
assert_names (Test *test, const char *names)
{
  g_autofree char *found = test_fetch_list (test->orm, NULL, "SELECT name FROM accounts ORDER BY name");

  g_assert_cmpstr (found, ==, names);
}

static YaraTransaction *
begin (Test *test)
{
  return test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
}

static void
commit (YaraTransaction *transaction)
{
  test_ok (yara_transaction_commit (transaction, NULL, &error));
}

static void
roll_back (YaraTransaction *transaction)
{
  test_ok (yara_transaction_rollback (transaction, &error));
}

/* A row that is there already, whose error somebody swallows. */
static void
create_duplicate (Test *test, const char *name)
{
  Account account = { .name = name };

  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), INTEGRITY, "create Account");
  g_assert_cmpint (account.id, ==, 0);
}

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
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), TRANSACTION, "create Account", "ended");
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
  test_fails (yara_orm_in_transaction (test->orm, "nowhere", NULL, create_two, test->orm, NULL, &error), CONFIGURATION,
              "nowhere", "known: default");
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
  inner = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.model = &account_model), NULL, &error));
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
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), TRANSACTION, "only be rolled back");
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

/* ---- what fails stays failed ---- */

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
  test_fails (yara_connection_execute (test_connection (test->orm, NULL), "SELEKT", NULL, NULL, &error), OPERATIONAL);
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
  yara_connection_fetch_rows_async (connection, test->variant->endless_sql, NULL, cancellable, test_call_done, &call);
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

/* ---- options ---- */

static void
isolation_sqlite (Test *test)
{
  static const YaraIsolation refused[] = {
    YARA_ISOLATION_READ_UNCOMMITTED, YARA_ISOLATION_READ_COMMITTED, YARA_ISOLATION_REPEATABLE_READ
  };
  g_autoptr(YaraTransaction) transaction = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    test_fails (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.isolation = refused[i]), NULL, &error),
                UNSUPPORTED, "SERIALIZABLE");
  transaction = test_ok (yara_orm_begin (test->orm, NULL,
                                         YARA_TRANSACTION_OPTIONS (.isolation = YARA_ISOLATION_SERIALIZABLE), NULL,
                                         &error));
  commit (transaction);
}

static void
isolation_postgres (Test *test)
{
  static const char *const levels[] = { "read committed", "read uncommitted", "read committed", "repeatable read",
                                        "serializable" };

  for (YaraIsolation isolation = 0; isolation < G_N_ELEMENTS (levels); isolation++)
    {
      const YaraTransactionOptions *options =
        YARA_TRANSACTION_OPTIONS (.isolation = isolation, .read_only = isolation == YARA_ISOLATION_SERIALIZABLE,
                                  .deferrable = isolation == YARA_ISOLATION_SERIALIZABLE);
      g_autoptr(YaraTransaction) transaction = test_ok (yara_orm_begin (test->orm, NULL, options, NULL, &error));
      g_autofree char *level = test_fetch_list (test->orm, NULL, "SHOW transaction_isolation");
      g_autofree char *access = test_fetch_list (test->orm, NULL, "SHOW transaction_read_only");
      g_autofree char *deferrable = test_fetch_list (test->orm, NULL, "SHOW transaction_deferrable");

      g_assert_cmpstr (level, ==, levels[isolation]);
      g_assert_cmpstr (access, ==, options->read_only ? "on" : "off");
      g_assert_cmpstr (deferrable, ==, options->deferrable ? "on" : "off");
      commit (transaction);
    }
}

static void
read_only (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;
  Account account = { .name = "b" };

  TEST_USE (test, &account_model);
  create (test->orm, "a", 1);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.read_only = TRUE), NULL, &error));
  g_assert_cmpint (count (test->orm), ==, 1);
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), OPERATIONAL,
              test->variant->one_writer ? "only reads" : "read-only transaction; it was begun so");
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), TRANSACTION, "failed before");
  roll_back (transaction);
  create (test->orm, "b", 1);
  assert_names (test, "a,b");
}

/* A server is no standby because a transaction only reads. */
static void
read_only_changes_no_role (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  YaraConnectionStatus status = { .struct_size = sizeof status };
  g_autoptr(YaraTransaction) transaction = NULL;

  TEST_USE (test, &account_model);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.read_only = TRUE), NULL, &error));
  test_fails (yara_connection_execute (connection, "DELETE FROM accounts", NULL, NULL, &error), OPERATIONAL);
  g_assert_true (yara_connection_get_status (connection, &status));
  g_assert_cmpint (status.role, ==, YARA_ROLE_PRIMARY);
  roll_back (transaction);
  g_assert_true (yara_connection_get_status (connection, &status));
  g_assert_cmpuint (status.n_open, ==, 1);
}

/* Everything in it sees one state, whatever others commit meanwhile. */
static void
read_only_is_one_picture (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autoptr(YaraOrm) other = NULL;
  g_autoptr(YaraTransaction) transaction = NULL;
  const YaraTransactionOptions *options =
    YARA_TRANSACTION_OPTIONS (.read_only = TRUE, .isolation = YARA_ISOLATION_SERIALIZABLE);

  if (!test->variant->on_disk)
    return;
  TEST_USE (test, &account_model);
  other = test_ok (yara_orm_open (url, NULL, NULL, &error));
  test_ok (yara_orm_register (other, &account_model, &error));
  create (other, "a", 1);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, options, NULL, &error));
  g_assert_cmpint (count (test->orm), ==, 1);
  create (other, "b", 1);
  g_assert_cmpint (count (test->orm), ==, 1);
  commit (transaction);
  g_assert_cmpint (count (test->orm), ==, 2);
}

static void
deadline (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL, running = NULL;
  Account account = { .name = "b" };

  TEST_USE (test, &account_model);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.deadline = 200000), NULL, &error));
  create (test->orm, "a", 1);
  g_usleep (250000);
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), TIMEOUT, "deadline", "0.2 seconds");
  test_fails (yara_transaction_commit (transaction, NULL, &error), TIMEOUT, "deadline");
  assert_names (test, "");

  /* a statement is not let past it */
  running = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.deadline = 300000), NULL, &error));
  create (test->orm, "a", 1);
  test_fails (yara_connection_fetch_row (test_connection (test->orm, NULL), test->variant->endless_sql, NULL, NULL,
                                         &error), TIMEOUT);
  roll_back (running);
  assert_names (test, "");
}

/* ---- the other verbs ---- */

static gboolean
count_batch (YaraResult *batch, gpointer n_records, GError **error)
{
  *(guint *) n_records += yara_result_get_n_records (batch);
  return TRUE;
}

static void
verbs_join (Test *test)
{
  static const char *const fields[] = { "name", NULL };
  Account accounts[250], account = { .name = "n007", .amount = 70 };
  char names[250][8];
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraQuery) query = yara_query_new (&account_model);
  g_autoptr(YaraResult) found = NULL, all = NULL;
  guint n_records = 0;
  gboolean created = TRUE;

  TEST_USE (test, &account_model);
  for (guint i = 0; i < G_N_ELEMENTS (accounts); i++)
    {
      g_snprintf (names[i], sizeof names[i], "n%03u", i);
      accounts[i] = (Account) { .name = names[i], .amount = i };
    }
  transaction = begin (test);
  test_ok (yara_orm_bulk_create (test->orm, &account_model, accounts, G_N_ELEMENTS (accounts), NULL, &error));
  g_assert_cmpint (accounts[249].id, >, 0);
  found = test_ok (yara_orm_get_or_create (test->orm, &account_model, &account, fields, &created, NULL, &error));
  g_assert_false (created);
  test_ok (yara_orm_update_or_create (test->orm, &account_model, &account, fields, &created, NULL, &error));
  g_assert_false (created);
  account.name = "new";
  account.id = 0;
  test_ok (yara_orm_update_or_create (test->orm, &account_model, &account, fields, &created, NULL, &error));
  g_assert_true (created);
  test_ok (yara_orm_each (test->orm, query, 50, count_batch, &n_records, NULL, &error));
  g_assert_cmpuint (n_records, ==, 251);
  test_execute (test->orm, NULL, "DELETE FROM accounts WHERE name < 'n200'");
  test_ok (yara_connection_execute_script (test_connection (test->orm, NULL),
                                           "INSERT INTO accounts (name, amount) VALUES ('s1', 1); "
                                           "INSERT INTO accounts (name, amount) VALUES ('s2', 1)", NULL, &error));
  g_assert_cmpint (count (test->orm), ==, 53);
  all = test_ok (yara_orm_all (test->orm, query, NULL, &error));
  g_assert_cmpuint (yara_result_get_n_records (all), ==, 53);
  roll_back (transaction);
  assert_names (test, "");
}

static void
bulk_fails (Test *test)
{
  Account accounts[300];
  char names[300][8];
  g_autoptr(YaraTransaction) transaction = NULL, inner = NULL;

  TEST_USE (test, &account_model);
  for (guint i = 0; i < G_N_ELEMENTS (accounts); i++)
    {
      g_snprintf (names[i], sizeof names[i], "n%03u", i);
      accounts[i] = (Account) { .name = names[i], .amount = i };
    }
  accounts[299].name = NULL; /* which is found out late, after others were inserted */
  transaction = begin (test);
  create (test->orm, "a", 1);
  inner = begin (test);
  test_fails (yara_orm_bulk_create (test->orm, &account_model, accounts, G_N_ELEMENTS (accounts), NULL, &error), FIELD);
  g_assert_cmpint (accounts[0].id, ==, 0);
  test_fails (yara_transaction_commit (inner, NULL, &error), TRANSACTION, "failed before");
  commit (transaction);
  assert_names (test, "a");
}

static void
schemas_join (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autofree char *before = NULL, *after = NULL;

  test_ok (yara_orm_register (test->orm, &account_model, &error));
  before = test_fetch_list (test->orm, NULL, test->variant->tables_sql);
  transaction = begin (test);
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  create (test->orm, "a", 1);
  roll_back (transaction);
  after = test_fetch_list (test->orm, NULL, test->variant->tables_sql);
  g_assert_cmpstr (before, ==, after);
}

/* Raw SQL joins, and cannot end the transaction. */
static void
raw_sql (Test *test)
{
  static const char *const refused[] = {
    "COMMIT", " /* so */ rollback", "BEGIN", "start transaction", "END", "savepoint s", "RELEASE s", ";COMMIT"
  };
  g_autoptr(YaraTransaction) transaction = NULL;

  TEST_USE (test, &account_model);
  transaction = begin (test);
  test_execute (test->orm, NULL, "INSERT INTO accounts (name, amount) VALUES ('a', 1)");
  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      YaraConnection *connection = test_connection (test->orm, NULL);
      g_autofree char *script = g_strdup_printf ("INSERT INTO accounts (name, amount) VALUES ('x%u', 1); %s", i,
                                                 refused[i]);

      test_fails (yara_connection_execute (connection, refused[i], NULL, NULL, &error), TRANSACTION, "was not sent");
      test_fails (yara_connection_execute_script (connection, script, NULL, &error), TRANSACTION, "statement 2");
    }
  test_execute (test->orm, NULL, "DELETE FROM accounts WHERE name LIKE 'x%'");
  g_assert_true (yara_transaction_is_open (transaction));
  commit (transaction);
  assert_names (test, "a");
}

/* Settings that the SQL of a transaction has made do not outlive it. */
static void
settings_end_with_it (Test *test)
{
  g_autoptr(YaraTransaction) transaction = begin (test);
  g_autofree char *name = NULL;

  test_execute (test->orm, NULL, "SET application_name = 'left-over'");
  commit (transaction);
  name = test_fetch_list (test->orm, NULL, "SHOW application_name");
  g_assert_cmpstr (name, !=, "left-over");
}

static void
pragmas_end_with_it (Test *test)
{
  g_autoptr(YaraTransaction) transaction = begin (test);

  test_execute (test->orm, NULL, "PRAGMA query_only = ON");
  commit (transaction);
  test_execute (test->orm, NULL, "CREATE TABLE t (id INTEGER)");
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
  { "transactions/swallowed-error", swallowed_error },
  { "transactions/swallowed-error-in-savepoint", swallowed_error_in_savepoint },
  { "transactions/mistakes-do-no-harm", mistakes_do_no_harm },
  { "transactions/wrong-sql", wrong_sql },
  { "transactions/cancelled-statement", cancelled_statement },
  { "transactions/isolation", isolation_sqlite, "sqlite-file" },
  { "transactions/isolation", isolation_postgres, "postgres" },
  { "transactions/isolation", isolation_postgres, "pgbouncer" },
  { "transactions/read-only", read_only },
  { "transactions/read-only-changes-no-role", read_only_changes_no_role, "postgres" },
  { "transactions/read-only-changes-no-role", read_only_changes_no_role, "pgbouncer" },
  { "transactions/read-only-is-one-picture", read_only_is_one_picture },
  { "transactions/deadline", deadline },
  { "transactions/verbs-join", verbs_join },
  { "transactions/bulk-fails", bulk_fails },
  { "transactions/schemas-join", schemas_join },
  { "transactions/raw-sql", raw_sql },
  { "transactions/settings-end", settings_end_with_it, "postgres" },
  { "transactions/pragmas-end", pragmas_end_with_it, "sqlite-file" },
};

TEST_MAIN (cases)
