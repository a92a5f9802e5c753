/* SPDX-License-Identifier: MIT
 * The trial of a plugin: another process loads it and asks it about every model, before this one does. */
#pragma once

#include "route/routes.h"

/* Microseconds that a trial may take. */
#define YARA_TRIAL_LIMIT (5 * G_USEC_PER_SEC)

/* The SHA-256 of the plugin that passed: (transfer full); NULL with YARA_ROUTER_ERROR. `models` ends with
 * NULL. `keep_writes`: no model may be written elsewhere than now. */
char *yara_trial_run (YaraRoutes *routes, const char *path, const char *args, const YaraModel *const *models, gboolean keep_writes, GError **error);
