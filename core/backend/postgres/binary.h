/* SPDX-License-Identifier: MIT
 * Binary forms of single values, for the files that encode and decode. */
#pragma once

#include <string.h>
#include "backend/postgres/types.h"

/* Numbers of built-in types, as in PostgreSQL's catalog pg_type. */
enum
{
  YARA_OID_BOOL = 16,
  YARA_OID_BYTEA = 17,
  YARA_OID_CHAR = 18,
  YARA_OID_NAME = 19,
  YARA_OID_INT8 = 20,
  YARA_OID_INT2 = 21,
  YARA_OID_INT4 = 23,
  YARA_OID_TEXT = 25,
  YARA_OID_OID = 26,
  YARA_OID_JSON = 114,
  YARA_OID_XML = 142,
  YARA_OID_FLOAT4 = 700,
  YARA_OID_FLOAT8 = 701,
  YARA_OID_UNKNOWN = 705,
  YARA_OID_BPCHAR = 1042,
  YARA_OID_VARCHAR = 1043,
  YARA_OID_DATE = 1082,
  YARA_OID_TIMESTAMP = 1114,
  YARA_OID_TIMESTAMPTZ = 1184,
  YARA_OID_NUMERIC = 1700,
  YARA_OID_VOID = 2278,
  YARA_OID_UUID = 2950,
  YARA_OID_JSONB = 3802
};

/* From PostgreSQL's epoch, 2000-01-01, back to 1970-01-01. */
#define YARA_EPOCH_DAYS 10957
#define YARA_EPOCH_MICROSECONDS (YARA_EPOCH_DAYS * G_GINT64_CONSTANT (86400000000))

/* ---- types.c ---- */

/* Reads a cell that is not NULL into the union of `value`. Returns what the cell holds when that has no
 * form here, else NULL. */
typedef const char *(*YaraCellReader) (const char *data, gsize size, YaraArena *arena, YaraValue *value);

typedef struct
{
  Oid            oid;
  Oid            array; /* the type of arrays of it */
  const char    *name;
  YaraKind       kind;  /* of its cells; integers are INT64 */
  YaraCellReader read;  /* NULL: known by name only */
} YaraPostgresType;

/* The built-in type of a number, or NULL. */
const YaraPostgresType *yara_postgres_type_find (Oid oid);

/* The type of the elements of an array type, or NULL. */
const YaraPostgresType *yara_postgres_type_find_element (Oid array);

/* "integer", "integer[]" or "OID 12345": (transfer full). */
char *yara_postgres_type_describe (Oid oid);

/* ---- numeric.c ---- */

/* A decimal number in text form, taken apart. */
typedef struct
{
  const char *whole, *fraction; /* digits before and after the point, without zeros that do not count */
  gsize       n_whole, n_fraction;
  gboolean    negative;
  guint       scale;            /* digits after the point, zeros included */
  int         weight;           /* of the first group of four digits: its power of 10000 */
  int         n_groups;
} YaraNumeric;

/* Takes [-+]digits[.digits] apart; at least `scale` digits after the point are kept. Returns what is wrong
 * with the text, "is not ...", or NULL. */
const char *yara_numeric_parse (YaraBytes text, guint scale, YaraNumeric *numeric);

gsize yara_numeric_get_size (const YaraNumeric *numeric);
void  yara_numeric_write    (const YaraNumeric *numeric, char *out);

/* A YaraCellReader: exact text, with the digits after the point that the column has. */
const char *yara_numeric_read (const char *data, gsize size, YaraArena *arena, YaraValue *value);

/* ---- binary.c ---- */

/* The binary form of one value before it is written. May point into itself: not to be copied. */
typedef struct
{
  const char *data;
  gsize       size;
  gboolean    is_jsonb;   /* a version byte goes before the data */
  gboolean    is_numeric; /* `numeric` instead of `data` */
  YaraNumeric numeric;
  char        fixed[24];  /* behind `data` of values of few bytes, and digits of an integer */
} YaraBinary;

/* The type of one value; 0: NULL, text, or nothing that can be sent. */
Oid      yara_binary_type_of    (const YaraValue *value);

/* For a value that is not NULL; type 0 is its own. FALSE with YARA_ERROR_FIELD. The form borrows from the
 * value. */
gboolean yara_binary_make       (YaraBinary *binary, const YaraValue *value, Oid type, GError **error);

static inline gsize
yara_binary_get_size (const YaraBinary *binary)
{
  return binary->size + binary->is_jsonb;
}

/* Returns the end. */
static inline char *
yara_binary_write (const YaraBinary *binary, char *out)
{
  if (binary->is_jsonb)
    *out++ = 1; /* the version of the format */
  if (binary->is_numeric)
    yara_numeric_write (&binary->numeric, out);
  else if (binary->size == 8) /* most are, and then it is one instruction */
    memcpy (out, binary->data, 8);
  else if (binary->size > 0)
    memcpy (out, binary->data, binary->size);
  return out + binary->size;
}

/* The text has no NUL in it. */
gboolean yara_binary_check_text (const YaraValue *value, GError **error);

/* Set YARA_ERROR_FIELD "is ..."; return FALSE. */
gboolean yara_binary_fail       (GError **error, const char *reason);
gboolean yara_binary_fail_type  (const YaraValue *value, Oid type, GError **error);

/* ---- decode.c ---- */

/* Whether a field may be read from a column of `type` (nullable). */
gboolean yara_postgres_field_takes (const YaraFieldInfo *field, const YaraPostgresType *type);

/* Reads a cell that is not NULL of a type that the field takes; returns what the cell holds when it does
 * not fit, else NULL. */
const char *yara_postgres_read_field (const char *data, gsize size, const YaraPostgresType *type,
                                      const YaraFieldInfo *field, YaraArena *arena, YaraValue *value);

/* The errors of columns that do not fit, and of memory; return FALSE. */
gboolean yara_postgres_fail_column (const YaraModelInfo *info, const YaraFieldInfo *field, Oid oid,
                                    GError **error);
gboolean yara_postgres_fail_memory (GError **error);

/* ---- text.c ---- */

/* Reads a cell in text form, which has a NUL behind it, as a value of `kind`. Returns what the cell holds when
 * that has no form here, else NULL. */
const char *yara_postgres_read_text (const char *text, gsize size, YaraKind kind, YaraArena *arena, YaraValue *value);

/* ---- numbers in network order ---- */

static inline guint16
yara_read_16 (const char *data)
{
  guint16 number;

  memcpy (&number, data, sizeof number);
  return GUINT16_FROM_BE (number);
}

static inline guint32
yara_read_32 (const char *data)
{
  guint32 number;

  memcpy (&number, data, sizeof number);
  return GUINT32_FROM_BE (number);
}

static inline guint64
yara_read_64 (const char *data)
{
  guint64 number;

  memcpy (&number, data, sizeof number);
  return GUINT64_FROM_BE (number);
}

static inline double
yara_read_double (const char *data)
{
  guint64 bits = yara_read_64 (data);
  double  number;

  memcpy (&number, &bits, sizeof number);
  return number;
}

static inline char *
yara_write_16 (char *out, guint16 number)
{
  number = GUINT16_TO_BE (number);
  memcpy (out, &number, sizeof number);
  return out + sizeof number;
}

static inline char *
yara_write_32 (char *out, guint32 number)
{
  number = GUINT32_TO_BE (number);
  memcpy (out, &number, sizeof number);
  return out + sizeof number;
}

static inline char *
yara_write_64 (char *out, guint64 number)
{
  number = GUINT64_TO_BE (number);
  memcpy (out, &number, sizeof number);
  return out + sizeof number;
}
