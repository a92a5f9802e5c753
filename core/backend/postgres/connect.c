/* SPDX-License-Identifier: MIT
 * Connecting: names are resolved first, so that neither they nor a silent server can hold the caller
 * longer than connect_timeout; each address is tried in turn. */
#include "backend/postgres/postgres.h"

#include <poll.h>
#include <string.h>
#include <yaraorm/yara-connection.h>
#include <yaraorm/yara-error.h>

/* What one attempt is about. */
typedef struct
{
  YaraPostgresSession    *session;
  const YaraPostgresHost *host;
  const char             *address;       /* resolved, or NULL */
  const char             *session_attrs; /* replaces that of the URL, or NULL */
  GCancellable           *cancellable;
} Attempt;

static gboolean
is_cancelled (const Attempt *attempt, GError **error)
{
  if (!atomic_load (&attempt->session->interrupted) && !g_cancellable_is_cancelled (attempt->cancellable))
    return FALSE;
  g_propagate_error (error, yara_postgres_error_new_cancelled (FALSE));
  return TRUE;
}

/* Of a session at rest libpq takes for a notice what the server says when it ends it. Real notices may hold anything,
 * and libpq would print them. */
static void
take_notice (void *data, const PGresult *result)
{
  YaraPostgresSession *session = data;

  if (g_strcmp0 (PQresultErrorField (result, PG_DIAG_SEVERITY_NONLOCALIZED), "FATAL") == 0)
    session->is_broken = TRUE;
}

static void
add_parameter (GPtrArray *names, GPtrArray *values, const char *name, const char *value)
{
  if (value == NULL)
    return;
  g_ptr_array_add (names, (gpointer) name);
  g_ptr_array_add (values, (gpointer) value);
}

static PGconn *
start (const Attempt *attempt)
{
  const YaraPostgresConfig *config = attempt->session->config;
  g_autoptr(GPtrArray) names = g_ptr_array_new (), values = g_ptr_array_new ();

  add_parameter (names, values, "fallback_application_name", "yaraorm");
  for (guint i = 0; i < config->names->len; i++)
    add_parameter (names, values, config->names->pdata[i], config->values->pdata[i]);
  add_parameter (names, values, "host", attempt->host->host);
  add_parameter (names, values, "hostaddr", attempt->address);
  add_parameter (names, values, "port", attempt->host->port);
  add_parameter (names, values, "target_session_attrs", attempt->session_attrs);
  add_parameter (names, values, "client_encoding", "UTF8"); /* the last of a name counts */
  g_ptr_array_add (names, NULL);
  g_ptr_array_add (values, NULL);
  return PQconnectStartParams ((const char *const *) names->pdata, (const char *const *) values->pdata, FALSE);
}

static gboolean
finish_connecting (const Attempt *attempt, PGconn *conn, GError **error)
{
  gint64 deadline = g_get_monotonic_time () + attempt->session->config->connect_timeout;
  PostgresPollingStatusType status = PGRES_POLLING_WRITING;

  while (status != PGRES_POLLING_OK)
    {
      if (status == PGRES_POLLING_FAILED)
        {
          g_propagate_error (error, yara_postgres_error_new_connect (conn));
          return FALSE;
        }
      switch (yara_postgres_wait (attempt->session, PQsocket (conn),
                                  status == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline, TRUE))
        {
        case YARA_WAIT_INTERRUPTED:
          is_cancelled (attempt, error);
          return FALSE;
        case YARA_WAIT_TIMED_OUT:
          g_propagate_error (error, yara_postgres_error_new_silent (attempt->session->config, attempt->host->host));
          return FALSE;
        case YARA_WAIT_READY:
          status = PQconnectPoll (conn);
        }
    }
  return TRUE;
}

