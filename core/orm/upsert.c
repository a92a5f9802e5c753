/* SPDX-License-Identifier: MIT
 * The verbs that look for the row of a record by its fields: refresh, get_or_create and
 * update_or_create. The last two look on the connection for writes. */
#include "orm/execute.h"

#include "model/field.h"
#include "model/result.h"

static YaraRequest *
fresh_request (YaraCall *call)
{
  yara_request_reset (&call->job.request);
  yara_statement_clear (&call->job.request.statement);
  return &call->job.request;
}

static gboolean
look (YaraCall *call, GError **error)
{
  return yara_compile_select_like (call->sql, call->record, call->fields, &call->arena,
                                   &fresh_request (call)->statement, error);
}

static gboolean
insert (YaraCall *call, GError **error)
{
  yara_call_prepare_create (call, 1);
  call->flag = TRUE;
  return yara_compile_insert (call->sql, call->record, &call->arena, &fresh_request (call)->statement, error);
}

/* Whether more than one row was found. */
static gboolean
check_single (YaraCall *call, GError **error)
{
  if (call->job.request.records->n_records <= 1)
    return TRUE;
  g_set_error (error, YARA_ERROR, YARA_ERROR_MULTIPLE_OBJECTS, "%s %s on \"%s\": more than one row matches the record",
               call->verb->name, call->model->info->name, yara_connection_get_name (call->decision.connection));
  return FALSE;
}

/* ---- refresh ---- */

/* Members of the C struct that are no fields stay as they are. */
static void
copy_fields (const YaraModelInfo *info, char *target, const char *source)
{
  for (guint i = 0; i < info->n_fields; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];

      memcpy (target + field->offset, source + field->offset, field->field->size);
      if (field->null_offset != G_MAXSIZE)
        memcpy (target + field->null_offset, source + field->null_offset, sizeof (bool));
    }
}

static gboolean
refresh_next (YaraCall *call, GError **error)
{
  call->done = TRUE;
  call->result = g_steal_pointer (&call->job.request.records);
  if (call->result->n_records == 0)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_DOES_NOT_EXIST,
                   "refresh %s on \"%s\": no row has the key of the record", call->model->info->name,
                   yara_connection_get_name (call->decision.connection));
      return FALSE;
    }
  copy_fields (call->model->info, call->record, call->result->records);
  return TRUE;
}

static const YaraVerb refresh_verb = { "refresh", YARA_OPERATION_READ, look, refresh_next, FALSE, NULL };

YaraResult *
yara_orm_refresh (YaraOrm *orm, const YaraModel *model, gpointer record, GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  yara_call_init (&call, &refresh_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);
  g_return_val_if_fail (model != NULL && record != NULL, NULL);

  call.record = record;
  return yara_call_run (&call, model, cancellable, error) ? g_steal_pointer (&call.result) : NULL;
}

void
yara_orm_refresh_async (YaraOrm *orm, const YaraModel *model, gpointer record, GCancellable *cancellable,
                        GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;

  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (model != NULL && record != NULL);

  call = yara_call_new (&refresh_verb, orm);
  call->record = record;
  yara_call_submit (call, model, orm, cancellable, callback, user_data);
}

YaraResult *
yara_orm_refresh_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, &refresh_verb, error);

  return call != NULL ? g_steal_pointer (&call->result) : NULL;
}

/* ---- get_or_create ---- */

/* A result with a copy of the record that was created: it owns its text like any other. */
static gboolean
return_created (YaraCall *call, GError **error)
{
  const YaraModelInfo   *info = call->model->info;
  g_autoptr (YaraResult) result = yara_result_new (info->model->record_size);
  char                  *copy = yara_result_append (result);
  gboolean               ok = copy != NULL;

  if (ok)
    memcpy (copy, call->record, info->model->record_size);
  for (guint i = 0; ok && i < info->n_fields; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];

      if (field->c_type == YARA_C_TYPE_TEXT)
        {
          const char **text = (const char **) (copy + field->offset);

          ok = *text == NULL || (*text = yara_arena_try_copy (&result->arena, *text, strlen (*text))) != NULL;
        }
      else if (field->c_type == YARA_C_TYPE_BYTES)
        {
          YaraBytes *bytes = (YaraBytes *) (copy + field->offset);

          ok = bytes->data == NULL ||
               (bytes->data = yara_arena_try_copy (&result->arena, bytes->data, bytes->size)) != NULL;
        }
    }
  if (!ok)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "%s %s: the row was created, but memory is out for its copy",
                   call->verb->name, info->name);
      return FALSE;
    }
  call->result = g_steal_pointer (&result);
  return TRUE;
}

static gboolean
take_created_key (YaraCall *call, GError **error)
{
  const YaraRequest *request = &call->job.request;

  return request->statement.answer != YARA_ANSWER_KEY ||
         yara_record_set_key (call->model->info, call->record, request->number, error);
}

/* After an INSERT that failed: TRUE when somebody else may have inserted the row meanwhile. In a transaction
 * it has failed with it. */
static gboolean
lost_race (YaraCall *call)
{
  return call->flag && call->extra == NULL && call->decision.block == NULL &&
         g_error_matches (call->job.request.error, YARA_ERROR, YARA_ERROR_INTEGRITY);
}

/* Looks once more after a lost race; the error of the INSERT is kept for the case that no row is
 * there, because then it had another cause. */
static gboolean
look_again (YaraCall *call, GError **error)
{
  call->extra = g_steal_pointer (&call->job.request.error);
  call->extra_free = (GDestroyNotify) g_error_free;
  call->flag = FALSE;
  yara_call_undo_create (call);
  return look (call, error);
}

static gboolean
fail_with_request_error (YaraCall *call, GError **error)
{
  g_propagate_error (error, g_steal_pointer (&call->job.request.error));
  return FALSE;
}

