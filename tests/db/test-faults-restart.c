/* SPDX-License-Identifier: MIT
 *
 * The server is restarted, gently and not, under callers that never stop: every call comes back once,
 * what was acknowledged is stored, and the pool heals without help.
 */
#include "server.h"

#include <string.h>

#define N_CALLERS  8
#define N_RESTARTS 20
#define MAX_SIZE   4

#define APPLICATION "restarts"

typedef struct
{
  gint64 id;
  gint64 token;
} Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, token, .unique = true),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

/* What a write has come to, by its token. */
typedef enum { PENDING, STORED, FAILED, UNKNOWN } Fate;

typedef struct Caller Caller;

typedef struct
{
  YaraOrm *orm;
  GArray  *fates;            /* of Fate */
  guint    n_pending;        /* calls on their way */
  guint    n_healthy;        /* successes in a row since the server is back */
  gboolean is_back;          /* every call from now on must succeed, up to the next restart */
  gboolean is_ending;
  guint    n_calls, n_failed_reads;
} Load;

struct Caller
{
  Load    *load;
  Entry    entry;
  gboolean is_pending;
  gboolean must_succeed;
  guint    n_calls;
};

static void next_call (Caller *caller);

static gboolean
go_on (gpointer caller)
{
  next_call (caller);
  return G_SOURCE_REMOVE;
}

/* Exactly one callback for each call: the second finds nothing pending. */
static void
end_call (Caller *caller, const GError *error)
{
  Load *load = caller->load;

  g_assert_true (caller->is_pending);
  caller->is_pending = FALSE;
  load->n_pending--;
  if (error != NULL)
    {
      g_assert_null (strstr (error->message, TEST_SECRET));
      if (caller->must_succeed && load->is_back) /* else the next restart has begun */
        g_error ("after the restart: %s", error->message);
    }
  if (load->is_ending)
    return;
  load->n_healthy = error == NULL && caller->must_succeed ? load->n_healthy + 1 : 0;
  if (error == NULL)
    next_call (caller);
  else /* a refused connection comes back at once; leave the server some time to start */
    g_timeout_add (2, go_on, caller);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Caller *caller = user_data;
  Fate *fate = &g_array_index (caller->load->fates, Fate, caller->entry.token);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (*fate, ==, PENDING);
  if (yara_orm_create_finish (YARA_ORM (source), result, &error))
    *fate = STORED;
  else
    *fate = yara_error_is_outcome_unknown (error) ? UNKNOWN : FAILED;
  g_assert_cmpint (caller->entry.id > 0, ==, error == NULL);
  end_call (caller, error);
}

static void
on_read (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Caller *caller = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraResult) found = yara_orm_all_finish (YARA_ORM (source), result, &error);

  g_assert_false (yara_error_is_outcome_unknown (error));
  caller->load->n_failed_reads += found == NULL;
  /* a row is there when its write was acknowledged, and the answer is that of this call */
  if (found != NULL && caller->entry.id > 0)
    {
      g_assert_cmpuint (yara_result_get_n_records (found), ==, 1);
      g_assert_cmpint (((Entry *) yara_result_get_record (found, 0))->token, ==, caller->entry.token);
    }
  end_call (caller, error);
}

static void
next_call (Caller *caller)
{
  Load *load = caller->load;

  if (load->is_ending)
    return;
  caller->is_pending = TRUE;
  caller->must_succeed = load->is_back;
  load->n_pending++;
  load->n_calls++;
  if (caller->n_calls++ % 2 == 0)
    {
      const Fate pending = PENDING;

      caller->entry = (Entry) { .token = load->fates->len };
      g_array_append_val (load->fates, pending);
      yara_orm_create_async (load->orm, &entry_model, &caller->entry, NULL, on_created, caller);
    }
  else
    {
      g_autoptr(YaraQuery) query = yara_query_new (&entry_model);

      yara_query_filter (query, "token", caller->entry.token);
      yara_orm_all_async (load->orm, query, NULL, on_read, caller);
    }
}

/* ---- restarting ---- */

/* A session that is being closed is still listed for a moment. */
static void
check_sessions (YaraOrm *watcher)
{
  gint64 n = 0;

  for (guint i = 0; i < 100; i++)
    {
      n = test_fetch_int (watcher, NULL,
                          "SELECT count(*) FROM pg_stat_activity WHERE application_name = '" APPLICATION "'");
      if (n <= MAX_SIZE)
        return;
      g_usleep (10000);
    }
  g_error ("%" G_GINT64_FORMAT " sessions are open instead of %d", n, MAX_SIZE);
}

typedef struct
{
  const char *mode;
  int         is_back;
} Restart;

