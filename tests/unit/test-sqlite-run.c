/* SPDX-License-Identifier: MIT
 * SQLite: SQL of the program, its arguments, what is counted, scripts, and the cache of statements. */
#include "sqlite-fixture.h"

#include <math.h>

/* ---- one statement ---- */

static void
test_one_statement (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;

  execute (session, "CREATE TABLE t (id INTEGER)", NULL);
  execute_fails (session, "INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)", NULL, YARA_ERROR_OPERATIONAL,
                 "more than one statement");
  execute_fails (session, "INSERT INTO t VALUES (1);; -- x\n DROP TABLE t", NULL, YARA_ERROR_OPERATIONAL,
                 "more than one statement");
  execute_fails (session, "", NULL, YARA_ERROR_OPERATIONAL, "no statement");
  execute_fails (session, " ; -- nothing\n /* at all */ ;", NULL, YARA_ERROR_OPERATIONAL, "no statement");
  execute_fails (session, "INSERT INTO t VALUES ('\xff')", NULL, YARA_ERROR_OPERATIONAL, "UTF-8");
  execute_fails (session, "NONSENSE\nON TWO LINES", NULL, YARA_ERROR_OPERATIONAL, "syntax error");
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM t"), ==, 0);

  g_assert_cmpint (execute (session, " /* a; b */ INSERT INTO t VALUES (';'); -- the end; really\n ; /* ; */", NULL),
                   ==, 1);
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM t -- without a semicolon"), ==, 1);
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM t /* not closed"), ==, 1);
}

static void
test_counts (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;

  g_assert_cmpint (execute (session, "CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER)", NULL), ==, 0);
  g_assert_cmpint (execute (session, "INSERT INTO t (n) VALUES (1), (2), (3)", NULL), ==, 3);
  g_assert_cmpint (execute (session, "CREATE TABLE u AS SELECT * FROM t", NULL), ==, 0); /* not 3 again */
  g_assert_cmpint (execute (session, "SELECT * FROM t", NULL), ==, 0);
  g_assert_cmpint (execute (session, "UPDATE t SET n = n WHERE n > 1", NULL), ==, 2);
  g_assert_cmpint (execute (session, "UPDATE t SET n = n WHERE n > 9", NULL), ==, 0);
  g_assert_cmpint (execute (session, "INSERT OR IGNORE INTO t VALUES (1, 1)", NULL), ==, 0);
  g_assert_cmpint (execute (session, "WITH x AS (SELECT 7 AS n) INSERT INTO t (n) SELECT n FROM x", NULL), ==, 1);
  g_assert_cmpint (execute (session, "INSERT INTO t (n) VALUES (8), (9) RETURNING id", NULL), ==, 2);
  g_assert_cmpint (execute (session, "DELETE FROM t", NULL), ==, 6);
  g_assert_cmpint (execute (session, "DROP TABLE t", NULL), ==, 0);
}

/* A trigger's changes are not the statement's. */
static void
test_counts_with_trigger (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;

  g_assert_no_error (run_script (session,
                                 "CREATE TABLE t (n INTEGER); CREATE TABLE log (n INTEGER);"
                                 "CREATE TRIGGER keep AFTER INSERT ON t BEGIN"
                                 "  INSERT INTO log VALUES (new.n); INSERT INTO log VALUES (-new.n); END"));
  g_assert_cmpint (execute (session, "INSERT INTO t VALUES (1), (2)", NULL), ==, 2);
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM log"), ==, 4);
}

