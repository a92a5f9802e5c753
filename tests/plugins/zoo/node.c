/* SPDX-License-Identifier: MIT
 * A sound router that answers one name. The tests make versions of it by patching the digits in the
 * file. */
#include <yaraorm/yara-router.h>

static const char answer[] = "node0000";

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return answer;
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
