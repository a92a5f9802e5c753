/* SPDX-License-Identifier: MIT
 *
 * What is SQLite's own: the forms of its URL, its parameters, its files and how each session is set up.
 * These cases make their own databases in the folder of the fixture.
 */
#include "fixture.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <sys/prctl.h>
#include <unistd.h>

static char *
file_in (Test *test, const char *name)
{
  return g_build_filename (test->folder, name, NULL);
}

static YaraOrm *
open_file (Test *test, const char *name, const char *parameters)
{
  g_autofree char *url = g_strdup_printf ("sqlite://%s/%s%s", test->folder, name, parameters);

  return test_ok (yara_orm_open (url, NULL, NULL, &error));
}

/* ---- URLs ---- */

static void
url_forms (Test *test)
{
  static const struct
  {
    const char *url;
    const char *file; /* that must be there afterwards, or NULL */
  } forms[] = {
    { "sqlite://./dotted.db", "dotted.db" },
    { "sqlite://plain.db", "plain.db" },
    { "sqlite://with space.db", "with space.db" },
    { "sqlite://100%25.db?max_size=2", "100%25.db" },
    { "SQLite://upper.db", "upper.db" },
    { "sqlite::memory:", NULL },
    { "sqlite://:memory:", NULL },
    { "sqlite::memory:?statement_cache_size=0", NULL },
  };
  g_autofree char *folder = g_get_current_dir ();

  g_assert_cmpint (g_chdir (test->folder), ==, 0);
  for (gsize i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (forms[i].url, NULL, NULL, &error));

      test_execute (orm, NULL, "CREATE TABLE t (id INTEGER)");
      if (forms[i].file != NULL)
        g_assert_true (g_file_test (forms[i].file, G_FILE_TEST_IS_REGULAR));
    }
  g_assert_false (g_file_test (":memory:", G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test ("//:memory:", G_FILE_TEST_EXISTS));
  g_assert_cmpint (g_chdir (folder), ==, 0);
}

static void
bad_parameters (Test *test)
{
  static const char *const bad[] = {
    "max_size=0", "max_size=65", "max_size=-1", "max_size=lots", "max_size=", "max_size=1.5", "max_size=0x4",
    "max_size=99999999999999999999", "max_size= 4", "max_size=4%00",
    "min_size=-1", "min_size=9", "max_size=2&min_size=3",
    "acquire_timeout=0", "acquire_timeout=3601", "acquire_timeout=nan", "acquire_timeout=inf",
    "acquire_timeout=x",
    "statement_cache_size=-1", "statement_cache_size=10001", "statement_cache_size=many",
    "busy_timeout=-1", "busy_timeout=3601", "busy_timeout=5s",
    "synchronous=MAYBE", "synchronous=", "sync_fast_path=2", "sync_fast_path=yes please",
    "maxsize=4", "mode=ro", "cache=shared", "vfs=unix", "=", "&&=", "max_size=%zz",
  };
  g_autofree char *file = file_in (test, "x.db");

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree char *url = g_strdup_printf ("sqlite://%s?%s", file, bad[i]);
      g_autofree char *memory_url = g_strdup_printf ("sqlite::memory:?%s", bad[i]);

      test_fails (yara_orm_open (url, NULL, NULL, &error), CONFIGURATION);
      test_fails (yara_orm_open (memory_url, NULL, NULL, &error), CONFIGURATION);
      g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
    }
  test_fails (yara_orm_open ("sqlite::memory:?max_sizes=3", NULL, NULL, &error), CONFIGURATION, "max_sizes",
              "max_size");
  test_fails (yara_orm_open ("sqlite::memory:?busy_timeout=-1", NULL, NULL, &error), CONFIGURATION,
              "busy_timeout", "0", "3600");
}

static void
good_parameters (Test *test)
{
  static const char *const good[] = {
    "max_size=1", "max_size=64&min_size=64", "min_size=8", "acquire_timeout=0.001", "acquire_timeout=3600",
    "statement_cache_size=0", "statement_cache_size=1", "statement_cache_size=10000",
    "busy_timeout=0", "busy_timeout=0.5", "sync_fast_path=0", "sync_fast_path=1",
    "synchronous=OFF", "synchronous=normal", "synchronous=EXTRA",
    "max_size=1&sync_fast_path=1&statement_cache_size=0",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_autofree char *parameters = g_strdup_printf ("?%s", good[i]);
      g_autofree char *name = g_strdup_printf ("good-%" G_GSIZE_FORMAT ".db", i);
      g_autoptr(YaraOrm) orm = open_file (test, name, parameters);

      test_execute (orm, NULL, "CREATE TABLE t (id INTEGER)");
      for (guint round = 0; round < 3; round++)
        test_execute (orm, NULL, "INSERT INTO t VALUES (1)");
      g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT count(*) FROM t"), ==, 3);
    }
}

/* ---- files ---- */

