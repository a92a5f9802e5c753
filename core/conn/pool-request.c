/* SPDX-License-Identifier: MIT
 * Getting sessions of the pool without blocking. */
#include "conn/pool-private.h"

#include <string.h>

YaraPoolGrant
yara_pool_request (YaraPool *pool, gboolean write, gboolean waits, YaraPoolWaiter *waiter)
{
  YaraPoolShelf *shelf = yara_pool_get_shelf (pool, write);
  YaraPoolGrant grant = YARA_POOL_WAITING;

  pthread_mutex_lock (&pool->mutex);
  yara_pool_close_rested (pool, shelf);
  waiter->session = NULL;
  waiter->is_granted = FALSE;
  if (pool->is_closed)
    grant = YARA_POOL_CLOSED;
  else if (shelf->n_free > 0)
    {
      waiter->session = shelf->free[--shelf->n_free];
      if (!waiter->keeps_watch)
        yara_session_stop_watching (waiter->session);
      grant = YARA_POOL_SESSION;
    }
  else if (shelf->n_open < shelf->max)
    {
      shelf->n_open++;
      grant = YARA_POOL_MAY_OPEN;
    }
  else if (waits)
    yara_pool_shelf_add_waiter (shelf, waiter);
  pthread_mutex_unlock (&pool->mutex);
  return grant;
}

gboolean
yara_pool_take (YaraPool *pool, YaraSession *session)
{
  gboolean is_taken = FALSE;

  pthread_mutex_lock (&pool->mutex);
  for (guint n = 0; n < 2 && !is_taken; n++)
    for (guint i = 0; i < pool->shelves[n].n_free && !is_taken; i++)
      if (pool->shelves[n].free[i] == session)
        {
          YaraPoolShelf *shelf = &pool->shelves[n];

          memmove (&shelf->free[i], &shelf->free[i + 1], (--shelf->n_free - i) * sizeof *shelf->free);
          is_taken = TRUE;
        }
  pthread_mutex_unlock (&pool->mutex);
  return is_taken;
}

gboolean
yara_pool_withdraw (YaraPool *pool, gboolean write, YaraPoolWaiter *waiter)
{
  gboolean was_waiting;

  pthread_mutex_lock (&pool->mutex);
  was_waiting = !waiter->is_granted;
  if (was_waiting)
    yara_pool_shelf_remove_waiter (yara_pool_get_shelf (pool, write), waiter);
  pthread_mutex_unlock (&pool->mutex);
  return was_waiting;
}

YaraSession *
yara_pool_open_granted (YaraPool *pool, gboolean write, GCancellable *cancellable, GError **error)
{
  return yara_pool_open_session (pool, yara_pool_get_shelf (pool, write), cancellable, error);
}

gboolean
yara_pool_is_wanted (YaraPool *pool, gboolean write)
{
  gboolean is_wanted;

  pthread_mutex_lock (&pool->mutex);
  is_wanted = yara_pool_get_shelf (pool, write)->first != NULL;
  pthread_mutex_unlock (&pool->mutex);
  return is_wanted;
}
