/* SPDX-License-Identifier: MIT
 * Like a router that answers node0000, but for writes of Event; and it answers a name that is unknown when the
 * program gives a hint. */
#include <yaraorm/yara-router.h>

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return yara_hints_get (hints, "lost") != NULL ? "nowhere" : "node0000";
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return strcmp (model->name, "Event") == 0 ? "node0001" : "node0000";
}
