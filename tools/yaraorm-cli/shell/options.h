/* SPDX-License-Identifier: MIT
 * The command line of one command: its own options and those that every command has. */
#pragma once

#include <yaraorm/yaraorm.h>

#include "shell/errors.h"

/* Options are added before they are parsed; what the entries point to must outlive the parsing. */
typedef struct
{
  const char     *command; /* "route test"; "" before the command */
  gboolean        takes_words; /* that are no options */
  GOptionContext *context;
  GOptionGroup   *group;   /* of the command's own options; the context has it */
  GPtrArray      *names;   /* of all options, for "did you mean" */
} Options;

/* `parameters` are the words behind the command, as the help shows them; NULL: it takes none. */
Options *options_new  (const char *command, const char *parameters);
void     options_free (Options *options);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Options, options_free)

void options_add (Options *options, const GOptionEntry *entries);

/* Takes the options out of `arguments`. FALSE when there is nothing left to do: the help was shown,
 * or an error; the exit code is in `status`. */
gboolean options_parse (Options *options, char ***arguments, int *status);

/* For errors before the options are known: --json may stand anywhere in `words`. */
void options_look_for_json (char **words);

/* For the shell, whose words are not parsed: --config and --set may stand anywhere in them. */
void options_look_for_configuration (char **words);

/* What --config and --set say, before or after the command: (transfer none) (nullable). */
const char *options_get_config (void);
const char *options_get_set    (void);

/* `word` as a shell reads it: (transfer full). */
char *options_quote (const char *word);

/* The command line that was given, for a shell, with `more` behind it: (transfer full). */
void  options_remember (char **command_line);
char *options_repeat   (const char *more);

/* What --timeout says, for commands that wait on databases: microseconds; `usual` when it was not given. */
gint64 options_get_timeout (gint64 usual);

/* Whether there is somebody to be asked: not with --no-input, nor without a terminal. */
gboolean options_may_ask (void);

/* A time as in 5s, 50ms, 1min, 1h or 1d; a number alone has the default unit. FALSE: it is none. */
gboolean options_parse_time (const char *text, double default_unit_seconds, double *seconds);

/* From now on options_parse() only prints the options that begin with `start`, for the shell, and there is
 * nothing left to do. */
void options_complete (const char *start);

/* Prints those that every command has; returns the exit code. */
int options_print_common (void);

/* Whether `word` is one of them whose value is the next word. */
gboolean options_takes_value (const char *word);

/* Prints a usage error (YO-U003) and returns the exit code. */
int options_wrong (const char *command, const char *format, ...) G_GNUC_PRINTF (2, 3);
