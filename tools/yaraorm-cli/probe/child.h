/* SPDX-License-Identifier: MIT
 * The child's side of a probe: what its modes share. */
#pragma once

#include <json-glib/json-glib.h>

#include "probe/router.h"

/* Tells the parent what comes next; it ends the child `limit` milliseconds later. */
void probe_at (guint limit, const char *format, ...) G_GNUC_PRINTF (2, 3);

/* Sends one line. Takes over the object. */
void probe_send (JsonObject *object);

/* Runs a mode in this process; its lines go to `take` with `data`. */
typedef void (*ProbeTake) (gpointer data, JsonObject *line);
void probe_work_here (const char *mode, const RouterOptions *options, ProbeTake take, gpointer data);

/* Tells the parent that the library refused something. */
void probe_refuse (const GError *error);

/* Puts this process into a group of its own, so that the parent can end whatever the plugin starts, and limits
 * its memory and time, unless the parent alone watches over the time. */
void probe_confine (gboolean is_limited);

/* Tells the parent that all is done, and ends the process. */
void probe_finish (void) G_GNUC_NORETURN;

/* How often a question is asked to learn all its answers. */
#define PROBE_REPEAT 32

/* Milliseconds for one call. */
#define PROBE_CALL_LIMIT 1000

/* The modes, which stand beside their commands. Their lines are described where they are made. */
void probe_route (ProbeRouter *router, const RouterOptions *options);
void probe_explain (ProbeRouter *router, const RouterOptions *options);
void probe_check (ProbeRouter *router, const RouterOptions *options);

/* Those that begin by themselves; `arguments` are the mode and its options. */
int swap_child_main   (char **arguments);
int bench_child_main  (char **arguments);
int replay_child_main (char **arguments); /* the log is on stdin */
