/* SPDX-License-Identifier: MIT
 *
 * Tables, columns and values that are not what a model says: each is an error of its own, and the session
 * serves on.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64      id;
  const char *name;
  gint32      size;
  const char *data;
} Item;

static const YaraField item_fields[] = {
  YARA_FIELD (Item, id, .primary_key = true),
  YARA_FIELD (Item, name),
  YARA_FIELD (Item, size),
  YARA_FIELD_AS (Item, data, JSON, .nullable = true),
};
static const YaraModel item_model = YARA_MODEL (Item, "items", item_fields);

/* ---- tables that were altered under the model ---- */

/* Both shapes of the verb, with statements that were prepared before. */
static void
assert_unreadable (Test *test, YaraError code, const char *word)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);

  for (guint i = 0; i < 2; i++)
    {
      test_fails_in (yara_orm_all (test->orm, query, NULL, &error), YARA_ERROR, code, word);
      test_await (yara_orm_all_async (test->orm, query, NULL, test_call_done, &call),
                  test_fails_in (yara_orm_all_finish (test->orm, call.result, &error), YARA_ERROR, code, word));
    }
}

static void
assert_unwritable (Test *test, YaraError code, const char *word)
{
  g_autofree Item *items = g_new0 (Item, 300);
  Item item = { .name = "new", .size = 2 };

  test_fails_in (yara_orm_create (test->orm, &item_model, &item, NULL, &error), YARA_ERROR, code, word);
  test_await (yara_orm_create_async (test->orm, &item_model, &item, NULL, test_call_done, &call),
              test_fails_in (yara_orm_create_finish (test->orm, call.result, &error), YARA_ERROR, code, word));
  for (guint i = 0; i < 300; i++)
    items[i] = item;
  test_fails_in (yara_orm_bulk_create (test->orm, &item_model, items, 300, NULL, &error), YARA_ERROR, code, word);
  g_assert_cmpint (item.id + items[0].id, ==, 0);
}

static void
assert_sound (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&item_model);
  g_autoptr(YaraResult) result = NULL;
  Item item = { .name = "sound", .size = 3 };

  test_ok (yara_orm_create (test->orm, &item_model, &item, NULL, &error));
  yara_query_filter (query, "id", item.id);
  result = test_ok (yara_orm_get (test->orm, query, NULL, &error));
  g_assert_cmpint (((Item *) yara_result_get_record (result, 0))->size, ==, 3);
  test_ok (yara_orm_delete (test->orm, &item_model, &item, NULL, &error));
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, 1);
}

static void
altered_tables (Test *test)
{
  static const struct { const char *change, *undo, *word; YaraError read, write; } changes[] = {
    { "ALTER TABLE items RENAME COLUMN size TO length", "ALTER TABLE items RENAME COLUMN length TO size", "size",
      YARA_ERROR_OPERATIONAL, YARA_ERROR_OPERATIONAL },
    { "ALTER TABLE items RENAME TO things", "ALTER TABLE things RENAME TO items", "items",
      YARA_ERROR_OPERATIONAL, YARA_ERROR_OPERATIONAL },
    { "ALTER TABLE items ALTER COLUMN size TYPE BYTEA USING '\\x01'",
      "ALTER TABLE items ALTER COLUMN size TYPE INTEGER USING 1",
      "size", YARA_ERROR_DECODE, YARA_ERROR_OPERATIONAL },
    { "ALTER TABLE items ALTER COLUMN size TYPE POINT USING '(1,2)'",
      "ALTER TABLE items ALTER COLUMN size TYPE INTEGER USING 1",
      "size", YARA_ERROR_DECODE, YARA_ERROR_OPERATIONAL },
    { "ALTER TABLE items ALTER COLUMN size DROP NOT NULL, ADD COLUMN needed INTEGER NOT NULL DEFAULT 1; "
      "ALTER TABLE items ALTER COLUMN needed DROP DEFAULT; UPDATE items SET size = NULL",
      "ALTER TABLE items DROP COLUMN needed; UPDATE items SET size = 1", NULL,
      YARA_ERROR_DECODE, YARA_ERROR_INTEGRITY },
  };
  YaraConnection *connection = test_connection (test->orm, NULL);
  Item item = { .name = "old", .size = 1 };

  TEST_USE (test, &item_model);
  test_ok (yara_orm_create (test->orm, &item_model, &item, NULL, &error));
  for (gsize i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      assert_sound (test);
      test_ok (yara_connection_execute_script (connection, changes[i].change, NULL, &error));
      assert_unreadable (test, changes[i].read, changes[i].word != NULL ? changes[i].word : "size");
      assert_unwritable (test, changes[i].write, changes[i].word != NULL ? changes[i].word : "needed");
      test_ok (yara_connection_execute_script (connection, changes[i].undo, NULL, &error));
    }
  assert_sound (test);
}

