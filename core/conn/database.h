/* SPDX-License-Identifier: MIT
 * An open database: its sessions, and the threads that run asynchronous work on them. Counted. */
#pragma once

#include <gio/gio.h>
#include "backend/backend.h"
#include "conn/cancel.h"
#include "conn/dispatch.h"

typedef struct YaraDatabase YaraDatabase;
typedef struct YaraWorkers YaraWorkers;
typedef struct YaraPool YaraPool;
typedef struct YaraLoop YaraLoop;
typedef struct YaraLease YaraLease;
typedef struct YaraLeases YaraLeases;

/* Opens it, with one session at least, so that a bad database fails here: (transfer full). Blocks. */
YaraDatabase *yara_database_open  (const char *url, GCancellable *cancellable, GError **error);
YaraDatabase *yara_database_ref   (YaraDatabase *database);
/* The last reference closes: queued work is finished first. Never called from a worker thread. */
void          yara_database_unref (YaraDatabase *database);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraDatabase, yara_database_unref)

const YaraBackendConfig *yara_database_get_config (YaraDatabase *database);

/* Sessions, and the statements that have none yet. */
typedef struct
{
  guint n_open, n_in_use, n_queued;
} YaraDatabaseCounts;

void yara_database_get_counts (YaraDatabase *database, YaraDatabaseCounts *counts);

/* Its parts, for leases. */
YaraPool    *yara_database_get_pool    (YaraDatabase *database);
YaraWorkers *yara_database_get_workers (YaraDatabase *database);
YaraLeases  *yara_database_get_leases  (YaraDatabase *database);

/* Refuses new work with YARA_ERROR_CONNECTION, waits until what was submitted is done and its
 * completions are pushed, and closes the sessions. Blocks. */
void yara_database_close (YaraDatabase *database);

/* Runs a request in this thread; waits for a session first. The outcome is in the request. */
void yara_database_run (YaraDatabase *database, YaraRequest *request, GCancellable *cancellable);

/* One that takes its turn on a lease. */
typedef struct YaraTurn YaraTurn;
struct YaraTurn
{
  void    (*start) (YaraTurn *turn);
  gboolean  is_queued;
  YaraTurn *next;
};

/* A request on its way through a worker; embed it. All members but the first two are the
 * database's. */
typedef struct YaraJob YaraJob;
struct YaraJob
{
  YaraCompletion  completion; /* pushed when the outcome is there; set completion.complete */
  YaraRequest     request;
  YaraDispatcher *dispatcher; /* where the completion goes; a reference */
  YaraWorkers    *workers;
  YaraLoop       *loop;       /* which drives it; or NULL */
  gint64          queued_at;  /* monotonic */
  gboolean        was_lost;   /* it has been sent before, and did not run */
  YaraLease      *lease;      /* it runs on; or NULL */
  YaraTurn        turn;
  YaraCancel     *cancel;     /* or NULL */
  gboolean        is_queued;
  gboolean        is_cancelled;
  gboolean        is_write;
  YaraJob        *next, *previous;
};

/* Queues a request; completes it in the thread-default context of the caller, never before this
 * returns. Cancelling removes a queued one and interrupts a running one; either way it completes
 * once, with G_IO_ERROR_CANCELLED unless it had finished. `cancellable` is nullable. The caller
 * drops nothing: on completion dispatcher and cancellable are released already. The caller
 * keeps a reference to the database until then. */
void yara_database_submit (YaraDatabase *database, YaraJob *job, GCancellable *cancellable);
