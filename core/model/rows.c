/* SPDX-License-Identifier: MIT
 * Rows of cells: filling, counting and reading them. */
#include "model/result.h"

G_DEFINE_BOXED_TYPE (YaraRows, yara_rows, yara_rows_ref, yara_rows_unref)

YaraRows *
yara_rows_new (gsize n_columns, const char *const *names)
{
  YaraRows *rows = g_new0 (YaraRows, 1);

  rows->ref_count = 1;
  rows->n_columns = n_columns;
  yara_arena_init (&rows->arena);
  rows->names = yara_arena_alloc (&rows->arena, n_columns * sizeof *rows->names);
  for (gsize i = 0; i < n_columns; i++)
    {
      /* The columns of a foreign file may be named in any bytes. */
      g_autofree char *name = g_utf8_make_valid (names[i], -1);
      gsize            size = strlen (name) + 1;

      rows->names[i] = memcpy (yara_arena_alloc (&rows->arena, size), name, size);
    }
  return rows;
}

gboolean
yara_rows_reserve (YaraRows *rows, gsize capacity)
{
  gsize      size;
  YaraValue *cells;

  if (capacity <= rows->capacity)
    return TRUE;
  if (!g_size_checked_mul (&size, capacity, sizeof *cells) ||
      !g_size_checked_mul (&size, size, MAX (rows->n_columns, 1)))
    return FALSE;
  cells = g_try_realloc (rows->cells, size);
  if (cells == NULL)
    return FALSE;
  rows->cells = cells;
  rows->capacity = capacity;
  return TRUE;
}

static gboolean
grow (YaraRows *rows)
{
  gsize capacity;

  return g_size_checked_mul (&capacity, MAX (rows->capacity, 4), 2) && yara_rows_reserve (rows, capacity);
}

YaraValue *
yara_rows_append (YaraRows *rows)
{
  YaraValue *row;

  if (rows->n_rows == rows->capacity && !grow (rows))
    return NULL;
  row = rows->cells + rows->n_rows++ * rows->n_columns;
  return memset (row, 0, rows->n_columns * sizeof *row); /* YARA_KIND_NULL is 0 */
}

YaraRows *
yara_rows_ref (YaraRows *rows)
{
  g_return_val_if_fail (rows != NULL, NULL);

  g_atomic_int_inc (&rows->ref_count);
  return rows;
}

void
yara_rows_unref (YaraRows *rows)
{
  g_return_if_fail (rows != NULL);

  if (!g_atomic_int_dec_and_test (&rows->ref_count))
    return;
  g_free (rows->cells);
  yara_arena_clear (&rows->arena);
  if (rows->backing_free != NULL)
    rows->backing_free (rows->backing);
  g_free (rows);
}

gsize
yara_rows_get_n_rows (const YaraRows *rows)
{
  g_return_val_if_fail (rows != NULL, 0);

  return rows->n_rows;
}

gsize
yara_rows_get_n_columns (const YaraRows *rows)
{
  g_return_val_if_fail (rows != NULL, 0);

  return rows->n_columns;
}

const char *
yara_rows_get_column_name (const YaraRows *rows, gsize column)
{
  g_return_val_if_fail (rows != NULL, NULL);
  g_return_val_if_fail (column < rows->n_columns, NULL);

  return rows->names[column];
}

const YaraValue *
yara_rows_get_value (const YaraRows *rows, gsize row, gsize column)
{
  static const YaraValue null_value = { .kind = YARA_KIND_NULL };

  g_return_val_if_fail (rows != NULL, &null_value);
  g_return_val_if_fail (row < rows->n_rows, &null_value);
  g_return_val_if_fail (column < rows->n_columns, &null_value);

  return &rows->cells[row * rows->n_columns + column];
}

gboolean
yara_rows_is_null (const YaraRows *rows, gsize row, gsize column)
{
  return yara_rows_get_value (rows, row, column)->kind == YARA_KIND_NULL;
}

/* A cell that the getter does not take: silent for NULL. */
static void
refuse (const YaraRows *rows, gsize row, gsize column, const YaraValue *cell, const char *wanted)
{
  if (cell->kind != YARA_KIND_NULL)
    g_critical ("row %" G_GSIZE_FORMAT ", column %" G_GSIZE_FORMAT " (\"%s\") holds %s, not %s", row, column,
                rows->names[column], yara_kind_get_name (cell->kind), wanted);
}

static gboolean
is_integer (YaraKind kind)
{
  return kind == YARA_KIND_INT64 || kind == YARA_KIND_INT32 || kind == YARA_KIND_INT16;
}

gint64
yara_rows_get_int (const YaraRows *rows, gsize row, gsize column)
{
  const YaraValue *cell = yara_rows_get_value (rows, row, column);

  if (is_integer (cell->kind) || cell->kind == YARA_KIND_BOOL || cell->kind == YARA_KIND_TIMESTAMP ||
      cell->kind == YARA_KIND_DATE || cell->kind == YARA_KIND_ENUM_INT)
    return cell->integer;
  refuse (rows, row, column, cell, "an integer");
  return 0;
}

double
yara_rows_get_double (const YaraRows *rows, gsize row, gsize column)
{
  const YaraValue *cell = yara_rows_get_value (rows, row, column);

  if (cell->kind == YARA_KIND_DOUBLE)
    return cell->number;
  if (is_integer (cell->kind))
    return cell->integer;
  refuse (rows, row, column, cell, "a number");
  return 0;
}

const char *
yara_rows_get_text (const YaraRows *rows, gsize row, gsize column)
{
  const YaraValue *cell = yara_rows_get_value (rows, row, column);

  if (yara_kind_is_bytes (cell->kind) && cell->kind != YARA_KIND_BYTES)
    return cell->bytes.data;
  refuse (rows, row, column, cell, "text");
  return NULL;
}

YaraBytes
yara_rows_get_bytes (const YaraRows *rows, gsize row, gsize column)
{
  const YaraValue *cell = yara_rows_get_value (rows, row, column);

  if (cell->kind == YARA_KIND_BYTES)
    return cell->bytes;
  refuse (rows, row, column, cell, "bytes");
  return (YaraBytes) { NULL, 0 };
}

YaraUuid
yara_rows_get_uuid (const YaraRows *rows, gsize row, gsize column)
{
  const YaraValue *cell = yara_rows_get_value (rows, row, column);

  if (cell->kind == YARA_KIND_UUID)
    return cell->uuid;
  refuse (rows, row, column, cell, "a uuid");
  return (YaraUuid) { { 0 } };
}
