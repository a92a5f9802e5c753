/* SPDX-License-Identifier: MIT
 * The options of one field: whether they go with its kind and with each other. */
#include "model/model-check.h"

#include <string.h>

#define PRECISION_MAX 1000

static gboolean
is_enum (const YaraFieldInfo *field)
{
  return field->kind == YARA_KIND_ENUM_INT || field->kind == YARA_KIND_ENUM_TEXT;
}

static gboolean
check_key (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  const YaraField *options = field->field;

  if (!options->primary_key)
    return !options->natural || yara_model_fail_field (field, info, error, "natural is for the primary key");
  if (options->nullable || options->null_flag != 0)
    return yara_model_fail_field (field, info, error, "a primary key cannot be NULL");
  if (field->kind == YARA_KIND_BYTES || field->kind == YARA_KIND_DOUBLE || field->kind == YARA_KIND_JSON)
    return yara_model_fail_field (field, info, error, "a primary key cannot be of kind %s",
                                  yara_kind_get_name (field->kind));
  if (options->default_value != NULL || options->default_sql != NULL || options->auto_now || options->auto_now_add)
    return yara_model_fail_field (field, info, error,
                                  "a primary key has no default: the program or the library makes it");
  return TRUE;
}

static gboolean
check_sizes (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  const YaraField *options = field->field;

  if (options->max_length > 0 && field->kind != YARA_KIND_TEXT)
    return yara_model_fail_field (field, info, error, "max_length is for text");
  if (field->kind != YARA_KIND_DECIMAL)
    return (options->precision == 0 && options->scale == 0) ||
           yara_model_fail_field (field, info, error, "precision and scale are for decimal");
  if (options->precision == 0 || options->precision > PRECISION_MAX)
    return yara_model_fail_field (field, info, error, "a decimal needs a precision from 1 to %d", PRECISION_MAX);
  if (options->scale > options->precision)
    return yara_model_fail_field (field, info, error, "scale %u is more than precision %u", options->scale,
                                  options->precision);
  return TRUE;
}

static gboolean
check_choices (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  const YaraChoice *choices = field->field->choices;

  if (!is_enum (field))
    return choices == NULL || yara_model_fail_field (field, info, error, "choices are for enum_int and enum_text");
  if (choices == NULL || choices[0].name == NULL)
    return yara_model_fail_field (field, info, error, "an enum needs choices");
  for (const YaraChoice *choice = choices; choice->name != NULL; choice++)
    {
      const char *problem = yara_model_name_problem (choice->name);

      if (problem != NULL)
        return yara_model_fail_field (field, info, error, "the name of choice %d %s", choice->value, problem);
      for (const YaraChoice *other = choices; other < choice; other++)
        if (other->value == choice->value || strcmp (other->name, choice->name) == 0)
          return yara_model_fail_field (field, info, error, "the choice %s comes twice, by name or by number",
                                        choice->name);
    }
  return TRUE;
}

static gboolean
check_defaults (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  const YaraField *options = field->field;

  if ((options->auto_now || options->auto_now_add) && field->kind != YARA_KIND_TIMESTAMP)
    return yara_model_fail_field (field, info, error, "auto_now and auto_now_add are for timestamps");
  if (options->default_value != NULL && options->default_sql != NULL)
    return yara_model_fail_field (field, info, error, "it has both default_value and default_sql; keep one");
  if (options->default_sql != NULL &&
      (options->default_sql[0] == '\0' || !g_utf8_validate (options->default_sql, -1, NULL)))
    return yara_model_fail_field (field, info, error, "default_sql is empty or not valid UTF-8");
  return TRUE;
}

/* The referenced model may not have been checked yet, or be this one. */
static const YaraField *
find_key (const YaraModel *model)
{
  if (model->struct_size >= sizeof (YaraModel) && model->fields != NULL)
    for (gsize i = 0; i < model->n_fields; i++)
      if (model->fields[i].primary_key)
        return &model->fields[i];
  return NULL;
}

static gboolean
check_reference (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  const YaraField *options = field->field, *key;

  if (options->references == NULL)
    return (options->on_delete == 0 && !options->unconstrained) ||
           yara_model_fail_field (field, info, error, "on_delete and unconstrained are for fields with references");
  key = find_key (options->references);
  if (key == NULL)
    return yara_model_fail_field (field, info, error, "the model that it references has no primary key");
  if (yara_model_field_kind (key) != field->kind)
    return yara_model_fail_field (field, info, error, "it is %s, but the key of the model that it references is %s",
                                  yara_kind_get_name (field->kind), yara_kind_get_name (yara_model_field_kind (key)));
  if ((guint) options->on_delete > YARA_ON_DELETE_NO_ACTION)
    return yara_model_fail_field (field, info, error, "unknown on_delete");
  if (options->on_delete == YARA_ON_DELETE_SET_NULL && !options->nullable)
    return yara_model_fail_field (field, info, error, "on_delete SET_NULL needs a nullable field");
  if (options->on_delete == YARA_ON_DELETE_SET_DEFAULT && options->default_value == NULL &&
      options->default_sql == NULL)
    return yara_model_fail_field (field, info, error, "on_delete SET_DEFAULT needs a default_value or default_sql");
  return TRUE;
}

gboolean
yara_model_check_options (const YaraModelInfo *info, const YaraFieldInfo *field, GError **error)
{
  return check_key (info, field, error) && check_sizes (info, field, error) && check_choices (info, field, error) &&
         check_defaults (info, field, error) && check_reference (info, field, error);
}
