/* SPDX-License-Identifier: MIT
 * What a loop does when it may: gives the queue to sessions, least loaded first, stops what is to be stopped,
 * and hands over what is decided. */
#include "conn/loop-private.h"

#include <yaraorm/yara-error.h>
#include "conn/job.h"

/* Statements are put behind others on a session that is expected to get to them in this time; beyond it
 * another session is asked for. In microseconds. */
#define SHARED_WAIT 500

/* About what opening a session takes: beyond it they rather wait for that. */
#define OPENING_WAIT (5 * 1000)

/* What SQL of the program takes, for all that is known. */
#define RAW_WAIT OPENING_WAIT

/* ---- what is decided ---- */

/* The link went, and with it nothing but an answer. */
static gboolean
was_lost_in_vain (const GError *error)
{
  return g_error_matches (error, YARA_ERROR, YARA_ERROR_CONNECTION) && !yara_error_is_outcome_unknown (error);
}

static void
settle (YaraLoop *loop, YaraJob *job, gboolean again)
{
  YaraRequest *request = &job->request;
  gboolean is_lost = again && request->error != NULL;

  if (G_UNLIKELY (again && job->is_cancelled))
    {
      yara_request_reset (request);
      request->error = yara_job_cancelled_error ();
    }
  else if (G_UNLIKELY (job->is_cancelled && was_lost_in_vain (request->error)))
    {
      g_clear_error (&request->error);
      request->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the statement was cancelled");
    }
  else if (G_UNLIKELY (again && !(is_lost && job->was_lost)))
    {
      yara_request_reset (request);
      job->was_lost |= is_lost;
      job->queued_at = g_get_monotonic_time ();
      yara_job_queue_append (&loop->again, job);
      return;
    }
  yara_job_queue_append (&loop->done, job);
}

static void
take_decided (YaraLoop *loop, YaraLink *link)
{
  gboolean has_raw = link->n_raw > 0, again = FALSE;
  guint n = link->in_flight.n;
  YaraRequest *request;
  gint64 now;

  while ((request = loop->pipeline->next (link->session, &again)) != NULL)
    {
      YaraJob *job = yara_job_queue_pop (&link->in_flight);

      g_assert (&job->request == request);
      link->n_raw -= request->statement.is_raw;
      settle (loop, job, again);
    }
  n -= link->in_flight.n;
  if (n == 0)
    return;
  now = g_get_monotonic_time ();
  if (!has_raw)
    loop->typical += ((now - link->progress_at) / n - loop->typical) / 8;
  link->progress_at = now;
}

void
yara_loop_receive (YaraLoop *loop, YaraLink *link)
{
  loop->pipeline->receive (link->session);
  take_decided (loop, link);
  link->is_unflushed = TRUE; /* for what libpq could not send before */
}

/* ---- cancelling and time-outs ---- */

static void
fail_queued (YaraLoop *loop, YaraJob *job, GError *error)
{
  job->request.error = error;
  yara_job_queue_append (&loop->done, job);
}

static void
drop_cancelled (YaraLoop *loop)
{
  YaraJobQueue queue = loop->queue;

  loop->has_cancelled = FALSE;
  loop->is_stopping = TRUE;
  loop->queue = (YaraJobQueue) { 0 };
  while (queue.first != NULL)
    {
      YaraJob *job = yara_job_queue_pop (&queue);

      if (job->is_cancelled)
        fail_queued (loop, job, yara_job_cancelled_error ());
      else
        yara_job_queue_append (&loop->queue, job);
    }
}

static inline gint64
get_expiry (const YaraLoop *loop, const YaraJob *job)
{
  return job->queued_at + loop->loops->config->acquire_timeout;
}

static void
drop_expired (YaraLoop *loop)
{
  gint64 now = g_get_monotonic_time ();

  while (loop->queue.first != NULL && get_expiry (loop, loop->queue.first) <= now)
    fail_queued (loop, yara_job_queue_pop (&loop->queue), yara_pool_timeout_error (loop->loops->pool, TRUE));
}

/* Whether there is a cancelled job in flight. */
static gboolean
stop_cancelled (YaraLoop *loop, YaraLink *link)
{
  gboolean is_any = FALSE;

  for (YaraJob *job = link->in_flight.first; job != NULL; job = job->next)
    if (job->is_cancelled)
      {
        loop->pipeline->cancel (link->session, &job->request);
        is_any = TRUE;
      }
  return is_any;
}

static void
stop_overdue (YaraLoop *loop, YaraLink *link)
{
  gint64 deadline = loop->pipeline->get_deadline (link->session);

  if (G_LIKELY (deadline == G_MAXINT64) || g_get_monotonic_time () < deadline)
    return;
  loop->pipeline->expire (link->session);
  take_decided (loop, link);
}

/* Cancelled jobs in flight, and sessions whose time has come. */
static void
stop (YaraLoop *loop)
{
  gboolean is_any = FALSE;

  for (YaraLink *link = loop->links; link != NULL; link = link->next)
    if (yara_link_is_busy (link))
      {
        stop_overdue (loop, link);
        if (G_UNLIKELY (loop->is_stopping))
          is_any |= stop_cancelled (loop, link);
      }
  loop->is_stopping = is_any;
}

