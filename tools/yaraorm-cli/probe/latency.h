/* SPDX-License-Identifier: MIT
 * Durations, counted in steps of about 3 %: as many as there are cost the same memory. */
#pragma once

#include <json-glib/json-glib.h>

#define LATENCY_STEPS 32 /* between a power of two and the next */

typedef struct
{
  guint64 counts[64 * LATENCY_STEPS];
  guint64 n;
  guint64 longest; /* nanoseconds */
  guint   where;   /* what the caller knew about the longest */
} Latency;

/* Nanoseconds of a clock that nobody sets. */
guint64 latency_now (void);

void    latency_add (Latency *latency, guint64 duration, guint where);
/* Adds all of `from`. */
void    latency_merge (Latency *latency, const Latency *from);

/* What `share` (0 to 1) of the durations do not exceed; nanoseconds, 0 without any. */
guint64 latency_quantile (const Latency *latency, double share);

/* {"n","p50_ns","p99_ns","p999_ns","max_ns"}: (transfer full). */
JsonObject *latency_to_json (const Latency *latency);

/* "33 ns", "4.1 µs", "20 ms"; "us" where there is no UTF-8: (transfer full). */
char *latency_format (double nanoseconds);

/* "61204118", on a terminal "61 204 118": (transfer full). */
char *count_format (guint64 count);
