/* SPDX-License-Identifier: MIT
 * "route swap": watches a child process that swaps two plugins under load, and reports. */
#include "route-swap.h"

#include <glib/gstdio.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "interrupt.h"
#include "output.h"

#define MAX_THREADS  64
#define MAX_DURATION 86400
#define MAX_EVERY    60000

/* Microseconds that the child may take besides the load. */
#define OTHER_TIME (180 * G_USEC_PER_SEC)

void
swap_options_clear (SwapOptions *swap)
{
  route_pair_clear (&swap->pair);
  g_strfreev (swap->connections);
  g_free (swap->folder);
}

void
swap_options_add (SwapOptions *swap, Options *options, gboolean child)
{
  const GOptionEntry entries[] = {
    { "threads", 0, 0, G_OPTION_ARG_INT, &swap->threads, "Threads that use the databases (default: 4)", "N" },
    { "duration", 0, 0, G_OPTION_ARG_DOUBLE, &swap->duration, "Seconds under load (default: 5)", "SECONDS" },
    { "every", 0, 0, G_OPTION_ARG_INT, &swap->every, "Milliseconds between two swaps (default: 50)", "MS" },
    { "hostile", 0, 0, G_OPTION_ARG_NONE, &swap->hostile,
      "Overwrite, truncate, remove and rename copies of the files meanwhile", NULL },
    { "connection", 0, 0, G_OPTION_ARG_STRING_ARRAY, &swap->connections,
      "Use this database for a connection; may be repeated (default: SQLite files, thrown away)", "NAME=URL" },
    { NULL }
  };
  const GOptionEntry own[] = {
    { "folder", 0, 0, G_OPTION_ARG_FILENAME, &swap->folder, "Where the files are", "FOLDER" },
    { NULL }
  };

  swap->threads = 4;
  swap->duration = 5;
  swap->every = 50;
  route_pair_add_options (&swap->pair, options);
  options_add (options, entries);
  if (child)
    options_add (options, own);
}

/* Why the options cannot be used: (transfer full), or NULL. */
static char *
find_mistake (const SwapOptions *swap)
{
  g_auto(GStrv) names = router_options_list_connections (&swap->pair.sides[0]);

  if (swap->threads < 1 || swap->threads > MAX_THREADS)
    return g_strdup_printf ("--threads: want 1 to %d", MAX_THREADS);
  if (!(swap->duration >= 0.01 && swap->duration <= MAX_DURATION))
    return g_strdup_printf ("--duration: want 0.01 to %d seconds", MAX_DURATION);
  if (swap->every < 1 || swap->every > MAX_EVERY)
    return g_strdup_printf ("--every: want 1 to %d milliseconds", MAX_EVERY);
  if (swap->every >= swap->duration * 1000)
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
    }
  return NULL;
}

