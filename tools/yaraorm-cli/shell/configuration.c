/* SPDX-License-Identifier: MIT
 * The configuration that a command works with. */
#include "shell/configuration.h"

#include <stdlib.h>
#include <string.h>

#include "shell/options.h"
#include "shell/suggest.h"

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

/* ---- where it comes from ---- */

static const char *
get_named (void)
{
  const char *named = g_getenv ("YARAORM_CONFIG");

  return named != NULL && *named != '\0' ? named : NULL;
}

static gboolean
is_in (const char *path, const char *folder)
{
  g_autofree char *inside = g_build_filename (folder, "yaraorm", NULL);
  g_autofree char *above = g_path_get_dirname (path);

  return strcmp (above, inside) == 0;
}

const char *
configuration_get_reason (const char *path)
{
  g_autofree char *current = g_get_current_dir (), *folder = g_path_get_dirname (path);

  if (options_get_config () != NULL)
    return "given with --config";
  if (get_named () != NULL)
    return "named by YARAORM_CONFIG";
  if (strcmp (folder, current) == 0)
    return "in the working directory";
  if (is_in (path, g_get_user_config_dir ()))
    return "in the user's configuration folder";
  for (const char *const *system = g_get_system_config_dirs (); *system != NULL; system++)
    if (is_in (path, *system))
      return "in the system's configuration folder";
  return "above the working directory, in its git repository";
}

static int
compare_names (const void *a, const void *b)
{
  return strcmp (*(const char *const *) a, *(const char *const *) b);
}

char **
configuration_list_variables (void)
{
  g_auto(GStrv) all = g_listenv ();
  g_autoptr(GStrvBuilder) names = g_strv_builder_new ();
  char **list;

  for (char **name = all; *name != NULL; name++)
    if (strcmp (*name, "DATABASE_URL") == 0 || g_str_has_prefix (*name, "YARAORM_URL_"))
      g_strv_builder_add (names, *name);
  list = g_strv_builder_end (names);
  qsort (list, g_strv_length (list), sizeof *list, compare_names);
  return list;
}

/* Whether there is a file, or a variable that is as good. */
static gboolean
is_there (void)
{
  g_auto(GStrv) places = yara_config_list_places ();
  g_auto(GStrv) variables = configuration_list_variables ();

  if (options_get_config () != NULL || get_named () != NULL || variables[0] != NULL)
    return TRUE;
  for (char **place = places; *place != NULL; place++)
    if (g_file_test (*place, G_FILE_TEST_EXISTS))
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

Report *
configuration_check_secrets (YaraConfig *config)
{
  Report *report;

  if (yara_config_get_warning (config) == NULL)
    return NULL;
  report = report_new ("YO-C010");
  report_line (report, "reason", "%s", yara_config_get_warning (config));
  report_line (report, "help", "yaraorm-cli help YO-C010");
  return report;
}

/* ---- what it says ---- */

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
