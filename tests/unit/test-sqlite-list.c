/* SPDX-License-Identifier: MIT
 * SQLite: decimals, and lists behind `in`. */
#include "rows-fixture.h"

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
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM rows WHERE %s IN (SELECT value FROM yara_list(?1))",
                                          column);
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
  g_test_add_func ("/sqlite/decimals", test_decimals);
#define ADD(path, function) g_test_add ("/sqlite/" path, Fixture, NULL, set_up_rows, function, tear_down_rows)
  ADD ("decimals/order", test_decimal_order);
  ADD ("decimals/too-long", test_decimal_too_long);
  ADD ("list/kinds", test_list_kinds);
  ADD ("list/long", test_long_list);
  ADD ("list/misused", test_list_misused);
  return g_test_run ();
}
