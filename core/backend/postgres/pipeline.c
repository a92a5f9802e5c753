/* SPDX-License-Identifier: MIT
 * Requests in flight on one session, for who drives it from a main loop. Generated reads that are neighbours
 * share one sync; every other request has its own, so that it is a transaction of its own, and is decided
 * only when that has come. The server keeps its answers back until a sync: of a group that shares one, any
 * request may be the one that runs. */
#include "backend/postgres/postgres.h"

#include <string.h>

#define MAX_IN_FLIGHT 256

/* A cancel request is sent when the one before has arrived; that is looked at so often. */
#define CANCEL_RETRY (5 * 1000)

typedef struct
{
  YaraRequest *request;
  YaraSent     sent;
  gint64       start;     /* when it is measured */
  PGresult    *result;
  guint        n_left;    /* answers still to come: to its preparing, and to itself */
  gboolean     is_ending; /* the answer has come, but not its end */
  gboolean     is_alone;  /* has a sync of its own */
  gboolean     has_sync;  /* one follows */
} Entry;

struct YaraPostgresPipeline
{
  guint        first, n;
  gboolean     is_open;      /* the last entry waits for a sync */
  gboolean     awaits_sync;  /* that of reads which are decided */
  gboolean     is_unsent;    /* libpq holds something back */
  gboolean     was_ended;    /* by the server, before what is in flight began */
  gint64       timeout;      /* of those that share the next sync */
  YaraRequest *stopped;      /* the server was asked to stop it */
  YaraStop     why;
  gint64       retry_at;     /* when the next cancel request is to be sent; G_MAXINT64: none */
  Entry        entries[MAX_IN_FLIGHT];
};

static inline Entry *
get_entry (YaraPostgresPipeline *pipeline, guint index)
{
  return &pipeline->entries[(pipeline->first + index) % MAX_IN_FLIGHT];
}

/* ---- beginning and ending ---- */

static gboolean
begin (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  session->is_broken |= yara_postgres_session_has_hung_up (session) || !PQenterPipelineMode (session->conn);
  if (session->is_broken)
    return FALSE;
  if (session->pipeline == NULL)
    session->pipeline = g_new (YaraPostgresPipeline, 1);
  memset (session->pipeline, 0, G_STRUCT_OFFSET (YaraPostgresPipeline, entries)); /* each is filled in by send() */
  session->pipeline->retry_at = G_MAXINT64;
  session->deadline = G_MAXINT64;
  return TRUE;
}

static gboolean
end_blocks (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  return !session->is_broken && (session->cancel != NULL || yara_postgres_cache_is_full (&session->cache));
}

static void
end (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  session->is_broken |= PQstatus (session->conn) != CONNECTION_OK || !PQexitPipelineMode (session->conn);
  session->deadline = G_MAXINT64;
  yara_postgres_end_stop (session);
  session->idle_since = g_get_monotonic_time ();
  if (session->is_broken)
    return;
  session->is_unguarded = TRUE;
  yara_postgres_cache_trim (session);
  session->is_unguarded = FALSE;
  yara_postgres_note_server (session);
}

static gboolean
is_busy (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  return session->pipeline->n > 0 || (session->pipeline->awaits_sync && !session->is_broken);
}

static guint
get_limit (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  if (session->is_broken || session->is_retired || end_blocks (base))
    return 0;
  return session->is_pooled ? 1 : MAX_IN_FLIGHT;
}

/* ---- sending ---- */

static inline gint64
get_timeout (YaraPostgresSession *session, const Entry *entry)
{
  return yara_request_get_timeout (entry->request, &session->config->base);
}

/* For the first entry. When it has used up its time another of its group may be the one that runs: that is
 * sent again, and then has its own. */
static void
start_deadline (YaraPostgresSession *session)
{
  YaraPostgresPipeline *pipeline = session->pipeline;

  session->timeout = pipeline->n == 0 ? 0 : get_timeout (session, get_entry (pipeline, 0));
  yara_postgres_start_deadline (session);
}

