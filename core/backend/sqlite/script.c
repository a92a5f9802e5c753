/* SPDX-License-Identifier: MIT
 * Several statements one after another. SQLite's own parser finds where each ends, so that comments,
 * quotes and trigger bodies are understood. */
#include "backend/sqlite/sqlite.h"

#include <yaraorm/yara-error.h>

/* Runs the first statement of `text`; gives what follows it. */
static gboolean
run_first (YaraSqliteSession *session, const char *text, const char **rest, GError **error)
{
  sqlite3_stmt *stmt = NULL;
  int code;

  if (!yara_session_check_sql (&session->base, text, error))
    return FALSE;
  yara_sqlite_session_limit_attached (session, text);
  code = sqlite3_prepare_v2 (session->db, text, -1, &stmt, rest);
  if (atomic_load_explicit (&session->interrupted, memory_order_relaxed))
    code = SQLITE_INTERRUPT;
  if (code == SQLITE_OK && sqlite3_bind_parameter_count (stmt) > 0)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "a script takes no arguments; it has the parameter %s",
                   sqlite3_bind_parameter_name (stmt, 1) != NULL ? sqlite3_bind_parameter_name (stmt, 1) : "?");
      sqlite3_finalize (stmt);
      return FALSE;
    }
  yara_sqlite_start_deadline (session);
  if (code == SQLITE_OK && stmt != NULL)
    code = yara_sqlite_step_to_end (stmt);
  if (code != SQLITE_OK && code != SQLITE_DONE)
    g_propagate_error (error, yara_sqlite_error_new (session, code));
  sqlite3_finalize (stmt);
  return code == SQLITE_OK || code == SQLITE_DONE;
}

static gboolean
run_script (YaraSqliteSession *session, const char *script, GError **error)
{
  if (!g_utf8_validate (script, -1, NULL))
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "the script is not valid UTF-8");
      return FALSE;
    }
  for (guint position = 1; !yara_sqlite_is_blank (script); position++)
    if (!run_first (session, script, &script, error))
      {
        if ((*error)->domain == YARA_ERROR)
          g_prefix_error (error, "statement %u of the script: ", position);
        return FALSE;
      }
  return TRUE;
}

void
yara_sqlite_run_script (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  if (!yara_sqlite_begin_request (request, guard))
    return;
  run_script (session, request->script, &request->error);
  yara_sqlite_end_request (session, request, guard);
}

static gboolean
run_all (YaraSqliteSession *session, const YaraRequest *request, GError **error)
{
  int code = yara_sqlite_begin_around (session, request);

  if (code != SQLITE_OK)
    {
      g_propagate_error (error, yara_sqlite_error_new (session, code));
      return FALSE;
    }
  for (const char *const *statements = request->statements; *statements != NULL; statements++)
    {
      const char *rest;

      if (!run_first (session, *statements, &rest, error))
        return FALSE;
    }
  return TRUE;
}

void
yara_sqlite_run_transaction (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  gboolean ok;

  if (!yara_sqlite_begin_request (request, guard))
    return;
  ok = run_all (session, request, &request->error);
  yara_sqlite_end_request (session, request, guard);
  if (ok)
    {
      int code = yara_sqlite_commit_around (session, request);

      if (code != SQLITE_OK)
        request->error = yara_sqlite_error_new (session, code);
    }
}
