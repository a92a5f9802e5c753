/* SPDX-License-Identifier: MIT
 * default_value: from text to a value of the field's kind. */
#include "model/model-check.h"

#include <math.h>
#include <string.h>
#include "base/error.h"
#include "model/field.h"

static gboolean
parse_bool (const char *text, YaraValue *value)
{
  *value = yara_value_bool (strcmp (text, "true") == 0);
  return value->integer || strcmp (text, "false") == 0;
}

static gboolean
parse_integer (const char *text, YaraValue *value)
{
  *value = yara_value_int (0);
  return g_ascii_string_to_signed (text, 10, G_MININT64, G_MAXINT64, &value->integer, NULL);
}

static gboolean
parse_double (const char *text, YaraValue *value)
{
  char *end;

  *value = yara_value_double (g_ascii_strtod (text, &end));
  return end != text && *end == '\0' && isfinite (value->number);
}

/* ISO 8601; UTC when it names no zone. */
static gboolean
parse_timestamp (const char *text, YaraValue *value)
{
  g_autoptr (GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr (GDateTime) time = g_date_time_new_from_iso8601 (text, utc);

  if (time == NULL)
    return FALSE;
  *value = yara_value_timestamp (g_date_time_to_unix (time) * G_USEC_PER_SEC + g_date_time_get_microsecond (time));
  return TRUE;
}

/* "2024-01-31" */
static gboolean
parse_date (const char *text, YaraValue *value)
{
  g_autofree char *midnight = g_strconcat (text, "T00:00:00Z", NULL);

  /* ISO 8601 has shorter forms and weeks too. */
  if (strlen (text) != 10 || text[5] == 'W' || !parse_timestamp (midnight, value))
    return FALSE;
  *value = yara_value_date (value->integer / G_TIME_SPAN_DAY);
  return TRUE;
}

static gboolean
parse_choice (const YaraFieldInfo *field, const char *text, YaraValue *value)
{
  for (const YaraChoice *choice = field->field->choices; choice->name != NULL; choice++)
    if (strcmp (choice->name, text) == 0)
      {
        *value = yara_value_int (choice->value);
        return TRUE;
      }
  return FALSE;
}

static gboolean
parse (const YaraFieldInfo *field, const char *text, YaraValue *value)
{
  switch (field->kind)
    {
    case YARA_KIND_BOOL:
      return parse_bool (text, value);
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
      return parse_integer (text, value);
    case YARA_KIND_DOUBLE:
      return parse_double (text, value);
    case YARA_KIND_TIMESTAMP:
      return parse_timestamp (text, value);
    case YARA_KIND_DATE:
      return parse_date (text, value);
    case YARA_KIND_ENUM_INT:
    case YARA_KIND_ENUM_TEXT:
      return parse_choice (field, text, value);
    case YARA_KIND_BYTES:
      return FALSE;
    default: /* text kinds and UUID, read by yara_field_coerce() */
      *value = yara_value_text (text);
      return TRUE;
    }
}

gboolean
yara_model_parse_default (YaraModelInfo *info, YaraFieldInfo *field, GError **error)
{
  const char      *text = field->field->default_value;
  g_autoptr (GError) reason = NULL;
  YaraValue        value;

  if (text == NULL)
    return TRUE;
  if (!parse (field, text, &value))
    return yara_model_fail_field (field, info, error, "its default_value cannot be read as %s",
                                  yara_kind_get_name (field->kind));
  if (!yara_field_coerce (info, field, &value, &info->arena, &field->default_value, &reason))
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, "default_value of %s", reason->message);
      return FALSE;
    }
  field->default_value.kind = field->kind; /* of an enum, not of its bound form */
  field->has_default = TRUE;
  return TRUE;
}
