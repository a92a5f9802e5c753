/* SPDX-License-Identifier: MIT
 * The workload as a good C programmer writes it with libpq: every statement prepared once, parameters and
 * results binary, a malloc and a strdup for each row read. One connection.
 *
 * handwritten-postgres URL DDL POSTMASTER    POSTMASTER is a process id */
#include "handwritten-postgres.h"

#include <endian.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define COLUMNS "id, name, value, cat, created"
#define EPOCH   946684800 /* 2000-01-01 */

typedef struct
{
  Row  **rows;
  size_t n_rows;
} RowList;

PGconn *conn;
static const char *url, *ddl;

/* ---- the connection ---- */

PGresult *
expect (PGresult *result, ExecStatusType wanted)
{
  if (PQresultStatus (result) != wanted)
    bench_fail ("libpq: %s: %s", PQresStatus (PQresultStatus (result)), PQerrorMessage (conn));
  return result;
}

static void
execute (const char *sql)
{
  PQclear (expect (PQexec (conn, sql), PGRES_COMMAND_OK));
}

void
prepare (const char *name, const char *sql)
{
  PQclear (expect (PQprepare (conn, name, sql, 0, NULL), PGRES_COMMAND_OK));
}

static void
ignore_notice (void *data, const PGresult *result)
{
}

static void
set_up (void)
{
  conn = PQconnectdb (url);
  if (PQstatus (conn) != CONNECTION_OK)
    bench_fail ("libpq: %s", PQerrorMessage (conn));
  PQsetNoticeReceiver (conn, ignore_notice, NULL);
  execute ("DROP TABLE IF EXISTS bench");
  execute (ddl);

  prepare_bulk ();
  prepare ("insert", "INSERT INTO bench (name, value, cat, created) VALUES ($1, $2, $3, $4) RETURNING id");
  prepare ("select_all", "SELECT " COLUMNS " FROM bench");
  prepare ("select_filter", "SELECT " COLUMNS " FROM bench WHERE value >= $1");
  prepare ("select_count", "SELECT count(*) FROM bench");
  prepare ("select_groups", GROUP_BY_SQL);
  prepare ("select_key", "SELECT " COLUMNS " FROM bench WHERE id = $1");
  prepare ("update_half", "UPDATE bench SET value = $1 WHERE value < $2");
  prepare ("delete_half", "DELETE FROM bench WHERE value >= $1");
}

static void
tear_down (void)
{
  PQfinish (conn);
  conn = NULL;
}

static PGresult *
run (const char *name, int n_values, const char *const *values, const int *lengths, ExecStatusType wanted)
{
  static const int binary[] = { 1, 1, 1, 1 };

  return expect (PQexecPrepared (conn, name, n_values, values, lengths, binary, 1), wanted);
}

/* With one or two parameters of type integer. */
static PGresult *
run_with_integers (const char *name, int n_values, int first, int second, ExecStatusType wanted)
{
  uint32_t numbers[] = { htobe32 (first), htobe32 (second) };
  const char *const values[] = { (const char *) &numbers[0], (const char *) &numbers[1] };
  const int lengths[] = { 4, 4 };

  return run (name, n_values, values, lengths, wanted);
}

/* ---- writing ---- */

int64_t
microseconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  return (now.tv_sec - EPOCH) * INT64_C (1000000) + now.tv_nsec / 1000;
}

void
insert_bind (Insert *insert, Row *row)
{
  row->created = microseconds ();
  *insert = (Insert) {
    .value = htobe32 (row->value), .cat = htobe32 (row->cat), .created = htobe64 (row->created),
    .values = { row->name, (char *) &insert->value, (char *) &insert->cat, (char *) &insert->created },
    .lengths = { strlen (row->name), 4, 4, 8 }, .formats = { 1, 1, 1, 1 },
  };
}

static void
single_insert (Row *row)
{
  Insert insert;
  PGresult *result;

  insert_bind (&insert, row);
  result = run ("insert", 4, insert.values, insert.lengths, PGRES_TUPLES_OK);
  row->id = read_int64 (result, 0, 0);
  PQclear (result);
}

