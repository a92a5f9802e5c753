/* SPDX-License-Identifier: MIT
 * Running one request, and leaving the session clean behind it. */
#include "backend/postgres/postgres.h"

#include <yaraorm/yara-error.h>

gboolean
yara_postgres_begin_request (YaraRequest *request, const YaraRunGuard *guard)
{
  if (guard == NULL || guard->begin (request, guard->user_data))
    return TRUE;
  request->error = yara_postgres_error_new_cancelled (FALSE);
  return FALSE;
}

void
yara_postgres_end_request (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  if (guard != NULL)
    guard->end (request, guard->user_data);
  yara_postgres_end_stop (session);
}

void
yara_postgres_fail_request (YaraRequest *request, GError *error)
{
  gint64 duration = request->duration;

  yara_request_reset (request);
  request->error = error;
  request->duration = duration;
}

gboolean
yara_postgres_request_writes (const YaraRequest *request)
{
  const YaraStatement *statement = &request->statement;

  if (request->kind == YARA_REQUEST_FETCH || request->kind == YARA_REQUEST_END_FETCH)
    return FALSE;
  if (request->kind != YARA_REQUEST_STATEMENT)
    return TRUE;
  return statement->is_raw ? !yara_sql_is_select (statement->sql->text) : !statement->is_read;
}

static void
run_statement (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  PGresult *result;

  if (!yara_postgres_begin_request (request, guard))
    return;
  yara_postgres_start_deadline (session);
  result = yara_postgres_execute (session, &request->statement, &request->error);
  if (G_LIKELY (result != NULL))
    yara_postgres_take_answer (session, request, result);
  yara_postgres_end_request (session, request, guard);
  if (G_UNLIKELY (request->error != NULL))
    yara_postgres_fail_request (request, g_steal_pointer (&request->error));
}

/* ---- what the program's own SQL leaves behind ---- */

static gboolean
is_own_sql (const YaraRequest *request)
{
  return request->kind == YARA_REQUEST_SCRIPT ||
         (request->kind == YARA_REQUEST_STATEMENT && request->statement.is_raw);
}

static void
close_transaction (YaraPostgresSession *session, YaraRequest *request)
{
  PGTransactionStatusType status = PQtransactionStatus (session->conn);

  if (G_LIKELY (status == PQTRANS_IDLE) || session->is_broken)
    return;
  yara_postgres_session_clean (session);
  if (request->error == NULL)
    yara_postgres_fail_request (request,
                                g_error_new (YARA_ERROR, YARA_ERROR_TRANSACTION,
                                             "the SQL left a transaction open, and it was rolled back; write BEGIN "
                                             "and COMMIT into one script"));
}

/* Whether the session may be another afterwards: settings, prepared statements, channels, locks. */
static gboolean
may_leave_state (const YaraRequest *request)
{
  static const char *const words[] = {
    "set", "reset", "prepare", "deallocate", "discard", "listen", "unlisten", "declare", "load", "create temp",
    "create temporary"
  };
  const char *sql;

  if (request->kind != YARA_REQUEST_STATEMENT)
    return request->kind == YARA_REQUEST_SCRIPT;
  sql = request->statement.sql->text;
  for (gsize i = 0; request->statement.is_raw && i < G_N_ELEMENTS (words); i++)
    if (yara_sql_starts_with (sql, words[i]))
      return TRUE;
  return FALSE;
}

static void
run_any (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  switch (request->kind)
    {
    case YARA_REQUEST_STATEMENT:
      run_statement (session, request, guard);
      break;
    case YARA_REQUEST_BULK_INSERT:
      yara_postgres_run_bulk_insert (session, request, guard);
      break;
    case YARA_REQUEST_SCRIPT:
      yara_postgres_run_script (session, request, guard);
      break;
    case YARA_REQUEST_TRANSACTION:
      yara_postgres_run_transaction (session, request, guard);
      break;
    case YARA_REQUEST_FETCH:
      yara_postgres_run_fetch (session, request, guard);
      break;
    case YARA_REQUEST_END_FETCH:
      yara_postgres_run_end_fetch (session, request, guard);
      break;
    case YARA_REQUEST_CONTROL:
      yara_session_run_control (&session->base, request, guard);
      break;
    }
}

static void
run_alone (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  run_any (session, request, guard);
  if (is_own_sql (request))
    {
      close_transaction (session, request);
      if (G_UNLIKELY (may_leave_state (request)))
        yara_postgres_session_discard (session);
    }
}

/* A BEGIN that is pending goes with a statement, and before anything else. */
static void
run_in_transaction (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  PGTransactionStatusType status;

  if (request->kind == YARA_REQUEST_STATEMENT || yara_postgres_send_pending (session, &request->error))
    run_any (session, request, guard);
  session->must_discard |= may_leave_state (request);
  status = PQtransactionStatus (session->conn);
  yara_session_note (&session->base, request,
                     !session->is_broken &&
                     (status == PQTRANS_INTRANS || status == PQTRANS_INERROR || session->pending != NULL),
                     status == PQTRANS_INERROR ||
                     (request->kind == YARA_REQUEST_BULK_INSERT && request->error != NULL));
}

void
yara_postgres_session_run (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;
  gint64 start = G_UNLIKELY (request->measure) ? g_get_monotonic_time () : 0;

  if (!yara_session_admit (base, request))
    return;
  /* What is lost with a transaction certainly took no effect. */
  session->writes = yara_postgres_request_writes (request) && !request->in_transaction;
  session->timeout = yara_request_get_timeout (request, base->config);
  if (request->kind != YARA_REQUEST_CONTROL && !yara_postgres_session_revive (session, &request->error))
    {
      yara_session_note (base, request, FALSE, TRUE);
      return;
    }
  yara_postgres_cache_trim (session);
  session->is_unguarded = guard == NULL;
  if (G_UNLIKELY (request->in_transaction))
    run_in_transaction (session, request, guard);
  else
    run_alone (session, request, guard);
  session->is_unguarded = FALSE;
  session->idle_since = g_get_monotonic_time ();
  yara_postgres_note_server (session);
  if (G_UNLIKELY (request->measure))
    request->duration = session->idle_since - start;
}
