/* SPDX-License-Identifier: MIT
 * The shape of a statement: all that its text depends on, as bytes. The text is rendered from the
 * shape alone (sql/render.h), so that two statements of one shape cannot differ in text.
 *
 *   SELECT distinct columns conditions orders limits
 *   COUNT conditions           COUNT_ROWS distinct conditions limits           EXISTS conditions limits
 *   UPDATE columns conditions  DELETE conditions
 *   INSERT rows (2 bytes) returns-key columns
 *
 *   columns     indexes of fields, then NO_FIELD; none at all in a SELECT: every field
 *   conditions  expressions, joined by AND, then END
 *   expression  a YaraLookup and a field; or NOT_NULL and a field; or TRUE or FALSE;
 *               or AND or OR with two expressions; or NOT with one
 *   orders      field and descending (1 byte) each, then NO_FIELD
 *   limits      a sum of LIMIT, OFFSET, FOR_UPDATE and NOWAIT or SKIP_LOCKED
 *
 * A field is its index in two bytes. In the order of the shape there is a value for every condition (two
 * for RANGE, none for ISNULL and NOT_NULL), for LIMIT and OFFSET, and for each column of UPDATE and of
 * each row of INSERT. */
#pragma once

#include <glib.h>

enum
{
  YARA_SHAPE_SELECT,
  YARA_SHAPE_COUNT,
  YARA_SHAPE_COUNT_ROWS,
  YARA_SHAPE_EXISTS,
  YARA_SHAPE_UPDATE,
  YARA_SHAPE_DELETE,
  YARA_SHAPE_INSERT
};

/* Beside the values of YaraLookup, which are smaller. */
enum
{
  YARA_SHAPE_NOT_NULL = 64,
  YARA_SHAPE_TRUE,
  YARA_SHAPE_FALSE,
  YARA_SHAPE_AND,
  YARA_SHAPE_OR,
  YARA_SHAPE_NOT,
  YARA_SHAPE_END
};

enum
{
  YARA_SHAPE_LIMIT = 1 << 0,
  YARA_SHAPE_OFFSET = 1 << 1,
  YARA_SHAPE_FOR_UPDATE = 1 << 2,
  YARA_SHAPE_NOWAIT = 1 << 3,
  YARA_SHAPE_SKIP_LOCKED = 1 << 4
};

#define YARA_SHAPE_NO_FIELD G_MAXUINT16

typedef struct
{
  guint8 *bytes;
  gsize   length;
  gsize   capacity;
  guint8  inline_bytes[192]; /* where `bytes` starts; a longer shape moves to the heap */
} YaraShape;

static inline void
yara_shape_init (YaraShape *shape)
{
  shape->bytes = shape->inline_bytes;
  shape->length = 0;
  shape->capacity = sizeof shape->inline_bytes;
}

void yara_shape_clear (YaraShape *shape);
void yara_shape_grow  (YaraShape *shape);

static inline void
yara_shape_add (YaraShape *shape, guint8 byte)
{
  if (G_UNLIKELY (shape->length == shape->capacity))
    yara_shape_grow (shape);
  shape->bytes[shape->length++] = byte;
}

/* A field, or any number of two bytes. */
static inline void
yara_shape_add_index (YaraShape *shape, guint index)
{
  yara_shape_add (shape, index & 0xff);
  yara_shape_add (shape, index >> 8);
}

/* A condition on a field. */
static inline void
yara_shape_add_condition (YaraShape *shape, guint8 condition, guint index)
{
  yara_shape_add (shape, condition);
  yara_shape_add_index (shape, index);
}

/* The number at `bytes`. */
static inline guint
yara_shape_index_at (const guint8 *bytes)
{
  return bytes[0] | bytes[1] << 8;
}
