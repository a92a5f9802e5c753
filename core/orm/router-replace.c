/* SPDX-License-Identifier: MIT
 * Replacing the router with a receipt, and waiting for the end of older ones. */
#include "orm/engine.h"

#include "conn/ambient.h"
#include "conn/background.h"
#include "route/trial.h"

/* `models`: for a trial. */
static YaraRouterReceipt *
replace (YaraOrm *orm, const YaraModel *const *models, const char *path, const char *args, YaraRouterFlags flags,
         GCancellable *cancellable, GError **error)
{
  g_autofree char   *sha256 = NULL;
  YaraRouterReceipt *receipt;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (path != NULL && flags != YARA_ROUTER_DEFAULT)
    {
      sha256 = yara_trial_run (orm->engine->routes, path, args, models, (flags & YARA_ROUTER_KEEP_WRITES) != 0, error);
      if (sha256 == NULL || g_cancellable_set_error_if_cancelled (cancellable, error))
        return NULL;
    }
  receipt = yara_routes_replace (orm->engine->routes, path, args, sha256, TRUE, cancellable, error);
  if (receipt != NULL)
    yara_orm_announce_router (orm, receipt);
  return receipt;
}

static gboolean
drain (YaraOrm *orm, double timeout, GCancellable *cancellable, GError **error)
{
  if (yara_routes_drain_routers (orm->engine->routes, timeout * G_USEC_PER_SEC, cancellable))
    return TRUE;
  if (!g_cancellable_set_error_if_cancelled (cancellable, error))
    g_set_error (error, YARA_ERROR, YARA_ERROR_TIMEOUT,
                 "an earlier router is still loaded after %g seconds: a call has not left it; "
                 "look for a router function that blocks", timeout);
  return FALSE;
}

/* ---- the asynchronous shapes: the blocking ones in a thread ---- */

typedef struct
{
  char              *path;
  char              *args;
  const YaraModel  **models; /* as they were then: registering is for the caller's thread */
  YaraRouterFlags    flags;
  double             timeout;
  YaraRouterReceipt *receipt;
  GError            *error;
} Work;

static void
work_free (Work *work)
{
  g_free (work->path);
  g_free (work->args);
  g_free (work->models);
  g_clear_pointer (&work->receipt, yara_router_receipt_free);
  g_clear_error (&work->error);
  g_free (work);
}

static void
run_replace (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  work->receipt = replace (g_task_get_source_object (task), work->models, work->path, work->args, work->flags,
                           g_task_get_cancellable (task), &work->error);
}

static void
run_drain (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  drain (g_task_get_source_object (task), work->timeout, g_task_get_cancellable (task), &work->error);
}

static void
return_outcome (GTask *task)
{
  Work *work = g_task_get_task_data (task);

  if (work->error != NULL)
    g_task_return_error (task, g_steal_pointer (&work->error));
  else if (work->receipt != NULL)
    g_task_return_pointer (task, g_steal_pointer (&work->receipt), (GDestroyNotify) yara_router_receipt_free);
  else
    g_task_return_boolean (task, TRUE);
}

static void
start (gpointer tag, YaraBackgroundFunc run, YaraOrm *orm, Work work, GCancellable *cancellable,
       GAsyncReadyCallback callback, gpointer user_data)
{
  GTask *task = yara_ambient_task_new (orm, tag, cancellable, callback, user_data);

  g_task_set_check_cancellable (task, FALSE); /* what was done is done */
  g_task_set_task_data (task, g_memdup2 (&work, sizeof work), (GDestroyNotify) work_free);
  yara_background_run (task, run, return_outcome);
}

/* ---- replace ---- */

YaraRouterReceipt *
yara_orm_replace_router (YaraOrm *orm, const char *path, const char *args, YaraRouterFlags flags,
                         GCancellable *cancellable, GError **error)
{
  g_autofree const YaraModel **models = NULL;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  models = yara_engine_list_models (orm->engine);
  return replace (orm, models, path, args, flags, cancellable, error);
}

void
yara_orm_replace_router_async (YaraOrm *orm, const char *path, const char *args, YaraRouterFlags flags,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (YARA_IS_ORM (orm));

  start (yara_orm_replace_router_async, run_replace, orm,
         (Work) { .path = g_strdup (path), .args = g_strdup (args),
                  .models = yara_engine_list_models (orm->engine), .flags = flags },
         cancellable, callback, user_data);
}

YaraRouterReceipt *
yara_orm_replace_router_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, orm), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, yara_orm_replace_router_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* ---- drain ---- */

gboolean
yara_orm_drain_router (YaraOrm *orm, double timeout, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (timeout >= 0 && timeout <= 86400, FALSE);

  return drain (orm, timeout, cancellable, error);
}

void
yara_orm_drain_router_async (YaraOrm *orm, double timeout, GCancellable *cancellable, GAsyncReadyCallback callback,
                             gpointer user_data)
{
  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (timeout >= 0 && timeout <= 86400);

  start (yara_orm_drain_router_async, run_drain, orm, (Work) { .timeout = timeout }, cancellable, callback, user_data);
}

gboolean
yara_orm_drain_router_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, orm), FALSE);
  g_return_val_if_fail (g_async_result_is_tagged (result, yara_orm_drain_router_async), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
