/* SPDX-License-Identifier: MIT
 * The hidden commands "complete", which answers the shell, and "man", which makes the manual page: both tell what
 * the program itself knows, so that they cannot grow old. */
#include "shell/complete.h"

#include <stdio.h>
#include <string.h>

#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/errors.h"
#include "shell/options.h"
#include "shell/output.h"

/* Commands whose arguments are connections. */
static const char *const takes_connections[] = {
  "sql", "conn list", "conn ping", "conn wait", "schema import", NULL
};

static void
offer (const char *candidate, const char *start)
{
  if (g_str_has_prefix (candidate, start))
    puts (candidate);
}

/* The first words of commands, or the second ones behind `first`. */
static void
offer_commands (const char *first, const char *start)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (const Command *command = commands; command->name != NULL; command++)
    {
      g_auto(GStrv) words = g_strsplit (command->name, " ", 2);

      if (first == NULL && g_hash_table_add (seen, g_strdup (words[0])))
        offer (words[0], start);
      else if (first != NULL && strcmp (words[0], first) == 0 && words[1] != NULL)
        offer (words[1], start);
    }
}

static void
offer_connections (const char *start)
{
  g_autoptr(Report) report = NULL;
  g_autoptr(YaraConfig) config = configuration_load_if_any (&report);
  g_auto(GStrv) names = config != NULL ? yara_config_list_connections (config) : NULL;

  for (char **name = names; name != NULL && *name != NULL; name++)
    offer (*name, start);
}

/* The values of the option `name`, where there are few. FALSE: anything can follow. */
static gboolean
offer_values (const char *name, const char *start)
{
  static const char *const colors[] = { "auto", "always", "never", NULL };
  const char *const *values = NULL;

  if (strcmp (name, "--format") == 0)
    values = output_formats;
  else if (strcmp (name, "--color") == 0)
    values = colors;
  for (; values != NULL && *values != NULL; values++)
    offer (*values, start);
  return values != NULL;
}

int
complete_main (char **words)
{
  guint n = g_strv_length (words), n_words;
  const char *start = n > 0 ? words[n - 1] : "";
  const Command *command;

  options_look_for_configuration (words);
  if (n > 1 && (offer_values (words[n - 2], start) || options_takes_value (words[n - 2])))
    return STATUS_DONE; /* the shell offers files */
  while (n > 1 && words[0][0] == '-') /* options of the program */
    {
      guint n_taken = n > 2 && options_takes_value (words[0]) ? 2 : 1;

      words += n_taken;
      n -= n_taken;
    }
  command = n > 1 ? command_find (words, &n_words) : NULL;
  if (command != NULL && n <= n_words)
    command = NULL; /* its second word is still being written */
  if (*start == '-')
    {
      options_complete (start);
      if (command != NULL)
        return command_run (command, (char *[]) { NULL });
      return options_print_common ();
    }
  if (command == NULL)
    offer_commands (n > 1 ? words[0] : NULL, start);
  else if (strcmp (command->name, "help") == 0)
    offer_commands (n > 2 ? words[1] : NULL, start);
  else if (g_strv_contains (takes_connections, command->name))
    offer_connections (start);
  return STATUS_DONE;
}

/* ---- the manual page ---- */

static void
print_page (const char *page)
{
  command_help ((char *[]) { (char *) "yaraorm-cli", (char *) page, NULL });
}

static void
print_section (const char *title, const char *page)
{
  printf (".SH %s\n.nf\n", title);
  print_page (page);
  puts (".fi");
}

int
man_main (void)
{
  puts (".TH YARAORM\\-CLI 1 \"\" \"yaraorm " YARAORM_VERSION "\"");
  puts (".SH NAME\nyaraorm\\-cli \\- test the routing of yaraorm and look after its databases");
  puts (".SH SYNOPSIS\n\\fByaraorm\\-cli\\fR [\\fIOPTION\\fR...] \\fICOMMAND\\fR ...");
  puts (".SH COMMANDS");
  output_set_roff (TRUE);
  for (const Command *command = commands; command->name != NULL; command++)
    {
      printf (".SS %s\n.nf\n", command->name);
      command_run (command, (char *[]) { (char *) "--help", NULL });
      puts (".fi");
    }
  print_section ("CONFIGURATION", "configuration");
  print_section ("EXPECTATIONS", "expectations");
  print_section ("JSON", "json");
  print_section ("EXIT STATUS", "exit-codes");
  puts (".SH ERRORS\n.nf");
  for (const ErrorKind *kind = error_kinds; kind->id != NULL; kind++)
    print_page (kind->id);
  puts (".fi");
  return STATUS_DONE;
}
