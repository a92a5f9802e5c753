/* SPDX-License-Identifier: MIT
 * Reading the records of a statement some at a time: a cursor in the transaction that is open, else in one
 * of its own, which also keeps a pooler from giving the session to somebody else. */
#include "backend/postgres/postgres.h"

/* The result of what was sent: (transfer full), NULL with an error. */
static PGresult *
take_result (YaraPostgresSession *session, gboolean is_sent, GError **error)
{
  PGresult *result = is_sent ? yara_postgres_receive (session) : NULL;

  if (PQresultStatus (result) == PGRES_COMMAND_OK || PQresultStatus (result) == PGRES_TUPLES_OK)
    {
      yara_postgres_drain (session);
      return result;
    }
  g_propagate_error (error, yara_postgres_error_new (session, result));
  PQclear (result);
  if (!session->is_broken)
    yara_postgres_drain (session);
  return NULL;
}

/* Unnamed: it is never sent again. */
static gboolean
declare (YaraPostgresSession *session, const YaraStatement *statement, guint cursor, GError **error)
{
  g_autofree char *sql = g_strdup_printf ("DECLARE yara%u NO SCROLL CURSOR FOR %s", cursor, statement->sql->text);
  YaraParameters parameters;
  PGresult *result = NULL;

  if (yara_postgres_parameters_init (&parameters, statement, error))
    result = take_result (session,
                          PQsendQueryParams (session->conn, sql, statement->n_values, parameters.types, parameters.data,
                                             parameters.lengths, parameters.formats, 1), error);
  yara_postgres_parameters_clear (&parameters);
  PQclear (result);
  return result != NULL;
}

static gboolean
open_cursor (YaraPostgresSession *session, YaraRequest *request)
{
  if (!request->in_transaction &&
      !yara_postgres_command (session, "BEGIN READ ONLY", "BEGIN", &request->error))
    return FALSE;
  session->has_cursor = !request->in_transaction;
  if (!declare (session, &request->statement, ++session->last_cursor, &request->error))
    return FALSE;
  request->cursor = session->last_cursor;
  return TRUE;
}

static gboolean
fetch (YaraPostgresSession *session, YaraRequest *request)
{
  char sql[64];
  PGresult *result;

  g_snprintf (sql, sizeof sql, "FETCH %" G_GSIZE_FORMAT " FROM yara%u", request->statement.max_rows, request->cursor);
  result = take_result (session, PQsendQueryParams (session->conn, sql, 0, NULL, NULL, NULL, NULL, 1),
                        &request->error);
  if (result == NULL)
    return FALSE;
  yara_postgres_take_answer (session, request, result);
  return request->error == NULL;
}

/* A cursor of a transaction that has failed is gone. */
static void
close_cursor (YaraPostgresSession *session, YaraRequest *request)
{
  char sql[32];

  if (!request->in_transaction)
    {
      yara_postgres_session_clean (session);
      session->has_cursor = session->is_broken;
    }
  else if (request->cursor != 0 && !session->is_broken && PQtransactionStatus (session->conn) == PQTRANS_INTRANS)
    {
      g_snprintf (sql, sizeof sql, "CLOSE yara%u", request->cursor);
      yara_postgres_start_deadline (session);
      yara_postgres_command (session, sql, "CLOSE CURSOR", NULL);
    }
  request->cursor = 0;
}

void
yara_postgres_run_fetch (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  gboolean ok = yara_postgres_begin_request (request, guard);

  if (ok)
    {
      yara_postgres_start_deadline (session);
      ok = (request->cursor != 0 || open_cursor (session, request)) && fetch (session, request);
      yara_postgres_end_request (session, request, guard);
    }
  if (!ok || (gsize) request->n_rows < request->statement.max_rows)
    close_cursor (session, request);
  if (!ok)
    yara_postgres_fail_request (request, g_steal_pointer (&request->error));
}

void
yara_postgres_run_end_fetch (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  close_cursor (session, request);
}
