/* SPDX-License-Identifier: MIT
 *
 * Named connections: adding, replacing, removing, finding them; and the models that are known.
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
static const YaraModel other_entry_model = YARA_MODEL (Entry, "other_entries", entry_fields);

#define N_IN_FLIGHT 100

static void
assert_names (YaraOrm *orm, const char *expected)
{
  g_auto(GStrv) names = yara_orm_list_connections (orm);
  g_autofree char *joined = g_strjoinv (" ", names);

  g_assert_cmpstr (joined, ==, expected);
}

static void
list (Test *test)
{
  assert_names (test->orm, "default");
  test_add_connection (test, "zeta");
  test_add_connection (test, "alpha");
  test_add_connection (test, "Big-1_x");
  assert_names (test->orm, "default Big-1_x alpha zeta");
}

static void
get (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autofree char *url = NULL;

  g_assert_true (connection == test_connection (test->orm, "default"));
  g_assert_cmpstr (yara_connection_get_name (connection), ==, "default");
  g_assert_cmpstr (yara_connection_get_backend (connection), ==, test->variant->backend);
  url = yara_connection_get_url (connection);
  g_assert_true (g_str_has_prefix (url, test->variant->backend));
  test_add_connection (test, "replica");
  g_assert_true (connection != test_connection (test->orm, "replica"));
}

static void
get_unknown (Test *test)
{
  test_add_connection (test, "replica");
  test_fails (yara_orm_get_connection (test->orm, "replcia", &error), CONFIGURATION,
              "replcia", "default", "did you mean", "replica");
  test_fails (yara_orm_get_connection (test->orm, "", &error), CONFIGURATION, "default", "replica");
  test_fails (yara_orm_get_connection (test->orm, "bad\xff\nname", &error), CONFIGURATION, "default",
              "replica");
}

static void
bad_names (Test *test)
{
  static const char *const names[] = {
    "", "a b", "a.b", "a/b", "na\xc3\xafve", "\xff", "a\n", "\"",
    "a123456789012345678901234567890123456789012345678901234567890123", /* 64 bytes */
  };
  g_autofree char *url = test_url (test, "second");
  g_autofree char *file = g_build_filename (test->folder, "second.db", NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      test_fails (yara_orm_add_connection (test->orm, names[i], url, NULL, &error), CONFIGURATION);
      test_await (yara_orm_add_connection_async (test->orm, names[i], url, NULL, test_call_done, &call),
                  test_fails (yara_orm_add_connection_finish (test->orm, call.result, &error),
                              CONFIGURATION));
    }
  g_assert_false (g_file_test (file, G_FILE_TEST_EXISTS));
  assert_names (test->orm, "default");
  test_ok (yara_orm_add_connection (test->orm, names[8] + 1, url, NULL, &error));
}

static void
add_async (Test *test)
{
  g_autofree char *url = test_url (test, "replica");
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  test_await_ok (orm_add_connection, test->orm, "replica", url);
  assert_names (test->orm, "default replica");
  g_assert_cmpint (test_fetch_int (test->orm, "replica", "SELECT 7"), ==, 7);

  g_cancellable_cancel (cancellable);
  test_is_cancelled (yara_orm_add_connection (test->orm, "late", url, cancellable, &error));
  test_await (yara_orm_add_connection_async (test->orm, "late", url, cancellable, test_call_done, &call),
              test_is_cancelled (yara_orm_add_connection_finish (test->orm, call.result, &error)));
  assert_names (test->orm, "default replica");
}

/* The object of the connection stays the same and leads to the new database. */
static void
replace (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  YaraConnection *connection;

  test_add_connection (test, "replica");
  connection = test_connection (test->orm, "replica");
  test_execute (test->orm, "replica", "CREATE TABLE old_one (id INTEGER)");
  test_ok (yara_orm_add_connection (test->orm, "replica", url, NULL, &error));
  assert_names (test->orm, "default replica");
  g_assert_true (connection == test_connection (test->orm, "replica"));
  test_fails (yara_connection_execute (connection, "DELETE FROM old_one", NULL, NULL, &error), OPERATIONAL,
              "old_one");
}

