/* SPDX-License-Identifier: MIT
 * Showing the results of SQL. */
#include "database/sql-output.h"

#include <math.h>
#include <stdio.h>

#include "shell/output.h"

/* ---- one cell ---- */

/* The bare number outside of the years 1 to 9999. */
static char *
format_time (gint64 number, gint64 per_second, const char *format)
{
  gint64 microseconds = (number % per_second + per_second) % per_second;
  g_autoptr(GDateTime) whole = g_date_time_new_from_unix_utc ((number - microseconds) / per_second);
  g_autoptr(GDateTime) time = whole != NULL ? g_date_time_add (whole, microseconds) : NULL;

  return time != NULL ? g_date_time_format (time, format) : g_strdup_printf ("%" G_GINT64_FORMAT, number);
}

static char *
format_bytes (YaraBytes bytes)
{
  GString *text = g_string_new ("x'");

  for (gsize i = 0; i < bytes.size; i++)
    g_string_append_printf (text, "%02x", ((const guint8 *) bytes.data)[i]);
  g_string_append_c (text, '\'');
  return g_string_free (text, FALSE);
}

/* The shortest that reads back as the same number; what is none by the names that PostgreSQL has. */
static char *
format_number (double number)
{
  char buffer[G_ASCII_DTOSTR_BUF_SIZE];

  if (isnan (number))
    return g_strdup ("NaN");
  if (isinf (number))
    return g_strdup (number > 0 ? "Infinity" : "-Infinity");
  g_ascii_formatd (buffer, sizeof buffer, "%.15g", number);
  if (g_ascii_strtod (buffer, NULL) != number)
    g_ascii_formatd (buffer, sizeof buffer, "%.16g", number);
  if (g_ascii_strtod (buffer, NULL) != number)
    g_ascii_dtostr (buffer, sizeof buffer, number);
  return g_strdup (buffer);
}

/* A cell as text: (transfer full), NULL for NULL. */
static char *
format_cell (const YaraValue *cell)
{
  char uuid[YARA_UUID_TEXT_SIZE];

  switch (cell->kind)
    {
    case YARA_KIND_NULL:
      return NULL;
    case YARA_KIND_BOOL:
      return g_strdup (cell->integer != 0 ? "true" : "false");
    case YARA_KIND_DOUBLE:
      return format_number (cell->number);
    case YARA_KIND_BYTES:
      return format_bytes (cell->bytes);
    case YARA_KIND_UUID:
      yara_uuid_to_text (&cell->uuid, uuid);
      return g_strdup (uuid);
    case YARA_KIND_TIMESTAMP:
      return format_time (cell->integer, G_USEC_PER_SEC, "%Y-%m-%dT%H:%M:%S.%fZ");
    case YARA_KIND_DATE:
      return format_time (cell->integer * (24 * 60 * 60), 1, "%Y-%m-%d");
    case YARA_KIND_TEXT:
    case YARA_KIND_DECIMAL:
    case YARA_KIND_JSON:
    case YARA_KIND_ENUM_TEXT:
      return g_strndup (cell->bytes.data, cell->bytes.size);
    default:
      return g_strdup_printf ("%" G_GINT64_FORMAT, cell->integer);
    }
}

/* JSON of the database; NULL when it has numbers that are none here: (transfer full) (nullable). */
static JsonNode *
parse_json (const char *text)
{
  g_autoptr(JsonNode) node = json_from_string (text, NULL);
  g_autofree char *again = node != NULL ? json_to_string (node, FALSE) : NULL;
  g_autoptr(JsonNode) copy = again != NULL ? json_from_string (again, NULL) : NULL;

  return copy != NULL ? g_steal_pointer (&node) : NULL;
}

/* A cell as JSON, which has no word for a number that is none: that is a text: (transfer full). */
static JsonNode *
make_node (const YaraValue *cell)
{
  g_autofree char *text = format_cell (cell);
  JsonNode *node;

  if (cell->kind == YARA_KIND_JSON && (node = parse_json (text)) != NULL)
    return node;
  node = json_node_new (text != NULL ? JSON_NODE_VALUE : JSON_NODE_NULL);
  switch (cell->kind)
    {
    case YARA_KIND_NULL:
      break;
    case YARA_KIND_BOOL:
      json_node_set_boolean (node, cell->integer != 0);
      break;
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_ENUM_INT:
      json_node_set_int (node, cell->integer);
      break;
    case YARA_KIND_DOUBLE:
      if (isfinite (cell->number))
        {
          json_node_set_double (node, cell->number);
          break;
        }
      /* fall through */
    default:
      json_node_set_string (node, text);
    }
  return node;
}

/* ---- rows ---- */

/* A table without lines would be printed without headings. */
static void
print_headings (const char *const *headings)
{
  g_autofree char *text = g_strjoinv ("  ", (char **) headings), *printable = output_make_printable (text);

  puts (printable);
}

static void
print_table (const YaraRows *rows)
{
  gsize n_columns = yara_rows_get_n_columns (rows), n_rows = yara_rows_get_n_rows (rows);
  g_autofree const char **headings = g_new0 (const char *, n_columns + 1);
  g_autofree const char **cells = g_new0 (const char *, n_columns + 1);
  struct libscols_table *table;

  if (n_columns == 0)
    {
      puts ("done");
      return;
    }
  for (gsize i = 0; i < n_columns; i++)
    headings[i] = yara_rows_get_column_name (rows, i);
  table = output_table_new (headings, TRUE);
  for (gsize row = 0; row < n_rows; row++)
    {
      for (gsize i = 0; i < n_columns; i++)
        {
          char *text = format_cell (yara_rows_get_value (rows, row, i));

          cells[i] = text != NULL ? text : g_strdup ("");
        }
      output_table_add (table, cells, 0, STYLE_PLAIN);
      for (gsize i = 0; i < n_columns; i++)
        g_free ((char *) cells[i]);
    }
  if (n_rows == 0)
    print_headings (headings);
  output_table_print (table);
  printf ("(%" G_GSIZE_FORMAT " row%s)\n", n_rows, n_rows == 1 ? "" : "s");
}

