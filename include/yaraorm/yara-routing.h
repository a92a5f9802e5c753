/* SPDX-License-Identifier: MIT
 *
 * Routing: which connection a statement goes to, and the router that decides it.
 *
 * A statement is placed once, in this order: an open transaction, yara_orm_using(), the router,
 * the model's own connection, "default". A router that answers NULL or "" has no opinion. Any other
 * answer must be the name of a connection; else the statement fails with YARA_ERROR_CONFIGURATION
 * and nothing is sent. In a transaction the router is not asked, unless its rule says so: see
 * yara-transaction.h.
 *
 * Reads are: all, first, last, get, get_or_none, count, exists, values, refresh. Everything else,
 * schema generation too, is a write.
 */
#ifndef YARA_ROUTING_H
#define YARA_ROUTING_H

#include <yaraorm/yara-orm.h>

G_BEGIN_DECLS

/* Why a statement runs where it runs. */
typedef enum
{
  YARA_ROUTE_TRANSACTION, /* the open transaction pins it */
  YARA_ROUTE_USING,       /* the caller named the connection */
  YARA_ROUTE_ROUTER,      /* the router answered */
  YARA_ROUTE_MODEL,       /* the model's own connection */
  YARA_ROUTE_DEFAULT      /* nobody had an opinion */
} YaraRouteReason;

/* "transaction", "using", "router", "model" or "default": (transfer none). */
YARA_API const char *yara_route_reason_get_name (YaraRouteReason reason);

/* Replaces the router by the plugin at `path`; statements already decided finish where they were
 * sent. NULL removes routing. A `path` with a slash is a file; one without is looked up as
 * NAME.so in the folders of $YARAORM_ROUTER_PATH, then in the installed lib/yaraorm/routers. The
 * file is copied into memory when it is loaded: it may be replaced, overwritten or removed at any
 * time, and is read anew by every call. `args` (nullable) is handed to the plugin's router_open.
 * On error (YARA_ROUTER_ERROR) the old router stays in force. The asynchronous form loads in
 * another thread. A router may replace itself from within a call; while a plugin is being loaded its
 * router_open cannot load another: YARA_ROUTER_ERROR_REFUSED. */
YARA_API gboolean yara_orm_set_router        (YaraOrm *orm, const char *path, const char *args, GCancellable *cancellable, GError **error);
YARA_API void     yara_orm_set_router_async  (YaraOrm *orm, const char *path, const char *args, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_set_router_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* What replacing a router was like. The members about the old and the new plugin are NULL for functions
 * and for no router. */
typedef struct
{
  guint64 old_generation;
  char   *old_path;
  char   *old_sha256;
  guint64 generation;   /* of the new router */
  char   *path;
  char   *sha256;
  guint   n_deciding;   /* calls that were still inside the old one when the new one was in force */
  gint64  unload_time;  /* microseconds until the old one was unloaded; -1: it is not yet */
} YaraRouterReceipt;

YARA_API void yara_router_receipt_free (YaraRouterReceipt *receipt);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraRouterReceipt, yara_router_receipt_free)

/* Trials of a plugin. Another process, the installed yaraorm-trial (or the program that
 * $YARAORM_TRIAL_HELPER names), loads it first and asks it about every registered model and both operations, without
 * hints, several times. A crash, five seconds without an end, or the name of an unknown connection is
 * YARA_ROUTER_ERROR_TRIAL, and this process has not run any of its code. It then loads the same bytes. */
typedef enum
{
  YARA_ROUTER_DEFAULT     = 0,
  YARA_ROUTER_TRIAL       = 1 << 0,
  YARA_ROUTER_KEEP_WRITES = 1 << 1  /* a trial, which also fails when a model would be written elsewhere than now */
} YaraRouterFlags;

/* As yara_orm_set_router(), and tells about it: (transfer full). Waits up to a second for the old router to
 * be unloaded; cancelling ends the wait, and the new router stays. NULL: the old router is in force, with
 * the error. Register the models before. */
