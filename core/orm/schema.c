/* SPDX-License-Identifier: MIT
 * Schema generation: which model goes to which connection, in which order, and running it. */
#include "orm/schema.h"

#include "sql/schema.h"

typedef YaraSchemaGroup SchemaGroup;

static void
schema_group_free (SchemaGroup *group)
{
  yara_decision_clear (&group->decision);
  g_ptr_array_unref (group->statements);
  g_free (group);
}

/* A plan being made. */
typedef struct
{
  YaraOrm         *orm;
  YaraSchemaFlags  flags;
  GHashTable      *existing; /* or NULL */
  GHashTable      *wanted; /* YaraRegisteredModel * not yet in `groups` */
  GPtrArray       *groups; /* SchemaGroup *, in the order of first use */
} SchemaPlan;

static const YaraModelInfo *
find_info (const YaraModel *model, gpointer engine)
{
  YaraRegisteredModel *registered = g_hash_table_lookup (((YaraEngine *) engine)->models, model);

  return registered != NULL ? registered->info : NULL;
}

static gboolean
decide_write (YaraOrm *orm, const YaraModel *model, YaraDecision *decision, GError **error)
{
  return yara_routes_decide (orm->engine->routes, model, YARA_OPERATION_WRITE, orm->using_name,
                             (const char *const *) orm->hints, decision, error);
}

static SchemaGroup *
get_group (GPtrArray *groups, const YaraDecision *decision)
{
  SchemaGroup *group;

  for (guint i = 0; i < groups->len; i++)
    {
      group = groups->pdata[i];
      if (group->decision.connection == decision->connection)
        return group;
    }
  group = g_new0 (SchemaGroup, 1);
  group->decision = yara_decision_copy (decision);
  group->statements = g_ptr_array_new_with_free_func (g_free);
  g_ptr_array_add (groups, group);
  return group;
}

/* A constraint cannot reach into another database. */
static gboolean
check_reference (YaraOrm *orm, const YaraModelInfo *info, const YaraFieldInfo *field, YaraConnection *home,
                 GError **error)
{
  const YaraModel *target = field->field->references;
  YaraDecision     decision;
  gboolean         same;

  if (yara_engine_find_model (orm->engine, target, error) == NULL || !decide_write (orm, target, &decision, error))
    {
      g_prefix_error (error, "%s.%s: ", info->name, field->name);
      return FALSE;
    }
  same = decision.connection == home;
  yara_decision_clear (&decision);
  if (same)
    return TRUE;
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
               "%s.%s: %s is written on \"%s\" and references %s, which is written on \"%s\"; route both to one "
               "connection or make the field .unconstrained",
               info->name, field->name, info->name, yara_connection_get_name (home), target->name,
               yara_connection_get_name (decision.connection));
  return FALSE;
}

static gboolean
append_statements (const SchemaPlan *plan, const YaraModelInfo *info, const YaraDialect *dialect,
                   GPtrArray *statements, GError **error)
{
  YaraEngine *engine = plan->orm->engine;

  if (plan->existing == NULL)
    return yara_schema_append (dialect, info, (plan->flags & YARA_SCHEMA_SAFE) != 0, find_info, engine, statements,
                               error);
  return yara_schema_append_missing (dialect, info, g_hash_table_lookup (plan->existing, info->model), find_info,
                                     engine, statements, error);
}

/* Adds a model after those that it references. A cycle of references ends where it began: the model
 * left `wanted` before its references are followed. */
static gboolean
add_model (SchemaPlan *plan, YaraRegisteredModel *model, GError **error)
{
  const YaraModelInfo *info = model->info;
  YaraDecision         decision;
  SchemaGroup         *group;
  gboolean             ok;

  if (!g_hash_table_remove (plan->wanted, model))
    return TRUE;
  if (!decide_write (plan->orm, info->model, &decision, error))
    return FALSE;
  ok = TRUE;
  for (guint i = 0; ok && i < info->n_fields; i++)
    {
      const YaraField *field = info->fields[i].field;

      if (field->references != NULL && !field->unconstrained)
        ok = check_reference (plan->orm, info, &info->fields[i], decision.connection, error) &&
             add_model (plan, g_hash_table_lookup (plan->orm->engine->models, field->references), error);
    }
  if (ok)
    {
      group = get_group (plan->groups, &decision);
      ok = append_statements (plan, info, yara_database_get_config (decision.database)->backend->dialect,
                              group->statements, error);
    }
  yara_decision_clear (&decision);
  return ok;
}

GPtrArray *
yara_schema_plan (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags, GHashTable *existing,
                  GError **error)
{
  g_autoptr (GHashTable) wanted = g_hash_table_new (NULL, NULL);
  g_autoptr (GPtrArray)  groups = g_ptr_array_new_with_free_func ((GDestroyNotify) schema_group_free);
  SchemaPlan             plan = { orm, flags, existing, wanted, groups };
  GPtrArray             *order = orm->engine->model_order;
  gboolean               ok = TRUE;

  for (guint i = 0; models == NULL && i < order->len; i++)
    g_hash_table_add (wanted, order->pdata[i]);
  for (guint i = 0; ok && models != NULL && models[i] != NULL; i++)
    {
      YaraRegisteredModel *model = yara_engine_find_model (orm->engine, models[i], error);

      ok = model != NULL && (g_hash_table_add (wanted, model), TRUE);
    }
  for (guint i = 0; ok && i < order->len; i++)
    ok = add_model (&plan, order->pdata[i], error);
  for (guint i = 0; ok && i < groups->len; i++)
    g_ptr_array_add (((SchemaGroup *) groups->pdata[i])->statements, NULL);
  return ok ? g_steal_pointer (&groups) : NULL;
}

