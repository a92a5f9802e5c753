/* SPDX-License-Identifier: MIT
 * One statement of the extended protocol: encode, send, receive, take the answer. */
#include "backend/postgres/postgres.h"

#include <string.h>
#include <yaraorm/yara-error.h>
#include "backend/postgres/types.h"

/* Of a statement with more values nothing is asked: libpq refuses a list of their types that is longer than
 * 30,000 bytes. */
#define MAX_DESCRIBED 5000

/* ---- sending ---- */

static gboolean
send_unnamed (YaraPostgresSession *session, const YaraStatement *statement, const YaraParameters *parameters)
{
  return PQsendQueryParams (session->conn, statement->sql->text, statement->n_values, parameters->types,
                            parameters->data, parameters->lengths, parameters->formats, 1);
}

static gboolean
send_prepared (YaraPostgresSession *session, const YaraStatement *statement, const YaraParameters *parameters,
               const YaraPostgresPrepared *prepared)
{
  return PQsendQueryPrepared (session->conn, prepared->name, statement->n_values, parameters->data,
                              parameters->lengths, parameters->formats, prepared->format);
}

/* Prepared and run with one round trip, for which alone the pipeline is entered. Rows of the program's own SQL may
 * be of any type: what they are is asked before it runs. */
static gboolean
send_fresh (YaraPostgresSession *session, const YaraStatement *statement, const YaraParameters *parameters,
            const YaraPostgresPrepared *prepared, gboolean in_pipeline, gboolean asks)
{
  PGconn *conn = session->conn;

  return (in_pipeline || PQenterPipelineMode (conn)) &&
         PQsendPrepare (conn, prepared->name, statement->sql->text, statement->n_values, parameters->types) &&
         (asks ? PQsendDescribePrepared (conn, prepared->name)
               : send_prepared (session, statement, parameters, prepared)) &&
         (in_pipeline || PQpipelineSync (conn));
}

/* libpq refused, before anything went out whole: the session is in no known state. */
static gboolean
fail_send (YaraPostgresSession *session, GError **error)
{
  g_autofree char *reason = g_strdelimit (g_utf8_make_valid (PQerrorMessage (session->conn), -1), "\n", ' ');

  session->is_broken = TRUE;
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION, "the statement could not be sent: %s; try again",
               g_strstrip (reason));
  return FALSE;
}

/* SQL of the program, when it is new: the server would run one statement too, but says less clearly
 * what is wrong, and takes values that nobody asked for. */
static gboolean
check_raw (const YaraStatement *statement, GError **error)
{
  const char *start = yara_postgres_statement_start (statement->sql->text), *end;
  guint n_parameters;

  if (!g_utf8_validate_len (statement->sql->text, statement->sql->length, NULL))
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "the SQL is not valid UTF-8");
      return FALSE;
    }
  if (*start == '\0')
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "the SQL holds no statement");
      return FALSE;
    }
  end = yara_postgres_statement_end (start, &n_parameters);
  if (*yara_postgres_statement_start (end) != '\0')
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL,
                   "the SQL holds more than one statement, and none of them was run; "
                   "use execute_script for several");
      return FALSE;
    }
  if (n_parameters != statement->n_values)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "the SQL takes %u values and was given %u",
                   n_parameters, statement->n_values);
      return FALSE;
    }
  return TRUE;
}

static gboolean
send_encoded (YaraPostgresSession *session, const YaraStatement *statement, YaraParameters *parameters,
              gboolean in_pipeline, YaraSent *sent, GError **error)
{
  gboolean is_named = !session->is_pooled && session->cache.size > 0, ok;
  YaraPostgresPrepared *prepared = NULL;

  if (is_named)
    prepared = yara_postgres_cache_find (&session->cache, statement, statement->sql, parameters->types);
  sent->is_fresh = is_named && prepared == NULL;
  if (prepared == NULL && statement->is_raw && !check_raw (statement, error))
    return FALSE;
  if (sent->is_fresh)
    prepared = yara_postgres_cache_add (&session->cache, statement, statement->sql, parameters->types);
  sent->is_asked = sent->is_fresh && statement->is_raw && statement->answer == YARA_ANSWER_ROWS &&
                   statement->n_values <= MAX_DESCRIBED;
  if (prepared != NULL)
    sent->number = prepared->number;

  if (sent->is_fresh)
    ok = send_fresh (session, statement, parameters, prepared, in_pipeline, sent->is_asked);
  else if (is_named)
    ok = send_prepared (session, statement, parameters, prepared);
  else
    ok = send_unnamed (session, statement, parameters);
  return ok || fail_send (session, error);
}

