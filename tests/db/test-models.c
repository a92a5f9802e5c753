/* SPDX-License-Identifier: MIT
 *
 * Model descriptors: each mistake is found when the model is registered, and named.
 */
#include "fixture.h"

#include <string.h>

/* The mistakes are made by overriding what the macros of the descriptors fill in. */
#pragma GCC diagnostic ignored "-Woverride-init"

typedef enum { RED, GREEN } Color;

typedef struct
{
  gint64      id;
  gint64      second;
  gint32      number;
  bool        flag;
  const char *text;
  double      real;
  gint64      at;
  gint64      count;
  YaraUuid    uuid;
  YaraBytes   bytes;
  Color       color;
} Record;

static const YaraChoice colors[] = { { RED, "red" }, { GREEN, "green" }, { 0, NULL } };
static const YaraChoice same_number[] = { { RED, "red" }, { RED, "green" }, { 0, NULL } };
static const YaraChoice same_name[] = { { RED, "red" }, { GREEN, "red" }, { 0, NULL } };
static const YaraChoice no_choices[] = { { 0, NULL } };

#define KEY YARA_FIELD (Record, id, .primary_key = true)
#define NAME_63 "n12345678901234567890123456789012345678901234567890123456789012"
#define NAME_64 NAME_63 "3"

G_STATIC_ASSERT (sizeof NAME_63 == 64);

/* Must be refused with a message that names the model and has both words. */
static void
assert_refused (Test *test, const YaraModel *model, const char *word)
{
  g_autoptr(YaraQuery) query = yara_query_new (model);
  Record record;

  test_fails (yara_orm_register (test->orm, model, &error), CONFIGURATION, model->name, word);
  test_fails (yara_orm_all (test->orm, query, NULL, &error), CONFIGURATION, model->name);
  test_fails (yara_record_init (model, &record, &error), CONFIGURATION, model->name, word);
}

/* A model with a key and the fields that follow is refused because of `word`. */
#define REFUSED(test, word, ...) \
  G_STMT_START \
    { \
      static const YaraField fields_[] = { __VA_ARGS__ }; \
      static const YaraModel model_ = YARA_MODEL (Record, "records", fields_); \
      assert_refused ((test), &model_, (word)); \
    } \
  G_STMT_END

#define ACCEPTED(test, model_name, ...) \
  G_STMT_START \
    { \
      static const YaraField fields_[] = { __VA_ARGS__ }; \
      static const YaraModel model_ = YARA_MODEL (Record, model_name, fields_, .name = model_name); \
      TEST_USE ((test), &model_); \
    } \
  G_STMT_END

static void
keys (Test *test)
{
  REFUSED (test, "key", YARA_FIELD (Record, number));
  REFUSED (test, "second", KEY, YARA_FIELD (Record, second, .primary_key = true));
  REFUSED (test, "id", YARA_FIELD (Record, id, .primary_key = true, .nullable = true));
  REFUSED (test, "real", YARA_FIELD (Record, real, .primary_key = true));
}

static void
names (Test *test)
{
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number), YARA_FIELD (Record, number));
  REFUSED (test, "text", KEY, YARA_FIELD (Record, number), YARA_FIELD (Record, text, .column = "number"));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .column = ""));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .column = NAME_64));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .column = "bad\xff"));
  REFUSED (test, "name", KEY, YARA_FIELD (Record, number, .name = ""));
  REFUSED (test, "name", KEY, YARA_FIELD (Record, number, .name = NULL));
  ACCEPTED (test, "longest", KEY, YARA_FIELD (Record, number, .column = NAME_63));
  ACCEPTED (test, "quoted", KEY, YARA_FIELD (Record, number, .column = "a \"quoted\" name; --"));
}

static void
tables (Test *test)
{
  static const YaraField fields[] = { KEY };
  static const YaraModel empty = YARA_MODEL (Record, "", fields);
  static const YaraModel absent = YARA_MODEL (Record, NULL, fields);
  static const YaraModel longer = YARA_MODEL (Record, NAME_64, fields);
  static const YaraModel longest = YARA_MODEL (Record, NAME_63, fields);
  static const YaraModel no_fields = YARA_MODEL (Record, "records", fields, .n_fields = 0);
  static const YaraModel bad_connection = YARA_MODEL (Record, "records", fields, .connection = "a b");
  static const YaraModel one = YARA_MODEL (Record, "records", fields, .name = "One");
  static const YaraModel two = YARA_MODEL (Record, "records", fields, .name = "Two");

  assert_refused (test, &empty, "table");
  assert_refused (test, &absent, "table");
  assert_refused (test, &longer, "table");
  assert_refused (test, &no_fields, "field");
  assert_refused (test, &bad_connection, "connection");
  TEST_USE (test, &longest);
  test_ok (yara_orm_register (test->orm, &one, &error));
  test_ok (yara_orm_register (test->orm, &two, &error)); /* may live on different connections */
}

