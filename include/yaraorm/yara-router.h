/* SPDX-License-Identifier: MIT
 *
 * The header of a router plugin. A whole plugin is:
 *
 *     #include <yaraorm/yara-router.h>
 *
 *     const char *db_for_read  (const YaraModel *model, const YaraHints *hints) { return "replica"; }
 *     const char *db_for_write (const YaraModel *model, const YaraHints *hints) { return "default"; }
 *
 *     cc -shared -fPIC -o replica.so replica.c
 *
 * Include it in plugins only. Including it puts an ABI mark into the file (an ELF note), which
 * the library reads before any code of the plugin runs.
 *
 * Rules: answer fast, from any thread; no threads, timers, signal handlers, GTypes or exceptions
 * of your own, because the code is unmapped when the router is replaced. Each load is a private
 * copy: static variables start anew.
 */
#ifndef YARA_ROUTER_H
#define YARA_ROUTER_H

#include <yaraorm/yara-router-types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Protected: a plugin's db_for_write that calls its db_for_read reaches its own function, also
 * when the host program or another library has one of the same name. */
#define YARA_ROUTER_EXPORT __attribute__ ((visibility ("protected")))

/* Required: the connection to read from, the connection to write to (see YaraRouterFunc). */
YARA_ROUTER_EXPORT const char *db_for_read  (const YaraModel *model, const YaraHints *hints);
YARA_ROUTER_EXPORT const char *db_for_write (const YaraModel *model, const YaraHints *hints);

/* Optional: called once after loading, before any routing. `args` is the string that came with
 * set_router, never NULL. Return 0 to accept; anything else refuses the router and the old one
 * stays, with what was written to `message` (at most `size` bytes, NUL included) as the reason. */
YARA_ROUTER_EXPORT int router_open (const char *args, char *message, size_t size);

/* Optional: called once before unloading, after the last call into the plugin has returned. */
YARA_ROUTER_EXPORT void router_close (void);

/* The ABI mark. */
__attribute__ ((section (".note.yaraorm"), used, aligned (4)))
static const YaraRouterNote yara_router_note = {
  8, 16, 1, "yaraorm",
  YARA_ROUTER_ABI_MAJOR, YARA_ROUTER_ABI_MINOR,
  (uint32_t) sizeof (YaraModel), (uint32_t) sizeof (YaraHints)
};

#ifdef __cplusplus
}
#endif

#endif
