/* SPDX-License-Identifier: MIT
 * The parts of a [model] group. */
#pragma once

#include "model/model-info.h"
#include "orm/config.h"

/* Reads "int64; primary-key" and the like into everything of a field but its name and its place.
 * YARA_ERROR_CONFIGURATION. */
gboolean yara_config_read_field (YaraConfig *config, const char *text, YaraField *field, GError **error);

/* The way back: appends the line of a field to `text`, and comments about what cannot be written. `models` (NULL-terminated)
 * are those that it may refer to. */
void yara_config_print_field (GString *text, const YaraFieldInfo *field, const YaraModel *const *models);

/* Whether `text` comes back as it is from a value of the file in which the characters `others` mean something. */
gboolean yara_config_can_hold (const char *text, const char *others);

/* A model of the file; NULL with YARA_ERROR_CONFIGURATION and a suggestion. */
const YaraModel *yara_config_find_model (const YaraConfig *config, const char *name, GError **error);

/* Copies that live as long as the configuration; the value of a key may be NULL. */
char *yara_config_keep       (YaraConfig *config, const char *text);
char *yara_config_keep_value (YaraConfig *config, const YaraConfigFile *file, const char *group, const char *key);