GVariant *
yara_schema_plan_to_variant (const GPtrArray *groups)
{
  GVariantBuilder builder;

  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sas)"));
  for (guint i = 0; i < groups->len; i++)
    {
      const SchemaGroup *group = groups->pdata[i];

      g_variant_builder_add (&builder, "(s^as)", yara_connection_get_name (group->decision.connection),
                             group->statements->pdata);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

GVariant *
yara_orm_schema_sql (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags, GError **error)
{
  g_autoptr (GPtrArray) groups = NULL;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  groups = yara_schema_plan (orm, models, flags, NULL, error);
  return groups != NULL ? yara_schema_plan_to_variant (groups) : NULL;
}

/* ---- running it: one request a connection ---- */

static void
load_group (YaraCall *call, const SchemaGroup *group)
{
  yara_request_reset (&call->job.request);
  yara_decision_clear (&call->decision);
  call->decision = yara_decision_copy (&group->decision);
  call->job.request.kind = YARA_REQUEST_TRANSACTION;
  call->job.request.statements = (const char *const *) group->statements->pdata;
}

static gboolean
schema_start (YaraCall *call, GError **error)
{
  GPtrArray *groups = call->extra;

  call->done = groups->len == 0;
  if (!call->done)
    load_group (call, groups->pdata[0]);
  return TRUE;
}

/* There is no transaction over two databases: an error says what stays. */
static void
tell_what_was_done (YaraCall *call)
{
  GPtrArray          *groups = call->extra;
  g_autoptr (GString) names = g_string_new (NULL);

  if (call->step <= 1)
    return;
  for (guint i = 0; i < call->step - 1; i++)
    g_string_append_printf (names, "%s\"%s\"", i > 0 ? ", " : "",
                            yara_connection_get_name (((SchemaGroup *) groups->pdata[i])->decision.connection));
  g_prefix_error (&call->job.request.error, "the tables on %s were created, but ", names->str);
}

static gboolean
schema_next (YaraCall *call, GError **error)
{
  GPtrArray *groups = call->extra;

  if (call->job.request.error != NULL)
    {
      tell_what_was_done (call);
      g_propagate_error (error, g_steal_pointer (&call->job.request.error));
      return FALSE;
    }
  call->done = call->step == groups->len;
  if (!call->done)
    load_group (call, groups->pdata[call->step]);
  return TRUE;
}

static const YaraVerb schema_verb = { "generate_schemas", YARA_OPERATION_WRITE, schema_start, schema_next, TRUE, NULL };

static gboolean
generate (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags, GCancellable *cancellable,
          GError **error)
{
  g_auto (YaraCall) call;

  yara_call_init (&call, &schema_verb, orm);
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);

  call.extra = yara_schema_plan (orm, models, flags, NULL, error);
  if (call.extra == NULL)
    return FALSE;
  call.extra_free = (GDestroyNotify) g_ptr_array_unref;
  return yara_call_run_placed (&call, cancellable, error);
}

static void
generate_async (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags, GCancellable *cancellable,
                GAsyncReadyCallback callback, gpointer user_data)
{
  YaraCall *call;
  GError   *error = NULL;

  g_return_if_fail (YARA_IS_ORM (orm));

  call = yara_call_new (&schema_verb, orm);
  call->extra = yara_schema_plan (orm, models, flags, NULL, &error);
  if (call->extra != NULL)
    {
      call->extra_free = (GDestroyNotify) g_ptr_array_unref;
      yara_call_submit_placed (call, orm, cancellable, callback, user_data);
    }
  else
    yara_call_fail_async (call, orm, cancellable, callback, user_data, error);
}

static gboolean
generate_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  g_autoptr (YaraCall) call = yara_call_finish (orm, result, &schema_verb, error);

  return call != NULL;
}

gboolean
yara_orm_generate_schemas (YaraOrm *orm, YaraSchemaFlags flags, GCancellable *cancellable, GError **error)
{
  return generate (orm, NULL, flags, cancellable, error);
}

void
yara_orm_generate_schemas_async (YaraOrm *orm, YaraSchemaFlags flags, GCancellable *cancellable,
                                 GAsyncReadyCallback callback, gpointer user_data)
{
  generate_async (orm, NULL, flags, cancellable, callback, user_data);
}

gboolean
yara_orm_generate_schemas_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return generate_finish (orm, result, error);
}

gboolean
yara_orm_generate_schemas_for (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags,
                               GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (models != NULL, FALSE);

  return generate (orm, models, flags, cancellable, error);
}

void
yara_orm_generate_schemas_for_async (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags,
                                     GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (models != NULL);

  generate_async (orm, models, flags, cancellable, callback, user_data);
}

gboolean
yara_orm_generate_schemas_for_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return generate_finish (orm, result, error);
}
