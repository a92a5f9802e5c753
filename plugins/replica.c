/* SPDX-License-Identifier: MIT
 * Writes go to the primary, reads to its replicas, taken in turn. For programs that read far more than
 * they write and can live with reads that are a little behind.
 *
 * args: the connections to read from, "replica1,replica2"; default "replica". */
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <yaraorm/yara-router.h>

#define MAX_REPLICAS 16

static char        names[1024];
static const char *replicas[MAX_REPLICAS];
static unsigned    n_replicas;
static atomic_uint turn;

int
router_open (const char *args, char *message, size_t size)
{
  if (strlen (args) >= sizeof names)
    {
      snprintf (message, size, "longer than %zu bytes", sizeof names - 1);
      return -1;
    }
  strcpy (names, *args != '\0' ? args : "replica");
  for (char *name = names; name != NULL; n_replicas++)
    {
      char *comma = strchr (name, ',');

      if (comma != NULL)
        *comma++ = '\0';
      if (*name == '\0' || n_replicas == MAX_REPLICAS)
        {
          snprintf (message, size, "want 1 to %d names, separated by commas", MAX_REPLICAS);
          return -1;
        }
      replicas[n_replicas] = name;
      name = comma;
    }
  return 0;
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  if (n_replicas == 1)
    return replicas[0];
  return replicas[atomic_fetch_add_explicit (&turn, 1, memory_order_relaxed) % n_replicas];
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return "default";
}
