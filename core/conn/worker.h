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