gboolean
swap_options_take (SwapOptions *swap, char **arguments, int *status)
{
  g_autofree char *mistake = NULL;

  if (!route_pair_take (&swap->pair, SWAP_COMMAND, arguments, status))
    return FALSE;
  if (swap->pair.sides[0].rules || swap->pair.sides[1].rules)
    mistake = g_strdup ("rules are no plugin; two plugins are wanted");
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
  const char *seconds = g_ascii_dtostr (number, sizeof number, swap->duration);
  g_autofree char *threads = g_strdup_printf ("--threads=%d", swap->threads);
  g_autofree char *duration = g_strconcat ("--duration=", seconds, NULL);
  g_autofree char *every = g_strdup_printf ("--every=%d", swap->every);
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

static gint64
get_number (JsonObject *line, const char *member)
{
  return json_object_get_int_member (line, member);
}

/* One reason to fail, when there is one. */
static void
blame (GString *reasons, gboolean is_bad, const char *format, ...) G_GNUC_PRINTF (3, 4);

static void
blame (GString *reasons, gboolean is_bad, const char *format, ...)
{
  va_list arguments;

  if (!is_bad)
    return;
  if (reasons->len > 0)
    g_string_append (reasons, "; ");
  va_start (arguments, format);
  g_string_append_vprintf (reasons, format, arguments);
  va_end (arguments);
}

/* Whether plugins leave the memory in this build. */
#ifdef YARAORM_KEEP_PLUGINS
#define UNLOADS FALSE
#else
#define UNLOADS TRUE
#endif

/* What speaks against the routers, or the library: (transfer full), "" for nothing. */
static char *
judge (const SwapOptions *swap, JsonObject *line)
{
  GString *reasons = g_string_new (NULL);
  gint64 failed = get_number (line, "failed"), refused = get_number (line, "refusals");
  gint64 torn = get_number (line, "torn"), wrong = get_number (line, "wrong");
  gint64 misplaced = get_number (line, "misplaced"), lost = get_number (line, "lost");
  gint64 retired = get_number (line, "retired"), mapped = get_number (line, "mapped");

  blame (reasons, failed > 0, "%" G_GINT64_FORMAT " failed: %s", failed, probe_get_text (line, "failure"));
  blame (reasons, refused > 0 && !swap->hostile, "%" G_GINT64_FORMAT " swaps refused: %s", refused,
         probe_get_text (line, "refusal"));
  blame (reasons, get_number (line, "swaps") == 0, "there was no swap");
  blame (reasons, get_number (line, "statements") == 0, "there was no statement");
  blame (reasons, torn > 0, "%" G_GINT64_FORMAT " swaps put another file in force", torn);
  blame (reasons, wrong > 0, "%" G_GINT64_FORMAT " decisions of neither router", wrong);
  blame (reasons, misplaced > 0, "%" G_GINT64_FORMAT " rows in another place than decided", misplaced);
  blame (reasons, lost > 0, "%" G_GINT64_FORMAT " rows lost", lost);
  blame (reasons, retired > 0, "%" G_GINT64_FORMAT " old routers do not leave", retired);
  blame (reasons, UNLOADS && mapped != 1, "%" G_GINT64_FORMAT " plugins in memory", mapped);
  return g_string_free (reasons, FALSE);
}

static void
print_line (const char *label, const char *format, ...) G_GNUC_PRINTF (2, 3);

static void
print_line (const char *label, const char *format, ...)
{
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  printf ("%-20s%s\n", label, text);
}

static void
print_latency (const char *label, JsonObject *line, const char *member, gboolean around)
{
  JsonObject *latency = json_object_get_object_member (line, member);
  g_autofree char *p50 = latency_format (get_number (latency, "p50_ns"));
  g_autofree char *p99 = latency_format (get_number (latency, "p99_ns"));
  g_autofree char *p999 = latency_format (get_number (latency, "p999_ns"));
  g_autofree char *longest = latency_format (get_number (latency, "max_ns"));
  g_autofree char *at = around ? g_strdup_printf (" (swap %" G_GINT64_FORMAT ")", get_number (latency, "max_at"))
                               : g_strdup ("");

  if (get_number (latency, "n") == 0)
    print_line (label, "none");
  else
    print_line (label, "p50 %s  p99 %s  p99.9 %s  max %s%s", p50, p99, p999, longest, at);
}

#define N G_GINT64_FORMAT

static void
print_report (const SwapOptions *swap, JsonObject *line)
{
  gint64 a = get_number (line, "decisions_a"), b = get_number (line, "decisions_b");
  gint64 wrong = get_number (line, "wrong"), swaps = get_number (line, "swaps");

  if (swap->hostile)
    print_line ("files damaged", "%" N " times", get_number (line, "damaged"));
  print_line ("swaps", "%" N " done, %" N " refused", swaps, get_number (line, "refusals"));
  print_line ("statements", "%" N ", %" N " failed", get_number (line, "statements"), get_number (line, "failed"));
  print_line ("decisions", "%" N " (a %" N ", b %" N ")", a + b + wrong, a, b);
  print_line ("wrong or torn", "%" N, wrong + get_number (line, "torn"));
  print_line ("rows", "%" N " checked, %" N " in another place, %" N " lost", get_number (line, "rows"),
              get_number (line, "misplaced"), get_number (line, "lost"));
  print_latency ("swap", line, "swap", FALSE);
  print_latency ("statement", line, "statement", FALSE);
  print_latency ("  around a swap", line, "statement_around", TRUE);
  print_latency ("decision", line, "decision", FALSE);
  print_latency ("  around a swap", line, "decision_around", TRUE);
  print_line ("left in memory", "%" N " (one is in force), %" N " retired and not gone",
              get_number (line, "mapped"), get_number (line, "retired"));
}

/* What went wrong before the load began, NULL when nothing did: (transfer full). */
static Report *
report_start (const SwapOptions *swap, const ProbeResult *result)
{
  gboolean has_begun = strcmp (result->at, "swapping") == 0 || strcmp (result->at, "checking") == 0;
  Report *report;

  if (result->refused != NULL && get_number (result->refused, "code") < 0)
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
  const char *name = result->end == PROBE_CRASHED ? sigabbrev_np (result->status) : NULL;
  Report *report = report_new ("YO-R008");

  report_line (report, "plugins", "%s, %s", swap->pair.sides[0].plugin, swap->pair.sides[1].plugin);
  if (result->end == PROBE_CRASHED)
    report_line (report, "reason", "the program crashed: signal %d (SIG%s)", result->status,
                 name != NULL ? name : "?");
  else if (result->end == PROBE_EXITED)
    report_line (report, "reason", "the program was ended: exit (%d)", result->status);
  else
    report_line (report, "reason", "the program did not come back");
  report_line (report, "at", "%s", result->at);
  if (swap->connections != NULL)
    report_line (report, "hint", "tables yaraorm_swap_* may be left in the databases of --connection");
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

      reasons = judge (swap, line);
      if (*reasons != '\0')
        {
          report = report_new ("YO-R008");
          report_line (report, "plugins", "%s, %s", swap->pair.sides[0].plugin, swap->pair.sides[1].plugin);
          report_line (report, "reason", "%s", reasons);
        }
      document = output_document_new (TRUE);
      json_object_set_object_member (document, "result", json_object_ref (line));
      if (!output_is_json ())
        print_report (swap, line);
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
      report = report_new ("YO-X001");
      report_line (report, "reason", "%s", error->message);
      return report_print (report, NULL);
    }
  more = print_options (&swap);
  result = probe_run_long ("swap", &swap.pair.sides[0], (const char *const *) more, swap.pair.sides[1].plugin,
                           swap.duration * G_USEC_PER_SEC + OTHER_TIME, interrupt);
  remove_folder (swap.folder);
  if (g_cancellable_is_cancelled (interrupt))
    return STATUS_INTERRUPTED;
  report = report_start (&swap, result);
  return report != NULL ? report_print (report, NULL) : show (&swap, result);
}
