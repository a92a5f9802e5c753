/* SPDX-License-Identifier: MIT
 * The demonstration: three models land in three databases because a router plugin says so, and
 * elsewhere after the plugin was swapped. Exits with 0 only if every row is where it should be.
 *   demonstration ROUTERS [PRIMARY STANDBY]
 * ROUTERS is the folder of the shipped plugins, PRIMARY and STANDBY are the URLs of PostgreSQL servers;
 * without them all is SQLite. */
#include <glib/gstdio.h>

#include "flight.h"
#include "witness.h"

typedef struct
{
  const char *routers;   /* folder of the shipped plugins */
  const char *folder;    /* temporary; holds the files of SQLite and active.so */
  const char *active;    /* path of active.so */
  Places      places;
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
  guint       places[N_MODELS];
  const char *readers[N_MODELS];
} Expectation;

static void
remember (YaraOrm *orm, const YaraQueryEvent *event, gpointer user_data)
{
  Demonstration *demonstration = user_data;

  g_strlcpy (demonstration->connection, event->connection, sizeof demonstration->connection);
  demonstration->reason = event->reason;
}

/* The rows of this step that the library reads; -1 on error. */
static gint64
count_rows (Demonstration *demonstration, guint model, GError **error)
{
  g_autoptr(YaraQuery) query = yara_query_new (models[model]);

  yara_query_filter (query, "step", demonstration->step);
  return yara_orm_count (demonstration->orm, query, NULL, error);
}

static const char *
get_label (Demonstration *demonstration, guint place)
{
  return place < N_PLACES ? demonstration->places.places[place].label : "?";
}

/* Creates one row of the model and reads it back; prints where it was written and read, and why. */
static gboolean
try_model (Demonstration *demonstration, guint model, const Expectation *expected, GError **error)
{
  Record          record = { .step = demonstration->step };
  YaraRouteReason write_reason;
  guint           place;
  gint64          count;

  if (!yara_orm_create (demonstration->orm, models[model], &record, NULL, error))
    return FALSE;
  write_reason = demonstration->reason;
  if (demonstration->places.standby != NULL && !witness_wait_for_standby (&demonstration->places))
    return TRUE; /* reported */
  count = count_rows (demonstration, model, error);
  if (count < 0)
    return FALSE;

  place = witness_find_row (&demonstration->places, model, demonstration->step);
  demonstration->n_checked++;
  g_print ("   %-10s %-20s %-12s %-12s %s\n", models[model]->name, get_label (demonstration, place),
           yara_route_reason_get_name (write_reason), demonstration->connection,
           yara_route_reason_get_name (demonstration->reason));

  if (place != expected->places[model])
    report_problem ("the row should be in %s", get_label (demonstration, expected->places[model]));
  if (strcmp (demonstration->connection, expected->readers[model]) != 0)
    report_problem ("the read should use %s", expected->readers[model]);
  if (count != 1)
    report_problem ("the read found %d rows instead of one", (int) count);
  return TRUE;
}

