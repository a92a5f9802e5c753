/* SPDX-License-Identifier: MIT
 * The loops of a database, and the GSource of each. Statements are sent when the context is about
 * to sleep, so that what one iteration issues leaves together; what has come is completed in one dispatch. */
#include "conn/loop-private.h"

#include "conn/job.h"

typedef struct
{
  GSource   base;
  YaraLoop *loop; /* a reference */
} LoopSource;

void
yara_loop_wake (YaraLoop *loop)
{
  yara_dispatcher_wake (loop->dispatcher);
}

/* ---- the source ---- */

/* Attaches and detaches descriptors as the sessions came and went. */
static void
update_source (YaraLoop *loop, GSource *source)
{
  for (YaraLink **place = &loop->links, *link; (link = *place) != NULL;)
    {
      if (link->is_resting && atomic_load (&link->is_taken))
        {
          link->session = NULL;
          link->is_resting = FALSE;
        }
      if (link->session != NULL)
        {
          GIOCondition condition = link->is_resting ? G_IO_IN : loop->pipeline->get_condition (link->session);

          if (link->tag == NULL)
            link->tag = g_source_add_unix_fd (source, loop->pipeline->get_fd (link->session), condition);
          else if (G_UNLIKELY (link->condition != condition))
            g_source_modify_unix_fd (source, link->tag, condition);
          link->condition = condition;
          place = &link->next;
        }
      else
        {
          if (link->tag != NULL)
            g_source_remove_unix_fd (source, link->tag);
          *place = link->next;
          yara_link_unref (link);
        }
    }
}

/* In milliseconds from now, as GLib has it; -1: none. */
static int
get_timeout (gint64 deadline)
{
  gint64 left;

  if (G_LIKELY (deadline == G_MAXINT64))
    return -1;
  left = deadline - g_get_monotonic_time ();
  return left <= 0 ? 0 : MIN (left / 1000 + 1, G_MAXINT);
}

static gboolean
prepare (GSource *source, int *timeout)
{
  YaraLoop *loop = ((LoopSource *) source)->loop;
  gboolean is_ready;

  pthread_mutex_lock (&loop->mutex);
  if (!loop->is_closed)
    yara_loop_advance (loop);
  update_source (loop, source);
  *timeout = get_timeout (yara_loop_get_deadline (loop));
  is_ready = loop->ready.first != NULL || loop->done.first != NULL || loop->is_closed;
  pthread_mutex_unlock (&loop->mutex);
  return is_ready;
}

/* What has come for descriptors is GLib's to see; a deadline is looked at by the next prepare(). */
static gboolean
check (GSource *source)
{
  YaraLoop *loop = ((LoopSource *) source)->loop;
  gboolean is_ready;

  pthread_mutex_lock (&loop->mutex);
  is_ready = loop->ready.first != NULL || loop->done.first != NULL || loop->is_closed;
  pthread_mutex_unlock (&loop->mutex);
  return is_ready;
}

static void
receive_all (YaraLoop *loop, GSource *source)
{
  for (YaraLink *link = loop->links; link != NULL; link = link->next)
    if (link->session != NULL && link->tag != NULL && g_source_query_unix_fd (source, link->tag) != 0)
      {
        if (link->is_resting)
          yara_loop_look_at_resting (loop, link);
        else
          yara_loop_receive (loop, link);
      }
}

/* A job that is completed may run a context of its own, which comes in here again and goes on where this left
 * off. */
static void
complete_all (YaraLoop *loop)
{
  while (loop->ready.first != NULL)
    yara_job_complete_here (yara_job_queue_pop (&loop->ready));
}

static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  YaraLoop *loop = ((LoopSource *) source)->loop;
  gboolean is_closed;

  pthread_mutex_lock (&loop->mutex);
  is_closed = loop->is_closed;
  if (!is_closed)
    {
      receive_all (loop, source);
      yara_loop_advance (loop);
    }
  yara_job_queue_append_all (&loop->ready, &loop->done);
  pthread_mutex_unlock (&loop->mutex);
  complete_all (loop);
  return is_closed ? G_SOURCE_REMOVE : G_SOURCE_CONTINUE;
}

static void
unlink_loop (YaraLoop *loop)
{
  YaraLoops *loops = loop->loops;
  gboolean was_linked = FALSE;

  pthread_mutex_lock (&loops->mutex);
  for (YaraLoop **place = &loops->first; *place != NULL && !was_linked; place = &(*place)->next)
    if (*place == loop)
      {
        *place = loop->next;
        was_linked = TRUE;
        break;
      }
  pthread_mutex_unlock (&loops->mutex);
  if (was_linked)
    yara_loop_unref (loop);
}

/* The database is closed, or the context is gone: nothing is in flight. */
static void
finalize (GSource *source)
{
  YaraLoop *loop = ((LoopSource *) source)->loop;

  pthread_mutex_lock (&loop->mutex);
  loop->is_closed = TRUE;
  while (loop->links != NULL)
    {
      YaraLink *link = loop->links;

      loop->links = link->next;
      atomic_store (&link->loop, NULL);
      yara_link_unref (link);
    }
  pthread_mutex_unlock (&loop->mutex);
  unlink_loop (loop);
  yara_loop_unref (loop);
}

/* ---- making ---- */

YaraLoop *
yara_loop_ref (YaraLoop *loop)
{
  atomic_fetch_add_explicit (&loop->ref_count, 1, memory_order_relaxed);
  return loop;
}

