/* SPDX-License-Identifier: MIT
 * Leases from the inside, for the two files that are about them. One mutex guards all leases of a
 * database; it is never held while statements run or jobs complete. Locks are taken in the order
 * lease, pool, workers. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include "conn/lease.h"
#include "conn/pool.h"

struct YaraLeases
{
  pthread_mutex_t mutex;
  pthread_cond_t  settled;  /* a lease is no longer busy */
  gboolean        is_closed;
  guint           n_busy;
  YaraLease      *first;
};

struct YaraLease
{
  atomic_int     ref_count; /* the owner's and the timer's */
  YaraDatabase  *database;
  YaraLeases    *leases;
  gboolean       write;
  YaraSession   *session;   /* of whose turn it is; NULL: not yet, or taken away */
  YaraPoolWaiter waiter;

  /* under the mutex */
  gboolean       is_busy;   /* a turn goes on */
  YaraTurn      *turns;     /* those to come */
  YaraJob       *waiting;   /* in the queue of the pool; NULL: none */
  GSource       *timer;     /* of its wait */
  YaraLease     *next, *previous;
};

/* ---- with the mutex held ---- */

/* Begins a turn, or queues it. FALSE: refused, the database is closed. */
gboolean  yara_lease_enter   (YaraLease *lease, YaraTurn *turn);

/* FALSE: it is not in the queue. */
gboolean  yara_lease_unqueue (YaraLease *lease, YaraTurn *turn);

/* Ends a turn: the next one, which is to be started without the mutex. When there is none the lease may
 * be gone once the mutex is free. */
YaraTurn *yara_lease_leave   (YaraLease *lease);

/* ---- */

void yara_lease_unref (gpointer lease);

/* The waiter of a lease has been granted a session, or the right to open one. */
void yara_lease_on_granted (YaraPoolWaiter *waiter);
