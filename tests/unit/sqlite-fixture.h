/* SPDX-License-Identifier: MIT
 * What the tests of the SQLite backend share: a folder for files, sessions, and requests that are run
 * in one line. */
#pragma once

#include <gio/gio.h>
#include <glib/gstdio.h>
#include <string.h>
#include <yaraorm/yara-error.h>
#include "backend/sqlite/sqlite.h"

typedef struct
{
  char              *folder;
  YaraBackendConfig *config;
  YaraSqliteSession *session; /* the writer of folder/test.db */
} Fixture;

/* "sqlite:FOLDER/NAME", NAME with parameters: (transfer full) */
static inline char *
make_url (const Fixture *fixture, const char *name)
{
  return g_strdup_printf ("sqlite:%s/%s", fixture->folder, name);
}

static inline YaraBackendConfig *
make_config (const char *text)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraUrl) url = yara_url_parse (text, &error);
  YaraBackendConfig *config;

  g_assert_no_error (error);
  config = yara_sqlite_config_new (url, &error);
  g_assert_no_error (error);
  return config;
}

static inline YaraSqliteSession *
open_session (const YaraBackendConfig *config, gboolean read_only)
{
  g_autoptr(GError) error = NULL;
  YaraSession *session = yara_sqlite_session_open (config, read_only, NULL, &error);

  g_assert_no_error (error);
  return (YaraSqliteSession *) session;
}

static inline void
make_folder (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  fixture->folder = g_dir_make_tmp ("yaraorm-XXXXXX", &error);
  g_assert_no_error (error);
}

static inline void
remove_folder (Fixture *fixture)
{
  g_autoptr(GDir) folder = g_dir_open (fixture->folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->folder, name, NULL);

      g_remove (path);
    }
  g_rmdir (fixture->folder);
  g_free (fixture->folder);
}

/* `parameters`: what stands behind the path, "?..." or "". */
static inline void
open_test_db (Fixture *fixture, const char *parameters)
{
  g_autofree char *name = g_strconcat ("test.db", parameters, NULL);
  g_autofree char *url = make_url (fixture, name);

  fixture->config = make_config (url);
  fixture->session = open_session (fixture->config, FALSE);
}

static inline void
close_test_db (Fixture *fixture)
{
  yara_sqlite_session_close (&fixture->session->base);
  yara_sqlite_config_free (fixture->config);
}

static inline void
set_up (Fixture *fixture, gconstpointer parameters)
{
  make_folder (fixture);
  open_test_db (fixture, parameters != NULL ? parameters : "");
}

static inline void
tear_down (Fixture *fixture, gconstpointer parameters)
{
  close_test_db (fixture);
  remove_folder (fixture);
}

/* ---- requests ---- */

static inline YaraRequest
make_raw (const char *sql, const YaraArgs *args, YaraAnswer answer)
{
  return (YaraRequest) {
    .kind = YARA_REQUEST_STATEMENT,
    .statement = {
      .sql = yara_sql_new (sql, strlen (sql)),
      .values = args != NULL ? (YaraValue *) args->values : NULL,
      .n_values = args != NULL ? args->n_values : 0,
      .answer = answer,
      .is_raw = TRUE,
    },
  };
}

static inline void
clear_request (YaraRequest *request)
{
  yara_request_reset (request);
  yara_statement_clear (&request->statement);
}

/* Runs raw SQL, which must succeed; gives the number of changed rows. */
static inline gint64
execute (YaraSqliteSession *session, const char *sql, const YaraArgs *args)
{
  YaraRequest request = make_raw (sql, args, YARA_ANSWER_COUNT);
  gint64 n_rows;

  yara_sqlite_session_run (&session->base, &request, NULL);
  g_assert_no_error (request.error);
  n_rows = request.n_rows;
  clear_request (&request);
  return n_rows;
}

