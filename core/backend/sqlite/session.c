/* SPDX-License-Identifier: MIT
 * Sessions: opening, settings, stopping and closing. */
#include "backend/sqlite/sqlite.h"

#include <sys/stat.h>
#include <yaraorm/yara-error.h>

/* How many instructions of SQLite's machine run between two looks at `interrupted`. */
#define INSTRUCTIONS_PER_LOOK 1000

static const char *const control_sql[YARA_N_CONTROLS] = {
  [YARA_CONTROL_BEGIN] = "BEGIN",
  [YARA_CONTROL_BEGIN_IMMEDIATE] = "BEGIN IMMEDIATE",
  [YARA_CONTROL_COMMIT] = "COMMIT",
  [YARA_CONTROL_ROLLBACK] = "ROLLBACK",
  [YARA_CONTROL_SAVEPOINT] = "SAVEPOINT yara",
  [YARA_CONTROL_RELEASE] = "RELEASE yara",
  [YARA_CONTROL_ROLLBACK_TO] = "ROLLBACK TO yara",
};

/* sqlite3_interrupt() is forgotten when it comes before the first step of a statement; this is not. */
static int
on_progress (gpointer user_data)
{
  YaraSqliteSession *session = user_data;

  return atomic_load_explicit (&session->interrupted, memory_order_relaxed) ||
         (G_UNLIKELY (session->deadline != 0) && g_get_monotonic_time () >= session->deadline);
}

/* Waits for a lock as sqlite3_busy_timeout() does, but can be stopped. */
static int
on_busy (gpointer user_data, int n_calls)
{
  static const guint8 delays[] = { 1, 2, 5, 10, 15, 20, 25, 25, 25, 50, 50, 100 }; /* milliseconds */
  YaraSqliteSession *session = user_data;
  gint64 now = g_get_monotonic_time ();
  gint64 left;

  if (n_calls == 0)
    session->busy_since = now;
  left = session->busy_since + session->config->busy_timeout - now;
  if (session->deadline != 0)
    left = MIN (left, session->deadline - now);
  if (left <= 0 || atomic_load_explicit (&session->interrupted, memory_order_relaxed))
    return 0;
  g_usleep (MIN (left, delays[MIN ((gsize) n_calls, G_N_ELEMENTS (delays) - 1)] * 1000));
  return 1;
}

int
yara_sqlite_session_configure (YaraSqliteSession *session)
{
  char sql[512];

  g_snprintf (sql, sizeof sql,
              "PRAGMA query_only = %d;"
              "PRAGMA foreign_keys = ON;"
              "PRAGMA synchronous = %u;"
              "PRAGMA trusted_schema = OFF;"
              "PRAGMA ignore_check_constraints = OFF;"
              "PRAGMA cell_size_check = ON;"
              "PRAGMA mmap_size = 0;"
              "PRAGMA locking_mode = NORMAL",
              session->base.read_only, session->config->synchronous);
  sqlite3_busy_handler (session->db, on_busy, session);
  return sqlite3_exec (session->db, sql, NULL, NULL, NULL);
}

