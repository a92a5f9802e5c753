/* SPDX-License-Identifier: MIT
 * Asking databases how they do. */
#include "database/ping.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "database/database.h"
#include "shell/configuration.h"

/* Pgpool answers this by itself; only to the simple protocol, which is that of scripts. Servers refuse it. */
#define PGPOOL_SQL "SHOW pool_version"

/* Everything in one question, so that the answers belong together. */
#define POSTGRES_SQL \
  "SELECT pg_is_in_recovery (), current_setting ('server_version'), pg_postmaster_start_time ()::text, " \
  "(SELECT system_identifier::text FROM pg_control_system ()), " \
  "CASE WHEN pg_is_in_recovery () THEN NULL ELSE substr (pg_walfile_name (pg_current_wal_lsn ()), 1, 8) END, " \
  "(CASE WHEN pg_is_in_recovery () THEN pg_last_wal_replay_lsn () ELSE pg_current_wal_lsn () END " \
  "- '0/0'::pg_lsn)::bigint, " \
  "coalesce (extract (epoch FROM clock_timestamp () - pg_last_xact_replay_timestamp ()), -1)::float8"

#define SQLITE_SQL "SELECT sqlite_version (), (SELECT journal_mode FROM pragma_journal_mode)"

/* What a report of a problem needs, as one text. */
#define POSTGRES_DETAILS \
  "SELECT 'max_connections ' || current_setting ('max_connections') || ', clients ' || " \
  "(SELECT count (*) FROM pg_stat_activity WHERE backend_type = 'client backend') || ', statement_timeout ' || " \
  "current_setting ('statement_timeout') || ', lock_timeout ' || current_setting ('lock_timeout') || " \
  "', server_encoding ' || current_setting ('server_encoding')"
#define SQLITE_DETAILS \
  "SELECT 'journal_mode ' || (SELECT journal_mode FROM pragma_journal_mode) || ', synchronous ' || " \
  "(SELECT CASE synchronous WHEN 0 THEN 'off' WHEN 1 THEN 'normal' WHEN 2 THEN 'full' ELSE 'extra' END " \
  "FROM pragma_synchronous) || ', foreign_keys ' || " \
  "(SELECT iif (foreign_keys, 'on', 'off') FROM pragma_foreign_keys) || ', page_size ' || " \
  "(SELECT page_size FROM pragma_page_size) || ', page_count ' || (SELECT page_count FROM pragma_page_count)"

static void
ping_free (Ping *ping)
{
  g_clear_error (&ping->error);
  g_free (ping->version);
  g_free (ping->details);
  g_free (ping->journal);
  g_free (ping->system);
  g_free (ping->started);
  g_free (ping->timeline);
  g_free (ping);
}

static char *
copy_cell (const YaraRows *rows, guint column)
{
  return yara_rows_is_null (rows, 0, column) ? NULL : g_strdup (yara_rows_get_text (rows, 0, column));
}

/* Debian writes "15.18 (Debian 15.18-0+deb12u1)". */
static char *
shorten_version (const char *version)
{
  return g_strndup (version, strcspn (version, " "));
}

static void
take_postgres (Ping *ping, const YaraRows *rows)
{
  ping->role = yara_rows_get_int (rows, 0, 0) != 0 ? YARA_ROLE_STANDBY : YARA_ROLE_PRIMARY;
  ping->version = shorten_version (yara_rows_get_text (rows, 0, 1));
  ping->started = copy_cell (rows, 2);
  ping->system = copy_cell (rows, 3);
  ping->timeline = copy_cell (rows, 4);
  ping->position = yara_rows_is_null (rows, 0, 5) ? 0 : yara_rows_get_int (rows, 0, 5);
  ping->lag_time = yara_rows_get_double (rows, 0, 6);
}

static void
take_sqlite (Ping *ping, const YaraRows *rows)
{
  ping->version = copy_cell (rows, 0);
  ping->journal = copy_cell (rows, 1);
}

