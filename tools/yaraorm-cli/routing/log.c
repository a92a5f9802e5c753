/* SPDX-License-Identifier: MIT
 * Reading logs of decisions. */
#include "routing/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

void
log_entry_clear (LogEntry *entry)
{
  g_free (entry->model);
  g_free (entry->table);
  g_free (entry->own);
  g_strfreev (entry->hints);
  g_free (entry->using);
  g_free (entry->transaction);
  g_free (entry->answer);
  g_free (entry->reason);
  *entry = (LogEntry) { 0 };
}

void
log_reader_clear (LogReader *reader)
{
  free (reader->text);
}

/* ---- one line ---- */

/* A string, or the list of its bytes: (transfer full). NULL: it is neither. */
static char *
read_text (JsonNode *node)
{
  g_autoptr(GString) text = NULL;
  JsonArray *bytes;

  if (JSON_NODE_HOLDS_VALUE (node) && json_node_get_value_type (node) == G_TYPE_STRING)
    return json_node_dup_string (node);
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return NULL;
  text = g_string_new (NULL);
  bytes = json_node_get_array (node);
  for (guint i = 0; i < json_array_get_length (bytes); i++)
    {
      JsonNode *byte = json_array_get_element (bytes, i);
      gint64 value = JSON_NODE_HOLDS_VALUE (byte) ? json_node_get_int (byte) : 0;

      if (value < 1 || value > 255)
        return NULL;
      g_string_append_c (text, value);
    }
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* FALSE: it is there, and no text. */
static gboolean
take_text (JsonObject *object, const char *member, char **text)
{
  JsonNode *node = json_object_get_member (object, member);

  *text = node != NULL ? read_text (node) : NULL;
  return node == NULL || *text != NULL;
}

static gboolean
take_hints (JsonObject *object, LogEntry *entry)
{
  JsonNode *node = json_object_get_member (object, "hints");
  JsonArray *hints;
  guint n;

  if (node == NULL)
    return TRUE;
  if (!JSON_NODE_HOLDS_ARRAY (node))
    return FALSE;
  hints = json_node_get_array (node);
  n = json_array_get_length (hints);
  entry->hints = g_new0 (char *, n + 1);
  for (guint i = 0; i < n; i++)
    if ((entry->hints[i] = read_text (json_array_get_element (hints, i))) == NULL)
      return FALSE;
  return TRUE;
}

/* The place of `word` in a list, -1 when it is not there. */
static int
find_word (const char *word, const char *const *list)
{
  for (int i = 0; word != NULL && list[i] != NULL; i++)
    if (strcmp (word, list[i]) == 0)
      return i;
  return -1;
}

/* What is wrong with a line, or NULL. */
static const char *
take_entry (JsonObject *object, LogEntry *entry)
{
  static const char *const operations[] = { "read", "write", NULL };
  static const char *const rules[] = { "pinned", "strict", "by_name", NULL };
  g_autofree char *operation = NULL, *rule = NULL;

  if (!take_text (object, "model", &entry->model) || !take_text (object, "table", &entry->table)
      || !take_text (object, "own", &entry->own) || !take_text (object, "operation", &operation)
      || !take_hints (object, entry) || !take_text (object, "using", &entry->using)
      || !take_text (object, "transaction", &entry->transaction) || !take_text (object, "rule", &rule)
      || !take_text (object, "answer", &entry->answer) || !take_text (object, "reason", &entry->reason))
    return "a member is no text";
  if (entry->model == NULL || entry->table == NULL || operation == NULL || entry->reason == NULL)
    return "model, table, operation or reason is missing";
  entry->is_refused = strcmp (entry->reason, "refused") == 0;
  entry->operation = find_word (operation, operations);
  entry->rule = rule != NULL ? find_word (rule, rules) : (int) YARA_RULE_PINNED;
  if (find_word (operation, operations) < 0)
    return "operation is neither read nor write";
  if (rule != NULL && find_word (rule, rules) < 0)
    return "rule is none of pinned, strict and by_name";
  if (entry->answer == NULL && !entry->is_refused)
    return "answer is missing";
  return NULL;
}

gboolean
log_reader_next (LogReader *reader, LogEntry *entry, const char **problem)
{
  ssize_t length = getline (&reader->text, &reader->size, reader->file);
  g_autoptr(JsonNode) node = NULL;

  *problem = NULL;
  if (length < 0)
    return FALSE;
  entry->line = ++reader->n_lines;
  if (reader->copy != NULL)
    fwrite (reader->text, 1, length, reader->copy);
  if (strlen (reader->text) == (size_t) length && g_utf8_validate (reader->text, length, NULL))
    node = json_from_string (reader->text, NULL);
  *problem = node != NULL && JSON_NODE_HOLDS_OBJECT (node) ? take_entry (json_node_get_object (node), entry)
                                                           : "it is no JSON object, or a part of one";
  return *problem == NULL;
}

/* ---- all of it ---- */

void
log_summary_clear (LogSummary *summary)
{
  g_clear_pointer (&summary->models, g_hash_table_unref);
  g_clear_pointer (&summary->connections, g_hash_table_unref);
}

static void
note (GHashTable *names, const char *name)
{
  if (name != NULL && !g_hash_table_contains (names, name))
    g_hash_table_add (names, g_strdup (name));
}

Report *
log_summary_take (LogSummary *summary, const char *path, FILE *file, FILE *copy)
{
  g_auto(LogReader) reader = { .file = file, .copy = copy };
  const char *problem;

  summary->models = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  summary->connections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (;;)
    {
      g_auto(LogEntry) entry = { 0 };

      if (!log_reader_next (&reader, &entry, &problem))
        break;
      note (summary->models, entry.model);
      note (summary->connections, entry.transaction);
      if (!entry.is_refused)
        note (summary->connections, entry.answer);
    }
  summary->n_decisions = reader.n_lines;
  if (problem != NULL)
    return log_report_line (path, reader.n_lines, problem);
  if (ferror (file) || (copy != NULL && fflush (copy) != 0))
    return log_report_file (path, errno);
  return NULL;
}

Report *
log_report_line (const char *path, guint64 line, const char *problem)
{
  Report *report = report_new ("YO-L004");

  report_line (report, "log", "%s", path);
  report_line (report, "line", "%" G_GUINT64_FORMAT, line);
  report_line (report, "reason", "%s", problem);
  report_line (report, "hint", "take the line out, or cut the log before it");
  return report;
}

Report *
log_report_file (const char *path, int code)
{
  Report *report = report_new ("YO-L004");

  report_line (report, "log", "%s", path);
  report_line (report, "reason", "%s", g_strerror (code));
  return report;
}
