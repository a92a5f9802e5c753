/* SPDX-License-Identifier: MIT
 * "route record": runs a program that writes down its decisions. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "probe/probe.h"
#include "routing/log.h"
#include "shell/commands.h"
#include "shell/options.h"
#include "shell/output.h"

static volatile pid_t child;
static volatile sig_atomic_t early; /* a signal that came before there was a child; 0: none */

/* What the terminal sends has reached the program, too. */
static void
pass_on (int number, siginfo_t *info, void *context)
{
  if (info->si_code == SI_KERNEL)
    return;
  if (child > 0)
    kill (child, number);
  else
    early = number;
}

/* From now on this program outlives these signals. They take their usual way in the other one. */
static void
pass_signals_on (void)
{
  static const int numbers[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGUSR1, SIGUSR2 };
  struct sigaction action = { .sa_sigaction = pass_on, .sa_flags = SA_SIGINFO };

  sigemptyset (&action.sa_mask);
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    sigaction (numbers[i], &action, NULL);
}

/* An empty file that was not there. */
static Report *
make_log (const char *path)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600), problem = errno;
  Report *report;

  if (fd >= 0)
    {
      close (fd);
      return NULL;
    }
  report = report_new (problem == EEXIST ? "YO-L001" : "YO-N003");
  report_line (report, "file", "%s", path);
  if (problem == EEXIST)
    report_line (report, "hint", "remove it, or record into another file");
  else
    report_line (report, "reason", "%s", g_strerror (problem));
  return report;
}

/* Runs the program to its end. */
static Report *
run (char **program, const char *path, int *status)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_auto(GStrv) environment = g_environ_setenv (g_get_environ (), "YARAORM_DECISION_LOG", absolute, TRUE);
  g_autoptr(GError) error = NULL;
  Report *report;
  pid_t pid;

  pass_signals_on ();
  if (g_spawn_async (NULL, program, environment,
                     G_SPAWN_SEARCH_PATH | G_SPAWN_DO_NOT_REAP_CHILD | G_SPAWN_CHILD_INHERITS_STDIN, NULL, NULL, &pid,
                     &error))
    {
      child = pid;
      if (early != 0)
        kill (child, early);
      while (waitpid (pid, status, 0) < 0 && errno == EINTR)
        ;
      child = 0;
      return NULL;
    }
  report = report_new ("YO-X001");
  report_line (report, "program", "%s", program[0]);
  report_line (report, "reason", "%s", error->message);
  return report;
}

/* Whether Ctrl-C has ended the program, or what a script ran, which then tells so. */
static gboolean
is_interrupted (int status)
{
  return WIFSIGNALED (status) ? WTERMSIG (status) == SIGINT : WEXITSTATUS (status) == STATUS_INTERRUPTED;
}

/* How the program ended, when it was not well. */
static Report *
report_end (char **program, int status)
{
  g_autofree char *reason = NULL;
  Report *report;

  if (WIFEXITED (status) && WEXITSTATUS (status) == 0)
    return NULL;
  report = report_new ("YO-L002");
  report_line (report, "program", "%s", program[0]);
  reason = WIFSIGNALED (status) ? probe_describe_signal (WTERMSIG (status))
                                : g_strdup_printf ("exit (%d)", WEXITSTATUS (status));
  report_line (report, "reason", "%s", reason);
  return report;
}

static Report *
report_nothing (char **program)
{
  Report *report = report_new ("YO-L003");

  report_line (report, "program", "%s", program[0]);
  report_line (report, "hint", "it has to use yaraorm, keep its environment, and run a statement with a model");
  return report;
}

/* Tells what is in the log. */
static Report *
count (const char *path, JsonObject *document, guint64 *n_decisions)
{
  g_auto(LogSummary) summary = { 0 };
  FILE *file = fopen (path, "re");
  g_autoptr(Report) report = file != NULL ? log_summary_take (&summary, path, file, NULL)
                                          : log_report_file (path, errno);
  guint n_models;

  if (file != NULL)
    fclose (file);
  if (report != NULL)
    return g_steal_pointer (&report);
  n_models = g_hash_table_size (summary.models);
  *n_decisions = summary.n_decisions;
  json_object_set_string_member (document, "log", path);
  json_object_set_int_member (document, "decisions", summary.n_decisions);
  json_object_set_int_member (document, "models", n_models);
  if (!output_is_json () && summary.n_decisions > 0)
    output_words ("recorded %" G_GUINT64_FORMAT " decision%s of %u model%s in %s", summary.n_decisions,
                  summary.n_decisions == 1 ? "" : "s", n_models, n_models == 1 ? "" : "s", path);
  return NULL;
}

/* Nothing is left of a recording of nothing, so that it can be tried again. */
static void
remove_empty (const char *path)
{
  struct stat status;

  if (stat (path, &status) == 0 && status.st_size == 0)
    unlink (path);
}

static int
record (const char *path, char **program)
{
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  g_autoptr(Report) report = make_log (path);
  guint64 n_decisions = 0;
  int status = 0;
  gboolean interrupted;

  if (report != NULL)
    return report_print (report, NULL);
  report = run (program, path, &status);
  interrupted = report == NULL && is_interrupted (status);
  if (report == NULL)
    report = count (path, document, &n_decisions);
  if (report == NULL && !interrupted)
    report = report_end (program, status);
  if (report == NULL && n_decisions == 0)
    report = report_nothing (program);
  remove_empty (path);
  if (report == NULL && output_is_json ())
    output_document_print (document);
  status = report != NULL ? report_print (report, document) : STATUS_DONE;
  return interrupted ? STATUS_INTERRUPTED : status;
}

int
command_route_record (char **arguments)
{
  g_autoptr(Options) options = options_new ("route record", "LOG -- PROGRAM [ARGUMENT...]");
  g_auto(GStrv) words = g_strdupv (arguments);
  char **program;
  int status;

  /* What follows LOG belongs to the program. */
  g_option_context_set_strict_posix (options->context, TRUE);
  if (!options_parse (options, &words, &status))
    return status;
  if (words[1] == NULL || *words[1] == '\0' || strcmp (arguments[1], "--") == 0)
    return options_wrong ("route record", "LOG is missing");
  if (strcmp (words[1], "-") == 0)
    return options_wrong ("route record", "LOG is a file; \"-\" is none");
  program = words + 2;
  if (*program != NULL && strcmp (*program, "--") == 0)
    program++;
  else if (*program != NULL && **program == '-')
    return options_wrong ("route record", "%s stands behind LOG; options stand before it", *program);
  if (*program == NULL || **program == '\0')
    return options_wrong ("route record", "PROGRAM is missing");
  return record (words[1], program);
}
