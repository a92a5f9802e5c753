/* SPDX-License-Identifier: MIT
 * Worker threads, started when all are busy: where the database takes one writer only, one that writes
 * and others for reading, else any of them for all. Each takes what is queued and can run together,
 * and only then asks for a session, so that a read sees everything that was completed before it was
 * issued. Threads of a third kind run the jobs of leases, which bring their session with them: these
 * wait for no other statement, and none waits for them. No lock is held while statements run. */
#include "conn/worker.h"

#include <pthread.h>
#include <yaraorm/yara-error.h>
#include "conn/job.h"
#include "conn/lease.h"

#define MAX_THREADS 64
#define N_LANES 3

/* The queue of one kind, and its threads. A thread is idle, coming (awake, about to look at the
 * queue) or busy. */
typedef struct
{
  YaraWorkers   *workers;
  pthread_cond_t cond;
  YaraJob       *first, *last;
  guint          n_queued;
  guint          n_idle, n_coming;
  guint          n_wake_ups;  /* signalled and not yet taken */
  guint          n_threads, max_threads;
  gboolean       is_ending;   /* threads leave when the queue is empty */
  GThread      **threads;
} Lane;

struct YaraWorkers
{
  const YaraBackendConfig *config;
  YaraPool       *pool;
  pthread_mutex_t mutex;
  gboolean        is_closed;
  Lane            lanes[N_LANES];  /* write, read, leased */
};

static gpointer run_worker (gpointer data);

YaraWorkers *
yara_workers_new (const YaraBackendConfig *config, YaraPool *pool)
{
  YaraWorkers *workers = g_new0 (YaraWorkers, 1);

  workers->config = config;
  workers->pool = pool;
  pthread_mutex_init (&workers->mutex, NULL);
  /* Where one session writes a second thread would only wait for it. */
  workers->lanes[0].max_threads = config->single_writer ? 1 : MIN (config->max_size, MAX_THREADS);
  workers->lanes[1].max_threads = MIN (yara_pool_max_readers (config), MAX_THREADS);
  workers->lanes[2].max_threads = config->max_size; /* one that waits for a lock must not be in the way of who has it */
  for (guint i = 0; i < N_LANES; i++)
    {
      workers->lanes[i].workers = workers;
      workers->lanes[i].threads = g_new (GThread *, MAX (workers->lanes[i].max_threads, 1));
      pthread_cond_init (&workers->lanes[i].cond, NULL);
    }
  return workers;
}

void
yara_workers_free (YaraWorkers *workers)
{
  for (guint i = 0; i < N_LANES; i++)
    {
      pthread_cond_destroy (&workers->lanes[i].cond);
      g_free (workers->lanes[i].threads);
    }
  pthread_mutex_destroy (&workers->mutex);
  g_free (workers);
}

/* ---- the queues ---- */

static inline Lane *
get_lane (YaraWorkers *workers, gboolean write)
{
  return &workers->lanes[!write && workers->lanes[1].max_threads > 0];
}

static inline Lane *
get_leased_lane (YaraWorkers *workers)
{
  return &workers->lanes[2];
}

static void
append_job (Lane *lane, YaraJob *job)
{
  job->next = NULL;
  job->previous = lane->last;
  *(lane->last != NULL ? &lane->last->next : &lane->first) = job;
  lane->last = job;
  lane->n_queued++;
  job->is_queued = TRUE;
}

static void
unlink_job (Lane *lane, YaraJob *job)
{
  *(job->previous != NULL ? &job->previous->next : &lane->first) = job->next;
  *(job->next != NULL ? &job->next->previous : &lane->last) = job->previous;
  lane->n_queued--;
  job->is_queued = FALSE;
}

/* Sees to it that a thread comes for the queue, unless one is on its way or all are busy. FALSE: there
 * is none and none can be started. */
static gboolean
call_worker (Lane *lane)
{
  static const char *const names[N_LANES] = { "yara-writer", "yara-reader", "yara-leased" };
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
  thread = g_thread_try_new (names[lane - lane->workers->lanes], run_worker, lane, NULL);
  if (thread == NULL)
    return lane->n_threads > 0;
  lane->threads[lane->n_threads++] = thread;
  lane->n_coming++;
  return TRUE;
}

static GError *
thread_error (void)
{
  return g_error_new (YARA_ERROR, YARA_ERROR_CONNECTION, "cannot start a thread for the database; raise the "
                      "limit of threads, or set sync_fast_path=1 in its URL");
}

/* A job was cancelled that is queued, or soon will be. If a worker has it, it learns of it when its
 * turn comes. */
static void
stop_queued (gpointer data)
{
  YaraJob *job = data;
  YaraWorkers *workers = job->workers;
  gboolean was_queued;

  pthread_mutex_lock (&workers->mutex);
  was_queued = job->is_queued;
  job->is_cancelled = TRUE;
  if (was_queued)
    unlink_job (get_lane (workers, job->is_write), job);
  pthread_mutex_unlock (&workers->mutex);
  if (was_queued)
    {
      g_clear_pointer (&job->cancel, yara_cancel_free); /* as long as it calls this it cannot be disarmed */
      yara_job_fail (job, yara_job_cancelled_error ());
    }
}

