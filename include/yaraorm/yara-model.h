/* SPDX-License-Identifier: MIT
 *
 * Models: plain C structs and the static descriptors that say how they are stored.
 *
 *     typedef struct { gint64 id; const char *name; gint32 age; bool age_unknown; } User;
 *
 *     static const YaraField user_fields[] = {
 *       YARA_FIELD (User, id, .primary_key = true),
 *       YARA_FIELD (User, name, .max_length = 120, .unique = true),
 *       YARA_FIELD (User, age, .null_flag = YARA_NULL_FLAG (User, age_unknown), .nullable = true),
 *     };
 *     static const YaraModel user_model = YARA_MODEL (User, "users", user_fields);
 *
 * A descriptor must stay valid and unchanged as long as an ORM has it registered.
 *
 * NULL. A field whose C type is a pointer (text, decimal, json) or YaraBytes is NULL when the
 * pointer is. A UUID is NULL when it is all zero. Any other field is NULL when its companion
 * bool, named by `null_flag`, is true. A NULL of the database in a field that is not nullable and has
 * no `null_flag` is YARA_ERROR_DECODE.
 *
 * Defaults. A NULL in a field that is not nullable takes `default_value`; with neither that nor
 * `default_sql` it is an error. yara_record_init() fills a whole record with its defaults.
 */
#ifndef YARA_MODEL_H
#define YARA_MODEL_H

#include <yaraorm/yara-router-types.h>
#include <yaraorm/yara-value.h>

G_BEGIN_DECLS

/* The C type of a member; found by YARA_FIELD. */
typedef enum
{
  YARA_C_TYPE_BOOL,
  YARA_C_TYPE_INT16,
  YARA_C_TYPE_INT32,
  YARA_C_TYPE_UINT32, /* what a C enum is */
  YARA_C_TYPE_INT64,
  YARA_C_TYPE_DOUBLE,
  YARA_C_TYPE_TEXT,
  YARA_C_TYPE_BYTES,
  YARA_C_TYPE_UUID
} YaraCType;

/* What deleting a row does to the rows that refer to it. */
typedef enum
{
  YARA_ON_DELETE_CASCADE,
  YARA_ON_DELETE_RESTRICT,
  YARA_ON_DELETE_SET_NULL,
  YARA_ON_DELETE_SET_DEFAULT,
  YARA_ON_DELETE_NO_ACTION
} YaraOnDelete;

/* One allowed value of an enum field; a list of them ends with a NULL name. */
typedef struct
{
  int         value;
  const char *name;
} YaraChoice;

/* One field. The first five members are filled by YARA_FIELD, the rest are its options. */
typedef struct YaraField
{
  const char *name;        /* name of the member; what lookups call it */
  YaraKind    kind;
  YaraCType   c_type;
  size_t      offset;
  size_t      size;

  const char *column;      /* name of the column; NULL: as the field */
  const char *description; /* comment of the column, or NULL */
  bool        primary_key; /* exactly one field. An integer key of 0 is given by the database, a
                              UUID key of zero is made by the library; others are natural */
  bool        natural;     /* integer or UUID key: never made, stored as it is, 0 included */
  bool        nullable;
  bool        unique;
  bool        index;
  bool        auto_now;     /* TIMESTAMP: set on create and on every save */
  bool        auto_now_add; /* TIMESTAMP: set on create */
  unsigned    max_length;   /* TEXT: characters, at most; 0: any */
  unsigned    precision;    /* DECIMAL: digits in all, required; at most 1000, 18 on SQLite */
  unsigned    scale;        /* DECIMAL: digits after the point; more are refused, not rounded */
  size_t      null_flag;    /* YARA_NULL_FLAG (Type, member), or 0 for none */
  const char *default_value; /* as text: "18", "true", "new", "10.00"; enums by choice name,
                                dates and timestamps in ISO 8601, UTC unless they name a zone */
  const char *default_sql;   /* expression for the database, used when the field is NULL on create;
                                the record is not told, see yara_orm_refresh() */
  const YaraChoice *choices; /* ENUM_INT, ENUM_TEXT: required */
  const struct YaraModel *references; /* foreign key to the primary key of this model, or NULL */
  YaraOnDelete on_delete;
  bool         unconstrained; /* foreign key by name only: no constraint in the database, so the two
                                 models may live on different connections */
  char         reserved; /* lets YARA_FIELD be used without options */
} YaraField;

