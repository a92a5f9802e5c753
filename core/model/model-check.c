/* SPDX-License-Identifier: MIT
 * Names, kinds and places: whether a descriptor describes a struct that can be stored. */
#include "model/model-check.h"

#include <string.h>
#include "base/error.h"
#include "base/text.h"

/* As many columns as PostgreSQL allows. */
#define FIELDS_MAX 1600

#define BIT(kind) (1u << YARA_KIND_##kind)

static const struct
{
  gsize    size;
  gsize    alignment;
  YaraKind kind;  /* when the field names none */
  guint    kinds; /* that the C type may hold */
} c_types[] = {
  [YARA_C_TYPE_BOOL] = { sizeof (bool), _Alignof (bool), YARA_KIND_BOOL, BIT (BOOL) },
  [YARA_C_TYPE_INT16] = { sizeof (gint16), _Alignof (gint16), YARA_KIND_INT16, BIT (INT16) },
  [YARA_C_TYPE_INT32] = { sizeof (gint32), _Alignof (gint32), YARA_KIND_INT32,
                          BIT (INT32) | BIT (BOOL) | BIT (DATE) | BIT (ENUM_INT) | BIT (ENUM_TEXT) },
  [YARA_C_TYPE_UINT32] = { sizeof (guint32), _Alignof (guint32), YARA_KIND_NULL, BIT (ENUM_INT) | BIT (ENUM_TEXT) },
  [YARA_C_TYPE_INT64] = { sizeof (gint64), _Alignof (gint64), YARA_KIND_INT64, BIT (INT64) | BIT (TIMESTAMP) },
  [YARA_C_TYPE_DOUBLE] = { sizeof (double), _Alignof (double), YARA_KIND_DOUBLE, BIT (DOUBLE) },
  [YARA_C_TYPE_TEXT] = { sizeof (char *), _Alignof (char *), YARA_KIND_TEXT, BIT (TEXT) | BIT (DECIMAL) | BIT (JSON) },
  [YARA_C_TYPE_BYTES] = { sizeof (YaraBytes), _Alignof (YaraBytes), YARA_KIND_BYTES, BIT (BYTES) },
  [YARA_C_TYPE_UUID] = { sizeof (YaraUuid), _Alignof (YaraUuid), YARA_KIND_UUID, BIT (UUID) },
};

gboolean
yara_model_fail (const YaraModel *model, GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list          arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, "model %s: %s", model->name, reason);
  return FALSE;
}

gboolean
yara_model_fail_field (const YaraFieldInfo *field, const YaraModelInfo *info, GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list          arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, "%s.%s: %s", info->name, field->name, reason);
  return FALSE;
}

const char *
yara_model_name_problem (const char *name)
{
  if (name == NULL)
    return "is missing";
  if (name[0] == '\0')
    return "is empty";
  if (strnlen (name, YARA_NAME_MAX + 1) > YARA_NAME_MAX)
    return "is longer than 63 bytes";
  if (!g_utf8_validate (name, -1, NULL))
    return "is not valid UTF-8";
  for (; *name != '\0'; name++)
    if (g_ascii_iscntrl (*name))
      return "holds a control character";
  return NULL;
}

YaraKind
yara_model_field_kind (const YaraField *field)
{
  if (field->kind != YARA_KIND_NULL)
    return field->kind;
  return (gsize) field->c_type < G_N_ELEMENTS (c_types) ? c_types[field->c_type].kind : YARA_KIND_NULL;
}

gboolean
yara_model_check (const YaraModel *model, GError **error)
{
  const char *problem;

  if (model->struct_size < sizeof (YaraModel))
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
                   "a model's struct_size is %" G_GSIZE_FORMAT ", not %" G_GSIZE_FORMAT
                   "; declare it with YARA_MODEL and compile it with this version's headers",
                   model->struct_size, sizeof (YaraModel));
      return FALSE;
    }
  problem = yara_model_name_problem (model->name);
  if (problem != NULL)
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, "the name of a model %s", problem);
      return FALSE;
    }
  problem = yara_model_name_problem (model->table);
  if (problem != NULL)
    return yara_model_fail (model, error, "the name of the table %s", problem);
  if (model->connection != NULL && !yara_text_is_connection_name (model->connection))
    return yara_model_fail (model, error, "its connection cannot be a name; use 1 to %d of A-Z a-z 0-9 _ -",
                            YARA_NAME_MAX);
  if (model->description != NULL && !g_utf8_validate (model->description, -1, NULL))
    return yara_model_fail (model, error, "the description is not valid UTF-8");
  if (model->fields == NULL || model->n_fields == 0)
    return yara_model_fail (model, error, "it has no fields");
  if (model->n_fields > FIELDS_MAX)
    return yara_model_fail (model, error, "more than %d fields", FIELDS_MAX);
  return TRUE;
}

