/* SPDX-License-Identifier: MIT
 * A router that calls into the program, which may do anything then: at the address that it is given. */
#include <stdio.h>
#include <yaraorm/yara-router.h>

static void (*call_back) (const char *from);

int
router_open (const char *args, char *message, size_t size)
{
  void *address;

  if (sscanf (args, "%p", &address) != 1)
    return -1;
  memcpy (&call_back, &address, sizeof call_back);
  call_back ("router_open");
  return 0;
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  call_back ("db_for_read");
  return "node0001";
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return "node0000";
}
