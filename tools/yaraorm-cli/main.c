/* SPDX-License-Identifier: MIT
 * yaraorm-cli: the options before the command, and the way to the command. */
#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "probe/probe.h"
#include "shell/commands.h"
#include "shell/complete.h"
#include "shell/errors.h"
#include "shell/help.h"
#include "shell/options.h"
#include "shell/output.h"

int
command_version (char **arguments)
{
  g_autoptr(Options) options = options_new ("version", NULL);
  g_autoptr(JsonObject) document = NULL;
  g_auto(GStrv) words = g_strdupv (arguments);
  int status;

  if (!options_parse (options, &words, &status))
    return status;
  document = output_document_new (TRUE);
  json_object_set_string_member (document, "version", YARAORM_VERSION);
  if (output_is_json ())
    output_document_print (document);
  else
    puts ("yaraorm-cli " YARAORM_VERSION);
  return STATUS_DONE;
}

/* A file that is opened must not become one of the three streams because the caller has closed that one. Using
 * such a stream still fails. */
static void
fill_streams (void)
{
  for (int fd = 0; fd <= STDERR_FILENO; fd++)
    if (fcntl (fd, F_GETFD) < 0 && open ("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY) != fd)
      _exit (STATUS_NO);
}

static int
run (int argc, char **argv)
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
    return command_version ((char *[]) { (char *) "yaraorm-cli", NULL });
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
  options_look_for_json (words);
  return command_report_unknown (words + 1);
}

int
main (int argc, char **argv)
{
  fill_streams ();
  options_remember (argv);
  setlocale (LC_ALL, "");
  g_unsetenv ("YARAORM_DECISION_LOG"); /* the decisions of this tool are nobody's */
  return output_finish (run (argc, argv));
}
