/* SPDX-License-Identifier: MIT
 * The public side of routing: replacing the router, and asking it. */
#include "orm/engine.h"

#include "orm/threaded.h"

gboolean
yara_orm_set_router (YaraOrm *orm, const char *path, const char *args, GCancellable *cancellable, GError **error)
{
  g_autoptr (YaraRouterReceipt) receipt = NULL;

  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  receipt = yara_routes_replace (orm->engine->routes, path, args, NULL, FALSE, cancellable, error);
  if (receipt != NULL)
    yara_orm_announce_router (orm, receipt);
  return receipt != NULL;
}

static gpointer
set_threaded (gpointer orm, const char *path, const char *args, GCancellable *cancellable, GError **error)
{
  return yara_orm_set_router (orm, path, args, cancellable, error) ? orm : NULL;
}

void
yara_orm_set_router_async (YaraOrm *orm, const char *path, const char *args, GCancellable *cancellable,
                           GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (YARA_IS_ORM (orm));

  yara_run_threaded (yara_orm_set_router_async, set_threaded, NULL, orm, path, args, cancellable, callback, user_data);
}

gboolean
yara_orm_set_router_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return yara_finish_threaded (yara_orm_set_router_async, orm, result, error) != NULL;
}

gboolean
yara_orm_set_router_functions (YaraOrm *orm, YaraRouterFunc db_for_read, YaraRouterFunc db_for_write,
                               gpointer user_data, GDestroyNotify destroy, GError **error)
{
  g_autoptr (YaraRouterReceipt) receipt = NULL;

  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);

  if (db_for_read == NULL || db_for_write == NULL)
    {
      g_set_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_MISSING_SYMBOL,
                   "router functions: %s is NULL; give both", db_for_read == NULL ? "db_for_read" : "db_for_write");
      return FALSE;
    }
  receipt = yara_routes_replace_functions (orm->engine->routes, db_for_read, db_for_write, user_data, destroy);
  yara_orm_announce_router (orm, receipt);
  return TRUE;
}

YaraRouterInfo *
yara_orm_get_router_info (YaraOrm *orm)
{
  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  return yara_routes_get_info (orm->engine->routes);
}

gboolean
yara_orm_route (YaraOrm *orm, const YaraModel *model, YaraOperation operation, YaraRoute *route, GError **error)
{
  YaraDecision decision;

  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (model != NULL && route != NULL, FALSE);

  if (yara_engine_find_model (orm->engine, model, error) == NULL ||
      !yara_routes_decide (orm->engine->routes, model, operation, orm->using_name, (const char *const *) orm->hints,
                           &decision, error))
    return FALSE;
  *route = (YaraRoute){ decision.connection, decision.reason, decision.generation };
  yara_decision_clear (&decision);
  return TRUE;
}
