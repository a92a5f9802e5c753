/* SPDX-License-Identifier: MIT
 * The bump arena. */
#include <string.h>
#include "base/arena.h"

static void
test_alignment_and_growth (void)
{
  YaraArena arena;
  guint8   *pieces[2000];

  yara_arena_init (&arena);
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      gsize size = i % 97 + 1;

      pieces[i] = yara_arena_alloc (&arena, size);
      g_assert_cmpuint ((gsize) pieces[i] % 8, ==, 0);
      memset (pieces[i], i & 0xff, size);
    }
  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    for (gsize j = 0; j < i % 97 + 1; j++)
      g_assert_cmpuint (pieces[i][j], ==, i & 0xff);
  yara_arena_clear (&arena);
  g_assert_null (arena.blocks);
}

static void
test_buffer_first (void)
{
  gint64    buffer[4];
  YaraArena arena;
  char     *first, *second, *third;

  yara_arena_init_with (&arena, buffer, sizeof buffer);
  first = yara_arena_try_alloc (&arena, 20);
  second = yara_arena_try_alloc (&arena, 8);
  g_assert_true (first == (char *) buffer);
  g_assert_true (second == (char *) buffer + 24);
  g_assert_null (arena.blocks);
  third = yara_arena_try_alloc (&arena, 1);
  g_assert_true (third < (char *) buffer || third >= (char *) (buffer + 4));
  g_assert_nonnull (arena.blocks);
  yara_arena_clear (&arena);
}

static void
test_large_piece_keeps_the_current_block (void)
{
  YaraArena arena;
  char     *before, *large, *after;

  yara_arena_init (&arena);
  before = yara_arena_alloc (&arena, 8);
  large = yara_arena_alloc (&arena, 10 * 1024 * 1024);
  after = yara_arena_alloc (&arena, 8);
  memset (large, 1, 10 * 1024 * 1024);
  g_assert_true (after == before + 8);
  yara_arena_clear (&arena);
}

static void
test_impossible_sizes (void)
{
  static const gsize sizes[] = { G_MAXSIZE, G_MAXSIZE - 7, G_MAXSIZE - 8, G_MAXSSIZE };
  YaraArena          arena;

  yara_arena_init (&arena);
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    g_assert_null (yara_arena_try_alloc (&arena, sizes[i]));
  g_assert_null (yara_arena_try_copy (&arena, "", G_MAXSIZE));
  g_assert_nonnull (yara_arena_try_alloc (&arena, 1));
  yara_arena_clear (&arena);
}

static void
test_nothing_is_something (void)
{
  YaraArena arena;

  yara_arena_init (&arena);
  g_assert_nonnull (yara_arena_try_alloc (&arena, 0));
  g_assert_null (arena.blocks);
  g_assert_cmpstr (yara_arena_try_copy (&arena, NULL, 0), ==, "");
  yara_arena_clear (&arena);
}

static void
test_copy (void)
{
  YaraArena arena;

  yara_arena_init (&arena);
  g_assert_cmpstr (yara_arena_try_copy (&arena, "replica", 3), ==, "rep");
  yara_arena_clear (&arena);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/arena/alignment-and-growth", test_alignment_and_growth);
  g_test_add_func ("/arena/buffer-first", test_buffer_first);
  g_test_add_func ("/arena/large-piece", test_large_piece_keeps_the_current_block);
  g_test_add_func ("/arena/impossible-sizes", test_impossible_sizes);
  g_test_add_func ("/arena/nothing", test_nothing_is_something);
  g_test_add_func ("/arena/copy", test_copy);
  return g_test_run ();
}
