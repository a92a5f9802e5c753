/* SPDX-License-Identifier: MIT
 * A share of the reads goes to another database, the rest and all writes stay where they are. For trying a new
 * replica or server with a part of the load.
 *
 * args: the connection and its percentage; default "replica=20". */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaraorm/yara-router.h>

static char        other[64] = "replica";
static unsigned    percentage = 20;
static atomic_uint turn;

int
router_open (const char *args, char *message, size_t size)
{
  const char *equals = strchr (args, '=');
  size_t length = equals != NULL ? (size_t) (equals - args) : 0;
  char *end;

  if (*args == '\0')
    return 0;
  if (length > 0 && length < sizeof other && equals[1] >= '0' && equals[1] <= '9')
    {
      percentage = strtoul (equals + 1, &end, 10);
      memcpy (other, args, length);
      other[length] = '\0';
      if (percentage <= 100 && *end == '\0')
        return 0;
    }
  snprintf (message, size, "want connection=percentage, the percentage from 0 to 100");
  return -1;
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  unsigned n = atomic_fetch_add_explicit (&turn, 1, memory_order_relaxed) % 100;

  /* In steps of 61, which meet every number below 100 once, the share comes well mixed. */
  return n * 61 % 100 < percentage ? other : NULL;
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return NULL;
}