gint64
yara_loop_get_deadline (YaraLoop *loop)
{
  gint64 deadline = loop->queue.first != NULL ? get_expiry (loop, loop->queue.first) : G_MAXINT64;

  for (YaraLink *link = loop->links; link != NULL; link = link->next)
    if (yara_link_is_busy (link))
      deadline = MIN (deadline, loop->pipeline->get_deadline (link->session));
  return deadline;
}

/* ---- distributing ---- */

/* How long a statement would wait behind others, about. */
static gint64
expect_wait (const YaraLoop *loop, const YaraLink *link, gint64 now)
{
  if (link->in_flight.n == 0)
    return 0;
  return MAX (link->in_flight.n * loop->typical + link->n_raw * RAW_WAIT, now - link->progress_at);
}

/* The session where it would wait least, or NULL. */
static YaraLink *
choose (YaraLoop *loop, gint64 now, gint64 *wait)
{
  YaraLink *best = NULL;

  *wait = G_MAXINT64;
  for (YaraLink *link = loop->links; link != NULL; link = link->next)
    if (yara_link_is_busy (link) && !link->is_leaving)
      {
        gint64 link_wait = expect_wait (loop, link, now);

        if (link_wait < *wait && link->in_flight.n < loop->pipeline->get_limit (link->session))
          {
            best = link;
            *wait = link_wait;
          }
      }
  return best;
}

static void
send (YaraLoop *loop, YaraLink *link, YaraJob *job, gint64 now)
{
  gboolean again = FALSE;

  if (G_UNLIKELY (!loop->pipeline->send (link->session, &job->request, &again)))
    {
      settle (loop, job, again);
      take_decided (loop, link);
      return;
    }
  if (link->in_flight.n == 0)
    link->progress_at = now;
  link->n_raw += job->request.statement.is_raw;
  link->is_unflushed = TRUE;
  yara_job_queue_append (&link->in_flight, job);
}

/* Somebody waits in the pool: one session is let go of, as soon as what it has in flight is done. */
static void
make_room (YaraLoop *loop)
{
  YaraLink *least = NULL;

  if (loop->n_busy == 0 || !yara_pool_is_wanted (loop->loops->pool, TRUE))
    return;
  for (YaraLink *link = loop->links; link != NULL; link = link->next)
    if (link->is_leaving)
      return;
    else if (link->in_flight.n > 0 && (least == NULL || link->in_flight.n < least->in_flight.n))
      least = link;
  if (least != NULL)
    least->is_leaving = TRUE;
}

static void
distribute (YaraLoop *loop)
{
  gboolean may_grow = TRUE;
  gint64 now, wait;

  if (loop->again.first != NULL)
    {
      yara_job_queue_append_all (&loop->again, &loop->queue);
      loop->queue = loop->again;
      loop->again = (YaraJobQueue) { 0 };
    }
  if (loop->queue.first == NULL || loop->is_yielding)
    return;
  make_room (loop);
  now = g_get_monotonic_time ();
  while (loop->queue.first != NULL)
    {
      YaraLink *link = choose (loop, now, &wait);

      if (wait >= SHARED_WAIT && may_grow)
        may_grow = yara_loop_grow (loop);
      else if (link == NULL || (wait >= OPENING_WAIT && loop->is_opening))
        return;
      else
        send (loop, link, yara_job_queue_pop (&loop->queue), now);
    }
}

/* ---- all of it ---- */

/* How many sessions have nothing in flight any more and were let go of. */
static guint
flush (YaraLoop *loop)
{
  guint n_released = 0;

  for (YaraLink *link = loop->links; link != NULL && loop->n_busy > 0; link = link->next)
    if (yara_link_is_busy (link))
      {
        if (link->is_unflushed)
          {
            link->is_unflushed = FALSE;
            loop->pipeline->flush (link->session);
            take_decided (loop, link); /* the link may be found lost */
          }
        if (loop->pipeline->is_busy (link->session))
          continue;
        yara_loop_release (loop, link);
        n_released++;
      }
  return n_released;
}

void
yara_loop_advance (YaraLoop *loop)
{
  guint n_released;

  yara_loop_take_sessions (loop);
  if (G_UNLIKELY (loop->has_cancelled))
    drop_cancelled (loop);
  if (G_UNLIKELY (loop->queue.first != NULL))
    drop_expired (loop);
  if (loop->n_busy > 0)
    stop (loop);
  do
    {
      distribute (loop);
      n_released = flush (loop);
    }
  while (loop->again.first != NULL || (n_released > 0 && loop->queue.first != NULL));
  if (G_UNLIKELY (loop->is_waiting && loop->queue.first == NULL))
    yara_loop_stop_waiting (loop);
}

gboolean
yara_loop_is_idle (const YaraLoop *loop)
{
  return loop->n_busy == 0 && loop->queue.first == NULL && loop->again.first == NULL && !loop->is_waiting;
}
