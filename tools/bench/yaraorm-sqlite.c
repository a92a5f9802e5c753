/* SPDX-License-Identifier: MIT
 * The workload through yaraorm on SQLite.
 *
 * yaraorm-sqlite DIRECTORY SYNCHRONOUS    runs it
 * yaraorm-sqlite                          prints the DDL of the table */
#include "workload.h"

#define EMPTY_SQL "DELETE FROM bench"
#define IN_FLIGHT 64

static const char *directory, *synchronous;
static Row rows[N_ROWS];

static void
set_up (const char *url_options)
{
  g_autofree char *url = g_strdup_printf ("sqlite:///%s?synchronous=%s%s", bench_fresh_file (directory) + 1,
                                          synchronous, url_options);

  open_orm (url);
  create_table ();
}

static void
tear_down (void)
{
  g_clear_object (&orm);
  bench_remove_file (bench_fresh_file (directory));
}

static void
measure_gets (const char *url_options, const char *name_1, const char *name_64)
{
  set_up (url_options);
  fill_rows (rows, N_ROWS);
  bulk_insert (rows);
  measure_async_gets (rows, 1, name_1);
  measure_async_gets (rows, IN_FLIGHT, name_64);
  tear_down ();
}

static void
suite (void)
{
  set_up ("");
  measure_table (rows, EMPTY_SQL);
  tear_down ();
  set_up ("");
  measure_single_insert (rows, EMPTY_SQL);
  tear_down ();
  set_up ("");
  measure_async_creates (rows, EMPTY_SQL, IN_FLIGHT, "create_async_64");
  tear_down ();
  measure_gets ("", "get_async_1", "get_async_64");
  measure_gets ("&sync_fast_path=1", "get_fast_path_1", "get_fast_path_64");
}

int
main (int argc, char **argv)
{
  if (argc == 1)
    {
      open_orm ("sqlite::memory:");
      print_ddl ();
      g_clear_object (&orm);
      return 0;
    }
  if (argc != 3 || argv[1][0] != '/')
    bench_fail ("usage: yaraorm-sqlite [DIRECTORY SYNCHRONOUS], DIRECTORY being absolute");
  directory = argv[1];
  synchronous = argv[2];
  bench_run (suite);
  return 0;
}
