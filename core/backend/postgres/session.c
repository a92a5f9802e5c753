/* SPDX-License-Identifier: MIT
 * Sessions: opening, settings, stopping and closing. */
#include "backend/postgres/postgres.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <yaraorm/yara-error.h>

/* A session that rested less than this is taken to be connected still. */
#define TRUSTED_REST (10 * 1000)

/* How long cleaning up may take. */
#define CLEAN_PATIENCE (10 * G_USEC_PER_SEC)

/* ---- settings ---- */

typedef struct
{
  const char *name;
  const char *value;  /* what is set */
  const char *prefix; /* what the server then reports begins so */
} Setting;

static const Setting settings[] = {
  { "client_encoding", "UTF8", "UTF8" },
  { "TimeZone", "UTC", "UTC" },
  { "DateStyle", "ISO", "ISO" },
  { "standard_conforming_strings", "on", "on" },
};

/* The server reports these at the start, so that only what differs is to be set. */
static void
append_settings (YaraPostgresSession *session, GString *sql)
{
  for (gsize i = 0; i < G_N_ELEMENTS (settings); i++)
    {
      const char *reported = PQparameterStatus (session->conn, settings[i].name);

      if (reported == NULL || !g_str_has_prefix (reported, settings[i].prefix))
        g_string_append_printf (sql, "%sset_config('%s', '%s', false)", sql->len > 0 ? ", " : "SELECT ",
                                settings[i].name, settings[i].value);
    }
}

/* Behind a pooler the link is with it, and the statement runs in a process that has another number. */
static void
detect_pooler (YaraPostgresSession *session, const PGresult *result)
{
  int last = PQnfields (result) - 1;

  session->is_pooled = g_ascii_strtoll (PQgetvalue (result, 0, last), NULL, 10) != PQbackendPID (session->conn);
}

static gboolean
configure (YaraPostgresSession *session, gboolean detect, GError **error)
{
  g_autoptr(GString) sql = g_string_new (NULL);
  gint64 start, round_trip;
  PGresult *result;
  gboolean ok;

  append_settings (session, sql);
  if (detect)
    g_string_append (sql, sql->len > 0 ? ", pg_backend_pid()" : "SELECT pg_backend_pid()");
  if (sql->len == 0)
    return TRUE;
  start = g_get_monotonic_time ();
  session->deadline = start + session->config->connect_timeout;
  result = PQsendQuery (session->conn, sql->str) ? yara_postgres_receive (session) : NULL;
  round_trip = g_get_monotonic_time () - start;
  ok = PQresultStatus (result) == PGRES_TUPLES_OK;
  if (!ok)
    g_propagate_error (error, yara_postgres_error_new (session, result));
  else
    atomic_store_explicit (&session->config->base.facts->round_trip, MAX (round_trip, 1), memory_order_relaxed);
  if (ok && detect)
    detect_pooler (session, result);
  PQclear (result);
  yara_postgres_drain (session);
  return ok;
}

/* ---- opening and closing ---- */

static void
disconnect (YaraPostgresSession *session)
{
  if (session->cancel != NULL)
    yara_postgres_cancel_wait (g_steal_pointer (&session->cancel), 0);
  g_clear_pointer (&session->conn, PQfinish);
  yara_postgres_cache_reset (&session->cache);
}

static gboolean
connect_and_configure (YaraPostgresSession *session, GCancellable *cancellable, GError **error)
{
  YaraPooler pooler = session->config->pooler;
  gboolean ok;

  session->is_pooled = pooler == YARA_POOLER_TRANSACTION;
  session->is_opening = TRUE;
  ok = yara_postgres_connect (session, cancellable, error) && configure (session, pooler == YARA_POOLER_AUTO, error);
  session->is_opening = FALSE;
  if (ok)
    {
      session->idle_since = g_get_monotonic_time ();
      yara_postgres_note_server (session);
      atomic_store_explicit (&session->config->base.facts->pooled, session->is_pooled, memory_order_relaxed);
      return TRUE;
    }
  session->is_broken = TRUE;
  return FALSE;
}

