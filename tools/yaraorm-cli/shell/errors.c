/* SPDX-License-Identifier: MIT
 * Errors as the user meets them. */
#include "shell/errors.h"

#include <string.h>

#include "shell/output.h"

const ErrorKind error_kinds[] = {
  { "YO-U001", STATUS_USAGE,         "unknown command" },
  { "YO-U002", STATUS_USAGE,         "unknown option" },
  { "YO-U003", STATUS_USAGE,         "wrong arguments" },
  { "YO-R001", STATUS_PLUGIN,        "router's answer is not a name" },
  { "YO-R003", STATUS_NO,            "router answered an unknown connection" },
  { "YO-R004", STATUS_NO,            "write goes to a standby" },
  { "YO-R005", STATUS_NO,            "routing is not what was expected" },
  { "YO-R006", STATUS_CONFIGURATION, "expectation file cannot be used" },
  { "YO-R007", STATUS_NO,            "transaction refuses the statement" },
  { "YO-R008", STATUS_NO,            "swapping routers under load went wrong" },
  { "YO-P001", STATUS_PLUGIN,        "plugin cannot be found or read" },
  { "YO-P002", STATUS_PLUGIN,        "file is not a plugin that can be loaded" },
  { "YO-P003", STATUS_PLUGIN,        "plugin was built for another contract" },
  { "YO-P004", STATUS_PLUGIN,        "plugin lacks a required function" },
  { "YO-P005", STATUS_PLUGIN,        "plugin crashed" },
  { "YO-P006", STATUS_PLUGIN,        "plugin's file is not safe to load" },
  { "YO-P007", STATUS_DONE,          "plugin reaches another program's function" },
  { "YO-P008", STATUS_PLUGIN,        "plugin refused to start" },
  { "YO-P009", STATUS_PLUGIN,        "plugin took too long" },
  { "YO-P010", STATUS_PLUGIN,        "plugin ended the process" },
  { "YO-P011", STATUS_PLUGIN,        "router's answer does not outlive the call" },
  { "YO-P012", STATUS_DONE,          "plugin changes its caller's state" },
  { "YO-P013", STATUS_DONE,          "plugin's memory grows with every call" },
  { "YO-P014", STATUS_DONE,          "router is not safe to call from several threads" },
  { "YO-P015", STATUS_PLUGIN,        "plugin failed its trial" },
  { "YO-L001", STATUS_NO,            "log of decisions exists" },
  { "YO-L002", STATUS_NO,            "program did not end well" },
  { "YO-L003", STATUS_NO,            "no decision was recorded" },
  { "YO-L004", STATUS_CONFIGURATION, "log of decisions cannot be read" },
  { "YO-N001", STATUS_USAGE,         "name cannot be used" },
  { "YO-N002", STATUS_NO,            "folder exists" },
  { "YO-N003", STATUS_NO,            "files cannot be written" },
  { "YO-C001", STATUS_CONFIGURATION, "configuration cannot be used" },
  { "YO-C002", STATUS_CONFIGURATION, "there is no configuration" },
  { "YO-C003", STATUS_USAGE,         "unknown connection" },
  { "YO-C010", STATUS_NO,            "others can read a password" },
  { "YO-C011", STATUS_NO,            "configuration file exists" },
  { "YO-C040", STATUS_NO,            "two primaries of one cluster: split brain?" },
  { "YO-C041", STATUS_NO,            "server has another role than the configuration says" },
  { "YO-C042", STATUS_NO,            "standby lags too far behind" },
  { "YO-C043", STATUS_NO,            "a database does not answer" },
  { "YO-C044", STATUS_UNREACHABLE,   "databases did not become ready in time" },
  { "YO-D001", STATUS_UNREACHABLE,   "database cannot be reached" },
  { "YO-D002", STATUS_STATEMENT,     "database refused the statement" },
  { "YO-D003", STATUS_STATEMENT,     "statement would change the database" },
  { "YO-D004", STATUS_UNREACHABLE,   "database took too long" },
  { "YO-S001", STATUS_CONFIGURATION, "there are no models" },
  { "YO-S002", STATUS_CONFIGURATION, "models cannot be loaded" },
  { "YO-S003", STATUS_NO,            "writes of a model go to several connections" },
  { "YO-S004", STATUS_NO,            "tables cannot be made on a standby" },
  { "YO-S005", STATUS_USAGE,         "nobody is there to be asked" },
  { "YO-S006", STATUS_NO,            "new routing would lose sight of rows" },
  { "YO-X001", STATUS_NO,            "child process cannot be started" },
  { "YO-X002", STATUS_NO,            "output cannot be written" },
  { NULL }
};

struct Report
{
  const ErrorKind *kind;
  GPtrArray       *lines; /* label, text, label, text, ... */
  JsonObject      *object;
};

const ErrorKind *
error_kind_find (const char *id)
{
  for (const ErrorKind *kind = error_kinds; kind->id != NULL; kind++)
    if (g_ascii_strcasecmp (kind->id, id) == 0)
      return kind;
  return NULL;
}

Report *
report_new (const char *id)
{
  Report *report = g_new0 (Report, 1);

  report->kind = error_kind_find (id);
  g_assert (report->kind != NULL);
  report->lines = g_ptr_array_new_with_free_func (g_free);
  report->object = json_object_new ();
  report_data (report, "id", report->kind->id);
  report_data (report, "message", report->kind->title);
  return report;
}

void
report_free (Report *report)
{
  g_ptr_array_unref (report->lines);
  json_object_unref (report->object);
  g_free (report);
}

const char *
report_get_id (const Report *report)
{
  return report->kind->id;
}

void
report_line (Report *report, const char *label, const char *format, ...)
{
  va_list arguments;
  char *text;

  va_start (arguments, format);
  text = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (report->lines, g_strdup (label));
  g_ptr_array_add (report->lines, text);
  if (!json_object_has_member (report->object, label)) /* a connection may be called "id" */
    report_data (report, label, text);
}

void
report_data (Report *report, const char *name, const char *value)
{
  json_object_set_string_member (report->object, name, value);
}

void
report_print_words (const Report *report)
{
  output_progress_clear ();
  output_styled (stderr, STYLE_RED, "error");
  fputc (' ', stderr);
  output_styled (stderr, STYLE_BOLD, report->kind->id);
  fprintf (stderr, ": %s\n", report->kind->title);
  for (guint i = 0; i < report->lines->len; i += 2)
    {
      g_autofree char *text = output_make_printable (report->lines->pdata[i + 1]);

      fprintf (stderr, "  %-8s %s\n", (char *) report->lines->pdata[i], text);
    }
}

JsonObject *
report_to_json (Report *report)
{
  return json_object_ref (report->object);
}

int
report_print (Report *report, JsonObject *document)
{
  if (output_is_json ())
    {
      g_autoptr(JsonObject) own = document == NULL ? output_document_new (FALSE) : NULL;
      JsonObject *whole = document != NULL ? document : own;

      json_object_set_boolean_member (whole, "ok", FALSE);
      json_object_set_object_member (whole, "error", json_object_ref (report->object));
      output_document_print (whole);
    }
  else
    {
      fflush (stdout);
      report_print_words (report);
    }
  return report->kind->status;
}
