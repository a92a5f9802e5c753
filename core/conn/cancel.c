/* SPDX-License-Identifier: MIT
 * The link between a GCancellable and what it stops: counted, because the handler may be running while
 * the other side lets go of it. */
#include "conn/cancel.h"

#include <pthread.h>
#include <stdatomic.h>

struct YaraCancel
{
  atomic_int      ref_count; /* the owner's and the handler's */
  pthread_mutex_t mutex;
  gboolean        is_cancelled;
  YaraStopFunc    stop;
  gpointer        data;
  GCancellable   *cancellable;
  gulong          handler;
};

static void
cancel_unref (gpointer data)
{
  YaraCancel *cancel = data;

  if (atomic_fetch_sub (&cancel->ref_count, 1) > 1)
    return;
  pthread_mutex_destroy (&cancel->mutex);
  g_free (cancel);
}

static void
on_cancelled (GCancellable *cancellable, gpointer data)
{
  YaraCancel *cancel = data;

  /* GLib calls this after yara_cancel_new() and before the last unref, in an order that ThreadSanitizer
   * cannot see; the count shows it both. */
  atomic_load (&cancel->ref_count);
  atomic_fetch_add (&cancel->ref_count, 1);
  pthread_mutex_lock (&cancel->mutex);
  cancel->is_cancelled = TRUE;
  if (cancel->stop != NULL)
    cancel->stop (cancel->data);
  cancel->stop = NULL;
  pthread_mutex_unlock (&cancel->mutex);
  cancel_unref (cancel);
}

YaraCancel *
yara_cancel_new (GCancellable *cancellable)
{
  YaraCancel *cancel = g_new0 (YaraCancel, 1);

  pthread_mutex_init (&cancel->mutex, NULL);
  atomic_store (&cancel->ref_count, 2);
  cancel->cancellable = g_object_ref (cancellable);
  cancel->handler = g_cancellable_connect (cancellable, G_CALLBACK (on_cancelled), cancel, cancel_unref);
  return cancel;
}

gboolean
yara_cancel_arm (YaraCancel *cancel, YaraStopFunc stop, gpointer data)
{
  gboolean is_armed;

  pthread_mutex_lock (&cancel->mutex);
  is_armed = !cancel->is_cancelled;
  if (is_armed)
    {
      cancel->stop = stop;
      cancel->data = data;
    }
  pthread_mutex_unlock (&cancel->mutex);
  return is_armed;
}

void
yara_cancel_disarm (YaraCancel *cancel)
{
  pthread_mutex_lock (&cancel->mutex);
  cancel->stop = NULL;
  pthread_mutex_unlock (&cancel->mutex);
}

void
yara_cancel_free (YaraCancel *cancel)
{
  if (cancel->handler != 0)
    g_signal_handler_disconnect (cancel->cancellable, cancel->handler);
  g_object_unref (cancel->cancellable);
  cancel_unref (cancel);
}
