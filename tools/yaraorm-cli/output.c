/* SPDX-License-Identifier: MIT
 * What the user sees: color, tables and JSON documents. */
#include "output.h"

#include <string.h>
#include <unistd.h>

static const struct
{
  const char *escape; /* for our own words */
  const char *name;   /* for libsmartcols */
} styles[] = {
  [STYLE_PLAIN]  = { "", "reset" },
  [STYLE_BOLD]   = { "\033[1m", "bold" },
  [STYLE_GREEN]  = { "\033[32m", "green" },
  [STYLE_YELLOW] = { "\033[33m", "brown" },
  [STYLE_RED]    = { "\033[31m", "red" },
};

static enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color_when = COLOR_AUTO;
static gboolean json_wanted, roff_wanted;

gboolean
output_set_color (const char *when)
{
  if (strcmp (when, "auto") == 0)
    color_when = COLOR_AUTO;
  else if (strcmp (when, "always") == 0)
    color_when = COLOR_ALWAYS;
  else if (strcmp (when, "never") == 0)
    color_when = COLOR_NEVER;
  else
    return FALSE;
  return TRUE;
}

gboolean
output_has_color (FILE *stream)
{
  const char *no_color = g_getenv ("NO_COLOR");

  if (color_when != COLOR_AUTO)
    return color_when == COLOR_ALWAYS;
  if (no_color != NULL && *no_color != '\0')
    return FALSE;
  return g_strcmp0 (g_getenv ("TERM"), "dumb") != 0 && isatty (fileno (stream));
}

void
output_styled (FILE *stream, Style style, const char *text)
{
  if (style != STYLE_PLAIN && output_has_color (stream))
    fprintf (stream, "%s%s\033[0m", styles[style].escape, text);
  else
    fputs (text, stream);
}

void
output_set_json (gboolean json)
{
  json_wanted = json;
}

gboolean
output_is_json (void)
{
  return json_wanted;
}

JsonObject *
output_document_new (gboolean ok)
{
  JsonObject *document = json_object_new ();

  json_object_set_int_member (document, "v", 1);
  json_object_set_boolean_member (document, "ok", ok);
  return document;
}

void
output_document_print (JsonObject *document)
{
  g_autoptr(JsonNode) node = json_node_init_object (json_node_alloc (), document);
  g_autofree char *text = json_to_string (node, FALSE);
  g_autofree char *valid = g_utf8_make_valid (text, -1); /* a path need not be UTF-8, but JSON is */

  puts (valid);
}

void
output_set_roff (gboolean roff)
{
  roff_wanted = roff;
}

static void
print_roff (const char *text)
{
  gboolean is_start = TRUE;

  for (; *text != '\0'; is_start = *text++ == '\n')
    if (*text == '\\')
      fputs ("\\e", stdout);
    else if (*text == '-')
      fputs ("\\-", stdout);
    else if (is_start && (*text == '.' || *text == '\''))
      printf ("\\&%c", *text);
    else
      putchar (*text);
}

void
output_text (const char *text)
{
  g_autoptr(JsonObject) document = output_document_new (TRUE);

  json_object_set_string_member (document, "text", text);
  if (output_is_json ())
    output_document_print (document);
  else if (roff_wanted)
    print_roff (text);
  else
    fputs (text, stdout);
}

struct libscols_table *
output_table_new (const char *const *headings, gboolean show_headings)
{
  struct libscols_table *table = scols_new_table ();

  g_assert (table != NULL);
  for (guint i = 0; headings[i] != NULL; i++)
    scols_table_new_column (table, headings[i], 0, 0);
  scols_table_set_column_separator (table, "  ");
  scols_table_enable_noheadings (table, !show_headings);
  scols_table_enable_minout (table, TRUE);
  scols_table_enable_colors (table, output_has_color (stdout));
  if (!isatty (STDOUT_FILENO))
    scols_table_set_termforce (table, SCOLS_TERMFORCE_NEVER);
  return table;
}

void
output_table_add (struct libscols_table *table, const char *const *cells, guint styled_column, Style style)
{
  struct libscols_line *line = scols_table_new_line (table, NULL);

  g_assert (line != NULL);
  for (guint i = 0; cells[i] != NULL; i++)
    scols_line_set_data (line, i, cells[i]);
  if (style != STYLE_PLAIN)
    scols_cell_set_color (scols_line_get_cell (line, styled_column), styles[style].name);
}

void
output_table_print (struct libscols_table *table)
{
  scols_print_table (table);
  scols_unref_table (table);
}
