/* SPDX-License-Identifier: MIT
 * The data path of every statement, top to bottom: place, compile, run, report, take the outcome. */
#include "orm/execute.h"

#include "base/error.h"
#include "model/field.h"

void
yara_call_init (YaraCall *call, const YaraVerb *verb, YaraOrm *orm)
{
  memset (call, 0, offsetof (YaraCall, arena));
  yara_arena_init_with (&call->arena, call->arena_space, sizeof call->arena_space);
  call->verb = verb;
  call->orm = orm;
}

YaraCall *
yara_call_new (const YaraVerb *verb, YaraOrm *orm)
{
  YaraCall *call = g_malloc (sizeof (YaraCall));

  yara_call_init (call, verb, orm);
  return call;
}

static void
clear_request (YaraRequest *request)
{
  yara_request_reset (request);
  if (request->kind == YARA_REQUEST_BULK_INSERT)
    yara_bulk_insert_clear (&request->bulk);
  else
    yara_statement_clear (&request->statement);
}

void
yara_call_clear (YaraCall *call)
{
  clear_request (&call->job.request);
  g_clear_pointer (&call->result, yara_result_unref);
  g_clear_pointer (&call->rows, yara_rows_unref);
  yara_decision_clear (&call->decision);
  if (call->extra_free != NULL)
    call->extra_free (call->extra);
  yara_arena_clear (&call->arena);
}

void
yara_call_free (YaraCall *call)
{
  yara_call_clear (call);
  g_free (call);
}

const char *const *
yara_call_copy_names (YaraCall *call, const char *const *names)
{
  const char **copies;
  guint        n = 0;

  if (names == NULL)
    return NULL;
  while (names[n] != NULL)
    n++;
  copies = yara_arena_alloc (&call->arena, (n + 1) * sizeof *copies);
  for (guint i = 0; i < n; i++)
    copies[i] = strcpy (yara_arena_alloc (&call->arena, strlen (names[i]) + 1), names[i]);
  copies[n] = NULL;
  return copies;
}

void
yara_call_prepare_create (YaraCall *call, gsize n_records)
{
  const YaraModelInfo *info = call->model->info;
  gint64               now = yara_now ();
  char                *record = call->record;

  call->n_records = n_records;
  if (info->key_maker == YARA_KEY_LIBRARY)
    call->made_keys = yara_arena_alloc (&call->arena, n_records * sizeof (gboolean));
  for (gsize i = 0; i < n_records; i++, record += info->model->record_size)
    {
      gboolean made_key = yara_record_prepare_create (info, record, now);

      if (call->made_keys != NULL)
        call->made_keys[i] = made_key;
    }
}

void
yara_call_undo_create (YaraCall *call)
{
  for (gsize i = 0; call->made_keys != NULL && i < call->n_records; i++)
    if (call->made_keys[i])
      yara_record_clear_key (call->model->info, (char *) call->record + i * call->model->info->model->record_size);
}

/* Finds the model and decides, once, where its statements go. */
static gboolean
place (YaraCall *call, const YaraModel *model, GError **error)
{
  YaraOrm    *orm = call->orm;
  YaraEngine *engine = orm->engine;

  call->model = yara_engine_find_model (engine, model, error);
  if (call->model == NULL ||
      !yara_routes_decide (engine->routes, model, call->verb->operation, orm->using_name,
                           (const char *const *) orm->hints, &call->decision, error))
    return FALSE;
  call->sql = yara_registered_model_get_cache (
      call->model, yara_database_get_config (call->decision.database)->backend->dialect);
  return TRUE;
}

static const char *
request_get_sql (const YaraRequest *request)
{
  switch (request->kind)
    {
    case YARA_REQUEST_STATEMENT:
    case YARA_REQUEST_FETCH:
    case YARA_REQUEST_END_FETCH:
      return request->statement.sql->text;
    case YARA_REQUEST_BULK_INSERT:
      return (request->bulk.chunk_sql != NULL ? request->bulk.chunk_sql : request->bulk.tail_sql)->text;
    case YARA_REQUEST_SCRIPT:
      return request->script;
    case YARA_REQUEST_TRANSACTION:
      return request->statements[0];
    case YARA_REQUEST_CONTROL: /* is no call's */
      break;
    }
  g_assert_not_reached ();
}

