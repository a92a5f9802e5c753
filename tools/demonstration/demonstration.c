/* SPDX-License-Identifier: MIT
 * The demonstration: three models land in three SQLite files because a router plugin says so, and
 * elsewhere after the plugin was swapped. Exits with 0 only if every row is where it should be.
 *   demonstration ROUTERS    the folder of the shipped plugins */
#include <glib/gstdio.h>

#include "flight.h"
#include "witness.h"

typedef struct
{
  const char *routers;   /* folder of the shipped plugins */
  const char *folder;    /* temporary; holds the files and active.so */
  const char *active;    /* path of active.so */
  YaraOrm    *orm;
  guint       step;
  guint       n_checked; /* rows that were looked for */

  /* what the query hook saw last */
  char            connection[64];
  YaraRouteReason reason;
} Demonstration;

/* Where a step is to find its rows, and the connections that its reads are to use. */
typedef struct
{
  guint       files[N_MODELS];
  const char *readers[N_MODELS];
} Expectation;

static void
remember (YaraOrm *orm, const YaraQueryEvent *event, gpointer user_data)
{
  Demonstration *demonstration = user_data;

  g_strlcpy (demonstration->connection, event->connection, sizeof demonstration->connection);
  demonstration->reason = event->reason;
}

/* Creates one row of the model and reads it back; prints where it was written and read, and why. */
static gboolean
try_model (Demonstration *demonstration, guint model, const Expectation *expected, GError **error)
{
  Record               record = { .step = demonstration->step };
  g_autoptr(YaraQuery) query = yara_query_new (models[model]);
  YaraRouteReason      write_reason;
  guint                file;
  gint64               count;

  if (!yara_orm_create (demonstration->orm, models[model], &record, NULL, error))
    return FALSE;
  write_reason = demonstration->reason;

  yara_query_filter (query, "step", demonstration->step);
  count = yara_orm_count (demonstration->orm, query, NULL, error);
  if (count < 0)
    return FALSE;

  file = witness_find_row (demonstration->folder, model, demonstration->step);
  demonstration->n_checked++;
  g_print ("   %-10s %-14s %-12s %-12s %s\n", models[model]->name, file < N_FILES ? file_names[file] : "?",
           yara_route_reason_get_name (write_reason), demonstration->connection,
           yara_route_reason_get_name (demonstration->reason));

  if (file != expected->files[model])
    report_problem ("the row should be in %s", file_names[expected->files[model]]);
  if (strcmp (demonstration->connection, expected->readers[model]) != 0)
    report_problem ("the read should use %s", expected->readers[model]);
  if (count != 1)
    report_problem ("the read found %d rows instead of one", (int) count);
  return TRUE;
}

static gboolean
try_models (Demonstration *demonstration, const Expectation *expected, GError **error)
{
  g_print ("   model      row found in   placed by    read through placed by\n");
  for (guint model = 0; model < N_MODELS; model++)
    if (!try_model (demonstration, model, expected, error))
      return FALSE;
  return TRUE;
}

static void
begin_step (Demonstration *demonstration, const char *title)
{
  g_print ("\n%u. %s\n", ++demonstration->step, title);
}

/* Puts a shipped plugin in the place of active.so, as an installer does: a new file, renamed. */
static gboolean
install_router (Demonstration *demonstration, const char *name, GError **error)
{
  g_autofree char *file = g_strconcat (name, ".so", NULL);
  g_autofree char *path = g_build_filename (demonstration->routers, file, NULL);
  g_autofree char *code = NULL;
  gsize            size;

  return g_file_get_contents (path, &code, &size, error) &&
         g_file_set_contents_full (demonstration->active, code, size, G_FILE_SET_CONTENTS_CONSISTENT, 0600, error);
}

