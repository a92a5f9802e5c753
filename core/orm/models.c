/* SPDX-License-Identifier: MIT
 * The registered models and their compiled SQL. */
#include "orm/engine.h"

#include "base/text.h"

struct YaraDialectCache
{
  const YaraDialect *dialect;
  YaraSqlCache      *cache;
  YaraDialectCache  *next;
};

void
yara_registered_model_free (YaraRegisteredModel *model)
{
  YaraDialectCache *entry = atomic_load (&model->caches);

  while (entry != NULL)
    {
      YaraDialectCache *next = entry->next;

      yara_sql_cache_free (entry->cache);
      g_free (entry);
      entry = next;
    }
  yara_model_info_free (model->info);
  g_free (model);
}

YaraSqlCache *
yara_registered_model_get_cache (YaraRegisteredModel *model, const YaraDialect *dialect)
{
  YaraDialectCache *head = atomic_load_explicit (&model->caches, memory_order_acquire);
  YaraDialectCache *added;

  for (YaraDialectCache *entry = head; entry != NULL; entry = entry->next)
    if (G_LIKELY (entry->dialect == dialect))
      return entry->cache;

  added = g_new (YaraDialectCache, 1);
  added->dialect = dialect;
  added->cache = yara_sql_cache_new (model->info, dialect);
  added->next = head;
  if (atomic_compare_exchange_strong (&model->caches, &added->next, added))
    return added->cache;

  /* Another thread added one at the same moment. */
  yara_sql_cache_free (added->cache);
  g_free (added);
  return yara_registered_model_get_cache (model, dialect);
}

YaraRegisteredModel *
yara_engine_find_model (YaraEngine *engine, const YaraModel *model, GError **error)
{
  YaraRegisteredModel *registered = g_hash_table_lookup (engine->models, model);

  if (G_UNLIKELY (registered == NULL))
    g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
                 "model %s is not registered; call yara_orm_register() first",
                 model->name != NULL ? model->name : "without a name");
  return registered;
}

const YaraModel **
yara_engine_list_models (YaraEngine *engine)
{
  const YaraModel **models = g_new0 (const YaraModel *, engine->model_order->len + 1);

  for (guint i = 0; i < engine->model_order->len; i++)
    models[i] = ((YaraRegisteredModel *) engine->model_order->pdata[i])->info->model;
  return models;
}

gboolean
yara_orm_register (YaraOrm *orm, const YaraModel *model, GError **error)
{
  YaraEngine               *engine;
  g_autoptr (YaraModelInfo) info = NULL;
  YaraRegisteredModel      *registered;

  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (model != NULL, FALSE);

  engine = orm->engine;
  if (g_hash_table_contains (engine->models, model))
    return TRUE;
  info = yara_model_info_new (model, error);
  if (info == NULL)
    return FALSE;
  for (guint i = 0; i < engine->model_order->len; i++)
    {
      const YaraModelInfo *other = ((YaraRegisteredModel *) engine->model_order->pdata[i])->info;

      if (strcmp (other->name, info->name) == 0)
        {
          g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
                       "%s: another model of this name is registered, for table \"%s\"; rename one",
                       info->name, other->table);
          return FALSE;
        }
    }
  registered = g_new0 (YaraRegisteredModel, 1);
  registered->info = g_steal_pointer (&info);
  g_hash_table_insert (engine->models, (gpointer) model, registered);
  g_ptr_array_add (engine->model_order, registered);
  return TRUE;
}