static void
report (YaraCall *call)
{
  const YaraRequest *request = &call->job.request;
  YaraQueryEvent     event = {
        .struct_size = sizeof event,
        .verb = call->verb->name,
        .model = call->model != NULL ? call->model->info->model : NULL,
        .connection = yara_connection_get_name (call->decision.connection),
        .reason = call->decision.reason,
        .generation = call->decision.generation,
        .operation = call->verb->operation,
        .sql = request_get_sql (request),
        .duration = request->duration,
        .n_rows = request->error != NULL ? -1 : request->n_rows,
        .error = request->error,
        .in_transaction = call->decision.block != NULL,
        .overridden = call->decision.overridden,
  };

  yara_engine_report (call->orm->engine, call->orm, &event);
}

/* Says where an error came from; "cancelled" stays as GIO users know it. */
static void
complete_error (YaraCall *call, GError *request_error)
{
  const char *connection = yara_connection_get_name (call->decision.connection);

  if (request_error->domain != YARA_ERROR)
    return;
  yara_error_set_connection (request_error, connection);
  if (request_error->code == YARA_ERROR_TIMEOUT && call->decision.block != NULL &&
      yara_block_is_late (call->decision.block))
    g_prefix_error (&request_error, "the deadline of the transaction has come: ");
  if (call->model != NULL)
    g_prefix_error (&request_error, "%s %s on \"%s\": ", call->verb->name, call->model->info->name, connection);
  else
    g_prefix_error (&request_error, "%s on \"%s\": ", call->verb->name, connection);
}

/* After a request: FALSE ends the call with `error`; else call->done tells whether another follows. */
static gboolean
take_outcome (YaraCall *call, GError **error)
{
  YaraRequest *request = &call->job.request;

  if (G_LIKELY (request->kind != YARA_REQUEST_END_FETCH))
    yara_engine_count (call->orm->engine, call->model != NULL ? call->model->info : NULL, call->verb->operation,
                       &call->decision, request->error != NULL);
  if (request->measure)
    report (call);
  if (request->error != NULL)
    complete_error (call, request->error);
  if (request->error != NULL && !call->verb->handles_errors)
    {
      g_propagate_error (error, g_steal_pointer (&request->error));
      return FALSE;
    }
  call->step++;
  return call->verb->next (call, error);
}

/* What was opened is closed in any case, and nobody is told of it. */
static GCancellable *
prepare_request (YaraCall *call, GCancellable *cancellable)
{
  YaraRequest *request = &call->job.request;
  gboolean     is_end = request->kind == YARA_REQUEST_END_FETCH;

  request->measure = !is_end && yara_engine_is_observed (call->orm->engine);
  request->timeout = call->orm->timeout;
  return is_end ? NULL : cancellable;
}

/* A lock that ends with its statement would protect nobody. */
static gboolean
check_lock (YaraCall *call, GError **error)
{
  YaraBlock *block = call->decision.block;

  if (G_LIKELY (call->query == NULL || !call->query->for_update) ||
      (block != NULL && !yara_block_is_read_only (block)))
    return TRUE;
  g_set_error (error, YARA_ERROR, YARA_ERROR_TRANSACTION,
               "%s %s on \"%s\": rows can be locked in a transaction that writes, and %s; begin one around it",
               call->verb->name, call->model->info->name, yara_connection_get_name (call->decision.connection),
               block == NULL ? "none is open" : "this one is read-only");
  return FALSE;
}

/* Everything but schemas is placed by now. */
static gboolean
start (YaraCall *call, GError **error)
{
  call->job.request.in_transaction = call->decision.block != NULL;
  return check_lock (call, error) && call->verb->start (call, error);
}

/* ---- the blocking shape ---- */

static void
run_request (YaraCall *call, GCancellable *cancellable)
{
  cancellable = prepare_request (call, cancellable);
  if (G_UNLIKELY (call->decision.block != NULL))
    yara_block_run (call->decision.block, &call->job.request, cancellable);
  else if (G_UNLIKELY (call->lease != NULL))
    yara_lease_run (call->lease, &call->job.request, cancellable);
  else
    yara_database_run (call->decision.database, &call->job.request, cancellable);
}

gboolean
yara_call_run_placed (YaraCall *call, GCancellable *cancellable, GError **error)
{
  gboolean ok = !g_cancellable_set_error_if_cancelled (cancellable, error) && start (call, error);

  while (ok && !call->done)
    {
      run_request (call, cancellable);
      ok = take_outcome (call, error);
    }
  if (!ok && call->verb->undo != NULL)
    call->verb->undo (call);
  return ok;
}

gboolean
yara_call_run (YaraCall *call, const YaraModel *model, GCancellable *cancellable, GError **error)
{
  if (!place (call, model, error))
    return FALSE;
  return yara_call_run_placed (call, cancellable, error);
}

/* ---- the asynchronous shape ---- */

