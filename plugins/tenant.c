/* SPDX-License-Identifier: MIT
 * A database for each tenant: the program gives the hint "tenant=NAME", and the connection is named after the
 * tenant. What is asked without the hint goes where it would go without a router. */
#include <yaraorm/yara-router.h>

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return yara_hints_get (hints, "tenant");
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
