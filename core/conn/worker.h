/* SPDX-License-Identifier: MIT
 * Worker threads: asynchronous requests are queued and run in batches of what is queued. */
#pragma once

#include "conn/database.h"
#include "conn/pool.h"

/* Starts no thread yet. `pool` is borrowed. */
YaraWorkers *yara_workers_new  (const YaraBackendConfig *config, YaraPool *pool);
/* Closed. */
void         yara_workers_free (YaraWorkers *workers);

/* Refuses new jobs, waits until the queues are empty, and ends the threads. */
void yara_workers_close  (YaraWorkers *workers);

/* Takes a job whose request, completion, dispatcher, cancel and is_write are set; it completes once. */
void yara_workers_submit (YaraWorkers *workers, YaraJob *job);

/* The same for a job of a lease whose turn it is, and for which there is a session or the right to open
 * one: yara_lease_serve() and yara_lease_complete() are called in a thread. */
void yara_workers_submit_leased (YaraWorkers *workers, YaraJob *job);

/* Before the first of them: sees to it that there is such a thread. FALSE: it cannot be started. */
gboolean yara_workers_start_leased (YaraWorkers *workers, GError **error);

/* How many jobs no thread has taken yet. */
guint yara_workers_count_queued (YaraWorkers *workers);
