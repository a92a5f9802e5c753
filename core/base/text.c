/* SPDX-License-Identifier: MIT
 * Suggestions, quoting and checks of names. */
#include "base/text.h"

#include <string.h>

#define QUOTE_MAX 80

/* How many insertions, removals, replacements and swaps of neighbors turn `a` into `b`, letter case
 * aside; both at most YARA_NAME_MAX bytes long. */
static guint
edit_distance (const char *a, gsize a_length, const char *b, gsize b_length)
{
  guint rows[3][YARA_NAME_MAX + 1];
  guint *before = rows[0], *last = rows[1], *row = rows[2];

  for (gsize j = 0; j <= b_length; j++)
    last[j] = j;
  for (gsize i = 1; i <= a_length; i++)
    {
      guint *oldest = before;

      row[0] = i;
      for (gsize j = 1; j <= b_length; j++)
        {
          char a_char = g_ascii_tolower (a[i - 1]), b_char = g_ascii_tolower (b[j - 1]);

          row[j] = MIN (MIN (last[j], row[j - 1]) + 1, last[j - 1] + (a_char != b_char));
          if (i > 1 && j > 1 && a_char == g_ascii_tolower (b[j - 2]) && b_char == g_ascii_tolower (a[i - 2]))
            row[j] = MIN (row[j], before[j - 2] + 1);
        }
      before = last;
      last = row;
      row = oldest;
    }
  return last[b_length];
}

const char *
yara_text_suggest (const char *word, const char *const *known)
{
  gsize       length = strlen (word);
  guint       nearest = MAX (1, length / 3) + 1;
  const char *suggestion = NULL;

  if (length > YARA_NAME_MAX)
    return NULL;
  for (; *known != NULL; known++)
    {
      gsize known_length = strlen (*known);
      guint distance;

      if (known_length > YARA_NAME_MAX)
        continue;
      distance = edit_distance (word, length, *known, known_length);
      if (distance < nearest)
        {
          nearest = distance;
          suggestion = *known;
        }
    }
  return suggestion;
}

char *
yara_text_did_you_mean (const char *word, const char *const *known)
{
  const char *suggestion = yara_text_suggest (word, known);

  return suggestion != NULL ? g_strdup_printf ("; did you mean \"%s\"?", suggestion) : g_strdup ("");
}

gboolean
yara_text_is_connection_name (const char *name)
{
  gsize length = 0;

  for (; name[length] != '\0'; length++)
    if (length == YARA_NAME_MAX ||
        !(g_ascii_isalnum (name[length]) || name[length] == '_' || name[length] == '-'))
      return FALSE;
  return length > 0;
}

char *
yara_text_quote (const char *text)
{
  GString    *quoted = g_string_new (NULL);
  const char *end = text + strnlen (text, QUOTE_MAX * 4 + 4); /* more cannot be shown */

  for (gsize n_shown = 0; text < end; n_shown++)
    {
      gunichar character = g_utf8_get_char_validated (text, end - text);
      gboolean valid = character != (gunichar) -1 && character != (gunichar) -2;

      if (n_shown == QUOTE_MAX)
        {
          g_string_append (quoted, "…");
          break;
        }
      if (valid && g_unichar_isprint (character))
        {
          g_string_append_unichar (quoted, character);
          text = g_utf8_next_char (text);
        }
      else if (valid)
        {
          g_string_append_printf (quoted, "\\u%04x", character);
          text = g_utf8_next_char (text);
        }
      else
        g_string_append_printf (quoted, "\\x%02x", (guchar) *text++);
    }
  return g_string_free (quoted, FALSE);
}
