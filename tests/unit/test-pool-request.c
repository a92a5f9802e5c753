/* SPDX-License-Identifier: MIT
 * The pool for those that cannot block, and the ages of its sessions. */
#include "pool-fixture.h"

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

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/pool/request", test_request);
  g_test_add_func ("/pool/request-place", test_request_place);
  g_test_add_func ("/pool/watch", test_watch);
  g_test_add_func ("/pool/yield", test_yield);
  g_test_add_func ("/pool/idle-timeout", test_idle_timeout);
  g_test_add_func ("/pool/max-lifetime", test_max_lifetime);
  return g_test_run ();
}