static void
test_rows (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;
  g_autoptr(YaraRows) rows = fetch (session, "SELECT 1 AS one, 2.5, 'text', x'00ff', NULL, x''", NULL);
  YaraRequest request = make_raw ("SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3", NULL, YARA_ANSWER_ROWS);
  g_autoptr(YaraRows) none = fetch (session, "SELECT 1 AS a, 2 AS b WHERE 0", NULL);
  YaraBytes bytes;

  g_assert_cmpuint (yara_rows_get_n_columns (rows), ==, 6);
  g_assert_cmpstr (yara_rows_get_column_name (rows, 0), ==, "one");
  g_assert_cmpint (yara_rows_get_int (rows, 0, 0), ==, 1);
  g_assert_cmpfloat (yara_rows_get_double (rows, 0, 1), ==, 2.5);
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 2), ==, "text");
  bytes = yara_rows_get_bytes (rows, 0, 3);
  g_assert_cmpmem (bytes.data, bytes.size, "\0\xff", 2);
  g_assert_true (yara_rows_is_null (rows, 0, 4));
  bytes = yara_rows_get_bytes (rows, 0, 5);
  g_assert_nonnull (bytes.data);
  g_assert_cmpuint (bytes.size, ==, 0);

  request.statement.max_rows = 2;
  yara_sqlite_session_run (&session->base, &request, NULL);
  g_assert_cmpuint (yara_rows_get_n_rows (request.rows), ==, 2);
  g_assert_cmpint (request.n_rows, ==, 2);
  clear_request (&request);

  g_assert_cmpuint (yara_rows_get_n_rows (none), ==, 0);
  g_assert_cmpuint (yara_rows_get_n_columns (none), ==, 2);
  g_assert_cmpstr (yara_rows_get_column_name (none, 1), ==, "b");

  execute_fails (session, "SELECT CAST(x'ff41' AS TEXT) AS word", NULL, YARA_ERROR_DECODE, "word");
  execute_fails (session, "SELECT 'a' || char(0) || 'b' AS word", NULL, YARA_ERROR_DECODE, "NUL");
}

/* The first row is wanted; all are inserted. */
static void
test_first_row_of_write (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;
  YaraRequest request = make_raw ("INSERT INTO t VALUES (1), (2), (3) RETURNING id", NULL, YARA_ANSWER_ROWS);

  execute (session, "CREATE TABLE t (id INTEGER)", NULL);
  request.statement.max_rows = 1;
  yara_sqlite_session_run (&session->base, &request, NULL);
  g_assert_no_error (request.error);
  g_assert_cmpuint (yara_rows_get_n_rows (request.rows), ==, 1);
  clear_request (&request);
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM t"), ==, 3);
}

static void
test_integrity (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;
  static const struct { const char *sql; int code; } cases[] = {
    { "INSERT INTO items VALUES (2, 'secret', 1)", SQLITE_CONSTRAINT_UNIQUE },
    { "INSERT INTO items VALUES (1, 'other', 1)", SQLITE_CONSTRAINT_PRIMARYKEY },
    { "INSERT INTO items VALUES (2, NULL, 1)", SQLITE_CONSTRAINT_NOTNULL },
    { "INSERT INTO items VALUES (2, 'other', 'x')", SQLITE_CONSTRAINT_DATATYPE },
  };

  execute (session, ITEM_TABLE, NULL);
  execute (session, "INSERT INTO items VALUES (1, 'secret', 1)", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      YaraRequest request = make_raw (cases[i].sql, NULL, YARA_ANSWER_COUNT);

      yara_sqlite_session_run (&session->base, &request, NULL);
      g_assert_error (request.error, YARA_ERROR, YARA_ERROR_INTEGRITY);
      g_assert_cmpint (yara_error_get_sqlite_code (request.error), ==, cases[i].code);
      g_assert_null (strstr (request.error->message, "secret"));
      clear_request (&request);
    }
}

static void
test_transaction_left_open (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;

  execute (session, "CREATE TABLE t (id INTEGER)", NULL);
  execute_fails (session, "BEGIN", NULL, YARA_ERROR_TRANSACTION, "rolled back");
  execute_fails (session, "SAVEPOINT mine", NULL, YARA_ERROR_TRANSACTION, "rolled back");
  execute_fails (session, "COMMIT", NULL, YARA_ERROR_OPERATIONAL, "no transaction");
  execute (session, "INSERT INTO t VALUES (1)", NULL);
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM t"), ==, 1);
}

/* ---- a session that only reads ---- */

static void
test_is_select (void)
{
  static const char *const reads[] = {
    "SELECT 1", " -- x\n/* insert */ select 1", "VALUES (1)", "values(1)", "WITH a AS (SELECT 1) SELECT * FROM a",
    "with recursive a(n) as (select 1), b as (values (')')) select n from a, b",
    "WITH \"insert\" AS (SELECT 1) SELECT 2",
    "WITH a AS (SELECT 'it''s (' /* ( */) SELECT 1",
    "WITH éinsert AS MATERIALIZED (SELECT 1), [delete] AS NOT MATERIALIZED (SELECT 1) SELECT 1",
  };
  static const char *const others[] = {
    "", "INSERT INTO t VALUES (1)", "selection", "SELECT_1", "WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a",
    "WITH a AS (SELECT 1), b AS (SELECT 2) DELETE FROM t", "WITH a AS (SELECT ')' ) UPDATE t SET n = (SELECT 1)",
    "WITH éselect AS (SELECT 1) INSERT INTO t SELECT 1", "WITH $select AS (SELECT 1) REPLACE INTO t SELECT 1",
    "PRAGMA x", "EXPLAIN SELECT 1", "WITH", "WITH a AS (SELECT 1", "(SELECT 1)", "WITH a AS ('",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (reads); i++)
    g_assert_true (yara_sql_is_select (reads[i]));
  for (gsize i = 0; i < G_N_ELEMENTS (others); i++)
    g_assert_false (yara_sql_is_select (others[i]));
}

