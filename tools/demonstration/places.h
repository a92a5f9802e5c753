/* SPDX-License-Identifier: MIT
 * The databases that the demonstration writes to: three SQLite files, or two databases of a PostgreSQL
 * server with its standby and one SQLite file. */
#pragma once

#include "models.h"

enum { DEFAULT, ANALYTICS, CACHE, N_PLACES };

/* A database, and the connection of the same index that leads to it. */
typedef struct
{
  char *label; /* for people */
  char *url;
} Place;

typedef struct
{
  Place       places[N_PLACES];
  Place       replica; /* the same database as DEFAULT, read elsewhere when there is a standby */
  const char *primary; /* URL of a database of the server that exists; NULL: SQLite only */
  const char *standby;
} Places;

extern const char *const connection_names[N_PLACES];

/* `folder` holds the files. Makes the databases of the server, if one is given. */
gboolean places_init  (Places *places, const char *folder, const char *primary, const char *standby);

/* Drops them. Nothing is connected any more. */
void     places_clear (Places *places);
