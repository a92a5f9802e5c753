/* SPDX-License-Identifier: MIT
 * Results of records. The counts use the atomic operations directly: unlike g_atomic_ref_count_dec()
 * they are inlined, which is faster and visible to ThreadSanitizer. */
#include "model/result.h"

G_DEFINE_BOXED_TYPE (YaraResult, yara_result, yara_result_ref, yara_result_unref)

YaraResult *
yara_result_new (gsize record_size)
{
  YaraResult *result = g_malloc (sizeof (YaraResult));
  const gsize space = sizeof result->inline_space;
  gsize       used;

  g_assert (record_size > 0);
  result->ref_count = 1;
  result->record_size = record_size;
  result->n_records = 0;
  result->expected = 0;
  result->backing = NULL;
  result->backing_free = NULL;
  result->records_are_heap = FALSE;

  /* Half of the space for records, but one at least, if one fits at all. */
  result->capacity = MAX (space / 2, record_size) <= space ? MAX (space / 2 / record_size, 1) : 0;
  result->records = result->capacity > 0 ? (char *) result->inline_space : NULL;
  used = (result->capacity * record_size + 7) & ~(gsize) 7;
  yara_arena_init_with (&result->arena, (char *) result->inline_space + used, space - used);
  return result;
}

gboolean
yara_result_grow (YaraResult *result)
{
  gsize capacity, size;
  char *records;

  if (!g_size_checked_mul (&capacity, MAX (result->capacity, 8), 2))
    return FALSE;
  capacity = MAX (capacity, result->expected);
  if (!g_size_checked_mul (&size, capacity, result->record_size))
    return FALSE;
  records = g_try_realloc (result->records_are_heap ? result->records : NULL, size);
  if (records == NULL)
    return FALSE;
  if (!result->records_are_heap && result->n_records > 0)
    memcpy (records, result->records, result->n_records * result->record_size);
  result->records = records;
  result->capacity = capacity;
  result->records_are_heap = TRUE;
  return TRUE;
}

YaraResult *
yara_result_ref (YaraResult *result)
{
  g_return_val_if_fail (result != NULL, NULL);

  g_atomic_int_inc (&result->ref_count);
  return result;
}

void
yara_result_unref (YaraResult *result)
{
  g_return_if_fail (result != NULL);

  if (!g_atomic_int_dec_and_test (&result->ref_count))
    return;
  if (result->records_are_heap)
    g_free (result->records);
  yara_arena_clear (&result->arena);
  if (result->backing_free != NULL)
    result->backing_free (result->backing);
  g_free (result);
}

gsize
yara_result_get_n_records (const YaraResult *result)
{
  g_return_val_if_fail (result != NULL, 0);

  return result->n_records;
}

gpointer
yara_result_get_records (const YaraResult *result)
{
  g_return_val_if_fail (result != NULL, NULL);

  return result->n_records > 0 ? result->records : NULL;
}

gpointer
yara_result_get_record (const YaraResult *result, gsize index)
{
  g_return_val_if_fail (result != NULL, NULL);

  return index < result->n_records ? result->records + index * result->record_size : NULL;
}
