/* SPDX-License-Identifier: MIT
 * Results from the inside: how a backend fills them. One writer, before anybody else sees them. */
#pragma once

#include <yaraorm/yara-result.h>
#include "base/value.h"
#include "model/model-info.h"

struct YaraResult
{
  gatomicrefcount ref_count;
  gsize           record_size;
  gsize           n_records;
  gsize           capacity;
  gsize           expected;     /* how many records there may be: the first growth makes room for them */
  char           *records;
  YaraArena       arena;        /* behind the text of the records */
  gpointer        backing;      /* kept with the result, such as a PGresult, or NULL */
  GDestroyNotify  backing_free;
  gboolean        records_are_heap; /* else they lie in `inline_space` */
  _Alignas (16) gint64 inline_space[48]; /* first records and first text: one malloc for a small result */
};

YaraResult *yara_result_new (gsize record_size);

gboolean yara_result_grow (YaraResult *result);

/* Room for one more record, zeroed; NULL when memory is out. */
static inline gpointer
yara_result_append (YaraResult *result)
{
  if (G_UNLIKELY (result->n_records == result->capacity) && !yara_result_grow (result))
    return NULL;
  return memset (result->records + result->record_size * result->n_records++, 0, result->record_size);
}

/* Rows of cells. */
struct YaraRows
{
  gatomicrefcount ref_count;
  gsize           n_columns;
  gsize           n_rows;
  gsize           capacity;     /* in rows */
  const char    **names;
  YaraValue      *cells;        /* row by row */
  YaraArena       arena;
  gpointer        backing;
  GDestroyNotify  backing_free;
};

/* `names` are copied. */
YaraRows  *yara_rows_new    (gsize n_columns, const char *const *names);

/* Makes room for `capacity` rows in all; FALSE when memory is out. */
gboolean   yara_rows_reserve (YaraRows *rows, gsize capacity);

/* Room for one more row of n_columns cells, all NULL; NULL when memory is out. */
YaraValue *yara_rows_append (YaraRows *rows);

/* The rows as aa{sv}: (transfer floating). */
GVariant  *yara_rows_to_variant (const YaraRows *rows);
