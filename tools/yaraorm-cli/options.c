/* SPDX-License-Identifier: MIT
 * The command line of one command. */
#include "options.h"

#include <stdio.h>
#include <string.h>

#include "errors.h"
#include "help.h"
#include "output.h"
#include "suggest.h"

/* The options of every command. */
static struct
{
  gboolean json, help;
  char    *color, *config, *set;
} common;

/* What the options to be printed begin with, or NULL. */
static const char *completes;

static const GOptionEntry common_entries[] = {
  { "json", 0, 0, G_OPTION_ARG_NONE, &common.json, "Print the result, errors too, as one JSON object", NULL },
  { "color", 0, 0, G_OPTION_ARG_STRING, &common.color, "Use color: always, never or auto (the default)",
    "WHEN" },
  { "config", 0, 0, G_OPTION_ARG_FILENAME, &common.config,
    "The configuration file (default: see \"config path\")", "FILE" },
  { "set", 0, 0, G_OPTION_ARG_STRING, &common.set, "The set of groups in it, as in [SET connection NAME]", "SET" },
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
options_parse (Options *options, char ***arguments, int *status)
{
  g_auto(GStrv) given = g_strdupv (*arguments);
  g_autoptr(GError) error = NULL;
  g_autofree char *color = NULL;

  if (completes != NULL)
    {
      *status = print_names (options);
      return FALSE;
    }
  if (!g_option_context_parse_strv (options->context, arguments, &error))
    {
      /* The option may stand behind the mistake. */
      output_set_json (output_is_json () || g_strv_contains ((const char *const *) given, "--json"));
      *status = report_failure (options, given, error);
      return FALSE;
    }
  output_set_json (common.json);
  color = g_steal_pointer (&common.color); /* it may be given before and after the command */
  if (color != NULL && !output_set_color (color))
    {
      *status = options_wrong (options->command, "--color=%s is none of always, never, auto", color);
      return FALSE;
    }
  if (common.help)
    {
      common.help = FALSE; /* the manual page runs commands one after another */
      *status = help_print_command (options->command, options->context);
      return FALSE;
    }
  return TRUE;
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
