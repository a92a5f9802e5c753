/* SPDX-License-Identifier: MIT
 * One model lives in a cache, everything else in "default". For data that can be made anew and should be
 * near: a SQLite file or memory beside a database server.
 *
 * args: the model and its connection; default "Snapshot=cache". */
#include <stdio.h>
#include <string.h>
#include <yaraorm/yara-router.h>

static char        cached[256] = "Snapshot";
static const char *cache = "cache";

int
router_open (const char *args, char *message, size_t size)
{
  const char *equals = strchr (args, '=');

  if (*args == '\0')
    return 0;
  if (equals == NULL || equals == args || equals[1] == '\0' || strlen (args) >= sizeof cached)
    {
      snprintf (message, size, "want Model=connection, at most %zu bytes", sizeof cached - 1);
      return -1;
    }
  strcpy (cached, args);
  cached[equals - args] = '\0';
  cache = cached + (equals - args) + 1;
  return 0;
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return strcmp (model->name, cached) == 0 ? cache : "default";
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
