/* SPDX-License-Identifier: MIT
 * The bounded cache of prepared statements. Generated SQL is found by its id, SQL of the program by its
 * text. Names are never used twice in a session. */
#include "backend/postgres/postgres.h"

#include <string.h>
#include "backend/postgres/types.h"

static void
prepared_free (YaraPostgresPrepared *prepared)
{
  g_free (prepared->text);
  g_free (prepared->types);
  g_free (prepared);
}

/* ---- the list ---- */

void
yara_postgres_cache_init (YaraPostgresCache *cache, guint size)
{
  *cache = (YaraPostgresCache) { .size = size };
  cache->by_id = g_hash_table_new (NULL, NULL);
  cache->by_text = g_hash_table_new (g_str_hash, g_str_equal);
  cache->garbage = g_string_new (NULL);
}

void
yara_postgres_cache_reset (YaraPostgresCache *cache)
{
  g_hash_table_remove_all (cache->by_id);
  g_hash_table_remove_all (cache->by_text);
  while (cache->newest != NULL)
    {
      YaraPostgresPrepared *prepared = cache->newest;

      cache->newest = prepared->older;
      prepared_free (prepared);
    }
  cache->oldest = NULL;
  cache->n_kept = 0;
  g_string_truncate (cache->garbage, 0);
  cache->n_garbage = 0;
}

void
yara_postgres_cache_clear (YaraPostgresCache *cache)
{
  yara_postgres_cache_reset (cache);
  g_hash_table_unref (cache->by_id);
  g_hash_table_unref (cache->by_text);
  g_string_free (cache->garbage, TRUE);
}

static void
unlink_prepared (YaraPostgresCache *cache, YaraPostgresPrepared *prepared)
{
  *(prepared->newer != NULL ? &prepared->newer->older : &cache->newest) = prepared->older;
  *(prepared->older != NULL ? &prepared->older->newer : &cache->oldest) = prepared->newer;
}

static void
link_newest (YaraPostgresCache *cache, YaraPostgresPrepared *prepared)
{
  prepared->newer = NULL;
  prepared->older = cache->newest;
  *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = prepared;
  cache->newest = prepared;
}

static void
drop (YaraPostgresCache *cache, YaraPostgresPrepared *prepared)
{
  unlink_prepared (cache, prepared);
  if (prepared->text != NULL)
    g_hash_table_remove (cache->by_text, prepared->text);
  else
    g_hash_table_remove (cache->by_id, GSIZE_TO_POINTER (prepared->id));
  cache->n_kept--;
  g_string_append_printf (cache->garbage, "DEALLOCATE y%u;", prepared->number);
  cache->n_garbage++;
  prepared_free (prepared);
}

void
yara_postgres_cache_trim (YaraPostgresSession *session)
{
  YaraPostgresCache *cache = &session->cache;
  guint target = cache->size - cache->size / 4;

  if (G_LIKELY (!yara_postgres_cache_is_full (cache)))
    return;
  while (cache->n_kept > target)
    drop (cache, cache->oldest);
  /* A name that the server does not know any more stops the rest. */
  if (!yara_postgres_command (session, cache->garbage->str, NULL, NULL))
    {
      yara_postgres_command (session, "DEALLOCATE ALL", NULL, NULL);
      yara_postgres_cache_reset (cache);
    }
  g_string_truncate (cache->garbage, 0);
  cache->n_garbage = 0;
}

/* ---- look-up ---- */

/* NULL goes with any type; so that a statement is not prepared again for each mixture of NULLs, it
 * takes the one that was declared. */
static gboolean
types_fit (const YaraPostgresPrepared *prepared, const YaraStatement *statement, Oid *types)
{
  gboolean fit = TRUE;

  if (prepared->n_types != statement->n_values)
    return FALSE;
  for (guint i = 0; i < statement->n_values; i++)
    if (statement->values[i].kind == YARA_KIND_NULL)
      types[i] = prepared->types[i];
    else if (types[i] != prepared->types[i])
      fit = FALSE;
  return fit;
}

static YaraPostgresPrepared *
look_up (YaraPostgresCache *cache, gboolean is_raw, const YaraSql *sql)
{
  if (is_raw)
    return g_hash_table_lookup (cache->by_text, sql->text);
  if (G_LIKELY (cache->newest != NULL && cache->newest->id == sql->id))
    return cache->newest;
  return g_hash_table_lookup (cache->by_id, GSIZE_TO_POINTER (sql->id));
}

void
yara_postgres_cache_forget (YaraPostgresCache *cache, gboolean is_raw, const YaraSql *sql, guint number)
{
  YaraPostgresPrepared *prepared = look_up (cache, is_raw, sql);

  if (prepared != NULL && prepared->number == number)
    drop (cache, prepared);
}

void
yara_postgres_cache_describe (YaraPostgresCache *cache, const YaraStatement *statement, guint number,
                              const PGresult *description)
{
  YaraPostgresPrepared *prepared = look_up (cache, statement->is_raw, statement->sql);

  if (prepared != NULL && prepared->number == number)
    prepared->format = yara_postgres_knows_columns (description);
}

YaraPostgresPrepared *
yara_postgres_cache_find (YaraPostgresCache *cache, const YaraStatement *statement, const YaraSql *sql, Oid *types)
{
  YaraPostgresPrepared *prepared = look_up (cache, statement->is_raw, sql);

  if (prepared == NULL)
    return NULL;
  if (!types_fit (prepared, statement, types))
    {
      drop (cache, prepared);
      return NULL;
    }
  if (prepared != cache->newest)
    {
      unlink_prepared (cache, prepared);
      link_newest (cache, prepared);
    }
  return prepared;
}

YaraPostgresPrepared *
yara_postgres_cache_add (YaraPostgresCache *cache, const YaraStatement *statement, const YaraSql *sql, const Oid *types)
{
  YaraPostgresPrepared *prepared = g_new0 (YaraPostgresPrepared, 1);

  prepared->number = ++cache->last_number;
  g_snprintf (prepared->name, sizeof prepared->name, "y%u", prepared->number);
  prepared->n_types = statement->n_values;
  prepared->format = 1;
  prepared->types = g_memdup2 (types, statement->n_values * sizeof *types);
  if (statement->is_raw)
    {
      prepared->text = g_strdup (sql->text);
      g_hash_table_insert (cache->by_text, prepared->text, prepared);
    }
  else
    {
      prepared->id = sql->id;
      g_hash_table_insert (cache->by_id, GSIZE_TO_POINTER (sql->id), prepared);
    }
  link_newest (cache, prepared);
  cache->n_kept++;
  return prepared;
}
