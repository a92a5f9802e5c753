/* SPDX-License-Identifier: MIT
 *
 * Links that end anywhere: within the greeting, a row, an acknowledgement. Each call comes back with its
 * own outcome, and the next one is served by a new session.
 */
#include "server.h"

#include <arpa/inet.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

typedef struct
{
  gint64      id;
  gint64      token;
  const char *text;
} Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, token),
  YARA_FIELD (Entry, text),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

/* ---- a relay that cuts links ---- */

typedef struct
{
  int      listener;
  GThread *thread;
  guint    port;      /* its own */
  guint    target;    /* the server's, on 127.0.0.1 */
  int      allowance; /* bytes that the next link may bring from the server; -1: any number */
} Relay;

/* Moves what has come. FALSE: one side has hung up, or the allowance is used up. */
static gboolean
relay_some (int from, int to, int *allowance)
{
  char data[4096];
  gssize size = recv (from, data, sizeof data, 0);

  if (size <= 0)
    return FALSE;
  if (allowance != NULL && *allowance >= 0)
    size = MIN (size, *allowance);
  if (send (to, data, size, MSG_NOSIGNAL) != size)
    return FALSE;
  if (allowance == NULL || *allowance < 0)
    return TRUE;
  *allowance -= size;
  return *allowance > 0;
}

static void
relay_link (int client, int server, int allowance)
{
  struct pollfd fds[] = { { .fd = client, .events = POLLIN }, { .fd = server, .events = POLLIN } };
  gboolean is_open = allowance != 0;

  while (is_open && poll (fds, 2, -1) > 0)
    {
      if (fds[0].revents != 0)
        is_open = relay_some (client, server, NULL);
      if (is_open && fds[1].revents != 0)
        is_open = relay_some (server, client, &allowance);
    }
}

static int
connect_to (guint port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK),
                                 .sin_port = htons (port) };
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

static gpointer
run_relay (gpointer data)
{
  Relay *relay = data;
  int client;

  while ((client = accept (relay->listener, NULL, NULL)) >= 0)
    {
      int server = connect_to (relay->target);

      relay_link (client, server, g_atomic_int_exchange (&relay->allowance, -1));
      close (client);
      close (server);
    }
  return NULL;
}

static void
relay_start (Relay *relay, guint target)
{
  *relay = (Relay) { .target = target };
  relay->listener = test_listen (&relay->port);
  relay->thread = g_thread_new ("relay", run_relay, relay);
}

static void
relay_stop (Relay *relay)
{
  shutdown (relay->listener, SHUT_RDWR); /* ends accept() */
  g_thread_join (relay->thread);
  close (relay->listener);
}

/* ---- cut anywhere ---- */

enum { N_CALLS = 6 };

/* TRUE: it has succeeded. An error must be that of a lost link. */
static gboolean
check_error (const GError *error)
{
  if (error == NULL)
    return TRUE;
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONNECTION);
  g_assert_null (strstr (error->message, TEST_SECRET));
  return FALSE;
}

/* A row is there exactly if its write has succeeded, unless nobody knows. */
static void
check_entry (Test *test, const Entry *entry, const GError *error)
{
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM entries WHERE token = %" G_GINT64_FORMAT,
                                          entry->token);
  gint64 n_rows = test_fetch_int (test->orm, NULL, sql);

  g_assert_cmpint (n_rows, <=, 1);
  if (!yara_error_is_outcome_unknown (error))
    g_assert_cmpint (n_rows, ==, error == NULL);
}

/* Three writes and three reads at once; every second one of them by the program's own SQL. */
static guint
run_calls (Test *test, YaraOrm *orm, gint64 first_token)
{
  YaraConnection *connection = test_connection (orm, NULL);
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Entry entries[N_CALLS];
  TestCall calls[N_CALLS];
  guint n_failed = 0;

  memset (calls, 0, sizeof calls);
  yara_query_filter (query, "token", -1);
  for (guint i = 0; i < N_CALLS; i++)
    {
      entries[i] = (Entry) { .token = first_token + i, .text = "text" };
      if (i % 3 == 2)
        yara_connection_fetch_rows_async (connection, "SELECT text, token FROM entries WHERE token = -1", NULL,
                                          NULL, test_call_done, &calls[i]);
      else if (i % 2)
        yara_orm_all_async (orm, query, NULL, test_call_done, &calls[i]);
      else
        yara_orm_create_async (orm, &entry_model, &entries[i], NULL, test_call_done, &calls[i]);
    }
  test_calls_wait (calls, N_CALLS);
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autoptr(GError) error = NULL;

      if (i % 3 == 2)
        {
          g_autoptr(YaraRows) rows = yara_connection_fetch_rows_finish (connection, calls[i].result, &error);

          if (check_error (error))
            g_assert_cmpuint (strlen (yara_rows_get_text (rows, 0, 0)), ==, 200);
        }
      else if (i % 2)
        {
          g_autoptr(YaraResult) found = yara_orm_all_finish (orm, calls[i].result, &error);

          if (check_error (error))
            g_assert_cmpuint (strlen (((Entry *) yara_result_get_record (found, 0))->text), ==, 200);
        }
      else
        {
          g_assert_cmpint (yara_orm_create_finish (orm, calls[i].result, &error), ==, check_error (error));
          check_entry (test, &entries[i], error);
        }
      n_failed += error != NULL;
    }
  test_calls_clear (calls, N_CALLS);
  return n_failed;
}

