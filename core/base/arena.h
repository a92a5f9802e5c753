/* SPDX-License-Identifier: MIT
 * A bump arena: many small allocations, one free. Not thread-safe; has one owner. */
#pragma once

#include <glib.h>

typedef struct YaraArenaBlock YaraArenaBlock;

typedef struct
{
  char           *next;   /* where the next allocation starts, 8-aligned */
  char           *end;
  YaraArenaBlock *blocks; /* what yara_arena_clear() frees */
} YaraArena;

void     yara_arena_init      (YaraArena *arena);
/* Starts in `buffer`, which stays the caller's and must be 8-aligned. */
void     yara_arena_init_with (YaraArena *arena, gpointer buffer, gsize size);
void     yara_arena_clear     (YaraArena *arena);

/* Takes a new block for at least `size` bytes; NULL when memory is out. */
gpointer yara_arena_try_alloc_slow (YaraArena *arena, gsize size);

/* For sizes that input decides: NULL when memory is out. */
static inline gpointer
yara_arena_try_alloc (YaraArena *arena, gsize size)
{
  gsize aligned = (size + 7) & ~(gsize) 7;

  if (G_LIKELY (aligned >= size && (gsize) (arena->end - arena->next) >= aligned))
    {
      gpointer memory = arena->next;

      arena->next += aligned;
      return memory;
    }
  return yara_arena_try_alloc_slow (arena, size);
}

/* For small fixed sizes: aborts when memory is out, as g_malloc does. */
gpointer    yara_arena_alloc    (YaraArena *arena, gsize size);
/* A copy with a NUL behind it; NULL when memory is out. */
char       *yara_arena_try_copy (YaraArena *arena, gconstpointer data, gsize size);
