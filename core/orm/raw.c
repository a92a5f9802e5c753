/* SPDX-License-Identifier: MIT
 * Raw SQL on a named connection. */
#include "orm/execute.h"

#include "model/result.h"

/* ---- the steps ---- */

static gboolean
start_prepared (YaraCall *call, GError **error)
{
  return TRUE; /* the request was filled when the call was made */
}

static gboolean
take_nothing (YaraCall *call, GError **error)
{
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
take_rows (YaraCall *call, GError **error)
{
  call->rows = g_steal_pointer (&call->job.request.rows);
  call->done = TRUE;
  return TRUE;
}

/* Nobody can tell what raw SQL does to rows: it counts as a write. */
static const YaraVerb execute_verb = { "execute", YARA_OPERATION_WRITE, start_prepared, take_n_changed, FALSE, NULL };
static const YaraVerb fetch_row_verb = { "fetch_row", YARA_OPERATION_WRITE, start_prepared, take_rows, FALSE, NULL };
static const YaraVerb fetch_rows_verb = { "fetch_rows", YARA_OPERATION_WRITE, start_prepared, take_rows, FALSE, NULL };
static const YaraVerb fetch_all_verb = { "fetch_all", YARA_OPERATION_WRITE, start_prepared, take_rows, FALSE, NULL };
static const YaraVerb script_verb = { "execute_script", YARA_OPERATION_WRITE, start_prepared, take_nothing, FALSE, NULL };

/* ---- making the call ---- */

static YaraOrm *
get_owner (YaraConnection *connection, GError **error)
{
  YaraOrm *orm = yara_connection_get_owner (connection);

  if (orm == NULL)
    g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION, "connection \"%s\": its ORM was freed",
                 yara_connection_get_name (connection));
  return orm;
}

static void
fill_statement (YaraCall *call, const char *sql, const YaraArgs *args)
{
  YaraStatement *statement = &call->job.request.statement;

  statement->sql = yara_sql_new (sql, strlen (sql));
  if (args != NULL && args->n_values > 0)
    {
      statement->n_values = args->n_values;
      statement->values = yara_arena_alloc (&call->arena, args->n_values * sizeof (YaraValue));
      memcpy (statement->values, args->values, args->n_values * sizeof (YaraValue));
    }
  statement->answer = call->verb == &execute_verb ? YARA_ANSWER_COUNT : YARA_ANSWER_ROWS;
  statement->max_rows = call->verb == &fetch_row_verb ? 1 : 0;
  statement->is_raw = TRUE;
}

