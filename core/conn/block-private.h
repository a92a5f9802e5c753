/* SPDX-License-Identifier: MIT
 * Blocks from the inside, for the two files that are about them. */
#pragma once

#include <pthread.h>
#include "conn/block.h"
#include "conn/lease.h"

/* A transaction: what its blocks share. */
typedef struct
{
  atomic_int             ref_count;
  gconstpointer          owner;
  YaraConnection        *connection;
  YaraDatabase          *database;
  YaraTransactionOptions options;
  gint64                 deadline;     /* monotonic; 0: none */
  atomic_uint_fast64_t   n_overridden;
  atomic_bool            has_ended;    /* its end was issued */

  pthread_mutex_t        mutex;        /* of all that follows */
  YaraLease             *lease;        /* NULL: given back */
  guint                  n_inside;     /* threads that run a request on it */
  gboolean               is_done;      /* its end has come */
  YaraBlock             *innermost;
  guint                  n_savepoints;
  const char            *doom;         /* why it can only be rolled back, or NULL */
} YaraUnit;

struct YaraBlock
{
  atomic_int  ref_count;
  YaraUnit   *unit;
  YaraBlock  *below;       /* the one begun before, a reference; NULL: this is the transaction itself */
  gboolean    is_nested;
  guint       savepoint;
  atomic_bool is_over;
  gboolean    has_foreign; /* an outer block has issued statements in it */
};

/* With the mutex held: why nothing more of the block can be done: (transfer full), or NULL. */
GError *yara_block_find_obstacle (YaraBlock *block);

gboolean yara_unit_is_late    (const YaraUnit *unit);
GError  *yara_unit_late_error (const YaraUnit *unit);

/* Runs a request that was counted in n_inside. */
void yara_unit_run    (YaraUnit *unit, YaraRequest *request, GCancellable *cancellable);

/* Gives the session back when it is done and nobody uses it. Leaves the mutex. */
void yara_unit_unlock (YaraUnit *unit);

/* Completes a job that never ran, later. */
void yara_block_complete_later (YaraJob *job);
