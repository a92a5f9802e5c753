/* SPDX-License-Identifier: MIT
 * SQLite: groups of statements, bulk inserts, and statements that are stopped. */
#include "sqlite-fixture.h"

#define N_GROUP 20

#define ENDLESS "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "

static YaraModelInfo *info;
static YaraSqliteSession *reader;

static void
set_up_items (Fixture *fixture, gconstpointer parameters)
{
  set_up (fixture, parameters);
  info = make_info (&item_model);
  execute (fixture->session, ITEM_TABLE, NULL);
  reader = open_session (fixture->config, TRUE);
}

static void
tear_down_items (Fixture *fixture, gconstpointer parameters)
{
  yara_sqlite_session_close (&reader->base);
  yara_model_info_free (info);
  tear_down (fixture, parameters);
}

static gint64
count_items (void)
{
  return fetch_int (reader, "SELECT count(*) FROM items"); /* what others see: committed */
}

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

/* Interrupts the request at `culprit`, before its first step or while it runs. */
typedef struct
{
  YaraSqliteSession *session;
  YaraRequest       *culprit;
  gboolean           at_once;
  gboolean           refuse;
  GThread           *thread;
  guint              n_begun, n_ended;
} Stopper;

static gpointer
interrupt_soon (gpointer data)
{
  g_usleep (20000);
  yara_sqlite_session_interrupt (data);
  return NULL;
}

static gboolean
begin (YaraRequest *request, gpointer data)
{
  Stopper *stopper = data;

  if (request == stopper->culprit && stopper->refuse)
    return FALSE;
  g_assert_cmpuint (stopper->n_begun++, ==, stopper->n_ended); /* one at a time */
  if (request == stopper->culprit && stopper->at_once)
    yara_sqlite_session_interrupt (&stopper->session->base);
  else if (request == stopper->culprit)
    stopper->thread = g_thread_new ("stopper", interrupt_soon, stopper->session);
  return TRUE;
}

static void
end (YaraRequest *request, gpointer data)
{
  Stopper *stopper = data;

  stopper->n_ended++;
  g_clear_pointer (&stopper->thread, g_thread_join);
}

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

static void
stop_single (YaraSqliteSession *session, YaraRequest *request, gboolean at_once)
{
  Stopper stopper = { session, request, .at_once = at_once };
  YaraRunGuard guard = { begin, end, &stopper };

  yara_sqlite_session_run (&session->base, request, &guard);
  g_assert_error (request->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&request->error);
  g_assert_true (yara_sqlite_session_is_usable (&session->base));
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM items"), ==, 0); /* not hit */
}

