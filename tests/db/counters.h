/* SPDX-License-Identifier: MIT
 *
 * Counters, and another YaraOrm that knows them.
 */
#pragma once

#include "fixture.h"

typedef struct { gint64 id; const char *name; gint64 amount; } Counter;

static const YaraField counter_fields[] = {
  YARA_FIELD (Counter, id, .primary_key = true),
  YARA_FIELD (Counter, name, .max_length = 40),
  YARA_FIELD (Counter, amount),
};
static const YaraModel counter_model = YARA_MODEL (Counter, "counters", counter_fields);

static inline YaraOrm *
open_orm (const char *url)
{
  YaraOrm *orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  test_ok (yara_orm_register (orm, &counter_model, &error));
  return orm;
}
