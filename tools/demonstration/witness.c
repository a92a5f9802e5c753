/* SPDX-License-Identifier: MIT
 * Looking into the files, past the library. */
#include "witness.h"

#include <sqlite3.h>

const char *const file_names[N_FILES] = { "default.db", "analytics.db", "cache.db" };
const char *const connection_names[N_FILES] = { "default", "analytics", "cache" };

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

gint64
witness_ask (const char *folder, guint file, guint model, guint step, const char *expression)
{
  g_autofree char *path = g_build_filename (folder, file_names[file], NULL);
  g_autofree char *sql = g_strdup_printf ("SELECT %s FROM %s WHERE step = %u", expression, models[model]->table, step);
  sqlite3         *database = NULL;
  sqlite3_stmt    *statement = NULL;
  gint64           number = -1;

  if (sqlite3_open_v2 (path, &database, SQLITE_OPEN_READONLY, NULL) == SQLITE_OK &&
      sqlite3_prepare_v2 (database, sql, -1, &statement, NULL) == SQLITE_OK &&
      sqlite3_step (statement) == SQLITE_ROW)
    number = sqlite3_column_int64 (statement, 0);
  else
    report_problem ("%s: %s", file_names[file], sqlite3_errmsg (database));
  sqlite3_finalize (statement);
  sqlite3_close (database);
  return number;
}

guint
witness_find_row (const char *folder, guint model, guint step)
{
  gint64 n_rows = 0;
  guint  found = N_FILES;

  for (guint file = 0; file < N_FILES; file++)
    {
      gint64 count = witness_ask (folder, file, model, step, "count(*)");

      if (count > 0)
        found = file;
      n_rows += count;
    }
  if (n_rows == 1)
    return found;
  report_problem ("%s: %d rows of step %u instead of one", models[model]->name, (int) n_rows, step);
  return N_FILES;
}
