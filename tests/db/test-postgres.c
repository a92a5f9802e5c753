/* SPDX-License-Identifier: MIT
 *
 * What only PostgreSQL has: prepared statements that go stale, scripts in its syntax, errors with names in them.
 */
#include "items.h"

#include <string.h>

/* ---- prepared statements ---- */

static void
stale_statements (Test *test)
{
  Item item = { .name = "one", .size = 1 };
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);

  TEST_USE (test, &item_model);
  test_ok (yara_orm_create (test->orm, &item_model, &item, NULL, &error));
  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(YaraResult) result = test_ok (yara_orm_all (test->orm, query, NULL, &error));
      g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_rows (test_ok (yara_orm_get_connection (test->orm,
                                                                      NULL, &error)),
                                                                      "SELECT * FROM items", NULL, NULL, &error));

      g_assert_cmpuint (yara_result_get_n_records (result), ==, 1);
      g_assert_cmpuint (yara_rows_get_n_columns (rows), ==, i == 0 ? 3 : 4);
      if (i == 0)
        test_execute (test->orm, NULL, "ALTER TABLE items ADD COLUMN more INTEGER");
      else if (i == 1)
        test_execute (test->orm, NULL, "ALTER TABLE items ALTER COLUMN size TYPE BIGINT");
      else
        test_execute (test->orm, NULL, "DEALLOCATE ALL");
    }
}

/* More texts than are kept, and one text with values of several types. */
static void
many_statements (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autofree char *small = g_strconcat (url, "&statement_cache_size=5&max_size=1", NULL);
  YaraConnection *connection;

  test_ok (yara_orm_add_connection (test->orm, "small", small, NULL, &error));
  connection = test_ok (yara_orm_get_connection (test->orm, "small", &error));
  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT %u", i % 60);

      g_assert_cmpint (test_fetch_int (test->orm, "small", sql), ==, i % 60);
    }
  g_assert_cmpint (test_fetch_int (test->orm, "small", "SELECT count(*) FROM pg_prepared_statements"), <=,
                   5 + 16 + 1);
  for (guint i = 0; i < 40; i++)
    {
      YaraValue value = i % 4 == 0   ? yara_value_int (12)
                        : i % 4 == 1 ? yara_value_text ("12")
                        : i % 4 == 2 ? yara_value_decimal ("12")
                                     : yara_value_null ();
      g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_row (connection,
                                                                     "SELECT CAST ($1 AS NUMERIC)::text",
                                                                     &(YaraArgs) { &value, 1 }, NULL, &error));

      if (i % 4 == 3)
        g_assert_true (yara_rows_is_null (rows, 0, 0));
      else
        g_assert_cmpstr (yara_rows_get_text (rows, 0, 0), ==, "12");
    }
}

/* What SQL of the program sets does not reach the next caller. */
static void
state_is_dropped (Test *test)
{
  YaraConnection *connection = test_ok (yara_orm_get_connection (test->orm, NULL, &error));

  test_execute (test->orm, NULL, "SET TimeZone TO 'Asia/Tokyo'");
  test_ok (yara_connection_execute_script (connection,
                                           "SET client_encoding TO 'LATIN1'; "
                                           "CREATE TEMPORARY TABLE scratch (id INTEGER); "
                                           "PREPARE mine AS SELECT 1; LISTEN channel; SELECT pg_advisory_lock(5)",
                                           NULL, &error));
  g_assert_cmpint (test_fetch_int (test->orm, NULL,
                                   "SELECT count(*) FROM pg_settings WHERE (name = 'TimeZone' "
                                   "AND setting <> 'UTC') "
                                   "OR (name = 'client_encoding' AND setting <> 'UTF8')"), ==, 0);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM pg_class WHERE relname = 'scratch'"),
                   ==, 0);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"),
                   ==, 0);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM pg_listening_channels()"), ==, 0);
}

/* ---- scripts ---- */

