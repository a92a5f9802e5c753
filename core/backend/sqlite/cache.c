/* SPDX-License-Identifier: MIT
 * Prepared statements and the bounded cache of them. Generated SQL is found by its id, SQL of the
 * program by its text. */
#include "backend/sqlite/sqlite.h"

#include <yaraorm/yara-error.h>

static void
prepared_free (YaraPrepared *prepared)
{
  sqlite3_finalize (prepared->stmt);
  g_free (prepared->text);
  g_free (prepared->arguments);
  g_free (prepared->plan);
  g_free (prepared);
}

/* ---- the cache ---- */

void
yara_sqlite_cache_init (YaraSqliteCache *cache, guint size)
{
  *cache = (YaraSqliteCache) { .size = size };
  cache->by_id = g_hash_table_new (NULL, NULL);
  cache->by_text = g_hash_table_new (g_str_hash, g_str_equal);
}

void
yara_sqlite_cache_clear (YaraSqliteCache *cache)
{
  while (cache->newest != NULL)
    {
      YaraPrepared *prepared = cache->newest;

      cache->newest = prepared->older;
      prepared_free (prepared);
    }
  g_hash_table_unref (cache->by_id);
  g_hash_table_unref (cache->by_text);
}

static void
unlink_prepared (YaraSqliteCache *cache, YaraPrepared *prepared)
{
  *(prepared->newer != NULL ? &prepared->newer->older : &cache->newest) = prepared->older;
  *(prepared->older != NULL ? &prepared->older->newer : &cache->oldest) = prepared->newer;
}

static void
link_newest (YaraSqliteCache *cache, YaraPrepared *prepared)
{
  prepared->newer = NULL;
  prepared->older = cache->newest;
  *(cache->newest != NULL ? &cache->newest->newer : &cache->oldest) = prepared;
  cache->newest = prepared;
}

static inline YaraPrepared *
touch (YaraSqliteCache *cache, YaraPrepared *prepared)
{
  if (prepared != NULL && prepared != cache->newest)
    {
      unlink_prepared (cache, prepared);
      link_newest (cache, prepared);
    }
  return prepared;
}

static void
drop_oldest (YaraSqliteCache *cache)
{
  YaraPrepared *prepared = cache->oldest;

  unlink_prepared (cache, prepared);
  if (prepared->text != NULL)
    g_hash_table_remove (cache->by_text, prepared->text);
  else
    g_hash_table_remove (cache->by_id, GSIZE_TO_POINTER (prepared->id));
  cache->n_kept--;
  prepared_free (prepared);
}

static void
keep (YaraSqliteCache *cache, YaraPrepared *prepared)
{
  if (cache->size == 0)
    return;
  if (cache->n_kept == cache->size)
    drop_oldest (cache);
  if (prepared->text != NULL)
    g_hash_table_insert (cache->by_text, prepared->text, prepared);
  else
    g_hash_table_insert (cache->by_id, GSIZE_TO_POINTER (prepared->id), prepared);
  link_newest (cache, prepared);
  cache->n_kept++;
  prepared->is_kept = TRUE;
}

void
yara_sqlite_release (YaraPrepared *prepared)
{
  if (prepared->is_kept)
    sqlite3_reset (prepared->stmt);
  else
    prepared_free (prepared);
}

/* ---- preparing ---- */

static YaraPrepared *
prepare (YaraSqliteSession *session, const YaraSql *sql, const char **tail, GError **error)
{
  sqlite3_stmt *stmt = NULL;
  /* With the NUL in the length, SQLite reads the text where it is. */
  int code = sqlite3_prepare_v3 (session->db, sql->text, MIN (sql->length + 1, G_MAXINT), SQLITE_PREPARE_PERSISTENT,
                                 &stmt, tail);
  YaraPrepared *prepared;

  if (code != SQLITE_OK)
    {
      g_propagate_error (error, yara_sqlite_error_new (session, code));
      return NULL;
    }
  prepared = g_new0 (YaraPrepared, 1);
  prepared->stmt = stmt;
  return prepared;
}

