/* SPDX-License-Identifier: MIT
 * The routing in force: replacing its halves, and telling about it. decide.c asks it. */
#include "route/routes-private.h"

#include "route/refuse.h"

/* How long a new plugin waits for the one before the last to be unloaded, so that no more than two are
 * mapped. A call that stays longer inside that one does not hold it up. */
#define UNLOAD_TIMEOUT G_USEC_PER_SEC

YaraRoutes *
yara_routes_new (void)
{
  YaraRoutes         *routes = g_new0 (YaraRoutes, 1);
  pthread_mutexattr_t attributes;

  yara_generations_init (&routes->generations);
  pthread_mutexattr_init (&attributes);
  pthread_mutexattr_settype (&attributes, PTHREAD_MUTEX_ERRORCHECK); /* see begin_loading() */
  pthread_mutex_init (&routes->loading, &attributes);
  pthread_mutexattr_destroy (&attributes);
  yara_decision_log_init (&routes->log);
  return routes;
}

void
yara_routes_free (YaraRoutes *routes)
{
  yara_generations_clear (&routes->generations);
  yara_decision_log_clear (&routes->log);
  pthread_mutex_destroy (&routes->loading);
  g_free (routes);
}

void
yara_routes_set_registry (YaraRoutes *routes, YaraRegistry *registry)
{
  yara_generations_publish (&routes->generations, registry, NULL, NULL);
}

YaraRegistry *
yara_routes_get_registry (YaraRoutes *routes)
{
  YaraVisit     visit = yara_generations_enter (&routes->generations);
  YaraRegistry *registry = yara_registry_ref (visit.generation->registry);

  yara_generations_leave (&routes->generations, visit);
  return registry;
}

/* The receipt of putting `router` in force, once the old one is unloaded or `unload_timeout` is over. */
static YaraRouterReceipt *
replace (YaraRoutes *routes, YaraRouter *router, gint64 unload_timeout, GCancellable *cancellable)
{
  YaraRouterReceipt *receipt = g_new0 (YaraRouterReceipt, 1);
  YaraReplacement    replacement = { .receipt = receipt };

  yara_generations_publish (&routes->generations, NULL, router, &replacement);
  if (unload_timeout > 0)
    yara_generations_wait (&routes->generations, &replacement.n_waiting, 0, unload_timeout, cancellable);
  yara_generations_forget (&routes->generations, &replacement);
  return receipt;
}

YaraRouterReceipt *
yara_routes_replace_functions (YaraRoutes *routes, YaraRouterFunc db_for_read, YaraRouterFunc db_for_write,
                               gpointer user_data, GDestroyNotify destroy)
{
  YaraRouter *router = g_new0 (YaraRouter, 1);

  router->functions[YARA_OPERATION_READ] = db_for_read;
  router->functions[YARA_OPERATION_WRITE] = db_for_write;
  router->user_data = user_data;
  router->destroy = destroy;
  return replace (routes, router, 0, NULL);
}

void
yara_routes_set_functions (YaraRoutes *routes, YaraRouterFunc db_for_read, YaraRouterFunc db_for_write,
                           gpointer user_data, GDestroyNotify destroy)
{
  yara_router_receipt_free (yara_routes_replace_functions (routes, db_for_read, db_for_write, user_data, destroy));
}

/* Fails where it would wait for itself: a plugin that is being loaded may call into the program. */
static gboolean
begin_loading (YaraRoutes *routes, const char *path, GError **error)
{
  if (pthread_mutex_lock (&routes->loading) == 0)
    return TRUE;
  return yara_refuse (error, REFUSED, "router \"%s\": cannot be loaded while this thread is in the router_open of "
                      "another", path);
}

static YaraRouter *
load_router (const char *path, const char *args, const char *sha256, GError **error)
{
  YaraPlugin *plugin = yara_plugin_load_only (path, args, sha256, error);
  YaraRouter *router;

  if (plugin == NULL)
    return NULL;
  g_debug ("router \"%s\": loaded, args \"%s\", SHA-256 %s", plugin->path,
           args != NULL ? args : "", plugin->sha256);
  router = g_new0 (YaraRouter, 1);
  router->functions[YARA_OPERATION_READ] = plugin->functions[YARA_OPERATION_READ];
  router->functions[YARA_OPERATION_WRITE] = plugin->functions[YARA_OPERATION_WRITE];
  router->plugin = plugin;
  return router;
}

