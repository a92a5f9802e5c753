/* SPDX-License-Identifier: MIT
 * What is known about the connections that decisions go to: from the configuration, and from the servers. */
#pragma once

#include <yaraorm/yaraorm.h>

#include "probe/probe.h"
#include "shell/errors.h"

typedef struct
{
  YaraConfig *config; /* (nullable) */
  GHashTable *live;   /* name -> YaraRole, of the servers that were asked; (nullable) */
} RoutePlaces;

void route_places_clear (RoutePlaces *places);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RoutePlaces, route_places_clear)

/* Asks the PostgreSQL servers among those that the decisions go to for their role. The error about one that cannot
 * be reached within `timeout` microseconds, or NULL: (transfer full). */
Report *route_places_ask (RoutePlaces *places, const ProbeResult *result, gint64 timeout);

/* Whether the configuration knows a connection; `name` is nullable. */
gboolean route_places_has (const RoutePlaces *places, const char *name);

/* What the server says, or else the configuration. */
YaraRole route_places_get_role (const RoutePlaces *places, const char *name);

/* What the configuration says where the server says something else, or NULL: (transfer none). */
const char *route_places_get_disagreement (const RoutePlaces *places, const char *name);

/* A connection that can be written on, "default" if that can: (transfer full) (nullable). */
char *route_places_find_writable (const RoutePlaces *places);
