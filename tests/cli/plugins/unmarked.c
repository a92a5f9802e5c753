/* SPDX-License-Identifier: MIT
 * A router without the mark of the contract. */
#include <yaraorm/yara-router-types.h>

#define EXPORT __attribute__ ((visibility ("default")))
EXPORT const char *db_for_read  (const YaraModel *model, const YaraHints *hints);
EXPORT const char *db_for_write (const YaraModel *model, const YaraHints *hints);

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return NULL;
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return NULL;
}
