/* SPDX-License-Identifier: MIT
 * "plugin new": writes a folder with a router to start from. The templates are the routers that are
 * shipped, built into the program. */
#include <errno.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>

#include "plugin/check.h"
#include "shell/commands.h"
#include "shell/errors.h"
#include "shell/options.h"
#include "shell/output.h"
#include "shell/suggest.h"

/* The first is the one that is taken when none is asked for. `options` are those of "route test" with which the
 * expectation file was made. */
static const struct
{
  const char *name, *options;
} templates[] = {
  { "template", "" },
  { "replica", "" },
  { "shard", " --connections default,shard0,shard1 --hint shard_key=1" },
  { "tenant", " --connections default,acme --hint tenant=acme" },
  { "cache", "" },
  { "analytics", "" },
  { "percent", "" },
};

#define N_TEMPLATES G_N_ELEMENTS (templates)

/* Its number; N_TEMPLATES: there is none of this name. */
static guint
find_template (const char *name)
{
  guint i = 0;

  while (i < N_TEMPLATES && strcmp (templates[i].name, name) != 0)
    i++;
  return i;
}

/* Longest name. */
#define NAME_MAX_BYTES 63

/* A template's file with @NAME@ replaced: (transfer full). */
static char *
load (const char *folder, const char *file, const char *name)
{
  g_autofree char *path = g_strconcat ("/yaraorm-cli/", folder, "/", file, NULL);
  g_autoptr(GBytes) bytes = g_resources_lookup_data (path, 0, NULL);
  g_autoptr(GString) text = NULL;

  g_assert (bytes != NULL);
  text = g_string_new_len (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
  g_string_replace (text, "@NAME@", name, 0);
  return g_string_free (g_steal_pointer (&text), FALSE);
}

static gboolean
write_file (const char *directory, const char *file, const char *text, GError **error)
{
  g_autofree char *path = g_build_filename (directory, file, NULL);

  return g_file_set_contents (path, text, -1, error);
}

static gboolean
write_files (const char *directory, const char *name, const char *template, GError **error)
{
  g_autofree char *source = g_strconcat (name, ".c", NULL);
  g_autofree char *source_template = g_strconcat (template, ".c", NULL);
  g_autofree char *expect_template = g_strconcat (template, ".expect", NULL);
  g_autofree char *source_text = load ("plugins", source_template, name);
  g_autofree char *expect_text = load ("templates", expect_template, name);
  g_autofree char *build_text = load ("templates", "CMakeLists.txt", name);

  return write_file (directory, source, source_text, error)
         && write_file (directory, "CMakeLists.txt", build_text, error)
         && write_file (directory, "routes.expect", expect_text, error);
}

static gboolean
is_usable (const char *name)
{
  gsize length = strlen (name);

  if (length == 0 || length > NAME_MAX_BYTES || !(g_ascii_isalpha (*name) || *name == '_'))
    return FALSE;
  return strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-") == length;
}

static int
report_unusable (const char *name)
{
  g_autoptr(Report) report = report_new ("YO-N001");

  report_line (report, "name", "%s", name);
  report_line (report, "hint", "a letter, then letters, digits, _ and -, at most %d", NAME_MAX_BYTES);
  return report_print (report, NULL);
}

static int
report_template (const char *template)
{
  g_autoptr(Report) report = report_new ("YO-U003");
  const char *names[N_TEMPLATES + 1] = { NULL };
  g_autofree char *known = NULL;
  const char *nearest;

  for (guint i = 0; i < N_TEMPLATES; i++)
    names[i] = templates[i].name;
  known = g_strjoinv (", ", (char **) names);
  nearest = suggest_nearest (template, names);
  report_line (report, "reason", "there is no template \"%s\"", template);
  report_line (report, "known", "%s", known);
  if (nearest != NULL)
    report_line (report, "hint", "did you mean \"%s\"?", nearest);
  return report_print (report, NULL);
}

static int
report_not_made (const char *directory, int problem)
{
  g_autoptr(Report) report = report_new (problem == EEXIST ? "YO-N002" : "YO-N003");

  report_line (report, "folder", "%s", directory);
  if (problem == EEXIST)
    report_line (report, "hint", "nothing was written; take another NAME or --directory");
  else
    report_line (report, "reason", "%s", g_strerror (problem));
  return report_print (report, NULL);
}

/* The commands to try it: (transfer full). */
static char **
list_commands (const char *directory, const char *name, guint template)
{
  g_autoptr(GStrvBuilder) commands = g_strv_builder_new ();
  g_autofree char *folder = options_quote (directory);
  g_autofree char *enter = g_strconcat ("cd ", folder, NULL);
  g_autofree char *test = g_strdup_printf ("yaraorm-cli route test build/%s.so%s --expect routes.expect", name,
                                           templates[template].options);

  g_strv_builder_add_many (commands, enter, "cmake -B build", "cmake --build build", test, NULL);
  return g_strv_builder_end (commands);
}

static void
print_result (const char *directory, const char *name, char **commands)
{
  printf ("wrote %s.c, CMakeLists.txt and routes.expect into %s; now try:\n\n", name, directory);
  for (; *commands != NULL; commands++)
    printf ("  %s\n", *commands);
}

static int
make (const char *directory, const char *name, guint template)
{
  g_auto(GStrv) commands = list_commands (directory, name, template);
  g_autoptr(JsonObject) document = NULL;
  g_autoptr(GError) error = NULL;
  JsonArray *list = json_array_new ();

  for (char **command = commands; *command != NULL; command++)
    json_array_add_string_element (list, *command);
  document = output_document_new (TRUE);
  json_object_set_string_member (document, "directory", directory);
  json_object_set_array_member (document, "commands", list);
  if (g_mkdir (directory, 0777) != 0)
    return report_not_made (directory, errno);
  if (!write_files (directory, name, templates[template].name, &error))
    {
      g_autoptr(Report) report = report_new ("YO-N003");

      report_line (report, "folder", "%s", directory);
      report_line (report, "reason", "%s", error->message);
      return report_print (report, NULL);
    }
  if (output_is_json ())
    output_document_print (document);
  else
    print_result (directory, name, commands);
  return STATUS_DONE;
}

int
command_plugin_new (char **arguments)
{
  g_autofree char *template = NULL;
  g_autofree char *directory = NULL;
  const GOptionEntry entries[] = {
    { "template", 0, 0, G_OPTION_ARG_STRING, &template,
      "Begin with replica, shard, tenant, cache, analytics, percent or template (the default)", "NAME" },
    { "directory", 0, 0, G_OPTION_ARG_FILENAME, &directory, "The folder to make (default: NAME)", "DIR" },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("plugin new", "NAME");
  g_auto(GStrv) words = g_strdupv (arguments);
  guint number;
  int status;

  options_add (options, entries);
  if (!options_parse (options, &words, &status))
    return status;
  if (g_strv_length (words) != 2)
    return options_wrong ("plugin new", words[1] == NULL ? "NAME is missing" : "one NAME is wanted");
  if (!is_usable (words[1]))
    return report_unusable (words[1]);
  number = template != NULL ? find_template (template) : 0;
  if (number == N_TEMPLATES)
    return report_template (template);
  return make (directory != NULL ? directory : words[1], words[1], number);
}
