/* SPDX-License-Identifier: MIT
 *
 * Values: what is compared, bound and read. A YaraValue borrows the text or bytes it points to;
 * whoever takes one copies what it keeps.
 */
#ifndef YARA_VALUE_H
#define YARA_VALUE_H

#include <stdbool.h>
#include <yaraorm/yara-macros.h>

G_BEGIN_DECLS

/* The kinds of value. For fields, the C types that may hold one stand behind each. */
typedef enum
{
  YARA_KIND_NULL,      /* no value. For a field: the kind that goes with its C type */
  YARA_KIND_BOOL,      /* bool, gint32 (gboolean) */
  YARA_KIND_INT16,     /* gint16 */
  YARA_KIND_INT32,     /* gint32 */
  YARA_KIND_INT64,     /* gint64 */
  YARA_KIND_DOUBLE,    /* double; NaN is refused, because SQLite would store NULL */
  YARA_KIND_TEXT,      /* const char *: UTF-8 without NUL */
  YARA_KIND_BYTES,     /* YaraBytes */
  YARA_KIND_UUID,      /* YaraUuid */
  YARA_KIND_DECIMAL,   /* const char *: exact decimal text, "-12.50" */
  YARA_KIND_JSON,      /* const char *: JSON text */
  YARA_KIND_TIMESTAMP, /* gint64: microseconds since 1970-01-01 00:00:00 UTC */
  YARA_KIND_DATE,      /* gint32: days since 1970-01-01 */
  YARA_KIND_ENUM_INT,  /* a C enum or gint32, stored as its number */
  YARA_KIND_ENUM_TEXT, /* a C enum or gint32, stored as the name of the choice */
  YARA_KIND_LIST,      /* several values, for `in`, `not_in` and `range`; never a field */
  YARA_KIND_INVALID    /* cannot be represented; reported by the verb that meets it; never a field */
} YaraKind;

/* The English name of a kind: (transfer none). */
YARA_API const char *yara_kind_get_name (YaraKind kind);

/* A run of bytes. `data` NULL is NULL; an empty run has non-NULL data and size 0. */
typedef struct
{
  const void *data;
  gsize       size;
} YaraBytes;

/* A UUID in network order. All zero is "none". */
typedef struct
{
  guint8 bytes[16];
} YaraUuid;

/* Characters of a UUID in text form, NUL included. */
#define YARA_UUID_TEXT_SIZE 37

/* Writes `uuid` in lower case with dashes. */
YARA_API void yara_uuid_to_text (const YaraUuid *uuid, char text[YARA_UUID_TEXT_SIZE]);

/* Reads the 36-character form, in either case. FALSE when it is not one. */
YARA_API gboolean yara_uuid_from_text (const char *text, YaraUuid *uuid);

/* A new random (version 4) UUID. */
YARA_API YaraUuid yara_uuid_random (void);

typedef struct YaraValue YaraValue;

/* Several values, such as the arguments of a raw statement: $1 is values[0]. */
typedef struct
{
  const YaraValue *values;
  gsize            n_values;
} YaraArgs;

/* One value of any kind. Read the member that goes with `kind`. */
struct YaraValue
{
  YaraKind kind;
  guint32  scale;    /* DECIMAL bound to a field: its digits after the point */
  union
  {
    gint64    integer; /* BOOL, INT16, INT32, INT64, TIMESTAMP, DATE, ENUM_INT */
    double    number;  /* DOUBLE */
    YaraBytes bytes;   /* TEXT, DECIMAL, JSON, ENUM_TEXT (size without the NUL), BYTES */
    YaraUuid  uuid;    /* UUID */
    YaraArgs  list;    /* LIST */
  };
};

