/* SPDX-License-Identifier: MIT
 *
 * Connecting to PostgreSQL: every way of naming a server, and every way in which one can be no good.
 */
#include "fixture.h"

#include <arpa/inet.h>
#include <glib/gstdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PRIMARY "YARAORM_POSTGRES_PRIMARY_PORT"
#define STANDBY "YARAORM_POSTGRES_STANDBY_PORT"
#define NOBODY  "1" /* a port on which nobody listens */

#define PASSWORD_TEXT TEST_SECRET "!@/9" /* TEST_PASSWORD, decoded */

static char *
get_port (const char *variable)
{
  return strcmp (variable, NOBODY) == 0 ? g_strdup (NOBODY) : test_postgres_variable (variable);
}

/* The first cell that a fresh connection answers with. */
static char *
ask (const char *url, const char *sql)
{
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  char *answer = test_fetch_list (orm, NULL, sql);

  test_ok (yara_orm_close (orm, NULL, &error));
  return answer;
}

static void
check_answer (const char *url, const char *sql, const char *expected)
{
  g_autofree char *answer = ask (url, sql);

  g_assert_cmpstr (answer, ==, expected);
}

/* Opening fails with this error within `seconds`; and the SQLSTATE, unless it is NULL. */
static void
check_failure (const char *url, int code, const char *sqlstate, double seconds, const char *words)
{
  gint64 start = g_get_monotonic_time ();
  g_autoptr(GError) error = NULL;

  g_assert_null (yara_orm_open (url, NULL, NULL, &error));
  g_assert_cmpfloat (g_get_monotonic_time () - start, <, seconds * G_USEC_PER_SEC);
  if (sqlstate != NULL)
    g_assert_cmpstr (yara_error_get_sqlstate (error), ==, sqlstate);
  test_check_error (&error, YARA_ERROR, code, words, NULL);
}

/* ---- naming servers ---- */

static void
several_hosts (Test *test)
{
  static const struct { const char *first, *second, *attributes, *expected; } rows[] = {
    { NOBODY, PRIMARY, "any", PRIMARY },
    { PRIMARY, STANDBY, "any", PRIMARY },
    { STANDBY, PRIMARY, "any", STANDBY },
    { STANDBY, PRIMARY, "primary", PRIMARY },
    { STANDBY, PRIMARY, "read-write", PRIMARY },
    { PRIMARY, STANDBY, "standby", STANDBY },
    { PRIMARY, STANDBY, "read-only", STANDBY },
    { PRIMARY, STANDBY, "prefer-standby", STANDBY },
    { PRIMARY, NOBODY, "prefer-standby", PRIMARY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *first = get_port (rows[i].first), *second = get_port (rows[i].second);
      g_autofree char *expected = get_port (rows[i].expected);
      g_autofree char *url = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%s,127.0.0.1:%s/postgres"
                                              "?target_session_attrs=%s", first, second, rows[i].attributes);

      check_answer (url, "SELECT current_setting('port')", expected);
    }
}

/* Nobody else is asked when the first server knows no such database. */
static void
first_refusal (Test *test)
{
  g_autofree char *port = get_port (PRIMARY);
  g_autofree char *url = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%s,127.0.0.1:" NOBODY "/nowhere"
                                          "?target_session_attrs=prefer-standby", port);

  check_failure (url, YARA_ERROR_CONNECTION, "3D000", 10, "nowhere");
}

static void
sockets (Test *test)
{
  g_autofree char *folder = test_postgres_variable ("YARAORM_POSTGRES_DIRECTORY"), *port = get_port (PRIMARY);
  g_autofree char *escaped = g_uri_escape_string (folder, NULL, FALSE);
  g_autofree char *in_front = g_strdup_printf ("postgresql://app:" TEST_SECRET "@%s:%s/postgres", escaped, port);
  g_autofree char *behind = g_strdup_printf ("postgresql:///postgres?user=app&host=%s&port=%s", folder, port);
  g_autofree char *two = g_strdup_printf ("postgresql://app@%s:" NOBODY ",%s:%s/postgres", escaped, escaped, port);
  const char *sql = "SELECT coalesce(inet_server_addr()::text, 'socket')";

  check_answer (in_front, sql, "socket");
  check_answer (behind, sql, "socket");
  check_answer (two, sql, "socket");
}

static gboolean
has_ipv6 (void)
{
  struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_addr = in6addr_loopback };
  int fd = socket (AF_INET6, SOCK_STREAM, 0);
  gboolean ok = fd >= 0 && bind (fd, (struct sockaddr *) &address, sizeof address) == 0;

  if (fd >= 0)
    close (fd);
  return ok;
}

