/* SPDX-License-Identifier: MIT
 * The pool: a stack of free sessions for writing and one for reading, and a queue of waiters for each.
 * A session that comes back goes straight to the first waiter. */
#include "conn/pool.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>
#include <yaraorm/yara-error.h>

typedef struct Waiter Waiter;
struct Waiter
{
  pthread_cond_t cond;
  YaraPool      *pool;
  YaraSession   *session;      /* granted */
  gboolean       may_open;     /* granted: the right to open one */
  gboolean       is_cancelled;
  Waiter        *next;
};

typedef struct
{
  gboolean      read_only;
  guint         max;
  guint         n_open; /* or being opened */
  guint         n_free;
  YaraSession **free;   /* the one used last on top */
  Waiter       *first;
} Shelf;

struct YaraPool
{
  const YaraBackendConfig *config;
  pthread_mutex_t mutex;
  pthread_cond_t  emptied;
  gboolean        is_closed;
  Shelf           shelves[2]; /* write, read */
};

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

static inline Shelf *
get_shelf (YaraPool *pool, gboolean write)
{
  return &pool->shelves[!write && pool->shelves[1].max > 0];
}

/* ---- waiting ---- */

static void
add_waiter (Shelf *shelf, Waiter *waiter)
{
  Waiter **end = &shelf->first;

  while (*end != NULL)
    end = &(*end)->next;
  *end = waiter;
}

static void
remove_waiter (Shelf *shelf, Waiter *waiter)
{
  Waiter **link = &shelf->first;

  while (*link != waiter)
    link = &(*link)->next;
  *link = waiter->next;
}

static Waiter *
pop_waiter (Shelf *shelf)
{
  Waiter *waiter = shelf->first;

  if (waiter != NULL)
    {
      shelf->first = waiter->next;
      pthread_cond_signal (&waiter->cond);
    }
  return waiter;
}

/* A place on the shelf became free. */
static void
give_place (YaraPool *pool, Shelf *shelf)
{
  Waiter *waiter = pop_waiter (shelf);

  if (waiter != NULL)
    waiter->may_open = TRUE;
  else if (--shelf->n_open == 0)
    pthread_cond_broadcast (&pool->emptied);
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

  *waiter = (Waiter) { .pool = pool };
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

static void
set_wait_error (YaraPool *pool, const Shelf *shelf, const Waiter *waiter, GError **error)
{
  if (waiter->is_cancelled)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_CANCELLED,
                         "the statement was cancelled while it waited for a session");
  else
    g_set_error (error, YARA_ERROR, YARA_ERROR_TIMEOUT,
                 "no session became free in %g seconds: all %u that %s are in use; shorten what holds them, or raise "
                 "%sacquire_timeout",
                 pool->config->acquire_timeout / (double) G_USEC_PER_SEC, shelf->max,
                 shelf->read_only ? "read" : "write", shelf->max > 1 ? "max_size or " : "");
}

/* Waits in the queue with the mutex held. FALSE: neither a session nor a place. */
static gboolean
wait_in_queue (YaraPool *pool, Shelf *shelf, Waiter *waiter, YaraCancel *cancel, GError **error)
{
  struct timespec deadline = get_deadline (pool->config->acquire_timeout);
  int code = 0;

  add_waiter (shelf, waiter);
  if (cancel != NULL)
    {
      pthread_mutex_unlock (&pool->mutex);
      if (!yara_cancel_arm (cancel, stop_waiting, waiter))
        waiter->is_cancelled = TRUE;
      pthread_mutex_lock (&pool->mutex);
    }
  while (waiter->session == NULL && !waiter->may_open && !waiter->is_cancelled && code != ETIMEDOUT)
    code = pthread_cond_timedwait (&waiter->cond, &pool->mutex, &deadline);
  if (waiter->session != NULL || waiter->may_open)
    return TRUE;
  remove_waiter (shelf, waiter);
  set_wait_error (pool, shelf, waiter, error);
  return FALSE;
}

/* ---- acquiring and releasing ---- */

/* On a place that is counted in n_open. */
static YaraSession *
open_session (YaraPool *pool, Shelf *shelf, GCancellable *cancellable, GError **error)
{
  YaraSession *session = pool->config->backend->session_open (pool->config, shelf->read_only, cancellable, error);

  if (session == NULL)
    {
      pthread_mutex_lock (&pool->mutex);
      give_place (pool, shelf);
      pthread_mutex_unlock (&pool->mutex);
    }
  return session;
}

