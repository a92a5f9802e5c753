/* SPDX-License-Identifier: MIT
 * The transaction object: beginning, committing and rolling back. */
#include "orm/transaction.h"

G_DEFINE_FINAL_TYPE (YaraTransaction, yara_transaction, G_TYPE_OBJECT)

/* ---- the object ---- */

static void
yara_transaction_finalize (GObject *object)
{
  YaraTransaction *transaction = YARA_TRANSACTION (object);

  if (!yara_block_is_over (transaction->block))
    {
      g_warning ("a transaction on \"%s\" was dropped without a commit or rollback, and is rolled back",
                 yara_connection_get_name (yara_block_get_connection (transaction->block)));
      yara_block_abandon (transaction->block);
      yara_ambient_prune ();
    }
  if (transaction->task != NULL)
    yara_block_task_drop (g_steal_pointer (&transaction->task));
  g_clear_pointer (&transaction->outer, yara_ambient_unref);
  yara_block_unref (transaction->block);
  g_object_unref (transaction->orm);
  G_OBJECT_CLASS (yara_transaction_parent_class)->finalize (object);
}

static void
yara_transaction_class_init (YaraTransactionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = yara_transaction_finalize;
}

static void
yara_transaction_init (YaraTransaction *transaction)
{
}

YaraTransaction *
yara_transaction_new (YaraOrm *orm, YaraBlock *block, YaraAmbient *outer)
{
  YaraTransaction *transaction = g_object_new (YARA_TYPE_TRANSACTION, NULL);

  transaction->orm = g_object_ref (orm->root != NULL ? orm->root : orm);
  transaction->block = block;
  transaction->outer = outer != NULL ? yara_ambient_ref (outer) : NULL;
  return transaction;
}

/* ---- beginning ---- */

YaraBlock *
yara_transaction_plan (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, GError **error)
{
  const YaraModel *model = NULL;
  YaraDecision     decision;
  YaraBlock       *block;

  if (options != NULL && options->struct_size > G_STRUCT_OFFSET (YaraTransactionOptions, model))
    model = options->model;
  if (model != NULL && yara_engine_find_model (orm->engine, model, error) == NULL)
    return NULL;
  if (!yara_routes_decide_begin (orm->engine->routes, name, model, orm->using_name, (const char *const *) orm->hints,
                                 &decision, error))
    {
      g_prefix_error (error, "begin: ");
      return NULL;
    }
  if (decision.block != NULL)
    block = yara_block_new_nested (decision.block, options, error);
  else
    block = yara_block_new (orm->engine->routes, decision.connection, decision.database, options, error);
  yara_decision_clear (&decision);
  return block;
}

YaraTransaction *
yara_orm_begin (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, GCancellable *cancellable,
                GError **error)
{
  g_autoptr (YaraBlock)   block = NULL;
  g_autoptr (YaraAmbient) outer = NULL;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  block = yara_transaction_plan (orm, name, options, error);
  if (block == NULL || !yara_block_step (block, YARA_STEP_BEGIN, cancellable, error))
    return NULL;
  outer = yara_ambient_dup_current ();
  yara_ambient_begin (block);
  return yara_transaction_new (orm, g_steal_pointer (&block), outer);
}

/* ---- without blocking ---- */

/* A step of a transaction on its way. */
typedef struct
{
  YaraContinuation continuation;
  GTask           *task;
  YaraBlock       *block; /* that is begun */
} StepTask;

static void
run_callback (GObject *source, GAsyncResult *result, gpointer data)
{
  StepTask *step = data;

  yara_continuation_run (&step->continuation, source, result);
  g_free (step);
}

static StepTask *
step_task_new (gpointer source, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback,
               gpointer user_data)
{
  StepTask *step = g_new0 (StepTask, 1);

  yara_continuation_init (&step->continuation, callback, user_data);
  step->task = g_task_new (source, cancellable, run_callback, step);
  g_task_set_source_tag (step->task, tag);
  g_task_set_check_cancellable (step->task, FALSE);
  return step;
}

static void
on_begun (gpointer data, GError *error)
{
  StepTask            *step = data;
  g_autoptr (GTask)    task = step->task;
  g_autoptr (YaraBlock) block = g_steal_pointer (&step->block);
  YaraAmbient         *outer = step->continuation.ambient;
  YaraTransaction     *transaction;

  if (error != NULL)
    {
      g_task_return_error (task, error);
      return;
    }
  step->continuation.ambient = yara_ambient_new (outer, block);
  transaction = yara_transaction_new (g_task_get_source_object (task), g_steal_pointer (&block), outer);
  g_task_return_pointer (task, transaction, g_object_unref);
  if (outer != NULL)
    yara_ambient_unref (outer);
}