static void
test_reader (Fixture *fixture, gconstpointer data)
{
  static const char *const writes[] = {
    "INSERT INTO t VALUES (1)", "CREATE TABLE u (id INTEGER)", "CREATE TEMP TABLE u (id INTEGER)"
  };
  YaraSqliteSession *reader;

  execute (fixture->session, "CREATE TABLE t (id INTEGER)", NULL);
  reader = open_session (fixture->config, TRUE);
  for (gsize i = 0; i < G_N_ELEMENTS (writes); i++)
    execute_fails (reader, writes[i], NULL, YARA_ERROR_OPERATIONAL, "readonly");
  g_assert_cmpint (fetch_int (reader, "SELECT count(*) FROM t"), ==, 0);
  yara_sqlite_session_close (&reader->base);
}

/* ---- arguments ---- */

static void
test_arguments (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;
  static const struct { const char *sql, *text; } good[] = {
    { "SELECT $1 || $2", "ab" },
    { "SELECT $2 || $1", "ba" },
    { "SELECT $2 || $1 || $2", "bab" },
    { "SELECT ?1 || ?2", "ab" },
    { "SELECT ?2 || ?1", "ba" },
    { "SELECT ? || ?", "ab" },
    { "SELECT $2 || '$1'", "b$1" }, /* the highest number counts */
  };
  static const struct { const char *sql, *part; } bad[] = {
    { "SELECT $1", "2 were given" },
    { "SELECT $3", "2 were given" },
    { "SELECT 1", "2 were given" },
    { "SELECT :name || $1", ":name" },
    { "SELECT @name || $1", "@name" },
    { "SELECT $name", "$name" },
    { "SELECT $1 || $2::text", "$2::text" },
    { "SELECT $0", "$0" },
    { "SELECT $01", "$01" },
    { "SELECT $99999999999999999999", "$99999999999999999999" },
    { "SELECT $1 || ?", "not both" },
    { "SELECT ?1 || $2", "not both" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    for (guint round = 0; round < 2; round++) /* the second one comes from the cache */
      {
        g_autoptr(YaraRows) rows = fetch (session, good[i].sql, YARA_ARGS ("a", "b"));

        g_assert_cmpstr (yara_rows_get_text (rows, 0, 0), ==, good[i].text);
      }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    execute_fails (session, bad[i].sql, YARA_ARGS ("a", "b"), YARA_ERROR_OPERATIONAL, bad[i].part);
  execute_fails (session, "SELECT $1", NULL, YARA_ERROR_OPERATIONAL, "0 were given");
}

static void
test_argument_kinds (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;
  YaraUuid uuid = { { 0x12, 0x34 } };
  YaraBytes empty = { "", 0 };
  g_autoptr(YaraRows) rows = fetch (session,
    "SELECT typeof($1), typeof($2), typeof($3), typeof($4), typeof($5), typeof($6), typeof($7), typeof($8), "
    "$8, $9, $10",
    YARA_ARGS (true, 5, 2.5, "text", empty, (void *) NULL, yara_value_timestamp (7), yara_value_decimal ("1.50"),
               uuid, yara_value_date (3)));
  static const char *const types[] = { "integer", "integer", "real", "text", "blob", "null", "integer", "text" };

  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    g_assert_cmpstr (yara_rows_get_text (rows, 0, i), ==, types[i]);
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 8), ==, "1.50");
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 9), ==, "12340000-0000-0000-0000-000000000000");
  g_assert_cmpint (yara_rows_get_int (rows, 0, 10), ==, 3);

  execute_fails (session, "SELECT $1", YARA_ARGS ("\xff secret"), YARA_ERROR_FIELD, "UTF-8");
  execute_fails (session, "SELECT $1, $2", YARA_ARGS (1, YARA_LIST (1, 2)), YARA_ERROR_FIELD, "value 2 is a list");
  execute_fails (session, "SELECT $1", YARA_ARGS (G_MAXUINT64), YARA_ERROR_FIELD, "cannot be represented");
  execute_fails (session, "SELECT $1", YARA_ARGS ((double) NAN), YARA_ERROR_FIELD, "NaN");
}