/* With the mutex held and nothing free; leaves it. */
static YaraSession *
acquire_slowly (YaraPool *pool, Shelf *shelf, YaraCancel *cancel, GError **error)
{
  Waiter waiter;
  gboolean granted;

  if (shelf->n_open < shelf->max)
    {
      shelf->n_open++;
      pthread_mutex_unlock (&pool->mutex);
      return open_session (pool, shelf, NULL, error);
    }
  waiter_init (&waiter, pool);
  granted = wait_in_queue (pool, shelf, &waiter, cancel, error);
  pthread_mutex_unlock (&pool->mutex);
  if (cancel != NULL)
    yara_cancel_disarm (cancel);
  pthread_cond_destroy (&waiter.cond);
  if (granted && waiter.session == NULL)
    return open_session (pool, shelf, NULL, error);
  return waiter.session;
}

GError *
yara_pool_closed_error (void)
{
  return g_error_new_literal (YARA_ERROR, YARA_ERROR_CONNECTION, "the connection was closed");
}

YaraSession *
yara_pool_acquire (YaraPool *pool, gboolean write, YaraCancel *cancel, GError **error)
{
  Shelf *shelf = get_shelf (pool, write);
  YaraSession *session;

  pthread_mutex_lock (&pool->mutex);
  if (G_LIKELY (shelf->n_free > 0))
    {
      session = shelf->free[--shelf->n_free];
      pthread_mutex_unlock (&pool->mutex);
      return session;
    }
  if (!pool->is_closed)
    return acquire_slowly (pool, shelf, cancel, error);
  pthread_mutex_unlock (&pool->mutex);
  g_propagate_error (error, yara_pool_closed_error ());
  return NULL;
}

YaraSession *
yara_pool_try_acquire (YaraPool *pool, gboolean write)
{
  Shelf *shelf = get_shelf (pool, write);
  YaraSession *session = NULL;
  gboolean may_open;

  pthread_mutex_lock (&pool->mutex);
  may_open = shelf->n_free == 0 && shelf->n_open < shelf->max && !pool->is_closed;
  if (shelf->n_free > 0)
    session = shelf->free[--shelf->n_free];
  shelf->n_open += may_open;
  pthread_mutex_unlock (&pool->mutex);
  return may_open ? open_session (pool, shelf, NULL, NULL) : session;
}

void
yara_pool_release (YaraPool *pool, YaraSession *session)
{
  const YaraBackend *backend = pool->config->backend;
  Shelf *shelf = &pool->shelves[session->read_only];
  gboolean is_usable = backend->session_is_usable (session);
  Waiter *waiter;

  if (G_UNLIKELY (!is_usable))
    backend->session_close (session);

  pthread_mutex_lock (&pool->mutex);
  if (G_UNLIKELY (!is_usable))
    give_place (pool, shelf);
  else if (G_UNLIKELY ((waiter = pop_waiter (shelf)) != NULL))
    waiter->session = session;
  else
    {
      shelf->free[shelf->n_free++] = session;
      if (G_UNLIKELY (pool->is_closed))
        pthread_cond_broadcast (&pool->emptied);
    }
  pthread_mutex_unlock (&pool->mutex);
}

/* ---- opening and closing ---- */

gboolean
yara_pool_open (YaraPool *pool, GCancellable *cancellable, GError **error)
{
  guint n_wanted = MAX (pool->config->min_size, 1);

  for (guint i = 0; i < 2; i++)
    for (Shelf *shelf = &pool->shelves[i]; shelf->n_open < shelf->max && n_wanted > 0; n_wanted--)
      {
        YaraSession *session;

        shelf->n_open++;
        session = open_session (pool, shelf, cancellable, error);
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
      Shelf *shelf = &pool->shelves[i];

      while (shelf->n_open > 0)
        if (shelf->n_free > 0)
          {
            pool->config->backend->session_close (shelf->free[--shelf->n_free]);
            shelf->n_open--;
          }
        else
          pthread_cond_wait (&pool->emptied, &pool->mutex);
    }
  pthread_mutex_unlock (&pool->mutex);
}
