/* SPDX-License-Identifier: MIT
 * The workload through yaraorm on PostgreSQL: blocking, with 1 to 256 in flight on one session and on
 * four, on two connections at once, and with a router and without.
 *
 * yaraorm-postgres URL PLUGIN POSTMASTER    runs it; PLUGIN is replica.so, POSTMASTER a process id
 * yaraorm-postgres URL                      prints the DDL of the table */
#include "workload.h"

#include <stdlib.h>

#define EMPTY_SQL "TRUNCATE bench"
#define N_TURNS   10 /* of routed and unrouted gets */

static const char *url, *plugin;
static Row rows[N_ROWS];

static void
set_up (int max_size)
{
  g_autofree char *sized = g_strdup_printf ("%s&max_size=%d", url, max_size);

  open_orm (sized);
  run_sql ("DROP TABLE IF EXISTS bench");
  create_table ();
}

static void
set_up_rows (int max_size)
{
  set_up (max_size);
  fill_rows (rows, N_ROWS);
  bulk_insert (rows);
}

static void
tear_down (void)
{
  g_clear_object (&orm);
}

static void
set_router (const char *path, const char *args)
{
  g_autoptr(GError) error = NULL;

  expect (yara_orm_set_router (orm, path, args, NULL, &error), error);
}

static void
measure_gets (int n_sessions)
{
  static const unsigned in_flight[] = { 1, 8, 64, 256 };

  set_up_rows (n_sessions);
  for (gsize i = 0; i < G_N_ELEMENTS (in_flight); i++)
    {
      g_autofree char *name = g_strdup_printf ("get_async_%u_on_%d", in_flight[i], n_sessions);

      measure_async_gets (rows, in_flight[i], name);
    }
  tear_down ();
}

static void
measure_creates (int n_sessions)
{
  g_autofree char *name = g_strdup_printf ("create_async_64_on_%d", n_sessions);

  set_up (n_sessions);
  measure_async_creates (rows, EMPTY_SQL, 64, name);
  tear_down ();
}

/* The plugin sends each get to the other of two connections than the one before. */
static void
measure_two_connections (void)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *sized = g_strdup_printf ("%s&max_size=1", url);

  set_up_rows (1);
  expect (yara_orm_add_connection (orm, "replica", sized, NULL, &error), error);
  set_router (plugin, "default,replica");
  measure_async_gets (rows, 64, "get_async_64_by_turns");
  tear_down ();
}

/* In turns, because the difference is less than what the machine does to either. The plugin names the
 * connection that is taken without it: all that differs is the decision. */
static void
measure_routing (void)
{
  set_up_rows (1);
  for (int i = 0; i < N_TURNS; i++)
    {
      set_router (NULL, NULL);
      MEASURE_READ ("get_unrouted", get_blocking (rows));
      set_router (plugin, "default");
      MEASURE_READ ("get_routed", get_blocking (rows));
    }
  tear_down ();
}

static void
suite (void)
{
  set_up (1);
  measure_table (rows, EMPTY_SQL);
  tear_down ();
  set_up (1);
  measure_single_insert (rows, EMPTY_SQL);
  tear_down ();
  measure_creates (1);
  measure_creates (4);
  measure_gets (1);
  measure_gets (4);
  measure_two_connections ();
  measure_routing ();
}

int
main (int argc, char **argv)
{
  if (argc != 2 && argc != 4)
    bench_fail ("usage: yaraorm-postgres URL [PLUGIN POSTMASTER]");
  url = argv[1];
  if (argc == 2)
    {
      open_orm (url);
      print_ddl ();
      g_clear_object (&orm);
      return 0;
    }
  plugin = argv[2];
  bench_watch_server (atoi (argv[3]));
  bench_run (suite);
  return 0;
}
