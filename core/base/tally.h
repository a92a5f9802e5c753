/* SPDX-License-Identifier: MIT
 * Tallies: how often something happened, by what it was and by generation. Counting takes no lock and no
 * memory once a row has been counted before. Of each row the latest generations are told apart; what
 * older ones have counted is kept as a sum, so that nothing is lost and memory does not grow. */
#pragma once

#include <pthread.h>

#include "base/stripe.h"

/* What is counted; compared by value. */
typedef struct
{
  gconstpointer what[3];
  guint         kind;
} YaraTallyKey;

typedef struct YaraTallyRow YaraTallyRow;

#define YARA_N_TALLY_BUCKETS 64

typedef struct
{
  pthread_mutex_t        lock; /* for what is new, and for reading */
  YaraTallyRow *_Atomic  buckets[YARA_N_TALLY_BUCKETS];
} YaraTally;

void yara_tally_init  (YaraTally *tally);
void yara_tally_clear (YaraTally *tally);

/* Counts one, in the first or the second count of a row. */
void yara_tally_add (YaraTally *tally, const YaraTallyKey *key, guint64 generation, guint which);

/* Stands for all generations that are not told apart any more. */
#define YARA_TALLY_OLDER G_MAXUINT64

typedef void (*YaraTallyFunc) (const YaraTallyKey *key, guint64 generation, const guint64 counts[2], gpointer data);

/* Calls `func` for every row and generation that was counted. `func` must not count. */
void yara_tally_foreach (YaraTally *tally, YaraTallyFunc func, gpointer data);
