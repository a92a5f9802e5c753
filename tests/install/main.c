/* SPDX-License-Identifier: MIT
 * Creates a row through the router ROUTER, then loads the installed router "replica" by its name.
 *   consumer ROUTER */
#include "model.h"

/* How many rows `sql` finds on a connection, -1 on error. */
static gint64
ask (YaraOrm *orm, const char *name, const char *sql, GError **error)
{
  YaraConnection *connection = yara_orm_get_connection (orm, name, error);
  g_autoptr(YaraRows) rows = NULL;

  if (connection != NULL)
    rows = yara_connection_fetch_row (connection, sql, NULL, NULL, error);
  return rows != NULL ? yara_rows_get_int (rows, 0, 0) : -1;
}

static gboolean
run (const char *router, GError **error)
{
  g_autoptr(YaraOrm) orm = yara_orm_open ("sqlite://default.db", router, NULL, error);
  Letter letter = { .text = "to whom it may concern" };
  YaraRoute route;

  if (orm == NULL ||
      !yara_orm_add_connection (orm, "elsewhere", "sqlite://elsewhere.db", NULL, error) ||
      !yara_orm_add_connection (orm, "replica", "sqlite://default.db", NULL, error) ||
      !yara_orm_register (orm, &letter_model, error) ||
      !yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, error) ||
      !yara_orm_create (orm, &letter_model, &letter, NULL, error))
    return FALSE;
  g_print ("rows elsewhere: %d, tables in default: %d\n",
           (int) ask (orm, "elsewhere", "SELECT count(*) FROM letters", error),
           (int) ask (orm, "default", "SELECT count(*) FROM sqlite_schema", error));

  if (!yara_orm_set_router (orm, "replica", NULL, NULL, error) ||
      !yara_orm_route (orm, &letter_model, YARA_OPERATION_READ, &route, error))
    return FALSE;
  g_print ("replica reads from: %s\n", yara_connection_get_name (route.connection));
  return TRUE;
}

int
main (int argc, char **argv)
{
  g_autoptr(GError) error = NULL;

  if (argc == 2 && run (argv[1], &error))
    return 0;
  g_printerr ("%s\n", error != NULL ? error->message : "usage: consumer ROUTER");
  return 1;
}