static void
missing_folder (Test *test)
{
  g_autofree char *folder = file_in (test, "absent");
  g_autofree char *url = g_strdup_printf ("sqlite://%s/x.db", folder);
  g_autofree char *folder_url = g_strdup_printf ("sqlite://%s", test->folder);

  test_fails (yara_orm_open (url, NULL, NULL, &error), CONNECTION, "absent");
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  test_fails (yara_orm_open (folder_url, NULL, NULL, &error), CONNECTION, test->folder);
}

static void
not_a_database (Test *test)
{
  g_autofree char *file = file_in (test, "notes.txt");
  g_autofree char *url = g_strdup_printf ("sqlite://%s", file);
  g_autofree char *text = g_strnfill (5000, 'x');
  g_autofree char *after = NULL;

  test_ok (g_file_set_contents (file, text, -1, &error));
  test_fails (yara_orm_open (url, NULL, NULL, &error), CONNECTION, "notes.txt");
  test_ok (g_file_get_contents (file, &after, NULL, &error));
  g_assert_cmpstr (after, ==, text);
}

/* Runs as somebody whom file modes stop, also when the tests run as root. */
static void
read_only_file (Test *test)
{
  g_autofree char *file = file_in (test, "locked.db");
  g_autofree char *url = g_strdup_printf ("sqlite://%s", file);
  gboolean root = geteuid () == 0;

  {
    g_autoptr(YaraOrm) orm = open_file (test, "locked.db", "");

    test_execute (orm, NULL, "CREATE TABLE t (id INTEGER)");
    test_ok (yara_orm_close (orm, NULL, &error));
  }
  g_assert_cmpint (g_chmod (test->folder, 0555), ==, 0);
  g_assert_cmpint (g_chmod (file, 0444), ==, 0);
  if (root)
    g_assert_cmpint (seteuid (65534), ==, 0);
  test_fails (yara_orm_open (url, NULL, NULL, &error), CONNECTION, "locked.db");
  if (root)
    {
      g_assert_cmpint (seteuid (0), ==, 0);
      g_assert_cmpint (prctl (PR_SET_DUMPABLE, 1), ==, 0); /* the leak check needs it */
    }
  g_assert_cmpint (g_chmod (test->folder, 0700), ==, 0);
}

static void
file_is_private (Test *test)
{
  g_autoptr(YaraOrm) orm = open_file (test, "private.db", "");
  g_autofree char *file = file_in (test, "private.db");
  GStatBuf status;

  g_assert_cmpint (g_stat (file, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
}

/* The last session of a file takes its write-ahead log with it. */
static void
close_leaves_one_file (Test *test)
{
  g_autoptr(YaraOrm) orm = open_file (test, "clean.db", "?min_size=3");
  g_autofree char *log = file_in (test, "clean.db-wal");

  test_execute (orm, NULL, "CREATE TABLE t (id INTEGER)");
  g_assert_true (g_file_test (log, G_FILE_TEST_EXISTS));
  test_ok (yara_orm_close (orm, NULL, &error));
  g_assert_false (g_file_test (log, G_FILE_TEST_EXISTS));
}

/* ---- sessions ---- */

static void
session_settings (Test *test)
{
  g_autoptr(YaraOrm) orm = open_file (test, "settings.db", "");
  g_autoptr(YaraOrm) full = open_file (test, "full.db", "?synchronous=FULL");
  g_autofree char *mode = test_fetch_list (orm, NULL, "PRAGMA journal_mode");
  YaraConnection *connection = test_connection (orm, NULL);

  g_assert_cmpstr (mode, ==, "wal");
  g_assert_cmpint (test_fetch_int (orm, NULL, "PRAGMA foreign_keys"), ==, 1);
  g_assert_cmpint (test_fetch_int (orm, NULL, "PRAGMA synchronous"), ==, 1);
  g_assert_cmpint (test_fetch_int (full, NULL, "PRAGMA synchronous"), ==, 2);
  g_assert_cmpint (test_fetch_int (orm, NULL, "PRAGMA trusted_schema"), ==, 0);
  g_assert_cmpint (test_fetch_int (orm, NULL, "PRAGMA mmap_size"), ==, 0);
  g_assert_cmpint (test_fetch_int (orm, NULL, "PRAGMA cell_size_check"), ==, 1);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "PRAGMA foreign_keys"), ==, 1);

  /* text in double quotes is a name; other files and libraries stay out; the schema is not data */
  test_fails (yara_connection_fetch_rows (connection, "SELECT \"text\"", NULL, NULL, &error), OPERATIONAL);
  test_fails (yara_connection_execute (connection, "ATTACH 'other.db' AS other", NULL, NULL, &error),
              OPERATIONAL);
  test_fails (yara_connection_execute (connection, "SELECT load_extension('x')", NULL, NULL, &error),
              OPERATIONAL);
  test_fails (yara_connection_execute_script (connection,
                "PRAGMA writable_schema = ON; DELETE FROM sqlite_master", NULL, &error), OPERATIONAL);
  test_fails (yara_connection_execute (connection, "SELECT nothing()", NULL, NULL, &error), OPERATIONAL,
              "nothing");
}

