/* SPDX-License-Identifier: MIT
 * The known backends, and what is the same for all of them. */
#include "backend/backend.h"

#include <yaraorm/yara-error.h>
#include "base/text.h"

static const YaraBackend *const backends[] = { &yara_backend_postgres, &yara_backend_sqlite };

const YaraBackend *
yara_backend_find (const char *scheme, GError **error)
{
  g_autoptr(GPtrArray) known = g_ptr_array_new ();
  g_autofree char *list = NULL, *suggestion = NULL, *found = NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (backends); i++)
    for (const char *const *name = backends[i]->schemes; *name != NULL; name++)
      {
        if (g_str_equal (*name, scheme))
          return backends[i];
        g_ptr_array_add (known, (gpointer) *name);
      }
  g_ptr_array_add (known, NULL);

  found = yara_text_quote (scheme);
  list = g_strjoinv (", ", (char **) known->pdata);
  suggestion = yara_text_did_you_mean (scheme, (const char *const *) known->pdata);
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
               "no backend takes database URLs that start with \"%s:\"; known: %s%s", found, list, suggestion);
  return NULL;
}

void
yara_request_reset (YaraRequest *request)
{
  g_clear_error (&request->error);
  g_clear_pointer (&request->records, yara_result_unref);
  g_clear_pointer (&request->rows, yara_rows_unref);
  request->n_rows = 0;
  request->number = 0;
  request->duration = 0;
}

const char *
yara_sql_skip_blank (const char *sql)
{
  for (;;)
    {
      sql += strspn (sql, " \t\r\n\f");
      if (g_str_has_prefix (sql, "--"))
        sql += strcspn (sql, "\n");
      else if (g_str_has_prefix (sql, "/*"))
        {
          const char *end = strstr (sql + 2, "*/");

          sql = end != NULL ? end + 2 : sql + strlen (sql);
        }
      else
        return sql;
    }
}

gboolean
yara_sql_starts_with (const char *sql, const char *word)
{
  gsize length = strlen (word);

  sql = yara_sql_skip_blank (sql);
  return g_ascii_strncasecmp (sql, word, length) == 0 && !g_ascii_isalnum (sql[length]) && sql[length] != '_';
}

/* Past a quoted piece, a word or any other character. */
static const char *
skip_token (const char *sql)
{
  const char *end;

  if (strchr ("'\"`[", *sql) != NULL) /* a doubled quote looks like two pieces, which is as good */
    {
      end = strchr (sql + 1, *sql == '[' ? ']' : *sql);
      return end != NULL ? end + 1 : sql + strlen (sql);
    }
  for (end = sql; g_ascii_isalnum (*end) || *end == '_' || *end == '$' || (guint8) *end >= 0x80; end++)
    ;
  return end > sql ? end : sql + 1;
}

/* The statement behind WITH is the first word outside parentheses that can begin one. */
static gboolean
with_is_select (const char *sql)
{
  int depth = 0;

  for (; *sql != '\0'; sql = yara_sql_skip_blank (skip_token (sql)))
    if (*sql == '(')
      depth++;
    else if (*sql == ')')
      depth--;
    else if (depth == 0 && (yara_sql_starts_with (sql, "select") || yara_sql_starts_with (sql, "values")))
      return TRUE;
    else if (depth == 0 && (yara_sql_starts_with (sql, "insert") || yara_sql_starts_with (sql, "replace") ||
                            yara_sql_starts_with (sql, "update") || yara_sql_starts_with (sql, "delete")))
      return FALSE;
  return FALSE;
}

gboolean
yara_sql_is_select (const char *sql)
{
  sql = yara_sql_skip_blank (sql);
  return yara_sql_starts_with (sql, "select") || yara_sql_starts_with (sql, "values") ||
         (yara_sql_starts_with (sql, "with") && with_is_select (sql));
}
