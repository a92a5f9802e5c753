/* SPDX-License-Identifier: MIT
 * What the benchmark programs share: the workload, the clock and the output. */
#include "bench.h"

#include <ctype.h>
#include <dirent.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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

/* ---- time ---- */

#define MAX_SERVED 64

/* A process of the server, and its time when the measurement began. */
typedef struct
{
  pid_t   pid;
  int64_t start;
} Served;

static int    postmaster;
static Served served[MAX_SERVED];
static int    n_served;

void
bench_watch_server (int pid)
{
  postmaster = pid;
}

static int
get_parent (const char *pid)
{
  char path[64], line[512];
  int parent = 0;
  FILE *file;

  snprintf (path, sizeof path, "/proc/%.20s/stat", pid);
  file = fopen (path, "r");
  if (file == NULL)
    return 0;
  if (fgets (line, sizeof line, file) != NULL && strrchr (line, ')') != NULL)
    sscanf (strrchr (line, ')') + 1, " %*c %d", &parent);
  fclose (file);
  return parent;
}

static int64_t
read_clock (clockid_t clock)
{
  struct timespec now;

  clock_gettime (clock, &now);
  return now.tv_sec * INT64_C (1000000000) + now.tv_nsec;
}

/* -1: the process is gone. */
static int64_t
read_clock_of (pid_t pid)
{
  clockid_t clock;

  return clock_getcpuclockid (pid, &clock) == 0 ? read_clock (clock) : -1;
}

static void
watch (pid_t pid)
{
  int64_t start = read_clock_of (pid);

  if (start >= 0 && n_served < MAX_SERVED)
    served[n_served++] = (Served) { pid, start };
}

static void
watch_all (void)
{
  DIR *directory = opendir ("/proc");
  struct dirent *entry;

  n_served = 0;
  while (directory != NULL && (entry = readdir (directory)) != NULL)
    if (isdigit ((unsigned char) entry->d_name[0]) && get_parent (entry->d_name) == postmaster)
      watch (atoi (entry->d_name));
  if (directory != NULL)
    closedir (directory);
}

static int64_t
read_server (void)
{
  int64_t sum = 0;

  for (int i = 0; i < n_served; i++)
    {
      int64_t now = read_clock_of (served[i].pid);

      if (now >= 0)
        sum += now - served[i].start;
    }
  return sum;
}

BenchTime
bench_now (void)
{
  BenchTime now;

  if (postmaster != 0)
    watch_all ();
  now.processor = read_clock (CLOCK_PROCESS_CPUTIME_ID);
  now.elapsed = read_clock (CLOCK_MONOTONIC);
  return now;
}

void
bench_report (const char *operation, BenchTime start)
{
  int64_t elapsed = read_clock (CLOCK_MONOTONIC) - start.elapsed;
  int64_t processor = read_clock (CLOCK_PROCESS_CPUTIME_ID) - start.processor;

  if (reporting)
    printf ("%s\t%.6f\t%.6f\t%.6f\n", operation, elapsed / 1e6, processor / 1e6, read_server () / 1e6);
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
