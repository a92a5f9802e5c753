/* SPDX-License-Identifier: MIT
 * The pool: a stack of free sessions for writing and one for reading, and a queue of waiters for each.
 * A session that comes back goes straight to the first waiter. */
#include "conn/pool-private.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <yaraorm/yara-error.h>

/* One that waits by blocking. */
typedef struct
{
  YaraPoolWaiter base;
  pthread_cond_t cond;
  YaraPool      *pool;
  gboolean       is_cancelled;
} Waiter;

YaraPool *
yara_pool_new (const YaraBackendConfig *config)
{
  YaraPool *pool = g_new0 (YaraPool, 1);
  guint n_readers = yara_pool_max_readers (config);

  pool->config = config;
  pthread_mutex_init (&pool->mutex, NULL);
  pthread_cond_init (&pool->emptied, NULL);
  pool->shelves[0].max = config->max_size - n_readers;
  pool->shelves[1].max = n_readers;
  pool->shelves[1].read_only = TRUE;
  for (guint i = 0; i < 2; i++)
    pool->shelves[i].free = g_new (YaraSession *, MAX (pool->shelves[i].max, 1));
  return pool;
}

void
yara_pool_free (YaraPool *pool)
{
  g_free (pool->shelves[0].free);
  g_free (pool->shelves[1].free);
  pthread_cond_destroy (&pool->emptied);
  pthread_mutex_destroy (&pool->mutex);
  g_free (pool);
}

void
yara_pool_set_yield (YaraPool *pool, YaraYieldFunc yield, gpointer data)
{
  pool->yield = yield;
  pool->yield_data = data;
}

/* ---- waiting ---- */

/* Gives a session, or with NULL the right to open one, to the first waiter. FALSE: nobody waits. */
static gboolean
grant (YaraPoolShelf *shelf, YaraSession *session)
{
  YaraPoolWaiter *waiter = shelf->first;

  if (G_LIKELY (waiter == NULL))
    return FALSE;
  shelf->first = waiter->next;
  if (session != NULL && !waiter->keeps_watch)
    yara_session_stop_watching (session);
  waiter->session = session;
  waiter->is_granted = TRUE;
  waiter->granted (waiter);
  return TRUE;
}

/* A place on the shelf became free. */
static void
give_place (YaraPool *pool, YaraPoolShelf *shelf)
{
  if (!grant (shelf, NULL) && --shelf->n_open == 0)
    pthread_cond_broadcast (&pool->emptied);
}

static void
wake_waiter (YaraPoolWaiter *waiter)
{
  pthread_cond_signal (&((Waiter *) waiter)->cond);
}

static void
stop_waiting (gpointer data)
{
  Waiter *waiter = data;

  pthread_mutex_lock (&waiter->pool->mutex);
  waiter->is_cancelled = TRUE;
  pthread_cond_signal (&waiter->cond);
  pthread_mutex_unlock (&waiter->pool->mutex);
}

static void
waiter_init (Waiter *waiter, YaraPool *pool)
{
  pthread_condattr_t attributes;

  *waiter = (Waiter) { .base.granted = wake_waiter, .pool = pool };
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&waiter->cond, &attributes);
  pthread_condattr_destroy (&attributes);
}

static struct timespec
get_deadline (gint64 timeout)
{
  struct timespec deadline;

  clock_gettime (CLOCK_MONOTONIC, &deadline);
  deadline.tv_sec += timeout / G_USEC_PER_SEC;
  deadline.tv_nsec += timeout % G_USEC_PER_SEC * 1000;
  if (deadline.tv_nsec >= 1000000000)
    {
      deadline.tv_nsec -= 1000000000;
      deadline.tv_sec++;
    }
  return deadline;
}

static GError *
timeout_error (YaraPool *pool, const YaraPoolShelf *shelf)
{
  return g_error_new (YARA_ERROR, YARA_ERROR_TIMEOUT,
                      "no session became free in %g seconds: all %u that %s are in use; shorten what holds them, or "
                      "raise %sacquire_timeout",
                      pool->config->acquire_timeout / (double) G_USEC_PER_SEC, shelf->max,
                      shelf->read_only ? "read" : "write", shelf->max > 1 ? "max_size or " : "");
}

GError *
yara_pool_timeout_error (YaraPool *pool, gboolean write)
{
  return timeout_error (pool, yara_pool_get_shelf (pool, write));
}

