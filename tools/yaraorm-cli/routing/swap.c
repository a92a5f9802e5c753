/* SPDX-License-Identifier: MIT
 * "route swap": watches a child process that swaps two plugins under load, and reports. */
#include "routing/swap.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "shell/commands.h"
#include "shell/interrupt.h"
#include "shell/output.h"

#define MAX_THREADS  64
#define MAX_DURATION 86400
#define MAX_EVERY    60

/* What an end before the end leaves. */
#define LEFT_TABLES "tables yaraorm_swap_* may be left in the databases of --connection"

/* Microseconds that the child may take besides the load. */
#define OTHER_TIME (180 * G_USEC_PER_SEC)

void
swap_options_clear (SwapOptions *swap)
{
  route_pair_clear (&swap->pair);
  g_strfreev (swap->connections);
  g_free (swap->folder);
  g_free (swap->duration_text);
  g_free (swap->every_text);
}

void
swap_options_add (SwapOptions *swap, Options *options, gboolean child)
{
  const GOptionEntry entries[] = {
    { "threads", 0, 0, G_OPTION_ARG_INT, &swap->threads, "Threads that use the databases (default: 4)", "N" },
    { "duration", 0, 0, G_OPTION_ARG_STRING, &swap->duration_text,
      "How long it is under load; a number alone is in seconds (default: 5s)", "TIME" },
    { "every", 0, 0, G_OPTION_ARG_STRING, &swap->every_text,
      "From one swap to the next; a number alone is in milliseconds (default: 50ms)", "TIME" },
    { "hostile", 0, 0, G_OPTION_ARG_NONE, &swap->hostile,
      "Overwrite, truncate, remove and rename copies of the files meanwhile", NULL },
    { "connection", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &swap->connections,
      "Use this database for a connection; may be repeated (default: SQLite files, thrown away)", "NAME=URL" },
    { NULL }
  };
  const GOptionEntry own[] = {
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &swap->folder, "Where the files are", "FOLDER" },
    { NULL }
  };

  swap->threads = 4;
  swap->duration = 5;
  swap->every = 0.05;
  route_pair_add_options (&swap->pair, options, 0);
  options_add (options, entries);
  if (child)
    options_add (options, own);
}

const char *
swap_options_find_url (const SwapOptions *swap, const char *name)
{
  gsize length = strlen (name);

  for (char **given = swap->connections; given != NULL && *given != NULL; given++)
    if (strncmp (*given, name, length) == 0 && (*given)[length] == '=')
      return *given + length + 1;
  return NULL;
}

/* Why the options cannot be used: (transfer full), or NULL. */
static char *
find_mistake (SwapOptions *swap)
{
  g_auto(GStrv) names = router_options_list_connections (&swap->pair.sides[0]);

  if (swap->threads < 1 || swap->threads > MAX_THREADS)
    return g_strdup_printf ("--threads: want 1 to %d", MAX_THREADS);
  if (swap->duration_text != NULL && !options_parse_time (swap->duration_text, 1, &swap->duration))
    return g_strdup_printf ("--duration %s is no time; write 10s, 500ms or 1min", swap->duration_text);
  if (swap->every_text != NULL && !options_parse_time (swap->every_text, 0.001, &swap->every))
    return g_strdup_printf ("--every %s is no time; write 50ms or 1s", swap->every_text);
  if (!(swap->duration >= 0.01 && swap->duration <= MAX_DURATION))
    return g_strdup ("--duration: want 10ms to 1d");
  if (!(swap->every >= 0.001 && swap->every <= MAX_EVERY))
    return g_strdup ("--every: want 1ms to 1min");
  if (swap->every >= swap->duration)
    return g_strdup ("--every is not shorter than --duration: there would be no swap");
  if (g_strv_length (names) > SWAP_MAX_NAMES)
    return g_strdup_printf ("--connections: want %d at most", SWAP_MAX_NAMES);
  for (char **given = swap->connections; given != NULL && *given != NULL; given++)
    {
      g_autofree char *name = g_strndup (*given, strcspn (*given, "="));

      if (strchr (*given, '=') == NULL)
        return g_strdup ("--connection is not of the form NAME=URL");
      if (!g_strv_contains ((const char *const *) names, name))
        return g_strdup_printf ("--connection: \"%s\" is none of --connections", name);
      if (swap_options_find_url (swap, name) != *given + strlen (name) + 1)
        return g_strdup_printf ("--connection: \"%s\" is given twice", name);
    }
  return NULL;
}

