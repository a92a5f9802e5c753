/* SPDX-License-Identifier: MIT
 * What the user sees: formats, color and JSON documents. */
#include "shell/output.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "shell/errors.h"
#include "shell/output-private.h"

static const char *const escapes[] = {
  [STYLE_PLAIN]  = "",
  [STYLE_BOLD]   = "\033[1m",
  [STYLE_GREEN]  = "\033[32m",
  [STYLE_YELLOW] = "\033[33m",
  [STYLE_RED]    = "\033[31m",
};

static enum { COLOR_AUTO, COLOR_ALWAYS, COLOR_NEVER } color_when = COLOR_AUTO;
static OutputFormat format_wanted = FORMAT_TABLE;
static FILE *rows; /* stdout, when it takes rows only */
static gboolean roff_wanted, quiet_wanted, verbose_wanted;

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
    fprintf (stream, "%s%s\033[0m", escapes[style], text);
  else
    fputs (text, stream);
}

const char *const output_formats[] = { "table", "json", "jsonl", "csv", NULL };

gboolean
output_format_parse (const char *name, OutputFormat *format)
{
  for (guint i = 0; output_formats[i] != NULL; i++)
    if (strcmp (output_formats[i], name) == 0)
      {
        *format = i;
        return TRUE;
      }
  return FALSE;
}

/* Keeps stdout for the rows and gives everybody else nothing to write to. */
static void
separate_rows (void)
{
  int own = dup (STDOUT_FILENO);

  rows = own >= 0 ? fdopen (own, "w") : NULL;
  if (rows == NULL)
    rows = stdout; /* it was closed, see fill_streams(): what is written to it is an error in the end */
  else if (freopen ("/dev/null", "w", stdout) == NULL)
    g_error ("/dev/null: %s", g_strerror (errno));
}

void
output_set_format (OutputFormat format)
{
  format_wanted = format;
  if ((format == FORMAT_JSONL || format == FORMAT_CSV) && rows == NULL)
    separate_rows ();
}

OutputFormat
output_get_format (void)
{
  return format_wanted;
}

gboolean
output_is_json (void)
{
  return format_wanted == FORMAT_JSON;
}

FILE *
output_get_rows (void)
{
  return rows != NULL ? rows : stdout;
}

void
output_set_words (gboolean quiet, gboolean verbose)
{
  quiet_wanted = quiet;
  verbose_wanted = verbose;
}

gboolean
output_is_quiet (void)
{
  return quiet_wanted;
}

gboolean
output_is_verbose (void)
{
  return verbose_wanted;
}

char *
output_make_printable (const char *text)
{
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  GString *printable = g_string_new (NULL);

  for (const char *c = valid; *c != '\0'; c = g_utf8_next_char (c))
    if (g_unichar_iscntrl (g_utf8_get_char (c)))
      g_string_append_c (printable, '?');
    else
      g_string_append_len (printable, c, g_utf8_next_char (c) - c);
  return g_string_free (printable, FALSE);
}

void
output_words (const char *format, ...)
{
  g_autofree char *text = NULL, *printable = NULL;
  va_list arguments;

  if (quiet_wanted)
    return;
  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  printable = output_make_printable (text);
  output_progress_clear ();
  fflush (stdout);
  fprintf (stderr, "%s\n", printable);
}

gboolean
output_has_unicode (void)
{
  return output_is_json () || g_get_charset (NULL);
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

/* ---- the end ---- */

/* 0, or why not everything was written. */
static int
flush (FILE *stream)
{
  if (fflush (stream) != 0)
    return errno;
  return ferror (stream) ? EIO : 0;
}

int
output_finish (int status)
{
  int error = flush (output_get_rows ());
  g_autoptr(Report) report = NULL;

  output_progress_clear ();
  if (error == 0)
    return status;
  if (error == EPIPE)
    {
      signal (SIGPIPE, SIG_DFL);
      raise (SIGPIPE);
    }
  report = report_new ("YO-X002");
  report_line (report, "reason", "stdout: %s", g_strerror (error));
  report_line (report, "help", "yaraorm-cli help YO-X002");
  report_print_words (report);
  return status != STATUS_DONE ? status : STATUS_NO;
}
