/* SPDX-License-Identifier: MIT
 * A router without db_for_write. */
#include <yaraorm/yara-router.h>

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return NULL;
}
