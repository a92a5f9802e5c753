/* SPDX-License-Identifier: MIT
 * SQLite: groups of statements, and statements that are stopped. */
#include "items-fixture.h"

#define N_GROUP 20

/* ---- groups ---- */

typedef struct
{
  YaraSql     *sql;
  char         names[N_GROUP][16];
  YaraValue    values[N_GROUP][2];
  YaraRequest  requests[N_GROUP];
  YaraRequest *pointers[N_GROUP];
} Group;

/* Twenty inserts of different names. */
static void
group_init (Group *group)
{
  group->sql = yara_sql_new (INSERT_ITEM, strlen (INSERT_ITEM));
  for (guint i = 0; i < N_GROUP; i++)
    {
      g_snprintf (group->names[i], sizeof group->names[i], "item %u", i);
      group->values[i][0] = yara_value_text (group->names[i]);
      group->values[i][1] = yara_value_int (i);
      group->requests[i] = (YaraRequest) {
        .kind = YARA_REQUEST_STATEMENT,
        .statement = { .sql = yara_sql_ref (group->sql), .values = group->values[i], .n_values = 2,
                       .answer = YARA_ANSWER_KEY, .info = info },
      };
      group->pointers[i] = &group->requests[i];
    }
}

static void
group_replace_sql (Group *group, guint i, const char *sql, guint n_values)
{
  yara_sql_unref (group->requests[i].statement.sql);
  group->requests[i].statement.sql = yara_sql_new (sql, strlen (sql));
  group->requests[i].statement.n_values = n_values;
  group->requests[i].statement.answer = YARA_ANSWER_COUNT;
}

static void
group_run (Group *group, YaraSqliteSession *session, const YaraRunGuard *guard)
{
  yara_sqlite_session_run_batch (&session->base, group->pointers, N_GROUP, guard);
  g_assert_true (yara_sqlite_session_is_usable (&session->base));
}

static void
group_clear (Group *group)
{
  for (guint i = 0; i < N_GROUP; i++)
    clear_request (&group->requests[i]);
  yara_sql_unref (group->sql);
}

/* All but the one at `culprit` are there, with the keys that their requests say. */
static void
assert_others_stored (const Group *group, guint culprit)
{
  g_assert_cmpint (count_items (), ==, N_GROUP - 1);
  for (guint i = 0; i < N_GROUP; i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT id FROM items WHERE name = 'item %u'", i);

      if (i == culprit)
        continue;
      g_assert_no_error (group->requests[i].error);
      g_assert_cmpint (group->requests[i].number, ==, fetch_int (reader, sql));
      g_assert_cmpint (group->requests[i].n_rows, ==, 1);
    }
}

static void
test_group (Fixture *fixture, gconstpointer data)
{
  Group group;

  group_init (&group);
  group_run (&group, fixture->session, NULL);
  for (guint i = 0; i < N_GROUP; i++)
    {
      g_assert_no_error (group.requests[i].error);
      g_assert_cmpint (group.requests[i].number, ==, i + 1);
    }
  g_assert_cmpint (count_items (), ==, N_GROUP);
  group_clear (&group);
}

static void
test_one_fails (Fixture *fixture, gconstpointer data)
{
  Group group;

  group_init (&group);
  group.values[7][0] = group.values[2][0]; /* not unique */
  group_run (&group, fixture->session, NULL);
  g_assert_error (group.requests[7].error, YARA_ERROR, YARA_ERROR_INTEGRITY);
  g_assert_cmpint (yara_error_get_sqlite_code (group.requests[7].error), ==, SQLITE_CONSTRAINT_UNIQUE);
  g_assert_cmpint (group.requests[7].number, ==, 0);
  assert_others_stored (&group, 7);
  group_clear (&group);
}

/* OR FAIL keeps the rows before the one that failed; the savepoint does not. */
static void
test_partial_failure (Fixture *fixture, gconstpointer data)
{
  Group group;

  group_init (&group);
  group_replace_sql (&group, 7, "INSERT OR FAIL INTO items (name, value) VALUES ('a', 1), ('item 0', 2)", 0);
  group_run (&group, fixture->session, NULL);
  g_assert_error (group.requests[7].error, YARA_ERROR, YARA_ERROR_INTEGRITY);
  assert_others_stored (&group, 7);
  group_clear (&group);
}

