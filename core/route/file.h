/* SPDX-License-Identifier: MIT
 * A plugin's file: finding it, checking who could have written it, reading it once. */
#pragma once

#include <glib.h>

typedef struct
{
  char   *path;   /* links resolved */
  guint8 *bytes;
  gsize   size;
  char   *sha256; /* of the bytes, in hexadecimal */
} YaraRouterFile;

/* The file that a router's name stands for: (transfer full). With a slash the name is the file.
 * Without, NAME.so is looked for in the router folders. */
char *yara_router_file_find (const char *name, GError **error);

/* Opens and reads a file that nobody but root and this process's user can have written. The errors
 * are bare reasons. */
YaraRouterFile *yara_router_file_read (const char *path, GError **error);
void            yara_router_file_free (YaraRouterFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraRouterFile, yara_router_file_free)