static gboolean
try_address (const Attempt *attempt, GError **error)
{
  PGconn *conn;

  if (is_cancelled (attempt, error))
    return FALSE;
  conn = start (attempt);
  if (conn == NULL)
    g_error ("out of memory");
  PQsetNoticeReceiver (conn, take_notice, attempt->session);
  PQsetErrorVerbosity (conn, PQERRORS_VERBOSE); /* else the SQLSTATE of a refusal is not told */
  if (PQstatus (conn) != CONNECTION_BAD && finish_connecting (attempt, conn, error))
    {
      PQsetnonblocking (conn, TRUE);
      attempt->session->conn = conn;
      return TRUE;
    }
  if (error != NULL && *error == NULL)
    g_propagate_error (error, yara_postgres_error_new_connect (conn));
  PQfinish (conn);
  return FALSE;
}

/* Whether other servers need not be asked: it was cancelled, or the user or the database is refused, which
 * they would not take differently. */
static gboolean
is_final (const GError *error)
{
  const char *state = yara_error_get_sqlstate (error);

  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
         (state != NULL && (g_str_has_prefix (state, "28") || strcmp (state, "3D000") == 0));
}

/* ---- names ---- */

static gboolean
is_name (const YaraPostgresHost *host)
{
  return host->address == NULL && host->host != NULL && host->host[0] != '/' && host->host[0] != '@' &&
         !g_hostname_is_ip_address (host->host);
}

static gboolean
try_host (Attempt *attempt, GError **error)
{
  GList *addresses;
  gboolean ok = FALSE;

  attempt->address = attempt->host->address;
  if (!is_name (attempt->host))
    return try_address (attempt, error);
  addresses = yara_postgres_resolve (attempt->session, attempt->host->host, attempt->cancellable, error);
  for (GList *next = addresses; next != NULL && !ok; next = next->next)
    {
      g_autofree char *address = g_inet_address_to_string (next->data);

      g_clear_error (error);
      attempt->address = address;
      ok = try_address (attempt, error);
      if (!ok && is_final (*error))
        break;
    }
  g_resolver_free_addresses (addresses);
  return ok;
}

/* The error of the last host stands for those before. */
static gboolean
try_hosts (Attempt *attempt, GError **error)
{
  const YaraPostgresConfig *config = attempt->session->config;

  for (guint i = 0; i < config->n_hosts; i++)
    {
      g_clear_error (error);
      attempt->host = &config->hosts[i];
      if (try_host (attempt, error))
        return TRUE;
      if (is_final (*error))
        return FALSE;
    }
  if (config->n_hosts > 1)
    g_prefix_error (error, "none of %u servers will do; of the last: ", config->n_hosts);
  return FALSE;
}

void
yara_postgres_note_server (YaraPostgresSession *session)
{
  YaraServerFacts *facts = session->config->base.facts;
  const char *standby;
  int role;

  if (G_UNLIKELY (session->is_broken || session->is_retired))
    return;
  standby = PQparameterStatus (session->conn, "in_hot_standby"); /* may change with any answer */
  role = standby == NULL ? YARA_ROLE_UNKNOWN : strcmp (standby, "on") == 0 ? YARA_ROLE_STANDBY : YARA_ROLE_PRIMARY;

  /* Written only when it is news: other threads read and write the same line of the cache. */
  if (G_UNLIKELY (atomic_load_explicit (&facts->role, memory_order_relaxed) != role))
    atomic_store_explicit (&facts->role, role, memory_order_relaxed);
  if (G_UNLIKELY (atomic_load_explicit (&facts->version, memory_order_relaxed) != PQserverVersion (session->conn)))
    atomic_store_explicit (&facts->version, PQserverVersion (session->conn), memory_order_relaxed);
}

gboolean
yara_postgres_connect (YaraPostgresSession *session, GCancellable *cancellable, GError **error)
{
  Attempt attempt = { .session = session, .cancellable = cancellable };
  GError *reason = NULL;
  gboolean ok = FALSE;

  if (session->config->prefers_standby)
    {
      attempt.session_attrs = "standby";
      ok = try_hosts (&attempt, &reason);
      attempt.session_attrs = NULL;
    }
  if (!ok && (reason == NULL || !is_final (reason)))
    ok = try_hosts (&attempt, &reason);
  if (ok)
    g_clear_error (&reason);
  else
    g_propagate_error (error, reason);
  return ok;
}
