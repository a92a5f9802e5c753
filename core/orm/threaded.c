/* SPDX-License-Identifier: MIT
 * Blocking verbs in a thread. */
#include "orm/threaded.h"

#include "conn/ambient.h"
#include "conn/background.h"

typedef struct
{
  YaraThreadedFunc func;
  GDestroyNotify   destroy;
  char            *first;
  char            *second;
  gpointer         outcome;
  GError          *error;
} Work;

static void
work_free (Work *work)
{
  g_free (work->first);
  g_free (work->second);
  g_clear_error (&work->error);
  g_free (work);
}

static void
run_work (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  work->outcome = work->func (g_task_get_source_object (task), work->first, work->second,
                              g_task_get_cancellable (task), &work->error);
}

static void
return_outcome (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  if (work->outcome != NULL)
    g_task_return_pointer (task, work->outcome, work->destroy);
  else
    g_task_return_error (task, g_steal_pointer (&work->error));
}

void
yara_run_threaded (gpointer tag, YaraThreadedFunc func, GDestroyNotify destroy, gpointer source, const char *first,
                   const char *second, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = yara_ambient_task_new (source, tag, cancellable, callback, user_data);
  Work  *work = g_new0 (Work, 1);

  work->func = func;
  work->destroy = destroy;
  work->first = g_strdup (first);
  work->second = g_strdup (second);
  g_task_set_task_data (task, work, (GDestroyNotify) work_free);
  yara_background_run (task, run_work, return_outcome);
}

gpointer
yara_finish_threaded (gpointer tag, gpointer source, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, source), NULL);
  g_return_val_if_fail (g_task_get_source_tag (G_TASK (result)) == tag, NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
