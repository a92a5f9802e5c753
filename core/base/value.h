/* SPDX-License-Identifier: MIT
 * Values inside the library. */
#pragma once

#include <yaraorm/yara-value.h>
#include "base/arena.h"

/* Copies `value` with what it points to into `arena`; FALSE when memory is out. */
gboolean yara_value_copy_to (YaraValue *copy, const YaraValue *value, YaraArena *arena);

/* Whether the kind keeps its content in `bytes`. */
static inline gboolean
yara_kind_is_bytes (YaraKind kind)
{
  return kind == YARA_KIND_TEXT || kind == YARA_KIND_BYTES || kind == YARA_KIND_DECIMAL ||
         kind == YARA_KIND_JSON || kind == YARA_KIND_ENUM_TEXT;
}
