/* SPDX-License-Identifier: MIT
 * The seam: what a database backend gives to the library. One const table of functions; the layers
 * above name no backend but through yara_backend_find(). */
#pragma once

#include <gio/gio.h>
#include "base/url.h"
#include "model/result.h"
#include "sql/dialect.h"
#include "sql/statement.h"

typedef struct YaraBackend YaraBackend;

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
  gint64             max_lifetime;    /* microseconds after which a session is closed when it is released; 0: never */
  gboolean           single_session;  /* all statements share one session (SQLite in memory) */
  gboolean           single_writer;   /* one session writes, the others only read (SQLite files) */
  gboolean           fast_path;       /* asynchronous statements run in the calling thread */
} YaraBackendConfig;

/* One open session; used by one thread at a time. The backend embeds this as its first member. */
typedef struct
{
  const YaraBackendConfig *config;
  gboolean                 read_only;
  gint64                   opened_at, used_at; /* the pool's; monotonic */
} YaraSession;

typedef enum
{
  YARA_REQUEST_STATEMENT,
  YARA_REQUEST_BULK_INSERT,
  YARA_REQUEST_SCRIPT,      /* text of the program, no transaction around it */
  YARA_REQUEST_TRANSACTION  /* a list of generated statements without values, all or nothing (DDL) */
} YaraRequestKind;

/* One piece of work for a session, and its outcome. */
typedef struct
{
  YaraRequestKind    kind;
  YaraStatement      statement;   /* STATEMENT */
  YaraBulkInsert     bulk;        /* BULK_INSERT */
  const char        *script;      /* SCRIPT */
  const char *const *statements;  /* TRANSACTION; NULL-terminated */

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
   * or session_is_usable() says FALSE. Errors carry the backend's code, not the connection name. */
  void (*session_run) (YaraSession *session, YaraRequest *request, const YaraRunGuard *guard);

  /* Runs what was queued when a worker looked, in order: STATEMENT requests that are not raw, either
   * all reads (they share one read transaction) or all writes (one transaction, each request in a
   * savepoint of its own; a request that fails undoes only itself). Every outcome is final and, for
   * writes, committed when this returns; when the commit fails every request of the group has its
   * error. */
  void (*session_run_batch) (YaraSession *session, YaraRequest **requests, guint n_requests, const YaraRunGuard *guard);

  /* Stops the statement that runs. From any thread. */
  void (*session_interrupt) (YaraSession *session);

  gboolean (*session_is_usable) (YaraSession *session);
};

/* The backend that takes URLs of `scheme`; NULL with YARA_ERROR_CONFIGURATION and the known ones. */
const YaraBackend *yara_backend_find (const char *scheme, GError **error);

extern const YaraBackend yara_backend_postgres;
extern const YaraBackend yara_backend_sqlite;
