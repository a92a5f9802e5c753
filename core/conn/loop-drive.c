/* SPDX-License-Identifier: MIT
 * Driving loops from a thread that waits for them: one that closes the database, or that is about to block for a
 * session while the loop of its own context has some. */
#include "conn/loop-private.h"

#include <poll.h>
#include "conn/job.h"

/* So often it is looked whether another thread has brought something. In microseconds. */
#define LOOK_AGAIN (10 * 1000)

/* With the mutex held, which is free while this waits for the sessions. */
static void
wait_for_sessions (YaraLoop *loop)
{
  g_autofree struct pollfd *fds = g_new (struct pollfd, loop->n_busy + 1);
  gint64 left = yara_loop_get_deadline (loop) - g_get_monotonic_time ();
  nfds_t n = 0;

  for (YaraLink *link = loop->links; link != NULL; link = link->next)
    if (yara_link_is_busy (link))
      {
        gboolean sends = loop->pipeline->get_condition (link->session) & G_IO_OUT;

        fds[n++] = (struct pollfd) { loop->pipeline->get_fd (link->session), sends ? POLLIN | POLLOUT : POLLIN, 0 };
      }
  pthread_mutex_unlock (&loop->mutex);
  poll (fds, n, CLAMP (left, 1000, LOOK_AGAIN) / 1000);
  pthread_mutex_lock (&loop->mutex);
  for (YaraLink *link = loop->links; link != NULL; link = link->next)
    if (yara_link_is_busy (link))
      yara_loop_receive (loop, link);
}

/* With the mutex held. */
static void
drive (YaraLoop *loop, gboolean (*is_over) (const YaraLoop *loop))
{
  for (yara_loop_advance (loop); !is_over (loop); yara_loop_advance (loop))
    wait_for_sessions (loop);
}

static void
close_loop (YaraLoop *loop)
{
  YaraJobQueue done;

  pthread_mutex_lock (&loop->mutex);
  drive (loop, yara_loop_is_idle);
  loop->is_closed = TRUE;
  done = loop->done;
  loop->done = (YaraJobQueue) { 0 };
  pthread_mutex_unlock (&loop->mutex);
  while (done.first != NULL)
    {
      YaraJob *job = yara_job_queue_pop (&done);

      yara_jobs_complete (&job, 1);
    }
  yara_loop_wake (loop); /* so that the source goes */
  yara_loop_unref (loop);
}

void
yara_loops_close (YaraLoops *loops)
{
  YaraLoop *loop;

  for (;;)
    {
      pthread_mutex_lock (&loops->mutex);
      loops->is_closed = TRUE;
      loop = loops->first;
      if (loop != NULL)
        loops->first = loop->next;
      pthread_mutex_unlock (&loops->mutex);
      if (loop == NULL)
        return;
      close_loop (loop);
    }
}

static gboolean
has_no_session (const YaraLoop *loop)
{
  return loop->n_busy == 0 && !loop->is_opening && !loop->is_waiting;
}

static void
empty (YaraLoop *loop)
{
  pthread_mutex_lock (&loop->mutex);
  if (loop->issuer == g_thread_self ())
    {
      loop->is_yielding = TRUE;
      yara_loop_stop_waiting (loop);
      drive (loop, has_no_session);
      loop->is_yielding = FALSE;
    }
  pthread_mutex_unlock (&loop->mutex);
}

void
yara_loops_yield (YaraLoops *loops)
{
  YaraDispatcher *dispatcher = yara_dispatcher_get_current ();
  GMainContext *context = yara_dispatcher_get_context (dispatcher);
  YaraLoop *loop;

  pthread_mutex_lock (&loops->mutex);
  loop = yara_loops_find (loops, dispatcher);
  if (loop != NULL)
    yara_loop_ref (loop);
  pthread_mutex_unlock (&loops->mutex);
  if (loop != NULL && g_main_context_acquire (context)) /* else its owner goes on */
    {
      empty (loop);
      g_main_context_release (context);
    }
  if (loop != NULL)
    yara_loop_unref (loop);
  yara_dispatcher_unref (dispatcher);
}
