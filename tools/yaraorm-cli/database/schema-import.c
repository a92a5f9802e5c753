/* SPDX-License-Identifier: MIT
 * "schema import": the tables of a database as [model] groups. */
#include <stdio.h>
#include <string.h>

#include "database/database.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/interrupt.h"
#include "shell/options.h"
#include "shell/output.h"

/* A row for each column of each table, in their order. */
enum { TABLE, COLUMN, TYPE, NULLABLE, LENGTH, PRECISION, SCALE, KEY, KEYS, GENERATED, REFERENCES };

#define SQLITE_SQL \
  "SELECT m.name, c.name, lower (c.type), c.\"notnull\" = 0, 0, 0, 0, c.pk > 0, " \
  "(SELECT count (*) FROM pragma_table_info (m.name) WHERE pk > 0), lower (c.type) = 'integer', " \
  "(SELECT \"table\" FROM pragma_foreign_key_list (m.name) WHERE \"from\" = c.name LIMIT 1) " \
  "FROM sqlite_schema AS m JOIN pragma_table_info (m.name) AS c " \
  "WHERE m.type = 'table' AND m.name NOT LIKE 'sqlite~_%' ESCAPE '~' ORDER BY m.name, c.cid"

#define POSTGRES_SQL \
  "SELECT r.relname::text, a.attname::text, t.typname::text, NOT a.attnotnull, " \
  "CASE WHEN t.typname = 'varchar' AND a.atttypmod > 4 THEN a.atttypmod - 4 ELSE 0 END, " \
  "CASE WHEN t.typname = 'numeric' AND a.atttypmod > 4 THEN (a.atttypmod - 4) >> 16 ELSE 0 END, " \
  "CASE WHEN t.typname = 'numeric' AND a.atttypmod > 4 THEN (a.atttypmod - 4) & 65535 ELSE 0 END, " \
  "coalesce (a.attnum = ANY (k.conkey), FALSE), coalesce (array_length (k.conkey, 1), 0), " \
  "a.attidentity <> '' OR a.atthasdef, " \
  "(SELECT g.relname::text FROM pg_constraint AS f JOIN pg_class AS g ON g.oid = f.confrelid " \
  "WHERE f.contype = 'f' AND f.conrelid = r.oid AND f.conkey = ARRAY[a.attnum] LIMIT 1) " \
  "FROM pg_class AS r JOIN pg_attribute AS a ON a.attrelid = r.oid JOIN pg_type AS t ON t.oid = a.atttypid " \
  "LEFT JOIN pg_constraint AS k ON k.conrelid = r.oid AND k.contype = 'p' " \
  "WHERE r.relnamespace = current_schema ()::regnamespace AND r.relkind IN ('r', 'p') AND a.attnum > 0 " \
  "AND NOT a.attisdropped ORDER BY r.relname, a.attnum"

/* Types by the start of their names: those of PostgreSQL, then what SQLite files use. */
static const struct
{
  const char *start, *kind;
} types[] = {
  { "int2", "int16" }, { "int4", "int32" }, { "int8", "int64" }, { "float4", "double" }, { "float8", "double" },
  { "bool", "bool" }, { "numeric", "decimal" }, { "timestamptz", "timestamp" }, { "date", "date" }, { "uuid", "uuid" },
  { "json", "json" }, { "bytea", "bytes" }, { "text", "text" }, { "varchar", "text" }, { "bpchar", "text" },
  { "smallint", "int16" }, { "int", "int64" }, { "bigint", "int64" }, { "real", "double" }, { "double", "double" },
  { "blob", "bytes" }, { "char", "text" },
};

static const char *
find_kind (const char *type)
{
  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    if (g_str_has_prefix (type, types[i].start) && (strcmp (type, "date") == 0 || strcmp (types[i].start, "date") != 0))
      return types[i].kind;
  return NULL;
}

/* "audit_log" becomes "AuditLog": (transfer full). */
static char *
name_model (const char *table)
{
  GString *name = g_string_new (NULL);
  gboolean starts = TRUE;

  for (; *table != '\0'; table++)
    if (g_ascii_isalnum (*table) || (guchar) *table >= 0x80)
      {
        g_string_append_c (name, starts ? g_ascii_toupper (*table) : *table);
        starts = FALSE;
      }
    else
      starts = TRUE;
  if (name->len == 0)
    g_string_append (name, "Table");
  return g_string_free (name, FALSE);
}

static const char *
get_text (const YaraRows *rows, gsize row, guint column)
{
  return yara_rows_is_null (rows, row, column) ? NULL : yara_rows_get_text (rows, row, column);
}

static gint64
get_number (const YaraRows *rows, gsize row, guint column)
{
  return yara_rows_get_int (rows, row, column);
}

/* Whether the file would not give the name back: blanks at its ends are lost. */
static gboolean
is_trimmed (const char *name)
{
  return *name == '\0' || g_ascii_isspace (*name) || g_ascii_isspace (name[strlen (name) - 1]);
}

static const char *find_obstacle (const YaraRows *rows, gsize row);

/* Whether a table before the one that begins at `row` becomes a model of the same name. */
static gboolean
is_taken (const YaraRows *rows, gsize row)
{
  g_autofree char *model = name_model (get_text (rows, row, TABLE));

  for (gsize i = 0; i < row; i++)
    {
      const char *table = get_text (rows, i, TABLE);
      g_autofree char *other = NULL;

      if (i > 0 && strcmp (table, get_text (rows, i - 1, TABLE)) == 0)
        continue;
      other = name_model (table);
      if (strcmp (other, model) == 0 && find_obstacle (rows, i) == NULL)
        return TRUE;
    }
  return FALSE;
}

