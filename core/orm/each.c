/* SPDX-License-Identifier: MIT
 * The records of a query in batches. A session is held for it, in which a cursor stays open; the next batch
 * is asked for when the function of the program has returned. */
#include "orm/execute.h"

typedef struct
{
  guint          batch_size;
  YaraEachFunc   func;
  gpointer       func_data;
  GDestroyNotify func_destroy;
  YaraLease     *lease;     /* its own; NULL: in a transaction, or where there is but one session */
  gboolean       has_ended; /* the function wants no more */
  GError        *error;     /* kept until the cursor is closed */
} Each;

static void
each_free (gpointer data)
{
  Each *each = data;

  g_clear_pointer (&each->lease, yara_lease_free);
  g_clear_error (&each->error);
  if (each->func_destroy != NULL)
    each->func_destroy (each->func_data);
  g_free (each);
}

static gboolean
each_start (YaraCall *call, GError **error)
{
  Each *each = call->extra;
  YaraRequest *request = &call->job.request;

  if (!yara_compile_select (call->sql, YARA_SELECT_ALL, call->query, NULL, &call->arena, &request->statement, error))
    return FALSE;
  request->kind = YARA_REQUEST_FETCH;
  request->statement.max_rows = each->batch_size;
  if (!request->in_transaction && !yara_database_get_config (call->decision.database)->single_session)
    call->lease = each->lease = yara_lease_new (call->decision.database, FALSE);
  return TRUE;
}

static void
take_batch (YaraCall *call)
{
  Each *each = call->extra;
  YaraRequest *request = &call->job.request;
  g_autoptr (YaraResult) batch = g_steal_pointer (&request->records);

  each->error = g_steal_pointer (&request->error);
  if (batch != NULL && batch->n_records > 0)
    each->has_ended = !each->func (batch, each->func_data, &each->error);
}

/* What is held is let go of before the caller hears of the end. */
static gboolean
finish (YaraCall *call, GError **error)
{
  Each *each = g_steal_pointer (&call->extra);
  GError *failure = g_steal_pointer (&each->error);

  call->extra_free = NULL;
  call->lease = NULL;
  call->done = TRUE;
  each_free (each);
  if (failure == NULL)
    return TRUE;
  g_propagate_error (error, failure);
  return FALSE;
}

static gboolean
each_next (YaraCall *call, GError **error)
{
  Each *each = call->extra;
  YaraRequest *request = &call->job.request;

  if (request->kind == YARA_REQUEST_FETCH)
    take_batch (call);
  yara_request_reset (request); /* if ending the cursor failed, there is none */
  if (request->kind == YARA_REQUEST_END_FETCH || request->cursor == 0)
    return finish (call, error);
  if (each->has_ended || each->error != NULL)
    request->kind = YARA_REQUEST_END_FETCH;
  return TRUE;
}

static const YaraVerb each_verb = { "each", YARA_OPERATION_READ, each_start, each_next, TRUE, NULL };

static void
set_inputs (YaraCall *call, const YaraQuery *query, guint batch_size, YaraEachFunc func, gpointer func_data,
            GDestroyNotify func_destroy)
{
  Each *each = g_new (Each, 1);

  *each = (Each) { .batch_size = batch_size, .func = func, .func_data = func_data, .func_destroy = func_destroy };
  call->query = query;
  call->extra = each;
  call->extra_free = each_free;
}

gboolean
yara_orm_each (YaraOrm *orm, const YaraQuery *query, guint batch_size, YaraEachFunc func, gpointer func_data,
               GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  yara_call_init (&call, &each_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (query != NULL, FALSE);
  g_return_val_if_fail (batch_size > 0, FALSE);
  g_return_val_if_fail (func != NULL, FALSE);

  set_inputs (&call, query, batch_size, func, func_data, NULL);
  return yara_call_run (&call, query->model, cancellable, error);
}

void
yara_orm_each_async (YaraOrm *orm, const YaraQuery *query, guint batch_size, YaraEachFunc func, gpointer func_data,
                     GDestroyNotify func_destroy, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  YaraCall *call;

  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (query != NULL);
  g_return_if_fail (batch_size > 0);
  g_return_if_fail (func != NULL);

  call = yara_call_new (&each_verb, orm);
  set_inputs (call, query, batch_size, func, func_data, func_destroy);
  yara_call_submit (call, query->model, orm, cancellable, callback, user_data);
}

gboolean
yara_orm_each_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, &each_verb, error);

  return call != NULL;
}
