/* SPDX-License-Identifier: MIT
 * Running requests on sessions, and completing jobs. */
#pragma once

#include "conn/database.h"
#include "conn/pool.h"

/* Jobs that run together, at most. */
#define YARA_MAX_GROUP 256

/* Whether the request has to go to a session that writes. */
gboolean yara_request_writes (const YaraRequest *request);

/* Runs a request on a session in this thread; `cancel` (nullable) stops it. */
void yara_request_run (YaraRequest *request, YaraSession *session, YaraCancel *cancel);

/* Whether the job may run in a group with others that read or write as it does. */
gboolean yara_job_is_groupable (const YaraJob *job);

/* Runs one job, or a group, in this thread. */
void yara_jobs_run (YaraJob **jobs, guint n_jobs, YaraPool *pool);

/* The job that a request is embedded in. */
static inline YaraJob *
yara_request_get_job (YaraRequest *request)
{
  return (YaraJob *) ((char *) request - G_STRUCT_OFFSET (YaraJob, request));
}

/* Completes a job at once, in its context. It may be gone afterwards. */
void yara_job_complete_here (YaraJob *job);

/* Hands the outcomes over. The jobs may be gone afterwards. */
void yara_jobs_complete (YaraJob **jobs, guint n_jobs);

/* Completes with an error, which it takes over. */
void    yara_job_fail (YaraJob *job, GError *error);
GError *yara_job_cancelled_error (void);
