/* SPDX-License-Identifier: MIT
 * How a loop comes by its sessions and lets go of them. Opening one, and waiting for a cancel request that is
 * still on its way, are done in threads. */
#include "conn/loop-private.h"

#include "conn/job.h"

/* After a session could not be opened, those at hand have to do for a while; in microseconds. */
#define OPEN_PAUSE G_USEC_PER_SEC

void
yara_link_unref (YaraLink *link)
{
  if (atomic_fetch_sub (&link->ref_count, 1) > 1)
    return;
  g_free (link);
}

/* From any thread, perhaps with the pool locked. The context is not woken, because it may be ending. Should it sleep,
 * what the server first answers to the new owner wakes it, and it lets go of the descriptor. */
static void
on_taken (YaraWatch *watch)
{
  YaraLink *link = (YaraLink *) watch;

  atomic_store (&link->is_taken, TRUE);
  yara_link_unref (link);
}

static YaraLink *
link_new (YaraLoop *loop)
{
  YaraLink *link = g_new0 (YaraLink, 1);

  link->watch.taken = on_taken;
  atomic_init (&link->ref_count, 1);
  atomic_init (&link->loop, loop);
  link->next = loop->links;
  loop->links = link;
  return link;
}

/* ---- taking ---- */

/* The link in which the session rested, if it was this loop's. */
static YaraLink *
find_link (YaraLoop *loop, YaraSession *session)
{
  YaraLink *link = (YaraLink *) session->watch;

  if (link == NULL)
    return NULL;
  session->watch = NULL;
  if (atomic_load (&link->loop) == loop)
    {
      atomic_fetch_sub (&link->ref_count, 1);
      return link;
    }
  link->watch.taken (&link->watch);
  return NULL;
}

/* Makes a session of the pool the loop's. FALSE: it was of no use, and is closed. */
static gboolean
adopt (YaraLoop *loop, YaraSession *session)
{
  YaraLink *link = find_link (loop, session);

  if (link == NULL)
    link = link_new (loop);
  link->session = session;
  link->is_resting = FALSE;
  loop->n_busy++;
  if (G_LIKELY (loop->pipeline->begin (session)))
    return TRUE;
  loop->n_busy--;
  link->session = NULL;
  yara_pool_release (loop->loops->pool, session);
  return FALSE;
}

/* ---- opening ---- */

/* In a thread of its own; the place in the pool is the loop's. A context with nothing to do may never run
 * again: its loop is given no session. */
static gpointer
open_session (gpointer data)
{
  YaraLoop *loop = data;
  YaraPool *pool = loop->loops->pool;
  GError *error = NULL;
  YaraSession *session = yara_pool_open_granted (pool, TRUE, NULL, &error);
  gboolean is_wanted;

  pthread_mutex_lock (&loop->mutex);
  is_wanted = loop->queue.first != NULL;
  if (is_wanted)
    {
      loop->opened = g_steal_pointer (&session);
      loop->open_error = g_steal_pointer (&error);
      loop->has_opened = TRUE;
    }
  else
    loop->is_opening = FALSE;
  pthread_mutex_unlock (&loop->mutex);
  if (session != NULL)
    yara_pool_release (pool, session);
  g_clear_error (&error);
  if (is_wanted) /* else the context may be ending */
    yara_loop_wake (loop);
  yara_loop_unref (loop);
  return NULL;
}

static void
start_opening (YaraLoop *loop)
{
  GThread *thread = g_thread_try_new ("yara-open", open_session, yara_loop_ref (loop), NULL);

  loop->is_opening = TRUE;
  if (thread != NULL)
    {
      g_thread_unref (thread);
      return;
    }
  yara_loop_unref (loop); /* there is none to be had: the loop waits, which is better than no outcome */
  loop->opened = yara_pool_open_granted (loop->loops->pool, TRUE, NULL, &loop->open_error);
  loop->has_opened = TRUE;
}

/* With nothing else at hand whoever waits fails, as who blocks does; the next statement tries again. */
static void
take_open_error (YaraLoop *loop)
{
  g_autoptr(GError) error = g_steal_pointer (&loop->open_error);

  loop->open_after = g_get_monotonic_time () + OPEN_PAUSE;
  while (loop->n_busy == 0 && loop->queue.first != NULL)
    {
      YaraJob *job = yara_job_queue_pop (&loop->queue);

      job->request.error = g_error_copy (error);
      yara_job_queue_append (&loop->done, job);
    }
}