static void
kinds (Test *test)
{
  REFUSED (test, "number", KEY, YARA_FIELD_AS (Record, number, TEXT));
  REFUSED (test, "text", KEY, YARA_FIELD_AS (Record, text, INT64));
  REFUSED (test, "at", KEY, YARA_FIELD_AS (Record, at, INT32));
  REFUSED (test, "number", KEY, YARA_FIELD_AS (Record, number, TIMESTAMP));
  REFUSED (test, "real", KEY, YARA_FIELD_AS (Record, real, DECIMAL, .precision = 5));
  REFUSED (test, "bytes", KEY, YARA_FIELD_AS (Record, bytes, UUID));
  REFUSED (test, "number", KEY, YARA_FIELD_AS (Record, number, LIST));
  REFUSED (test, "number", KEY, YARA_FIELD_AS (Record, number, INVALID));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .kind = 99));
  REFUSED (test, "color", KEY, YARA_FIELD (Record, color)); /* what kind of enum? */
}

static void
places (Test *test)
{
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .offset = sizeof (Record)));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .offset = sizeof (Record) - 2));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .offset = G_MAXSIZE));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .size = 2));
  REFUSED (test, "number", KEY,
           YARA_FIELD (Record, number, .nullable = true, .null_flag = sizeof (Record) + 1));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .nullable = true, .null_flag = G_MAXSIZE));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .nullable = true)); /* nowhere to put NULL */
}

static void
options (Test *test)
{
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .max_length = 3));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .auto_now = true));
  REFUSED (test, "count", KEY, YARA_FIELD (Record, count, .auto_now_add = true));
  REFUSED (test, "text", KEY, YARA_FIELD_AS (Record, text, DECIMAL));
  REFUSED (test, "text", KEY, YARA_FIELD_AS (Record, text, DECIMAL, .precision = 1001));
  REFUSED (test, "text", KEY, YARA_FIELD_AS (Record, text, DECIMAL, .precision = 4, .scale = 5));
  REFUSED (test, "color", KEY, YARA_FIELD_AS (Record, color, ENUM_INT));
  REFUSED (test, "color", KEY, YARA_FIELD_AS (Record, color, ENUM_TEXT, .choices = no_choices));
  REFUSED (test, "color", KEY, YARA_FIELD_AS (Record, color, ENUM_INT, .choices = same_number));
  REFUSED (test, "color", KEY, YARA_FIELD_AS (Record, color, ENUM_TEXT, .choices = same_name));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .choices = colors));
}

static void
defaults (Test *test)
{
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .default_value = "ten"));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .default_value = "2147483648"));
  REFUSED (test, "number", KEY, YARA_FIELD (Record, number, .default_value = "1.5"));
  REFUSED (test, "flag", KEY, YARA_FIELD (Record, flag, .default_value = "maybe"));
  REFUSED (test, "real", KEY, YARA_FIELD (Record, real, .default_value = "nan"));
  REFUSED (test, "text", KEY, YARA_FIELD (Record, text, .max_length = 2, .default_value = "abc"));
  REFUSED (test, "text", KEY, YARA_FIELD (Record, text, .default_value = "\xff"));
  REFUSED (test, "text", KEY,
           YARA_FIELD_AS (Record, text, DECIMAL, .precision = 4, .scale = 1, .default_value = "1.25"));
  REFUSED (test, "color", KEY,
           YARA_FIELD_AS (Record, color, ENUM_INT, .choices = colors, .default_value = "blue"));
  REFUSED (test, "text", KEY, YARA_FIELD (Record, text, .default_value = "a", .default_sql = "'b'"));
}

static const YaraField indexed_fields[] = { KEY, YARA_FIELD (Record, number) };
static const YaraIndex unknown[] = { YARA_INDEX ("number", "nowhere") };
static const YaraIndex empty[] = { { NULL, (const char *const[]) { NULL }, false } };
static const YaraIndex twice[] = { YARA_UNIQUE ("number", "number") };
static const YaraIndex longer[] = { { NAME_64, (const char *const[]) { "number", NULL }, false } };
static const YaraIndex nameless[] = { { "", (const char *const[]) { "number", NULL }, false } };