static void
set_wait_error (YaraPool *pool, const YaraPoolShelf *shelf, const Waiter *waiter, GError **error)
{
  if (waiter->is_cancelled)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                         "the statement was cancelled while it waited for a session");
  else
    g_propagate_error (error, timeout_error (pool, shelf));
}

/* Waits in the queue with the mutex held. FALSE: neither a session nor a place. */
static gboolean
wait_in_queue (YaraPool *pool, YaraPoolShelf *shelf, Waiter *waiter, YaraCancel *cancel, GError **error)
{
  struct timespec deadline = get_deadline (pool->config->acquire_timeout);
  int code = 0;

  yara_pool_shelf_add_waiter (shelf, &waiter->base);
  if (cancel != NULL)
    {
      pthread_mutex_unlock (&pool->mutex);
      if (!yara_cancel_arm (cancel, stop_waiting, waiter))
        waiter->is_cancelled = TRUE;
      pthread_mutex_lock (&pool->mutex);
    }
  while (!waiter->base.is_granted && !waiter->is_cancelled && code != ETIMEDOUT)
    code = pthread_cond_timedwait (&waiter->cond, &pool->mutex, &deadline);
  if (waiter->base.is_granted)
    return TRUE;
  yara_pool_shelf_remove_waiter (shelf, &waiter->base);
  set_wait_error (pool, shelf, waiter, error);
  return FALSE;
}

/* ---- acquiring and releasing ---- */

static void
close_session (YaraPool *pool, YaraSession *session)
{
  pool->config->backend->session_close (yara_session_stop_watching (session));
}

YaraSession *
yara_pool_open_session (YaraPool *pool, YaraPoolShelf *shelf, GCancellable *cancellable, GError **error)
{
  YaraSession *session = pool->config->backend->session_open (pool->config, shelf->read_only, cancellable, error);

  if (session != NULL)
    {
      session->opened_at = session->used_at = g_get_monotonic_time ();
      return session;
    }
  pthread_mutex_lock (&pool->mutex);
  give_place (pool, shelf);
  pthread_mutex_unlock (&pool->mutex);
  return NULL;
}

void
yara_pool_close_rested (YaraPool *pool, YaraPoolShelf *shelf)
{
  gint64 oldest;

  if (G_LIKELY (shelf->n_free == 0 || pool->config->idle_timeout == 0))
    return;
  oldest = g_get_monotonic_time () - pool->config->idle_timeout;
  while (shelf->n_free > 0 && shelf->free[0]->used_at < oldest && shelf->n_open > pool->config->min_size)
    {
      YaraSession *session = shelf->free[0];

      memmove (shelf->free, shelf->free + 1, --shelf->n_free * sizeof *shelf->free);
      pthread_mutex_unlock (&pool->mutex);
      close_session (pool, session);
      pthread_mutex_lock (&pool->mutex);
      give_place (pool, shelf);
    }
}

GError *
yara_pool_closed_error (void)
{
  return g_error_new_literal (YARA_ERROR, YARA_ERROR_CONNECTION, "the connection was closed");
}

/* With the mutex held and nothing free; leaves it. */
static YaraSession *
acquire_slowly (YaraPool *pool, YaraPoolShelf *shelf, YaraCancel *cancel, GError **error)
{
  Waiter waiter;
  gboolean granted;

  if (shelf->n_open == shelf->max && pool->yield != NULL)
    {
      pthread_mutex_unlock (&pool->mutex);
      pool->yield (pool->yield_data);
      pthread_mutex_lock (&pool->mutex);
      if (shelf->n_free > 0 && shelf->first == NULL)
        {
          YaraSession *session = shelf->free[--shelf->n_free];

          pthread_mutex_unlock (&pool->mutex);
          return yara_session_stop_watching (session);
        }
    }

  if (pool->is_closed) /* before, or meanwhile */
    {
      pthread_mutex_unlock (&pool->mutex);
      g_propagate_error (error, yara_pool_closed_error ());
      return NULL;
    }
  if (shelf->n_open < shelf->max)
    {
      shelf->n_open++;
      pthread_mutex_unlock (&pool->mutex);
      return yara_pool_open_session (pool, shelf, NULL, error);
    }
  waiter_init (&waiter, pool);
  granted = wait_in_queue (pool, shelf, &waiter, cancel, error);
  pthread_mutex_unlock (&pool->mutex);
  if (cancel != NULL)
    yara_cancel_disarm (cancel);
  pthread_cond_destroy (&waiter.cond);
  if (granted && waiter.base.session == NULL)
    return yara_pool_open_session (pool, shelf, NULL, error);
  return waiter.base.session;
}

