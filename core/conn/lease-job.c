/* SPDX-License-Identifier: MIT
 * Asynchronous requests of a lease. A job whose turn has come goes to the worker threads once a session is
 * there; until then it waits in the queue of the pool, and no thread waits with it. */
#include "conn/lease-private.h"

#include "conn/job.h"
#include "conn/worker.h"

/* ---- waiting for a session; with the mutex held ---- */

/* Takes the job out of the queue of the pool. FALSE: it is not there, or has been granted a session. */
static gboolean
withdraw (YaraLease *lease, YaraJob *job)
{
  return lease->waiting == job &&
         yara_pool_withdraw (yara_database_get_pool (lease->database), lease->write, &lease->waiter);
}

static void
end_wait (YaraLease *lease)
{
  lease->waiting = NULL;
  if (lease->timer == NULL)
    return;
  g_source_destroy (lease->timer);
  g_clear_pointer (&lease->timer, g_source_unref);
}

/* ---- completing ---- */

static inline YaraJob *
job_of (YaraTurn *turn)
{
  return (YaraJob *) ((char *) turn - G_STRUCT_OFFSET (YaraJob, turn));
}

void
yara_lease_complete (YaraJob *job)
{
  YaraLeases *leases = job->lease->leases;
  YaraTurn *next;

  pthread_mutex_lock (&leases->mutex);
  next = yara_lease_leave (job->lease);
  pthread_mutex_unlock (&leases->mutex);
  yara_jobs_complete (&job, 1);
  if (next != NULL)
    next->start (next);
}

static void
fail (YaraJob *job, GError *error)
{
  job->request.error = error;
  yara_lease_complete (job);
}

/* In the thread that released a session, with the pool locked. */
void
yara_lease_on_granted (YaraPoolWaiter *waiter)
{
  YaraLease *lease = (YaraLease *) ((char *) waiter - G_STRUCT_OFFSET (YaraLease, waiter));

  yara_workers_submit_leased (yara_database_get_workers (lease->database), lease->waiting);
}

static gboolean
on_timed_out (gpointer data)
{
  YaraLease *lease = data;
  YaraJob *job = NULL;

  pthread_mutex_lock (&lease->leases->mutex);
  if (lease->timer == g_main_current_source () && withdraw (lease, lease->waiting))
    {
      job = lease->waiting;
      end_wait (lease);
    }
  pthread_mutex_unlock (&lease->leases->mutex);
  if (job != NULL)
    fail (job, yara_pool_timeout_error (yara_database_get_pool (lease->database), lease->write));
  return G_SOURCE_REMOVE;
}

/* The wait is timed where the job will be completed. */
static void
start_timer (YaraLease *lease, YaraJob *job)
{
  gint64 timeout = yara_database_get_config (lease->database)->acquire_timeout;

  atomic_fetch_add (&lease->ref_count, 1);
  lease->timer = g_timeout_source_new (timeout / 1000);
  g_source_set_callback (lease->timer, on_timed_out, lease, yara_lease_unref);
  g_source_attach (lease->timer, yara_dispatcher_get_context (job->dispatcher));
}

/* With the mutex held: asks the pool, unless there is a session. */
static YaraPoolGrant
request_session (YaraLease *lease, YaraJob *job)
{
  YaraPoolGrant grant = YARA_POOL_SESSION;

  if (lease->session != NULL)
    return grant;
  lease->waiting = job; /* it may be granted at once */
  grant = yara_pool_request (yara_database_get_pool (lease->database), lease->write, TRUE, &lease->waiter);
  if (grant == YARA_POOL_WAITING)
    start_timer (lease, job);
  else
    lease->waiting = NULL;
  return grant;
}

static void
start_job (YaraTurn *turn)
{
  YaraJob *job = job_of (turn);
  YaraLease *lease = job->lease;
  YaraLeases *leases = lease->leases;
  gboolean is_cancelled;
  YaraPoolGrant grant = YARA_POOL_CLOSED;

  pthread_mutex_lock (&leases->mutex);
  is_cancelled = job->is_cancelled;
  if (!is_cancelled)
    grant = request_session (lease, job);
  pthread_mutex_unlock (&leases->mutex); /* one that waits may be done and gone from here on */
  if (is_cancelled)
    fail (job, yara_job_cancelled_error ());
  else if (grant == YARA_POOL_CLOSED)
    fail (job, yara_pool_closed_error ());
  else if (grant != YARA_POOL_WAITING)
    yara_workers_submit_leased (yara_database_get_workers (lease->database), job);
}

/* A job was cancelled. If a worker has it, it learns of it there. */
static void
stop_job (gpointer data)
{
  YaraJob *job = data;
  YaraLease *lease = job->lease;
  YaraLeases *leases = lease->leases;
  gboolean was_queued, was_waiting;

  pthread_mutex_lock (&leases->mutex);
  job->is_cancelled = TRUE;
  was_queued = yara_lease_unqueue (lease, &job->turn);
  was_waiting = withdraw (lease, job);
  if (was_waiting)
    end_wait (lease);
  pthread_mutex_unlock (&leases->mutex);
  if (was_queued || was_waiting)
    g_clear_pointer (&job->cancel, yara_cancel_free); /* as long as it calls this it cannot be disarmed */
  if (was_queued)
    yara_job_fail (job, yara_job_cancelled_error ());
  else if (was_waiting)
    fail (job, yara_job_cancelled_error ());
}

void
yara_lease_submit (YaraLease *lease, YaraJob *job, GCancellable *cancellable)
{
  YaraLeases *leases = lease->leases;
  GError *error = NULL;
  gboolean begins;

  job->dispatcher = yara_dispatcher_get_current ();
  job->cancel = cancellable != NULL ? yara_cancel_new (cancellable) : NULL;
  job->lease = lease;
  job->is_cancelled = FALSE;
  job->turn = (YaraTurn) { .start = start_job };

  if (job->cancel != NULL && !yara_cancel_arm (job->cancel, stop_job, job))
    error = yara_job_cancelled_error ();
  else if (yara_workers_start_leased (yara_database_get_workers (lease->database), &error))
    {
      pthread_mutex_lock (&leases->mutex);
      if (job->is_cancelled)
        error = yara_job_cancelled_error ();
      else if (!yara_lease_enter (lease, &job->turn))
        error = yara_pool_closed_error ();
      begins = error == NULL && !job->turn.is_queued;
      pthread_mutex_unlock (&leases->mutex); /* one that is queued may be done and gone from here on */
      if (begins)
        start_job (&job->turn);
    }
  if (error != NULL)
    yara_job_fail (job, error);
}

/* The session of the lease, in a thread that may block. */
static YaraSession *
get_session (YaraLease *lease, GError **error)
{
  pthread_mutex_lock (&lease->leases->mutex);
  end_wait (lease);
  pthread_mutex_unlock (&lease->leases->mutex);
  if (lease->session == NULL)
    lease->session = g_steal_pointer (&lease->waiter.session);
  if (lease->session == NULL)
    lease->session = yara_pool_open_granted (yara_database_get_pool (lease->database), lease->write, NULL, error);
  return lease->session;
}

void
yara_lease_serve (YaraJob *job)
{
  YaraSession *session = get_session (job->lease, &job->request.error);

  if (session != NULL)
    yara_request_run (&job->request, session, job->cancel);
}

