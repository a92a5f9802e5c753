/* SPDX-License-Identifier: MIT
 * As the router "replica", but for writes of Event. */
#include <yaraorm/yara-router.h>

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return "replica";
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return strcmp (model->name, "Event") == 0 ? "analytics" : "default";
}
