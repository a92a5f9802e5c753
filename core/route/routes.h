/* SPDX-License-Identifier: MIT
 * The routing in force: one published generation, which holds the router and the picture of the
 * connections. Deciding takes no lock; replacing never waits for a decision. */
#pragma once

#include <yaraorm/yara-routing.h>
#include "conn/connection.h"

typedef struct YaraRoutes YaraRoutes;

YaraRoutes *yara_routes_new  (void); /* no connections, no router */
/* Nobody may be deciding any more. Unloads everything. */
void        yara_routes_free (YaraRoutes *routes);

/* Where a statement goes. */
typedef struct
{
  YaraConnection *connection; /* borrowed */
  YaraDatabase   *database;   /* (transfer full) */
  YaraRouteReason reason;
  guint64         generation;
} YaraDecision;

/* The one function that places a statement. `using_name` and `hints` are nullable. */
gboolean yara_routes_decide (YaraRoutes *routes, const YaraModel *model, YaraOperation operation, const char *using_name, const char *const *hints, YaraDecision *decision, GError **error);

/* The database behind a connection object, for raw SQL; YARA_ERROR_CONNECTION when it was removed or
 * closed. Reason USING. */
gboolean yara_routes_decide_connection (YaraRoutes *routes, YaraConnection *connection, YaraDecision *decision, GError **error);

/* Puts a picture of the connections in force, with the router as it is. Takes over the reference. */
void yara_routes_set_registry (YaraRoutes *routes, YaraRegistry *registry);
/* The picture in force: (transfer full). */
YaraRegistry *yara_routes_get_registry (YaraRoutes *routes);

/* Replace the router. YARA_ROUTER_ERROR leaves the old one. `path` NULL: none. */
gboolean yara_routes_set_plugin    (YaraRoutes *routes, const char *path, const char *args, GError **error);
void     yara_routes_set_functions (YaraRoutes *routes, YaraRouterFunc db_for_read, YaraRouterFunc db_for_write, gpointer user_data, GDestroyNotify destroy);

YaraRouterInfo *yara_routes_get_info (YaraRoutes *routes);

/* Waits until every retired generation is reclaimed, up to `timeout` microseconds. FALSE: not yet. */
gboolean yara_routes_drain (YaraRoutes *routes, gint64 timeout);
