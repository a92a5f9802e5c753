/* SPDX-License-Identifier: MIT
 * Running one request: prepare, bind, step, decode, reset. */
#include "backend/sqlite/sqlite.h"

#include <yaraorm/yara-error.h>

/* ---- stepping, by answer ---- */

/* A statement that is not a read is always run to its end: it is committed there. */
int
yara_sqlite_step_to_end (sqlite3_stmt *stmt)
{
  int code;

  do
    code = sqlite3_step (stmt);
  while (code == SQLITE_ROW);
  return code;
}

static int
step_rows (sqlite3_stmt *stmt, YaraRequest *request)
{
  const YaraStatement *statement = &request->statement;
  int code = sqlite3_step (stmt); /* only now the columns are sure: the schema may have changed */

  request->rows = yara_sqlite_rows_new (stmt, statement);
  for (; code == SQLITE_ROW; code = sqlite3_step (stmt))
    if (!yara_sqlite_decode_row (stmt, statement, request->rows, &request->error) ||
        request->rows->n_rows == statement->max_rows)
      return sqlite3_stmt_readonly (stmt) ? SQLITE_DONE : yara_sqlite_step_to_end (stmt);
  return code;
}

/* The one cell of a count; there is no other row to step to. */
static inline int
step_number (sqlite3_stmt *stmt, YaraRequest *request)
{
  int code = sqlite3_step (stmt);

  if (G_UNLIKELY (code != SQLITE_ROW))
    return code;
  request->number = sqlite3_column_int64 (stmt, 0);
  request->n_rows = 1;
  return SQLITE_DONE;
}

/* The number of rows that the last statement changed. SQLite keeps the old number when it was none
 * that changes rows. */
static gint64
get_n_changed (YaraSqliteSession *session, gint64 total_before)
{
  return sqlite3_total_changes64 (session->db) != total_before ? sqlite3_changes64 (session->db) : 0;
}

static inline void
step (YaraSqliteSession *session, YaraPrepared *prepared, YaraRequest *request)
{
  sqlite3_stmt *stmt = prepared->stmt;
  gint64 total_before;
  int code;

  switch (request->statement.answer)
    {
    case YARA_ANSWER_RECORDS:
      request->records = yara_result_new (request->statement.info->model->record_size);
      code = yara_sqlite_step_records (prepared, &request->statement, request->records, &request->error);
      request->n_rows = request->records->n_records;
      break;
    case YARA_ANSWER_NUMBER:
      code = step_number (stmt, request);
      break;
    case YARA_ANSWER_ROWS:
      code = step_rows (stmt, request);
      request->n_rows = request->rows->n_rows;
      break;
    default:
      total_before = sqlite3_total_changes64 (session->db);
      code = yara_sqlite_step_to_end (stmt);
      /* SQLite asks the progress handler once more after it has committed. An interrupt before that
       * undoes the changes and does not count them. */
      if (G_UNLIKELY ((code & 0xff) == SQLITE_INTERRUPT) && sqlite3_total_changes64 (session->db) != total_before)
        code = SQLITE_DONE;
      request->n_rows = get_n_changed (session, total_before);
      if (request->statement.answer == YARA_ANSWER_KEY)
        request->number = sqlite3_last_insert_rowid (session->db);
    }
  if (G_UNLIKELY (code != SQLITE_DONE) && request->error == NULL)
    request->error = yara_sqlite_error_new (session, code);
}

void
yara_sqlite_fail_request (YaraRequest *request, GError *error)
{
  gint64 duration = request->duration;

  yara_request_reset (request);
  request->error = error;
  request->duration = duration;
}

/* ---- statements ---- */

static inline void
run_generated (YaraSqliteSession *session, YaraRequest *request)
{
  const YaraStatement *statement = &request->statement;
  YaraPrepared *prepared = yara_sqlite_prepare (session, statement->sql, &request->error);

  if (G_UNLIKELY (prepared == NULL))
    return;
  if (yara_sqlite_bind_all (session, prepared->stmt, statement, &request->error))
    step (session, prepared, request);
  yara_sqlite_release (prepared);
}

