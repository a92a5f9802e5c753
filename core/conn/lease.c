/* SPDX-License-Identifier: MIT
 * Leases, and requests of them that block. Requests of a lease take turns. Whoever ends a turn starts the
 * next one. */
#include "conn/lease-private.h"

#include <errno.h>
#include <time.h>
#include "conn/job.h"

/* The turn of a thread that blocks. */
typedef struct
{
  YaraTurn       base;
  YaraLeases    *leases;
  pthread_cond_t cond;
  gboolean       has_started;
  gboolean       is_cancelled;
} BlockingTurn;

/* ---- making ---- */

YaraLeases *
yara_leases_new (void)
{
  YaraLeases *leases = g_new0 (YaraLeases, 1);

  pthread_mutex_init (&leases->mutex, NULL);
  pthread_cond_init (&leases->settled, NULL);
  return leases;
}

void
yara_leases_free (YaraLeases *leases)
{
  pthread_cond_destroy (&leases->settled);
  pthread_mutex_destroy (&leases->mutex);
  g_free (leases);
}

YaraLease *
yara_lease_new (YaraDatabase *database, gboolean write)
{
  YaraLease *lease = g_new0 (YaraLease, 1);
  YaraLeases *leases = yara_database_get_leases (database);

  atomic_init (&lease->ref_count, 1);
  lease->database = yara_database_ref (database);
  lease->leases = leases;
  lease->write = write;
  lease->waiter.granted = yara_lease_on_granted;

  pthread_mutex_lock (&leases->mutex);
  lease->next = leases->first;
  if (lease->next != NULL)
    lease->next->previous = lease;
  leases->first = lease;
  pthread_mutex_unlock (&leases->mutex);
  return lease;
}

void
yara_lease_unref (gpointer data)
{
  YaraLease *lease = data;

  if (atomic_fetch_sub (&lease->ref_count, 1) > 1)
    return;
  yara_database_unref (lease->database);
  g_free (lease);
}

void
yara_lease_free (YaraLease *lease)
{
  YaraSession *session;

  pthread_mutex_lock (&lease->leases->mutex);
  g_assert (!lease->is_busy);
  *(lease->previous != NULL ? &lease->previous->next : &lease->leases->first) = lease->next;
  if (lease->next != NULL)
    lease->next->previous = lease->previous;
  session = g_steal_pointer (&lease->session);
  pthread_mutex_unlock (&lease->leases->mutex);

  if (session != NULL)
    yara_pool_release (yara_database_get_pool (lease->database), session);
  yara_lease_unref (lease);
}

/* ---- turns; with the mutex held ---- */

gboolean
yara_lease_enter (YaraLease *lease, YaraTurn *turn)
{
  YaraTurn **end = &lease->turns;

  if (lease->leases->is_closed)
    return FALSE;
  turn->is_queued = lease->is_busy;
  if (!lease->is_busy)
    {
      lease->is_busy = TRUE;
      lease->leases->n_busy++;
      return TRUE;
    }
  while (*end != NULL)
    end = &(*end)->next;
  turn->next = NULL;
  *end = turn;
  return TRUE;
}

gboolean
yara_lease_unqueue (YaraLease *lease, YaraTurn *turn)
{
  YaraTurn **link = &lease->turns;

  if (!turn->is_queued)
    return FALSE;
  while (*link != turn)
    link = &(*link)->next;
  *link = turn->next;
  turn->is_queued = FALSE;
  return TRUE;
}

YaraTurn *
yara_lease_leave (YaraLease *lease)
{
  YaraTurn *next = lease->turns;

  if (next != NULL)
    {
      yara_lease_unqueue (lease, next);
      return next;
    }
  lease->is_busy = FALSE;
  lease->leases->n_busy--;
  if (lease->leases->is_closed)
    pthread_cond_broadcast (&lease->leases->settled);
  return NULL;
}

/* ---- blocking ---- */

static void
start_blocking (YaraTurn *turn)
{
  BlockingTurn *blocking = (BlockingTurn *) turn;
  YaraLeases *leases = blocking->leases;

  pthread_mutex_lock (&leases->mutex);
  blocking->has_started = TRUE;
  pthread_cond_signal (&blocking->cond);
  pthread_mutex_unlock (&leases->mutex);
}

static void
stop_blocking (gpointer data)
{
  BlockingTurn *blocking = data;

  pthread_mutex_lock (&blocking->leases->mutex);
  blocking->is_cancelled = TRUE;
  pthread_cond_signal (&blocking->cond);
  pthread_mutex_unlock (&blocking->leases->mutex);
}

