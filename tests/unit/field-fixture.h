/* SPDX-License-Identifier: MIT
 * A record with a field of every kind, for the tests of fields and values. */
#pragma once

#include <string.h>
#include <yaraorm/yara-error.h>
#include "model/field.h"

typedef enum { LOW = 1, HIGH = -2 } Level;

typedef struct
{
  gint64      id;
  const char *name;
  const char *price;
  const char *json;
  YaraBytes   bytes;
  YaraUuid    uuid;
  double      real;
  gint64      created;
  gint64      changed;
  gint64      big;
  gint32      number;
  gint32      truth;
  gint32      day;
  Level       number_level;
  Level       text_level;
  gint16      small;
  bool        flag;
  bool        number_is_null;
  bool        small_is_null;
  bool        real_is_null;
  bool        number_level_is_null;
  bool        text_level_is_null;
  const char *must;
} Row;

static const YaraChoice levels[] = { { LOW, "low" }, { HIGH, "high" }, { 0, NULL } };

static const YaraField fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, name, .max_length = 5, .default_value = "größe"),
  YARA_FIELD_AS (Row, price, DECIMAL, .precision = 5, .scale = 2, .nullable = true, .default_value = "1.50"),
  YARA_FIELD_AS (Row, json, JSON, .nullable = true),
  YARA_FIELD (Row, bytes, .nullable = true),
  YARA_FIELD (Row, uuid, .default_value = "00000000-0000-0000-0000-0000000000ff"),
  YARA_FIELD (Row, real, .default_value = "2.5", .null_flag = YARA_NULL_FLAG (Row, real_is_null)),
  YARA_FIELD_AS (Row, created, TIMESTAMP, .auto_now_add = true),
  YARA_FIELD_AS (Row, changed, TIMESTAMP, .auto_now = true),
  YARA_FIELD (Row, big, .default_value = "-9223372036854775808"),
  YARA_FIELD (Row, number, .nullable = true, .null_flag = YARA_NULL_FLAG (Row, number_is_null)),
  YARA_FIELD_AS (Row, truth, BOOL, .default_value = "true"),
  YARA_FIELD_AS (Row, day, DATE, .default_value = "1969-12-31"),
  YARA_FIELD_AS (Row, number_level, ENUM_INT, .choices = levels, .default_value = "high",
                 .null_flag = YARA_NULL_FLAG (Row, number_level_is_null)),
  YARA_FIELD_AS (Row, text_level, ENUM_TEXT, .choices = levels, .default_value = "low",
                 .null_flag = YARA_NULL_FLAG (Row, text_level_is_null)),
  YARA_FIELD (Row, small, .null_flag = YARA_NULL_FLAG (Row, small_is_null), .default_sql = "7"),
  YARA_FIELD (Row, flag),
  YARA_FIELD (Row, must),
};
static const YaraModel row_model = YARA_MODEL (Row, "rows", fields);

static YaraModelInfo *info;

static inline const YaraFieldInfo *
field (const char *name)
{
  g_autoptr (GError)   error = NULL;
  const YaraFieldInfo *found = yara_model_info_get (info, name, &error);

  g_assert_no_error (error);
  return found;
}

static inline void
assert_text (YaraValue value, YaraKind kind, const char *text)
{
  g_assert_cmpint (value.kind, ==, kind);
  g_assert_cmpmem (value.bytes.data, value.bytes.size, text, strlen (text));
}

static inline void
assert_integer (YaraValue value, YaraKind kind, gint64 integer)
{
  g_assert_cmpint (value.kind, ==, kind);
  g_assert_cmpint (value.integer, ==, integer);
}
