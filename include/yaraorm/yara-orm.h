/* SPDX-License-Identifier: MIT
 *
 * The ORM: opening, closing, the named connections and the models.
 *
 * Connection URLs
 *   sqlite://./cache.db  sqlite://cache.db   relative path     sqlite:///var/lib/app.db   absolute path
 *   sqlite::memory:      sqlite://:memory:   in memory, one session
 *   postgresql://user@host:port/database     and whatever else libpq takes: several hosts, host=/socket/folder,
 *                                            service=, passfile=, sslmode=, target_session_attrs=,
 *                                            application_name=, options=
 * with ?name=value&name=value of
 *   max_size              sessions at most, 1 to 64, default 8; PostgreSQL 1 to 1000, default 16
 *   min_size              sessions opened at once, 0 to max_size, default 0
 *   acquire_timeout       seconds to wait for a free session, 0.001 to 3600, default 30
 *   statement_cache_size  prepared statements kept per session, 0 to 10000, default 100
 *   statement_timeout     seconds for a statement, kept by the client, 0 to 86400, 0 none, default 0
 *   busy_timeout          SQLite: seconds to wait for another process's lock, 0 to 3600, default 5
 *   synchronous           SQLite: OFF, NORMAL, FULL or EXTRA, default NORMAL
 *   sync_fast_path        SQLite: 1 runs asynchronous statements in the calling thread, default 0
 *
 *   idle_timeout          PostgreSQL: seconds after which a session at rest is closed, down to min_size, when
 *                         the pool is next used, 0 to 86400, 0 never, default 600
 *   max_lifetime          PostgreSQL: seconds after which a session is closed when its statement ends, 0 to
 *                         86400, 0 never, default 0
 *   connect_timeout       PostgreSQL: seconds for each address that is tried, 0.001 to 3600, default 10
 *   pooler                PostgreSQL: none, transaction (a pooler that gives each transaction another
 *                         session), or auto, which asks the server; default auto
 *
 * Configure (open, add_connection, register, hooks) from one thread; then every verb may be called
 * from any thread. Replacing connections and routers is safe at any time.
 *
 * Signals, of the object that yara_orm_open() returned, also when the change was made through a view of it:
 *   router-changed (guint64 generation, const char *path)       another router is in force; path NULL: functions or none
 *   connection-changed (const char *name, gboolean is_there)    a connection was added, replaced or removed
 * They are emitted after the change, in the thread that made it: for asynchronous forms that is a helper thread,
 * and it happens before their callback. Several may come at once from several threads. A handler may run
 * statements. Closing emits nothing.
 */
#ifndef YARA_ORM_H
#define YARA_ORM_H

#include <yaraorm/yara-connection.h>

G_BEGIN_DECLS

#define YARA_TYPE_ORM (yara_orm_get_type ())
YARA_API G_DECLARE_FINAL_TYPE (YaraOrm, yara_orm, YARA, ORM, GObject)

/* Opens the connection "default" and, if `router` is not NULL, loads that router plugin (see
 * yara_orm_set_router()): (transfer full). When either fails nothing stays open. */
