/* SPDX-License-Identifier: MIT
 * The PostgreSQL backend from the inside, for the files of this folder. */
#pragma once

#include <libpq-fe.h>
#include <stdatomic.h>
#include "backend/backend.h"

/* A server of the URL, as written there. */
typedef struct
{
  char *host;    /* a name, an address, a folder of sockets; NULL: libpq's default */
  char *address; /* hostaddr, or NULL */
  char *port;    /* or NULL */
} YaraPostgresHost;

typedef enum
{
  YARA_POOLER_AUTO,        /* found out when a session is opened */
  YARA_POOLER_NONE,
  YARA_POOLER_TRANSACTION  /* statements may come to another server each: nothing is prepared */
} YaraPooler;

typedef struct
{
  YaraBackendConfig base;
  GPtrArray        *names;   /* what libpq is told but for the host: parameter names, */
  GPtrArray        *values;  /* and values, in the same order */
  YaraPostgresHost *hosts;
  guint             n_hosts;
  gboolean          prefers_standby;      /* target_session_attrs=prefer-standby, done by us */
  guint             statement_cache_size;
  gint64            connect_timeout;      /* microseconds, for each address */
  YaraPooler        pooler;
} YaraPostgresConfig;

/* A prepared statement of a session. */
typedef struct YaraPostgresPrepared YaraPostgresPrepared;
struct YaraPostgresPrepared
{
  guint64 id;       /* of generated SQL; 0: raw */
  char   *text;     /* of raw SQL, else NULL */
  guint   number;
  char    name[12]; /* "y<number>": the server knows it so */
  guint   n_types;
  Oid    *types;    /* declared for the parameters; 0: left to the server */
  int     format;   /* of its answers: 1 binary; 0 text, because a column has no binary form here */
  YaraPostgresPrepared *newer, *older;
};

typedef struct
{
  GHashTable *by_id;
  GHashTable *by_text;
  YaraPostgresPrepared *newest, *oldest;
  guint       n_kept, size;
  guint       last_number;
  GString    *garbage;   /* DEALLOCATE statements to be sent some time */
  guint       n_garbage;
} YaraPostgresCache;

/* Why the running statement is being stopped. */
typedef enum
{
  YARA_STOP_NONE,
  YARA_STOP_CANCELLED,
  YARA_STOP_TIMED_OUT
} YaraStop;

typedef struct YaraCancelRequest YaraCancelRequest;
typedef struct YaraPostgresPipeline YaraPostgresPipeline;

typedef struct
{
  YaraSession               base;
  const YaraPostgresConfig *config;
  PGconn                   *conn;
  YaraPostgresCache         cache;
  gboolean                  is_pooled;   /* prepares nothing */
  int                       wake_fd;     /* an eventfd: readable once interrupted */
  int                       cancel_fd;   /* the same of who opens the session, while it does; else -1 */
  atomic_bool               interrupted; /* the running request shall stop */
  gint64                    deadline;    /* of what is waited for, monotonic; G_MAXINT64: none */
  gint64                    timeout;     /* microseconds for each statement of the request; 0: none */
  gint64                    idle_since;  /* monotonic */
  gboolean                  is_unguarded; /* nobody may interrupt what is running */
  gboolean                  writes;      /* what is running may change rows */
  gboolean                  is_opening;  /* no request of a caller is running yet */
  YaraStop                  stop;
  YaraCancelRequest        *cancel;      /* on its way */
  gint64                    patience;    /* when the server is given up that was asked to stop; monotonic */
  YaraPostgresPipeline     *pipeline;    /* of who drives the session from a main loop; or NULL */
  guint                     last_cursor; /* the number of the cursor that was opened last */
  gboolean                  has_cursor;  /* and a transaction for it alone */
  gboolean                  is_retired;  /* good for what is under way, not for more: the server turned read-only */
  gboolean                  is_broken;
  char                     *pending;     /* the BEGIN of a transaction in which nothing was sent yet; or NULL */
  gboolean                  is_reading;  /* in a transaction that the program wanted read-only */
  gboolean                  must_discard; /* once the transaction has ended */
} YaraPostgresSession;

/* ---- config.c ---- */

YaraBackendConfig *yara_postgres_config_new  (YaraUrl *url, GError **error);
void               yara_postgres_config_free (YaraBackendConfig *base);

/* ---- connect.c ---- */

/* Connects to the first server of the URL that answers and will do: session->conn. Stops when the
 * session is interrupted. */
gboolean yara_postgres_connect (YaraPostgresSession *session, GCancellable *cancellable, GError **error);

/* After a request, and when a session was opened: keeps what the server has told with its last answers, its role
 * and its version. */
void     yara_postgres_note_server (YaraPostgresSession *session);

/* ---- resolve.c ---- */

