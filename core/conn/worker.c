/* SPDX-License-Identifier: MIT
 * Worker threads. One writes; others are started for reading when all are busy. Each takes what is
 * queued for its kind as one batch, and only then asks for a session, so that a read sees everything
 * that was completed before it was issued. No lock is held while statements run. */
#include "conn/worker.h"

#include <pthread.h>
#include <yaraorm/yara-error.h>

#define MAX_BATCH   256
#define MAX_THREADS 64

/* The queue of one kind, and its threads. A thread is idle, coming (awake, about to look at the
 * queue) or busy. */
typedef struct
{
  YaraWorkers   *workers;
  pthread_cond_t cond;
  YaraJob       *first, *last;
  guint          n_idle, n_coming;
  guint          n_wake_ups;  /* signalled and not yet taken */
  guint          n_threads, max_threads;
  gboolean       is_ending;   /* threads leave when the queue is empty */
  GThread       *threads[MAX_THREADS];
} Lane;

struct YaraWorkers
{
  const YaraBackendConfig *config;
  YaraPool       *pool;
  pthread_mutex_t mutex;
  gboolean        is_closed;
  Lane            lanes[2];  /* write, read */
};

static gpointer run_worker (gpointer data);

YaraWorkers *
yara_workers_new (const YaraBackendConfig *config, YaraPool *pool)
{
  YaraWorkers *workers = g_new0 (YaraWorkers, 1);

  workers->config = config;
  workers->pool = pool;
  pthread_mutex_init (&workers->mutex, NULL);
  workers->lanes[0].max_threads = 1;
  workers->lanes[1].max_threads = MIN (yara_pool_max_readers (config), MAX_THREADS);
  for (guint i = 0; i < 2; i++)
    {
      workers->lanes[i].workers = workers;
      pthread_cond_init (&workers->lanes[i].cond, NULL);
    }
  return workers;
}

void
yara_workers_free (YaraWorkers *workers)
{
  for (guint i = 0; i < 2; i++)
    pthread_cond_destroy (&workers->lanes[i].cond);
  pthread_mutex_destroy (&workers->mutex);
  g_free (workers);
}

/* ---- running ---- */

