/* SPDX-License-Identifier: MIT
 * Named connections and the registry of them. A YaraConnection lives as long as its registry; the
 * database behind it comes and goes. What readers see is an immutable picture, replaced as a whole. */
#pragma once

#include <yaraorm/yara-connection.h>
#include "conn/database.h"

typedef struct
{
  const char     *name;       /* of the connection: interned, so that names compare by pointer too */
  YaraConnection *connection;
  YaraDatabase   *database;   /* a reference */
} YaraRegistryEntry;

/* The connections at one moment. Counted, immutable. */
typedef struct
{
  gatomicrefcount    ref_count;
  guint              n_entries;
  YaraRegistryEntry *default_entry; /* NULL when closed or not yet open */
  GHashTable        *by_name;       /* name -> YaraRegistryEntry *, in `entries` */
  YaraRegistryEntry  entries[];
} YaraRegistry;

YaraRegistry *yara_registry_new     (void); /* empty */
YaraRegistry *yara_registry_ref     (YaraRegistry *registry);
void          yara_registry_unref   (YaraRegistry *registry);

/* A new picture with `name` leading to `database`, added or replaced; or without it (database NULL). */
YaraRegistry *yara_registry_with    (const YaraRegistry *registry, const char *name, YaraConnection *connection, YaraDatabase *database);

YaraRegistryEntry *yara_registry_find (const YaraRegistry *registry, const char *name);
YaraRegistryEntry *yara_registry_find_connection (const YaraRegistry *registry, YaraConnection *connection);

/* The names, "default" first, then sorted: (transfer container), NULL-terminated. */
const char **yara_registry_list (const YaraRegistry *registry);

/* "unknown connection \"x\"; known: a, b; did you mean...": YARA_ERROR_CONFIGURATION */
GError *yara_registry_unknown_error (const YaraRegistry *registry, const char *name);

/* `owner` is the ORM, opaque here; cleared by yara_connection_disown() when it goes. */
YaraConnection *yara_connection_new       (const char *name, gpointer owner);
gpointer        yara_connection_get_owner (YaraConnection *connection); /* NULL: the ORM is gone */
void            yara_connection_disown    (YaraConnection *connection);
