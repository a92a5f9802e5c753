/* SPDX-License-Identifier: MIT
 *
 * What only PostgreSQL has: servers that refuse, hang up or take too long, prepared statements that go
 * stale, errors with names in them.
 */
#include "fixture.h"

#include <signal.h>
#include <string.h>

typedef struct
{
  gint64      id;
  const char *name;
  gint32      size;
} Item;

static const YaraField item_fields[] = {
  YARA_FIELD (Item, id, .primary_key = true),
  YARA_FIELD (Item, name, .unique = true, .max_length = 20, .description = "what it's called"),
  YARA_FIELD (Item, size, .default_value = "7"),
};
static const YaraModel item_model = YARA_MODEL (Item, "items", item_fields, .description = "things");

/* ---- connecting ---- */

/* `start` with the folder of sockets and the port put behind it. */
static char *
make_url (const char *start, const char *port)
{
  g_autofree char *folder = test_postgres_variable ("YARAORM_POSTGRES_DIRECTORY");

  return g_strconcat (start, strchr (start, '?') != NULL ? "&" : "?", "host=", folder, "&port=", port, NULL);
}

static void
malformed_urls (Test *test)
{
  static const char *const urls[] = {
    "postgresql:", "postgres:app", "postgresql://app:" TEST_SECRET "/x@host/db", "postgresql://app:" TEST_SECRET "@x@host/db",
    "postgresql://app:%zz" TEST_SECRET "@host/db", "postgresql://app:" TEST_SECRET "@[::1/db",
    "postgresql://host:" TEST_SECRET "/db", "postgresql://host:0/db", "postgresql://host:70000/db",
    "postgresql://a,b,c/db?port=1,2", "postgresql://a/db?hostaddr=1.2.3.4,1.2.3.5",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    test_fails (yara_orm_open (urls[i], NULL, NULL, &error), CONFIGURATION);
  test_fails (yara_orm_open ("postgresql://host/db?aplication_name=x", NULL, NULL, &error), CONFIGURATION, "aplication_name",
              "did you mean", "application_name");
  test_fails (yara_orm_open ("postgresql://host/db?max_size=0", NULL, NULL, &error), CONFIGURATION, "max_size");
  test_fails (yara_orm_open ("postgresql://host/db?pooler=session", NULL, NULL, &error), CONFIGURATION, "pooler", "transaction");
  test_fails (yara_orm_open ("postgresql://host/db?password=" TEST_SECRET "&max_sise=1", NULL, NULL, &error), CONFIGURATION, "max_size");
}

static void
good_urls (Test *test)
{
  static const char *const starts[] = {
    "postgres://app@/postgres", "postgresql+asyncpg://app@/postgres",
    "postgresql://app:pass%25word@/postgres?application_name=it%27s%20me&sslmode=prefer",
    "postgresql://app@/postgres?target_session_attrs=read-write&connect_timeout=2.5&statement_timeout=30&max_size=2&min_size=1",
    "postgresql://app@/postgres?target_session_attrs=prefer-standby",
    "postgresql://app@/postgres?options=-c%20work_mem%3D8MB&pooler=none&statement_cache_size=0",
  };
  g_autofree char *port = test_postgres_variable ("YARAORM_POSTGRES_PRIMARY_PORT");

  for (gsize i = 0; i < G_N_ELEMENTS (starts); i++)
    {
      g_autofree char *url = make_url (starts[i], port);
      g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
      g_autofree char *zone = test_fetch_list (orm, NULL, "SELECT current_setting('TimeZone')");

      g_assert_cmpstr (zone, ==, "UTC");
      test_ok (yara_orm_close (orm, NULL, &error));
    }
}

static void
host_names (Test *test)
{
#ifdef __SANITIZE_THREAD__
  g_test_skip ("GLib resolves names in threads whose hand-overs ThreadSanitizer cannot see");
#else
  g_autofree char *port = test_postgres_variable ("YARAORM_POSTGRES_PRIMARY_PORT");
  g_autofree char *hosts = g_strdup_printf ("postgresql://app@127.0.0.1:1,localhost:%s/postgres", port);
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (hosts, NULL, NULL, &error)); /* the second of two */

  g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT 5"), ==, 5);
  test_ok (yara_orm_close (orm, NULL, &error));
  test_fails (yara_orm_open ("postgresql://app@host.invalid/db", NULL, NULL, &error), CONNECTION, "host.invalid");
#endif
}

