/* SPDX-License-Identifier: MIT
 *
 * Transactions on the main loop: chains of work that know nothing of their transaction, alone, next to one
 * another, and across time-outs.
 */
#include "entries.h"

/* ---- one chain ---- */

static void
run_chain (Chain *chain)
{
  yara_orm_in_transaction_async (chain->orm, NULL, NULL, chain_body, chain, NULL, chain_done, &chain->call);
  g_assert_null (yara_ambient_dup_current ());
  g_assert_null (chain->transaction);
  test_call_wait (&chain->call);
  g_assert_true (chain->was_ambient);
  g_assert_null (yara_ambient_dup_current ());
}

static void
commits (Test *test)
{
  Chain chain = { test->orm, RETURN };

  TEST_USE (test, &entry_model);
  run_chain (&chain);
  test_ok (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error));
  test_calls_clear (&chain.call, 1);
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 3);
}

static void
rolls_back (Test *test)
{
  Chain chain = { test->orm, RETURN_ERROR };

  TEST_USE (test, &entry_model);
  run_chain (&chain);
  test_fails_in (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error), G_FILE_ERROR,
                 G_FILE_ERROR_FAILED, "on purpose");
  test_calls_clear (&chain.call, 1);
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 0);
}

static void
returns_at_once (Test *test)
{
  Chain chain = { test->orm, RETURN_AT_ONCE };

  TEST_USE (test, &entry_model);
  run_chain (&chain);
  test_ok (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error));
  test_calls_clear (&chain.call, 1);
}

static void
dropped_by_its_body (Test *test)
{
  Chain chain = { test->orm, DROP };
  gint64 deadline;

  TEST_USE (test, &entry_model);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_WARNING, "*dropped without a commit or rollback*");
  run_chain (&chain);
  g_test_assert_expected_messages ();
  test_fails (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error), TRANSACTION,
              "yara_transaction_return()");
  test_calls_clear (&chain.call, 1);

  /* rolled back in the background, within a second */
  deadline = g_get_monotonic_time () + G_USEC_PER_SEC;
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 0);
  for (YaraConnectionStatus status = { .struct_size = sizeof status, .n_in_use = 1 }; status.n_in_use > 0;)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_assert_true (yara_connection_get_status (test_connection (test->orm, NULL), &status));
      g_usleep (1000);
    }
}

static void
unknown_name (Test *test)
{
  Chain chain = { test->orm, RETURN };

  yara_orm_in_transaction_async (test->orm, "nowhere", NULL, chain_body, &chain, NULL, test_call_done,
                                 &chain.call);
  g_assert_cmpuint (chain.call.n_callbacks, ==, 0);
  test_call_wait (&chain.call);
  test_fails (yara_orm_in_transaction_finish (test->orm, chain.call.result, &error), CONFIGURATION, "nowhere");
  test_calls_clear (&chain.call, 1);
}

/* ---- straight-line code, without blocking ---- */

typedef struct
{
  YaraOrm         *orm;
  YaraTransaction *transaction;
  Entry            entry;
  gboolean         rolls_back;
  TestCall         call;
} Line;

static void
line_created (GObject *orm, GAsyncResult *result, gpointer data)
{
  Line *line = data;

  test_ok (yara_orm_create_finish (YARA_ORM (orm), result, &error));
  if (line->rolls_back)
    yara_transaction_rollback_async (line->transaction, chain_done, &line->call);
  else
    yara_transaction_commit_async (line->transaction, NULL, chain_done, &line->call);
}

static void
line_begun (GObject *orm, GAsyncResult *result, gpointer data)
{
  Line *line = data;
  g_autoptr(YaraAmbient) ambient = yara_ambient_dup_current ();

  g_assert_nonnull (ambient);
  line->transaction = test_ok (yara_orm_begin_finish (YARA_ORM (orm), result, &error));
  line->entry.name = "line";
  yara_orm_create_async (line->orm, &entry_model, &line->entry, NULL, line_created, line);
}

static void
lines (Test *test)
{
  TEST_USE (test, &entry_model);
  for (guint i = 0; i < 4; i++)
    {
      Line line = { test->orm, .rolls_back = i % 2 == 1 };

      yara_orm_begin_async (test->orm, NULL, NULL, NULL, line_begun, &line);
      test_call_wait (&line.call);
      if (line.rolls_back)
        test_ok (yara_transaction_rollback_finish (line.transaction, line.call.result, &error));
      else
        test_ok (yara_transaction_commit_finish (line.transaction, line.call.result, &error));
      g_object_unref (line.transaction);
      test_calls_clear (&line.call, 1);
    }
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 2);
}

static void
begin_nobody_takes (Test *test)
{
  TestCall call = { NULL };

  TEST_USE (test, &entry_model);
  yara_orm_begin_async (test->orm, NULL, NULL, NULL, test_call_done, &call);
  test_call_wait (&call);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_WARNING, "*dropped without a commit or rollback*");
  test_calls_clear (&call, 1);
  g_test_assert_expected_messages ();
  g_assert_cmpint (count_entries (test->orm, NULL), ==, 0);
}

/* ---- many chains ---- */

#define N_CHAINS 200

typedef struct Many Many;

typedef struct
{
  Many            *many;
  guint            number;
  char             name[16];
  Entry            entries[3];
  guint            n_created;
  YaraTransaction *outer, *inner;
  YaraAmbient     *ambient;
  gboolean         outer_fails, inner_fails;
  TestCall         call;
} Worker;

