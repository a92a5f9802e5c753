/* SPDX-License-Identifier: MIT
 * Durations, counted in steps. */
#include "probe/latency.h"

#include <string.h>
#include <time.h>
#include <unistd.h>

guint64
latency_now (void)
{
  struct timespec now;

  clock_gettime (CLOCK_MONOTONIC, &now);
  return (guint64) now.tv_sec * 1000000000 + now.tv_nsec;
}

/* Below LATENCY_STEPS every number has a step of its own. */
static guint
find_step (guint64 duration)
{
  guint shift;

  if (duration < LATENCY_STEPS)
    return duration;
  shift = 63 - __builtin_clzll (duration) - 5; /* LATENCY_STEPS is 2 to the 5th */
  return (shift + 1) * LATENCY_STEPS + (duration >> shift) - LATENCY_STEPS;
}

/* The middle of a step. */
static guint64
get_middle (guint step)
{
  guint shift = step / LATENCY_STEPS;
  guint64 width;

  if (shift == 0)
    return step;
  width = G_GUINT64_CONSTANT (1) << (shift - 1);
  return (LATENCY_STEPS + step % LATENCY_STEPS) * width + width / 2;
}

void
latency_add (Latency *latency, guint64 duration, guint where)
{
  latency->counts[find_step (duration)]++;
  latency->n++;
  if (duration <= latency->longest)
    return;
  latency->longest = duration;
  latency->where = where;
}

void
latency_merge (Latency *latency, const Latency *from)
{
  for (guint i = 0; i < G_N_ELEMENTS (latency->counts); i++)
    latency->counts[i] += from->counts[i];
  latency->n += from->n;
  if (from->longest <= latency->longest)
    return;
  latency->longest = from->longest;
  latency->where = from->where;
}

guint64
latency_quantile (const Latency *latency, double share)
{
  guint64 wanted = share * latency->n + 1 - 1e-6, seen = 0; /* rounded up */

  if (latency->n == 0)
    return 0;
  for (guint i = 0; i < G_N_ELEMENTS (latency->counts); i++)
    {
      seen += latency->counts[i];
      if (seen >= MAX (wanted, 1))
        return MIN (get_middle (i), latency->longest);
    }
  return latency->longest;
}

JsonObject *
latency_to_json (const Latency *latency)
{
  JsonObject *object = json_object_new ();

  json_object_set_int_member (object, "n", latency->n);
  json_object_set_int_member (object, "p50_ns", latency_quantile (latency, 0.5));
  json_object_set_int_member (object, "p99_ns", latency_quantile (latency, 0.99));
  json_object_set_int_member (object, "p999_ns", latency_quantile (latency, 0.999));
  json_object_set_int_member (object, "max_ns", latency->longest);
  return object;
}

char *
latency_format (double nanoseconds)
{
  const char *micro = g_get_charset (NULL) ? "\302\265s" : "us";

  if (nanoseconds < 999.5)
    return g_strdup_printf ("%.0f ns", nanoseconds);
  if (nanoseconds < 999.5e3)
    return g_strdup_printf ("%.*f %s", nanoseconds < 9.95e3 ? 1 : 0, nanoseconds / 1e3, micro);
  return g_strdup_printf ("%.*f ms", nanoseconds < 9.95e6 ? 1 : 0, nanoseconds / 1e6);
}

char *
count_format (guint64 count)
{
  g_autofree char *digits = g_strdup_printf ("%" G_GUINT64_FORMAT, count);
  gsize length = strlen (digits);
  GString *text = g_string_new (NULL);

  for (gsize i = 0; i < length; i++)
    {
      if (i > 0 && (length - i) % 3 == 0 && isatty (STDOUT_FILENO))
        g_string_append_c (text, ' ');
      g_string_append_c (text, digits[i]);
    }
  return g_string_free (text, FALSE);
}
