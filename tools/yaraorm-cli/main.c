/* SPDX-License-Identifier: MIT
 * yaraorm-cli: the options before the command, and the way to the command. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "complete.h"
#include "errors.h"
#include "help.h"
#include "options.h"
#include "output.h"
#include "probe.h"

static int
print_version (void)
{
  g_autoptr(JsonObject) document = output_document_new (TRUE);

  json_object_set_string_member (document, "version", YARAORM_VERSION);
  if (output_is_json ())
    output_document_print (document);
  else
    puts ("yaraorm-cli " YARAORM_VERSION);
  return STATUS_DONE;
}

int
main (int argc, char **argv)
{
  gboolean version = FALSE;
  const GOptionEntry entries[] = {
    { "version", 0, 0, G_OPTION_ARG_NONE, &version, "Print the version", NULL },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("", "COMMAND ...");
  g_auto(GStrv) words = g_strdupv (argv);
  const Command *command;
  guint n_words;
  int status;

  setlocale (LC_ALL, "");
  if (argc > 2 && strcmp (argv[1], PROBE_COMMAND) == 0)
    return probe_main (argv + 1);
  if (argc > 1 && strcmp (argv[1], "complete") == 0)
    return complete_main (argv + 2);
  if (argc == 2 && strcmp (argv[1], "man") == 0)
    return man_main ();

  options_add (options, entries);
  /* What follows the command belongs to the command. */
  g_option_context_set_strict_posix (options->context, TRUE);
  if (!options_parse (options, &words, &status))
    return status;
  if (version)
    return print_version ();
  if (words[1] == NULL)
    {
      if (output_is_json ())
        return options_wrong ("", "COMMAND is missing");
      help_print_command ("", options->context);
      return STATUS_USAGE;
    }

  command = command_find (words + 1, &n_words);
  if (command != NULL)
    return command_run (command, words + 1 + n_words);
  output_set_json (output_is_json () || g_strv_contains ((const char *const *) words, "--json"));
  return command_report_unknown (words + 1);
}
