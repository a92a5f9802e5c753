/* SPDX-License-Identifier: MIT
 * The SQLite backend from the inside, for the files of this folder. */
#pragma once

#include <sqlite3.h>
#include <stdatomic.h>
#include "backend/backend.h"

typedef struct
{
  YaraBackendConfig base;
  char    *path;                 /* absolute, or ":memory:" */
  gboolean in_memory;
  guint    statement_cache_size;
  gint64   busy_timeout;         /* microseconds */
  guint    synchronous;          /* as PRAGMA synchronous */
} YaraSqliteConfig;

/* How a cell becomes a member of a record. */
typedef enum
{
  YARA_DECODE_ANY,
  YARA_DECODE_INT64,
  YARA_DECODE_INT32,
  YARA_DECODE_DOUBLE,
  YARA_DECODE_TEXT,
  YARA_DECODE_SURE_INT64, /* the table admits nothing else */
  YARA_DECODE_SURE_INT32
} YaraDecodeWay;

/* What is to be done with one column; small, because it is read for every cell. */
typedef struct
{
  YaraDecodeWay        way;
  guint32              offset; /* of the member */
  const YaraFieldInfo *field;
} YaraDecodeStep;

/* A prepared statement. */
typedef struct YaraPrepared YaraPrepared;
struct YaraPrepared
{
  sqlite3_stmt *stmt;
  guint64       id;           /* of generated SQL; 0: raw */
  char         *text;         /* of raw SQL, else NULL */
  guint         n_arguments;  /* that raw SQL wants */
  guint        *arguments;    /* raw SQL: for each parameter the argument, from 0; NULL: in order */
  YaraDecodeStep *plan;       /* made when records are read for the first time */
  int           n_reprepared; /* of the statement when the plan was made */
  gsize         n_records;    /* that it gave the last time */
  gboolean      is_kept;      /* in the cache */
  YaraPrepared *newer, *older;
};

/* The prepared statements of a session, the least recently used one out first. */
typedef struct
{
  GHashTable   *by_id;
  GHashTable   *by_text;
  YaraPrepared *newest, *oldest;
  guint         n_kept, size;
} YaraSqliteCache;

/* Statements that the backend itself needs. */
typedef enum
{
  YARA_CONTROL_BEGIN,
  YARA_CONTROL_BEGIN_IMMEDIATE,
  YARA_CONTROL_COMMIT,
  YARA_CONTROL_ROLLBACK,
  YARA_CONTROL_SAVEPOINT,
  YARA_CONTROL_RELEASE,
  YARA_CONTROL_ROLLBACK_TO,
  YARA_N_CONTROLS
} YaraControl;

typedef struct YaraSqliteCursor YaraSqliteCursor;

typedef struct
{
  YaraSession             base;
  const YaraSqliteConfig *config;
  sqlite3                *db;
  sqlite3_stmt           *controls[YARA_N_CONTROLS];
  YaraSqliteCache         cache;
  YaraSqliteCursor       *cursors;     /* that are open */
  guint                   last_cursor; /* the number of the newest */
  gint64                  busy_since;  /* monotonic */
  gint64                  timeout;     /* microseconds for each statement of the request; 0: none */
  gint64                  deadline;    /* of the running statement, monotonic; 0: none */
  atomic_bool             interrupted; /* the running request shall stop */
  gboolean                has_raised;     /* SQLite has reported an error in this request */
  gboolean                must_configure; /* once the transaction has ended */
  gboolean                is_broken;
} YaraSqliteSession;

/* ---- config.c ---- */

YaraBackendConfig *yara_sqlite_config_new  (YaraUrl *url, GError **error);
void               yara_sqlite_config_free (YaraBackendConfig *base);

/* ---- session.c ---- */

YaraSession *yara_sqlite_session_open      (const YaraBackendConfig *base, gboolean read_only,
                                            GCancellable *cancellable, GError **error);
void         yara_sqlite_session_close     (YaraSession *base);
void         yara_sqlite_session_interrupt (YaraSession *base);
gboolean     yara_sqlite_session_is_usable (YaraSession *base);

