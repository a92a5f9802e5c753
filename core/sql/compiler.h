/* SPDX-License-Identifier: MIT
 * One compilation: binds what a query or record says to fields, into values and a shape. */
#pragma once

#include "sql/cache.h"

typedef struct
{
  YaraSqlCache        *cache;
  const YaraModelInfo *info;
  const YaraDialect   *dialect;
  YaraArena           *arena;
  YaraValue           *values;
  guint                n_values;
  guint                capacity;
  YaraShape            shape;
} YaraCompiler;

/* FALSE with an error when the dialect cannot hold the model; the compiler can be cleared in any case.
 * `n_values`: a guess, at least 1. */
gboolean yara_compiler_begin (YaraCompiler *compiler, YaraSqlCache *cache, YaraArena *arena, guint n_values, GError **error);
void     yara_compiler_clear (YaraCompiler *compiler);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (YaraCompiler, yara_compiler_clear)

void yara_compiler_grow (YaraCompiler *compiler);

/* Room for the next value, to be filled in. */
static inline YaraValue *
yara_compiler_add_value (YaraCompiler *compiler)
{
  if (G_UNLIKELY (compiler->n_values == compiler->capacity))
    yara_compiler_grow (compiler);
  return &compiler->values[compiler->n_values++];
}

/* Finds the text of the shape and fills `statement`, but for what concerns reading. */
void yara_compiler_finish (YaraCompiler *compiler, YaraAnswer answer, YaraStatement *statement);

/* Adds the conditions of a query. `fixes_key` (out) (optional): one of them is "key = value", so that
 * at most one row matches. */
gboolean yara_compiler_add_filters (YaraCompiler *compiler, const YaraQuery *query, gboolean *fixes_key, GError **error);