gboolean
yara_request_writes (const YaraRequest *request)
{
  const YaraStatement *statement = &request->statement;

  if (request->kind != YARA_REQUEST_STATEMENT)
    return TRUE;
  return statement->is_raw ? !yara_sql_looks_like_read (statement->sql->text) : !statement->is_read;
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

static inline YaraJob *
job_of (YaraRequest *request)
{
  return (YaraJob *) ((char *) request - G_STRUCT_OFFSET (YaraJob, request));
}

static gboolean
begin_in_batch (YaraRequest *request, gpointer session)
{
  YaraCancel *cancel = job_of (request)->cancel;

  return cancel == NULL || yara_cancel_arm (cancel, interrupt_session, session);
}

static void
end_in_batch (YaraRequest *request, gpointer session)
{
  YaraCancel *cancel = job_of (request)->cancel;

  if (cancel != NULL)
    yara_cancel_disarm (cancel);
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

/* Pushes the completions of neighbours that go to the same place together. The jobs are gone then. */
static void
complete (YaraJob **jobs, guint n_jobs)
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

static void
complete_with_error (YaraJob *job, GError *error)
{
  job->request.error = error;
  complete (&job, 1);
}

/* ---- the queues ---- */

static inline Lane *
get_lane (YaraWorkers *workers, gboolean write)
{
  return &workers->lanes[!write && workers->lanes[1].max_threads > 0];
}

static void
append_job (Lane *lane, YaraJob *job)
{
  job->next = NULL;
  job->previous = lane->last;
  *(lane->last != NULL ? &lane->last->next : &lane->first) = job;
  lane->last = job;
  job->is_queued = TRUE;
}

static void
unlink_job (Lane *lane, YaraJob *job)
{
  *(job->previous != NULL ? &job->previous->next : &lane->first) = job->next;
  *(job->next != NULL ? &job->next->previous : &lane->last) = job->previous;
  job->is_queued = FALSE;
}

/* Sees to it that a thread comes for the queue, unless one is on its way or all are busy. FALSE: there
 * is none and none can be started. */
static gboolean
call_worker (Lane *lane)
{
  GThread *thread;

  if (lane->n_coming > 0)
    return TRUE;
  if (lane->n_idle > 0)
    {
      lane->n_idle--;
      lane->n_coming++;
      lane->n_wake_ups++;
      pthread_cond_signal (&lane->cond);
      return TRUE;
    }
  if (lane->n_threads == lane->max_threads)
    return TRUE;
  thread = g_thread_try_new (lane->workers->lanes == lane ? "yara-writer" : "yara-reader", run_worker, lane, NULL);
  if (thread == NULL)
    return lane->n_threads > 0;
  lane->threads[lane->n_threads++] = thread;
  lane->n_coming++;
  return TRUE;
}

/* A queued job was cancelled. One that a worker took meanwhile learns of it when its turn comes. */
static void
stop_queued (gpointer data)
{
  YaraJob *job = data;
  YaraWorkers *workers = job->workers;
  gboolean was_queued;

  pthread_mutex_lock (&workers->mutex);
  was_queued = job->is_queued;
  if (was_queued)
    unlink_job (get_lane (workers, job->is_write), job);
  pthread_mutex_unlock (&workers->mutex);
  if (was_queued)
    {
      g_clear_pointer (&job->cancel, yara_cancel_free);
      complete_with_error (job, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                     "the statement was cancelled before it ran"));
    }
}

/* `is_new`: not one that only changes its lane. */
static void
queue_job (YaraWorkers *workers, YaraJob *job, gboolean is_new)
{
  Lane *lane = get_lane (workers, job->is_write);
  GError *error = NULL;

  /* Before it is queued: once it is, it may complete and be gone at any time. */
  if (job->cancel != NULL && !yara_cancel_arm (job->cancel, stop_queued, job))
    {
      complete_with_error (job, g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED,
                                                     "the statement was cancelled before it ran"));
      return;
    }

  pthread_mutex_lock (&workers->mutex);
  if (workers->is_closed && is_new)
    error = yara_pool_closed_error ();
  else
    {
      append_job (lane, job);
      if (!call_worker (lane))
        {
          unlink_job (lane, job);
          error = g_error_new (YARA_ERROR, YARA_ERROR_CONNECTION, "cannot start a thread for the database; raise the "
                               "limit of threads, or set sync_fast_path=1 in its URL");
        }
    }
  pthread_mutex_unlock (&workers->mutex);
  if (error != NULL)
    complete_with_error (job, error);
}

/* With the mutex held. */
static guint
take_batch (Lane *lane, YaraJob **jobs)
{
  guint n_jobs = 0;

  for (; lane->first != NULL && n_jobs < MAX_BATCH; n_jobs++)
    {
      jobs[n_jobs] = lane->first;
      unlink_job (lane, jobs[n_jobs]);
    }
  lane->n_coming--;
  if (lane->first != NULL)
    call_worker (lane);
  return n_jobs;
}

/* ---- batches ---- */

static inline gboolean
is_groupable (const YaraJob *job)
{
  return job->request.kind == YARA_REQUEST_STATEMENT && !job->request.statement.is_raw;
}

/* How many of the first jobs run together. */
static guint
count_group (YaraJob **jobs, guint n_jobs)
{
  guint n = 1;

  if (is_groupable (jobs[0]))
    while (n < n_jobs && is_groupable (jobs[n]) && jobs[n]->is_write == jobs[0]->is_write)
      n++;
  return n;
}

