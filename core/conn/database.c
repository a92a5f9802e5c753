/* SPDX-License-Identifier: MIT
 * A database: the pool of its sessions and those who use it. Blocking requests run in the thread of the
 * caller; asynchronous ones are driven by the main loop of the caller where the backend can do that, else
 * they run on the workers. */
#include "conn/database.h"

#include <pthread.h>
#include <stdatomic.h>
#include "conn/job.h"
#include "conn/lease.h"
#include "conn/loop.h"
#include "conn/worker.h"

struct YaraDatabase
{
  atomic_int         ref_count;
  atomic_bool        is_closed;
  pthread_mutex_t    close_mutex; /* two may close at once: both return when it is done */
  YaraBackendConfig *config;
  YaraPool          *pool;
  YaraWorkers       *workers;
  YaraLoops         *loops;
  YaraLeases        *leases;
};

static YaraBackendConfig *
parse_config (const char *text, GError **error)
{
  g_autoptr(YaraUrl) url = yara_url_parse (text, error);
  const YaraBackend *backend = url != NULL ? yara_backend_find (url->scheme, error) : NULL;

  return backend != NULL ? backend->config_new (url, error) : NULL;
}

YaraDatabase *
yara_database_open (const char *url, GCancellable *cancellable, GError **error)
{
  YaraBackendConfig *config = parse_config (url, error);
  YaraDatabase *database;

  if (config == NULL)
    return NULL;
  database = g_new0 (YaraDatabase, 1);
  atomic_init (&database->ref_count, 1);
  pthread_mutex_init (&database->close_mutex, NULL);
  database->config = config;
  database->pool = yara_pool_new (config);
  database->workers = yara_workers_new (config, database->pool);
  database->loops = yara_loops_new (config, database->pool);
  yara_pool_set_yield (database->pool, (YaraYieldFunc) yara_loops_yield, database->loops);
  database->leases = yara_leases_new ();
  if (!yara_pool_open (database->pool, cancellable, error))
    {
      yara_database_unref (database);
      return NULL;
    }
  return database;
}

YaraDatabase *
yara_database_ref (YaraDatabase *database)
{
  atomic_fetch_add_explicit (&database->ref_count, 1, memory_order_relaxed);
  return database;
}

void
yara_database_unref (YaraDatabase *database)
{
  if (atomic_fetch_sub (&database->ref_count, 1) > 1)
    return;
  yara_database_close (database);
  yara_leases_free (database->leases);
  yara_loops_unref (database->loops);
  yara_workers_free (database->workers);
  yara_pool_free (database->pool);
  database->config->backend->config_free (database->config);
  pthread_mutex_destroy (&database->close_mutex);
  g_free (database);
}

void
yara_database_close (YaraDatabase *database)
{
  yara_dispatcher_flush_current (); /* what this thread has submitted */
  pthread_mutex_lock (&database->close_mutex);
  if (!atomic_exchange (&database->is_closed, TRUE))
    {
      yara_leases_close (database->leases, database->pool);
      yara_loops_close (database->loops);
      yara_workers_close (database->workers);
      yara_pool_close (database->pool);
    }
  pthread_mutex_unlock (&database->close_mutex);
}

const YaraBackendConfig *
yara_database_get_config (YaraDatabase *database)
{
  return database->config;
}

YaraPool *
yara_database_get_pool (YaraDatabase *database)
{
  return database->pool;
}

YaraWorkers *
yara_database_get_workers (YaraDatabase *database)
{
  return database->workers;
}

YaraLeases *
yara_database_get_leases (YaraDatabase *database)
{
  return database->leases;
}

void
yara_database_get_counts (YaraDatabase *database, YaraDatabaseCounts *counts)
{
  YaraPoolCounts pool;
  guint n_queued, n_waiters;

  yara_pool_get_counts (database->pool, &pool);
  counts->n_open = pool.n_open;
  counts->n_in_use = pool.n_in_use;
  yara_loops_count (database->loops, &n_queued, &n_waiters);
  counts->n_queued = pool.n_waiting - MIN (pool.n_waiting, n_waiters) + n_queued +
                     yara_workers_count_queued (database->workers);
}

/* ---- blocking ---- */

static inline void
run_on_session (YaraDatabase *database, YaraRequest *request, YaraCancel *cancel)
{
  YaraSession *session = yara_pool_acquire (database->pool, yara_request_writes (request), cancel, &request->error);

  if (G_UNLIKELY (session == NULL))
    return;
  if (G_LIKELY (cancel == NULL))
    database->config->backend->session_run (session, request, NULL);
  else
    yara_request_run (request, session, cancel);
  yara_pool_release (database->pool, session);
}

void
yara_database_run (YaraDatabase *database, YaraRequest *request, GCancellable *cancellable)
{
  YaraCancel *cancel = cancellable != NULL ? yara_cancel_new (cancellable) : NULL;

  if (G_LIKELY (!atomic_load_explicit (&database->is_closed, memory_order_relaxed)))
    run_on_session (database, request, cancel);
  else
    request->error = yara_pool_closed_error ();
  if (cancel != NULL)
    yara_cancel_free (cancel);
}

/* ---- asynchronous ---- */

/* In this thread, if a session is there without waiting. */
static gboolean
run_at_once (YaraDatabase *database, YaraJob *job)
{
  YaraSession *session = yara_pool_try_acquire (database->pool, job->is_write);

  if (session == NULL)
    return FALSE;
  yara_request_run (&job->request, session, job->cancel);
  yara_pool_release (database->pool, session);
  yara_jobs_complete (&job, 1);
  return TRUE;
}

void
yara_database_submit (YaraDatabase *database, YaraJob *job, GCancellable *cancellable)
{
  job->dispatcher = yara_dispatcher_get_current ();
  job->cancel = cancellable != NULL ? yara_cancel_new (cancellable) : NULL;
  if (yara_loops_take (database->loops, &job->request))
    {
      yara_loops_submit (database->loops, job);
      return;
    }
  job->is_write = yara_request_writes (&job->request);
  if (!database->config->fast_path || !run_at_once (database, job))
    yara_workers_submit (database->workers, job);
}