/* An interrupt that comes before the first step counts too. */
static void
test_stop_single (Fixture *fixture, gconstpointer data)
{
  for (guint i = 0; i < 2; i++)
    {
      YaraRequest read = make_raw (ENDLESS "SELECT max (n) FROM c", NULL, YARA_ANSWER_ROWS);
      YaraRequest write = make_raw (ENDLESS "INSERT INTO items (name, value) SELECT n, n FROM c", NULL, YARA_ANSWER_COUNT);
      YaraRequest script = { .kind = YARA_REQUEST_SCRIPT, .script = "BEGIN; INSERT INTO items (name, value) VALUES ('a', 1);"
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

/* ---- bulk inserts ---- */

typedef struct
{
  YaraRequest          request;
  const YaraFieldInfo *columns[2];
  Item                 items[25];
  char                 names[25][16];
} Bulk;

static YaraSql *
make_bulk_sql (guint n_rows)
{
  g_autoptr(GString) sql = g_string_new ("INSERT INTO items (name, value) VALUES ");

  for (guint i = 0; i < n_rows; i++)
    g_string_append (sql, i > 0 ? ", (?, ?)" : "(?, ?)");
  g_string_append (sql, " RETURNING id");
  return yara_sql_new (sql->str, sql->len);
}

/* 25 records in chunks of 10. */
static void
bulk_init (Bulk *bulk)
{
  for (guint i = 0; i < 25; i++)
    {
      g_snprintf (bulk->names[i], sizeof bulk->names[i], "item %u", i);
      bulk->items[i] = (Item) { .name = bulk->names[i], .value = i };
    }
  bulk->columns[0] = &info->fields[1];
  bulk->columns[1] = &info->fields[2];
  bulk->request = (YaraRequest) {
    .kind = YARA_REQUEST_BULK_INSERT,
    .bulk = { .info = info, .columns = bulk->columns, .n_columns = 2, .records = (char *) bulk->items, .n_records = 25,
              .returns_key = TRUE, .chunk_sql = make_bulk_sql (10), .chunk_rows = 10, .tail_sql = make_bulk_sql (5) },
  };
}

static void
bulk_clear (Bulk *bulk)
{
  yara_request_reset (&bulk->request);
  yara_bulk_insert_clear (&bulk->request.bulk);
}

static void
assert_nothing_inserted (const Bulk *bulk)
{
  for (guint i = 0; i < 25; i++)
    g_assert_cmpint (bulk->items[i].id, ==, 0);
  g_assert_cmpint (count_items (), ==, 0);
}

static void
test_bulk (Fixture *fixture, gconstpointer data)
{
  Bulk bulk;

  bulk_init (&bulk);
  bulk.request.measure = TRUE;
  yara_sqlite_session_run (&fixture->session->base, &bulk.request, NULL);
  g_assert_no_error (bulk.request.error);
  g_assert_cmpint (bulk.request.n_rows, ==, 25);
  g_assert_cmpint (bulk.request.duration, >, 0);
  g_assert_cmpint (count_items (), ==, 25);
  for (guint i = 0; i < 25; i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT id FROM items WHERE name = 'item %u'", i);

      g_assert_cmpint (bulk.items[i].id, ==, fetch_int (reader, sql));
    }
  bulk_clear (&bulk);
}

static void
test_bulk_fails (Fixture *fixture, gconstpointer data)
{
  YaraSqliteSession *session = fixture->session;
  Bulk bulk;

  bulk_init (&bulk);
  bulk.items[23].name = bulk.names[3]; /* not unique: the tail fails after two chunks were stored */
  yara_sqlite_session_run (&session->base, &bulk.request, NULL);
  g_assert_error (bulk.request.error, YARA_ERROR, YARA_ERROR_INTEGRITY);
  assert_nothing_inserted (&bulk);
  yara_request_reset (&bulk.request);

  bulk.items[17].name = NULL; /* required */
  yara_sqlite_session_run (&session->base, &bulk.request, NULL);
  assert_fails (bulk.request.error, YARA_ERROR_FIELD, "record 17: Item.name");
  assert_nothing_inserted (&bulk);
  yara_request_reset (&bulk.request);

  bulk.items[17].name = "\xff";
  yara_sqlite_session_run (&session->base, &bulk.request, NULL);
  assert_fails (bulk.request.error, YARA_ERROR_FIELD, "record 17: Item.name");
  assert_nothing_inserted (&bulk);
  bulk_clear (&bulk);
}

static void
test_bulk_commit_fails (Fixture *fixture, gconstpointer data)
{
  Bulk bulk;

  g_assert_no_error (run_script (fixture->session,
                                 "CREATE TABLE owners (item INTEGER REFERENCES items DEFERRABLE INITIALLY DEFERRED);"
                                 "CREATE TRIGGER bad AFTER INSERT ON items BEGIN INSERT INTO owners VALUES (1000); END"));
  bulk_init (&bulk);
  yara_sqlite_session_run (&fixture->session->base, &bulk.request, NULL);
  g_assert_error (bulk.request.error, YARA_ERROR, YARA_ERROR_INTEGRITY);
  assert_nothing_inserted (&bulk);
  bulk_clear (&bulk);
}

static void
test_bulk_stopped (Fixture *fixture, gconstpointer data)
{
  Bulk bulk;

  bulk_init (&bulk);
  stop_single (fixture->session, &bulk.request, TRUE);
  assert_nothing_inserted (&bulk);
  bulk_clear (&bulk);
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
  ADD ("bulk/all", NULL, test_bulk);
  ADD ("bulk/all-uncached", "?statement_cache_size=0", test_bulk);
  ADD ("bulk/fails", NULL, test_bulk_fails);
  ADD ("bulk/commit-fails", NULL, test_bulk_commit_fails);
  ADD ("bulk/stopped", NULL, test_bulk_stopped);
  return g_test_run ();
}
