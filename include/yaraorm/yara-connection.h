/* SPDX-License-Identifier: MIT
 *
 * Named connections and raw SQL on them. Raw SQL never goes through the router: it runs where the
 * caller says; in a transaction it joins, see yara-transaction.h.
 *
 * Arguments are written $1, $2, ... on every backend, and bound by their number.
 *
 * Every verb has three shapes: x() blocks, x_async() and x_finish() do not. A callback runs exactly
 * once, in the thread-default main context of the caller, never before x_async() has returned.
 * What is passed to x_async() is copied unless it says otherwise.
 */
#ifndef YARA_CONNECTION_H
#define YARA_CONNECTION_H

#include <yaraorm/yara-result.h>

G_BEGIN_DECLS

/* A named connection of a YaraOrm, which owns it: valid until the YaraOrm is freed. It goes by its
 * name: after the name was replaced it leads to the new database, after it was removed or the ORM
 * was closed every call fails with YARA_ERROR_CONNECTION. May be used from any thread. */
#define YARA_TYPE_CONNECTION (yara_connection_get_type ())
YARA_API G_DECLARE_FINAL_TYPE (YaraConnection, yara_connection, YARA, CONNECTION, GObject)

YARA_API const char *yara_connection_get_name    (YaraConnection *connection); /* (transfer none) */
YARA_API const char *yara_connection_get_backend (YaraConnection *connection); /* (transfer none) (nullable): "sqlite" */
YARA_API char       *yara_connection_get_url     (YaraConnection *connection); /* (transfer full) (nullable): no password */

/* What a server takes. */
typedef enum
{
  YARA_ROLE_UNKNOWN, /* it does not tell: before PostgreSQL 14 */
  YARA_ROLE_PRIMARY, /* reads and writes; SQLite always */
  YARA_ROLE_STANDBY  /* reads only; or it has just refused a write as read-only (SQLSTATE 25006) */
} YaraRole;

/* How a connection does. What it tells of the server is as the session that was used last has seen it,
 * and as old as that use. */
typedef struct
{
  gsize    struct_size; /* set by the caller: sizeof (YaraConnectionStatus) */
  YaraRole role;
  int      version;     /* of the server, or the SQLite library: 150018 is PostgreSQL 15.18, 3040001 is SQLite 3.40.1 */
  guint    n_open;      /* sessions that are open, or being opened */
  guint    n_in_use;    /* of these, how many are not free */
  guint    max_size;    /* sessions at most */
  guint    n_queued;    /* statements that wait for a session or a thread */
  gint64   round_trip;  /* microseconds to the server and back, when a session was opened last; 0: unknown */
  gboolean is_pooled;   /* PostgreSQL: a pooler in transaction mode is in between, see `pooler` in yara-orm.h */
} YaraConnectionStatus;

/* Fills in `status`, as far as its struct_size goes. Does no I/O, and may be called from any thread.
 * FALSE: no database is behind the connection; it was removed, or the ORM was closed. */
YARA_API gboolean yara_connection_get_status (YaraConnection *connection, YaraConnectionStatus *status);

/* Runs one statement. Returns the number of rows that it inserted, updated or deleted, 0 for any
 * other statement, -1 on error. A second statement in `sql` is an error, and nothing of it runs. */
YARA_API gint64 yara_connection_execute        (YaraConnection *connection, const char *sql, const YaraArgs *args, GCancellable *cancellable, GError **error);
YARA_API void   yara_connection_execute_async  (YaraConnection *connection, const char *sql, const YaraArgs *args, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gint64 yara_connection_execute_finish (YaraConnection *connection, GAsyncResult *result, GError **error);

/* Runs one statement and returns its first row: (transfer full), with one row or none. */
YARA_API YaraRows *yara_connection_fetch_row        (YaraConnection *connection, const char *sql, const YaraArgs *args, GCancellable *cancellable, GError **error);
YARA_API void      yara_connection_fetch_row_async  (YaraConnection *connection, const char *sql, const YaraArgs *args, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraRows *yara_connection_fetch_row_finish (YaraConnection *connection, GAsyncResult *result, GError **error);

/* Runs one statement and returns all its rows: (transfer full). PostgreSQL: cells of a type for which there is no
 * kind, such as interval, inet or an array, are TEXT as the server writes it; with pooler=transaction or
 * statement_cache_size=0 they are YARA_ERROR_DECODE naming the column, to be cast to text in the SQL. */
YARA_API YaraRows *yara_connection_fetch_rows        (YaraConnection *connection, const char *sql, const YaraArgs *args, GCancellable *cancellable, GError **error);
YARA_API void      yara_connection_fetch_rows_async  (YaraConnection *connection, const char *sql, const YaraArgs *args, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraRows *yara_connection_fetch_rows_finish (YaraConnection *connection, GAsyncResult *result, GError **error);

/* Runs one statement and returns all its rows as dictionaries by column name: (transfer full), a
 * GVariant of type aa{sv}. NULL cells are left out; of two columns of one name the last counts.
 * Integers are x, numbers d, booleans b, bytes ay, everything else s. */
YARA_API GVariant *yara_connection_fetch_all        (YaraConnection *connection, const char *sql, const YaraArgs *args, GCancellable *cancellable, GError **error);
YARA_API void      yara_connection_fetch_all_async  (YaraConnection *connection, const char *sql, const YaraArgs *args, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API GVariant *yara_connection_fetch_all_finish (YaraConnection *connection, GAsyncResult *result, GError **error);

/* Runs the statements of `script` one after another on one session; comments and quotes are
 * understood. The first error stops it: what ran before stays, but a transaction that the script
 * left open is rolled back. */
YARA_API gboolean yara_connection_execute_script        (YaraConnection *connection, const char *script, GCancellable *cancellable, GError **error);
YARA_API void     yara_connection_execute_script_async  (YaraConnection *connection, const char *script, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_connection_execute_script_finish (YaraConnection *connection, GAsyncResult *result, GError **error);

G_END_DECLS

#endif
