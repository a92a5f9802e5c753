/* SPDX-License-Identifier: MIT
 *
 * Where a password could come to light: errors of opening, of statements and of lost servers, URLs that
 * are given back, hooks, the log. What is checked here is printed too, for who searches the output.
 */
#include "server.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The password as libpq knows it. */
#define PLAIN_PASSWORD TEST_SECRET "!@/9"

/* Every message that is seen. */
static void
show (const char *what, const char *text)
{
  g_test_message ("%s: %s", what, text);
  g_assert_null (strstr (text, TEST_SECRET));
  g_assert_null (strstr (text, "%21"));
  g_assert_null (strstr (text, "!@"));
}

static void
show_error (GError *error)
{
  g_assert_nonnull (error);
  show (g_quark_to_string (error->domain), error->message);
  if (yara_error_get_detail (error) != NULL)
    show ("detail", yara_error_get_detail (error));
  g_error_free (error);
}

/* ---- opening ---- */

static void
assert_not_opened (const char *url)
{
  TestCall call = { NULL };
  GError *error = NULL;

  g_assert_null (yara_orm_open (url, NULL, NULL, &error));
  show_error (g_steal_pointer (&error));
  yara_orm_open_async (url, NULL, NULL, test_call_done, &call);
  test_call_wait (&call);
  g_assert_null (yara_orm_open_finish (call.result, &error));
  show_error (error);
  test_calls_clear (&call, 1);
}

static void
urls_that_fail (Test *test)
{
  static const char *const urls[] = {
    "postgresql://app:" TEST_PASSWORD "@127.0.0.1:1/db",
    "postgresql://app:" TEST_PASSWORD "@/db?host=/nonexistent",
    "postgresql://app:" TEST_PASSWORD "@127.0.0.1:1,127.0.0.1:2/db",
    "postgresql://127.0.0.1:1/db?user=app&password=" TEST_PASSWORD,
    "postgresql://app:" TEST_PASSWORD "%@127.0.0.1/db",
    "postgresql://app:" TEST_PASSWORD "@127.0.0.1:port/db",
    "postgresql://app:" TEST_PASSWORD "@[::1/db",
    "postgresql://app:" TEST_PASSWORD "@127.0.0.1/db?unknown=1",
    "postgresql://app:" PLAIN_PASSWORD "@127.0.0.1/db",
    "postgresql://app:" TEST_PASSWORD "@127.0.0.1:1/db?sslmode=nonsense",
    "postgresql://app:" TEST_PASSWORD "@127.0.0.1:1/db?sslmode=verify-full&sslrootcert=/nonexistent",
    "postgresql://127.0.0.1:1/db?sslpassword=" TEST_PASSWORD "&unknown=1",
    "mysql://app:" TEST_PASSWORD "@127.0.0.1/db",
    "postgresql://app:" TEST_PASSWORD "@127.0.0.1:1/db?max_size=none",
    "postgresql:app:" TEST_PASSWORD "@127.0.0.1/db",
    "host=127.0.0.1 port=1 password=" TEST_PASSWORD,
  };

  for (gsize i = 0; i < G_N_ELEMENTS (urls); i++)
    assert_not_opened (urls[i]);
}

/* A server that asks for the password and quotes it in its refusal. */
typedef struct
{
  int      listener;
  gboolean was_told; /* the password */
} Gossip;

static void
gossip (int client, Gossip *server)
{
  static const char ask[] = { 'R', 0, 0, 0, 8, 0, 0, 0, 3 };
  static const char words[] = "SFATAL\0" "VFATAL\0" "C28P01\0"
                              "Mwrong password \"" PLAIN_PASSWORD "\", is it " PLAIN_PASSWORD "?\0"
                              "DIt was " PLAIN_PASSWORD "\0";
  guint32 length = GUINT32_TO_BE (4 + sizeof words);
  char message[1000];

  g_assert_cmpint (recv (client, message, sizeof message, 0), >, 0);
  g_assert_cmpint (send (client, ask, sizeof ask, 0), ==, sizeof ask);
  g_assert_cmpint (recv (client, message, sizeof message, 0), >, 5);
  server->was_told = strcmp (message + 5, PLAIN_PASSWORD) == 0;
  send (client, "E", 1, 0);
  send (client, &length, sizeof length, 0);
  send (client, words, sizeof words, 0);
}

