/* SPDX-License-Identifier: MIT
 * The descriptor of the model. */
#include "model.h"

static const YaraField letter_fields[] = {
  YARA_FIELD (Letter, id, .primary_key = true),
  YARA_FIELD (Letter, text),
};

const YaraModel letter_model = YARA_MODEL (Letter, "letters", letter_fields);