static gboolean
run (YaraCall *call, const YaraVerb *verb, YaraConnection *connection, const char *sql, const YaraArgs *args,
     GCancellable *cancellable, GError **error)
{
  YaraOrm *orm;

  yara_call_init (call, verb, NULL);
  g_return_val_if_fail (YARA_IS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (sql != NULL, FALSE);

  orm = get_owner (connection, error);
  if (orm == NULL || !yara_routes_decide_raw (orm->engine->routes, connection, &call->decision, error))
    return FALSE;
  call->orm = orm;
  fill_statement (call, sql, args);
  return yara_call_run_placed (call, cancellable, error);
}

static void
submit_filled (YaraCall *call, YaraConnection *connection, GCancellable *cancellable, GAsyncReadyCallback callback,
               gpointer user_data)
{
  GError  *error = NULL;
  YaraOrm *orm = get_owner (connection, &error);

  if (orm != NULL && yara_routes_decide_raw (orm->engine->routes, connection, &call->decision, &error))
    {
      call->orm = orm;
      /* The task holds the connection; the call holds the ORM behind it. */
      call->extra = g_object_ref (orm);
      call->extra_free = g_object_unref;
      yara_call_submit_placed (call, connection, cancellable, callback, user_data);
    }
  else
    yara_call_fail_async (call, connection, cancellable, callback, user_data, error);
}

static void
submit (const YaraVerb *verb, YaraConnection *connection, const char *sql, const YaraArgs *args,
        GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;

  g_return_if_fail (YARA_IS_CONNECTION (connection));
  g_return_if_fail (sql != NULL);

  call = yara_call_new (verb, NULL);
  fill_statement (call, sql, args);
  submit_filled (call, connection, cancellable, callback, user_data);
}

static YaraRows *
run_rows (const YaraVerb *verb, YaraConnection *connection, const char *sql, const YaraArgs *args,
          GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  return run (&call, verb, connection, sql, args, cancellable, error) ? g_steal_pointer (&call.rows) : NULL;
}

static YaraRows *
finish_rows (const YaraVerb *verb, YaraConnection *connection, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (connection, result, verb, error);

  return call != NULL ? g_steal_pointer (&call->rows) : NULL;
}

/* ---- execute ---- */

gint64
yara_connection_execute (YaraConnection *connection, const char *sql, const YaraArgs *args, GCancellable *cancellable,
                         GError **error)
{
  g_auto (YaraCall) call;

  return run (&call, &execute_verb, connection, sql, args, cancellable, error) ? call.count : -1;
}

void
yara_connection_execute_async (YaraConnection *connection, const char *sql, const YaraArgs *args,
                               GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  submit (&execute_verb, connection, sql, args, cancellable, callback, user_data);
}

gint64
yara_connection_execute_finish (YaraConnection *connection, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (connection, result, &execute_verb, error);

  return call != NULL ? call->count : -1;
}

/* ---- fetch_row, fetch_rows ---- */

YaraRows *
yara_connection_fetch_row (YaraConnection *connection, const char *sql, const YaraArgs *args,
                           GCancellable *cancellable, GError **error)
{
  return run_rows (&fetch_row_verb, connection, sql, args, cancellable, error);
}

void
yara_connection_fetch_row_async (YaraConnection *connection, const char *sql, const YaraArgs *args,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  submit (&fetch_row_verb, connection, sql, args, cancellable, callback, user_data);
}

YaraRows *
yara_connection_fetch_row_finish (YaraConnection *connection, GAsyncResult *result, GError **error)
{
  return finish_rows (&fetch_row_verb, connection, result, error);
}

YaraRows *
yara_connection_fetch_rows (YaraConnection *connection, const char *sql, const YaraArgs *args,
                            GCancellable *cancellable, GError **error)
{
  return run_rows (&fetch_rows_verb, connection, sql, args, cancellable, error);
}

void
yara_connection_fetch_rows_async (YaraConnection *connection, const char *sql, const YaraArgs *args,
                                  GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  submit (&fetch_rows_verb, connection, sql, args, cancellable, callback, user_data);
}

YaraRows *
yara_connection_fetch_rows_finish (YaraConnection *connection, GAsyncResult *result, GError **error)
{
  return finish_rows (&fetch_rows_verb, connection, result, error);
}

/* ---- fetch_all ---- */

static GVariant *
take_variant (YaraRows *rows)
{
  GVariant *variant;

  if (rows == NULL)
    return NULL;
  variant = g_variant_ref_sink (yara_rows_to_variant (rows));
  yara_rows_unref (rows);
  return variant;
}

GVariant *
yara_connection_fetch_all (YaraConnection *connection, const char *sql, const YaraArgs *args,
                           GCancellable *cancellable, GError **error)
{
  return take_variant (run_rows (&fetch_all_verb, connection, sql, args, cancellable, error));
}

void
yara_connection_fetch_all_async (YaraConnection *connection, const char *sql, const YaraArgs *args,
                                 GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  submit (&fetch_all_verb, connection, sql, args, cancellable, callback, user_data);
}

GVariant *
yara_connection_fetch_all_finish (YaraConnection *connection, GAsyncResult *result, GError **error)
{
  return take_variant (finish_rows (&fetch_all_verb, connection, result, error));
}

/* ---- execute_script ---- */

gboolean
yara_connection_execute_script (YaraConnection *connection, const char *script, GCancellable *cancellable,
                                GError **error)
{
  g_auto (YaraCall) call;
  YaraOrm *orm;

  yara_call_init (&call, &script_verb, NULL);
  g_return_val_if_fail (YARA_IS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (script != NULL, FALSE);

  orm = get_owner (connection, error);
  if (orm == NULL || !yara_routes_decide_raw (orm->engine->routes, connection, &call.decision, error))
    return FALSE;
  call.orm = orm;
  call.job.request.kind = YARA_REQUEST_SCRIPT;
  call.job.request.script = script;
  return yara_call_run_placed (&call, cancellable, error);
}

void
yara_connection_execute_script_async (YaraConnection *connection, const char *script, GCancellable *cancellable,
                                      GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;

  g_return_if_fail (YARA_IS_CONNECTION (connection));
  g_return_if_fail (script != NULL);

  call = yara_call_new (&script_verb, NULL);
  call->job.request.kind = YARA_REQUEST_SCRIPT;
  call->job.request.script = strcpy (yara_arena_alloc (&call->arena, strlen (script) + 1), script);
  submit_filled (call, connection, cancellable, callback, user_data);
}

gboolean
yara_connection_execute_script_finish (YaraConnection *connection, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (connection, result, &script_verb, error);

  return call != NULL;
}