/* Sets what the program's own PRAGMAs may have changed. */
int  yara_sqlite_session_configure (YaraSqliteSession *session);

int  yara_sqlite_session_control   (YaraSqliteSession *session, YaraControl control);

/* Before SQL of the program: no other file can be attached, but VACUUM needs a place for its copy. */
void yara_sqlite_session_limit_attached (YaraSqliteSession *session, const char *sql);

/* Rolls back what is open, if something is. */
void yara_sqlite_session_clean     (YaraSqliteSession *session);

/* ---- error.c ---- */

/* The error for a result code of the last call. */
GError *yara_sqlite_error_new (YaraSqliteSession *session, int code);

/* The same for a session that cannot be opened; `db` is nullable. */
GError *yara_sqlite_error_new_open (const YaraSqliteConfig *config, sqlite3 *db, int code);

/* ---- cache.c ---- */

void yara_sqlite_cache_init  (YaraSqliteCache *cache, guint size);
void yara_sqlite_cache_clear (YaraSqliteCache *cache);

/* The prepared statement for generated or raw SQL; give it back with release, which resets it. */
YaraPrepared *yara_sqlite_prepare     (YaraSqliteSession *session, const YaraSql *sql, GError **error);
YaraPrepared *yara_sqlite_prepare_raw (YaraSqliteSession *session, const YaraSql *sql, GError **error);
/* One that the cache does not know of. */
YaraPrepared *yara_sqlite_prepare_alone (YaraSqliteSession *session, const YaraSql *sql, GError **error);
void          yara_sqlite_release     (YaraPrepared *prepared);

/* Whether only white space, comments and semicolons are left. */
gboolean yara_sqlite_is_blank (const char *sql);

/* ---- bind.c ---- */

/* Binds generated values: decimals as scaled integers. The values must stay until the reset. */
gboolean yara_sqlite_bind     (YaraSqliteSession *session, sqlite3_stmt *stmt, int index,
                               const YaraValue *value, GError **error);
gboolean yara_sqlite_bind_raw (YaraSqliteSession *session, const YaraPrepared *prepared,
                               const YaraStatement *statement, GError **error);

/* ---- decimal.c ---- */

#define YARA_DECIMAL_MAX_SCALE 18 /* digits that always fit 64 bits */
#define YARA_DECIMAL_TEXT_SIZE 48

/* "-12.5" with scale 2 is -1250. FALSE: it does not fit. */
gboolean yara_sqlite_decimal_to_integer (const char *text, gsize size, guint scale, gint64 *number);
/* Returns the length. */
gsize    yara_sqlite_decimal_to_text    (gint64 number, guint scale, char text[YARA_DECIMAL_TEXT_SIZE]);

/* ---- list.c ---- */

/* Makes yara_list(?), a table with the column `value`, known. */
int yara_sqlite_list_register (sqlite3 *db);
#define YARA_LIST_POINTER "yara-list"

/* ---- decode.c ---- */

/* Reads a cell that holds a value of `field` (not NULL); text is copied into `arena`. Returns what the
 * cell holds instead when it does not fit, else NULL. */
const char *yara_sqlite_read_field (sqlite3_value *cell, const YaraFieldInfo *field, YaraArena *arena,
                                    YaraValue *value);

/* The same for any text and bytes. */
const char *yara_sqlite_read_text  (sqlite3_value *cell, YaraArena *arena, YaraBytes *text);
const char *yara_sqlite_read_bytes (sqlite3_value *cell, YaraArena *arena, YaraBytes *bytes);

/* Steps and decodes to the end, or to max_rows. Gives SQLITE_DONE, also after a row that could not be
 * decoded (`error` is set then: YARA_ERROR_DECODE, or _OPERATIONAL when memory is out), or SQLite's error. */
int yara_sqlite_step_records (YaraPrepared *prepared, const YaraStatement *statement, YaraResult *result,
                              GError **error);

gboolean yara_sqlite_out_of_memory (GError **error);

/* ---- plan.c ---- */

/* Makes the plan; the statement stands on a row, so that the schema cannot change meanwhile. */
void yara_sqlite_plan (YaraPrepared *prepared, const YaraModelInfo *info);

