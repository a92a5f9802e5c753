/* SPDX-License-Identifier: MIT
 * The pool of sessions, with a backend that only counts. */
#include "pool-fixture.h"

/* ---- sizes ---- */

static void
test_sizes (void)
{
  static const struct
  {
    guint    max_size, min_size;
    gboolean single_writer;
    guint    n_at_once, n_writers, n_readers;
  } cases[] = {
    { 8, 0, TRUE, 1, 1, 7 },
    { 8, 8, TRUE, 8, 1, 7 },
    { 2, 1, TRUE, 1, 1, 1 },
    { 1, 0, TRUE, 1, 1, 0 },
    { 4, 3, FALSE, 3, 4, 0 },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Fixture fixture;
      YaraSession *sessions[8];
      guint n = 0;

      open_pool (&fixture, cases[i].max_size, cases[i].min_size, cases[i].single_writer);
      g_assert_cmpint (atomic_load (&n_opened), ==, cases[i].n_at_once);
      while (n < cases[i].n_writers)
        {
          sessions[n] = acquire (&fixture, TRUE);
          g_assert_false (sessions[n++]->read_only);
        }
      acquire_fails (&fixture, TRUE, YARA_ERROR_TIMEOUT, "write");
      if (cases[i].n_readers == 0)
        acquire_fails (&fixture, FALSE, YARA_ERROR_TIMEOUT, "acquire_timeout");
      while (n < cases[i].n_writers + cases[i].n_readers)
        {
          sessions[n] = acquire (&fixture, FALSE);
          g_assert_true (sessions[n++]->read_only);
        }
      if (cases[i].n_readers > 0)
        acquire_fails (&fixture, FALSE, YARA_ERROR_TIMEOUT, "read");
      g_assert_null (yara_pool_try_acquire (fixture.pool, FALSE));
      g_assert_cmpint (atomic_load (&n_opened), ==, cases[i].max_size);
      while (n > 0)
        yara_pool_release (fixture.pool, sessions[--n]);
      close_pool (&fixture);
    }
}

/* The session that was used last is used next. */
static void
test_reuse (void)
{
  Fixture fixture;
  YaraSession *first, *second;

  open_pool (&fixture, 8, 0, TRUE);
  first = acquire (&fixture, FALSE);
  second = acquire (&fixture, FALSE);
  g_assert_true (first != second);
  yara_pool_release (fixture.pool, first);
  yara_pool_release (fixture.pool, second);
  g_assert_true (acquire (&fixture, FALSE) == second);
  g_assert_true (yara_pool_try_acquire (fixture.pool, FALSE) == first);
  yara_pool_release (fixture.pool, first);
  yara_pool_release (fixture.pool, second);
  g_assert_cmpint (atomic_load (&n_opened), ==, 3);
  close_pool (&fixture);
}

/* A broken session is closed, and another is opened in its place. */
static void
test_broken (void)
{
  Fixture fixture;

  open_pool (&fixture, 1, 0, TRUE);
  for (guint i = 0; i < 5; i++)
    {
      FakeSession *session = (FakeSession *) acquire (&fixture, TRUE);

      session->is_broken = TRUE;
      yara_pool_release (fixture.pool, &session->base);
      g_assert_cmpint (atomic_load (&n_open), ==, 0);
    }
  atomic_store (&n_failures, 2);
  acquire_fails (&fixture, TRUE, YARA_ERROR_CONNECTION, "cannot be opened");
  g_assert_null (yara_pool_try_acquire (fixture.pool, TRUE));
  yara_pool_release (fixture.pool, acquire (&fixture, TRUE));
  close_pool (&fixture);
}

