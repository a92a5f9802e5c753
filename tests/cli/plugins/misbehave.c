/* SPDX-License-Identifier: MIT
 * A router that goes wrong in the way that its args name. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <yaraorm/yara-router.h>

/* Keeps the compiler from seeing where a pointer comes from. */
#define LAUNDER(pointer) __asm__ ("" : "+r" (pointer))

static char how[64];

static int
is (const char *name)
{
  return strcmp (how, name) == 0;
}

int
router_open (const char *args, char *message, size_t size)
{
  snprintf (how, sizeof how, "%s", args);
  if (is ("refuse"))
    {
      snprintf (message, size, "not on a Sunday");
      return -1;
    }
  if (is ("abort-open"))
    abort ();
  if (is ("exit-open"))
    exit (0);
  return 0;
}

void
router_close (void)
{
  if (is ("crash-close"))
    raise (SIGSEGV);
}

static const char *
dead_stack (void)
{
  char name[16] = "replica";
  const char *answer = name;

  LAUNDER (answer);
  return answer;
}

static const char *
dead_heap (void)
{
  char *name = strdup ("replica");
  const char *answer = name;

  LAUNDER (answer);
  free (name);
  return answer;
}

static void
allocate_all (void)
{
  for (;;)
    {
      char *block = malloc (16 << 20);

      LAUNDER (block);
      *(volatile char *) block = 1;
    }
}

static void
block_signals (void)
{
  sigset_t all;

  sigfillset (&all);
  sigprocmask (SIG_BLOCK, &all, NULL);
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  static char overlong[100], shared[64];
  static const char *const tenants[] = { "default", "replica", "cache" };
  static unsigned turn;
  char *volatile kept;

  if (is ("crash"))
    raise (SIGSEGV);
  if (is ("crash-empty") && *model->name == '\0')
    abort ();
  if (is ("dead-stack"))
    return dead_stack ();
  if (is ("dead-heap"))
    return dead_heap ();
  if (is ("huge"))
    allocate_all ();
  if (is ("typo"))
    return "replcia";
  if (is ("strange"))
    return "geo_eu";
  if (is ("not-utf8"))
    return "repl\377ca";
  if (is ("overlong"))
    return memset (overlong, 'x', sizeof overlong - 1);
  if (is ("escape"))
    return "\033[31mred";
  if (is ("shared"))
    {
      snprintf (shared, sizeof shared, "%.50s_db", model->name);
      return shared;
    }
  if (is ("grow"))
    {
      kept = malloc (24);
      (void) kept;
    }
  if (is ("errno"))
    errno = ENOENT;
  if (is ("signals"))
    block_signals ();
  if (is ("slow"))
    nanosleep (&(struct timespec) { 0, 2000000 }, NULL);
  if (is ("print"))
    {
      printf ("a word of the plugin\n");
      fflush (stdout);
      fprintf (stderr, "a complaint of the plugin\n");
    }
  if (is ("turn"))
    return tenants[__atomic_fetch_add (&turn, 1, __ATOMIC_RELAXED) % 3];
  if (is ("hint"))
    return yara_hints_get (hints, "tenant");
  if (is ("needs-hint") && yara_hints_get (hints, "tenant") == NULL)
    abort ();
  if (is ("empty"))
    return "";
  return "replica";
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  if (is ("loop"))
    for (volatile unsigned i = 0;; i++)
      ;
  if (is ("exit"))
    _exit (7);
  return NULL;
}
