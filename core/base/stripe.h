/* SPDX-License-Identifier: MIT
 * Counting in several threads: each counts in one of a few cache lines. */
#pragma once

#include <glib.h>

#define YARA_N_STRIPES 8

/* One a thread, for its address, which costs less than the thread's number. */
extern __thread char yara_stripe_thread __attribute__ ((visibility ("hidden"), tls_model ("initial-exec")));

/* Any spread of threads will do. */
static inline guint
yara_stripe_choose (void)
{
  return ((guint64) (guintptr) &yara_stripe_thread >> 6) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15) >> 61;
}
