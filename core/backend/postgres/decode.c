/* SPDX-License-Identifier: MIT
 * From cells to records. What is to be done with a column is found once for the answer; type, length and
 * range of every cell are checked: nothing is cut or converted silently. */
#include "backend/postgres/binary.h"

#include <yaraorm/yara-error.h>
#include "model/field.h"

gboolean
yara_postgres_fail_memory (GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "out of memory for the result; ask for fewer rows");
  return FALSE;
}

gboolean
yara_postgres_fail_column (const YaraModelInfo *info, const YaraFieldInfo *field, Oid oid, GError **error)
{
  g_autofree char *type = yara_postgres_type_describe (oid);

  g_set_error (error, YARA_ERROR, YARA_ERROR_DECODE,
               "%s.%s: the column \"%s\" is of type %s, which a field of kind %s cannot take; correct the model "
               "or the table",
               info->name, field->name, field->column, type, yara_kind_get_name (field->kind));
  return FALSE;
}

/* ---- cells of fields ---- */

gboolean
yara_postgres_field_takes (const YaraFieldInfo *field, const YaraPostgresType *type)
{
  if (type == NULL || type->read == NULL)
    return FALSE;
  switch (field->kind)
    {
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_ENUM_INT:
      return type->kind == YARA_KIND_INT64;
    case YARA_KIND_DOUBLE:
      return type->kind == YARA_KIND_DOUBLE || type->kind == YARA_KIND_INT64;
    case YARA_KIND_ENUM_TEXT:
      return type->kind == YARA_KIND_TEXT;
    default:
      return type->kind == field->kind;
    }
}

static const char *
take_integer (gint64 number, gint64 minimum, gint64 maximum)
{
  return number >= minimum && number <= maximum ? NULL : "an integer out of range";
}

static const char *
take_double (const YaraPostgresType *type, YaraValue *value)
{
  const gint64 exact = G_GINT64_CONSTANT (1) << 53;
  gint64 integer = value->integer;

  if (type->kind == YARA_KIND_DOUBLE)
    return NULL;
  value->number = integer;
  return take_integer (integer, -exact, exact);
}

static const char *
take_choice_number (const YaraChoice *choice, gint64 number)
{
  while (choice->name != NULL && choice->value != number)
    choice++;
  return choice->name != NULL ? NULL : "an integer that is none of the choices";
}

/* The text becomes that of the choice itself. */
static const char *
take_choice_name (const YaraChoice *choice, YaraBytes *name)
{
  for (; choice->name != NULL; choice++)
    if (strlen (choice->name) == name->size && memcmp (choice->name, name->data, name->size) == 0)
      {
        name->data = choice->name;
        return NULL;
      }
  return "text that is none of the choices";
}

static const char *
take_decimal (YaraBytes text)
{
  return g_ascii_isdigit (((const char *) text.data)[text.size - 1]) ? NULL : "NaN or an infinity";
}

const char *
yara_postgres_read_field (const char *data, gsize size, const YaraPostgresType *type, const YaraFieldInfo *field,
                          YaraArena *arena, YaraValue *value)
{
  const char *found = type->read (data, size, arena, value);

  value->kind = field->kind;
  if (found != NULL)
    return found;
  switch (field->kind)
    {
    case YARA_KIND_INT16:
      return take_integer (value->integer, G_MININT16, G_MAXINT16);
    case YARA_KIND_INT32:
      return take_integer (value->integer, G_MININT32, G_MAXINT32);
    case YARA_KIND_DOUBLE:
      return take_double (type, value);
    case YARA_KIND_DECIMAL:
      return take_decimal (value->bytes);
    case YARA_KIND_ENUM_INT:
      return take_choice_number (field->field->choices, value->integer);
    case YARA_KIND_ENUM_TEXT:
      return take_choice_name (field->field->choices, &value->bytes);
    default:
      return NULL;
    }
}

/* ---- records ---- */

/* Columns whose cells are what the member is. */
typedef enum
{
  WAY_ANY, /* all others: by way of a value */
  WAY_BOOL,
  WAY_INT16,
  WAY_INT32,
  WAY_INT64,
  WAY_DOUBLE,
  WAY_TEXT,
  WAY_UUID,
  WAY_TIMESTAMP
} YaraWay;

/* What is to be done with one column; small, because it is read for every cell. */
typedef struct
{
  YaraWay                 way;
  guint32                 offset; /* of the member */
  const YaraPostgresType *type;   /* of WAY_ANY; else it is looked for when a cell is none of the usual */
  const YaraFieldInfo    *field;
} YaraStep;

/* The types of columns that need no value in between, by the kind of the field. */
static const struct
{
  Oid     type, other;
  YaraWay way;
} direct[] = {
  [YARA_KIND_BOOL] = { YARA_OID_BOOL, 0, WAY_BOOL },
  [YARA_KIND_INT16] = { YARA_OID_INT2, 0, WAY_INT16 },
  [YARA_KIND_INT32] = { YARA_OID_INT4, 0, WAY_INT32 },
  [YARA_KIND_INT64] = { YARA_OID_INT8, 0, WAY_INT64 },
  [YARA_KIND_DOUBLE] = { YARA_OID_FLOAT8, 0, WAY_DOUBLE },
  [YARA_KIND_TEXT] = { YARA_OID_VARCHAR, YARA_OID_TEXT, WAY_TEXT },
  [YARA_KIND_UUID] = { YARA_OID_UUID, 0, WAY_UUID },
  [YARA_KIND_TIMESTAMP] = { YARA_OID_TIMESTAMPTZ, YARA_OID_TIMESTAMP, WAY_TIMESTAMP },
};

