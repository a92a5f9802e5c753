/* SPDX-License-Identifier: MIT
 * Values of the program in the form that fields take. */
#include "field-fixture.h"

#include <math.h>

/* Which kinds of value each field takes, tried with values that fit all of them; and what they become. */
static void
test_kinds (void)
{
  static const struct
  {
    const char *name;
    guint       takes; /* bits of YaraKind */
    YaraKind    becomes;
    const char *text;  /* that fits */
  } cases[] = {
#define INTEGERS (1 << YARA_KIND_INT16 | 1 << YARA_KIND_INT32 | 1 << YARA_KIND_INT64 | 1 << YARA_KIND_ENUM_INT)
#define TEXTS (1 << YARA_KIND_TEXT | 1 << YARA_KIND_ENUM_TEXT)
    { "flag", INTEGERS | 1 << YARA_KIND_BOOL, YARA_KIND_BOOL },
    { "truth", INTEGERS | 1 << YARA_KIND_BOOL, YARA_KIND_BOOL },
    { "small", INTEGERS, YARA_KIND_INT16 },
    { "number", INTEGERS, YARA_KIND_INT32 },
    { "big", INTEGERS, YARA_KIND_INT64 },
    { "real", INTEGERS | 1 << YARA_KIND_DOUBLE, YARA_KIND_DOUBLE },
    { "name", TEXTS, YARA_KIND_TEXT, "a" },
    { "bytes", 1 << YARA_KIND_BYTES, YARA_KIND_BYTES },
    { "uuid", TEXTS | 1 << YARA_KIND_UUID, YARA_KIND_UUID, "00000000-0000-0000-0000-0000000000ff" },
    { "price", INTEGERS | TEXTS | 1 << YARA_KIND_DECIMAL, YARA_KIND_DECIMAL, "1" },
    { "json", TEXTS | 1 << YARA_KIND_JSON, YARA_KIND_JSON, "1" },
    { "created", INTEGERS | 1 << YARA_KIND_TIMESTAMP, YARA_KIND_TIMESTAMP },
    { "day", INTEGERS | 1 << YARA_KIND_DATE, YARA_KIND_DATE },
    { "number_level", INTEGERS, YARA_KIND_INT64 },
    { "text_level", INTEGERS | TEXTS, YARA_KIND_TEXT, "low" },
  };
  YaraArena arena;

  yara_arena_init (&arena);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint kind = YARA_KIND_BOOL; kind <= YARA_KIND_INVALID; kind++)
      {
        YaraValue          value = { .kind = kind, .integer = 1 }, coerced;
        g_autoptr (GError) error = NULL;
        const char        *text = cases[i].text != NULL ? cases[i].text : "1";
        gboolean           taken;

        if (kind == YARA_KIND_DOUBLE)
          value.number = 1;
        else if (yara_kind_is_bytes (kind))
          value.bytes = (YaraBytes) { text, strlen (text) };
        taken = yara_field_coerce (info, field (cases[i].name), &value, &arena, &coerced, &error);
        if (taken != ((cases[i].takes & 1u << kind) != 0))
          g_error ("%s given to %s: wrong answer", yara_kind_get_name (kind), cases[i].name);
        if (taken)
          g_assert_cmpint (coerced.kind, ==, cases[i].becomes);
        else
          g_assert_error (error, YARA_ERROR, YARA_ERROR_FIELD);
      }
  yara_arena_clear (&arena);
}

