/* SPDX-License-Identifier: MIT
 *
 * Raw SQL on a connection: counts, rows, dictionaries, arguments, one statement a call.
 */
#include "fixture.h"

#include <string.h>

static gint64
execute (Test *test, const char *sql, const YaraArgs *args)
{
  return test_ok (yara_connection_execute (test_connection (test->orm, NULL), sql, args, NULL, &error));
}

static YaraRows *
fetch_row (Test *test, const char *sql, const YaraArgs *args)
{
  return test_ok (yara_connection_fetch_row (test_connection (test->orm, NULL), sql, args, NULL, &error));
}

static YaraRows *
fetch_rows (Test *test, const char *sql, const YaraArgs *args)
{
  return test_ok (yara_connection_fetch_rows (test_connection (test->orm, NULL), sql, args, NULL, &error));
}

static GVariant *
fetch_all (Test *test, const char *sql)
{
  return test_ok (yara_connection_fetch_all (test_connection (test->orm, NULL), sql, NULL, NULL, &error));
}

static void
make_table (Test *test)
{
  execute (test, "CREATE TABLE t (id BIGINT PRIMARY KEY, name VARCHAR(100), size DOUBLE PRECISION)", NULL);
}

static gint64
count_rows (Test *test)
{
  return test_fetch_int (test->orm, NULL, "SELECT count(*) FROM t");
}

static void
counts (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);

  g_assert_cmpint (execute (test, "CREATE TABLE t (id BIGINT PRIMARY KEY)", NULL), ==, 0);
  g_assert_cmpint (execute (test, "INSERT INTO t VALUES (1), (2), (3)", NULL), ==, 3);
  g_assert_cmpint (execute (test, "CREATE INDEX i ON t (id)", NULL), ==, 0);
  g_assert_cmpint (execute (test, "UPDATE t SET id = id + 10 WHERE id > 1", NULL), ==, 2);
  g_assert_cmpint (execute (test, "SELECT * FROM t", NULL), ==, 0);
  g_assert_cmpint (execute (test, "DELETE FROM t WHERE id = $1", YARA_ARGS (1)), ==, 1);
  g_assert_cmpint (execute (test, "DELETE FROM t WHERE id = $1", YARA_ARGS (1)), ==, 0);
  g_assert_cmpint (test_await_ok (connection_execute, connection, "DELETE FROM t", NULL), ==, 2);
  g_assert_cmpint (execute (test, "DROP TABLE t", NULL), ==, 0);
}

/* A statement that cannot stand inside a transaction. */
static void
vacuum (Test *test)
{
  make_table (test);
  execute (test, "INSERT INTO t (id) VALUES (1)", NULL);
  g_assert_cmpint (execute (test, "VACUUM", NULL), ==, 0);
  g_assert_cmpint (count_rows (test), ==, 1);
}

static void
rows (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(YaraRows) several = NULL, first = NULL, none = NULL, nothing = NULL, later = NULL, made = NULL;

  make_table (test);
  execute (test, "INSERT INTO t VALUES (1, 'one', 1.5), (2, NULL, NULL), (3, 'three', -0.25)", NULL);
  several = fetch_rows (test, "SELECT id, name, size FROM t ORDER BY id", NULL);
  g_assert_cmpuint (yara_rows_get_n_rows (several), ==, 3);
  g_assert_cmpuint (yara_rows_get_n_columns (several), ==, 3);
  g_assert_cmpstr (yara_rows_get_column_name (several, 1), ==, "name");
  g_assert_cmpint (yara_rows_get_int (several, 2, 0), ==, 3);
  g_assert_cmpstr (yara_rows_get_text (several, 0, 1), ==, "one");
  g_assert_true (yara_rows_is_null (several, 1, 1));
  g_assert_null (yara_rows_get_text (several, 1, 1));
  g_assert_cmpfloat (yara_rows_get_double (several, 2, 2), ==, -0.25);
  g_assert_cmpfloat (yara_rows_get_double (several, 2, 0), ==, 3);

  first = fetch_row (test, "SELECT id FROM t ORDER BY id", NULL);
  g_assert_cmpuint (yara_rows_get_n_rows (first), ==, 1);
  g_assert_cmpint (yara_rows_get_int (first, 0, 0), ==, 1);
  none = fetch_row (test, "SELECT id FROM t WHERE id > 9", NULL);
  g_assert_cmpuint (yara_rows_get_n_rows (none), ==, 0);
  g_assert_cmpuint (yara_rows_get_n_columns (none), ==, 1);
  nothing = fetch_rows (test, "DELETE FROM t WHERE id = 3", NULL);
  g_assert_cmpuint (yara_rows_get_n_rows (nothing), ==, 0);
  g_assert_cmpint (count_rows (test), ==, 2);
  later = test_await_ok (connection_fetch_rows, connection, "SELECT id FROM t", NULL);
  g_assert_cmpuint (yara_rows_get_n_rows (later), ==, 2);
  made = fetch_rows (test, "INSERT INTO t VALUES (7, 'x', 0), (8, 'y', 0) RETURNING id", NULL);
  g_assert_cmpuint (yara_rows_get_n_rows (made), ==, 2);
  g_assert_cmpint (count_rows (test), ==, 4);
  {
    const char *insert = "INSERT INTO t (id) VALUES ($1) RETURNING id";
    g_autoptr(YaraRows) made_later = test_await_ok (connection_fetch_rows, connection, insert, YARA_ARGS (9));

    g_assert_cmpint (yara_rows_get_int (made_later, 0, 0), ==, 9);
  }
  g_assert_cmpint (count_rows (test), ==, 5);
}

