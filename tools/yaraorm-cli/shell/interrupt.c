/* SPDX-License-Identifier: MIT
 * Ctrl-C and the end of --timeout: what runs in a database is cancelled there, too. */
#include "shell/interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#include "shell/errors.h"
#include "shell/options.h"

static gint64 time_limit; /* microseconds, 0: none */
static atomic_bool is_over;

/* Waits for an interrupt. FALSE when the time is over. */
static gboolean
wait_for_one (const sigset_t *interrupt, gint64 limit)
{
  const struct timespec time = { limit / G_USEC_PER_SEC, limit % G_USEC_PER_SEC * 1000 };
  int number;

  do
    number = limit > 0 ? sigtimedwait (interrupt, NULL, &time) : sigwaitinfo (interrupt, NULL);
  while (number < 0 && errno == EINTR);
  return number > 0;
}

static gpointer
wait_for_signals (gpointer cancellable)
{
  sigset_t interrupt;

  sigemptyset (&interrupt);
  sigaddset (&interrupt, SIGINT);
  if (!wait_for_one (&interrupt, time_limit))
    atomic_store (&is_over, TRUE);
  g_cancellable_cancel (cancellable);
  wait_for_one (&interrupt, 0);
  _exit (STATUS_INTERRUPTED);
}

static GCancellable *
begin (gint64 limit)
{
  static GCancellable *cancellable;
  sigset_t interrupt;

  if (cancellable != NULL)
    return cancellable;
  time_limit = limit;
  cancellable = g_cancellable_new ();
  sigemptyset (&interrupt);
  sigaddset (&interrupt, SIGINT);
  pthread_sigmask (SIG_BLOCK, &interrupt, NULL); /* all threads that come after have it blocked, too */
  g_thread_unref (g_thread_new ("interrupt", wait_for_signals, cancellable));
  return cancellable;
}

GCancellable *
interrupt_get (void)
{
  return begin (0);
}

GCancellable *
interrupt_get_timed (void)
{
  return begin (options_get_timeout (0));
}

int
interrupt_report (void)
{
  g_autoptr(Report) report = NULL;

  if (!atomic_load (&is_over))
    return STATUS_INTERRUPTED;
  report = report_new ("YO-D004");
  report_line (report, "waited", "%g seconds", (double) time_limit / G_USEC_PER_SEC);
  report_line (report, "hint", "--timeout allows more time");
  report_line (report, "help", "yaraorm-cli help YO-D004");
  return report_print (report, NULL);
}
