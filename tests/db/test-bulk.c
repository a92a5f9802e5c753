/* SPDX-License-Identifier: MIT
 *
 * Many records in one call: all or none, keys in order, any number.
 */
#include "fixture.h"

typedef struct
{
  gint64      id;
  gint64      token;
  const char *text;
  gint64      created;
} Row;

static const YaraField row_fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, token, .unique = true),
  YARA_FIELD (Row, text, .nullable = true),
  YARA_FIELD_AS (Row, created, TIMESTAMP, .auto_now_add = true),
};
static const YaraModel row_model = YARA_MODEL (Row, "bulk_rows", row_fields);

static Row *
make_rows (gsize n_rows, gint64 first_token)
{
  Row *rows = g_new0 (Row, n_rows + 1);

  for (gsize i = 0; i < n_rows; i++)
    {
      rows[i].token = first_token + (gint64) i;
      rows[i].text = i % 3 == 0 ? NULL : i % 3 == 1 ? "" : "text";
    }
  return rows;
}

static gint64
count_rows (Test *test)
{
  return test_fetch_int (test->orm, NULL, "SELECT count(*) FROM bulk_rows");
}

static void
sizes (Test *test)
{
  static const gsize sizes[] = { 0, 1, 2, 99, 100, 101, 200, 5000 };
  gint64 total = 0;

  TEST_USE (test, &row_model);
  for (gsize s = 0; s < G_N_ELEMENTS (sizes); s++)
    {
      g_autofree Row *rows = make_rows (sizes[s], total);

      if (s % 2 == 0)
        test_ok (yara_orm_bulk_create (test->orm, &row_model, rows, sizes[s], NULL, &error));
      else
        test_await_ok (orm_bulk_create, test->orm, &row_model, rows, sizes[s]);
      for (gsize i = 0; i < sizes[s]; i++)
        {
          g_assert_cmpint (rows[i].id, ==, total + 1 + (gint64) i);
          g_assert_cmpint (rows[i].created, ==, rows[0].created);
        }
      total += sizes[s];
      g_assert_cmpint (count_rows (test), ==, total);
    }
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM bulk_rows WHERE token = id - 1"),
                   ==, total);
}

static void
explicit_keys (Test *test)
{
  g_autofree Row *rows = make_rows (150, 0);
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);
  g_autoptr(YaraResult) result = NULL;

  for (guint i = 0; i < 150; i++)
    rows[i].id = 10 * (150 - i);
  TEST_USE (test, &row_model);
  test_ok (yara_orm_bulk_create (test->orm, &row_model, rows, 150, NULL, &error));
  for (guint i = 0; i < 150; i++)
    g_assert_cmpint (rows[i].id, ==, 10 * (150 - i));
  yara_query_order_by (query, "token");
  result = test_ok (yara_orm_all (test->orm, query, NULL, &error));
  g_assert_cmpuint (yara_result_get_n_records (result), ==, 150);
  YARA_FOREACH (Row, row, result)
    g_assert_cmpint (row->id, ==, 10 * (150 - row->token));
}

static void
mixed_keys (Test *test)
{
  g_autofree Row *rows = make_rows (120, 0);

  rows[110].id = 5;
  TEST_USE (test, &row_model);
  test_fails (yara_orm_bulk_create (test->orm, &row_model, rows, 120, NULL, &error), FIELD, "Row", "id");
  g_assert_cmpint (count_rows (test), ==, 0);
  for (guint i = 0; i < 120; i++)
    g_assert_cmpint (rows[i].id, ==, i == 110 ? 5 : 0);
}

