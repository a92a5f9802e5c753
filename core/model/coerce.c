/* SPDX-License-Identifier: MIT
 * Values of the program in the form that a field takes. */
#include "model/field.h"

#include <stdio.h>
#include "base/error.h"
#include "model/field-check.h"

/* What to give to a field of `kind`, for messages. */
static const char *
wanted_for (YaraKind kind)
{
  switch (kind)
    {
    case YARA_KIND_BOOL:
      return "a bool, 0 or 1";
    case YARA_KIND_DOUBLE:
      return "a double or an integer";
    case YARA_KIND_DECIMAL:
      return "a decimal, text or an integer";
    case YARA_KIND_JSON:
      return "json or text";
    case YARA_KIND_UUID:
      return "a uuid or its text";
    case YARA_KIND_TIMESTAMP:
      return "a timestamp or microseconds since 1970";
    case YARA_KIND_DATE:
      return "a date or days since 1970";
    case YARA_KIND_ENUM_TEXT:
      return "a number or a name of its choices";
    case YARA_KIND_TEXT:
      return "text";
    case YARA_KIND_BYTES:
      return "bytes";
    default:
      return "an integer";
    }
}

static gboolean
mismatch (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_FIELD, "%s.%s (%s) cannot be compared with or set to %s; give %s",
               info->name, field->name, yara_kind_get_name (field->kind),
               value->kind == YARA_KIND_INVALID ? "a pointer or an integer above the 64-bit range"
                                                : yara_kind_get_name (value->kind),
               wanted_for (field->kind));
  return FALSE;
}

static gboolean
check_range (const YaraModelInfo *info, const YaraFieldInfo *field, gint64 number, GError **error)
{
  gint64 minimum, maximum;

  switch (field->kind)
    {
    case YARA_KIND_BOOL:
      minimum = 0, maximum = 1;
      break;
    case YARA_KIND_INT16:
      minimum = G_MININT16, maximum = G_MAXINT16;
      break;
    case YARA_KIND_INT32:
    case YARA_KIND_DATE:
      minimum = G_MININT32, maximum = G_MAXINT32;
      break;
    default:
      return TRUE;
    }
  if (number >= minimum && number <= maximum)
    return TRUE;
  return yara_field_fail (info, field, error,
                          "the integer is outside %s: %" G_GINT64_FORMAT " to %" G_GINT64_FORMAT,
                          yara_kind_get_name (field->kind), minimum, maximum);
}

static gboolean
integer_to_decimal (const YaraModelInfo *info, const YaraFieldInfo *field, gint64 number, YaraArena *arena,
                    YaraValue *coerced, GError **error)
{
  char *text = yara_arena_alloc (arena, 24);

  sprintf (text, "%" G_GINT64_FORMAT, number);
  *coerced = yara_value_decimal (text);
  coerced->scale = field->field->scale;
  return yara_field_check_text (info, field, coerced, error);
}

static gboolean
coerce_choice (const YaraFieldInfo *field, const YaraChoice *choice, YaraValue *coerced)
{
  if (choice == NULL)
    return FALSE;
  *coerced = yara_field_bind_choice (field, choice);
  return TRUE;
}

static gboolean
coerce_integer (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, YaraArena *arena,
                YaraValue *coerced, GError **error)
{
  switch (field->kind)
    {
    case YARA_KIND_BOOL:
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_TIMESTAMP:
    case YARA_KIND_DATE:
      *coerced = (YaraValue) { .kind = field->kind, .integer = value->integer };
      return check_range (info, field, value->integer, error);
    case YARA_KIND_DOUBLE:
      *coerced = yara_value_double (value->integer);
      return TRUE;
    case YARA_KIND_DECIMAL:
      return integer_to_decimal (info, field, value->integer, arena, coerced, error);
    case YARA_KIND_ENUM_INT:
    case YARA_KIND_ENUM_TEXT:
      return coerce_choice (field, yara_field_find_choice (info, field, value->integer, error), coerced);
    default:
      return mismatch (info, field, value, error);
    }
}

/* The text need not end in a NUL. */
static gboolean
text_to_uuid (const YaraModelInfo *info, const YaraFieldInfo *field, YaraBytes text, YaraValue *coerced, GError **error)
{
  char     copy[YARA_UUID_TEXT_SIZE];
  YaraUuid uuid;

  if (text.size != sizeof copy - 1)
    return yara_field_fail (info, field, error, "the text is not a UUID of 36 characters");
  g_strlcpy (copy, text.data, sizeof copy);
  if (!yara_uuid_from_text (copy, &uuid))
    return yara_field_fail (info, field, error, "the text is not a UUID of hexadecimal digits and dashes");
  *coerced = yara_value_uuid (uuid);
  return TRUE;
}

static gboolean
coerce_text (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, YaraValue *coerced, GError **error)
{
  switch (field->kind)
    {
    case YARA_KIND_TEXT:
    case YARA_KIND_DECIMAL:
    case YARA_KIND_JSON:
      *coerced = (YaraValue) { .kind = field->kind, .scale = field->field->scale, .bytes = value->bytes };
      return yara_field_check_text (info, field, coerced, error);
    case YARA_KIND_UUID:
      return text_to_uuid (info, field, value->bytes, coerced, error);
    case YARA_KIND_ENUM_TEXT:
      return coerce_choice (field, yara_field_find_choice_name (info, field, value->bytes, error), coerced);
    default:
      return mismatch (info, field, value, error);
    }
}

/* For a value that can only go into a field of its own kind. */
static gboolean
coerce_same (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, YaraValue *coerced, GError **error)
{
  if (value->kind != field->kind)
    return mismatch (info, field, value, error);
  *coerced = *value;
  coerced->scale = field->field->scale;
  if (value->kind == YARA_KIND_DOUBLE)
    return yara_field_check_double (info, field, value->number, error);
  if (value->kind == YARA_KIND_DECIMAL || value->kind == YARA_KIND_JSON)
    return yara_field_check_text (info, field, coerced, error);
  return TRUE;
}

gboolean
yara_field_coerce (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, YaraArena *arena,
                   YaraValue *coerced, GError **error)
{
  switch (value->kind)
    {
    case YARA_KIND_NULL:
      *coerced = *value;
      return TRUE;
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_ENUM_INT:
      return coerce_integer (info, field, value, arena, coerced, error);
    case YARA_KIND_TEXT:
    case YARA_KIND_ENUM_TEXT:
      return coerce_text (info, field, value, coerced, error);
    default:
      return coerce_same (info, field, value, coerced, error);
    }
}
