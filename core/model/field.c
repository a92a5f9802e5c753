/* SPDX-License-Identifier: MIT
 * Fields of records by offset. yara_field_get() runs for every field of every inserted record: no
 * allocation, one switch. */
#include "model/field.h"

#include <string.h>
#include "base/error.h"
#include "model/field-check.h"

static inline gconstpointer
member_of (const YaraFieldInfo *field, gconstpointer record)
{
  return (const char *) record + field->offset;
}

static inline gboolean
has_null_flag (const YaraFieldInfo *field, gconstpointer record)
{
  return field->null_offset != G_MAXSIZE && ((const guint8 *) record)[field->null_offset] != 0;
}

/* A natural key is stored as it is, zero included. */
static gboolean
uuid_is_null (const YaraFieldInfo *field, gconstpointer member)
{
  static const YaraUuid zero;

  return !field->field->natural && memcmp (member, &zero, sizeof zero) == 0;
}

gboolean
yara_field_is_null (const YaraFieldInfo *field, gconstpointer record)
{
  gconstpointer member = member_of (field, record);

  switch (field->c_type)
    {
    case YARA_C_TYPE_TEXT:
      return *(const char *const *) member == NULL;
    case YARA_C_TYPE_BYTES:
      return ((const YaraBytes *) member)->data == NULL;
    case YARA_C_TYPE_UUID:
      return uuid_is_null (field, member);
    default:
      return has_null_flag (field, record);
    }
}

/* The integer of a field whose C type is one. */
static gint64
get_integer (const YaraFieldInfo *field, gconstpointer member)
{
  switch (field->c_type)
    {
    case YARA_C_TYPE_BOOL:
      return *(const guint8 *) member != 0;
    case YARA_C_TYPE_INT16:
      return *(const gint16 *) member;
    case YARA_C_TYPE_INT32:
    case YARA_C_TYPE_UINT32: /* a C enum may hold negative choices */
      return *(const gint32 *) member;
    case YARA_C_TYPE_INT64:
      return *(const gint64 *) member;
    default:
      g_assert_not_reached ();
    }
}

/* `number` fits the C type. */
static void
set_integer (const YaraFieldInfo *field, gpointer record, gint64 number)
{
  gpointer member = (char *) record + field->offset;

  switch (field->c_type)
    {
    case YARA_C_TYPE_BOOL:
      *(bool *) member = number != 0;
      break;
    case YARA_C_TYPE_INT16:
      *(gint16 *) member = number;
      break;
    case YARA_C_TYPE_INT32:
    case YARA_C_TYPE_UINT32:
      *(gint32 *) member = number;
      break;
    case YARA_C_TYPE_INT64:
      *(gint64 *) member = number;
      break;
    default:
      g_assert_not_reached ();
    }
  if (field->null_offset != G_MAXSIZE)
    ((char *) record)[field->null_offset] = FALSE;
}

static gboolean
get_choice (const YaraModelInfo *info, const YaraFieldInfo *field, gint64 number, YaraValue *value, GError **error)
{
  const YaraChoice *choice = yara_field_find_choice (info, field, number, error);

  if (choice == NULL)
    return FALSE;
  *value = yara_field_bind_choice (field, choice);
  return TRUE;
}

/* NULL: the default in a field that needs a value, else NULL. */
static gboolean
get_null (const YaraFieldInfo *field, YaraValue *value)
{
  if (field->field->nullable || !field->has_default)
    {
      *value = yara_value_null ();
      return TRUE;
    }
  *value = field->default_value;
  if (value->kind == YARA_KIND_ENUM_INT)
    value->kind = YARA_KIND_INT64;
  else if (value->kind == YARA_KIND_ENUM_TEXT)
    value->kind = YARA_KIND_TEXT;
  return TRUE;
}

static gboolean
get_text (const YaraModelInfo *info, const YaraFieldInfo *field, const char *text, YaraValue *value, GError **error)
{
  if (text == NULL)
    return get_null (field, value);
  *value = (YaraValue) { .kind = field->kind, .scale = field->field->scale, .bytes = { text, strlen (text) } };
  return yara_field_check_text (info, field, value, error);
}

gboolean
yara_field_get (const YaraModelInfo *info, const YaraFieldInfo *field, gconstpointer record, YaraValue *value, GError **error)
{
  gconstpointer member = member_of (field, record);

  if (G_UNLIKELY (has_null_flag (field, record)))
    return get_null (field, value);
  switch (field->c_type)
    {
    case YARA_C_TYPE_TEXT:
      return get_text (info, field, *(const char *const *) member, value, error);
    case YARA_C_TYPE_BYTES:
      *value = yara_value_bytes (*(const YaraBytes *) member);
      return value->kind != YARA_KIND_NULL || get_null (field, value);
    case YARA_C_TYPE_UUID:
      if (uuid_is_null (field, member))
        return get_null (field, value);
      *value = yara_value_uuid (*(const YaraUuid *) member);
      return TRUE;
    case YARA_C_TYPE_DOUBLE:
      *value = yara_value_double (*(const double *) member);
      return yara_field_check_double (info, field, value->number, error);
    default:
      if (field->kind == YARA_KIND_ENUM_INT || field->kind == YARA_KIND_ENUM_TEXT)
        return get_choice (info, field, get_integer (field, member), value, error);
      *value = (YaraValue) { .kind = field->kind, .integer = get_integer (field, member) };
      if (field->kind == YARA_KIND_BOOL) /* any gboolean but 0 is TRUE */
        value->integer = value->integer != 0;
      return TRUE;
    }
}

