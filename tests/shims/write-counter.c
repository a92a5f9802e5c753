/* SPDX-License-Identifier: MIT
 *
 * send() that counts. A program that is linked to this library gets it instead of the system's.
 */
#include "write-counter.h"

#include <dlfcn.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>

typedef ssize_t (*Send) (int fd, const void *data, size_t size, int flags);

static atomic_uint n_writes;

unsigned
write_counter_get (void)
{
  return atomic_load (&n_writes);
}

__attribute__ ((visibility ("default"))) ssize_t
send (int fd, const void *data, size_t size, int flags)
{
  Send  next;
  void *symbol = dlsym (RTLD_NEXT, "send");

  memcpy (&next, &symbol, sizeof next);
  atomic_fetch_add (&n_writes, 1);
  return next (fd, data, size, flags);
}