gboolean
yara_postgres_send (YaraPostgresSession *session, const YaraStatement *statement, gboolean in_pipeline, YaraSent *sent,
                    GError **error)
{
  YaraParameters parameters;
  gboolean ok;

  *sent = (YaraSent) { 0 };
  ok = yara_postgres_parameters_init (&parameters, statement, error) &&
       send_encoded (session, statement, &parameters, in_pipeline, sent, error);
  yara_postgres_parameters_clear (&parameters);
  return ok;
}

/* ---- receiving ---- */

/* The rest of a statement's results. A success is none when an error follows, because the transaction was
 * not committed, or the link is lost before the end. Takes `first`; NULL: the link is lost. */
static PGresult *
receive_rest (YaraPostgresSession *session, PGresult *first)
{
  PGresult *next;

  while ((next = yara_postgres_receive (session)) != NULL)
    {
      if (PQresultStatus (next) == PGRES_FATAL_ERROR && PQresultStatus (first) != PGRES_FATAL_ERROR)
        {
          PGresult *undone = first;

          first = next;
          next = undone;
        }
      PQclear (next);
    }
  if (G_UNLIKELY (session->is_broken || PQstatus (session->conn) == CONNECTION_BAD) &&
      PQresultStatus (first) != PGRES_FATAL_ERROR)
    g_clear_pointer (&first, PQclear);
  return first;
}

gboolean
yara_postgres_take_sync (YaraPostgresSession *session, PGresult **refusal)
{
  PGresult *result;

  *refusal = NULL;
  result = yara_postgres_receive (session);
  if (G_UNLIKELY (PQresultStatus (result) == PGRES_FATAL_ERROR))
    {
      *refusal = result;
      while ((result = yara_postgres_receive (session)) == NULL && !session->is_broken &&
             PQstatus (session->conn) == CONNECTION_OK)
        ;
    }
  if (PQresultStatus (result) != PGRES_PIPELINE_SYNC)
    session->is_broken = TRUE;
  PQclear (result);
  return !session->is_broken && *refusal == NULL;
}

PGresult *
yara_postgres_receive_sent (YaraPostgresSession *session, const YaraStatement *statement, const YaraSent *sent)
{
  PGresult *first = yara_postgres_receive (session), *second;

  if (first == NULL)
    return NULL;
  yara_postgres_drain (session);
  if (!sent->is_fresh)
    return first;
  second = yara_postgres_receive (session);
  yara_postgres_drain (session);
  if (PQresultStatus (first) == PGRES_COMMAND_OK)
    {
      PQclear (first);
      return second;
    }
  /* It was not prepared; what was to run it is skipped. */
  yara_postgres_cache_forget (&session->cache, statement->is_raw, statement->sql, sent->number);
  PQclear (second);
  return first;
}

gboolean
yara_postgres_is_stale (YaraPostgresSession *session, const YaraStatement *statement, const YaraSent *sent,
                        const PGresult *result)
{
  const char *state = sent->number != 0 && !sent->is_fresh && PQresultStatus (result) == PGRES_FATAL_ERROR
                        ? PQresultErrorField (result, PG_DIAG_SQLSTATE) : NULL;

  if (state == NULL || (strcmp (state, "26000") != 0 && strcmp (state, "0A000") != 0))
    return FALSE;
  yara_postgres_cache_forget (&session->cache, statement->is_raw, statement->sql, sent->number);
  return TRUE;
}

gboolean
yara_postgres_is_description (const YaraSent *sent, const PGresult *result)
{
  return sent->is_asked && PQresultStatus (result) == PGRES_COMMAND_OK;
}

/* COPY of raw SQL waits for data or sends some: the session is given up. */
static gboolean
is_copy (const PGresult *result)
{
  ExecStatusType status = PQresultStatus (result);

  return status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH;
}

