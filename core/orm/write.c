/* SPDX-License-Identifier: MIT
 * The verbs that write records: create, bulk_create, save, delete. */
#include "orm/execute.h"

#include "model/field.h"

static YaraCall *
new_record_call (const YaraVerb *verb, YaraOrm *orm, gpointer record)
{
  YaraCall *call = yara_call_new (verb, orm);

  call->record = record;
  return call;
}

static gboolean
finish_record_call (YaraOrm *orm, GAsyncResult *result, const YaraVerb *verb, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, verb, error);

  return call != NULL;
}

/* A statement by key that met no row. */
static gboolean
require_row (YaraCall *call, GError **error)
{
  call->done = TRUE;
  if (call->job.request.n_rows > 0)
    return TRUE;
  g_set_error (error, YARA_ERROR, YARA_ERROR_DOES_NOT_EXIST,
               "%s %s on \"%s\": no row has the key of the record", call->verb->name, call->model->info->name,
               yara_connection_get_name (call->decision.connection));
  return FALSE;
}

/* ---- create ---- */

static gboolean
create_start (YaraCall *call, GError **error)
{
  yara_call_prepare_create (call, 1);
  return yara_compile_insert (call->sql, call->record, &call->arena, &call->job.request.statement, error);
}

static gboolean
create_next (YaraCall *call, GError **error)
{
  const YaraRequest *request = &call->job.request;

  call->done = TRUE;
  return request->statement.answer != YARA_ANSWER_KEY ||
         yara_record_set_key (call->model->info, call->record, request->number, error);
}

static const YaraVerb create_verb = { "create", YARA_OPERATION_WRITE, create_start, create_next, FALSE, yara_call_undo_create };

gboolean
yara_orm_create (YaraOrm *orm, const YaraModel *model, gpointer record, GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  yara_call_init (&call, &create_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (model != NULL && record != NULL, FALSE);

  call.record = record;
  return yara_call_run (&call, model, cancellable, error);
}

void
yara_orm_create_async (YaraOrm *orm, const YaraModel *model, gpointer record, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (model != NULL && record != NULL);

  yara_call_submit (new_record_call (&create_verb, orm, record), model, orm, cancellable, callback, user_data);
}

gboolean
yara_orm_create_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_record_call (orm, result, &create_verb, error);
}

/* ---- bulk_create ---- */

static gboolean
bulk_create_start (YaraCall *call, GError **error)
{
  YaraRequest *request = &call->job.request;

  if (call->n_records == 0)
    {
      call->done = TRUE;
      return TRUE;
    }
  yara_call_prepare_create (call, call->n_records);
  request->kind = YARA_REQUEST_BULK_INSERT;
  return yara_compile_bulk_insert (call->sql, call->record, call->n_records, &call->arena, &request->bulk, error);
}

static gboolean
bulk_create_next (YaraCall *call, GError **error)
{
  call->done = TRUE;
  return TRUE;
}

static const YaraVerb bulk_create_verb = {
  "bulk_create", YARA_OPERATION_WRITE, bulk_create_start, bulk_create_next, FALSE,
  yara_call_undo_create
};

gboolean
yara_orm_bulk_create (YaraOrm *orm, const YaraModel *model, gpointer records, gsize n_records,
                      GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  yara_call_init (&call, &bulk_create_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (model != NULL && (records != NULL || n_records == 0), FALSE);

  call.record = records;
  call.n_records = n_records;
  return yara_call_run (&call, model, cancellable, error);
}

void
yara_orm_bulk_create_async (YaraOrm *orm, const YaraModel *model, gpointer records, gsize n_records,
                            GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;

  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (model != NULL && (records != NULL || n_records == 0));

  call = new_record_call (&bulk_create_verb, orm, records);
  call->n_records = n_records;
  yara_call_submit (call, model, orm, cancellable, callback, user_data);
}

gboolean
yara_orm_bulk_create_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_record_call (orm, result, &bulk_create_verb, error);
}

/* ---- save ---- */

static gboolean
save_start (YaraCall *call, GError **error)
{
  YaraStatement *statement = &call->job.request.statement;

  if (call->fields == NULL || call->fields[0] != NULL)
    yara_record_prepare_save (call->model->info, call->record, yara_now ());
  if (!yara_compile_update_record (call->sql, call->record, call->fields, &call->arena, statement, error))
    return FALSE;
  call->done = statement->sql == NULL;
  return TRUE;
}

static const YaraVerb save_verb = { "save", YARA_OPERATION_WRITE, save_start, require_row, FALSE, NULL };

gboolean
yara_orm_save (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields,
               GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  yara_call_init (&call, &save_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (model != NULL && record != NULL, FALSE);

  call.record = record;
  call.fields = fields;
  return yara_call_run (&call, model, cancellable, error);
}

void
yara_orm_save_async (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields,
                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;

  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (model != NULL && record != NULL);

  call = new_record_call (&save_verb, orm, record);
  call->fields = yara_call_copy_names (call, fields);
  yara_call_submit (call, model, orm, cancellable, callback, user_data);
}

gboolean
yara_orm_save_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_record_call (orm, result, &save_verb, error);
}

/* ---- delete ---- */

static gboolean
delete_start (YaraCall *call, GError **error)
{
  return yara_compile_delete_record (call->sql, call->record, &call->arena, &call->job.request.statement, error);
}

static const YaraVerb delete_verb = { "delete", YARA_OPERATION_WRITE, delete_start, require_row, FALSE, NULL };

gboolean
yara_orm_delete (YaraOrm *orm, const YaraModel *model, gconstpointer record, GCancellable *cancellable,
                 GError **error)
{
  g_auto (YaraCall) call;

  yara_call_init (&call, &delete_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (model != NULL && record != NULL, FALSE);

  call.record = (gpointer) record;
  return yara_call_run (&call, model, cancellable, error);
}

void
yara_orm_delete_async (YaraOrm *orm, const YaraModel *model, gconstpointer record, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (model != NULL && record != NULL);

  yara_call_submit (new_record_call (&delete_verb, orm, (gpointer) record), model, orm, cancellable, callback,
                    user_data);
}

gboolean
yara_orm_delete_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_record_call (orm, result, &delete_verb, error);
}