static inline YaraWay
find_way (const YaraFieldInfo *field, Oid type)
{
  YaraKind kind = field->kind;

  if (kind >= G_N_ELEMENTS (direct) || (type != direct[kind].type && type != direct[kind].other) ||
      (kind == YARA_KIND_BOOL && field->c_type != YARA_C_TYPE_BOOL))
    return WAY_ANY;
  return direct[kind].way;
}

/* FALSE with an error when a column is none that its field takes. */
static gboolean
make_plan (YaraStep *plan, const PGresult *answer, const YaraModelInfo *info, GError **error)
{
  guint n_columns = PQnfields (answer);

  if (n_columns != info->n_fields)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_DECODE,
                   "%s: the database returned %u columns for a model of %u fields",
                   info->name, n_columns, info->n_fields);
      return FALSE;
    }
  for (guint i = 0; i < n_columns; i++)
    {
      const YaraFieldInfo *field = &info->fields[i];
      Oid oid = PQftype (answer, i);

      plan[i] = (YaraStep) { find_way (field, oid), field->offset, NULL, field };
      if (plan[i].way != WAY_ANY)
        continue;
      plan[i].type = yara_postgres_type_find (oid);
      if (!yara_postgres_field_takes (field, plan[i].type))
        return yara_postgres_fail_column (info, field, oid, error);
    }
  return TRUE;
}

/* FALSE: have a closer look. NULL has size 0. */
static inline gboolean
decode_usual (const char *data, int size, gpointer member, YaraWay way)
{
  gint64 number;

  switch (way)
    {
    case WAY_BOOL:
      *(bool *) member = *data != 0;
      return size == 1;
    case WAY_INT16:
      if (G_UNLIKELY (size != 2))
        return FALSE;
      *(gint16 *) member = yara_read_16 (data);
      return TRUE;
    case WAY_INT32:
      if (G_UNLIKELY (size != 4))
        return FALSE;
      *(gint32 *) member = yara_read_32 (data);
      return TRUE;
    case WAY_INT64:
      if (G_UNLIKELY (size != 8))
        return FALSE;
      *(gint64 *) member = yara_read_64 (data);
      return TRUE;
    case WAY_DOUBLE:
      if (G_UNLIKELY (size != 8))
        return FALSE;
      *(double *) member = yara_read_double (data);
      return TRUE;
    case WAY_TEXT:
      if (G_UNLIKELY (size == 0))
        return FALSE;
      *(const char **) member = data;
      return TRUE;
    case WAY_UUID:
      if (G_UNLIKELY (size != sizeof (YaraUuid)))
        return FALSE;
      memcpy (member, data, sizeof (YaraUuid));
      return TRUE;
    case WAY_TIMESTAMP:
      if (G_UNLIKELY (size != 8))
        return FALSE;
      number = (gint64) yara_read_64 (data);
      /* The infinities do not fit, or are refused where errors are made. */
      return number != G_MININT64 && !__builtin_add_overflow (number, YARA_EPOCH_MICROSECONDS, (gint64 *) member);
    case WAY_ANY:
      return FALSE;
    }
  return FALSE;
}

/* Every kind and every surprise. */
static gboolean
decode_any (const PGresult *answer, int row, const YaraModelInfo *info, const YaraStep *step, char *record,
            YaraArena *arena, GError **error)
{
  const YaraFieldInfo *field = step->field;
  const YaraPostgresType *type = step->type;
  const char *found;
  YaraValue value;

  if (PQgetisnull (answer, row, field->index))
    return yara_field_store_null (info, field, record, error);
  if (type == NULL)
    type = yara_postgres_type_find (PQftype (answer, field->index));
  found = yara_postgres_read_field (PQgetvalue (answer, row, field->index),
                                    PQgetlength (answer, row, field->index), type, field, arena, &value);
  if (found != NULL)
    return yara_field_fail_cell (info, field, found, error);
  yara_field_store (field, record, &value);
  return TRUE;
}

static gboolean
decode (const PGresult *answer, const YaraModelInfo *info, const YaraStep *plan, YaraResult *result,
        GError **error)
{
  int n_rows = PQntuples (answer), n_columns = info->n_fields;

  result->expected = n_rows;
  for (int row = 0; row < n_rows; row++)
    {
      char *record = yara_result_append (result);

      if (G_UNLIKELY (record == NULL))
        return yara_postgres_fail_memory (error);
      for (int i = 0; i < n_columns; i++)
        if (G_UNLIKELY (!decode_usual (PQgetvalue (answer, row, i), PQgetlength (answer, row, i),
                                       record + plan[i].offset, plan[i].way)) &&
            !decode_any (answer, row, info, &plan[i], record, &result->arena, error))
          return FALSE;
    }
  return TRUE;
}

gboolean
yara_postgres_decode_records (PGresult *answer, const YaraModelInfo *info, YaraResult *result, GError **error)
{
  YaraStep usual[16];
  g_autofree YaraStep *many = info->n_fields > G_N_ELEMENTS (usual) ? g_new (YaraStep, info->n_fields) : NULL;
  YaraStep *plan = many != NULL ? many : usual;

  g_assert (result->backing == NULL);
  result->backing = answer;
  result->backing_free = (GDestroyNotify) PQclear;
  return make_plan (plan, answer, info, error) && decode (answer, info, plan, result, error);
}
