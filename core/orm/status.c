/* SPDX-License-Identifier: MIT
 * What a connection is and how it does. */
#include "orm/engine.h"

/* The database behind the connection now: (transfer full), NULL when there is none. */
static YaraDatabase *
find_database (YaraConnection *connection)
{
  YaraOrm     *orm = yara_connection_get_owner (connection);
  YaraDecision decision;

  if (orm == NULL || !yara_routes_decide_connection (orm->engine->routes, connection, &decision, NULL))
    return NULL;
  return decision.database;
}

const char *
yara_connection_get_backend (YaraConnection *connection)
{
  g_autoptr (YaraDatabase) database = NULL;

  g_return_val_if_fail (YARA_IS_CONNECTION (connection), NULL);

  database = find_database (connection);
  return database != NULL ? yara_database_get_config (database)->backend->name : NULL;
}

char *
yara_connection_get_url (YaraConnection *connection)
{
  g_autoptr (YaraDatabase) database = NULL;

  g_return_val_if_fail (YARA_IS_CONNECTION (connection), NULL);

  database = find_database (connection);
  return database != NULL ? g_strdup (yara_database_get_config (database)->url) : NULL;
}

gboolean
yara_connection_get_status (YaraConnection *connection, YaraConnectionStatus *status)
{
  g_autoptr (YaraDatabase) database = NULL;
  const YaraBackendConfig *config;
  YaraDatabaseCounts       counts;
  YaraConnectionStatus     found;

  g_return_val_if_fail (YARA_IS_CONNECTION (connection), FALSE);
  g_return_val_if_fail (status != NULL && status->struct_size >= sizeof status->struct_size, FALSE);

  database = find_database (connection);
  if (database == NULL)
    return FALSE;
  config = yara_database_get_config (database);
  yara_database_get_counts (database, &counts);
  found = (YaraConnectionStatus) {
    .struct_size = status->struct_size,
    .role = atomic_load_explicit (&config->facts->role, memory_order_relaxed),
    .version = atomic_load_explicit (&config->facts->version, memory_order_relaxed),
    .n_open = counts.n_open,
    .n_in_use = counts.n_in_use,
    .max_size = config->max_size,
    .n_queued = counts.n_queued,
    .round_trip = atomic_load_explicit (&config->facts->round_trip, memory_order_relaxed),
    .is_pooled = atomic_load_explicit (&config->facts->pooled, memory_order_relaxed),
  };
  memcpy (status, &found, MIN (status->struct_size, sizeof found)); /* a newer program's struct has more */
  return TRUE;
}