/* The first row is given, and all of them are inserted. */
static void
fetch_row_runs_to_the_end (Test *test)
{
  g_autoptr(YaraRows) row = NULL;

  make_table (test);
  row = fetch_row (test, "INSERT INTO t (id) VALUES (1), (2), (3) RETURNING id", NULL);
  g_assert_cmpuint (yara_rows_get_n_rows (row), ==, 1);
  g_assert_cmpint (count_rows (test), ==, 3);
  execute (test, "DROP TABLE t", NULL);
}

static void
dictionaries (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(GVariant) all = NULL, later = NULL;
  const char *sql = "SELECT id, name, size, 'a' AS twice, 'b' AS twice FROM t ORDER BY id";
  g_autofree char *text = NULL;

  make_table (test);
  execute (test, "INSERT INTO t VALUES (1, 'one', 1.5), (9223372036854775807, NULL, NULL)", NULL);
  all = fetch_all (test, sql);
  g_assert_cmpstr (g_variant_get_type_string (all), ==, "aa{sv}");
  g_assert_false (g_variant_is_floating (all));
  text = g_variant_print (all, TRUE);
  g_assert_cmpstr (text, ==, "[{'id': <int64 1>, 'name': <'one'>, 'size': <1.5>, 'twice': <'b'>}, "
                             "{'id': <int64 9223372036854775807>, 'twice': <'b'>}]");
  later = test_await_ok (connection_fetch_all, connection, sql, NULL);
  g_assert_true (g_variant_equal (all, later));
  {
    g_autoptr(GVariant) none = fetch_all (test, "SELECT 1 AS a FROM t WHERE id = 2");

    g_assert_cmpuint (g_variant_n_children (none), ==, 0);
    g_assert_cmpstr (g_variant_get_type_string (none), ==, "aa{sv}");
  }
}

static void
dictionary_of_bytes (Test *test)
{
  g_autofree char *some = test_bytes_literal (test, "0001ff"), *none = test_bytes_literal (test, "");
  g_autofree char *sql = g_strdup_printf ("SELECT %s AS b, %s AS e", some, none);
  g_autoptr(GVariant) all = fetch_all (test, sql);
  g_autofree char *text = g_variant_print (all, TRUE);

  g_assert_cmpstr (text, ==, "[{'b': <[byte 0x00, 0x01, 0xff]>, 'e': <@ay []>}]");
}

/* ---- arguments ---- */

static void
bound_by_number (Test *test)
{
  g_autoptr(YaraRows) row = fetch_row (test,
    "SELECT CAST ($2 AS VARCHAR(9)), CAST ($1 AS BIGINT), CAST ($2 AS VARCHAR(9)), '$3', \"$4\" "
    "FROM (SELECT 5 AS \"$4\") AS t /* $5 */ -- $6\n", YARA_ARGS (7, "two"));

  g_assert_cmpstr (yara_rows_get_text (row, 0, 0), ==, "two");
  g_assert_cmpint (yara_rows_get_int (row, 0, 1), ==, 7);
  g_assert_cmpstr (yara_rows_get_text (row, 0, 2), ==, "two");
  g_assert_cmpstr (yara_rows_get_text (row, 0, 3), ==, "$3");
  g_assert_cmpint (yara_rows_get_int (row, 0, 4), ==, 5);
}

static void
many_arguments (Test *test)
{
  enum { N = 1200 };
  GString *sql = g_string_new ("SELECT CAST ($1 AS BIGINT)");
  YaraValue values[N];
  g_autoptr(YaraRows) row = NULL;

  for (guint i = 0; i < N; i++)
    {
      values[i] = yara_value_int (i * 10);
      if (i > 0)
        g_string_append_printf (sql, ", CAST ($%u AS BIGINT)", i + 1);
    }
  row = fetch_row (test, sql->str, &(YaraArgs) { values, N });
  for (guint i = 0; i < N; i += 97)
    g_assert_cmpint (yara_rows_get_int (row, 0, i), ==, i * 10);
  g_string_free (sql, TRUE);
}

