/* SPDX-License-Identifier: MIT
 *
 * The PostgreSQL databases of a test program. Making one takes much longer than emptying it, so that
 * each name has one for the whole process.
 */
#include "fixture.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static GHashTable *made;  /* names of databases that exist */
static GHashTable *clean; /* and that this case has asked for */

char *
test_postgres_variable (const char *name)
{
  const char *folder = g_getenv ("YARAORM_TEST_POSTGRES");
  g_autofree char *path = NULL, *text = NULL, *start = NULL;
  const char *value;

  if (folder == NULL)
    g_error ("YARAORM_TEST_POSTGRES does not name the folder of running servers; run the tests with ctest, or start "
             "some with tools/throwaway-postgres");
  path = g_build_filename (folder, "env", NULL);
  if (!g_file_get_contents (path, &text, NULL, NULL))
    g_error ("%s cannot be read; are the servers running?", path);
  start = g_strdup_printf ("%s=", name);
  value = strstr (text, start);
  g_assert_nonnull (value);
  value += strlen (start);
  return g_strndup (value, strcspn (value, "\n"));
}

/* The password is not asked for; it must not show up anywhere. */
static char *
make_url (const char *port_variable, const char *database)
{
  g_autofree char *folder = test_postgres_variable ("YARAORM_POSTGRES_DIRECTORY");
  g_autofree char *port = test_postgres_variable (port_variable);

  return g_strdup_printf ("postgresql://app:%s@/%s?host=%s&port=%s", TEST_PASSWORD, database, folder, port);
}

static void
run_script (const char *database, const char *script)
{
  g_autofree char *url = make_url ("YARAORM_POSTGRES_PRIMARY_PORT", database);
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  test_ok (yara_connection_execute_script (test_ok (yara_orm_get_connection (orm, NULL, &error)), script, NULL, &error));
  test_ok (yara_orm_close (orm, NULL, &error));
}

static void
make_ready (const char *database)
{
  g_autofree char *create = g_strdup_printf ("DROP DATABASE IF EXISTS \"%s\" WITH (FORCE); CREATE DATABASE \"%s\"",
                                             database, database); /* process ids come around again */

  if (made == NULL)
    made = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (clean == NULL)
    clean = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  if (g_hash_table_contains (clean, database))
    return;
  if (g_hash_table_contains (made, database))
    run_script (database, "DROP SCHEMA public CASCADE; CREATE SCHEMA public");
  else
    run_script ("postgres", create);
  g_hash_table_add (made, g_strdup (database));
  g_hash_table_add (clean, g_strdup (database));
}

void
test_postgres_begin_case (void)
{
  g_clear_pointer (&clean, g_hash_table_unref);
}

char *
test_postgres_url (const char *folder, const char *name)
{
  g_autofree char *database = g_strdup_printf ("test_%d_%s", getpid (), name);

  make_ready (database);
  return make_url ("YARAORM_POSTGRES_PRIMARY_PORT", database);
}

char *
test_pgbouncer_url (const char *folder, const char *name)
{
  g_autofree char *database = g_strdup_printf ("test_%d_%s", getpid (), name);

  make_ready (database);
  return make_url ("YARAORM_POSTGRES_PGBOUNCER_PORT", database);
}
