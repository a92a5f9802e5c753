/* SPDX-License-Identifier: MIT
 * The ambient transactions of a thread. */
#include "conn/ambient.h"

__thread YaraAmbientThread yara_ambient_thread;

G_DEFINE_BOXED_TYPE (YaraAmbient, yara_ambient, yara_ambient_ref, yara_ambient_unref)

/* ---- what is current ---- */

YaraAmbient *
yara_ambient_new (YaraAmbient *outer, YaraBlock *block)
{
  YaraAmbient *ambient = g_new (YaraAmbient, 1);

  atomic_init (&ambient->ref_count, 1);
  ambient->outer = outer != NULL ? yara_ambient_ref (outer) : NULL;
  ambient->block = yara_block_ref (block);
  return ambient;
}

YaraAmbient *
yara_ambient_ref (YaraAmbient *ambient)
{
  g_return_val_if_fail (ambient != NULL, NULL);

  atomic_fetch_add_explicit (&ambient->ref_count, 1, memory_order_relaxed);
  return ambient;
}

void
yara_ambient_unref (YaraAmbient *ambient)
{
  g_return_if_fail (ambient != NULL);

  while (ambient != NULL && atomic_fetch_sub (&ambient->ref_count, 1) == 1)
    {
      YaraAmbient *outer = ambient->outer;

      yara_block_unref (ambient->block);
      g_free (ambient);
      ambient = outer;
    }
}

/* Replaces what is current by what is around it. */
static void
drop_innermost (YaraAmbientThread *thread)
{
  YaraAmbient *ambient = thread->current;

  thread->current = ambient->outer != NULL ? yara_ambient_ref (ambient->outer) : NULL;
  yara_ambient_unref (ambient);
}

void
yara_ambient_prune (void)
{
  YaraAmbientThread *thread = &yara_ambient_thread;

  for (; thread->n_begun > 0 && yara_block_is_over (thread->current->block); thread->n_begun--)
    drop_innermost (thread);
}

void
yara_ambient_begin (YaraBlock *block)
{
  YaraAmbientThread *thread = &yara_ambient_thread;
  YaraAmbient *outer = thread->current;

  thread->current = yara_ambient_new (outer, block);
  thread->n_begun++;
  if (outer != NULL)
    yara_ambient_unref (outer);
}

YaraBlock *
yara_ambient_find_slowly (gconstpointer owner, YaraConnection *connection)
{
  yara_ambient_prune ();
  for (YaraAmbient *ambient = yara_ambient_thread.current; ambient != NULL; ambient = ambient->outer)
    if (yara_block_get_owner (ambient->block) == owner &&
        (connection == NULL || yara_block_get_connection (ambient->block) == connection))
      return ambient->block;
  return NULL;
}

/* (transfer full) (nullable) */
YaraAmbient *
yara_ambient_dup_current (void)
{
  if (G_LIKELY (yara_ambient_thread.current == NULL))
    return NULL;
  yara_ambient_prune ();
  return yara_ambient_thread.current != NULL ? yara_ambient_ref (yara_ambient_thread.current) : NULL;
}

/* ---- frames ---- */

void
yara_ambient_push (YaraAmbientFrame *frame, YaraAmbient *ambient)
{
  YaraAmbientThread *thread = &yara_ambient_thread;

  *frame = (YaraAmbientFrame) { thread->current, thread->n_begun, thread->frames };
  *thread = (YaraAmbientThread) { ambient != NULL ? yara_ambient_ref (ambient) : NULL, 0, frame };
}

void
yara_ambient_pop (YaraAmbientFrame *frame)
{
  YaraAmbientThread *thread = &yara_ambient_thread;

  if (G_UNLIKELY (thread->frames != frame))
    {
      g_critical ("a callback has returned between yara_ambient_enter() and yara_ambient_leave()");
      while (thread->frames != frame)
        yara_ambient_leave ();
    }
  if (thread->current != NULL)
    yara_ambient_unref (thread->current);
  *thread = (YaraAmbientThread) { frame->current, frame->n_begun, frame->outer };
}

/* Frames of the program are on the heap, those of callbacks on the stack. */
static __thread YaraAmbientFrame *entered;

typedef struct
{
  YaraAmbientFrame  base;
  YaraAmbientFrame *outer; /* the one that was entered before */
} EnteredFrame;

void
yara_ambient_enter (YaraAmbient *ambient)
{
  EnteredFrame *frame = g_new (EnteredFrame, 1);

  frame->outer = entered;
  entered = &frame->base;
  yara_ambient_push (&frame->base, ambient);
}

void
yara_ambient_leave (void)
{
  YaraAmbientFrame *frame = entered;

  g_return_if_fail (frame != NULL && yara_ambient_thread.frames == frame);

  entered = ((EnteredFrame *) frame)->outer;
  yara_ambient_pop (frame);
  g_free (frame);
}

/* ---- callbacks ---- */

void
yara_continuation_init (YaraContinuation *continuation, GAsyncReadyCallback callback, gpointer user_data)
{
  *continuation = (YaraContinuation) { callback, user_data, yara_ambient_dup_current () };
}

void
yara_continuation_run (YaraContinuation *continuation, GObject *source, GAsyncResult *result)
{
  YaraContinuation own = *continuation;
  YaraAmbientFrame frame;

  continuation->ambient = NULL;
  if (G_LIKELY (own.ambient == NULL && yara_ambient_thread.current == NULL))
    {
      if (own.callback != NULL)
        own.callback (source, result, own.user_data);
      return;
    }
  yara_ambient_push (&frame, own.ambient);
  if (own.callback != NULL)
    own.callback (source, result, own.user_data);
  yara_ambient_pop (&frame);
  if (own.ambient != NULL)
    yara_ambient_unref (own.ambient);
}

static void
run_task_callback (GObject *source, GAsyncResult *result, gpointer data)
{
  yara_continuation_run (data, source, result);
  g_free (data);
}

GTask *
yara_ambient_task_new (gpointer source, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  YaraContinuation *continuation = g_new (YaraContinuation, 1);
  GTask *task;

  yara_continuation_init (continuation, callback, user_data);
  task = g_task_new (source, cancellable, run_task_callback, continuation);
  g_task_set_source_tag (task, tag);
  g_task_set_check_cancellable (task, FALSE);
  return task;
}