/* ---- rows.c ---- */

YaraRows *yara_sqlite_rows_new   (sqlite3_stmt *stmt, const YaraStatement *statement);
gboolean  yara_sqlite_decode_row (sqlite3_stmt *stmt, const YaraStatement *statement, YaraRows *rows,
                                  GError **error);

/* ---- run.c ---- */

/* Around everything that may take long. FALSE: the request was cancelled. Cleaning up comes after the
 * end, when no interrupt comes any more. */
static inline gboolean
yara_sqlite_begin_request (YaraRequest *request, const YaraRunGuard *guard)
{
  if (guard == NULL || guard->begin (request, guard->user_data))
    return TRUE;
  request->error = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the statement was cancelled before it ran");
  return FALSE;
}

static inline void
yara_sqlite_end_request (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  session->deadline = 0;
  if (guard == NULL)
    return;
  guard->end (request, guard->user_data);
  if (G_UNLIKELY (atomic_load_explicit (&session->interrupted, memory_order_relaxed)))
    atomic_store (&session->interrupted, FALSE);
}

/* The time for one statement begins now. It ends with the request. */
static inline void
yara_sqlite_start_deadline (YaraSqliteSession *session)
{
  if (G_UNLIKELY (session->timeout > 0))
    session->deadline = g_get_monotonic_time () + session->timeout;
}

/* Drops what there is of a result. Takes over `error`. */
void yara_sqlite_fail_request (YaraRequest *request, GError *error);

/* The values of a generated statement. */
static inline gboolean
yara_sqlite_bind_all (YaraSqliteSession *session, sqlite3_stmt *stmt, const YaraStatement *statement, GError **error)
{
  for (guint i = 0; i < statement->n_values; i++)
    if (G_UNLIKELY (!yara_sqlite_bind (session, stmt, i + 1, &statement->values[i], error)))
      return FALSE;
  return TRUE;
}

/* Gives SQLITE_DONE or the error. */
int yara_sqlite_step_to_end (sqlite3_stmt *stmt);

/* One STATEMENT, in whatever transaction is open. */
void yara_sqlite_run_statement (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard);

void yara_sqlite_session_run   (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard);

static inline gint64
yara_sqlite_start_clock (const YaraRequest *request)
{
  return G_UNLIKELY (request->measure) ? g_get_monotonic_time () : 0;
}

static inline void
yara_sqlite_stop_clock (YaraRequest *request, gint64 start)
{
  if (G_UNLIKELY (request->measure))
    request->duration = g_get_monotonic_time () - start;
}

/* ---- batch.c, bulk.c, cursor.c, script.c, transaction.c ---- */

void yara_sqlite_session_run_batch (YaraSession *base, YaraRequest **requests, guint n_requests,
                                    const YaraRunGuard *guard);
void yara_sqlite_run_bulk_insert   (YaraSqliteSession *session, YaraRequest *request,
                                    const YaraRunGuard *guard);
void yara_sqlite_run_fetch         (YaraSqliteSession *session, YaraRequest *request,
                                    const YaraRunGuard *guard);
void yara_sqlite_run_end_fetch     (YaraSqliteSession *session, YaraRequest *request);
void yara_sqlite_close_cursors     (YaraSqliteSession *session);
void yara_sqlite_run_script        (YaraSqliteSession *session, YaraRequest *request,
                                    const YaraRunGuard *guard);
void yara_sqlite_run_transaction   (YaraSqliteSession *session, YaraRequest *request,
                                    const YaraRunGuard *guard);

/* BEGIN IMMEDIATE and COMMIT around a request; nothing in a transaction that is open. */
int  yara_sqlite_begin_around (YaraSqliteSession *session, const YaraRequest *request);
int  yara_sqlite_commit_around (YaraSqliteSession *session, const YaraRequest *request);

gboolean yara_sqlite_session_begin         (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard);
void     yara_sqlite_session_commit        (YaraSession *base, YaraRequest *request, const YaraRunGuard *guard);
void     yara_sqlite_session_roll_back     (YaraSession *base);
gboolean yara_sqlite_session_run_savepoint (YaraSession *base, const char *sql, GError **error);