static void
refused (Test *test)
{
  g_autofree char *port = test_postgres_variable ("YARAORM_POSTGRES_PRIMARY_PORT");
  g_autofree char *no_database = make_url ("postgresql://app:" TEST_SECRET "@/nowhere", port);
  g_autofree char *no_user = make_url ("postgresql://nobody:" TEST_SECRET "@/postgres", port);
  g_autofree char *no_server = make_url ("postgresql://app:" TEST_SECRET "@/postgres", "1");
  g_autofree char *tls = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%s/postgres?sslmode=require", port);
  g_autofree char *standby = make_url ("postgresql://app@/postgres?target_session_attrs=standby", port);
  g_autoptr(GError) error = NULL;

  g_assert_null (yara_orm_open (no_database, NULL, NULL, &error));
  g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "3D000");
  test_check_error (&error, YARA_ERROR, YARA_ERROR_CONNECTION, "nowhere", "create the database", NULL);
  g_assert_null (yara_orm_open (no_user, NULL, NULL, &error));
  g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "28000");
  test_check_error (&error, YARA_ERROR, YARA_ERROR_CONNECTION, "nobody", "pg_hba.conf", NULL);
  test_fails (yara_orm_open (no_server, NULL, NULL, &error), CONNECTION, "PostgreSQL");
  test_fails (yara_orm_open (tls, NULL, NULL, &error), CONNECTION, "SSL");
  test_fails (yara_orm_open (standby, NULL, NULL, &error), CONNECTION, "standby");
}

/* A server that is something else, and one that says nothing. */
typedef struct
{
  GSocketListener *listener;
  GCancellable    *cancellable;
} Nonsense;

static gpointer
answer_nonsense (gpointer data)
{
  Nonsense *nonsense = data;
  GSocketConnection *connection;

  while ((connection = g_socket_listener_accept (nonsense->listener, NULL, nonsense->cancellable, NULL)) != NULL)
    {
      g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)), "HTTP/1.0 400 no\r\n\r\n", 19, NULL, NULL, NULL);
      g_object_unref (connection);
    }
  return NULL;
}

static gpointer
cancel_soon (gpointer data)
{
  g_usleep (50000);
  g_cancellable_cancel (data);
  return NULL;
}

static void
other_servers (Test *test)
{
#ifdef __SANITIZE_THREAD__
  g_test_skip ("GLib hands the cancellable's descriptor over in ways that ThreadSanitizer cannot see");
  return;
#endif
  g_autoptr(GSocketListener) silent = g_socket_listener_new (), other = g_socket_listener_new ();
  guint silent_port = g_socket_listener_add_any_inet_port (silent, NULL, NULL);
  guint other_port = g_socket_listener_add_any_inet_port (other, NULL, NULL);
  g_autofree char *silent_url = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%u/x?connect_timeout=0.3", silent_port);
  g_autofree char *other_url = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%u/x", other_port);
  g_autofree char *patient_url = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%u/x", silent_port);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gint64 start = g_get_monotonic_time ();
  Nonsense nonsense = { other, cancellable };
  GThread *thread = g_thread_new ("nonsense", answer_nonsense, &nonsense);

  test_fails (yara_orm_open (silent_url, NULL, NULL, &error), TIMEOUT, "0.3 seconds", "connect_timeout");
  g_assert_cmpint (g_get_monotonic_time () - start, <, 3 * G_USEC_PER_SEC);
  test_fails (yara_orm_open (other_url, NULL, NULL, &error), CONNECTION);
  g_cancellable_cancel (cancellable);
  g_thread_join (thread);
  g_cancellable_reset (cancellable);
  thread = g_thread_new ("canceller", cancel_soon, cancellable);
  start = g_get_monotonic_time ();
  test_is_cancelled (yara_orm_open (patient_url, NULL, cancellable, &error));
  g_assert_cmpint (g_get_monotonic_time () - start, <, 3 * G_USEC_PER_SEC);
  g_thread_join (thread);
}

/* ---- losing the server ---- */

static gint64
get_pid (Test *test)
{
  return test_fetch_int (test->orm, NULL, "SELECT pg_backend_pid()");
}