static int
count_changed (PGresult *result)
{
  int n_changed = atoi (PQcmdTuples (result));

  PQclear (result);
  return n_changed;
}

static int
update_where_less (int value, int limit)
{
  return count_changed (run_with_integers ("update_half", 2, value, limit, PGRES_COMMAND_OK));
}

static int
delete_where_at_least (int limit)
{
  return count_changed (run_with_integers ("delete_half", 1, limit, 0, PGRES_COMMAND_OK));
}

/* ---- reading ---- */

static void *
not_null (void *memory)
{
  if (memory == NULL)
    bench_fail ("out of memory");
  return memory;
}

static int32_t
read_int32 (const PGresult *result, int row, int column)
{
  uint32_t number;

  memcpy (&number, PQgetvalue (result, row, column), sizeof number);
  return be32toh (number);
}

int64_t
read_int64 (const PGresult *result, int row, int column)
{
  uint64_t number;

  memcpy (&number, PQgetvalue (result, row, column), sizeof number);
  return be64toh (number);
}

static Row *
row_new (const PGresult *result, int i)
{
  Row *row = not_null (malloc (sizeof *row));

  row->id = read_int64 (result, i, 0);
  row->name = not_null (strdup (PQgetvalue (result, i, 1)));
  row->value = read_int32 (result, i, 2);
  row->cat = read_int32 (result, i, 3);
  row->created = read_int64 (result, i, 4);
  return row;
}

static void
row_free (Row *row)
{
  free (row->name);
  free (row);
}

static RowList
take_rows (PGresult *result)
{
  RowList list = { .n_rows = PQntuples (result) };

  list.rows = not_null (malloc ((list.n_rows + 1) * sizeof list.rows[0]));
  for (size_t i = 0; i < list.n_rows; i++)
    list.rows[i] = row_new (result, i);
  PQclear (result);
  return list;
}

static long
sum_and_free (RowList *list, size_t n_wanted)
{
  long sum = 0;

  bench_check (list->n_rows == n_wanted, "fetch");
  for (size_t i = 0; i < list->n_rows; i++)
    {
      sum += list->rows[i]->value;
      row_free (list->rows[i]);
    }
  free (list->rows);
  return sum;
}

static void
fetch_all (void)
{
  RowList list = take_rows (run ("select_all", 0, NULL, NULL, PGRES_TUPLES_OK));

  bench_check (sum_and_free (&list, N_ROWS) == SUM_OF_ALL, "fetch_all");
}

static void
filter (void)
{
  RowList list = take_rows (run_with_integers ("select_filter", 1, HALF, 0, PGRES_TUPLES_OK));

  bench_check (sum_and_free (&list, N_ROWS - HALF) == SUM_OF_UPPER_HALF, "filter");
}

static void
count (void)
{
  for (int i = 0; i < N_COUNTS; i++)
    {
      PGresult *result = run ("select_count", 0, NULL, NULL, PGRES_TUPLES_OK);

      bench_check (read_int64 (result, 0, 0) == N_ROWS, "count");
      PQclear (result);
    }
}

static void
group_by (void)
{
  int64_t minimum = htobe64 (GROUP_BY_MINIMUM);
  const char *const values[] = { (const char *) &minimum };
  PGresult *result = run ("select_groups", 1, values, (const int[]) { 8 }, PGRES_TUPLES_OK);
  int64_t groups[N_CATEGORIES][3];

  bench_check (PQntuples (result) == N_CATEGORIES, "group_by");
  for (int i = 0; i < N_CATEGORIES; i++)
    {
      groups[i][0] = read_int32 (result, i, 0);
      groups[i][1] = read_int64 (result, i, 1);
      groups[i][2] = read_int64 (result, i, 2);
    }
  PQclear (result);
  bench_check (groups[1][0] == 1 && groups[1][1] == N_ROWS / N_CATEGORIES, "group_by");
}

