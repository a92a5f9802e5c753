/* SPDX-License-Identifier: MIT
 * SQLite: every kind on its way in and out, and cells that do not fit. */
#include "rows-fixture.h"

/* (transfer full), or the error */
static YaraResult *
select_rows (Fixture *fixture, GError **error)
{
  YaraRequest request = make_generated (info, "SELECT " COLUMNS " FROM rows ORDER BY id", NULL, 0, YARA_ANSWER_RECORDS);
  YaraResult *result;

  yara_sqlite_session_run (&fixture->session->base, &request, NULL);
  result = g_steal_pointer (&request.records);
  *error = g_steal_pointer (&request.error);
  g_assert_true ((result == NULL) != (*error == NULL));
  clear_request (&request);
  return result;
}

static void
assert_full_row (const Row *row)
{
  g_assert_cmpint (row->id, ==, G_MAXINT64);
  g_assert_true (row->flag);
  g_assert_cmpint (row->truth, ==, 1);
  g_assert_cmpint (row->small, ==, G_MININT16);
  g_assert_cmpint (row->number, ==, G_MININT32);
  g_assert_false (row->number_is_null);
  g_assert_true (row->real == -0.1);
  g_assert_cmpstr (row->name, ==, "größe");
  g_assert_cmpmem (row->bytes.data, row->bytes.size, "a\0b", 3);
  g_assert_cmpmem (&row->uuid, sizeof row->uuid, &full_row.uuid, sizeof row->uuid);
  g_assert_cmpstr (row->price, ==, "-10.50");
  g_assert_cmpstr (row->json, ==, "{\"a\": 1}");
  g_assert_cmpint (row->moment, ==, G_MININT64);
  g_assert_cmpint (row->day, ==, -1);
  g_assert_cmpint (row->number_level, ==, HIGH);
  g_assert_cmpint (row->text_level, ==, HIGH);
}