static void
ipv6 (Test *test)
{
  static const char *const formats[] = {
    "postgresql://app:" TEST_SECRET "@[::1]:%s/postgres", "postgresql://app@[::1]:1,[::1]:%s/postgres?port=1,%s",
    "postgresql://app@/postgres?hostaddr=::1&port=%s",
  };
  g_autofree char *port = get_port (PRIMARY);

  if (!has_ipv6 ())
    {
      g_test_skip ("this machine has no ::1");
      return;
    }
  for (gsize i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_auto(GStrv) pieces = g_strsplit (formats[i], "%s", -1);
      g_autofree char *url = g_strjoinv (port, pieces);

      check_answer (url, "SELECT host(inet_server_addr())", "::1");
    }
}

static void
parameters (Test *test)
{
  static const struct { const char *parameters, *sql, *expected; } rows[] = {
    { "", "SELECT current_setting('application_name')", "yaraorm" },
    { "&application_name=it%27s%20me", "SELECT current_setting('application_name')", "it's me" },
    { "&options=-c%20work_mem%3D8MB%20-c%20search_path%3Dpg_catalog", "SELECT current_setting('work_mem')", "8MB" },
    { "&client_encoding=LATIN1", "SELECT octet_length(convert_to('\303\244', 'UTF8'))", "2" },
    { "&sslmode=disable&keepalives=0&tcp_user_timeout=5000", "SELECT 1", "1" },
    { "&options=-c%20TimeZone%3DAsia/Tokyo", "SELECT current_setting('TimeZone')", "UTC" },
  };
  g_autofree char *port = get_port (PRIMARY);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *url = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1/postgres?port=%s%s", port,
                                              rows[i].parameters);

      check_answer (url, rows[i].sql, rows[i].expected);
    }
}

static void
bad_values (Test *test)
{
  static const struct { const char *parameters, *words; int code; } rows[] = {
    { "&sslmode=maybe", "sslmode", YARA_ERROR_CONFIGURATION },
    { "&target_session_attrs=best", "target_session_attrs", YARA_ERROR_CONFIGURATION },
    { "&channel_binding=perhaps", "channel_binding", YARA_ERROR_CONFIGURATION },
    { "&keepalives_idle=soon", "keepalives_idle", YARA_ERROR_CONNECTION },
    { "&service=missing", "missing", YARA_ERROR_CONFIGURATION },
    { "&options=-c%20nonsense%3D1", "nonsense", YARA_ERROR_CONNECTION },
    { "&sslmode=verify-full&sslrootcert=/nowhere", "look at sslmode", YARA_ERROR_CONNECTION },
    { "&application=x", "application_name", YARA_ERROR_CONFIGURATION },
  };
  g_autofree char *port = get_port (PRIMARY);

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *url = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1/postgres?port=%s%s", port,
                                              rows[i].parameters);

      check_failure (url, rows[i].code, NULL, 10, rows[i].words);
    }
}

/* ---- who one is ---- */

/* A role of this process that must give PASSWORD_TEXT: (transfer full). */
static char *
make_role (Test *test, const char *options)
{
  g_autofree char *role = g_strdup_printf ("test_%d_role", getpid ());
  g_autofree char *drop = g_strdup_printf ("DROP ROLE IF EXISTS %s", role);
  /* in two pieces: SQL is logged */
  g_autofree char *create = g_strdup_printf ("DO $$ BEGIN EXECUTE format('CREATE ROLE %s LOGIN IN ROLE needs_password "
                                             "PASSWORD %%L %s', '%.3s' || '%s'); END $$", role, options, PASSWORD_TEXT,
                                             &PASSWORD_TEXT[3]);

  test_execute (test->orm, NULL, drop);
  test_execute (test->orm, NULL, create);
  return g_steal_pointer (&role);
}

static void
drop_role (Test *test, const char *role)
{
  g_autofree char *sql = g_strdup_printf ("DROP ROLE %s", role);

  test_execute (test->orm, NULL, sql);
}

static char *
write_file (Test *test, const char *name, const char *text)
{
  char *path = g_build_filename (test->folder, name, NULL);

  test_ok (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_NONE, 0600, &error));
  return path;
}