static void
run_raw (YaraSqliteSession *session, YaraRequest *request)
{
  const YaraStatement *statement = &request->statement;
  YaraPrepared *prepared;

  yara_sqlite_session_limit_attached (session, statement->sql->text);
  prepared = yara_sqlite_prepare_raw (session, statement->sql, &request->error);
  if (prepared == NULL)
    return;
  if (yara_sqlite_bind_raw (session, prepared, statement, &request->error))
    step (session, prepared, request);
  yara_sqlite_release (prepared);
}

/* Inline, and so is what it calls: on the way back from a system call each return is mispredicted,
 * and a statement on a file makes several system calls. */
G_ALWAYS_INLINE static inline void
run_statement (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  if (!yara_sqlite_begin_request (request, guard))
    return;
  yara_sqlite_start_deadline (session);
  if (G_UNLIKELY (request->statement.is_raw))
    run_raw (session, request);
  else
    run_generated (session, request);
  yara_sqlite_end_request (session, request, guard);
  if (G_UNLIKELY (request->error != NULL))
    yara_sqlite_fail_request (request, g_steal_pointer (&request->error));
}

void
yara_sqlite_run_statement (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  run_statement (session, request, guard);
}

/* ---- requests ---- */

/* After SQL of the program. */
static void
close_transaction (YaraSqliteSession *session, YaraRequest *request)
{
  yara_sqlite_session_clean (session);
  if (request->error == NULL)
    yara_sqlite_fail_request (request,
                              g_error_new (YARA_ERROR, YARA_ERROR_TRANSACTION,
                                           "the SQL left a transaction open, and it was rolled back; write BEGIN and "
                                           "COMMIT into one script"));
}

/* Whether settings of the session may be others afterwards. */
static gboolean
may_configure (const YaraRequest *request)
{
  const char *sql;

  if (request->kind != YARA_REQUEST_STATEMENT)
    return request->kind == YARA_REQUEST_SCRIPT;
  sql = request->statement.sql->text;
  return request->statement.is_raw && (yara_sql_starts_with (sql, "pragma") || yara_sql_starts_with (sql, "explain"));
}

static void
run_any (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  switch (request->kind)
    {
    case YARA_REQUEST_STATEMENT:
      yara_sqlite_run_statement (session, request, guard);
      break;
    case YARA_REQUEST_BULK_INSERT:
      yara_sqlite_run_bulk_insert (session, request, guard);
      break;
    case YARA_REQUEST_SCRIPT:
      yara_sqlite_run_script (session, request, guard);
      break;
    case YARA_REQUEST_TRANSACTION:
      yara_sqlite_run_transaction (session, request, guard);
      break;
    case YARA_REQUEST_FETCH:
      yara_sqlite_run_fetch (session, request, guard);
      break;
    case YARA_REQUEST_END_FETCH:
      yara_sqlite_run_end_fetch (session, request);
      break;
    case YARA_REQUEST_CONTROL:
      yara_session_run_control (&session->base, request, guard);
      break;
    }
}

static void
run_alone (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  run_any (session, request, guard);
  if (!sqlite3_get_autocommit (session->db) && request->kind != YARA_REQUEST_CONTROL)
    close_transaction (session, request);
  if (may_configure (request) && yara_sqlite_session_configure (session) != SQLITE_OK)
    session->is_broken = TRUE;
}

/* Of many records some may be in when another cannot be bound. */
static void
run_in_transaction (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  session->has_raised = FALSE;
  run_any (session, request, guard);
  session->must_configure |= may_configure (request);
  yara_session_note (&session->base, request, !sqlite3_get_autocommit (session->db),
                     session->has_raised || (request->kind == YARA_REQUEST_BULK_INSERT && request->error != NULL));
}

void
yara_sqlite_session_run (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard)
{
  YaraSqliteSession *session = (YaraSqliteSession *) base;
  gint64 start = yara_sqlite_start_clock (request);

  if (!yara_session_admit (base, request))
    return;
  session->timeout = yara_request_get_timeout (request, base->config);
  if (G_UNLIKELY (request->in_transaction))
    run_in_transaction (session, request, guard);
  else if (G_LIKELY (request->kind == YARA_REQUEST_STATEMENT && !request->statement.is_raw))
    run_statement (session, request, guard);
  else
    run_alone (session, request, guard);
  yara_sqlite_stop_clock (request, start);
}