static void
run_group (YaraWorkers *workers, YaraJob **jobs, guint n_jobs)
{
  g_autoptr(GError) error = NULL;
  YaraSession *session = yara_pool_acquire (workers->pool, jobs[0]->is_write, NULL, &error);
  YaraRunGuard guard = { begin_in_batch, end_in_batch, session };
  YaraRequest *requests[MAX_BATCH];

  if (session == NULL)
    {
      for (guint i = 0; i < n_jobs; i++)
        jobs[i]->request.error = g_error_copy (error);
      return;
    }
  for (guint i = 0; i < n_jobs; i++)
    requests[i] = &jobs[i]->request;
  if (is_groupable (jobs[0]))
    workers->config->backend->session_run_batch (session, requests, n_jobs, &guard);
  else
    workers->config->backend->session_run (session, requests[0], &guard);
  yara_pool_release (workers->pool, session);
}

/* From here on the thread counts as one that comes for the queue: nobody has to be woken for what the
 * completions submit. */
static void
announce (Lane *lane)
{
  pthread_mutex_lock (&lane->workers->mutex);
  lane->n_coming++;
  pthread_mutex_unlock (&lane->workers->mutex);
}

static void
run_batch (Lane *lane, YaraJob **jobs, guint n_jobs)
{
  for (guint i = 0, n; i < n_jobs; i += n)
    {
      n = count_group (jobs + i, n_jobs - i);
      run_group (lane->workers, jobs + i, n);
      if (i + n == n_jobs)
        announce (lane);
      if (jobs[i]->request.needs_writer) /* raw, so alone in its group */
        {
          yara_request_reset (&jobs[i]->request);
          jobs[i]->is_write = TRUE;
          queue_job (lane->workers, jobs[i], FALSE);
        }
      else
        complete (jobs + i, n);
    }
}

/* ---- threads ---- */

/* With the mutex held and an empty queue. */
static void
wait_for_work (Lane *lane)
{
  lane->n_coming--;
  lane->n_idle++;
  while (lane->n_wake_ups == 0 && !lane->is_ending)
    pthread_cond_wait (&lane->cond, &lane->workers->mutex);
  if (lane->n_wake_ups > 0) /* call_worker() has counted this thread already */
    {
      lane->n_wake_ups--;
      return;
    }
  lane->n_idle--;
  lane->n_coming++;
}

static gpointer
run_worker (gpointer data)
{
  Lane *lane = data;
  YaraJob *jobs[MAX_BATCH];

  pthread_mutex_lock (&lane->workers->mutex);
  while (lane->first != NULL || !lane->is_ending)
    if (lane->first != NULL)
      {
        guint n_jobs = take_batch (lane, jobs);

        pthread_mutex_unlock (&lane->workers->mutex);
        run_batch (lane, jobs, n_jobs);
        pthread_mutex_lock (&lane->workers->mutex);
      }
    else
      wait_for_work (lane);
  lane->n_coming--;
  pthread_mutex_unlock (&lane->workers->mutex);
  return NULL;
}

/* ---- submitting and closing ---- */

void
yara_workers_submit (YaraWorkers *workers, YaraJob *job)
{
  job->workers = workers;
  queue_job (workers, job, TRUE);
}

void
yara_job_complete (YaraJob *job)
{
  complete (&job, 1);
}

static void
end_threads (Lane *lane)
{
  pthread_mutex_lock (&lane->workers->mutex);
  lane->is_ending = TRUE;
  pthread_cond_broadcast (&lane->cond);
  pthread_mutex_unlock (&lane->workers->mutex);
  for (guint i = 0; i < lane->n_threads; i++)
    g_thread_join (lane->threads[i]);
  lane->n_threads = 0;
}

void
yara_workers_close (YaraWorkers *workers)
{
  pthread_mutex_lock (&workers->mutex);
  workers->is_closed = TRUE;
  pthread_mutex_unlock (&workers->mutex);
  end_threads (&workers->lanes[1]); /* first: they may pass statements on to the writer */
  end_threads (&workers->lanes[0]);
}
