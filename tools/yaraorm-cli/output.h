/* SPDX-License-Identifier: MIT
 * What the user sees: color, tables and JSON documents. Results go to stdout, words to stderr. */
#pragma once

#include <json-glib/json-glib.h>
#include <libsmartcols/libsmartcols.h>
#include <stdio.h>

typedef enum
{
  STYLE_PLAIN,
  STYLE_BOLD,
  STYLE_GREEN,
  STYLE_YELLOW,
  STYLE_RED
} Style;

/* `when`: "always", "never" or "auto". FALSE when it is none of them. */
gboolean output_set_color (const char *when);
/* auto: a terminal, unless $NO_COLOR is set or $TERM is "dumb". */
gboolean output_has_color (FILE *stream);
void     output_styled    (FILE *stream, Style style, const char *text);

void     output_set_json (gboolean json);
gboolean output_is_json  (void);

/* A document of the form {"v":1,"ok":...}, to be filled: (transfer full). */
JsonObject *output_document_new   (gboolean ok);
void        output_document_print (JsonObject *document);

/* Texts are printed as a manual page takes them. */
void output_set_roff (gboolean roff);

/* Prints a text to stdout; with --json as the member "text" of a document. */
void output_text (const char *text);

/* A table; `headings` is NULL-terminated, and `show_headings` FALSE leaves them out. */
struct libscols_table *output_table_new (const char *const *headings, gboolean show_headings);
/* One row. The cell in `styled_column` gets `style`. */
void output_table_add   (struct libscols_table *table, const char *const *cells, guint styled_column,
                         Style style);
/* Prints to stdout and frees. */
void output_table_print (struct libscols_table *table);
