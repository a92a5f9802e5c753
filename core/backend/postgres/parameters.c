/* SPDX-License-Identifier: MIT
 * The values of a statement in the form in which libpq takes them. */
#include "backend/postgres/postgres.h"

#include <math.h>
#include <yaraorm/yara-error.h>
#include "backend/postgres/types.h"

static gboolean
fail_memory (GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL, "out of memory for the values of the statement");
  return FALSE;
}

static gboolean
fail_value (const YaraStatement *statement, guint index, GError **error)
{
  g_prefix_error (error, "value %u ", index + 1);
  return FALSE;
}

static gboolean
allocate (YaraParameters *parameters, const YaraStatement *statement, GError **error)
{
  gsize n = statement->n_values;

  parameters->types = yara_arena_try_alloc (&parameters->arena, n * sizeof (Oid));
  parameters->data = yara_arena_try_alloc (&parameters->arena, n * sizeof (char *));
  parameters->lengths = yara_arena_try_alloc (&parameters->arena, n * sizeof (int));
  parameters->formats = yara_arena_try_alloc (&parameters->arena, n * sizeof (int));
  if (parameters->types == NULL || parameters->data == NULL || parameters->lengths == NULL ||
      parameters->formats == NULL)
    return fail_memory (error);
  for (guint i = 0; i < n; i++)
    parameters->types[i] = yara_postgres_type_of (&statement->values[i]);
  return TRUE;
}

/* What nobody has checked yet: arguments of raw SQL. */
static const char *
find_fault (const YaraValue *value)
{
  const char *fault = NULL;

  switch (value->kind)
    {
    case YARA_KIND_DOUBLE:
      return isnan (value->number) ? "is not a number (NaN)" : NULL;
    case YARA_KIND_TEXT:
    case YARA_KIND_JSON:
    case YARA_KIND_DECIMAL:
    case YARA_KIND_ENUM_TEXT:
      return g_utf8_validate_len (value->bytes.data, value->bytes.size, NULL) ? NULL
                                                                              : "is not valid UTF-8 text without NUL";
    case YARA_KIND_LIST:
      for (gsize i = 0; fault == NULL && i < value->list.n_values; i++)
        fault = find_fault (&value->list.values[i]);
      return fault;
    default:
      return NULL;
    }
}

static gboolean
check_arguments (const YaraStatement *statement, GError **error)
{
  for (guint i = 0; statement->is_raw && i < statement->n_values; i++)
    {
      const char *fault = find_fault (&statement->values[i]);

      if (fault == NULL)
        continue;
      g_set_error (error, YARA_ERROR, YARA_ERROR_FIELD, "value %u %s", i + 1, fault);
      return FALSE;
    }
  return TRUE;
}

static gboolean
encode (YaraParameters *parameters, const YaraStatement *statement, GError **error)
{
  for (guint i = 0; i < statement->n_values; i++)
    if (!yara_postgres_encode (&statement->values[i], parameters->types[i], &parameters->arena, &parameters->data[i],
                               &parameters->lengths[i], &parameters->formats[i], error))
      return fail_value (statement, i, error);
  return TRUE;
}

static gboolean
check_number (const YaraStatement *statement, GError **error)
{
  if (statement->n_values <= G_MAXUINT16)
    return TRUE;
  g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL,
               "the statement has %u values, and PostgreSQL takes at most %d; send fewer, or a list as one value",
               statement->n_values, G_MAXUINT16);
  return FALSE;
}

gboolean
yara_postgres_parameters_init (YaraParameters *parameters, const YaraStatement *statement, GError **error)
{
  yara_arena_init_with (&parameters->arena, parameters->space, sizeof parameters->space);
  return check_number (statement, error) && check_arguments (statement, error) &&
         allocate (parameters, statement, error) && encode (parameters, statement, error);
}

void
yara_postgres_parameters_clear (YaraParameters *parameters)
{
  yara_arena_clear (&parameters->arena);
}
