/* SPDX-License-Identifier: MIT */
/* events-router.c: a router plugin, the whole of it. Events live in a database of their own. */
#include <yaraorm/yara-router.h>

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return strcmp (model->name, "Event") == 0 ? "analytics" : NULL;
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