/* With the mutex held. Once a job is queued it may complete and be gone at any time. */
static GError *
queue_job (YaraWorkers *workers, YaraJob *job)
{
  Lane *lane = get_lane (workers, job->is_write);

  if (job->is_cancelled)
    return yara_job_cancelled_error ();
  append_job (lane, job);
  if (call_worker (lane))
    return NULL;
  unlink_job (lane, job);
  return thread_error ();
}

/* Queues jobs of any databases, neighbours of one database together. */
static void
queue_jobs (YaraCompletion *first)
{
  while (first != NULL)
    {
      YaraWorkers *workers = ((YaraJob *) first)->workers;
      GError *error = NULL;
      YaraJob *job;

      pthread_mutex_lock (&workers->mutex);
      do
        {
          job = (YaraJob *) first;
          first = first->next;
          error = workers->is_closed ? yara_pool_closed_error () : queue_job (workers, job);
        }
      while (error == NULL && first != NULL && ((YaraJob *) first)->workers == workers);
      pthread_mutex_unlock (&workers->mutex);
      if (error != NULL)
        yara_job_fail (job, error);
    }
}

/* With the mutex held: takes the first job and those that run together with it. What is left is for
 * the other threads: this one may be busy for long. */
static guint
take_group (Lane *lane, YaraJob **jobs)
{
  guint n_jobs = 0;

  do
    {
      jobs[n_jobs] = lane->first;
      unlink_job (lane, jobs[n_jobs++]);
    }
  while (lane->first != NULL && n_jobs < YARA_MAX_GROUP && jobs[0]->lease == NULL && yara_job_is_groupable (jobs[0]) &&
         yara_job_is_groupable (lane->first) && lane->first->is_write == jobs[0]->is_write);
  lane->n_coming--;
  if (lane->first != NULL)
    call_worker (lane);
  return n_jobs;
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

static void
run_group (Lane *lane, YaraJob **jobs, guint n_jobs)
{
  gboolean is_leased = jobs[0]->lease != NULL;

  if (is_leased)
    yara_lease_serve (jobs[0]);
  else
    yara_jobs_run (jobs, n_jobs, lane->workers->pool);
  announce (lane);
  if (is_leased)
    yara_lease_complete (jobs[0]);
  else
    yara_jobs_complete (jobs, n_jobs);
}

static gpointer
run_worker (gpointer data)
{
  Lane *lane = data;
  YaraJob *jobs[YARA_MAX_GROUP];

  pthread_mutex_lock (&lane->workers->mutex);
  while (lane->first != NULL || !lane->is_ending)
    if (lane->first != NULL)
      {
        guint n_jobs = take_group (lane, jobs);

        pthread_mutex_unlock (&lane->workers->mutex);
        run_group (lane, jobs, n_jobs);
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
  job->lease = NULL;
  job->is_queued = job->is_cancelled = FALSE;
  job->completion.next = NULL;
  if (job->cancel != NULL && !yara_cancel_arm (job->cancel, stop_queued, job))
    yara_job_fail (job, yara_job_cancelled_error ());
  else if (!yara_dispatcher_defer (job->dispatcher, &job->completion, queue_jobs))
    queue_jobs (&job->completion);
}

gboolean
yara_workers_start_leased (YaraWorkers *workers, GError **error)
{
  Lane *lane = get_leased_lane (workers);
  gboolean has_thread;

  pthread_mutex_lock (&workers->mutex);
  has_thread = lane->n_threads > 0 || call_worker (lane);
  pthread_mutex_unlock (&workers->mutex);
  if (!has_thread)
    g_propagate_error (error, thread_error ());
  return has_thread;
}

void
yara_workers_submit_leased (YaraWorkers *workers, YaraJob *job)
{
  Lane *lane = get_leased_lane (workers);

  pthread_mutex_lock (&workers->mutex);
  append_job (lane, job);
  call_worker (lane);
  pthread_mutex_unlock (&workers->mutex);
}

guint
yara_workers_count_queued (YaraWorkers *workers)
{
  guint n_queued = 0;

  pthread_mutex_lock (&workers->mutex);
  for (guint i = 0; i < N_LANES; i++)
    n_queued += workers->lanes[i].n_queued;
  pthread_mutex_unlock (&workers->mutex);
  return n_queued;
}

/* A thread, the next of its lane, or NULL. Ending threads may still start others for what is queued. */
static GThread *
get_thread (Lane *lane, guint index)
{
  GThread *thread;

  pthread_mutex_lock (&lane->workers->mutex);
  thread = index < lane->n_threads ? lane->threads[index] : NULL;
  pthread_mutex_unlock (&lane->workers->mutex);
  return thread;
}

static void
end_threads (Lane *lane)
{
  GThread *thread;

  pthread_mutex_lock (&lane->workers->mutex);
  lane->is_ending = TRUE;
  pthread_cond_broadcast (&lane->cond);
  pthread_mutex_unlock (&lane->workers->mutex);
  for (guint i = 0; (thread = get_thread (lane, i)) != NULL; i++)
    g_thread_join (thread);
}

void
yara_workers_close (YaraWorkers *workers)
{
  pthread_mutex_lock (&workers->mutex);
  workers->is_closed = TRUE;
  pthread_mutex_unlock (&workers->mutex);
  for (guint i = 0; i < N_LANES; i++)
    end_threads (&workers->lanes[i]);
}
