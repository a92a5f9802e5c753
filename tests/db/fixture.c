/* SPDX-License-Identifier: MIT
 *
 * The throwaway databases of the behavior tests, and what they check in every error and log message.
 */
#include "fixture.h"

#include <glib/gstdio.h>
#include <stdatomic.h>
#include <string.h>

#define SECRET_NUMBER_TEXT G_STRINGIFY (TEST_SECRET_NUMBER)

static char *
sqlite_file_url (const char *folder, const char *name)
{
  return g_strdup_printf ("sqlite://%s/%s.db", folder, name);
}

static char *
sqlite_memory_url (const char *folder, const char *name)
{
  return g_strdup ("sqlite::memory:");
}

static char *
sqlite_fast_path_url (const char *folder, const char *name)
{
  return g_strdup_printf ("sqlite://%s/%s.db?sync_fast_path=1", folder, name);
}

#define SQLITE_COMMON \
  .backend = "sqlite", \
  .one_writer = TRUE, \
  .bytes_type = "BLOB", \
  .bytes_prefix = "x'", \
  .bytes_suffix = "'", \
  .endless_sql = "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) SELECT count(*) FROM c", \
  .tables_sql = "SELECT name FROM sqlite_master WHERE type = 'table' " \
                "AND name NOT LIKE 'sqlite_%' ORDER BY name"

#define POSTGRES_COMMON \
  .backend = "postgres", \
  .on_disk = TRUE, \
  .bytes_type = "BYTEA", \
  .bytes_prefix = "'\\x", \
  .bytes_suffix = "'::bytea", \
  .endless_sql = "SELECT 1 FROM pg_sleep(600)", \
  .tables_sql = "SELECT tablename::text FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"

static const TestVariant variants[] = {
  { .name = "sqlite-file", .on_disk = TRUE, .make_url = sqlite_file_url, SQLITE_COMMON },
  { .name = "sqlite-memory", .make_url = sqlite_memory_url, SQLITE_COMMON },
  { .name = "sqlite-fast-path", .on_disk = TRUE, .blocks_loop = TRUE, .make_url = sqlite_fast_path_url,
    SQLITE_COMMON },
  { .name = "postgres", .make_url = test_postgres_url, POSTGRES_COMMON },
  { .name = "pgbouncer", .make_url = test_pgbouncer_url, POSTGRES_COMMON },
};

static atomic_uint n_log_messages;
static GLogFunc default_log;
static gboolean shows_log;

/* Swallows the library's debug messages, unless somebody asked for them, after a look for secrets. */
static void
write_log (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
  g_assert_null (strstr (message, TEST_SECRET));
  g_assert_null (strstr (message, SECRET_NUMBER_TEXT));
  if (g_strcmp0 (domain, "YaraOrm") == 0 && level == G_LOG_LEVEL_DEBUG)
    {
      atomic_fetch_add (&n_log_messages, 1);
      if (!shows_log)
        return;
    }
  default_log (domain, level, message, user_data);
}

guint
test_count_log_messages (void)
{
  return atomic_load (&n_log_messages);
}

static void
remove_folder (const char *path)
{
  g_autoptr(GDir) folder = g_dir_open (path, 0, NULL);
  const char *name;

  while (folder != NULL && (name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);

      if (g_file_test (file, G_FILE_TEST_IS_DIR))
        remove_folder (file);
      else
        g_assert_cmpint (g_unlink (file), ==, 0);
    }
  g_assert_cmpint (g_rmdir (path), ==, 0);
}

typedef struct
{
  const TestVariant *variant;
  const TestCase    *test_case;
} Run;

static void
run_case (gconstpointer data)
{
  const Run *run = data;
  Test test = { .variant = run->variant };
  g_autofree char *url = NULL;

  test_postgres_begin_case ();
  test.folder = test_ok (g_dir_make_tmp ("yaraorm-XXXXXX", &error));
  url = test_url (&test, "default");
  test.orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  run->test_case->run (&test);

  test_ok (yara_orm_close (test.orm, NULL, &error));
  test_settle ();
  g_assert_finalize_object (test.orm);
  remove_folder (test.folder);
  g_free (test.folder);
}

