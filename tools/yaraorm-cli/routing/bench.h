/* SPDX-License-Identifier: MIT
 * "route bench": what its two processes share. The plugin runs in the child. */
#pragma once

#include "probe/router-options.h"

#define BENCH_ROUNDS     5
#define BENCH_ROUND_TIME 200 /* milliseconds */
#define BENCH_MAX_COUNTS 16

typedef struct
{
  RouterOptions router;
  char         *threads; /* "1,2,4" */
  int           counts[BENCH_MAX_COUNTS];
  guint         n_counts;
} BenchOptions;

void bench_options_clear (BenchOptions *bench);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (BenchOptions, bench_options_clear)

void     bench_options_add  (BenchOptions *bench, Options *options);
gboolean bench_options_take (BenchOptions *bench, char **arguments, int *status);
