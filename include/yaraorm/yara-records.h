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
 * YARA_ERROR_MULTIPLE_OBJECTS when several rows match. */
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
