/* SPDX-License-Identifier: MIT
 * A router whose ABI mark is as its build says: MARKS is a list of MARK (...) or NOTE (...). Its constructor tells that
 * its code ran. */
#include <stdlib.h>
#include <yaraorm/yara-router-types.h>

#define NOTE(name, desc_size, owner, ...) \
  __attribute__ ((section (".note.yaraorm"), used, aligned (4))) \
  static const YaraRouterNote name = { 8, desc_size, 1, owner, __VA_ARGS__ };
#define MARK(name, ...) NOTE (name, 16, "yaraorm", __VA_ARGS__)
#define SIZES sizeof (YaraModel), sizeof (YaraHints)

MARKS

#pragma GCC visibility push (default)
const char *db_for_read  (const YaraModel *model, const YaraHints *hints);
const char *db_for_write (const YaraModel *model, const YaraHints *hints);
#pragma GCC visibility pop

__attribute__ ((constructor)) static void
tell (void)
{
  setenv ("YARA_TEST_CONSTRUCTOR_RAN", "1", 1);
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return "node0001";
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return "node0001";
}
