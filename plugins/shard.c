/* SPDX-License-Identifier: MIT
 * Rows are spread over several databases by a key: the program gives the hint "shard_key=KEY", the number of a
 * customer for example, and the same key always leads to the same shard. What is asked without the hint goes
 * where it would go without a router.
 *
 * args: the connections, "shard0,shard1", the default. Their number and order decide where each key belongs. */
#include <stdio.h>
#include <string.h>
#include <yaraorm/yara-router.h>

#define MAX_SHARDS 64

static char        names[1024];
static const char *shards[MAX_SHARDS];
static unsigned    n_shards;

int
router_open (const char *args, char *message, size_t size)
{
  if (strlen (args) >= sizeof names)
    {
      snprintf (message, size, "longer than %zu bytes", sizeof names - 1);
      return -1;
    }
  strcpy (names, *args != '\0' ? args : "shard0,shard1");
  for (char *name = names; name != NULL; n_shards++)
    {
      char *comma = strchr (name, ',');

      if (comma != NULL)
        *comma++ = '\0';
      if (*name == '\0' || n_shards == MAX_SHARDS)
        {
          snprintf (message, size, "want 1 to %d names, separated by commas", MAX_SHARDS);
          return -1;
        }
      shards[n_shards] = name;
      name = comma;
    }
  return 0;
}

/* The hash FNV-1a: never to be changed, or keys would be looked for on another shard. */
static uint32_t
hash (const char *key)
{
  uint32_t value = 2166136261;

  for (; *key != '\0'; key++)
    value = (value ^ (unsigned char) *key) * 16777619;
  return value;
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  const char *key = yara_hints_get (hints, "shard_key");

  return key != NULL ? shards[hash (key) % n_shards] : NULL;
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