static void
ask_details (Ping *ping, YaraConnection *connection, const char *sql, GCancellable *cancellable)
{
  g_autoptr(YaraRows) rows = yara_connection_fetch_row (connection, sql, NULL, cancellable, NULL);
  YaraConnectionStatus status = { sizeof status };
  g_autofree char *settings = rows != NULL ? copy_cell (rows, 0) : NULL;

  if (settings == NULL)
    return;
  yara_connection_get_status (connection, &status);
  ping->details = g_strdup_printf ("%s, pool-max %u", settings, status.max_size);
}

static void
ask (Ping *ping, gboolean details, GCancellable *cancellable)
{
  gboolean postgres = strcmp (configuration_get_backend (ping->config, ping->name), "postgresql") == 0;
  YaraConnectionStatus status = { sizeof status };
  gint64 start = g_get_monotonic_time ();
  g_autoptr(YaraOrm) orm = database_open (ping->config, ping->name, FALSE, cancellable, &ping->error);
  g_autoptr(YaraRows) rows = NULL;
  YaraConnection *connection;

  if (orm == NULL)
    return;
  connection = database_get (orm, ping->name);
  ping->connect_time = g_get_monotonic_time () - start;
  start = g_get_monotonic_time ();
  rows = yara_connection_fetch_row (connection, postgres ? POSTGRES_SQL : SQLITE_SQL, NULL, cancellable, &ping->error);
  ping->query_time = g_get_monotonic_time () - start;
  if (rows == NULL)
    return;
  if (postgres)
    take_postgres (ping, rows);
  else
    take_sqlite (ping, rows);
  ping->pooled = yara_connection_get_status (connection, &status) && status.is_pooled;
  ping->mixed = ping->pooled && yara_connection_execute_script (connection, PGPOOL_SQL, cancellable, NULL);
  if (ping->mixed)
    ping->role = YARA_ROLE_UNKNOWN;
  if (details)
    ask_details (ping, connection, postgres ? POSTGRES_DETAILS : SQLITE_DETAILS, cancellable);
}

/* ---- all at once ---- */

/* The threads, and the one that waits for them. */
typedef struct
{
  pthread_mutex_t lock;
  pthread_cond_t  ended;
  guint           n_running;
} Round;

typedef struct
{
  Round        *round;
  Ping         *ping;
  gboolean      details;
  GCancellable *cancellable;
  GThread      *thread;
} Asker;

static gpointer
run (gpointer data)
{
  Asker *asker = data;

  ask (asker->ping, asker->details, asker->cancellable);
  pthread_mutex_lock (&asker->round->lock);
  asker->round->n_running--;
  pthread_cond_signal (&asker->round->ended);
  pthread_mutex_unlock (&asker->round->lock);
  return NULL;
}

/* Waits for all of them. FALSE when the time is over. */
static gboolean
wait_for (Round *round, gint64 timeout)
{
  struct timespec end;
  int waited = 0;

  clock_gettime (CLOCK_MONOTONIC, &end);
  end.tv_sec += timeout / G_USEC_PER_SEC + (end.tv_nsec / 1000 + timeout % G_USEC_PER_SEC) / G_USEC_PER_SEC;
  end.tv_nsec = (end.tv_nsec + timeout % G_USEC_PER_SEC * 1000) % 1000000000;
  pthread_mutex_lock (&round->lock);
  while (round->n_running > 0 && waited == 0)
    waited = pthread_cond_timedwait (&round->ended, &round->lock, &end);
  pthread_mutex_unlock (&round->lock);
  return waited == 0;
}

/* What GLib makes once is made before there are threads: ThreadSanitizer cannot see how GLib keeps them apart. */
static void
make_once (void)
{
  g_autoptr(YaraOrm) orm = yara_orm_open ("sqlite::memory:", NULL, NULL, NULL);

  yara_error_quark ();
}