gboolean
yara_field_require (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, GError **error)
{
  if (value->kind != YARA_KIND_NULL || field->field->nullable)
    return TRUE;
  return yara_field_fail (info, field, error,
                          "it is NULL but required; set it, make the field nullable or give it a default_value");
}

static void
set_default (const YaraFieldInfo *field, gpointer record)
{
  const YaraValue *value = &field->default_value;
  gpointer         member = (char *) record + field->offset;

  switch (field->c_type)
    {
    case YARA_C_TYPE_TEXT:
      *(const char **) member = value->bytes.data;
      break;
    case YARA_C_TYPE_UUID:
      *(YaraUuid *) member = value->uuid;
      break;
    case YARA_C_TYPE_DOUBLE:
      *(double *) member = value->number;
      if (field->null_offset != G_MAXSIZE)
        ((char *) record)[field->null_offset] = FALSE;
      break;
    case YARA_C_TYPE_BYTES: /* has no default_value */
      g_assert_not_reached ();
    default:
      if (field->kind == YARA_KIND_ENUM_TEXT)
        set_integer (field, record, yara_field_find_choice_name (NULL, field, value->bytes, NULL)->value);
      else
        set_integer (field, record, value->integer);
    }
}

/* ---- from the database ---- */

gboolean
yara_field_fail_cell (const YaraModelInfo *info, const YaraFieldInfo *field, const char *found, GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_DECODE,
               "%s.%s: the database holds %s, which a field of kind %s cannot take; correct the row or the model",
               info->name, field->name, found, yara_kind_get_name (field->kind));
  return FALSE;
}

/* The text of `value` is that of the choice itself. */
static gint64
get_choice_number (const YaraFieldInfo *field, const YaraValue *value)
{
  const YaraChoice *choice = field->field->choices;

  while (choice->name != value->bytes.data)
    choice++;
  return choice->value;
}

void
yara_field_store (const YaraFieldInfo *field, gpointer record, const YaraValue *value)
{
  gpointer member = (char *) record + field->offset;

  switch (field->c_type)
    {
    case YARA_C_TYPE_TEXT:
      *(const char **) member = value->bytes.data;
      break;
    case YARA_C_TYPE_BYTES:
      *(YaraBytes *) member = value->bytes;
      break;
    case YARA_C_TYPE_UUID:
      *(YaraUuid *) member = value->uuid;
      break;
    case YARA_C_TYPE_DOUBLE:
      *(double *) member = value->number;
      break;
    default:
      set_integer (field, record,
                   field->kind == YARA_KIND_ENUM_TEXT ? get_choice_number (field, value) : value->integer);
    }
}

/* Pointers and UUIDs of a zeroed record are NULL already. */
gboolean
yara_field_store_null (const YaraModelInfo *info, const YaraFieldInfo *field, gpointer record, GError **error)
{
  if (field->null_offset != G_MAXSIZE)
    *(bool *) ((char *) record + field->null_offset) = true;
  else if (!field->field->nullable)
    return yara_field_fail_cell (info, field, "NULL", error);
  return TRUE;
}

/* ---- records ---- */

void
yara_record_clear_key (const YaraModelInfo *info, gpointer record)
{
  memset ((char *) record + info->key->offset, 0, info->key->field->size);
}

gboolean
yara_record_prepare_create (const YaraModelInfo *info, gpointer record, gint64 now)
{
  gboolean makes_key = info->key_maker == YARA_KEY_LIBRARY && yara_field_is_null (info->key, record);

  if (makes_key)
    *(YaraUuid *) ((char *) record + info->key->offset) = yara_uuid_random ();
  for (guint i = 0; i < info->n_filled; i++)
    {
      const YaraFieldInfo *field = info->filled[i];

      if (field->field->auto_now || field->field->auto_now_add)
        set_integer (field, record, now);
      else if (field->has_default && !field->field->nullable && yara_field_is_null (field, record))
        set_default (field, record);
    }
  return makes_key;
}

void
yara_record_prepare_save (const YaraModelInfo *info, gpointer record, gint64 now)
{
  if (!info->has_auto_now)
    return;
  for (guint i = 0; i < info->n_fields; i++)
    if (info->fields[i].field->auto_now)
      set_integer (&info->fields[i], record, now);
}

gboolean
yara_record_has_key (const YaraModelInfo *info, gconstpointer record)
{
  g_assert (info->key_maker == YARA_KEY_DATABASE);
  return get_integer (info->key, member_of (info->key, record)) != 0;
}

gboolean
yara_record_set_key (const YaraModelInfo *info, gpointer record, gint64 key, GError **error)
{
  YaraCType c_type = info->key->c_type;

  if ((c_type == YARA_C_TYPE_INT16 && key != (gint16) key) || (c_type == YARA_C_TYPE_INT32 && key != (gint32) key))
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_DECODE,
                   "%s.%s: the key that the database made does not fit %s; use a wider field", info->name,
                   info->key->name, yara_kind_get_name (info->key->kind));
      return FALSE;
    }
  set_integer (info->key, record, key);
  return TRUE;
}

gboolean
yara_record_init (const YaraModel *model, gpointer record, GError **error)
{
  g_autoptr (YaraModelInfo) info = NULL;

  g_return_val_if_fail (model != NULL && record != NULL, FALSE);

  info = yara_model_info_new (model, error);
  if (info == NULL)
    return FALSE;
  memset (record, 0, model->record_size);
  for (guint i = 0; i < info->n_fields; i++)
    if (info->fields[i].null_offset != G_MAXSIZE)
      ((char *) record)[info->fields[i].null_offset] = TRUE;
  for (guint i = 0; i < info->n_fields; i++)
    if (info->fields[i].has_default)
      set_default (&info->fields[i], record);
  return TRUE;
}
