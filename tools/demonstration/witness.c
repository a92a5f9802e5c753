/* SPDX-License-Identifier: MIT
 * Looking into the databases, past the library. */
#include "witness.h"

#include <libpq-fe.h>
#include <sqlite3.h>

#define PATIENCE (10 * G_USEC_PER_SEC)

guint n_problems;

void
report_problem (const char *format, ...)
{
  va_list          arguments;
  g_autofree char *text = NULL;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_print ("   WRONG: %s\n", text);
  n_problems++;
}

/* ---- one number ---- */

static gint64
ask_sqlite (const char *path, const char *sql)
{
  sqlite3      *database = NULL;
  sqlite3_stmt *statement = NULL;
  gint64        number = -1;

  if (sqlite3_open_v2 (path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
      sqlite3_prepare_v2 (database, sql, -1, &statement, NULL) == SQLITE_OK && sqlite3_step (statement) == SQLITE_ROW)
    number = sqlite3_column_int64 (statement, 0);
  else
    report_problem ("%s: %s", sql, sqlite3_errmsg (database));
  sqlite3_finalize (statement);
  sqlite3_close (database);
  return number;
}

static gint64
ask_postgres (const char *url, const char *sql)
{
  PGconn   *server = PQconnectdb (url);
  PGresult *result = PQexec (server, sql);
  gint64    number = -1;

  if (PQresultStatus (result) == PGRES_TUPLES_OK)
    number = g_ascii_strtoll (PQgetvalue (result, 0, 0), NULL, 10);
  else if (PQresultStatus (result) == PGRES_COMMAND_OK)
    number = 0;
  else
    report_problem ("%s: %s", sql, PQerrorMessage (server));
  PQclear (result);
  PQfinish (server);
  return number;
}

static gboolean
is_sqlite (const char *url)
{
  return g_str_has_prefix (url, "sqlite://");
}

gint64
witness_ask_sql (const char *url, const char *sql)
{
  return is_sqlite (url) ? ask_sqlite (url + strlen ("sqlite://"), sql) : ask_postgres (url, sql);
}

/* ---- rows and tables ---- */

gboolean
witness_has_table (const Place *place, guint model)
{
  const char      *list = is_sqlite (place->url) ? "sqlite_master WHERE name" : "pg_tables WHERE tablename";
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM %s = '%s'", list, models[model]->table);

  return witness_ask_sql (place->url, sql) == 1;
}

gint64
witness_ask (const Place *place, guint model, guint step, const char *expression)
{
  g_autofree char *sql = g_strdup_printf ("SELECT %s FROM %s WHERE step = %u", expression, models[model]->table, step);

  return witness_has_table (place, model) ? witness_ask_sql (place->url, sql) : 0;
}

guint
witness_find_row (const Places *places, guint model, guint step)
{
  gint64 n_rows = 0;
  guint  found = N_PLACES;

  for (guint place = 0; place < N_PLACES; place++)
    {
      gint64 count = witness_ask (&places->places[place], model, step, "count(*)");

      if (count > 0)
        found = place;
      n_rows += count;
    }
  if (n_rows == 1)
    return found;
  report_problem ("%s: %d rows of step %u instead of one", models[model]->name, (int) n_rows, step);
  return N_PLACES;
}

/* ---- the standby ---- */

/* Until the number is `minimum` at least. */
static gboolean
wait_on_standby (const Places *places, const char *sql, gint64 minimum)
{
  gint64 deadline = g_get_monotonic_time () + PATIENCE;
  gint64 number;

  while ((number = witness_ask_sql (places->standby, sql)) < minimum)
    {
      if (number < 0)
        return FALSE;
      if (g_get_monotonic_time () > deadline)
        {
          report_problem ("the standby does not get on: %s", sql);
          return FALSE;
        }
      g_usleep (2000);
    }
  return TRUE;
}

gboolean
witness_wait_for_standby (const Places *places)
{
  gint64 position = witness_ask_sql (places->primary, "SELECT pg_wal_lsn_diff (pg_current_wal_lsn (), '0/0')");

  return position >= 0 &&
         wait_on_standby (places, "SELECT pg_wal_lsn_diff (pg_last_wal_replay_lsn (), '0/0')", position);
}

gboolean
witness_pause_standby (const Places *places)
{
  return witness_ask_sql (places->standby, "SELECT pg_wal_replay_pause ()") >= 0 &&
         wait_on_standby (places, "SELECT (pg_get_wal_replay_pause_state () = 'paused')::int", 1);
}

gboolean
witness_resume_standby (const Places *places)
{
  return witness_ask_sql (places->standby, "SELECT pg_wal_replay_resume ()") >= 0 && witness_wait_for_standby (places);
}
