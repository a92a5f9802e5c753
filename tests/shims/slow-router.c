/* SPDX-License-Identifier: MIT
 *
 * A router that takes a second to open.
 */
#include <time.h>
#include <yaraorm/yara-router.h>

int
router_open (const char *args, char *message, size_t size)
{
  nanosleep (&(struct timespec) { .tv_sec = 1 }, NULL);
  return 0;
}

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
