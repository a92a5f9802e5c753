/* SPDX-License-Identifier: MIT
 * Two ways to insert many rows at once: keys drawn from the sequence and then binary COPY, and one INSERT
 * from arrays that returns the keys. */
#include "handwritten-postgres.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>

#define COLUMNS 4 /* of the INSERT: without the key */

/* Of PostgreSQL's catalog pg_type. */
enum { OID_INT4 = 23, OID_VARCHAR = 1043, OID_TIMESTAMPTZ = 1184 };

/* A message to the server while it is made; large enough for all rows. */
typedef struct
{
  char  *data;
  size_t size;
} Buffer;

static Buffer copy, arrays[COLUMNS];

static void
allocate (Buffer *buffer, size_t size)
{
  if (buffer->data == NULL)
    buffer->data = malloc (size);
  if (buffer->data == NULL)
    bench_fail ("out of memory");
}

static void
put_bytes (Buffer *buffer, const void *bytes, size_t size)
{
  memcpy (buffer->data + buffer->size, bytes, size);
  buffer->size += size;
}

static void
put_16 (Buffer *buffer, uint16_t number)
{
  number = htobe16 (number);
  put_bytes (buffer, &number, sizeof number);
}

static void
put_32 (Buffer *buffer, uint32_t number)
{
  number = htobe32 (number);
  put_bytes (buffer, &number, sizeof number);
}

static void
put_64 (Buffer *buffer, uint64_t number)
{
  number = htobe64 (number);
  put_bytes (buffer, &number, sizeof number);
}

/* Cells, each behind its length. */

static void
put_text (Buffer *buffer, const char *text)
{
  size_t size = strlen (text);

  put_32 (buffer, size);
  put_bytes (buffer, text, size);
}

static void
put_int32 (Buffer *buffer, int32_t number)
{
  put_32 (buffer, 4);
  put_32 (buffer, number);
}

static void
put_int64 (Buffer *buffer, int64_t number)
{
  put_32 (buffer, 8);
  put_64 (buffer, number);
}

void
prepare_bulk (void)
{
  prepare ("draw_keys", "SELECT nextval('bench_id_seq') FROM generate_series(1, $1::int4)");
  prepare ("insert_arrays",
           "INSERT INTO bench (name, value, cat, created)"
           " SELECT * FROM unnest($1::varchar[], $2::int4[], $3::int4[], $4::timestamptz[]) RETURNING id");
  allocate (&copy, 32 + N_ROWS * 64);
  for (int i = 0; i < COLUMNS; i++)
    allocate (&arrays[i], 32 + N_ROWS * 24);
}

static void
take_keys (Row *rows, PGresult *result)
{
  bench_check (PQntuples (result) == N_ROWS, "keys");
  for (int i = 0; i < N_ROWS; i++)
    rows[i].id = read_int64 (result, i, 0);
  PQclear (result);
}

static void
draw_keys (Row *rows)
{
  uint32_t number = htobe32 (N_ROWS);
  const char *const values[] = { (const char *) &number };
  const int lengths[] = { sizeof number }, formats[] = { 1 };

  take_keys (rows, expect (PQexecPrepared (conn, "draw_keys", 1, values, lengths, formats, 1), PGRES_TUPLES_OK));
}

void
bulk_insert_copy (Row *rows)
{
  int64_t now = microseconds ();

  draw_keys (rows);
  copy.size = 0;
  put_bytes (&copy, "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0", 19);
  for (int i = 0; i < N_ROWS; i++)
    {
      rows[i].created = now;
      put_16 (&copy, COLUMNS + 1);
      put_int64 (&copy, rows[i].id);
      put_text (&copy, rows[i].name);
      put_int32 (&copy, rows[i].value);
      put_int32 (&copy, rows[i].cat);
      put_int64 (&copy, rows[i].created);
    }
  put_16 (&copy, UINT16_MAX);
  PQclear (expect (PQexec (conn, "COPY bench (id, name, value, cat, created) FROM STDIN (FORMAT binary)"),
                   PGRES_COPY_IN));
  if (PQputCopyData (conn, copy.data, copy.size) != 1 || PQputCopyEnd (conn, NULL) != 1)
    bench_fail ("libpq: %s", PQerrorMessage (conn));
  PQclear (expect (PQgetResult (conn), PGRES_COMMAND_OK));
  bench_check (PQgetResult (conn) == NULL, "COPY");
}

static void
begin_array (Buffer *buffer, uint32_t type)
{
  buffer->size = 0;
  put_32 (buffer, 1); /* dimension */
  put_32 (buffer, 0); /* without NULL */
  put_32 (buffer, type);
  put_32 (buffer, N_ROWS);
  put_32 (buffer, 1); /* index of the first */
}

void
bulk_insert_unnest (Row *rows)
{
  static const uint32_t types[COLUMNS] = { OID_VARCHAR, OID_INT4, OID_INT4, OID_TIMESTAMPTZ };
  const char *values[COLUMNS];
  int lengths[COLUMNS], formats[COLUMNS];
  int64_t now = microseconds ();

  for (int i = 0; i < COLUMNS; i++)
    begin_array (&arrays[i], types[i]);
  for (int i = 0; i < N_ROWS; i++)
    {
      rows[i].created = now;
      put_text (&arrays[0], rows[i].name);
      put_int32 (&arrays[1], rows[i].value);
      put_int32 (&arrays[2], rows[i].cat);
      put_int64 (&arrays[3], rows[i].created);
    }
  for (int i = 0; i < COLUMNS; i++)
    {
      values[i] = arrays[i].data;
      lengths[i] = arrays[i].size;
      formats[i] = 1;
    }
  take_keys (rows, expect (PQexecPrepared (conn, "insert_arrays", COLUMNS, values, lengths, formats, 1),
                           PGRES_TUPLES_OK));
}
