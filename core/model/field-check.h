/* SPDX-License-Identifier: MIT
 * Whether a value that is not NULL fits a field; shared by reading records and by taking values
 * from the program. */
#pragma once

#include "model/model-info.h"

/* Sets YARA_ERROR_FIELD "Model.field: ..."; returns FALSE. */
gboolean yara_field_fail (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error, const char *format, ...) G_GNUC_PRINTF (4, 5);

/* `value` has text in `bytes`: UTF-8 without NUL; for TEXT not longer than max_length; for DECIMAL a
 * number that precision and scale hold exactly; for JSON a value of it. */
gboolean yara_field_check_text (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, GError **error);

gboolean yara_field_check_double (const YaraModelInfo *info, const YaraFieldInfo *field, double number, GError **error);

/* The choice of an enum field, or NULL with an error. */
const YaraChoice *yara_field_find_choice      (const YaraModelInfo *info, const YaraFieldInfo *field, gint64 number, GError **error);
const YaraChoice *yara_field_find_choice_name (const YaraModelInfo *info, const YaraFieldInfo *field, YaraBytes name, GError **error);

/* The form in which a choice is bound: INT64 or TEXT. */
YaraValue yara_field_bind_choice (const YaraFieldInfo *field, const YaraChoice *choice);
