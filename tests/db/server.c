/* SPDX-License-Identifier: MIT
 *
 * Throwaway servers of a single test program. A shell that belongs to nobody waits for the end of the
 * program and stops them, also after an assertion has failed.
 */
#include "server.h"

#include <arpa/inet.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define TOOL TOOLS_FOLDER "/throwaway-postgres"

/* The end of the program closes the pipe. */
#define STOP_IN_THE_END \
  "exec 3<&0; { cat <&3; exec " TOOL " stop \"$0\"; } >/dev/null 2>&1 &"

static char *folder;
static guint port;

static void
spawn (const char *const *arguments, int *input)
{
  GPid pid = 0;
  int status = 0;

  test_ok (g_spawn_async_with_pipes (NULL, (char **) arguments, NULL,
                                     G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_SEARCH_PATH | G_SPAWN_STDOUT_TO_DEV_NULL |
                                     G_SPAWN_CLOEXEC_PIPES,
                                     NULL, NULL, &pid, input, NULL, NULL, &error));
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  test_ok (g_spawn_check_wait_status (status, &error));
}

static guint
read_port (void)
{
  g_autofree char *path = g_build_filename (folder, "env", NULL), *text = NULL;
  const char *value;

  test_ok (g_file_get_contents (path, &text, NULL, &error));
  value = strstr (text, "YARAORM_POSTGRES_PRIMARY_PORT=");
  g_assert_nonnull (value);
  return g_ascii_strtoull (strchr (value, '=') + 1, NULL, 10);
}

static void
start (void)
{
  int input = -1; /* stays open as long as the program runs */

  folder = g_strdup ("/tmp/yaraorm-XXXXXX"); /* short, because names of sockets are */
  g_assert_nonnull (g_mkdtemp (folder));
  spawn ((const char *const[]) { "sh", "-c", STOP_IN_THE_END, folder, NULL }, &input);
  spawn ((const char *const[]) { TOOL, "start", folder, NULL }, NULL);
  port = read_port ();
}

char *
test_server_url (const char *host, const char *parameters)
{
  if (folder == NULL)
    start ();
  if (host != NULL)
    return g_strdup_printf ("postgresql://app:%s@%s:%u/postgres?sslmode=disable&%s", TEST_PASSWORD, host, port,
                            parameters);
  return g_strdup_printf ("postgresql://app:%s@/postgres?host=%s&port=%u&%s", TEST_PASSWORD, folder, port,
                          parameters);
}

guint
test_server_port (void)
{
  return port;
}

GPid
test_server_pid (void)
{
  g_autofree char *path = g_build_filename (folder, "primary", "postmaster.pid", NULL), *text = NULL;

  test_ok (g_file_get_contents (path, &text, NULL, &error));
  return g_ascii_strtoll (text, NULL, 10);
}

/* The server refuses to run as root, and so does what starts it. */
static void
control (const char *action, const char *mode)
{
  g_autofree char *executable = g_strdup_printf ("/proc/%d/exe", test_server_pid ());
  g_autofree char *server = test_ok (g_file_read_link (executable, &error));
  g_autofree char *binaries = g_path_get_dirname (server), *program = g_build_filename (binaries, "pg_ctl", NULL);
  g_autofree char *data = g_build_filename (folder, "primary", NULL);
  g_autofree char *log = g_build_filename (folder, "primary.log", NULL);
  const char *arguments[] = {
    "runuser", "-u", "postgres", "--", program, "-D", data, "-l", log, "-m", mode, "-w", action, NULL
  };

  spawn (getuid () == 0 ? arguments : arguments + 4, NULL);
}

void
test_server_restart (const char *mode)
{
  control ("restart", mode);
}

int
test_listen (guint *port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl (INADDR_LOOPBACK) };
  socklen_t size = sizeof address;
  int fd = socket (AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_assert_cmpint (bind (fd, (struct sockaddr *) &address, size), ==, 0);
  g_assert_cmpint (listen (fd, 10), ==, 0);
  g_assert_cmpint (getsockname (fd, (struct sockaddr *) &address, &size), ==, 0);
  *port = ntohs (address.sin_port);
  return fd;
}

/* ---- freezing ---- */

static void
signal_children (GPid pid, int number)
{
  g_autofree char *path = g_strdup_printf ("/proc/%d/task/%d/children", pid, pid), *text = NULL;
  g_auto(GStrv) children = NULL;

  test_ok (g_file_get_contents (path, &text, NULL, &error));
  children = g_strsplit (g_strstrip (text), " ", -1);
  g_assert_cmpuint (g_strv_length (children), >, 0);
  for (char **child = children; *child != NULL; child++)
    kill (atoi (*child), number); /* it may just have ended */
}

void
test_server_freeze (void)
{
  GPid pid = test_server_pid ();

  g_assert_cmpint (kill (pid, SIGSTOP), ==, 0);
  signal_children (pid, SIGSTOP);
}

void
test_server_thaw (void)
{
  GPid pid = test_server_pid ();

  signal_children (pid, SIGCONT);
  g_assert_cmpint (kill (pid, SIGCONT), ==, 0);
}
