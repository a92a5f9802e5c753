/* SPDX-License-Identifier: MIT
 *
 * Schemas: the tables of the registered models, each on the connection that its writes are routed
 * to, in that connection's dialect.
 */
#ifndef YARA_SCHEMA_H
#define YARA_SCHEMA_H

#include <yaraorm/yara-orm.h>

G_BEGIN_DECLS

typedef enum
{
  YARA_SCHEMA_DEFAULT = 0,     /* a table that exists is an error */
  YARA_SCHEMA_SAFE    = 1 << 0 /* tables and indexes that exist are left as they are */
} YaraSchemaFlags;

/* Creates the table and the indexes of every registered model, referenced models first; all or
 * nothing on each connection. A foreign key to a model whose writes go to another connection is
 * YARA_ERROR_CONFIGURATION before anything is created, unless the field is `unconstrained`. */
YARA_API gboolean yara_orm_generate_schemas (YaraOrm *orm, YaraSchemaFlags flags, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_generate_schemas_async (YaraOrm *orm, YaraSchemaFlags flags, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_generate_schemas_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* The same for some models: `models` is NULL-terminated. */
YARA_API gboolean yara_orm_generate_schemas_for (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags, GCancellable *cancellable, GError **error);
YARA_API void yara_orm_generate_schemas_for_async (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_generate_schemas_for_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* The statements that yara_orm_generate_schemas_for() would run, without running them: (transfer
 * full), a GVariant of type a(sas), a connection and its statements each, in the order in which
 * they would run. `models` (nullable): all registered ones. */
YARA_API GVariant *yara_orm_schema_sql (YaraOrm *orm, const YaraModel *const *models, YaraSchemaFlags flags, GError **error);

/* The statements that would bring the tables of `models` (nullable: all registered ones) from what they are to
 * what the models say: (transfer full), a GVariant as above. Reads the catalogs of the databases, runs nothing
 * else. Tables, columns and indexes are added, by their names; nothing is changed or removed. A connection whose
 * tables are complete has no statements. */
YARA_API GVariant *yara_orm_schema_changes        (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable, GError **error);
YARA_API void      yara_orm_schema_changes_async  (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API GVariant *yara_orm_schema_changes_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* What the tables of `models` (nullable: all registered ones) have and no registered model of the same table has:
 * (transfer full), a GVariant of type a(sssss): the connection, "index" or "column", the table, the name, and
 * the statement that would drop it, which is "" for a column that cannot be dropped by itself (a key; in SQLite
 * also one that is unique). Indexes come before the columns of their table. Constraints
 * and whole tables are not looked at. Reads the catalogs of the databases, runs nothing else. */
YARA_API GVariant *yara_orm_schema_surplus        (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable, GError **error);
YARA_API void      yara_orm_schema_surplus_async  (YaraOrm *orm, const YaraModel *const *models, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API GVariant *yara_orm_schema_surplus_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

G_END_DECLS

#endif
