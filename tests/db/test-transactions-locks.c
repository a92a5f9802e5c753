/* SPDX-License-Identifier: MIT
 *
 * Locking rows that are read: who waits, who is refused, who passes them over, and where it is an error.
 */
#include "fixture.h"

#include <string.h>

typedef struct { gint64 id; const char *state; } Task;

static const YaraField task_fields[] = {
  YARA_FIELD (Task, id, .primary_key = true),
  YARA_FIELD (Task, state),
};
static const YaraModel task_model = YARA_MODEL (Task, "tasks", task_fields);

static void
create_tasks (Test *test, guint n_tasks)
{
  TEST_USE (test, &task_model);
  for (guint i = 0; i < n_tasks; i++)
    {
      Task task = { .state = "new" };

      test_ok (yara_orm_create (test->orm, &task_model, &task, NULL, &error));
    }
}

static YaraQuery *
query_for_update (YaraLock lock)
{
  YaraQuery *query = yara_query_new (&task_model);

  yara_query_filter (query, "state", "new");
  yara_query_order_by (query, "id");
  yara_query_for_update (query, lock);
  return query;
}

static void
only_in_transactions (Test *test)
{
  g_autoptr(YaraQuery) query = query_for_update (YARA_LOCK_WAIT), copy = yara_query_copy (query);
  g_autoptr(YaraTransaction) reading = NULL, writing = NULL;
  g_autoptr(YaraResult) found = NULL;
  gboolean exists;

  create_tasks (test, 2);
  test_fails (yara_orm_all (test->orm, query, NULL, &error), TRANSACTION, "all Task", "none is open");
  test_fails (yara_orm_first (test->orm, copy, NULL, &error), TRANSACTION, "none is open");
  reading = test_ok (yara_orm_begin (test->orm, NULL, YARA_TRANSACTION_OPTIONS (.read_only = TRUE), NULL, &error));
  test_fails (yara_orm_all (test->orm, query, NULL, &error), TRANSACTION, "read-only");
  test_ok (yara_transaction_commit (reading, NULL, &error));

  writing = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  found = test_ok (yara_orm_all (test->orm, query, NULL, &error));
  g_assert_cmpuint (yara_result_get_n_records (found), ==, 2);
  test_fails (yara_orm_count (test->orm, query, NULL, &error), FIELD, "locked");
  test_fails (yara_orm_exists (test->orm, query, &exists, NULL, &error), FIELD, "locked");
  test_fails (yara_orm_delete_all (test->orm, query, NULL, &error), FIELD, "for_update");
  yara_query_distinct (copy);
  test_fails (yara_orm_all (test->orm, copy, NULL, &error), FIELD, "distinct");
  test_ok (yara_transaction_commit (writing, NULL, &error));
}

static gpointer
take_next (gpointer orm)
{
  g_autoptr(YaraTransaction) transaction = test_ok (yara_orm_begin (orm, NULL, NULL, NULL, &error));
  g_autoptr(YaraQuery) query = query_for_update (YARA_LOCK_WAIT);
  g_autoptr(YaraResult) found = test_ok (yara_orm_first (orm, query, NULL, &error));
  gsize n_found = yara_result_get_n_records (found);

  test_ok (yara_transaction_commit (transaction, NULL, &error));
  return GSIZE_TO_POINTER (n_found);
}

/* Another one waits, and then sees what the first has made of the row. */
static void
waits (Test *test)
{
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(YaraQuery) query = query_for_update (YARA_LOCK_WAIT);
  g_autoptr(YaraResult) found = NULL;
  GThread *other;
  Task task;

  create_tasks (test, 1);
  transaction = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  found = test_ok (yara_orm_first (test->orm, query, NULL, &error));
  other = g_thread_new ("other", take_next, test->orm);
  g_usleep (50000);
  task = *(const Task *) yara_result_get_record (found, 0);
  task.state = "taken";
  test_ok (yara_orm_save (test->orm, &task_model, &task, NULL, NULL, &error));
  test_ok (yara_transaction_commit (transaction, NULL, &error));
  g_assert_cmpuint (GPOINTER_TO_SIZE (g_thread_join (other)), ==, 0);
}

static void
does_not_wait (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autoptr(YaraOrm) other = NULL;
  g_autoptr(YaraTransaction) first = NULL, second = NULL, third = NULL;
  g_autoptr(YaraQuery) query = query_for_update (YARA_LOCK_WAIT), refusing = query_for_update (YARA_LOCK_NOWAIT);
  g_autoptr(YaraQuery) skipping = query_for_update (YARA_LOCK_SKIP_LOCKED);
  g_autoptr(YaraResult) mine = NULL, theirs = NULL;
  GError *error = NULL;

  create_tasks (test, 3);
  other = test_ok (yara_orm_open (url, NULL, NULL, &error));
  test_ok (yara_orm_register (other, &task_model, &error));
  yara_query_limit (query, 1);
  first = test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
  mine = test_ok (yara_orm_all (test->orm, query, NULL, &error));

  second = test_ok (yara_orm_begin (other, NULL, NULL, NULL, &error));
  g_assert_null (yara_orm_all (other, refusing, NULL, &error));
  g_assert_true (yara_error_is_retryable (error));
  test_check_error (&error, YARA_ERROR, YARA_ERROR_OPERATIONAL, NULL);
  test_ok (yara_transaction_rollback (second, &error));

  third = test_ok (yara_orm_begin (other, NULL, NULL, NULL, &error));
  theirs = test_ok (yara_orm_all (other, skipping, NULL, &error));
  g_assert_cmpuint (yara_result_get_n_records (theirs), ==, 2);
  test_ok (yara_transaction_commit (third, NULL, &error));
  test_ok (yara_transaction_commit (first, NULL, &error));
  test_ok (yara_orm_close (other, NULL, &error));
}

static const TestCase cases[] = {
  { "transactions/locks/only-in-transactions", only_in_transactions },
  { "transactions/locks/waits", waits },
  { "transactions/locks/does-not-wait", does_not_wait, "postgres" },
};

TEST_MAIN (cases)