/* What raw SQL throws away is prepared again, also for many that are on their way. */
static void
forgotten_statements (Test *test)
{
  enum { N = 60 };
  static const char *const changes[] = {
    "DEALLOCATE ALL", "DISCARD ALL", "DISCARD PLANS", "ALTER TABLE items ADD COLUMN more INTEGER",
    "ALTER TABLE items ALTER COLUMN more TYPE BIGINT", "ALTER TABLE items DROP COLUMN more"
  };
  YaraConnection *connection = test_connection (test->orm, NULL);
  Item items[N / 3];
  TestCall calls[N], changed;

  TEST_USE (test, &item_model);
  for (gsize c = 0; c < G_N_ELEMENTS (changes); c++)
    {
      memset (calls, 0, sizeof calls);
      changed = (TestCall) { NULL };
      for (guint i = 0; i < N; i++)
        {
          g_autoptr(YaraQuery) query = yara_query_new (&item_model);

          if (i == N / 2)
            yara_connection_execute_async (connection, changes[c], NULL, NULL, test_call_done, &changed);
          if (i % 3 == 0)
            {
              items[i / 3] = (Item) { .name = "item", .size = i };
              yara_orm_create_async (test->orm, &item_model, &items[i / 3], NULL, test_call_done, &calls[i]);
            }
          else if (i % 3 == 1)
            yara_orm_all_async (test->orm, query, NULL, test_call_done, &calls[i]);
          else
            yara_connection_fetch_rows_async (connection, "SELECT * FROM items LIMIT 5", NULL, NULL,
                                              test_call_done, &calls[i]);
        }
      test_calls_wait (calls, N);
      test_call_wait (&changed);
      test_ok (yara_connection_execute_finish (connection, changed.result, &error) == 0);
      for (guint i = 0; i < N; i++)
        if (i % 3 == 0)
          test_ok (yara_orm_create_finish (test->orm, calls[i].result, &error));
        else if (i % 3 == 1)
          yara_result_unref (test_ok (yara_orm_all_finish (test->orm, calls[i].result, &error)));
        else
          yara_rows_unref (test_ok (yara_connection_fetch_rows_finish (connection, calls[i].result, &error)));
      test_calls_clear (calls, N);
      test_calls_clear (&changed, 1);
      g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, (c + 1) * N / 3);
    }
}

/* ---- values ---- */

typedef struct
{
  gint64      id;
  gint32      small;   /* a SMALLINT */
  const char *word;    /* of 3 characters */
  const char *decimal; /* of 4 digits */
} Tight;

static const YaraField tight_fields[] = {
  YARA_FIELD (Tight, id, .primary_key = true),
  YARA_FIELD (Tight, small),
  YARA_FIELD (Tight, word),
  YARA_FIELD_AS (Tight, decimal, DECIMAL, .precision = 10, .scale = 2),
};
static const YaraModel tight_model = YARA_MODEL (Tight, "tights", tight_fields);

