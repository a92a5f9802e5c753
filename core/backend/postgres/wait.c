/* SPDX-License-Identifier: MIT
 * Waiting for the server: with a deadline, and so that it can be stopped from other threads. */
#include "backend/postgres/postgres.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

static int
get_timeout (gint64 deadline)
{
  gint64 left;

  if (deadline == G_MAXINT64)
    return -1;
  left = deadline - g_get_monotonic_time ();
  return left <= 0 ? 0 : MIN (left / 1000 + 1, G_MAXINT);
}

YaraWait
yara_postgres_wait (YaraPostgresSession *session, int fd, short events, gint64 deadline, gboolean can_interrupt)
{
  struct pollfd fds[] = {
    { .fd = fd, .events = events },
    { .fd = session->wake_fd, .events = POLLIN },
    { .fd = session->cancel_fd, .events = POLLIN }, /* -1 is passed over */
  };

  for (;;)
    {
      int n = poll (fds, can_interrupt ? G_N_ELEMENTS (fds) : 1, get_timeout (deadline));

      if (n > 0 && fds[0].revents != 0)
        return YARA_WAIT_READY;
      if (n > 0)
        return YARA_WAIT_INTERRUPTED;
      if (n == 0 && g_get_monotonic_time () >= deadline)
        return YARA_WAIT_TIMED_OUT;
      if (n < 0 && errno != EINTR)
        return YARA_WAIT_READY; /* the next call of libpq meets the same error and reports it */
    }
}

void
yara_postgres_start_deadline (YaraPostgresSession *session)
{
  session->deadline = session->timeout > 0 ? g_get_monotonic_time () + session->timeout : G_MAXINT64;
}

/* Asks the server to stop, until it does or patience ends; or gives up at once what has nothing to lose. */
static void
go_on_stopping (YaraPostgresSession *session, YaraStop why)
{
  gint64 now = g_get_monotonic_time ();

  if (session->stop == YARA_STOP_NONE)
    {
      session->stop = why;
      session->patience = now + YARA_POSTGRES_CANCEL_PATIENCE;
    }
  session->is_broken |= session->is_opening || now >= session->patience;
  if (session->is_broken)
    return;
  yara_postgres_ask_to_stop (session);
  session->deadline = MIN (now + YARA_POSTGRES_CANCEL_REPEAT, session->patience);
}

/* FALSE: there is nothing to wait for any more. */
static gboolean
wait_for_server (YaraPostgresSession *session, short events)
{
  switch (yara_postgres_wait (session, PQsocket (session->conn), events, session->deadline,
                              session->stop == YARA_STOP_NONE && !session->is_unguarded))
    {
    case YARA_WAIT_READY:
      break;
    case YARA_WAIT_INTERRUPTED:
      go_on_stopping (session, YARA_STOP_CANCELLED);
      break;
    case YARA_WAIT_TIMED_OUT:
      go_on_stopping (session, YARA_STOP_TIMED_OUT);
      break;
    }
  return !session->is_broken;
}

PGresult *
yara_postgres_receive (YaraPostgresSession *session)
{
  while (!session->is_broken)
    {
      int unsent = PQflush (session->conn);

      if (unsent != 1 && !PQisBusy (session->conn))
        return PQgetResult (session->conn);
      if (PQsocket (session->conn) < 0 || !wait_for_server (session, unsent == 1 ? POLLIN | POLLOUT : POLLIN))
        break;
      if (!PQconsumeInput (session->conn) && PQstatus (session->conn) == CONNECTION_BAD)
        return PQgetResult (session->conn);
    }
  return NULL;
}

void
yara_postgres_drain (YaraPostgresSession *session)
{
  PGresult *result;

  while ((result = yara_postgres_receive (session)) != NULL)
    PQclear (result);
}

gboolean
yara_postgres_flush (YaraPostgresSession *session)
{
  int unsent;

  while ((unsent = PQflush (session->conn)) == 1)
    {
      if (!wait_for_server (session, POLLIN | POLLOUT) || session->stop != YARA_STOP_NONE)
        return FALSE;
      /* The server may not read on before it got rid of what it has to say. */
      if (!PQconsumeInput (session->conn))
        return FALSE;
    }
  return unsent == 0;
}

void
yara_postgres_end_stop (YaraPostgresSession *session)
{
  guint64 count;

  if (G_LIKELY (session->stop == YARA_STOP_NONE && session->cancel == NULL &&
                !atomic_load_explicit (&session->interrupted, memory_order_relaxed)))
    return;
  /* A request that arrives late would hit the next statement. */
  if (session->cancel != NULL &&
      !yara_postgres_cancel_wait (g_steal_pointer (&session->cancel), session->is_broken ? 0 : YARA_POSTGRES_CANCEL_PATIENCE))
    session->is_broken = TRUE;
  session->stop = YARA_STOP_NONE;
  atomic_store (&session->interrupted, FALSE);
  while (read (session->wake_fd, &count, sizeof count) < 0 && errno == EINTR)
    ;
}
