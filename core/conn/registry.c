/* SPDX-License-Identifier: MIT
 * The registry: immutable pictures of which name leads to which database. */
#include "base/error.h"
#include "base/text.h"
#include "conn/connection.h"
#include <yaraorm/yara-error.h>

#include <string.h>

static YaraRegistry *
registry_alloc (guint n_entries)
{
  YaraRegistry *registry = g_malloc0 (sizeof (YaraRegistry) + n_entries * sizeof (YaraRegistryEntry));

  g_atomic_int_set (&registry->ref_count, 1);
  registry->by_name = g_hash_table_new (g_str_hash, g_str_equal);
  return registry;
}

static void
registry_append (YaraRegistry *registry, const char *name, YaraConnection *connection, YaraDatabase *database)
{
  YaraRegistryEntry *entry = &registry->entries[registry->n_entries++];

  entry->name = g_intern_string (name);
  entry->connection = connection;
  entry->database = yara_database_ref (database);
  g_hash_table_insert (registry->by_name, (gpointer) entry->name, entry);
  if (strcmp (name, "default") == 0)
    registry->default_entry = entry;
}

YaraRegistry *
yara_registry_new (void)
{
  return registry_alloc (0);
}

YaraRegistry *
yara_registry_ref (YaraRegistry *registry)
{
  g_atomic_int_inc (&registry->ref_count);
  return registry;
}

void
yara_registry_unref (YaraRegistry *registry)
{
  if (!g_atomic_int_dec_and_test (&registry->ref_count))
    return;
  for (guint i = 0; i < registry->n_entries; i++)
    yara_database_unref (registry->entries[i].database);
  g_hash_table_unref (registry->by_name);
  g_free (registry);
}

YaraRegistry *
yara_registry_with (const YaraRegistry *registry, const char *name, YaraConnection *connection,
                    YaraDatabase *database)
{
  YaraRegistry *changed = registry_alloc (registry->n_entries + 1);

  for (guint i = 0; i < registry->n_entries; i++)
    {
      const YaraRegistryEntry *entry = &registry->entries[i];

      if (strcmp (entry->name, name) != 0)
        registry_append (changed, entry->name, entry->connection, entry->database);
    }
  if (database != NULL)
    registry_append (changed, name, connection, database);
  return changed;
}

YaraRegistryEntry *
yara_registry_find (const YaraRegistry *registry, const char *name)
{
  return g_hash_table_lookup (registry->by_name, name);
}

YaraRegistryEntry *
yara_registry_find_connection (const YaraRegistry *registry, YaraConnection *connection)
{
  for (guint i = 0; i < registry->n_entries; i++)
    if (registry->entries[i].connection == connection)
      return (YaraRegistryEntry *) &registry->entries[i];
  return NULL;
}

/* "default" sorts before everything else. */
static int
compare_names (gconstpointer a, gconstpointer b)
{
  const char *first = *(const char *const *) a, *second = *(const char *const *) b;
  int         order = (strcmp (second, "default") == 0) - (strcmp (first, "default") == 0);

  return order != 0 ? order : strcmp (first, second);
}

const char **
yara_registry_list (const YaraRegistry *registry)
{
  const char **names = g_new0 (const char *, registry->n_entries + 1);

  for (guint i = 0; i < registry->n_entries; i++)
    names[i] = registry->entries[i].name;
  qsort (names, registry->n_entries, sizeof *names, compare_names);
  return names;
}

GError *
yara_registry_unknown_error (const YaraRegistry *registry, const char *name)
{
  g_autofree const char **names = yara_registry_list (registry);
  g_autofree char        *known = g_strjoinv (", ", (char **) names);
  g_autofree char        *quoted = yara_text_quote (name);
  g_autofree char        *hint = yara_text_did_you_mean (name, names);
  GError                 *error;

  error = g_error_new (YARA_ERROR, YARA_ERROR_CONFIGURATION,
                       "unknown connection \"%s\"; known: %s%s", quoted, known, hint);
  yara_error_set_answer (error, name);
  return error;
}
