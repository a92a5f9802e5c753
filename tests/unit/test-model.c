/* SPDX-License-Identifier: MIT
 * Descriptors: what is refused, and what a sound one becomes. */
#include <string.h>
#include <yaraorm/yara-error.h>
#include "model/model-info.h"

typedef enum { LOW = 1, HIGH = -2 } Level;

typedef struct
{
  gint64      id;
  const char *name;
  gint32      number;
  gint16      small;
  bool        flag;
  bool        is_null;
  double      real;
  gint64      time;
  YaraBytes   bytes;
  YaraUuid    uuid;
  Level       level;
  char        array[32];
} Record;

#define NULL_FLAG .null_flag = YARA_NULL_FLAG (Record, is_null)
#define KEY YARA_FIELD (Record, id, .primary_key = true)

#define LONG_NAME "a234567890b234567890c234567890d234567890e234567890f2345678901234" /* 64 bytes */
#define BYTE_LONG_NAME "größe567890b234567890c234567890d234567890e234567890f234567890123" /* 63 characters, 65 bytes */

static const YaraChoice levels[] = { { LOW, "low" }, { HIGH, "high" }, { 0, NULL } };
static const YaraChoice no_levels[] = { { 0, NULL } };
static const YaraChoice same_name[] = { { 1, "low" }, { 2, "low" }, { 0, NULL } };
static const YaraChoice same_number[] = { { 1, "low" }, { 1, "high" }, { 0, NULL } };
static const YaraChoice empty_name[] = { { 1, "" }, { 0, NULL } };

static const YaraField key_field[] = { KEY };
static const YaraField uuid_key_field[] = { YARA_FIELD (Record, uuid, .primary_key = true) };
static const YaraField plain_field[] = { YARA_FIELD (Record, id) };
static const YaraModel team = YARA_MODEL (Record, "teams", key_field);
static const YaraModel uuid_team = YARA_MODEL (Record, "uuid_teams", uuid_key_field);
static const YaraModel keyless = YARA_MODEL (Record, "keyless", plain_field);
static const YaraModel sizeless = { .name = "Record", .table = "t", .fields = key_field, .n_fields = 1 };

static void
assert_refused (const YaraModel *model, const char *message)
{
  g_autoptr (GError)        error = NULL;
  g_autoptr (YaraModelInfo) info = yara_model_info_new (model, &error);

  if (info != NULL)
    g_error ("accepted, but should give: %s", message);
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
  g_assert_cmpstr (error->message, ==, message);
}