/* In a pipeline of its own. */
static PGresult *
receive_fresh (YaraPostgresSession *session, const YaraStatement *statement, const YaraSent *sent)
{
  PGresult *result = yara_postgres_receive_sent (session, statement, sent), *refusal = NULL;
  gboolean is_success = PQresultStatus (result) != PGRES_FATAL_ERROR;

  if (session->is_broken || PQstatus (session->conn) != CONNECTION_OK)
    {
      if (is_success)
        g_clear_pointer (&result, PQclear);
      return result;
    }
  if (!yara_postgres_take_sync (session, &refusal) && is_success)
    {
      PQclear (result);
      result = g_steal_pointer (&refusal);
    }
  PQclear (refusal);
  if (!session->is_broken && !PQexitPipelineMode (session->conn))
    session->is_broken = TRUE;
  return result;
}

/* The end of a pipeline in which nothing but BEGIN was sent. */
static void
leave_pipeline (YaraPostgresSession *session)
{
  PGresult *refusal = NULL;

  if (!yara_postgres_take_sync (session, &refusal) || !PQexitPipelineMode (session->conn))
    session->is_broken = TRUE;
  PQclear (refusal);
}

/* The first of a transaction travels with its BEGIN. */
static PGresult *
execute_with_begin (YaraPostgresSession *session, const YaraStatement *statement, YaraSent *sent, GError **error)
{
  g_autofree char *begin = g_steal_pointer (&session->pending);
  PGresult *begun, *result = NULL;
  gboolean is_sent;

  if (!PQenterPipelineMode (session->conn) ||
      !PQsendQueryParams (session->conn, begin, 0, NULL, NULL, NULL, NULL, 1))
    {
      fail_send (session, error);
      return NULL;
    }
  is_sent = yara_postgres_send (session, statement, TRUE, sent, error);
  if (session->is_broken || (!PQpipelineSync (session->conn) && !fail_send (session, is_sent ? error : NULL)))
    return NULL;

  begun = yara_postgres_receive (session);
  if (begun != NULL)
    yara_postgres_drain (session);
  if (is_sent && begun != NULL)
    result = receive_fresh (session, statement, sent);
  else if (begun != NULL)
    leave_pipeline (session);
  if (PQresultStatus (begun) != PGRES_COMMAND_OK && begun != NULL) /* what came behind it was skipped */
    {
      PQclear (result);
      return begun;
    }
  PQclear (begun);
  if (result == NULL && is_sent)
    g_propagate_error (error, yara_postgres_error_new (session, NULL));
  return result;
}

static PGresult *
execute_once (YaraPostgresSession *session, const YaraStatement *statement, YaraSent *sent, GError **error)
{
  PGresult *result;

  if (G_UNLIKELY (session->pending != NULL))
    return execute_with_begin (session, statement, sent, error);
  if (!yara_postgres_send (session, statement, FALSE, sent, error))
    return NULL;
  if (sent->is_fresh)
    result = receive_fresh (session, statement, sent);
  else
    {
      result = yara_postgres_receive (session);
      if (result != NULL && !is_copy (result))
        result = receive_rest (session, result);
    }
  if (result == NULL)
    g_propagate_error (error, yara_postgres_error_new (session, NULL));
  return result;
}

PGresult *
yara_postgres_execute (YaraPostgresSession *session, const YaraStatement *statement, GError **error)
{
  YaraSent sent;
  PGresult *result = execute_once (session, statement, &sent, error);

  if (result != NULL && yara_postgres_is_description (&sent, result))
    {
      yara_postgres_cache_describe (&session->cache, statement, sent.number, result);
      PQclear (result);
      result = execute_once (session, statement, &sent, error);
    }
  /* Within a transaction it would fail again, for another reason. */
  if (G_UNLIKELY (result != NULL && yara_postgres_is_stale (session, statement, &sent, result)) &&
      PQtransactionStatus (session->conn) == PQTRANS_IDLE)
    {
      PQclear (result);
      result = execute_once (session, statement, &sent, error);
    }
  return result;
}

/* ---- answers ---- */

/* The number of rows that were changed; of others than these the tag may hold a number too. */
static gint64
count_changed (PGresult *result)
{
  static const char *const words[] = { "INSERT ", "UPDATE ", "DELETE ", "MERGE " };
  const char *tag = PQcmdStatus (result);

  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (g_str_has_prefix (tag, words[i]))
      return g_ascii_strtoll (PQcmdTuples (result), NULL, 10);
  return 0;
}