static gpointer
restart (gpointer data)
{
  Restart *restart = data;

  test_server_restart (restart->mode);
  g_atomic_int_set (&restart->is_back, TRUE);
  g_main_context_wakeup (NULL);
  return NULL;
}

static void
iterate (gint64 deadline)
{
  g_assert_cmpint (g_get_monotonic_time (), <, deadline);
  g_main_context_iteration (NULL, TRUE);
}

static void
run_until (const guint *count, guint n)
{
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  while (*count < n)
    iterate (deadline);
}

static void
run_during_restart (const char *mode)
{
  Restart state = { .mode = mode };
  GThread *thread = g_thread_new ("restart", restart, &state);
  gint64 deadline = g_get_monotonic_time () + 60 * G_USEC_PER_SEC;

  while (!g_atomic_int_get (&state.is_back))
    iterate (deadline);
  g_thread_join (thread);
}

static void
restart_once (Load *load, YaraOrm *watcher, const char *mode)
{
  run_until (&load->n_calls, load->n_calls + 50);
  check_sessions (watcher);
  load->is_back = FALSE;
  run_during_restart (mode);
  load->is_back = TRUE;
  load->n_healthy = 0;
  run_until (&load->n_healthy, 4 * N_CALLERS);
  check_sessions (watcher);
}

/* ---- what is left of it ---- */

static void
check_fates (Load *load)
{
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  g_autoptr(YaraResult) stored = test_ok (yara_orm_all (load->orm, query, NULL, &error));
  g_autofree guint *n_rows = g_new0 (guint, load->fates->len);
  guint n_fates[UNKNOWN + 1] = { 0 };

  YARA_FOREACH (Entry, entry, stored)
    n_rows[entry->token]++;
  for (guint i = 0; i < load->fates->len; i++)
    {
      Fate fate = g_array_index (load->fates, Fate, i);

      n_fates[fate]++;
      g_assert_cmpint (fate, !=, PENDING);
      if (fate != UNKNOWN)
        g_assert_cmpuint (n_rows[i], ==, fate == STORED);
      g_assert_cmpuint (n_rows[i], <=, 1);
    }
  g_test_message ("%u calls: %u writes stored, %u failed, %u unknown; %u reads failed", load->n_calls,
                  n_fates[STORED],
                  n_fates[FAILED], n_fates[UNKNOWN], load->n_failed_reads);
}

static void
restarts (Test *test)
{
  g_autofree char *url = test_server_url (NULL,
                                          "application_name=" APPLICATION "&max_size=" G_STRINGIFY (MAX_SIZE));
  g_autofree char *watcher_url = test_server_url (NULL, "max_size=1");
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));
  g_autoptr(YaraOrm) watcher = test_ok (yara_orm_open (watcher_url, NULL, NULL, &error));
  Caller callers[N_CALLERS] = { { NULL } };
  Load load = { .orm = orm, .fates = g_array_new (FALSE, FALSE, sizeof (Fate)) };

  test_ok (yara_orm_register (orm, &entry_model, &error));
  test_ok (yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  for (guint i = 0; i < N_CALLERS; i++)
    {
      callers[i].load = &load;
      next_call (&callers[i]);
    }
  for (guint round = 0; round < N_RESTARTS; round++)
    restart_once (&load, watcher, round % 2 ? "fast" : "immediate");

  load.is_ending = TRUE;
  while (load.n_pending > 0)
    g_main_context_iteration (NULL, TRUE);
  test_settle ();
  check_fates (&load);
  g_array_unref (load.fates);
  test_ok (yara_orm_close (orm, NULL, &error));
  test_ok (yara_orm_close (watcher, NULL, &error));
}

/* The same with a caller that blocks: the first statement after the server is back succeeds. */
static void
restarts_between_blocking_calls (Test *test)
{
  g_autofree char *url = test_server_url (NULL, "max_size=1");
  g_autoptr(YaraOrm) orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  test_execute (orm, NULL, "CREATE TABLE numbers (n INTEGER)");
  for (guint i = 0; i < 4; i++)
    {
      test_server_restart (i % 2 ? "fast" : "immediate");
      if (i < 2)
        test_execute (orm, NULL, "INSERT INTO numbers VALUES (1)");
      else
        g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT count(*) FROM numbers"), ==, 2);
    }
  test_ok (yara_orm_close (orm, NULL, &error));
}

static const TestCase cases[] = {
  { "faults/restarts", restarts, "postgres" },
  { "faults/restarts-between-blocking-calls", restarts_between_blocking_calls, "postgres" },
};
TEST_MAIN (cases)
