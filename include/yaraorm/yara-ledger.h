/* SPDX-License-Identifier: MIT
 *
 * The ledger: how many statements went where, and why. It is always on.
 *
 * A statement is what a query hook hears of (yara_orm_add_query_hook()): one request to a database, also
 * one that failed. The sum of all lines is the number of them, whatever threads, swaps and
 * transactions were at work. A verb that makes several requests counts each; the beginning and the end of
 * transactions do not count; nor does a statement that never left, because its route was wrong.
 *
 * The latest 16 generations of a line at least are told apart; what older ones counted is one sum.
 */
#ifndef YARA_LEDGER_H
#define YARA_LEDGER_H

#include <yaraorm/yara-orm.h>

G_BEGIN_DECLS

/* The generation of lines that stand for all older ones. */
#define YARA_LEDGER_OLDER G_MAXUINT64

/* The lines, sorted: (transfer full), a GVariant of type a(ssssttt): model ("" for raw SQL and schemas),
 * "read" or "write", connection, reason (yara_route_reason_get_name()), generation (0 in transactions),
 * statements, and how many of them failed. From any thread; what is counted meanwhile may be in it. */
YARA_API GVariant *yara_orm_get_ledger (YaraOrm *orm);

/* The same in the OpenMetrics text format, to be served as "application/openmetrics-text; version=1.0.0;
 * charset=utf-8": (transfer full). Two counters, yaraorm_statements and yaraorm_statement_failures; the
 * generation of older ones is "older". */
YARA_API char *yara_orm_get_ledger_text (YaraOrm *orm);

G_END_DECLS

#endif