static void
kinds_of_arguments (Test *test)
{
  YaraBytes bytes = { "a\0b", 3 };
  g_autoptr(YaraRows) row = NULL, found = NULL;

  g_autofree char *create = g_strdup_printf ("CREATE TABLE kinds (i BIGINT, d DOUBLE PRECISION, t VARCHAR(100), b %s, "
                                             "n BIGINT)", test->variant->bytes_type);

  execute (test, create, NULL);
  execute (test, "INSERT INTO kinds VALUES ($1, $2, $3, $4, $5)",
           YARA_ARGS (G_MININT64, 0.1, "'; DROP TABLE kinds; --", bytes, yara_value_null ()));
  row = fetch_row (test, "SELECT i, d, t, b, n FROM kinds", NULL);
  g_assert_cmpint (yara_rows_get_int (row, 0, 0), ==, G_MININT64);
  g_assert_cmpfloat (yara_rows_get_double (row, 0, 1), ==, 0.1);
  g_assert_cmpstr (yara_rows_get_text (row, 0, 2), ==, "'; DROP TABLE kinds; --");
  g_assert_cmpmem (yara_rows_get_bytes (row, 0, 3).data, yara_rows_get_bytes (row, 0, 3).size, "a\0b", 3);
  g_assert_true (yara_rows_is_null (row, 0, 4));
  found = fetch_rows (test, "SELECT 1 FROM kinds WHERE t = $1 AND i < $2 AND n IS NULL",
                                               YARA_ARGS ("'; DROP TABLE kinds; --", 0));
  g_assert_cmpuint (yara_rows_get_n_rows (found), ==, 1);
}

/* Raw SQL compares with what the models have stored. */
static void
rich_arguments (Test *test)
{
  typedef struct { YaraUuid id; gint64 at; gint32 day; } Sale;
  static const YaraField fields[] = {
    YARA_FIELD (Sale, id, .primary_key = true),
    YARA_FIELD_AS (Sale, at, TIMESTAMP),
    YARA_FIELD_AS (Sale, day, DATE),
  };
  static const YaraModel model = YARA_MODEL (Sale, "sales", fields);
  Sale sale = { .at = -1500000, .day = 20000 };
  g_autoptr(YaraRows) rows = NULL;

  TEST_USE (test, &model);
  test_ok (yara_orm_create (test->orm, &model, &sale, NULL, &error));
  rows = fetch_rows (test, "SELECT 1 FROM sales WHERE id = $1 AND at = $2 AND day = $3",
                                              YARA_ARGS (sale.id, yara_value_timestamp (-1500000),
                                                         yara_value_date (20000)));
  g_assert_cmpuint (yara_rows_get_n_rows (rows), ==, 1);
}

/* `sql` with `args` is refused. */
#define REFUSED(sql, args, ...) \
  test_fails (yara_connection_execute (connection, (sql), (args), NULL, &error), __VA_ARGS__)

static void
wrong_arguments (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  int anything = 0;

  make_table (test);
  REFUSED ("INSERT INTO t (id) VALUES ($1)", NULL, OPERATIONAL, "1", "0");
  REFUSED ("INSERT INTO t (id, name) VALUES ($1, $2)", YARA_ARGS (1), OPERATIONAL, "2", "1");
  REFUSED ("INSERT INTO t (id) VALUES ($1)", YARA_ARGS (1, TEST_SECRET), OPERATIONAL, "1", "2");
  REFUSED ("INSERT INTO t (id) VALUES (1)", YARA_ARGS (TEST_SECRET), OPERATIONAL, "0", "1");
  REFUSED ("INSERT INTO t (id) VALUES ($1)", YARA_ARGS (G_MAXUINT64), FIELD, "value 1");
  REFUSED ("INSERT INTO t (id) VALUES ($1)", YARA_ARGS ((void *) &anything), FIELD, "value 1");
  if (strcmp (test->variant->backend, "postgres") == 0) /* where it is an array */
    REFUSED ("INSERT INTO t (id) VALUES ($1)", YARA_ARGS (YARA_LIST (1, 2)), OPERATIONAL, "id", "bigint[]");
  else
    REFUSED ("INSERT INTO t (id) VALUES ($1)", YARA_ARGS (YARA_LIST (1, 2)), FIELD, "value 1");
  REFUSED ("INSERT INTO t (id, name) VALUES (1, $1)", YARA_ARGS (TEST_SECRET "\xff"), FIELD, "value 1");
  REFUSED ("INSERT INTO t (id, size) VALUES (1, $1)", YARA_ARGS (0.0 / 0.0), FIELD, "value 1");
  g_assert_cmpint (count_rows (test), ==, 0);
}

