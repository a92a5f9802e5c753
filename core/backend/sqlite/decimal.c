/* SPDX-License-Identifier: MIT
 * Decimals are stored as integers, scaled by the digits of the field, so that SQLite sorts and
 * compares them as numbers and exactly. */
#include "backend/sqlite/sqlite.h"

static gboolean
append_digit (gint64 *number, int digit)
{
  return !__builtin_mul_overflow (*number, 10, number) && !__builtin_add_overflow (*number, digit, number);
}

gboolean
yara_sqlite_decimal_to_integer (const char *text, gsize size, guint scale, gint64 *number)
{
  gboolean negative = size > 0 && text[0] == '-';
  gsize i = size > 0 && (text[0] == '-' || text[0] == '+');
  gboolean has_digits = FALSE;

  *number = 0;
  for (; i < size && g_ascii_isdigit (text[i]); i++, has_digits = TRUE)
    if (!append_digit (number, text[i] - '0'))
      return FALSE;
  if (i < size && text[i] == '.')
    for (i++; i < size && g_ascii_isdigit (text[i]); i++, has_digits = TRUE)
      {
        if (scale == 0 && text[i] != '0') /* more digits than the field keeps */
          return FALSE;
        if (scale > 0 && !append_digit (number, text[i] - '0'))
          return FALSE;
        scale -= scale > 0;
      }
  for (; scale > 0; scale--)
    if (!append_digit (number, 0))
      return FALSE;
  if (negative)
    *number = -*number;
  return i == size && has_digits;
}

gsize
yara_sqlite_decimal_to_text (gint64 number, guint scale, char text[YARA_DECIMAL_TEXT_SIZE])
{
  guint64 digits = number < 0 ? -(guint64) number : (guint64) number;
  char reversed[YARA_DECIMAL_TEXT_SIZE];
  gsize n = 0, length = 0;

  do
    {
      if (n == scale && scale > 0)
        reversed[n++] = '.';
      reversed[n++] = '0' + digits % 10;
      digits /= 10;
    }
  while (digits > 0 || n <= scale + (scale > 0));

  if (number < 0)
    text[length++] = '-';
  while (n > 0)
    text[length++] = reversed[--n];
  text[length] = '\0';
  return length;
}
