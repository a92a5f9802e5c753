/* SPDX-License-Identifier: MIT
 * Two routers that are asked the same: the one in force and the one that is to come. */
#pragma once

#include "probe/probe.h"
#include "probe/router-options.h"
#include "shell/errors.h"

typedef struct
{
  RouterOptions sides[2]; /* old, new */
  char         *new_args;
} RoutePair;

void route_pair_clear (RoutePair *pair);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RoutePair, route_pair_clear)

/* The options of both, and `more` than what every command with two routers has. */
void route_pair_add_options (RoutePair *pair, Options *options, RouterScope more);

/* Takes both routers from `arguments`, and the rest from the configuration. One router alone is the new one: the
 * old one is that of the configuration, whose rules may be meant as "rules:". FALSE: the error was printed. */
gboolean route_pair_take (RoutePair *pair, const char *command, char **arguments, int *status);

/* One of them: `word` is a plugin, "rules:" for the [route] rules of the configuration, a file NAME.ini for its
 * rules, or NULL for the router of the configuration. `config` may be NULL. FALSE: the error was printed. */
gboolean route_pair_take_router (RouterOptions *router, YaraConfig *config, const char *command, char *word,
                                 int *status);

/* Asks one of them in a child process: (transfer full). NULL with the error. */
ProbeResult *route_pair_ask (const RouterOptions *router, Report **report);

/* The error about the first bad decision, NULL when there is none: (transfer full). */
Report *route_pair_find_fault (const RouterOptions *router, const ProbeResult *result);
