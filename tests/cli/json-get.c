/* SPDX-License-Identifier: MIT
 * json-get [PATH]: reads one JSON document from stdin, which must be an object on one line, and prints
 * what is at the JSONPath, one value a line. Exit 1 when it is not such a document. */
#include <json-glib/json-glib.h>
#include <stdio.h>
#include <string.h>

int
main (int argc, char **argv)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonNode) document = NULL;
  g_autoptr(JsonNode) found = NULL;
  char buffer[4096];
  JsonArray *values;

  for (gsize n; (n = fread (buffer, 1, sizeof buffer, stdin)) > 0;)
    g_string_append_len (text, buffer, n);
  document = json_from_string (text->str, &error);
  if (document == NULL || !JSON_NODE_HOLDS_OBJECT (document)
      || strchr (text->str, '\n') != text->str + text->len - 1)
    {
      fprintf (stderr, "json-get: %s\n", error != NULL ? error->message : "not one object on one line");
      return 1;
    }
  found = json_path_query (argc > 1 ? argv[1] : "$", document, NULL);
  g_return_val_if_fail (found != NULL, 1);
  values = json_node_get_array (found);
  for (guint i = 0; i < json_array_get_length (values); i++)
    {
      JsonNode *value = json_array_get_element (values, i);
      g_autofree char *printed = json_to_string (value, FALSE);
      gboolean is_text = JSON_NODE_HOLDS_VALUE (value) && json_node_get_value_type (value) == G_TYPE_STRING;

      puts (is_text ? json_node_get_string (value) : printed);
    }
  return 0;
}
