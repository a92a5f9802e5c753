/* SPDX-License-Identifier: MIT
 * Compiled SQL text, and what is released with a statement. The count uses the atomic operations
 * directly: unlike g_atomic_ref_count_dec() they are seen by ThreadSanitizer. */
#include "sql/statement.h"

#include <stdatomic.h>
#include <string.h>

static _Atomic guint64 last_id;

YaraSql *
yara_sql_new (const char *text, gsize length)
{
  YaraSql *sql = g_malloc (sizeof *sql + length + 1);

  sql->ref_count = 1;
  sql->id = atomic_fetch_add_explicit (&last_id, 1, memory_order_relaxed) + 1;
  sql->length = length;
  memcpy (sql->text, text, length);
  sql->text[length] = '\0';
  return sql;
}

YaraSql *
yara_sql_ref (YaraSql *sql)
{
  g_atomic_int_inc (&sql->ref_count);
  return sql;
}

void
yara_sql_unref (YaraSql *sql)
{
  if (g_atomic_int_dec_and_test (&sql->ref_count))
    g_free (sql);
}

void
yara_statement_clear (YaraStatement *statement)
{
  if (statement->sql != NULL)
    yara_sql_unref (statement->sql);
  memset (statement, 0, sizeof *statement);
}

void
yara_bulk_insert_clear (YaraBulkInsert *bulk)
{
  if (bulk->chunk_sql != NULL)
    yara_sql_unref (bulk->chunk_sql);
  if (bulk->tail_sql != NULL)
    yara_sql_unref (bulk->tail_sql);
  memset (bulk, 0, sizeof *bulk);
}
