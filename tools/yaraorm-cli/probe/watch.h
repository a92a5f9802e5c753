/* SPDX-License-Identifier: MIT
 * A router inside the child, put in force in such a way that what it says can be seen: the library decides, and
 * asks the router through functions of this program. */
#pragma once

#include "probe/child.h"

/* Puts the plugin of `router`, or the rules of its configuration, in force. */
gboolean probe_watch (ProbeRouter *router, const RouterOptions *options, GError **error);

/* How often it was asked since it was put in force, and its last answer. */
guint         probe_watch_count       (void);
const Answer *probe_watch_last_answer (void);

/* Forgets the last answer. */
void probe_watch_forget (void);

/* The id of the error in a decision, or NULL. */
const char *probe_watch_find_fault (gboolean decided);

/* Sets `member` to the last answer, null when it was none. */
void probe_watch_set_answer (JsonObject *line, const char *member);

/* Nanoseconds of a call: those of the fastest of a few batches. */
gint64 probe_watch_time (const YaraModel *model, YaraOperation operation, const char *const *hints);

/* The rule that decides: "Event*.*=analytics": (transfer full) (nullable). */
char *probe_watch_find_rule (const YaraModel *model, YaraOperation operation);
