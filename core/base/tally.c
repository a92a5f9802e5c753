/* SPDX-License-Identifier: MIT
 * Tallies. A cell serves one generation after another. Each of its counters carries a tag of the generation
 * in its upper bits and changes by compare-and-swap, so that nobody counts into the next one's life. */
#include "base/tally.h"

#include <stdatomic.h>

__thread char yara_stripe_thread;

/* Generations of a row that are told apart; the power of two makes 0, which is nobody's, a case of its own. */
#define N_LIVE    16
#define TAG_SHIFT 44
#define COUNT     ((G_GUINT64_CONSTANT (1) << TAG_SHIFT) - 1)

typedef struct
{
  _Alignas (64) _Atomic guint64 counts[2];
} Stripe;

typedef struct
{
  Stripe  stripes[YARA_N_STRIPES];
  guint64 generation; /* under the lock */
} Cell;

struct YaraTallyRow
{
  YaraTallyKey   key;
  Cell *_Atomic  cells[N_LIVE + 1]; /* the last one for generation 0 */
  guint64        older[2];          /* under the lock */
  YaraTallyRow  *next;
};

static guint
get_index (guint64 generation)
{
  return generation == 0 ? N_LIVE : generation % N_LIVE;
}

static guint64
get_tag (guint64 generation)
{
  return generation / N_LIVE << TAG_SHIFT;
}

static guint
get_bucket (const YaraTallyKey *key)
{
  guint64 mixed = (guintptr) key->what[0] + 3 * (guint64) (guintptr) key->what[1] +
                  5 * (guint64) (guintptr) key->what[2] + key->kind;

  return mixed * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) >> 58;
}

static gboolean
is_equal (const YaraTallyKey *a, const YaraTallyKey *b)
{
  return a->what[0] == b->what[0] && a->what[1] == b->what[1] && a->what[2] == b->what[2] && a->kind == b->kind;
}

static inline YaraTallyRow *
find_row (YaraTally *tally, const YaraTallyKey *key)
{
  YaraTallyRow *row = atomic_load_explicit (&tally->buckets[get_bucket (key)], memory_order_acquire);

  while (row != NULL && !is_equal (&row->key, key))
    row = row->next;
  return row;
}

/* FALSE: the cell serves another generation now. */
static gboolean
count (Cell *cell, guint64 generation, guint which)
{
  _Atomic guint64 *counter = &cell->stripes[yara_stripe_choose ()].counts[which];
  guint64          seen = atomic_load_explicit (counter, memory_order_relaxed);

  do
    if (G_UNLIKELY ((seen & ~COUNT) != get_tag (generation)))
      return FALSE;
  while (!atomic_compare_exchange_weak_explicit (counter, &seen, seen + 1, memory_order_relaxed, memory_order_relaxed));
  return TRUE;
}

/* Gives the cell to another generation, and returns what it has counted for the one before. */
static void
reuse (Cell *cell, guint64 generation, guint64 counts[2])
{
  for (guint i = 0; i < YARA_N_STRIPES; i++)
    for (guint which = 0; which < 2; which++)
      counts[which] += atomic_exchange (&cell->stripes[i].counts[which], get_tag (generation)) & COUNT;
  cell->generation = generation;
}

/* For a new row, a new generation, and one that is not told apart any more. Apart from the usual case, which
 * needs few registers. */
static G_GNUC_NO_INLINE void
add_with_lock (YaraTally *tally, const YaraTallyKey *key, guint64 generation, guint which)
{
  guint         bucket = get_bucket (key);
  YaraTallyRow *row;
  Cell         *cell;

  pthread_mutex_lock (&tally->lock);
  row = find_row (tally, key);
  if (row == NULL)
    {
      row = g_new0 (YaraTallyRow, 1);
      row->key = *key;
      row->next = atomic_load (&tally->buckets[bucket]);
      atomic_store_explicit (&tally->buckets[bucket], row, memory_order_release);
    }
  cell = atomic_load (&row->cells[get_index (generation)]);
  if (cell == NULL)
    {
      guint64 none[2] = { 0, 0 };

      cell = g_aligned_alloc0 (1, sizeof (Cell), _Alignof (Cell));
      reuse (cell, generation, none);
      atomic_store_explicit (&row->cells[get_index (generation)], cell, memory_order_release);
    }
  else if (cell->generation < generation)
    reuse (cell, generation, row->older);
  if (cell->generation != generation || !count (cell, generation, which))
    row->older[which]++;
  pthread_mutex_unlock (&tally->lock);
}

void
yara_tally_add (YaraTally *tally, const YaraTallyKey *key, guint64 generation, guint which)
{
  YaraTallyRow *row = find_row (tally, key);
  Cell         *cell = NULL;

  if (G_LIKELY (row != NULL))
    cell = atomic_load_explicit (&row->cells[get_index (generation)], memory_order_acquire);
  if (G_UNLIKELY (cell == NULL || !count (cell, generation, which)))
    add_with_lock (tally, key, generation, which);
}

static void
tell_cell (const YaraTallyRow *row, Cell *cell, YaraTallyFunc func, gpointer data)
{
  guint64 counts[2] = { 0, 0 };

  for (guint i = 0; i < YARA_N_STRIPES; i++)
    for (guint which = 0; which < 2; which++)
      counts[which] += atomic_load (&cell->stripes[i].counts[which]) & COUNT;
  if (counts[0] + counts[1] > 0)
    func (&row->key, cell->generation, counts, data);
}

void
yara_tally_foreach (YaraTally *tally, YaraTallyFunc func, gpointer data)
{
  pthread_mutex_lock (&tally->lock);
  for (guint bucket = 0; bucket < YARA_N_TALLY_BUCKETS; bucket++)
    for (YaraTallyRow *row = atomic_load (&tally->buckets[bucket]); row != NULL; row = row->next)
      {
        for (guint i = 0; i < G_N_ELEMENTS (row->cells); i++)
          {
            Cell *cell = atomic_load (&row->cells[i]);

            if (cell != NULL)
              tell_cell (row, cell, func, data);
          }
        if (row->older[0] + row->older[1] > 0)
          func (&row->key, YARA_TALLY_OLDER, row->older, data);
      }
  pthread_mutex_unlock (&tally->lock);
}

void
yara_tally_init (YaraTally *tally)
{
  pthread_mutex_init (&tally->lock, NULL);
  for (guint i = 0; i < YARA_N_TALLY_BUCKETS; i++)
    atomic_init (&tally->buckets[i], NULL);
}

void
yara_tally_clear (YaraTally *tally)
{
  for (guint bucket = 0; bucket < YARA_N_TALLY_BUCKETS; bucket++)
    for (YaraTallyRow *row = atomic_load (&tally->buckets[bucket]), *next; row != NULL; row = next)
      {
        next = row->next;
        for (guint i = 0; i < G_N_ELEMENTS (row->cells); i++)
          g_aligned_free (atomic_load (&row->cells[i]));
        g_free (row);
      }
  pthread_mutex_destroy (&tally->lock);
}