static void
finish_task (YaraCall *call, GError *error)
{
  g_autoptr (GTask) task = g_steal_pointer (&call->task);

  if (error != NULL)
    {
      if (call->verb->undo != NULL)
        call->verb->undo (call);
      yara_call_clear (call);
      g_task_set_task_data (task, call, g_free); /* until the callback, which is in it */
      g_task_return_error (task, error);
    }
  else
    {
      /* Nothing of the call but its outcome is needed from here on, and the outcome may lie in the
       * finished task for a long time. */
      yara_decision_clear (&call->decision);
      g_task_return_pointer (task, call, (GDestroyNotify) yara_call_free);
    }
}

static void
run_callback (GObject *source, GAsyncResult *result, gpointer call)
{
  yara_continuation_run (&((YaraCall *) call)->continuation, source, result);
}

/* The values of a statement may lie in a query that the caller frees now. */
static gboolean
own_values (YaraCall *call, GError **error)
{
  YaraStatement *statement = &call->job.request.statement;

  if ((call->job.request.kind != YARA_REQUEST_STATEMENT && call->job.request.kind != YARA_REQUEST_FETCH) ||
      call->step > 0)
    return TRUE;
  for (guint i = 0; i < statement->n_values; i++)
    if (!yara_value_copy_to (&statement->values[i], &statement->values[i], &call->arena))
      {
        g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "%s: out of memory for the values", call->verb->name);
        return FALSE;
      }
  return TRUE;
}

static void
submit_request (YaraCall *call)
{
  GCancellable *cancellable = prepare_request (call, g_task_get_cancellable (call->task));

  if (G_UNLIKELY (call->decision.block != NULL))
    yara_block_submit (call->decision.block, &call->job, cancellable);
  else if (G_UNLIKELY (call->lease != NULL))
    yara_lease_submit (call->lease, &call->job, cancellable);
  else
    yara_database_submit (call->decision.database, &call->job, cancellable);
}

static void
go_on (YaraCall *call)
{
  GError *error = NULL;

  if (take_outcome (call, &error) && !call->done)
    submit_request (call);
  else
    finish_task (call, error);
}

/* Hooks, and functions of the program that a verb calls, run in what was current when it was issued. */
static void
on_completed (YaraCompletion *completion)
{
  YaraCall        *call = (YaraCall *) completion;
  YaraAmbient     *ambient = call->continuation.ambient;
  YaraAmbientFrame frame;

  if (G_LIKELY (ambient == NULL && yara_ambient_thread.current == NULL))
    {
      go_on (call);
      return;
    }
  yara_ambient_push (&frame, ambient);
  go_on (call);
  yara_ambient_pop (&frame);
}

static void
make_task (YaraCall *call, gpointer source, GCancellable *cancellable, GAsyncReadyCallback callback,
           gpointer user_data)
{
  yara_continuation_init (&call->continuation, callback, user_data);
  call->task = g_task_new (source, cancellable, run_callback, call);
  (g_task_set_source_tag) (call->task, (gpointer) call->verb); /* the macro would copy its argument's text, too */
  /* A statement that was committed succeeded, also when it was cancelled too late. */
  g_task_set_check_cancellable (call->task, FALSE);
  call->job.completion.complete = on_completed;
}

static void
start_async (YaraCall *call, gboolean placed, GError *error)
{
  GCancellable *cancellable = g_task_get_cancellable (call->task);

  if (placed && !g_cancellable_set_error_if_cancelled (cancellable, &error) &&
      start (call, &error) && !call->done && own_values (call, &error))
    submit_request (call);
  else
    finish_task (call, error);
}

void
yara_call_submit_placed (YaraCall *call, gpointer source, GCancellable *cancellable,
                         GAsyncReadyCallback callback, gpointer user_data)
{
  make_task (call, source, cancellable, callback, user_data);
  start_async (call, TRUE, NULL);
}

void
yara_call_submit (YaraCall *call, const YaraModel *model, gpointer source, GCancellable *cancellable,
                  GAsyncReadyCallback callback, gpointer user_data)
{
  GError *error = NULL;
  gboolean placed;

  make_task (call, source, cancellable, callback, user_data);
  placed = place (call, model, &error);
  start_async (call, placed, error);
}

void
yara_call_fail_async (YaraCall *call, gpointer source, GCancellable *cancellable,
                      GAsyncReadyCallback callback, gpointer user_data, GError *error)
{
  make_task (call, source, cancellable, callback, user_data);
  start_async (call, FALSE, error);
}

YaraCall *
yara_call_finish (gpointer source, GAsyncResult *result, const YaraVerb *verb, GError **error)
{
  g_return_val_if_fail (g_task_is_valid (result, source), NULL);
  g_return_val_if_fail (g_task_get_source_tag (G_TASK (result)) == verb, NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}
