/* SPDX-License-Identifier: MIT
 * The configuration file, inside: what a loaded one is, and the steps of loading it. */
#pragma once

#include <stdatomic.h>

#include <yaraorm/yaraorm.h>
#include "base/arena.h"

typedef struct
{
  char    *name;
  char    *url;       /* complete, with its password */
  char    *shown_url; /* without */
  YaraRole role;      /* UNKNOWN: any */
  gint64   max_lag;   /* bytes; -1: not given */
} YaraConfigConnection;

struct YaraConfig
{
  atomic_int n_references;
  char      *path;        /* NULL: no file */
  char      *warning;     /* or NULL */
  GPtrArray *connections; /* YaraConfigConnection *, "default" first */
  char      *plugin;      /* of the router, or NULL */
  char      *plugin_args; /* or NULL */
  GPtrArray *rules;       /* "PATTERN=TARGET"; NULL-terminated */
  GPtrArray *models;      /* const YaraModel *; NULL-terminated */
  YaraArena  arena;       /* behind the models */
};

/* ---- config-places.c: where the file is looked for; yara_config_list_places() is public ---- */

/* The absolute path of the file that a program means: `path`, or else the first place where there is one:
 * (transfer full), NULL when there is none. The place that $YARAORM_CONFIG names need not exist. */
char *yara_config_find (const char *path);

/* ---- config-file.c: the text, its groups and keys ---- */

typedef struct
{
  char     *path;     /* absolute; NULL: no file */
  char     *folder;   /* of the file */
  gboolean  is_public; /* others can read it */
  GKeyFile *groups;   /* of the file and the set together; names have single spaces */
} YaraConfigFile;

/* Finds and reads it, with the keys of `set` over the others; every group and key is a known one. */
gboolean yara_config_file_load  (YaraConfigFile *file, const char *path, const char *set, GError **error);
void     yara_config_file_clear (YaraConfigFile *file);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (YaraConfigFile, yara_config_file_clear)

/* The value of a key without the blanks around it: (transfer full) (nullable). */
char *yara_config_file_get (const YaraConfigFile *file, const char *group, const char *key);

/* The groups whose names begin with `kind` and a space: (transfer full). */
GStrv yara_config_file_list (const YaraConfigFile *file, const char *kind);

/* "PATH: [GROUP] KEY: REASON"; `key` may be NULL. FALSE. */
gboolean yara_config_fail (const YaraConfigFile *file, const char *group, const char *key, GError **error, const char *format, ...) G_GNUC_PRINTF (5, 6);

/* The same in front of an error from elsewhere. FALSE. */
gboolean yara_config_prefix (const YaraConfigFile *file, const char *group, const char *key, GError **error);

/* ---- config-connection.c, config-model.c: from groups to what they mean ---- */

gboolean yara_config_add_connections (YaraConfig *config, const YaraConfigFile *file, GError **error);
gboolean yara_config_add_models      (YaraConfig *config, const YaraConfigFile *file, GError **error);

/* NULL-terminated names: (transfer container). */
const char **yara_config_connection_names (const YaraConfig *config);
