/* SPDX-License-Identifier: MIT
 * What the benchmark programs share: the workload, the clock and the output. */
#pragma once

#include <stdint.h>

#define N_ROWS       5000 /* inserted in bulk; row i has name "n<i>", value i, category i mod 20 */
#define N_CATEGORIES 20
#define N_SINGLE     500  /* inserted one by one, a commit each */
#define N_GETS       1000 /* by key */
#define N_COUNTS     100  /* one takes 4 us: too short for a clock */
#define HALF         (N_ROWS / 2)

/* Of the column `value`. */
#define SUM_OF_ALL        ((long) N_ROWS * (N_ROWS - 1) / 2)
#define SUM_OF_UPPER_HALF ((long) (N_ROWS - HALF) * (N_ROWS - 1 + HALF) / 2)

/* A raw statement; $1 is the number of rows that a group must exceed. */
#define GROUP_BY_SQL \
  "SELECT cat, count(id), sum(value) FROM bench GROUP BY cat HAVING count(id) > $1 ORDER BY cat"
#define GROUP_BY_MINIMUM 125

/* The index of the row that get number `i` asks for, the same in every program. */
unsigned bench_get_index (unsigned i);

/* "n<i>" for every row; never freed. */
const char *const *bench_names (void);

/* A file of the database in `directory` that does not exist yet. */
const char *bench_fresh_file (const char *directory);
void        bench_remove_file (const char *path);

/* Runs `suite` twice. The first time warms up and is not reported. */
void bench_run (void (*suite) (void));

/* From now on the processor time of the processes that `postmaster` has started is taken too, those of
 * them that are there when a measurement begins. */
void bench_watch_server (int postmaster);

/* Nanoseconds: elapsed, and of the processor for all threads of the program. */
typedef struct
{
  int64_t elapsed, processor;
} BenchTime;

/* Begins a measurement; the one before is over. */
BenchTime bench_now (void);

/* Prints "operation<TAB>elapsed<TAB>processor<TAB>server", milliseconds since `start`, the last
 * bench_now(). */
void bench_report (const char *operation, BenchTime start);

/* Ends the program. */
void bench_fail (const char *format, ...) __attribute__ ((format (printf, 1, 2), noreturn));

/* Ends the program when `condition` is false: a fast wrong answer is no result. */
#define bench_check(condition, what) \
  do { if (!(condition)) bench_fail ("%s: wrong result: %s", (what), #condition); } while (0)