YaraPrepared *
yara_sqlite_prepare (YaraSqliteSession *session, const YaraSql *sql, GError **error)
{
  YaraSqliteCache *cache = &session->cache;
  YaraPrepared *prepared;

  if (G_LIKELY (cache->newest != NULL && cache->newest->id == sql->id))
    return cache->newest;
  prepared = g_hash_table_lookup (cache->by_id, GSIZE_TO_POINTER (sql->id));
  if (G_LIKELY (prepared != NULL))
    return touch (cache, prepared);

  prepared = prepare (session, sql, NULL, error);
  if (prepared != NULL)
    {
      prepared->id = sql->id;
      keep (cache, prepared);
    }
  return prepared;
}

YaraPrepared *
yara_sqlite_prepare_alone (YaraSqliteSession *session, const YaraSql *sql, GError **error)
{
  return prepare (session, sql, NULL, error);
}

/* ---- SQL of the program ---- */

gboolean
yara_sqlite_is_blank (const char *sql)
{
  while (*(sql = yara_sql_skip_blank (sql)) == ';')
    sql++;
  return *sql == '\0';
}

/* The number in "$2" or "?2"; 0: it is something else. */
static guint
parse_number (const char *name)
{
  guint64 number;

  if ((name[0] == '$' || name[0] == '?') && name[1] != '0' &&
      g_ascii_string_to_unsigned (name + 1, 10, 1, 32766, &number, NULL))
    return number;
  return 0;
}

/* SQLite takes "$1" for a name and numbers names in the order in which they appear; the program means
 * the first argument. */
static gboolean
map_arguments (YaraPrepared *prepared, GError **error)
{
  int n_parameters = sqlite3_bind_parameter_count (prepared->stmt);
  gboolean in_order = TRUE, has_dollar = FALSE, has_question_mark = FALSE;
  g_autofree guint *arguments = g_new0 (guint, n_parameters);

  for (int i = 0; i < n_parameters; i++)
    {
      const char *name = sqlite3_bind_parameter_name (prepared->stmt, i + 1);
      guint number = name != NULL ? parse_number (name) : (guint) i + 1;

      if (number == 0)
        {
          g_autofree char *line = g_strdelimit (g_strdup (name), "\t\r\n\v\f", ' ');

          g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL,
                       "the parameter %s is not a number; write $1 for the first argument, $2 for the second", line);
          return FALSE;
        }
      has_dollar |= name != NULL && name[0] == '$';
      has_question_mark |= name == NULL || name[0] == '?';
      in_order &= number == (guint) i + 1;
      arguments[i] = number - 1;
      prepared->n_arguments = MAX (prepared->n_arguments, number);
    }
  if (has_dollar && has_question_mark)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL,
                   "parameters are written $1 or ?, not both in one statement; write $1, $2, ...");
      return FALSE;
    }
  if (!in_order)
    prepared->arguments = g_steal_pointer (&arguments);
  return TRUE;
}

static gboolean
check_raw (YaraPrepared *prepared, const char *tail, GError **error)
{
  if (prepared->stmt == NULL)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "the SQL holds no statement");
      return FALSE;
    }
  if (!yara_sqlite_is_blank (tail))
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL,
                   "the SQL holds more than one statement, and none of them was run; "
                   "use execute_script for several");
      return FALSE;
    }
  return map_arguments (prepared, error);
}

YaraPrepared *
yara_sqlite_prepare_raw (YaraSqliteSession *session, const YaraSql *sql, GError **error)
{
  YaraSqliteCache *cache = &session->cache;
  YaraPrepared *prepared = touch (cache, g_hash_table_lookup (cache->by_text, sql->text));
  const char *tail = NULL;

  if (prepared != NULL)
    return prepared;
  if (!g_utf8_validate_len (sql->text, sql->length, NULL))
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "the SQL is not valid UTF-8");
      return NULL;
    }
  prepared = prepare (session, sql, &tail, error);
  if (prepared == NULL)
    return NULL;
  if (!check_raw (prepared, tail, error))
    {
      prepared_free (prepared);
      return NULL;
    }
  prepared->text = g_strdup (sql->text);
  keep (cache, prepared);
  return prepared;
}
