/* SPDX-License-Identifier: MIT
 * Cancel requests. PQcancel() connects and waits without a limit, so that it runs in a thread of its
 * own, which is left to itself when it takes too long. */
#include "backend/postgres/postgres.h"

#include <errno.h>
#include <pthread.h>
#include <time.h>

struct YaraCancelRequest
{
  atomic_int      ref_count; /* the session's and the thread's */
  PGcancel       *target;
  GThread        *thread;
  pthread_mutex_t mutex;
  pthread_cond_t  ended;
  gboolean        has_ended;
};

static void
cancel_request_unref (YaraCancelRequest *request)
{
  if (atomic_fetch_sub (&request->ref_count, 1) > 1)
    return;
  PQfreeCancel (request->target);
  pthread_cond_destroy (&request->ended);
  pthread_mutex_destroy (&request->mutex);
  g_free (request);
}

static gpointer
send_request (gpointer data)
{
  YaraCancelRequest *request = data;
  char message[256];

  PQcancel (request->target, message, sizeof message); /* if it fails, patience ends */
  pthread_mutex_lock (&request->mutex);
  request->has_ended = TRUE;
  pthread_cond_signal (&request->ended);
  pthread_mutex_unlock (&request->mutex);
  cancel_request_unref (request);
  return NULL;
}

static YaraCancelRequest *
cancel_request_new (PGcancel *target)
{
  YaraCancelRequest *request = g_new0 (YaraCancelRequest, 1);
  pthread_condattr_t attributes;

  atomic_init (&request->ref_count, 2);
  request->target = target;
  pthread_mutex_init (&request->mutex, NULL);
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&request->ended, &attributes);
  pthread_condattr_destroy (&attributes);
  return request;
}

YaraCancelRequest *
yara_postgres_cancel_send (PGconn *conn)
{
  PGcancel *target = PQgetCancel (conn);
  YaraCancelRequest *request;

  if (target == NULL)
    return NULL;
  request = cancel_request_new (target);
  request->thread = g_thread_try_new ("yara-cancel", send_request, request, NULL);
  if (request->thread != NULL)
    return request;
  cancel_request_unref (request);
  cancel_request_unref (request);
  return NULL;
}

gboolean
yara_postgres_cancel_has_ended (YaraCancelRequest *request)
{
  gboolean has_ended;

  pthread_mutex_lock (&request->mutex);
  has_ended = request->has_ended;
  pthread_mutex_unlock (&request->mutex);
  return has_ended;
}

gboolean
yara_postgres_cancel_wait (YaraCancelRequest *request, gint64 patience)
{
  struct timespec deadline;
  gboolean has_ended;
  int code = 0;

  clock_gettime (CLOCK_MONOTONIC, &deadline);
  deadline.tv_nsec += patience % G_USEC_PER_SEC * 1000;
  deadline.tv_sec += patience / G_USEC_PER_SEC + deadline.tv_nsec / 1000000000;
  deadline.tv_nsec %= 1000000000;
  pthread_mutex_lock (&request->mutex);
  while (!request->has_ended && code != ETIMEDOUT)
    code = pthread_cond_timedwait (&request->ended, &request->mutex, &deadline);
  has_ended = request->has_ended;
  pthread_mutex_unlock (&request->mutex);
  if (has_ended)
    g_thread_join (request->thread);
  else
    g_thread_unref (request->thread);
  cancel_request_unref (request);
  return has_ended;
}

void
yara_postgres_ask_to_stop (YaraPostgresSession *session)
{
  if (session->cancel != NULL && !yara_postgres_cancel_has_ended (session->cancel))
    return;
  if (session->cancel != NULL)
    yara_postgres_cancel_wait (session->cancel, 0);
  session->cancel = yara_postgres_cancel_send (session->conn);
}
