/* SPDX-License-Identifier: MIT
 * Routers that pass every check of the file and do harm when their code runs. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <yaraorm/yara-router.h>

#ifdef HOSTILE_DONE
/* Says to a trial that it is over, and ends the process. */
int
router_open (const char *args, char *message, size_t size)
{
  for (int fd = 3; fd < 100; fd++)
    if (write (fd, "\ndone\n", 6) < 0)
      continue;
  _exit (0);
}
#endif

static const char *
misbehave (void)
{
#if defined HOSTILE_CRASH
  raise (SIGSEGV);
#elif defined HOSTILE_ABORT
  abort ();
#elif defined HOSTILE_EXIT
  _exit (0);
#elif defined HOSTILE_LOOP
  for (volatile int i = 0;; i++)
    ;
#elif defined HOSTILE_UNKNOWN
  return "nowhere";
#elif defined HOSTILE_LONG
  static char name[5000];
  memset (name, 'x', sizeof name - 1);
  return name;
#elif defined HOSTILE_SPACE
  return " node0000";
#elif defined HOSTILE_FORGED
  return "node0000\ndone";
#elif defined HOSTILE_POINTER
  return (const char *) 16;
#elif defined HOSTILE_TURNS
  static unsigned n;
  return n++ % 8 == 7 ? "nowhere" : "node0000";
#elif defined HOSTILE_KILL
  kill (0, SIGKILL);
#elif defined HOSTILE_CLOSE
  for (int fd = 0; fd < 100; fd++)
    close (fd);
  pause ();
#endif
  return "node0000";
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return "node0000";
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return misbehave ();
}
