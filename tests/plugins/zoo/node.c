/* SPDX-License-Identifier: MIT
 * A sound router that answers one name. The tests make versions of it by patching the digits in the
 * file. */
#include <yaraorm/yara-router.h>

static const char answer[] = "node0000";

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return answer;
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}

#ifdef NODE_STAYS
/* As a thread_local of C++ that has a destructor does: the code stays mapped until the thread ends. */
int          __cxa_thread_atexit_impl (void (*forget) (void *), void *object, void *library);
extern void *__dso_handle;

static void
forget (void *object)
{
}

__attribute__ ((constructor)) static void
stay (void)
{
  __cxa_thread_atexit_impl (forget, NULL, &__dso_handle);
}
#endif
