/* SPDX-License-Identifier: MIT
 *
 * The ledger: its sum is the number of statements that were executed, and its lines say where they went.
 */
#include "fixture.h"

#include <stdatomic.h>
#include <string.h>

typedef struct
{
  gint64 id;
  gint64 number;
} Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, number),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

static const char *
answer (const YaraModel *model, const YaraHints *hints)
{
  return hints->user_data;
}

/* What the lines that match have counted; NULL and -1 match everything. */
static guint64
sum (YaraOrm *orm, const char *model, const char *connection, const char *reason, gint64 generation, gboolean failures)
{
  g_autoptr(GVariant) ledger = yara_orm_get_ledger (orm);
  const char  *line_model, *operation, *line_connection, *line_reason;
  guint64      line_generation, n_statements, n_failures, total = 0;
  GVariantIter iter;

  g_assert_cmpstr (g_variant_get_type_string (ledger), ==, "a(ssssttt)");
  g_variant_iter_init (&iter, ledger);
  while (g_variant_iter_next (&iter, "(&s&s&s&sttt)", &line_model, &operation, &line_connection, &line_reason,
                              &line_generation, &n_statements, &n_failures))
    if ((model == NULL || strcmp (line_model, model) == 0) &&
        (connection == NULL || strcmp (line_connection, connection) == 0) &&
        (reason == NULL || strcmp (line_reason, reason) == 0) &&
        (generation < 0 || line_generation == (guint64) generation))
      total += failures ? n_failures : n_statements;
  return total;
}

static void
count_event (YaraOrm *orm, const YaraQueryEvent *event, gpointer n_events)
{
  atomic_fetch_add ((atomic_uint *) n_events, 1);
}

static void
set_up (Test *test)
{
  g_autoptr(YaraOrm) other = yara_orm_using (test->orm, "other");

  test_add_connection (test, "other");
  test_ok (yara_orm_register (test->orm, &entry_model, &error));
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  test_ok (yara_orm_generate_schemas (other, YARA_SCHEMA_DEFAULT, NULL, &error));
}

static void
lines (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  g_autofree char *text = NULL;
  Entry entry = { .number = 1 };

  g_assert_cmpuint (sum (test->orm, NULL, NULL, NULL, -1, FALSE), ==, 0);
  set_up (test);
  g_assert_cmpuint (sum (test->orm, "", NULL, NULL, -1, FALSE), ==, 2);

  test_ok (yara_orm_create (test->orm, &entry_model, &entry, NULL, &error));
  g_assert_cmpuint (sum (test->orm, "Entry", "default", "default", 0, FALSE), ==, 1);
  test_ok (yara_orm_set_router_functions (test->orm, answer, answer, (gpointer) "other", NULL, &error));
  test_ok (yara_orm_count (test->orm, query, NULL, &error));
  test_await_ok (orm_count, test->orm, query);
  g_assert_cmpuint (sum (test->orm, "Entry", "other", "router", 1, FALSE), ==, 2);

  test_ok (yara_orm_set_router_functions (test->orm, answer, answer, (gpointer) "nowhere", NULL, &error));
  test_fails (yara_orm_count (test->orm, query, NULL, &error), CONFIGURATION, "nowhere");
  g_assert_cmpuint (sum (test->orm, NULL, NULL, NULL, -1, FALSE), ==, 5);

  text = yara_orm_get_ledger_text (test->orm);
  g_assert_nonnull (strstr (text, "# TYPE yaraorm_statements counter\n"));
  g_assert_nonnull (strstr (text, "\nyaraorm_statements_total{model=\"Entry\",operation=\"read\",connection=\"other\","
                                  "reason=\"router\",generation=\"1\"} 2\n"));
  g_assert_nonnull (strstr (text, "\nyaraorm_statement_failures_total{model=\"Entry\",operation=\"read\","
                                  "connection=\"other\",reason=\"router\",generation=\"1\"} 0\n"));
  g_assert_true (g_str_has_suffix (text, "\n# EOF\n"));
}

/* ---- the sum ---- */

#define N_THREADS 8
#define N_ROUNDS  20

typedef struct
{
  Test       *test;
  guint       number;
  atomic_uint n_rounds;
} Load;