static void
close_group (YaraPostgresSession *session)
{
  YaraPostgresPipeline *pipeline = session->pipeline;

  if (!pipeline->is_open)
    return;
  pipeline->is_open = FALSE;
  get_entry (pipeline, pipeline->n - 1)->has_sync = TRUE;
  if (!PQpipelineSync (session->conn))
    session->is_broken = TRUE;
}

static gboolean
send (YaraSession *base, YaraRequest *request, gboolean *again)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;
  YaraPostgresPipeline *pipeline = session->pipeline;
  Entry *entry = get_entry (pipeline, pipeline->n);

  *entry = (Entry) { .request = request, .is_alone = request->statement.is_raw || !request->statement.is_read };
  if (entry->is_alone || get_timeout (session, entry) != pipeline->timeout)
    close_group (session);
  pipeline->timeout = get_timeout (session, entry);
  if (G_UNLIKELY (request->measure))
    entry->start = g_get_monotonic_time ();
  if (!yara_postgres_send (session, &request->statement, TRUE, &entry->sent, &request->error))
    {
      *again = session->is_broken; /* no sync was sent, so that nothing of it can have been stored */
      return FALSE;
    }
  entry->n_left = entry->sent.is_fresh ? 2 : 1;
  pipeline->is_open = TRUE;
  if (++pipeline->n == 1)
    start_deadline (session);
  if (entry->is_alone)
    close_group (session);
  return TRUE;
}

static void
flush (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  close_group (session);
  session->pipeline->is_unsent = PQflush (session->conn) == 1; /* an error shows when receiving */
}

static int
get_fd (YaraSession *base)
{
  return PQsocket (((YaraPostgresSession *) base)->conn);
}

static GIOCondition
get_condition (YaraSession *base)
{
  return ((YaraPostgresSession *) base)->pipeline->is_unsent ? G_IO_IN | G_IO_OUT : G_IO_IN;
}

/* ---- deciding ---- */

static gboolean
has_state (const PGresult *result, const char *state)
{
  return PQresultStatus (result) == PGRES_FATAL_ERROR &&
         g_strcmp0 (PQresultErrorField (result, PG_DIAG_SQLSTATE), state) == 0;
}

/* The server ends the session between statements, or rolls back the one that runs. */
static gboolean
was_ended (const PGresult *result)
{
  return has_state (result, "57P01") || has_state (result, "57P05");
}

/* A failure before it in the pipeline has kept it from running, a stop has hit it that was meant for
 * another, or it was prepared for tables that have changed. */
static gboolean
was_not_run (YaraPostgresSession *session, const Entry *entry)
{
  return PQresultStatus (entry->result) == PGRES_PIPELINE_ABORTED ||
         (session->cancel != NULL && session->pipeline->stopped != entry->request &&
          has_state (entry->result, "57014")) ||
         yara_postgres_is_stale (session, &entry->request->statement, &entry->sent, entry->result);
}

static void
take_lost (YaraPostgresSession *session, Entry *entry, gboolean *again)
{
  YaraPostgresPipeline *pipeline = session->pipeline;

  pipeline->was_ended |= was_ended (entry->result);
  *again = pipeline->was_ended;
  session->writes = yara_postgres_request_writes (entry->request) && !pipeline->was_ended;
  session->is_broken = TRUE;
  entry->request->error = yara_postgres_error_new (session, entry->result);
}

static void
take_outcome (YaraPostgresSession *session, Entry *entry, gboolean *again)
{
  YaraRequest *request = entry->request;

  *again = FALSE;
  if (G_UNLIKELY (entry->result == NULL || was_ended (entry->result)))
    take_lost (session, entry, again);
  else if (G_UNLIKELY (was_not_run (session, entry)))
    *again = TRUE;
  else if (G_UNLIKELY (yara_postgres_is_description (&entry->sent, entry->result)))
    {
      yara_postgres_cache_describe (&session->cache, &request->statement, entry->sent.number, entry->result);
      *again = TRUE;
    }
  else
    {
      session->writes = yara_postgres_request_writes (request);
      yara_postgres_take_answer (session, request, g_steal_pointer (&entry->result));
    }
  g_clear_pointer (&entry->result, PQclear);
}