YaraSession *
yara_postgres_session_open (const YaraBackendConfig *base, gboolean read_only, GCancellable *cancellable, GError **error)
{
  YaraPostgresSession *session;
  gboolean ok;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  session = g_new0 (YaraPostgresSession, 1);
  session->base.config = base;
  session->base.read_only = read_only;
  session->config = (const YaraPostgresConfig *) base;
  session->deadline = G_MAXINT64;
  yara_postgres_cache_init (&session->cache, session->config->statement_cache_size);
  session->wake_fd = eventfd (0, EFD_CLOEXEC | EFD_NONBLOCK);
  session->cancel_fd = g_cancellable_get_fd (cancellable);
  ok = session->wake_fd >= 0;
  if (!ok)
    g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION, "cannot connect to PostgreSQL: %s", g_strerror (errno));

  ok = ok && connect_and_configure (session, cancellable, error);
  if (session->cancel_fd >= 0)
    g_cancellable_release_fd (cancellable);
  session->cancel_fd = -1;
  if (ok)
    yara_postgres_end_stop (session);
  if (ok && !session->is_broken)
    return &session->base;
  yara_postgres_session_close (&session->base);
  return NULL;
}

void
yara_postgres_session_close (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  disconnect (session);
  yara_session_clear (base);
  g_free (session->pending);
  yara_postgres_cache_clear (&session->cache);
  g_free (session->pipeline);
  if (session->wake_fd >= 0)
    close (session->wake_fd);
  g_free (session);
}

void
yara_postgres_session_interrupt (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;
  const guint64 one = 1;

  atomic_store (&session->interrupted, TRUE);
  while (write (session->wake_fd, &one, sizeof one) < 0 && errno == EINTR)
    ;
}

gboolean
yara_postgres_session_is_usable (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  return !session->is_broken && !session->is_retired && PQstatus (session->conn) == CONNECTION_OK &&
         PQtransactionStatus (session->conn) == PQTRANS_IDLE && base->transaction == YARA_TRANSACTION_NONE;
}

/* ---- between requests ---- */

/* An idle session is sent nothing but notices, and the news that it is ended: the end itself may come later. */
gboolean
yara_postgres_session_has_hung_up (YaraPostgresSession *session)
{
  struct pollfd fd = { .fd = PQsocket (session->conn), .events = POLLIN };

  if (PQstatus (session->conn) != CONNECTION_OK)
    return TRUE;
  if (g_get_monotonic_time () - session->idle_since < TRUSTED_REST || poll (&fd, 1, 0) <= 0)
    return FALSE;
  return !PQconsumeInput (session->conn) || PQisBusy (session->conn) || session->is_broken ||
         PQstatus (session->conn) != CONNECTION_OK || (poll (&fd, 1, 0) > 0 && !PQconsumeInput (session->conn));
}

gboolean
yara_postgres_session_revive (YaraPostgresSession *session, GError **error)
{
  if (G_LIKELY (!session->is_broken && !yara_postgres_session_has_hung_up (session)))
    return TRUE;
  if (session->base.transaction == YARA_TRANSACTION_OPEN && session->pending == NULL)
    {
      session->is_broken = TRUE;
      g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION,
                   "the link to the server was lost, and with it the transaction, of which nothing was stored; try again");
      return FALSE;
    }
  if (session->has_cursor)
    {
      session->is_broken = TRUE;
      g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION,
                   "the link to the server was lost, and with it the rows that were not read yet; try again");
      return FALSE;
    }
  disconnect (session);
  session->is_broken = session->is_retired = FALSE;
  return connect_and_configure (session, NULL, error);
}

static void
clean_by (YaraPostgresSession *session, const char *sql, const char *tag)
{
  g_autoptr(GError) error = NULL;

  session->deadline = g_get_monotonic_time () + CLEAN_PATIENCE;
  if (!yara_postgres_command (session, sql, tag, &error))
    session->is_broken = TRUE;
  session->deadline = G_MAXINT64;
}

void
yara_postgres_session_clean (YaraPostgresSession *session)
{
  PGTransactionStatusType status = PQtransactionStatus (session->conn);

  if (session->is_broken || status == PQTRANS_IDLE)
    return;
  if (status == PQTRANS_INTRANS || status == PQTRANS_INERROR)
    clean_by (session, "ROLLBACK", "ROLLBACK");
  if (PQtransactionStatus (session->conn) != PQTRANS_IDLE)
    session->is_broken = TRUE;
}

void
yara_postgres_session_discard (YaraPostgresSession *session)
{
  /* Behind a pooler it would be the state of somebody else; the pooler looks after it. */
  if (session->is_broken || session->is_pooled || PQstatus (session->conn) != CONNECTION_OK)
    return;
  clean_by (session, "DISCARD ALL", "DISCARD ALL");
  yara_postgres_cache_reset (&session->cache);
  if (!session->is_broken && !configure (session, FALSE, NULL))
    session->is_broken = TRUE;
}
