/* SPDX-License-Identifier: MIT
 * A session on the PostgreSQL server of the tests, for the tests of its types. */
#pragma once

#include <yaraorm/yara-error.h>
#include "backend/postgres/types.h"

static PGconn *session;

/* How to reach the primary of the servers that tools/throwaway-postgres has started in the folder
 * YARAORM_TEST_POSTGRES. None is a failure, not a reason to test less. */
static char *
make_address (void)
{
  const char *folder = g_getenv ("YARAORM_TEST_POSTGRES"), *port;
  g_autofree char *path = g_build_filename (folder != NULL ? folder : "", "env", NULL), *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("YARAORM_TEST_POSTGRES must name the folder of servers that tools/throwaway-postgres has started");
  port = strstr (text, "YARAORM_POSTGRES_PRIMARY_PORT=");
  g_assert_nonnull (port);
  port = strchr (port, '=') + 1;
  return g_strdup_printf ("host=%s port=%.*s user=app dbname=postgres", folder, (int) strcspn (port, "\n"), port);
}

static void
open_session (void)
{
  g_autofree char *address = make_address ();

  session = PQconnectdb (address);
  if (PQstatus (session) != CONNECTION_OK)
    g_error ("no session: %s", PQerrorMessage (session));
  PQclear (PQexec (session, "SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'"));
  PQclear (PQexec (session, "SET client_min_messages = 'warning'"));
}

static void
require_status (PGresult *answer, ExecStatusType status, const char *sql)
{
  if (PQresultStatus (answer) != status)
    g_error ("%s: %s", sql, PQresultErrorMessage (answer));
}

static void
execute (const char *sql)
{
  PGresult *answer = PQexec (session, sql);

  require_status (answer, PGRES_COMMAND_OK, sql);
  PQclear (answer);
}

/* The binary answer to a query without parameters. */
static PGresult *
ask (const char *sql)
{
  PGresult *answer = PQexecParams (session, sql, 0, NULL, NULL, NULL, NULL, 1);

  require_status (answer, PGRES_TUPLES_OK, sql);
  return answer;
}

/* Frees `error`. */
static inline void
assert_error (GError *error, int code, const char *words)
{
  g_assert_error (error, YARA_ERROR, code);
  if (strstr (error->message, words) == NULL)
    g_error ("\"%s\" is not in \"%s\"", words, error->message);
  g_error_free (error);
}
