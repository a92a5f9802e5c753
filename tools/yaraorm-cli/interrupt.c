/* SPDX-License-Identifier: MIT
 * Ctrl-C: what runs in a database is cancelled there, too. */
#include "interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include "errors.h"

static gpointer
wait_for_signals (gpointer cancellable)
{
  sigset_t interrupt;
  int number;

  sigemptyset (&interrupt);
  sigaddset (&interrupt, SIGINT);
  if (sigwait (&interrupt, &number) == 0)
    g_cancellable_cancel (cancellable);
  if (sigwait (&interrupt, &number) == 0)
    _exit (STATUS_INTERRUPTED);
  return NULL;
}

GCancellable *
interrupt_get (void)
{
  static GCancellable *cancellable;
  sigset_t interrupt;

  if (cancellable != NULL)
    return cancellable;
  cancellable = g_cancellable_new ();
  sigemptyset (&interrupt);
  sigaddset (&interrupt, SIGINT);
  pthread_sigmask (SIG_BLOCK, &interrupt, NULL); /* all threads that come after have it blocked, too */
  g_thread_unref (g_thread_new ("interrupt", wait_for_signals, cancellable));
  return cancellable;
}