/* The failure comes late, after whole statements have succeeded. */
static void
all_or_none (Test *test)
{
  g_autofree Row *rows = make_rows (1050, 0);

  TEST_USE (test, &row_model);
  rows[1049].token = 7;
  test_fails (yara_orm_bulk_create (test->orm, &row_model, rows, 1050, NULL, &error), INTEGRITY, "token");
  test_await (yara_orm_bulk_create_async (test->orm, &row_model, rows, 1050, NULL, test_call_done, &call),
              test_fails (yara_orm_bulk_create_finish (test->orm, call.result, &error), INTEGRITY, "token"));
  g_assert_cmpint (count_rows (test), ==, 0);
  for (guint i = 0; i < 1050; i++)
    g_assert_cmpint (rows[i].id, ==, 0);

  rows[1049].token = 1049;
  rows[1048].text = TEST_SECRET "\xff";
  test_fails (yara_orm_bulk_create (test->orm, &row_model, rows, 1050, NULL, &error), FIELD, "Row", "text");
  g_assert_cmpint (count_rows (test), ==, 0);
  for (guint i = 0; i < 1050; i++)
    g_assert_cmpint (rows[i].id, ==, 0);

  rows[1048].text = "fine";
  test_ok (yara_orm_bulk_create (test->orm, &row_model, rows, 1050, NULL, &error));
  g_assert_cmpint (count_rows (test), ==, 1050);
}

/* Cancelled on the way: every row or none. */
static void
cancelled (Test *test)
{
  TEST_USE (test, &row_model);
  for (guint round = 0; round < 8; round++)
    {
      g_autofree Row *rows = make_rows (5000, round * 5000);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      TestCall call = { NULL };
      gint64 before = count_rows (test);

      yara_orm_bulk_create_async (test->orm, &row_model, rows, 5000, cancellable, test_call_done, &call);
      if (round > 0)
        g_usleep (round * 500);
      g_cancellable_cancel (cancellable);
      test_call_wait (&call);
      if (yara_orm_bulk_create_finish (test->orm, call.result, &error))
        {
          g_assert_cmpint (count_rows (test), ==, before + 5000);
          g_assert_cmpint (rows[4999].id, >, 0);
        }
      else
        {
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          g_assert_cmpint (count_rows (test), ==, before);
          g_assert_cmpint (rows[0].id, ==, 0);
        }
      test_calls_clear (&call, 1);
    }
}

#define N_COLUMNS 400

typedef struct
{
  gint64 id;
  gint32 values[N_COLUMNS];
} Wide;

/* A hundred rows of it are more values than one statement can bind. */
static void
many_columns (Test *test)
{
  YaraField fields[N_COLUMNS + 1] = { YARA_FIELD (Wide, id, .primary_key = true) };
  YaraModel model = { .struct_size = sizeof (YaraModel), .name = "Wide", .table = "wide",
                      .record_size = sizeof (Wide),
                      .fields = fields, .n_fields = N_COLUMNS + 1 };
  g_autofree Wide *rows = g_new0 (Wide, 250);

  for (guint i = 0; i < N_COLUMNS; i++)
    {
      fields[i + 1] = (YaraField) YARA_FIELD (Wide, values[0]);
      fields[i + 1].name = g_strdup_printf ("value_%u", i);
      fields[i + 1].offset += i * sizeof (gint32);
    }
  for (guint r = 0; r < 250; r++)
    for (guint i = 0; i < N_COLUMNS; i++)
      rows[r].values[i] = r * 1000 + i;
  TEST_USE (test, &model);
  test_ok (yara_orm_bulk_create (test->orm, &model, rows, 250, NULL, &error));
  {
    g_autoptr(YaraQuery) query = yara_query_new (&model);
    g_autoptr(YaraResult) result = NULL;

    yara_query_order_by (query, "id");
    result = test_ok (yara_orm_all (test->orm, query, NULL, &error));
    g_assert_cmpmem (yara_result_get_records (result), yara_result_get_n_records (result) * sizeof (Wide),
                     rows, 250 * sizeof (Wide));
  }
  test_ok (yara_orm_close (test->orm, NULL, &error)); /* before the descriptor goes */
  for (guint i = 0; i < N_COLUMNS; i++)
    g_free ((char *) fields[i + 1].name);
}

static const TestCase cases[] = {
  { "bulk/sizes", sizes },
  { "bulk/explicit-keys", explicit_keys },
  { "bulk/mixed-keys", mixed_keys },
  { "bulk/all-or-none", all_or_none },
  { "bulk/cancelled", cancelled },
  { "bulk/many-columns", many_columns },
};
TEST_MAIN (cases)
