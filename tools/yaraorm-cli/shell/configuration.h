/* SPDX-License-Identifier: MIT
 * The configuration that a command works with: --config and --set, or what is found. */
#pragma once

#include <yaraorm/yaraorm.h>

#include "shell/errors.h"

/* (transfer full); NULL with the error. */
YaraConfig *configuration_load (Report **report);

/* The same, but NULL without an error where there is none and none was asked for. */
YaraConfig *configuration_load_if_any (Report **report);

/* Why the file `path` is the one: "given with --config", "in the working directory" and so on. */
const char *configuration_get_reason (const char *path);

/* The names of the environment's variables that give URLs, sorted: (transfer full). */
char **configuration_list_variables (void);

/* The error for a file whose passwords others can read, or NULL: (transfer full). */
Report *configuration_check_secrets (YaraConfig *config);

/* The name of a connection's backend: "postgresql", "sqlite"; what the file says about its role: "primary",
 * "standby" or "". (transfer none). */
const char *configuration_get_backend (YaraConfig *config, const char *name);
const char *configuration_get_role    (YaraConfig *config, const char *name);
const char *configuration_role_name   (YaraRole role);

/* The error for a name that is no connection, or NULL: (transfer full). */
Report *configuration_check_name (YaraConfig *config, const char *name);

/* An error of the library, its suggestion as a line of its own: (transfer full). */
Report *configuration_report (const char *id, const GError *error);
