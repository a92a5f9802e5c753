/* SPDX-License-Identifier: MIT
 * The binary form of single values. */
#include "backend/postgres/binary.h"

#include <yaraorm/yara-error.h>

#define FIRST_TIMESTAMP G_GINT64_CONSTANT (-211813488000000000) /* 4713 BC, in microseconds from 2000 */
#define FIRST_DATE (-2451545)                                   /* the same day, in days from 2000 */
#define LAST_DATE 2145031948

gboolean
yara_binary_fail (GError **error, const char *reason)
{
  g_set_error_literal (error, YARA_ERROR, YARA_ERROR_FIELD, reason);
  return FALSE;
}

gboolean
yara_binary_fail_type (const YaraValue *value, Oid type, GError **error)
{
  g_autofree char *name = yara_postgres_type_describe (type);

  g_set_error (error, YARA_ERROR, YARA_ERROR_FIELD, "is of kind %s, which cannot be sent as %s",
               yara_kind_get_name (value->kind), name);
  return FALSE;
}

static gboolean
fail_range (Oid type, GError **error)
{
  g_autofree char *name = yara_postgres_type_describe (type);

  g_set_error (error, YARA_ERROR, YARA_ERROR_FIELD, "is out of the range of %s", name);
  return FALSE;
}

Oid
yara_binary_type_of (const YaraValue *value)
{
  switch (value->kind)
    {
    case YARA_KIND_BOOL:
      return YARA_OID_BOOL;
    case YARA_KIND_INT16:
      return YARA_OID_INT2;
    case YARA_KIND_INT32:
      return YARA_OID_INT4;
    case YARA_KIND_INT64:
    case YARA_KIND_ENUM_INT:
      return YARA_OID_INT8;
    case YARA_KIND_DOUBLE:
      return YARA_OID_FLOAT8;
    case YARA_KIND_BYTES:
      return YARA_OID_BYTEA;
    case YARA_KIND_UUID:
      return YARA_OID_UUID;
    case YARA_KIND_DECIMAL:
      return YARA_OID_NUMERIC;
    case YARA_KIND_JSON:
      return YARA_OID_JSONB;
    case YARA_KIND_TIMESTAMP:
      return YARA_OID_TIMESTAMPTZ;
    case YARA_KIND_DATE:
      return YARA_OID_DATE;
    case YARA_KIND_TEXT:
    case YARA_KIND_ENUM_TEXT:
    case YARA_KIND_NULL:
    case YARA_KIND_LIST:
    case YARA_KIND_INVALID:
      return 0;
    }
  return 0;
}

static gboolean
take_fixed (YaraBinary *binary, const char *end)
{
  binary->data = binary->fixed;
  binary->size = end - binary->fixed;
  return TRUE;
}

static gboolean
make_numeric (YaraBinary *binary, YaraBytes text, guint scale, GError **error)
{
  const char *problem = yara_numeric_parse (text, scale, &binary->numeric);

  if (problem != NULL)
    return yara_binary_fail (error, problem);
  binary->is_numeric = TRUE;
  binary->size = yara_numeric_get_size (&binary->numeric);
  return TRUE;
}

static gboolean
make_double (YaraBinary *binary, double number)
{
  guint64 bits;

  memcpy (&bits, &number, sizeof bits);
  return take_fixed (binary, yara_write_64 (binary->fixed, bits));
}

static gboolean
make_integer (YaraBinary *binary, const YaraValue *value, Oid type, GError **error)
{
  const gint64 exact = G_GINT64_CONSTANT (1) << 53;
  gint64 number = value->integer;

  switch (type)
    {
    case YARA_OID_INT2:
      return number == (gint16) number ? take_fixed (binary, yara_write_16 (binary->fixed, number))
                                       : fail_range (type, error);
    case YARA_OID_INT4:
      return number == (gint32) number ? take_fixed (binary, yara_write_32 (binary->fixed, number))
                                       : fail_range (type, error);
    case YARA_OID_OID:
      return number == (guint32) number ? take_fixed (binary, yara_write_32 (binary->fixed, number))
                                        : fail_range (type, error);
    case YARA_OID_INT8:
      return take_fixed (binary, yara_write_64 (binary->fixed, number));
    case YARA_OID_FLOAT8:
      return number >= -exact && number <= exact ? make_double (binary, number) : fail_range (type, error);
    case YARA_OID_NUMERIC:
      return make_numeric (binary, (YaraBytes) { binary->fixed, g_snprintf (binary->fixed, sizeof binary->fixed,
                           "%" G_GINT64_FORMAT, number) }, 0, error);
    default:
      return yara_binary_fail_type (value, type, error);
    }
}