struct Many
{
  YaraOrm *orm;
  Worker   workers[N_CHAINS];
};

static void worker_next (Worker *worker);

/* Helpers, which are told of no transaction and no connection. */
static void
save_entry (YaraOrm *orm, Entry *entry, const char *name, GAsyncReadyCallback callback, gpointer data)
{
  entry->name = name;
  yara_orm_create_async (orm, &entry_model, entry, NULL, callback, data);
}

static void
worker_created (GObject *orm, GAsyncResult *result, gpointer data)
{
  Worker *worker = data;

  test_ok (yara_orm_create_finish (YARA_ORM (orm), result, &error));
  worker->n_created++;
  worker_next (worker);
}

/* A time-out knows nothing of transactions: the chain carries its own across. */
static gboolean
worker_wake (gpointer data)
{
  Worker *worker = data;

  yara_ambient_enter (worker->ambient);
  worker_next (worker);
  yara_ambient_leave ();
  g_clear_pointer (&worker->ambient, yara_ambient_unref);
  return G_SOURCE_REMOVE;
}

static void
end (YaraTransaction **transaction, gboolean fails)
{
  if (fails)
    yara_transaction_return_error (g_steal_pointer (transaction),
                                   g_error_new (G_FILE_ERROR, G_FILE_ERROR_FAILED, "on purpose"));
  else
    yara_transaction_return (g_steal_pointer (transaction));
}

static void
worker_inner_body (YaraTransaction *transaction, gpointer data)
{
  Worker *worker = data;

  worker->inner = transaction;
  save_entry (worker->many->orm, &worker->entries[1], worker->name, worker_created, worker);
}

static void
worker_inner_done (GObject *orm, GAsyncResult *result, gpointer data)
{
  Worker *worker = data;
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (yara_orm_in_transaction_finish (YARA_ORM (orm), result, &error), ==, !worker->inner_fails);
  worker->n_created++;
  worker_next (worker);
}

/* A create, a nested block with a create, a create; between them other chains come to their turn. */
static void
worker_next (Worker *worker)
{
  YaraOrm *orm = worker->many->orm;

  switch (worker->n_created)
    {
    case 0:
      save_entry (orm, &worker->entries[0], worker->name, worker_created, worker);
      break;
    case 1:
      yara_orm_in_transaction_async (orm, worker->number % 2 == 0 ? "default" : "second", NULL, worker_inner_body,
                                     worker, NULL, worker_inner_done, worker);
      break;
    case 2:
      end (&worker->inner, worker->inner_fails);
      break;
    case 3:
      save_entry (orm, &worker->entries[2], worker->name, worker_created, worker);
      break;
    default:
      end (&worker->outer, worker->outer_fails);
    }
}

static void
worker_body (YaraTransaction *transaction, gpointer data)
{
  Worker *worker = data;

  worker->outer = transaction;
  if (worker->number % 5 == 0)
    {
      worker->ambient = yara_ambient_dup_current ();
      g_timeout_add (worker->number % 3, worker_wake, worker);
    }
  else
    worker_next (worker);
}

static void
many_chains (Test *test)
{
  g_autofree Many *many = g_new0 (Many, 1);
  GString *expected[2] = { g_string_new (NULL), g_string_new (NULL) };

  test_add_connection (test, "second");
  TEST_USE (test, &entry_model);
  {
    g_autoptr(YaraOrm) view = yara_orm_using (test->orm, "second");

    test_ok (yara_orm_generate_schemas (view, YARA_SCHEMA_SAFE, NULL, &error));
  }
  many->orm = test->orm;
  for (guint i = 0; i < N_CHAINS; i++)
    {
      Worker *worker = &many->workers[i];

      *worker = (Worker) { .many = many, .number = i, .outer_fails = i / 2 % 2 == 1, .inner_fails = i % 7 == 0 };
      g_snprintf (worker->name, sizeof worker->name, "w%03u", i);
      yara_orm_in_transaction_async (test->orm, i % 2 == 0 ? "default" : "second", NULL, worker_body, worker, NULL,
                                     chain_done, &worker->call);
    }
  for (guint i = 0; i < N_CHAINS; i++)
    {
      Worker *worker = &many->workers[i];
      guint n_rows = worker->outer_fails ? 0 : worker->inner_fails ? 2 : 3;
      GError *error = NULL;

      test_call_wait (&worker->call);
      g_assert_cmpint (yara_orm_in_transaction_finish (test->orm, worker->call.result, &error), ==,
                       !worker->outer_fails);
      g_clear_error (&error);
      test_calls_clear (&worker->call, 1);
      for (guint n = 0; n < n_rows; n++)
        g_string_append_printf (expected[i % 2], "%s%s", expected[i % 2]->len > 0 ? "," : "", worker->name);
    }
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *found = test_fetch_list (test->orm, i == 0 ? "default" : "second",
                                                "SELECT name FROM entries ORDER BY name");

      g_assert_cmpstr (found, ==, expected[i]->str);
      g_string_free (expected[i], TRUE);
    }
}

static const TestCase cases[] = {
  { "transactions/async/commit", commits },
  { "transactions/async/rollback", rolls_back },
  { "transactions/async/returns-at-once", returns_at_once },
  { "transactions/async/dropped", dropped_by_its_body },
  { "transactions/async/unknown-name", unknown_name },
  { "transactions/async/lines", lines },
  { "transactions/async/begin-nobody-takes", begin_nobody_takes },
  { "transactions/async/many-chains", many_chains },
};

TEST_MAIN (cases)