static void
test_open_fails (void)
{
  g_autoptr(GError) error = NULL;
  Fixture fixture = { { .backend = &fake_backend, .max_size = 2, .single_writer = TRUE }, NULL };

  atomic_store (&n_failures, 1);
  fixture.pool = yara_pool_new (&fixture.config);
  g_assert_false (yara_pool_open (fixture.pool, NULL, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONNECTION);
  close_pool (&fixture);
}

/* ---- waiting ---- */

typedef struct
{
  Fixture      *fixture;
  GCancellable *cancellable;
  YaraSession  *session;
  GError       *error;
  atomic_int   *order;
  int           place;
  atomic_int    thread_id;
} Waiter;

static gpointer
wait_for_session (gpointer data)
{
  Waiter *waiter = data;
  YaraCancel *cancel = waiter->cancellable != NULL ? yara_cancel_new (waiter->cancellable) : NULL;

  atomic_store (&waiter->thread_id, gettid ());
  waiter->session = yara_pool_acquire (waiter->fixture->pool, TRUE, cancel, &waiter->error);
  waiter->place = atomic_fetch_add (waiter->order, 1);
  if (waiter->session != NULL)
    yara_pool_release (waiter->fixture->pool, waiter->session);
  if (cancel != NULL)
    yara_cancel_free (cancel);
  return NULL;
}

/* Starts a thread and comes back when it sleeps in the queue. */
static GThread *
start_waiter (Waiter *waiter)
{
  GThread *thread;
  char state = 'R';

  atomic_store (&waiter->thread_id, 0);
  thread = g_thread_new ("waiter", wait_for_session, waiter);
  while (state != 'S')
    {
      g_autofree char *path = g_strdup_printf ("/proc/self/task/%d/stat", atomic_load (&waiter->thread_id));
      g_autofree char *text = NULL;

      g_usleep (1000);
      if (atomic_load (&waiter->thread_id) != 0 && g_file_get_contents (path, &text, NULL, NULL))
        state = strrchr (text, ')')[2];
    }
  return thread;
}

#define N_WAITERS 6

/* In the order in which they came; `breaks`: by the place of a broken session. */
static void
check_order (gboolean breaks)
{
  Fixture fixture;
  Waiter waiters[N_WAITERS];
  GThread *threads[N_WAITERS];
  atomic_int order = 0;
  YaraSession *session;

  open_pool (&fixture, 1, 0, TRUE);
  fixture.config.acquire_timeout = 60 * G_USEC_PER_SEC;
  session = acquire (&fixture, TRUE);
  for (guint i = 0; i < N_WAITERS; i++)
    {
      waiters[i] = (Waiter) { .fixture = &fixture, .order = &order };
      threads[i] = start_waiter (&waiters[i]);
    }
  ((FakeSession *) session)->is_broken = breaks;
  yara_pool_release (fixture.pool, session);
  for (guint i = 0; i < N_WAITERS; i++)
    {
      g_thread_join (threads[i]);
      g_assert_no_error (waiters[i].error);
      g_assert_cmpint (waiters[i].place, ==, i);
      g_assert_true ((waiters[i].session == waiters[0].session));
    }
  g_assert_cmpint (atomic_load (&n_opened), ==, breaks ? 2 : 1);
  close_pool (&fixture);
}

static void
test_order (void)
{
  check_order (FALSE);
}

static void
test_order_of_places (void)
{
  check_order (TRUE);
}

static void
test_cancel (void)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Fixture fixture;
  atomic_int order = 0;
  Waiter waiter = { &fixture, cancellable, .order = &order };
  GThread *thread;
  YaraSession *session;

  open_pool (&fixture, 1, 0, TRUE);
  fixture.config.acquire_timeout = 60 * G_USEC_PER_SEC;
  session = acquire (&fixture, TRUE);
  for (guint i = 0; i < 2; i++) /* while it waits, and before */
    {
      thread = i == 0 ? start_waiter (&waiter) : g_thread_new ("waiter", wait_for_session, &waiter);
      g_cancellable_cancel (cancellable);
      g_thread_join (thread);
      g_assert_error (waiter.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_clear_error (&waiter.error);
    }
  yara_pool_release (fixture.pool, session);
  yara_pool_release (fixture.pool, acquire (&fixture, TRUE));
  close_pool (&fixture);
}

/* ---- closing ---- */

static gpointer
close_in_thread (gpointer data)
{
  yara_pool_close (((Fixture *) data)->pool);
  return NULL;
}

/* Closing waits for the session that is out and lets those that wait have it first. */
static void
test_close (void)
{
  Fixture fixture;
  atomic_int order = 0;
  Waiter waiter = { &fixture, .order = &order };
  GThread *waiting, *closing;
  YaraSession *session;

  open_pool (&fixture, 1, 0, TRUE);
  fixture.config.acquire_timeout = 60 * G_USEC_PER_SEC;
  session = acquire (&fixture, TRUE);
  waiting = start_waiter (&waiter);
  closing = g_thread_new ("closer", close_in_thread, &fixture);
  g_usleep (20000);
  g_assert_cmpint (atomic_load (&n_open), ==, 1);
  g_assert_null (yara_pool_try_acquire (fixture.pool, TRUE));
  yara_pool_release (fixture.pool, session);
  g_thread_join (waiting);
  g_assert_no_error (waiter.error);
  g_thread_join (closing);
  g_assert_cmpint (atomic_load (&n_open), ==, 0);
  acquire_fails (&fixture, TRUE, YARA_ERROR_CONNECTION, "closed");
  yara_pool_free (fixture.pool);
}

typedef struct
{
  Fixture      fixture;
  YaraSession *session;
} Closing;

static void
release_and_close (gpointer data)
{
  Closing *closing = data;

  yara_pool_release (closing->fixture.pool, closing->session);
  yara_pool_close (closing->fixture.pool);
}

/* Closed after the look at its state and before a session was opened: none is. */
static void
test_close_meanwhile (void)
{
  Closing closing;

  open_pool (&closing.fixture, 1, 0, TRUE);
  closing.session = acquire (&closing.fixture, TRUE);
  yara_pool_set_yield (closing.fixture.pool, release_and_close, &closing);
  acquire_fails (&closing.fixture, TRUE, YARA_ERROR_CONNECTION, "closed");
  g_assert_cmpint (atomic_load (&n_open), ==, 0);
  yara_pool_free (closing.fixture.pool);
}

/* ---- many ---- */

typedef struct
{
  Fixture    *fixture;
  atomic_int *n_used; /* at a time */
} User;

static gpointer
use_sessions (gpointer data)
{
  User *user = data;

  for (guint i = 0; i < 2000; i++)
    {
      FakeSession *session = (FakeSession *) acquire (user->fixture, TRUE);

      g_assert_cmpint (atomic_fetch_add (user->n_used, 1), <, 2);
      session->is_broken = i % 100 == 0;
      atomic_fetch_sub (user->n_used, 1);
      yara_pool_release (user->fixture->pool, &session->base);
    }
  return NULL;
}

static void
test_many (void)
{
  Fixture fixture;
  atomic_int n_used = 0;
  User user = { &fixture, &n_used };
  GThread *threads[6];

  open_pool (&fixture, 2, 0, FALSE);
  fixture.config.acquire_timeout = 60 * G_USEC_PER_SEC;
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("user", use_sessions, &user);
  for (gsize i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  g_assert_cmpint (atomic_load (&n_open), <=, 2);
  close_pool (&fixture);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/sizes", test_sizes);
  g_test_add_func ("/pool/reuse", test_reuse);
  g_test_add_func ("/pool/broken", test_broken);
  g_test_add_func ("/pool/open-fails", test_open_fails);
  g_test_add_func ("/pool/order", test_order);
  g_test_add_func ("/pool/order-of-places", test_order_of_places);
  g_test_add_func ("/pool/cancel", test_cancel);
  g_test_add_func ("/pool/close", test_close);
  g_test_add_func ("/pool/close-meanwhile", test_close_meanwhile);
  g_test_add_func ("/pool/many", test_many);
  return g_test_run ();
}