static void
end_session (Test *test, gint64 pid)
{
  g_autofree char *sql = g_strdup_printf ("SELECT pg_terminate_backend(%" G_GINT64_FORMAT ", 5000)::int", pid);

  test_fetch_int (test->orm, "other", sql);
}

/* Killed while it was idle: what comes next does not notice. */
static void
idle_session_lost (Test *test)
{
  test_add_connection (test, "other");
  TEST_USE (test, &item_model);
  for (guint i = 0; i < 20; i++)
    {
      Item item = { .name = i % 2 ? "a" : "b", .size = i };

      end_session (test, get_pid (test));
      g_usleep (20000);
      if (i % 2)
        test_await (yara_orm_update_or_create_async (test->orm, &item_model, &item, YARA_NAMES ("name"), NULL, test_call_done, &call),
                    test_ok (yara_orm_update_or_create_finish (test->orm, call.result, NULL, &error)));
      else
        test_ok (yara_orm_update_or_create (test->orm, &item_model, &item, YARA_NAMES ("name"), NULL, NULL, &error));
    }
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, 2);
}

static gpointer
end_sleeper (gpointer data)
{
  Test *test = data;
  gint64 pid = 0;

  while (pid == 0)
    pid = test_fetch_int (test->orm, "other", "SELECT coalesce((SELECT pid FROM pg_stat_activity WHERE query LIKE '%pg_sleep(61)%' "
                                              "AND query NOT LIKE '%coalesce%' AND state = 'active' LIMIT 1), 0)");
  end_session (test, pid);
  return NULL;
}

static void
busy_session_lost (Test *test)
{
  YaraConnection *connection = test_ok (yara_orm_get_connection (test->orm, NULL, &error));
  g_autoptr(GError) error = NULL;
  GThread *thread;

  test_add_connection (test, "other");
  thread = g_thread_new ("ender", end_sleeper, test);
  g_assert_cmpint (yara_connection_execute (connection, "SELECT pg_sleep(61)", NULL, NULL, &error), ==, -1);
  g_thread_join (thread);
  g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "57P01");
  g_assert_true (yara_error_is_retryable (error));
  g_assert_false (yara_error_is_outcome_unknown (error));
  test_check_error (&error, YARA_ERROR, YARA_ERROR_CONNECTION, NULL);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT 6"), ==, 6);
}

/* ---- time-outs ---- */

static void
statement_timeout (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autofree char *limited = g_strconcat (url, "&statement_timeout=0.2", NULL);
  YaraConnection *connection;
  gint64 start = g_get_monotonic_time ();

  test_ok (yara_orm_add_connection (test->orm, "limited", limited, NULL, &error));
  connection = test_ok (yara_orm_get_connection (test->orm, "limited", &error));
  test_fails (yara_connection_fetch_row (connection, "SELECT pg_sleep(30)", NULL, NULL, &error), TIMEOUT, "0.2 seconds");
  test_await (yara_connection_execute_async (connection, "SELECT pg_sleep(30)", NULL, NULL, test_call_done, &call),
              test_fails (yara_connection_execute_finish (connection, call.result, &error), TIMEOUT, "0.2 seconds"));
  test_fails (yara_connection_execute_script (connection, "SELECT 1; SELECT pg_sleep(30)", NULL, &error), TIMEOUT, "statement 2", "0.2 seconds");
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  g_assert_cmpint (test_fetch_int (test->orm, "limited", "SELECT 3"), ==, 3);
}

