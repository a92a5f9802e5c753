/* SPDX-License-Identifier: MIT
 * Generations: what is in force together, published with one store; and the way out for those that
 * were in force.
 *
 * A visitor counts itself into the generation that it saw and then looks again: when the generation
 * is still in force it stays, else it leaves and tries the next one. A publisher replaces the
 * generation and then looks at the counters. Both use sequentially consistent operations, so at
 * least one of the two sees the other, and a generation whose counters read zero after it was
 * replaced is nobody's. Its memory is used again and never freed while visitors may come, so that
 * counting into a stale one is harmless. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include <yaraorm/yara-routing.h>

#include "base/tally.h"
#include "conn/connection.h"
#include "route/plugin.h"

/* A router: a plugin, two functions of the program, or none. Generations that differ only in their
 * connections share one. */
typedef struct
{
  guint64         number;        /* counts the routers that were in force */
  YaraRouterFunc  functions[2];  /* by YaraOperation; NULL: none */
  gpointer        user_data;
  GDestroyNotify  destroy;
  YaraPlugin     *plugin;        /* or NULL */
  guint64         calls;         /* made in generations that are gone; under the lock */
  guint           n_generations; /* under the lock */
  YaraTally      *differences;   /* of a shadow: from where the router sends a statement to where it would */
} YaraRouter;

/* Threads count in different cache lines. Number of visitors inside, and above it of router calls
 * that are over: one operation leaves and counts the call. */
#define YARA_CALL_SHIFT 20

typedef struct
{
  _Alignas (64) _Atomic guint64 count;
} YaraStripe;

typedef struct YaraGeneration YaraGeneration;
struct YaraGeneration
{
  YaraStripe      stripes[YARA_N_STRIPES];
  YaraRegistry   *registry;
  YaraRouter     *router;
  YaraRouter     *shadow; /* asked beside it, not followed; or NULL */
  YaraGeneration *next; /* retired or free */
};

/* A router's taking over from another. In a list while somebody waits for the end of the old one. */
typedef struct YaraReplacement YaraReplacement;
struct YaraReplacement
{
  YaraRouterReceipt *receipt;    /* filled in */
  gint64             start;      /* when it was in force, on the monotonic clock */
  guint              n_waiting;  /* old routers that are not unloaded yet: 1, then 0 */
  YaraReplacement   *next;
};

typedef struct
{
  YaraGeneration *_Atomic current;
  pthread_mutex_t         lock;      /* for what follows; no visitor takes it unless it was overtaken */
  pthread_cond_t          changed;   /* somebody left a retired generation, or one is gone */
  YaraGeneration         *retired;
  YaraGeneration         *free;
  guint                   n_retired; /* with the one that is being taken down */
  guint                   n_routers; /* that exist, with the one in force */
  guint64                 last_number;
  YaraReplacement        *replacements;
  GThread                *reaper;    /* takes down retired generations; ends when there are none */
  gboolean                is_reaping;
} YaraGenerations;

/* A visitor's place. */
typedef struct
{
  YaraGeneration *generation;
  guint           stripe;
  gboolean        has_called; /* set it when the router was asked */
} YaraVisit;

void yara_generations_init  (YaraGenerations *generations); /* no connections, no router */
/* Nobody may be inside or come. */
void yara_generations_clear (YaraGenerations *generations);

/* Between the two, what the generation holds stays. */
YaraVisit yara_generations_enter (YaraGenerations *generations);
void      yara_generations_leave (YaraGenerations *generations, YaraVisit visit);

/* Puts a generation in force; takes over the reference and the router. NULL: as in the one before.
 * Never waits for visitors. `replacement` (nullable), of a router, has its receipt set by the caller, and
 * must be forgotten afterwards. */
void yara_generations_publish (YaraGenerations *generations, YaraRegistry *registry, YaraRouter *router, YaraReplacement *replacement);
void yara_generations_forget  (YaraGenerations *generations, YaraReplacement *replacement);

/* Puts the same in force with a shadow, which is taken over; NULL: without one. */
void yara_generations_publish_shadow (YaraGenerations *generations, YaraRouter *shadow);

/* Waits until `*counter`, one of the above, is at most `goal`; FALSE when that takes more than
 * `timeout` microseconds, or is cancelled. */
gboolean yara_generations_wait (YaraGenerations *generations, const guint *counter, guint goal, gint64 timeout, GCancellable *cancellable);

/* Calls of the router in force that are over. The lock is held. */
guint64 yara_generations_count_calls (YaraGenerations *generations);
