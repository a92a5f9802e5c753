/* SPDX-License-Identifier: MIT
 *
 * Results. A result owns everything in it: its records, its cells and the text behind them. Free
 * it once, keep nothing from it after that.
 */
#ifndef YARA_RESULT_H
#define YARA_RESULT_H

#include <yaraorm/yara-model.h>

G_BEGIN_DECLS

/* Records of one model: one array of the model's C struct. Counted. */
typedef struct YaraResult YaraResult;

#define YARA_TYPE_RESULT (yara_result_get_type ())
YARA_API GType yara_result_get_type (void);

YARA_API YaraResult *yara_result_ref   (YaraResult *result);
YARA_API void        yara_result_unref (YaraResult *result);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraResult, yara_result_unref)

YARA_API gsize yara_result_get_n_records (const YaraResult *result);

/* The array of records: (transfer none) (nullable) when there are none. The records may be
 * changed and saved; their text stays the result's. */
YARA_API gpointer yara_result_get_records (const YaraResult *result);

/* The record at `index`: (transfer none) (nullable) past the end. */
YARA_API gpointer yara_result_get_record (const YaraResult *result, gsize index);

/* YARA_FOREACH (User, user, users) { ... }: `user` is a User *. */
#define YARA_FOREACH(Type, variable, result) \
  for (Type *variable = (Type *) yara_result_get_records (result), \
            *variable##_end = variable + yara_result_get_n_records (result); \
       variable < variable##_end; variable++)

/* Rows of values, as raw SQL and yara_orm_values() give them. Counted. */
typedef struct YaraRows YaraRows;

#define YARA_TYPE_ROWS (yara_rows_get_type ())
YARA_API GType yara_rows_get_type (void);

YARA_API YaraRows *yara_rows_ref   (YaraRows *rows);
YARA_API void      yara_rows_unref (YaraRows *rows);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraRows, yara_rows_unref)

YARA_API gsize       yara_rows_get_n_rows      (const YaraRows *rows);
YARA_API gsize       yara_rows_get_n_columns   (const YaraRows *rows);
YARA_API const char *yara_rows_get_column_name (const YaraRows *rows, gsize column); /* (transfer none) */

/* The cell at (row, column), counted from 0: (transfer none). Outside the result is a programming
 * error (g_critical, a NULL value). */
YARA_API const YaraValue *yara_rows_get_value (const YaraRows *rows, gsize row, gsize column);

/* The cell as a C value. A NULL cell gives 0, FALSE or NULL; ask yara_rows_is_null() where that
 * matters. A cell of another kind is a programming error (g_critical, 0 or NULL): text is not
 * parsed, numbers are not cut. get_double takes integers too. */
YARA_API gboolean    yara_rows_is_null    (const YaraRows *rows, gsize row, gsize column);
YARA_API gint64      yara_rows_get_int    (const YaraRows *rows, gsize row, gsize column); /* bool, integers, timestamp, date */
YARA_API double      yara_rows_get_double (const YaraRows *rows, gsize row, gsize column);
YARA_API const char *yara_rows_get_text   (const YaraRows *rows, gsize row, gsize column); /* text, decimal, json */
YARA_API YaraBytes   yara_rows_get_bytes  (const YaraRows *rows, gsize row, gsize column);
YARA_API YaraUuid    yara_rows_get_uuid   (const YaraRows *rows, gsize row, gsize column);

G_END_DECLS

#endif
