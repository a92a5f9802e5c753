/* SPDX-License-Identifier: MIT
 * What is wrong with a decision, as an error for the user. */
#pragma once

#include "probe/router-options.h"
#include "shell/errors.h"

/* The error about a decision that has an "id": (transfer full). */
Report *route_fault_report (const RouterOptions *router, JsonObject *decision);

/* The error for a name that is none of the connections; `what` calls it: (transfer full), NULL when it is one. */
Report *route_fault_check_name (const RouterOptions *router, const char *what, const char *name);
