/* SPDX-License-Identifier: MIT
 * The seam: what a database backend gives to the library. One const table of functions; the layers
 * above name no backend but through yara_backend_find(). */
#pragma once

#include <gio/gio.h>
#include <stdatomic.h>
#include "base/url.h"
#include "model/result.h"
#include "sql/dialect.h"
#include "sql/statement.h"
#include <yaraorm/yara-transaction.h>

typedef struct YaraBackend YaraBackend;

/* What the sessions of a database have last learned of its server: each writes it, anybody reads it. */
typedef struct
{
  atomic_int     role;       /* a YaraRole */
  atomic_int     version;    /* as the backend counts it; 0: unknown */
  _Atomic gint64 round_trip; /* microseconds; 0: unknown */
  atomic_bool    pooled;     /* a pooler is in between */
} YaraServerFacts;

/* What every backend's URL says about its sessions. The backend's own settings stand behind it: it
 * embeds this struct as its first member. */
typedef struct
{
  const YaraBackend *backend;
  char              *url;             /* redacted, for messages */
  guint              max_size;        /* sessions at most, at least 1 */
  guint              min_size;        /* sessions opened at once */
  gint64             acquire_timeout; /* microseconds */
  gint64             idle_timeout;    /* microseconds after which a session at rest is closed; 0: never */
  gint64             statement_timeout; /* microseconds; 0: none */
  gint64             max_lifetime;    /* microseconds after which a session is closed when it is released; 0: never */
  gboolean           single_session;  /* all statements share one session (SQLite in memory) */
  gboolean           single_writer;   /* one session writes, the others only read (SQLite files) */
  gboolean           fast_path;       /* asynchronous statements run in the calling thread */
  YaraServerFacts   *facts;           /* the config's own */
} YaraBackendConfig;

/* How it stands with the transaction of a session that CONTROL requests have begun. */
typedef enum
{
  YARA_TRANSACTION_NONE,
  YARA_TRANSACTION_OPEN,
  YARA_TRANSACTION_FAILED, /* the database has refused something; only rolling back helps */
  YARA_TRANSACTION_LOST    /* it has ended by itself */
} YaraTransactionState;

/* Who watches a session while it rests in the pool. Told once, when somebody else is given the session
 * or it is closed; takes no lock that is held around calls of the pool. */
typedef struct YaraWatch YaraWatch;
struct YaraWatch
{
  void (*taken) (YaraWatch *watch);
};

/* One open session; used by one thread at a time. The backend embeds this as its first member. */
typedef struct
{
  const YaraBackendConfig *config;
  gboolean                 read_only;
  YaraTransactionState     transaction;
  GError                  *failure;    /* why it has FAILED or is LOST */
  gint64                   opened_at, used_at; /* the pool's; monotonic */
  YaraWatch               *watch;      /* or NULL */
} YaraSession;

typedef enum
{
  YARA_REQUEST_STATEMENT,
  YARA_REQUEST_BULK_INSERT,
  YARA_REQUEST_SCRIPT,      /* text of the program, no transaction around it */
  YARA_REQUEST_TRANSACTION, /* a list of generated statements without values, all or nothing (DDL) */
  YARA_REQUEST_CONTROL,     /* of a transaction over several requests */
  YARA_REQUEST_FETCH,       /* the next max_rows records of a statement */
  YARA_REQUEST_END_FETCH    /* no more of them */
} YaraRequestKind;

typedef enum
{
  YARA_COMMAND_BEGIN,
  YARA_COMMAND_COMMIT,
  YARA_COMMAND_ROLLBACK,
  YARA_COMMAND_SAVEPOINT,
  YARA_COMMAND_RELEASE,
  YARA_COMMAND_ROLLBACK_TO /* and release */
} YaraCommand;

/* How a COMMIT or ROLLBACK ended. */
typedef enum
{
  YARA_END_NOT_RUN, /* the request did not come to the backend: the transaction is as it was */
  YARA_END_COMMITTED,
  YARA_END_ROLLED_BACK,
  YARA_END_UNKNOWN
} YaraEnd;

typedef struct
{
  YaraCommand                   command;
  const YaraTransactionOptions *options;   /* BEGIN */
  guint                         savepoint; /* its number */
  YaraEnd                       end;       /* COMMIT, ROLLBACK: out */
} YaraControlRequest;

