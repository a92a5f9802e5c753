/* SPDX-License-Identifier: MIT
 * The routing in force: one published generation, which holds the router and the picture of the
 * connections. Deciding takes no lock; replacing never waits for a decision. */
#pragma once

#include <yaraorm/yara-routing.h>
#include "base/tally.h"
#include "conn/block.h"
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
  YaraBlock      *block;      /* (transfer full): the transaction that it belongs to, or NULL */
  YaraRouteReason reason;
  guint64         generation; /* 0: no router was asked */
  int             overridden; /* the YaraRouteReason of who was not followed because of the transaction, or -1 */
} YaraDecision;

static inline void
yara_decision_clear (YaraDecision *decision)
{
  g_clear_pointer (&decision->database, yara_database_unref);
  g_clear_pointer (&decision->block, yara_block_unref);
}

/* A copy with references of its own. */
static inline YaraDecision
yara_decision_copy (const YaraDecision *decision)
{
  yara_database_ref (decision->database);
  if (decision->block != NULL)
    yara_block_ref (decision->block);
  return *decision;
}

/* The one function that places a statement: in a transaction that is current in this thread, else by the router.
 * `using_name` and `hints` are nullable. */
gboolean yara_routes_decide (YaraRoutes *routes, const YaraModel *model, YaraOperation operation, const char *using_name, const char *const *hints, YaraDecision *decision, GError **error);

/* The same for raw SQL on a connection object. */
gboolean yara_routes_decide_raw (YaraRoutes *routes, YaraConnection *connection, YaraDecision *decision, GError **error);

/* Where a transaction begins, whatever is current: on connection `name`, else where writes of `model` go, else on
 * `using_name`, else on the default; all nullable. The block is the one that the chain has open there. */
gboolean yara_routes_decide_begin (YaraRoutes *routes, const char *name, const YaraModel *model, const char *using_name, const char *const *hints, YaraDecision *decision, GError **error);

/* Where the router sends writes of `model` outside of transactions: borrowed, NULL when they would fail. Asks it,
 * but is no decision: neither counted nor logged. */
YaraConnection *yara_routes_find_home (YaraRoutes *routes, const YaraModel *model);

/* The database behind a connection object, whatever is current; YARA_ERROR_CONNECTION when it was removed or
 * closed. Reason USING. */
gboolean yara_routes_decide_connection (YaraRoutes *routes, YaraConnection *connection, YaraDecision *decision, GError **error);

/* Puts a picture of the connections in force, with the router as it is. Takes over the reference. */
void yara_routes_set_registry (YaraRoutes *routes, YaraRegistry *registry);
/* The picture in force: (transfer full). */
YaraRegistry *yara_routes_get_registry (YaraRoutes *routes);

/* Replace the router. YARA_ROUTER_ERROR leaves the old one. `path` NULL: none. */
gboolean yara_routes_set_plugin    (YaraRoutes *routes, const char *path, const char *args, GError **error);
void     yara_routes_set_functions (YaraRoutes *routes, YaraRouterFunc db_for_read, YaraRouterFunc db_for_write, gpointer user_data, GDestroyNotify destroy);

/* The same with what is to be told about it: (transfer full). `sha256` (nullable): that of
 * the only bytes that will do. `wait`: some time for the old one to be unloaded. */
YaraRouterReceipt *yara_routes_replace           (YaraRoutes *routes, const char *path, const char *args, const char *sha256, gboolean wait, GCancellable *cancellable, GError **error);
YaraRouterReceipt *yara_routes_replace_functions (YaraRoutes *routes, YaraRouterFunc db_for_read, YaraRouterFunc db_for_write, gpointer user_data, GDestroyNotify destroy);

/* Puts a plugin beside the router, to be asked and not followed. `path` NULL: none. */
gboolean yara_routes_set_shadow (YaraRoutes *routes, const char *path, const char *args, GError **error);
/* Calls `func` with what the shadow was asked, by model, connection of the router, connection of the shadow and
 * operation; a connection is NULL for an unknown name, both are where they agree. FALSE: there is none. */
gboolean yara_routes_ask_shadow (YaraRoutes *routes, YaraTallyFunc func, gpointer data);

/* Appends what is decided to the file at `path` from now on; NULL: to none. YARA_ERROR_CONFIGURATION. */
gboolean yara_routes_log_decisions (YaraRoutes *routes, const char *path, GError **error);

YaraRouterInfo *yara_routes_get_info (YaraRoutes *routes);

/* Waits until every retired generation is reclaimed, up to `timeout` microseconds. FALSE: not yet. */
gboolean yara_routes_drain (YaraRoutes *routes, gint64 timeout);

/* The same for older routers. */
gboolean yara_routes_drain_routers (YaraRoutes *routes, gint64 timeout, GCancellable *cancellable);
