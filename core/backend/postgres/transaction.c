/* SPDX-License-Identifier: MIT
 * The steps of a transaction over several requests. BEGIN is kept until there is something to send it with. */
#include "backend/postgres/postgres.h"

#include "base/error.h"

static char *
make_begin (const YaraTransactionOptions *options)
{
  static const char *const levels[] = {
    [YARA_ISOLATION_DEFAULT] = "",
    [YARA_ISOLATION_READ_UNCOMMITTED] = " ISOLATION LEVEL READ UNCOMMITTED",
    [YARA_ISOLATION_READ_COMMITTED] = " ISOLATION LEVEL READ COMMITTED",
    [YARA_ISOLATION_REPEATABLE_READ] = " ISOLATION LEVEL REPEATABLE READ",
    [YARA_ISOLATION_SERIALIZABLE] = " ISOLATION LEVEL SERIALIZABLE",
  };

  return g_strconcat ("BEGIN", levels[options->isolation], options->read_only ? " READ ONLY" : "",
                      options->deferrable ? " DEFERRABLE" : "", NULL);
}

gboolean
yara_postgres_session_begin (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  if (!yara_postgres_session_revive (session, &request->error) || !yara_postgres_begin_request (request, guard))
    return FALSE;
  session->pending = make_begin (request->control.options);
  session->is_reading = request->control.options->read_only;
  yara_postgres_end_request (session, request, guard);
  return TRUE;
}

gboolean
yara_postgres_send_pending (YaraPostgresSession *session, GError **error)
{
  g_autofree char *pending = g_steal_pointer (&session->pending);

  yara_postgres_start_deadline (session);
  return pending == NULL || yara_postgres_command (session, pending, "BEGIN", error);
}

/* ---- ending ---- */

/* After the end, however it came. */
static void
settle (YaraPostgresSession *session)
{
  g_clear_pointer (&session->pending, g_free);
  yara_postgres_session_clean (session);
  if (session->must_discard)
    yara_postgres_session_discard (session);
  session->must_discard = session->is_reading = FALSE;
}

/* COMMIT was sent and no answer that can be relied on has come. */
static void
set_unknown (GError **error)
{
  if ((*error)->domain != YARA_ERROR)
    {
      g_clear_error (error);
      g_set_error_literal (error, YARA_ERROR, YARA_ERROR_CONNECTION,
                           "it was cancelled when the server had it already, and no answer has come");
    }
  if (!yara_error_is_outcome_unknown (*error))
    g_prefix_error (error, "whether it was committed is unknown, look before you try again: ");
  yara_error_set_outcome_unknown (*error);
}

static YaraEnd
send_commit (YaraPostgresSession *session, GError **error)
{
  session->writes = TRUE;
  yara_postgres_start_deadline (session);
  if (yara_postgres_command (session, "COMMIT", "COMMIT", error))
    return YARA_END_COMMITTED;
  if (!session->is_broken)
    return YARA_END_ROLLED_BACK;
  set_unknown (error);
  return YARA_END_UNKNOWN;
}

void
yara_postgres_session_commit (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;

  request->control.end = YARA_END_ROLLED_BACK;
  if (yara_postgres_begin_request (request, guard))
    {
      if (session->pending != NULL) /* nothing was sent yet, and there is nothing to commit */
        request->control.end = YARA_END_COMMITTED;
      else if (yara_postgres_session_revive (session, &request->error))
        request->control.end = send_commit (session, &request->error);
      yara_postgres_end_request (session, request, guard);
    }
  settle (session);
}

void
yara_postgres_session_roll_back (YaraSession *base)
{
  settle ((YaraPostgresSession *) base);
}

/* ---- savepoints ---- */

gboolean
yara_postgres_session_run_savepoint (YaraSession *base, const char *sql, GError **error)
{
  YaraPostgresSession *session = (YaraPostgresSession *) base;
  g_autofree char *pending = g_steal_pointer (&session->pending), *text = NULL;

  session->writes = FALSE;
  text = g_strconcat (pending != NULL ? pending : "", pending != NULL ? "; " : "", sql, NULL);
  yara_postgres_start_deadline (session);
  return yara_postgres_command (session, text, NULL, error);
}
