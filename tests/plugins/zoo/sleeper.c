/* SPDX-License-Identifier: MIT
 * A router whose reads take 100 ms. It counts its closings into the atomic_int whose address it is given. */
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <yaraorm/yara-router.h>

static atomic_int *n_closed;

int
router_open (const char *args, char *message, size_t size)
{
  void *address;

  if (sscanf (args, "%p", &address) != 1)
    return -1;
  n_closed = address;
  return 0;
}

void
router_close (void)
{
  atomic_fetch_add (n_closed, 1);
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  nanosleep (&(struct timespec) { .tv_nsec = 100 * 1000 * 1000 }, NULL);
  return "node0000";
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return "node0001";
}
