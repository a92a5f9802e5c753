/* SPDX-License-Identifier: MIT
 *
 * Asynchronous calls of the behavior tests: waiting for them and counting their callbacks.
 */
#include "fixture.h"

/* Longer than any sound case, shorter than ctest's patience: a callback that never comes is a
 * failed assertion that names the case. */
#define DEADLINE (60 * G_USEC_PER_SEC)

void
test_call_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  TestCall *call = user_data;

  call->n_callbacks++;
  g_set_object (&call->result, result);
  call->thread = g_thread_self ();
  call->context = g_main_context_get_thread_default ();
}

static gboolean
wake_up (gpointer data)
{
  return G_SOURCE_CONTINUE;
}

void
test_calls_wait (TestCall *calls, gsize n_calls)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();
  g_autoptr(GSource) alarm = g_timeout_source_new (1000);
  gint64 deadline = g_get_monotonic_time () + DEADLINE;

  g_source_set_callback (alarm, wake_up, NULL, NULL);
  g_source_attach (alarm, context);
  for (gsize i = 0; i < n_calls; i++)
    while (calls[i].n_callbacks == 0)
      {
        g_assert_cmpint (g_get_monotonic_time (), <, deadline);
        g_main_context_iteration (context, TRUE);
      }
  g_source_destroy (alarm);
}

void
test_calls_clear (TestCall *calls, gsize n_calls)
{
  for (gsize i = 0; i < n_calls; i++)
    {
      g_assert_cmpuint (calls[i].n_callbacks, ==, 1);
      g_clear_object (&calls[i].result);
    }
}

void
test_settle (void)
{
  g_autoptr(GMainContext) context = g_main_context_ref_thread_default ();

  while (g_main_context_iteration (context, FALSE))
    ;
}
