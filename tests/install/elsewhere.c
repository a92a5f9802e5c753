/* SPDX-License-Identifier: MIT
 * Letters go elsewhere. */
#include <yaraorm/yara-router.h>

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return strcmp (model->name, "Letter") == 0 ? "elsewhere" : NULL;
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
