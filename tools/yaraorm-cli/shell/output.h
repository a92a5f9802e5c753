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

/* Whether signs such as an arrow can be shown: JSON is UTF-8, other output is in the locale's encoding. */
gboolean output_has_unicode (void);

/* --format: text with tables, one JSON object in all, a JSON object a row of the table, or CSV (RFC 4180). */
typedef enum
{
  FORMAT_TABLE,
  FORMAT_JSON,
  FORMAT_JSONL,
  FORMAT_CSV
} OutputFormat;

/* Their names, NULL-terminated. */
extern const char *const output_formats[];
gboolean output_format_parse (const char *name, OutputFormat *format);

/* With FORMAT_JSONL and FORMAT_CSV stdout has the rows of tables and nothing else: what a command prints besides
 * them is thrown away. */
void         output_set_format (OutputFormat format);
OutputFormat output_get_format (void);
gboolean     output_is_json    (void);

/* --quiet and --verbose. */
void     output_set_words  (gboolean quiet, gboolean verbose);
gboolean output_is_verbose (void);

/* What may have come from a plugin or a file, without control characters: (transfer full). */
char *output_make_printable (const char *text);

/* A line of words, such as "hint: ...", to stderr; nothing with --quiet. */
void output_words (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* How far long work is: a line on stderr, redrawn in place when that is a terminal; else one line in ten seconds
 * with --verbose, and nothing without. Call it as often as there is news. */
void output_progress       (const char *format, ...) G_GNUC_PRINTF (1, 2);
/* Takes the line away. Comes before anything else is printed. */
void output_progress_clear (void);

/* A document of the form {"v":1,"ok":...}, to be filled: (transfer full). */
JsonObject *output_document_new   (gboolean ok);
void        output_document_print (JsonObject *document);

/* Comes last: what was printed leaves the program. Returns `status`, or that of the error when it could not be
 * written. Where nobody reads any more it ends the program as usual, by SIGPIPE. */
int output_finish (int status);

/* Texts are printed as a manual page takes them. */
void output_set_roff (gboolean roff);

/* Prints a text to stdout; with --json as the member "text" of a document. */
void output_text (const char *text);

/* A table; `headings` is NULL-terminated, and `show_headings` FALSE leaves them out. */
struct libscols_table *output_table_new (const char *const *headings, gboolean show_headings);
/* One row. The cell in `styled_column` gets `style`. */
void output_table_add   (struct libscols_table *table, const char *const *cells, guint styled_column,
                         Style style);
/* Prints to stdout, in the format that is wanted, and frees. */
void output_table_print (struct libscols_table *table);

/* For tables whose cells are more than text: a row of CSV, NULL is an empty cell; a line of FORMAT_JSONL. */
void output_csv_row   (const char *const *cells, gsize n_cells);
void output_json_line (JsonNode *node);