/* One field beside a sound key, and why it is refused. */
static const struct
{
  const char *message;
  YaraField   field;
} field_cases[] = {
  /* names */
  { "model Record: the name of field 2 is missing", { .name = NULL } },
  { "model Record: the name of field 2 is empty", { .name = "" } },
  { "model Record: the name of field 2 is longer than 63 bytes", { .name = LONG_NAME } },
  { "model Record: the name of field 2 is longer than 63 bytes", { .name = BYTE_LONG_NAME } },
  { "model Record: the name of field 2 is not valid UTF-8", { .name = "a\xff" } },
  { "model Record: the name of field 2 holds a control character", { .name = "a\nb" } },
  { "model Record: two fields are named id", KEY },
  { "Record.number: the name of the column is empty", YARA_FIELD (Record, number, .column = "") },
  { "Record.number: the name of the column is longer than 63 bytes", YARA_FIELD (Record, number, .column = LONG_NAME) },
  { "Record.number: the name of the column holds a control character", YARA_FIELD (Record, number, .column = "\x7f") },
  { "Record.number: its column id is already that of id", YARA_FIELD (Record, number, .column = "id") },
  { "Record.number: its column ID is already that of id", YARA_FIELD (Record, number, .column = "ID") },
  { "Record.number: the description is not valid UTF-8", YARA_FIELD (Record, number, .description = "\xff") },

  /* kinds and C types */
  { "Record.level: an unsigned int or C enum needs a kind: YARA_FIELD_AS with ENUM_INT or ENUM_TEXT",
    { .name = "level", .c_type = YARA_C_TYPE_UINT32, .size = 4 } },
  { "Record.x: unknown C type; declare it with YARA_FIELD", { .name = "x", .c_type = YARA_C_TYPE_UUID + 1, .size = 4 } },
  { "Record.number: its C type cannot hold the kind list", YARA_FIELD_AS (Record, number, LIST) },
  { "Record.number: its C type cannot hold the kind invalid", YARA_FIELD_AS (Record, number, INVALID) },
  { "Record.number: its C type cannot hold the kind unknown",
    { .name = "number", .kind = 40, .c_type = YARA_C_TYPE_INT32, .offset = offsetof (Record, number), .size = 4 } },

  /* places */
  { "Record.array: it has 32 bytes where its C type has 8; text is a const char *, not an array", YARA_FIELD (Record, array) },
  { "Record.x: it ends outside the struct of 112 bytes", { .name = "x", .c_type = YARA_C_TYPE_INT64, .offset = 108, .size = 8 } },
  { "Record.x: it ends outside the struct of 112 bytes", { .name = "x", .c_type = YARA_C_TYPE_INT64, .offset = G_MAXSIZE - 7, .size = 8 } },
  { "Record.x: its offset is not aligned; the struct must not be packed",
    { .name = "x", .c_type = YARA_C_TYPE_INT32, .offset = 9, .size = 4 } },

  /* NULL */
  { "Record.number: its null_flag lies outside the struct; use YARA_NULL_FLAG",
    YARA_FIELD (Record, number, .nullable = true, .null_flag = sizeof (Record) + 1) },
  { "Record.name: it needs no null_flag: a pointer is NULL by itself, a UUID by being zero", YARA_FIELD (Record, name, NULL_FLAG) },
  { "Record.bytes: it needs no null_flag: a pointer is NULL by itself, a UUID by being zero", YARA_FIELD (Record, bytes, NULL_FLAG) },
  { "Record.uuid: it needs no null_flag: a pointer is NULL by itself, a UUID by being zero", YARA_FIELD (Record, uuid, NULL_FLAG) },
  { "Record.number: a nullable int32 needs a null_flag, a bool in the struct", YARA_FIELD (Record, number, .nullable = true) },
  { "Record.real: a nullable double needs a null_flag, a bool in the struct", YARA_FIELD (Record, real, .nullable = true) },
  { "Record.number: default_sql is used for NULL; a field of kind int32 needs a null_flag, a bool in the struct",
    YARA_FIELD (Record, number, .default_sql = "1") },
  { "Record.number: its null_flag lies in the field number; give it a bool of its own",
    YARA_FIELD (Record, number, .null_flag = YARA_NULL_FLAG (Record, number)) },
  { "Record.number: its null_flag lies in the field id; give it a bool of its own",
    YARA_FIELD (Record, number, .null_flag = YARA_NULL_FLAG (Record, id) + 7) },

  /* options */
  { "Record.number: natural is for the primary key", YARA_FIELD (Record, number, .natural = true) },
  { "Record.number: max_length is for text", YARA_FIELD (Record, number, .max_length = 1) },
  { "Record.name: max_length is for text", YARA_FIELD_AS (Record, name, JSON, .max_length = 1) },
  { "Record.number: precision and scale are for decimal", YARA_FIELD (Record, number, .precision = 1) },
  { "Record.number: precision and scale are for decimal", YARA_FIELD (Record, number, .scale = 1) },
  { "Record.name: a decimal needs a precision from 1 to 1000", YARA_FIELD_AS (Record, name, DECIMAL) },
  { "Record.name: a decimal needs a precision from 1 to 1000", YARA_FIELD_AS (Record, name, DECIMAL, .precision = 1001) },
  { "Record.name: scale 3 is more than precision 2", YARA_FIELD_AS (Record, name, DECIMAL, .precision = 2, .scale = 3) },
  { "Record.number: choices are for enum_int and enum_text", YARA_FIELD (Record, number, .choices = levels) },
  { "Record.level: an enum needs choices", YARA_FIELD_AS (Record, level, ENUM_INT) },
  { "Record.level: an enum needs choices", YARA_FIELD_AS (Record, level, ENUM_TEXT, .choices = no_levels) },
  { "Record.level: the choice low comes twice, by name or by number", YARA_FIELD_AS (Record, level, ENUM_TEXT, .choices = same_name) },
  { "Record.level: the choice high comes twice, by name or by number", YARA_FIELD_AS (Record, level, ENUM_TEXT, .choices = same_number) },
  { "Record.level: the name of choice 1 is empty", YARA_FIELD_AS (Record, level, ENUM_INT, .choices = empty_name) },
  { "Record.number: auto_now and auto_now_add are for timestamps", YARA_FIELD (Record, number, .auto_now = true) },
  { "Record.time: auto_now and auto_now_add are for timestamps", YARA_FIELD (Record, time, .auto_now_add = true) },
  { "Record.name: it has both default_value and default_sql; keep one", YARA_FIELD (Record, name, .default_value = "a", .default_sql = "'a'") },
  { "Record.name: default_sql is empty or not valid UTF-8", YARA_FIELD (Record, name, .default_sql = "") },
  { "Record.name: default_sql is empty or not valid UTF-8", YARA_FIELD (Record, name, .default_sql = "\xff") },

  /* references */
  { "Record.time: on_delete and unconstrained are for fields with references", YARA_FIELD (Record, time, .on_delete = YARA_ON_DELETE_RESTRICT) },
  { "Record.time: on_delete and unconstrained are for fields with references", YARA_FIELD (Record, time, .unconstrained = true) },
  { "Record.number: it is int32, but the key of the model that it references is int64", YARA_FIELD (Record, number, .references = &team) },
  { "Record.time: it is int64, but the key of the model that it references is uuid", YARA_FIELD (Record, time, .references = &uuid_team) },
  { "Record.time: the model that it references has no primary key", YARA_FIELD (Record, time, .references = &keyless) },
  { "Record.time: the model that it references has no primary key", YARA_FIELD (Record, time, .references = &sizeless) },
  { "Record.time: unknown on_delete", YARA_FIELD (Record, time, .references = &team, .on_delete = 9) },
  { "Record.time: on_delete SET_NULL needs a nullable field", YARA_FIELD (Record, time, .references = &team, .on_delete = YARA_ON_DELETE_SET_NULL) },
  { "Record.time: on_delete SET_DEFAULT needs a default_value or default_sql",
    YARA_FIELD (Record, time, .references = &team, .on_delete = YARA_ON_DELETE_SET_DEFAULT) },

  /* keys */
  { "model Record: both id and time are primary keys; keep one", YARA_FIELD (Record, time, .primary_key = true) },
  { "Record.uuid: a primary key cannot be NULL", YARA_FIELD (Record, uuid, .primary_key = true, .nullable = true) },
  { "Record.time: a primary key cannot be NULL", YARA_FIELD (Record, time, .primary_key = true, NULL_FLAG) },
  { "Record.bytes: a primary key cannot be of kind bytes", YARA_FIELD (Record, bytes, .primary_key = true) },
  { "Record.real: a primary key cannot be of kind double", YARA_FIELD (Record, real, .primary_key = true) },
  { "Record.name: a primary key cannot be of kind json", YARA_FIELD_AS (Record, name, JSON, .primary_key = true) },
  { "Record.name: a primary key has no default: the program or the library makes it",
    YARA_FIELD (Record, name, .primary_key = true, .default_value = "a") },
  { "Record.name: a primary key has no default: the program or the library makes it",
    YARA_FIELD (Record, name, .primary_key = true, .default_sql = "'a'") },
  { "Record.time: a primary key has no default: the program or the library makes it",
    YARA_FIELD_AS (Record, time, TIMESTAMP, .primary_key = true, .auto_now_add = true) },

  /* default_value */
  { "Record.flag: its default_value cannot be read as bool", YARA_FIELD (Record, flag, .default_value = "1") },
  { "Record.number: its default_value cannot be read as int32", YARA_FIELD (Record, number, .default_value = "18x") },
  { "default_value of Record.number: the integer is outside int32: -2147483648 to 2147483647",
    YARA_FIELD (Record, number, .default_value = "2147483648") },
  { "Record.real: its default_value cannot be read as double", YARA_FIELD (Record, real, .default_value = "1.5.") },
  { "Record.real: its default_value cannot be read as double", YARA_FIELD (Record, real, .default_value = "nan") },
  { "Record.real: its default_value cannot be read as double", YARA_FIELD (Record, real, .default_value = "") },
  { "default_value of Record.name: text is longer than max_length 2", YARA_FIELD (Record, name, .max_length = 2, .default_value = "Ada") },
  { "Record.bytes: its default_value cannot be read as bytes", YARA_FIELD (Record, bytes, .default_value = "a") },
  { "default_value of Record.uuid: the text is not a UUID of 36 characters", YARA_FIELD (Record, uuid, .default_value = "1") },
  { "default_value of Record.name: more than 2 digits after the point; round it first",
    YARA_FIELD_AS (Record, name, DECIMAL, .precision = 5, .scale = 2, .default_value = "1.005") },
  { "Record.time: its default_value cannot be read as timestamp", YARA_FIELD_AS (Record, time, TIMESTAMP, .default_value = "now") },
  { "Record.number: its default_value cannot be read as date", YARA_FIELD_AS (Record, number, DATE, .default_value = "2023-02-29") },
  { "Record.number: its default_value cannot be read as date", YARA_FIELD_AS (Record, number, DATE, .default_value = "2023-2-3") },
  { "Record.number: its default_value cannot be read as date", YARA_FIELD_AS (Record, number, DATE, .default_value = "2023-W05-1") },
  { "Record.number: its default_value cannot be read as date", YARA_FIELD_AS (Record, number, DATE, .default_value = "+023-02-03") },
  { "Record.number: its default_value cannot be read as date", YARA_FIELD_AS (Record, number, DATE, .default_value = "2023-02-03 ") },
  { "Record.number: its default_value cannot be read as date", YARA_FIELD_AS (Record, number, DATE, .default_value = "") },
  { "Record.level: its default_value cannot be read as enum_text", YARA_FIELD_AS (Record, level, ENUM_TEXT, .choices = levels, .default_value = "1") },
};

