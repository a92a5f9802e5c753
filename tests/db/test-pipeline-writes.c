/* SPDX-License-Identifier: MIT
 *
 * What one iteration of the main loop issues leaves in one write. The calls of send() are counted: on the way to the
 * server several may become one packet, or one several.
 */
#include "fixture.h"

#include "write-counter.h"

/* Together they stay below 8192 bytes, from which on libpq sends what it has. */
#define N_GETS 32

typedef struct
{
  gint64 id;
} Entry;

static const YaraField entry_fields[] = { YARA_FIELD (Entry, id, .primary_key = true) };
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

static void
get (YaraOrm *orm, gint64 id, TestCall *call)
{
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);

  yara_query_filter (query, "id", id);
  yara_orm_get_async (orm, query, NULL, test_call_done, call);
}

/* So many writes for `n` gets that are issued together. */
static guint
count_writes (YaraOrm *orm, guint n)
{
  TestCall calls[N_GETS] = { { NULL } };
  guint    n_before = write_counter_get (), n_writes;

  for (guint i = 0; i < n; i++)
    get (orm, i + 1, &calls[i]);
  test_calls_wait (calls, n);
  n_writes = write_counter_get () - n_before;
  for (guint i = 0; i < n; i++)
    yara_result_unref (test_ok (yara_orm_get_finish (orm, calls[i].result, &error)));
  test_calls_clear (calls, n);
  return n_writes;
}

static void
one_write (Test *test)
{
  g_autofree char *base = test_url (test, "default");
  g_autofree char *url = g_strconcat (base, "&max_size=1", NULL);
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  TEST_USE (test, &entry_model);
  test_ok (yara_orm_register (orm, &entry_model, &error));
  test_execute (test->orm, NULL, "INSERT INTO entries SELECT generate_series (1, 32)");
  count_writes (orm, 1); /* the statement is prepared now */
  g_assert_cmpuint (count_writes (orm, 1), ==, 1);
  g_assert_cmpuint (count_writes (orm, N_GETS), ==, 1);
}

static const TestCase cases[] = {
  { "pipeline/one-write", one_write, "postgres" },
};
TEST_MAIN (cases)
