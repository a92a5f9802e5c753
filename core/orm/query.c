/* SPDX-License-Identifier: MIT
 * The verbs on queries: all, first, last, get, get_or_none, count, exists, values, update, delete_all. */
#include "orm/execute.h"

/* ---- the steps ---- */

/* The verbs that read differ in what they select. */
typedef struct
{
  YaraVerb   base;
  YaraSelect what;
} SelectVerb;

static gboolean
select_start (YaraCall *call, GError **error)
{
  const SelectVerb *verb = (const SelectVerb *) call->verb;

  return yara_compile_select (call->sql, verb->what, call->query, call->fields, &call->arena,
                              &call->job.request.statement, error);
}

static gboolean
update_start (YaraCall *call, GError **error)
{
  return yara_compile_update (call->sql, call->query, &call->arena, &call->job.request.statement, error);
}

static gboolean
delete_all_start (YaraCall *call, GError **error)
{
  return yara_compile_delete (call->sql, call->query, &call->arena, &call->job.request.statement, error);
}

static gboolean
take_records (YaraCall *call, GError **error)
{
  call->result = g_steal_pointer (&call->job.request.records);
  call->done = TRUE;
  return TRUE;
}

static gboolean
take_rows (YaraCall *call, GError **error)
{
  call->rows = g_steal_pointer (&call->job.request.rows);
  call->done = TRUE;
  return TRUE;
}

static gboolean
take_number (YaraCall *call, GError **error)
{
  call->count = call->job.request.number;
  call->done = TRUE;
  return TRUE;
}

static gboolean
take_n_changed (YaraCall *call, GError **error)
{
  call->count = call->job.request.n_rows;
  call->done = TRUE;
  return TRUE;
}

static gboolean
take_one_or_none (YaraCall *call, GError **error)
{
  if (call->job.request.records->n_records <= 1)
    return take_records (call, error);
  g_set_error (error, YARA_ERROR, YARA_ERROR_MULTIPLE_OBJECTS,
               "%s %s on \"%s\": more than one row matches; narrow the filter or use yara_orm_first()",
               call->verb->name, call->model->info->name, yara_connection_get_name (call->decision.connection));
  return FALSE;
}

static gboolean
take_one (YaraCall *call, GError **error)
{
  if (call->job.request.records->n_records > 0)
    return take_one_or_none (call, error);
  g_set_error (error, YARA_ERROR, YARA_ERROR_DOES_NOT_EXIST, "%s %s on \"%s\": no row matches", call->verb->name,
               call->model->info->name, yara_connection_get_name (call->decision.connection));
  return FALSE;
}

/* ---- the three shapes of all of them ---- */

static gboolean
run (YaraCall *call, const YaraVerb *verb, YaraOrm *orm, const YaraQuery *query, const char *const *fields,
     GCancellable *cancellable, GError **error)
{
  yara_call_init (call, verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (query != NULL, FALSE);

  call->query = query;
  call->fields = fields;
  return yara_call_run (call, query->model, cancellable, error);
}

static void
submit (const YaraVerb *verb, YaraOrm *orm, const YaraQuery *query, const char *const *fields,
        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;

  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (query != NULL);

  /* The query and the names are read before this returns, and not again. */
  call = yara_call_new (verb, orm);
  call->query = query;
  call->fields = fields;
  yara_call_submit (call, query->model, orm, cancellable, callback, user_data);
}

static YaraResult *
run_records (const YaraVerb *verb, YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  return run (&call, verb, orm, query, NULL, cancellable, error) ? g_steal_pointer (&call.result) : NULL;
}

static YaraResult *
finish_records (const YaraVerb *verb, YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, verb, error);

  return call != NULL ? g_steal_pointer (&call->result) : NULL;
}

static gint64
run_count (const YaraVerb *verb, YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  return run (&call, verb, orm, query, NULL, cancellable, error) ? call.count : -1;
}

static gint64
finish_count (const YaraVerb *verb, YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, verb, error);

  return call != NULL ? call->count : -1;
}

static const SelectVerb all_verb = {
  { "all", YARA_OPERATION_READ, select_start, take_records, FALSE, NULL }, YARA_SELECT_ALL
};

YaraResult *
yara_orm_all (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  return run_records (&all_verb.base, orm, query, cancellable, error);
}

void
yara_orm_all_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback,
                    gpointer user_data)
{
  submit (&all_verb.base, orm, query, NULL, cancellable, callback, user_data);
}

YaraResult *
yara_orm_all_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_records (&all_verb.base, orm, result, error);
}

static const SelectVerb first_verb = {
  { "first", YARA_OPERATION_READ, select_start, take_records, FALSE, NULL }, YARA_SELECT_FIRST
};

YaraResult *
yara_orm_first (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  return run_records (&first_verb.base, orm, query, cancellable, error);
}

void
yara_orm_first_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  submit (&first_verb.base, orm, query, NULL, cancellable, callback, user_data);
}

YaraResult *
yara_orm_first_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_records (&first_verb.base, orm, result, error);
}

