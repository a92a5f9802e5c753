/* SPDX-License-Identifier: MIT
 * A routing with connections node0000, node0001, ..., and versions of a plugin. */
#pragma once

#include "route/routes.h"
#include <yaraorm/yara-error.h>

/* Sanitizers and kept plugins cost time, memory and descriptors: fewer rounds then. */
#if defined (__SANITIZE_ADDRESS__) || defined (__SANITIZE_THREAD__) || defined (YARAORM_KEEP_PLUGINS)
#define FIXTURE_IS_SCALED_DOWN TRUE
#define FIXTURE_ROUNDS(n)      ((n) / 20)
#else
#define FIXTURE_IS_SCALED_DOWN FALSE
#define FIXTURE_ROUNDS(n)      (n)
#endif

/* Whether a plugin that is unloaded is unmapped. */
#ifdef YARAORM_KEEP_PLUGINS
#define FIXTURE_UNMAPS FALSE
#else
#define FIXTURE_UNMAPS TRUE
#endif

typedef struct
{
  YaraRoutes   *routes;
  YaraDatabase *database;    /* behind every connection */
  GPtrArray    *connections;
  char         *folder;      /* an empty one */
} Fixture;

extern const YaraModel fixture_model;

/* "default" and `n_nodes` others. */
void fixture_init  (Fixture *fixture, guint n_nodes);
void fixture_clear (Fixture *fixture);

/* Puts the plugin at `path` in force; it must be accepted. */
void        fixture_set (Fixture *fixture, const char *path);
/* Where a User goes. */
const char *fixture_ask (Fixture *fixture, YaraOperation operation);

/* A path in the fixture's folder: (transfer full). */
char *fixture_path (Fixture *fixture, const char *name);

/* The path of NAME.so of the zoo: (transfer full). */
char *fixture_zoo_path (const char *name);

/* An ORM in memory with the connections node0000 and node0001, and the router "node" of the zoo: (transfer full). */
YaraOrm *fixture_open_nodes (void);
/* The bytes of the plugin NAME.so of the zoo: (transfer full). */
GString *fixture_load  (const char *name);
/* Makes the plugin answer node<number>. */
void     fixture_patch (GString *plugin, guint number);
/* Writes a file in place, or a new one. */
void     fixture_write (const char *path, const GString *bytes);

/* What this process holds: mapped plugins, open descriptors, memory. */
guint fixture_count_images       (void);
guint fixture_count_descriptors  (void);
gsize fixture_get_resident_bytes (void);