static gboolean
fail_with_first_error (YaraCall *call, GError **error)
{
  g_propagate_error (error, g_steal_pointer (&call->extra));
  call->extra_free = NULL;
  return FALSE;
}

static gboolean
get_or_create_next (YaraCall *call, GError **error)
{
  YaraRequest *request = &call->job.request;

  if (lost_race (call))
    return look_again (call, error);
  if (request->error != NULL)
    return fail_with_request_error (call, error);
  if (call->flag)
    {
      call->done = TRUE;
      return take_created_key (call, error) && return_created (call, error);
    }
  if (!check_single (call, error))
    return FALSE;
  if (request->records->n_records == 0)
    return call->extra != NULL ? fail_with_first_error (call, error) : insert (call, error);
  call->done = TRUE;
  call->result = g_steal_pointer (&request->records);
  return TRUE;
}

static const YaraVerb get_or_create_verb = { "get_or_create", YARA_OPERATION_WRITE, look, get_or_create_next, TRUE,
                                             yara_call_undo_create };

YaraResult *
yara_orm_get_or_create (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields,
                        gboolean *created, GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;
  gboolean ok;

  yara_call_init (&call, &get_or_create_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);
  g_return_val_if_fail (model != NULL && record != NULL && fields != NULL, NULL);

  call.record = record;
  call.fields = fields;
  ok = yara_call_run (&call, model, cancellable, error);
  if (created != NULL)
    *created = ok && call.flag;
  return ok ? g_steal_pointer (&call.result) : NULL;
}

static void
submit_record (const YaraVerb *verb, YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields,
               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;

  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (model != NULL && record != NULL && fields != NULL);

  call = yara_call_new (verb, orm);
  call->record = record;
  call->fields = yara_call_copy_names (call, fields);
  yara_call_submit (call, model, orm, cancellable, callback, user_data);
}

void
yara_orm_get_or_create_async (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields,
                              GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  submit_record (&get_or_create_verb, orm, model, record, fields, cancellable, callback, user_data);
}

YaraResult *
yara_orm_get_or_create_finish (YaraOrm *orm, GAsyncResult *result, gboolean *created, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, &get_or_create_verb, error);

  if (created != NULL)
    *created = call != NULL && call->flag;
  return call != NULL ? g_steal_pointer (&call->result) : NULL;
}

/* ---- update_or_create ---- */

/* When the row was made is not the caller's to say. */
static void
keep_creation_times (const YaraModelInfo *info, char *record, const char *found)
{
  for (guint i = 0; info->has_auto_now && i < info->n_fields; i++)
    if (info->fields[i].field->auto_now_add)
      memcpy (record + info->fields[i].offset, found + info->fields[i].offset, sizeof (gint64));
}

/* Updates the row that was found. An integer or UUID key is written into the record; a text key is
 * lent to it for the statement only, because its text is the result's. */
static gboolean
update_found (YaraCall *call, GError **error)
{
  const YaraModelInfo *info = call->model->info;
  const YaraFieldInfo *key = info->key;
  char                *member = (char *) call->record + key->offset;
  const char          *own_text = key->c_type == YARA_C_TYPE_TEXT ? *(const char **) member : NULL;
  YaraStatement       *statement;
  gboolean             ok;

  call->result = g_steal_pointer (&call->job.request.records);
  memcpy (member, call->result->records + key->offset, key->field->size);
  keep_creation_times (info, call->record, call->result->records);
  yara_record_prepare_save (info, call->record, yara_now ());
  statement = &fresh_request (call)->statement;
  ok = yara_compile_update_record (call->sql, call->record, NULL, &call->arena, statement, error);
  if (key->c_type == YARA_C_TYPE_TEXT)
    *(const char **) member = own_text;
  call->done = ok && statement->sql == NULL;
  return ok;
}

static gboolean
update_or_create_next (YaraCall *call, GError **error)
{
  YaraRequest *request = &call->job.request;

  if (lost_race (call))
    return look_again (call, error);
  if (request->error != NULL)
    return fail_with_request_error (call, error);
  if (call->flag)
    {
      call->done = TRUE;
      return take_created_key (call, error);
    }
  if (call->result != NULL)
    {
      call->done = TRUE;
      if (request->n_rows > 0)
        return TRUE;
      g_set_error (error, YARA_ERROR, YARA_ERROR_DOES_NOT_EXIST,
                   "%s %s on \"%s\": the row was deleted between finding and updating it; call again",
                   call->verb->name, call->model->info->name, yara_connection_get_name (call->decision.connection));
      return FALSE;
    }
  if (!check_single (call, error))
    return FALSE;
  if (request->records->n_records > 0)
    return update_found (call, error);
  return call->extra != NULL ? fail_with_first_error (call, error) : insert (call, error);
}

static const YaraVerb update_or_create_verb = {
  "update_or_create", YARA_OPERATION_WRITE, look, update_or_create_next, TRUE, yara_call_undo_create
};

gboolean
yara_orm_update_or_create (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields,
                           gboolean *created, GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;
  gboolean ok;

  yara_call_init (&call, &update_or_create_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (model != NULL && record != NULL && fields != NULL, FALSE);

  call.record = record;
  call.fields = fields;
  ok = yara_call_run (&call, model, cancellable, error);
  if (created != NULL)
    *created = ok && call.flag;
  return ok;
}

void
yara_orm_update_or_create_async (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  submit_record (&update_or_create_verb, orm, model, record, fields, cancellable, callback, user_data);
}

gboolean
yara_orm_update_or_create_finish (YaraOrm *orm, GAsyncResult *result, gboolean *created, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, &update_or_create_verb, error);

  if (created != NULL)
    *created = call != NULL && call->flag;
  return call != NULL;
}
