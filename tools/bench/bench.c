/* SPDX-License-Identifier: MIT
 * What the benchmark programs share: the workload, the clock and the output. */
#include "bench.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static bool reporting;

unsigned
bench_get_index (unsigned i)
{
  static unsigned indexes[N_GETS];
  static bool filled;

  if (!filled)
    {
      uint32_t state = 1234;

      for (unsigned j = 0; j < N_GETS; j++)
        {
          state = state * 1664525u + 1013904223u;
          indexes[j] = (state >> 8) % N_ROWS;
        }
      filled = true;
    }
  return indexes[i];
}

const char *const *
bench_names (void)
{
  static char texts[N_ROWS][16];
  static const char *names[N_ROWS];

  if (names[0] == NULL)
    for (int i = 0; i < N_ROWS; i++)
      {
        snprintf (texts[i], sizeof texts[i], "n%d", i);
        names[i] = texts[i];
      }
  return names;
}

const char *
bench_fresh_file (const char *directory)
{
  static char path[4096];

  if (snprintf (path, sizeof path, "%s/bench.db", directory) >= (int) sizeof path)
    bench_fail ("the path of the folder is too long");
  bench_remove_file (path);
  return path;
}

void
bench_remove_file (const char *path)
{
  static const char *const suffixes[] = { "", "-wal", "-shm", "-journal" };
  char file[4200];

  for (unsigned i = 0; i < sizeof suffixes / sizeof suffixes[0]; i++)
    {
      snprintf (file, sizeof file, "%s%s", path, suffixes[i]);
      unlink (file);
    }
}

void
bench_run (void (*suite) (void))
{
  reporting = false;
  suite ();
  reporting = true;
  suite ();
}

static int64_t
read_clock (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return now.tv_sec * INT64_C (1000000000) + now.tv_nsec;
}

BenchTime
bench_now (void)
{
  return (BenchTime) { read_clock (CLOCK_MONOTONIC), read_clock (CLOCK_PROCESS_CPUTIME_ID) };
}

void
bench_report (const char *operation, BenchTime start)
{
  BenchTime end = bench_now ();

  if (reporting)
    printf ("%s\t%.6f\t%.6f\n", operation, (end.elapsed - start.elapsed) / 1e6,
            (end.processor - start.processor) / 1e6);
}

void
bench_fail (const char *format, ...)
{
  va_list arguments;

  va_start (arguments, format);
  vfprintf (stderr, format, arguments);
  va_end (arguments);
  fputc ('\n', stderr);
  exit (1);
}
