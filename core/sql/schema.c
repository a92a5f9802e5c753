/* SPDX-License-Identifier: MIT
 * CREATE TABLE and CREATE INDEX, and what takes a column or an index away. */
#include "sql/schema.h"

#include "base/error.h"

static const char *
on_delete_text (YaraOnDelete on_delete)
{
  switch (on_delete)
    {
    case YARA_ON_DELETE_CASCADE:
      return "CASCADE";
    case YARA_ON_DELETE_RESTRICT:
      return "RESTRICT";
    case YARA_ON_DELETE_SET_NULL:
      return "SET NULL";
    case YARA_ON_DELETE_SET_DEFAULT:
      return "SET DEFAULT";
    case YARA_ON_DELETE_NO_ACTION:
      return "NO ACTION";
    }
  g_return_val_if_reached ("NO ACTION");
}

static void
append_reference (GString *sql, const YaraModelInfo *target, YaraOnDelete on_delete)
{
  g_string_append (sql, " REFERENCES ");
  yara_append_identifier (sql, target->table);
  g_string_append (sql, " (");
  yara_append_identifier (sql, target->key->column);
  g_string_append_printf (sql, ") ON DELETE %s", on_delete_text (on_delete));
}

/* `adds`: to a table that is there. SQLite cannot add a unique column. */
static gboolean
append_column (const YaraDialect *dialect, const YaraModelInfo *info, const YaraFieldInfo *field, gboolean adds,
               YaraModelFinder find, gpointer user_data, GString *sql, GError **error)
{
  const YaraField *options = field->field;

  yara_append_identifier (sql, field->column);
  g_string_append_c (sql, ' ');
  if (field == info->key && info->key_maker == YARA_KEY_DATABASE)
    dialect->append_database_key (sql, field);
  else
    {
      dialect->append_type (sql, field);
      g_string_append (sql, options->nullable ? "" : " NOT NULL");
      g_string_append (sql, field == info->key ? " PRIMARY KEY" : options->unique && !adds ? " UNIQUE" : "");
      if (options->default_sql != NULL)
        g_string_append_printf (sql, " DEFAULT (%s)", options->default_sql);
      else if (field->has_default)
        {
          g_string_append (sql, " DEFAULT ");
          dialect->append_default (sql, field);
        }
    }
  if (options->references != NULL && !options->unconstrained)
    {
      const YaraModelInfo *target = options->references == info->model
                                      ? info : find (options->references, user_data);

      if (target == NULL)
        {
          g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
                       "%s.%s: refers to model %s, which is not registered; register it or make the field "
                       "unconstrained", info->name, field->name, options->references->name);
          return FALSE;
        }
      append_reference (sql, target, options->on_delete);
    }
  return TRUE;
}

static gboolean
add_table (const YaraDialect *dialect, const YaraModelInfo *info, gboolean safe, YaraModelFinder find,
           gpointer user_data, GPtrArray *statements, GError **error)
{
  GString *sql = g_string_new (safe ? "CREATE TABLE IF NOT EXISTS " : "CREATE TABLE ");

  yara_append_identifier (sql, info->table);
  for (guint i = 0; i < info->n_fields; i++)
    {
      g_string_append (sql, i == 0 ? " (" : ", ");
      if (!append_column (dialect, info, &info->fields[i], FALSE, find, user_data, sql, error))
        {
          g_string_free (sql, TRUE);
          return FALSE;
        }
    }
  g_string_append_c (sql, ')');
  if (*dialect->table_options != '\0')
    g_string_append_printf (sql, " %s", dialect->table_options);
  g_ptr_array_add (statements, g_string_free (sql, FALSE));
  return TRUE;
}

static char *
make_index (const YaraModelInfo *info, const YaraIndexInfo *index, gboolean safe)
{
  GString *sql = g_string_new (index->unique ? "CREATE UNIQUE INDEX " : "CREATE INDEX ");

  g_string_append (sql, safe ? "IF NOT EXISTS " : "");
  yara_append_identifier (sql, index->name);
  g_string_append (sql, " ON ");
  yara_append_identifier (sql, info->table);
  for (guint i = 0; i < index->n_fields; i++)
    {
      g_string_append (sql, i == 0 ? " (" : ", ");
      yara_append_identifier (sql, index->fields[i]->column);
    }
  g_string_append_c (sql, ')');
  return g_string_free (sql, FALSE);
}