gboolean
swap_options_take (SwapOptions *swap, char **arguments, int *status)
{
  g_autofree char *mistake = NULL;

  if (!route_pair_take (&swap->pair, SWAP_COMMAND, arguments, status))
    return FALSE;
  if (swap->hostile && swap->pair.sides[0].rules && swap->pair.sides[1].rules)
    mistake = g_strdup ("--hostile damages the files of plugins, and here are rules only");
  else
    mistake = find_mistake (swap);
  if (mistake != NULL)
    *status = options_wrong (SWAP_COMMAND, "%s", mistake);
  return mistake == NULL;
}

/* The options of the child besides those of the routers: (transfer full). */
static char **
print_options (const SwapOptions *swap)
{
  g_autoptr(GStrvBuilder) more = g_strv_builder_new ();
  const RouterOptions *second = &swap->pair.sides[1];
  char number[G_ASCII_DTOSTR_BUF_SIZE];
  g_autofree char *threads = g_strdup_printf ("--threads=%d", swap->threads);
  g_autofree char *duration =
    g_strconcat ("--duration=", g_ascii_dtostr (number, sizeof number, swap->duration), "s", NULL);
  g_autofree char *every = g_strconcat ("--every=", g_ascii_dtostr (number, sizeof number, swap->every), "s", NULL);
  g_autofree char *folder = g_strconcat ("--folder=", swap->folder, NULL);
  g_autofree char *args = second->args != NULL ? g_strconcat ("--new-args=", second->args, NULL) : NULL;

  g_strv_builder_add_many (more, threads, duration, every, folder, NULL);
  if (args != NULL)
    g_strv_builder_add (more, args);
  if (swap->hostile)
    g_strv_builder_add (more, "--hostile");
  for (char **given = swap->connections; given != NULL && *given != NULL; given++)
    {
      g_autofree char *connection = g_strconcat ("--connection=", *given, NULL);

      g_strv_builder_add (more, connection);
    }
  return g_strv_builder_end (more);
}

/* What went wrong before the load began, NULL when nothing did: (transfer full). */
static Report *
report_start (const SwapOptions *swap, const ProbeResult *result)
{
  gboolean has_begun = g_str_has_prefix (result->at, SWAP_AT) || strcmp (result->at, "checking") == 0;
  Report *report;

  if (result->refused != NULL && json_object_get_int_member (result->refused, "code") < 0)
    {
      report = report_new ("YO-D001");
      report_line (report, "at", "%s", result->at);
      report_line (report, "reason", "%s", probe_get_text (result->refused, "message"));
      return report;
    }
  return has_begun && result->refused == NULL ? NULL : probe_result_report (result, swap->pair.sides[1].plugin);
}

/* A child that did not come to its end while it swapped has failed the test: (transfer full). */
static Report *
report_end (const SwapOptions *swap, const ProbeResult *result)
{
  g_autofree char *signal = result->end == PROBE_CRASHED ? probe_describe_signal (result->status) : NULL;
  Report *report = report_new ("YO-R008");

  report_line (report, "plugins", "%s, %s", swap->pair.sides[0].plugin, swap->pair.sides[1].plugin);
  if (result->end == PROBE_CRASHED)
    report_line (report, "reason", "the program crashed: %s", signal);
  else if (result->end == PROBE_EXITED)
    report_line (report, "reason", "the program was ended: exit (%d)", result->status);
  else
    report_line (report, "reason", "the program did not come back");
  report_line (report, "at", "%s", result->at);
  if (swap->connections != NULL)
    report_line (report, "hint", LEFT_TABLES);
  return report;
}

