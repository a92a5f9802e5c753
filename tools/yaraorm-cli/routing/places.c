/* SPDX-License-Identifier: MIT
 * What is known about the connections that decisions go to. */
#include "routing/places.h"

#include <string.h>

#include "database/database.h"
#include "database/ping.h"
#include "shell/configuration.h"

void
route_places_clear (RoutePlaces *places)
{
  g_clear_pointer (&places->live, g_hash_table_unref);
  g_clear_pointer (&places->config, yara_config_unref);
}

gboolean
route_places_has (const RoutePlaces *places, const char *name)
{
  g_auto(GStrv) names = places->config != NULL ? yara_config_list_connections (places->config) : NULL;

  return names != NULL && name != NULL && g_strv_contains ((const char *const *) names, name);
}

/* Those with a server, each once: (transfer full). */
static char **
list_servers (const RoutePlaces *places, const ProbeResult *result)
{
  g_autoptr(GPtrArray) servers = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 1; i < result->lines->len; i++)
    {
      g_autofree char *all = probe_get_connections (result->lines->pdata[i]);
      g_auto(GStrv) names = g_strsplit (all != NULL ? all : "", ",", -1);

      for (char **name = names; *name != NULL; name++)
        if (route_places_has (places, *name)
            && strcmp (configuration_get_backend (places->config, *name), "postgresql") == 0
            && !g_ptr_array_find_with_equal_func (servers, *name, g_str_equal, NULL))
          g_ptr_array_add (servers, g_strdup (*name));
    }
  g_ptr_array_add (servers, NULL);
  return (char **) g_ptr_array_steal (servers, NULL);
}

Report *
route_places_ask (RoutePlaces *places, const ProbeResult *result, gint64 timeout)
{
  g_auto(GStrv) servers = list_servers (places, result);
  g_autoptr(GPtrArray) pings = ping_all (places->config, (const char *const *) servers, FALSE, timeout);

  places->live = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];

      if (ping->error != NULL)
        return database_report (ping->name, ping->error);
      g_hash_table_insert (places->live, g_strdup (ping->name), GINT_TO_POINTER (ping->role));
    }
  return NULL;
}

YaraRole
route_places_get_role (const RoutePlaces *places, const char *name)
{
  gpointer role;

  if (places->live != NULL && g_hash_table_lookup_extended (places->live, name, NULL, &role))
    return GPOINTER_TO_INT (role);
  return yara_config_get_role (places->config, name);
}

const char *
route_places_get_disagreement (const RoutePlaces *places, const char *name)
{
  YaraRole said = yara_config_get_role (places->config, name);

  return said != YARA_ROLE_UNKNOWN && said != route_places_get_role (places, name) ? configuration_role_name (said)
                                                                                   : NULL;
}

char *
route_places_find_writable (const RoutePlaces *places)
{
  g_auto(GStrv) names = yara_config_list_connections (places->config);

  for (char **name = names; *name != NULL; name++)
    if (route_places_get_role (places, *name) != YARA_ROLE_STANDBY)
      return g_strdup (*name);
  return NULL;
}