static void
test_refused_fields (void)
{
  g_assert_cmpuint (sizeof (Record), ==, 112); /* the messages above say so */
  for (guint i = 0; i < G_N_ELEMENTS (field_cases); i++)
    {
      YaraField fields[] = { KEY, field_cases[i].field };
      YaraModel model = YARA_MODEL (Record, "records", fields);

      assert_refused (&model, field_cases[i].message);
    }
}

/* Every pair of C type and kind: exactly the documented ones are taken. */
static void
test_pairs_of_kind_and_type (void)
{
  static const guint allowed[] = {
    [YARA_C_TYPE_BOOL] = 1 << YARA_KIND_BOOL,
    [YARA_C_TYPE_INT16] = 1 << YARA_KIND_INT16,
    [YARA_C_TYPE_INT32] = 1 << YARA_KIND_INT32 | 1 << YARA_KIND_BOOL | 1 << YARA_KIND_DATE | 1 << YARA_KIND_ENUM_INT | 1 << YARA_KIND_ENUM_TEXT,
    [YARA_C_TYPE_UINT32] = 1 << YARA_KIND_ENUM_INT | 1 << YARA_KIND_ENUM_TEXT,
    [YARA_C_TYPE_INT64] = 1 << YARA_KIND_INT64 | 1 << YARA_KIND_TIMESTAMP,
    [YARA_C_TYPE_DOUBLE] = 1 << YARA_KIND_DOUBLE,
    [YARA_C_TYPE_TEXT] = 1 << YARA_KIND_TEXT | 1 << YARA_KIND_DECIMAL | 1 << YARA_KIND_JSON,
    [YARA_C_TYPE_BYTES] = 1 << YARA_KIND_BYTES,
    [YARA_C_TYPE_UUID] = 1 << YARA_KIND_UUID,
  };
  static const gsize sizes[] = { 1, 2, 4, 4, 8, 8, 8, 16, 16 };

  for (guint c_type = 0; c_type < G_N_ELEMENTS (allowed); c_type++)
    for (guint kind = YARA_KIND_BOOL; kind <= YARA_KIND_INVALID; kind++)
      {
        gboolean  is_enum = kind == YARA_KIND_ENUM_INT || kind == YARA_KIND_ENUM_TEXT;
        YaraField fields[] = { KEY, { .name = "x", .kind = kind, .c_type = c_type, .offset = 16, .size = sizes[c_type],
                                      .precision = kind == YARA_KIND_DECIMAL, .choices = is_enum ? levels : NULL } };
        YaraModel model = YARA_MODEL (Record, "records", fields);
        g_autoptr (YaraModelInfo) info = yara_model_info_new (&model, NULL);

        if ((info != NULL) != ((allowed[c_type] & 1u << kind) != 0))
          g_error ("C type %u with kind %s: wrong answer", c_type, yara_kind_get_name (kind));
      }
}

