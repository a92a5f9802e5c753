/* SPDX-License-Identifier: MIT
 * The router is replaced thousands of times, and its file overwritten and cut, while four threads run
 * statements. None fails, and every row is in the database that the generation which placed it names. */
#include "fixture.h"

#include <glib/gstdio.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>
#include <yaraorm/yaraorm.h>

#define N_WORKERS 4
#define N_ROWS    2000 /* of each worker; after that it only reads */
#define N_SWAPS   FIXTURE_ROUNDS (10000)

/* A router of generation n answers names[n % 2]. */
static const char *const names[2] = { "node0000", "node0001" };

typedef struct
{
  gint64 id;
  gint64 token;
} Entry;

static const YaraField entry_fields[] = { YARA_FIELD (Entry, id, .primary_key = true), YARA_FIELD (Entry, token) };
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

typedef struct
{
  YaraOrm     *orm;
  char        *folder;
  char        *paths[2];
  GString     *plugins[2];
  atomic_bool  is_over;
  atomic_uint  n_statements;
  guint64     *generations; /* by token: what placed the row; 0: no such row */
} Load;

/* Of the statement that this thread ran last. */
static _Thread_local guint64 last_generation;

static void
check_place (YaraOrm *orm, const YaraQueryEvent *event, gpointer load)
{
  g_assert_no_error ((GError *) event->error);
  g_assert_cmpstr (event->connection, ==, names[event->generation % 2]);
  last_generation = event->generation;
  atomic_fetch_add (&((Load *) load)->n_statements, 1);
}

typedef struct
{
  Load *load;
  guint first_token;
} Worker;

static gpointer
work (gpointer data)
{
  Worker              *worker = data;
  Load                *load = worker->load;
  g_autoptr (YaraQuery) query = yara_query_new (&entry_model);

  for (guint i = 0; !atomic_load (&load->is_over); i++)
    {
      g_autoptr (GError) error = NULL;

      if (i % 8 == 0 && i / 8 < N_ROWS)
        {
          Entry entry = { .token = worker->first_token + i / 8 };

          yara_orm_create (load->orm, &entry_model, &entry, NULL, &error);
          load->generations[entry.token] = last_generation;
        }
      else
        yara_orm_count (load->orm, query, NULL, &error);
      g_assert_no_error (error);
    }
  return NULL;
}

