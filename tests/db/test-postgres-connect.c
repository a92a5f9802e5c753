/* SPDX-License-Identifier: MIT
 *
 * URLs of PostgreSQL, and servers that refuse, are no PostgreSQL or only read.
 */
#include "fixture.h"

#include <string.h>

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
    "postgresql:", "postgres:app", "postgresql://app:" TEST_SECRET "/x@host/db",
    "postgresql://app:" TEST_SECRET "@x@host/db",
    "postgresql://app:%zz" TEST_SECRET "@host/db", "postgresql://app:" TEST_SECRET "@[::1/db",
    "postgresql://host:" TEST_SECRET "/db", "postgresql://host:0/db", "postgresql://host:70000/db",
    "postgresql://a,b,c/db?port=1,2", "postgresql://a/db?hostaddr=1.2.3.4,1.2.3.5",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    test_fails (yara_orm_open (urls[i], NULL, NULL, &error), CONFIGURATION);
  test_fails (yara_orm_open ("postgresql://host/db?aplication_name=x", NULL, NULL, &error), CONFIGURATION,
              "aplication_name", "did you mean", "application_name");
  test_fails (yara_orm_open ("postgresql://host/db?max_size=0", NULL, NULL, &error), CONFIGURATION, "max_size");
  test_fails (yara_orm_open ("postgresql://host/db?pooler=session", NULL, NULL, &error), CONFIGURATION, "pooler",
              "transaction");
  test_fails (yara_orm_open ("postgresql://host/db?password=" TEST_SECRET "&max_sise=1", NULL, NULL, &error),
              CONFIGURATION, "max_size");
}

static void
good_urls (Test *test)
{
  static const char *const starts[] = {
    "postgres://app@/postgres", "postgresql+asyncpg://app@/postgres",
    "postgresql://app:pass%25word@/postgres?application_name=it%27s%20me&sslmode=prefer",
    "postgresql://app@/postgres?target_session_attrs=read-write&connect_timeout=2.5&statement_timeout=30"
    "&max_size=2&min_size=1",
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
  g_autofree char *tls = g_strdup_printf ("postgresql://app:" TEST_SECRET
                                          "@127.0.0.1:%s/postgres?sslmode=require", port);
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
      g_output_stream_write_all (g_io_stream_get_output_stream (G_IO_STREAM (connection)),
                                 "HTTP/1.0 400 no\r\n\r\n", 19, NULL, NULL, NULL);
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
  g_autofree char *silent_url = g_strdup_printf ("postgresql://app:" TEST_SECRET
                                                 "@127.0.0.1:%u/x?connect_timeout=0.3", silent_port);
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

static void
read_only_server (Test *test)
{
  YaraConnection *connection = test_ok (yara_orm_get_connection (test->orm, NULL, &error));
  g_autofree char *port = test_postgres_variable ("YARAORM_POSTGRES_STANDBY_PORT");
  g_autofree char *url = make_url ("postgresql://app@/postgres", port);
  g_autoptr(GError) error = NULL;

  test_ok (yara_orm_add_connection (test->orm, "standby", url, NULL, &error));
  connection = test_ok (yara_orm_get_connection (test->orm, "standby", &error));
  g_assert_cmpint (yara_connection_execute (connection, "CREATE TABLE t (id INTEGER)", NULL, NULL, &error), ==,
                   -1);
  g_assert_cmpstr (yara_error_get_sqlstate (error), ==, "25006");
  test_check_error (&error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "standby", "primary", NULL);
  g_assert_cmpint (test_fetch_int (test->orm, "standby", "SELECT 1"), ==, 1);
}

static const TestCase cases[] = {
  { "postgres/malformed-urls", malformed_urls, "postgres" },
  { "postgres/good-urls", good_urls, "postgres" },
  { "postgres/host-names", host_names, "postgres" },
  { "postgres/refused", refused, "postgres" },
  { "postgres/other-servers", other_servers, "postgres" },
  { "postgres/read-only-server", read_only_server, "postgres" },
};
TEST_MAIN (cases)
