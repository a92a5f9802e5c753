/* SPDX-License-Identifier: MIT
 * The pool of sessions, with a backend that only counts. */
#include <gio/gio.h>
#include <stdatomic.h>
#include <unistd.h>
#include <yaraorm/yara-error.h>
#include "conn/pool.h"

typedef struct
{
  YaraSession base;
  gboolean    is_broken;
} FakeSession;

static atomic_int n_open, n_opened, n_failures; /* the next so many cannot be opened */

static YaraSession *
fake_open (const YaraBackendConfig *config, gboolean read_only, GCancellable *cancellable, GError **error)
{
  FakeSession *session;

  if (atomic_load (&n_failures) > 0)
    {
      atomic_fetch_sub (&n_failures, 1);
      g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION, "cannot be opened");
      return NULL;
    }
  session = g_new0 (FakeSession, 1);
  session->base = (YaraSession) { config, read_only };
  atomic_fetch_add (&n_open, 1);
  atomic_fetch_add (&n_opened, 1);
  return &session->base;
}

static void
fake_close (YaraSession *session)
{
  atomic_fetch_sub (&n_open, 1);
  g_free (session);
}

static gboolean
fake_is_usable (YaraSession *session)
{
  return !((FakeSession *) session)->is_broken;
}

static const YaraBackend fake_backend = {
  .name = "fake",
  .session_open = fake_open,
  .session_close = fake_close,
  .session_is_usable = fake_is_usable,
};

typedef struct
{
  YaraBackendConfig config;
  YaraPool         *pool;
} Fixture;

static void
open_pool (Fixture *fixture, guint max_size, guint min_size, gboolean single_writer)
{
  g_autoptr(GError) error = NULL;

  atomic_store (&n_opened, 0);
  fixture->config = (YaraBackendConfig) {
    .backend = &fake_backend, .max_size = max_size, .min_size = min_size, .single_writer = single_writer,
    .acquire_timeout = 50 * 1000,
  };
  fixture->pool = yara_pool_new (&fixture->config);
  g_assert_true (yara_pool_open (fixture->pool, NULL, &error));
  g_assert_no_error (error);
}

static void
close_pool (Fixture *fixture)
{
  yara_pool_close (fixture->pool);
  yara_pool_free (fixture->pool);
  g_assert_cmpint (atomic_load (&n_open), ==, 0);
}

static YaraSession *
acquire (Fixture *fixture, gboolean write)
{
  g_autoptr(GError) error = NULL;
  YaraSession *session = yara_pool_acquire (fixture->pool, write, NULL, &error);

  g_assert_no_error (error);
  return session;
}

static void
acquire_fails (Fixture *fixture, gboolean write, YaraError code, const char *part)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (yara_pool_acquire (fixture->pool, write, NULL, &error));
  g_assert_error (error, YARA_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, part));
}

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

/* ---- without blocking ---- */

typedef struct
{
  YaraPoolWaiter base;
  guint          n_granted;
} Request;

static void
on_granted (YaraPoolWaiter *waiter)
{
  ((Request *) waiter)->n_granted++;
}

#define REQUEST { .base.granted = on_granted }

static YaraPoolGrant
request (Fixture *fixture, Request *request)
{
  return yara_pool_request (fixture->pool, TRUE, TRUE, &request->base);
}

/* What is free, then a place, then a turn in the queue, which blocking callers stand in too. */
static void
test_request (void)
{
  Fixture fixture;
  Request requests[4] = { REQUEST, REQUEST, REQUEST, REQUEST };
  g_autoptr(GError) error = NULL;
  YaraPoolCounts counts;
  YaraSession *second;

  open_pool (&fixture, 2, 0, FALSE);
  g_assert_cmpint (request (&fixture, &requests[0]), ==, YARA_POOL_SESSION);
  g_assert_nonnull (requests[0].base.session);
  g_assert_cmpint (request (&fixture, &requests[1]), ==, YARA_POOL_MAY_OPEN);
  g_assert_cmpint (yara_pool_request (fixture.pool, TRUE, FALSE, &requests[2].base), ==, YARA_POOL_WAITING);
  g_assert_false (yara_pool_is_wanted (fixture.pool, TRUE)); /* that one does not wait */
  for (guint i = 2; i < 4; i++)
    g_assert_cmpint (request (&fixture, &requests[i]), ==, YARA_POOL_WAITING);
  g_assert_true (yara_pool_is_wanted (fixture.pool, TRUE));
  yara_pool_get_counts (fixture.pool, &counts);
  g_assert_cmpuint (counts.n_waiting, ==, 2);
  g_assert_cmpuint (counts.n_in_use, ==, 2);

  second = yara_pool_open_granted (fixture.pool, TRUE, NULL, &error);
  g_assert_no_error (error);
  yara_pool_release (fixture.pool, requests[0].base.session);
  g_assert_cmpuint (requests[2].n_granted, ==, 1);
  g_assert_true (requests[2].base.session == requests[0].base.session);
  g_assert_false (yara_pool_withdraw (fixture.pool, TRUE, &requests[2].base));
  g_assert_true (yara_pool_withdraw (fixture.pool, TRUE, &requests[3].base));
  yara_pool_release (fixture.pool, second);
  g_assert_cmpuint (requests[3].n_granted, ==, 0);
  yara_pool_release (fixture.pool, requests[2].base.session);
  close_pool (&fixture);
}