/* Makers of values. Text and bytes are borrowed; a NULL pointer makes a NULL value. */
YARA_API YaraValue yara_value_null      (void);
YARA_API YaraValue yara_value_bool      (bool value);
YARA_API YaraValue yara_value_int       (gint64 value);
YARA_API YaraValue yara_value_uint      (guint64 value);     /* INVALID above G_MAXINT64 */
YARA_API YaraValue yara_value_double    (double value);
YARA_API YaraValue yara_value_text      (const char *value);
YARA_API YaraValue yara_value_bytes     (YaraBytes value);
YARA_API YaraValue yara_value_gbytes    (GBytes *value);
YARA_API YaraValue yara_value_uuid      (YaraUuid value);
YARA_API YaraValue yara_value_decimal   (const char *value);
YARA_API YaraValue yara_value_json      (const char *value);
YARA_API YaraValue yara_value_timestamp (gint64 microseconds);
YARA_API YaraValue yara_value_date      (gint32 days);
YARA_API YaraValue yara_value_list      (const YaraValue *values, gsize n_values);
YARA_API YaraValue yara_value_copy      (YaraValue value); /* itself; lets YARA_VALUE take a YaraValue */
YARA_API YaraValue yara_value_pointer   (const void *value); /* NULL for NULL, else INVALID */

#ifndef __cplusplus

/* A value by the C type of `x`; a type that is not named here does not compile. */
#define YARA_VALUE(x) \
  _Generic ((x), \
            bool: yara_value_bool, \
            char: yara_value_int, signed char: yara_value_int, unsigned char: yara_value_int, \
            short: yara_value_int, unsigned short: yara_value_int, \
            int: yara_value_int, unsigned int: yara_value_int, \
            long: yara_value_int, long long: yara_value_int, \
            unsigned long: yara_value_uint, unsigned long long: yara_value_uint, \
            float: yara_value_double, double: yara_value_double, \
            char *: yara_value_text, const char *: yara_value_text, \
            YaraBytes: yara_value_bytes, GBytes *: yara_value_gbytes, YaraUuid: yara_value_uuid, \
            YaraValue: yara_value_copy, void *: yara_value_pointer) (x)