/* The addresses of a host name, to be freed with g_resolver_free_addresses(). */
GList *yara_postgres_resolve (YaraPostgresSession *session, const char *name, GCancellable *cancellable, GError **error);

/* ---- session.c ---- */

YaraSession *yara_postgres_session_open      (const YaraBackendConfig *base, gboolean read_only, GCancellable *cancellable, GError **error);
void         yara_postgres_session_close     (YaraSession *base);
void         yara_postgres_session_interrupt (YaraSession *base);
gboolean     yara_postgres_session_is_usable (YaraSession *base);

/* Whether an idle session is of no more use. */
gboolean yara_postgres_session_has_hung_up (YaraPostgresSession *session);

/* Before something is sent on a session that was idle: connects again when the server has hung up. */
gboolean yara_postgres_session_revive (YaraPostgresSession *session, GError **error);

/* Rolls back what is open. What leaves a doubt breaks the session. */
void yara_postgres_session_clean (YaraPostgresSession *session);

/* Undoes what SQL of the program may have set, made or taken in the session. */
void yara_postgres_session_discard (YaraPostgresSession *session);

/* ---- wait.c ---- */

/* How long a server that was asked to stop may take for it, in microseconds. A session that is given up is
 * closed. */
#define YARA_POSTGRES_CANCEL_PATIENCE (G_USEC_PER_SEC / 2)

/* In microseconds: so often it is asked again. A request that comes between two statements stops none. */
#define YARA_POSTGRES_CANCEL_REPEAT (50 * 1000)

typedef enum
{
  YARA_WAIT_READY,
  YARA_WAIT_INTERRUPTED, /* or the request is to stop */
  YARA_WAIT_TIMED_OUT
} YaraWait;

/* Waits until `fd` is ready for `events` (POLLIN, POLLOUT). */
YaraWait yara_postgres_wait (YaraPostgresSession *session, int fd, short events, gint64 deadline, gboolean can_interrupt);

/* The time for one statement begins now. */
void yara_postgres_start_deadline (YaraPostgresSession *session);

/* The next result of what was sent: (transfer full); NULL at the end of each statement, and when the
 * link or the patience ended. A server that is to stop is told so, and given time to answer. */
PGresult *yara_postgres_receive (YaraPostgresSession *session);

/* Takes and drops results up to the end of the statement. */
void yara_postgres_drain (YaraPostgresSession *session);

/* Sends what libpq holds back. FALSE: the session is to stop, or broken. */
gboolean yara_postgres_flush (YaraPostgresSession *session);

/* After a request: no stop reaches what comes next. */
void yara_postgres_end_stop (YaraPostgresSession *session);

/* ---- cancel.c ---- */

/* Asks the server, in a thread because it may not answer, to stop what `conn` runs; NULL: cannot. */
YaraCancelRequest *yara_postgres_cancel_send (PGconn *conn);

gboolean yara_postgres_cancel_has_ended (YaraCancelRequest *request);

/* Has the server asked to stop what the session runs, unless that is being done. */
void yara_postgres_ask_to_stop (YaraPostgresSession *session);

/* FALSE: it is not known within `patience` microseconds whether the request has arrived. Frees. */
gboolean yara_postgres_cancel_wait (YaraCancelRequest *request, gint64 patience);

/* ---- error.c ---- */

/* The error of a result, or of the session when it is NULL. Does not take `result`. Breaks the session
 * when the error says that it is of no more use. */
GError *yara_postgres_error_new (YaraPostgresSession *session, const PGresult *result);

/* Why there is no connection. */
GError *yara_postgres_error_new_connect (PGconn *conn);
/* `host` (nullable) said nothing for connect_timeout. */
GError *yara_postgres_error_new_silent  (const YaraPostgresConfig *config, const char *host);

GError *yara_postgres_error_new_cancelled (gboolean was_running);

/* ---- prepared.c ---- */

void yara_postgres_cache_init  (YaraPostgresCache *cache, guint size);
void yara_postgres_cache_clear (YaraPostgresCache *cache);

/* Forgets everything: the server has too. */
void yara_postgres_cache_reset (YaraPostgresCache *cache);

/* Whether yara_postgres_cache_trim() has something to do. */
static inline gboolean
yara_postgres_cache_is_full (const YaraPostgresCache *cache)
{
  return cache->n_kept > cache->size || cache->n_garbage >= 16;
}

/* Before a request: keeps the cache within its size. */
void yara_postgres_cache_trim  (YaraPostgresSession *session);

/* The statement that is prepared with types that `types` fit, or NULL. Types of `types` that are 0 for a
 * NULL value are filled in. */
YaraPostgresPrepared *yara_postgres_cache_find (YaraPostgresCache *cache, const YaraStatement *statement, const YaraSql *sql, Oid *types);