static void
test_round_trip (Fixture *fixture, gconstpointer data)
{
  g_autoptr(YaraResult) result = NULL;
  g_autoptr(GError) error = NULL;
  const Row *row;

  insert (fixture, &(Row) { .number_is_null = true, .text_level = LOW, .number_level = LOW, .name = "",
                            .bytes = { "", 0 } });
  insert (fixture, &full_row);
  result = select_rows (fixture, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (yara_result_get_n_records (result), ==, 2);
  row = yara_result_get_record (result, 0);
  g_assert_true (row->number_is_null);
  g_assert_cmpint (row->number, ==, 0);
  g_assert_cmpstr (row->name, ==, "");
  g_assert_nonnull (row->bytes.data);
  g_assert_cmpuint (row->bytes.size, ==, 0);
  g_assert_null (row->price);
  g_assert_null (row->json);
  g_assert_cmpmem (&row->uuid, sizeof row->uuid, &(YaraUuid) { { 0 } }, sizeof row->uuid);
  assert_full_row (yara_result_get_record (result, 1));
}

/* More than fits into the first block of anything. */
static void
test_many (Fixture *fixture, gconstpointer data)
{
  g_autoptr(YaraResult) result = NULL;
  g_autoptr(GError) error = NULL;
  const Row *row;
  guint i = 0;

  execute (fixture->session,
           "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 4999)"
           "INSERT INTO rows SELECT n, n & 1, 0, n % 100, n, n / 4.0, 'name of ' || n, zeroblob(n % 50), NULL, n, NULL,"
           "                        n, n, 1, 'low' FROM c", NULL);
  result = select_rows (fixture, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (yara_result_get_n_records (result), ==, 5000);
  for (row = yara_result_get_records (result); i < 5000; i++, row++)
    {
      g_autofree char *name = g_strdup_printf ("name of %u", i);
      g_autofree char *price = g_strdup_printf ("%u.%02u", i / 100, i % 100);

      g_assert_cmpint (row->id, ==, i);
      g_assert_cmpint (row->flag, ==, i & 1);
      g_assert_true (row->real == i / 4.0);
      g_assert_cmpstr (row->name, ==, name);
      g_assert_cmpuint (row->bytes.size, ==, i % 50);
      g_assert_cmpstr (row->price, ==, price);
    }
}

/* ---- what does not fit ---- */

static void
test_misfits (Fixture *fixture, gconstpointer data)
{
  static const struct { const char *column, *value, *part; } cases[] = {
    { "id", "'text'", "Row.id: the database holds text" },
    { "id", "NULL", "NULL" },
    { "id", "9223372036854775808", "a floating-point number" },
    { "flag", "2", "Row.flag: the database holds an integer out of range" },
    { "flag", "'true'", "text" },
    { "flag", "NULL", "NULL" },
    { "truth", "-1", "out of range" },
    { "small", "32768", "Row.small" },
    { "small", "-32769", "out of range" },
    { "number", "2147483648", "out of range" },
    { "number", "1.0", "a floating-point number" },
    { "real", "'1.5'", "Row.real: the database holds text" },
    { "real", "9007199254740993", "an integer" },
    { "name", "5", "Row.name: the database holds an integer" },
    { "name", "x'41'", "bytes" },
    { "name", "CAST(x'41ff' AS TEXT)", "not UTF-8" },
    { "name", "'long enough for words ' || CAST(x'c3' AS TEXT)", "not UTF-8" },
    { "name", "'a' || char(0) || 'b'", "NUL" },
    { "name", "'longer than a word' || char(0)", "NUL" },
    { "json", "CAST(x'ff' AS TEXT)", "Row.json" },
    { "bytes", "'text'", "Row.bytes: the database holds text" },
    { "uuid", "'12340000-0000-0000-0000-00000000000'", "not a UUID" },
    { "uuid", "'12340000-0000-0000-0000-000000000000' || char(0)", "not a UUID" },
    { "uuid", "x'12340000000000000000000000000000'", "bytes" },
    { "price", "'1.50'", "Row.price: the database holds text" },
    { "price", "1.5", "a floating-point number" },
    { "moment", "'2024-01-01'", "text" },
    { "day", "2147483648", "out of range" },
    { "number_level", "7", "none of the choices" },
    { "number_level", "4294967297", "out of range" },
    { "number_level", "'low'", "text" },
    { "text_level", "'lo'", "none of the choices" },
    { "text_level", "'lower'", "none of the choices" },
    { "text_level", "1", "an integer" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *spoil = g_strdup_printf ("UPDATE rows SET %s = %s", cases[i].column, cases[i].value);
      g_autoptr(GError) error = NULL;

      execute (fixture->session, "DELETE FROM rows", NULL);
      insert (fixture, &full_row);
      execute (fixture->session, spoil, NULL);
      g_assert_null (select_rows (fixture, &error));
      assert_fails (error, YARA_ERROR_DECODE, cases[i].part);
      assert_fails (error, YARA_ERROR_DECODE, cases[i].column);
    }
}

/* Tables that were made elsewhere may keep whole numbers as integers. */
static void
test_integer_as_double (Fixture *fixture, gconstpointer data)
{
  g_autoptr(YaraResult) result = NULL;
  g_autoptr(GError) error = NULL;

  insert (fixture, &full_row);
  execute (fixture->session, "UPDATE rows SET real = -9007199254740992", NULL);
  result = select_rows (fixture, &error);
  g_assert_no_error (error);
  g_assert_true (((const Row *) yara_result_get_record (result, 0))->real == -9007199254740992.0);
}

/* ---- strict tables, where SQLite vouches for the integers ---- */

static YaraSql *select_items;

/* The only record: (transfer full), or the error. */
static YaraResult *
select_item (YaraSqliteSession *session, const YaraModelInfo *items, GError **error)
{
  YaraRequest request = {
    .kind = YARA_REQUEST_STATEMENT,
    .statement = { .sql = yara_sql_ref (select_items), .answer = YARA_ANSWER_RECORDS, .info = items, .is_read = TRUE },
  };
  YaraResult *result;

  yara_sqlite_session_run (&session->base, &request, NULL);
  result = g_steal_pointer (&request.records);
  *error = g_steal_pointer (&request.error);
  clear_request (&request);
  return result;
}

static void
check_item (YaraSqliteSession *session, const YaraModelInfo *items, gint64 value, const char *part)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraResult) result = select_item (session, items, &error);

  if (part != NULL)
    {
      assert_fails (error, YARA_ERROR_DECODE, part);
      return;
    }
  g_assert_no_error (error);
  g_assert_cmpint (((const Item *) yara_result_get_record (result, 0))->value, ==, value);
}

/* The word of a table counts only as long as the table is the same. */
static void
test_strict (Fixture *fixture, gconstpointer data)
{
  const char *sql = "SELECT id, name, value FROM items";
  g_autoptr(YaraModelInfo) items = make_info (&item_model);
  YaraSqliteSession *session = fixture->session, *other = open_session (fixture->config, FALSE);
  YaraSqliteSession *changers[] = { session, other };

  select_items = yara_sql_new (sql, strlen (sql));
  for (gsize i = 0; i < G_N_ELEMENTS (changers); i++)
    {
      execute (session, ITEM_TABLE, NULL);
      execute (session, "INSERT INTO items VALUES (1, 'a', -2147483648)", NULL);
      check_item (session, items, G_MININT32, NULL);
      execute (session, "UPDATE items SET value = 2147483648", NULL);
      check_item (session, items, 0, "Item.value: the database holds an integer out of range");

      execute (changers[i], "DROP TABLE items", NULL);
      execute (changers[i], "CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT, value INTEGER NOT NULL)", NULL);
      execute (changers[i], "INSERT INTO items VALUES (1, 'a', 'text')", NULL);
      check_item (session, items, 0, "Item.value: the database holds text");
      execute (changers[i], "DROP TABLE items", NULL);
      execute (changers[i], "CREATE TABLE items (id INTEGER, name TEXT, value INTEGER) STRICT", NULL);
      execute (changers[i], "INSERT INTO items VALUES (1, 'a', NULL)", NULL);
      check_item (session, items, 0, "Item.value: the database holds NULL");
      execute (changers[i], "DROP TABLE items", NULL);
      execute (changers[i], "CREATE TABLE items (id ANY NOT NULL, name TEXT, value ANY NOT NULL) STRICT", NULL);
      execute (changers[i], "INSERT INTO items VALUES (1, 'a', 2.5)", NULL);
      check_item (session, items, 0, "Item.value: the database holds a floating-point number");
      execute (changers[i], "DROP TABLE items", NULL);
    }

  /* a view vouches for nothing */
  execute (session, "CREATE VIEW items AS SELECT 1 AS id, 'a' AS name, 'text' AS value", NULL);
  check_item (session, items, 0, "Item.value: the database holds text");
  yara_sqlite_session_close (&other->base);
  yara_sql_unref (select_items);
}

/* ---- rows of fields ---- */

static void
test_values (Fixture *fixture, gconstpointer data)
{
  const YaraFieldInfo *columns[N_COLUMNS];
  YaraRequest request = make_generated (info, "SELECT " COLUMNS " FROM rows", NULL, 0, YARA_ANSWER_ROWS);
  const YaraValue *cell;

  insert (fixture, &full_row);
  for (guint i = 0; i < N_COLUMNS; i++)
    columns[i] = &info->fields[i];
  request.statement.columns = columns;
  request.statement.n_columns = G_N_ELEMENTS (columns);
  yara_sqlite_session_run (&fixture->session->base, &request, NULL);
  g_assert_no_error (request.error);
  g_assert_cmpuint (yara_rows_get_n_columns (request.rows), ==, N_COLUMNS);
  for (guint i = 0; i < N_COLUMNS; i++)
    {
      cell = yara_rows_get_value (request.rows, 0, i);
      g_assert_cmpint (cell->kind, ==, info->fields[i].kind);
      g_assert_cmpstr (yara_rows_get_column_name (request.rows, i), ==, info->fields[i].name);
    }
  g_assert_cmpint (yara_rows_get_int (request.rows, 0, 3), ==, G_MININT16);
  g_assert_cmpstr (yara_rows_get_text (request.rows, 0, 9), ==, "-10.50");
  g_assert_cmpint (yara_rows_get_int (request.rows, 0, 13), ==, HIGH);
  g_assert_cmpstr (yara_rows_get_text (request.rows, 0, 14), ==, "high");
  yara_request_reset (&request);

  execute (fixture->session, "UPDATE rows SET small = 40000", NULL);
  yara_sqlite_session_run (&fixture->session->base, &request, NULL);
  assert_fails (request.error, YARA_ERROR_DECODE, "Row.small");
  clear_request (&request);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/sqlite/types/" path, Fixture, NULL, set_up_rows, function, tear_down_rows)
  ADD ("round-trip", test_round_trip);
  ADD ("many", test_many);
  ADD ("misfits", test_misfits);
  ADD ("integer-as-double", test_integer_as_double);
  ADD ("strict", test_strict);
  ADD ("values", test_values);
  return g_test_run ();
}