static void
replace_default (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  YaraConnection *connection = test_connection (test->orm, NULL);
  Entry entry = { .token = 1 };

  TEST_USE (test, &entry_model);
  test_ok (yara_orm_create (test->orm, &entry_model, &entry, NULL, &error));
  test_ok (yara_orm_add_connection (test->orm, "default", url, NULL, &error));
  test_fails (yara_orm_count (test->orm, query, NULL, &error), OPERATIONAL, "entries");
  test_fails (yara_connection_execute (connection, "DELETE FROM entries", NULL, NULL, &error), OPERATIONAL,
              "entries");
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 0);
  assert_names (test->orm, "default");
}

static void
failed_replacement_changes_nothing (Test *test)
{
  g_autofree char *bad_url = g_strdup_printf ("sqlite://%s/absent/folder/x.db", test->folder);
  g_autofree char *folder = g_build_filename (test->folder, "absent", NULL);
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Entry entry = { .token = 1 };

  TEST_USE (test, &entry_model);
  test_ok (yara_orm_create (test->orm, &entry_model, &entry, NULL, &error));
  test_fails (yara_orm_add_connection (test->orm, "default", bad_url, NULL, &error), CONNECTION);
  test_fails (yara_orm_add_connection (test->orm, "replica", bad_url, NULL, &error), CONNECTION);
  test_fails (yara_orm_add_connection (test->orm, "default", "nonsense://", NULL, &error), CONFIGURATION);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  assert_names (test->orm, "default");
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 1);
}

typedef struct
{
  Entry    entries[N_IN_FLIGHT];
  TestCall calls[N_IN_FLIGHT];
} Flight;

static void
take_off (YaraOrm *orm, Flight *flight)
{
  memset (flight, 0, sizeof *flight);
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      flight->entries[i].token = i;
      yara_orm_create_async (orm, &entry_model, &flight->entries[i], NULL, test_call_done, &flight->calls[i]);
    }
}

static void
land (YaraOrm *orm, Flight *flight)
{
  test_calls_wait (flight->calls, N_IN_FLIGHT);
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    test_ok (yara_orm_create_finish (orm, flight->calls[i].result, &error));
  test_calls_clear (flight->calls, N_IN_FLIGHT);
}

/* What was issued before is finished on the old database, also when the new one fills the name. */
static void
replace_in_flight (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  g_autoptr(YaraOrm) replica = yara_orm_using (test->orm, "replica");
  Flight flight;

  test_add_connection (test, "replica");
  test_ok (yara_orm_register (test->orm, &entry_model, &error));
  test_ok (yara_orm_generate_schemas (replica, YARA_SCHEMA_DEFAULT, NULL, &error));
  take_off (replica, &flight);
  test_ok (yara_orm_add_connection (test->orm, "replica", url, NULL, &error));
  land (replica, &flight);

  test_ok (yara_orm_generate_schemas (replica, YARA_SCHEMA_DEFAULT, NULL, &error));
  g_assert_cmpint (test_fetch_int (test->orm, "replica", "SELECT count(*) FROM entries"), ==, 0);
  if (test->variant->on_disk)
    {
      test_add_connection (test, "replica");
      g_assert_cmpint (test_fetch_int (test->orm, "replica", "SELECT count(*) FROM entries"), ==,
                       N_IN_FLIGHT);
    }
}

/* Verbs of two statements end where they began. */
static void
replace_between_statements (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  g_autoptr(YaraOrm) replica = yara_orm_using (test->orm, "replica");
  Flight flight;

  memset (&flight, 0, sizeof flight);
  test_add_connection (test, "replica");
  test_ok (yara_orm_register (test->orm, &entry_model, &error));
  test_ok (yara_orm_generate_schemas (replica, YARA_SCHEMA_DEFAULT, NULL, &error));
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      flight.entries[i].token = i;
      yara_orm_get_or_create_async (replica, &entry_model, &flight.entries[i], YARA_NAMES ("token"), NULL,
                                    test_call_done, &flight.calls[i]);
    }
  test_ok (yara_orm_add_connection (test->orm, "replica", url, NULL, &error));
  test_calls_wait (flight.calls, N_IN_FLIGHT);
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      g_autoptr(YaraResult) result = NULL;

      result = test_ok (yara_orm_get_or_create_finish (replica, flight.calls[i].result, NULL, &error));
      g_assert_cmpuint (yara_result_get_n_records (result), ==, 1);
    }
  test_calls_clear (flight.calls, N_IN_FLIGHT);
  if (test->variant->on_disk)
    {
      test_add_connection (test, "replica");
      g_assert_cmpint (test_fetch_int (test->orm, "replica", "SELECT count(DISTINCT token) FROM entries"), ==,
                       N_IN_FLIGHT);
    }
}