static gint64
read_integer (const PGresult *result)
{
  const char *data = PQgetvalue (result, 0, 0);
  gint64 number = 0;
  guint16 small;
  guint32 middle;

  switch (PQgetlength (result, 0, 0))
    {
    case 1: /* a boolean */
      return *data != 0;
    case 2:
      memcpy (&small, data, 2);
      return (gint16) GUINT16_FROM_BE (small);
    case 4:
      memcpy (&middle, data, 4);
      return (gint32) GUINT32_FROM_BE (middle);
    case 8:
      memcpy (&number, data, 8);
      return GINT64_FROM_BE (number);
    default:
      return 0;
    }
}

static void
take_key (YaraRequest *request, PGresult *result)
{
  request->n_rows = PQntuples (result);
  if (request->n_rows == 1 && PQnfields (result) == 1)
    request->number = read_integer (result);
  else
    request->error = g_error_new (YARA_ERROR, YARA_ERROR_OPERATIONAL,
                                  "the INSERT gave %" G_GINT64_FORMAT " rows instead of one; does the table have a "
                                  "rule or a trigger that swallows it?", request->n_rows);
  PQclear (result);
}

/* The one cell of a count. */
static void
take_number (YaraRequest *request, PGresult *result)
{
  g_assert (PQntuples (result) == 1 && PQnfields (result) == 1);
  request->n_rows = 1;
  request->number = read_integer (result);
  PQclear (result);
}

void
yara_postgres_take_answer (YaraPostgresSession *session, YaraRequest *request, PGresult *result)
{
  const YaraStatement *statement = &request->statement;
  ExecStatusType status = PQresultStatus (result);

  if (G_UNLIKELY (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK))
    {
      request->error = yara_postgres_error_new (session, result);
      PQclear (result);
      return;
    }
  switch (statement->answer)
    {
    case YARA_ANSWER_COUNT:
      request->n_rows = count_changed (result);
      PQclear (result);
      break;
    case YARA_ANSWER_KEY:
      take_key (request, result);
      break;
    case YARA_ANSWER_NUMBER:
      take_number (request, result);
      break;
    case YARA_ANSWER_RECORDS:
      request->records = yara_result_new (statement->info->model->record_size);
      yara_postgres_decode_records (result, statement->info, request->records, &request->error);
      request->n_rows = request->records->n_records;
      break;
    case YARA_ANSWER_ROWS:
      request->rows = yara_postgres_decode_rows (result, statement, &request->error);
      request->n_rows = request->rows != NULL ? (gint64) request->rows->n_rows : 0;
      break;
    }
}

/* ---- the simple protocol ---- */

static gboolean
take_command_result (YaraPostgresSession *session, PGresult *result, const char *tag, GError **error)
{
  ExecStatusType status = PQresultStatus (result);

  if (status != PGRES_COMMAND_OK && status != PGRES_TUPLES_OK && status != PGRES_EMPTY_QUERY)
    {
      g_propagate_error (error, yara_postgres_error_new (session, result));
      return FALSE;
    }
  if (tag == NULL || strcmp (PQcmdStatus (result), tag) == 0)
    return TRUE;
  g_set_error (error, YARA_ERROR, YARA_ERROR_TRANSACTION, "the server answered %s to %s: nothing was stored",
               PQcmdStatus (result), tag);
  return FALSE;
}

gboolean
yara_postgres_command (YaraPostgresSession *session, const char *sql, const char *tag, GError **error)
{
  PGresult *result;
  gboolean ok = TRUE;
  guint n_results = 0;

  if (!PQsendQuery (session->conn, sql))
    return fail_send (session, error);
  for (; ok && (result = yara_postgres_receive (session)) != NULL; n_results++)
    {
      ok = take_command_result (session, result, tag, error);
      PQclear (result);
    }
  if (!ok)
    {
      if (!session->is_broken)
        yara_postgres_drain (session);
      return FALSE;
    }
  if (n_results > 0 && !session->is_broken)
    return TRUE;
  g_propagate_error (error, yara_postgres_error_new (session, NULL));
  return FALSE;
}
