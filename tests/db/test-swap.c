/* SPDX-License-Identifier: MIT
 *
 * Replacing the router while statements are under way: none fails, each lands where its router said, and
 * the data of an old router goes when its last call has returned.
 */
#include "fixture.h"

#include <stdatomic.h>
#include <string.h>

typedef struct
{
  gint64 id;
  gint64 token;
} Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, token),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

static atomic_uint n_destroyed;

static const char *
answer (const YaraModel *model, const YaraHints *hints)
{
  return hints->user_data;
}

static void
destroyed (gpointer data)
{
  memset (data, 'x', strlen (data)); /* nobody may read it any more */
  g_free (data);
  atomic_fetch_add (&n_destroyed, 1);
}

static guint64
set_router (Test *test, const char *name)
{
  g_autoptr(YaraRouterInfo) info = NULL;

  test_ok (yara_orm_set_router_functions (test->orm, answer, answer, g_strdup (name), destroyed, &error));
  info = yara_orm_get_router_info (test->orm);
  return info->generation;
}

static void
set_up (Test *test)
{
  static const char *const names[] = { "even", "odd" };

  atomic_store (&n_destroyed, 0);
  test_ok (yara_orm_register (test->orm, &entry_model, &error));
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(YaraOrm) orm = yara_orm_using (test->orm, names[i]);

      test_add_connection (test, names[i]);
      test_ok (yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, &error));
    }
}

static void
wait_for_destroyed (guint n)
{
  gint64 deadline = g_get_monotonic_time () + 30 * G_USEC_PER_SEC;

  while (atomic_load (&n_destroyed) < n)
    {
      g_assert_cmpint (g_get_monotonic_time (), <, deadline);
      g_usleep (500);
    }
  g_assert_cmpuint (atomic_load (&n_destroyed), ==, n);
}

static void
info (Test *test)
{
  YaraRoute route;

  set_up (test);
  {
    g_autoptr(YaraRouterInfo) none = yara_orm_get_router_info (test->orm);

    g_assert_cmpuint (none->generation, ==, 0);
    g_assert_null (none->path);
    g_assert_null (none->sha256);
  }
  for (guint i = 1; i <= 3; i++)
    {
      g_autoptr(YaraRouterInfo) before = NULL, after = NULL;

      g_assert_cmpuint (set_router (test, i % 2 ? "odd" : "even"), ==, i);
      before = yara_orm_get_router_info (test->orm);
      g_assert_cmpuint (before->calls, ==, 0);
      test_ok (yara_orm_route (test->orm, &entry_model, YARA_OPERATION_READ, &route, &error));
      test_ok (yara_orm_route (test->orm, &entry_model, YARA_OPERATION_WRITE, &route, &error));
      g_assert_cmpuint (route.generation, ==, i);
      after = yara_orm_get_router_info (test->orm);
      g_assert_cmpuint (after->calls, ==, 2);
      g_assert_null (after->path);
    }
  wait_for_destroyed (2);
  test_ok (yara_orm_set_router (test->orm, NULL, NULL, NULL, &error));
  wait_for_destroyed (3);
  test_ok (yara_orm_set_router (test->orm, NULL, NULL, NULL, &error));
}

static void
destroyed_with_orm (Test *test)
{
  g_autofree char *url = test_url (test, "second");
  YaraOrm *orm = test_ok (yara_orm_open (url, NULL, NULL, &error));

  atomic_store (&n_destroyed, 0);
  test_ok (yara_orm_set_router_functions (orm, answer, answer, g_strdup ("default"), destroyed, &error));
  test_ok (yara_orm_close (orm, NULL, &error));
  g_object_unref (orm);
  wait_for_destroyed (1);
}

/* ---- under load ---- */

/* The generation tells where a statement had to go. */
static void
check_place (YaraOrm *orm, const YaraQueryEvent *event, gpointer user_data)
{
  g_assert_no_error (event->error);
  g_assert_cmpint (event->reason, ==, YARA_ROUTE_ROUTER);
  g_assert_cmpstr (event->connection, ==, event->generation % 2 ? "odd" : "even");
  atomic_fetch_add ((atomic_uint *) user_data, 1);
}

typedef struct
{
  Test       *test;
  guint       number;
  atomic_bool stop;
} Worker;

#define N_IN_FLIGHT 20

static gpointer
create_entries (gpointer data)
{
  Worker *worker = data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  gint64 n_created = 0;

  g_main_context_push_thread_default (context);
  while (!atomic_load (&worker->stop))
    {
      Entry entries[N_IN_FLIGHT];
      TestCall calls[N_IN_FLIGHT];

      memset (calls, 0, sizeof calls);
      for (guint i = 0; i < N_IN_FLIGHT; i++)
        {
          entries[i] = (Entry) { .token = worker->number };
          yara_orm_create_async (worker->test->orm, &entry_model, &entries[i], NULL, test_call_done,
                                 &calls[i]);
        }
      test_calls_wait (calls, N_IN_FLIGHT);
      for (guint i = 0; i < N_IN_FLIGHT; i++)
        test_ok (yara_orm_create_finish (worker->test->orm, calls[i].result, &error));
      test_calls_clear (calls, N_IN_FLIGHT);
      n_created += N_IN_FLIGHT;
    }
  g_main_context_pop_thread_default (context);
  return GSIZE_TO_POINTER (n_created);
}

static void
under_load (Test *test)
{
  enum { N_WORKERS = 2, N_SWAPS = 1000 };
  Worker workers[N_WORKERS];
  GThread *threads[N_WORKERS];
  atomic_uint n_statements = 0;
  gint64 n_created = 0;
  guint hook;

  set_up (test);
  hook = yara_orm_add_query_hook (test->orm, check_place, &n_statements, NULL);
  g_assert_cmpuint (set_router (test, "odd"), ==, 1);
  for (guint i = 0; i < N_WORKERS; i++)
    {
      workers[i] = (Worker) { .test = test, .number = i };
      threads[i] = g_thread_new ("creator", create_entries, &workers[i]);
    }
  for (guint i = 2; i <= N_SWAPS; i++)
    {
      g_assert_cmpuint (set_router (test, i % 2 ? "odd" : "even"), ==, i);
      if (i % 50 == 0)
        g_usleep (1000);
    }
  for (guint i = 0; i < N_WORKERS; i++)
    atomic_store (&workers[i].stop, true);
  for (guint i = 0; i < N_WORKERS; i++)
    n_created += GPOINTER_TO_SIZE (g_thread_join (threads[i]));
  yara_orm_remove_query_hook (test->orm, hook);
  g_assert_cmpint (atomic_load (&n_statements), ==, n_created);
  g_assert_cmpint (test_fetch_int (test->orm, "odd", "SELECT count(*) FROM entries") +
                   test_fetch_int (test->orm, "even", "SELECT count(*) FROM entries"), ==, n_created);
  test_ok (yara_orm_set_router (test->orm, NULL, NULL, NULL, &error));
  wait_for_destroyed (N_SWAPS);
}

static const TestCase cases[] = {
  { "swap/info", info },
  { "swap/destroyed-with-orm", destroyed_with_orm },
  { "swap/under-load", under_load },
};
TEST_MAIN (cases)
