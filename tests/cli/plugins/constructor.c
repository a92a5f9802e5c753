/* SPDX-License-Identifier: MIT
 * A router that goes wrong while it is loaded, in the way that $CONSTRUCTOR names. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <yaraorm/yara-router.h>

__attribute__ ((constructor)) static void
begin (void)
{
  const char *how = getenv ("CONSTRUCTOR");

  if (how == NULL)
    return;
  if (strcmp (how, "exit") == 0)
    exit (0);
  if (strcmp (how, "forge") == 0)
    exit (write (3, "{\"x\":1}\n{\"done\":true}\n", 22) != 22);
  if (strcmp (how, "write") == 0 && write (3, "words", 5) != 5)
    abort ();
  if (strcmp (how, "crash") == 0)
    abort ();
  if (strcmp (how, "loop") == 0)
    for (volatile unsigned i = 0;; i++)
      ;
  /* A process stays behind that holds the pipe to the parent open. */
  if (strcmp (how, "fork") == 0 && fork () != 0)
    _exit (0);
  if (strcmp (how, "fork") == 0)
    sleep (60);
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return "replica";
}

const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return "default";
}