/* A server process that is stopped answers neither the statement nor the request to cancel it. */
static void
frozen_server (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autofree char *limited = g_strconcat (url, "&statement_timeout=0.2&max_size=1", NULL);
  YaraConnection *connection;
  GPid pid;
  g_autoptr(GError) error = NULL;
  gint64 start;

  test_execute (test->orm, NULL, "CREATE TABLE t (id INTEGER)");
  test_ok (yara_orm_add_connection (test->orm, "limited", limited, NULL, &error));
  connection = test_ok (yara_orm_get_connection (test->orm, "limited", &error));
  pid = test_fetch_int (test->orm, "limited", "SELECT pg_backend_pid()");
  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  start = g_get_monotonic_time ();
  g_assert_cmpint (yara_connection_execute (connection, "INSERT INTO t VALUES (1)", NULL, NULL, &error), ==, -1);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 5 * G_USEC_PER_SEC);
  g_assert_true (yara_error_is_outcome_unknown (error));
  g_assert_false (yara_error_is_retryable (error));
  test_check_error (&error, YARA_ERROR, YARA_ERROR_TIMEOUT, "0.2 seconds", NULL);
  g_assert_cmpint (test_fetch_int (test->orm, "limited", "SELECT 4"), ==, 4); /* on a new session */
  g_assert_cmpint (kill (pid, SIGCONT), ==, 0);
}

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
      g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_rows (test_ok (yara_orm_get_connection (test->orm, NULL, &error)),
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
  g_assert_cmpint (test_fetch_int (test->orm, "small", "SELECT count(*) FROM pg_prepared_statements"), <=, 5 + 16 + 1);
  for (guint i = 0; i < 40; i++)
    {
      YaraValue value = i % 4 == 0 ? yara_value_int (12) : i % 4 == 1 ? yara_value_text ("12") : i % 4 == 2 ? yara_value_decimal ("12")
                                                                                                          : yara_value_null ();
      g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_row (connection, "SELECT CAST ($1 AS NUMERIC)::text", &(YaraArgs) { &value, 1 }, NULL, &error));

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
  test_ok (yara_connection_execute_script (connection, "SET client_encoding TO 'LATIN1'; CREATE TEMPORARY TABLE scratch (id INTEGER); "
                                           "PREPARE mine AS SELECT 1; LISTEN channel; SELECT pg_advisory_lock(5)", NULL, &error));
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM pg_settings WHERE (name = 'TimeZone' AND setting <> 'UTC') "
                                                    "OR (name = 'client_encoding' AND setting <> 'UTF8')"), ==, 0);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM pg_class WHERE relname = 'scratch'"), ==, 0);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory'"), ==, 0);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM pg_listening_channels()"), ==, 0);
}

/* ---- scripts ---- */

static void
script_syntax (Test *test)
{
  YaraConnection *connection = test_ok (yara_orm_get_connection (test->orm, NULL, &error));
  g_autofree char *names = NULL;

  test_ok (yara_connection_execute_script (connection,
    "CREATE TABLE t (name TEXT); /* one; /* two; */ three; */ INSERT INTO t VALUES (E'it\\'s; a'), ($$b;'$$), ($x$c;$$;$x$);\n"
    "CREATE FUNCTION add_one() RETURNS void LANGUAGE plpgsql AS $body$ BEGIN INSERT INTO t VALUES ('d;'); END; $body$;\n"
    "SELECT add_one(); INSERT INTO t VALUES ('e\\'); -- f; \nINSERT INTO t VALUES (U&'\\0067;')", NULL, &error));
  names = test_fetch_list (test->orm, NULL, "SELECT name FROM t ORDER BY name COLLATE \"C\"");
  g_assert_cmpstr (names, ==, "b;',c;$$;,d;,e\\,g;,it's; a");
  test_fails (yara_connection_execute_script (connection, "SELECT 1; ;; SELECT $1; SELECT 2", NULL, &error), OPERATIONAL, "statement 2 of the script");
  test_fails (yara_connection_execute_script (connection, "COPY t FROM STDIN", NULL, &error), UNSUPPORTED, "COPY");
  test_fails (yara_connection_execute_script (connection, "SELECT 1; COPY t TO STDOUT", NULL, &error), UNSUPPORTED, "COPY");
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
  g_assert_cmpint (yara_connection_execute (connection, "INSERT INTO items (name, size) VALUES (NULL, 1)", NULL, NULL, &error), ==, -1);
  g_assert_cmpstr (yara_error_get_column (error), ==, "name");
  test_check_error (&error, YARA_ERROR, YARA_ERROR_INTEGRITY, "name", NULL);

  /* bound values that the server cannot read */
  test_fails (yara_connection_execute (connection, "SELECT CAST ($1 AS INTEGER)", YARA_ARGS (TEST_SECRET), NULL, &error), OPERATIONAL, "***");
  test_fails (yara_connection_execute (connection, "SELECT CAST (CAST ($1 AS TEXT) AS UUID)", YARA_ARGS (TEST_SECRET "\"x"), NULL, &error), OPERATIONAL, "***");
  test_fails (yara_connection_execute (connection, "SELECT CAST (CAST ($1 AS TEXT) AS DATE)", YARA_ARGS (TEST_SECRET), NULL, &error), OPERATIONAL, "***");
  test_fails (yara_connection_execute (connection, "SELECT CAST (CAST ($1 AS TEXT) AS JSONB)", YARA_ARGS (TEST_SECRET), NULL, &error), OPERATIONAL, "json");
}