/* Why the table that begins at `row` cannot be that of a model, which has one key, names that a file can hold, and
 * its own name; NULL: it can. */
static const char *
find_obstacle (const YaraRows *rows, gsize row)
{
  const char *table = get_text (rows, row, TABLE);

  if (get_number (rows, row, KEYS) != 1)
    return get_number (rows, row, KEYS) == 0 ? "it has no primary key" : "its primary key has several columns";
  for (gsize i = row; i < yara_rows_get_n_rows (rows) && strcmp (get_text (rows, i, TABLE), table) == 0; i++)
    {
      const char *column = get_text (rows, i, COLUMN);

      if (strpbrk (column, "=[]\n\r") != NULL || *column == '#' || is_trimmed (column))
        return "a column has a name that the file cannot hold";
    }
  if (strpbrk (table, "\n\r\\") != NULL || is_trimmed (table))
    return "its name cannot stand in the file";
  return is_taken (rows, row) ? "the model of another table has the same name" : NULL;
}

static gboolean
is_model (const YaraRows *rows, const char *table)
{
  for (gsize row = 0; row < yara_rows_get_n_rows (rows); row++)
    if (strcmp (get_text (rows, row, TABLE), table) == 0)
      return find_obstacle (rows, row) == NULL;
  return FALSE;
}

static void
append_field (GString *text, const YaraRows *rows, gsize row)
{
  const char *column = get_text (rows, row, COLUMN), *target = get_text (rows, row, REFERENCES);
  const char *kind = find_kind (get_text (rows, row, TYPE));
  gboolean is_key = get_number (rows, row, KEY) != 0, is_whole = kind != NULL && g_str_has_prefix (kind, "int");

  if (kind == NULL || (strcmp (kind, "decimal") == 0 && get_number (rows, row, PRECISION) == 0))
    {
      g_string_append_printf (text, "# field.%s: no kind of field is like \"%s\"\n", column, get_text (rows, row, TYPE));
      return;
    }
  g_string_append_printf (text, "field.%s=%s", column, kind);
  if (is_key)
    g_string_append (text, is_whole && get_number (rows, row, GENERATED) == 0 ? "; primary-key; natural" : "; primary-key");
  else if (get_number (rows, row, NULLABLE) != 0)
    g_string_append (text, "; nullable");
  if (get_number (rows, row, LENGTH) > 0)
    g_string_append_printf (text, "; max=%" G_GINT64_FORMAT, get_number (rows, row, LENGTH));
  if (strcmp (kind, "decimal") == 0)
    g_string_append_printf (text, "; precision=%" G_GINT64_FORMAT "; scale=%" G_GINT64_FORMAT,
                            get_number (rows, row, PRECISION), get_number (rows, row, SCALE));
  if (target != NULL && is_model (rows, target))
    {
      g_autofree char *model = name_model (target);

      g_string_append_printf (text, "; references=%s", model);
    }
  g_string_append_c (text, '\n');
}

/* The groups, as text: (transfer full). */
static char *
make_groups (const YaraRows *rows, const char *connection)
{
  GString *text = g_string_new (NULL);
  const char *table = NULL, *obstacle = NULL;

  for (gsize row = 0; row < yara_rows_get_n_rows (rows); row++)
    {
      if (table == NULL || strcmp (table, get_text (rows, row, TABLE)) != 0)
        {
          g_autofree char *model = name_model (get_text (rows, row, TABLE));

          table = get_text (rows, row, TABLE);
          obstacle = find_obstacle (rows, row);
          if (text->len > 0)
            g_string_append_c (text, '\n');
          if (obstacle != NULL)
            g_string_append_printf (text, "# left out: %.*s: %s\n", (int) strcspn (table, "\r\n"), table, obstacle);
          else
            g_string_append_printf (text, "[model %s]\ntable=%s\n", model, table);
          if (obstacle == NULL && strcmp (connection, "default") != 0)
            g_string_append_printf (text, "connection=%s\n", connection);
        }
      if (obstacle == NULL)
        append_field (text, rows, row);
    }
  return g_string_free (text, FALSE);
}

int
command_schema_import (char **arguments)
{
  g_autoptr(Options) options = options_new ("schema import", "NAME");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(YaraConfig) config = NULL;
  g_autoptr(Report) report = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraOrm) orm = NULL;
  g_autoptr(YaraRows) rows = NULL;
  g_autofree char *groups = NULL;
  int status;

  if (!options_parse (options, &words, &status))
    return status;
  if (g_strv_length (words) != 2)
    return options_wrong ("schema import", words[1] == NULL ? "NAME is missing" : "one NAME is wanted");
  config = configuration_load (&report);
  if (report == NULL)
    report = configuration_check_name (config, words[1]);
  if (report != NULL)
    return report_print (report, NULL);
  orm = database_open (config, words[1], FALSE, interrupt_get_timed (), &error);
  if (orm != NULL)
    rows = yara_connection_fetch_rows (database_get (orm, words[1]),
                                       strcmp (configuration_get_backend (config, words[1]), "sqlite") == 0
                                         ? SQLITE_SQL : POSTGRES_SQL, NULL, interrupt_get_timed (), &error);
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return interrupt_report ();
  if (rows == NULL)
    {
      report = database_report (words[1], error);
      return report_print (report, NULL);
    }
  groups = make_groups (rows, words[1]);
  output_text (groups);
  return STATUS_DONE;
}