static gboolean
try_models (Demonstration *demonstration, const Expectation *expected, GError **error)
{
  g_print ("   model      row found in         placed by    read through placed by\n");
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

/* Installs a shipped plugin as active.so, puts it in force, and makes the tables that are missing where
 * it sends the writes. */
static gboolean
use_router (Demonstration *demonstration, const char *name, GError **error)
{
  g_autoptr(YaraRouterInfo) info = NULL;

  if (!install_router (demonstration, name, error) ||
      !yara_orm_set_router (demonstration->orm, demonstration->active, NULL, NULL, error))
    return FALSE;
  info = yara_orm_get_router_info (demonstration->orm);
  g_print ("   active.so has the SHA-256 %.16s...\n", info->sha256);
  return yara_orm_generate_schemas (demonstration->orm, YARA_SCHEMA_SAFE, NULL, error);
}

/* ---- opening ---- */

/* What a connection leads to, as it says itself. */
static void
check_connection (Demonstration *demonstration, const char *name, const Place *place, YaraRole role)
{
  YaraConnection      *connection = yara_orm_get_connection (demonstration->orm, name, NULL);
  YaraConnectionStatus status = { .struct_size = sizeof status };

  yara_connection_get_status (connection, &status);
  g_print ("   %-10s %-20s %-9s %s\n", name, place->label, yara_connection_get_backend (connection),
           status.role == YARA_ROLE_PRIMARY ? "reads and writes" : "reads only");
  if (status.role != role)
    report_problem ("%s has another role", name);
}

static gboolean
open_connections (Demonstration *demonstration, GError **error)
{
  Places *places = &demonstration->places;

  demonstration->orm = yara_orm_open (places->places[DEFAULT].url, NULL, NULL, error);
  if (demonstration->orm == NULL)
    return FALSE;
  yara_orm_add_query_hook (demonstration->orm, remember, demonstration, NULL);
  for (guint place = DEFAULT + 1; place < N_PLACES; place++)
    if (!yara_orm_add_connection (demonstration->orm, connection_names[place], places->places[place].url, NULL, error))
      return FALSE;
  return yara_orm_add_connection (demonstration->orm, "replica", places->replica.url, NULL, error);
}

/* Opens three databases under four names, and makes the tables of every model where its writes go. */
static gboolean
open_databases (Demonstration *demonstration, GError **error)
{
  if (!open_connections (demonstration, error))
    return FALSE;
  for (guint model = 0; model < N_MODELS; model++)
    if (!yara_orm_register (demonstration->orm, models[model], error))
      return FALSE;

  g_print ("Three models, three databases, four connections to them:\n");
  for (guint place = 0; place < N_PLACES; place++)
    check_connection (demonstration, connection_names[place], &demonstration->places.places[place], YARA_ROLE_PRIMARY);
  check_connection (demonstration, "replica", &demonstration->places.replica,
                    demonstration->places.standby != NULL ? YARA_ROLE_STANDBY : YARA_ROLE_PRIMARY);
  if (demonstration->places.standby == NULL)
    g_print ("SQLite has no standby to read from: \"replica\" leads to the file of \"default\".\n");
  g_print ("A row is placed by the router, or by default when there is none or it has no opinion.\n");
  return yara_orm_generate_schemas (demonstration->orm, YARA_SCHEMA_SAFE, NULL, error);
}

/* ---- the swap in flight ---- */

/* Checks the rows of one model after the swap: `before` and `after` are the places in which the two
 * routers put them. What the library counted must be what the places hold, and each row sent before
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

      for (guint place = 0; place < N_PLACES; place++)
        {
          gint64 count = witness_ask (&demonstration->places.places[place], model, demonstration->step, expression);

          if (place == (half == 0 ? before : after))
            found[half] = count;
          else
            elsewhere += count;
        }
      demonstration->n_checked += found[half];
      if (found[half] != report->counts[half][model])
        report_problem ("%u rows were sent there, %d are there", report->counts[half][model], (int) found[half]);
    }
  g_print ("   %-10s %-20s %4d   %-20s %4d\n", models[model]->name, get_label (demonstration, before),
           (int) found[0], get_label (demonstration, after), (int) found[1]);
  if (elsewhere != 0)
    report_problem ("%d rows are elsewhere", (int) elsewhere);
}

static gboolean
swap_in_flight (Demonstration *demonstration, GError **error)
{
  const YaraModel *const cached[] = { models[SNAPSHOT], NULL };
  g_autoptr(YaraOrm) cache = yara_orm_using (demonstration->orm, connection_names[CACHE]);
  FlightReport report;

  /* Statements will need the table as soon as the router is in force. */
  if (!yara_orm_generate_schemas_for (cache, cached, YARA_SCHEMA_SAFE, NULL, error) ||
      !install_router (demonstration, "cache", error) ||
      !fly_through_swap (demonstration->orm, demonstration->step, demonstration->active, &report, error))
    return FALSE;
  g_print ("   %u rows sent, %u failed; %u were kept in flight\n", report.n_rows, report.n_failed, N_IN_FLIGHT);
  g_print ("   model      before the swap             after the swap\n");
  check_flight (demonstration, &report, USER, DEFAULT, DEFAULT);
  check_flight (demonstration, &report, EVENT, ANALYTICS, DEFAULT);
  check_flight (demonstration, &report, SNAPSHOT, DEFAULT, CACHE);
  return TRUE;
}

