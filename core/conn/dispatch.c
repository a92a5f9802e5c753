/* SPDX-License-Identifier: MIT
 * One GSource for each main context. It looks at its queue itself rather than having its ready time
 * set: setting it back after each dispatch would wake the context once more. */
#include "conn/dispatch.h"

#include <pthread.h>
#include <stdatomic.h>

struct YaraDispatcher
{
  atomic_int ref_count;
  _Atomic (GMainContext *) context; /* NULL after the context is gone */
  pthread_mutex_t mutex;
  _Atomic (YaraCompletion *) first; /* pushed; changed under the mutex */
  YaraCompletion *last;

  /* Only the thread that owns the context comes here. */
  YaraCompletion *ready;            /* being completed */
  YaraCompletion *deferred, **deferred_end;
  YaraFlushFunc   flush;
};

typedef struct
{
  GSource base;
  YaraDispatcher *dispatcher;
} DispatcherSource;

static pthread_mutex_t table_mutex = PTHREAD_MUTEX_INITIALIZER;
static GHashTable *table; /* GMainContext -> YaraDispatcher, which the context keeps alive */

YaraDispatcher *
yara_dispatcher_ref (YaraDispatcher *dispatcher)
{
  atomic_fetch_add_explicit (&dispatcher->ref_count, 1, memory_order_relaxed);
  return dispatcher;
}

void
yara_dispatcher_unref (YaraDispatcher *dispatcher)
{
  if (atomic_fetch_sub (&dispatcher->ref_count, 1) > 1)
    return;
  pthread_mutex_destroy (&dispatcher->mutex);
  g_free (dispatcher);
}

/* ---- the source ---- */

static void
flush (YaraDispatcher *dispatcher)
{
  YaraCompletion *first = dispatcher->deferred;

  if (first == NULL)
    return;
  *dispatcher->deferred_end = NULL;
  dispatcher->deferred = NULL;
  dispatcher->flush (first);
}

static gboolean
has_work (GSource *source)
{
  YaraDispatcher *dispatcher = ((DispatcherSource *) source)->dispatcher;

  return dispatcher->ready != NULL || atomic_load (&dispatcher->first) != NULL;
}

static gboolean
prepare (GSource *source, int *timeout)
{
  flush (((DispatcherSource *) source)->dispatcher);
  *timeout = -1;
  return has_work (source);
}

/* A completion may run a loop of its own, which comes in here again and goes on where this left off. */
static gboolean
dispatch (GSource *source, GSourceFunc callback, gpointer user_data)
{
  YaraDispatcher *dispatcher = ((DispatcherSource *) source)->dispatcher;
  YaraCompletion **end = &dispatcher->ready;

  while (*end != NULL)
    end = &(*end)->next;
  pthread_mutex_lock (&dispatcher->mutex);
  *end = atomic_load (&dispatcher->first);
  atomic_store (&dispatcher->first, NULL);
  pthread_mutex_unlock (&dispatcher->mutex);

  while (dispatcher->ready != NULL)
    {
      YaraCompletion *completion = dispatcher->ready;

      dispatcher->ready = completion->next;
      completion->complete (completion);
    }
  return G_SOURCE_CONTINUE;
}

/* The context is going. It is still there for who has the mutex. */
static void
forget_context (gpointer data)
{
  YaraDispatcher *dispatcher = data;

  pthread_mutex_lock (&table_mutex);
  g_hash_table_remove (table, atomic_load (&dispatcher->context));
  pthread_mutex_unlock (&table_mutex);

  pthread_mutex_lock (&dispatcher->mutex);
  atomic_store (&dispatcher->context, NULL);
  pthread_mutex_unlock (&dispatcher->mutex);
}

static gboolean
never_called (gpointer data)
{
  g_assert_not_reached ();
}

static void
finalize (GSource *source)
{
  yara_dispatcher_unref (((DispatcherSource *) source)->dispatcher);
}

