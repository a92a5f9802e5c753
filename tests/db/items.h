/* SPDX-License-Identifier: MIT
 *
 * Items: a table with a unique name, a default and comments.
 */
#pragma once

#include "fixture.h"

typedef struct
{
  gint64      id;
  const char *name;
  gint32      size;
} Item;

static const YaraField item_fields[] = {
  YARA_FIELD (Item, id, .primary_key = true),
  YARA_FIELD (Item, name, .unique = true, .max_length = 20, .description = "what it's called"),
  YARA_FIELD (Item, size, .default_value = "7"),
};
static const YaraModel item_model = YARA_MODEL (Item, "items", item_fields, .description = "things");