YARA_API YaraRouterReceipt *yara_orm_replace_router        (YaraOrm *orm, const char *path, const char *args, YaraRouterFlags flags, GCancellable *cancellable, GError **error);
YARA_API void               yara_orm_replace_router_async  (YaraOrm *orm, const char *path, const char *args, YaraRouterFlags flags, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraRouterReceipt *yara_orm_replace_router_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Waits until no call is inside an earlier router and all of them are unloaded, up to `timeout` seconds, 0
 * to 86400. Statements that they have placed may still run. YARA_ERROR_TIMEOUT. Must not be called from
 * a router. */
YARA_API gboolean yara_orm_drain_router        (YaraOrm *orm, double timeout, GCancellable *cancellable, GError **error);
YARA_API void     yara_orm_drain_router_async  (YaraOrm *orm, double timeout, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_drain_router_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Replaces the router by two functions of the program. `user_data` reaches them as
 * hints->user_data; `destroy` runs after the last call has returned, in any thread. */
YARA_API gboolean yara_orm_set_router_functions (YaraOrm *orm, YaraRouterFunc db_for_read, YaraRouterFunc db_for_write, gpointer user_data, GDestroyNotify destroy, GError **error);

/* The router in force. */
typedef struct
{
  guint64 generation; /* counts the routers that were in force; 0: none was set yet */
  char   *path;       /* of the plugin; (nullable) no router, or functions */
  char   *args;       /* (nullable) */
  char   *sha256;     /* of the plugin's bytes, in hexadecimal; (nullable) as path */
  guint64 calls;      /* decisions asked of this router so far */
  guint   retired;    /* older routers that a call is still inside, or that wait to be unloaded */
} YaraRouterInfo;

YARA_API YaraRouterInfo *yara_orm_get_router_info (YaraOrm *orm); /* (transfer full) */
YARA_API void            yara_router_info_free    (YaraRouterInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraRouterInfo, yara_router_info_free)

/* Loads the plugin at `path` as the shadow: it decides beside the router, on the same occasions, and nobody
 * follows it; only what it would have changed is counted, from zero on. A decision costs what it takes
 * to ask the shadow more. NULL removes it. On error (YARA_ROUTER_ERROR) everything stays as it was. Replacing
 * the router leaves the shadow. Arguments as for yara_orm_set_router(). A shadow that crashes takes the
 * process with it, as a router does. */
YARA_API gboolean yara_orm_set_shadow_router        (YaraOrm *orm, const char *path, const char *args, GCancellable *cancellable, GError **error);
YARA_API void     yara_orm_set_shadow_router_async  (YaraOrm *orm, const char *path, const char *args, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_set_shadow_router_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* What the shadow was asked and would change: (transfer full) (nullable), NULL when there is none. A GVariant
 * of type (tta(sssst)): decisions, how many differ, and these by model, "read" or "write", connection of the
 * router, connection of the shadow, and how often. A connection is "" where the name was unknown.
 * Decisions are counted, which is not statements: yara_orm_route() makes one, too. */
YARA_API GVariant *yara_orm_get_shadow_report (YaraOrm *orm);

/* A decision. */
typedef struct
{
  YaraConnection *connection; /* owned by the YaraOrm */
  YaraRouteReason reason;
  guint64         generation;
} YaraRoute;

/* Decides where a statement of `operation` on `model` would go, as every verb does, and sends
 * nothing. */
YARA_API gboolean yara_orm_route (YaraOrm *orm, const YaraModel *model, YaraOperation operation, YaraRoute *route, GError **error);

/* The log of decisions. From now on a line is appended to the file at `path` for each decision of `orm` and its views;
 * NULL ends it. The file is made, with mode 0600, when it does not exist. A program whose
 * environment has YARAORM_DECISION_LOG=PATH needs no call: every YaraOrm in it has that log from the start. A path that
 * cannot be used there is a warning.
 *
 * A decision is what every statement with a model begins with, the begin of a transaction by its model, and
 * yara_orm_route(). Raw SQL is not routed, and so not in it. A line is a JSON object:
 *
 *     {"model":"User","table":"users","operation":"read","hints":["tenant=7"],"answer":"replica",
 *      "reason":"router","generation":3}
 *
 *   model, table  of the model; own: its own connection, if it has one
 *   operation     read or write
 *   hints         of yara_orm_with_hints(), if any
 *   using         of yara_orm_using(), or the name of the transaction that begins; if any
 *   transaction   the connection of the transaction that was open; rule: pinned, strict or by_name
 *   answer        the name of the connection
 *   reason        yara_route_reason_get_name(), or "refused": it failed, and the answer is the name that could not be
 *                 followed, of which a router's is cut after 63 bytes
 *   generation    of the router in force; 0: a transaction decided, or none was ever set
 *
 * Members may come to these. A text that is not UTF-8 is the list of its bytes, as numbers. Each line is one
 * write() in append mode, so that threads and processes may share a file and files may be cut and joined at
 * lines, and nothing is lost in a crash of the program. Lines of several threads stand in the order in which
 * they were written, which may differ from that of the decisions by a few. A decision costs that write more, a
 * microsecond or a few, and nothing without a log. When it cannot be written (a disk is full) the log ends
 * with a warning; the statements go on. yaraorm-cli records and replays such logs.
 *
 * `path` is a file or a character device; anything else, and a file that cannot be opened, is
 * YARA_ERROR_CONFIGURATION, and the log before stays. When this has returned, nothing more is written to
 * the log before. From any thread, but not from a router. */
YARA_API gboolean yara_orm_log_decisions (YaraOrm *orm, const char *path, GError **error);

G_END_DECLS

#endif