/* Removes the first entry: its request. */
static YaraRequest *
decide (YaraPostgresSession *session, gboolean *again)
{
  YaraPostgresPipeline *pipeline = session->pipeline;
  Entry *entry = get_entry (pipeline, 0);
  YaraRequest *request = entry->request;

  session->stop = pipeline->stopped == request ? pipeline->why : YARA_STOP_NONE;
  take_outcome (session, entry, again);
  session->stop = YARA_STOP_NONE;
  if (G_UNLIKELY (request->measure))
    request->duration = g_get_monotonic_time () - entry->start;
  if (G_UNLIKELY (request->error != NULL))
    yara_postgres_fail_request (request, g_steal_pointer (&request->error));
  pipeline->awaits_sync = entry->has_sync && !entry->is_alone;
  pipeline->first++;
  pipeline->n--;
  if (G_UNLIKELY (pipeline->stopped == request))
    pipeline->stopped = NULL; /* the cancel request may still be on its way */
  pipeline->retry_at = G_MAXINT64;
  start_deadline (session);
  return request;
}

/* The answer to preparing, or to the statement; an error may follow a success, when it is not committed. */
static void
take_answer (YaraPostgresSession *session, Entry *entry, PGresult *result)
{
  const YaraStatement *statement = &entry->request->statement;
  gboolean is_prepared = PQresultStatus (result) == PGRES_COMMAND_OK;

  entry->is_ending = TRUE;
  if (entry->n_left == 2 && !is_prepared)
    yara_postgres_cache_forget (&session->cache, statement->is_raw, statement->sql, entry->sent.number);
  if (entry->result != NULL || (entry->n_left == 2 && is_prepared))
    PQclear (result);
  else
    entry->result = result;
}

/* The link is lost. A success was perhaps not committed; a failure is one. */
static void
break_off (YaraPostgresSession *session, Entry *entry)
{
  session->is_broken = TRUE;
  if (entry != NULL && (PQresultStatus (entry->result) == PGRES_TUPLES_OK ||
                        PQresultStatus (entry->result) == PGRES_COMMAND_OK))
    g_clear_pointer (&entry->result, PQclear);
}

/* Where a sync is due there may be the reason why there was no commit. */
static gboolean
take_sync (YaraPostgresSession *session, Entry *entry, PGresult *result)
{
  gboolean is_sync = PQresultStatus (result) == PGRES_PIPELINE_SYNC;

  if (is_sync || result == NULL)
    PQclear (result);
  else if (PQresultStatus (result) != PGRES_FATAL_ERROR || was_ended (result))
    {
      PQclear (result);
      break_off (session, entry);
    }
  else if (entry != NULL && PQresultStatus (entry->result) != PGRES_FATAL_ERROR)
    {
      PQclear (entry->result);
      entry->result = result;
    }
  else
    PQclear (result);
  return is_sync;
}

static gboolean
is_lost (YaraPostgresSession *session, const PGresult *result)
{
  return PQstatus (session->conn) == CONNECTION_BAD && PQresultStatus (result) == PGRES_FATAL_ERROR &&
         PQresultErrorField (result, PG_DIAG_SQLSTATE) == NULL;
}

/* Takes the next piece of what has arrived: TRUE when the first entry is decided. */
static gboolean
take_piece (YaraPostgresSession *session)
{
  YaraPostgresPipeline *pipeline = session->pipeline;
  Entry *entry = pipeline->n > 0 && !pipeline->awaits_sync ? get_entry (pipeline, 0) : NULL;
  PGresult *result = PQgetResult (session->conn);

  if (G_UNLIKELY (is_lost (session, result)))
    {
      PQclear (result);
      break_off (session, entry);
    }
  else if (entry == NULL)
    pipeline->awaits_sync = !take_sync (session, NULL, result);
  else if (entry->n_left == 0)
    return take_sync (session, entry, result);
  else if (result != NULL)
    take_answer (session, entry, result);
  else if (entry->is_ending)
    {
      entry->is_ending = FALSE;
      return --entry->n_left == 0 && !entry->is_alone;
    }
  else
    break_off (session, entry);
  return FALSE;
}

