/* SPDX-License-Identifier: MIT
 * Whether a value fits a field. */
#include "model/field-check.h"

#include <math.h>
#include <string.h>
#include "base/error.h"
#include "base/json.h"

gboolean
yara_field_fail (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list          arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, YARA_ERROR, YARA_ERROR_FIELD, "%s.%s: %s", info->name, field->name, reason);
  return FALSE;
}

static gsize
count_digits (const char *text, const char *end)
{
  const char *digit = text;

  while (digit < end && g_ascii_isdigit (*digit))
    digit++;
  return digit - text;
}

/* [-+]digits[.digits]. Zeros that change nothing do not count: 007.50 has a digit on each side. */
static gboolean
check_decimal (const YaraModelInfo *info, const YaraFieldInfo *field, YaraBytes text, GError **error)
{
  const char *end = (const char *) text.data + text.size;
  const char *whole = text.data, *fraction;
  gsize       n_whole, n_fraction = 0;
  guint       precision = field->field->precision, scale = field->field->scale;
  gboolean    sound;

  if (whole < end && (*whole == '-' || *whole == '+'))
    whole++;
  n_whole = count_digits (whole, end);
  fraction = whole + n_whole;
  sound = n_whole > 0;
  if (fraction < end && *fraction == '.')
    {
      fraction++;
      n_fraction = count_digits (fraction, end);
      sound = sound && n_fraction > 0;
    }
  if (!sound || fraction + n_fraction != end)
    return yara_field_fail (info, field, error, "not a decimal number; write it as in \"-12.50\"");

  for (; n_whole > 0 && *whole == '0'; n_whole--)
    whole++;
  while (n_fraction > 0 && fraction[n_fraction - 1] == '0')
    n_fraction--;
  if (n_fraction > scale)
    return yara_field_fail (info, field, error, "more than %u digits after the point; round it first", scale);
  if (n_whole > precision - scale)
    return yara_field_fail (info, field, error, "more than %u digits before the point", precision - scale);
  return TRUE;
}

/* Whether `text` is ASCII without NUL, eight bytes at a time: most text is, and inserts of many
 * records spend a noticeable part of their time in g_utf8_validate_len() without this. */
static gboolean
is_plain_ascii (YaraBytes text)
{
  const guint64 ones = G_MAXUINT64 / 0xff, high_bits = ones << 7;
  const char   *byte = text.data, *end = byte + text.size;
  guint64       word;

  for (; end - byte >= 8; byte += 8)
    {
      memcpy (&word, byte, 8);
      if (((word | (word - ones)) & high_bits) != 0) /* a zero byte borrows into its high bit */
        return FALSE;
    }
  for (; byte < end; byte++)
    if ((gint8) *byte <= 0)
      return FALSE;
  return TRUE;
}

gboolean
yara_field_check_text (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, GError **error)
{
  YaraBytes text = value->bytes;
  gsize     n_characters, max_length = field->field->max_length;

  if (field->kind == YARA_KIND_DECIMAL)
    return check_decimal (info, field, text, error);
  n_characters = text.size;
  if (!is_plain_ascii (text))
    {
      if (!g_utf8_validate_len (text.data, text.size, NULL)) /* refuses NUL too */
        return yara_field_fail (info, field, error, "text is not valid UTF-8");
      n_characters = g_utf8_strlen (text.data, text.size);
    }
  if (max_length > 0 && n_characters > max_length)
    return yara_field_fail (info, field, error, "text is longer than max_length %" G_GSIZE_FORMAT, max_length);
  if (field->kind == YARA_KIND_JSON && !yara_json_is_valid (text.data))
    return yara_field_fail (info, field, error, "the text is not JSON");
  return TRUE;
}

gboolean
yara_field_check_double (const YaraModelInfo *info, const YaraFieldInfo *field, double number, GError **error)
{
  if (isnan (number))
    return yara_field_fail (info, field, error, "not a number (NaN) cannot be stored");
  return TRUE;
}

const YaraChoice *
yara_field_find_choice (const YaraModelInfo *info, const YaraFieldInfo *field, gint64 number, GError **error)
{
  for (const YaraChoice *choice = field->field->choices; choice->name != NULL; choice++)
    if (choice->value == number)
      return choice;
  yara_field_fail (info, field, error, "the number is not one of its choices");
  return NULL;
}

const YaraChoice *
yara_field_find_choice_name (const YaraModelInfo *info, const YaraFieldInfo *field, YaraBytes name, GError **error)
{
  for (const YaraChoice *choice = field->field->choices; choice->name != NULL; choice++)
    if (strlen (choice->name) == name.size && memcmp (choice->name, name.data, name.size) == 0)
      return choice;
  yara_field_fail (info, field, error, "the text is not the name of one of its choices");
  return NULL;
}

YaraValue
yara_field_bind_choice (const YaraFieldInfo *field, const YaraChoice *choice)
{
  return field->kind == YARA_KIND_ENUM_TEXT ? yara_value_text (choice->name) : yara_value_int (choice->value);
}
