/* SPDX-License-Identifier: MIT
 * Where statements end, by PostgreSQL's rules for quotes, dollar quotes and comments, which nest. */
#include "backend/postgres/postgres.h"

#include <string.h>

/* Past the quote that closes the text at `text`, or to the NUL. */
static const char *
skip_quoted (const char *text, gboolean has_escapes)
{
  char quote = *text++;

  while (*text != '\0' && *text != quote)
    text += has_escapes && text[0] == '\\' && text[1] != '\0' ? 2 : 1;
  return *text != '\0' ? text + 1 : text; /* a doubled quote opens the next run */
}

/* Past a comment, those in it included. */
static const char *
skip_block_comment (const char *text)
{
  guint depth = 1;

  for (text += 2; *text != '\0' && depth > 0;)
    if (text[0] == '/' && text[1] == '*')
      {
        depth++;
        text += 2;
      }
    else if (text[0] == '*' && text[1] == '/')
      {
        depth--;
        text += 2;
      }
    else
      text++;
  return text;
}

static gboolean
is_word_character (char c)
{
  return g_ascii_isalnum (c) || c == '_' || (guchar) c >= 0x80;
}

/* Past a parameter, as $1, or "$tag$ ... $tag$"; any other dollar sign is passed as it is. */
static const char *
skip_dollar (const char *text, guint *n_parameters)
{
  const char *end = text + 1, *close;
  g_autofree char *tag = NULL;

  if (g_ascii_isdigit (*end))
    {
      guint64 number = g_ascii_strtoull (end, (char **) &end, 10);

      *n_parameters = MAX (*n_parameters, MIN (number, G_MAXUINT));
      return end;
    }
  while (is_word_character (*end))
    end++;
  if (*end != '$')
    return text + 1;
  tag = g_strndup (text, end + 1 - text);
  close = strstr (end + 1, tag);
  return close != NULL ? close + strlen (tag) : text + strlen (text);
}

/* Past a word, or the escaped text that it opens: E'it\'s'. */
static const char *
skip_word (const char *text)
{
  if ((text[0] == 'E' || text[0] == 'e') && text[1] == '\'')
    return skip_quoted (text + 1, TRUE);
  while (is_word_character (*text) || *text == '$')
    text++;
  return text;
}

/* Past white space and comments. */
static const char *
skip_blank (const char *text)
{
  for (;;)
    {
      text += strspn (text, " \t\r\n\f\v");
      if (g_str_has_prefix (text, "--"))
        text += strcspn (text, "\n\r");
      else if (g_str_has_prefix (text, "/*"))
        text = skip_block_comment (text);
      else
        return text;
    }
}

const char *
yara_postgres_statement_end (const char *sql, guint *n_parameters)
{
  *n_parameters = 0;
  for (;;)
    {
      sql = skip_blank (sql);
      if (*sql == '\0' || *sql == ';')
        return sql;
      if (*sql == '\'' || *sql == '"')
        sql = skip_quoted (sql, FALSE);
      else if (*sql == '$')
        sql = skip_dollar (sql, n_parameters);
      else if (is_word_character (*sql))
        sql = skip_word (sql);
      else
        sql++;
    }
}

const char *
yara_postgres_statement_start (const char *sql)
{
  while (*(sql = skip_blank (sql)) == ';')
    sql++;
  return sql;
}
