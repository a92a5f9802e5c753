/* SPDX-License-Identifier: MIT
 * A router with one flaw, which its build names. */
#include <string.h>
#include <yaraorm/yara-router.h>

#ifdef FLAW_NOT_A_FUNCTION
__asm__ (".data\n.globl db_for_read\n.type db_for_read, @object\n.size db_for_read, 4\n"
         "db_for_read: .long 1\n.text");
#elif !defined FLAW_NO_READ
const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return "node0001";
}
#endif

#ifdef FLAW_UNDEFINED
int nobody_has_this (void);
#endif

#ifdef FLAW_UNIQUE
__asm__ (".data\n.globl flaw_unique\n.type flaw_unique, @gnu_unique_object\n.size flaw_unique, 4\n"
         "flaw_unique: .long 1\n.text");
#endif

#ifdef FLAW_STATIC_TLS
static __thread int counter __attribute__ ((tls_model ("initial-exec")));
#endif

#ifndef FLAW_NO_WRITE
const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
#ifdef FLAW_UNDEFINED
  if (nobody_has_this ())
    return NULL;
#endif
#ifdef FLAW_STATIC_TLS
  counter++;
#endif
  return "node0001";
}
#endif

#ifdef FLAW_REFUSES
/* No NUL at the end, and a line break. */
int
router_open (const char *args, char *message, size_t size)
{
  memset (message, 'n', size);
  message[3] = '\n';
  return -1;
}
#endif
