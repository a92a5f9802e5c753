/* SPDX-License-Identifier: MIT
 * What a plugin's file tells without any of its code being run. */
#pragma once

#include <glib.h>

typedef struct
{
  gsize      size;
  guint      mode;     /* permissions */
  char      *owner;    /* "you", "root" or "user NUMBER" */
  char      *sha256;
  char      *form;     /* "ELF 64-bit shared object, x86-64"; NULL: not an ELF file of this byte order and size */
  char      *build_id; /* hexadecimal; (nullable) */
  char      *abi;      /* "1.0"; (nullable) */
  GPtrArray *exports;  /* its functions that others see, sorted; (nullable): they cannot be read */
  GPtrArray *needed;   /* libraries; as exports */
  const char *self_call; /* the router's function that it reaches by name only; (nullable) */
  GError    *refusal;  /* why the library would not load it: YARA_ROUTER_ERROR; (nullable) */
} PluginFile;

/* G_FILE_ERROR when there is nothing to be read. */
PluginFile *plugin_file_read (const char *path, GError **error);
void        plugin_file_free (PluginFile *file);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (PluginFile, plugin_file_free)

/* The functions of a router among its exports, as plugin_file_join() has them: (transfer full). */
char *plugin_file_describe_functions (const PluginFile *file);

/* Names with spaces between, "-" for none, "not read" for NULL: (transfer full). */
char *plugin_file_join (GPtrArray *names);
