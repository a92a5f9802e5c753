/* SPDX-License-Identifier: MIT
 *
 * What a large result costs: the peak of a process that reads 100 MB of rows and does nothing else.
 */
#include "fixture.h"

#include <string.h>

#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
#define IS_SANITIZED TRUE
#else
#define IS_SANITIZED FALSE
#endif

#define SIZE 100000000

/* Bytes of text in a row. libpq keeps rows in blocks of 2 kB and larger cells by themselves: rows of about
 * 1 kB, of which one fills a block and leaves half of it, would need twice as much. */
#define SMALL_ROWS 250
#define LARGE_ROWS 2000

typedef struct
{
  gint64      id;
  const char *text;
} Row;

static const YaraField row_fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, text),
};
static const YaraModel row_model = YARA_MODEL (Row, "large", row_fields);

/* In bytes: the most memory that this process has had, or what it has. */
static gsize
get_memory (const char *name)
{
  g_autofree char *text = NULL;
  const char *line;

  test_ok (g_file_get_contents ("/proc/self/status", &text, NULL, &error));
  line = strstr (text, name);
  g_assert_nonnull (line);
  return g_ascii_strtoull (line + strlen (name), NULL, 10) * 1024;
}

static void
make_rows (Test *test, guint row_size)
{
  g_autofree char *text = g_strnfill (row_size, 'x');
  g_autofree char *sql = g_strdup_printf ("INSERT INTO large (id, text) WITH RECURSIVE n(i) AS "
                                          "(SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %u) "
                                          "SELECT i, '%s' FROM n", SIZE / row_size, text);

  TEST_USE (test, &row_model);
  test_execute (test->orm, NULL, sql);
}

static void
check_records (YaraResult *result)
{
  gsize n_bytes = 0;

  YARA_FOREACH (Row, row, result)
    n_bytes += strlen (row->text);
  g_assert_cmpuint (n_bytes, ==, SIZE);
}

static void
read_records (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);
  g_autoptr(YaraResult) result = test_ok (yara_orm_all (test->orm, query, NULL, &error));

  check_records (result);
}

static void
read_records_async (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);
  g_autoptr(YaraResult) result = test_await_ok (orm_all, test->orm, query);

  check_records (result);
}

static void
read_rows (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  g_autoptr(YaraRows) rows = test_ok (yara_connection_fetch_rows (connection, "SELECT * FROM large", NULL, NULL,
                                                                  &error));
  gsize n_bytes = 0;

  for (gsize i = 0; i < yara_rows_get_n_rows (rows); i++)
    n_bytes += strlen (yara_rows_get_text (rows, i, 1));
  g_assert_cmpuint (n_bytes, ==, SIZE);
}

/* Each in a process of its own, because what a process has once taken counts for ever. */
static void
assert_growth (Test *test, void (*read) (Test *test), guint row_size, gsize limit)
{
  gsize before, growth;

  if (IS_SANITIZED)
    {
      g_test_skip ("sanitizers take memory of their own");
      return;
    }
  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
      g_test_trap_assert_passed ();
      return;
    }
  make_rows (test, row_size);
  before = get_memory ("VmHWM:");
  read (test);
  growth = get_memory ("VmHWM:") - before;
  g_printerr ("# %u bytes a row: %.1f MB more than the %.1f MB before\n", row_size, growth / 1e6, before / 1e6);
  g_assert_cmpuint (growth, <, limit);
}

#define ONE_RESULT ((gsize) SIZE * 3 / 2)

static void
one_result (Test *test)
{
  assert_growth (test, read_records, LARGE_ROWS, ONE_RESULT);
}

static void
one_result_of_small_rows (Test *test)
{
  assert_growth (test, read_records, SMALL_ROWS, ONE_RESULT);
}

static void
one_result_async (Test *test)
{
  assert_growth (test, read_records_async, LARGE_ROWS, ONE_RESULT);
}

static void
one_result_of_values (Test *test)
{
  assert_growth (test, read_rows, LARGE_ROWS, ONE_RESULT);
}

static const TestCase cases[] = {
  { "faults/memory/one-result", one_result, "postgres" },
  { "faults/memory/one-result", one_result, "sqlite-file" },
  { "faults/memory/one-result-of-small-rows", one_result_of_small_rows, "postgres" },
  { "faults/memory/one-result-of-small-rows", one_result_of_small_rows, "sqlite-file" },
  { "faults/memory/one-result-async", one_result_async, "postgres" },
  { "faults/memory/one-result-async", one_result_async, "sqlite-file" },
  { "faults/memory/one-result-of-values", one_result_of_values, "postgres" },
  { "faults/memory/one-result-of-values", one_result_of_values, "sqlite-file" },
};
TEST_MAIN (cases)
