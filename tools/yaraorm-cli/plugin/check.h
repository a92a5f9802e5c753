/* SPDX-License-Identifier: MIT
 * What the plugin commands share, and "plugin check --debug". */
#pragma once

#include "probe/probe.h"

/* The command line that does it: (transfer full). */
char *plugin_debug_describe (const RouterOptions *router);

/* Becomes gdb, with the child of "plugin check" in it. Returns when that fails: the exit code. */
int plugin_debug (const RouterOptions *router);