/* A place whose session could not be opened, or was no good, is the next one's. */
static void
test_request_place (void)
{
  Fixture fixture;
  Request requests[2] = { REQUEST, REQUEST };
  g_autoptr(GError) error = NULL;
  YaraSession *session;

  open_pool (&fixture, 1, 0, FALSE);
  session = acquire (&fixture, TRUE);
  for (guint i = 0; i < 2; i++)
    g_assert_cmpint (request (&fixture, &requests[i]), ==, YARA_POOL_WAITING);
  ((FakeSession *) session)->is_broken = TRUE;
  yara_pool_release (fixture.pool, session);
  g_assert_cmpuint (requests[0].n_granted, ==, 1);
  g_assert_null (requests[0].base.session);
  atomic_store (&n_failures, 1);
  g_assert_null (yara_pool_open_granted (fixture.pool, TRUE, NULL, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONNECTION);
  g_assert_cmpuint (requests[1].n_granted, ==, 1);
  session = yara_pool_open_granted (fixture.pool, TRUE, NULL, NULL);
  yara_pool_release (fixture.pool, session);
  yara_pool_close (fixture.pool);
  g_assert_cmpint (request (&fixture, &requests[0]), ==, YARA_POOL_CLOSED);
  close_pool (&fixture);
}

typedef struct
{
  YaraWatch base;
  guint     n_taken;
} Watch;

static void
on_taken (YaraWatch *watch)
{
  ((Watch *) watch)->n_taken++;
}

/* Who watches a session that rests is told when it goes to somebody else, or is closed. */
static void
test_watch (void)
{
  Fixture fixture;
  Watch watch = { { on_taken }, 0 };
  Request keeps = { .base = { .granted = on_granted, .keeps_watch = TRUE } }, other = REQUEST;
  YaraSession *session;

  open_pool (&fixture, 1, 0, FALSE);
  session = acquire (&fixture, TRUE);
  session->watch = &watch.base;
  yara_pool_release (fixture.pool, session);
  g_assert_cmpint (request (&fixture, &keeps), ==, YARA_POOL_SESSION);
  g_assert_true (session->watch == &watch.base);
  g_assert_cmpuint (watch.n_taken, ==, 0);
  yara_pool_release (fixture.pool, session);
  g_assert_true (acquire (&fixture, TRUE) == session);
  g_assert_null (session->watch);
  g_assert_cmpuint (watch.n_taken, ==, 1);

  g_assert_cmpint (request (&fixture, &other), ==, YARA_POOL_WAITING);
  session->watch = &watch.base;
  yara_pool_release (fixture.pool, session);
  g_assert_cmpuint (watch.n_taken, ==, 2);
  g_assert_false (yara_pool_take (fixture.pool, session));
  session->watch = &watch.base;
  yara_pool_release (fixture.pool, session);
  g_assert_true (yara_pool_take (fixture.pool, session));
  g_assert_true (session->watch == &watch.base); /* the taker is who watches */
  yara_pool_release (fixture.pool, session);
  close_pool (&fixture);
  g_assert_cmpuint (watch.n_taken, ==, 3);
}

static YaraSession *yielded;

static void
on_yield (gpointer fixture)
{
  yara_pool_release (((Fixture *) fixture)->pool, yielded);
}

/* Who would wait for itself gives up its session first. */
static void
test_yield (void)
{
  Fixture fixture;

  open_pool (&fixture, 1, 0, FALSE);
  yielded = acquire (&fixture, TRUE);
  yara_pool_set_yield (fixture.pool, on_yield, &fixture);
  g_assert_true (acquire (&fixture, TRUE) == yielded);
  yara_pool_release (fixture.pool, yielded);
  close_pool (&fixture);
}

/* Sessions that rested or lived for too long are closed when somebody comes by. */
static void
test_idle_timeout (void)
{
  Fixture fixture;
  YaraSession *sessions[3];

  open_pool (&fixture, 3, 1, FALSE);
  fixture.config.idle_timeout = 1000;
  for (guint i = 0; i < 3; i++)
    sessions[i] = acquire (&fixture, TRUE);
  for (guint i = 0; i < 3; i++)
    yara_pool_release (fixture.pool, sessions[i]);
  g_usleep (20000);
  sessions[0] = acquire (&fixture, TRUE);
  g_assert_cmpint (atomic_load (&n_open), ==, 1); /* min_size */
  yara_pool_release (fixture.pool, sessions[0]);
  close_pool (&fixture);
}

static void
test_max_lifetime (void)
{
  Fixture fixture;

  open_pool (&fixture, 1, 1, FALSE);
  yara_pool_release (fixture.pool, acquire (&fixture, TRUE));
  g_assert_cmpint (atomic_load (&n_opened), ==, 1);
  fixture.config.max_lifetime = 1000;
  g_usleep (20000);
  yara_pool_release (fixture.pool, acquire (&fixture, TRUE));
  g_assert_cmpint (atomic_load (&n_open), ==, 0);
  yara_pool_release (fixture.pool, acquire (&fixture, TRUE));
  g_assert_cmpint (atomic_load (&n_opened), ==, 2);
  close_pool (&fixture);
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
  g_test_add_func ("/pool/request", test_request);
  g_test_add_func ("/pool/request-place", test_request_place);
  g_test_add_func ("/pool/watch", test_watch);
  g_test_add_func ("/pool/yield", test_yield);
  g_test_add_func ("/pool/idle-timeout", test_idle_timeout);
  g_test_add_func ("/pool/max-lifetime", test_max_lifetime);
  g_test_add_func ("/pool/many", test_many);
  return g_test_run ();
}
