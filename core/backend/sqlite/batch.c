/* SPDX-License-Identifier: MIT
 * Groups of generated statements: reads share a transaction, because taking and dropping the lock
 * costs more than a short statement; writes are committed together, each in a savepoint. */
#include "backend/sqlite/sqlite.h"

static void
run_measured (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  gint64 start = yara_sqlite_start_clock (request);

  session->timeout = yara_request_get_timeout (request, session->base.config);
  yara_sqlite_run_statement (session, request, guard);
  yara_sqlite_stop_clock (request, start);
}

static void
run_reads (YaraSqliteSession *session, YaraRequest **requests, guint n_requests, const YaraRunGuard *guard)
{
  /* Should BEGIN fail, each read is a transaction of its own. */
  yara_sqlite_session_control (session, YARA_CONTROL_BEGIN);
  for (guint i = 0; i < n_requests; i++)
    run_measured (session, requests[i], guard);
  if (!sqlite3_get_autocommit (session->db))
    yara_sqlite_session_control (session, YARA_CONTROL_COMMIT);
  yara_sqlite_session_clean (session);
}

static void
run_in_savepoint (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  int code = yara_sqlite_session_control (session, YARA_CONTROL_SAVEPOINT);

  if (code == SQLITE_OK)
    run_measured (session, request, guard);
  if (sqlite3_get_autocommit (session->db)) /* the whole transaction is gone */
    return;
  if (code == SQLITE_OK && request->error != NULL)
    code = yara_sqlite_session_control (session, YARA_CONTROL_ROLLBACK_TO);
  if (code == SQLITE_OK)
    code = yara_sqlite_session_control (session, YARA_CONTROL_RELEASE);
  if (code != SQLITE_OK)
    {
      yara_sqlite_fail_request (request, yara_sqlite_error_new (session, code));
      yara_sqlite_session_clean (session);
    }
}

/* SQLite rolls the whole transaction back when a write is interrupted, the disk is full or fails. That
 * is the outcome of the request that met it; the others are run again, each by itself. */
static void
run_others_alone (YaraSqliteSession *session, YaraRequest **requests, guint n_requests, guint culprit,
                  const YaraRunGuard *guard)
{
  for (guint i = 0; i < n_requests; i++)
    if (i > culprit || (i < culprit && requests[i]->error == NULL))
      {
        yara_request_reset (requests[i]);
        yara_sqlite_session_run (&session->base, requests[i], guard);
      }
}

/* The outcome of those that have no error of their own. */
static void
fail_all (YaraSqliteSession *session, YaraRequest **requests, guint n_requests, int code)
{
  g_autoptr(GError) error = yara_sqlite_error_new (session, code);

  for (guint i = 0; i < n_requests; i++)
    if (requests[i]->error == NULL)
      yara_sqlite_fail_request (requests[i], g_error_copy (error));
}

static void
run_writes (YaraSqliteSession *session, YaraRequest **requests, guint n_requests, const YaraRunGuard *guard)
{
  int code = yara_sqlite_session_control (session, YARA_CONTROL_BEGIN_IMMEDIATE);

  for (guint i = 0; code == SQLITE_OK && i < n_requests; i++)
    {
      run_in_savepoint (session, requests[i], guard);
      if (sqlite3_get_autocommit (session->db))
        {
          run_others_alone (session, requests, n_requests, i, guard);
          return;
        }
    }
  if (code == SQLITE_OK)
    code = yara_sqlite_session_control (session, YARA_CONTROL_COMMIT);
  if (code != SQLITE_OK)
    {
      fail_all (session, requests, n_requests, code);
      yara_sqlite_session_clean (session);
    }
}

void
yara_sqlite_session_run_batch (YaraSession *base, YaraRequest **requests, guint n_requests,
                               const YaraRunGuard *guard)
{
  YaraSqliteSession *session = (YaraSqliteSession *) base;

  if (!requests[0]->statement.is_read)
    run_writes (session, requests, n_requests, guard); /* one alone too: RAISE (FAIL) undoes nothing by itself */
  else if (n_requests > 1)
    run_reads (session, requests, n_requests, guard);
  else
    yara_sqlite_session_run (base, requests[0], guard);
}
