/* SPDX-License-Identifier: MIT
 * Saying no to a plugin: the reason without its name, which yara_plugin_load() puts in front. */
#pragma once

#include <yaraorm/yara-error.h>

/* Sets YARA_ROUTER_ERROR_<code> and is FALSE. */
#define yara_refuse(error, code, ...) \
  ({ g_set_error ((error), YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_##code, __VA_ARGS__); FALSE; })
