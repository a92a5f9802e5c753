/* SPDX-License-Identifier: MIT
 * From SQLite's result codes to errors that say what to do. SQLite's own text never holds a bound
 * value. */
#include "backend/sqlite/sqlite.h"

#include <errno.h>
#include "base/error.h"

typedef struct
{
  int         code;  /* extended or primary */
  YaraError   error;
  const char *hint;  /* or NULL */
} Meaning;

/* Extended codes stand before their primary one. */
static const Meaning meanings[] = {
  { SQLITE_CONSTRAINT, YARA_ERROR_INTEGRITY, NULL },
  { SQLITE_BUSY, YARA_ERROR_TIMEOUT, "somebody else holds the lock; try again or raise busy_timeout" },
  { SQLITE_LOCKED, YARA_ERROR_TIMEOUT, "another statement of this session holds the lock; try again" },
  { SQLITE_READONLY_DBMOVED, YARA_ERROR_CONNECTION,
    "the file was moved or removed while it was open; open the connection anew" },
  { SQLITE_READONLY, YARA_ERROR_OPERATIONAL, "this user may not write the file or its folder" },
  { SQLITE_FULL, YARA_ERROR_OPERATIONAL, "the disk is full; nothing of the statement was stored" },
  { SQLITE_CORRUPT, YARA_ERROR_OPERATIONAL, "the file is damaged; restore it from a backup" },
  { SQLITE_NOTADB, YARA_ERROR_CONNECTION, "the file holds something else, or is encrypted" },
  { SQLITE_CANTOPEN, YARA_ERROR_CONNECTION, "look at the folder of the database: does it exist, and may this "
                                            "user write it?" },
  { SQLITE_PERM, YARA_ERROR_CONNECTION, "look at the modes of the file" },
  { SQLITE_IOERR_NOMEM, YARA_ERROR_OPERATIONAL, NULL },
  { SQLITE_IOERR, YARA_ERROR_CONNECTION, "reading or writing the file failed; look at the disk" },
};

static const Meaning *
find_meaning (int code)
{
  static const Meaning other = { 0, YARA_ERROR_OPERATIONAL, NULL };

  for (gsize i = 0; i < G_N_ELEMENTS (meanings); i++)
    if (meanings[i].code == code || meanings[i].code == (code & 0xff))
      return &meanings[i];
  return &other;
}

/* SQLite quotes the statement in some messages, line breaks and all. */
static char *
one_line (const char *text)
{
  char *line = g_utf8_make_valid (text, -1);

  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  return line;
}

static gboolean
has_timed_out (YaraSqliteSession *session)
{
  return session->deadline != 0 && g_get_monotonic_time () >= session->deadline;
}

static GError *
error_new_timed_out (YaraSqliteSession *session)
{
  return g_error_new (YARA_ERROR, YARA_ERROR_TIMEOUT,
                      "the statement took longer than %g seconds and was stopped; make it do less, or raise "
                      "statement_timeout", session->timeout / (double) G_USEC_PER_SEC);
}

GError *
yara_sqlite_error_new (YaraSqliteSession *session, int code)
{
  const Meaning *meaning = find_meaning (code);
  gboolean interrupted = atomic_load (&session->interrupted);
  const char *hint = meaning->hint;
  g_autofree char *text = NULL;
  GError *error;

  session->has_raised = TRUE;
  if (!interrupted && has_timed_out (session) && ((code & 0xff) == SQLITE_INTERRUPT || (code & 0xff) == SQLITE_BUSY))
    return error_new_timed_out (session);
  if ((code & 0xff) == SQLITE_INTERRUPT || ((code & 0xff) == SQLITE_BUSY && interrupted))
    return g_error_new_literal (G_IO_ERROR, G_IO_ERROR_CANCELLED, "the statement was cancelled while it ran");

  if (code == SQLITE_READONLY && sqlite3_db_readonly (session->db, "main") == 0)
    hint = "its session or transaction only reads";
  text = one_line (sqlite3_extended_errcode (session->db) == code ? sqlite3_errmsg (session->db)
                                                                   : sqlite3_errstr (code));
  error = g_error_new (YARA_ERROR, meaning->error, hint != NULL ? "%s; %s" : "%s", text, hint);
  yara_error_set_sqlite_code (error, code);
  return error;
}

/* What stands in the way of opening `path`, or NULL. */
static char *
find_obstacle (const char *path, int code, int system_error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  if (!g_file_test (folder, G_FILE_TEST_EXISTS))
    return g_strdup_printf ("the folder %s does not exist; create it first", folder);
  if (!g_file_test (folder, G_FILE_TEST_IS_DIR))
    return g_strdup_printf ("%s is not a folder", folder);
  if (g_file_test (path, G_FILE_TEST_IS_DIR))
    return g_strdup ("it is a folder; name a file in it");
  if (system_error == EACCES || system_error == EPERM)
    return g_strdup ("this user may not read and write it; look at the modes of the file and its folder");
  if ((code & 0xff) == SQLITE_CANTOPEN && !g_file_test (path, G_FILE_TEST_EXISTS))
    return g_strdup ("this user may not create files in its folder, or it was removed meanwhile");
  return g_strdup (find_meaning (code)->hint);
}

GError *
yara_sqlite_error_new_open (const YaraSqliteConfig *config, sqlite3 *db, int code)
{
  int system_error = db != NULL ? sqlite3_system_errno (db) : 0;
  g_autofree char *path = one_line (config->path);
  g_autofree char *text = one_line (db != NULL ? sqlite3_errmsg (db) : sqlite3_errstr (code));
  g_autofree char *obstacle = find_obstacle (path, code, system_error);
  YaraError kind = (code & 0xff) == SQLITE_BUSY ? YARA_ERROR_TIMEOUT : YARA_ERROR_CONNECTION;
  GError *error = g_error_new (YARA_ERROR, kind, obstacle != NULL ? "cannot open the database %s: %s; %s"
                                                                  : "cannot open the database %s: %s",
                               path, text, obstacle);

  yara_error_set_sqlite_code (error, code);
  return error;
}