static int
harden (sqlite3 *db)
{
  static const struct { int option, on; } options[] = {
    { SQLITE_DBCONFIG_DEFENSIVE, 1 },
    { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
    { SQLITE_DBCONFIG_DQS_DML, 0 },
    { SQLITE_DBCONFIG_DQS_DDL, 0 },
    { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
  };
  int code = SQLITE_OK;

  for (gsize i = 0; i < G_N_ELEMENTS (options) && code == SQLITE_OK; i++)
    code = sqlite3_db_config (db, options[i].option, options[i].on, NULL);

  sqlite3_limit (db, SQLITE_LIMIT_ATTACHED, 0);
  sqlite3_limit (db, SQLITE_LIMIT_SQL_LENGTH, 1000 * 1000);
  sqlite3_limit (db, SQLITE_LIMIT_VARIABLE_NUMBER, 32766);
  sqlite3_limit (db, SQLITE_LIMIT_EXPR_DEPTH, 1000);
  sqlite3_limit (db, SQLITE_LIMIT_LIKE_PATTERN_LENGTH, 50000);
  return code;
}

void
yara_sqlite_session_limit_attached (YaraSqliteSession *session, const char *sql)
{
  sqlite3_limit (session->db, SQLITE_LIMIT_ATTACHED, yara_sql_starts_with (sql, "vacuum") ? 1 : 0);
}

/* Write-ahead logging lets readers and the writer go on side by side. A file that cannot be written
 * keeps the journal it has. */
static int
set_journal_mode (YaraSqliteSession *session)
{
  int code;

  if (session->base.read_only || session->config->in_memory || sqlite3_db_readonly (session->db, "main") == 1)
    return SQLITE_OK;
  code = sqlite3_exec (session->db, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
  if ((code & 0xff) == SQLITE_READONLY || (code & 0xff) == SQLITE_CANTOPEN)
    return SQLITE_OK; /* if it cannot be read either, the next statement says so */
  return code;
}

static int
prepare_controls (YaraSqliteSession *session)
{
  for (guint i = 0; i < YARA_N_CONTROLS; i++)
    {
      int code = sqlite3_prepare_v3 (session->db, control_sql[i], -1, SQLITE_PREPARE_PERSISTENT,
                                     &session->controls[i], NULL);

      if (code != SQLITE_OK)
        return code;
    }
  return SQLITE_OK;
}

static int
open_file (YaraSqliteSession *session)
{
  const YaraSqliteConfig *config = session->config;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_PRIVATECACHE;
  gboolean is_new = !config->in_memory && !g_file_test (config->path, G_FILE_TEST_EXISTS);
  int code;

  if (!session->base.read_only)
    flags |= SQLITE_OPEN_CREATE;
  code = sqlite3_open_v2 (config->path, &session->db, flags, NULL);
  /* Only SQLite may open the file (closing a second descriptor would drop its locks), and a umask
   * belongs to the whole process. A file system without modes is no reason to fail. */
  if (code == SQLITE_OK && is_new)
    (void) chmod (config->path, S_IRUSR | S_IWUSR);
  return code;
}

/* In this order: nothing of the file is read before the session is hardened. */
static int
set_up (YaraSqliteSession *session)
{
  int code = open_file (session);

  if (code == SQLITE_OK)
    code = harden (session->db);
  if (code == SQLITE_OK)
    code = yara_sqlite_list_register (session->db);
  if (code == SQLITE_OK)
    code = yara_sqlite_session_configure (session);
  if (code == SQLITE_OK)
    code = set_journal_mode (session);
  if (code == SQLITE_OK) /* reads the file for the first time: is it a database? */
    code = sqlite3_exec (session->db, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL);
  if (code == SQLITE_OK)
    code = prepare_controls (session);
  return code;
}

YaraSession *
yara_sqlite_session_open (const YaraBackendConfig *base, gboolean read_only, GCancellable *cancellable,
                          GError **error)
{
  const YaraSqliteConfig *config = (const YaraSqliteConfig *) base;
  YaraSqliteSession *session;
  int code;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  session = g_new0 (YaraSqliteSession, 1);
  session->base.config = base;
  session->base.read_only = read_only;
  session->config = config;
  yara_sqlite_cache_init (&session->cache, config->statement_cache_size);

  code = set_up (session);
  if (code != SQLITE_OK)
    {
      g_propagate_error (error, yara_sqlite_error_new_open (config, session->db, code));
      yara_sqlite_session_close (&session->base);
      return NULL;
    }
  sqlite3_progress_handler (session->db, INSTRUCTIONS_PER_LOOK, on_progress, session);
  return &session->base;
}

void
yara_sqlite_session_close (YaraSession *base)
{
  YaraSqliteSession *session = (YaraSqliteSession *) base;

  yara_session_clear (base);
  yara_sqlite_close_cursors (session);
  yara_sqlite_cache_clear (&session->cache);
  for (guint i = 0; i < YARA_N_CONTROLS; i++)
    sqlite3_finalize (session->controls[i]);
  sqlite3_close (session->db);
  g_free (session);
}

void
yara_sqlite_session_interrupt (YaraSession *base)
{
  YaraSqliteSession *session = (YaraSqliteSession *) base;

  atomic_store (&session->interrupted, TRUE);
  sqlite3_interrupt (session->db);
}

gboolean
yara_sqlite_session_is_usable (YaraSession *base)
{
  YaraSqliteSession *session = (YaraSqliteSession *) base;

  return !session->is_broken && sqlite3_get_autocommit (session->db) && base->transaction == YARA_TRANSACTION_NONE &&
         (session->cursors == NULL || base->config->single_session);
}

int
yara_sqlite_session_control (YaraSqliteSession *session, YaraControl control)
{
  int code = sqlite3_step (session->controls[control]);

  sqlite3_reset (session->controls[control]);
  return code == SQLITE_DONE ? SQLITE_OK : code;
}

void
yara_sqlite_session_clean (YaraSqliteSession *session)
{
  if (!sqlite3_get_autocommit (session->db))
    yara_sqlite_session_control (session, YARA_CONTROL_ROLLBACK);
  if (!sqlite3_get_autocommit (session->db))
    session->is_broken = TRUE;
}