static void
passwords (Test *test)
{
  g_autofree char *role = make_role (test, ""), *port = get_port (PRIMARY);
  g_autofree char *line = g_strdup_printf ("127.0.0.1:%s:*:%s:" PASSWORD_TEXT "\n", port, role);
  g_autofree char *passfile = write_file (test, "passfile", line), *empty = write_file (test, "empty", "");
  g_autofree char *server = g_strdup_printf ("127.0.0.1:%s/postgres", port);
  g_autofree char *in_front = g_strdup_printf ("postgresql://%s:%s@%s", role, TEST_PASSWORD, server);
  g_autofree char *behind = g_strdup_printf ("postgresql://%s@%s?password=%s", role, server, TEST_PASSWORD);
  g_autofree char *from_file = g_strdup_printf ("postgresql://%s@%s?passfile=%s", role, server, passfile);
  g_autofree char *wrong = g_strdup_printf ("postgresql://%s:%sx@%s", role, TEST_PASSWORD, server);
  g_autofree char *none = g_strdup_printf ("postgresql://%s@%s?passfile=%s", role, server, empty);

  check_answer (in_front, "SELECT current_user::text", role);
  check_answer (behind, "SELECT current_user::text", role);
  check_answer (from_file, "SELECT current_user::text", role);
  check_failure (wrong, YARA_ERROR_CONNECTION, "28P01", 10, "password");
  check_failure (none, YARA_ERROR_CONNECTION, NULL, 10, "password");
  drop_role (test, role);
}

static void
services (Test *test)
{
  g_autofree char *role = make_role (test, ""), *port = get_port (PRIMARY);
  g_autofree char *text = g_strdup_printf ("[mine]\nhost=127.0.0.1\nport=%s\ndbname=postgres\nuser=%s\npassword="
                                           PASSWORD_TEXT "\n", port, role);
  g_autofree char *path = write_file (test, "services", text);

  g_setenv ("PGSERVICEFILE", path, TRUE);
  check_answer ("postgresql://?service=mine", "SELECT current_user::text", role);
  check_answer ("postgresql:///template1?service=mine", "SELECT current_database()::text", "template1");
  check_failure ("postgresql:///nowhere?service=mine", YARA_ERROR_CONNECTION, "3D000", 10, "nowhere");
  g_unsetenv ("PGSERVICEFILE");
  drop_role (test, role);
}

static void
too_many (Test *test)
{
  g_autofree char *role = make_role (test, "CONNECTION LIMIT 1"), *port = get_port (PRIMARY);
  g_autofree char *url = g_strdup_printf ("postgresql://%s:%s@127.0.0.1:%s/postgres", role, TEST_PASSWORD, port);
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  check_failure (url, YARA_ERROR_CONNECTION, "53300", 10, "max_size");
  g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT 1"), ==, 1);
  test_ok (yara_orm_close (orm, NULL, &error));
  drop_role (test, role);
}

/* ---- servers that will not do ---- */

static void
wrong_role (Test *test)
{
  static const struct { const char *attributes, *server; } rows[] = {
    { "primary", STANDBY }, { "read-write", STANDBY }, { "standby", PRIMARY }, { "read-only", PRIMARY },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *port = get_port (rows[i].server);
      g_autofree char *one = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%s/postgres"
                                              "?target_session_attrs=%s", port, rows[i].attributes);
      g_autofree char *two = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%s,127.0.0.1:%s/postgres"
                                              "?target_session_attrs=%s", port, port, rows[i].attributes);

      check_failure (one, YARA_ERROR_CONNECTION, NULL, 10, "target_session_attrs");
      check_failure (two, YARA_ERROR_CONNECTION, NULL, 10, "none of 2 servers");
    }
}

/* A socket that listens on 127.0.0.1, and its port. */
static int
listen_on (guint *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (listen (fd, 0), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size), ==, 0);
  *port = ntohs (address.sin_port);
  return fd;
}

/* Full queues make the kernel drop what else comes, as a host does that is not there. */
static void
unreachable (Test *test)
{
  enum { N_FILLERS = 8 };
  guint port;
  int listener = listen_on (&port), fillers[N_FILLERS];
  struct sockaddr_in address = {
    .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK), .sin_port = htons (port)
  };
  g_autofree char *primary = get_port (PRIMARY);
  g_autofree char *alone = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%u/postgres"
                                            "?connect_timeout=0.3", port);
  g_autofree char *first = g_strdup_printf ("postgresql://app@127.0.0.1:%u,127.0.0.1:%s/postgres?connect_timeout=0.3",
                                            port, primary);
  g_autofree char *refused = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:" NOBODY "/postgres");

  for (guint i = 0; i < N_FILLERS; i++)
    {
      fillers[i] = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
      connect (fillers[i], (struct sockaddr *) &address, sizeof address);
    }
  check_failure (alone, YARA_ERROR_TIMEOUT, NULL, 3, "connect_timeout");
  check_answer (first, "SELECT current_setting('port')", primary);
  check_failure (refused, YARA_ERROR_CONNECTION, NULL, 3, "refused");
  for (guint i = 0; i < N_FILLERS; i++)
    close (fillers[i]);
  close (listener);
}

