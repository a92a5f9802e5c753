/* SPDX-License-Identifier: MIT
 * Gets and inserts in libpq's pipeline mode. */
#include "handwritten-postgres.h"

#include <endian.h>

#define BATCH 64 /* sent before the first answer is waited for */

static void
sent (int ok)
{
  if (!ok)
    bench_fail ("libpq: %s", PQerrorMessage (conn));
}

static void
take_sync (void)
{
  PQclear (expect (PQgetResult (conn), PGRES_PIPELINE_SYNC));
}

/* The result of one statement of a pipeline, which a NULL follows. */
static PGresult *
take_one (void)
{
  PGresult *result = PQgetResult (conn);

  bench_check (PQgetResult (conn) == NULL, "pipeline");
  return result;
}

static void
send_get (int64_t id)
{
  uint64_t key = htobe64 (id);
  const char *const values[] = { (const char *) &key };
  const int lengths[] = { 8 }, formats[] = { 1 };

  sent (PQsendQueryPrepared (conn, "select_key", 1, values, lengths, formats, 1));
}

void
get_pipelined (const Row *rows, bool sync_each)
{
  sent (PQenterPipelineMode (conn));
  for (unsigned first = 0, end; first < N_GETS; first = end)
    {
      end = first + BATCH < N_GETS ? first + BATCH : N_GETS;
      for (unsigned i = first; i < end; i++)
        {
          send_get (rows[bench_get_index (i)].id);
          if (sync_each || i == end - 1)
            sent (PQpipelineSync (conn));
        }
      for (unsigned i = first; i < end; i++)
        {
          take_get (take_one (), &rows[bench_get_index (i)]);
          if (sync_each || i == end - 1)
            take_sync ();
        }
    }
  sent (PQexitPipelineMode (conn));
}

/* A sync after each, because each is to be a transaction of its own. */
void
insert_pipelined (Row *rows)
{
  Insert insert;

  sent (PQenterPipelineMode (conn));
  for (unsigned first = 0, end; first < N_SINGLE; first = end)
    {
      end = first + BATCH < N_SINGLE ? first + BATCH : N_SINGLE;
      for (unsigned i = first; i < end; i++)
        {
          insert_bind (&insert, &rows[i]);
          sent (PQsendQueryPrepared (conn, "insert", 4, insert.values, insert.lengths, insert.formats, 1) &&
                PQpipelineSync (conn));
        }
      for (unsigned i = first; i < end; i++)
        {
          PGresult *result = expect (take_one (), PGRES_TUPLES_OK);

          rows[i].id = read_int64 (result, 0, 0);
          PQclear (result);
          take_sync ();
        }
    }
  sent (PQexitPipelineMode (conn));
}