/* ---- one statement ---- */

static void
two_statements (Test *test)
{
  static const char *const pairs[] = {
    "INSERT INTO t (id) VALUES (1); INSERT INTO t (id) VALUES (2)", "INSERT INTO t (id) VALUES (1); garbage",
    "INSERT INTO t (id) VALUES (1) ; -- c\n /* c */ DELETE FROM t", "SELECT 1; SELECT 2",
    "; ; SELECT 1; SELECT 2",
  };
  YaraConnection *connection = test_connection (test->orm, NULL);

  make_table (test);
  for (gsize i = 0; i < G_N_ELEMENTS (pairs); i++)
    {
      test_fails (yara_connection_execute (connection, pairs[i], NULL, NULL, &error), OPERATIONAL,
                  "statement");
      test_fails (yara_connection_fetch_row (connection, pairs[i], NULL, NULL, &error), OPERATIONAL,
                  "statement");
      test_fails (yara_connection_fetch_rows (connection, pairs[i], NULL, NULL, &error), OPERATIONAL,
                  "statement");
      test_fails (yara_connection_fetch_all (connection, pairs[i], NULL, NULL, &error), OPERATIONAL,
                  "statement");
      test_await (yara_connection_execute_async (connection, pairs[i], NULL, NULL, test_call_done, &call),
                  test_fails (yara_connection_execute_finish (connection, call.result, &error), OPERATIONAL,
                              "statement"));
      g_assert_cmpint (count_rows (test), ==, 0);
    }
}

static void
one_statement (Test *test)
{
  static const char *const singles[] = {
    "SELECT 1;", "SELECT 1 ; ; ;\n", "SELECT 1; -- more; words", "SELECT 1 /* a; b */;",
    "SELECT ';' ; /* finished; comment */",
    "/* before; */ SELECT 1", "-- before;\nSELECT ';'",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (singles); i++)
    {
      g_autoptr(YaraRows) rows = fetch_rows (test, singles[i], NULL);

      g_assert_cmpuint (yara_rows_get_n_rows (rows), ==, 1);
    }
}

static void
bad_sql (Test *test)
{
  static const char *const bad[] = { "", " ", ";", "-- nothing", "SELEC 1", "SELECT * FROM nowhere",
                                     "SELECT 'open", "SELECT \xff FROM t" };
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(GError) error = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      test_fails (yara_connection_execute (connection, bad[i], NULL, NULL, &error), OPERATIONAL);
      test_fails (yara_connection_fetch_rows (connection, bad[i], NULL, NULL, &error), OPERATIONAL);
    }
  g_assert_null (yara_connection_fetch_all (connection, "SELECT * FROM nowhere", NULL, NULL, &error));
  g_assert_cmpstr (yara_error_get_connection (error), ==, "default");
  g_assert_nonnull (strstr (error->message, "nowhere"));
}

/* Transactions are not begun by raw statements: the session that comes back is clean. */
static void
open_transaction (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);

  make_table (test);
  for (guint i = 0; i < 3; i++)
    {
      GError *error = NULL;

      if (yara_connection_execute (connection, "BEGIN", NULL, NULL, &error) < 0)
        test_check_error (&error, YARA_ERROR, YARA_ERROR_TRANSACTION, NULL);
      execute (test, "INSERT INTO t (id) VALUES ($1)", YARA_ARGS (i));
      test_await_ok (connection_execute, connection, "INSERT INTO t (id) VALUES ($1)", YARA_ARGS (100 + i));
    }
  if (test->variant->on_disk)
    {
      g_autofree char *url = test_url (test, "default");
      g_autoptr(YaraOrm) other = test_ok (yara_orm_open (url, NULL, NULL, &error));

      g_assert_cmpint (test_fetch_int (other, NULL, "SELECT count(*) FROM t"), ==, 6); /* committed */
    }
  g_assert_cmpint (count_rows (test), ==, 6);
}

static const TestCase cases[] = {
  { "raw/counts", counts },
  { "raw/vacuum", vacuum },
  { "raw/rows", rows },
  { "raw/fetch-row-runs-to-the-end", fetch_row_runs_to_the_end },
  { "raw/dictionaries", dictionaries },
  { "raw/dictionary-of-bytes", dictionary_of_bytes },
  { "raw/bound-by-number", bound_by_number },
  { "raw/many-arguments", many_arguments },
  { "raw/kinds-of-arguments", kinds_of_arguments },
  { "raw/rich-arguments", rich_arguments },
  { "raw/wrong-arguments", wrong_arguments },
  { "raw/two-statements", two_statements },
  { "raw/one-statement", one_statement },
  { "raw/bad-sql", bad_sql },
  { "raw/open-transaction", open_transaction },
};
TEST_MAIN (cases)