/* One that is to be prepared now, under a name of its own. */
YaraPostgresPrepared *yara_postgres_cache_add (YaraPostgresCache *cache, const YaraStatement *statement, const YaraSql *sql, const Oid *types);

/* What the server says of its columns decides the form of its answers. */
void yara_postgres_cache_describe (YaraPostgresCache *cache, const YaraStatement *statement, guint number, const PGresult *description);

/* The one of this number is gone or of no more use. */
void yara_postgres_cache_forget (YaraPostgresCache *cache, gboolean is_raw, const YaraSql *sql, guint number);

/* ---- parameters.c ---- */

typedef struct
{
  YaraArena    arena;
  _Alignas (16) char space[2048]; /* where the arena starts */
  Oid         *types;
  const char **data;
  int         *lengths;
  int         *formats;
} YaraParameters;

/* To be cleared in any case. */
gboolean yara_postgres_parameters_init  (YaraParameters *parameters, const YaraStatement *statement, GError **error);
void     yara_postgres_parameters_clear (YaraParameters *parameters);

/* ---- statement.c ---- */

/* A statement on its way. */
typedef struct
{
  guint    number;   /* of the prepared statement; 0: sent unnamed */
  gboolean is_fresh; /* prepared together with it */
  gboolean is_asked; /* prepared, and asked for the types of its columns; it is yet to be run */
} YaraSent;

/* Sends one statement. FALSE: nothing was sent, `error` says why. In a pipeline no sync is sent. */
gboolean yara_postgres_send (YaraPostgresSession *session, const YaraStatement *statement, gboolean in_pipeline, YaraSent *sent, GError **error);

/* The result of what was sent: (transfer full), NULL when the link is lost. */
PGresult *yara_postgres_receive_sent (YaraPostgresSession *session, const YaraStatement *statement, const YaraSent *sent);

/* Sends a statement alone and takes its result, preparing it again when the server has dropped it or
 * its tables have changed: (transfer full); NULL with an error. */
PGresult *yara_postgres_execute (YaraPostgresSession *session, const YaraStatement *statement, GError **error);

/* Whether it failed only because the server has dropped what was prepared, or its tables have changed.
 * Forgets it then. */
gboolean yara_postgres_is_stale (YaraPostgresSession *session, const YaraStatement *statement, const YaraSent *sent, const PGresult *result);

/* The end of a pipeline's part, where it is committed. FALSE: the link is lost, or the server has refused to
 * commit, and says why in `refusal`: (transfer full) (nullable). */
gboolean yara_postgres_take_sync (YaraPostgresSession *session, PGresult **refusal);

/* Whether `result` is what was asked about the columns of a statement, which is to be sent again now. */
gboolean yara_postgres_is_description (const YaraSent *sent, const PGresult *result);

/* Makes the outcome of a request from its result, which it takes. */
void yara_postgres_take_answer (YaraPostgresSession *session, YaraRequest *request, PGresult *result);

/* Runs SQL of one statement without values by the simple protocol. `tag` (nullable): what the server
 * must answer. */
gboolean yara_postgres_command (YaraPostgresSession *session, const char *sql, const char *tag, GError **error);

/* ---- run.c ---- */

gboolean yara_postgres_begin_request (YaraRequest *request, const YaraRunGuard *guard);
void     yara_postgres_end_request   (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard);

/* Drops what there is of a result. Takes over `error`. */
void yara_postgres_fail_request (YaraRequest *request, GError *error);

gboolean yara_postgres_request_writes (const YaraRequest *request);

void yara_postgres_session_run (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard);

/* ---- transaction.c ---- */

gboolean yara_postgres_session_begin         (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard);
void     yara_postgres_session_commit        (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard);
void     yara_postgres_session_roll_back     (YaraSession *base);
gboolean yara_postgres_session_run_savepoint (YaraSession *base, const char *sql, GError **error);

/* Sends the BEGIN that is pending, if any, by itself. */
gboolean yara_postgres_send_pending (YaraPostgresSession *session, GError **error);

/* ---- split.c ---- */

/* Past white space, comments and semicolons: at the NUL, there is no statement. */
const char *yara_postgres_statement_start (const char *sql);

/* Where the statement at `sql` ends: at its semicolon, or at the NUL. `n_parameters`: the highest of $1,
 * $2, ... in it. */
const char *yara_postgres_statement_end (const char *sql, guint *n_parameters);

/* ---- pipeline.c ---- */

extern const YaraBackendPipeline yara_postgres_pipeline;

/* ---- bulk.c, cursor.c, script.c ---- */

void yara_postgres_run_bulk_insert   (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard);
void yara_postgres_run_fetch         (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard);
void yara_postgres_run_end_fetch     (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard);
void yara_postgres_run_script        (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard);
void yara_postgres_run_transaction   (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard);
