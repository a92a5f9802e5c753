/* SPDX-License-Identifier: MIT
 * Tables that are wider than the terminal: the last column is wrapped between words or, where that leaves too
 * little room, each row becomes a block of lines. Nothing is cut off. */
#include <string.h>
#include <wchar.h>
#include <wctype.h>

#include "shell/output-private.h"

#define SEPARATOR 2 /* columns of the terminal between two of the table */
#define LEAST_ROOM 16

/* The next character: its bytes, 0 at the end, and its columns, -1 when it cannot be printed. */
static gsize
look (const char *text, mbstate_t *state, int *width)
{
  wchar_t character;
  gsize n = mbrtowc (&character, text, strlen (text), state);

  if (n == (gsize) -1 || n == (gsize) -2)
    {
      memset (state, 0, sizeof *state);
      *width = -1;
      return 1;
    }
  *width = iswprint (character) ? wcwidth (character) : -1;
  return n;
}

/* The columns that a cell takes; libsmartcols writes \xNN for what cannot be printed. */
static gsize
measure (const char *text)
{
  mbstate_t state = { 0 };
  gsize columns = 0, n;
  int width;

  for (; text != NULL && *text != '\0'; text += n)
    {
      n = look (text, &state, &width);
      columns += width >= 0 ? (gsize) width : strlen ("\\xNN") * n;
    }
  return columns;
}

static const char *
get_text (struct libscols_line *line, gsize column)
{
  const char *text = scols_cell_get_data (scols_line_get_cell (line, column));

  return text != NULL ? text : "";
}

/* The widest cell of a column. */
static gsize
measure_column (struct libscols_table *table, gsize column)
{
  struct libscols_iter *iter = scols_new_iter (SCOLS_ITER_FORWARD);
  gsize widest = measure (output_table_get_heading (table, column)); /* has its room even where it is not shown */
  struct libscols_line *line;

  while (scols_table_next_line (table, iter, &line) == 0)
    widest = MAX (widest, measure (get_text (line, column)));
  scols_free_iter (iter);
  return widest;
}

/* ---- wrapping ---- */

/* The text in lines of at most `room` columns, broken at spaces where there are some: (transfer full). */
static char *
wrap (const char *text, gsize room)
{
  GString *lines = g_string_new (NULL);
  mbstate_t state = { 0 };
  gsize columns = 0, space = 0; /* of the line, and where its last space is, behind the first byte of all */
  int width;

  for (gsize n; *text != '\0'; text += n)
    {
      n = look (text, &state, &width);
      if (columns + (width < 0 ? 1 : width) > room)
        {
          if (*text != ' ' && space > 0)
            {
              lines->str[space] = '\n';
              columns = measure (lines->str + space + 1);
            }
          else
            {
              g_string_append_c (lines, '\n');
              columns = 0;
            }
          space = 0;
          if (*text == ' ')
            continue;
        }
      if (*text == ' ' && lines->len > 0)
        space = lines->len;
      columns += width < 0 ? 1 : width;
      if (width < 0)
        g_string_append_c (lines, '?');
      else
        g_string_append_len (lines, text, n);
    }
  return g_string_free (lines, FALSE);
}

static void
wrap_column (struct libscols_table *table, gsize column, gsize room)
{
  struct libscols_iter *iter = scols_new_iter (SCOLS_ITER_FORWARD);
  struct libscols_column *wrapped = scols_table_get_column (table, column);
  struct libscols_line *line;

  scols_column_set_flags (wrapped, SCOLS_FL_WRAP);
  scols_column_set_wrapfunc (wrapped, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL);
  scols_column_set_safechars (wrapped, "\n");
  while (scols_table_next_line (table, iter, &line) == 0)
    scols_line_refer_data (line, column, wrap (get_text (line, column), room));
  scols_free_iter (iter);
}

/* ---- a block for each row ---- */

static void
print_blocks (struct libscols_table *table)
{
  static const char *const headings[] = { "NAME", "VALUE", NULL };
  struct libscols_iter *iter = scols_new_iter (SCOLS_ITER_FORWARD);
  gsize n_columns = scols_table_get_ncols (table);
  struct libscols_line *line;

  for (gboolean is_first = TRUE; scols_table_next_line (table, iter, &line) == 0; is_first = FALSE)
    {
      struct libscols_table *block = output_table_new (headings, FALSE);

      if (!is_first)
        fputc ('\n', stdout);
      for (gsize i = 0; i < n_columns; i++)
        {
          const char *cells[] = { output_table_get_heading (table, i), get_text (line, i), NULL };
          const char *color = scols_cell_get_color (scols_line_get_cell (line, i));

          output_table_add (block, cells, 1, STYLE_PLAIN);
          if (color != NULL)
            scols_cell_set_color (scols_line_get_cell (scols_table_get_line (block, i), 1), color);
        }
      output_table_print_within (block, scols_table_get_termwidth (table));
      scols_unref_table (block);
    }
  scols_free_iter (iter);
}

void
output_table_print_within (struct libscols_table *table, gsize width)
{
  gsize n_columns = scols_table_get_ncols (table), others = 0, last;

  for (gsize i = 0; i + 1 < n_columns; i++)
    others += measure_column (table, i) + SEPARATOR;
  last = measure_column (table, n_columns - 1);
  if (others + last > width && others + LEAST_ROOM <= width)
    wrap_column (table, n_columns - 1, width - others);
  else if (others + last > width && n_columns > 2)
    {
      print_blocks (table);
      return;
    }
  scols_print_table (table);
}