/* NULL is nothing, an empty text is "". */
static void
print_csv (const YaraRows *rows)
{
  gsize n_columns = yara_rows_get_n_columns (rows);
  g_autofree const char **cells = g_new (const char *, n_columns + 1);

  for (gsize i = 0; i < n_columns; i++)
    cells[i] = yara_rows_get_column_name (rows, i);
  if (n_columns > 0)
    output_csv_row (cells, n_columns);
  for (gsize row = 0; row < yara_rows_get_n_rows (rows); row++)
    {
      for (gsize i = 0; i < n_columns; i++)
        cells[i] = format_cell (yara_rows_get_value (rows, row, i));
      output_csv_row (cells, n_columns);
      for (gsize i = 0; i < n_columns; i++)
        g_free ((char *) cells[i]);
    }
}

/* A row as an object; of two columns of one name the last counts. */
static JsonNode *
make_row (const YaraRows *rows, gsize row)
{
  JsonNode *node = json_node_new (JSON_NODE_OBJECT);
  JsonObject *object = json_object_new ();

  for (gsize i = 0; i < yara_rows_get_n_columns (rows); i++)
    json_object_set_member (object, yara_rows_get_column_name (rows, i),
                            make_node (yara_rows_get_value (rows, row, i)));
  json_node_take_object (node, object);
  return node;
}

static void
print_lines (const YaraRows *rows)
{
  for (gsize row = 0; row < yara_rows_get_n_rows (rows); row++)
    {
      g_autoptr(JsonNode) node = make_row (rows, row);

      output_json_line (node);
    }
}

static void
add_rows (const YaraRows *rows, JsonArray *results)
{
  JsonObject *result = json_object_new ();
  JsonArray *columns = json_array_new (), *array = json_array_new ();

  for (gsize i = 0; i < yara_rows_get_n_columns (rows); i++)
    json_array_add_string_element (columns, yara_rows_get_column_name (rows, i));
  for (gsize row = 0; row < yara_rows_get_n_rows (rows); row++)
    {
      JsonArray *cells = json_array_new ();

      for (gsize i = 0; i < yara_rows_get_n_columns (rows); i++)
        json_array_add_element (cells, make_node (yara_rows_get_value (rows, row, i)));
      json_array_add_array_element (array, cells);
    }
  json_object_set_array_member (result, "columns", columns);
  json_object_set_array_member (result, "rows", array);
  json_array_add_object_element (results, result);
}

void
sql_output_rows (const YaraRows *rows, OutputFormat format, JsonArray *results)
{
  switch (format)
    {
    case FORMAT_TABLE:
      print_table (rows);
      break;
    case FORMAT_JSON:
      add_rows (rows, results);
      break;
    case FORMAT_JSONL:
      print_lines (rows);
      break;
    case FORMAT_CSV:
      print_csv (rows);
      break;
    }
}

/* The line of a plan; one of SQLite has its depth: `depths` has those of the lines before, by their numbers. */
static char *
make_plan_line (const YaraRows *rows, gsize row, GHashTable *depths)
{
  g_autofree char *text = NULL;
  guint depth;

  if (yara_rows_get_n_columns (rows) == 1)
    return format_cell (yara_rows_get_value (rows, row, 0));
  depth = GPOINTER_TO_UINT (g_hash_table_lookup (depths, GINT_TO_POINTER (yara_rows_get_int (rows, row, 1))));
  g_hash_table_insert (depths, GINT_TO_POINTER (yara_rows_get_int (rows, row, 0)), GUINT_TO_POINTER (depth + 1));
  text = format_cell (yara_rows_get_value (rows, row, 3));
  return g_strdup_printf ("%*s%s", (int) depth * 2, "", text);
}

void
sql_output_plan (const YaraRows *rows, OutputFormat format, JsonArray *results)
{
  g_autoptr(GHashTable) depths = g_hash_table_new (NULL, NULL);
  JsonArray *lines;
  JsonObject *result;

  if (format == FORMAT_JSONL || format == FORMAT_CSV)
    {
      sql_output_rows (rows, format, results);
      return;
    }
  if (yara_rows_get_n_rows (rows) == 0 && format == FORMAT_TABLE)
    puts ("(no plan)"); /* SQLite has none for statements that look nothing up */
  lines = json_array_new ();
  for (gsize row = 0; row < yara_rows_get_n_rows (rows); row++)
    {
      g_autofree char *line = make_plan_line (rows, row, depths);

      if (format == FORMAT_TABLE)
        puts (line);
      json_array_add_string_element (lines, line);
    }
  result = json_object_new ();
  json_object_set_array_member (result, "plan", lines);
  json_array_add_object_element (results, result);
}

void
sql_output_count (gint64 n_changed, OutputFormat format, JsonArray *results)
{
  JsonObject *result;

  if (format == FORMAT_TABLE)
    printf ("%" G_GINT64_FORMAT " row%s changed\n", n_changed, n_changed == 1 ? "" : "s");
  else if (format == FORMAT_JSON)
    {
      result = json_object_new ();
      json_object_set_int_member (result, "changed", n_changed);
      json_array_add_object_element (results, result);
    }
}