/* Runs raw SQL, which must succeed: (transfer full) */
static inline YaraRows *
fetch (YaraSqliteSession *session, const char *sql, const YaraArgs *args)
{
  YaraRequest request = make_raw (sql, args, YARA_ANSWER_ROWS);
  YaraRows *rows;

  yara_sqlite_session_run (&session->base, &request, NULL);
  g_assert_no_error (request.error);
  rows = g_steal_pointer (&request.rows);
  clear_request (&request);
  return rows;
}

static inline gint64
fetch_int (YaraSqliteSession *session, const char *sql)
{
  g_autoptr(YaraRows) rows = fetch (session, sql, NULL);

  g_assert_cmpuint (yara_rows_get_n_rows (rows), ==, 1);
  return yara_rows_get_int (rows, 0, 0);
}

/* One cell as text; "null" for NULL: (transfer full) */
static inline char *
fetch_text (YaraSqliteSession *session, const char *sql)
{
  g_autoptr(YaraRows) rows = fetch (session, sql, NULL);

  g_assert_cmpuint (yara_rows_get_n_rows (rows), ==, 1);
  return g_strdup (yara_rows_is_null (rows, 0, 0) ? "null" : yara_rows_get_text (rows, 0, 0));
}

/* An error of this library, one line long, with `part` in its message. */
static inline void
assert_fails (GError *error, YaraError code, const char *part)
{
  g_assert_error (error, YARA_ERROR, (int) code);
  g_assert_null (strchr (error->message, '\n'));
  if (strstr (error->message, part) == NULL)
    g_error ("\"%s\" is not in \"%s\"", part, error->message);
}

/* Raw SQL that must fail. */
static inline void
execute_fails (YaraSqliteSession *session, const char *sql, const YaraArgs *args, YaraError code, const char *part)
{
  YaraRequest request = make_raw (sql, args, YARA_ANSWER_ROWS);

  yara_sqlite_session_run (&session->base, &request, NULL);
  assert_fails (request.error, code, part);
  g_assert_null (request.rows);
  g_assert_cmpint (request.n_rows, ==, 0);
  clear_request (&request);
  g_assert_true (yara_sqlite_session_is_usable (&session->base));
}

/* NULL, or the error: (transfer full) */
static inline GError *
run_script (YaraSqliteSession *session, const char *script)
{
  YaraRequest request = { .kind = YARA_REQUEST_SCRIPT, .script = script };

  yara_sqlite_session_run (&session->base, &request, NULL);
  g_assert_true (yara_sqlite_session_is_usable (&session->base));
  return request.error;
}

/* ---- a model ---- */

typedef struct
{
  gint64      id;
  const char *name;
  gint32      value;
} Item;

static const YaraField item_fields[] = {
  YARA_FIELD (Item, id, .primary_key = true),
  YARA_FIELD (Item, name),
  YARA_FIELD (Item, value),
};
static const YaraModel item_model = YARA_MODEL (Item, "items", item_fields);

#define ITEM_TABLE \
  "CREATE TABLE items (id INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL UNIQUE, value INTEGER NOT NULL) STRICT"

static inline YaraModelInfo *
make_info (const YaraModel *model)
{
  g_autoptr(GError) error = NULL;
  YaraModelInfo *info = yara_model_info_new (model, &error);

  g_assert_no_error (error);
  return info;
}

/* A generated statement; values are borrowed. */
static inline YaraRequest
make_generated (const YaraModelInfo *info, const char *sql, YaraValue *values, guint n_values, YaraAnswer answer)
{
  YaraRequest request = {
    .kind = YARA_REQUEST_STATEMENT,
    .statement = {
      .sql = yara_sql_new (sql, strlen (sql)),
      .values = values,
      .n_values = n_values,
      .answer = answer,
      .info = info,
      .is_read = answer == YARA_ANSWER_RECORDS || answer == YARA_ANSWER_ROWS,
    },
  };

  return request;
}

#define INSERT_ITEM "INSERT INTO items (name, value) VALUES (?1, ?2)"
#define SELECT_ITEM "SELECT id, name, value FROM items WHERE id = ?1"
