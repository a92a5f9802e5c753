/* SPDX-License-Identifier: MIT
 * A session held for several requests, one after another: a transaction, a cursor. */
#pragma once

#include "conn/database.h"

/* Takes no session yet; the first request does. Keeps a reference to the database. */
YaraLease *yara_lease_new (YaraDatabase *database, gboolean write);

/* Nothing runs on it or is queued; never called from a worker thread. The session goes back to the pool; one that is not clean is closed,
 * which ends what was open in it. */
void       yara_lease_free (YaraLease *lease);

/* As yara_database_run() and yara_database_submit(), on the session of the lease: one request at a time,
 * in the order in which they were issued, whatever the shape. A session that was lost stays lost:
 * every later request fails with YARA_ERROR_CONNECTION. So do requests after the database was closed,
 * which takes the session away from the lease. A request that gets no session fails, and the next one
 * tries again. Asynchronous requests always run on threads. */
void       yara_lease_run    (YaraLease *lease, YaraRequest *request, GCancellable *cancellable);
void       yara_lease_submit (YaraLease *lease, YaraJob *job, GCancellable *cancellable);

/* ---- for the workers ---- */

/* Runs a job whose turn it is, and for which there is a session or the right to open one. */
void yara_lease_serve    (YaraJob *job);

/* Completes it, and sends the next one on its way. */
void yara_lease_complete (YaraJob *job);

/* ---- for the database ---- */

/* The leases of a database. */
YaraLeases *yara_leases_new  (void);
void        yara_leases_free (YaraLeases *leases);

/* Refuses new requests, waits until those that were issued are done, and takes the sessions away. */
void        yara_leases_close (YaraLeases *leases, YaraPool *pool);