YaraSession *
yara_pool_acquire (YaraPool *pool, gboolean write, YaraCancel *cancel, GError **error)
{
  YaraPoolShelf *shelf = yara_pool_get_shelf (pool, write);
  YaraSession *session;

  pthread_mutex_lock (&pool->mutex);
  yara_pool_close_rested (pool, shelf);
  if (G_LIKELY (shelf->n_free > 0))
    {
      session = shelf->free[--shelf->n_free];
      pthread_mutex_unlock (&pool->mutex);
      return yara_session_stop_watching (session);
    }
  return acquire_slowly (pool, shelf, cancel, error);
}

YaraSession *
yara_pool_try_acquire (YaraPool *pool, gboolean write)
{
  YaraPoolShelf *shelf = yara_pool_get_shelf (pool, write);
  YaraSession *session = NULL;
  gboolean may_open;

  pthread_mutex_lock (&pool->mutex);
  may_open = shelf->n_free == 0 && shelf->n_open < shelf->max && !pool->is_closed;
  if (shelf->n_free > 0)
    session = shelf->free[--shelf->n_free];
  shelf->n_open += may_open;
  pthread_mutex_unlock (&pool->mutex);
  if (session != NULL)
    return yara_session_stop_watching (session);
  return may_open ? yara_pool_open_session (pool, shelf, NULL, NULL) : NULL;
}

/* Whether it may be given out again. */
static gboolean
is_fit (YaraPool *pool, YaraSession *session)
{
  const YaraBackendConfig *config = pool->config;

  if (!config->backend->session_is_usable (session))
    return FALSE;
  if (config->idle_timeout > 0 || config->max_lifetime > 0)
    session->used_at = g_get_monotonic_time ();
  return config->max_lifetime == 0 || session->used_at - session->opened_at < config->max_lifetime;
}

void
yara_pool_release (YaraPool *pool, YaraSession *session)
{
  YaraPoolShelf *shelf = &pool->shelves[session->read_only];
  gboolean fit = is_fit (pool, session);

  if (G_UNLIKELY (!fit))
    close_session (pool, session);

  pthread_mutex_lock (&pool->mutex);
  if (G_UNLIKELY (!fit))
    give_place (pool, shelf);
  else if (G_LIKELY (!grant (shelf, session)))
    {
      shelf->free[shelf->n_free++] = session;
      if (G_UNLIKELY (pool->is_closed))
        pthread_cond_broadcast (&pool->emptied);
      else
        yara_pool_close_rested (pool, shelf);
    }
  pthread_mutex_unlock (&pool->mutex);
}

/* ---- opening and closing ---- */

gboolean
yara_pool_open (YaraPool *pool, GCancellable *cancellable, GError **error)
{
  guint n_wanted = MAX (pool->config->min_size, 1);

  for (guint i = 0; i < 2; i++)
    for (YaraPoolShelf *shelf = &pool->shelves[i]; shelf->n_open < shelf->max && n_wanted > 0; n_wanted--)
      {
        YaraSession *session;

        shelf->n_open++;
        session = yara_pool_open_session (pool, shelf, cancellable, error);
        if (session == NULL)
          return FALSE;
        yara_pool_release (pool, session);
      }
  return TRUE;
}

void
yara_pool_close (YaraPool *pool)
{
  pthread_mutex_lock (&pool->mutex);
  pool->is_closed = TRUE;
  for (int i = 1; i >= 0; i--) /* the writer last: it takes the log of the file with it */
    {
      YaraPoolShelf *shelf = &pool->shelves[i];

      while (shelf->n_open > 0)
        if (shelf->n_free > 0)
          {
            close_session (pool, shelf->free[--shelf->n_free]);
            shelf->n_open--;
          }
        else
          pthread_cond_wait (&pool->emptied, &pool->mutex);
    }
  pthread_mutex_unlock (&pool->mutex);
}

/* ---- looking ---- */

void
yara_pool_get_counts (YaraPool *pool, YaraPoolCounts *counts)
{
  *counts = (YaraPoolCounts) { 0 };
  pthread_mutex_lock (&pool->mutex);
  for (guint i = 0; i < 2; i++)
    {
      const YaraPoolShelf *shelf = &pool->shelves[i];

      counts->n_open += shelf->n_open;
      counts->n_in_use += shelf->n_open - shelf->n_free;
      for (const YaraPoolWaiter *waiter = shelf->first; waiter != NULL; waiter = waiter->next)
        counts->n_waiting++;
    }
  pthread_mutex_unlock (&pool->mutex);
}