/* OR ROLLBACK takes the whole transaction with it; the others are run again. */
static void
test_rollback_in_group (Fixture *fixture, gconstpointer data)
{
  Group group;

  group_init (&group);
  group_replace_sql (&group, 7, "INSERT OR ROLLBACK INTO items (name, value) VALUES ('item 0', 2)", 0);
  group_run (&group, fixture->session, NULL);
  g_assert_error (group.requests[7].error, YARA_ERROR, YARA_ERROR_INTEGRITY);
  assert_others_stored (&group, 7);
  group_clear (&group);
}

static void
test_disk_full (Fixture *fixture, gconstpointer data)
{
  Group group;

  group_init (&group);
  group_replace_sql (&group, 7, "INSERT INTO items (name, value) VALUES (hex (zeroblob (1000000)), 2)", 0);
  sqlite3_exec (fixture->session->db, "PRAGMA max_page_count = 50", NULL, NULL, NULL);
  group_run (&group, fixture->session, NULL);
  assert_fails (group.requests[7].error, YARA_ERROR_OPERATIONAL, "full");
  g_assert_cmpint (yara_error_get_sqlite_code (group.requests[7].error), ==, SQLITE_FULL);
  assert_others_stored (&group, 7);
  group_clear (&group);
}

/* A deferred constraint speaks up at the COMMIT, when nobody can tell whose it was. */
static void
test_commit_fails (Fixture *fixture, gconstpointer data)
{
  Group group;

  execute (fixture->session, "CREATE TABLE owners (item INTEGER REFERENCES items DEFERRABLE INITIALLY DEFERRED)", NULL);
  group_init (&group);
  group_replace_sql (&group, 3, "NONSENSE", 0);
  group_replace_sql (&group, 7, "INSERT INTO owners VALUES (1000)", 0);
  group_run (&group, fixture->session, NULL);
  for (guint i = 0; i < N_GROUP; i++)
    {
      assert_fails (group.requests[i].error, i == 3 ? YARA_ERROR_OPERATIONAL : YARA_ERROR_INTEGRITY, "");
      g_assert_cmpint (group.requests[i].number, ==, 0);
      g_assert_cmpint (group.requests[i].n_rows, ==, 0);
    }
  g_assert_cmpint (count_items (), ==, 0);
  group_clear (&group);
}