void
yara_orm_begin_async (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data)
{
  StepTask *step;
  GError   *error = NULL;

  g_return_if_fail (YARA_IS_ORM (orm));

  step = step_task_new (orm, yara_orm_begin_async, cancellable, callback, user_data);
  step->block = yara_transaction_plan (orm, name, options, &error);
  if (step->block != NULL)
    yara_block_step_async (step->block, YARA_STEP_BEGIN, cancellable, on_begun, step);
  else
    on_begun (step, error);
}

static gboolean
is_result_of (gpointer source, GAsyncResult *result, gpointer tag)
{
  g_return_val_if_fail (g_task_is_valid (result, source), FALSE);
  g_return_val_if_fail (g_task_get_source_tag (G_TASK (result)) == tag, FALSE);

  return TRUE;
}

YaraTransaction *
yara_orm_begin_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return is_result_of (orm, result, yara_orm_begin_async) ? g_task_propagate_pointer (G_TASK (result), error) : NULL;
}

/* ---- ending ---- */

static gboolean
end (YaraTransaction *transaction, YaraStep step, GCancellable *cancellable, GError **error)
{
  gboolean ok = yara_block_step (transaction->block, step, cancellable, error);

  yara_ambient_prune ();
  return ok;
}

static void
on_ended (gpointer data, GError *error)
{
  g_autoptr (GTask) task = ((StepTask *) data)->task;

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_boolean (task, TRUE);
}

/* Its callback runs in what was current around the transaction. */
static void
end_async (YaraTransaction *transaction, YaraStep kind, gpointer tag, GCancellable *cancellable,
           GAsyncReadyCallback callback, gpointer user_data)
{
  StepTask *step = step_task_new (transaction, tag, cancellable, callback, user_data);

  g_clear_pointer (&step->continuation.ambient, yara_ambient_unref);
  if (transaction->outer != NULL)
    step->continuation.ambient = yara_ambient_ref (transaction->outer);
  yara_block_step_async (transaction->block, kind, cancellable, on_ended, step);
  yara_ambient_prune ();
}

gboolean
yara_transaction_commit (YaraTransaction *transaction, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (YARA_IS_TRANSACTION (transaction), FALSE);

  return end (transaction, YARA_STEP_COMMIT, cancellable, error);
}

void
yara_transaction_commit_async (YaraTransaction *transaction, GCancellable *cancellable, GAsyncReadyCallback callback,
                               gpointer user_data)
{
  g_return_if_fail (YARA_IS_TRANSACTION (transaction));

  end_async (transaction, YARA_STEP_COMMIT, yara_transaction_commit_async, cancellable, callback, user_data);
}

gboolean
yara_transaction_commit_finish (YaraTransaction *transaction, GAsyncResult *result, GError **error)
{
  return is_result_of (transaction, result, yara_transaction_commit_async) &&
         g_task_propagate_boolean (G_TASK (result), error);
}

gboolean
yara_transaction_rollback (YaraTransaction *transaction, GError **error)
{
  g_return_val_if_fail (YARA_IS_TRANSACTION (transaction), FALSE);

  return end (transaction, YARA_STEP_ROLLBACK, NULL, error);
}

void
yara_transaction_rollback_async (YaraTransaction *transaction, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (YARA_IS_TRANSACTION (transaction));

  end_async (transaction, YARA_STEP_ROLLBACK, yara_transaction_rollback_async, NULL, callback, user_data);
}

gboolean
yara_transaction_rollback_finish (YaraTransaction *transaction, GAsyncResult *result, GError **error)
{
  return is_result_of (transaction, result, yara_transaction_rollback_async) &&
         g_task_propagate_boolean (G_TASK (result), error);
}

/* ---- looking ---- */

gboolean
yara_transaction_is_open (YaraTransaction *transaction)
{
  g_return_val_if_fail (YARA_IS_TRANSACTION (transaction), FALSE);

  return !yara_block_is_over (transaction->block);
}

YaraConnection *
yara_transaction_get_connection (YaraTransaction *transaction)
{
  g_return_val_if_fail (YARA_IS_TRANSACTION (transaction), NULL);

  return yara_block_get_connection (transaction->block);
}

guint64
yara_transaction_get_n_overridden (YaraTransaction *transaction)
{
  g_return_val_if_fail (YARA_IS_TRANSACTION (transaction), 0);

  return yara_block_get_n_overridden (transaction->block);
}
