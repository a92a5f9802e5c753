/* SPDX-License-Identifier: MIT
 * What the tables of models lack: their catalogs are read, one model after another, and compared. */
#include "orm/schema.h"

#include "model/result.h"

/* A comparison on its way. */
typedef struct
{
  const YaraModel **models;   /* NULL-terminated */
  YaraValue         table;    /* the argument of the query that runs */
  GHashTable       *existing; /* const YaraModel * -> set of names with their kind in front */
  GVariant         *changes;
} Comparison;

static void
comparison_free (Comparison *comparison)
{
  g_free (comparison->models);
  g_hash_table_unref (comparison->existing);
  g_clear_pointer (&comparison->changes, g_variant_unref);
  g_free (comparison);
}

/* The models given, or all: (transfer full), NULL with the error. */
static Comparison *
comparison_new (YaraOrm *orm, const YaraModel *const *models, GError **error)
{
  GPtrArray  *order = orm->engine->model_order;
  GPtrArray  *list = g_ptr_array_new ();
  Comparison *comparison = g_new0 (Comparison, 1);
  gboolean    ok = TRUE;

  for (guint i = 0; models == NULL && i < order->len; i++)
    g_ptr_array_add (list, (gpointer) ((YaraRegisteredModel *) order->pdata[i])->info->model);
  for (guint i = 0; models != NULL && models[i] != NULL; i++)
    {
      ok = ok && yara_engine_find_model (orm->engine, models[i], error) != NULL;
      g_ptr_array_add (list, (gpointer) models[i]);
    }
  g_ptr_array_add (list, NULL);
  comparison->models = (const YaraModel **) g_ptr_array_free (list, FALSE);
  comparison->existing = g_hash_table_new_full (NULL, NULL, NULL, (GDestroyNotify) g_hash_table_unref);
  if (!ok)
    g_clear_pointer (&comparison, comparison_free);
  return comparison;
}

/* ---- the steps ---- */

/* Prepares the query about the next model, or makes the plan when there is none. */
static gboolean
load_next (YaraCall *call, GError **error)
{
  Comparison          *comparison = call->extra;
  const YaraModel     *model = comparison->models[call->step];
  YaraStatement       *statement = &call->job.request.statement;
  g_autoptr (GPtrArray) groups = NULL;
  const char          *sql;

  if (model == NULL)
    {
      groups = yara_schema_plan (call->orm, comparison->models, YARA_SCHEMA_DEFAULT, comparison->existing, error);
      if (groups != NULL)
        comparison->changes = yara_schema_plan_to_variant (groups);
      call->done = TRUE;
      return groups != NULL;
    }
  yara_request_reset (&call->job.request);
  yara_decision_clear (&call->decision);
  if (!yara_routes_decide (call->orm->engine->routes, model, YARA_OPERATION_WRITE, call->orm->using_name,
                           (const char *const *) call->orm->hints, &call->decision, error))
    return FALSE;
  sql = yara_database_get_config (call->decision.database)->backend->dialect->catalog;
  comparison->table = yara_value_text (model->table);
  g_clear_pointer (&statement->sql, yara_sql_unref);
  statement->sql = yara_sql_new (sql, strlen (sql));
  statement->values = &comparison->table;
  statement->n_values = 1;
  statement->answer = YARA_ANSWER_ROWS;
  statement->is_raw = TRUE;
  return TRUE;
}

static gboolean
changes_start (YaraCall *call, GError **error)
{
  return load_next (call, error);
}

static gboolean
changes_next (YaraCall *call, GError **error)
{
  Comparison     *comparison = call->extra;
  const YaraRows *rows = call->job.request.rows;
  GHashTable     *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize row = 0; row < yara_rows_get_n_rows (rows); row++)
    g_hash_table_add (names, g_strconcat (yara_rows_get_text (rows, row, 0), yara_rows_get_text (rows, row, 1), NULL));
  g_hash_table_insert (comparison->existing, (gpointer) comparison->models[call->step - 1], names);
  return load_next (call, error);
}

static const YaraVerb changes_verb = {
  "schema_changes", YARA_OPERATION_READ, changes_start, changes_next, FALSE, NULL
};

/* ---- the shapes ---- */

GVariant *
yara_orm_schema_changes (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  yara_call_init (&call, &changes_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  call.extra = comparison_new (orm, models, error);
  if (call.extra == NULL)
    return NULL;
  call.extra_free = (GDestroyNotify) comparison_free;
  if (!yara_call_run_placed (&call, cancellable, error))
    return NULL;
  return g_variant_ref (((Comparison *) call.extra)->changes);
}

void
yara_orm_schema_changes_async (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;
  GError   *error = NULL;

  g_return_if_fail (YARA_IS_ORM (orm));

  call = yara_call_new (&changes_verb, orm);
  call->extra = comparison_new (orm, models, &error);
  if (call->extra != NULL)
    {
      call->extra_free = (GDestroyNotify) comparison_free;
      yara_call_submit_placed (call, orm, cancellable, callback, user_data);
    }
  else
    yara_call_fail_async (call, orm, cancellable, callback, user_data, error);
}

GVariant *
yara_orm_schema_changes_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, &changes_verb, error);

  return call != NULL ? g_variant_ref (((Comparison *) call->extra)->changes) : NULL;
}
