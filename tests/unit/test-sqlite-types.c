/* SPDX-License-Identifier: MIT
 * SQLite: every kind on its way in and out, cells that do not fit, decimals, and lists. */
#include "sqlite-fixture.h"

#include "model/field.h"

typedef enum { LOW = 1, HIGH = -2 } Level;

typedef struct
{
  gint64      id;
  bool        flag;
  gint32      truth;
  gint16      small;
  gint32      number;
  double      real;
  const char *name;
  YaraBytes   bytes;
  YaraUuid    uuid;
  const char *price;
  const char *json;
  gint64      moment;
  gint32      day;
  Level       number_level;
  Level       text_level;
  bool        number_is_null;
} Row;

static const YaraChoice levels[] = { { LOW, "low" }, { HIGH, "high" }, { 0, NULL } };

static const YaraField fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, flag),
  YARA_FIELD_AS (Row, truth, BOOL),
  YARA_FIELD (Row, small),
  YARA_FIELD (Row, number, .nullable = true, .null_flag = YARA_NULL_FLAG (Row, number_is_null)),
  YARA_FIELD (Row, real),
  YARA_FIELD (Row, name, .nullable = true),
  YARA_FIELD (Row, bytes, .nullable = true),
  YARA_FIELD (Row, uuid, .nullable = true),
  YARA_FIELD_AS (Row, price, DECIMAL, .precision = 18, .scale = 2, .nullable = true),
  YARA_FIELD_AS (Row, json, JSON, .nullable = true),
  YARA_FIELD_AS (Row, moment, TIMESTAMP),
  YARA_FIELD_AS (Row, day, DATE),
  YARA_FIELD_AS (Row, number_level, ENUM_INT, .choices = levels),
  YARA_FIELD_AS (Row, text_level, ENUM_TEXT, .choices = levels),
};
static const YaraModel row_model = YARA_MODEL (Row, "rows", fields);

#define COLUMNS "id, flag, truth, small, number, real, name, bytes, uuid, price, json, moment, day, number_level, text_level"
#define N_COLUMNS G_N_ELEMENTS (fields)

static YaraModelInfo *info;

static void
set_up_rows (Fixture *fixture, gconstpointer data)
{
  set_up (fixture, NULL);
  info = make_info (&row_model);
  execute (fixture->session, "CREATE TABLE rows (" COLUMNS ")", NULL); /* takes anything */
}

static void
tear_down_rows (Fixture *fixture, gconstpointer data)
{
  yara_model_info_free (info);
  tear_down (fixture, NULL);
}

static void
insert (Fixture *fixture, const Row *row)
{
  YaraValue values[N_COLUMNS];
  g_autoptr(GError) error = NULL;
  YaraRequest request;

  for (guint i = 0; i < N_COLUMNS; i++)
    g_assert_true (yara_field_get (info, &info->fields[i], row, &values[i], &error));
  request = make_generated (info, "INSERT INTO rows VALUES (?1,?2,?3,?4,?5,?6,?7,?8,?9,?10,?11,?12,?13,?14,?15)",
                            values, N_COLUMNS, YARA_ANSWER_COUNT);
  yara_sqlite_session_run (&fixture->session->base, &request, NULL);
  g_assert_no_error (request.error);
  g_assert_cmpint (request.n_rows, ==, 1);
  clear_request (&request);
}

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

static const Row full_row = {
  .id = G_MAXINT64, .flag = true, .truth = 1, .small = G_MININT16, .number = G_MININT32, .real = -0.1, .name = "größe",
  .bytes = { "a\0b", 3 }, .uuid = { { 1, 2, 3, 0xff } }, .price = "-10.5", .json = "{\"a\": 1}", .moment = G_MININT64,
  .day = -1, .number_level = HIGH, .text_level = HIGH,
};

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

  insert (fixture, &(Row) { .number_is_null = true, .text_level = LOW, .number_level = LOW, .name = "", .bytes = { "", 0 } });
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
           "INSERT INTO rows SELECT n, n & 1, 0, n % 100, n, n / 4.0, 'name of ' || n, zeroblob(n % 50), NULL, n, NULL, n, n, 1, 'low' FROM c",
           NULL);
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
      execute (changers[i], "CREATE TABLE items (id ANY NOT NULL, name TEXT NOT NULL, value ANY NOT NULL) STRICT", NULL);
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