/* A composite index. Use YARA_INDEX or YARA_UNIQUE. */
typedef struct YaraIndex
{
  const char        *name;   /* NULL: made from table and columns */
  const char *const *fields; /* NULL-terminated names of fields */
  bool               unique;
} YaraIndex;

#ifndef __cplusplus

#define YARA_C_TYPE(member) \
  _Generic ((member), \
            bool: YARA_C_TYPE_BOOL, \
            short: YARA_C_TYPE_INT16, \
            int: YARA_C_TYPE_INT32, unsigned int: YARA_C_TYPE_UINT32, \
            long: YARA_C_TYPE_INT64, long long: YARA_C_TYPE_INT64, \
            double: YARA_C_TYPE_DOUBLE, \
            char *: YARA_C_TYPE_TEXT, const char *: YARA_C_TYPE_TEXT, \
            YaraBytes: YARA_C_TYPE_BYTES, \
            YaraUuid: YARA_C_TYPE_UUID)

/* YARA_FIELD (Type, member, .option = value, ...): a field whose kind follows from its C type. */
#define YARA_FIELD(...) YARA_FIELD_ (__VA_ARGS__, .reserved = 0)
#define YARA_FIELD_(Type, member, ...) YARA_FIELD_KIND_ (Type, member, NULL, __VA_ARGS__)

/* YARA_FIELD_AS (Type, member, TIMESTAMP, .option = value, ...): a field of a named kind. */
#define YARA_FIELD_AS(...) YARA_FIELD_AS_ (__VA_ARGS__, .reserved = 0)
#define YARA_FIELD_AS_(Type, member, KIND, ...) YARA_FIELD_KIND_ (Type, member, KIND, __VA_ARGS__)

#define YARA_FIELD_KIND_(Type, member, KIND, ...) \
  { .name = #member, .kind = YARA_KIND_##KIND, .c_type = YARA_C_TYPE (((Type *) 0)->member), \
    .offset = offsetof (Type, member), .size = sizeof (((Type *) 0)->member), __VA_ARGS__ }

/* The companion bool `member`, true when the field is NULL. */
#define YARA_NULL_FLAG(Type, member) (offsetof (Type, member) + 1)

/* YARA_INDEX ("last", "first"), YARA_UNIQUE ("tenant", "email"): members of an array of YaraIndex, at
 * file scope. */
#define YARA_INDEX(...)  { NULL, (const char *const[]) { __VA_ARGS__, NULL }, false }
#define YARA_UNIQUE(...) { NULL, (const char *const[]) { __VA_ARGS__, NULL }, true }

/* YARA_MODEL (Type, "table", fields, .option = value, ...). Options: .connection, .description,
 * and YARA_INDEXES (indexes). */
#define YARA_MODEL(...) YARA_MODEL_ (__VA_ARGS__, .struct_size = sizeof (YaraModel))
#define YARA_MODEL_(Type, table_name, field_array, ...) \
  { .name = #Type, .table = (table_name), .record_size = sizeof (Type), .fields = (field_array), \
    .n_fields = sizeof (field_array) / sizeof ((field_array)[0]), __VA_ARGS__ }
#define YARA_INDEXES(array) .indexes = (array), .n_indexes = sizeof (array) / sizeof ((array)[0])

#endif

/* Zeroes `record`, marks what can be NULL as NULL and fills in every default_value. FALSE with
 * YARA_ERROR_CONFIGURATION when the descriptor is not sound. */
YARA_API gboolean yara_record_init (const YaraModel *model, gpointer record, GError **error);

G_END_DECLS

#endif
