/* SPDX-License-Identifier: MIT
 * A reader of JSON that keeps nothing. Each function takes the text from where its part should begin and
 * returns where it ends, or NULL when it is not there. */
#include "base/json.h"

#include <string.h>

#define MAX_DEPTH 1000

static const char *
skip_space (const char *text)
{
  return text + strspn (text, " \t\n\r");
}

static const char *
skip_digits (const char *text)
{
  gsize n = strspn (text, "0123456789");

  return n > 0 ? text + n : NULL;
}

/* Behind the opening quote. */
static const char *
skip_string (const char *text)
{
  for (; *text != '"'; text++)
    {
      if ((guchar) *text < 0x20)
        return NULL;
      if (*text != '\\')
        continue;
      text++;
      if (*text == 'u')
        {
          for (guint i = 1; i <= 4; i++)
            if (!g_ascii_isxdigit (text[i]))
              return NULL;
          text += 4;
        }
      else if (*text == '\0' || strchr ("\"\\/bfnrt", *text) == NULL)
        return NULL;
    }
  return text + 1;
}

static const char *
skip_number (const char *text)
{
  if (*text == '-')
    text++;
  text = *text == '0' ? text + 1 : skip_digits (text);
  if (text != NULL && *text == '.')
    text = skip_digits (text + 1);
  if (text != NULL && (*text == 'e' || *text == 'E'))
    text = skip_digits (text + (text[1] == '+' || text[1] == '-' ? 2 : 1));
  return text;
}

static const char *
skip_word (const char *text, const char *word)
{
  return g_str_has_prefix (text, word) ? text + strlen (word) : NULL;
}

static const char *skip_value (const char *text, guint depth);

/* The name of an object's member and its colon. */
static const char *
skip_name (const char *text)
{
  text = *text == '"' ? skip_string (text + 1) : NULL;
  if (text != NULL)
    text = skip_space (text);
  return text != NULL && *text == ':' ? text + 1 : NULL;
}

/* Behind the opening bracket. */
static const char *
skip_members (const char *text, char close, guint depth)
{
  text = skip_space (text);
  if (*text == close)
    return text + 1;
  for (;; text++)
    {
      if (close == '}')
        text = skip_name (skip_space (text));
      if (text != NULL)
        text = skip_value (text, depth);
      if (text == NULL || *text == close)
        return text != NULL ? text + 1 : NULL;
      if (*text != ',')
        return NULL;
    }
}

/* One value and the white space around it. */
static const char *
skip_value (const char *text, guint depth)
{
  text = skip_space (text);
  if (depth == MAX_DEPTH)
    return NULL;
  switch (*text)
    {
    case '{':
      text = skip_members (text + 1, '}', depth + 1);
      break;
    case '[':
      text = skip_members (text + 1, ']', depth + 1);
      break;
    case '"':
      text = skip_string (text + 1);
      break;
    case 't':
      text = skip_word (text, "true");
      break;
    case 'f':
      text = skip_word (text, "false");
      break;
    case 'n':
      text = skip_word (text, "null");
      break;
    default:
      text = skip_number (text);
    }
  return text != NULL ? skip_space (text) : NULL;
}

gboolean
yara_json_is_valid (const char *text)
{
  const char *end = skip_value (text, 0);

  return end != NULL && *end == '\0';
}
