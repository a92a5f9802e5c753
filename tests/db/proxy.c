/* SPDX-License-Identifier: MIT
 *
 * The proxy: a thread that listens, and one for each link.
 */
#include "proxy.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "server.h"

struct TestProxy
{
  int            listener;
  guint          port;
  char          *server; /* path of its socket */
  GThread       *thread;
  atomic_bool    has_ended;
  atomic_uint    n_trips;
  atomic_uint    n_links;
  atomic_bool    hides_ends;
  _Atomic gint64 cut_at; /* monotonic; 0: not at all */
};

typedef struct
{
  TestProxy *proxy;
  int        client, server;
} Link;

static int
connect_to_server (TestProxy *proxy)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

  g_strlcpy (address.sun_path, proxy->server, sizeof address.sun_path);
  g_assert_cmpint (connect (fd, (struct sockaddr *) &address, sizeof address), ==, 0);
  return fd;
}

/* FALSE: one side has ended. */
static gboolean
pass_on (int from, int to)
{
  char buffer[16384];
  ssize_t size = read (from, buffer, sizeof buffer);

  for (ssize_t done = 0, n; done < size; done += n)
    {
      n = send (to, buffer + done, size - done, MSG_NOSIGNAL);
      if (n <= 0)
        return FALSE;
    }
  return size > 0;
}

/* With a reset, not an orderly end. */
static void
cut (int fd)
{
  struct linger linger = { .l_onoff = 1 };

  setsockopt (fd, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
  close (fd);
}

/* Whether it is time to cut; looks closely when it soon will be. */
static gboolean
is_time (TestProxy *proxy, int *timeout)
{
  gint64 cut_at = atomic_load (&proxy->cut_at);

  *timeout = cut_at != 0 ? 0 : 1;
  return atomic_load (&proxy->has_ended) || (cut_at != 0 && g_get_monotonic_time () >= cut_at);
}

static gpointer
run_link (gpointer data)
{
  g_autofree Link *link = data;
  TestProxy *proxy = link->proxy;
  struct pollfd fds[] = { { .fd = link->client, .events = POLLIN }, { .fd = link->server, .events = POLLIN } };
  gboolean is_open = TRUE, client_spoke = FALSE;
  int timeout;

  while (is_open && !is_time (proxy, &timeout))
    {
      if (poll (fds, 2, timeout) <= 0 || is_time (proxy, &timeout))
        continue;
      if (fds[1].revents != 0)
        {
          client_spoke = FALSE;
          if (!pass_on (link->server, link->client))
            {
              is_open = atomic_load (&proxy->hides_ends);
              fds[1].fd = -1; /* poll() leaves it out */
            }
        }
      else if (fds[1].fd < 0)
        is_open = FALSE;
      else if (fds[0].revents != 0)
        {
          atomic_fetch_add (&proxy->n_trips, !client_spoke);
          client_spoke = TRUE;
          is_open = pass_on (link->client, link->server);
        }
    }
  cut (link->client);
  cut (link->server);
  atomic_fetch_sub (&proxy->n_links, 1);
  return NULL;
}

static gpointer
run_proxy (gpointer data)
{
  TestProxy *proxy = data;

  for (;;)
    {
      const int on = 1;
      Link *link;
      int fd = accept4 (proxy->listener, NULL, NULL, SOCK_CLOEXEC);

      if (fd < 0 || atomic_load (&proxy->has_ended))
        break;
      setsockopt (fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
      link = g_new (Link, 1);
      *link = (Link) { proxy, fd, connect_to_server (proxy) };
      atomic_fetch_add (&proxy->n_links, 1);
      g_thread_unref (g_thread_new ("link", run_link, link));
    }
  return NULL;
}

TestProxy *
test_proxy_new (void)
{
  TestProxy *proxy = g_new0 (TestProxy, 1);
  g_autofree char *folder = test_postgres_variable ("YARAORM_POSTGRES_DIRECTORY");
  g_autofree char *port = test_postgres_variable ("YARAORM_POSTGRES_PRIMARY_PORT");

  proxy->listener = test_listen (&proxy->port);
  proxy->server = g_strdup_printf ("%s/.s.PGSQL.%s", folder, port);
  proxy->thread = g_thread_new ("proxy", run_proxy, proxy);
  return proxy;
}

void
test_proxy_free (TestProxy *proxy)
{
  atomic_store (&proxy->has_ended, TRUE);
  shutdown (proxy->listener, SHUT_RDWR);
  g_thread_join (proxy->thread);
  while (atomic_load (&proxy->n_links) > 0)
    g_usleep (1000);
  close (proxy->listener);
  g_free (proxy->server);
  g_free (proxy);
}

char *
test_proxy_url (TestProxy *proxy, const char *name, const char *parameters)
{
  g_autofree char *direct = test_postgres_url (NULL, name); /* makes the database */
  g_autofree char *start = g_strndup (strchr (direct, '@'), strcspn (strchr (direct, '@'), "?"));

  return g_strdup_printf ("postgresql://app:%s@127.0.0.1:%u%s?sslmode=disable&gssencmode=disable&%s", TEST_PASSWORD,
                          proxy->port, start + 1, parameters);
}

guint
test_proxy_get_n_trips (TestProxy *proxy)
{
  return atomic_load (&proxy->n_trips);
}

void
test_proxy_hide_ends (TestProxy *proxy)
{
  atomic_store (&proxy->hides_ends, TRUE);
}

void
test_proxy_cut_in (TestProxy *proxy, guint delay)
{
  atomic_store (&proxy->cut_at, g_get_monotonic_time () + delay);
}

void
test_proxy_await_cut (TestProxy *proxy)
{
  while (atomic_load (&proxy->n_links) > 0)
    g_usleep (100);
  atomic_store (&proxy->cut_at, 0);
}
