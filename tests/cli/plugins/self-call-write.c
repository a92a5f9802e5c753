/* SPDX-License-Identifier: MIT
 * The other half, which calls the first. */
#include <yaraorm/yara-router-types.h>

const char *db_for_read (const YaraModel *model, const YaraHints *hints);
const char *db_for_write (const YaraModel *model, const YaraHints *hints);

__attribute__ ((visibility ("default"))) const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
