/* SPDX-License-Identifier: MIT
 * Showing what databases have answered. */
#pragma once

#include "database/ping.h"
#include "shell/errors.h"

/* The connections as the configuration has them. */
void ping_output_list (YaraConfig *config, const char *const *names);

/* Their parts: the table, an array of objects, and the error about the worst problem (nullable), each
 * (transfer full). */
void       ping_print_table (const GPtrArray *pings);
JsonArray *ping_make_array  (const GPtrArray *pings);
Report    *ping_make_report (const GPtrArray *pings);

/* The answers, then the error about the first problem; returns the exit code. */
int ping_output (const GPtrArray *pings);
