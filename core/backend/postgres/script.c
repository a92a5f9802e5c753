/* SPDX-License-Identifier: MIT
 * Several statements one after another, each by itself: sent as one text they would be one transaction. */
#include "backend/postgres/postgres.h"

#include <yaraorm/yara-error.h>

/* What was asked to stop sends nothing more, even if the stop came too late for what ran. */
static gboolean
may_go_on (YaraPostgresSession *session, GError **error)
{
  if (session->stop == YARA_STOP_NONE && !atomic_load (&session->interrupted))
    return TRUE;
  g_propagate_error (error, yara_postgres_error_new_cancelled (TRUE));
  return FALSE;
}

static gboolean
run_one (YaraPostgresSession *session, const char *sql, const char *tag, GError **error)
{
  if (!yara_session_check_sql (&session->base, sql, error) || !may_go_on (session, error))
    return FALSE;
  yara_postgres_start_deadline (session);
  return yara_postgres_command (session, sql, tag, error);
}

static gboolean
run_script (YaraPostgresSession *session, const char *script, GError **error)
{
  if (!g_utf8_validate (script, -1, NULL))
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "the script is not valid UTF-8");
      return FALSE;
    }
  for (guint position = 1; *(script = yara_postgres_statement_start (script)) != '\0'; position++)
    {
      guint n_parameters;
      const char *end = yara_postgres_statement_end (script, &n_parameters);
      g_autofree char *sql = g_strndup (script, end - script);

      if (!run_one (session, sql, NULL, error))
        {
          if ((*error)->domain == YARA_ERROR)
            g_prefix_error (error, "statement %u of the script: ", position);
          return FALSE;
        }
      script = end;
    }
  return TRUE;
}

void
yara_postgres_run_script (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  if (!yara_postgres_begin_request (request, guard))
    return;
  run_script (session, request->script, &request->error);
  yara_postgres_end_request (session, request, guard);
}

static gboolean
run_all (YaraPostgresSession *session, const YaraRequest *request, GError **error)
{
  if (!request->in_transaction && !run_one (session, "BEGIN", "BEGIN", error))
    return FALSE;
  for (const char *const *statements = request->statements; *statements != NULL; statements++)
    if (!run_one (session, *statements, NULL, error))
      return FALSE;
  return request->in_transaction || run_one (session, "COMMIT", "COMMIT", error);
}

void
yara_postgres_run_transaction (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  if (!yara_postgres_begin_request (request, guard))
    return;
  run_all (session, request, &request->error);
  yara_postgres_end_request (session, request, guard);
  if (!request->in_transaction)
    yara_postgres_session_clean (session);
}
