/* SPDX-License-Identifier: MIT
 * Where a configuration file is looked for. yara_config_list_places() is public. */
#pragma once

/* The absolute path of the file that a program means: `path`, or else the first place where there is one:
 * (transfer full), NULL when there is none. The place that $YARAORM_CONFIG names need not exist. */
char *yara_config_find (const char *path);
