/* SPDX-License-Identifier: MIT
 * One compilation, from its beginning to its statement. */
#include "sql/compiler.h"

#include <string.h>

gboolean
yara_compiler_begin (YaraCompiler *compiler, YaraSqlCache *cache, YaraArena *arena, guint n_values,
                     GError **error)
{
  compiler->cache = cache;
  compiler->info = cache->info;
  compiler->dialect = cache->dialect;
  compiler->arena = arena;
  compiler->values = yara_arena_alloc (arena, n_values * sizeof (YaraValue));
  compiler->n_values = 0;
  compiler->capacity = n_values;
  yara_shape_init (&compiler->shape);
  if (G_LIKELY (cache->error == NULL))
    return TRUE;
  g_propagate_error (error, g_error_copy (cache->error));
  return FALSE;
}

/* What the values leave behind in the arena is less than what they take now. */
void
yara_compiler_grow (YaraCompiler *compiler)
{
  YaraValue *values;

  compiler->capacity *= 2;
  values = yara_arena_alloc (compiler->arena, compiler->capacity * sizeof (YaraValue));
  memcpy (values, compiler->values, compiler->n_values * sizeof (YaraValue));
  compiler->values = values;
}

void
yara_compiler_finish (YaraCompiler *compiler, YaraAnswer answer, YaraStatement *statement)
{
  statement->sql = yara_sql_cache_get (compiler->cache, &compiler->shape);
  statement->values = compiler->values;
  statement->n_values = compiler->n_values;
  statement->answer = answer;
  statement->info = compiler->info;
}

void
yara_compiler_clear (YaraCompiler *compiler)
{
  yara_shape_clear (&compiler->shape);
}