/* Installs a shipped plugin as active.so and puts it in force. */
static gboolean
use_router (Demonstration *demonstration, const char *name, GError **error)
{
  g_autoptr(YaraRouterInfo) info = NULL;

  if (!install_router (demonstration, name, error) ||
      !yara_orm_set_router (demonstration->orm, demonstration->active, NULL, NULL, error))
    return FALSE;
  info = yara_orm_get_router_info (demonstration->orm);
  g_print ("   active.so has the SHA-256 %.16s...\n", info->sha256);
  return TRUE;
}

static char *
make_url (Demonstration *demonstration, guint file)
{
  return g_strdup_printf ("sqlite://%s/%s", demonstration->folder, file_names[file]);
}

static gboolean
open_orm (Demonstration *demonstration, GError **error)
{
  g_autofree char *url = make_url (demonstration, DEFAULT);

  demonstration->orm = yara_orm_open (url, NULL, NULL, error);
  if (demonstration->orm == NULL)
    return FALSE;
  yara_orm_add_query_hook (demonstration->orm, remember, demonstration, NULL);
  for (guint model = 0; model < N_MODELS; model++)
    if (!yara_orm_register (demonstration->orm, models[model], error))
      return FALSE;
  return TRUE;
}

static gboolean
add_connection (Demonstration *demonstration, const char *name, guint file, GError **error)
{
  g_autofree char *url = make_url (demonstration, file);

  return yara_orm_add_connection (demonstration->orm, name, url, NULL, error);
}

/* Opens three files under four names, and makes the tables of every model in every file, so that any
 * router may come. */
static gboolean
open_databases (Demonstration *demonstration, GError **error)
{
  if (!open_orm (demonstration, error) ||
      !add_connection (demonstration, connection_names[ANALYTICS], ANALYTICS, error) ||
      !add_connection (demonstration, connection_names[CACHE], CACHE, error) ||
      !add_connection (demonstration, "replica", DEFAULT, error))
    return FALSE;

  g_print ("Three models, three SQLite files, four connections to them:\n");
  for (guint file = 0; file < N_FILES; file++)
    {
      g_autoptr(YaraOrm) through = yara_orm_using (demonstration->orm, connection_names[file]);

      if (!yara_orm_generate_schemas (through, YARA_SCHEMA_DEFAULT, NULL, error))
        return FALSE;
      g_print ("   %-10s %s\n", connection_names[file], file_names[file]);
    }
  g_print ("   %-10s %s, once more: SQLite has no standby to read from\n", "replica", file_names[DEFAULT]);
  g_print ("A row is placed by the router, or by default when there is none or it has no opinion.\n");
  return TRUE;
}

/* Checks the rows of one model after the swap: `before` and `after` are the files in which the two
 * routers put them. What the library counted must be what the files hold, and each row sent before
 * `cut` must lie where the first router wanted it, each later one where the second did. */
static void
check_flight (Demonstration *demonstration, const FlightReport *report, guint model, guint before, guint after)
{
  guint  cut = report->counts[0][USER] + report->counts[0][EVENT] + report->counts[0][SNAPSHOT];
  gint64 found[2];
  gint64 elsewhere = 0;

  for (guint half = 0; half < 2; half++)
    {
      g_autofree char *expression = g_strdup_printf ("count(DISTINCT serial) FILTER (WHERE serial %s %u)",
                                                     half == 0 ? "<" : ">=", cut);

      for (guint file = 0; file < N_FILES; file++)
        {
          gint64 count = witness_ask (demonstration->folder, file, model, demonstration->step, expression);

          if (file == (half == 0 ? before : after))
            found[half] = count;
          else
            elsewhere += count;
        }
      demonstration->n_checked += found[half];
      if (found[half] != report->counts[half][model])
        report_problem ("%u rows were sent there, %d are there", report->counts[half][model], (int) found[half]);
    }
  g_print ("   %-10s %-14s %4d         %-12s %4d\n", models[model]->name, file_names[before], (int) found[0],
           file_names[after], (int) found[1]);
  if (elsewhere != 0)
    report_problem ("%d rows are in other files", (int) elsewhere);
}