/* FALSE: nothing has happened for longer than acquire_timeout. */
static gboolean
wait_for_news (YaraLease *lease, BlockingTurn *turn)
{
  gint64 timeout = yara_database_get_config (lease->database)->acquire_timeout;
  struct timespec deadline;

  clock_gettime (CLOCK_MONOTONIC, &deadline);
  deadline.tv_sec += timeout / G_USEC_PER_SEC + 1;
  return pthread_cond_timedwait (&turn->cond, &lease->leases->mutex, &deadline) != ETIMEDOUT;
}

/* With the mutex held. FALSE: it was cancelled, or nothing comes of what is before it: a job that waits for a
 * session is timed by a main loop, which may stand still because this thread blocks. */
static gboolean
wait_for_start (YaraLease *lease, BlockingTurn *turn)
{
  while (!turn->has_started && !(turn->is_cancelled && turn->base.is_queued))
    if (!wait_for_news (lease, turn) && turn->base.is_queued && lease->waiting != NULL)
      break;
  return !yara_lease_unqueue (lease, &turn->base);
}

static gboolean
wait_in_queue (YaraLease *lease, BlockingTurn *turn, YaraCancel *cancel, GError **error)
{
  gboolean has_started;

  if (cancel != NULL && !yara_cancel_arm (cancel, stop_blocking, turn))
    turn->is_cancelled = TRUE;
  pthread_mutex_lock (&lease->leases->mutex);
  has_started = wait_for_start (lease, turn);
  pthread_mutex_unlock (&lease->leases->mutex);
  if (cancel != NULL)
    yara_cancel_disarm (cancel);
  if (!has_started)
    g_propagate_error (error, turn->is_cancelled ? yara_job_cancelled_error ()
                                : yara_pool_timeout_error (yara_database_get_pool (lease->database), lease->write));
  return has_started;
}

static void
turn_init (BlockingTurn *turn, YaraLeases *leases)
{
  pthread_condattr_t attributes;

  *turn = (BlockingTurn) { .base.start = start_blocking, .leases = leases };
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&turn->cond, &attributes);
  pthread_condattr_destroy (&attributes);
}

static gboolean
begin_turn (YaraLease *lease, YaraCancel *cancel, GError **error)
{
  gboolean is_open, is_queued, has_begun;
  BlockingTurn turn;

  turn_init (&turn, lease->leases);
  pthread_mutex_lock (&lease->leases->mutex);
  is_open = yara_lease_enter (lease, &turn.base);
  is_queued = turn.base.is_queued;
  pthread_mutex_unlock (&lease->leases->mutex);
  if (!is_open)
    g_propagate_error (error, yara_pool_closed_error ());
  has_begun = is_open && (!is_queued || wait_in_queue (lease, &turn, cancel, error));
  pthread_cond_destroy (&turn.cond);
  return has_begun;
}

static void
end_turn (YaraLease *lease)
{
  YaraLeases *leases = lease->leases;
  YaraTurn *next;

  pthread_mutex_lock (&leases->mutex);
  next = yara_lease_leave (lease);
  pthread_mutex_unlock (&leases->mutex);
  if (next != NULL)
    next->start (next);
}

void
yara_lease_run (YaraLease *lease, YaraRequest *request, GCancellable *cancellable)
{
  YaraCancel *cancel = cancellable != NULL ? yara_cancel_new (cancellable) : NULL;

  if (begin_turn (lease, cancel, &request->error))
    {
      if (lease->session == NULL)
        lease->session = yara_pool_acquire (yara_database_get_pool (lease->database), lease->write, cancel,
                                            &request->error);
      if (lease->session != NULL)
        yara_request_run (request, lease->session, cancel);
      end_turn (lease);
    }
  if (cancel != NULL)
    yara_cancel_free (cancel);
}

/* ---- closing ---- */

/* With the mutex held: a session that nobody uses now, taken from its lease; or NULL. */
static YaraSession *
take_session (YaraLeases *leases)
{
  for (YaraLease *lease = leases->first; lease != NULL; lease = lease->next)
    if (!lease->is_busy && lease->session != NULL)
      return g_steal_pointer (&lease->session);
  return NULL;
}

void
yara_leases_close (YaraLeases *leases, YaraPool *pool)
{
  pthread_mutex_lock (&leases->mutex);
  leases->is_closed = TRUE;
  for (;;)
    {
      YaraSession *session = take_session (leases);

      if (session != NULL)
        {
          pthread_mutex_unlock (&leases->mutex);
          yara_pool_release (pool, session);
          pthread_mutex_lock (&leases->mutex);
        }
      else if (leases->n_busy > 0)
        pthread_cond_wait (&leases->settled, &leases->mutex);
      else
        break;
    }
  pthread_mutex_unlock (&leases->mutex);
}