static void
remove_in_flight (Test *test)
{
  g_autoptr(YaraOrm) replica = yara_orm_using (test->orm, "replica");
  Flight flight;

  test_add_connection (test, "replica");
  test_ok (yara_orm_register (test->orm, &entry_model, &error));
  test_ok (yara_orm_generate_schemas (replica, YARA_SCHEMA_DEFAULT, NULL, &error));
  take_off (replica, &flight);
  test_ok (yara_orm_remove_connection (test->orm, "replica", &error));
  land (replica, &flight);
  if (test->variant->on_disk)
    {
      test_add_connection (test, "replica");
      g_assert_cmpint (test_fetch_int (test->orm, "replica", "SELECT count(*) FROM entries"), ==,
                       N_IN_FLIGHT);
    }
}

static void
remove_one (Test *test)
{
  YaraConnection *connection;

  test_add_connection (test, "replica");
  connection = test_connection (test->orm, "replica");
  test_ok (yara_orm_remove_connection (test->orm, "replica", &error));
  assert_names (test->orm, "default");
  test_fails (yara_connection_execute (connection, "SELECT 1", NULL, NULL, &error), CONNECTION, "replica");
  test_fails (yara_orm_get_connection (test->orm, "replica", &error), CONFIGURATION, "replica", "default");
  test_fails (yara_orm_remove_connection (test->orm, "replica", &error), CONFIGURATION, "replica");
  test_add_connection (test, "replica");
  g_assert_cmpint (test_fetch_int (test->orm, "replica", "SELECT 1"), ==, 1);
}

static void
remove_default (Test *test)
{
  test_fails (yara_orm_remove_connection (test->orm, "default", &error), CONFIGURATION, "default");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT 1"), ==, 1);
}

/* ---- models ---- */

static void
register_twice (Test *test)
{
  test_ok (yara_orm_register (test->orm, &entry_model, &error));
  test_ok (yara_orm_register (test->orm, &entry_model, &error));
  test_fails (yara_orm_register (test->orm, &other_entry_model, &error), CONFIGURATION, "Entry");
}

static void
use_unregistered (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Entry entry = { .token = 1 };

  test_fails (yara_orm_create (test->orm, &entry_model, &entry, NULL, &error), CONFIGURATION, "Entry");
  test_fails (yara_orm_all (test->orm, query, NULL, &error), CONFIGURATION, "Entry");
  test_fails (yara_orm_delete_all (test->orm, query, NULL, &error), CONFIGURATION, "Entry");
  test_await (yara_orm_all_async (test->orm, query, NULL, test_call_done, &call),
              test_fails (yara_orm_all_finish (test->orm, call.result, &error), CONFIGURATION, "Entry"));
  g_assert_cmpint (entry.id, ==, 0);

  /* a descriptor that was not registered itself, of a name that is known */
  test_ok (yara_orm_register (test->orm, &other_entry_model, &error));
  test_fails (yara_orm_all (test->orm, query, NULL, &error), CONFIGURATION, "Entry");
}

static const TestCase cases[] = {
  { "registry/list", list },
  { "registry/get", get },
  { "registry/get-unknown", get_unknown },
  { "registry/bad-names", bad_names },
  { "registry/add-async", add_async },
  { "registry/replace", replace },
  { "registry/replace-default", replace_default },
  { "registry/failed-replacement-changes-nothing", failed_replacement_changes_nothing },
  { "registry/replace-in-flight", replace_in_flight },
  { "registry/replace-between-statements", replace_between_statements },
  { "registry/remove-in-flight", remove_in_flight },
  { "registry/remove", remove_one },
  { "registry/remove-default", remove_default },
  { "registry/register-twice", register_twice },
  { "registry/use-unregistered", use_unregistered },
};
TEST_MAIN (cases)