/* One piece of work for a session, and its outcome. */
typedef struct
{
  YaraRequestKind    kind;
  YaraStatement      statement;   /* STATEMENT, FETCH */
  YaraBulkInsert     bulk;        /* BULK_INSERT */
  const char        *script;      /* SCRIPT */
  const char *const *statements;  /* TRANSACTION; NULL-terminated */
  YaraControlRequest control;     /* CONTROL */
  guint              cursor;      /* FETCH, END_FETCH: of the session; 0 before the first, and after the last */
  gint64             timeout;     /* microseconds for each statement; 0: as the URL says; less: none */
  gboolean           in_transaction; /* belongs to the transaction of the session, and is nothing outside of it */

  /* the outcome: `error`, or what the kind of answer says */
  GError     *error;
  gint64      n_rows;     /* changed or returned */
  gint64      number;     /* YARA_ANSWER_KEY, YARA_ANSWER_NUMBER */
  YaraResult *records;    /* YARA_ANSWER_RECORDS */
  YaraRows   *rows;       /* YARA_ANSWER_ROWS */
  gint64      duration;   /* microseconds in the database; measured when `measure` is set */
  gboolean    measure;
} YaraRequest;

/* Drops the outcome, so that the request can be run again. */
void yara_request_reset (YaraRequest *request);

/* Microseconds; 0: none. */
static inline gint64
yara_request_get_timeout (const YaraRequest *request, const YaraBackendConfig *config)
{
  return G_LIKELY (request->timeout == 0) ? config->statement_timeout : MAX (request->timeout, 0);
}

/* ---- transactions over several requests; the same for all backends ---- */

/* Before a request: whether it may run as things stand with the transaction of the session. Sets the
 * request's error. */
gboolean yara_session_admit_slowly (YaraSession *session, YaraRequest *request);

static inline gboolean
yara_session_admit (YaraSession *session, YaraRequest *request)
{
  return G_LIKELY (!request->in_transaction && session->transaction == YARA_TRANSACTION_NONE) ||
         yara_session_admit_slowly (session, request);
}

/* After a request in a transaction: how the database says it stands. */
void yara_session_note (YaraSession *session, YaraRequest *request, gboolean is_open, gboolean has_failed);

/* The session is being closed. */
static inline void
yara_session_clear (YaraSession *session)
{
  g_clear_error (&session->failure);
}

/* Whether SQL of the program begins or ends a transaction or savepoint. */
gboolean yara_sql_is_control (const char *sql);

/* Refuses such SQL in an open transaction: FALSE with YARA_ERROR_TRANSACTION. */
gboolean yara_session_check_sql (YaraSession *session, const char *sql, GError **error);

/* Past the white space and comments at the start of `sql`. */
const char *yara_sql_skip_blank (const char *sql);

/* Whether its first word is `word`, in any letter case. */
gboolean yara_sql_starts_with (const char *sql, const char *word);

/* Whether SQL of the program is a SELECT or VALUES, also behind WITH: it can run on a session that only
 * reads. All else goes to one that writes. */
gboolean yara_sql_is_select (const char *sql);

/* Tells that a statement begins (TRUE; FALSE: it was cancelled, do not run it) and ends. Between the
 * two, session_interrupt() may be called from other threads. Given by the layer above; where it is
 * NULL nothing can be cancelled. */
typedef struct
{
  gboolean (*begin) (YaraRequest *request, gpointer user_data);
  void     (*end)   (YaraRequest *request, gpointer user_data);
  gpointer user_data;
} YaraRunGuard;

/* Statements in flight on one session, for who drives many sessions from one thread and waits for their
 * sockets itself. Nothing here blocks, but for end() when it says so. Each request is a transaction of its
 * own. When the link is lost every request is decided all the same, and end() leaves a session that is not
 * usable. */