/* The column is narrower than the field. */
static void
out_of_range (Test *test)
{
  static const Tight good = { .small = 1, .word = "abc", .decimal = "12.34" };
  Tight bad[3] = { good, good, good };

  test_ok (yara_orm_register (test->orm, &tight_model, &error));
  test_execute (test->orm, NULL, "CREATE TABLE tights (id BIGINT GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, "
                                 "small SMALLINT NOT NULL, word VARCHAR(3) NOT NULL, "
                                 "decimal NUMERIC(4,2) NOT NULL)");
  bad[0].small = TEST_SECRET_NUMBER;
  bad[1].word = TEST_SECRET;
  bad[2].decimal = "123.45";
  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autofree Tight *many = g_new (Tight, 300);
      Tight record = bad[i];

      for (guint n = 0; n < 300; n++)
        many[n] = n == 200 ? bad[i] : good;
      for (guint n = 0; n < 2; n++) /* prepared by the first */
        {
          g_autoptr(GError) error = NULL;

          g_assert_false (yara_orm_create (test->orm, &tight_model, &record, NULL, &error));
          g_assert_cmpint (strncmp (yara_error_get_sqlstate (error), "22", 2), ==, 0);
          test_check_error (&error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "create Tight", NULL);
        }
      test_await (yara_orm_create_async (test->orm, &tight_model, &record, NULL, test_call_done, &call),
                  test_fails (yara_orm_create_finish (test->orm, call.result, &error), OPERATIONAL, "Tight"));
      {
        g_autoptr(GError) error = NULL;

        g_assert_false (yara_orm_bulk_create (test->orm, &tight_model, many, 300, NULL, &error));
        g_assert_true (error->code == YARA_ERROR_OPERATIONAL || error->code == YARA_ERROR_FIELD);
        test_check_error (&error, YARA_ERROR, error->code, "bulk_create Tight", NULL);
      }
      g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM tights"), ==, 0);
    }
}

/* One more than the protocol can count is refused; what it can count is taken. */
static void
many_parameters (Test *test)
{
  enum { MOST = 65535 };
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autofree YaraValue *values = g_new (YaraValue, MOST + 1);
  g_autoptr(GString) sql = g_string_new ("SELECT 1 WHERE 7 IN ($1::bigint");
  g_autoptr(GString) longer = NULL;
  g_autoptr(YaraRows) rows = NULL;

  for (guint i = 0; i <= MOST; i++)
    values[i] = yara_value_int (i);
  for (guint i = 2; i <= MOST; i++)
    g_string_append_printf (sql, ",$%u", i);
  longer = g_string_new (sql->str);
  g_string_append_printf (longer, ",$%u)", MOST + 1);
  g_string_append_c (sql, ')');
  rows = test_ok (yara_connection_fetch_rows (connection, sql->str, &(YaraArgs) { values, MOST }, NULL, &error));
  g_assert_cmpuint (yara_rows_get_n_rows (rows), ==, 1);
  test_fails (yara_connection_fetch_rows (connection, longer->str, &(YaraArgs) { values, MOST + 1 }, NULL, &error),
              OPERATIONAL,
              "65535");
  test_await (yara_connection_fetch_rows_async (connection, longer->str, &(YaraArgs) { values, MOST + 1 }, NULL,
                                                test_call_done,
                                                &call),
              test_fails (yara_connection_fetch_rows_finish (connection, call.result, &error), OPERATIONAL,
                          "65535"));
  test_fails (yara_connection_fetch_rows (connection, "SELECT $99999", YARA_ARGS (1), NULL, &error), OPERATIONAL);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT 1"), ==, 1);
}

static void
nul_in_text (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  Item item = { .name = "nul", .data = "{\"" TEST_SECRET "\": \"\\u0000\"}" };

  TEST_USE (test, &item_model);
  test_execute (test->orm, NULL, "ALTER TABLE items ALTER COLUMN data TYPE JSONB USING data::jsonb");
  {
    g_autoptr(GError) error = NULL;

    g_assert_false (yara_orm_create (test->orm, &item_model, &item, NULL, &error));
    g_assert_true (error->code == YARA_ERROR_OPERATIONAL || error->code == YARA_ERROR_FIELD);
    test_check_error (&error, YARA_ERROR, error->code, "create Item", NULL);
  }
  test_fails (yara_connection_fetch_row (connection, "SELECT convert_from ($1, 'UTF8')",
                                         YARA_ARGS (((YaraBytes) { "a\0b", 3 })),
                                         NULL, &error), OPERATIONAL, "0x00");
  test_fails (yara_connection_fetch_row (connection, "SELECT chr(0)", NULL, NULL, &error), OPERATIONAL,
              "null character");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, 0);
}

