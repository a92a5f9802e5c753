/* SPDX-License-Identifier: MIT
 * A database of the configuration, opened for one command. */
#include "database/database.h"

#include <string.h>

#include "shell/configuration.h"

gboolean
database_exists (YaraConfig *config, const char *name, GError **error)
{
  const char *url = yara_config_get_full_url (config, name), *path = url + strlen ("sqlite:");
  g_autofree char *file = NULL;

  if (strcmp (configuration_get_backend (config, name), "sqlite") != 0)
    return TRUE;
  if (g_str_has_prefix (path, "//"))
    path += 2;
  file = g_strndup (path, strcspn (path, "?"));
  if (strcmp (file, ":memory:") == 0 || g_file_test (file, G_FILE_TEST_EXISTS))
    return TRUE;
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION, "connection \"%s\": there is no file %s", name, file);
  return FALSE;
}

/* ---- where it is ---- */

/* The parts of the URL of a PostgreSQL server, without a password; (nullable) where the URL says nothing. */
typedef struct
{
  char *host; /* with its port, when it stands there */
  char *port;
  char *service;
  char *database;
} Place;

static void
place_clear (Place *place)
{
  g_free (place->host);
  g_free (place->port);
  g_free (place->service);
  g_free (place->database);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Place, place_clear)

/* A copy without the signs for other bytes; NULL when it is empty. */
static char *
decode (const char *text, gsize length)
{
  char *plain = length > 0 ? g_uri_unescape_segment (text, text + length, NULL) : NULL;

  return plain != NULL || length == 0 ? plain : g_strndup (text, length);
}

static void
take_parameter (GHashTable *parameters, const char *name, char **value)
{
  const char *found = parameters != NULL ? g_hash_table_lookup (parameters, name) : NULL;

  if (found == NULL || *found == '\0')
    return;
  g_free (*value);
  *value = g_strdup (found);
}

/* postgresql://user@host:port/database?parameters */
static void
place_parse (Place *place, const char *url)
{
  const char *end = url + strcspn (url, "?"), *start = g_strstr_len (url, end - url, "//"), *at;
  g_autoptr(GHashTable) parameters = NULL;
  gsize length;

  if (start != NULL)
    {
      start += strlen ("//");
      length = strcspn (start, "/?");
      if (start[length] == '/')
        place->database = decode (start + length + 1, end - (start + length + 1));
      at = g_strrstr_len (start, length, "@");
      if (at != NULL)
        {
          length -= at + 1 - start;
          start = at + 1;
        }
      place->host = decode (start, length);
    }
  if (*end == '?')
    parameters = g_uri_parse_params (end + 1, -1, "&", G_URI_PARAMS_NONE, NULL);
  take_parameter (parameters, "host", &place->host);
  take_parameter (parameters, "port", &place->port);
  take_parameter (parameters, "service", &place->service);
  take_parameter (parameters, "dbname", &place->database);
}

static char *
name_place_server (const Place *place)
{
  const char *port = place->port != NULL ? place->port : "5432", *bracket;

  if (place->host == NULL && place->service != NULL)
    return g_strdup_printf ("service %s", place->service);
  if (place->host == NULL || *place->host == '/')
    return g_strdup_printf ("socket:%s", port);
  bracket = strchr (place->host, ']');
  if (strpbrk (bracket != NULL ? bracket : place->host, ":,") != NULL) /* its own port, or several hosts */
    return g_strdup (place->host);
  return g_strdup_printf ("%s:%s", place->host, port);
}

char *
database_name_server (YaraConfig *config, const char *name)
{
  const char *url = yara_config_get_url (config, name);
  g_auto(Place) place = { NULL };
  g_autofree char *file = NULL;

  if (strcmp (configuration_get_backend (config, name), "sqlite") == 0)
    {
      file = g_strndup (url, strcspn (url, "?"));
      return strstr (file, ":memory:") != NULL ? g_strdup ("memory") : g_path_get_basename (file + strlen ("sqlite:"));
    }
  place_parse (&place, url);
  return name_place_server (&place);
}

char *
database_name_place (YaraConfig *config, const char *name)
{
  g_autofree char *server = database_name_server (config, name);
  g_auto(Place) place = { NULL };

  if (strcmp (configuration_get_backend (config, name), "postgresql") == 0)
    place_parse (&place, yara_config_get_url (config, name));
  return place.database != NULL ? g_strdup_printf ("%s, database %s", server, place.database)
                                : g_steal_pointer (&server);
}

/* ---- opening ---- */

YaraOrm *
database_open (YaraConfig *config, const char *name, gboolean create, GCancellable *cancellable, GError **error)
{
  g_autoptr(YaraOrm) orm = NULL;

  /* Looking must not make a file. */
  if (!create && !database_exists (config, name, error))
    return NULL;
  orm = yara_orm_open ("sqlite::memory:", NULL, NULL, error);
  if (orm == NULL
      || !yara_orm_add_connection (orm, name, yara_config_get_full_url (config, name), cancellable, error))
    return NULL;
  return g_steal_pointer (&orm);
}

YaraConnection *
database_get (YaraOrm *orm, const char *name)
{
  YaraConnection *connection = yara_orm_get_connection (orm, name, NULL);

  g_assert (connection != NULL);
  return connection;
}

static const char *
find_id (const GError *error)
{
  if (error->domain != YARA_ERROR || error->code == YARA_ERROR_CONNECTION || error->code == YARA_ERROR_TIMEOUT)
    return "YO-D001";
  return error->code == YARA_ERROR_CONFIGURATION ? "YO-C001" : "YO-D002";
}

Report *
database_report (const char *name, const GError *error)
{
  const char *id = find_id (error);
  Report *report = configuration_report (id, error);
  const char *state = yara_error_get_sqlstate (error), *detail = yara_error_get_detail (error);

  if (name != NULL)
    report_data (report, "connection", name);
  if (state != NULL)
    report_line (report, "sqlstate", "%s", state);
  if (detail != NULL)
    report_line (report, "detail", "%s", detail);
  if (strcmp (id, "YO-D001") == 0)
    report_line (report, "help", "yaraorm-cli conn ping; yaraorm-cli help YO-D001");
  return report;
}
