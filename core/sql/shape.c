/* SPDX-License-Identifier: MIT
 * Shapes that are longer than most. */
#include "sql/shape.h"

#include <string.h>

void
yara_shape_grow (YaraShape *shape)
{
  gboolean is_inline = shape->bytes == shape->inline_bytes;

  shape->capacity *= 2;
  shape->bytes = g_realloc (is_inline ? NULL : shape->bytes, shape->capacity);
  if (is_inline)
    memcpy (shape->bytes, shape->inline_bytes, shape->length);
}

void
yara_shape_clear (YaraShape *shape)
{
  if (shape->bytes != shape->inline_bytes)
    g_free (shape->bytes);
}
