/* SPDX-License-Identifier: MIT
 * Statements in flight on pooled sessions, driven by the main loops of their callers: one scheduler for each
 * context in which a database is used. For backends with a pipeline. */
#pragma once

#include "conn/database.h"
#include "conn/pool.h"

typedef struct YaraLoops YaraLoops;

/* `pool` and `config` are borrowed until the close. */
YaraLoops *yara_loops_new   (const YaraBackendConfig *config, YaraPool *pool);
void       yara_loops_unref (YaraLoops *loops); /* closed */

/* Refuses new jobs, waits until those in hand are done, driving their sessions from this thread, and pushes
 * their completions. */
void       yara_loops_close (YaraLoops *loops);

/* Whether the request goes this way. */
gboolean   yara_loops_take (YaraLoops *loops, const YaraRequest *request);

/* Takes a job whose request, completion, dispatcher and cancel are set; it completes once. */
void       yara_loops_submit (YaraLoops *loops, YaraJob *job);

/* Before this thread blocks for a session: what the loop of its context has in flight is brought to an end, or
 * it would keep its sessions as long as the thread sleeps. */
void       yara_loops_yield (YaraLoops *loops);

/* How many jobs have no session yet, and how many of the pool's waiters wait for such. */
void       yara_loops_count (YaraLoops *loops, guint *n_queued, guint *n_waiters);
