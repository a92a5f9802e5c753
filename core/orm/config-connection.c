/* SPDX-License-Identifier: MIT
 * The connections of a configuration: complete URLs from keys, files and the environment. */
#include "orm/config.h"

#include <math.h>
#include <string.h>

#include "backend/backend.h"
#include "base/text.h"

typedef enum { TEXT, NUMBER_OF_SECONDS } ValueForm;

/* The keys that stand for parameters of the URL. */
static const struct
{
  const char *key, *parameter;
  ValueForm   form;
} parameters[] = {
  { "pool-max", "max_size", TEXT },
  { "pool-min", "min_size", TEXT },
  { "checkout-timeout", "acquire_timeout", NUMBER_OF_SECONDS },
  { "idle-timeout", "idle_timeout", NUMBER_OF_SECONDS },
  { "max-lifetime", "max_lifetime", NUMBER_OF_SECONDS },
  { "connect-timeout", "connect_timeout", NUMBER_OF_SECONDS },
  { "statement-timeout", "statement_timeout", NUMBER_OF_SECONDS },
  { "busy-timeout", "busy_timeout", NUMBER_OF_SECONDS },
  { "statement-cache-size", "statement_cache_size", TEXT },
  { "synchronous", "synchronous", TEXT },
  { "sync-fast-path", "sync_fast_path", TEXT },
  { "pooler", "pooler", TEXT },
};

typedef struct
{
  const char *name;
  double      factor;
} Unit;

static const Unit time_units[] = {
  { "", 1 }, { "s", 1 }, { "ms", 0.001 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 }
};
static const Unit size_units[] = {
  { "", 1 }, { "B", 1 }, { "KiB", 1 << 10 }, { "MiB", 1 << 20 }, { "GiB", 1 << 30 }
};

/* A number with a unit behind it, as in "1.5 s". */
static gboolean
read_quantity (const char *text, const Unit *units, gsize n_units, double *value)
{
  gsize       digits = strspn (text, "0123456789.");
  const char *unit = text + digits + strspn (text + digits, " ");
  char       *end;

  *value = g_ascii_strtod (text, &end);
  for (gsize i = 0; digits > 0 && end == text + digits && i < n_units; i++)
    if (strcmp (unit, units[i].name) == 0)
      {
        *value *= units[i].factor;
        return TRUE;
      }
  return FALSE;
}

/* ---- the URL ---- */

/* Replaces each ${NAME} by what the environment has: (transfer full). `blank` leaves them out instead. */
static char *
expand (const YaraConfigFile *file, const char *group, const char *text, gboolean blank, GError **error)
{
  g_autoptr (GString) expanded = g_string_new (NULL);
  const char         *start;

  while ((start = strstr (text, "${")) != NULL)
    {
      const char      *end = strchr (start, '}');
      g_autofree char *name = g_strndup (start + 2, end != NULL ? end - start - 2 : 0);
      const char      *value = g_getenv (name);

      if (end == NULL || *name == '\0')
        {
          yara_config_fail (file, group, "url", error, "a variable is written ${NAME}");
          return NULL;
        }
      if (value == NULL && !blank)
        {
          yara_config_fail (file, group, "url", error, "the environment variable %s is not set", name);
          return NULL;
        }
      g_string_append_len (expanded, text, start - text);
      g_string_append (expanded, blank ? "" : value);
      text = end + 1;
    }
  g_string_append (expanded, text);
  return g_strdup (expanded->str);
}

static gboolean
has_value (const YaraUrl *url, const char *parameter)
{
  const char *value = g_hash_table_lookup (url->parameters, parameter);

  return value != NULL && *value != '\0';
}

/* Whether the text of the file itself holds a password, not only the name of a variable that does. */
static gboolean
holds_password (const YaraConfigFile *file, const char *text)
{
  g_autofree char    *blanked = expand (file, "", text, TRUE, NULL);
  g_autoptr (YaraUrl) url = blanked != NULL ? yara_url_parse (blanked, NULL) : NULL;
  const char         *at, *colon;

  if (url == NULL)
    return FALSE;
  at = strrchr (url->body, '@');
  colon = strchr (g_str_has_prefix (url->body, "//") ? url->body + 2 : url->body, ':');
  return (at != NULL && colon != NULL && colon + 1 < at) || has_value (url, "password") ||
         has_value (url, "sslpassword");
}

/* The path of an SQLite file is relative to `folder`: (transfer full). */
static char *
place_file (const char *folder, const YaraUrl *parsed, const char *url)
{
  const char      *path = g_str_has_prefix (parsed->body, "//") ? parsed->body + 2 : parsed->body;
  gboolean         stays = strcmp (parsed->scheme, "sqlite") != 0 || g_path_is_absolute (path) || *path == '\0' ||
                   strcmp (path, ":memory:") == 0;
  g_autofree char *absolute = NULL;

  if (stays)
    return g_strdup (url);
  absolute = g_canonicalize_filename (path, folder);
  return g_strconcat ("sqlite://", absolute, strchr (url, '?'), NULL);
}