static void
take_opened (YaraLoop *loop)
{
  loop->has_opened = loop->is_opening = FALSE;
  if (loop->opened == NULL)
    take_open_error (loop);
  else
    adopt (loop, g_steal_pointer (&loop->opened));
}

/* ---- the pool ---- */

/* In the thread that releases a session, with the pool locked. */
static void
on_granted (YaraPoolWaiter *waiter)
{
  YaraLoop *loop = (YaraLoop *) ((char *) waiter - G_STRUCT_OFFSET (YaraLoop, waiter));

  atomic_store (&loop->is_granted, TRUE);
  yara_loop_wake (loop);
}

gboolean
yara_loop_grow (YaraLoop *loop)
{
  gboolean has_none = loop->n_busy == 0;

  if (loop->is_opening || loop->is_waiting || (!has_none && g_get_monotonic_time () < loop->open_after))
    return FALSE;
  loop->waiter.granted = on_granted;
  loop->waiter.keeps_watch = TRUE;
  for (;;)
    switch (yara_pool_request (loop->loops->pool, TRUE, has_none, &loop->waiter))
      {
      case YARA_POOL_SESSION:
        if (adopt (loop, loop->waiter.session))
          return TRUE;
        break;
      case YARA_POOL_MAY_OPEN:
        start_opening (loop);
        return FALSE;
      case YARA_POOL_WAITING:
        loop->is_waiting = has_none;
        return FALSE;
      case YARA_POOL_CLOSED:
        return FALSE;
      }
}

static void
take_granted (YaraLoop *loop)
{
  loop->is_waiting = FALSE;
  if (loop->waiter.session != NULL)
    adopt (loop, loop->waiter.session);
  else
    start_opening (loop);
}

void
yara_loop_stop_waiting (YaraLoop *loop)
{
  if (!loop->is_waiting)
    return;
  if (yara_pool_withdraw (loop->loops->pool, TRUE, &loop->waiter))
    loop->is_waiting = FALSE;
  else if (atomic_exchange (&loop->is_granted, FALSE))
    take_granted (loop);
}

void
yara_loop_take_sessions (YaraLoop *loop)
{
  if (G_UNLIKELY (atomic_exchange (&loop->is_granted, FALSE)))
    take_granted (loop);
  if (G_UNLIKELY (loop->has_opened))
    take_opened (loop);
}

/* ---- letting go ---- */

typedef struct
{
  const YaraBackendPipeline *pipeline;
  YaraPool    *pool;
  YaraSession *session;
} Ending;

static gpointer
end_session (gpointer data)
{
  Ending *ending = data;

  ending->pipeline->end (ending->session);
  yara_pool_release (ending->pool, ending->session);
  g_free (ending);
  return NULL;
}

static void
end_in_thread (YaraLoop *loop, YaraSession *session)
{
  Ending *ending = g_new (Ending, 1);
  GThread *thread;

  *ending = (Ending) { loop->pipeline, loop->loops->pool, session };
  thread = g_thread_try_new ("yara-end", end_session, ending, NULL);
  if (thread != NULL)
    g_thread_unref (thread);
  else
    end_session (ending);
}

void
yara_loop_release (YaraLoop *loop, YaraLink *link)
{
  YaraSession *session = link->session;

  loop->n_busy--;
  link->is_leaving = FALSE;
  if (G_UNLIKELY (loop->pipeline->end_blocks (session)))
    {
      link->session = NULL;
      end_in_thread (loop, session);
      return;
    }
  loop->pipeline->end (session);
  if (G_LIKELY (session->config->backend->session_is_usable (session)))
    {
      link->is_resting = TRUE;
      atomic_fetch_add (&link->ref_count, 1);
      session->watch = &link->watch;
    }
  else
    link->session = NULL;
  yara_pool_release (loop->loops->pool, session);
}

void
yara_loop_look_at_resting (YaraLoop *loop, YaraLink *link)
{
  YaraSession *session = link->session;

  if (atomic_load (&link->is_taken) || !yara_pool_take (loop->loops->pool, session))
    return;
  /* It may be another one at the same address. */
  if (session->watch == &link->watch)
    {
      loop->pipeline->receive (session);
      if (!session->config->backend->session_is_usable (session))
        link->session = NULL;
    }
  yara_pool_release (loop->loops->pool, session);
}
