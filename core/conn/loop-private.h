/* SPDX-License-Identifier: MIT
 * The scheduler of a context from the inside, for the files conn/loop*.c. Everything of it is guarded by its
 * mutex, so that a thread that closes the database can drive it too; only the thread that owns the context
 * touches the GSource. The mutex is not held while jobs complete. Locks are taken in the order loops, loop,
 * pool, dispatcher. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include "conn/loop.h"

/* Jobs in order, linked by `next`. */
typedef struct
{
  YaraJob *first, *last;
  guint    n;
} YaraJobQueue;

/* A session in the hands of a loop. While it rests in the pool it stays attached to the context, so that the
 * next statement finds it so. */
typedef struct YaraLink YaraLink;
struct YaraLink
{
  YaraWatch       watch;
  atomic_int      ref_count;   /* the loop's, and the resting session's */
  atomic_bool     is_taken;    /* from the pool by somebody else, while it rested */
  _Atomic (YaraLoop *) loop;   /* compared only; NULL: it is gone */

  YaraSession    *session;     /* NULL: it is no longer this loop's */
  gboolean        is_resting;
  YaraJobQueue    in_flight;
  guint           n_raw;       /* of these: SQL of the program, which may take long */
  gint64          progress_at; /* when something was last decided, or sent with nothing else in flight */
  gboolean        is_leaving;  /* somebody waits for it in the pool: gets no new work */
  gboolean        is_unflushed;

  gpointer        tag;         /* of its descriptor in the source; NULL: not attached */
  GIOCondition    condition;
  YaraLink       *next;
};

struct YaraLoops
{
  atomic_int               ref_count; /* the database's and the loops' */
  const YaraBackendConfig *config;
  YaraPool                *pool;
  pthread_mutex_t          mutex;     /* of what follows */
  gboolean                 is_closed;
  YaraLoop                *first;
};

struct YaraLoop
{
  atomic_int      ref_count;    /* of the list, the source and threads that open sessions */
  YaraLoops      *loops;        /* a reference */
  YaraLoop       *next;         /* in the list */
  YaraDispatcher *dispatcher;   /* a reference */
  pthread_mutex_t mutex;
  const YaraBackendPipeline *pipeline;

  YaraJobQueue    queue;        /* without a session */
  YaraJobQueue    again;        /* go before the queue */
  YaraJobQueue    done;         /* to be completed */
  YaraJobQueue    ready;        /* being completed; of the thread that owns the context alone */
  YaraLink       *links;
  guint           n_busy;       /* links that do not rest */
  GThread        *issuer;       /* of the last job */
  gboolean        is_closed;
  gboolean        is_yielding;  /* nothing new is begun */
  gboolean        has_cancelled; /* a job was; it may be in the queue */
  gboolean        is_stopping;   /* jobs in flight may be cancelled */

  YaraPoolWaiter  waiter;
  gboolean        is_waiting;   /* in the pool's queue, */
  atomic_bool     is_granted;   /* or no longer */
  gboolean        is_opening;   /* a session, in a thread */
  gint64          open_after;   /* the last attempt has failed */
  YaraSession    *opened;       /* what the thread has brought, */
  GError         *open_error;
  gboolean        has_opened;   /* if it has */
  gint64          typical;      /* microseconds that a statement takes, about */
};

/* ---- loop.c ---- */

/* With the mutex of the loops held: the loop of a context, or NULL. */
YaraLoop *yara_loops_find (YaraLoops *loops, YaraDispatcher *dispatcher);

/* Has the context look at the loop soon. */
void      yara_loop_wake  (YaraLoop *loop);
YaraLoop *yara_loop_ref   (YaraLoop *loop);
void      yara_loop_unref (YaraLoop *loop);

/* ---- loop-advance.c: with the mutex held ---- */

/* Does whatever can be done without waiting. */
void   yara_loop_advance (YaraLoop *loop);

/* Takes what has arrived for a session. */
void   yara_loop_receive (YaraLoop *loop, YaraLink *link);

/* When yara_loop_advance() is to be called at the latest; G_MAXINT64: when something happens. */
gint64 yara_loop_get_deadline (YaraLoop *loop);

/* Whether nothing is in hand but what is done. */
gboolean yara_loop_is_idle (const YaraLoop *loop);

/* ---- loop-link.c: with the mutex held ---- */

/* Gets another session from the pool, now or later. TRUE: now. */
gboolean yara_loop_grow (YaraLoop *loop);

/* Takes what the pool or a thread has brought since. */
void     yara_loop_take_sessions (YaraLoop *loop);

/* Leaves the queue of the pool. */
void     yara_loop_stop_waiting (YaraLoop *loop);

/* Gives back a session with nothing in flight. */
void     yara_loop_release (YaraLoop *loop, YaraLink *link);

/* A session that rests has something to read: the server has ended it. */
void     yara_loop_look_at_resting (YaraLoop *loop, YaraLink *link);

void     yara_link_unref (YaraLink *link);

static inline gboolean
yara_link_is_busy (const YaraLink *link)
{
  return link->session != NULL && !link->is_resting;
}

/* ---- queues ---- */

static inline void
yara_job_queue_append (YaraJobQueue *queue, YaraJob *job)
{
  job->next = NULL;
  *(queue->last != NULL ? &queue->last->next : &queue->first) = job;
  queue->last = job;
  queue->n++;
}

static inline YaraJob *
yara_job_queue_pop (YaraJobQueue *queue)
{
  YaraJob *job = queue->first;

  queue->first = job->next;
  if (queue->first == NULL)
    queue->last = NULL;
  queue->n--;
  return job;
}

/* Empties `other` to the end of `queue`. */
static inline void
yara_job_queue_append_all (YaraJobQueue *queue, YaraJobQueue *other)
{
  while (other->first != NULL)
    yara_job_queue_append (queue, yara_job_queue_pop (other));
}