/* ---- decimals ---- */

static void
test_decimals (void)
{
  static const struct { const char *text; guint scale; gint64 number; const char *back; } good[] = {
    { "10.5", 2, 1050, "10.50" },
    { "-0.05", 2, -5, "-0.05" },
    { "0", 2, 0, "0.00" },
    { "-0", 2, 0, "0.00" },
    { "+7", 0, 7, "7" },
    { "7.", 1, 70, "7.0" },
    { ".5", 1, 5, "0.5" },
    { "1.500", 1, 15, "1.5" },
    { "007", 0, 7, "7" },
    { "999999999999999999", 0, G_GINT64_CONSTANT (999999999999999999), "999999999999999999" },
    { "-0.999999999999999999", 18, -G_GINT64_CONSTANT (999999999999999999), "-0.999999999999999999" },
    { "9223372036854775807", 0, G_MAXINT64, "9223372036854775807" },
  };
  static const struct { const char *text; guint scale; } bad[] = {
    { "", 2 }, { "-", 2 }, { ".", 2 }, { "1e5", 2 }, { "1,5", 2 }, { " 1", 2 }, { "1 ", 2 }, { "--1", 2 },
    { "1.555", 2 }, { "9223372036854775808", 0 }, { "92233720368547758.08", 3 }, { "NaN", 2 }, { "1.2.3", 2 },
  };
  char text[YARA_DECIMAL_TEXT_SIZE];
  gint64 number;

  for (gsize i = 0; i < G_N_ELEMENTS (good); i++)
    {
      g_assert_true (yara_sqlite_decimal_to_integer (good[i].text, strlen (good[i].text), good[i].scale, &number));
      g_assert_cmpint (number, ==, good[i].number);
      g_assert_cmpuint (yara_sqlite_decimal_to_text (number, good[i].scale, text), ==, strlen (good[i].back));
      g_assert_cmpstr (text, ==, good[i].back);
    }
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (yara_sqlite_decimal_to_integer (bad[i].text, strlen (bad[i].text), bad[i].scale, &number));

  yara_sqlite_decimal_to_text (G_MININT64, YARA_DECIMAL_MAX_SCALE, text);
  g_assert_cmpstr (text, ==, "-9.223372036854775808");
  g_assert_true (yara_sqlite_decimal_to_integer ("12.34", 2, 0, &number)); /* the size counts, not the NUL */
  g_assert_cmpint (number, ==, 12);
}

/* As numbers, not as text. */
static void
test_decimal_order (Fixture *fixture, gconstpointer data)
{
  static const char *const prices[] = { "10.00", "9.00", "-1.5", "-20", "100" };
  g_autofree char *order = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (prices); i++)
    insert (fixture, &(Row) { .id = i, .price = prices[i], .text_level = LOW, .number_level = LOW });
  order = fetch_text (fixture->session, "SELECT group_concat(id, '') FROM (SELECT id FROM rows ORDER BY price)");
  g_assert_cmpstr (order, ==, "32104");
}

static void
test_decimal_too_long (Fixture *fixture, gconstpointer data)
{
  YaraValue value = yara_value_decimal ("99999999999999999999");
  YaraRequest request = make_generated (info, "SELECT ?1", &value, 1, YARA_ANSWER_ROWS);

  yara_sqlite_session_run (&fixture->session->base, &request, NULL);
  assert_fails (request.error, YARA_ERROR_FIELD, "value 1");
  clear_request (&request);
}

/* ---- lists ---- */

static gint64
count_in (Fixture *fixture, const char *column, const YaraValue *values, gsize n_values)
{
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM rows WHERE %s IN (SELECT value FROM yara_list(?1))", column);
  YaraValue list = yara_value_list (values, n_values);
  YaraRequest request = make_generated (info, sql, &list, 1, YARA_ANSWER_ROWS);
  gint64 count;

  yara_sqlite_session_run (&fixture->session->base, &request, NULL);
  g_assert_no_error (request.error);
  count = yara_rows_get_int (request.rows, 0, 0);
  clear_request (&request);
  return count;
}

