/* SPDX-License-Identifier: MIT
 * From queries and records to statements. The text of each shape is rendered once per model and
 * dialect and kept (bounded); values are always bound. All functions may be called from any thread.
 *
 * `arena` takes what the statement points to; values that come from a query or record are borrowed
 * from it unless they had to be converted. On error the statement is cleared. */
#pragma once

#include "base/arena.h"
#include "query/query.h"
#include "sql/dialect.h"
#include "sql/statement.h"

/* The compiled SQL of one model in one dialect. */
typedef struct YaraSqlCache YaraSqlCache;

YaraSqlCache *yara_sql_cache_new  (const YaraModelInfo *info, const YaraDialect *dialect); /* info is borrowed */
void          yara_sql_cache_free (YaraSqlCache *cache);

typedef enum
{
  YARA_SELECT_ALL,
  YARA_SELECT_FIRST,  /* LIMIT 1; by key when the query has no order */
  YARA_SELECT_LAST,   /* the same in reverse */
  YARA_SELECT_ONE,    /* LIMIT 2, or none when the filter fixes the key */
  YARA_SELECT_COUNT,  /* one row, one column */
  YARA_SELECT_EXISTS, /* one row, one column, 0 or 1 */
  YARA_SELECT_VALUES  /* the named fields, as ROWS */
} YaraSelect;

/* `fields` (nullable) is for VALUES only. */
gboolean yara_compile_select (YaraSqlCache *cache, YaraSelect what, const YaraQuery *query, const char *const *fields, YaraArena *arena, YaraStatement *statement, GError **error);
gboolean yara_compile_update (YaraSqlCache *cache, const YaraQuery *query, YaraArena *arena, YaraStatement *statement, GError **error);
gboolean yara_compile_delete (YaraSqlCache *cache, const YaraQuery *query, YaraArena *arena, YaraStatement *statement, GError **error);

/* One record, after yara_record_prepare_create(). Answer KEY when the database makes the key, else
 * COUNT. Fields that are NULL and have default_sql are left out. */
gboolean yara_compile_insert (YaraSqlCache *cache, gconstpointer record, YaraArena *arena, YaraStatement *statement, GError **error);

/* By the key of `record`. `fields` (nullable): all but the key, and but those that are NULL and have
 * default_sql; auto_now fields are added to names. The caller has called yara_record_prepare_save().
 * Answer COUNT. When nothing is left to write, as for an empty list, statement->sql is NULL. */
gboolean yara_compile_update_record (YaraSqlCache *cache, gconstpointer record, const char *const *fields, YaraArena *arena, YaraStatement *statement, GError **error);
gboolean yara_compile_delete_record (YaraSqlCache *cache, gconstpointer record, YaraArena *arena, YaraStatement *statement, GError **error);

/* The rows that equal `record` in `fields` (NULL: in the key); NULL equals NULL. LIMIT 2 unless by
 * key. Answer RECORDS. */
gboolean yara_compile_select_like (YaraSqlCache *cache, gconstpointer record, const char *const *fields, YaraArena *arena, YaraStatement *statement, GError **error);

/* Many records, after yara_record_prepare_create() on each; they must agree on whether the database
 * makes their keys. Fields with default_sql that are NULL in every record are left out; NULL in some
 * only is YARA_ERROR_FIELD. */
gboolean yara_compile_bulk_insert (YaraSqlCache *cache, gpointer records, gsize n_records, YaraArena *arena, YaraBulkInsert *bulk, GError **error);
