/* SPDX-License-Identifier: MIT
 *
 * Queries: which rows, in which order. Building one does no I/O and never fails; the first
 * mistake (unknown field, bad lookup, wrong kind of value) is reported by the verb that runs it.
 * Running a query does not change it. One query may be run from several threads at once, but
 * built from one only.
 *
 * A lookup is FIELD or FIELD__LOOKUP:
 *
 *   exact (or nothing)   equal; NULL means "is NULL"
 *   not                  different; rows with NULL are kept; NULL means "is not NULL"
 *   gt gte lt lte        greater, greater or equal, less, less or equal
 *   in, not_in           one of a YARA_LIST (any length); not_in keeps rows with NULL
 *   range                between the two of a YARA_LIST, both included
 *   isnull               value true or false
 *   contains startswith endswith              text; upper and lower case differ
 *   iexact icontains istartswith iendswith    text; case of letters ignored (SQLite: of A to Z)
 *
 * `%`, `_` and `\` in a value stand for themselves.
 */
#ifndef YARA_QUERY_H
#define YARA_QUERY_H

#include <yaraorm/yara-model.h>

G_BEGIN_DECLS

/* A condition, or several joined by and, or, not. Counted; belongs to no model until it is used. */
typedef struct YaraExpr YaraExpr;

#define YARA_TYPE_EXPR (yara_expr_get_type ())
YARA_API GType yara_expr_get_type (void);

/* A condition: (transfer full). `value` is copied. */
YARA_API YaraExpr *yara_expr_new (const char *lookup, const YaraValue *value);

/* Joined conditions: (transfer full), of arguments that are all (transfer full). */
YARA_API YaraExpr *yara_expr_and (YaraExpr *first, YaraExpr *second);
YARA_API YaraExpr *yara_expr_or  (YaraExpr *first, YaraExpr *second);
YARA_API YaraExpr *yara_expr_not (YaraExpr *expr); /* every row that `expr` does not match, NULLs included */

YARA_API YaraExpr *yara_expr_ref   (YaraExpr *expr);
YARA_API void      yara_expr_unref (YaraExpr *expr);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraExpr, yara_expr_unref)

/* A query over one model. Counted. */
typedef struct YaraQuery YaraQuery;

#define YARA_TYPE_QUERY (yara_query_get_type ())
YARA_API GType yara_query_get_type (void);

/* All rows of `model`: (transfer full). */
YARA_API YaraQuery *yara_query_new   (const YaraModel *model);
YARA_API YaraQuery *yara_query_copy  (const YaraQuery *query); /* (transfer full), independent */
YARA_API YaraQuery *yara_query_ref   (YaraQuery *query);
YARA_API void       yara_query_unref (YaraQuery *query);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraQuery, yara_query_unref)

/* Keeps the rows that match, or those that do not. Several calls add up. Values are copied. */
YARA_API void yara_query_filter_value  (YaraQuery *query, const char *lookup, const YaraValue *value);
YARA_API void yara_query_exclude_value (YaraQuery *query, const char *lookup, const YaraValue *value);
YARA_API void yara_query_filter_expr   (YaraQuery *query, YaraExpr *expr); /* expr (transfer full) */
YARA_API void yara_query_exclude_expr  (YaraQuery *query, YaraExpr *expr); /* expr (transfer full) */

/* Sorts by `field`, descending with a leading "-". Several calls sort within. */
YARA_API void yara_query_order_by (YaraQuery *query, const char *field);

/* At most `limit` rows, after the first `offset`. Both 0 or more; the last call counts. */
YARA_API void yara_query_limit  (YaraQuery *query, gint64 limit);
YARA_API void yara_query_offset (YaraQuery *query, gint64 offset);

/* Drops equal rows; of use with yara_orm_values() and yara_orm_count(). */
YARA_API void yara_query_distinct (YaraQuery *query);

/* What to do about rows that somebody else has locked. */
typedef enum
{
  YARA_LOCK_WAIT = 0,
  YARA_LOCK_NOWAIT      = 1 << 0, /* the verb fails; yara_error_is_retryable() says TRUE */
  YARA_LOCK_SKIP_LOCKED = 1 << 1  /* they are left out; NOWAIT wins when both are given */
} YaraLock;

/* Locks the rows that are read until the end of the transaction, so that nobody else changes them. Outside
 * of a transaction, and in one that is read-only, the verb fails with YARA_ERROR_TRANSACTION. Not for
 * count, exists, update, delete_all or a query with distinct. On SQLite the transaction has locked the whole
 * database already. */
YARA_API void yara_query_for_update (YaraQuery *query, YaraLock lock);

/* What yara_orm_update() writes to every matching row. The value is copied. */
YARA_API void yara_query_set_value (YaraQuery *query, const char *field, const YaraValue *value);

#ifndef __cplusplus

/* The same with a value by its C type: yara_query_filter (query, "age__gte", 18). */
#define yara_expr(lookup, value)                 yara_expr_new ((lookup), (const YaraValue[]) { YARA_VALUE (value) })
#define yara_query_filter(query, lookup, value)  yara_query_filter_value ((query), (lookup), (const YaraValue[]) { YARA_VALUE (value) })
#define yara_query_exclude(query, lookup, value) yara_query_exclude_value ((query), (lookup), (const YaraValue[]) { YARA_VALUE (value) })
#define yara_query_set(query, field, value)      yara_query_set_value ((query), (field), (const YaraValue[]) { YARA_VALUE (value) })

#endif

G_END_DECLS

#endif
