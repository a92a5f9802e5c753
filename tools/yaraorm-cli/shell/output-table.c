/* SPDX-License-Identifier: MIT
 * Tables: for people by libsmartcols, for programs as JSON lines or CSV. */
#include <string.h>
#include <unistd.h>

#include "shell/output-private.h"

/* What libsmartcols calls them. */
static const char *const colors[] = {
  [STYLE_BOLD] = "bold", [STYLE_GREEN] = "green", [STYLE_YELLOW] = "brown", [STYLE_RED] = "red",
};

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
    scols_cell_set_color (scols_line_get_cell (line, styled_column), colors[style]);
}

const char *
output_table_get_heading (struct libscols_table *table, gsize column)
{
  return scols_cell_get_data (scols_column_get_header (scols_table_get_column (table, column)));
}

/* ---- for programs ---- */

/* A field of CSV: NULL is nothing, an empty text is "". */
static void
print_field (const char *text, FILE *stream)
{
  if (text == NULL)
    return;
  if (*text != '\0' && strpbrk (text, ",\"\r\n") == NULL)
    {
      fputs (text, stream);
      return;
    }
  fputc ('"', stream);
  for (; *text != '\0'; text++)
    {
      if (*text == '"')
        fputc ('"', stream);
      fputc (*text, stream);
    }
  fputc ('"', stream);
}

void
output_csv_row (const char *const *cells, gsize n_cells)
{
  FILE *stream = output_get_rows ();

  for (gsize i = 0; i < n_cells; i++)
    {
      if (i > 0)
        fputc (',', stream);
      print_field (cells[i], stream);
    }
  fputs ("\r\n", stream);
}

void
output_json_line (JsonNode *node)
{
  g_autofree char *text = json_to_string (node, FALSE);
  g_autofree char *valid = g_utf8_make_valid (text, -1);

  fprintf (output_get_rows (), "%s\n", valid);
}

/* "ROUTER SAID" is the member "router_said". */
static void
print_object (struct libscols_table *table, const char *const *cells, gsize n_cells)
{
  g_autoptr(JsonNode) node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  for (gsize i = 0; i < n_cells; i++)
    {
      g_autofree char *name = g_ascii_strdown (output_table_get_heading (table, i), -1);

      json_object_set_string_member (object, g_strdelimit (name, " ", '_'), cells[i]);
    }
  json_node_take_object (node, object);
  output_json_line (node);
}

static void
print_rows (struct libscols_table *table, gboolean csv)
{
  struct libscols_iter *iter = scols_new_iter (SCOLS_ITER_FORWARD);
  gsize n_cells = scols_table_get_ncols (table);
  g_autofree const char **cells = g_new (const char *, n_cells);
  struct libscols_line *line;

  for (gsize i = 0; i < n_cells; i++)
    cells[i] = output_table_get_heading (table, i);
  if (csv)
    output_csv_row (cells, n_cells);
  while (scols_table_next_line (table, iter, &line) == 0)
    {
      for (gsize i = 0; i < n_cells; i++)
        {
          const char *text = scols_cell_get_data (scols_line_get_cell (line, i));

          cells[i] = text != NULL ? text : "";
        }
      if (csv)
        output_csv_row (cells, n_cells);
      else
        print_object (table, cells, n_cells);
    }
  scols_free_iter (iter);
}

void
output_table_print (struct libscols_table *table)
{
  output_progress_clear ();
  if (output_get_format () == FORMAT_TABLE && isatty (STDOUT_FILENO))
    output_table_print_within (table, scols_table_get_termwidth (table));
  else if (output_get_format () == FORMAT_TABLE)
    scols_print_table (table);
  else
    print_rows (table, output_get_format () == FORMAT_CSV);
  scols_unref_table (table);
}
