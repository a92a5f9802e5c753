/* SPDX-License-Identifier: MIT
 * The types of the server: their names, and readers of their binary form. Text and bytes are read where
 * they lie; libpq puts a NUL behind every cell, and the client's encoding is UTF-8. */
#include "backend/postgres/binary.h"

/* ---- readers ---- */

static const char *
read_bool (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  value->integer = size == 1 && *data != 0;
  return size == 1 ? NULL : "a malformed boolean";
}

static const char *
read_int2 (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  if (size != 2)
    return "a malformed smallint";
  value->integer = (gint16) yara_read_16 (data);
  return NULL;
}

static const char *
read_int4 (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  if (size != 4)
    return "a malformed integer";
  value->integer = (gint32) yara_read_32 (data);
  return NULL;
}

static const char *
read_int8 (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  if (size != 8)
    return "a malformed bigint";
  value->integer = (gint64) yara_read_64 (data);
  return NULL;
}

static const char *
read_oid (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  if (size != 4)
    return "a malformed oid";
  value->integer = yara_read_32 (data);
  return NULL;
}

static const char *
read_float4 (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  guint32 bits;
  float number;

  if (size != 4)
    return "a malformed real";
  bits = yara_read_32 (data);
  memcpy (&number, &bits, sizeof number);
  value->number = number;
  return NULL;
}

static const char *
read_float8 (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  if (size != 8)
    return "a malformed double precision";
  value->number = yara_read_double (data);
  return NULL;
}

static const char *
read_bytes (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  value->bytes = (YaraBytes) { data, size };
  return NULL;
}

/* One byte, which may be NUL: that is the empty text. */
static const char *
read_char (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  if (size != 1 || (*data & 0x80) != 0)
    return "a \"char\" that is not ASCII";
  value->bytes = (YaraBytes) { data, *data != '\0' };
  return NULL;
}

static const char *
read_uuid (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  if (size != sizeof value->uuid)
    return "a malformed uuid";
  memcpy (&value->uuid, data, sizeof value->uuid);
  return NULL;
}

static const char *
read_jsonb (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  if (size < 1 || *data != 1) /* the version of the format */
    return "a jsonb of an unknown version";
  value->bytes = (YaraBytes) { data + 1, size - 1 };
  return NULL;
}

static const char *
read_timestamp (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  gint64 microseconds;

  if (size != 8)
    return "a malformed timestamp";
  microseconds = (gint64) yara_read_64 (data);
  if (microseconds == G_MAXINT64 || microseconds == G_MININT64)
    return "an infinite timestamp";
  if (__builtin_add_overflow (microseconds, YARA_EPOCH_MICROSECONDS, &value->integer))
    return "a timestamp out of range";
  return NULL;
}

static const char *
read_date (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  gint32 days;

  if (size != 4)
    return "a malformed date";
  days = (gint32) yara_read_32 (data);
  if (days == G_MAXINT32 || days == G_MININT32)
    return "an infinite date";
  value->integer = (gint64) days + YARA_EPOCH_DAYS;
  return value->integer <= G_MAXINT32 ? NULL : "a date out of range";
}

static const char *
read_void (const char *data, gsize size, YaraArena *arena, YaraValue *value)
{
  return NULL;
}

/* ---- the types, the usual ones first ---- */

