/* SPDX-License-Identifier: MIT
 * The pool from the inside, for the files conn/pool*.c. */
#pragma once

#include <pthread.h>
#include "conn/pool.h"

typedef struct
{
  gboolean      read_only;
  guint         max;
  guint         n_open; /* or being opened */
  guint         n_free;
  YaraSession **free;   /* the one used last on top */
  YaraPoolWaiter *first;
} YaraPoolShelf;

struct YaraPool
{
  const YaraBackendConfig *config;
  pthread_mutex_t mutex;
  pthread_cond_t  emptied;
  gboolean        is_closed;
  YaraPoolShelf   shelves[2]; /* write, read */
  YaraYieldFunc   yield;      /* or NULL */
  gpointer        yield_data;
};

static inline YaraPoolShelf *
yara_pool_get_shelf (YaraPool *pool, gboolean write)
{
  return &pool->shelves[!write && pool->shelves[1].max > 0];
}

/* Whoever watches it is told that it is given to somebody else. */
static inline YaraSession *
yara_session_stop_watching (YaraSession *session)
{
  YaraWatch *watch = session->watch;

  if (G_UNLIKELY (watch != NULL))
    {
      session->watch = NULL;
      watch->taken (watch);
    }
  return session;
}

/* ---- with the mutex held ---- */

static inline void
yara_pool_shelf_add_waiter (YaraPoolShelf *shelf, YaraPoolWaiter *waiter)
{
  YaraPoolWaiter **end = &shelf->first;

  while (*end != NULL)
    end = &(*end)->next;
  waiter->next = NULL;
  *end = waiter;
}

static inline void
yara_pool_shelf_remove_waiter (YaraPoolShelf *shelf, YaraPoolWaiter *waiter)
{
  YaraPoolWaiter **link = &shelf->first;

  while (*link != waiter)
    link = &(*link)->next;
  *link = waiter->next;
}

/* Closes what has rested for too long, the one used least recently first; lets go of the mutex meanwhile. */
void yara_pool_close_rested (YaraPool *pool, YaraPoolShelf *shelf);

/* ---- without it ---- */

/* On a place that is counted in n_open. */
YaraSession *yara_pool_open_session (YaraPool *pool, YaraPoolShelf *shelf, GCancellable *cancellable, GError **error);