YaraRouterReceipt *
yara_routes_replace (YaraRoutes *routes, const char *path, const char *args, const char *sha256, gboolean wait,
                     GCancellable *cancellable, GError **error)
{
  gint64             unload_timeout = wait ? UNLOAD_TIMEOUT : 0;
  YaraRouterReceipt *receipt = NULL;
  YaraRouter        *router;

  if (path == NULL) /* works while a plugin that is being loaded does not come back */
    return replace (routes, g_new0 (YaraRouter, 1), unload_timeout, cancellable);
  if (!begin_loading (routes, path, error))
    return NULL;
  yara_generations_wait (&routes->generations, &routes->generations.n_routers, 1, UNLOAD_TIMEOUT, NULL);
  router = load_router (path, args, sha256, error);
  if (router != NULL)
    receipt = replace (routes, router, unload_timeout, cancellable);
  pthread_mutex_unlock (&routes->loading);
  return receipt;
}

gboolean
yara_routes_set_shadow (YaraRoutes *routes, const char *path, const char *args, GError **error)
{
  YaraRouter *shadow;

  if (path == NULL)
    {
      yara_generations_publish_shadow (&routes->generations, NULL);
      return TRUE;
    }
  if (!begin_loading (routes, path, error))
    return FALSE;
  shadow = load_router (path, args, NULL, error);
  if (shadow != NULL)
    {
      shadow->differences = g_new (YaraTally, 1);
      yara_tally_init (shadow->differences);
      yara_generations_publish_shadow (&routes->generations, shadow);
    }
  pthread_mutex_unlock (&routes->loading);
  return shadow != NULL;
}

gboolean
yara_routes_ask_shadow (YaraRoutes *routes, YaraTallyFunc func, gpointer data)
{
  YaraVisit         visit = yara_generations_enter (&routes->generations);
  const YaraRouter *shadow = visit.generation->shadow;

  if (shadow != NULL)
    yara_tally_foreach (shadow->differences, func, data);
  yara_generations_leave (&routes->generations, visit);
  return shadow != NULL;
}

gboolean
yara_routes_set_plugin (YaraRoutes *routes, const char *path, const char *args, GError **error)
{
  g_autoptr (YaraRouterReceipt) receipt = yara_routes_replace (routes, path, args, NULL, FALSE, NULL, error);

  return receipt != NULL;
}

gboolean
yara_routes_log_decisions (YaraRoutes *routes, const char *path, GError **error)
{
  return yara_decision_log_open (&routes->log, path, error);
}

YaraRouterInfo *
yara_routes_get_info (YaraRoutes *routes)
{
  YaraGenerations  *generations = &routes->generations;
  YaraRouterInfo   *info = g_new0 (YaraRouterInfo, 1);
  const YaraRouter *router;

  pthread_mutex_lock (&generations->lock);
  router = atomic_load (&generations->current)->router;
  info->generation = router->number;
  if (router->plugin != NULL)
    {
      info->path = g_strdup (router->plugin->path);
      info->args = g_strdup (router->plugin->args);
      info->sha256 = g_strdup (router->plugin->sha256);
    }
  info->calls = yara_generations_count_calls (generations);
  info->retired = generations->n_routers - 1;
  pthread_mutex_unlock (&generations->lock);
  return info;
}

void
yara_router_info_free (YaraRouterInfo *info)
{
  g_free (info->path);
  g_free (info->args);
  g_free (info->sha256);
  g_free (info);
}

void
yara_router_receipt_free (YaraRouterReceipt *receipt)
{
  g_free (receipt->old_path);
  g_free (receipt->old_sha256);
  g_free (receipt->path);
  g_free (receipt->sha256);
  g_free (receipt);
}

gboolean
yara_routes_drain (YaraRoutes *routes, gint64 timeout)
{
  return yara_generations_wait (&routes->generations, &routes->generations.n_retired, 0, timeout, NULL);
}

gboolean
yara_routes_drain_routers (YaraRoutes *routes, gint64 timeout, GCancellable *cancellable)
{
  return yara_generations_wait (&routes->generations, &routes->generations.n_routers, 1, timeout, cancellable);
}