#define YARA_VALUES_1(x) YARA_VALUE (x)
#define YARA_VALUES_2(x, ...) YARA_VALUE (x), YARA_VALUES_1 (__VA_ARGS__)
#define YARA_VALUES_3(x, ...) YARA_VALUE (x), YARA_VALUES_2 (__VA_ARGS__)
#define YARA_VALUES_4(x, ...) YARA_VALUE (x), YARA_VALUES_3 (__VA_ARGS__)
#define YARA_VALUES_5(x, ...) YARA_VALUE (x), YARA_VALUES_4 (__VA_ARGS__)
#define YARA_VALUES_6(x, ...) YARA_VALUE (x), YARA_VALUES_5 (__VA_ARGS__)
#define YARA_VALUES_7(x, ...) YARA_VALUE (x), YARA_VALUES_6 (__VA_ARGS__)
#define YARA_VALUES_8(x, ...) YARA_VALUE (x), YARA_VALUES_7 (__VA_ARGS__)
#define YARA_VALUES_9(x, ...) YARA_VALUE (x), YARA_VALUES_8 (__VA_ARGS__)
#define YARA_VALUES_10(x, ...) YARA_VALUE (x), YARA_VALUES_9 (__VA_ARGS__)
#define YARA_VALUES_11(x, ...) YARA_VALUE (x), YARA_VALUES_10 (__VA_ARGS__)
#define YARA_VALUES_12(x, ...) YARA_VALUE (x), YARA_VALUES_11 (__VA_ARGS__)
#define YARA_VALUES_13(x, ...) YARA_VALUE (x), YARA_VALUES_12 (__VA_ARGS__)
#define YARA_VALUES_14(x, ...) YARA_VALUE (x), YARA_VALUES_13 (__VA_ARGS__)
#define YARA_VALUES_15(x, ...) YARA_VALUE (x), YARA_VALUES_14 (__VA_ARGS__)
#define YARA_VALUES_16(x, ...) YARA_VALUE (x), YARA_VALUES_15 (__VA_ARGS__)
#define YARA_VALUES_17(x, ...) YARA_VALUE (x), YARA_VALUES_16 (__VA_ARGS__)
#define YARA_VALUES_18(x, ...) YARA_VALUE (x), YARA_VALUES_17 (__VA_ARGS__)
#define YARA_VALUES_19(x, ...) YARA_VALUE (x), YARA_VALUES_18 (__VA_ARGS__)
#define YARA_VALUES_20(x, ...) YARA_VALUE (x), YARA_VALUES_19 (__VA_ARGS__)
#define YARA_VALUES_21(x, ...) YARA_VALUE (x), YARA_VALUES_20 (__VA_ARGS__)
#define YARA_VALUES_22(x, ...) YARA_VALUE (x), YARA_VALUES_21 (__VA_ARGS__)
#define YARA_VALUES_23(x, ...) YARA_VALUE (x), YARA_VALUES_22 (__VA_ARGS__)
#define YARA_VALUES_24(x, ...) YARA_VALUE (x), YARA_VALUES_23 (__VA_ARGS__)
#define YARA_VALUES_25(x, ...) YARA_VALUE (x), YARA_VALUES_24 (__VA_ARGS__)
#define YARA_VALUES_26(x, ...) YARA_VALUE (x), YARA_VALUES_25 (__VA_ARGS__)
#define YARA_VALUES_27(x, ...) YARA_VALUE (x), YARA_VALUES_26 (__VA_ARGS__)
#define YARA_VALUES_28(x, ...) YARA_VALUE (x), YARA_VALUES_27 (__VA_ARGS__)
#define YARA_VALUES_29(x, ...) YARA_VALUE (x), YARA_VALUES_28 (__VA_ARGS__)
#define YARA_VALUES_30(x, ...) YARA_VALUE (x), YARA_VALUES_29 (__VA_ARGS__)
#define YARA_VALUES_31(x, ...) YARA_VALUE (x), YARA_VALUES_30 (__VA_ARGS__)
#define YARA_VALUES_32(x, ...) YARA_VALUE (x), YARA_VALUES_31 (__VA_ARGS__)
#define YARA_PICK(_1, _2, _3, _4, _5, _6, _7, _8, _9, _10, _11, _12, _13, _14, _15, _16, _17, _18, _19, _20, _21, _22, _23, _24, _25, _26, _27, _28, _29, _30, _31, _32, name, ...) name
#define YARA_VALUES(...) \
  YARA_PICK (__VA_ARGS__, \
             YARA_VALUES_32, YARA_VALUES_31, YARA_VALUES_30, YARA_VALUES_29, YARA_VALUES_28, YARA_VALUES_27, YARA_VALUES_26, YARA_VALUES_25, YARA_VALUES_24, YARA_VALUES_23, YARA_VALUES_22, YARA_VALUES_21, YARA_VALUES_20, YARA_VALUES_19, YARA_VALUES_18, YARA_VALUES_17, YARA_VALUES_16, YARA_VALUES_15, YARA_VALUES_14, YARA_VALUES_13, YARA_VALUES_12, YARA_VALUES_11, YARA_VALUES_10, YARA_VALUES_9, YARA_VALUES_8, YARA_VALUES_7, YARA_VALUES_6, YARA_VALUES_5, YARA_VALUES_4, YARA_VALUES_3, YARA_VALUES_2, YARA_VALUES_1, 0) (__VA_ARGS__)

/* YARA_ARGS (30, "Ada"): arguments for a raw statement, 1 to 32; lives as long as the block. For
 * none pass NULL, for more fill a YaraArgs. */
#define YARA_ARGS(...) \
  (&(const YaraArgs) { \
    (const YaraValue[]) { YARA_VALUES (__VA_ARGS__) }, \
    sizeof ((const YaraValue[]) { YARA_VALUES (__VA_ARGS__) }) / sizeof (YaraValue) })

/* YARA_LIST (1, 2, 3): a value for `in`, `not_in` and `range`. For longer ones yara_value_list(). */
#define YARA_LIST(...) \
  yara_value_list ((const YaraValue[]) { YARA_VALUES (__VA_ARGS__) }, \
                   sizeof ((const YaraValue[]) { YARA_VALUES (__VA_ARGS__) }) / sizeof (YaraValue))

/* YARA_NAMES ("name", "age"): a NULL-terminated list of names. */
#define YARA_NAMES(...) ((const char *const[]) { __VA_ARGS__, NULL })

#endif

G_END_DECLS

#endif
