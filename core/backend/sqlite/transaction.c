/* SPDX-License-Identifier: MIT
 * The steps of a transaction over several requests. A writing one takes the write lock at its beginning:
 * a lock that is taken after a read is refused at once when somebody else has written meanwhile. */
#include "backend/sqlite/sqlite.h"

int
yara_sqlite_begin_around (YaraSqliteSession *session, const YaraRequest *request)
{
  return request->in_transaction ? SQLITE_OK : yara_sqlite_session_control (session, YARA_CONTROL_BEGIN_IMMEDIATE);
}

int
yara_sqlite_commit_around (YaraSqliteSession *session, const YaraRequest *request)
{
  return request->in_transaction ? SQLITE_OK : yara_sqlite_session_control (session, YARA_CONTROL_COMMIT);
}

/* A session that writes is kept from it. */
static int
forbid_writing (YaraSqliteSession *session)
{
  if (session->base.read_only)
    return SQLITE_OK;
  session->must_configure = TRUE;
  return sqlite3_exec (session->db, "PRAGMA query_only = ON", NULL, NULL, NULL);
}

/* After the end, however it came. */
static void
settle (YaraSqliteSession *session)
{
  yara_sqlite_close_cursors (session);
  yara_sqlite_session_clean (session);
  if (session->must_configure && yara_sqlite_session_configure (session) != SQLITE_OK)
    session->is_broken = TRUE;
  session->must_configure = FALSE;
}

gboolean
yara_sqlite_session_begin (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard)
{
  YaraSqliteSession *session = (YaraSqliteSession *) base;
  gboolean read_only = request->control.options->read_only;
  int code;

  if (!yara_sqlite_begin_request (request, guard))
    return FALSE;
  yara_sqlite_start_deadline (session);
  code = yara_sqlite_session_control (session, read_only ? YARA_CONTROL_BEGIN : YARA_CONTROL_BEGIN_IMMEDIATE);
  if (code == SQLITE_OK && read_only)
    code = forbid_writing (session);
  if (code != SQLITE_OK)
    request->error = yara_sqlite_error_new (session, code);
  yara_sqlite_end_request (session, request, guard);
  if (code != SQLITE_OK)
    settle (session);
  return code == SQLITE_OK;
}

/* It cannot be interrupted: SQLite would not say whether it came before the end. */
void
yara_sqlite_session_commit (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard)
{
  YaraSqliteSession *session = (YaraSqliteSession *) base;
  int code;

  request->control.end = YARA_END_ROLLED_BACK;
  if (yara_sqlite_begin_request (request, guard))
    {
      yara_sqlite_end_request (session, request, guard);
      code = yara_sqlite_session_control (session, YARA_CONTROL_COMMIT);
      if (code == SQLITE_OK)
        request->control.end = YARA_END_COMMITTED;
      else
        request->error = yara_sqlite_error_new (session, code);
    }
  settle (session);
}

void
yara_sqlite_session_roll_back (YaraSession *base)
{
  settle ((YaraSqliteSession *) base);
}

gboolean
yara_sqlite_session_run_savepoint (YaraSession *base, const char *sql, GError **error)
{
  YaraSqliteSession *session = (YaraSqliteSession *) base;
  int code = sqlite3_exec (session->db, sql, NULL, NULL, NULL);

  if (code != SQLITE_OK)
    g_propagate_error (error, yara_sqlite_error_new (session, code));
  return code == SQLITE_OK;
}
