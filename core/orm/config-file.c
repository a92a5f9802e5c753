/* SPDX-License-Identifier: MIT
 * Reading the text of a configuration file: its groups, its sets and the names of its keys. */
#include "orm/config.h"

#include <glib/gstdio.h>
#include <string.h>

#include "base/text.h"

/* A kind of group and its keys; a key that ends with a point stands for all that begin with it. */
typedef struct
{
  const char *name;
  gboolean    has_name; /* "[connection NAME]" */
  const char *keys[20]; /* none: any */
} GroupKind;

static const GroupKind kinds[] = {
  { "yaraorm", FALSE, { "version", "default" } },
  { "connection", TRUE,
    { "url", "role", "max-lag-bytes", "pool-max", "pool-min", "checkout-timeout", "idle-timeout", "max-lifetime",
      "connect-timeout", "statement-timeout", "busy-timeout", "statement-cache-size", "synchronous", "sync-fast-path",
      "pooler" } },
  { "router", FALSE, { "plugin", "args", "unknown" } },
  { "route", FALSE, { NULL } },
  { "model", TRUE, { "table", "connection", "description", "field.", "index." } },
};

void
yara_config_file_clear (YaraConfigFile *file)
{
  g_free (file->path);
  g_free (file->folder);
  g_clear_pointer (&file->groups, g_key_file_free);
}

/* ---- errors ---- */

gboolean
yara_config_prefix (const YaraConfigFile *file, const char *group, const char *key, GError **error)
{
  g_autofree char *quoted_group = group != NULL ? yara_text_quote (group) : NULL;
  g_autofree char *quoted_key = key != NULL ? yara_text_quote (key) : NULL;
  const char      *path = file->path != NULL ? file->path : "environment";

  if (quoted_key != NULL)
    g_prefix_error (error, "%s: [%s] %s: ", path, quoted_group, quoted_key);
  else if (quoted_group != NULL)
    g_prefix_error (error, "%s: [%s]: ", path, quoted_group);
  else
    g_prefix_error (error, "%s: ", path);
  return FALSE;
}

gboolean
yara_config_fail (const YaraConfigFile *file, const char *group, const char *key, GError **error, const char *format,
                  ...)
{
  g_autofree char *reason = NULL;
  va_list          arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, reason);
  return yara_config_prefix (file, group, key, error);
}

/* ---- the text ---- */

/* GLib's own words about a line are not passed on: they quote it, and it may hold a password. */
static gboolean
check_lines (const YaraConfigFile *file, const char *text, GError **error)
{
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  gboolean       in_group = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *line = g_strstrip (lines[i]);

      if (*line == '\0' || *line == '#')
        continue;
      if (*line == '[' && line[strlen (line) - 1] != ']')
        return yara_config_fail (file, NULL, NULL, error, "line %u: \"]\" is missing", i + 1);
      if (*line != '[' && strchr (line, '=') == NULL)
        return yara_config_fail (file, NULL, NULL, error,
                                 "line %u: neither [GROUP] nor KEY=VALUE; a comment begins with #", i + 1);
      if (*line != '[' && !in_group)
        return yara_config_fail (file, NULL, NULL, error, "line %u: a [GROUP] has to come first", i + 1);
      in_group = TRUE;
    }
  return TRUE;
}

static GKeyFile *
parse (const YaraConfigFile *file, const char *text, gsize length, GError **error)
{
  g_autoptr (GKeyFile) parsed = g_key_file_new ();
  g_autoptr (GError)   reason = NULL;

  if (!g_utf8_validate_len (text, length, NULL))
    {
      yara_config_fail (file, NULL, NULL, error, "the file is not UTF-8");
      return NULL;
    }
  if (!check_lines (file, text, error))
    return NULL;
  if (length > 0 && !g_key_file_load_from_data (parsed, text, length, G_KEY_FILE_NONE, &reason))
    {
      yara_config_fail (file, NULL, NULL, error, "the name of a group or a key cannot be one");
      return NULL;
    }
  return g_steal_pointer (&parsed);
}

/* ---- groups ---- */

/* Cuts the name of a group into that of its set (or NULL) and the rest, "KIND NAME". NULL: there is no such
 * kind. */
static const GroupKind *
read_group (const char *group, char **set, const char **rest)
{
  g_auto (GStrv) words = g_strsplit (group, " ", -1);
  guint          n_words = g_strv_length (words);

  for (guint start = 0; start < 2 && start < n_words; start++)
    for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
      if (strcmp (words[start], kinds[i].name) == 0 && n_words - start == (kinds[i].has_name ? 2 : 1))
        {
          *set = start > 0 ? g_strdup (words[0]) : NULL;
          *rest = start > 0 ? group + strlen (words[0]) + 1 : group;
          return &kinds[i];
        }
  return NULL;
}

