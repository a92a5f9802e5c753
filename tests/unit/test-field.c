/* SPDX-License-Identifier: MIT
 * Fields of records: reading, checking, filling in. */
#include "field-fixture.h"

#include <math.h>

static YaraValue
get (const Row *row, const char *name)
{
  g_autoptr (GError) error = NULL;
  YaraValue          value;

  g_assert_true (yara_field_get (info, field (name), row, &value, &error));
  g_assert_no_error (error);
  return value;
}

/* Reading `name` is refused with `message`, which does not hold what the record holds. */
static void
assert_refused (const Row *row, const char *name, const char *message)
{
  g_autoptr (GError) error = NULL;
  YaraValue          value;

  g_assert_false (yara_field_get (info, field (name), row, &value, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_FIELD);
  g_assert_cmpstr (error->message, ==, message);
}

static void
test_get (void)
{
  Row row = { .id = 7, .name = "Ada", .price = "-12.5", .json = "{}", .bytes = { "a\0b", 3 }, .uuid = { { 1 } }, .real = INFINITY,
              .created = -5, .big = G_MAXINT64, .number = G_MININT32, .truth = 256, .day = -1, .number_level = HIGH,
              .text_level = HIGH, .small = G_MININT16, .flag = true };

  assert_integer (get (&row, "id"), YARA_KIND_INT64, 7);
  assert_text (get (&row, "name"), YARA_KIND_TEXT, "Ada");
  g_assert_true (get (&row, "name").bytes.data == row.name); /* borrowed */
  assert_text (get (&row, "price"), YARA_KIND_DECIMAL, "-12.5");
  g_assert_cmpuint (get (&row, "price").scale, ==, 2);
  assert_text (get (&row, "json"), YARA_KIND_JSON, "{}");
  g_assert_cmpint (get (&row, "bytes").kind, ==, YARA_KIND_BYTES);
  g_assert_cmpmem (get (&row, "bytes").bytes.data, get (&row, "bytes").bytes.size, "a\0b", 3);
  g_assert_cmpint (get (&row, "uuid").kind, ==, YARA_KIND_UUID);
  g_assert_cmpmem (get (&row, "uuid").uuid.bytes, 16, row.uuid.bytes, 16);
  g_assert_cmpint (get (&row, "real").kind, ==, YARA_KIND_DOUBLE);
  g_assert_cmpint (isinf (get (&row, "real").number), ==, 1);
  assert_integer (get (&row, "created"), YARA_KIND_TIMESTAMP, -5);
  assert_integer (get (&row, "big"), YARA_KIND_INT64, G_MAXINT64);
  assert_integer (get (&row, "number"), YARA_KIND_INT32, G_MININT32);
  assert_integer (get (&row, "truth"), YARA_KIND_BOOL, 1);
  assert_integer (get (&row, "day"), YARA_KIND_DATE, -1);
  assert_integer (get (&row, "number_level"), YARA_KIND_INT64, HIGH);
  assert_text (get (&row, "text_level"), YARA_KIND_TEXT, "high");
  assert_integer (get (&row, "small"), YARA_KIND_INT16, G_MININT16);
  assert_integer (get (&row, "flag"), YARA_KIND_BOOL, 1);
}

static void
test_null (void)
{
  Row row = { .number_is_null = true, .small_is_null = true, .real_is_null = true, .number_level_is_null = true, .text_level_is_null = true, .number_level = LOW };
  static const char *const null_names[] = { "name", "price", "json", "bytes", "uuid", "real", "number", "text_level", "small", "must" };
  static const char *const null_values[] = { "price", "json", "bytes", "number", "small", "must" };

  for (guint i = 0; i < G_N_ELEMENTS (null_names); i++)
    g_assert_true (yara_field_is_null (field (null_names[i]), &row));
  for (guint i = 0; i < G_N_ELEMENTS (null_values); i++)
    g_assert_cmpint (get (&row, null_values[i]).kind, ==, YARA_KIND_NULL);
  g_assert_false (yara_field_is_null (field ("id"), &row));
  g_assert_false (yara_field_is_null (field ("big"), &row));

  /* Required ones with a default take it, in the form that is bound. */
  assert_text (get (&row, "name"), YARA_KIND_TEXT, "größe");
  g_assert_cmpuint (get (&row, "uuid").uuid.bytes[15], ==, 0xff);
  g_assert_cmpint (get (&row, "real").kind, ==, YARA_KIND_DOUBLE);
  g_assert_cmpfloat (get (&row, "real").number, ==, 2.5);
  assert_integer (get (&row, "number_level"), YARA_KIND_INT64, HIGH);
  assert_text (get (&row, "text_level"), YARA_KIND_TEXT, "low");

  row.bytes.data = "";
  g_assert_false (yara_field_is_null (field ("bytes"), &row));
  g_assert_cmpint (get (&row, "bytes").kind, ==, YARA_KIND_BYTES);
}

static void
test_natural_uuid_may_be_zero (void)
{
  typedef struct { YaraUuid uuid; } Tag;
  static const YaraField    tag_fields[] = { YARA_FIELD (Tag, uuid, .primary_key = true, .natural = true) };
  static const YaraModel    tag_model = YARA_MODEL (Tag, "tags", tag_fields);
  g_autoptr (YaraModelInfo) tag_info = yara_model_info_new (&tag_model, NULL);
  Tag                       tag = { { { 0 } } };
  YaraValue                 value;

  g_assert_false (yara_field_is_null (tag_info->key, &tag));
  g_assert_true (yara_field_get (tag_info, tag_info->key, &tag, &value, NULL));
  g_assert_cmpint (value.kind, ==, YARA_KIND_UUID);
  yara_record_prepare_create (tag_info, &tag, 1);
  g_assert_cmpuint (tag.uuid.bytes[6], ==, 0);
}

static void
test_refused_content (void)
{
  assert_refused (&(Row) { .name = "a\xff" }, "name", "Row.name: text is not valid UTF-8");
  assert_refused (&(Row) { .name = "größer" }, "name", "Row.name: text is longer than max_length 5");
  assert_refused (&(Row) { .json = "\xc3" }, "json", "Row.json: text is not valid UTF-8");
  assert_refused (&(Row) { .real = NAN }, "real", "Row.real: not a number (NaN) cannot be stored");
  assert_refused (&(Row) { .number_level = 3 }, "number_level", "Row.number_level: the number is not one of its choices");
  assert_refused (&(Row) { .text_level = 0 }, "text_level", "Row.text_level: the number is not one of its choices");
  assert_text (get (&(Row) { .name = "größe" }, "name"), YARA_KIND_TEXT, "größe"); /* five characters, seven bytes */
}

static void
test_decimals (void)
{
  static const char *const good[] = { "0", "-0", "+1.5", "999.99", "-999.99", "000999.9900", "1.500000", "12" };
  static const struct
  {
    const char *text, *message;
  } bad[] = {
    { "", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "-", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { ".5", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "5.", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "--5", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { " 5", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "5 ", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "1e2", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "1,5", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "1.2.3", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "NaN", "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "1.005", "Row.price: more than 2 digits after the point; round it first" },
    { "1000", "Row.price: more than 3 digits before the point" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    assert_text (get (&(Row) { .price = good[i] }, "price"), YARA_KIND_DECIMAL, good[i]);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    assert_refused (&(Row) { .price = bad[i].text }, "price", bad[i].message);
}

static void
test_require (void)
{
  g_autoptr (GError) error = NULL;
  YaraValue          null_value = yara_value_null (), value = yara_value_text ("a");

  g_assert_true (yara_field_require (info, field ("must"), &value, NULL));
  g_assert_true (yara_field_require (info, field ("json"), &null_value, NULL));
  g_assert_false (yara_field_require (info, field ("must"), &null_value, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_FIELD);
  g_assert_cmpstr (error->message, ==,
                   "Row.must: it is NULL but required; set it, make the field nullable or give it a default_value");
}

static void
test_prepare_create (void)
{
  Row row = { .price = NULL, .number_is_null = true, .small_is_null = true, .real_is_null = true, .number_level_is_null = true, .text_level_is_null = true, .big = 5,
              .created = 1, .changed = 1 };
  Row set = { .name = "Ada", .uuid = { { 9 } }, .real = 1, .text_level = HIGH };

  yara_record_prepare_create (info, &row, 123456789);
  g_assert_cmpint (row.created, ==, 123456789);
  g_assert_cmpint (row.changed, ==, 123456789);
  g_assert_cmpstr (row.name, ==, "größe");
  g_assert_null (row.price); /* nullable: NULL is what was asked for */
  g_assert_cmpuint (row.uuid.bytes[15], ==, 0xff);
  g_assert_cmpfloat (row.real, ==, 2.5);
  g_assert_false (row.real_is_null);
  g_assert_cmpint (row.text_level, ==, LOW);
  g_assert_cmpint (row.number_level, ==, HIGH);
  g_assert_false (row.number_level_is_null);
  g_assert_false (row.text_level_is_null);
  g_assert_cmpint (row.big, ==, 5);
  g_assert_true (row.number_is_null);
  g_assert_true (row.small_is_null); /* default_sql is the database's */
  g_assert_cmpint (row.id, ==, 0);

  yara_record_prepare_create (info, &set, 1);
  g_assert_cmpstr (set.name, ==, "Ada");
  g_assert_cmpuint (set.uuid.bytes[0], ==, 9);
  g_assert_cmpfloat (set.real, ==, 1);
  g_assert_cmpint (set.text_level, ==, HIGH);
}

/* Defaults without automatic timestamps, and the other way around. */
static void
test_prepare_create_of_one_sort (void)
{
  typedef struct { gint64 id; const char *name; gint64 time; } Note;
  static const YaraField    named_fields[] = { YARA_FIELD (Note, id, .primary_key = true),
                                               YARA_FIELD (Note, name, .default_value = "new") };
  static const YaraField    timed_fields[] = { YARA_FIELD (Note, id, .primary_key = true),
                                               YARA_FIELD_AS (Note, time, TIMESTAMP, .auto_now_add = true) };
  static const YaraModel    named_model = YARA_MODEL (Note, "notes", named_fields);
  static const YaraModel    timed_model = YARA_MODEL (Note, "notes", timed_fields);
  g_autoptr (YaraModelInfo) named = yara_model_info_new (&named_model, NULL);
  g_autoptr (YaraModelInfo) timed = yara_model_info_new (&timed_model, NULL);
  Note                      note = { 0 };

  yara_record_prepare_create (named, &note, 7);
  g_assert_cmpstr (note.name, ==, "new");
  g_assert_cmpint (note.time, ==, 0);
  yara_record_prepare_create (timed, &note, 7);
  g_assert_cmpint (note.time, ==, 7);
}

static void
test_prepare_save (void)
{
  Row row = { .created = 1, .changed = 1 };

  yara_record_prepare_save (info, &row, 2);
  g_assert_cmpint (row.created, ==, 1);
  g_assert_cmpint (row.changed, ==, 2);
  g_assert_null (row.name);
}

static void
test_uuid_keys_are_made (void)
{
  typedef struct { YaraUuid id; } Tag;
  static const YaraField    tag_fields[] = { YARA_FIELD (Tag, id, .primary_key = true) };
  static const YaraModel    tag_model = YARA_MODEL (Tag, "tags", tag_fields);
  g_autoptr (YaraModelInfo) tag_info = yara_model_info_new (&tag_model, NULL);
  Tag                       made = { { { 0 } } }, brought = { { { 1 } } };

  yara_record_prepare_create (tag_info, &made, 0);
  yara_record_prepare_create (tag_info, &brought, 0);
  g_assert_false (yara_field_is_null (tag_info->key, &made));
  g_assert_cmpuint (brought.id.bytes[0], ==, 1);
  g_assert_cmpuint (brought.id.bytes[6], ==, 0);
}

static void
test_integer_keys (void)
{
  typedef struct { gint16 small; gint32 number; } Pair;
  static const YaraField    small_fields[] = { YARA_FIELD (Pair, small, .primary_key = true) };
  static const YaraField    number_fields[] = { YARA_FIELD (Pair, number, .primary_key = true) };
  static const YaraModel    small_model = YARA_MODEL (Pair, "pairs", small_fields), number_model = YARA_MODEL (Pair, "pairs", number_fields);
  g_autoptr (YaraModelInfo) small = yara_model_info_new (&small_model, NULL), number = yara_model_info_new (&number_model, NULL);
  g_autoptr (GError)        error = NULL;
  Pair                      pair = { 0 };
  Row                       row = { .id = 0 };

  g_assert_false (yara_record_has_key (info, &row));
  g_assert_true (yara_record_set_key (info, &row, G_MAXINT64, NULL));
  g_assert_cmpint (row.id, ==, G_MAXINT64);
  g_assert_true (yara_record_has_key (info, &row));

  g_assert_true (yara_record_set_key (small, &pair, G_MAXINT16, NULL));
  g_assert_cmpint (pair.small, ==, G_MAXINT16);
  g_assert_false (yara_record_set_key (small, &pair, G_MAXINT16 + 1, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_DECODE);
  g_assert_cmpstr (error->message, ==, "Pair.small: the key that the database made does not fit int16; use a wider field");
  g_assert_cmpint (pair.small, ==, G_MAXINT16);

  g_assert_true (yara_record_set_key (number, &pair, G_MAXINT32, NULL));
  g_assert_false (yara_record_set_key (number, &pair, G_GINT64_CONSTANT (1) << 32 | 5, NULL));
  g_assert_cmpint (pair.number, ==, G_MAXINT32);
}

static void
test_record_init (void)
{
  static const YaraModel broken = { .struct_size = sizeof (YaraModel), .name = "Row", .table = "rows" };
  g_autoptr (GError)     error = NULL;
  Row                    row;

  memset (&row, 0x5a, sizeof row);
  g_assert_true (yara_record_init (&row_model, &row, &error));
  g_assert_no_error (error);
  g_assert_cmpint (row.id, ==, 0);
  g_assert_cmpstr (row.name, ==, "größe");
  g_assert_cmpstr (row.price, ==, "1.50");
  g_assert_null (row.json);
  g_assert_null (row.bytes.data);
  g_assert_cmpuint (row.uuid.bytes[15], ==, 0xff);
  g_assert_cmpfloat (row.real, ==, 2.5);
  g_assert_false (row.real_is_null);
  g_assert_cmpint (row.big, ==, G_MININT64);
  g_assert_true (row.number_is_null);
  g_assert_true (row.small_is_null);
  g_assert_cmpint (row.truth, ==, 1);
  g_assert_cmpint (row.day, ==, -1);
  g_assert_cmpint (row.number_level, ==, HIGH);
  g_assert_cmpint (row.text_level, ==, LOW);
  g_assert_cmpint (row.number_level, ==, HIGH);
  g_assert_false (row.number_level_is_null);
  g_assert_false (row.text_level_is_null);
  g_assert_false (row.flag);

  g_assert_false (yara_record_init (&broken, &row, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
}

static void
test_default_timestamps (void)
{
  static const struct
  {
    const char *text;
    gint64      microseconds;
  } cases[] = {
    { "1970-01-01T00:00:01.000002Z", 1000002 },
    { "1970-01-01 00:00:00", 0 },
    { "1970-01-01T01:00:00+01:00", 0 },
    { "1969-12-31T23:59:59Z", -1000000 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      YaraField time_fields[] = { YARA_FIELD (Row, id, .primary_key = true),
                                  YARA_FIELD_AS (Row, created, TIMESTAMP, .default_value = cases[i].text) };
      YaraModel          model = YARA_MODEL (Row, "rows", time_fields);
      g_autoptr (GError) error = NULL;
      Row                row;

      g_assert_true (yara_record_init (&model, &row, &error));
      g_assert_cmpint (row.created, ==, cases[i].microseconds);
    }
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int                status;

  g_test_init (&argc, &argv, NULL);
  info = yara_model_info_new (&row_model, &error);
  g_assert_no_error (error);
  g_test_add_func ("/field/get", test_get);
  g_test_add_func ("/field/null", test_null);
  g_test_add_func ("/field/natural-uuid", test_natural_uuid_may_be_zero);
  g_test_add_func ("/field/refused-content", test_refused_content);
  g_test_add_func ("/field/decimals", test_decimals);
  g_test_add_func ("/field/require", test_require);
  g_test_add_func ("/record/prepare-create", test_prepare_create);
  g_test_add_func ("/record/prepare-create-one-sort", test_prepare_create_of_one_sort);
  g_test_add_func ("/record/prepare-save", test_prepare_save);
  g_test_add_func ("/record/uuid-keys", test_uuid_keys_are_made);
  g_test_add_func ("/record/integer-keys", test_integer_keys);
  g_test_add_func ("/record/init", test_record_init);
  g_test_add_func ("/record/default-timestamps", test_default_timestamps);
  status = g_test_run ();
  yara_model_info_free (info);
  return status;
}