/* Columns of types that have no binary form here, beside some that have. */
static const struct
{
  const char *sql, *text;
} strange_columns[] = {
  { "SELECT 1 AS one, point(1,2) AS strange", "(1,2)" },
  { "SELECT 1 AS one, '[1,5)'::int4range AS strange", "[1,5)" },
  { "SELECT 1 AS one, B'101' AS strange", "101" },
  { "SELECT 1 AS one, '10.1.2.0/24'::cidr AS strange", "10.1.2.0/24" },
  { "SELECT 1 AS one, ROW (1, 'a') AS strange", "(1,a)" },
  { "SELECT 1 AS one, ARRAY[point(1,2)] AS strange", "{\"(1,2)\"}" },
  { "SELECT 1 AS one, '<a/>'::xml AS strange", "<a/>" },
  { "SELECT 1 AS one, '1 day 02:03'::interval AS strange", "1 day 02:03:00" },
  { "INSERT INTO items (name, size) VALUES ('a', 1) RETURNING 1 AS one, ARRAY[1.50] AS strange", "{1.50}" },
};

static void
check_strange (YaraRows *rows, const char *text)
{
  g_assert_cmpint (yara_rows_get_n_rows (rows), ==, 1);
  g_assert_cmpint (yara_rows_get_int (rows, 0, 0), ==, 1);
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 1), ==, text);
}

/* They come as text, from the first time on, and in both shapes; a statement that writes runs once. */
static void
strange_types (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);

  TEST_USE (test, &item_model);
  for (gsize i = 0; i < G_N_ELEMENTS (strange_columns); i++)
    for (guint round = 0; round < 2; round++)
      {
        const char *sql = strange_columns[i].sql;
        TestCall call = { 0 };
        g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_rows (connection, sql, NULL, NULL, &error));
        g_autoptr(YaraRows) others = NULL;

        check_strange (rows, strange_columns[i].text);
        yara_connection_fetch_rows_async (connection, sql, NULL, NULL, test_call_done, &call);
        test_calls_wait (&call, 1);
        others = test_ok (yara_connection_fetch_rows_finish (connection, call.result, &error));
        check_strange (others, strange_columns[i].text);
        test_calls_clear (&call, 1);
      }
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, 4);
}

/* Where nothing can be prepared they are named in an error, unless they are cast; they are never NULL. */
static void
strange_types_unprepared (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (strange_columns) - 1; i++)
    {
      GError *error = NULL;
      g_autoptr(YaraRows) rows = yara_connection_fetch_rows (connection, strange_columns[i].sql, NULL, NULL, &error);

      if (rows == NULL)
        test_check_error (&error, YARA_ERROR, YARA_ERROR_DECODE, "\"strange\"", "cast it to text", NULL);
      else
        check_strange (rows, strange_columns[i].text);
    }
}

static const TestCase cases[] = {
  { "values-postgres/altered-tables", altered_tables, "postgres" },
  { "values-postgres/altered-tables", altered_tables, "pgbouncer" },
  { "values-postgres/forgotten-statements", forgotten_statements, "postgres" },
  { "values-postgres/forgotten-statements", forgotten_statements, "pgbouncer" },
  { "values-postgres/out-of-range", out_of_range, "postgres" },
  { "values-postgres/out-of-range", out_of_range, "pgbouncer" },
  { "values-postgres/many-parameters", many_parameters, "postgres" },
  { "values-postgres/many-parameters", many_parameters, "pgbouncer" },
  { "values-postgres/nul-in-text", nul_in_text, "postgres" },
  { "values-postgres/strange-types", strange_types, "postgres" },
  { "values-postgres/strange-types-unprepared", strange_types_unprepared, "pgbouncer" },
};
TEST_MAIN (cases)
