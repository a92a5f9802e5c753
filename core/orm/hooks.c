/* SPDX-License-Identifier: MIT
 * Query hooks and the debug log. Readers take no lock: a change replaces the whole list, and replaced
 * lists are kept until the ORM goes, since changes are rare. */
#include "orm/engine.h"

typedef struct
{
  guint          id;
  YaraQueryHook  hook;
  gpointer       user_data;
  GDestroyNotify destroy;
} Hook;

struct YaraHookList
{
  guint n_hooks;
  Hook  hooks[];
};

/* A list with room for `n_hooks`, holding those of `list` but the one of id `without`. */
static YaraHookList *
copy_list (const YaraHookList *list, guint n_hooks, guint without)
{
  YaraHookList *copy = g_malloc (sizeof (YaraHookList) + n_hooks * sizeof (Hook));

  copy->n_hooks = 0;
  for (guint i = 0; list != NULL && i < list->n_hooks; i++)
    if (list->hooks[i].id != without)
      copy->hooks[copy->n_hooks++] = list->hooks[i];
  return copy;
}

static void
replace_list (YaraEngine *engine, YaraHookList *list)
{
  YaraHookList *old = atomic_exchange (&engine->hooks, list);

  if (old != NULL)
    g_ptr_array_add (engine->old_hooks, old);
}

guint
yara_orm_add_query_hook (YaraOrm *orm, YaraQueryHook hook, gpointer user_data, GDestroyNotify destroy)
{
  YaraEngine   *engine;
  YaraHookList *list, *changed;
  guint         id;

  g_return_val_if_fail (YARA_IS_ORM (orm), 0);
  g_return_val_if_fail (hook != NULL, 0);

  engine = orm->engine;
  pthread_mutex_lock (&engine->lock);
  id = ++engine->next_hook_id;
  list = atomic_load (&engine->hooks);
  changed = copy_list (list, (list != NULL ? list->n_hooks : 0) + 1, 0);
  changed->hooks[changed->n_hooks++] = (Hook){ id, hook, user_data, destroy };
  replace_list (engine, changed);
  pthread_mutex_unlock (&engine->lock);
  return id;
}

void
yara_orm_remove_query_hook (YaraOrm *orm, guint id)
{
  YaraEngine   *engine;
  YaraHookList *list, *changed;
  Hook          removed = { 0 };

  g_return_if_fail (YARA_IS_ORM (orm));

  engine = orm->engine;
  pthread_mutex_lock (&engine->lock);
  list = atomic_load (&engine->hooks);
  for (guint i = 0; list != NULL && i < list->n_hooks; i++)
    if (list->hooks[i].id == id)
      removed = list->hooks[i];
  if (removed.id != 0)
    {
      changed = copy_list (list, list->n_hooks - 1, id);
      if (changed->n_hooks == 0)
        g_clear_pointer (&changed, g_free);
      replace_list (engine, changed);
    }
  pthread_mutex_unlock (&engine->lock);

  g_return_if_fail (removed.id != 0);
  if (removed.destroy != NULL)
    removed.destroy (removed.user_data);
}

void
yara_engine_free_hooks (YaraEngine *engine)
{
  YaraHookList *list = atomic_load (&engine->hooks);

  for (guint i = 0; list != NULL && i < list->n_hooks; i++)
    if (list->hooks[i].destroy != NULL)
      list->hooks[i].destroy (list->hooks[i].user_data);
  g_free (list);
  g_ptr_array_set_free_func (engine->old_hooks, g_free);
  g_ptr_array_unref (engine->old_hooks);
}

void
yara_engine_report (YaraEngine *engine, YaraOrm *orm, const YaraQueryEvent *event)
{
  const YaraHookList *list = atomic_load_explicit (&engine->hooks, memory_order_acquire);

  for (guint i = 0; list != NULL && i < list->n_hooks; i++)
    list->hooks[i].hook (orm, event, list->hooks[i].user_data);
  if (engine->log_statements)
    g_debug ("%s %s on %s (%s, generation %" G_GUINT64_FORMAT "): %s [%" G_GINT64_FORMAT " us, %" G_GINT64_FORMAT " rows]%s%s",
             event->verb, event->model != NULL ? event->model->name : "-", event->connection,
             yara_route_reason_get_name (event->reason), event->generation, event->sql, event->duration,
             event->n_rows, event->error != NULL ? " " : "", event->error != NULL ? event->error->message : "");
}
