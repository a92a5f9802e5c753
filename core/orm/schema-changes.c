/* SPDX-License-Identifier: MIT
 * What the tables of models lack, and what they have beyond: their catalogs are read, one model after another,
 * and compared. */
#include "orm/schema.h"

#include "model/result.h"
#include "sql/schema.h"

/* A comparison on its way. */
typedef struct
{
  const YaraModel **models;   /* NULL-terminated */
  YaraValue         table;    /* the argument of the query that runs */
  GHashTable       *existing; /* const YaraModel * -> set of names with their kind in front */
  GHashTable       *seen;     /* tables whose surplus is known; NULL: what lacks is asked */
  GVariantBuilder   surplus;
  GVariant         *answer;
} Comparison;

static void
comparison_free (Comparison *comparison)
{
  g_free (comparison->models);
  g_hash_table_unref (comparison->existing);
  g_clear_pointer (&comparison->seen, g_hash_table_unref);
  g_variant_builder_clear (&comparison->surplus);
  g_clear_pointer (&comparison->answer, g_variant_unref);
  g_free (comparison);
}

/* The models given, or all: (transfer full), NULL with the error. */
static Comparison *
comparison_new (YaraOrm *orm, const YaraModel *const *models, gboolean surplus, GError **error)
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
  comparison->seen = surplus ? g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL) : NULL;
  g_variant_builder_init (&comparison->surplus, G_VARIANT_TYPE ("a(sssss)"));
  if (!ok)
    g_clear_pointer (&comparison, comparison_free);
  return comparison;
}

/* ---- the steps ---- */

/* The end: all that is there is known. */
static gboolean
conclude (YaraCall *call, GError **error)
{
  Comparison           *comparison = call->extra;
  g_autoptr (GPtrArray) groups = NULL;

  call->done = TRUE;
  if (comparison->seen != NULL)
    {
      comparison->answer = g_variant_ref_sink (g_variant_builder_end (&comparison->surplus));
      return TRUE;
    }
  groups = yara_schema_plan (call->orm, comparison->models, YARA_SCHEMA_DEFAULT, comparison->existing, error);
  if (groups != NULL)
    comparison->answer = yara_schema_plan_to_variant (groups);
  return groups != NULL;
}