static void
test_busy (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *other = open_session (fixture->config, FALSE);
  Group group;
  gint64 start;

  g_assert_cmpint (sqlite3_exec (other->db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  group_init (&group);
  start = g_get_monotonic_time ();
  group_run (&group, fixture->session, NULL);
  g_assert_cmpint (g_get_monotonic_time () - start, >=, G_USEC_PER_SEC / 20);
  for (guint i = 0; i < N_GROUP; i++)
    assert_fails (group.requests[i].error, YARA_ERROR_TIMEOUT, "lock");
  group_clear (&group);
  yara_sqlite_session_close (&other->base);
  g_assert_cmpint (count_items (), ==, 0);
}

/* Reads of a group see one state, and one that fails stands alone. */
static void
test_reads (Fixture *fixture, gconstpointer data)
{
  YaraValue keys[3] = { yara_value_int (1), yara_value_int (2), yara_value_int (3) };
  YaraRequest requests[3], *pointers[3];

  execute (fixture->session, "INSERT INTO items (name, value) VALUES ('a', 1), ('b', 2), ('c', 3)", NULL);
  for (guint i = 0; i < 3; i++)
    {
      requests[i] = make_generated (info, i == 1 ? "SELECT no FROM items WHERE id = ?1" : SELECT_ITEM, &keys[i], 1,
                                    YARA_ANSWER_RECORDS);
      requests[i].measure = TRUE;
      pointers[i] = &requests[i];
    }
  yara_sqlite_session_run_batch (&reader->base, pointers, 3, NULL);
  g_assert_true (yara_sqlite_session_is_usable (&reader->base));
  assert_fails (requests[1].error, YARA_ERROR_OPERATIONAL, "no such column");
  g_assert_null (requests[1].records);
  for (guint i = 0; i < 3; i += 2)
    {
      g_assert_no_error (requests[i].error);
      g_assert_cmpuint (yara_result_get_n_records (requests[i].records), ==, 1);
      g_assert_cmpint (((Item *) yara_result_get_record (requests[i].records, 0))->value, ==, i + 1);
    }
  for (guint i = 0; i < 3; i++)
    clear_request (&requests[i]);
}

/* ---- stopping ---- */

static void
test_stop_write (Fixture *fixture, gconstpointer data)
{
  Group group;

  for (guint i = 0; i < 2; i++)
    {
      Stopper stopper = { fixture->session, &group.requests[7], .at_once = i == 1 };
      YaraRunGuard guard = { begin, end, &stopper };

      execute (fixture->session, "DELETE FROM items", NULL);
      group_init (&group);
      group_replace_sql (&group, 7, "INSERT INTO items (name, value) " ENDLESS "SELECT n, n FROM c", 0);
      group_run (&group, fixture->session, &guard);
      g_assert_error (group.requests[7].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      assert_others_stored (&group, 7);
      g_assert_cmpuint (stopper.n_begun, ==, stopper.n_ended);
      group_clear (&group);
    }
}

static void
test_refused_in_group (Fixture *fixture, gconstpointer data)
{
  Group group;
  Stopper stopper = { fixture->session, &group.requests[7], .refuse = TRUE };
  YaraRunGuard guard = { begin, end, &stopper };

  group_init (&group);
  group_run (&group, fixture->session, &guard);
  g_assert_error (group.requests[7].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_others_stored (&group, 7);
  g_assert_cmpuint (stopper.n_ended, ==, N_GROUP - 1);
  group_clear (&group);
}

/* An interrupt that comes before the first step counts too. */
static void
test_stop_single (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      YaraRequest read = make_raw (ENDLESS "SELECT max (n) FROM c", NULL, YARA_ANSWER_ROWS);
      YaraRequest write = make_raw (ENDLESS "INSERT INTO items (name, value) SELECT n, n FROM c", NULL,
                                    YARA_ANSWER_COUNT);
      YaraRequest script = { .kind = YARA_REQUEST_SCRIPT,
                             .script = "BEGIN; INSERT INTO items (name, value) VALUES ('a', 1);"
                                       ENDLESS "SELECT max (n) FROM c; COMMIT" };

      stop_single (reader, &read, i == 1);
      stop_single (fixture->session, &write, i == 1);
      stop_single (fixture->session, &script, i == 1);
      clear_request (&read);
      clear_request (&write);
    }
}

/* Waiting for somebody else's lock can be stopped too. */
static void
test_stop_waiting (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *other = open_session (fixture->config, FALSE);
  YaraRequest write = make_raw ("INSERT INTO items (name, value) VALUES ('a', 1)", NULL, YARA_ANSWER_COUNT);
  gint64 start = g_get_monotonic_time ();

  g_assert_cmpint (sqlite3_exec (other->db, "BEGIN IMMEDIATE", NULL, NULL, NULL), ==, SQLITE_OK);
  stop_single (fixture->session, &write, FALSE);
  g_assert_cmpint (g_get_monotonic_time () - start, <, 2 * G_USEC_PER_SEC); /* not busy_timeout */
  yara_sqlite_session_close (&other->base);
  clear_request (&write);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, parameters, function) \
  g_test_add ("/sqlite/" path, Fixture, parameters, set_up_items, function, tear_down_items)
  ADD ("group/all", NULL, test_group);
  ADD ("group/one-fails", NULL, test_one_fails);
  ADD ("group/partial-failure", NULL, test_partial_failure);
  ADD ("group/rollback", NULL, test_rollback_in_group);
  ADD ("group/disk-full", NULL, test_disk_full);
  ADD ("group/commit-fails", NULL, test_commit_fails);
  ADD ("group/busy", "?busy_timeout=0.05", test_busy);
  ADD ("group/reads", NULL, test_reads);
  ADD ("stop/write-in-group", NULL, test_stop_write);
  ADD ("stop/refused-in-group", NULL, test_refused_in_group);
  ADD ("stop/single", NULL, test_stop_single);
  ADD ("stop/waiting", "?busy_timeout=60", test_stop_waiting);
  return g_test_run ();
}