YARA_API YaraOrm *yara_orm_open        (const char *url, const char *router, GCancellable *cancellable, GError **error);
YARA_API void     yara_orm_open_async  (const char *url, const char *router, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraOrm *yara_orm_open_finish (GAsyncResult *result, GError **error);

/* Closes every connection. Statements that were issued before are finished first and their
 * callbacks run; open transactions are rolled back; later statements fail with YARA_ERROR_CONNECTION. Closing twice is fine. Freeing the
 * last reference closes too. Must not be called from a router plugin. */
YARA_API gboolean yara_orm_close        (YaraOrm *orm, GCancellable *cancellable, GError **error);
YARA_API void     yara_orm_close_async  (YaraOrm *orm, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_close_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Opens a database under a name (1 to 63 bytes of A-Z a-z 0-9 _ -). A name that exists, "default"
 * too, is replaced: the new database is opened first, statements in flight finish on the old one,
 * and a failure changes nothing. */
YARA_API gboolean yara_orm_add_connection        (YaraOrm *orm, const char *name, const char *url, GCancellable *cancellable, GError **error);
YARA_API void     yara_orm_add_connection_async  (YaraOrm *orm, const char *name, const char *url, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_add_connection_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Forgets a connection; statements in flight finish. "default" cannot be removed. */
YARA_API gboolean yara_orm_remove_connection (YaraOrm *orm, const char *name, GError **error);

/* The names of the connections, "default" first, then sorted: (transfer full). */
YARA_API char **yara_orm_list_connections (YaraOrm *orm);

/* The connection of a name, NULL for "default": (transfer none). An unknown name is
 * YARA_ERROR_CONFIGURATION with the known names. In a transaction it is, WHATEVER THE NAME, that of the
 * transaction: see yara-transaction.h. */
YARA_API YaraConnection *yara_orm_get_connection (YaraOrm *orm, const char *name, GError **error);

/* Checks a model and makes it known. `model` is kept, not copied. The same one twice is fine; two
 * of one name are an error. */
YARA_API gboolean yara_orm_register (YaraOrm *orm, const YaraModel *model, GError **error);

/* `orm` as seen through one connection: every verb on the returned object runs on connection
 * `name`, whatever the router says: (transfer full). An unknown name is reported by the verb. The
 * object shares everything else with `orm` and keeps it alive; make it once, use it often. */
YARA_API YaraOrm *yara_orm_using (YaraOrm *orm, const char *name);

/* `orm` with strings for the router: every verb on the returned object passes them in
 * YaraHints.strings: (transfer full). `hints`: "name=value" strings, NULL-terminated, copied. */
YARA_API YaraOrm *yara_orm_with_hints (YaraOrm *orm, const char *const *hints);

/* `orm` with a time-out of its own: every statement of a verb on the returned object may take so many
 * seconds, 0 to 86400, instead of the statement_timeout of the URL: (transfer full). 0: none. One that
 * takes longer is stopped and fails with YARA_ERROR_TIMEOUT. The wait for a session has its own limit,
 * acquire_timeout. Raw SQL has the time-out of its URL; a GCancellable stops it earlier. */
YARA_API YaraOrm *yara_orm_with_timeout (YaraOrm *orm, double seconds);

/* What a statement was. `struct_size` tells which members exist. Lives for the call only. */
typedef struct
{
  gsize            struct_size;
  const char      *verb;        /* "create", "all", "fetch_rows", ... */
  const YaraModel *model;       /* (nullable): raw SQL */
  const char      *connection;
  int              reason;      /* a YaraRouteReason, see yara-routing.h */
  guint64          generation;  /* of the router that decided */
  YaraOperation    operation;
  const char      *sql;         /* without values */
  gint64           duration;    /* microseconds in the database */
  gint64           n_rows;      /* returned or changed; -1 after an error */
  const GError    *error;       /* (nullable) */
  gboolean         in_transaction;
  int              overridden;  /* a YaraRouteReason: who was not asked, or not followed, because a transaction keeps
                                   the statement on its connection; -1: nobody */
} YaraQueryEvent;

typedef void (*YaraQueryHook) (YaraOrm *orm, const YaraQueryEvent *event, gpointer user_data);

/* Calls `hook` after every statement, in the thread that issued it and before its callback.
 * Returns a number for yara_orm_remove_query_hook(), which calls `destroy`; remove a hook while no
 * statement is in flight. */
YARA_API guint yara_orm_add_query_hook    (YaraOrm *orm, YaraQueryHook hook, gpointer user_data, GDestroyNotify destroy);
YARA_API void  yara_orm_remove_query_hook (YaraOrm *orm, guint id);

G_END_DECLS

#endif
