/* SPDX-License-Identifier: MIT
 * A table of items with a writer and a reader, and requests that are stopped. */
#pragma once

#include "sqlite-fixture.h"

#define ENDLESS "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "

static YaraModelInfo *info;
static YaraSqliteSession *reader;

static inline void
set_up_items (Fixture *fixture, gconstpointer parameters)
{
  set_up (fixture, parameters);
  info = make_info (&item_model);
  execute (fixture->session, ITEM_TABLE, NULL);
  reader = open_session (fixture->config, TRUE);
}

static inline void
tear_down_items (Fixture *fixture, gconstpointer parameters)
{
  yara_sqlite_session_close (&reader->base);
  yara_model_info_free (info);
  tear_down (fixture, parameters);
}

static inline gint64
count_items (void)
{
  return fetch_int (reader, "SELECT count(*) FROM items"); /* what others see: committed */
}

/* Interrupts the request at `culprit`, before its first step or while it runs. */
typedef struct
{
  YaraSqliteSession *session;
  YaraRequest       *culprit;
  gboolean           at_once;
  gboolean           refuse;
  GThread           *thread;
  guint              n_begun, n_ended;
} Stopper;

static inline gpointer
interrupt_soon (gpointer data)
{
  g_usleep (20000);
  yara_sqlite_session_interrupt (data);
  return NULL;
}

static inline gboolean
begin (YaraRequest *request, gpointer data)
{
  Stopper *stopper = data;

  if (request == stopper->culprit && stopper->refuse)
    return FALSE;
  g_assert_cmpuint (stopper->n_begun++, ==, stopper->n_ended); /* one at a time */
  if (request == stopper->culprit && stopper->at_once)
    yara_sqlite_session_interrupt (&stopper->session->base);
  else if (request == stopper->culprit)
    stopper->thread = g_thread_new ("stopper", interrupt_soon, stopper->session);
  return TRUE;
}

static inline void
end (YaraRequest *request, gpointer data)
{
  Stopper *stopper = data;

  stopper->n_ended++;
  g_clear_pointer (&stopper->thread, g_thread_join);
}

static inline void
stop_single (YaraSqliteSession *session, YaraRequest *request, gboolean at_once)
{
  Stopper stopper = { session, request, .at_once = at_once };
  YaraRunGuard guard = { begin, end, &stopper };

  yara_sqlite_session_run (&session->base, request, &guard);
  g_assert_error (request->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&request->error);
  g_assert_true (yara_sqlite_session_is_usable (&session->base));
  g_assert_cmpint (fetch_int (session, "SELECT count(*) FROM items"), ==, 0); /* not hit */
}