static const SelectVerb last_verb = {
  { "last", YARA_OPERATION_READ, select_start, take_records, FALSE, NULL }, YARA_SELECT_LAST
};

YaraResult *
yara_orm_last (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  return run_records (&last_verb.base, orm, query, cancellable, error);
}

void
yara_orm_last_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  submit (&last_verb.base, orm, query, NULL, cancellable, callback, user_data);
}

YaraResult *
yara_orm_last_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_records (&last_verb.base, orm, result, error);
}

static const SelectVerb get_verb = {
  { "get", YARA_OPERATION_READ, select_start, take_one, FALSE, NULL }, YARA_SELECT_ONE
};

YaraResult *
yara_orm_get (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  return run_records (&get_verb.base, orm, query, cancellable, error);
}

void
yara_orm_get_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback,
                    gpointer user_data)
{
  submit (&get_verb.base, orm, query, NULL, cancellable, callback, user_data);
}

YaraResult *
yara_orm_get_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_records (&get_verb.base, orm, result, error);
}

static const SelectVerb get_or_none_verb = {
  { "get_or_none", YARA_OPERATION_READ, select_start, take_one_or_none, FALSE, NULL }, YARA_SELECT_ONE
};

YaraResult *
yara_orm_get_or_none (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  return run_records (&get_or_none_verb.base, orm, query, cancellable, error);
}

void
yara_orm_get_or_none_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback,
                            gpointer user_data)
{
  submit (&get_or_none_verb.base, orm, query, NULL, cancellable, callback, user_data);
}

YaraResult *
yara_orm_get_or_none_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_records (&get_or_none_verb.base, orm, result, error);
}

static const SelectVerb count_verb = {
  { "count", YARA_OPERATION_READ, select_start, take_number, FALSE, NULL }, YARA_SELECT_COUNT
};

gint64
yara_orm_count (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  return run_count (&count_verb.base, orm, query, cancellable, error);
}

void
yara_orm_count_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback,
                      gpointer user_data)
{
  submit (&count_verb.base, orm, query, NULL, cancellable, callback, user_data);
}

gint64
yara_orm_count_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_count (&count_verb.base, orm, result, error);
}

static const SelectVerb exists_verb = {
  { "exists", YARA_OPERATION_READ, select_start, take_number, FALSE, NULL }, YARA_SELECT_EXISTS
};

gboolean
yara_orm_exists (YaraOrm *orm, const YaraQuery *query, gboolean *exists, GCancellable *cancellable, GError **error)
{
  gint64 found;

  g_return_val_if_fail (exists != NULL, FALSE);

  found = run_count (&exists_verb.base, orm, query, cancellable, error);
  *exists = found > 0;
  return found >= 0;
}

void
yara_orm_exists_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  submit (&exists_verb.base, orm, query, NULL, cancellable, callback, user_data);
}

gboolean
yara_orm_exists_finish (YaraOrm *orm, GAsyncResult *result, gboolean *exists, GError **error)
{
  gint64 found;

  g_return_val_if_fail (exists != NULL, FALSE);

  found = finish_count (&exists_verb.base, orm, result, error);
  *exists = found > 0;
  return found >= 0;
}

static const SelectVerb values_verb = {
  { "values", YARA_OPERATION_READ, select_start, take_rows, FALSE, NULL }, YARA_SELECT_VALUES
};

YaraRows *
yara_orm_values (YaraOrm *orm, const YaraQuery *query, const char *const *fields, GCancellable *cancellable,
                 GError **error)
{
  g_auto (YaraCall) call;

  return run (&call, &values_verb.base, orm, query, fields, cancellable, error) ? g_steal_pointer (&call.rows) : NULL;
}

void
yara_orm_values_async (YaraOrm *orm, const YaraQuery *query, const char *const *fields, GCancellable *cancellable,
                       GAsyncReadyCallback callback, gpointer user_data)
{
  submit (&values_verb.base, orm, query, fields, cancellable, callback, user_data);
}

YaraRows *
yara_orm_values_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, &values_verb.base, error);

  return call != NULL ? g_steal_pointer (&call->rows) : NULL;
}

static const YaraVerb update_verb = { "update", YARA_OPERATION_WRITE, update_start, take_n_changed, FALSE, NULL };

gint64
yara_orm_update (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  return run_count (&update_verb, orm, query, cancellable, error);
}

void
yara_orm_update_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback,
                       gpointer user_data)
{
  submit (&update_verb, orm, query, NULL, cancellable, callback, user_data);
}

gint64
yara_orm_update_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_count (&update_verb, orm, result, error);
}

static const YaraVerb delete_all_verb = { "delete_all", YARA_OPERATION_WRITE, delete_all_start, take_n_changed, FALSE, NULL };

gint64
yara_orm_delete_all (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error)
{
  return run_count (&delete_all_verb, orm, query, cancellable, error);
}

void
yara_orm_delete_all_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback,
                           gpointer user_data)
{
  submit (&delete_all_verb, orm, query, NULL, cancellable, callback, user_data);
}

gint64
yara_orm_delete_all_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish_count (&delete_all_verb, orm, result, error);
}
