/* SPDX-License-Identifier: MIT
 * The sessions of a database: opened on demand, given out first come first served. */
#pragma once

#include "backend/backend.h"
#include "conn/cancel.h"

typedef struct YaraPool YaraPool;

/* Opens nothing yet. `config` is borrowed. */
YaraPool *yara_pool_new  (const YaraBackendConfig *config);
/* Closed, or never opened. */
void      yara_pool_free (YaraPool *pool);

/* What a thread does before it blocks for a session: it may hold some itself, in a main loop that stands
 * still meanwhile. Set before the pool is used. */
typedef void (*YaraYieldFunc) (gpointer data);

void      yara_pool_set_yield (YaraPool *pool, YaraYieldFunc yield, gpointer data);

/* Opens one session that writes, and more up to min_size. */
gboolean  yara_pool_open (YaraPool *pool, GCancellable *cancellable, GError **error);

/* Refuses new callers, serves those that wait, waits for the sessions in use and closes them all. */
void      yara_pool_close (YaraPool *pool);

/* A session, for one that waits up to acquire_timeout. `cancel` (nullable) is not armed. */
YaraSession *yara_pool_acquire (YaraPool *pool, gboolean write, YaraCancel *cancel, GError **error);

/* The same without waiting: NULL when none is free or it cannot be opened. */
YaraSession *yara_pool_try_acquire (YaraPool *pool, gboolean write);

/* One that is not clean, or too old, is closed. */
void yara_pool_release (YaraPool *pool, YaraSession *session);

/* ---- without blocking ---- */

typedef enum
{
  YARA_POOL_SESSION,  /* waiter->session is the caller's */
  YARA_POOL_MAY_OPEN, /* the caller calls yara_pool_open_granted(), in a thread that may block */
  YARA_POOL_WAITING,  /* waiter->granted() comes, unless it is withdrawn; or the caller does not wait */
  YARA_POOL_CLOSED
} YaraPoolGrant;

/* One in the queue of a pool, with those that block; embed it. */
typedef struct YaraPoolWaiter YaraPoolWaiter;
struct YaraPoolWaiter
{
  /* Called once, in the thread that releases and with the pool locked: it hands the news over. */
  void          (*granted) (YaraPoolWaiter *waiter);
  gboolean        keeps_watch; /* looks after the watch of the session itself; else nobody watches it any more */
  YaraSession    *session;    /* granted; NULL: the right to open one */
  gboolean        is_granted; /* this and the next are the pool's */
  YaraPoolWaiter *next;
};

YaraPoolGrant yara_pool_request  (YaraPool *pool, gboolean write, gboolean waits, YaraPoolWaiter *waiter);

/* Leaves the queue. FALSE: it was granted before; what was granted is the caller's. */
gboolean      yara_pool_withdraw (YaraPool *pool, gboolean write, YaraPoolWaiter *waiter);

/* Takes this session, if it is at rest. It may not exist any more. */
gboolean      yara_pool_take     (YaraPool *pool, YaraSession *session);

/* Opens a session on a place that was granted; blocks. A failure gives the place back. */
YaraSession  *yara_pool_open_granted (YaraPool *pool, gboolean write, GCancellable *cancellable, GError **error);

/* Whether somebody waits, so that who could keep a session busy for ever should let go of it. */
gboolean      yara_pool_is_wanted (YaraPool *pool, gboolean write);

/* For who has waited for acquire_timeout. */
GError       *yara_pool_timeout_error (YaraPool *pool, gboolean write);

typedef struct
{
  guint n_open;    /* or being opened */
  guint n_in_use;  /* of these */
  guint n_waiting; /* for one */
} YaraPoolCounts;

void yara_pool_get_counts (YaraPool *pool, YaraPoolCounts *counts);

/* For who comes after the close. */
GError *yara_pool_closed_error (void);

/* How many sessions only read; 0: the others do it. */
static inline guint
yara_pool_max_readers (const YaraBackendConfig *config)
{
  return config->single_writer ? config->max_size - 1 : 0;
}