static void
ask_all (GPtrArray *pings, gboolean details, gint64 timeout)
{
  Round round = { .lock = PTHREAD_MUTEX_INITIALIZER, .n_running = pings->len };
  g_autofree Asker *askers = g_new (Asker, pings->len);
  pthread_condattr_t monotonic;
  gboolean in_time;

  make_once ();
  pthread_condattr_init (&monotonic);
  pthread_condattr_setclock (&monotonic, CLOCK_MONOTONIC);
  pthread_cond_init (&round.ended, &monotonic);
  for (guint i = 0; i < pings->len; i++)
    {
      askers[i] = (Asker) { &round, pings->pdata[i], details, g_cancellable_new (), NULL };
      askers[i].thread = g_thread_new ("ping", run, &askers[i]);
    }
  in_time = wait_for (&round, timeout);
  for (guint i = 0; i < pings->len && !in_time; i++)
    g_cancellable_cancel (askers[i].cancellable);
  for (guint i = 0; i < pings->len; i++)
    {
      g_thread_join (askers[i].thread);
      g_object_unref (askers[i].cancellable);
    }
  pthread_condattr_destroy (&monotonic);
  pthread_cond_destroy (&round.ended);
  pthread_mutex_destroy (&round.lock);
}

/* ---- comparing ---- */

static gboolean
is_same_cluster (const Ping *a, const Ping *b)
{
  return a->system != NULL && g_strcmp0 (a->system, b->system) == 0;
}

static void
compare (GPtrArray *pings, Ping *ping)
{
  YaraRole wanted = yara_config_get_role (ping->config, ping->name);
  gint64 most = yara_config_get_max_lag (ping->config, ping->name);

  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *other = pings->pdata[i];

      if (other == ping || other->role != YARA_ROLE_PRIMARY || !is_same_cluster (ping, other))
        continue;
      if (ping->role == YARA_ROLE_STANDBY)
        ping->lag = MAX (ping->lag, MAX (other->position - ping->position, 0));
      else if (g_strcmp0 (ping->started, other->started) != 0)
        ping->problem = PING_SPLIT;
    }
  if (ping->problem == PING_GOOD && wanted != YARA_ROLE_UNKNOWN && ping->role != YARA_ROLE_UNKNOWN
      && wanted != ping->role)
    ping->problem = PING_WRONG_ROLE;
  else if (ping->problem == PING_GOOD && most >= 0 && ping->lag > most)
    ping->problem = PING_LAGS;
}

GPtrArray *
ping_all (YaraConfig *config, const char *const *names, gboolean details, gint64 timeout)
{
  GPtrArray *pings = g_ptr_array_new_with_free_func ((GDestroyNotify) ping_free);

  for (; *names != NULL; names++)
    {
      Ping *ping = g_new0 (Ping, 1);

      ping->config = config;
      ping->name = *names;
      ping->lag = -1;
      g_ptr_array_add (pings, ping);
    }
  ask_all (pings, details, timeout);
  for (guint i = 0; i < pings->len; i++)
    {
      Ping *ping = pings->pdata[i];

      if (g_error_matches (ping->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        {
          g_clear_error (&ping->error);
          g_set_error (&ping->error, YARA_ERROR, YARA_ERROR_TIMEOUT, "connection \"%s\": no answer in %g s",
                       ping->name, (double) timeout / G_USEC_PER_SEC);
        }
      if (ping->error != NULL)
        ping->problem = PING_UNREACHABLE;
      else
        compare (pings, ping);
    }
  return pings;
}

gint64
ping_get_timeline (const Ping *ping)
{
  return g_ascii_strtoll (ping->timeline, NULL, 16);
}

gboolean
ping_all_good (const GPtrArray *pings)
{
  for (guint i = 0; i < pings->len; i++)
    if (((const Ping *) pings->pdata[i])->problem != PING_GOOD)
      return FALSE;
  return TRUE;
}
