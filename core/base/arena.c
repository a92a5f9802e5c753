/* SPDX-License-Identifier: MIT
 * The bump arena. Blocks double in size, so that a large result costs few of them. */
#include "base/arena.h"

#include <string.h>

#define FIRST_BLOCK 4096
#define LAST_BLOCK (1024 * 1024)

struct YaraArenaBlock
{
  YaraArenaBlock *next;
  gsize           size; /* of `memory` */
  char            memory[];
};

void
yara_arena_init (YaraArena *arena)
{
  /* Any address but NULL, so that an allocation of nothing succeeds too. */
  yara_arena_init_with (arena, arena, 0);
}

void
yara_arena_init_with (YaraArena *arena, gpointer buffer, gsize size)
{
  arena->next = buffer;
  arena->end = arena->next + (size & ~(gsize) 7);
  arena->blocks = NULL;
}

void
yara_arena_clear (YaraArena *arena)
{
  while (arena->blocks != NULL)
    {
      YaraArenaBlock *block = arena->blocks;

      arena->blocks = block->next;
      g_free (block);
    }
  yara_arena_init (arena);
}

gpointer
yara_arena_try_alloc_slow (YaraArena *arena, gsize size)
{
  gsize           block_size = FIRST_BLOCK;
  YaraArenaBlock *block;

  if (size > G_MAXSSIZE - sizeof (YaraArenaBlock) - 8)
    return NULL;
  size = (size + 7) & ~(gsize) 7;
  if (arena->blocks != NULL)
    block_size = CLAMP (2 * arena->blocks->size, FIRST_BLOCK, LAST_BLOCK);

  /* A large piece gets a block of its own; what is left of the current one stays in use. */
  gboolean own = size > block_size / 2;

  block = g_try_malloc (sizeof (YaraArenaBlock) + (own ? size : block_size));
  if (block == NULL)
    return NULL;
  block->size = own ? size : block_size;
  block->next = arena->blocks;
  arena->blocks = block;
  if (!own)
    {
      arena->next = block->memory + size;
      arena->end = block->memory + block_size;
    }
  return block->memory;
}

gpointer
yara_arena_alloc (YaraArena *arena, gsize size)
{
  gpointer memory = yara_arena_try_alloc (arena, size);

  if (memory == NULL)
    g_error ("out of memory: %" G_GSIZE_FORMAT " bytes", size);
  return memory;
}

char *
yara_arena_try_copy (YaraArena *arena, gconstpointer data, gsize size)
{
  char *copy = size < G_MAXSIZE ? yara_arena_try_alloc (arena, size + 1) : NULL;

  if (copy == NULL)
    return NULL;
  if (size > 0)
    memcpy (copy, data, size);
  copy[size] = '\0';
  return copy;
}