/* Puts the keys that are parameters behind the URL. */
static gboolean
append_parameters (const YaraConfigFile *file, const char *group, const YaraUrl *parsed, GString *url, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (parameters); i++)
    {
      const char      *key = parameters[i].key;
      g_autofree char *value = yara_config_file_get (file, group, key);
      char             seconds[G_ASCII_DTOSTR_BUF_SIZE];
      double           quantity;

      if (value == NULL)
        continue;
      if (g_hash_table_contains (parsed->parameters, parameters[i].parameter))
        return yara_config_fail (file, group, key, error, "the URL has the parameter %s too; keep one of them",
                                 parameters[i].parameter);
      if (parameters[i].form == NUMBER_OF_SECONDS)
        {
          if (!read_quantity (value, time_units, G_N_ELEMENTS (time_units), &quantity))
            return yara_config_fail (file, group, key, error, "a time is written as in 3s, 500ms, 2min, 1h or 1d");
          g_ascii_formatd (seconds, sizeof seconds, "%.6f", quantity);
        }
      g_string_append_printf (url, "%c%s=", strchr (url->str, '?') != NULL ? '&' : '?', parameters[i].parameter);
      g_string_append_uri_escaped (url, parameters[i].form == TEXT ? value : seconds, NULL, FALSE);
    }
  return TRUE;
}

/* Lets the backend look at the whole of it, so that a mistake is found before anything is opened. */
static gboolean
check_url (YaraConfigConnection *connection, GError **error)
{
  g_autoptr (YaraUrl) url = yara_url_parse (connection->url, error);
  const YaraBackend  *backend = url != NULL ? yara_backend_find (url->scheme, error) : NULL;
  YaraBackendConfig  *config = backend != NULL ? backend->config_new (url, error) : NULL;

  if (config == NULL)
    return FALSE;
  connection->shown_url = g_strdup (config->url);
  backend->config_free (config);
  return TRUE;
}

static gboolean
set_url (YaraConfigConnection *connection, const YaraConfigFile *file, const char *group, const char *text,
         const char *folder, GError **error)
{
  g_autoptr (YaraUrl) parsed = yara_url_parse (text, error);
  g_autofree char    *placed = NULL;
  GString            *url;
  gboolean            ok;

  if (parsed == NULL)
    return yara_config_prefix (file, group, "url", error);
  placed = place_file (folder, parsed, text);
  url = g_string_new (placed);
  ok = append_parameters (file, group, parsed, url, error);
  connection->url = g_string_free (url, FALSE);
  return ok && (check_url (connection, error) || yara_config_prefix (file, group, NULL, error));
}

/* ---- the other keys ---- */

static gboolean
read_role (YaraConfigConnection *connection, const YaraConfigFile *file, const char *group, GError **error)
{
  static const char *const known[] = { "any", "primary", "standby", NULL }; /* in the order of YaraRole */
  g_autofree char         *role = yara_config_file_get (file, group, "role");
  g_autofree char         *hint = NULL;

  for (guint i = 0; known[i] != NULL; i++)
    if (role == NULL || strcmp (role, known[i]) == 0)
      {
        connection->role = i;
        return TRUE;
      }
  hint = yara_text_did_you_mean (role, known);
  return yara_config_fail (file, group, "role", error, "a role is primary, standby or any%s", hint);
}

static gboolean
read_max_lag (YaraConfigConnection *connection, const YaraConfigFile *file, const char *group, GError **error)
{
  g_autofree char *text = yara_config_file_get (file, group, "max-lag-bytes");
  double           size;

  connection->max_lag = -1;
  if (text == NULL)
    return TRUE;
  if (!read_quantity (text, size_units, G_N_ELEMENTS (size_units), &size) || size > G_MAXINT32 * 1024.0)
    return yara_config_fail (file, group, "max-lag-bytes", error, "a size is written as in 168, 512KiB, 1MiB or 1GiB");
  connection->max_lag = size;
  return TRUE;
}

/* ---- all of them ---- */

/* The URL that the environment gives to a connection, or NULL. */
static const char *
get_environment_url (const char *name)
{
  g_autofree char *upper = g_ascii_strup (name, -1);
  g_autofree char *variable = g_strconcat ("YARAORM_URL_", g_strdelimit (upper, "-", '_'), NULL);

  return g_getenv (variable);
}

static void
connection_free (YaraConfigConnection *connection)
{
  if (connection->url != NULL)
    explicit_bzero (connection->url, strlen (connection->url));
  g_free (connection->url);
  g_free (connection->shown_url);
  g_free (connection->name);
  g_free (connection);
}

static gboolean
has_connection (const YaraConfig *config, const char *name)
{
  for (guint i = 0; i < config->connections->len; i++)
    if (strcmp (((YaraConfigConnection *) config->connections->pdata[i])->name, name) == 0)
      return TRUE;
  return FALSE;
}