/* A case overrides members of the sound model. */
#pragma GCC diagnostic ignored "-Woverride-init"
#define MODEL(...) { .struct_size = sizeof (YaraModel), .name = "Record", .table = "records", \
                     .record_size = sizeof (Record), .fields = two_fields, .n_fields = 2, __VA_ARGS__ }
#define INDEXES(...) .indexes = (const YaraIndex[]) { __VA_ARGS__ }, \
                     .n_indexes = sizeof ((YaraIndex[]) { __VA_ARGS__ }) / sizeof (YaraIndex)

static const YaraField two_fields[] = { KEY, YARA_FIELD (Record, number, .index = true) };

static const struct
{
  const char *message;
  YaraModel   model;
} model_cases[] = {
  { "a model's struct_size is 0, not 80; declare it with YARA_MODEL and compile it with this version's headers", { .name = "Record" } },
  { "the name of a model is missing", MODEL (.name = NULL) },
  { "the name of a model is empty", MODEL (.name = "") },
  { "the name of a model is longer than 63 bytes", MODEL (.name = LONG_NAME) },
  { "model Record: the name of the table is missing", MODEL (.table = NULL) },
  { "model Record: the name of the table is empty", MODEL (.table = "") },
  { "model Record: the name of the table is longer than 63 bytes", MODEL (.table = LONG_NAME) },
  { "model Record: the name of the table is not valid UTF-8", MODEL (.table = "\xff") },
  { "model Record: the name of the table holds a control character", MODEL (.table = "a\tb") },
  { "model Record: its connection cannot be a name; use 1 to 63 of A-Z a-z 0-9 _ -", MODEL (.connection = "") },
  { "model Record: the description is not valid UTF-8", MODEL (.description = "\xff") },
  { "model Record: it has no fields", MODEL (.fields = NULL) },
  { "model Record: it has no fields", MODEL (.n_fields = 0) },
  { "model Record: more than 1600 fields", MODEL (.n_fields = 1601) },
  { "model Record: no field is the primary key", MODEL (.fields = two_fields + 1, .n_fields = 1) },
  { "Record.id: it ends outside the struct of 0 bytes", MODEL (.record_size = 0) },
  { "model Record: it counts indexes but has none; use YARA_INDEXES", MODEL (.n_indexes = 1) },
  { "model Record: an index names no fields", MODEL (INDEXES ({ NULL, NULL, false })) },
  { "model Record: an index names no fields", MODEL (INDEXES ({ NULL, (const char *const[]) { NULL }, false })) },
  { "model Record: an index names the unknown field \"nummer\"", MODEL (INDEXES (YARA_INDEX ("id", "nummer"))) },
  { "model Record: an index names the field id twice", MODEL (INDEXES (YARA_UNIQUE ("id", "number", "id"))) },
  { "model Record: the name of an index is empty", MODEL (INDEXES ({ "", (const char *const[]) { "id", NULL }, false })) },
  { "model Record: the name of an index is longer than 63 bytes", MODEL (INDEXES ({ LONG_NAME, (const char *const[]) { "id", NULL }, false })) },
  { "model Record: two indexes are named IDX_records_number; give one a name of its own",
    MODEL (INDEXES ({ "IDX_records_number", (const char *const[]) { "id", NULL }, false })) },
};

