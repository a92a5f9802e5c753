/* SPDX-License-Identifier: MIT
 * Plugin code runs in a child process: this program again, with a hidden command. The child writes
 * one JSON object a line to PROBE_FD, behind the word that is in its environment as PROBE_WORD: a plugin that
 * writes there, too, does not know it.
 *   {"at":TEXT,"limit":MS}  what it does next, and how long that may take
 *   {"refused":{...}}       the library refused the plugin
 *   {"done":true}           the last line; a child that ended without it was ended by the plugin
 * and whatever else the mode has to say. */
#pragma once

#include "probe/router-options.h"
#include "shell/errors.h"

#define PROBE_COMMAND "--probe"
#define PROBE_FD 3
#define PROBE_WORD "YARAORM_PROBE_WORD"

/* The child: `arguments` are PROBE_COMMAND, the mode ("route", "rules", "explain", "explain-rules", "check",
 * "swap", "bench" or "replay") and a router's options. */
int probe_main (char **arguments);

typedef enum
{
  PROBE_DONE,
  PROBE_NOT_STARTED,
  PROBE_CRASHED,   /* `status` is the signal */
  PROBE_EXITED,    /* `status` is the exit status */
  PROBE_TIMED_OUT
} ProbeEnd;

/* What the parent learned. */
typedef struct
{
  ProbeEnd    end;
  int         status;
  char       *at;      /* what the child did last */
  char       *reason;  /* why it was not started, or NULL */
  GPtrArray  *lines;   /* of JsonObject, without "at", "refused" and "done" */
  JsonObject *refused; /* (nullable) */
} ProbeResult;

ProbeResult *probe_run         (const char *mode, const RouterOptions *router);
/* The same in this process, for a debugger: without limits, and a crash is its own. */
ProbeResult *probe_run_here    (const char *mode, const RouterOptions *router);
/* The same for work that takes up to `limit` microseconds. The child gets `more` options and, if not NULL, a
 * `second` plugin. Cancelling ends it. */
ProbeResult *probe_run_long    (const char *mode, const RouterOptions *router, const char *const *more,
                                const char *second, gint64 limit, GCancellable *cancellable);
/* The next child has this file as its stdin. */
void         probe_set_input   (int fd);
void         probe_result_free (ProbeResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (ProbeResult, probe_result_free)

/* What the child is started with, behind the name of the program, NULL at the end: (transfer full). */
GPtrArray *probe_list_arguments (const char *mode, const RouterOptions *router, const char *const *more,
                                 const char *second);

/* A member of a line, NULL when it is absent or null: (transfer none). */
const char *probe_get_text (JsonObject *line, const char *member);

/* Where a decision goes, all the connections taken in turn with commas between: (transfer full), NULL after an
 * error. */
char *probe_get_connections (JsonObject *line);

/* The id of the error for a YaraRouterError. */
const char *probe_get_refusal_id (int code);

/* "signal 11 (SIGSEGV)": (transfer full). */
char *probe_describe_signal (int number);

/* The error behind a result, NULL when the plugin was loaded and lived to the end: (transfer full). */
Report *probe_result_report (const ProbeResult *result, const char *plugin);