static gboolean
fail_group (const YaraConfigFile *file, const char *group, GError **error)
{
  static const char *const known[] = { "yaraorm", "connection", "router", "route", "model", NULL };
  g_auto (GStrv)           words = g_strsplit (group, " ", 2);
  g_autofree char         *hint = yara_text_did_you_mean (words[0] != NULL ? words[0] : "", known);

  if (words[0] != NULL && g_strv_contains (known, words[0]))
    g_clear_pointer (&hint, g_free); /* it is the name that is missing, or one too many */
  return yara_config_fail (file, group, NULL, error,
                           "unknown group; known: [yaraorm], [connection NAME], [router], [route], [model NAME], and "
                           "these with the name of a set in front%s", hint != NULL ? hint : "");
}

static gboolean
is_known_key (const GroupKind *kind, const char *key)
{
  if (kind->keys[0] == NULL)
    return TRUE;
  for (const char *const *known = kind->keys; *known != NULL; known++)
    if (g_str_has_suffix (*known, ".") ? g_str_has_prefix (key, *known) : strcmp (key, *known) == 0)
      return TRUE;
  return FALSE;
}

/* Copies a group into `file->groups` under the name `into`. */
static gboolean
copy_group (YaraConfigFile *file, GKeyFile *from, const char *group, const GroupKind *kind, const char *into,
            GError **error)
{
  g_auto (GStrv) keys = g_key_file_get_keys (from, group, NULL, NULL);

  if (*keys == NULL) /* a group without keys is one, too */
    {
      g_key_file_set_value (file->groups, into, "none", "");
      g_key_file_remove_key (file->groups, into, "none", NULL);
    }
  for (char **key = keys; *key != NULL; key++)
    {
      g_autofree char *value = g_key_file_get_value (from, group, *key, NULL);

      if (!is_known_key (kind, *key))
        {
          g_autofree char *list = g_strjoinv (", ", (char **) kind->keys);
          g_autofree char *hint = yara_text_did_you_mean (*key, kind->keys);

          return yara_config_fail (file, group, *key, error, "unknown key; known: %s%s", list, hint);
        }
      g_key_file_set_value (file->groups, into, *key, value);
    }
  return TRUE;
}

/* Takes over the groups of the set `set`, NULL: those of none. */
static gboolean
copy_set (YaraConfigFile *file, GKeyFile *from, const char *set, gboolean *found, GError **error)
{
  g_auto (GStrv) groups = g_key_file_get_groups (from, NULL);
  gboolean       routes = FALSE;

  for (char **group = groups; *group != NULL; group++)
    {
      g_autofree char *its_set = NULL;
      const char      *name;
      const GroupKind *kind = read_group (*group, &its_set, &name);

      if (kind == NULL)
        return fail_group (file, *group, error);
      if (g_strcmp0 (its_set, set) != 0)
        continue;
      *found = TRUE;
      if (set != NULL && !routes && g_str_has_prefix (kind->name, "route")) /* its routing is in place of the other */
        {
          g_key_file_remove_group (file->groups, "route", NULL);
          g_key_file_remove_group (file->groups, "router", NULL);
          routes = TRUE;
        }
      if (!copy_group (file, from, *group, kind, name, error))
        return FALSE;
    }
  return TRUE;
}

static gboolean
fail_set (const YaraConfigFile *file, const char *set, GError **error)
{
  g_autofree char *quoted = yara_text_quote (set);

  return yara_config_fail (file, NULL, NULL, error,
                           "there is no set \"%s\": no group such as [%s connection default]", quoted, quoted);
}

gboolean
yara_config_file_load (YaraConfigFile *file, const char *path, const char *set, GError **error)
{
  g_autoptr (GError)   reason = NULL;
  g_autoptr (GKeyFile) parsed = NULL;
  g_autofree char     *text = NULL;
  gboolean             found = FALSE;
  GStatBuf             status;
  gsize                length = 0;

  file->groups = g_key_file_new ();
  file->path = yara_config_find (path);
  if (file->path == NULL)
    return set == NULL || fail_set (file, set, error);
  file->folder = g_path_get_dirname (file->path);
  if (!g_file_get_contents (file->path, &text, &length, &reason))
    {
      g_set_error_literal (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, reason->message);
      return FALSE;
    }
  file->is_public = g_stat (file->path, &status) == 0 && (status.st_mode & S_IROTH) != 0;
  parsed = parse (file, text, length, error);
  return parsed != NULL && copy_set (file, parsed, NULL, &found, error) &&
         (set == NULL || (found = FALSE, copy_set (file, parsed, set, &found, error))) &&
         (set == NULL || found || fail_set (file, set, error));
}

char *
yara_config_file_get (const YaraConfigFile *file, const char *group, const char *key)
{
  char *value = g_key_file_get_value (file->groups, group, key, NULL);

  return value != NULL ? g_strstrip (value) : NULL;
}

GStrv
yara_config_file_list (const YaraConfigFile *file, const char *kind)
{
  g_autoptr (GStrvBuilder) names = g_strv_builder_new ();
  g_auto (GStrv)           groups = g_key_file_get_groups (file->groups, NULL);
  gsize                    length = strlen (kind);

  for (char **group = groups; *group != NULL; group++)
    if (strncmp (*group, kind, length) == 0 && (*group)[length] == ' ')
      g_strv_builder_add (names, *group);
  return g_strv_builder_end (names);
}
