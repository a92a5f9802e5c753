/* SPDX-License-Identifier: MIT
 * The configuration that a command works with. */
#include "configuration.h"

#include <string.h>

#include "options.h"
#include "suggest.h"

Report *
configuration_report (const char *id, const GError *error)
{
  static const char suggestion[] = "; did you mean ";
  const char *hint = strstr (error->message, suggestion);
  Report *report = report_new (id);

  if (hint == NULL)
    report_line (report, "reason", "%s", error->message);
  else
    {
      report_line (report, "reason", "%.*s", (int) (hint - error->message), error->message);
      report_line (report, "hint", "%s", hint + strlen ("; "));
    }
  return report;
}

/* Whether there is a file, or a variable that is as good. */
static gboolean
is_there (void)
{
  g_auto(GStrv) places = yara_config_list_places ();
  g_auto(GStrv) variables = g_listenv ();
  const char *named = g_getenv ("YARAORM_CONFIG");

  if (options_get_config () != NULL || (named != NULL && *named != '\0') || g_getenv ("DATABASE_URL") != NULL)
    return TRUE;
  for (char **place = places; *place != NULL; place++)
    if (g_file_test (*place, G_FILE_TEST_EXISTS))
      return TRUE;
  for (char **variable = variables; *variable != NULL; variable++)
    if (g_str_has_prefix (*variable, "YARAORM_URL_"))
      return TRUE;
  return FALSE;
}

YaraConfig *
configuration_load_if_any (Report **report)
{
  return is_there () ? configuration_load (report) : NULL;
}

YaraConfig *
configuration_load (Report **report)
{
  g_autoptr(GError) error = NULL;
  YaraConfig *config;

  if (!is_there ())
    {
      *report = report_new ("YO-C002");
      report_line (*report, "hint", "yaraorm-cli config init writes one; --config FILE names one; "
                   "DATABASE_URL is enough for a single database");
      report_line (*report, "help", "yaraorm-cli config path");
      return NULL;
    }
  config = yara_config_load (options_get_config (), options_get_set (), &error);
  if (config == NULL)
    *report = configuration_report ("YO-C001", error);
  return config;
}

const char *
configuration_get_backend (YaraConfig *config, const char *name)
{
  return g_str_has_prefix (yara_config_get_url (config, name), "postgres") ? "postgresql" : "sqlite";
}

const char *
configuration_role_name (YaraRole role)
{
  return role == YARA_ROLE_PRIMARY ? "primary" : role == YARA_ROLE_STANDBY ? "standby" : "";
}

const char *
configuration_get_role (YaraConfig *config, const char *name)
{
  return configuration_role_name (yara_config_get_role (config, name));
}

Report *
configuration_check_name (YaraConfig *config, const char *name)
{
  g_auto(GStrv) names = yara_config_list_connections (config);
  g_autofree char *known = g_strjoinv (", ", names);
  const char *nearest;
  Report *report;

  if (g_strv_contains ((const char *const *) names, name))
    return NULL;
  nearest = suggest_nearest (name, (const char *const *) names);
  report = report_new ("YO-C003");
  report_line (report, "name", "%s", name);
  report_line (report, "known", "%s", known);
  if (nearest != NULL)
    report_line (report, "hint", "did you mean \"%s\"?", nearest);
  return report;
}