static gboolean
check_kind (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  if ((gsize) field->c_type >= G_N_ELEMENTS (c_types))
    return yara_model_fail_field (field, info, error, "unknown C type; declare it with YARA_FIELD");
  if (field->kind == YARA_KIND_NULL)
    return yara_model_fail_field (field, info, error,
                                  "an unsigned int or C enum needs a kind: YARA_FIELD_AS with ENUM_INT or ENUM_TEXT");
  if (field->kind >= YARA_KIND_LIST || (c_types[field->c_type].kinds & 1u << field->kind) == 0)
    return yara_model_fail_field (field, info, error, "its C type cannot hold the kind %s",
                                  yara_kind_get_name (field->kind));
  return TRUE;
}

static gboolean
check_place (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  gsize size = c_types[field->c_type].size, record_size = info->model->record_size;

  if (field->field->size != size)
    return yara_model_fail_field (field, info, error,
                                  "it has %" G_GSIZE_FORMAT " bytes where its C type has %" G_GSIZE_FORMAT
                                  "; text is a const char *, not an array",
                                  field->field->size, size);
  if (size > record_size || field->offset > record_size - size)
    return yara_model_fail_field (field, info, error, "it ends outside the struct of %" G_GSIZE_FORMAT " bytes",
                                  record_size);
  if (field->offset % c_types[field->c_type].alignment != 0)
    return yara_model_fail_field (field, info, error, "its offset is not aligned; the struct must not be packed");
  return TRUE;
}

static gboolean
check_null (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  gboolean tells_null = field->c_type == YARA_C_TYPE_TEXT || field->c_type == YARA_C_TYPE_BYTES ||
                        field->c_type == YARA_C_TYPE_UUID;
  gboolean has_flag = field->null_offset != G_MAXSIZE;

  if (has_flag && field->null_offset >= info->model->record_size)
    return yara_model_fail_field (field, info, error, "its null_flag lies outside the struct; use YARA_NULL_FLAG");
  if (has_flag && tells_null)
    return yara_model_fail_field (field, info, error,
                                  "it needs no null_flag: a pointer is NULL by itself, a UUID by being zero");
  if (field->field->nullable && !has_flag && !tells_null)
    return yara_model_fail_field (field, info, error, "a nullable %s needs a null_flag, a bool in the struct",
                                  yara_kind_get_name (field->kind));
  if (field->field->default_sql != NULL && !has_flag && !tells_null)
    return yara_model_fail_field (field, info, error,
                                  "default_sql is used for NULL; a field of kind %s needs a null_flag, a bool in the struct",
                                  yara_kind_get_name (field->kind));
  return TRUE;
}

gboolean
yara_model_check_field (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  const char *problem = yara_model_name_problem (field->column);

  if (problem != NULL)
    return yara_model_fail_field (field, info, error, "the name of the column %s", problem);
  if (field->field->description != NULL && !g_utf8_validate (field->field->description, -1, NULL))
    return yara_model_fail_field (field, info, error, "the description is not valid UTF-8");
  return check_kind (info, field, error) && check_place (info, field, error) && check_null (info, field, error) &&
         yara_model_check_options (info, field, error);
}

/* YARA_NULL_FLAG takes any member, so one that is a field itself is a slip. */
static gboolean
check_flag_against (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraFieldInfo *other, GError **error)
{
  if (field->null_offset >= other->offset && field->null_offset - other->offset < other->field->size)
    return yara_model_fail_field (field, info, error, "its null_flag lies in the field %s; give it a bool of its own",
                                  other->name);
  return TRUE;
}

gboolean
yara_model_check_fields (const YaraModelInfo *info, GError **error)
{
  for (guint i = 0; i < info->n_fields; i++)
    for (guint j = 0; j < info->n_fields; j++)
      {
        const YaraFieldInfo *field = &info->fields[i], *other = &info->fields[j];

        if (!check_flag_against (info, field, other, error))
          return FALSE;
        if (j >= i)
          continue;
        if (field->null_offset != G_MAXSIZE && field->null_offset == other->null_offset)
          return yara_model_fail_field (field, info, error, "its null_flag is also that of %s; give it a bool of its own",
                                        other->name);
        if (strcmp (field->name, other->name) == 0)
          return yara_model_fail (info->model, error, "two fields are named %s", field->name);
        /* SQLite does not tell the letter case of columns apart. */
        if (g_ascii_strcasecmp (field->column, other->column) == 0)
          return yara_model_fail_field (field, info, error, "its column %s is already that of %s", field->column,
                                        other->name);
      }
  return TRUE;
}