gboolean
yara_schema_append (const YaraDialect *dialect, const YaraModelInfo *info, gboolean safe, YaraModelFinder find,
                    gpointer user_data, GPtrArray *statements, GError **error)
{
  if (!dialect->check_model (info, error) ||
      !add_table (dialect, info, safe, find, user_data, statements, error))
    return FALSE;
  for (guint i = 0; i < info->n_indexes; i++)
    g_ptr_array_add (statements, make_index (info, &info->indexes[i], safe));
  if (dialect->add_comments != NULL)
    dialect->add_comments (info, statements);
  return TRUE;
}

/* ---- what is missing ---- */

static gboolean
has (GHashTable *existing, char kind, const char *name)
{
  g_autofree char *entry = g_strdup_printf ("%c%s", kind, name);

  return g_hash_table_contains (existing, entry);
}

static gboolean
add_column (const YaraDialect *dialect, const YaraModelInfo *info, const YaraFieldInfo *field, YaraModelFinder find,
            gpointer user_data, GPtrArray *statements, GError **error)
{
  GString *sql = g_string_new ("ALTER TABLE ");
  gboolean ok;

  yara_append_identifier (sql, info->table);
  g_string_append (sql, " ADD COLUMN ");
  ok = append_column (dialect, info, field, TRUE, find, user_data, sql, error);
  g_ptr_array_add (statements, g_string_free (sql, FALSE));
  return ok;
}

/* The name of the index of a unique column that was added: (transfer full). */
static char *
name_unique_index (const YaraModelInfo *info, const YaraFieldInfo *field)
{
  return g_strdup_printf ("uq_%s_%s", info->table, field->column);
}

static void
add_unique_index (const YaraModelInfo *info, const YaraFieldInfo *field, GPtrArray *statements)
{
  g_autofree char *name = name_unique_index (info, field);
  const YaraFieldInfo *fields[] = { field };
  YaraIndexInfo index = { name, fields, 1, TRUE };

  g_ptr_array_add (statements, make_index (info, &index, FALSE));
}

gboolean
yara_schema_append_missing (const YaraDialect *dialect, const YaraModelInfo *info, GHashTable *existing,
                            YaraModelFinder find, gpointer user_data, GPtrArray *statements, GError **error)
{
  if (g_hash_table_size (existing) == 0)
    return yara_schema_append (dialect, info, FALSE, find, user_data, statements, error);
  if (!dialect->check_model (info, error))
    return FALSE;
  for (guint i = 0; i < info->n_fields; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];

      if (has (existing, 'c', field->column))
        continue;
      if (!add_column (dialect, info, field, find, user_data, statements, error))
        return FALSE;
      if (field->field->unique)
        add_unique_index (info, field, statements);
    }
  for (guint i = 0; i < info->n_indexes; i++)
    if (!has (existing, 'i', info->indexes[i].name))
      g_ptr_array_add (statements, make_index (info, &info->indexes[i], FALSE));
  return TRUE;
}

/* ---- what is there and has no model ---- */

static void
remove_entry (GHashTable *existing, char kind, const char *name)
{
  g_autofree char *entry = g_strdup_printf ("%c%s", kind, name);

  g_hash_table_remove (existing, entry);
}

void
yara_schema_remove_own (const YaraModelInfo *info, GHashTable *existing)
{
  for (guint i = 0; i < info->n_fields; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];
      g_autofree char *index = field->field->unique ? name_unique_index (info, field) : NULL;

      remove_entry (existing, 'c', field->column);
      if (index != NULL)
        remove_entry (existing, 'i', index);
    }
  for (guint i = 0; i < info->n_indexes; i++)
    remove_entry (existing, 'i', info->indexes[i].name);
}

char *
yara_schema_drop_column (const char *table, const char *name)
{
  GString *sql = g_string_new ("ALTER TABLE ");

  yara_append_identifier (sql, table);
  g_string_append (sql, " DROP COLUMN ");
  yara_append_identifier (sql, name);
  return g_string_free (sql, FALSE);
}

char *
yara_schema_drop_index (const char *name)
{
  GString *sql = g_string_new ("DROP INDEX ");

  yara_append_identifier (sql, name);
  return g_string_free (sql, FALSE);
}