/* ---- what a standby shows ---- */

/* A row that was written while the standby stands still cannot be read through it, nor could it come from
 * anywhere else. */
static gboolean
read_behind (Demonstration *demonstration, GError **error)
{
  const Places *places = &demonstration->places;
  Record        record = { .step = demonstration->step };
  gint64        count = -1;

  if (witness_pause_standby (places) && yara_orm_create (demonstration->orm, models[USER], &record, NULL, error))
    count = count_rows (demonstration, USER, error);
  if (!witness_resume_standby (places) || count < 0)
    return *error == NULL; /* else reported */

  g_print ("   User: %d rows read through %s while one is in %s", (int) count, demonstration->connection,
           get_label (demonstration, witness_find_row (places, USER, demonstration->step)));
  if (count != 0)
    report_problem ("the read should not find the row");
  count = count_rows (demonstration, USER, error);
  g_print (", %d after it went on\n", (int) count);
  if (count != 1)
    report_problem ("the read should find one row");
  demonstration->n_checked++;
  return count >= 0;
}

/* ---- tables ---- */

static void
check_tables (Demonstration *demonstration)
{
  static const gboolean expected[N_PLACES][N_MODELS] = {
    { TRUE, TRUE, TRUE }, { FALSE, TRUE, FALSE }, { FALSE, FALSE, TRUE }
  };

  g_print ("\nTables were made only where the writes of their models have gone:\n");
  for (guint place = 0; place < N_PLACES; place++)
    {
      g_print ("   %-20s", get_label (demonstration, place));
      for (guint model = 0; model < N_MODELS; model++)
        {
          gboolean is_there = witness_has_table (&demonstration->places.places[place], model);

          if (is_there)
            g_print (" %s", models[model]->table);
          if (is_there != expected[place][model])
            report_problem ("%s should %sbe there", models[model]->table, is_there ? "not " : "");
        }
      g_print ("\n");
    }
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

  if (demonstration->places.standby != NULL)
    {
      begin_step (demonstration, "The same router, while the standby is told to stand still.");
      if (!read_behind (demonstration, error))
        return FALSE;
    }

  begin_step (demonstration, "The router removed: everything goes to default.");
  if (!yara_orm_set_router (demonstration->orm, NULL, NULL, NULL, error) ||
      !try_models (demonstration, &unrouted, error))
    return FALSE;
  check_tables (demonstration);
  return TRUE;
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

static void
run_in_folder (Demonstration *demonstration, const char *folder, const char *primary, const char *standby)
{
  g_autoptr(GError) error = NULL;
  g_autofree char  *active = g_build_filename (folder, "active.so", NULL);

  demonstration->folder = folder;
  demonstration->active = active;
  if (places_init (&demonstration->places, folder, primary, standby) && !run (demonstration, &error))
    report_problem ("%s", error->message);
  if (demonstration->orm != NULL)
    yara_orm_close (demonstration->orm, NULL, NULL);
  g_clear_object (&demonstration->orm);
  places_clear (&demonstration->places);
}

int
main (int argc, char **argv)
{
  g_autoptr(GError) error = NULL;
  g_autofree char  *folder = NULL;
  Demonstration     demonstration = { 0 };

  if (argc != 2 && argc != 4)
    {
      g_printerr ("usage: demonstration ROUTERS [PRIMARY STANDBY]\n");
      return 2;
    }
  demonstration.routers = argv[1];
  folder = g_dir_make_tmp ("yaraorm-demonstration-XXXXXX", &error);
  if (folder != NULL)
    {
      run_in_folder (&demonstration, folder, argc == 4 ? argv[2] : NULL, argc == 4 ? argv[3] : NULL);
      remove_folder (folder);
    }
  else
    report_problem ("%s", error->message);

  if (n_problems > 0)
    {
      g_print ("\n%u problems.\n", n_problems);
      return 1;
    }
  g_print ("\nAll %u rows were found where they should be, through handles past the library.\n",
           demonstration.n_checked);
  return 0;
}
