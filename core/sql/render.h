/* SPDX-License-Identifier: MIT
 * From the shape of a statement to its text. */
#pragma once

#include "sql/dialect.h"

/* The text of a shape (sql/shape.h): (transfer full). */
GString *yara_render (const YaraDialect *dialect, const YaraModelInfo *info, const guint8 *shape);
