/* SPDX-License-Identifier: MIT
 * Transactions around a block of code. */
#include "orm/transaction.h"

/* ---- blocking ---- */

/* Rolls back because of `failure`, which it takes and gives on; what goes wrong here is told with it. */
static void
undo (YaraTransaction *transaction, GError *failure, GError **error)
{
  g_autoptr (GError) second = NULL;

  if (failure == NULL)
    failure = g_error_new_literal (YARA_ERROR, YARA_ERROR_TRANSACTION,
                                   "the body of the transaction returned FALSE without an error");
  if (yara_transaction_is_open (transaction) && !yara_transaction_rollback (transaction, &second))
    {
      g_autofree char *first = failure->message;

      failure->message = g_strdup_printf ("%s (and then: %s)", first, second->message);
    }
  g_propagate_error (error, failure);
}

gboolean
yara_transaction_run (YaraTransaction *transaction, YaraTransactionFunc body, gpointer data,
                      GCancellable *cancellable, GError **error)
{
  GError *failure = NULL;

  if (body (transaction, data, &failure))
    return yara_transaction_commit (transaction, cancellable, error);
  undo (transaction, failure, error);
  return FALSE;
}

gboolean
yara_orm_in_transaction (YaraOrm *orm, const char *name, const YaraTransactionOptions *options,
                         YaraTransactionFunc body, gpointer data, GCancellable *cancellable, GError **error)
{
  g_autoptr (YaraTransaction) transaction = NULL;

  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (body != NULL, FALSE);

  transaction = yara_orm_begin (orm, name, options, cancellable, error);
  return transaction != NULL && yara_transaction_run (transaction, body, data, cancellable, error);
}

/* ---- without blocking ---- */

struct YaraBlockTask
{
  GTask              *task;
  YaraBlock          *block;
  YaraAmbient        *outer;
  YaraTransactionBody body;
  gpointer            data;
  GError             *error; /* of the body */
};

static void
finish (YaraBlockTask *block, GError *error)
{
  g_autoptr (GTask) task = block->task;

  if (block->error != NULL)
    {
      g_clear_error (&error);
      error = g_steal_pointer (&block->error);
    }
  g_clear_pointer (&block->outer, yara_ambient_unref);
  g_clear_pointer (&block->block, yara_block_unref);
  g_free (block);
  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

static void
on_ended (gpointer data, GError *error)
{
  finish (data, error);
}

void
yara_block_task_drop (YaraBlockTask *block)
{
  finish (block, g_error_new_literal (YARA_ERROR, YARA_ERROR_TRANSACTION,
                                      "the transaction was dropped by its body and rolled back; its last step must "
                                      "call yara_transaction_return() or yara_transaction_return_error()"));
}

static void
on_begun (gpointer data, GError *error)
{
  YaraBlockTask   *block = data;
  YaraTransaction *transaction;
  YaraAmbient     *inner;
  YaraAmbientFrame frame;

  if (error != NULL)
    {
      finish (block, error);
      return;
    }
  transaction = yara_transaction_new (g_task_get_source_object (block->task), yara_block_ref (block->block),
                                      block->outer);
  transaction->task = block;
  inner = yara_ambient_new (block->outer, block->block);
  yara_ambient_push (&frame, inner);
  block->body (transaction, block->data); /* the task may be gone afterwards */
  yara_ambient_pop (&frame);
  yara_ambient_unref (inner);
}

void
yara_orm_in_transaction_async (YaraOrm *orm, const char *name, const YaraTransactionOptions *options,
                               YaraTransactionBody body, gpointer data, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  YaraBlockTask *block;
  GError        *error = NULL;

  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (body != NULL);

  block = g_new0 (YaraBlockTask, 1);
  block->task = yara_ambient_task_new (orm, yara_orm_in_transaction_async, cancellable, callback, user_data);
  block->outer = yara_ambient_dup_current ();
  block->body = body;
  block->data = data;
  block->block = yara_transaction_plan (orm, name, options, &error);
  if (block->block != NULL)
    yara_block_step_async (block->block, YARA_STEP_BEGIN, cancellable, on_begun, block);
  else
    finish (block, error);
}

gboolean
yara_orm_in_transaction_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, orm), FALSE);
  g_return_val_if_fail (g_task_get_source_tag (G_TASK (result)) == yara_orm_in_transaction_async, FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

static void
end (YaraTransaction *transaction, YaraStep step, GError *error)
{
  YaraBlockTask *block = g_steal_pointer (&transaction->task);

  block->error = error;
  yara_block_step_async (block->block, step, g_task_get_cancellable (block->task), on_ended, block);
  g_object_unref (transaction);
}

void
yara_transaction_return (YaraTransaction *transaction)
{
  g_return_if_fail (YARA_IS_TRANSACTION (transaction));
  g_return_if_fail (transaction->task != NULL);

  end (transaction, YARA_STEP_COMMIT, NULL);
}

void
yara_transaction_return_error (YaraTransaction *transaction, GError *error)
{
  g_return_if_fail (YARA_IS_TRANSACTION (transaction));
  g_return_if_fail (transaction->task != NULL);
  g_return_if_fail (error != NULL);

  end (transaction, YARA_STEP_ROLLBACK, error);
}
