/* SPDX-License-Identifier: MIT
 * One half of a router whose call of its own function can reach another program's: it does not
 * include the header that would prevent it. */
#include <yaraorm/yara-router-types.h>

const char *db_for_read (const YaraModel *model, const YaraHints *hints);

__attribute__ ((visibility ("default"))) const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return "replica";
}
