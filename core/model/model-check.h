/* SPDX-License-Identifier: MIT
 * The steps of checking a descriptor, for yara_model_info_new(). All errors are
 * YARA_ERROR_CONFIGURATION. */
#pragma once

#include "model/model-info.h"

/* "model User: ..." and "User.age: ..."; both return FALSE. */
gboolean yara_model_fail       (const YaraModel *model, GError **error, const char *format, ...) G_GNUC_PRINTF (3, 4);
gboolean yara_model_fail_field (const YaraFieldInfo *field, const YaraModelInfo *info, GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);

/* What is wrong with a name of the database, "is empty"; or NULL. */
const char *yara_model_name_problem (const char *name);

/* The kind of a descriptor's field: its own or the one of its C type; NULL when it has none. */
YaraKind yara_model_field_kind (const YaraField *field);

gboolean yara_model_check       (const YaraModel *model, GError **error);
gboolean yara_model_check_field (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error);
/* What concerns several fields: equal names, null flags inside of fields. */
gboolean yara_model_check_fields (const YaraModelInfo *info, GError **error);

/* The options of one field: key, lengths, choices, defaults, foreign key. */
gboolean yara_model_check_options (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error);

/* Fills default_value. */
gboolean yara_model_parse_default (YaraModelInfo *info, YaraFieldInfo *field, GError **error);

/* Fills the indexes. */
gboolean yara_model_make_indexes (YaraModelInfo *info, GError **error);