static const YaraPostgresType types[] = {
  { YARA_OID_INT8, 1016, "bigint", YARA_KIND_INT64, read_int8 },
  { YARA_OID_INT4, 1007, "integer", YARA_KIND_INT64, read_int4 },
  { YARA_OID_TEXT, 1009, "text", YARA_KIND_TEXT, read_bytes },
  { YARA_OID_VARCHAR, 1015, "varchar", YARA_KIND_TEXT, read_bytes },
  { YARA_OID_TIMESTAMPTZ, 1185, "timestamptz", YARA_KIND_TIMESTAMP, read_timestamp },
  { YARA_OID_BOOL, 1000, "boolean", YARA_KIND_BOOL, read_bool },
  { YARA_OID_FLOAT8, 1022, "double precision", YARA_KIND_DOUBLE, read_float8 },
  { YARA_OID_NUMERIC, 1231, "numeric", YARA_KIND_DECIMAL, yara_numeric_read },
  { YARA_OID_UUID, 2951, "uuid", YARA_KIND_UUID, read_uuid },
  { YARA_OID_JSONB, 3807, "jsonb", YARA_KIND_JSON, read_jsonb },
  { YARA_OID_DATE, 1182, "date", YARA_KIND_DATE, read_date },
  { YARA_OID_BYTEA, 1001, "bytea", YARA_KIND_BYTES, read_bytes },
  { YARA_OID_INT2, 1005, "smallint", YARA_KIND_INT64, read_int2 },
  { YARA_OID_TIMESTAMP, 1115, "timestamp", YARA_KIND_TIMESTAMP, read_timestamp },
  { YARA_OID_JSON, 199, "json", YARA_KIND_JSON, read_bytes },
  { YARA_OID_FLOAT4, 1021, "real", YARA_KIND_DOUBLE, read_float4 },
  { YARA_OID_BPCHAR, 1014, "char", YARA_KIND_TEXT, read_bytes },
  { YARA_OID_NAME, 1003, "name", YARA_KIND_TEXT, read_bytes },
  { YARA_OID_OID, 1028, "oid", YARA_KIND_INT64, read_oid },
  { YARA_OID_UNKNOWN, 0, "unknown", YARA_KIND_TEXT, read_bytes },
  { YARA_OID_CHAR, 1002, "\"char\"", YARA_KIND_TEXT, read_char },
  { YARA_OID_XML, 143, "xml", YARA_KIND_TEXT, read_bytes },
  { YARA_OID_VOID, 0, "void", YARA_KIND_NULL, read_void },
  { 24, 1008, "regproc", YARA_KIND_NULL, NULL },
  { 27, 1010, "tid", YARA_KIND_NULL, NULL },
  { 28, 1011, "xid", YARA_KIND_NULL, NULL },
  { 600, 1017, "point", YARA_KIND_NULL, NULL },
  { 650, 651, "cidr", YARA_KIND_NULL, NULL },
  { 774, 775, "macaddr8", YARA_KIND_NULL, NULL },
  { 790, 791, "money", YARA_KIND_NULL, NULL },
  { 829, 1040, "macaddr", YARA_KIND_NULL, NULL },
  { 869, 1041, "inet", YARA_KIND_NULL, NULL },
  { 1083, 1183, "time", YARA_KIND_NULL, NULL },
  { 1186, 1187, "interval", YARA_KIND_NULL, NULL },
  { 1266, 1270, "timetz", YARA_KIND_NULL, NULL },
  { 1560, 1561, "bit", YARA_KIND_NULL, NULL },
  { 1562, 1563, "bit varying", YARA_KIND_NULL, NULL },
  { 2205, 2210, "regclass", YARA_KIND_NULL, NULL },
  { 2249, 2287, "record", YARA_KIND_NULL, NULL },
  { 3614, 3643, "tsvector", YARA_KIND_NULL, NULL },
};

const YaraPostgresType *
yara_postgres_type_find (Oid oid)
{
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].oid == oid)
      return &types[i];
  return NULL;
}

const YaraPostgresType *
yara_postgres_type_find_element (Oid array)
{
  for (gsize i = 0; i < G_N_ELEMENTS (types); i++)
    if (types[i].array == array && array != 0)
      return &types[i];
  return NULL;
}

char *
yara_postgres_type_describe (Oid oid)
{
  const YaraPostgresType *type = yara_postgres_type_find (oid), *element = yara_postgres_type_find_element (oid);

  if (type != NULL)
    return g_strdup (type->name);
  if (element != NULL)
    return g_strdup_printf ("%s[]", element->name);
  return g_strdup_printf ("OID %u", oid);
}