static int
show (const SwapOptions *swap, const ProbeResult *result)
{
  g_autoptr(Report) report = NULL;
  g_autoptr(JsonObject) document = NULL;
  g_autofree char *reasons = NULL;
  gboolean is_complete = result->end == PROBE_DONE && result->lines->len > 0;

  if (is_complete)
    {
      JsonObject *line = result->lines->pdata[0];

      reasons = swap_judge (swap, line);
      if (*reasons != '\0')
        {
          report = report_new ("YO-R008");
          report_line (report, "plugins", "%s, %s", swap->pair.sides[0].plugin, swap->pair.sides[1].plugin);
          report_line (report, "reason", "%s", reasons);
        }
      document = output_document_new (TRUE);
      json_object_set_object_member (document, "result", json_object_ref (line));
      if (!output_is_json ())
        swap_print_report (swap, line);
    }
  else
    report = report_end (swap, result);
  if (!output_is_json ())
    {
      output_styled (stdout, report != NULL ? STYLE_RED : STYLE_GREEN, report != NULL ? "FAIL" : "PASS");
      puts ("");
    }
  else if (report == NULL)
    output_document_print (document);
  return report != NULL ? report_print (report, document) : STATUS_DONE;
}

static void
remove_folder (const char *folder)
{
  GDir *dir = g_dir_open (folder, 0, NULL);

  for (const char *name; dir != NULL && (name = g_dir_read_name (dir)) != NULL;)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  if (dir != NULL)
    g_dir_close (dir);
  g_rmdir (folder);
}

/* Both plugins alone, each in a child of its own: a fault of theirs is none of the swapping. */
static Report *
ask_both (const SwapOptions *swap)
{
  Report *report = NULL;

  for (guint i = 0; i < 2 && report == NULL; i++)
    {
      g_autoptr(ProbeResult) result = route_pair_ask (&swap->pair.sides[i], &report);

      if (report == NULL)
        report = route_pair_find_fault (&swap->pair.sides[i], result);
    }
  return report;
}

int
command_route_swap (char **arguments)
{
  g_auto(SwapOptions) swap = { .threads = 0 };
  g_autoptr(Options) options = options_new (SWAP_COMMAND, "[A] B");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_auto(GStrv) more = NULL;
  GCancellable *interrupt;
  g_autoptr(ProbeResult) result = NULL;
  g_autoptr(Report) report = NULL;
  g_autoptr(GError) error = NULL;
  int status;

  swap_options_add (&swap, options, FALSE);
  if (!options_parse (options, &words, &status) || !swap_options_take (&swap, words, &status))
    return status;
  report = ask_both (&swap);
  if (report != NULL)
    return report_print (report, NULL);
  interrupt = interrupt_get (); /* from here on the folder is removed, too */
  swap.folder = g_dir_make_tmp ("yaraorm-swap-XXXXXX", &error);
  if (swap.folder == NULL)
    {
      report = report_new ("YO-N003");
      report_line (report, "reason", "%s", error->message);
      report_line (report, "hint", "TMPDIR names another folder for files to be thrown away");
      return report_print (report, NULL);
    }
  more = print_options (&swap);
  result = probe_run_long ("swap", &swap.pair.sides[0], (const char *const *) more, swap.pair.sides[1].plugin,
                           swap.duration * G_USEC_PER_SEC + OTHER_TIME, interrupt);
  remove_folder (swap.folder);
  if (g_cancellable_is_cancelled (interrupt))
    {
      if (swap.connections != NULL)
        output_words ("hint: " LEFT_TABLES);
      return interrupt_report ();
    }
  report = report_start (&swap, result);
  return report != NULL ? report_print (report, NULL) : show (&swap, result);
}
