/* SPDX-License-Identifier: MIT
 * From cells to rows of values. What a cell is follows from its field where there is one, else from the
 * type of the column. Answers come in binary form, or whole in text form. */
#include "backend/postgres/binary.h"

#include <yaraorm/yara-error.h>
#include "model/field.h"

typedef struct
{
  const YaraPostgresType *type;  /* NULL: none that could be read */
  const YaraFieldInfo    *field; /* (nullable) */
} YaraColumn;

gboolean
yara_postgres_knows_columns (const PGresult *answer)
{
  for (int i = 0; i < PQnfields (answer); i++)
    {
      const YaraPostgresType *type = yara_postgres_type_find (PQftype (answer, i));

      if (type == NULL || type->read == NULL)
        return FALSE;
    }
  return TRUE;
}

static YaraRows *
make_rows (PGresult *answer, const YaraStatement *statement)
{
  int n_columns = PQnfields (answer);
  g_autofree const char **names = g_new (const char *, n_columns);
  YaraRows *rows;

  for (int i = 0; i < n_columns; i++)
    if (statement->columns != NULL && statement->columns[i] != NULL)
      names[i] = statement->columns[i]->name;
    else
      names[i] = PQfname (answer, i);
  rows = yara_rows_new (n_columns, names);
  rows->backing = answer;
  rows->backing_free = (GDestroyNotify) PQclear;
  return rows;
}

static YaraColumn *
make_plan (const PGresult *answer, const YaraStatement *statement)
{
  int n_columns = PQnfields (answer);
  YaraColumn *columns = g_new (YaraColumn, n_columns);

  for (int i = 0; i < n_columns; i++)
    {
      columns[i].field = statement->columns != NULL ? statement->columns[i] : NULL;
      columns[i].type = yara_postgres_type_find (PQftype (answer, i));
      if (columns[i].type != NULL && (columns[i].type->read == NULL ||
          (columns[i].field != NULL && !yara_postgres_field_takes (columns[i].field, columns[i].type))))
        columns[i].type = NULL;
    }
  return columns;
}

static gboolean
fail_type (const PGresult *answer, int column, const YaraStatement *statement, const YaraFieldInfo *field,
           GError **error)
{
  Oid oid = PQftype (answer, column);
  g_autofree char *type = NULL;

  if (field != NULL)
    return yara_postgres_fail_column (statement->info, field, oid, error);
  type = yara_postgres_type_describe (oid);
  g_set_error (error, YARA_ERROR, YARA_ERROR_DECODE,
               "column \"%s\" has a type (%s) that is not known here; cast it to text",
               PQfname (answer, column), type);
  return FALSE;
}

static gboolean
fail_cell (const PGresult *answer, int column, const YaraStatement *statement, const YaraFieldInfo *field,
           const char *found, GError **error)
{
  if (field != NULL)
    return yara_field_fail_cell (statement->info, field, found, error);
  g_set_error (error, YARA_ERROR, YARA_ERROR_DECODE,
               "column \"%s\": the database holds %s; cast it to text to read it",
               PQfname (answer, column), found);
  return FALSE;
}

/* A cell that is not NULL. */
static gboolean
decode_cell (const PGresult *answer, int row, int i, const YaraColumn *column, const YaraStatement *statement,
             YaraArena *arena, YaraValue *value, GError **error)
{
  const char *data = PQgetvalue (answer, row, i), *found;
  gsize size = PQgetlength (answer, row, i);

  if (PQfformat (answer, i) == 0)
    found = yara_postgres_read_text (data, size, column->type != NULL ? column->type->kind : YARA_KIND_TEXT, arena,
                                     value);
  else if (column->type == NULL)
    return fail_type (answer, i, statement, column->field, error);
  else if (column->field != NULL)
    found = yara_postgres_read_field (data, size, column->type, column->field, arena, value);
  else
    {
      value->kind = column->type->kind;
      found = column->type->read (data, size, arena, value);
    }
  return found == NULL || fail_cell (answer, i, statement, column->field, found, error);
}

static gboolean
decode (const PGresult *answer, const YaraStatement *statement, YaraRows *rows, GError **error)
{
  g_autofree YaraColumn *columns = make_plan (answer, statement);
  gsize n_rows = PQntuples (answer), n_columns = rows->n_columns;

  if (statement->max_rows > 0)
    n_rows = MIN (n_rows, statement->max_rows);
  if (!yara_rows_reserve (rows, n_rows))
    return yara_postgres_fail_memory (error);
  for (gsize row = 0; row < n_rows; row++)
    {
      YaraValue *cells = yara_rows_append (rows);

      for (gsize i = 0; i < n_columns; i++)
        if (!PQgetisnull (answer, row, i) &&
            !decode_cell (answer, row, i, &columns[i], statement, &rows->arena, &cells[i], error))
          return FALSE;
    }
  return TRUE;
}

YaraRows *
yara_postgres_decode_rows (PGresult *answer, const YaraStatement *statement, GError **error)
{
  g_autoptr (YaraRows) rows = NULL;

  if (statement->columns != NULL && (guint) PQnfields (answer) != statement->n_columns)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_DECODE, "the database returned %d columns instead of %u",
                   PQnfields (answer), statement->n_columns);
      PQclear (answer);
      return NULL;
    }
  rows = make_rows (answer, statement);
  return decode (answer, statement, rows, error) ? g_steal_pointer (&rows) : NULL;
}
