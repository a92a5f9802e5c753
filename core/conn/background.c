/* SPDX-License-Identifier: MIT
 * A thread for each piece of rare blocking work. */
#include "conn/background.h"

#include "conn/dispatch.h"

typedef struct
{
  YaraCompletion     completion;
  GTask             *task;
  YaraBackgroundFunc work;
  YaraBackgroundFunc finish;
  YaraDispatcher    *dispatcher;
} Background;

static void
on_worked (YaraCompletion *completion)
{
  Background *background = (Background *) completion;

  background->finish (background->task);
  g_object_unref (background->task);
  g_free (background);
}

static gpointer
run_work (gpointer data)
{
  Background *background = data;
  YaraDispatcher *dispatcher = background->dispatcher;

  background->work (background->task);
  yara_dispatcher_push (dispatcher, &background->completion);
  yara_dispatcher_unref (dispatcher);
  return NULL;
}

void
yara_background_run (GTask *task, YaraBackgroundFunc work, YaraBackgroundFunc finish)
{
  Background *background = g_new (Background, 1);
  GThread *thread;

  *background = (Background) {
    .completion.complete = on_worked,
    .task = task,
    .work = work,
    .finish = finish,
    .dispatcher = yara_dispatcher_get_current (),
  };
  yara_dispatcher_flush_current (); /* statements issued before come before, closing for one */
  thread = g_thread_try_new ("yara-background", run_work, background, NULL);
  if (thread != NULL)
    g_thread_unref (thread);
  else /* there is none to be had: the loop waits, which is better than no outcome */
    run_work (background);
}
