/* SPDX-License-Identifier: MIT
 * How far long work is. */
#include <unistd.h>

#include "shell/output-private.h"

/* Microseconds between two lines where they cannot be redrawn, and between two that can. */
#define LINE_EVERY   (10 * G_USEC_PER_SEC)
#define REDRAW_EVERY (G_USEC_PER_SEC / 10)

static gboolean is_shown;
static gint64 last_time; /* 0: none yet */

void
output_progress (const char *format, ...)
{
  gboolean redraws = isatty (STDERR_FILENO) && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
  gint64 now = g_get_monotonic_time ();
  g_autofree char *text = NULL, *printable = NULL;
  va_list arguments;

  if (output_is_quiet () || (!redraws && !output_is_verbose ()))
    return;
  if (last_time == 0 && !redraws)
    last_time = now; /* short work needs no line */
  if (last_time != 0 && now - last_time < (redraws ? REDRAW_EVERY : LINE_EVERY))
    return;
  last_time = now;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  printable = output_make_printable (text);
  fflush (stdout);
  /* In one piece and without wrapping: a line longer than the terminal could not be taken away. */
  fprintf (stderr, redraws ? "\r\033[K\033[?7l%s\033[?7h" : "%s\n", printable);
  is_shown = redraws;
}

void
output_progress_clear (void)
{
  if (!is_shown)
    return;
  is_shown = FALSE;
  fputs ("\r\033[K", stderr);
}