/* ---- scripts ---- */

static void
script_fails (YaraSqliteSession *session, const char *script, YaraError code, const char *part)
{
  g_autoptr(GError) error = run_script (session, script);

  assert_fails (error, code, part);
}

static void
test_script (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;

  g_assert_no_error (run_script (session, ""));
  g_assert_no_error (run_script (session, " ; ; -- nothing\n"));
  g_assert_no_error (run_script (session,
                                 "CREATE TABLE t (word TEXT); -- a comment; with a semicolon\n"
                                 "INSERT INTO t VALUES ('a;b'); /* ; */ INSERT INTO t VALUES ('it''s; \"c\"');\n"
                                 "CREATE TRIGGER twice AFTER INSERT ON t WHEN new.word = 'x' BEGIN\n"
                                 "  INSERT INTO t VALUES ('y'); INSERT INTO t VALUES ('z');\n"
                                 "END;\n"
                                 "SELECT * FROM t; INSERT INTO t VALUES ('x')"));
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM t"), ==, 5);

  script_fails (session, "DELETE FROM t; INSERT INTO t VALUES ('p'); NONSENSE; INSERT INTO t VALUES ('q')",
                YARA_ERROR_OPERATIONAL, "statement 3 of the script: ");
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM t"), ==, 1); /* what ran before stays */
  script_fails (session, "INSERT INTO t VALUES ($1)", YARA_ERROR_OPERATIONAL, "no arguments");
  script_fails (session, "INSERT INTO t VALUES ('\xff')", YARA_ERROR_OPERATIONAL, "UTF-8");

  g_assert_no_error (run_script (session, "BEGIN; INSERT INTO t VALUES ('r'); COMMIT"));
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM t"), ==, 2);
  script_fails (session, "BEGIN; INSERT INTO t VALUES ('s')", YARA_ERROR_TRANSACTION, "rolled back");
  script_fails (session, "BEGIN; INSERT INTO t VALUES ('s'); NONSENSE; COMMIT", YARA_ERROR_OPERATIONAL, "statement 3");
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM t"), ==, 2);
}

/* Longer than a statement may be, as a whole. */
static void
test_long_script (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GString) script = g_string_new ("CREATE TABLE t (id INTEGER, word TEXT);");
  g_autofree char *word = g_strnfill (50000, 'w');

  for (guint i = 0; i < 40; i++)
    g_string_append_printf (script, "INSERT INTO t VALUES (%u, '%s');\n", i, word);
  g_assert_no_error (run_script (fixture->session, script->str));
  g_assert_cmpint (fetch_int (fixture->session, "SELECT count(*) FROM t"), ==, 40);
}

static GError *
run_transaction (YaraSqliteSession *session, const char *const *statements)
{
  YaraRequest request = { .kind = YARA_REQUEST_TRANSACTION, .statements = statements };

  yara_sqlite_session_run (&session->base, &request, NULL);
  g_assert_true (yara_sqlite_session_is_usable (&session->base));
  return request.error;
}

static void
test_transaction (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;
  g_autoptr(GError) error = NULL, commit_error = NULL;

  g_assert_no_error (run_transaction (session,
    YARA_NAMES ("CREATE TABLE a (id INTEGER PRIMARY KEY)",
                "CREATE TABLE b (a INTEGER REFERENCES a DEFERRABLE INITIALLY DEFERRED)")));
  error = run_transaction (session, YARA_NAMES ("CREATE TABLE c (id INTEGER)", "NONSENSE"));
  assert_fails (error, YARA_ERROR_OPERATIONAL, "syntax error");
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM sqlite_schema WHERE name = 'c'"), ==, 0);
  commit_error = run_transaction (session, YARA_NAMES ("INSERT INTO b VALUES (5)"));
  assert_fails (commit_error, YARA_ERROR_INTEGRITY, "FOREIGN KEY");
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM b"), ==, 0);
}

/* ---- the cache of statements ---- */

static guint
count_prepared (YaraSqliteSession *session)
{
  sqlite3_stmt *stmt = NULL;
  guint n = 0;

  while ((stmt = sqlite3_next_stmt (session->db, stmt)) != NULL)
    n++;
  return n - YARA_N_CONTROLS;
}

static gboolean
is_kept (YaraSqliteSession *session, const char *sql)
{
  sqlite3_stmt *stmt = NULL;

  while ((stmt = sqlite3_next_stmt (session->db, stmt)) != NULL)
    if (g_str_equal (sqlite3_sql (stmt), sql))
      return TRUE;
  return FALSE;
}