void
take_get (PGresult *result, const Row *wanted)
{
  Row *row;

  bench_check (PQntuples (expect (result, PGRES_TUPLES_OK)) == 1, "get");
  row = row_new (result, 0);
  PQclear (result);
  bench_check (row->value == wanted->value, "get");
  row_free (row);
}

static void
get (const Row *rows)
{
  for (unsigned i = 0; i < N_GETS; i++)
    {
      const Row *wanted = &rows[bench_get_index (i)];
      int64_t id = htobe64 (wanted->id);
      const char *const values[] = { (const char *) &id };

      take_get (run ("select_key", 1, values, (const int[]) { 8 }, PGRES_TUPLES_OK), wanted);
    }
}

/* ---- the suite ---- */

static void
fill_rows (Row *rows, int n_rows)
{
  for (int i = 0; i < n_rows; i++)
    rows[i] = (Row) { .name = (char *) bench_names ()[i], .value = i, .cat = i % N_CATEGORIES };
}

static void
measure_bulk (Row *rows, void (*bulk_insert) (Row *rows), const char *name)
{
  BenchTime start;

  set_up ();
  fill_rows (rows, N_ROWS);
  bulk_insert (rows);
  execute ("TRUNCATE bench");
  fill_rows (rows, N_ROWS);
  start = bench_now ();
  bulk_insert (rows);
  bench_report (name, start);
}

static void
measure_table (Row *rows)
{
  BenchTime start;
  int n_changed;

  measure_bulk (rows, bulk_insert_unnest, "bulk_insert_unnest");
  tear_down ();
  measure_bulk (rows, bulk_insert_copy, "bulk_insert");

#define MEASURE_READ(name, call) (call, start = bench_now (), call, bench_report (name, start))
  MEASURE_READ ("group_by", group_by ());
  MEASURE_READ ("fetch_all", fetch_all ());
  MEASURE_READ ("count", count ());
  MEASURE_READ ("filter", filter ());
  MEASURE_READ ("get", get (rows));

  update_where_less (0, -1);
  start = bench_now ();
  n_changed = update_where_less (0, HALF);
  bench_report ("update", start);
  bench_check (n_changed == HALF, "update");

  delete_where_at_least (N_ROWS);
  start = bench_now ();
  n_changed = delete_where_at_least (HALF);
  bench_report ("delete", start);
  bench_check (n_changed == N_ROWS - HALF, "delete");
  tear_down ();
}

static void
measure_gets (Row *rows)
{
  BenchTime start;

  set_up ();
  fill_rows (rows, N_ROWS);
  bulk_insert_copy (rows);
  MEASURE_READ ("get_pipelined_sync_each", get_pipelined (rows, true));
  MEASURE_READ ("get_pipelined_sync_64", get_pipelined (rows, false));
  tear_down ();
}

static void
prepare_inserts (Row *rows)
{
  set_up ();
  fill_rows (rows, N_SINGLE);
  single_insert (&rows[0]);
  execute ("TRUNCATE bench");
}

static void
measure_inserts (Row *rows)
{
  BenchTime start;

  prepare_inserts (rows);
  start = bench_now ();
  for (int i = 0; i < N_SINGLE; i++)
    single_insert (&rows[i]);
  bench_report ("single_insert", start);
  bench_check (rows[N_SINGLE - 1].id == rows[0].id + N_SINGLE - 1, "single_insert");
  tear_down ();

  prepare_inserts (rows);
  start = bench_now ();
  insert_pipelined (rows);
  bench_report ("single_insert_pipelined", start);
  bench_check (rows[N_SINGLE - 1].id == rows[0].id + N_SINGLE - 1, "single_insert_pipelined");
  tear_down ();
}

static void
suite (void)
{
  static Row rows[N_ROWS];

  measure_table (rows);
  measure_inserts (rows);
  measure_gets (rows);
}

int
main (int argc, char **argv)
{
  if (argc != 4)
    bench_fail ("usage: handwritten-postgres URL DDL POSTMASTER");
  url = argv[1];
  ddl = argv[2];
  bench_watch_server (atoi (argv[3]));
  bench_run (suite);
  return 0;
}
