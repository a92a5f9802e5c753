/* SPDX-License-Identifier: MIT
 *
 * getaddrinfo() that takes two seconds for the name "slow.test", which is then 127.0.0.1. A program that
 * is linked to this library, or is started with it in LD_PRELOAD, gets it instead of the system's.
 */
#include "slow-resolver.h"

#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stddef.h>
#include <string.h>
#include <time.h>

typedef int (*GetAddressInfo) (const char *node, const char *service, const struct addrinfo *hints,
                               struct addrinfo **addresses);

static atomic_uint n_slow;

unsigned
slow_resolver_count (void)
{
  return atomic_load (&n_slow);
}

__attribute__ ((visibility ("default"))) int
getaddrinfo (const char *node, const char *service, const struct addrinfo *hints, struct addrinfo **addresses)
{
  GetAddressInfo next;
  void *symbol = dlsym (RTLD_NEXT, "getaddrinfo");

  memcpy (&next, &symbol, sizeof next);
  if (node != NULL && strcmp (node, "slow.test") == 0)
    {
      atomic_fetch_add (&n_slow, 1);
      nanosleep (&(struct timespec) { .tv_sec = 2 }, NULL);
      node = "127.0.0.1";
    }
  return next (node, service, hints, addresses);
}