static void
run_sql (YaraSqliteSession *session, YaraSql *sql)
{
  YaraRequest request = { .kind = YARA_REQUEST_STATEMENT,
                          .statement = { .sql = yara_sql_ref (sql), .answer = YARA_ANSWER_COUNT } };

  yara_sqlite_session_run (&session->base, &request, NULL);
  g_assert_no_error (request.error);
  clear_request (&request);
}

/* Generated and raw statements share the room; the one that was used longest ago goes. */
static void
test_cache (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;
  g_autoptr(YaraSql) one = yara_sql_new ("SELECT 1", 8), same = yara_sql_new ("SELECT 1", 8);
  g_autoptr(YaraSql) two = yara_sql_new ("SELECT 2", 8);

  run_sql (session, one);
  run_sql (session, two);
  g_assert_cmpint (fetch_int (session, "SELECT 3"), ==, 3);
  g_assert_cmpuint (count_prepared (session), ==, 3);
  run_sql (session, one);
  g_assert_cmpint (fetch_int (session, "SELECT 4"), ==, 4);
  g_assert_cmpuint (count_prepared (session), ==, 3);
  g_assert_true (is_kept (session, "SELECT 1"));
  g_assert_false (is_kept (session, "SELECT 2"));
  g_assert_true (is_kept (session, "SELECT 3"));
  run_sql (session, same); /* found by id, not by text */
  g_assert_cmpuint (count_prepared (session), ==, 3);
  g_assert_false (is_kept (session, "SELECT 3"));

  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT %u", i);

      g_assert_cmpint (fetch_int (session, sql), ==, i);
      g_assert_cmpuint (count_prepared (session), <=, 3);
    }
}

static void
test_no_cache (Fixture *fixture, gconstpointer data)
{
  g_autoptr(YaraSql) one = yara_sql_new ("SELECT 1", 8);

  for (guint i = 0; i < 3; i++)
    {
      run_sql (fixture->session, one);
      g_assert_cmpint (fetch_int (fixture->session, "SELECT 3"), ==, 3);
      g_assert_cmpuint (count_prepared (fixture->session), ==, 0);
    }
}

/* Another process changes the table under a prepared statement. */
static void
test_schema_changes (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;
  YaraSqliteSession *other = open_session (fixture->config, FALSE);
  g_autoptr(YaraRows) before = NULL, after = NULL;

  execute (session, "CREATE TABLE t (a INTEGER)", NULL);
  execute (session, "INSERT INTO t VALUES (1)", NULL);
  before = fetch (session, "SELECT * FROM t", NULL);
  execute (other, "ALTER TABLE t ADD COLUMN b TEXT DEFAULT 'x'", NULL);
  after = fetch (session, "SELECT * FROM t", NULL);
  g_assert_cmpuint (yara_rows_get_n_columns (before), ==, 1);
  g_assert_cmpuint (yara_rows_get_n_columns (after), ==, 2);
  g_assert_cmpstr (yara_rows_get_text (after, 0, 1), ==, "x");
  yara_sqlite_session_close (&other->base);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sqlite/raw/is-select", test_is_select);
#define ADD(path, parameters, function) g_test_add ("/sqlite/" path, Fixture, parameters, set_up, function, tear_down)
  ADD ("raw/one-statement", NULL, test_one_statement);
  ADD ("raw/counts", NULL, test_counts);
  ADD ("raw/counts-with-trigger", NULL, test_counts_with_trigger);
  ADD ("raw/rows", NULL, test_rows);
  ADD ("raw/first-row-of-write", NULL, test_first_row_of_write);
  ADD ("raw/integrity", NULL, test_integrity);
  ADD ("raw/transaction-left-open", NULL, test_transaction_left_open);
  ADD ("raw/reader", NULL, test_reader);
  ADD ("raw/arguments", NULL, test_arguments);
  ADD ("raw/argument-kinds", NULL, test_argument_kinds);
  ADD ("script", NULL, test_script);
  ADD ("script/long", NULL, test_long_script);
  ADD ("transaction", NULL, test_transaction);
  ADD ("cache", "?statement_cache_size=3", test_cache);
  ADD ("cache/none", "?statement_cache_size=0", test_no_cache);
  ADD ("cache/one", "?statement_cache_size=1", test_arguments);
  ADD ("cache/schema-changes", NULL, test_schema_changes);
  return g_test_run ();
}
