/* SPDX-License-Identifier: MIT
 * Names and URLs of the databases, and those of the server made and dropped. */
#include "places.h"

#include "witness.h"

static const char *const names[N_PLACES] = { "app", "analytics", "cache" };

const char *const connection_names[N_PLACES] = { "default", "analytics", "cache" };

static Place
make_file (const char *folder, const char *name)
{
  return (Place) { g_strdup_printf ("%s.db", name), g_strdup_printf ("sqlite://%s/%s.db", folder, name) };
}

/* The last of two names of a database counts. */
static Place
make_database (const char *server, const char *server_name, const char *name)
{
  return (Place) { g_strdup_printf ("%s: %s", server_name, name), g_strdup_printf ("%s&dbname=%s", server, name) };
}

static gboolean
run_on_primary (Places *places, const char *sql, const char *name)
{
  g_autofree char *text = g_strdup_printf ("%s %s", sql, name);

  return witness_ask_sql (places->primary, text) >= 0;
}

gboolean
places_init (Places *places, const char *folder, const char *primary, const char *standby)
{
  gboolean ok = TRUE;

  *places = (Places) { .primary = primary, .standby = standby };
  for (guint i = 0; i < N_PLACES; i++)
    if (primary == NULL || i == CACHE)
      places->places[i] = make_file (folder, names[i]);
    else
      {
        places->places[i] = make_database (primary, "primary", names[i]);
        ok = ok && run_on_primary (places, "CREATE DATABASE", names[i]);
      }
  places->replica = primary == NULL ? make_file (folder, names[DEFAULT])
                                    : make_database (standby, "standby", names[DEFAULT]);
  return ok && (standby == NULL || witness_wait_for_standby (places));
}

void
places_clear (Places *places)
{
  for (guint i = 0; i < N_PLACES; i++)
    {
      if (places->primary != NULL && i != CACHE)
        run_on_primary (places, "DROP DATABASE IF EXISTS", names[i]);
      g_free (places->places[i].label);
      g_free (places->places[i].url);
    }
  g_free (places->replica.label);
  g_free (places->replica.url);
}
