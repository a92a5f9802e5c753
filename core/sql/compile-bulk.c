/* SPDX-License-Identifier: MIT
 * Statements from many records: INSERT of many rows, once for full chunks and once for the rest. */
#include "model/field-check.h"
#include "model/field.h"
#include "sql/compiler.h"

static gsize
count_with_key (const YaraModelInfo *info, const char *records, gsize n_records)
{
  gsize n = 0;

  for (gsize i = 0; i < n_records; i++)
    n += yara_record_has_key (info, records + i * info->model->record_size);
  return n;
}

static gsize
count_null (const YaraModelInfo *info, const YaraFieldInfo *field, const char *records, gsize n_records)
{
  gsize n = 0;

  for (gsize i = 0; i < n_records; i++)
    n += yara_field_is_null (field, records + i * info->model->record_size);
  return n;
}

/* Whether the database is to make the keys, of all records or of none. */
static gboolean
check_keys (const YaraModelInfo *info, const char *records, gsize n_records, gboolean *makes_keys, GError **error)
{
  gsize n_with_key = n_records;

  if (info->key_maker == YARA_KEY_DATABASE)
    n_with_key = count_with_key (info, records, n_records);
  *makes_keys = n_with_key < n_records;
  return !*makes_keys || n_with_key == 0 ||
         yara_field_fail (info, info->key, error,
                          "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " records have a key; give all of "
                          "them one or none", n_with_key, n_records);
}

/* Finds the columns that are sent. */
static gboolean
choose_columns (YaraBulkInsert *bulk, gboolean makes_keys, GError **error)
{
  const YaraModelInfo *info = bulk->info;

  for (guint i = 0; i < info->n_fields; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];
      gsize n_null = 0;

      if (makes_keys && field == info->key)
        continue;
      if (field->field->default_sql != NULL)
        n_null = count_null (info, field, bulk->records, bulk->n_records);
      if (n_null > 0 && n_null < bulk->n_records)
        return yara_field_fail (info, field, error,
                                "%" G_GSIZE_FORMAT " of %" G_GSIZE_FORMAT " records leave the field to the "
                                "database; let all of them do so or none", n_null, bulk->n_records);
      if (n_null == 0)
        bulk->columns[bulk->n_columns++] = field;
    }
  return TRUE;
}

/* The text for `n_rows` rows: (transfer full). */
static YaraSql *
get_sql (YaraSqlCache *cache, const YaraBulkInsert *bulk, gsize n_rows)
{
  YaraShape shape;
  YaraSql *sql;

  yara_shape_init (&shape);
  yara_shape_add (&shape, YARA_SHAPE_INSERT);
  yara_shape_add_index (&shape, n_rows);
  yara_shape_add (&shape, bulk->returns_key);
  for (guint i = 0; i < bulk->n_columns; i++)
    yara_shape_add_index (&shape, bulk->columns[i]->index);
  yara_shape_add_index (&shape, YARA_SHAPE_NO_FIELD);
  sql = yara_sql_cache_get (cache, &shape);
  yara_shape_clear (&shape);
  return sql;
}

gboolean
yara_compile_bulk_insert (YaraSqlCache *cache, gpointer records, gsize n_records, YaraArena *arena,
                          YaraBulkInsert *bulk, GError **error)
{
  const YaraModelInfo *info = cache->info;
  const YaraDialect *dialect = cache->dialect;

  *bulk = (YaraBulkInsert) { .info = info, .records = records, .n_records = n_records };
  if (cache->error != NULL)
    g_propagate_error (error, g_error_copy (cache->error));
  bulk->columns = yara_arena_alloc (arena, info->n_fields * sizeof *bulk->columns);
  if (cache->error != NULL || !check_keys (info, records, n_records, &bulk->returns_key, error) ||
      !choose_columns (bulk, bulk->returns_key, error))
    {
      yara_bulk_insert_clear (bulk);
      return FALSE;
    }
  /* Without any column there is no form for several rows. */
  bulk->chunk_rows = bulk->n_columns == 0
                       ? 1
                       : CLAMP (dialect->max_parameters / bulk->n_columns, 1, dialect->bulk_rows);
  if (n_records >= bulk->chunk_rows)
    bulk->chunk_sql = get_sql (cache, bulk, bulk->chunk_rows);
  if (n_records % bulk->chunk_rows > 0)
    bulk->tail_sql = get_sql (cache, bulk, n_records % bulk->chunk_rows);
  return TRUE;
}
