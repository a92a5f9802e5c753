/* SPDX-License-Identifier: MIT
 *
 * Opening what a configuration file says, on real databases.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64 id;
  gint64 token;
} Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, token),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

/* Writes a file with the connections "default" and "other" and `more` behind them: its path. */
static char *
write_config (Test *test, const char *more)
{
  g_autofree char *first = test_url (test, "default"), *second = test_url (test, "other");
  g_autofree char *text = g_strdup_printf ("[connection default]\nurl=%s\npool-max=1\n[connection other]\nurl=%s\n%s",
                                           first, second, more);
  char *path = g_build_filename (test->folder, "yaraorm.ini", NULL);

  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
  return path;
}

static const char *
route (YaraOrm *orm, YaraOperation operation)
{
  YaraRoute decided;

  test_ok (yara_orm_route (orm, &entry_model, operation, &decided, &error));
  return yara_connection_get_name (decided.connection);
}

static void
open_blocking (Test *test)
{
  g_autofree char *path = write_config (test, "");
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open_config (path, NULL, NULL, &error));
  g_auto(GStrv) names = yara_orm_list_connections (orm);
  YaraConnectionStatus status = { sizeof status };

  g_assert_cmpuint (g_strv_length (names), ==, 2);
  g_assert_cmpint (test_fetch_int (orm, "other", "SELECT 41 + 1"), ==, 42);
  g_assert_true (yara_connection_get_status (test_connection (orm, NULL), &status));
  g_assert_cmpuint (status.max_size, ==, 1);
  test_ok (yara_orm_register (orm, &entry_model, &error));
  g_assert_cmpstr (route (orm, YARA_OPERATION_READ), ==, "default");
  test_ok (yara_orm_close (orm, NULL, &error));
}

static void
open_async (Test *test)
{
  g_autofree char *path = write_config (test, "");
  g_autofree char *absent = g_build_filename (test->folder, "absent.ini", NULL);
  g_autoptr(YaraOrm) orm = test_await (yara_orm_open_config_async (path, NULL, NULL, test_call_done, &call),
                                       test_ok (yara_orm_open_config_finish (call.result, &error)));

  g_assert_cmpint (test_fetch_int (orm, "other", "SELECT 41 + 1"), ==, 42);
  test_ok (yara_orm_close (orm, NULL, &error));
  test_await (yara_orm_open_config_async (absent, NULL, NULL, test_call_done, &call),
              test_fails (yara_orm_open_config_finish (call.result, &error), CONFIGURATION, "absent.ini"));
}

/* Rows go where the rules say, and where a changed file says after it was read again. */
static void
rules_route (Test *test)
{
  g_autofree char *path = write_config (test, "[route]\nEnt*.write=other\n*.read=50% default, 50% other\n");
  g_autofree char *changed = NULL;
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open_config (path, NULL, NULL, &error));
  g_autoptr(YaraConfig) config = NULL;
  Entry entry = { .token = 7 };
  guint n_other = 0;

  test_ok (yara_orm_register (orm, &entry_model, &error));
  test_ok (yara_orm_generate_schemas (orm, YARA_SCHEMA_SAFE, NULL, &error));
  test_ok (yara_orm_create (orm, &entry_model, &entry, NULL, &error));
  g_assert_cmpint (test_fetch_int (orm, "other", "SELECT count(*) FROM entries"), ==, 1);
  for (guint i = 0; i < 100; i++)
    n_other += strcmp (route (orm, YARA_OPERATION_READ), "other") == 0;
  g_assert_cmpuint (n_other, ==, 50);

  changed = write_config (test, "[route]\n*.*=default\n");
  config = test_ok (yara_config_load (changed, NULL, &error));
  test_ok (yara_config_set_router (config, orm, &error));
  g_assert_cmpstr (route (orm, YARA_OPERATION_WRITE), ==, "default");
  test_ok (yara_orm_close (orm, NULL, &error));
}

/* A model of the file works without a compiler: its table is made, and its rows are read. */
static void
model_without_code (Test *test)
{
  g_autofree char *path = write_config (test, "[model Note]\ntable=notes\nfield.id=int64; primary-key\n"
                                              "field.text=text; max=9\nfield.rank=int32; nullable\n"
                                              "field.at=timestamp; default=now\nindex.by_rank=rank, text; unique\n");
  g_autoptr(YaraConfig) config = test_ok (yara_config_load (path, NULL, &error));
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open_config (path, NULL, NULL, &error));
  const YaraModel *note = yara_config_get_models (config)[0];
  g_autoptr(YaraQuery) query = NULL;
  g_autoptr(YaraRows) rows = NULL;
  static const char *const columns[] = { "text", "rank", NULL };

  test_ok (yara_orm_register (orm, note, &error));
  test_ok (yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  test_execute (orm, NULL, strcmp (test->variant->backend, "sqlite") == 0
                             ? "INSERT INTO notes (text, at) VALUES ('abc', 0)"
                             : "INSERT INTO notes (text, at) VALUES ('abc', now())");
  query = yara_query_new (note);
  yara_query_filter (query, "text", "abc");
  g_assert_cmpint (test_ok (yara_orm_count (orm, query, NULL, &error)), ==, 1);
  rows = test_ok (yara_orm_values (orm, query, columns, NULL, &error));
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 0), ==, "abc");
  g_assert_true (yara_rows_is_null (rows, 0, 1));
  test_ok (yara_orm_close (orm, NULL, &error));
}

static void
refused (Test *test)
{
  g_autofree char *path = write_config (test, "[router]\nplugin=./absent.so\n");
  g_autofree char *plugin = g_build_filename (test->folder, "absent.so", NULL);

  test_fails_in (yara_orm_open_config (path, NULL, NULL, &error), YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_FILE, plugin);
  test_fails (yara_orm_open_config (path, "staging", NULL, &error), CONFIGURATION, "no set \"staging\"");
}

static void
cancelled (Test *test)
{
  g_autofree char *path = write_config (test, "");
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  g_cancellable_cancel (cancellable);
  test_is_cancelled (yara_orm_open_config (path, NULL, cancellable, &error));
}

static const TestCase cases[] = {
  { "config/open", open_blocking },
  { "config/open-async", open_async },
  { "config/rules", rules_route },
  { "config/model", model_without_code },
  { "config/refused", refused },
  { "config/cancelled", cancelled },
};

TEST_MAIN (cases)
