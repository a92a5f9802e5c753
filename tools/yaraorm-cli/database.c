/* SPDX-License-Identifier: MIT
 * A database of the configuration, opened for one command. */
#include "database.h"

#include <string.h>

#include "configuration.h"

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