/* Adds the connection `name` as the group "[connection `key`]" describes it, which need not be there. */
static gboolean
add_connection (YaraConfig *config, const YaraConfigFile *file, const char *name, const char *key, GError **error)
{
  YaraConfigConnection *connection = g_new0 (YaraConfigConnection, 1);
  g_autofree char      *group = g_strconcat ("connection ", key, NULL);
  g_autofree char      *in_file = yara_config_file_get (file, group, "url");
  g_autofree char      *url = NULL;
  const char           *given = get_environment_url (key);

  connection->name = g_strdup (name);
  g_ptr_array_insert (config->connections, strcmp (name, "default") == 0 ? 0 : -1, connection);
  if (!yara_text_is_connection_name (key))
    return yara_config_fail (file, group, NULL, error, "a connection's name is 1 to %d of A-Z a-z 0-9 _ -",
                             YARA_NAME_MAX);
  if (given == NULL && in_file == NULL && strcmp (key, "default") == 0)
    given = g_getenv ("DATABASE_URL");
  if (given == NULL && in_file == NULL)
    return yara_config_fail (file, group, NULL, error, "it has no url");

  url = given != NULL ? g_strdup (given) : expand (file, group, in_file, FALSE, error);
  if (given == NULL && file->is_public && holds_password (file, in_file) && config->warning == NULL)
    config->warning = g_strdup_printf ("%s: others can read the password of connection \"%s\"; chmod 600 the file, or "
                                       "move the password to a variable, a service or a password file",
                                       file->path, key);
  return url != NULL && set_url (connection, file, group, url, given != NULL ? NULL : file->folder, error) &&
         read_role (connection, file, group, error) && read_max_lag (connection, file, group, error);
}

/* Those that only the environment knows. */
static gboolean
add_from_environment (YaraConfig *config, const YaraConfigFile *file, GError **error)
{
  g_auto (GStrv) variables = g_listenv ();

  for (char **variable = variables; *variable != NULL; variable++)
    if (g_str_has_prefix (*variable, "YARAORM_URL_"))
      {
        g_autofree char *name = g_ascii_strdown (*variable + strlen ("YARAORM_URL_"), -1);
        gboolean         known = FALSE;

        for (guint i = 0; i < config->connections->len && !known; i++)
          {
            const char      *other = ((YaraConfigConnection *) config->connections->pdata[i])->name;
            g_autofree char *form = g_strdelimit (g_ascii_strdown (other, -1), "-", '_');

            known = strcmp (form, name) == 0;
          }
        if (!known && !add_connection (config, file, name, name, error))
          return FALSE;
      }
  return TRUE;
}

/* "default" is the one that [yaraorm] names, with a pool of its own. */
static gboolean
add_default (YaraConfig *config, const YaraConfigFile *file, GError **error)
{
  g_autofree char *named = yara_config_file_get (file, "yaraorm", "default");

  if (named != NULL && strcmp (named, "default") != 0)
    {
      if (has_connection (config, "default"))
        return yara_config_fail (file, "yaraorm", "default", error, "there is a [connection default], too");
      if (!has_connection (config, named))
        {
          g_autofree const char **names = yara_config_connection_names (config);
          g_autofree char        *quoted = yara_text_quote (named), *hint = yara_text_did_you_mean (named, names);

          return yara_config_fail (file, "yaraorm", "default", error, "there is no [connection %s]%s", quoted, hint);
        }
      return add_connection (config, file, "default", named, error);
    }
  if (has_connection (config, "default") || g_getenv ("DATABASE_URL") != NULL)
    return has_connection (config, "default") || add_connection (config, file, "default", "default", error);
  if (file->path == NULL)
    return yara_config_fail (file, NULL, NULL, error,
                             "there is no yaraorm.ini, and DATABASE_URL is not set; \"yaraorm-cli config init\" "
                             "writes a file to start from");
  return yara_config_fail (file, NULL, NULL, error, "there is no [connection default], and DATABASE_URL is not set");
}

gboolean
yara_config_add_connections (YaraConfig *config, const YaraConfigFile *file, GError **error)
{
  g_auto (GStrv) groups = yara_config_file_list (file, "connection");

  config->connections = g_ptr_array_new_with_free_func ((GDestroyNotify) connection_free);
  for (char **group = groups; *group != NULL; group++)
    {
      const char *name = *group + strlen ("connection ");

      if (!add_connection (config, file, name, name, error))
        return FALSE;
    }
  return add_from_environment (config, file, error) && add_default (config, file, error);
}

const char **
yara_config_connection_names (const YaraConfig *config)
{
  const char **names = g_new0 (const char *, config->connections->len + 1);

  for (guint i = 0; i < config->connections->len; i++)
    names[i] = ((YaraConfigConnection *) config->connections->pdata[i])->name;
  return names;
}