static gpointer
run_gossip (gpointer data)
{
  Gossip *server = data;

  for (guint i = 0; i < 2; i++) /* the two shapes of opening */
    {
      int client = accept (server->listener, NULL, NULL);

      gossip (client, server);
      close (client);
    }
  return NULL;
}

static void
server_that_quotes (Test *test)
{
  guint port = 0;
  Gossip server = { .listener = test_listen (&port) };
  g_autofree char *url = g_strdup_printf ("postgresql://app:%s@127.0.0.1:%u/db?sslmode=disable&gssencmode=disable",
                                          TEST_PASSWORD, port);
  GThread *thread = g_thread_new ("gossip", run_gossip, &server);

  assert_not_opened (url);
  g_thread_join (thread);
  close (server.listener);
  g_assert_true (server.was_told);
}

/* ---- statements ---- */

static void
see (YaraOrm *orm, const YaraQueryEvent *event, gpointer user_data)
{
  ++*(guint *) user_data;
  show ("hook", event->connection);
  show ("hook", event->sql);
  if (event->error != NULL)
    show ("hook", event->error->message);
}

static void
statements (Test *test)
{
  g_autofree char *url = test_server_url (NULL, "max_size=1&statement_timeout=0.2");
  g_autofree char *shown = NULL;
  g_autoptr(GCancellable) cancelled = g_cancellable_new ();
  YaraConnection *connection;
  GError *error = NULL;
  guint n_events = 0, hook;

  hook = yara_orm_add_query_hook (test->orm, see, &n_events, NULL);
  test_ok (yara_orm_add_connection (test->orm, "own", url, NULL, &error));
  connection = test_connection (test->orm, "own");
  shown = yara_connection_get_url (connection);
  show ("url", shown);
  g_assert_nonnull (strstr (shown, "app"));

  g_assert_cmpint (yara_connection_execute (connection, "SELECT nonsense", NULL, NULL, &error), ==, -1);
  show_error (g_steal_pointer (&error));
  g_assert_cmpint (yara_connection_execute (connection, "SELECT pg_sleep(10)", NULL, NULL, &error), ==, -1);
  show_error (g_steal_pointer (&error));
  g_assert_cmpint (yara_connection_execute (connection, "SELECT pg_terminate_backend (pg_backend_pid())", NULL,
                                            NULL, &error), ==, -1);
  show_error (g_steal_pointer (&error));
  g_cancellable_cancel (cancelled);
  g_assert_cmpint (yara_connection_execute (connection, "SELECT 1", NULL, cancelled, &error), ==, -1);
  show_error (g_steal_pointer (&error));
  kill (test_fetch_int (test->orm, "own", "SELECT pg_backend_pid()"), SIGKILL);
  for (guint n_good = 0; n_good < 20; g_usleep (20000)) /* it goes, and comes back after a while */
    if (yara_connection_execute (connection, "SELECT 1", NULL, NULL, &error) < 0)
      show_error (g_steal_pointer (&error));
    else
      n_good++;
  g_assert_cmpuint (n_events, >=, 6);
  yara_orm_remove_query_hook (test->orm, hook);
}

static const TestCase cases[] = {
  { "faults/secrets/urls-that-fail", urls_that_fail, "postgres" },
  { "faults/secrets/server-that-quotes", server_that_quotes, "postgres" },
  { "faults/secrets/statements", statements, "postgres" },
};
TEST_MAIN (cases)
