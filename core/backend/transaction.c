/* SPDX-License-Identifier: MIT
 * Transactions over several requests, as far as they are the same for all backends: after an error nothing
 * runs until it is rolled back, and nobody ends one by SQL of his own. */
#include "backend/backend.h"

#include "base/error.h"

/* ---- before and after a request ---- */

gboolean
yara_sql_is_control (const char *sql)
{
  static const char *const words[] = {
    "begin", "start", "commit", "end", "rollback", "abort", "savepoint", "release"
  };

  for (sql = yara_sql_skip_blank (sql); *sql == ';'; sql = yara_sql_skip_blank (sql))
    sql++;
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (yara_sql_starts_with (sql, words[i]))
      return TRUE;
  return yara_sql_starts_with (sql, "prepare") &&
         yara_sql_starts_with (yara_sql_skip_blank (sql) + strlen ("prepare"), "transaction");
}

gboolean
yara_session_check_sql (YaraSession *session, const char *sql, GError **error)
{
  if (session->transaction == YARA_TRANSACTION_NONE || !yara_sql_is_control (sql))
    return TRUE;
  g_set_error_literal (error, YARA_ERROR, YARA_ERROR_TRANSACTION,
                       "SQL cannot begin, end or nest the transaction that it runs in, and was not sent; use "
                       "yara_orm_begin(), yara_transaction_commit() and yara_transaction_rollback()");
  return FALSE;
}

static void
refuse (const YaraSession *session, GError **error)
{
  switch (session->transaction)
    {
    case YARA_TRANSACTION_FAILED:
      g_set_error (error, YARA_ERROR, YARA_ERROR_TRANSACTION,
                   "not sent, because the transaction has failed before (%s); roll it back, or the nested block in "
                   "which it failed", session->failure->message);
      break;
    case YARA_TRANSACTION_LOST:
      g_set_error (error, YARA_ERROR, YARA_ERROR_TRANSACTION,
                   "not sent, because the transaction is over (%s); roll it back and begin another",
                   session->failure->message);
      break;
    default:
      g_set_error_literal (error, YARA_ERROR, YARA_ERROR_TRANSACTION,
                           "not sent, because the transaction that it belongs to has ended");
    }
}

gboolean
yara_session_admit_slowly (YaraSession *session, YaraRequest *request)
{
  if (request->kind == YARA_REQUEST_CONTROL)
    return TRUE;
  if (session->transaction == YARA_TRANSACTION_OPEN && request->in_transaction)
    return request->kind != YARA_REQUEST_STATEMENT || !request->statement.is_raw ||
           yara_session_check_sql (session, request->statement.sql->text, &request->error);
  refuse (session, &request->error);
  return FALSE;
}

static void
set_state (YaraSession *session, YaraTransactionState state, const GError *failure)
{
  session->transaction = state;
  g_clear_error (&session->failure);
  if (failure != NULL)
    session->failure = g_error_copy (failure);
}

void
yara_session_note (YaraSession *session, YaraRequest *request, gboolean is_open, gboolean has_failed)
{
  if (session->transaction != YARA_TRANSACTION_OPEN || (is_open && !has_failed))
    return;
  if (request->error == NULL)
    {
      yara_request_reset (request);
      g_set_error_literal (&request->error, YARA_ERROR, YARA_ERROR_TRANSACTION,
                           "the SQL has ended the transaction; look at what it has stored");
    }
  set_state (session, is_open ? YARA_TRANSACTION_FAILED : YARA_TRANSACTION_LOST, request->error);
}

/* ---- the steps ---- */

/* `format` has a place for the number of the savepoint, or two. */
static gboolean
run_savepoint (YaraSession *session, YaraRequest *request, const char *format)
{
  char sql[96];

  g_snprintf (sql, sizeof sql, format, request->control.savepoint, request->control.savepoint);
  return session->config->backend->session_run_savepoint (session, sql, &request->error);
}

/* What was asked to succeed and can only be undone; whoever tries again looks at the codes. */
static GError *
undone_error (const GError *failure, const char *what)
{
  GError *error = g_error_new (YARA_ERROR, YARA_ERROR_TRANSACTION,
                               "%s was rolled back, because it had failed before: %s", what, failure->message);

  yara_error_set_sqlstate (error, yara_error_get_sqlstate (failure));
  yara_error_set_sqlite_code (error, yara_error_get_sqlite_code (failure));
  return error;
}

static void
commit (YaraSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  if (session->transaction == YARA_TRANSACTION_OPEN)
    session->config->backend->session_commit (session, request, guard);
  else
    {
      request->control.end = YARA_END_ROLLED_BACK;
      if (session->transaction == YARA_TRANSACTION_NONE)
        {
          refuse (session, &request->error);
          return;
        }
      session->config->backend->session_roll_back (session);
      request->error = undone_error (session->failure, "the transaction");
    }
  set_state (session, YARA_TRANSACTION_NONE, NULL);
}

static void
roll_back (YaraSession *session, YaraRequest *request)
{
  if (session->transaction != YARA_TRANSACTION_NONE)
    session->config->backend->session_roll_back (session);
  request->control.end = YARA_END_ROLLED_BACK; /* what the session holds in spite of an error ends when it is closed */
  set_state (session, YARA_TRANSACTION_NONE, NULL);
}

static void
roll_back_to (YaraSession *session, YaraRequest *request)
{
  if (session->transaction == YARA_TRANSACTION_LOST || session->transaction == YARA_TRANSACTION_NONE)
    refuse (session, &request->error);
  else if (run_savepoint (session, request, "ROLLBACK TO SAVEPOINT yara%u; RELEASE SAVEPOINT yara%u"))
    set_state (session, YARA_TRANSACTION_OPEN, NULL);
  else
    set_state (session, YARA_TRANSACTION_LOST, request->error);
}

static void
release (YaraSession *session, YaraRequest *request)
{
  g_autoptr(GError) failure = NULL;

  if (session->transaction == YARA_TRANSACTION_FAILED)
    {
      failure = g_error_copy (session->failure);
      roll_back_to (session, request);
      if (request->error == NULL)
        request->error = undone_error (failure, "the nested block");
    }
  else if (session->transaction != YARA_TRANSACTION_OPEN)
    refuse (session, &request->error);
  else if (!run_savepoint (session, request, "RELEASE SAVEPOINT yara%u"))
    set_state (session, YARA_TRANSACTION_LOST, request->error);
}

static void
set_savepoint (YaraSession *session, YaraRequest *request)
{
  if (session->transaction != YARA_TRANSACTION_OPEN)
    refuse (session, &request->error);
  else if (!run_savepoint (session, request, "SAVEPOINT yara%u"))
    set_state (session, YARA_TRANSACTION_LOST, request->error);
}

void
yara_session_run_control (YaraSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  switch (request->control.command)
    {
    case YARA_COMMAND_BEGIN:
      g_assert (session->transaction == YARA_TRANSACTION_NONE);
      if (session->config->backend->session_begin (session, request, guard))
        set_state (session, YARA_TRANSACTION_OPEN, NULL);
      break;
    case YARA_COMMAND_COMMIT:
      commit (session, request, guard);
      break;
    case YARA_COMMAND_ROLLBACK:
      roll_back (session, request);
      break;
    case YARA_COMMAND_SAVEPOINT:
      set_savepoint (session, request);
      break;
    case YARA_COMMAND_RELEASE:
      release (session, request);
      break;
    case YARA_COMMAND_ROLLBACK_TO:
      roll_back_to (session, request);
      break;
    }
}
