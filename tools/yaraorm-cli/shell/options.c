/* SPDX-License-Identifier: MIT
 * The command line of one command. */
#include "shell/options.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "shell/commands.h"
#include "shell/errors.h"
#include "shell/help.h"
#include "shell/output.h"
#include "shell/suggest.h"

/* The options of every command. */
static struct
{
  gboolean json, help, quiet, verbose, no_input;
  char    *color, *config, *set, *format, *timeout;
  double   seconds; /* of --timeout; 0: it was not given */
} common;

/* The whole command line. */
static char **given;

/* What the options to be printed begin with, or NULL. */
static const char *completes;

static const GOptionEntry common_entries[] = {
  { "format", 0, 0, G_OPTION_ARG_STRING, &common.format, "table (the default), json, jsonl or csv", "FORMAT" },
  { "json", 0, 0, G_OPTION_ARG_NONE, &common.json, "The same as --format json: one object, errors too", NULL },
  { "color", 0, 0, G_OPTION_ARG_STRING, &common.color, "Use color: always, never or auto (the default)",
    "WHEN" },
  { "config", 0, 0, G_OPTION_ARG_FILENAME, &common.config,
    "The configuration file (default: see \"config path\")", "FILE" },
  { "set", 0, 0, G_OPTION_ARG_STRING, &common.set, "The set of groups in it, as in [SET connection NAME]", "SET" },
  { "timeout", 0, 0, G_OPTION_ARG_STRING, &common.timeout, "How long to wait on databases, as in 5s or 500ms",
    "SEC" },
  { "quiet", 0, 0, G_OPTION_ARG_NONE, &common.quiet, "No words on stderr but errors", NULL },
  { "verbose", 0, 0, G_OPTION_ARG_NONE, &common.verbose, "Tell how far long work is, without a terminal, too", NULL },
  { "no-input", 0, 0, G_OPTION_ARG_NONE, &common.no_input, "Never ask, as without a terminal", NULL },
  { "help", 'h', 0, G_OPTION_ARG_NONE, &common.help, "Show this help", NULL },
  { NULL }
};

static void
note_names (Options *options, const GOptionEntry *entries)
{
  for (; entries->long_name != NULL; entries++)
    g_ptr_array_add (options->names, g_strconcat ("--", entries->long_name, NULL));
}

Options *
options_new (const char *command, const char *parameters)
{
  Options *options = g_new0 (Options, 1);

  options->command = command;
  options->takes_words = parameters != NULL;
  options->names = g_ptr_array_new_with_free_func (g_free);
  options->context = g_option_context_new (parameters);
  /* A group, so that the help shows its options before those of every command. */
  options->group = g_option_group_new ("command", "Options:", "Show the options of the command", NULL, NULL);
  g_option_context_add_group (options->context, options->group);
  g_option_context_add_main_entries (options->context, common_entries, NULL);
  g_option_context_set_help_enabled (options->context, FALSE);
  note_names (options, common_entries);
  return options;
}

void
options_free (Options *options)
{
  g_option_context_free (options->context);
  g_ptr_array_unref (options->names);
  g_free (options);
}

void
options_add (Options *options, const GOptionEntry *entries)
{
  g_option_group_add_entries (options->group, entries);
  note_names (options, entries);
}

/* The first long option that does not exist: (transfer full) (nullable). */
static char *
find_unknown (Options *options, char **arguments)
{
  gboolean known;

  for (char **word = arguments + 1; *word != NULL && strcmp (*word, "--") != 0; word++)
    {
      g_autofree char *name = g_strndup (*word, strcspn (*word, "="));

      if (!g_str_has_prefix (name, "--"))
        continue;
      known = g_ptr_array_find_with_equal_func (options->names, name, g_str_equal, NULL);
      if (!known)
        return g_steal_pointer (&name);
    }
  return NULL;
}

static void
add_usage_hint (Report *report, const char *command)
{
  report_line (report, "help", "yaraorm-cli %s%s--help", command, *command != '\0' ? " " : "");
}