static YaraRequest *
next (YaraSession *base, gboolean *again)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;
  YaraPostgresPipeline *pipeline = session->pipeline;

  while (!session->is_broken && (pipeline->n > 0 || pipeline->awaits_sync))
    {
      if (PQisBusy (session->conn))
        {
          if (G_LIKELY (PQstatus (session->conn) == CONNECTION_OK))
            return NULL;
          break_off (session, pipeline->n > 0 ? get_entry (pipeline, 0) : NULL);
        }
      else if (take_piece (session))
        return decide (session, again);
    }
  return pipeline->n > 0 ? decide (session, again) : NULL;
}

static void
receive (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  PQconsumeInput (session->conn); /* a link that is lost has a last word, perhaps */
  PQisBusy (session->conn);       /* reads it, on a session at rest */
  session->pipeline->is_unsent = session->pipeline->is_unsent && PQflush (session->conn) == 1;
}

/* ---- stopping ---- */

static void
ask_to_stop (YaraPostgresSession *session, gint64 now)
{
  yara_postgres_ask_to_stop (session);
  session->pipeline->retry_at = now + YARA_POSTGRES_CANCEL_REPEAT;
}

static void
stop (YaraPostgresSession *session, YaraRequest *request, YaraStop why)
{
  YaraPostgresPipeline *pipeline = session->pipeline;
  gint64 now = g_get_monotonic_time ();

  if (session->cancel != NULL && !yara_postgres_cancel_has_ended (session->cancel))
    {
      pipeline->retry_at = now + CANCEL_RETRY;
      return;
    }
  pipeline->stopped = request;
  pipeline->why = why;
  session->patience = now + YARA_POSTGRES_CANCEL_PATIENCE;
  ask_to_stop (session, now);
}

/* The request may be the one that runs. */
static gboolean
is_in_first_group (YaraPostgresPipeline *pipeline, const YaraRequest *request)
{
  for (guint i = 0; i < pipeline->n; i++)
    {
      const Entry *entry = get_entry (pipeline, i);

      if (entry->request == request || entry->has_sync)
        return entry->request == request;
    }
  return FALSE;
}

static void
cancel (YaraSession *base, YaraRequest *request)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  if (session->pipeline->stopped == NULL && is_in_first_group (session->pipeline, request))
    stop (session, request, YARA_STOP_CANCELLED);
}

static gint64
get_deadline (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;
  YaraPostgresPipeline *pipeline = session->pipeline;

  if (G_UNLIKELY (pipeline->retry_at != G_MAXINT64))
    return pipeline->retry_at;
  return session->deadline;
}

static void
expire (YaraSession *base)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;
  YaraPostgresPipeline *pipeline = session->pipeline;
  gint64 now = g_get_monotonic_time ();

  pipeline->retry_at = G_MAXINT64;
  if (pipeline->n == 0)
    return;
  if (pipeline->stopped != NULL && now >= session->patience)
    break_off (session, get_entry (pipeline, 0));
  else if (pipeline->stopped != NULL)
    ask_to_stop (session, now);
  else if (now >= session->deadline)
    stop (session, get_entry (pipeline, 0)->request, YARA_STOP_TIMED_OUT);
}

const YaraBackendPipeline yara_postgres_pipeline = {
  .begin = begin,
  .end = end,
  .end_blocks = end_blocks,
  .is_busy = is_busy,
  .get_limit = get_limit,
  .send = send,
  .flush = flush,
  .receive = receive,
  .next = next,
  .get_fd = get_fd,
  .get_condition = get_condition,
  .get_deadline = get_deadline,
  .expire = expire,
  .cancel = cancel,
};