static void
test_messages (void)
{
  static const struct
  {
    const char *name;
    YaraValue   value;
    const char *message;
  } cases[] = {
    { "number", { YARA_KIND_TEXT, .bytes = { "a", 1 } }, "Row.number (int32) cannot be compared with or set to text; give an integer" },
    { "flag", { YARA_KIND_DOUBLE }, "Row.flag (bool) cannot be compared with or set to double; give a bool, 0 or 1" },
    { "real", { YARA_KIND_TEXT, .bytes = { "a", 1 } }, "Row.real (double) cannot be compared with or set to text; give a double or an integer" },
    { "name", { YARA_KIND_INT64 }, "Row.name (text) cannot be compared with or set to int64; give text" },
    { "bytes", { YARA_KIND_LIST }, "Row.bytes (bytes) cannot be compared with or set to list; give bytes" },
    { "uuid", { YARA_KIND_BYTES }, "Row.uuid (uuid) cannot be compared with or set to bytes; give a uuid or its text" },
    { "price", { YARA_KIND_DOUBLE }, "Row.price (decimal) cannot be compared with or set to double; give a decimal, text or an integer" },
    { "json", { YARA_KIND_BOOL }, "Row.json (json) cannot be compared with or set to bool; give json or text" },
    { "created", { YARA_KIND_DATE }, "Row.created (timestamp) cannot be compared with or set to date; give a timestamp or microseconds since 1970" },
    { "day", { YARA_KIND_TIMESTAMP }, "Row.day (date) cannot be compared with or set to timestamp; give a date or days since 1970" },
    { "text_level", { YARA_KIND_JSON, .bytes = { "1", 1 } }, "Row.text_level (enum_text) cannot be compared with or set to json; give a number or a name of its choices" },
    { "big", { YARA_KIND_INVALID }, "Row.big (int64) cannot be compared with or set to a pointer or an integer above the 64-bit range; give an integer" },

    { "flag", { YARA_KIND_INT64, .integer = 2 }, "Row.flag: the integer is outside bool: 0 to 1" },
    { "flag", { YARA_KIND_INT64, .integer = -1 }, "Row.flag: the integer is outside bool: 0 to 1" },
    { "small", { YARA_KIND_INT64, .integer = 32768 }, "Row.small: the integer is outside int16: -32768 to 32767" },
    { "small", { YARA_KIND_INT64, .integer = -32769 }, "Row.small: the integer is outside int16: -32768 to 32767" },
    { "number", { YARA_KIND_INT64, .integer = G_MAXINT32 + G_GINT64_CONSTANT (1) }, "Row.number: the integer is outside int32: -2147483648 to 2147483647" },
    { "number", { YARA_KIND_INT64, .integer = G_MININT32 - G_GINT64_CONSTANT (1) }, "Row.number: the integer is outside int32: -2147483648 to 2147483647" },
    { "day", { YARA_KIND_INT64, .integer = G_MAXINT64 }, "Row.day: the integer is outside date: -2147483648 to 2147483647" },
    { "price", { YARA_KIND_INT64, .integer = 1000 }, "Row.price: more than 3 digits before the point" },
    { "price", { YARA_KIND_TEXT, .bytes = { "1.005", 5 } }, "Row.price: more than 2 digits after the point; round it first" },
    { "price", { YARA_KIND_DECIMAL, .bytes = { "x", 1 } }, "Row.price: not a decimal number; write it as in \"-12.50\"" },
    { "real", { YARA_KIND_DOUBLE, .number = NAN }, "Row.real: not a number (NaN) cannot be stored" },
    { "name", { YARA_KIND_TEXT, .bytes = { "a\0b", 3 } }, "Row.name: text is not valid UTF-8" },
    { "name", { YARA_KIND_TEXT, .bytes = { "abcdef", 6 } }, "Row.name: text is longer than max_length 5" },
    { "json", { YARA_KIND_JSON, .bytes = { "\xff", 1 } }, "Row.json: text is not valid UTF-8" },
    /* in the first word, in the last byte, and a NUL at each */
    { "json", { YARA_KIND_JSON, .bytes = { "12345\xff" "789", 9 } }, "Row.json: text is not valid UTF-8" },
    { "json", { YARA_KIND_JSON, .bytes = { "12345678\xff", 9 } }, "Row.json: text is not valid UTF-8" },
    { "json", { YARA_KIND_JSON, .bytes = { "\0" "23456789", 9 } }, "Row.json: text is not valid UTF-8" },
    { "json", { YARA_KIND_JSON, .bytes = { "12345678\0", 9 } }, "Row.json: text is not valid UTF-8" },
    { "number_level", { YARA_KIND_INT64, .integer = 3 }, "Row.number_level: the number is not one of its choices" },
    { "text_level", { YARA_KIND_TEXT, .bytes = { "lo", 2 } }, "Row.text_level: the text is not the name of one of its choices" },
    { "text_level", { YARA_KIND_TEXT, .bytes = { "lowest", 6 } }, "Row.text_level: the text is not the name of one of its choices" },
    { "uuid", { YARA_KIND_TEXT, .bytes = { "1", 1 } }, "Row.uuid: the text is not a UUID of 36 characters" },
    { "uuid", { YARA_KIND_TEXT, .bytes = { "00000000-0000-0000-0000-0000000000fx", 36 } }, "Row.uuid: the text is not a UUID of hexadecimal digits and dashes" },
  };
  YaraArena arena;

  yara_arena_init (&arena);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      YaraValue          coerced;

      g_assert_false (yara_field_coerce (info, field (cases[i].name), &cases[i].value, &arena, &coerced, &error));
      g_assert_error (error, YARA_ERROR, YARA_ERROR_FIELD);
      g_assert_cmpstr (error->message, ==, cases[i].message);
    }
  yara_arena_clear (&arena);
}