void
yara_loop_unref (YaraLoop *loop)
{
  if (atomic_fetch_sub (&loop->ref_count, 1) > 1)
    return;
  pthread_mutex_destroy (&loop->mutex);
  yara_dispatcher_unref (loop->dispatcher);
  yara_loops_unref (loop->loops);
  g_free (loop);
}

static YaraLoop *
loop_new (YaraLoops *loops, YaraDispatcher *dispatcher)
{
  static GSourceFuncs functions = { prepare, check, dispatch, finalize, NULL, NULL };
  YaraLoop *loop = g_new0 (YaraLoop, 1);
  GSource *source = g_source_new (&functions, sizeof (LoopSource));

  atomic_init (&loop->ref_count, 2); /* the list's and the source's */
  atomic_fetch_add (&loops->ref_count, 1);
  loop->loops = loops;
  loop->dispatcher = yara_dispatcher_ref (dispatcher);
  loop->pipeline = loops->config->backend->pipeline;
  loop->typical = 50;
  pthread_mutex_init (&loop->mutex, NULL);
  ((LoopSource *) source)->loop = loop;
  g_source_set_static_name (source, "yaraorm statements");
  g_source_set_can_recurse (source, TRUE);
  g_source_attach (source, yara_dispatcher_get_context (dispatcher));
  g_source_unref (source);
  return loop;
}

YaraLoops *
yara_loops_new (const YaraBackendConfig *config, YaraPool *pool)
{
  YaraLoops *loops = g_new0 (YaraLoops, 1);

  atomic_init (&loops->ref_count, 1);
  loops->config = config;
  loops->pool = pool;
  pthread_mutex_init (&loops->mutex, NULL);
  return loops;
}

void
yara_loops_unref (YaraLoops *loops)
{
  if (atomic_fetch_sub (&loops->ref_count, 1) > 1)
    return;
  pthread_mutex_destroy (&loops->mutex);
  g_free (loops);
}

YaraLoop *
yara_loops_find (YaraLoops *loops, YaraDispatcher *dispatcher)
{
  YaraLoop *loop = loops->first;

  while (loop != NULL && loop->dispatcher != dispatcher)
    loop = loop->next;
  return loop;
}

/* The same; makes it. NULL: all is closed. */
static YaraLoop *
get_loop (YaraLoops *loops, YaraDispatcher *dispatcher)
{
  YaraLoop *loop = yara_loops_find (loops, dispatcher);

  if (loop != NULL || loops->is_closed)
    return loop;
  loop = loop_new (loops, dispatcher);
  loop->next = loops->first;
  loops->first = loop;
  return loop;
}

/* ---- submitting ---- */

gboolean
yara_loops_take (YaraLoops *loops, const YaraRequest *request)
{
  /* Other SQL of the program might touch what its neighbours rely on. */
  static const char *const words[] = { "select", "insert", "update", "delete", "with", "values", "merge" };
  const YaraStatement *statement = &request->statement;

  if (loops->config->backend->pipeline == NULL || request->kind != YARA_REQUEST_STATEMENT)
    return FALSE;
  if (!statement->is_raw)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (words); i++)
    if (yara_sql_starts_with (statement->sql->text, words[i]))
      return TRUE;
  return FALSE;
}

static void
stop_job (gpointer data)
{
  YaraJob *job = data;
  YaraLoop *loop = job->loop;

  pthread_mutex_lock (&loop->mutex);
  job->is_cancelled = TRUE;
  loop->has_cancelled = TRUE;
  pthread_mutex_unlock (&loop->mutex);
  yara_loop_wake (loop);
}

/* Once a job is queued it may complete and be gone at any time. */
static GError *
queue_job (YaraLoop *loop, YaraJob *job)
{
  GError *error = NULL;
  gboolean was_empty;

  pthread_mutex_lock (&loop->mutex);
  was_empty = loop->queue.first == NULL;
  loop->issuer = g_thread_self ();
  if (loop->is_closed)
    error = yara_pool_closed_error ();
  else if (job->is_cancelled)
    error = yara_job_cancelled_error ();
  else
    yara_job_queue_append (&loop->queue, job);
  pthread_mutex_unlock (&loop->mutex);
  if (was_empty && error == NULL)
    yara_loop_wake (loop);
  return error;
}

void
yara_loops_submit (YaraLoops *loops, YaraJob *job)
{
  GError *error = NULL;
  YaraLoop *loop;

  pthread_mutex_lock (&loops->mutex);
  loop = get_loop (loops, job->dispatcher);
  job->loop = loop;
  job->queued_at = g_get_monotonic_time ();
  job->is_cancelled = job->was_lost = FALSE;
  if (loop == NULL)
    error = yara_pool_closed_error ();
  else if (job->cancel != NULL && !yara_cancel_arm (job->cancel, stop_job, job))
    error = yara_job_cancelled_error ();
  else
    error = queue_job (loop, job);
  pthread_mutex_unlock (&loops->mutex);
  if (error != NULL)
    yara_job_fail (job, error);
}

void
yara_loops_count (YaraLoops *loops, guint *n_queued, guint *n_waiters)
{
  *n_queued = *n_waiters = 0;
  pthread_mutex_lock (&loops->mutex);
  for (YaraLoop *loop = loops->first; loop != NULL; loop = loop->next)
    {
      pthread_mutex_lock (&loop->mutex);
      *n_queued += loop->queue.n;
      *n_waiters += loop->is_waiting && !atomic_load (&loop->is_granted);
      pthread_mutex_unlock (&loop->mutex);
    }
  pthread_mutex_unlock (&loops->mutex);
}
