/* SPDX-License-Identifier: MIT
 * Stands in for Pgpool-II in front of a PostgreSQL server, as far as a client can tell it by: the process that it
 * names is not the one that answers, and it answers SHOW pool_version by itself.
 * Usage: pgpool-stand-in SOCKET SOCKET-OF-THE-SERVER; it ends with its parent's pipe. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* What a SHOW without rows is answered with: CommandComplete and ReadyForQuery. */
static const char answer[] = "C\0\0\0\x09SHOW\0Z\0\0\0\x05I";

typedef struct
{
  int      from, to;
  gboolean is_client; /* `from` is */
} Direction;

static gboolean
read_all (int fd, void *buffer, gsize size)
{
  for (gssize n; size > 0; size -= n, buffer = (char *) buffer + n)
    if ((n = read (fd, buffer, size)) <= 0)
      return FALSE;
  return TRUE;
}

static void
write_all (int fd, const void *buffer, gsize size)
{
  for (gssize n; size > 0; size -= n, buffer = (const char *) buffer + n)
    if ((n = send (fd, buffer, size, MSG_NOSIGNAL)) <= 0)
      return;
}

/* A message: its type, if it has one, its length, and the rest. Returns its size, 0 at the end. */
static gsize
read_message (int fd, gboolean has_type, char **message)
{
  char head[5];
  gsize start = has_type ? 1 : 0;
  guint32 length;

  if (!read_all (fd, head, start + sizeof length))
    return 0;
  memcpy (&length, head + start, sizeof length);
  length = GUINT32_FROM_BE (length);
  *message = g_malloc (start + length);
  memcpy (*message, head, start + sizeof length);
  return read_all (fd, *message + start + sizeof length, length - sizeof length) ? start + length : 0;
}

static gpointer
pump (gpointer data)
{
  Direction *direction = data;
  gboolean is_first = direction->is_client; /* the start-up message has no type */
  char *message = NULL;

  for (gsize size; (size = read_message (direction->from, !is_first, &message)) > 0; is_first = FALSE)
    {
      if (direction->is_client && !is_first && *message == 'Q' && strcmp (message + 5, "SHOW pool_version") == 0)
        write_all (direction->from, answer, sizeof answer - 1);
      else
        {
          if (!direction->is_client && *message == 'K')
            message[8] ^= 1; /* of the number of the process */
          write_all (direction->to, message, size);
        }
      g_clear_pointer (&message, g_free);
    }
  g_free (message);
  shutdown (direction->from, SHUT_RDWR);
  shutdown (direction->to, SHUT_RDWR);
  g_free (direction);
  return NULL;
}

static int
open_socket (const char *path, gboolean listens)
{
  struct sockaddr_un address = { AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_STREAM, 0);

  g_strlcpy (address.sun_path, path, sizeof address.sun_path);
  if (listens && bind (fd, (struct sockaddr *) &address, sizeof address) == 0 && listen (fd, 8) == 0)
    return fd;
  if (!listens && connect (fd, (struct sockaddr *) &address, sizeof address) == 0)
    return fd;
  g_error ("%s: %m", path);
}

static gpointer
end_with_parent (gpointer data)
{
  char c;

  while (read (STDIN_FILENO, &c, 1) > 0)
    ;
  exit (0);
}

static void
start (int from, int to, gboolean is_client)
{
  Direction *direction = g_new (Direction, 1);

  *direction = (Direction) { from, to, is_client };
  g_thread_unref (g_thread_new ("pump", pump, direction));
}

int
main (int argc, char **argv)
{
  int listener;

  g_assert (argc == 3);
  listener = open_socket (argv[1], TRUE);
  g_thread_unref (g_thread_new ("parent", end_with_parent, NULL));
  for (int client; (client = accept (listener, NULL, NULL)) >= 0;)
    {
      int server = open_socket (argv[2], FALSE);

      start (client, server, TRUE);
      start (server, client, FALSE);
    }
  return 1;
}