static void
read_only_server (Test *test)
{
  YaraConnection *connection = test_ok (yara_orm_get_connection (test->orm, NULL, &error));
  g_autofree char *port = test_postgres_variable ("YARAORM_POSTGRES_STANDBY_PORT");
  g_autofree char *url = make_url ("postgresql://app@/postgres", port);
  g_autoptr(GError) error = NULL;

  test_ok (yara_orm_add_connection (test->orm, "standby", url, NULL, &error));
  connection = test_ok (yara_orm_get_connection (test->orm, "standby", &error));
  g_assert_cmpint (yara_connection_execute (connection, "CREATE TABLE t (id INTEGER)", NULL, NULL, &error), ==, -1);
  g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "25006");
  test_check_error (&error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "standby", "primary", NULL);
  g_assert_cmpint (test_fetch_int (test->orm, "standby", "SELECT 1"), ==, 1);
}

/* ---- tables ---- */

static void
comments_and_columns (Test *test)
{
  g_autofree char *columns = NULL, *comments = NULL;

  TEST_USE (test, &item_model);
  columns = test_fetch_list (test->orm, NULL, "SELECT concat_ws(' ', column_name, data_type, character_maximum_length, is_identity, column_default) "
                                              "FROM information_schema.columns WHERE table_name = 'items' ORDER BY ordinal_position");
  g_assert_cmpstr (columns, ==, "id bigint YES,name character varying 20 NO,size integer NO 7");
  comments = test_fetch_list (test->orm, NULL, "SELECT description FROM pg_description WHERE objoid = 'items'::regclass ORDER BY objsubid");
  g_assert_cmpstr (comments, ==, "things,what it's called");
}

/* Tables that this library has not made: other column types, and a key without a sequence. */
static void
foreign_tables (Test *test)
{
  static const char *const tables[] = {
    "CREATE TABLE items (id INTEGER GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, name TEXT UNIQUE, size BIGINT)",
    "CREATE TABLE items (id BIGINT PRIMARY KEY DEFAULT nextval('numbers'), name VARCHAR(20) UNIQUE, size INTEGER)",
    "CREATE TABLE items (id SERIAL PRIMARY KEY, name NAME UNIQUE, size NUMERIC)",
    "CREATE TABLE items (id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name CHAR(20), size SMALLINT)",
  };

  test_execute (test->orm, NULL, "CREATE SEQUENCE numbers");
  test_ok (yara_orm_register (test->orm, &item_model, &error));
  for (gsize t = 0; t < G_N_ELEMENTS (tables); t++)
    {
      g_autofree Item *items = g_new0 (Item, 250);
      g_autofree char (*names)[8] = g_malloc (250 * 8);

      test_execute (test->orm, NULL, tables[t]);
      for (guint i = 0; i < 250; i++)
        {
          g_snprintf (names[i], 8, "n%u", i);
          items[i] = (Item) { .name = names[i], .size = i };
        }
      test_ok (yara_orm_bulk_create (test->orm, &item_model, items, 250, NULL, &error));
      for (guint i = 0; i < 250; i++)
        {
          g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM items WHERE id = %" G_GINT64_FORMAT " AND name = 'n%u' AND size = %u", items[i].id, i, i);

          g_assert_cmpint (test_fetch_int (test->orm, NULL, sql), ==, 1);
        }
      test_execute (test->orm, NULL, "DROP TABLE items");
    }
}

static void
bulk_after_alter (Test *test)
{
  TEST_USE (test, &item_model);
  for (guint round = 0; round < 3; round++)
    {
      g_autofree Item *items = g_new0 (Item, 150);
      g_autofree char (*names)[16] = g_malloc (150 * 16);

      for (guint i = 0; i < 150; i++)
        {
          g_snprintf (names[i], 16, "n%u-%u", round, i);
          items[i] = (Item) { .name = names[i], .size = i };
        }
      test_ok (yara_orm_bulk_create (test->orm, &item_model, items, 150, NULL, &error));
      test_execute (test->orm, NULL, round == 0 ? "ALTER TABLE items ALTER COLUMN size TYPE BIGINT"
                                                : "ALTER TABLE items ALTER COLUMN size TYPE NUMERIC");
    }
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, 450);
}

