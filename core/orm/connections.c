/* SPDX-License-Identifier: MIT
 * Adding, replacing, removing and finding named connections. */
#include "orm/engine.h"

#include "base/text.h"
#include "conn/ambient.h"
#include "orm/threaded.h"

static gboolean
check_open (YaraEngine *engine, GError **error)
{
  if (!atomic_load (&engine->closed))
    return TRUE;
  g_set_error_literal (error, YARA_ERROR, YARA_ERROR_CONNECTION,
                       "the ORM is closed; open a new one with yara_orm_open()");
  return FALSE;
}

/* The one object of a name; call with the lock held. */
static YaraConnection *
get_connection_object (YaraOrm *orm, const char *name)
{
  YaraEngine     *engine = orm->engine;
  YaraConnection *connection = g_hash_table_lookup (engine->connections, name);

  if (connection == NULL)
    {
      connection = yara_connection_new (name, orm->root != NULL ? orm->root : orm);
      g_hash_table_insert (engine->connections, g_strdup (name), connection);
    }
  return connection;
}

/* Puts `database` in force under `name`; NULL removes the name. FALSE: closed meanwhile. */
static gboolean
publish (YaraOrm *orm, const char *name, YaraDatabase *database, GError **error)
{
  YaraEngine   *engine = orm->engine;
  YaraRegistry *registry;
  gboolean      open;

  pthread_mutex_lock (&engine->lock);
  open = check_open (engine, error);
  if (open)
    {
      registry = yara_routes_get_registry (engine->routes);
      yara_routes_set_registry (engine->routes, yara_registry_with (registry, name, get_connection_object (orm, name), database));
      yara_registry_unref (registry);
    }
  pthread_mutex_unlock (&engine->lock);
  if (open)
    yara_orm_announce_connection (orm, name, database != NULL);
  return open;
}

gboolean
yara_orm_add_connection (YaraOrm *orm, const char *name, const char *url, GCancellable *cancellable,
                         GError **error)
{
  g_autoptr (YaraDatabase) database = NULL;

  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (name != NULL && url != NULL, FALSE);

  if (!check_open (orm->engine, error))
    return FALSE;
  if (!yara_text_is_connection_name (name))
    {
      g_autofree char *quoted = yara_text_quote (name);

      g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
                   "\"%s\" cannot name a connection; use 1 to %d of A-Z a-z 0-9 _ -", quoted, YARA_NAME_MAX);
      return FALSE;
    }
  database = yara_database_open (url, cancellable, error);
  if (database == NULL)
    {
      g_prefix_error (error, "connection \"%s\": ", name);
      return FALSE;
    }
  return publish (orm, name, database, error);
}

static gpointer
add_threaded (gpointer orm, const char *name, const char *url, GCancellable *cancellable, GError **error)
{
  return yara_orm_add_connection (orm, name, url, cancellable, error) ? orm : NULL;
}

void
yara_orm_add_connection_async (YaraOrm *orm, const char *name, const char *url, GCancellable *cancellable,
                               GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (YARA_IS_ORM (orm));
  g_return_if_fail (name != NULL && url != NULL);

  yara_run_threaded (yara_orm_add_connection_async, add_threaded, NULL, orm, name, url, cancellable, callback,
                     user_data);
}

gboolean
yara_orm_add_connection_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return yara_finish_threaded (yara_orm_add_connection_async, orm, result, error) != NULL;
}

gboolean
yara_orm_remove_connection (YaraOrm *orm, const char *name, GError **error)
{
  YaraRegistry *registry;
  GError       *unknown = NULL;

  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);
  g_return_val_if_fail (name != NULL, FALSE);

  if (strcmp (name, "default") == 0)
    {
      g_set_error_literal (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
                           "\"default\" cannot be removed; replace it with yara_orm_add_connection()");
      return FALSE;
    }
  if (!check_open (orm->engine, error))
    return FALSE;
  registry = yara_routes_get_registry (orm->engine->routes);
  if (yara_registry_find (registry, name) == NULL)
    unknown = yara_registry_unknown_error (registry, name);
  yara_registry_unref (registry);
  if (unknown != NULL)
    {
      g_propagate_error (error, unknown);
      return FALSE;
    }
  return publish (orm, name, NULL, error);
}

char **
yara_orm_list_connections (YaraOrm *orm)
{
  YaraRegistry          *registry;
  g_autofree const char **names = NULL;
  char                 **copy;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  registry = yara_routes_get_registry (orm->engine->routes);
  names = yara_registry_list (registry);
  copy = g_strdupv ((char **) names);
  yara_registry_unref (registry);
  return copy;
}

/* In a transaction any name leads to its connection: NULL with the error when its rule says otherwise. */
static YaraConnection *
get_pinned (YaraBlock *block, YaraConnection *connection, GError **error)
{
  YaraConnection *pinned = yara_block_get_connection (block);

  if (connection == pinned || yara_block_get_rule (block) == YARA_RULE_PINNED)
    return pinned;
  if (yara_block_get_rule (block) == YARA_RULE_BY_NAME)
    return connection;
  g_set_error (error, YARA_ERROR, YARA_ERROR_TRANSACTION,
               "connection \"%s\" is asked for while a transaction is open on \"%s\", and its rule is strict",
               yara_connection_get_name (connection), yara_connection_get_name (pinned));
  return NULL;
}

YaraConnection *
yara_orm_get_connection (YaraOrm *orm, const char *name, GError **error)
{
  YaraRegistry      *registry;
  YaraRegistryEntry *entry;
  YaraConnection    *connection = NULL;
  YaraBlock         *block;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  if (!check_open (orm->engine, error))
    return NULL;
  block = yara_ambient_find (orm->engine->routes, NULL);
  registry = yara_routes_get_registry (orm->engine->routes);
  entry = yara_registry_find (registry, name != NULL ? name : "default");
  if (entry != NULL)
    connection = block != NULL ? get_pinned (block, entry->connection, error) : entry->connection;
  else
    g_propagate_error (error, yara_registry_unknown_error (registry, name != NULL ? name : "default"));
  yara_registry_unref (registry);
  return connection;
}

void
yara_engine_close_databases (YaraEngine *engine)
{
  YaraRegistry *registry;

  /* The first caller closes; a second one waits here until it is done. */
  pthread_mutex_lock (&engine->lock);
  if (!atomic_exchange (&engine->closed, TRUE))
    {
      registry = yara_routes_get_registry (engine->routes);
      yara_routes_set_registry (engine->routes, yara_registry_new ());
      for (guint i = 0; i < registry->n_entries; i++)
        yara_database_close (registry->entries[i].database);
      yara_registry_unref (registry);
    }
  pthread_mutex_unlock (&engine->lock);
}
