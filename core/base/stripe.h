/* SPDX-License-Identifier: MIT
 * Counting in several threads: each counts in one of a few cache lines. */
#pragma once

#include <glib.h>
#include <pthread.h>

#define YARA_N_STRIPES 8

/* Any spread of threads will do. */
static inline guint
yara_stripe_choose (void)
{
  guint64 thread = (guint64) pthread_self ();

  return (thread >> 6) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) >> 61;
}