static gboolean
make_timestamp (YaraBinary *binary, const YaraValue *value, Oid type, GError **error)
{
  gint64 microseconds;

  if (type != YARA_OID_TIMESTAMPTZ && type != YARA_OID_TIMESTAMP)
    return yara_binary_fail_type (value, type, error);
  if (__builtin_sub_overflow (value->integer, YARA_EPOCH_MICROSECONDS, &microseconds) ||
      microseconds < FIRST_TIMESTAMP)
    return fail_range (type, error);
  return take_fixed (binary, yara_write_64 (binary->fixed, microseconds));
}

static gboolean
make_date (YaraBinary *binary, const YaraValue *value, GError **error)
{
  gint64 days;

  if (__builtin_sub_overflow (value->integer, YARA_EPOCH_DAYS, &days) || days < FIRST_DATE || days > LAST_DATE)
    return fail_range (YARA_OID_DATE, error);
  return take_fixed (binary, yara_write_32 (binary->fixed, days));
}

gboolean
yara_binary_check_text (const YaraValue *value, GError **error)
{
  return memchr (value->bytes.data, '\0', value->bytes.size) == NULL ||
         yara_binary_fail (error, "is text with a NUL in it, which PostgreSQL cannot store");
}

static gboolean
make_bytes (YaraBinary *binary, const YaraValue *value)
{
  binary->data = value->bytes.data;
  binary->size = value->bytes.size;
  return TRUE;
}

static gboolean
is_text_type (Oid type)
{
  const YaraPostgresType *found = yara_postgres_type_find (type);

  return found != NULL && found->kind == YARA_KIND_TEXT;
}


static gboolean
make_text (YaraBinary *binary, const YaraValue *value, Oid type, GError **error)
{
  if (type != 0 && !is_text_type (type))
    return yara_binary_fail_type (value, type, error);
  return yara_binary_check_text (value, error) && make_bytes (binary, value);
}

static gboolean
make_json (YaraBinary *binary, const YaraValue *value, Oid type, GError **error)
{
  if (type != YARA_OID_JSONB && type != YARA_OID_JSON)
    return yara_binary_fail_type (value, type, error);
  binary->is_jsonb = type == YARA_OID_JSONB;
  return yara_binary_check_text (value, error) && make_bytes (binary, value);
}

/* Kinds that have one type only. */
static gboolean
make_own (YaraBinary *binary, const YaraValue *value, GError **error)
{
  switch (value->kind)
    {
    case YARA_KIND_BOOL:
      binary->fixed[0] = value->integer != 0;
      return take_fixed (binary, binary->fixed + 1);
    case YARA_KIND_DOUBLE:
      return make_double (binary, value->number);
    case YARA_KIND_UUID:
      memcpy (binary->fixed, &value->uuid, sizeof value->uuid);
      return take_fixed (binary, binary->fixed + sizeof value->uuid);
    case YARA_KIND_DECIMAL:
      return make_numeric (binary, value->bytes, value->scale, error);
    case YARA_KIND_DATE:
      return make_date (binary, value, error);
    case YARA_KIND_BYTES:
      return make_bytes (binary, value);
    default:
      g_assert_not_reached ();
    }
}

gboolean
yara_binary_make (YaraBinary *binary, const YaraValue *value, Oid type, GError **error)
{
  if (type == 0)
    type = yara_binary_type_of (value);
  binary->is_jsonb = binary->is_numeric = FALSE;
  switch (value->kind)
    {
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_ENUM_INT:
      return make_integer (binary, value, type, error);
    case YARA_KIND_TEXT:
    case YARA_KIND_ENUM_TEXT:
      return make_text (binary, value, type, error);
    case YARA_KIND_JSON:
      return make_json (binary, value, type, error);
    case YARA_KIND_TIMESTAMP:
      return make_timestamp (binary, value, type, error);
    case YARA_KIND_INVALID:
      return yara_binary_fail (error, "is of a type or in a range that cannot be represented");
    case YARA_KIND_LIST:
      return yara_binary_fail (error, "is a list where one value belongs");
    default:
      return type == yara_binary_type_of (value) ? make_own (binary, value, error)
                                                 : yara_binary_fail_type (value, type, error);
    }
}