static void
set_router (Load *load, guint generation)
{
  g_autoptr (GError) error = NULL;

  yara_orm_set_router (load->orm, load->paths[generation % 2], NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
load_init (Load *load, YaraQueryHook hook)
{
  g_autoptr (GError)   error = NULL;
  g_autofree char     *default_url = NULL;

  load->folder = g_dir_make_tmp ("yaraorm-XXXXXX", NULL);
  load->generations = g_new0 (guint64, N_WORKERS * N_ROWS);
  default_url = g_strdup_printf ("sqlite://%s/default.db", load->folder);
  load->orm = yara_orm_open (default_url, NULL, NULL, &error);
  g_assert_no_error (error);
  yara_orm_register (load->orm, &entry_model, &error);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char     *url = g_strdup_printf ("sqlite://%s/%s.db", load->folder, names[i]);
      g_autofree char     *file = g_strdup_printf ("%u.so", i);
      g_autoptr (YaraOrm)  view = yara_orm_using (load->orm, names[i]);

      yara_orm_add_connection (load->orm, names[i], url, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (yara_orm_generate_schemas (load->orm, YARA_SCHEMA_SAFE, NULL, NULL));
      yara_orm_generate_schemas (view, YARA_SCHEMA_DEFAULT, NULL, &error);
      g_assert_no_error (error);
      load->plugins[i] = fixture_load ("node");
      fixture_patch (load->plugins[i], i);
      load->paths[i] = g_build_filename (load->folder, file, NULL);
      fixture_write (load->paths[i], load->plugins[i]);
    }
  yara_orm_add_query_hook (load->orm, hook, load, NULL);
  set_router (load, 1);
}

static gint64
count_rows (Load *load, guint node, gint64 token)
{
  g_autofree char *path = g_strdup_printf ("%s/%s.db", load->folder, names[node]);
  g_autofree char *sql = g_strdup_printf ("SELECT count(*) FROM entries WHERE token = %" G_GINT64_FORMAT " OR %d", token, token < 0);
  sqlite3         *db;
  sqlite3_stmt    *statement;
  gint64           n;

  g_assert_cmpint (sqlite3_open_v2 (path, &db, SQLITE_OPEN_READONLY, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_prepare_v2 (db, sql, -1, &statement, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_ROW);
  n = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  sqlite3_close (db);
  return n;
}

/* Every row is once in its database, and there are no others. */
static void
check_rows (Load *load)
{
  guint n_expected[2] = { 0, 0 };

  for (guint token = 0; token < N_WORKERS * N_ROWS; token++)
    if (load->generations[token] != 0)
      {
        n_expected[load->generations[token] % 2]++;
        if (token % 16 == 0)
          g_assert_cmpint (count_rows (load, load->generations[token] % 2, token), ==, 1);
      }
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (count_rows (load, i, -1), ==, n_expected[i]);
}

static void
load_clear (Load *load)
{
  g_autofree char *command = g_strdup_printf ("rm -rf %s", load->folder);

  g_object_unref (load->orm);
  check_rows (load);
  g_assert_true (g_spawn_command_line_sync (command, NULL, NULL, NULL, NULL));
  for (guint i = 0; i < 2; i++)
    {
      g_string_free (load->plugins[i], TRUE);
      g_free (load->paths[i]);
    }
  g_free (load->folder);
  g_free (load->generations);
}

typedef void (*Disturb) (Load *load, guint round);

static void
run_load (Load *load, GThreadFunc run, guint n_rounds, Disturb disturb)
{
  GThread *threads[N_WORKERS];
  Worker   workers[N_WORKERS];

  for (guint i = 0; i < N_WORKERS; i++)
    {
      workers[i] = (Worker) { load, i * N_ROWS };
      threads[i] = g_thread_new ("worker", run, &workers[i]);
    }
  for (guint round = 0; round < n_rounds; round++)
    disturb (load, round);
  atomic_store (&load->is_over, TRUE);
  for (guint i = 0; i < N_WORKERS; i++)
    g_thread_join (threads[i]);
}

/* ---- swaps ---- */

static gsize resident;
static guint most_images;

static void
swap (Load *load, guint round)
{
  guint n_images;

  set_router (load, round + 2); /* load_init() has set the first one */
  n_images = FIXTURE_UNMAPS ? fixture_count_images () : 0;
  most_images = MAX (most_images, n_images);
  if (round == N_SWAPS / 2) /* by then the caches of SQLite are filled */
    resident = fixture_get_resident_bytes ();
}

static void
test_swaps (void)
{
  Load load = { 0 };

  load_init (&load, check_place);
  run_load (&load, work, N_SWAPS, swap);
  g_test_message ("%u swaps, %u statements, at most %u images at once, %" G_GSSIZE_FORMAT " KiB more%s", N_SWAPS,
                  atomic_load (&load.n_statements), most_images,
                  ((gssize) fixture_get_resident_bytes () - (gssize) resident) / 1024,
                  FIXTURE_IS_SCALED_DOWN ? " (scaled down 20 times)" : "");
  g_assert_cmpuint (atomic_load (&load.n_statements), >, N_SWAPS);
  if (!FIXTURE_IS_SCALED_DOWN)
    g_assert_cmpuint (fixture_get_resident_bytes (), <, resident + 1024 * 1024);
  if (FIXTURE_UNMAPS)
    g_assert_cmpuint (most_images, <=, 2);
  load_clear (&load);
  if (FIXTURE_UNMAPS)
    g_assert_cmpuint (fixture_count_images (), ==, 0);
}

/* ---- the file of the router in force ---- */

static void
damage (Load *load, guint round)
{
  const char *path = load->paths[1]; /* of the generation in force */

  switch (round % 3)
    {
    case 0:
      g_assert_cmpint (truncate (path, round % 2 == 0 ? 0 : 4096), ==, 0);
      break;
    case 1:
      g_assert_true (g_file_set_contents_full (path, "no plugin", -1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
      break;
    default:
      fixture_write (path, load->plugins[round / 3 % 2]);
    }
  g_usleep (1000);
}

static void
test_damage (void)
{
  Load load = { 0 };

  load_init (&load, check_place);
  run_load (&load, work, 100, damage);
  g_test_message ("%u statements", atomic_load (&load.n_statements));
  g_assert_cmpuint (atomic_load (&load.n_statements), >, 100);
  load_clear (&load);
}

/* ---- transactions ---- */

#define N_TRANSACTIONS FIXTURE_ROUNDS (1000) /* at least */

static atomic_uint n_transactions;

static void
check_pinned (YaraOrm *orm, const YaraQueryEvent *event, gpointer load)
{
  g_assert_no_error ((GError *) event->error);
  g_assert_cmpstr (event->connection, ==, "default");
  g_assert_cmpint (event->reason, ==, YARA_ROUTE_TRANSACTION);
  atomic_fetch_add (&((Load *) load)->n_statements, 1);
}

static gboolean
run_transaction (YaraTransaction *transaction, gpointer orm, GError **error)
{
  g_autoptr (YaraQuery) query = yara_query_new (&entry_model);
  Entry                 entry = { .token = 1 };
  gint64                before = yara_orm_count (orm, query, NULL, error);

  return before >= 0 && yara_orm_create (orm, &entry_model, &entry, NULL, error) &&
         yara_orm_count (orm, query, NULL, error) == before + 1;
}

static gpointer
run_transactions (gpointer data)
{
  Load *load = data;

  while (!atomic_load (&load->is_over))
    {
      g_autoptr (GError) error = NULL;

      yara_orm_in_transaction (load->orm, "default", NULL, run_transaction, load->orm, NULL, &error);
      g_assert_no_error (error);
      atomic_fetch_add (&n_transactions, 1);
    }
  return NULL;
}

/* The router, which is replaced all the time, sends nothing to "default". */
static void
test_transactions (void)
{
  Load     load = { 0 };
  guint    n_swaps = 0;
  GThread *thread;

  load_init (&load, check_pinned);
  thread = g_thread_new ("worker", run_transactions, &load);
  for (; n_swaps < 50 || atomic_load (&n_transactions) < N_TRANSACTIONS; n_swaps++)
    set_router (&load, n_swaps);
  atomic_store (&load.is_over, TRUE);
  g_thread_join (thread);
  g_test_message ("%u transactions, %u swaps", atomic_load (&n_transactions), n_swaps);
  g_assert_cmpuint (atomic_load (&load.n_statements), ==, 3 * atomic_load (&n_transactions));
  load_clear (&load);
}

/* ---- a connection that the router names goes ---- */

#define N_REMOVALS FIXTURE_ROUNDS (200)

static atomic_uint n_changes; /* odd: it may be gone */
static atomic_uint n_failures;

static gpointer
read_all_the_time (gpointer data)
{
  Load                 *load = ((Worker *) data)->load;
  g_autoptr (YaraQuery) query = yara_query_new (&entry_model);

  while (!atomic_load (&load->is_over))
    {
      g_autoptr (GError) error = NULL;
      guint              seen = atomic_load (&n_changes);

      if (yara_orm_count (load->orm, query, NULL, &error) >= 0)
        continue;
      g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
      g_assert_nonnull (strstr (error->message, "answered \"node0001\", which is no connection"));
      g_assert_true (seen % 2 == 1 || atomic_load (&n_changes) != seen);
      atomic_fetch_add (&n_failures, 1);
    }
  return NULL;
}

static void
remove_and_add (Load *load, guint round)
{
  g_autofree char *url = g_strdup_printf ("sqlite://%s/node0001.db", load->folder);
  guint            before = atomic_load (&n_failures);

  atomic_fetch_add (&n_changes, 1);
  g_assert_true (yara_orm_remove_connection (load->orm, "node0001", NULL));
  while (atomic_load (&n_failures) < before + N_WORKERS)
    g_usleep (100);
  g_assert_true (yara_orm_add_connection (load->orm, "node0001", url, NULL, NULL));
  atomic_fetch_add (&n_changes, 1);
  before = atomic_load (&load->n_statements);
  while (atomic_load (&load->n_statements) < before + N_WORKERS)
    g_usleep (100);
}

static void
test_removed_connection (void)
{
  Load load = { 0 };

  load_init (&load, check_place);
  run_load (&load, read_all_the_time, N_REMOVALS, remove_and_add);
  g_test_message ("%u removals, %u statements, %u refused", N_REMOVALS, atomic_load (&load.n_statements),
                  atomic_load (&n_failures));
  load_clear (&load);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/statements/swaps", test_swaps);
  g_test_add_func ("/plugins/statements/damage", test_damage);
  g_test_add_func ("/plugins/statements/transactions", test_transactions);
  g_test_add_func ("/plugins/statements/removed-connection", test_removed_connection);
  return g_test_run ();
}