static void
script_syntax (Test *test)
{
  YaraConnection *connection = test_ok (yara_orm_get_connection (test->orm, NULL, &error));
  g_autofree char *names = NULL;

  test_ok (yara_connection_execute_script (connection,
    "CREATE TABLE t (name TEXT); /* one; /* two; */ three; */ INSERT INTO t VALUES (E'it\\'s; a'), "
    "($$b;'$$), ($x$c;$$;$x$);\n"
    "CREATE FUNCTION add_one() RETURNS void LANGUAGE plpgsql AS $body$ "
    "BEGIN INSERT INTO t VALUES ('d;'); END; $body$;\n"
    "SELECT add_one(); INSERT INTO t VALUES ('e\\'); -- f; \nINSERT INTO t VALUES (U&'\\0067;')", NULL, &error));
  names = test_fetch_list (test->orm, NULL, "SELECT name FROM t ORDER BY name COLLATE \"C\"");
  g_assert_cmpstr (names, ==, "b;',c;$$;,d;,e\\,g;,it's; a");
  test_fails (yara_connection_execute_script (connection, "SELECT 1; ;; SELECT $1; SELECT 2", NULL, &error),
              OPERATIONAL, "statement 2 of the script");
  test_fails (yara_connection_execute_script (connection, "COPY t FROM STDIN", NULL, &error), UNSUPPORTED, "COPY");
  test_fails (yara_connection_execute_script (connection, "SELECT 1; COPY t TO STDOUT", NULL, &error),
              UNSUPPORTED, "COPY");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM t"), ==, 6);
}

/* ---- errors ---- */

static void
names_in_errors (Test *test)
{
  Item item = { .name = TEST_SECRET, .size = 1 };
  YaraConnection *connection = test_ok (yara_orm_get_connection (test->orm, NULL, &error));
  g_autoptr(GError) error = NULL;

  TEST_USE (test, &item_model);
  test_ok (yara_orm_create (test->orm, &item_model, &item, NULL, &error));
  item.id = 0;
  g_assert_false (yara_orm_create (test->orm, &item_model, &item, NULL, &error));
  g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "23505");
  g_assert_cmpstr (yara_error_get_constraint (error), ==, "items_name_key");
  g_assert_cmpstr (yara_error_get_table (error), ==, "items");
  g_assert_nonnull (strstr (yara_error_get_detail (error), TEST_SECRET));
  g_assert_false (yara_error_is_retryable (error));
  {
    g_autoptr(GError) copy = g_error_copy (error);

    g_assert_cmpstr (yara_error_get_constraint (copy), ==, "items_name_key");
  }
  test_check_error (&error, YARA_ERROR, YARA_ERROR_INTEGRITY, "items_name_key", NULL);
  g_assert_cmpint (yara_connection_execute (connection, "INSERT INTO items (name, size) VALUES (NULL, 1)", NULL,
                                            NULL, &error), ==, -1);
  g_assert_cmpstr (yara_error_get_column (error), ==, "name");
  test_check_error (&error, YARA_ERROR, YARA_ERROR_INTEGRITY, "name", NULL);

  /* bound values that the server cannot read */
  test_fails (yara_connection_execute (connection, "SELECT CAST ($1 AS INTEGER)", YARA_ARGS (TEST_SECRET), NULL,
                                       &error), OPERATIONAL, "***");
  test_fails (yara_connection_execute (connection, "SELECT CAST (CAST ($1 AS TEXT) AS UUID)",
                                       YARA_ARGS (TEST_SECRET "\"x"), NULL, &error), OPERATIONAL, "***");
  test_fails (yara_connection_execute (connection, "SELECT CAST (CAST ($1 AS TEXT) AS DATE)",
                                       YARA_ARGS (TEST_SECRET), NULL, &error), OPERATIONAL, "***");
  test_fails (yara_connection_execute (connection, "SELECT CAST (CAST ($1 AS TEXT) AS JSONB)",
                                       YARA_ARGS (TEST_SECRET), NULL, &error), OPERATIONAL, "json");
}

static const TestCase cases[] = {
  { "postgres/stale-statements", stale_statements, "postgres" },
  { "postgres/stale-statements", stale_statements, "pgbouncer" },
  { "postgres/many-statements", many_statements, "postgres" },
  { "postgres/many-statements", many_statements, "pgbouncer" },
  { "postgres/state-is-dropped", state_is_dropped, "postgres" },
  { "postgres/script-syntax", script_syntax, "postgres" },
  { "postgres/script-syntax", script_syntax, "pgbouncer" },
  { "postgres/names-in-errors", names_in_errors, "postgres" },
};
TEST_MAIN (cases)
