/* SPDX-License-Identifier: MIT
 * Finding the configuration file. */
#include "orm/config.h"

#define FILE_NAME "yaraorm.ini"

/* The file named by the environment, or NULL. */
static const char *
get_named (void)
{
  const char *named = g_getenv ("YARAORM_CONFIG");

  return named != NULL && *named != '\0' ? named : NULL;
}

/* The working directory, and the ones above it when a git repository holds them. Without that limit anybody
 * could leave a file in /tmp for all who work below. */
static void
add_folders (GStrvBuilder *places)
{
  g_autoptr (GStrvBuilder) found = g_strv_builder_new ();
  g_auto (GStrv)           inside = NULL;
  g_autofree char         *folder = g_get_current_dir ();
  gboolean                 is_top = FALSE, is_first = TRUE;

  while (!is_top)
    {
      g_autofree char *place = g_build_filename (folder, FILE_NAME, NULL);
      g_autofree char *mark = g_build_filename (folder, ".git", NULL);
      char            *above = g_path_get_dirname (folder);

      g_strv_builder_add (is_first ? places : found, place);
      is_first = FALSE;
      is_top = g_file_test (mark, G_FILE_TEST_EXISTS);
      if (!is_top && g_str_equal (above, folder))
        {
          g_free (above);
          return;
        }
      g_free (folder);
      folder = above;
    }
  inside = g_strv_builder_end (found);
  g_strv_builder_addv (places, (const char **) inside);
}

char **
yara_config_list_places (void)
{
  g_autoptr (GStrvBuilder) places = g_strv_builder_new ();
  g_autofree char         *own = g_build_filename (g_get_user_config_dir (), "yaraorm", FILE_NAME, NULL);

  if (get_named () != NULL)
    g_strv_builder_add (places, get_named ());
  else
    {
      add_folders (places);
      g_strv_builder_add (places, own);
      for (const char *const *folder = g_get_system_config_dirs (); *folder != NULL; folder++)
        {
          g_autofree char *place = g_build_filename (*folder, "yaraorm", FILE_NAME, NULL);

          g_strv_builder_add (places, place);
        }
    }
  return g_strv_builder_end (places);
}

char *
yara_config_find (const char *path)
{
  g_auto (GStrv) places = NULL;

  if (path == NULL)
    path = get_named ();
  if (path != NULL)
    return g_canonicalize_filename (path, NULL);
  places = yara_config_list_places ();
  for (char **place = places; *place != NULL; place++)
    if (g_file_test (*place, G_FILE_TEST_EXISTS))
      return g_strdup (*place);
  return NULL;
}
