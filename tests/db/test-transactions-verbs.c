/* SPDX-License-Identifier: MIT
 *
 * Transactions in straight-line code: their options, and that every verb joins.
 */
#include "accounts.h"

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
  transaction = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.read_only = TRUE), NULL,
                                         &error));
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
  transaction = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.read_only = TRUE), NULL,
                                         &error));
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
  transaction = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.deadline = 200000), NULL,
                                         &error));
  create (test->orm, "a", 1);
  g_usleep (250000);
  test_fails (yara_orm_create (test->orm, &account_model, &account, NULL, &error), TIMEOUT, "deadline",
              "0.2 seconds");
  test_fails (yara_transaction_commit (transaction, NULL, &error), TIMEOUT, "deadline");
  assert_names (test, "");

  /* a statement is not let past it */
  running = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.deadline = 300000), NULL,
                                     &error));
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
  test_fails (yara_orm_bulk_create (test->orm, &account_model, accounts, G_N_ELEMENTS (accounts), NULL, &error),
              FIELD);
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

      test_fails (yara_connection_execute (connection, refused[i], NULL, NULL, &error), TRANSACTION,
                  "was not sent");
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
