/* SPDX-License-Identifier: MIT
 * A router that is as likely as can be to be inside a call when it is replaced: it gives the processor
 * away in the middle. */
#include <sched.h>
#include <yaraorm/yara-router.h>

static const char answer[] = "node0000";

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  sched_yield ();
  return answer;
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