static int
report_failure (Options *options, char **arguments, const GError *error)
{
  g_autofree char *unknown = find_unknown (options, arguments);
  gboolean is_unknown = g_error_matches (error, G_OPTION_ERROR, G_OPTION_ERROR_UNKNOWN_OPTION);
  g_autoptr(Report) report = report_new (is_unknown ? "YO-U002" : "YO-U003");

  if (is_unknown && unknown != NULL)
    {
      const char *nearest;

      report_line (report, "option", "%s", unknown);
      g_ptr_array_add (options->names, NULL);
      nearest = suggest_nearest (unknown, (const char *const *) options->names->pdata);
      if (nearest != NULL)
        report_line (report, "hint", "did you mean %s?", nearest);
    }
  else
    report_line (report, "reason", "%s", error->message);
  add_usage_hint (report, options->command);
  return report_print (report, NULL);
}

const char *
options_get_config (void)
{
  return common.config;
}

const char *
options_get_set (void)
{
  return common.set;
}

void
options_remember (char **command_line)
{
  given = command_line;
}

char *
options_quote (const char *word)
{
  gboolean plain = word[strspn (word, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-./+,:@=")] == '\0';

  return plain && *word != '\0' ? g_strdup (word) : g_shell_quote (word);
}

char *
options_repeat (const char *more)
{
  GString *command = g_string_new ("yaraorm-cli");

  for (char **word = given + 1; *word != NULL; word++)
    {
      g_autofree char *quoted = options_quote (*word);

      g_string_append_printf (command, " %s", quoted);
    }
  g_string_append_printf (command, " %s", more);
  return g_string_free (command, FALSE);
}

gint64
options_get_timeout (gint64 usual)
{
  return common.seconds > 0 ? (gint64) (common.seconds * G_USEC_PER_SEC) : usual;
}

gboolean
options_may_ask (void)
{
  return !common.no_input && isatty (STDIN_FILENO) && isatty (STDERR_FILENO);
}

gboolean
options_parse_time (const char *text, double default_unit_seconds, double *seconds)
{
  static const struct
  {
    const char *name;
    double      seconds;
  } units[] = { { "s", 1 }, { "ms", 0.001 }, { "min", 60 }, { "h", 3600 }, { "d", 86400 } };
  gsize digits = strspn (text, "0123456789.");
  const char *unit = text + digits + strspn (text + digits, " ");
  char *end;
  double number = g_ascii_strtod (text, &end);

  if (digits == 0 || end != text + digits)
    return FALSE;
  *seconds = number * default_unit_seconds;
  for (guint i = 0; i < G_N_ELEMENTS (units); i++)
    if (strcmp (unit, units[i].name) == 0)
      {
        *seconds = number * units[i].seconds;
        return TRUE;
      }
  return *unit == '\0';
}

void
options_complete (const char *start)
{
  completes = start;
}

static int
print_names (const Options *options)
{
  for (guint i = 0; i < options->names->len; i++)
    if (g_str_has_prefix (options->names->pdata[i], completes))
      puts (options->names->pdata[i]);
  return STATUS_DONE;
}

int
options_print_common (void)
{
  g_autoptr(Options) options = options_new ("", NULL);

  return print_names (options);
}

gboolean
options_takes_value (const char *word)
{
  for (const GOptionEntry *entry = common_entries; entry->long_name != NULL; entry++)
    if (g_str_has_prefix (word, "--") && strcmp (word + strlen ("--"), entry->long_name) == 0)
      return entry->arg != G_OPTION_ARG_NONE;
  return FALSE;
}

void
options_look_for_json (char **words)
{
  for (; *words != NULL && strcmp (*words, "--") != 0; words++)
    if (strcmp (*words, "--json") == 0 || strcmp (*words, "--format=json") == 0
        || (strcmp (*words, "--format") == 0 && g_strcmp0 (words[1], "json") == 0))
      output_set_format (FORMAT_JSON);
}

void
options_look_for_configuration (char **words)
{
  for (; *words != NULL && words[1] != NULL; words++)
    if (strcmp (*words, "--config") == 0 || strcmp (*words, "--set") == 0)
      {
        char **option = (*words)[2] == 'c' ? &common.config : &common.set;

        g_free (*option);
        *option = g_strdup (words[1]);
      }
}

/* The mistake in the options of every command: (transfer full), or NULL. */
static char *
find_mistake (const Options *options, OutputFormat *format)
{
  *format = common.json ? FORMAT_JSON : FORMAT_TABLE;
  if (common.color != NULL && !output_set_color (common.color))
    return g_strdup_printf ("--color=%s is none of always, never, auto", common.color);
  if (common.format != NULL && !output_format_parse (common.format, format))
    return g_strdup_printf ("--format %s is none of table, json, jsonl, csv", common.format);
  if (common.json && *format != FORMAT_JSON)
    return g_strdup_printf ("--json and --format %s: one of them is wanted", common.format);
  if (common.timeout != NULL && !(options_parse_time (common.timeout, 1, &common.seconds)
                                  && common.seconds > 0 && common.seconds <= 86400))
    return g_strdup_printf ("--timeout %s is not a time of more than 0 and at most 1d, as in 5s or 500ms",
                            common.timeout);
  if ((*format == FORMAT_JSONL || *format == FORMAT_CSV) && !common.help && !command_has_table (options->command))
    return g_strdup_printf ("there is no table to be printed with --format %s; --json prints all there is",
                            common.format);
  return NULL;
}

/* Parses; what was given before the command and again behind it is freed. */
static gboolean
parse (Options *options, char ***arguments, GError **error)
{
  char **const texts[] = { &common.color, &common.config, &common.set, &common.format, &common.timeout };
  char *before[G_N_ELEMENTS (texts)];
  gboolean ok;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    before[i] = *texts[i];
  ok = g_option_context_parse_strv (options->context, arguments, error);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    if (before[i] != *texts[i])
      g_free (before[i]);
  return ok;
}

/* The parser leaves the "--" that ends the options. A strict one leaves to its caller what that means. */
static void
drop_separator (const Options *options, char **words)
{
  while (*words != NULL && strcmp (*words, "--") != 0)
    words++;
  if (*words == NULL || g_option_context_get_strict_posix (options->context))
    return;
  g_free (*words);
  memmove (words, words + 1, (g_strv_length (words + 1) + 1) * sizeof *words);
}

gboolean
options_parse (Options *options, char ***arguments, int *status)
{
  g_auto(GStrv) before = g_strdupv (*arguments);
  g_autoptr(GError) error = NULL;
  g_autofree char *mistake = NULL;
  OutputFormat format;

  if (completes != NULL)
    {
      *status = print_names (options);
      return FALSE;
    }
  if (!parse (options, arguments, &error))
    {
      options_look_for_json (before);
      *status = report_failure (options, before, error);
      return FALSE;
    }
  drop_separator (options, *arguments);
  output_set_words (common.quiet, common.verbose);
  mistake = find_mistake (options, &format);
  if (mistake == NULL && !common.help && !options->takes_words && (*arguments)[1] != NULL)
    mistake = g_strdup_printf ("\"%s\" is one argument too many", (*arguments)[1]);
  if (format == FORMAT_JSON || (!common.help && mistake == NULL && *options->command != '\0'))
    output_set_format (format);
  if (mistake != NULL)
    options_look_for_json (before);
  if (mistake != NULL)
    *status = options_wrong (options->command, "%s", mistake);
  else if (common.help)
    {
      common.help = FALSE; /* the manual page runs commands one after another */
      *status = help_print_command (options->command, options->context);
      return FALSE;
    }
  return mistake == NULL;
}

int
options_wrong (const char *command, const char *format, ...)
{
  g_autoptr(Report) report = report_new ("YO-U003");
  g_autofree char *text = NULL;
  va_list arguments;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  report_line (report, "reason", "%s", text);
  add_usage_hint (report, command);
  return report_print (report, NULL);
}
