/* SPDX-License-Identifier: MIT
 * Transactions that are run again when they lost against others. */
#include "orm/transaction.h"

#define LONGEST_PAUSE 200 /* milliseconds */

/* In milliseconds; random, so that those who met do not meet again. */
static guint
choose_pause (guint n_failed)
{
  guint longest = MIN (2u << MIN (n_failed, 16), LONGEST_PAUSE);

  return g_random_int_range (1, longest + 1);
}

/* Only a transaction can be run again, not a part of it. */
static guint
limit_attempts (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, guint n_attempts)
{
  g_autoptr (YaraBlock) block = yara_transaction_plan (orm, name, options, NULL);

  return block == NULL || yara_block_is_nested (block) ? 1 : n_attempts;
}

gboolean
yara_orm_run_retrying (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, guint n_attempts,
                       YaraTransactionFunc body, gpointer data, GCancellable *cancellable, GError **error)
{
  GError *failure = NULL;

  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (n_attempts > 0, FALSE);
  g_return_val_if_fail (body != NULL, FALSE);

  n_attempts = limit_attempts (orm, name, options, n_attempts);
  for (guint n_failed = 0; n_failed < n_attempts; n_failed++)
    {
      if (n_failed > 0)
        {
          g_clear_error (&failure);
          g_usleep (choose_pause (n_failed) * 1000);
        }
      if (yara_orm_in_transaction (orm, name, options, body, data, cancellable, &failure))
        return TRUE;
      if (!yara_error_is_retryable (failure))
        break;
    }
  g_propagate_error (error, failure);
  return FALSE;
}

/* ---- without blocking ---- */

typedef struct
{
  YaraOrm               *orm; /* the source of the task */
  char                  *name;
  YaraTransactionOptions options;
  gboolean               has_options;
  guint                  n_attempts, n_failed;
  YaraTransactionBody    body;
  gpointer               data;
  YaraAmbient           *outer;
} Retrying;

static void
retrying_free (gpointer data)
{
  Retrying *retrying = data;

  g_clear_pointer (&retrying->outer, yara_ambient_unref);
  g_free (retrying->name);
  g_free (retrying);
}

static gboolean start (gpointer task);

static void
on_done (GObject *orm, GAsyncResult *result, gpointer data)
{
  g_autoptr (GTask)   task = data;
  g_autoptr (GSource) pause = NULL;
  Retrying           *retrying = g_task_get_task_data (task);
  GError             *error = NULL;

  if (yara_orm_in_transaction_finish (YARA_ORM (orm), result, &error))
    {
      g_task_return_boolean (task, TRUE);
      return;
    }
  if (!yara_error_is_retryable (error) || ++retrying->n_failed >= retrying->n_attempts)
    {
      g_task_return_error (task, error);
      return;
    }
  g_error_free (error);
  pause = g_timeout_source_new (choose_pause (retrying->n_failed));
  g_source_set_callback (pause, start, g_steal_pointer (&task), NULL);
  g_source_attach (pause, g_main_context_get_thread_default ());
}

static gboolean
start (gpointer task)
{
  Retrying        *retrying = g_task_get_task_data (task);
  YaraAmbientFrame frame;

  yara_ambient_push (&frame, retrying->outer);
  yara_orm_in_transaction_async (retrying->orm, retrying->name, retrying->has_options ? &retrying->options : NULL,
                                 retrying->body, retrying->data, g_task_get_cancellable (task), on_done, task);
  yara_ambient_pop (&frame);
  return G_SOURCE_REMOVE;
}

void
yara_orm_run_retrying_async (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, guint n_attempts,
                             YaraTransactionBody body, gpointer data, GCancellable *cancellable,
                             GAsyncReadyCallback callback, gpointer user_data)
{
  Retrying *retrying;
  GTask    *task;

  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (n_attempts > 0);
  g_return_if_fail (body != NULL);

  retrying = g_new0 (Retrying, 1);
  retrying->orm = orm;
  retrying->name = g_strdup (name);
  retrying->n_attempts = limit_attempts (orm, name, options, n_attempts);
  retrying->body = body;
  retrying->data = data;
  retrying->outer = yara_ambient_dup_current ();
  retrying->has_options = options != NULL;
  if (options != NULL)
    memcpy (&retrying->options, options, MIN (options->struct_size, sizeof retrying->options));
  task = yara_ambient_task_new (orm, yara_orm_run_retrying_async, cancellable, callback, user_data);
  g_task_set_task_data (task, retrying, retrying_free);
  start (task);
}

gboolean
yara_orm_run_retrying_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, orm), FALSE);
  g_return_val_if_fail (g_task_get_source_tag (G_TASK (result)) == yara_orm_run_retrying_async, FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}