/* ---- servers that are not PostgreSQL ---- */

typedef struct
{
  const char *answer; /* to whatever is said first */
  gsize       size;
  gboolean    hangs_up;
  int         fd;
} Impostor;

static gpointer
pretend (gpointer data)
{
  const Impostor *impostor = data;
  g_autoptr(GArray) held = g_array_new (FALSE, FALSE, sizeof (int));
  char question[1024];
  int fd;

  while ((fd = accept (impostor->fd, NULL, NULL)) >= 0)
    {
      if (recv (fd, question, sizeof question, 0) > 0)
        send (fd, impostor->answer, impostor->size, MSG_NOSIGNAL);
      if (impostor->hangs_up)
        close (fd);
      else
        g_array_append_val (held, fd);
    }
  for (guint i = 0; i < held->len; i++)
    close (g_array_index (held, int, i));
  return NULL;
}

static void
check_impostor (Impostor impostor, int code, const char *words)
{
  guint port;
  g_autofree char *url = NULL;
  GThread *thread;

  impostor.fd = listen_on (&port);
  thread = g_thread_new ("impostor", pretend, &impostor);
  url = g_strdup_printf ("postgresql://app:" TEST_SECRET "@127.0.0.1:%u/x?connect_timeout=0.5&sslmode=disable"
                         "&gssencmode=disable", port);
  check_failure (url, code, NULL, 10, words);
  shutdown (impostor.fd, SHUT_RDWR);
  g_thread_join (thread);
  close (impostor.fd);
}

#define ANSWER(text) text, sizeof (text) - 1
#define WELCOME      "R\0\0\0\10\0\0\0\0"                  /* no password is needed */
#define READY        "K\0\0\0\14\0\0\0\1\0\0\0\2Z\0\0\0\5I"

static void
impostors (Test *test)
{
  check_impostor ((Impostor) { ANSWER (""), TRUE }, YARA_ERROR_CONNECTION, "closed the connection");
  check_impostor ((Impostor) { ANSWER ("220 mail.example ESMTP\r\n") }, YARA_ERROR_CONNECTION, "cannot connect");
  check_impostor ((Impostor) { ANSWER ("SSH-2.0-OpenSSH_9.2\r\n"), TRUE }, YARA_ERROR_CONNECTION, "cannot connect");
  check_impostor ((Impostor) { ANSWER ("R\0\0\0\10\0\0\0\143") }, YARA_ERROR_CONNECTION, "authentication");
  check_impostor ((Impostor) { ANSWER ("E\177\377\377\377canary"), TRUE }, YARA_ERROR_CONNECTION, "cannot connect");
  check_impostor ((Impostor) { ANSWER (WELCOME "Z\0\0\0\1") , TRUE }, YARA_ERROR_CONNECTION, "cannot connect");
  /* silent at every stage */
  check_impostor ((Impostor) { ANSWER ("") }, YARA_ERROR_TIMEOUT, "connect_timeout");
  check_impostor ((Impostor) { ANSWER (WELCOME) }, YARA_ERROR_TIMEOUT, "connect_timeout");
  check_impostor ((Impostor) { ANSWER (WELCOME READY) }, YARA_ERROR_TIMEOUT, "connect_timeout");
}

static const TestCase cases[] = {
  { "connect/several-hosts", several_hosts, "postgres" },
  { "connect/first-refusal", first_refusal, "postgres" },
  { "connect/sockets", sockets, "postgres" },
  { "connect/ipv6", ipv6, "postgres" },
  { "connect/parameters", parameters, "postgres" },
  { "connect/bad-values", bad_values, "postgres" },
  { "connect/passwords", passwords, "postgres" },
  { "connect/services", services, "postgres" },
  { "connect/too-many", too_many, "postgres" },
  { "connect/wrong-role", wrong_role, "postgres" },
  { "connect/unreachable", unreachable, "postgres" },
  { "connect/impostors", impostors, "postgres" },
};
TEST_MAIN (cases)
