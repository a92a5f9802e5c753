/* SPDX-License-Identifier: MIT
 *
 * The verbs on records and queries. Each has three shapes: x() blocks; x_async() returns at once
 * and x_finish() gives its outcome. A callback runs exactly once, in the thread-default main
 * context of the caller, never before x_async() has returned.
 *
 * Records belong to the caller: a record passed to x_async() must stay where it is, unchanged,
 * until the callback; what a verb fills in (keys, timestamps) is there when the callback runs.
 * Queries and names are copied: they may be freed as soon as x_async() has returned.
 *
 * Any verb can fail with YARA_ERROR_CONFIGURATION (model not registered, routing answer unknown),
 * _CONNECTION, _TIMEOUT, _OPERATIONAL, _FIELD (unknown field or lookup, value that does not fit)
 * and G_IO_ERROR_CANCELLED; writes with _INTEGRITY, reads with _DECODE. A failed or cancelled
 * write has changed nothing.
 */
#ifndef YARA_RECORDS_H
#define YARA_RECORDS_H

#include <yaraorm/yara-orm.h>
#include <yaraorm/yara-query.h>

G_BEGIN_DECLS

/* ---- writing records ---- */

/* Inserts `record`. Its generated key, automatic timestamps and defaults are written into it. */
YARA_API gboolean yara_orm_create (YaraOrm *orm, const YaraModel *model, gpointer record, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_create_async (YaraOrm *orm, const YaraModel *model, gpointer record, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_create_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Inserts an array of `n_records` records, all or none. Keys are written into them, in order; either
 * every record brings its integer key or none does. */
YARA_API gboolean yara_orm_bulk_create (YaraOrm *orm, const YaraModel *model, gpointer records, gsize n_records, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_bulk_create_async (YaraOrm *orm, const YaraModel *model, gpointer records, gsize n_records, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_bulk_create_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Updates the row with the key of `record`; `fields` (nullable) names the fields to write, all but
 * the key when NULL. YARA_ERROR_DOES_NOT_EXIST when there is no such row. An empty list of names
 * does nothing; auto_now fields are written in any other case. With `fields` NULL, a field with
 * default_sql that is NULL is left as it is, because the record may never have been told its value. */
YARA_API gboolean yara_orm_save (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_save_async (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_save_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Deletes the row with the key of `record`. YARA_ERROR_DOES_NOT_EXIST when there is none. */
YARA_API gboolean yara_orm_delete (YaraOrm *orm, const YaraModel *model, gconstpointer record, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_delete_async (YaraOrm *orm, const YaraModel *model, gconstpointer record, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_delete_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Reads the row with the key of `record` again and copies it over `record`: (transfer full), the
 * owner of the text that `record` then points to. YARA_ERROR_DOES_NOT_EXIST when there is none. */
YARA_API YaraResult *yara_orm_refresh (YaraOrm *orm, const YaraModel *model, gpointer record, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_refresh_async (YaraOrm *orm, const YaraModel *model, gpointer record, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraResult *yara_orm_refresh_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Looks for the row whose `fields` are those of `record`, on the connection for writes, and inserts
 * `record` when there is none: (transfer full), one record. `created` (out) (optional).
 * YARA_ERROR_MULTIPLE_OBJECTS when several rows match. Somebody who inserts the row at the same moment is
 * not noticed, but in a transaction it is YARA_ERROR_INTEGRITY, and the transaction has failed. */
YARA_API YaraResult *yara_orm_get_or_create (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields, gboolean *created, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_get_or_create_async (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraResult *yara_orm_get_or_create_finish (YaraOrm *orm, GAsyncResult *result, gboolean *created, GError **error);

/* As yara_orm_get_or_create(), but a row that is found is updated from `record`, which is given its
 * key if it is an integer or a UUID; fields with auto_now_add keep what the row has. */
YARA_API gboolean yara_orm_update_or_create (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields, gboolean *created, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_update_or_create_async (YaraOrm *orm, const YaraModel *model, gpointer record, const char *const *fields, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_update_or_create_finish (YaraOrm *orm, GAsyncResult *result, gboolean *created, GError **error);

/* ---- reading by query ---- */

/* Every matching record: (transfer full). */
YARA_API YaraResult *yara_orm_all (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_all_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraResult *yara_orm_all_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Takes a batch of records, `batch` (transfer none). TRUE: go on. FALSE with an error: stop, and fail with
 * that error. FALSE without one: stop, that was enough. */
typedef gboolean (*YaraEachFunc) (YaraResult *batch, gpointer func_data, GError **error);

/* Every matching record as yara_orm_all() gives them, but in batches of `batch_size`, at least 1, the last
 * one of fewer: for more than fits into memory. The next batch is read when `func` has returned; so there
 * is one batch in memory, and one more for as long as `func` keeps a reference to it. Without a matching
 * record `func` is not called. TRUE: every record was given, or `func` stopped it.
 *
 * What is read is the database as it was at the first batch. For the whole time a session is held, so
 * max_size has to leave others for what `func` does; PostgreSQL keeps a transaction open in it. Only where
 * there is but one, SQLite in memory, other statements go on in it: what they write may appear in the
 * batches, and a rollback ends the reading with YARA_ERROR_OPERATIONAL. An error in the middle, among them
 * YARA_ERROR_CONNECTION when the connection is closed or lost, comes after the batches before it.
 *
 * Asynchronous: `func` (scope notified) is called in the thread-default main context of the caller, never
 * before yara_orm_each_async() has returned; `func_destroy` once, before the callback. */
YARA_API gboolean yara_orm_each (YaraOrm *orm, const YaraQuery *query, guint batch_size, YaraEachFunc func, gpointer func_data, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_each_async (YaraOrm *orm, const YaraQuery *query, guint batch_size, YaraEachFunc func, gpointer func_data, GDestroyNotify func_destroy, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_each_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* The first record in the order of the query, by key when it has none: (transfer full), one record
 * or none. */
YARA_API YaraResult *yara_orm_first (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_first_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraResult *yara_orm_first_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* The last one, in the same way. Not for a query with limit or offset. */
YARA_API YaraResult *yara_orm_last (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_last_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraResult *yara_orm_last_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* The only matching record: (transfer full). YARA_ERROR_DOES_NOT_EXIST, YARA_ERROR_MULTIPLE_OBJECTS. */
YARA_API YaraResult *yara_orm_get (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_get_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraResult *yara_orm_get_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* The only matching record or none: (transfer full). YARA_ERROR_MULTIPLE_OBJECTS. */
YARA_API YaraResult *yara_orm_get_or_none (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_get_or_none_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraResult *yara_orm_get_or_none_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* How many records match; -1 on error. */
YARA_API gint64 yara_orm_count (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_count_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gint64 yara_orm_count_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Whether any record matches, in `exists` (out). */
YARA_API gboolean yara_orm_exists (YaraOrm *orm, const YaraQuery *query, gboolean *exists, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_exists_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_exists_finish (YaraOrm *orm, GAsyncResult *result, gboolean *exists, GError **error);

/* The named fields of every matching record, all when `fields` is NULL: (transfer full). Cells have
 * the kind of their field. */
YARA_API YaraRows *yara_orm_values (YaraOrm *orm, const YaraQuery *query, const char *const *fields, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_values_async (YaraOrm *orm, const YaraQuery *query, const char *const *fields, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraRows *yara_orm_values_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* ---- writing by query ---- */

/* Writes what yara_query_set() named to every matching row: the number of rows, -1 on error. Not
 * for a query with order, limit, offset or distinct. Does not touch auto_now fields. */
YARA_API gint64 yara_orm_update (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_update_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gint64 yara_orm_update_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Deletes every matching row: the number of rows, -1 on error. Restrictions as for update. */
YARA_API gint64 yara_orm_delete_all (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_delete_all_async (YaraOrm *orm, const YaraQuery *query, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gint64 yara_orm_delete_all_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

G_END_DECLS

#endif