static YaraDispatcher *
dispatcher_new (GMainContext *context)
{
  static GSourceFuncs functions = { prepare, has_work, dispatch, finalize, NULL, NULL };
  YaraDispatcher *dispatcher = g_new0 (YaraDispatcher, 1);
  GSource *source = g_source_new (&functions, sizeof (DispatcherSource));

  pthread_mutex_init (&dispatcher->mutex, NULL);
  atomic_init (&dispatcher->ref_count, 1); /* the source's */
  atomic_init (&dispatcher->context, context);
  ((DispatcherSource *) source)->dispatcher = dispatcher;
  g_source_set_static_name (source, "yaraorm completions");
  g_source_set_callback (source, never_called, dispatcher, forget_context);
  g_source_set_can_recurse (source, TRUE);
  g_source_attach (source, context);
  g_source_unref (source);
  return dispatcher;
}

/* ---- the dispatcher of a thread ---- */

static YaraDispatcher *
look_up (GMainContext *context)
{
  YaraDispatcher *dispatcher;

  pthread_mutex_lock (&table_mutex);
  if (table == NULL)
    table = g_hash_table_new (NULL, NULL);
  dispatcher = g_hash_table_lookup (table, context);
  if (dispatcher == NULL)
    {
      dispatcher = dispatcher_new (context);
      g_hash_table_insert (table, context, dispatcher);
    }
  yara_dispatcher_ref (dispatcher);
  pthread_mutex_unlock (&table_mutex);
  return dispatcher;
}

YaraDispatcher *
yara_dispatcher_get_current (void)
{
  static GPrivate last_used = G_PRIVATE_INIT ((GDestroyNotify) yara_dispatcher_unref);
  GMainContext *context = g_main_context_get_thread_default ();
  YaraDispatcher *dispatcher = g_private_get (&last_used);

  if (context == NULL)
    context = g_main_context_default ();
  /* That of a context which is gone matches none, not even one at the same address. */
  if (G_LIKELY (dispatcher != NULL && atomic_load_explicit (&dispatcher->context, memory_order_relaxed) == context))
    return yara_dispatcher_ref (dispatcher);

  dispatcher = look_up (context);
  g_private_replace (&last_used, yara_dispatcher_ref (dispatcher));
  return dispatcher;
}

GMainContext *
yara_dispatcher_get_context (YaraDispatcher *dispatcher)
{
  return atomic_load (&dispatcher->context);
}

/* Whether this thread is inside a callback of the context, and so will look at all sources before the
 * context sleeps. */
static gboolean
is_dispatching (GMainContext *context)
{
  return g_main_depth () > 0 && g_main_context_is_owner (context);
}

/* With the mutex held. */
static void
wake (YaraDispatcher *dispatcher)
{
  GMainContext *context = atomic_load (&dispatcher->context);

  if (context != NULL && !is_dispatching (context))
    g_main_context_wakeup (context);
}

void
yara_dispatcher_wake (YaraDispatcher *dispatcher)
{
  pthread_mutex_lock (&dispatcher->mutex);
  wake (dispatcher);
  pthread_mutex_unlock (&dispatcher->mutex);
}

void
yara_dispatcher_push (YaraDispatcher *dispatcher, YaraCompletion *first)
{
  YaraCompletion *last = first;

  while (last->next != NULL)
    last = last->next;

  /* The wake-up stays inside: once the mutex is free the completions may run, and end the context. */
  pthread_mutex_lock (&dispatcher->mutex);
  if (atomic_load (&dispatcher->first) != NULL)
    dispatcher->last->next = first;
  else
    {
      atomic_store (&dispatcher->first, first);
      wake (dispatcher);
    }
  dispatcher->last = last;
  pthread_mutex_unlock (&dispatcher->mutex);
}

gboolean
yara_dispatcher_defer (YaraDispatcher *dispatcher, YaraCompletion *item, YaraFlushFunc flush)
{
  if (!is_dispatching (atomic_load (&dispatcher->context)))
    return FALSE;
  dispatcher->flush = flush;
  *(dispatcher->deferred != NULL ? dispatcher->deferred_end : &dispatcher->deferred) = item;
  dispatcher->deferred_end = &item->next;
  return TRUE;
}

void
yara_dispatcher_flush_current (void)
{
  YaraDispatcher *dispatcher = yara_dispatcher_get_current ();
  GMainContext *context = atomic_load (&dispatcher->context);

  if (g_main_context_acquire (context)) /* else its owner does it */
    {
      flush (dispatcher);
      g_main_context_release (context);
    }
  yara_dispatcher_unref (dispatcher);
}
