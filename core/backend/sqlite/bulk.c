/* SPDX-License-Identifier: MIT
 * Inserting many records: one transaction, a chunk of rows in each statement. */
#include "backend/sqlite/sqlite.h"

#include <yaraorm/yara-error.h>
#include "model/field.h"

/* Integers that cannot be NULL need no check; they are most of what is inserted. */
static inline gboolean
bind_integer (sqlite3_stmt *stmt, int index, const YaraFieldInfo *field, gconstpointer record)
{
  const char *member = (const char *) record + field->offset;

  if (field->null_offset != G_MAXSIZE)
    return FALSE;
  if (field->kind == YARA_KIND_INT64 || field->kind == YARA_KIND_TIMESTAMP)
    return sqlite3_bind_int64 (stmt, index, *(const gint64 *) member) == SQLITE_OK;
  if (field->kind == YARA_KIND_INT32)
    return sqlite3_bind_int64 (stmt, index, *(const gint32 *) member) == SQLITE_OK;
  return FALSE;
}

static gboolean
bind_record (YaraSqliteSession *session, sqlite3_stmt *stmt, int first, const YaraBulkInsert *bulk,
             gconstpointer record, GError **error)
{
  for (guint i = 0; i < bulk->n_columns; i++)
    {
      const YaraFieldInfo *field = bulk->columns[i];
      YaraValue value;

      if (bind_integer (stmt, first + i, field, record))
        continue;
      if (G_UNLIKELY (!yara_field_get (bulk->info, field, record, &value, error) ||
                      !yara_field_require (bulk->info, field, &value, error) ||
                      !yara_sqlite_bind (session, stmt, first + i, &value, error)))
        return FALSE;
    }
  return TRUE;
}

/* Runs the statement; `n_keys` counts the records that have their key. */
static gboolean
step_chunk (YaraSqliteSession *session, sqlite3_stmt *stmt, const YaraBulkInsert *bulk, gsize *n_keys,
            GError **error)
{
  gsize record_size = bulk->info->model->record_size;
  int code;

  while ((code = sqlite3_step (stmt)) == SQLITE_ROW)
    if (!yara_record_set_key (bulk->info, bulk->records + (*n_keys)++ * record_size, sqlite3_column_int64 (stmt, 0),
                              error))
      return FALSE;
  if (code == SQLITE_DONE)
    return TRUE;
  g_propagate_error (error, yara_sqlite_error_new (session, code));
  return FALSE;
}

static gboolean
insert_chunk (YaraSqliteSession *session, const YaraBulkInsert *bulk, const YaraSql *sql, gsize first,
              gsize n_rows, gsize *n_keys, GError **error)
{
  gsize record_size = bulk->info->model->record_size;
  YaraPrepared *prepared = yara_sqlite_prepare (session, sql, error);
  gboolean ok = prepared != NULL;

  yara_sqlite_start_deadline (session);
  for (gsize i = 0; ok && i < n_rows; i++)
    {
      ok = bind_record (session, prepared->stmt, 1 + i * bulk->n_columns, bulk,
                        bulk->records + (first + i) * record_size, error);
      if (!ok)
        g_prefix_error (error, "record %" G_GSIZE_FORMAT ": ", first + i);
    }
  ok = ok && step_chunk (session, prepared->stmt, bulk, n_keys, error);
  if (prepared != NULL)
    yara_sqlite_release (prepared);
  return ok;
}

static gboolean
insert_all (YaraSqliteSession *session, const YaraRequest *request, gsize *n_keys, GError **error)
{
  const YaraBulkInsert *bulk = &request->bulk;
  int code = yara_sqlite_begin_around (session, request);
  gsize first = 0;

  if (code != SQLITE_OK)
    {
      g_propagate_error (error, yara_sqlite_error_new (session, code));
      return FALSE;
    }
  for (; bulk->chunk_sql != NULL && bulk->n_records - first >= bulk->chunk_rows; first += bulk->chunk_rows)
    {
      if (atomic_load_explicit (&session->interrupted, memory_order_relaxed))
        {
          g_propagate_error (error, yara_sqlite_error_new (session, SQLITE_INTERRUPT));
          return FALSE;
        }
      if (!insert_chunk (session, bulk, bulk->chunk_sql, first, bulk->chunk_rows, n_keys, error))
        return FALSE;
    }
  return first == bulk->n_records ||
         insert_chunk (session, bulk, bulk->tail_sql, first, bulk->n_records - first, n_keys, error);
}

void
yara_sqlite_run_bulk_insert (YaraSqliteSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  const YaraBulkInsert *bulk = &request->bulk;
  gsize n_keys = 0;
  gboolean ok;

  if (!yara_sqlite_begin_request (request, guard))
    return;
  ok = insert_all (session, request, &n_keys, &request->error);
  yara_sqlite_end_request (session, request, guard);
  if (ok)
    {
      int code = yara_sqlite_commit_around (session, request);

      if (code != SQLITE_OK)
        request->error = yara_sqlite_error_new (session, code);
    }

  if (request->error == NULL)
    {
      request->n_rows = bulk->n_records;
      return;
    }
  while (n_keys > 0)
    yara_record_set_key (bulk->info, bulk->records + --n_keys * bulk->info->model->record_size, 0, NULL);
}
