/* SPDX-License-Identifier: MIT
 * Errors as the user meets them: a stable id, a block of lines (or a JSON object), an exit code. */
#pragma once

#include <json-glib/json-glib.h>

/* The exit codes. */
enum
{
  STATUS_DONE = 0,
  STATUS_NO = 1,            /* the command ran and the answer is "no" */
  STATUS_USAGE = 2,
  STATUS_CONFIGURATION = 3, /* a file that the command was given is not valid */
  STATUS_PLUGIN = 4,        /* the plugin was refused or misbehaved */
  STATUS_UNREACHABLE = 5,   /* a database could not be reached in time */
  STATUS_STATEMENT = 6,     /* a database refused the statement */
  STATUS_INTERRUPTED = 130
};

typedef struct
{
  const char *id;     /* never changes its meaning; its help page is help/ID.txt */
  int         status; /* STATUS_DONE: a warning only */
  const char *title;
} ErrorKind;

/* All kinds, ending with a NULL id. */
extern const ErrorKind error_kinds[];

const ErrorKind *error_kind_find (const char *id); /* (nullable) */

/* One error on its way to the user. */
typedef struct Report Report;

Report *report_new  (const char *id);
void    report_free (Report *report);
const char *report_get_id (const Report *report);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Report, report_free)

/* A line of the block, and a member of the JSON object. */
void report_line (Report *report, const char *label, const char *format, ...) G_GNUC_PRINTF (3, 4);
/* A member of the JSON object only. */
void report_data (Report *report, const char *name, const char *value);

/* The members: (transfer full). */
JsonObject *report_to_json (Report *report);

/* Prints the block to stderr or, with --json, `document` (nullable) with the error in it to stdout.
 * Returns the exit code. */
int report_print (Report *report, JsonObject *document);

/* Prints the block to stderr whatever the format. */
void report_print_words (const Report *report);