static gboolean
swap_in_flight (Demonstration *demonstration, GError **error)
{
  FlightReport report;

  if (!install_router (demonstration, "cache", error) ||
      !fly_through_swap (demonstration->orm, demonstration->step, demonstration->active, &report, error))
    return FALSE;
  g_print ("   %u rows sent, %u failed; %u were kept in flight\n", report.n_rows, report.n_failed, N_IN_FLIGHT);
  g_print ("   model      before the swap             after the swap\n");
  check_flight (demonstration, &report, USER, DEFAULT, DEFAULT);
  check_flight (demonstration, &report, EVENT, ANALYTICS, DEFAULT);
  check_flight (demonstration, &report, SNAPSHOT, DEFAULT, CACHE);
  return TRUE;
}

static gboolean
run (Demonstration *demonstration, GError **error)
{
  static const Expectation unrouted  = { { DEFAULT, DEFAULT, DEFAULT },   { "default", "default", "default" } };
  static const Expectation analytics = { { DEFAULT, ANALYTICS, DEFAULT }, { "default", "analytics", "default" } };
  static const Expectation cache     = { { DEFAULT, DEFAULT, CACHE },     { "default", "default", "cache" } };
  static const Expectation replica   = { { DEFAULT, DEFAULT, DEFAULT },   { "replica", "replica", "replica" } };

  if (!open_databases (demonstration, error))
    return FALSE;

  begin_step (demonstration, "No router: everything goes to default.");
  if (!try_models (demonstration, &unrouted, error))
    return FALSE;

  begin_step (demonstration, "The plugin analytics, installed as active.so: Event has its own database.");
  if (!use_router (demonstration, "analytics", error) || !try_models (demonstration, &analytics, error))
    return FALSE;

  begin_step (demonstration, "A swap with statements in flight: active.so becomes the plugin cache.");
  if (!swap_in_flight (demonstration, error))
    return FALSE;

  begin_step (demonstration, "The same router, at rest: Snapshot has its own database, Event is back.");
  if (!try_models (demonstration, &cache, error))
    return FALSE;

  begin_step (demonstration, "The same path again: active.so becomes the plugin replica, which splits reads off.");
  if (!use_router (demonstration, "replica", error) || !try_models (demonstration, &replica, error))
    return FALSE;

  begin_step (demonstration, "The router removed: everything goes to default.");
  return yara_orm_set_router (demonstration->orm, NULL, NULL, NULL, error) &&
         try_models (demonstration, &unrouted, error);
}

static void
remove_folder (const char *folder)
{
  g_autoptr(GDir) entries = g_dir_open (folder, 0, NULL);
  const char     *name;

  while (entries != NULL && (name = g_dir_read_name (entries)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);

      g_unlink (path);
    }
  g_rmdir (folder);
}

int
main (int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autofree char  *folder = NULL;
  g_autofree char  *active = NULL;
  Demonstration     demonstration = { 0 };

  if (argc != 2)
    {
      g_printerr ("usage: demonstration ROUTERS\n");
      return 2;
    }
  folder = g_dir_make_tmp ("yaraorm-demonstration-XXXXXX", &error);
  if (folder != NULL)
    {
      active = g_build_filename (folder, "active.so", NULL);
      demonstration.routers = argv[1];
      demonstration.folder = folder;
      demonstration.active = active;
      if (!run (&demonstration, &error))
        report_problem ("%s", error->message);
      g_clear_object (&demonstration.orm);
      remove_folder (folder);
    }
  else
    report_problem ("%s", error->message);

  if (n_problems > 0)
    {
      g_print ("\n%u problems.\n", n_problems);
      return 1;
    }
  g_print ("\nAll %u rows were found where they should be, through separate sqlite3 handles.\n", demonstration.n_checked);
  return 0;
}
