/* SPDX-License-Identifier: MIT
 * The helper behind YARA_ROUTER_TRIAL: loads a router as the library does, and asks it about the models on its
 * input, in a process that may crash. core/route/trial.c has the protocol.
 *
 * yaraorm-trial PLUGIN [ARGUMENTS] */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "route/plugin.h"

/* How often a question is asked: routers take turns. */
#define N_REPEATS 32

/* Longer than a name may be: enough to see that it is. */
#define ANSWER_SIZE 66

/* What the plugin writes to its standard output goes elsewhere. */
static FILE *
open_answers (void)
{
  int answers = fcntl (STDOUT_FILENO, F_DUPFD_CLOEXEC, 10);
  int null = open ("/dev/null", O_WRONLY | O_CLOEXEC);

  dup2 (null, STDOUT_FILENO);
  dup2 (null, STDERR_FILENO);
  return fdopen (answers, "w");
}

static void
ask (FILE *answers, YaraRouterFunc function, const YaraModel *model, guint number, YaraOperation operation)
{
  YaraHints hints = { sizeof hints, operation, NULL, NULL };
  char      last[ANSWER_SIZE] = "\n";

  for (guint i = 0; i < N_REPEATS; i++)
    {
      const char *given = function (model, &hints);
      char        answer[ANSWER_SIZE] = "";

      if (given != NULL)
        memcpy (answer, given, strnlen (given, sizeof answer - 1));
      g_strdelimit (answer, "\r\n", '?');
      if (strcmp (answer, last) != 0)
        fprintf (answers, "answer %u %d %s\n", number, operation, answer);
      memcpy (last, answer, sizeof last);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *line = NULL;
  gsize              size = 0;
  guint              number = 0;
  FILE              *answers;
  YaraPlugin        *plugin;

  if (argc < 2)
    {
      fprintf (stderr, "usage: yaraorm-trial PLUGIN [ARGUMENTS]\n");
      return 2;
    }
  setrlimit (RLIMIT_CORE, &(struct rlimit) { 0, 0 });
  answers = open_answers ();
  plugin = yara_plugin_load (argv[1], argv[2], &error);
  if (plugin == NULL)
    fprintf (answers, "refused %d %s\n", error->code, error->message);
  else
    fprintf (answers, "sha256 %s\n", plugin->sha256);
  for (; plugin != NULL && getline (&line, &size, stdin) > 0; number++)
    {
      g_auto (GStrv) parts = g_strsplit (g_strchomp (line), "\t", 3);
      YaraModel      model = { .struct_size = sizeof model, .name = parts[0] };

      if (g_strv_length (parts) >= 2)
        model.table = parts[1];
      if (g_strv_length (parts) == 3 && parts[2][0] != '\0')
        model.connection = parts[2];
      for (guint operation = 0; operation < 2; operation++)
        ask (answers, plugin->functions[operation], &model, number, operation);
    }
  if (plugin != NULL)
    yara_plugin_unload (plugin);
  fputs ("done\n", answers);
  fclose (answers);
  return 0;
}
