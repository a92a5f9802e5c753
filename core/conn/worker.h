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

/* Completes a job that was run elsewhere. */
void yara_job_complete (YaraJob *job);

/* Whether the request has to go to a session that writes, as far as can be told before it runs. */
gboolean yara_request_writes (const YaraRequest *request);

/* Runs a request on a session in this thread; `cancel` (nullable) stops it. */
void yara_request_run (YaraRequest *request, YaraSession *session, YaraCancel *cancel);
