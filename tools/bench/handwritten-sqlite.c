/* SPDX-License-Identifier: MIT
 * The workload as a good C programmer writes it with sqlite3: every statement prepared once, a malloc
 * and a strdup for each row read, many rows inserted by 100-row VALUES ... RETURNING. One connection,
 * one thread, no mutexes.
 *
 * handwritten-sqlite DIRECTORY SYNCHRONOUS DDL */
#include "bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define CHUNK     100
#define COLUMNS   "id, name, value, cat, created"
#define INSERT    "INSERT INTO bench (name, value, cat, created) VALUES "
#define VALUES    "(?, ?, ?, ?)"
#define N_BOUND   4

typedef struct
{
  sqlite3_int64 id;
  char         *name;
  int           value;
  int           cat;
  sqlite3_int64 created;
} Row;

typedef struct
{
  Row  **rows;
  size_t n_rows;
  size_t capacity;
} RowList;

static const char *directory, *synchronous, *ddl;
static sqlite3 *database;
static sqlite3_stmt *begin, *commit, *insert, *insert_chunk, *select_all, *select_filter, *select_count,
                    *select_groups, *select_key, *update_half, *delete_half, *delete_all;

/* ---- the connection ---- */

static void
expect (int code, int wanted)
{
  if (code != wanted)
    bench_fail ("sqlite: %s", database != NULL ? sqlite3_errmsg (database) : "cannot open");
}