static gboolean
in_transaction (YaraTransaction *transaction, gpointer data, GError **error)
{
  YaraOrm *orm = data;
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Entry entry = { .number = 2 };

  return yara_orm_create (orm, &entry_model, &entry, NULL, error) && /* the router would send it elsewhere */
         yara_orm_count (orm, query, NULL, error) >= 0 &&
         yara_connection_execute (test_connection (orm, "default"), "DELETE FROM entries WHERE number < 0", NULL, NULL, error) >= 0;
}

/* Per round: 6 statements outside of transactions, 1 of which fails, and 3 inside. */
static void
run_round (Load *load)
{
  YaraOrm *orm = load->test->orm;
  g_autoptr(YaraOrm) view = yara_orm_using (orm, "other");
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Entry entry = { .number = 1 };

  test_ok (yara_orm_create (orm, &entry_model, &entry, NULL, &error));
  test_ok (yara_orm_count (view, query, NULL, &error));
  test_await_ok (orm_count, orm, query);
  test_execute (orm, "other", "UPDATE entries SET number = 3 WHERE number < 0");
  test_await_ok (connection_execute, test_connection (orm, "other"), "DELETE FROM entries WHERE number < 0", NULL);
  test_fails (yara_connection_execute (test_connection (orm, "default"), "DELETE FROM nothing", NULL, NULL, &error), OPERATIONAL, "nothing");
  test_ok (yara_orm_in_transaction (orm, "default", NULL, in_transaction, orm, NULL, &error));
  atomic_fetch_add (&load->n_rounds, 1);
}

static gpointer
run_rounds (gpointer data)
{
  g_autoptr(GMainContext) context = g_main_context_new ();

  g_main_context_push_thread_default (context);
  for (guint i = 0; i < N_ROUNDS; i++)
    run_round (data);
  g_main_context_pop_thread_default (context);
  return NULL;
}

static void
wait_for_rounds (Load *load, guint n)
{
  while (atomic_load (&load->n_rounds) < n)
    g_usleep (500);
}

static void
sum_is_exact (Test *test)
{
  const guint n = N_THREADS * N_ROUNDS;
  Load        load = { .test = test };
  GThread    *threads[N_THREADS];
  atomic_uint n_events = 0;
  guint64     before;
  guint       hook;

  set_up (test);
  before = sum (test->orm, NULL, NULL, NULL, -1, FALSE);
  hook = yara_orm_add_query_hook (test->orm, count_event, &n_events, NULL);
  test_ok (yara_orm_set_router_functions (test->orm, answer, answer, (gpointer) "default", NULL, &error));
  for (guint i = 0; i < N_THREADS; i++)
    threads[i] = g_thread_new ("worker", run_rounds, &load);
  for (guint i = 1; i <= 2; i++)
    {
      wait_for_rounds (&load, i * n / 3);
      test_ok (yara_orm_set_router_functions (test->orm, answer, answer, (gpointer) (i == 1 ? "other" : "default"), NULL, &error));
    }
  for (guint i = 0; i < N_THREADS; i++)
    g_thread_join (threads[i]);
  yara_orm_remove_query_hook (test->orm, hook);

  g_assert_cmpuint (atomic_load (&n_events), ==, 9 * n);
  g_assert_cmpuint (sum (test->orm, NULL, NULL, NULL, -1, FALSE), ==, before + 9 * n);
  g_assert_cmpuint (sum (test->orm, NULL, NULL, NULL, -1, TRUE), ==, n);
  g_assert_cmpuint (sum (test->orm, "", "default", "using", -1, TRUE), ==, n);
  g_assert_cmpuint (sum (test->orm, NULL, "default", "transaction", 0, FALSE), ==, 3 * n);
  g_assert_cmpuint (sum (test->orm, "Entry", NULL, "router", -1, FALSE), ==, 2 * n);
  g_assert_cmpuint (sum (test->orm, "Entry", "other", "router", 2, FALSE), >, 0);
  g_assert_cmpuint (sum (test->orm, "Entry", NULL, "router", 1, FALSE) +
                    sum (test->orm, "Entry", NULL, "router", 2, FALSE) +
                    sum (test->orm, "Entry", NULL, "router", 3, FALSE), ==, 2 * n);
}

static const TestCase cases[] = {
  { "ledger/lines", lines },
  { "ledger/sum-is-exact", sum_is_exact },
};

TEST_MAIN (cases)
