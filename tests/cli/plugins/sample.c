/* SPDX-License-Identifier: MIT
 * The router of the samples: it sends writes of one model to the replica. */
#include <string.h>
#include <yaraorm/yara-router.h>

static int
is (const YaraModel *model, const char *name)
{
  return strcmp (model->name, name) == 0;
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  (void) hints;
  if (is (model, "Snapshot"))
    return "cache";
  return is (model, "User") || is (model, "Event") || is (model, "Audit") ? "replica" : NULL;
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  (void) hints;
  if (is (model, "Snapshot"))
    return "cache";
  return is (model, "Audit") ? "replica" : NULL;
}
