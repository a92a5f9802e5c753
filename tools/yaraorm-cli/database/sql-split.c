/* SPDX-License-Identifier: MIT
 * Cutting a text into its statements. */
#include "database/sql-split.h"

#include <string.h>

static gboolean
is_word (char c)
{
  return g_ascii_isalnum (c) || c == '_' || (guchar) c >= 0x80;
}

/* Past a comment at `text`, or `text`. Comments nest, as in PostgreSQL; in SQLite they seldom try. */
static const char *
skip_comment (const char *text)
{
  guint depth = 0;

  if (g_str_has_prefix (text, "--"))
    return text + strcspn (text, "\n");
  do
    {
      if (g_str_has_prefix (text, "/*"))
        depth++;
      else if (depth > 0 && g_str_has_prefix (text, "*/"))
        depth--;
      else if (depth > 0 && *text != '\0')
        {
          text++;
          continue;
        }
      else
        return text;
      text += 2;
    }
  while (depth > 0);
  return text;
}

/* Past a quoted text; one that begins with E has backslashes. */
static const char *
skip_quoted (const char *start, const char *text)
{
  gboolean escapes = *text == '\'' && text > start && (text[-1] == 'e' || text[-1] == 'E')
                     && (text - 1 == start || !is_word (text[-2]));
  char quote = *text;

  for (text++; *text != '\0' && *text != quote; text++)
    if (escapes && *text == '\\' && text[1] != '\0')
      text++;
  return *text != '\0' ? text + 1 : text; /* a doubled quote opens the next one */
}

/* Past $tag$ ... $tag$, or `text`. A parameter such as $1 is none. */
static const char *
skip_dollar_quoted (const char *start, const char *text)
{
  const char *end = text + 1, *close;
  g_autofree char *tag = NULL;

  if (text > start && is_word (text[-1]))
    return text;
  while (is_word (*end))
    end++;
  if (*end != '$' || g_ascii_isdigit (text[1]))
    return text;
  tag = g_strndup (text, end + 1 - text);
  close = strstr (end + 1, tag);
  return close != NULL ? close + strlen (tag) : text + strlen (text);
}

/* Past the next piece of SQL: a comment, a quoted text, a word or a character. */
static const char *
skip_piece (const char *start, const char *text)
{
  const char *end = skip_comment (text);

  if (end == text && *text == '$')
    end = skip_dollar_quoted (start, text);
  if (end == text && strchr ("'\"`", *text) != NULL)
    end = skip_quoted (start, text);
  if (end == text && is_word (*text))
    while (is_word (*end))
      end++;
  return end > text ? end : text + 1;
}

static gboolean
is_keyword (const char *word, gsize length, const char *keyword)
{
  return length == strlen (keyword) && g_ascii_strncasecmp (word, keyword, length) == 0;
}

/* What the words so far say about a trigger of SQLite, whose body is BEGIN statement; ... END. */
typedef struct
{
  guint    n_words;
  gboolean creates, is_trigger, in_body;
  guint    n_cases; /* CASE has an END of its own */
} Progress;

static void
take_word (Progress *progress, const char *word, gsize length)
{
  progress->n_words++;
  if (progress->n_words == 1)
    progress->creates = is_keyword (word, length, "create");
  else if (progress->creates && progress->n_words <= 3 && is_keyword (word, length, "trigger"))
    progress->is_trigger = TRUE;
  else if (progress->is_trigger && is_keyword (word, length, "begin"))
    progress->in_body = TRUE;
  else if (progress->in_body && is_keyword (word, length, "case"))
    progress->n_cases++;
  else if (progress->in_body && is_keyword (word, length, "end"))
    {
      if (progress->n_cases > 0)
        progress->n_cases--;
      else
        progress->in_body = FALSE;
    }
}

/* The end of the statement at `text`; whether there is more to it than comments. */
static const char *
find_end (const char *text, gboolean *is_blank)
{
  const char *start = text, *end;
  Progress progress = { 0 };

  *is_blank = TRUE;
  for (; *text != '\0' && (*text != ';' || progress.in_body); text = end)
    {
      end = skip_piece (start, text);
      if (g_ascii_isspace (*text) || skip_comment (text) > text)
        continue;
      *is_blank = FALSE;
      if (is_word (*text))
        take_word (&progress, text, end - text);
    }
  return text;
}

GStrv
sql_split (const char *text)
{
  g_autoptr(GStrvBuilder) statements = g_strv_builder_new ();

  while (*text != '\0')
    {
      gboolean is_blank;
      const char *end = find_end (text, &is_blank);
      g_autofree char *statement = g_strstrip (g_strndup (text, end - text));

      if (!is_blank)
        g_strv_builder_add (statements, statement);
      text = *end == ';' ? end + 1 : end;
    }
  return g_strv_builder_end (statements);
}