/* Prepares the query about the next model. */
static gboolean
load_next (YaraCall *call, GError **error)
{
  Comparison      *comparison = call->extra;
  const YaraModel *model = comparison->models[call->step];
  YaraStatement   *statement = &call->job.request.statement;
  const char      *sql;

  if (model == NULL)
    return conclude (call, error);
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

static gint
compare_names (gconstpointer a, gconstpointer b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

/* Those of one kind, in the order of their names. */
static void
add_surplus (Comparison *comparison, const char *connection, const char *table, GHashTable *names, char kind)
{
  g_autoptr (GPtrArray) entries = g_ptr_array_new ();
  GHashTableIter        iter;
  gpointer              entry;

  g_hash_table_iter_init (&iter, names);
  while (g_hash_table_iter_next (&iter, &entry, NULL))
    if (*(const char *) entry == kind)
      g_ptr_array_add (entries, entry);
  g_ptr_array_sort (entries, compare_names);
  for (guint i = 0; i < entries->len; i++)
    {
      const char      *name = (const char *) entries->pdata[i] + 1;
      g_autofree char *fixed = g_strdup_printf ("k%c%s", kind, name), *drop = NULL;
      gboolean         is_index = kind == 'i';

      if (!g_hash_table_contains (names, fixed))
        drop = is_index ? yara_schema_drop_index (name) : yara_schema_drop_column (table, name);
      else if (is_index) /* it goes with its constraint */
        continue;
      g_variant_builder_add (&comparison->surplus, "(sssss)", connection, is_index ? "index" : "column", table, name,
                             drop != NULL ? drop : "");
    }
}

/* Compares a table with all models that are stored in it. */
static void
note_surplus (YaraCall *call, const YaraModel *model, GHashTable *names)
{
  Comparison *comparison = call->extra;
  GPtrArray  *order = call->orm->engine->model_order;
  const char *connection = yara_connection_get_name (call->decision.connection);

  if (!g_hash_table_add (comparison->seen, g_strconcat (connection, "\n", model->table, NULL)))
    return;
  for (guint i = 0; i < order->len; i++)
    {
      const YaraModelInfo *info = ((YaraRegisteredModel *) order->pdata[i])->info;

      if (strcmp (info->table, model->table) == 0)
        yara_schema_remove_own (info, names);
    }
  add_surplus (comparison, connection, model->table, names, 'i'); /* SQLite drops no column that has one */
  add_surplus (comparison, connection, model->table, names, 'c');
}

static gboolean
comparison_next (YaraCall *call, GError **error)
{
  Comparison      *comparison = call->extra;
  const YaraModel *model = comparison->models[call->step - 1];
  const YaraRows  *rows = call->job.request.rows;
  GHashTable      *names = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (gsize row = 0; row < yara_rows_get_n_rows (rows); row++)
    g_hash_table_add (names, g_strconcat (yara_rows_get_text (rows, row, 0), yara_rows_get_text (rows, row, 1), NULL));
  if (comparison->seen != NULL)
    note_surplus (call, model, names);
  g_hash_table_insert (comparison->existing, (gpointer) model, names);
  return load_next (call, error);
}

static const YaraVerb changes_verb = {
  "schema_changes", YARA_OPERATION_READ, load_next, comparison_next, FALSE, NULL
};
static const YaraVerb surplus_verb = {
  "schema_surplus", YARA_OPERATION_READ, load_next, comparison_next, FALSE, NULL
};

/* ---- the shapes ---- */

static GVariant *
run (YaraOrm *orm, const YaraVerb *verb, const YaraModel *const *models, GCancellable *cancellable, GError **error)
{
  g_auto (YaraCall) call;

  yara_call_init (&call, verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  call.extra = comparison_new (orm, models, verb == &surplus_verb, error);
  if (call.extra == NULL)
    return NULL;
  call.extra_free = (GDestroyNotify) comparison_free;
  if (!yara_call_run_placed (&call, cancellable, error))
    return NULL;
  return g_variant_ref (((Comparison *) call.extra)->answer);
}

static void
submit (YaraOrm *orm, const YaraVerb *verb, const YaraModel *const *models, GCancellable *cancellable,
        GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;
  GError   *error = NULL;

  g_return_if_fail (YARA_IS_ORM (orm));

  call = yara_call_new (verb, orm);
  call->extra = comparison_new (orm, models, verb == &surplus_verb, &error);
  if (call->extra != NULL)
    {
      call->extra_free = (GDestroyNotify) comparison_free;
      yara_call_submit_placed (call, orm, cancellable, callback, user_data);
    }
  else
    yara_call_fail_async (call, orm, cancellable, callback, user_data, error);
}

static GVariant *
finish (YaraOrm *orm, const YaraVerb *verb, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, verb, error);

  return call != NULL ? g_variant_ref (((Comparison *) call->extra)->answer) : NULL;
}

GVariant *
yara_orm_schema_changes (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable, GError **error)
{
  return run (orm, &changes_verb, models, cancellable, error);
}

void
yara_orm_schema_changes_async (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  submit (orm, &changes_verb, models, cancellable, callback, user_data);
}

GVariant *
yara_orm_schema_changes_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish (orm, &changes_verb, result, error);
}

GVariant *
yara_orm_schema_surplus (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable, GError **error)
{
  return run (orm, &surplus_verb, models, cancellable, error);
}

void
yara_orm_schema_surplus_async (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  submit (orm, &surplus_verb, models, cancellable, callback, user_data);
}

GVariant *
yara_orm_schema_surplus_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return finish (orm, &surplus_verb, result, error);
}