static void
foreign_keys_hold (Test *test)
{
  g_autoptr(YaraOrm) orm = open_file (test, "keys.db", "");
  YaraConnection *connection = test_connection (orm, NULL);
  g_autoptr(GError) error = NULL;

  test_execute (orm, NULL, "CREATE TABLE parent (id INTEGER PRIMARY KEY)");
  test_execute (orm, NULL, "CREATE TABLE child (parent INTEGER REFERENCES parent)");
  g_assert_cmpint (yara_connection_execute (connection, "INSERT INTO child VALUES (1)", NULL, NULL, &error),
                   ==, -1);
  g_assert_error (error, YARA_ERROR, YARA_ERROR_INTEGRITY);
  g_assert_cmpint (yara_error_get_sqlite_code (error), ==, SQLITE_CONSTRAINT_FOREIGNKEY);
  g_assert_cmpstr (yara_error_get_connection (error), ==, "default");
  g_assert_null (yara_error_get_sqlstate (error));
  g_clear_error (&error);
  g_assert_null (yara_orm_get_connection (orm, "nowhere", &error)); /* an error that no database reported */
  g_assert_cmpint (yara_error_get_sqlite_code (error), ==, 0);
  g_assert_null (yara_error_get_connection (error));
}

/* Another process holds the lock for writing. */
static void
locked_by_another (Test *test)
{
  g_autoptr(YaraOrm) orm = open_file (test, "busy.db", "?busy_timeout=0.05");
  YaraConnection *connection = test_connection (orm, NULL);
  g_autofree char *file = file_in (test, "busy.db");
  sqlite3 *other = NULL;

  test_execute (orm, NULL, "CREATE TABLE t (id INTEGER)");
  g_assert_cmpint (sqlite3_open (file, &other), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (other, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  test_fails (yara_connection_execute (connection, "INSERT INTO t VALUES (1)", NULL, NULL, &error), TIMEOUT,
              "lock");
  test_await (yara_connection_execute_async (connection, "INSERT INTO t VALUES (1)", NULL, NULL,
                                             test_call_done, &call),
              test_fails (yara_connection_execute_finish (connection, call.result, &error), TIMEOUT, "lock"));
  g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT count(*) FROM t"), ==, 0); /* readers are not stopped */
  g_assert_cmpint (sqlite3_exec (other, "COMMIT", NULL, NULL, NULL), ==, SQLITE_OK);
  test_execute (orm, NULL, "INSERT INTO t VALUES (1)");
  sqlite3_close (other);
}

static gpointer
hold_the_session (gpointer data)
{
  gpointer *shared = data;
  YaraConnection *connection = shared[0];
  GCancellable *cancellable = shared[1];
  GError *error = NULL;

  g_assert_null (yara_connection_fetch_row (connection, shared[2], NULL, cancellable, &error));
  test_check_error (&error, G_IO_ERROR, G_IO_ERROR_CANCELLED, NULL);
  return NULL;
}

static void
no_free_session (Test *test)
{
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open ("sqlite::memory:?acquire_timeout=0.02", NULL, NULL,
                                                   &error));
  YaraConnection *connection = test_connection (orm, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  gpointer shared[] = { connection, cancellable, (gpointer) test->variant->endless_sql };
  GThread *thread = g_thread_new ("holder", hold_the_session, shared);
  GError *error = NULL;

  while (yara_connection_execute (connection, "SELECT 1", NULL, NULL, &error) == 0)
    g_thread_yield (); /* until the other thread has the session */
  test_check_error (&error, YARA_ERROR, YARA_ERROR_TIMEOUT, NULL);
  g_cancellable_cancel (cancellable);
  g_thread_join (thread);
  g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT 1"), ==, 1);
}

static const TestCase cases[] = {
  { "sqlite/url-forms", url_forms, "sqlite-file" },
  { "sqlite/bad-parameters", bad_parameters, "sqlite-file" },
  { "sqlite/good-parameters", good_parameters, "sqlite-file" },
  { "sqlite/missing-folder", missing_folder, "sqlite-file" },
  { "sqlite/not-a-database", not_a_database, "sqlite-file" },
  { "sqlite/read-only-file", read_only_file, "sqlite-file" },
  { "sqlite/file-is-private", file_is_private, "sqlite-file" },
  { "sqlite/close-leaves-one-file", close_leaves_one_file, "sqlite-file" },
  { "sqlite/session-settings", session_settings, "sqlite-file" },
  { "sqlite/foreign-keys-hold", foreign_keys_hold, "sqlite-file" },
  { "sqlite/locked-by-another", locked_by_another, "sqlite-file" },
  { "sqlite/no-free-session", no_free_session, "sqlite-file" },
};
TEST_MAIN (cases)