/* Groups of asynchronous statements, some of which fail. */
static void
pipeline (Test *test)
{
  enum { N = 200 };
  Item items[N];
  TestCall calls[N];

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &item_model);
  for (guint i = 0; i < N; i++)
    {
      items[i] = (Item) { .name = i % 10 == 9 ? "same" : g_strdup_printf ("n%u", i), .size = i };
      yara_orm_create_async (test->orm, &item_model, &items[i], NULL, test_call_done, &calls[i]);
    }
  test_calls_wait (calls, N);
  for (guint i = 0, n_same = 0; i < N; i++)
    {
      g_autoptr(GError) error = NULL;

      if (yara_orm_create_finish (test->orm, calls[i].result, &error))
        n_same += i % 10 == 9;
      else
        {
          g_assert_error (error, YARA_ERROR, YARA_ERROR_INTEGRITY);
          g_assert_cmpuint (i % 10, ==, 9);
        }
      g_assert_cmpuint (n_same, <=, 1);
      if (i % 10 != 9)
        g_free ((char *) items[i].name);
    }
  test_calls_clear (calls, N);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, N - N / 10 + 1);
}

/* Reads share a sync: one that fails takes none with it. */
static void
pipeline_of_reads (Test *test)
{
  typedef Item Absent;
  static const YaraModel absent_model = YARA_MODEL (Absent, "absent", item_fields);
  enum { N = 200 };
  TestCall calls[N];
  Item item = { .name = "a", .size = 1 };

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &item_model);
  test_ok (yara_orm_register (test->orm, &absent_model, &error));
  test_ok (yara_orm_create (test->orm, &item_model, &item, NULL, &error));
  for (guint i = 0; i < N; i++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (i % 20 == 19 ? &absent_model : &item_model);

      yara_query_filter (query, "size", i);
      yara_orm_count_async (test->orm, query, NULL, test_call_done, &calls[i]);
    }
  test_calls_wait (calls, N);
  for (guint i = 0; i < N; i++)
    if (i % 20 == 19)
      test_fails (yara_orm_count_finish (test->orm, calls[i].result, &error), OPERATIONAL, "absent");
    else
      g_assert_cmpint (test_ok (yara_orm_count_finish (test->orm, calls[i].result, &error)), ==, i == 1);
  test_calls_clear (calls, N);
}

static const TestCase cases[] = {
  { "postgres/malformed-urls", malformed_urls, "postgres" },
  { "postgres/good-urls", good_urls, "postgres" },
  { "postgres/host-names", host_names, "postgres" },
  { "postgres/refused", refused, "postgres" },
  { "postgres/other-servers", other_servers, "postgres" },
  { "postgres/idle-session-lost", idle_session_lost, "postgres" },
  { "postgres/busy-session-lost", busy_session_lost, "postgres" },
  { "postgres/statement-timeout", statement_timeout, "postgres" },
  { "postgres/statement-timeout", statement_timeout, "pgbouncer" },
  { "postgres/frozen-server", frozen_server, "postgres" },
  { "postgres/stale-statements", stale_statements, "postgres" },
  { "postgres/stale-statements", stale_statements, "pgbouncer" },
  { "postgres/many-statements", many_statements, "postgres" },
  { "postgres/many-statements", many_statements, "pgbouncer" },
  { "postgres/state-is-dropped", state_is_dropped, "postgres" },
  { "postgres/script-syntax", script_syntax, "postgres" },
  { "postgres/script-syntax", script_syntax, "pgbouncer" },
  { "postgres/names-in-errors", names_in_errors, "postgres" },
  { "postgres/read-only-server", read_only_server, "postgres" },
  { "postgres/comments-and-columns", comments_and_columns, "postgres" },
  { "postgres/foreign-tables", foreign_tables, "postgres" },
  { "postgres/foreign-tables", foreign_tables, "pgbouncer" },
  { "postgres/bulk-after-alter", bulk_after_alter, "postgres" },
  { "postgres/pipeline", pipeline, "postgres" },
  { "postgres/pipeline-of-reads", pipeline_of_reads, "postgres" },
};
TEST_MAIN (cases)
