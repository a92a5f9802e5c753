/* SPDX-License-Identifier: MIT
 * SQLite: URLs, files, and how a session is set up. */
#include "sqlite-fixture.h"

#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- URLs ---- */

static void
test_paths (void)
{
  g_autofree char *here = g_get_current_dir ();
  g_autofree char *relative = g_build_filename (here, "rel.db", NULL);
  g_autofree char *percent = g_build_filename (here, "100%25.db", NULL);
  g_autofree char *deep = g_build_filename (here, "a/../b.db", NULL);
  const struct { const char *url, *path; } cases[] = {
    { "sqlite://./rel.db", relative },
    { "sqlite://rel.db", relative },
    { "sqlite:rel.db", relative },
    { "sqlite:./rel.db", relative },
    { "sqlite://100%25.db", percent },
    { "sqlite:a/../b.db", deep },
    { "sqlite:///abs.db", "/abs.db" },
    { "sqlite:/abs.db", "/abs.db" },
    { "sqlite::memory:", ":memory:" },
    { "sqlite://:memory:", ":memory:" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      YaraBackendConfig *config = make_config (cases[i].url);

      g_assert_cmpstr (((YaraSqliteConfig *) config)->path, ==, cases[i].path);
      g_assert_cmpstr (config->url, ==, cases[i].url);
      yara_sqlite_config_free (config);
    }
}

static void
test_parameters (void)
{
  YaraBackendConfig *config = make_config ("sqlite:x.db");
  YaraSqliteConfig *own = (YaraSqliteConfig *) config;

  g_assert_cmpuint (config->max_size, ==, 8);
  g_assert_cmpuint (config->min_size, ==, 0);
  g_assert_cmpint (config->acquire_timeout, ==, 30 * G_USEC_PER_SEC);
  g_assert_cmpuint (own->statement_cache_size, ==, 100);
  g_assert_cmpint (own->busy_timeout, ==, 5 * G_USEC_PER_SEC);
  g_assert_cmpuint (own->synchronous, ==, 1);
  g_assert_false (config->fast_path);
  g_assert_true (config->single_writer);
  g_assert_false (config->single_session);
  yara_sqlite_config_free (config);

  config = make_config ("sqlite:x.db?max_size=3&min_size=2&acquire_timeout=0.5&statement_cache_size=0&busy_timeout=0"
                        "&synchronous=full&sync_fast_path=1");
  own = (YaraSqliteConfig *) config;
  g_assert_cmpuint (config->max_size, ==, 3);
  g_assert_cmpuint (config->min_size, ==, 2);
  g_assert_cmpint (config->acquire_timeout, ==, G_USEC_PER_SEC / 2);
  g_assert_cmpuint (own->statement_cache_size, ==, 0);
  g_assert_cmpint (own->busy_timeout, ==, 0);
  g_assert_cmpuint (own->synchronous, ==, 2);
  g_assert_true (config->fast_path);
  yara_sqlite_config_free (config);

  config = make_config ("sqlite::memory:?max_size=5&min_size=4");
  g_assert_cmpuint (config->max_size, ==, 1);
  g_assert_cmpuint (config->min_size, ==, 1);
  g_assert_true (config->single_session);
  g_assert_false (config->single_writer);
  yara_sqlite_config_free (config);
}

static void
test_bad_urls (void)
{
  static const struct { const char *url, *part; } cases[] = {
    { "sqlite://", "no path" },
    { "sqlite:x.db?max_size=0", "max_size" },
    { "sqlite:x.db?max_size=2&min_size=3", "min_size" },
    { "sqlite:x.db?busy_timeout=-1", "busy_timeout" },
    { "sqlite:x.db?synchronous=MAYBE", "synchronous" },
    { "sqlite:x.db?sync_fast_path=2", "sync_fast_path" },
    { "sqlite:x.db?max_sise=2", "max_size" },
    { "sqlite:x.db?sslmode=require", "sslmode" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(YaraUrl) url = yara_url_parse (cases[i].url, &error);

      g_assert_no_error (error);
      g_assert_null (yara_sqlite_config_new (url, &error));
      assert_fails (error, YARA_ERROR_CONFIGURATION, cases[i].part);
    }
}

static void
test_find_backend (void)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (yara_backend_find ("sqlite", &error) == &yara_backend_sqlite);
  g_assert_null (yara_backend_find ("sqlit", &error));
  assert_fails (error, YARA_ERROR_CONFIGURATION, "sqlite; did you mean \"sqlite\"?");
}

/* ---- files ---- */

static void
open_fails (const char *url, YaraError code, const char *part)
{
  g_autoptr(GError) error = NULL;
  YaraBackendConfig *config = make_config (url);

  g_assert_null (yara_sqlite_session_open (config, FALSE, NULL, &error));
  assert_fails (error, code, part);
  assert_fails (error, code, ((YaraSqliteConfig *) config)->path);
  g_assert_cmpint (yara_error_get_sqlite_code (error), !=, 0);
  yara_sqlite_config_free (config);
}

static void
write_file (const char *path, const char *text)
{
  g_autoptr(GError) error = NULL;

  g_file_set_contents (path, text, -1, &error);
  g_assert_no_error (error);
}

static void
test_bad_files (Fixture *fixture, gconstpointer data)
{
  g_autofree char *absent = make_url (fixture, "absent/x.db");
  g_autofree char *folder_url = g_strdup_printf ("sqlite:%s", fixture->folder);
  g_autofree char *text = g_build_filename (fixture->folder, "notes.txt", NULL);
  g_autofree char *text_url = make_url (fixture, "notes.txt");
  g_autofree char *inside_url = make_url (fixture, "notes.txt/x.db");
  g_autofree char *truncated = g_build_filename (fixture->folder, "short.db", NULL);
  g_autofree char *truncated_url = make_url (fixture, "short.db");
  g_autofree char *content = g_strnfill (5000, 'x');
  g_autofree char *after = NULL;

  write_file (text, content);
  open_fails (absent, YARA_ERROR_CONNECTION, "create it first");
  open_fails (folder_url, YARA_ERROR_CONNECTION, "it is a folder");
  open_fails (inside_url, YARA_ERROR_CONNECTION, "is not a folder");
  open_fails (text_url, YARA_ERROR_CONNECTION, "not a database");
  g_file_get_contents (text, &after, NULL, NULL);
  g_assert_cmpstr (after, ==, content);

  write_file (truncated, "SQLite format 3");
  open_fails (truncated_url, YARA_ERROR_CONNECTION, "short.db");
}

static void
test_cancelled (Fixture *fixture, gconstpointer data)
{
  g_autofree char *url = make_url (fixture, "never.db");
  g_autofree char *path = g_build_filename (fixture->folder, "never.db", NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  YaraBackendConfig *config = make_config (url);

  g_cancellable_cancel (cancellable);
  g_assert_null (yara_sqlite_session_open (config, FALSE, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  yara_sqlite_config_free (config);
}

static void
test_modes (Fixture *fixture, gconstpointer data)
{
  static const char *const names[] = { "test.db", "test.db-wal", "test.db-shm" };

  execute (fixture->session, "CREATE TABLE t (id INTEGER)", NULL);
  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *path = g_build_filename (fixture->folder, names[i], NULL);
      struct stat status;

      g_assert_cmpint (stat (path, &status), ==, 0);
      g_assert_cmpint (status.st_mode & 0777, ==, 0600);
    }
}

/* The modes of a file that was there are the business of whoever made it. */
static void
test_modes_stay (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "old.db", NULL);
  g_autofree char *url = make_url (fixture, "old.db");
  YaraBackendConfig *config = make_config (url);
  struct stat status;

  write_file (path, "");
  g_assert_cmpint (chmod (path, 0640), ==, 0);
  yara_sqlite_session_close (&open_session (config, FALSE)->base);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0640);
  yara_sqlite_config_free (config);
}

/* Reads a file that it may not write, and says so when it writes. */
static void
test_read_only_file (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "plain.db", NULL);
  g_autofree char *url = make_url (fixture, "plain.db");
  YaraBackendConfig *config = make_config (url);
  gboolean root = geteuid () == 0;
  YaraSqliteSession *session;
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK); /* without write-ahead log */
  g_assert_cmpint (sqlite3_exec (db, "CREATE TABLE t (id INTEGER); INSERT INTO t VALUES (7)", NULL, NULL, NULL), ==,
                   SQLITE_OK);
  sqlite3_close (db);
  g_assert_cmpint (chmod (path, 0444), ==, 0);
  g_assert_cmpint (chmod (fixture->folder, 0555), ==, 0);
  if (root)
    g_assert_cmpint (seteuid (65534), ==, 0);

  session = open_session (config, FALSE);
  g_assert_cmpint (fetch_int (session, "SELECT id FROM t"), ==, 7);
  execute_fails (session, "INSERT INTO t VALUES (8)", NULL, YARA_ERROR_OPERATIONAL, "may not write");
  yara_sqlite_session_close (&session->base);

  if (root)
    {
      g_assert_cmpint (seteuid (0), ==, 0);
      g_assert_cmpint (prctl (PR_SET_DUMPABLE, 1), ==, 0); /* the leak check needs it */
    }
  g_assert_cmpint (chmod (fixture->folder, 0700), ==, 0);
  yara_sqlite_config_free (config);
}

