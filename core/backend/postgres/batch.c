/* SPDX-License-Identifier: MIT
 * Groups of generated statements in one pipeline: all are sent before the first answer is waited for.
 * Reads share one sync; each write has its own, so that it is a transaction of its own. */
#include "backend/postgres/postgres.h"

/* A request on its way. */
typedef struct
{
  YaraRequest *request;
  YaraSent     sent;
  gboolean     is_sent;
  gboolean     again;   /* it did not run, through no fault of its own */
} Entry;

static gboolean
send_all (YaraPostgresSession *session, Entry *entries, guint n_entries, const YaraRunGuard *guard)
{
  gboolean is_read = entries[0].request->statement.is_read, ok = TRUE, is_any_sent = FALSE;

  for (guint i = 0; i < n_entries && ok; i++)
    {
      Entry *entry = &entries[i];

      if (!yara_postgres_begin_request (entry->request, guard))
        continue;
      entry->is_sent = yara_postgres_send (session, &entry->request->statement, TRUE, &entry->sent,
                                           &entry->request->error);
      is_any_sent |= entry->is_sent;
      ok = !session->is_broken;
      if (!entry->is_sent && guard != NULL)
        guard->end (entry->request, guard->user_data);
      if (entry->is_sent && !is_read)
        ok = PQpipelineSync (session->conn);
    }
  if (ok && is_read && is_any_sent)
    ok = PQpipelineSync (session->conn);
  return ok;
}

/* What a stop has hit, or a failure before it in the pipeline has kept from running. */
static gboolean
was_not_run (YaraPostgresSession *session, const PGresult *result)
{
  const char *state = PQresultErrorField (result, PG_DIAG_SQLSTATE);

  if (PQresultStatus (result) == PGRES_PIPELINE_ABORTED)
    return TRUE;
  return session->stop == YARA_STOP_CANCELLED && g_strcmp0 (state, "57014") == 0;
}

static void
receive_entry (YaraPostgresSession *session, Entry *entry)
{
  YaraRequest *request = entry->request;
  PGresult *result;

  yara_postgres_start_deadline (session);
  result = yara_postgres_receive_sent (session, &request->statement, &entry->sent);
  if (G_LIKELY (result != NULL && !was_not_run (session, result) &&
                !yara_postgres_is_stale (session, &request->statement, &entry->sent, result)))
    {
      yara_postgres_take_answer (session, request, result);
      return;
    }
  if (result == NULL)
    request->error = yara_postgres_error_new (session, NULL);
  entry->again = result != NULL;
  PQclear (result);
}

/* The time-out was that of one statement; a pipeline of writes goes on behind it. */
static void
end_timed_out (YaraPostgresSession *session)
{
  if (session->stop == YARA_STOP_TIMED_OUT && !session->is_broken)
    yara_postgres_end_stop (session);
}

static void
receive_all (YaraPostgresSession *session, Entry *entries, guint n_entries, gint64 start)
{
  gboolean is_read = entries[0].request->statement.is_read, is_any_sent = FALSE;

  for (guint i = 0; i < n_entries; i++)
    {
      Entry *entry = &entries[i];

      if (!entry->is_sent)
        continue;
      is_any_sent = TRUE;
      if (session->is_broken)
        entry->request->error = yara_postgres_error_new (session, NULL);
      else
        receive_entry (session, entry);
      if (!is_read && !session->is_broken)
        yara_postgres_take_sync (session);
      end_timed_out (session);
      if (G_UNLIKELY (entry->request->measure))
        entry->request->duration = g_get_monotonic_time () - start;
    }
  if (is_read && is_any_sent && !session->is_broken)
    yara_postgres_take_sync (session);
}

static void
run_alone (YaraPostgresSession *session, YaraRequest **requests, guint n_requests, const YaraRunGuard *guard)
{
  for (guint i = 0; i < n_requests; i++)
    yara_postgres_session_run (&session->base, requests[i], guard);
}

static void
run_pipeline (YaraPostgresSession *session, Entry *entries, guint n_entries, const YaraRunGuard *guard)
{
  gint64 start = g_get_monotonic_time ();

  if (!PQenterPipelineMode (session->conn) || !send_all (session, entries, n_entries, guard))
    session->is_broken = TRUE;
  receive_all (session, entries, n_entries, start);
  if (!session->is_broken && !PQexitPipelineMode (session->conn))
    session->is_broken = TRUE;
  for (guint i = 0; guard != NULL && i < n_entries; i++)
    if (entries[i].is_sent)
      guard->end (entries[i].request, guard->user_data);
  yara_postgres_end_stop (session);
  session->idle_since = g_get_monotonic_time ();
}

void
yara_postgres_session_run_batch (YaraSession *base, YaraRequest **requests, guint n_requests, const YaraRunGuard *guard)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;
  g_autoptr(GError) error = NULL;
  g_autofree Entry *entries = NULL;

  if (n_requests == 1 || session->is_pooled)
    {
      run_alone (session, requests, n_requests, guard);
      return;
    }
  session->writes = !requests[0]->statement.is_read;
  if (!yara_postgres_session_revive (session, &error))
    {
      for (guint i = 0; i < n_requests; i++)
        requests[i]->error = g_error_copy (error);
      return;
    }
  yara_postgres_cache_trim (session);
  entries = g_new0 (Entry, n_requests);
  for (guint i = 0; i < n_requests; i++)
    entries[i].request = requests[i];
  run_pipeline (session, entries, n_requests, guard);
  for (guint i = 0; i < n_requests; i++)
    if (entries[i].again)
      yara_postgres_session_run (base, requests[i], guard);
    else if (requests[i]->error != NULL)
      yara_postgres_fail_request (requests[i], g_steal_pointer (&requests[i]->error));
}
