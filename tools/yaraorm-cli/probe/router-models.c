/* SPDX-License-Identifier: MIT
 * The names of models, read from a file. */
#include "probe/router-options.h"

#include <stdio.h>
#include <string.h>

static char *
read_file (const char *path, GError **error)
{
  char *text = NULL;

  if (strcmp (path, "-") != 0)
    g_file_get_contents (path, &text, NULL, error);
  else
    {
      g_autoptr(GIOChannel) channel = g_io_channel_unix_new (fileno (stdin));

      g_io_channel_set_encoding (channel, NULL, NULL);
      g_io_channel_read_to_end (channel, &text, NULL, error);
    }
  return text;
}

/* The names in `text`, each once: (transfer full). NULL: `line` has none that is a model's. */
static char **
split_names (const char *text, guint *line)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);

  for (*line = 0; lines[*line] != NULL; (*line)++)
    {
      char *name = g_strstrip (lines[*line]);

      if (*name == '\0' || *name == '#' || g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
        continue;
      if (!router_options_is_model (name))
        return NULL;
      g_ptr_array_add (names, g_strdup (name));
    }
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_steal (names, NULL);
}

Report *
router_options_read_models (RouterOptions *router, const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = read_file (path, &error);
  g_autoptr(GStrvBuilder) all = g_strv_builder_new ();
  g_auto(GStrv) names = NULL;
  guint line = 0;
  Report *report;

  if (text != NULL)
    names = split_names (text, &line);
  if (names != NULL && names[0] != NULL)
    {
      for (char **name = router->models; name != NULL && *name != NULL; name++)
        if (!g_strv_contains ((const char *const *) names, *name))
          g_strv_builder_add (all, *name);
      g_strv_builder_addv (all, (const char **) names);
      g_strfreev (router->models);
      router->models = g_strv_builder_end (all);
      return NULL;
    }
  report = report_new ("YO-S002");
  report_line (report, "file", "%s", path);
  if (error != NULL)
    report_line (report, "reason", "%s", error->message);
  else if (names != NULL)
    report_line (report, "reason", "it names no model");
  else
    report_line (report, "reason", "line %u: want the name of a model, 1 to %d bytes of UTF-8 without spaces", line + 1,
                 ROUTER_NAME_MAX);
  return report;
}
