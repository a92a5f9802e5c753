/* SPDX-License-Identifier: MIT
 * What the files of the routing share. */
#pragma once

#include "route/decision-log.h"
#include "route/generation.h"
#include "route/routes.h"

struct YaraRoutes
{
  YaraGenerations generations;
  pthread_mutex_t loading; /* one plugin at a time; deciding and publishing do not need it */
  YaraDecisionLog log;
};