static void
test_refused_models (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (model_cases); i++)
    assert_refused (&model_cases[i].model, model_cases[i].message);
}

static const YaraField info_fields[] = {
  YARA_FIELD (Record, number, .column = "Number", .index = true),
  KEY,
  YARA_FIELD_AS (Record, time, TIMESTAMP, .auto_now_add = true),
  YARA_FIELD (Record, small, .nullable = true, NULL_FLAG),
  { .name = "a__b", .c_type = YARA_C_TYPE_BOOL, .offset = offsetof (Record, flag), .size = 1 },
};
static const YaraIndex info_indexes[] = { YARA_INDEX ("small", "number"), YARA_UNIQUE ("number", "small"),
                                        { "mine", (const char *const[]) { "small", NULL }, true } };
static const YaraModel info_model = YARA_MODEL (Record, "records", info_fields, YARA_INDEXES (info_indexes));

static void
test_info (void)
{
  g_autoptr (GError)        error = NULL;
  g_autoptr (YaraModelInfo) info = yara_model_info_new (&info_model, &error);

  g_assert_no_error (error);
  g_assert_true (info->model == &info_model);
  g_assert_cmpstr (info->name, ==, "Record");
  g_assert_cmpstr (info->table, ==, "records");
  g_assert_cmpuint (info->n_fields, ==, 5);
  g_assert_true (info->has_auto_now);
  g_assert_true (info->key == &info->fields[1]);
  g_assert_cmpint (info->key_maker, ==, YARA_KEY_DATABASE);
  g_assert_cmpstr (info->fields[0].column, ==, "Number");
  g_assert_cmpint (info->fields[0].kind, ==, YARA_KIND_INT32);
  g_assert_cmpuint (info->fields[0].null_offset, ==, G_MAXSIZE);
  g_assert_cmpuint (info->fields[2].index, ==, 2);
  g_assert_cmpint (info->fields[2].kind, ==, YARA_KIND_TIMESTAMP);
  g_assert_cmpuint (info->fields[3].null_offset, ==, offsetof (Record, is_null));
  g_assert_cmpuint (info->fields[3].offset, ==, offsetof (Record, small));

  g_assert_cmpuint (info->n_indexes, ==, 4);
  g_assert_cmpstr (info->indexes[0].name, ==, "idx_records_Number");
  g_assert_cmpstr (info->indexes[1].name, ==, "idx_records_small_Number");
  g_assert_cmpstr (info->indexes[2].name, ==, "uq_records_Number_small");
  g_assert_cmpstr (info->indexes[3].name, ==, "mine");
  g_assert_false (info->indexes[1].unique);
  g_assert_true (info->indexes[2].unique);
  g_assert_true (info->indexes[1].fields[1] == &info->fields[0]);

  g_assert_true (yara_model_info_find (info, "number__gte", 6) == &info->fields[0]);
  g_assert_null (yara_model_info_find (info, "number__gte", 5));
  g_assert_null (yara_model_info_find (info, "number__gte", 7));
  g_assert_true (yara_model_info_get (info, "a__b", NULL) == &info->fields[4]);
  g_assert_null (yara_model_info_get (info, "numbre", &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_FIELD);
  g_assert_cmpstr (error->message, ==, "Record has no field \"numbre\"; did you mean \"number\"?");
}

/* The last values before the limits that the refused ones cross. */
static void
test_limits_are_inclusive (void)
{
  static const YaraField edge_fields[] = {
    KEY,
    YARA_FIELD_AS (Record, name, DECIMAL, .precision = 1000, .scale = 1000),
    YARA_FIELD (Record, time, .references = &team, .on_delete = YARA_ON_DELETE_NO_ACTION),
    { .name = LONG_NAME + 1, .c_type = YARA_C_TYPE_INT32, .offset = sizeof (Record) - 4, .size = 4 },
  };
  static const YaraModel    edges = YARA_MODEL (Record, "records", edge_fields);
  g_autofree YaraField     *many = g_new0 (YaraField, 1600);
  g_autoptr (GStringChunk)  names = g_string_chunk_new (16384);
  YaraModel                 wide = MODEL (.fields = many, .n_fields = 1600);
  g_autoptr (GError)        error = NULL;
  g_autoptr (YaraModelInfo) edge_info = yara_model_info_new (&edges, &error);
  g_autoptr (YaraModelInfo) wide_info = NULL;

  g_assert_no_error (error);
  for (guint i = 0; i < 1600; i++)
    {
      g_autofree char *name = g_strdup_printf ("f%u", i);

      many[i] = two_fields[0];
      many[i].primary_key = i == 0;
      many[i].name = g_string_chunk_insert (names, name);
    }
  wide_info = yara_model_info_new (&wide, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (wide_info->n_fields, ==, 1600);
}

static const YaraField shared_flag_fields[] = {
  KEY,
  YARA_FIELD (Record, number, .nullable = true, NULL_FLAG),
  YARA_FIELD (Record, small, .nullable = true, NULL_FLAG),
};

static void
test_null_flags_are_not_shared (void)
{
  static const YaraModel model = YARA_MODEL (Record, "records", shared_flag_fields);

  assert_refused (&model, "Record.small: its null_flag is also that of number; give it a bool of its own");
}

static void
test_key_makers (void)
{
  static const struct
  {
    YaraField    field;
    YaraKeyMaker maker;
  } cases[] = {
    { YARA_FIELD (Record, id, .primary_key = true), YARA_KEY_DATABASE },
    { YARA_FIELD (Record, number, .primary_key = true), YARA_KEY_DATABASE },
    { YARA_FIELD (Record, small, .primary_key = true), YARA_KEY_DATABASE },
    { YARA_FIELD (Record, id, .primary_key = true, .natural = true), YARA_KEY_NATURAL },
    { YARA_FIELD (Record, uuid, .primary_key = true), YARA_KEY_LIBRARY },
    { YARA_FIELD (Record, uuid, .primary_key = true, .natural = true), YARA_KEY_NATURAL },
    { YARA_FIELD (Record, name, .primary_key = true), YARA_KEY_NATURAL },
    { YARA_FIELD_AS (Record, time, TIMESTAMP, .primary_key = true), YARA_KEY_NATURAL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      YaraField                 fields[] = { cases[i].field };
      YaraModel                 model = YARA_MODEL (Record, "records", fields);
      g_autoptr (YaraModelInfo) info = yara_model_info_new (&model, NULL);

      g_assert_nonnull (info);
      g_assert_cmpint (info->key_maker, ==, cases[i].maker);
    }
}

static void
test_references (void)
{
  static YaraModel       self;
  static const YaraField fields[] = {
    KEY,
    YARA_FIELD (Record, time, .references = &self, .on_delete = YARA_ON_DELETE_SET_NULL, .nullable = true, NULL_FLAG),
    YARA_FIELD (Record, uuid, .references = &uuid_team, .unconstrained = true),
  };
  g_autoptr (GError)        error = NULL;
  g_autoptr (YaraModelInfo) info = NULL;

  self = (YaraModel) YARA_MODEL (Record, "records", fields);
  info = yara_model_info_new (&self, &error);
  g_assert_no_error (error);
}

/* A long name is cut in front of a hash, not inside a character, and stays different from others. */
static void
test_long_index_names (void)
{
  YaraField fields[] = { KEY, YARA_FIELD (Record, number, .index = true), YARA_FIELD (Record, small, .index = true) };
  YaraModel model = YARA_MODEL (Record, "orders", fields);
  g_autoptr (YaraModelInfo) info = NULL, exact = NULL;

  fields[1].column = "spalte_mit_sehr_langem_name_und_größter_größe_der_größe";
  fields[2].column = "spalte_mit_sehr_langem_name_und_größter_größe_der_größe_2";
  info = yara_model_info_new (&model, NULL);
  for (guint i = 0; i < 2; i++)
    {
      const char *name = info->indexes[i].name;

      g_assert_cmpuint (strlen (name), <=, 63);
      g_assert_cmpuint (strlen (name), >=, 60);
      g_assert_true (g_utf8_validate (name, -1, NULL));
      g_assert_true (g_str_has_prefix (name, "idx_orders_spalte_mit_sehr_langem_name_und_"));
      g_assert_cmpint (name[strlen (name) - 9], ==, '_');
    }
  g_assert_cmpstr (info->indexes[0].name, !=, info->indexes[1].name);

  fields[1].column = "a23456789b23456789c23456789d23456789e23456789f234567"; /* 52 + 11 bytes */
  exact = yara_model_info_new (&model, NULL);
  g_assert_cmpstr (exact->indexes[0].name, ==, "idx_orders_a23456789b23456789c23456789d23456789e23456789f234567");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/model/refused-fields", test_refused_fields);
  g_test_add_func ("/model/kinds-and-types", test_pairs_of_kind_and_type);
  g_test_add_func ("/model/refused-models", test_refused_models);
  g_test_add_func ("/model/info", test_info);
  g_test_add_func ("/model/limits", test_limits_are_inclusive);
  g_test_add_func ("/model/shared-null-flags", test_null_flags_are_not_shared);
  g_test_add_func ("/model/key-makers", test_key_makers);
  g_test_add_func ("/model/references", test_references);
  g_test_add_func ("/model/long-index-names", test_long_index_names);
  return g_test_run ();
}
