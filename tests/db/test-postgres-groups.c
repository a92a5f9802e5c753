/* SPDX-License-Identifier: MIT
 *
 * Groups of asynchronous statements on PostgreSQL, some of which fail.
 */
#include "items.h"

/* Groups of asynchronous statements, some of which fail. */
static void
pipeline (Test *test)
{
  enum { N = 200 };
  Item items[N];
  TestCall calls[N];

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &item_model);
  for (guint i = 0; i < N; i++)
    {
      items[i] = (Item) { .name = i % 10 == 9 ? "same" : g_strdup_printf ("n%u", i), .size = i };
      yara_orm_create_async (test->orm, &item_model, &items[i], NULL, test_call_done, &calls[i]);
    }
  test_calls_wait (calls, N);
  for (guint i = 0, n_same = 0; i < N; i++)
    {
      g_autoptr(GError) error = NULL;

      if (yara_orm_create_finish (test->orm, calls[i].result, &error))
        n_same += i % 10 == 9;
      else
        {
          g_assert_error (error, YARA_ERROR, YARA_ERROR_INTEGRITY);
          g_assert_cmpuint (i % 10, ==, 9);
        }
      g_assert_cmpuint (n_same, <=, 1);
      if (i % 10 != 9)
        g_free ((char *) items[i].name);
    }
  test_calls_clear (calls, N);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM items"), ==, N - N / 10 + 1);
}

/* Reads share a sync: one that fails takes none with it. */
static void
pipeline_of_reads (Test *test)
{
  typedef Item Absent;
  static const YaraModel absent_model = YARA_MODEL (Absent, "absent", item_fields);
  enum { N = 200 };
  TestCall calls[N];
  Item item = { .name = "a", .size = 1 };

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &item_model);
  test_ok (yara_orm_register (test->orm, &absent_model, &error));
  test_ok (yara_orm_create (test->orm, &item_model, &item, NULL, &error));
  for (guint i = 0; i < N; i++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (i % 20 == 19 ? &absent_model : &item_model);

      yara_query_filter (query, "size", i);
      yara_orm_count_async (test->orm, query, NULL, test_call_done, &calls[i]);
    }
  test_calls_wait (calls, N);
  for (guint i = 0; i < N; i++)
    if (i % 20 == 19)
      test_fails (yara_orm_count_finish (test->orm, calls[i].result, &error), OPERATIONAL, "absent");
    else
      g_assert_cmpint (test_ok (yara_orm_count_finish (test->orm, calls[i].result, &error)), ==, i == 1);
  test_calls_clear (calls, N);
}

static const TestCase cases[] = {
  { "postgres/pipeline", pipeline, "postgres" },
  { "postgres/pipeline-of-reads", pipeline_of_reads, "postgres" },
};
TEST_MAIN (cases)
