/* SPDX-License-Identifier: MIT
 * Help of commands, topics and errors. */
#include "shell/help.h"

#include <stdlib.h>
#include <string.h>

#include "shell/commands.h"
#include "shell/errors.h"
#include "shell/options.h"
#include "shell/output.h"
#include "shell/suggest.h"

#define PAGES "/yaraorm-cli/help/"

/* The page of a command or topic: (transfer full) (nullable). */
static char *
load_page (const char *name)
{
  g_autofree char *path = g_strconcat (PAGES, name, ".txt", NULL);
  g_autoptr(GBytes) page = g_resources_lookup_data (g_strdelimit (path, " ", '-'), 0, NULL);
  gsize size = 0;
  const char *text = page != NULL ? g_bytes_get_data (page, &size) : NULL;

  return text != NULL ? g_strndup (text, size) : NULL;
}

/* The summary of a command, or of all for the program: (transfer full). */
static char *
make_summary (const char *name)
{
  GString *summary = g_string_new (NULL);

  if (*name == '\0')
    g_string_append (summary, "Tests the routing of yaraorm and looks after its databases.\n\nCommands:");
  for (const Command *command = commands; command->name != NULL; command++)
    if (*name == '\0')
      g_string_append_printf (summary, "\n  %-14s %s", command->name, command->summary);
    else if (strcmp (command->name, name) == 0)
      g_string_append_printf (summary, "%s.", command->summary);
  return g_string_free (summary, FALSE);
}

int
help_print_command (const char *command, GOptionContext *context)
{
  g_autofree char *program = g_strjoin (*command != '\0' ? " " : "", "yaraorm-cli", command, NULL);
  g_autofree char *summary = make_summary (command);
  g_autofree char *page = load_page (*command != '\0' ? command : "yaraorm-cli");
  g_autofree char *help = NULL;
  g_autofree char *text = NULL;

  g_set_prgname (program);
  g_option_context_set_summary (context, summary);
  g_option_context_set_description (context, page);
  help = g_option_context_get_help (context, FALSE, NULL);
  text = g_strconcat (g_strchomp (help), "\n", NULL);
  output_text (text);
  return STATUS_DONE;
}

/* The commands whose first word is `name`: (transfer full); NULL: there are none. */
static char *
list_group (const char *name)
{
  GString *group = g_string_new (NULL);
  g_autofree char *start = g_strconcat (name, " ", NULL);

  for (const Command *command = commands; command->name != NULL; command++)
    if (g_str_has_prefix (command->name, start))
      g_string_append_printf (group, "%-14s %s\n", command->name, command->summary);
  return g_string_free (group, group->len == 0);
}

/* Whether a page is a topic of its own, not that of a command or an error. */
static gboolean
is_topic (const char *page)
{
  for (const Command *command = commands; command->name != NULL; command++)
    {
      g_autofree char *name = g_strdelimit (g_strconcat (command->name, ".txt", NULL), " ", '-');

      if (strcmp (name, page) == 0)
        return FALSE;
    }
  return !g_str_has_prefix (page, "YO-") && strcmp (page, "yaraorm-cli.txt") != 0;
}

static int
compare (const void *a, const void *b)
{
  return strcmp (*(char *const *) a, *(char *const *) b);
}

/* All that `help` knows: commands, topics, ids: (transfer full). */
static GPtrArray *
list_subjects (gboolean errors)
{
  g_auto(GStrv) pages = g_resources_enumerate_children (PAGES, 0, NULL);
  GPtrArray *subjects = g_ptr_array_new_with_free_func (g_free);

  for (const Command *command = commands; !errors && command->name != NULL; command++)
    g_ptr_array_add (subjects, g_strdup (command->name));
  qsort (pages, g_strv_length (pages), sizeof *pages, compare);
  for (char **page = pages; !errors && *page != NULL; page++)
    if (is_topic (*page))
      g_ptr_array_add (subjects, g_strndup (*page, strlen (*page) - strlen (".txt")));
  for (const ErrorKind *kind = error_kinds; errors && kind->id != NULL; kind++)
    g_ptr_array_add (subjects, g_strdup (kind->id));
  g_ptr_array_add (subjects, NULL);
  return subjects;
}

/* One line about an error. */
static void
append_kind (GString *text, const ErrorKind *kind)
{
  g_string_append_printf (text, "%s: %s ", kind->id, kind->title);
  if (kind->status == STATUS_DONE)
    g_string_append (text, "(warning)\n");
  else
    g_string_append_printf (text, "(exit %d)\n", kind->status);
}

static int
print_subjects (void)
{
  g_autoptr(GPtrArray) subjects = list_subjects (FALSE);
  g_autoptr(GString) text = g_string_new ("yaraorm-cli help SUBJECT explains one of these.\n");

  g_string_append (text, "\nCommands and topics:\n");
  for (char **subject = (char **) subjects->pdata; *subject != NULL; subject++)
    g_string_append_printf (text, "  %s\n", *subject);
  g_string_append (text, "\nErrors:\n");
  for (const ErrorKind *kind = error_kinds; kind->id != NULL; kind++)
    {
      g_string_append (text, "  ");
      append_kind (text, kind);
    }
  output_text (text->str);
  return STATUS_DONE;
}

static int
report_unknown (const char *subject)
{
  g_autoptr(GPtrArray) subjects = list_subjects (FALSE);
  g_autoptr(GPtrArray) ids = list_subjects (TRUE);
  g_autoptr(Report) report = report_new ("YO-U003");
  gboolean is_id = g_ascii_strncasecmp (subject, "YO", 2) == 0;
  const char *nearest = suggest_nearest (subject, (const char *const *) (is_id ? ids : subjects)->pdata);

  report_line (report, "reason", "there is no help on \"%s\"", subject);
  if (nearest != NULL)
    report_line (report, "hint", "did you mean \"%s\"?", nearest);
  report_line (report, "help", "yaraorm-cli help");
  return report_print (report, NULL);
}

int
command_help (char **arguments)
{
  g_autoptr(Options) options = options_new ("help", "[SUBJECT]");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *subject = NULL;
  g_autofree char *page = NULL;
  const ErrorKind *kind;
  const Command *command;
  guint n_words;
  int status;

  if (!options_parse (options, &words, &status))
    return status;
  if (words[1] == NULL)
    return print_subjects ();

  subject = g_strjoinv (" ", words + 1);
  kind = error_kind_find (subject);
  command = command_find (words + 1, &n_words);
  if (command != NULL && n_words == g_strv_length (words + 1))
    return command_run (command, (char *[]) { (char *) "--help", NULL });
  page = kind == NULL ? list_group (subject) : NULL;
  if (page == NULL)
    page = load_page (kind != NULL ? kind->id : subject);
  if (page == NULL)
    return report_unknown (subject);
  if (kind != NULL)
    append_kind (text, kind);
  g_string_append_printf (text, "%s%s", kind != NULL ? "\n" : "", page);
  output_text (text->str);
  return STATUS_DONE;
}