int
test_main (int argc, char **argv, const TestCase *cases, gsize n_cases)
{
  shows_log = g_strcmp0 (g_getenv ("G_MESSAGES_DEBUG"), "all") == 0;
  g_setenv ("G_MESSAGES_DEBUG", shows_log ? "all" : "YaraOrm", TRUE); /* else the library does not even write them */
  g_test_init (&argc, &argv, NULL);
  default_log = g_log_set_default_handler (write_log, NULL);
  for (gsize v = 0; v < G_N_ELEMENTS (variants); v++)
    for (gsize i = 0; i < n_cases; i++)
      {
        g_autofree char *path = g_strdup_printf ("/%s/%s", variants[v].name, cases[i].path);
        Run *run;

        if (cases[i].only != NULL && strcmp (cases[i].only, variants[v].name) != 0)
          continue;
        run = g_new (Run, 1);
        *run = (Run) { &variants[v], &cases[i] };
        g_test_add_data_func_full (path, run, run_case, g_free);
      }
  return g_test_run ();
}

char *
test_url (Test *test, const char *name)
{
  return test->variant->make_url (test->folder, name);
}

void
test_add_connection (Test *test, const char *name)
{
  g_autofree char *url = test_url (test, name);

  test_ok (yara_orm_add_connection (test->orm, name, url, NULL, &error));
}

void
test_use_models (Test *test, const YaraModel *const *models)
{
  for (gsize i = 0; models[i] != NULL; i++)
    test_ok (yara_orm_register (test->orm, models[i], &error));
  test_ok (yara_orm_generate_schemas_for (test->orm, models, YARA_SCHEMA_DEFAULT, NULL, &error));
}

void
test_check_error (GError **error, GQuark domain, int code, ...)
{
  const char *message, *word;
  va_list words;

  g_assert_error (*error, domain, code);
  message = (*error)->message;
  g_assert_true (g_utf8_validate (message, -1, NULL));
  g_assert_cmpuint (strlen (message), >, 5);
  g_assert_null (strchr (message, '\n'));
  g_assert_null (strstr (message, TEST_SECRET));
  g_assert_null (strstr (message, SECRET_NUMBER_TEXT));
  va_start (words, code);
  while ((word = va_arg (words, const char *)) != NULL)
    if (strstr (message, word) == NULL)
      g_error ("the message \"%s\" does not say \"%s\"", message, word);
  va_end (words);
  g_clear_error (error);
}

YaraConnection *
test_connection (YaraOrm *orm, const char *name)
{
  return test_ok (yara_orm_get_connection (orm, name, &error));
}

void
test_execute (YaraOrm *orm, const char *connection, const char *sql)
{
  test_ok (yara_connection_execute (test_connection (orm, connection), sql, NULL, NULL, &error));
}

gint64
test_fetch_int (YaraOrm *orm, const char *connection, const char *sql)
{
  YaraConnection *target = test_connection (orm, connection);
  g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_row (target, sql, NULL, NULL, &error));

  return yara_rows_get_int (rows, 0, 0);
}

char *
test_bytes_literal (Test *test, const char *digits)
{
  return g_strconcat (test->variant->bytes_prefix, digits, test->variant->bytes_suffix, NULL);
}

char *
test_fetch_list (YaraOrm *orm, const char *connection, const char *sql)
{
  YaraConnection *target = test_connection (orm, connection);
  g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_rows (target, sql, NULL, NULL, &error));
  GString *list = g_string_new (NULL);

  for (gsize i = 0; i < yara_rows_get_n_rows (rows); i++)
    {
      const YaraValue *value = yara_rows_get_value (rows, i, 0);

      if (i > 0)
        g_string_append_c (list, ',');
      if (value->kind == YARA_KIND_TEXT)
        g_string_append (list, yara_rows_get_text (rows, i, 0));
      else
        g_string_append_printf (list, "%" G_GINT64_FORMAT, yara_rows_get_int (rows, i, 0));
    }
  return g_string_free (list, FALSE);
}
