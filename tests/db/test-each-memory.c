/* SPDX-License-Identifier: MIT
 *
 * What it costs to go through 100 MB of rows in batches.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64      id;
  const char *text;
} Row;

static const YaraField row_fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, text),
};
static const YaraModel row_model = YARA_MODEL (Row, "rows", row_fields);

#define N_LARGE_ROWS 100000
#define LARGE_ROW    1000

static gboolean
add_up (YaraResult *batch, gpointer data, GError **error)
{
  YARA_FOREACH (Row, row, batch)
    *(gsize *) data += strlen (row->text);
  return TRUE;
}

G_GNUC_UNUSED static gsize
get_peak (void)
{
  g_autofree char *text = NULL;

  test_ok (g_file_get_contents ("/proc/self/status", &text, NULL, &error));
  return g_ascii_strtoull (strstr (text, "VmHWM:") + strlen ("VmHWM:"), NULL, 10) * 1024;
}

G_GNUC_UNUSED static void
read_twice (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);
  g_autofree char *text = g_strnfill (LARGE_ROW, 'x');
  g_autofree char *sql = g_strdup_printf ("INSERT INTO rows (id, text) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL "
                                          "SELECT i + 1 FROM n WHERE i < %d) SELECT i, '%s' FROM n", N_LARGE_ROWS, text);
  gsize n_bytes = 0;

  TEST_USE (test, &row_model);
  test_execute (test->orm, NULL, sql);
  test_ok (yara_orm_each (test->orm, query, 1000, add_up, &n_bytes, NULL, &error));
  test_await (yara_orm_each_async (test->orm, query, 1000, add_up, &n_bytes, NULL, NULL, test_call_done, &call),
              test_ok (yara_orm_each_finish (test->orm, call.result, &error)));
  g_assert_cmpuint (n_bytes, ==, (gsize) 2 * N_LARGE_ROWS * LARGE_ROW);
  g_printerr ("# twice 100 MB of rows on %s: a peak of %.1f MiB\n", test->variant->name, get_peak () / 1048576.0);
  g_assert_cmpuint (get_peak (), <, 32 * 1048576);
}

/* In a process of its own, because the most that a process has ever had counts. */
static void
memory (Test *test)
{
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
  g_test_skip ("sanitizers take memory of their own");
#else
  if (g_test_subprocess ())
    {
      read_twice (test);
      return;
    }
  g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_INHERIT_STDERR);
  g_test_trap_assert_passed ();
#endif
}

static const TestCase cases[] = {
  { "each/memory", memory, "sqlite-file" },
  { "each/memory", memory, "postgres" },
};
TEST_MAIN (cases)
