/* SPDX-License-Identifier: MIT
 * The compiled SQL of one model in one dialect, found by shape. */
#include "sql/cache.h"

#include <string.h>
#include "sql/render.h"

/* Of the table: the bytes lie behind the key. For a look-up: they lie in the shape. */
typedef struct
{
  const guint8 *bytes;
  gsize         length;
} YaraShapeKey;

/* Eight bytes at a time: shapes are short, and this is on the path of every statement. */
static guint
key_hash (gconstpointer pointer)
{
  const YaraShapeKey *key = pointer;
  guint64 hash = key->length, word;
  gsize i = 0;

  for (; i + sizeof word <= key->length; i += sizeof word)
    {
      memcpy (&word, key->bytes + i, sizeof word);
      hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
      hash ^= hash >> 32;
    }
  word = 0;
  memcpy (&word, key->bytes + i, key->length - i);
  hash = (hash ^ word) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  return hash >> 32;
}

static gboolean
key_equal (gconstpointer a, gconstpointer b)
{
  const YaraShapeKey *first = a, *second = b;

  return first->length == second->length && memcmp (first->bytes, second->bytes, first->length) == 0;
}

static YaraShapeKey *
key_new (const YaraShape *shape)
{
  YaraShapeKey *key = g_malloc (sizeof *key + shape->length);

  key->bytes = memcpy (key + 1, shape->bytes, shape->length);
  key->length = shape->length;
  return key;
}

YaraSqlCache *
yara_sql_cache_new (const YaraModelInfo *info, const YaraDialect *dialect)
{
  YaraSqlCache *cache = g_new0 (YaraSqlCache, 1);

  g_assert (info->n_fields < YARA_SHAPE_NO_FIELD);
  cache->info = info;
  cache->dialect = dialect;
  dialect->check_model (info, &cache->error);
  pthread_mutex_init (&cache->lock, NULL);
  cache->shapes = g_hash_table_new_full (key_hash, key_equal, g_free, (GDestroyNotify) yara_sql_unref);
  return cache;
}

void
yara_sql_cache_free (YaraSqlCache *cache)
{
  g_hash_table_unref (cache->shapes);
  pthread_mutex_destroy (&cache->lock);
  g_clear_error (&cache->error);
  g_free (cache);
}

static YaraSql *
add_sql (YaraSqlCache *cache, const YaraShape *shape)
{
  GString *text = yara_render (cache->dialect, cache->info, shape->bytes);
  YaraSql *sql = yara_sql_new (text->str, text->len);

  g_string_free (text, TRUE);
  if (g_hash_table_size (cache->shapes) == YARA_SQL_CACHE_MAX)
    g_hash_table_remove_all (cache->shapes);
  g_hash_table_insert (cache->shapes, key_new (shape), sql);
  return sql;
}

YaraSql *
yara_sql_cache_get (YaraSqlCache *cache, const YaraShape *shape)
{
  YaraShapeKey key = { shape->bytes, shape->length };
  YaraSql *sql;

  pthread_mutex_lock (&cache->lock);
  sql = g_hash_table_lookup (cache->shapes, &key);
  if (sql == NULL)
    sql = add_sql (cache, shape);
  yara_sql_ref (sql);
  pthread_mutex_unlock (&cache->lock);
  return sql;
}
