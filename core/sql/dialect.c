/* SPDX-License-Identifier: MIT
 * Quoting, which the dialects share. */
#include "sql/dialect.h"

#include <string.h>

static void
append_quoted (GString *sql, const char *text, gsize length, char quote)
{
  g_string_append_c (sql, quote);
  for (gsize i = 0; i < length; i++)
    {
      if (text[i] == quote)
        g_string_append_c (sql, quote);
      g_string_append_c (sql, text[i]);
    }
  g_string_append_c (sql, quote);
}

void
yara_append_identifier (GString *sql, const char *name)
{
  append_quoted (sql, name, strlen (name), '"');
}

void
yara_append_text_literal (GString *sql, const char *text, gsize length)
{
  append_quoted (sql, text, length, '\'');
}