static void
test_list_kinds (Fixture *fixture, gconstpointer data)
{
  YaraValue price = yara_value_decimal ("-10.5");
  static const char *const columns[] = { "flag", "number", "real", "name", "bytes", "uuid", "json", "moment", "day",
                                         "text_level" };
  const YaraValue values[] = {
    yara_value_bool (true), yara_value_int (G_MININT32), yara_value_double (-0.1), yara_value_text ("größe"),
    yara_value_bytes (full_row.bytes), yara_value_uuid (full_row.uuid), yara_value_json ("{\"a\": 1}"),
    yara_value_timestamp (G_MININT64), yara_value_date (-1), yara_value_text ("high"),
  };

  insert (fixture, &full_row);
  price.scale = 2;
  g_assert_cmpint (count_in (fixture, "price", &price, 1), ==, 1);
  for (gsize i = 0; i < G_N_ELEMENTS (columns); i++)
    {
      const YaraValue two[] = { yara_value_null (), values[i] };

      g_assert_cmpint (count_in (fixture, columns[i], &values[i], 1), ==, 1);
      g_assert_cmpint (count_in (fixture, columns[i], two, 2), ==, 1);
      g_assert_cmpint (count_in (fixture, columns[i], &values[i], 0), ==, 0);
      g_assert_cmpint (count_in (fixture, columns[i], &values[(i + 4) % G_N_ELEMENTS (columns)], 1), ==, 0);
    }
}

static void
test_long_list (Fixture *fixture, gconstpointer data)
{
  const gsize n = 100000;
  g_autofree YaraValue *values = g_new (YaraValue, n);

  execute (fixture->session,
           "WITH RECURSIVE c(n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM c WHERE n < 999)"
           "INSERT INTO rows (id, name) SELECT n * 1000, 'n' || n FROM c", NULL);
  for (gsize i = 0; i < n; i++)
    values[i] = yara_value_int (i);
  g_assert_cmpint (count_in (fixture, "id", values, n), ==, 100);
}

/* Only a bound list has values. */
static void
test_list_misused (Fixture *fixture, gconstpointer data)
{
  YaraValue inner = yara_value_int (1), bad[] = { yara_value_list (&inner, 1), yara_value_uint (G_MAXUINT64) };
  YaraSqliteSession *session = fixture->session;

  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM yara_list(5)"), ==, 0);
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM yara_list(x'0102030405060708')"), ==, 0);
  execute_fails (session, "SELECT count(*) FROM yara_list", NULL, YARA_ERROR_OPERATIONAL, "");
  execute_fails (session, "INSERT INTO yara_list VALUES (1)", NULL, YARA_ERROR_OPERATIONAL, "");
  execute_fails (session, "CREATE VIRTUAL TABLE l USING yara_list", NULL, YARA_ERROR_OPERATIONAL, "");
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      YaraValue list = yara_value_list (&bad[i], 1);
      YaraRequest request = make_generated (info, "SELECT value FROM yara_list(?1)", &list, 1, YARA_ANSWER_ROWS);

      yara_sqlite_session_run (&session->base, &request, NULL);
      assert_fails (request.error, YARA_ERROR_OPERATIONAL, "cannot be represented");
      clear_request (&request);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/sqlite/types/decimals", test_decimals);
#define ADD(path, function) g_test_add ("/sqlite/types/" path, Fixture, NULL, set_up_rows, function, tear_down_rows)
  ADD ("round-trip", test_round_trip);
  ADD ("many", test_many);
  ADD ("misfits", test_misfits);
  ADD ("integer-as-double", test_integer_as_double);
  ADD ("strict", test_strict);
  ADD ("values", test_values);
  ADD ("decimal-order", test_decimal_order);
  ADD ("decimal-too-long", test_decimal_too_long);
  ADD ("list/kinds", test_list_kinds);
  ADD ("list/long", test_long_list);
  ADD ("list/misused", test_list_misused);
  return g_test_run ();
}