static void
execute (const char *sql)
{
  expect (sqlite3_exec (database, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void
prepare (sqlite3_stmt **statement, const char *sql)
{
  expect (sqlite3_prepare_v3 (database, sql, -1, SQLITE_PREPARE_PERSISTENT, statement, NULL), SQLITE_OK);
}

static void
prepare_chunk (void)
{
  char sql[sizeof INSERT " RETURNING id" + CHUNK * sizeof VALUES ", "];
  char *end = stpcpy (sql, INSERT);

  for (int i = 0; i < CHUNK; i++)
    end = stpcpy (end, i > 0 ? ", " VALUES : VALUES);
  strcpy (end, " RETURNING id");
  prepare (&insert_chunk, sql);
}

static void
set_up (void)
{
  char pragma[64];
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX;

  expect (sqlite3_open_v2 (bench_fresh_file (directory), &database, flags, NULL), SQLITE_OK);
  sqlite3_busy_timeout (database, 5000);
  execute ("PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA trusted_schema = OFF;"
           "PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0");
  snprintf (pragma, sizeof pragma, "PRAGMA synchronous = %s", synchronous);
  execute (pragma);
  execute (ddl);

  prepare (&begin, "BEGIN IMMEDIATE");
  prepare (&commit, "COMMIT");
  prepare (&insert, INSERT VALUES);
  prepare_chunk ();
  prepare (&select_all, "SELECT " COLUMNS " FROM bench");
  prepare (&select_filter, "SELECT " COLUMNS " FROM bench WHERE value >= ?");
  prepare (&select_count, "SELECT count(*) FROM bench");
  prepare (&select_groups, GROUP_BY_SQL);
  prepare (&select_key, "SELECT " COLUMNS " FROM bench WHERE id = ?");
  prepare (&update_half, "UPDATE bench SET value = ? WHERE value < ?");
  prepare (&delete_half, "DELETE FROM bench WHERE value >= ?");
  prepare (&delete_all, "DELETE FROM bench");
}

static void
tear_down (void)
{
  sqlite3_stmt *statement;

  while ((statement = sqlite3_next_stmt (database, NULL)) != NULL)
    sqlite3_finalize (statement);
  expect (sqlite3_close (database), SQLITE_OK);
  database = NULL;
  bench_remove_file (bench_fresh_file (directory));
}

/* ---- writing ---- */

static sqlite3_int64
microseconds (void)
{
  struct timespec now;

  clock_gettime (CLOCK_REALTIME, &now);
  return now.tv_sec * INT64_C (1000000) + now.tv_nsec / 1000;
}

static void
bind_row (sqlite3_stmt *statement, int first, const Row *row)
{
  sqlite3_bind_text (statement, first, row->name, -1, SQLITE_STATIC);
  sqlite3_bind_int (statement, first + 1, row->value);
  sqlite3_bind_int (statement, first + 2, row->cat);
  sqlite3_bind_int64 (statement, first + 3, row->created);
}

static void
run (sqlite3_stmt *statement)
{
  expect (sqlite3_step (statement), SQLITE_DONE);
  sqlite3_reset (statement);
}

static void
bulk_insert (Row *rows)
{
  sqlite3_int64 now = microseconds ();

  run (begin);
  for (int i = 0; i < N_ROWS; i += CHUNK)
    {
      for (int j = 0; j < CHUNK; j++)
        {
          rows[i + j].created = now;
          bind_row (insert_chunk, 1 + j * N_BOUND, &rows[i + j]);
        }
      for (int j = 0; j < CHUNK; j++)
        {
          expect (sqlite3_step (insert_chunk), SQLITE_ROW);
          rows[i + j].id = sqlite3_column_int64 (insert_chunk, 0);
        }
      run (insert_chunk);
    }
  run (commit);
}

static void
single_insert (Row *row)
{
  row->created = microseconds ();
  bind_row (insert, 1, row);
  run (insert);
  row->id = sqlite3_last_insert_rowid (database);
}

static int
update_where_less (int value, int limit)
{
  sqlite3_bind_int (update_half, 1, value);
  sqlite3_bind_int (update_half, 2, limit);
  run (update_half);
  return sqlite3_changes (database);
}

static int
delete_where_at_least (int limit)
{
  sqlite3_bind_int (delete_half, 1, limit);
  run (delete_half);
  return sqlite3_changes (database);
}

/* ---- reading ---- */

static void *
not_null (void *memory)
{
  if (memory == NULL)
    bench_fail ("out of memory");
  return memory;
}

static Row *
row_new (sqlite3_stmt *statement)
{
  Row *row = not_null (malloc (sizeof *row));

  row->id = sqlite3_column_int64 (statement, 0);
  row->name = not_null (strdup ((const char *) sqlite3_column_text (statement, 1)));
  row->value = sqlite3_column_int (statement, 2);
  row->cat = sqlite3_column_int (statement, 3);
  row->created = sqlite3_column_int64 (statement, 4);
  return row;
}

static void
row_free (Row *row)
{
  free (row->name);
  free (row);
}

static RowList
fetch (sqlite3_stmt *statement)
{
  RowList list = { NULL, 0, 0 };
  int code;

  while ((code = sqlite3_step (statement)) == SQLITE_ROW)
    {
      if (list.n_rows == list.capacity)
        {
          list.capacity = list.capacity > 0 ? list.capacity * 2 : 16;
          list.rows = not_null (realloc (list.rows, list.capacity * sizeof list.rows[0]));
        }
      list.rows[list.n_rows++] = row_new (statement);
    }
  expect (code, SQLITE_DONE);
  sqlite3_reset (statement);
  return list;
}

static void
row_list_free (RowList *list)
{
  for (size_t i = 0; i < list->n_rows; i++)
    row_free (list->rows[i]);
  free (list->rows);
}

static long
sum_and_free (RowList *list, size_t n_wanted)
{
  long sum = 0;

  bench_check (list->n_rows == n_wanted, "fetch");
  for (size_t i = 0; i < list->n_rows; i++)
    sum += list->rows[i]->value;
  row_list_free (list);
  return sum;
}

static void
fetch_all (void)
{
  RowList list = fetch (select_all);

  bench_check (sum_and_free (&list, N_ROWS) == SUM_OF_ALL, "fetch_all");
}

static void
filter (void)
{
  RowList list;

  sqlite3_bind_int (select_filter, 1, HALF);
  list = fetch (select_filter);
  bench_check (sum_and_free (&list, N_ROWS - HALF) == SUM_OF_UPPER_HALF, "filter");
}

static void
count (void)
{
  for (int i = 0; i < N_COUNTS; i++)
    {
      expect (sqlite3_step (select_count), SQLITE_ROW);
      bench_check (sqlite3_column_int64 (select_count, 0) == N_ROWS, "count");
      sqlite3_reset (select_count);
    }
}

static void
group_by (void)
{
  sqlite3_int64 groups[N_CATEGORIES][3];
  int n_groups = 0;

  sqlite3_bind_int (select_groups, 1, GROUP_BY_MINIMUM);
  while (sqlite3_step (select_groups) == SQLITE_ROW && n_groups < N_CATEGORIES)
    {
      for (int i = 0; i < 3; i++)
        groups[n_groups][i] = sqlite3_column_int64 (select_groups, i);
      n_groups++;
    }
  sqlite3_reset (select_groups);
  bench_check (n_groups == N_CATEGORIES && groups[1][0] == 1 && groups[1][1] == N_ROWS / N_CATEGORIES,
               "group_by");
}

static void
get (const Row *rows)
{
  for (unsigned i = 0; i < N_GETS; i++)
    {
      const Row *wanted = &rows[bench_get_index (i)];
      Row *row;

      sqlite3_bind_int64 (select_key, 1, wanted->id);
      expect (sqlite3_step (select_key), SQLITE_ROW);
      row = row_new (select_key);
      sqlite3_reset (select_key);
      bench_check (row->value == wanted->value, "get");
      row_free (row);
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
measure_table (void)
{
  static Row rows[N_ROWS];
  BenchTime start;
  int n_changed;

  set_up ();
  fill_rows (rows, N_ROWS);
  bulk_insert (rows);
  run (delete_all);
  start = bench_now ();
  bulk_insert (rows);
  bench_report ("bulk_insert", start);

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
measure_single_insert (void)
{
  Row rows[N_SINGLE];
  BenchTime start;

  set_up ();
  fill_rows (rows, N_SINGLE);
  single_insert (&rows[0]);
  run (delete_all);
  start = bench_now ();
  for (int i = 0; i < N_SINGLE; i++)
    single_insert (&rows[i]);
  bench_report ("single_insert", start);
  bench_check (rows[N_SINGLE - 1].id == rows[0].id + N_SINGLE - 1, "single_insert");
  tear_down ();
}

static void
suite (void)
{
  measure_table ();
  measure_single_insert ();
}

int
main (int argc, char **argv)
{
  if (argc != 4)
    bench_fail ("usage: handwritten-sqlite DIRECTORY SYNCHRONOUS DDL");
  directory = argv[1];
  synchronous = argv[2];
  ddl = argv[3];
  bench_run (suite);
  return 0;
}
