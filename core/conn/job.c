/* SPDX-License-Identifier: MIT
 * What is done with requests once a session is there, and with jobs once there is an outcome. */
#include "conn/job.h"

/* ---- running ---- */

gboolean
yara_request_writes (const YaraRequest *request)
{
  const YaraStatement *statement = &request->statement;

  if (request->kind == YARA_REQUEST_FETCH || request->kind == YARA_REQUEST_END_FETCH)
    return FALSE;
  if (request->kind != YARA_REQUEST_STATEMENT)
    return TRUE;
  return statement->is_raw ? !yara_sql_is_select (statement->sql->text) : !statement->is_read;
}

static void
interrupt_session (gpointer data)
{
  YaraSession *session = data;

  session->config->backend->session_interrupt (session);
}

typedef struct
{
  YaraSession *session;
  YaraCancel  *cancel;
} SingleRun;

static gboolean
begin_single (YaraRequest *request, gpointer data)
{
  SingleRun *run = data;

  return yara_cancel_arm (run->cancel, interrupt_session, run->session);
}

static void
end_single (YaraRequest *request, gpointer data)
{
  SingleRun *run = data;

  yara_cancel_disarm (run->cancel);
}

void
yara_request_run (YaraRequest *request, YaraSession *session, YaraCancel *cancel)
{
  SingleRun run = { session, cancel };
  YaraRunGuard guard = { begin_single, end_single, &run };

  session->config->backend->session_run (session, request, cancel != NULL ? &guard : NULL);
}

static gboolean
begin_in_batch (YaraRequest *request, gpointer session)
{
  YaraCancel *cancel = yara_request_get_job (request)->cancel;

  return cancel == NULL || yara_cancel_arm (cancel, interrupt_session, session);
}

static void
end_in_batch (YaraRequest *request, gpointer session)
{
  YaraCancel *cancel = yara_request_get_job (request)->cancel;

  if (cancel != NULL)
    yara_cancel_disarm (cancel);
}

gboolean
yara_job_is_groupable (const YaraJob *job)
{
  return job->request.kind == YARA_REQUEST_STATEMENT && !job->request.statement.is_raw;
}

void
yara_jobs_run (YaraJob **jobs, guint n_jobs, YaraPool *pool)
{
  g_autoptr(GError) error = NULL;
  YaraSession *session = yara_pool_acquire (pool, jobs[0]->is_write, NULL, &error);
  YaraRunGuard guard = { begin_in_batch, end_in_batch, session };
  YaraRequest *requests[YARA_MAX_GROUP];

  if (session == NULL)
    {
      for (guint i = 0; i < n_jobs; i++)
        jobs[i]->request.error = g_error_copy (error);
      return;
    }
  for (guint i = 0; i < n_jobs; i++)
    requests[i] = &jobs[i]->request;
  if (yara_job_is_groupable (jobs[0]))
    session->config->backend->session_run_batch (session, requests, n_jobs, &guard);
  else
    session->config->backend->session_run (session, requests[0], &guard);
  yara_pool_release (pool, session);
}

/* ---- completing ---- */

static void
let_go_of_cancel (YaraJob *job)
{
  if (job->cancel == NULL)
    return;
  yara_cancel_disarm (job->cancel);
  g_clear_pointer (&job->cancel, yara_cancel_free);
}

/* Neighbours that go to the same place are pushed together. */
void
yara_jobs_complete (YaraJob **jobs, guint n_jobs)
{
  for (guint i = 0, end; i < n_jobs; i = end)
    {
      YaraDispatcher *dispatcher = jobs[i]->dispatcher;
      YaraCompletion *first = &jobs[i]->completion;

      let_go_of_cancel (jobs[i]);
      for (end = i + 1; end < n_jobs && jobs[end]->dispatcher == dispatcher; end++)
        {
          let_go_of_cancel (jobs[end]);
          jobs[end - 1]->completion.next = &jobs[end]->completion;
        }
      jobs[end - 1]->completion.next = NULL;
      yara_dispatcher_push (dispatcher, first);
      for (guint n = i; n < end; n++)
        yara_dispatcher_unref (dispatcher);
    }
}

void
yara_job_complete_here (YaraJob *job)
{
  let_go_of_cancel (job);
  yara_dispatcher_unref (job->dispatcher);
  job->completion.complete (&job->completion);
}

void
yara_job_fail (YaraJob *job, GError *error)
{
  job->request.error = error;
  yara_jobs_complete (&job, 1);
}

GError *
yara_job_cancelled_error (void)
{
  return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the statement was cancelled before it ran");
}