static void
indexes (Test *test)
{
  static const YaraModel with_unknown = YARA_MODEL (Record, "records", indexed_fields,
                                                    YARA_INDEXES (unknown));
  static const YaraModel with_empty = YARA_MODEL (Record, "records", indexed_fields, YARA_INDEXES (empty));
  static const YaraModel with_twice = YARA_MODEL (Record, "records", indexed_fields, YARA_INDEXES (twice));
  static const YaraModel with_longer = YARA_MODEL (Record, "records", indexed_fields, YARA_INDEXES (longer));
  static const YaraModel with_nameless = YARA_MODEL (Record, "records", indexed_fields,
                                                     YARA_INDEXES (nameless));

  assert_refused (test, &with_unknown, "nowhere");
  assert_refused (test, &with_empty, "index");
  assert_refused (test, &with_twice, "number");
  assert_refused (test, &with_longer, "index");
  assert_refused (test, &with_nameless, "index");
}

/* A foreign key must be able to hold the key that it refers to. */
static void
references (Test *test)
{
  static const YaraField target_fields[] = { KEY };
  static const YaraModel target = YARA_MODEL (Record, "targets", target_fields, .name = "Target");

  TEST_USE (test, &target);
  REFUSED (test, "text", KEY, YARA_FIELD (Record, text, .references = &target));
  REFUSED (test, "second", KEY,
           YARA_FIELD (Record, second, .references = &target, .on_delete = YARA_ON_DELETE_SET_NULL));
  REFUSED (test, "second", KEY, YARA_FIELD (Record, second, .references = &target, .on_delete = 77));
  ACCEPTED (test, "good", KEY, YARA_FIELD (Record, second, .references = &target));
}

/* ---- sound ones ---- */

static const YaraField full_fields[] = {
  KEY,
  YARA_FIELD (Record, number, .default_value = "18"),
  YARA_FIELD (Record, flag, .default_value = "true"),
  YARA_FIELD (Record, text, .default_value = "new"),
  YARA_FIELD (Record, real, .default_value = "-2.5"),
  YARA_FIELD_AS (Record, at, TIMESTAMP, .default_value = "1970-01-01 00:00:01Z"),
  YARA_FIELD_AS (Record, color, ENUM_TEXT, .choices = colors, .default_value = "green"),
  YARA_FIELD (Record, bytes, .nullable = true),
  YARA_FIELD (Record, uuid, .nullable = true),
};

static void
record_init (Test *test)
{
  static const YaraModel model = YARA_MODEL (Record, "records", full_fields);
  Record record;

  memset (&record, 0xff, sizeof record);
  test_ok (yara_record_init (&model, &record, &error));
  g_assert_cmpint (record.id, ==, 0);
  g_assert_cmpint (record.second, ==, 0); /* not a field: zero all the same */
  g_assert_cmpint (record.number, ==, 18);
  g_assert_true (record.flag);
  g_assert_cmpstr (record.text, ==, "new");
  g_assert_cmpfloat (record.real, ==, -2.5);
  g_assert_cmpint (record.at, ==, 1000000);
  g_assert_cmpint (record.color, ==, GREEN);
  g_assert_null (record.bytes.data);

  TEST_USE (test, &model);
  test_ok (yara_orm_create (test->orm, &model, &record, NULL, &error));
  g_assert_cmpint (record.id, >, 0);
}

static void
record_init_marks_null (Test *test)
{
  typedef struct
  {
    gint64      id;
    gint32      age, size;
    bool        age_unknown, size_unknown;
    const char *name;
  } Person;
  static const YaraField fields[] = {
    YARA_FIELD (Person, id, .primary_key = true),
    YARA_FIELD (Person, age, .nullable = true, .null_flag = YARA_NULL_FLAG (Person, age_unknown)),
    YARA_FIELD (Person, size, .nullable = true, .null_flag = YARA_NULL_FLAG (Person, size_unknown),
                .default_value = "4"),
    YARA_FIELD (Person, name, .nullable = true),
  };
  static const YaraModel model = YARA_MODEL (Person, "people", fields);
  Person person;

  memset (&person, 0xff, sizeof person);
  test_ok (yara_record_init (&model, &person, &error));
  g_assert_true (person.age_unknown);
  g_assert_false (person.size_unknown);
  g_assert_cmpint (person.size, ==, 4);
  g_assert_null (person.name);
}

static const TestCase cases[] = {
  { "models/keys", keys },
  { "models/names", names },
  { "models/tables", tables },
  { "models/kinds", kinds },
  { "models/places", places },
  { "models/options", options },
  { "models/defaults", defaults },
  { "models/indexes", indexes },
  { "models/references", references },
  { "models/record-init", record_init },
  { "models/record-init-marks-null", record_init_marks_null },
};
TEST_MAIN (cases)