typedef struct
{
  /* Begins, with a session that is at rest. FALSE: the session is of no more use. */
  gboolean (*begin) (YaraSession *session);

  /* Ends, with nothing in flight: back to what session_run() needs. */
  void     (*end)        (YaraSession *session);
  gboolean (*end_blocks) (YaraSession *session);

  /* Whether something is in flight, were it only an answer that nobody waits for. */
  gboolean (*is_busy)    (YaraSession *session);

  /* So many requests may be in flight; 0: nothing more may be sent before the end. */
  guint    (*get_limit) (YaraSession *session);

  /* Sends a STATEMENT request, which stays where it is until next() gives it. FALSE: it is decided already,
   * as by next(). */
  gboolean (*send)  (YaraSession *session, YaraRequest *request, gboolean *again);

  /* Lets go what was sent. */
  void     (*flush) (YaraSession *session);

  /* Takes what has arrived. */
  void     (*receive) (YaraSession *session);

  /* A request that is decided, in the order in which they were sent, or NULL. `again`: it did not run, through
   * no fault of its own; if it has an error, the link was lost, and the error is for who tries no more. */
  YaraRequest *(*next) (YaraSession *session, gboolean *again);

  int          (*get_fd)        (YaraSession *session);
  GIOCondition (*get_condition) (YaraSession *session);

  /* When expire() is to be called; G_MAXINT64: never. */
  gint64       (*get_deadline) (YaraSession *session);
  void         (*expire)       (YaraSession *session);

  /* Stops a request in flight, when the server may have come to it; called again whenever something has
   * happened until it is decided. */
  void         (*cancel) (YaraSession *session, YaraRequest *request);
} YaraBackendPipeline;

struct YaraBackend
{
  const char         *name;    /* "sqlite" */
  const char *const  *schemes; /* of the URLs it takes, NULL-terminated, lower case */
  const YaraDialect  *dialect;

  /* Reads and checks a URL without touching the database: (transfer full). */
  YaraBackendConfig *(*config_new)  (YaraUrl *url, GError **error);
  void               (*config_free) (YaraBackendConfig *config);

  /* Opens a session; blocks: (transfer full). */
  YaraSession *(*session_open)  (const YaraBackendConfig *config, gboolean read_only, GCancellable *cancellable, GError **error);
  void         (*session_close) (YaraSession *session);

  /* Runs one request in this thread, as a transaction of its own. Afterwards the session is clean,
   * or session_is_usable() says FALSE; but a FETCH leaves a cursor open until all is read, or it fails, or
   * END_FETCH comes, and a session with an open cursor never connects again by itself. Errors carry the backend's code, not the connection name. */
  void (*session_run) (YaraSession *session, YaraRequest *request, const YaraRunGuard *guard);

  /* Runs what was queued when a worker looked, in order: STATEMENT requests that are not raw, either
   * all reads (they share one read transaction) or all writes (one transaction, each request in a
   * savepoint of its own; a request that fails undoes only itself). Every outcome is final and, for
   * writes, committed when this returns; when the commit fails every request of the group has its
   * error. NULL where there is a pipeline. */
  void (*session_run_batch) (YaraSession *session, YaraRequest **requests, guint n_requests, const YaraRunGuard *guard);

  /* The steps of a transaction over several requests, for yara_session_run_control(), which looks after what they
   * mean for the ones to come. Errors are the request's. Committing, which is believed only when the database has
   * said so, sets control->end; it and rolling back leave no transaction open, or the session unusable. */
  gboolean (*session_begin)     (YaraSession *session, YaraRequest *request, const YaraRunGuard *guard);
  void     (*session_commit)    (YaraSession *session, YaraRequest *request, const YaraRunGuard *guard);
  void     (*session_roll_back) (YaraSession *session);

  /* Runs SQL that sets a savepoint or ends one. */
  gboolean (*session_run_savepoint) (YaraSession *session, const char *sql, GError **error);

  gboolean one_isolation; /* there is SERIALIZABLE and no other */

  /* NULL: asynchronous requests run on threads, with session_run() and session_run_batch(). */
  const YaraBackendPipeline *pipeline;

  /* Stops the statement that runs. From any thread. */
  void (*session_interrupt) (YaraSession *session);

  gboolean (*session_is_usable) (YaraSession *session);
};

/* Runs a CONTROL request, for the session_run() of the backends. */
void yara_session_run_control (YaraSession *session, YaraRequest *request, const YaraRunGuard *guard);

/* The backend that takes URLs of `scheme`; NULL with YARA_ERROR_CONFIGURATION and the known ones. */
const YaraBackend *yara_backend_find (const char *scheme, GError **error);

extern const YaraBackend yara_backend_postgres;
extern const YaraBackend yara_backend_sqlite;