/* A reader never makes a file; the path does not depend on where the program goes. */
static void
test_reader (Fixture *fixture, gconstpointer data)
{
  g_autofree char *path = g_build_filename (fixture->folder, "test.db", NULL);
  g_autofree char *here = g_get_current_dir ();
  g_autoptr(GError) error = NULL;
  YaraBackendConfig *config;
  YaraSqliteSession *writer, *reader;

  g_assert_cmpint (g_chdir (fixture->folder), ==, 0);
  config = make_config ("sqlite:./here.db");
  g_assert_null (yara_sqlite_session_open (config, TRUE, NULL, &error));
  assert_fails (error, YARA_ERROR_CONNECTION, "here.db");
  writer = open_session (config, FALSE);
  g_assert_cmpint (g_chdir (here), ==, 0);
  reader = open_session (config, TRUE);
  execute (writer, "CREATE TABLE t (id INTEGER)", NULL);
  g_assert_cmpint (fetch_int (reader, "SELECT count(*) FROM t"), ==, 0);
  yara_sqlite_session_close (&reader->base);
  yara_sqlite_session_close (&writer->base);
  yara_sqlite_config_free (config);
}

/* ---- settings ---- */

static void
test_settings (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *reader = open_session (fixture->config, TRUE);
  YaraSqliteSession *sessions[] = { fixture->session, reader };

  for (gsize i = 0; i < G_N_ELEMENTS (sessions); i++)
    {
      sqlite3 *db = sessions[i]->db;
      static const struct { int option, value; } options[] = {
        { SQLITE_DBCONFIG_DEFENSIVE, 1 }, { SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 }, { SQLITE_DBCONFIG_DQS_DML, 0 },
        { SQLITE_DBCONFIG_DQS_DDL, 0 }, { SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
        { SQLITE_DBCONFIG_ENABLE_FKEY, 1 },
      };
      int value;

      for (gsize j = 0; j < G_N_ELEMENTS (options); j++)
        {
          g_assert_cmpint (sqlite3_db_config (db, options[j].option, -1, &value), ==, SQLITE_OK);
          g_assert_cmpint (value, ==, options[j].value);
        }
      g_assert_cmpint (sqlite3_limit (db, SQLITE_LIMIT_ATTACHED, -1), ==, 0);
      g_assert_cmpint (sqlite3_limit (db, SQLITE_LIMIT_SQL_LENGTH, -1), ==, 1000000);
      g_assert_cmpint (sqlite3_limit (db, SQLITE_LIMIT_VARIABLE_NUMBER, -1), ==, 32766);
    }
  yara_sqlite_session_close (&reader->base);
}

/* What a PRAGMA of the program changed is set back, whoever sent it and however. */
static void
test_settings_return (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;

  execute (session, "PRAGMA foreign_keys = OFF", NULL);
  g_assert_cmpint (fetch_int (session, "PRAGMA foreign_keys"), ==, 1);
  execute (session, "/* comment */ pragma synchronous = OFF", NULL);
  g_assert_cmpint (fetch_int (session, "PRAGMA synchronous"), ==, 2); /* of the URL */
  g_assert_no_error (run_script (session, "PRAGMA cell_size_check = OFF; PRAGMA ignore_check_constraints = ON"));
  g_assert_cmpint (fetch_int (session, "PRAGMA cell_size_check"), ==, 1);
  g_assert_cmpint (fetch_int (session, "PRAGMA ignore_check_constraints"), ==, 0);
  execute (session, "EXPLAIN PRAGMA foreign_keys = OFF", NULL);
  g_assert_cmpint (fetch_int (session, "PRAGMA foreign_keys"), ==, 1);
}

static void
test_refusals (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;

  execute_fails (session, "SELECT \"text\"", NULL, YARA_ERROR_OPERATIONAL, "text");
  execute_fails (session, "ATTACH 'other.db' AS other", NULL, YARA_ERROR_OPERATIONAL, "attach");
  execute_fails (session, "SELECT load_extension('x')", NULL, YARA_ERROR_OPERATIONAL, "not authorized");

  /* VACUUM attaches a file of its own, and only its own */
  execute (session, "VACUUM", NULL);
  g_assert_no_error (run_script (session, "CREATE TABLE t (id INTEGER); VACUUM"));
  execute_fails (session, "ATTACH 'other.db' AS other", NULL, YARA_ERROR_OPERATIONAL, "attach");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sqlite/url/paths", test_paths);
  g_test_add_func ("/sqlite/url/parameters", test_parameters);
  g_test_add_func ("/sqlite/url/bad", test_bad_urls);
  g_test_add_func ("/sqlite/url/backend", test_find_backend);
#define ADD(path, function) g_test_add ("/sqlite/" path, Fixture, "?synchronous=FULL", set_up, function, tear_down)
  ADD ("file/bad", test_bad_files);
  ADD ("file/cancelled", test_cancelled);
  ADD ("file/modes", test_modes);
  ADD ("file/modes-stay", test_modes_stay);
  ADD ("file/read-only", test_read_only_file);
  ADD ("file/reader", test_reader);
  ADD ("session/settings", test_settings);
  ADD ("session/settings-return", test_settings_return);
  ADD ("session/refusals", test_refusals);
  return g_test_run ();
}
