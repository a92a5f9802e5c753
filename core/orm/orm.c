/* SPDX-License-Identifier: MIT
 * The YaraOrm object: opening, closing, and the views that name a connection, give hints or set a time-out. */
#include "orm/engine.h"

#include "orm/threaded.h"

G_DEFINE_FINAL_TYPE (YaraOrm, yara_orm, G_TYPE_OBJECT)

static YaraEngine *
engine_new (void)
{
  YaraEngine *engine = g_new0 (YaraEngine, 1);

  engine->routes = yara_routes_new ();
  pthread_mutex_init (&engine->lock, NULL);
  engine->connections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_object_unref);
  engine->models = g_hash_table_new (NULL, NULL);
  engine->model_order = g_ptr_array_new_with_free_func ((GDestroyNotify) yara_registered_model_free);
  yara_tally_init (&engine->ledger);
  engine->old_hooks = g_ptr_array_new ();
  engine->log_statements = !g_log_writer_default_would_drop (G_LOG_LEVEL_DEBUG, G_LOG_DOMAIN);
  yara_engine_start_decision_log (engine);
  return engine;
}

static void
engine_free (YaraEngine *engine)
{
  GHashTableIter iter;
  gpointer       connection;

  yara_engine_close_databases (engine);
  yara_routes_free (engine->routes);
  g_hash_table_iter_init (&iter, engine->connections);
  while (g_hash_table_iter_next (&iter, NULL, &connection))
    yara_connection_disown (connection);
  g_hash_table_unref (engine->connections);
  g_hash_table_unref (engine->models);
  g_ptr_array_unref (engine->model_order);
  yara_engine_free_hooks (engine);
  yara_tally_clear (&engine->ledger);
  pthread_mutex_destroy (&engine->lock);
  g_free (engine);
}

static void
yara_orm_finalize (GObject *object)
{
  YaraOrm *orm = YARA_ORM (object);

  if (orm->root != NULL)
    g_object_unref (orm->root);
  else
    engine_free (orm->engine);
  g_free (orm->using_name);
  g_strfreev (orm->hints);
  G_OBJECT_CLASS (yara_orm_parent_class)->finalize (object);
}

static void
yara_orm_class_init (YaraOrmClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = yara_orm_finalize;
  yara_orm_install_signals (klass);
  yara_error_quark (); /* GLib's macro keeps it in a variable that threads may not race to set first */
}

static void
yara_orm_init (YaraOrm *orm)
{
}

static YaraOrm *
orm_new (void)
{
  YaraOrm *orm = g_object_new (YARA_TYPE_ORM, NULL);

  orm->engine = engine_new ();
  return orm;
}

static YaraOrm *
view_new (YaraOrm *orm, const char *using_name, const char *const *hints, gint64 timeout)
{
  YaraOrm *view = g_object_new (YARA_TYPE_ORM, NULL);

  view->engine = orm->engine;
  view->root = g_object_ref (orm->root != NULL ? orm->root : orm);
  view->using_name = g_strdup (using_name);
  view->hints = g_strdupv ((char **) hints);
  view->timeout = timeout;
  return view;
}

YaraOrm *
yara_orm_using (YaraOrm *orm, const char *name)
{
  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);
  g_return_val_if_fail (name != NULL, NULL);

  return view_new (orm, name, (const char *const *) orm->hints, orm->timeout);
}

YaraOrm *
yara_orm_with_hints (YaraOrm *orm, const char *const *hints)
{
  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);
  g_return_val_if_fail (hints != NULL, NULL);

  return view_new (orm, orm->using_name, hints, orm->timeout);
}

YaraOrm *
yara_orm_with_timeout (YaraOrm *orm, double seconds)
{
  gint64 timeout = -1;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);
  g_return_val_if_fail (seconds >= 0 && seconds <= 86400, NULL);

  if (seconds > 0)
    timeout = MAX ((gint64) (seconds * G_USEC_PER_SEC), 1);
  return view_new (orm, orm->using_name, (const char *const *) orm->hints, timeout);
}

/* ---- opening ---- */

YaraOrm *
yara_orm_open (const char *url, const char *router, GCancellable *cancellable, GError **error)
{
  g_autoptr (YaraOrm) orm = NULL;

  g_return_val_if_fail (url != NULL, NULL);

  orm = orm_new ();
  if (!yara_orm_add_connection (orm, "default", url, cancellable, error))
    return NULL;
  if (router != NULL && !yara_orm_set_router (orm, router, NULL, cancellable, error))
    return NULL;
  return g_steal_pointer (&orm);
}

static gpointer
open_threaded (gpointer source, const char *url, const char *router, GCancellable *cancellable, GError **error)
{
  return yara_orm_open (url, router, cancellable, error);
}

void
yara_orm_open_async (const char *url, const char *router, GCancellable *cancellable, GAsyncReadyCallback callback,
                     gpointer user_data)
{
  g_return_if_fail (url != NULL);

  yara_run_threaded (yara_orm_open_async, open_threaded, g_object_unref, NULL, url, router, cancellable, callback,
                     user_data);
}

YaraOrm *
yara_orm_open_finish (GAsyncResult *result, GError **error)
{
  return yara_finish_threaded (yara_orm_open_async, NULL, result, error);
}

/* ---- closing ---- */

gboolean
yara_orm_close (YaraOrm *orm, GCancellable *cancellable, GError **error)
{
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;
  yara_engine_close_databases (orm->engine);
  return TRUE;
}

static gpointer
close_threaded (gpointer orm, const char *first, const char *second, GCancellable *cancellable, GError **error)
{
  return yara_orm_close (orm, cancellable, error) ? orm : NULL;
}

void
yara_orm_close_async (YaraOrm *orm, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (YARA_IS_ORM (orm));

  yara_run_threaded (yara_orm_close_async, close_threaded, NULL, orm, NULL, NULL, cancellable, callback, user_data);
}

gboolean
yara_orm_close_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return yara_finish_threaded (yara_orm_close_async, orm, result, error) != NULL;
}
