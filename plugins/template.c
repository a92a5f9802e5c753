/* SPDX-License-Identifier: MIT
 * The smallest router, to start from. It has no opinion, so everything goes where it would go without a
 * router: to the model's own connection, or to "default".
 *
 *     cc -shared -fPIC -o template.so template.c */
#include <yaraorm/yara-router.h>

/* Which connection to read `model` from. model->name is the name of its C type, model->table that of
 * its table. The answer must outlive the call, as a string literal does. */
const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return NULL;
}

/* Which connection to write it to. */
const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
