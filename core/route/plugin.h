/* SPDX-License-Identifier: MIT
 * A loaded plugin: a private, sealed copy of its file in memory, mapped and ready to be asked. */
#pragma once

#include <yaraorm/yara-error.h>
#include <yaraorm/yara-router-types.h>

typedef struct
{
  char           *name;         /* "replica" */
  char           *path;         /* of the file it was read from, links resolved */
  char           *args;         /* (nullable) */
  char           *sha256;       /* of the file's bytes */
  YaraRouterFunc  functions[2]; /* by YaraOperation */
  void          (*close) (void); /* its router_close, or NULL */
  gpointer        handle;
  int             fd;           /* of the copy */
} YaraPlugin;

/* Finds, checks and loads the router `name` and calls its router_open with `args` (nullable). Blocks.
 * YARA_ROUTER_ERROR; nothing stays loaded then. */
YaraPlugin *yara_plugin_load   (const char *name, const char *args, GError **error);

/* The same for a file whose bytes must have this SHA-256 (nullable). */
YaraPlugin *yara_plugin_load_only (const char *name, const char *args, const char *sha256, GError **error);

/* Calls its router_close and unmaps it. Nobody may be inside. */
void        yara_plugin_unload (YaraPlugin *plugin);