/* Whatever is left of the allowance. */
static void
use_up (YaraOrm *orm)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraRows) rows = NULL;

  rows = yara_connection_fetch_row (test_connection (orm, NULL), "SELECT repeat ('x', 3000)", NULL, NULL, &error);
  check_error (error);
}

static void
cut_anywhere (Test *test)
{
  g_autofree char *port = test_postgres_variable ("YARAORM_POSTGRES_PRIMARY_PORT");
  g_autofree char *own = test_url (test, "default");
  g_autofree char *database = g_strndup (strrchr (own, '@') + 2, strcspn (strrchr (own, '@') + 2, "?"));
  g_autofree char *url = NULL;
  guint n_refused = 0, n_failed = 0, n_whole = 0;
  Relay relay;

  TEST_USE (test, &entry_model);
  test_execute (test->orm, NULL, "INSERT INTO entries (token, text) VALUES (-1, repeat ('x', 200))");
  relay_start (&relay, g_ascii_strtoull (port, NULL, 10));
  url = g_strdup_printf ("postgresql://app:%s@127.0.0.1:%u/%s?sslmode=disable&max_size=1", TEST_PASSWORD,
                         relay.port, database);
  for (int allowance = 0, n_in_a_row = 0; n_in_a_row < 30; allowance += g_test_rand_int_range (1, 8))
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(YaraOrm) orm = NULL;
      guint n;

      g_atomic_int_set (&relay.allowance, allowance);
      orm = yara_orm_open (url, NULL, NULL, &error);
      n_refused += !check_error (error);
      if (orm == NULL)
        continue;
      test_ok (yara_orm_register (orm, &entry_model, &error));
      n = run_calls (test, orm, allowance * N_CALLS);
      n_failed += n;
      n_in_a_row = n == 0 ? n_in_a_row + 1 : 0;
      n_whole += n == 0;
      if (n == 0) /* it may be cut now */
        use_up (orm);
      g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT 8"), ==, 8);
      test_ok (yara_orm_close (orm, NULL, &error));
    }
  relay_stop (&relay);
  g_test_message ("%u links were cut before they were open, %u calls failed, %u times none", n_refused, n_failed,
                  n_whole);
  g_assert_cmpuint (n_refused, >, 10);
  g_assert_cmpuint (n_failed, >, 10);
}

/* ---- killed ---- */

static gboolean
kill_process (gpointer pid)
{
  kill (GPOINTER_TO_INT (pid), SIGKILL);
  return G_SOURCE_REMOVE;
}

/* The whole server goes down with one process that is killed, and comes back by itself after a moment. */
static gint64
fetch_when_back (YaraConnection *connection, const char *sql)
{
  gint64 deadline = g_get_monotonic_time () + 20 * G_USEC_PER_SEC;

  for (;;)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(YaraRows) rows = yara_connection_fetch_row (connection, sql, NULL, NULL, &error);

      if (check_error (error))
        return yara_rows_get_int (rows, 0, 0);
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (10000);
    }
}

static void
killed_in_mid_row (Test *test)
{
  g_autofree char *url = test_server_url (NULL, "max_size=1");
  const char *rows = "SELECT repeat ('x', 3000), pg_sleep (0.001) FROM generate_series (1, 100000)";
  YaraConnection *connection;

  test_ok (yara_orm_add_connection (test->orm, "killed", url, NULL, &error));
  connection = test_connection (test->orm, "killed");
  for (guint i = 0; i < 3; i++)
    {
      g_timeout_add (100, kill_process, GINT_TO_POINTER (fetch_when_back (connection, "SELECT pg_backend_pid()")));
      test_await (yara_connection_fetch_rows_async (connection, rows, NULL, NULL, test_call_done, &call),
                  test_fails (yara_connection_fetch_rows_finish (connection, call.result, &error), CONNECTION));
      g_assert_cmpint (fetch_when_back (connection, "SELECT 9"), ==, 9);
    }
}

static const TestCase cases[] = {
  { "faults/link/cut-anywhere", cut_anywhere, "postgres" },
  { "faults/link/killed-in-mid-row", killed_in_mid_row, "postgres" },
};
TEST_MAIN (cases)
