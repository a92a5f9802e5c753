/* SPDX-License-Identifier: MIT
 * SQLite: bulk inserts, all or nothing. */
#include "items-fixture.h"

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
                                 "CREATE TRIGGER bad AFTER INSERT ON items BEGIN"
                                 "  INSERT INTO owners VALUES (1000); END"));
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
  g_test_add ("/sqlite/bulk/" path, Fixture, parameters, set_up_items, function, tear_down_items)
  ADD ("all", NULL, test_bulk);
  ADD ("all-uncached", "?statement_cache_size=0", test_bulk);
  ADD ("fails", NULL, test_bulk_fails);
  ADD ("commit-fails", NULL, test_bulk_commit_fails);
  ADD ("stopped", NULL, test_bulk_stopped);
  return g_test_run ();
}