static YaraValue
coerce (const char *name, YaraValue value, YaraArena *arena)
{
  YaraValue coerced;

  g_assert_true (yara_field_coerce (info, field (name), &value, arena, &coerced, NULL));
  return coerced;
}

static void
test_content (void)
{
  YaraArena arena;
  YaraValue price, bytes, uuid;

  yara_arena_init (&arena);
  g_assert_cmpint (coerce ("number", yara_value_null (), &arena).kind, ==, YARA_KIND_NULL);
  assert_integer (coerce ("small", yara_value_int (G_MININT16), &arena), YARA_KIND_INT16, G_MININT16);
  assert_integer (coerce ("big", yara_value_int (G_MAXINT64), &arena), YARA_KIND_INT64, G_MAXINT64);
  g_assert_cmpfloat (coerce ("real", yara_value_int (-3), &arena).number, ==, -3);
  price = coerce ("price", yara_value_int (-12), &arena);
  assert_text (price, YARA_KIND_DECIMAL, "-12");
  g_assert_cmpuint (price.scale, ==, 2);
  price = coerce ("price", yara_value_decimal ("1.5"), &arena);
  assert_text (price, YARA_KIND_DECIMAL, "1.5");
  g_assert_cmpuint (price.scale, ==, 2);
  price = coerce ("price", yara_value_text ("2.50"), &arena);
  assert_text (price, YARA_KIND_DECIMAL, "2.50");
  g_assert_cmpuint (price.scale, ==, 2);
  price = coerce ("price", (YaraValue) { YARA_KIND_TEXT, .bytes = { "12.500", 4 } }, &arena); /* not NUL-terminated */
  assert_text (price, YARA_KIND_DECIMAL, "12.5");
  assert_text (coerce ("price", (YaraValue) { YARA_KIND_TEXT, .bytes = { "12345", 2 } }, &arena), YARA_KIND_DECIMAL, "12");
  assert_text (coerce ("price", (YaraValue) { YARA_KIND_TEXT, .bytes = { "1.5", 1 } }, &arena), YARA_KIND_DECIMAL, "1");
  assert_text (coerce ("price", (YaraValue) { YARA_KIND_TEXT, .bytes = { "000", 1 } }, &arena), YARA_KIND_DECIMAL, "0");
  bytes = coerce ("bytes", yara_value_bytes ((YaraBytes) { "\xff\0", 2 }), &arena);
  g_assert_cmpmem (bytes.bytes.data, bytes.bytes.size, "\xff\0", 2);
  uuid = coerce ("uuid", yara_value_uuid ((YaraUuid) { "0123456789abcdef" }), &arena);
  g_assert_cmpmem (uuid.uuid.bytes, 16, "0123456789abcdef", 16);
  assert_integer (coerce ("number_level", yara_value_int (HIGH), &arena), YARA_KIND_INT64, HIGH);
  assert_text (coerce ("text_level", yara_value_int (HIGH), &arena), YARA_KIND_TEXT, "high");
  assert_text (coerce ("text_level", yara_value_text ("low"), &arena), YARA_KIND_TEXT, "low");
  g_assert_cmpuint (coerce ("uuid", yara_value_text ("00000000-0000-0000-0000-0000000000ff"), &arena).uuid.bytes[15], ==, 0xff);
  yara_arena_clear (&arena);
}

int
main (int argc, char **argv)
{
  g_autoptr (GError) error = NULL;
  int                status;

  g_test_init (&argc, &argv, NULL);
  info = yara_model_info_new (&row_model, &error);
  g_assert_no_error (error);
  g_test_add_func ("/coerce/kinds", test_kinds);
  g_test_add_func ("/coerce/messages", test_messages);
  g_test_add_func ("/coerce/content", test_content);
  status = g_test_run ();
  yara_model_info_free (info);
  return status;
}
