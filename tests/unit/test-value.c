/* SPDX-License-Identifier: MIT
 * Values: makers, the choice by C type, copies, UUIDs. */
#include <string.h>
#include "base/value.h"

static void
test_kind_names (void)
{
  g_assert_cmpstr (yara_kind_get_name (YARA_KIND_NULL), ==, "null");
  g_assert_cmpstr (yara_kind_get_name (YARA_KIND_INVALID), ==, "invalid");
  for (guint a = YARA_KIND_NULL; a <= YARA_KIND_INVALID; a++)
    for (guint b = YARA_KIND_NULL; b < a; b++)
      g_assert_cmpstr (yara_kind_get_name (a), !=, yara_kind_get_name (b));
  g_assert_cmpstr (yara_kind_get_name ((YaraKind) (YARA_KIND_INVALID + 1)), ==, "unknown");
}

static void
test_kind_follows_the_c_type (void)
{
  g_autoptr (GBytes) bytes = g_bytes_new_static ("ab", 2);
  YaraBytes          run = { "abc", 3 };
  YaraUuid           uuid = { { 1 } };
  char               text[] = "text";
  struct
  {
    YaraValue value;
    YaraKind  kind;
  } cases[] = {
    { YARA_VALUE ((bool) true), YARA_KIND_BOOL },
    { YARA_VALUE ('a'), YARA_KIND_INT64 },
    { YARA_VALUE ((unsigned char) 200), YARA_KIND_INT64 },
    { YARA_VALUE ((short) -1), YARA_KIND_INT64 },
    { YARA_VALUE (18), YARA_KIND_INT64 },
    { YARA_VALUE (18u), YARA_KIND_INT64 },
    { YARA_VALUE (18L), YARA_KIND_INT64 },
    { YARA_VALUE (G_MAXUINT64), YARA_KIND_INVALID },
    { YARA_VALUE ((guint64) G_MAXINT64), YARA_KIND_INT64 },
    { YARA_VALUE (1.5f), YARA_KIND_DOUBLE },
    { YARA_VALUE (1.5), YARA_KIND_DOUBLE },
    { YARA_VALUE ("Ada"), YARA_KIND_TEXT },
    { YARA_VALUE (text), YARA_KIND_TEXT },
    { YARA_VALUE ((const char *) NULL), YARA_KIND_NULL },
    { YARA_VALUE (run), YARA_KIND_BYTES },
    { YARA_VALUE (bytes), YARA_KIND_BYTES },
    { YARA_VALUE (uuid), YARA_KIND_UUID },
    { YARA_VALUE (yara_value_date (3)), YARA_KIND_DATE },
    { YARA_VALUE (NULL), YARA_KIND_NULL },
    { YARA_VALUE ((void *) text), YARA_KIND_INVALID },
    { yara_value_decimal ("1.5"), YARA_KIND_DECIMAL },
    { yara_value_decimal (NULL), YARA_KIND_NULL },
    { yara_value_json ("{}"), YARA_KIND_JSON },
    { yara_value_timestamp (1), YARA_KIND_TIMESTAMP },
    { YARA_LIST (1, "a"), YARA_KIND_LIST },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpint (cases[i].value.kind, ==, cases[i].kind);
}

static void
test_content (void)
{
  g_autoptr (GBytes) empty = g_bytes_new (NULL, 0), full = g_bytes_new_static ("a\0b", 3);

  g_assert_cmpint (yara_value_int (G_MININT64).integer, ==, G_MININT64);
  g_assert_cmpint (YARA_VALUE (G_MAXUINT).integer, ==, G_MAXUINT);
  g_assert_cmpfloat (yara_value_double (-0.5).number, ==, -0.5);
  g_assert_cmpuint (yara_value_text ("größe").bytes.size, ==, 7);
  g_assert_cmpint (yara_value_date (-1).integer, ==, -1);
  g_assert_cmpint (yara_value_bytes ((YaraBytes) { NULL, 0 }).kind, ==, YARA_KIND_NULL);
  g_assert_cmpint (yara_value_gbytes (NULL).kind, ==, YARA_KIND_NULL);
  g_assert_cmpint (yara_value_gbytes (empty).kind, ==, YARA_KIND_BYTES);
  g_assert_nonnull (yara_value_gbytes (empty).bytes.data);
  g_assert_cmpmem (yara_value_gbytes (full).bytes.data, yara_value_gbytes (full).bytes.size, "a\0b", 3);
  g_assert_cmpuint (YARA_LIST (1, 2, 3).list.n_values, ==, 3);
  g_assert_cmpuint (YARA_ARGS (1, "b")->n_values, ==, 2);
  g_assert_cmpint (YARA_ARGS (1, "b")->values[1].kind, ==, YARA_KIND_TEXT);
}

static void
test_copy_owns_everything (void)
{
  g_autofree char *text = g_strdup ("Ada");
  YaraValue        inner[] = { yara_value_text (text), yara_value_int (7), yara_value_null (), YARA_LIST (1) };
  YaraValue        list = yara_value_list (inner, G_N_ELEMENTS (inner)), copy;
  YaraArena        arena;

  yara_arena_init (&arena);
  g_assert_true (yara_value_copy_to (&copy, &list, &arena));
  memset (text, 'x', 3);
  memset (inner, 0xff, sizeof inner);
  g_assert_cmpint (copy.kind, ==, YARA_KIND_LIST);
  g_assert_cmpuint (copy.list.n_values, ==, 4);
  g_assert_cmpstr (copy.list.values[0].bytes.data, ==, "Ada");
  g_assert_cmpint (copy.list.values[1].integer, ==, 7);
  g_assert_cmpint (copy.list.values[2].kind, ==, YARA_KIND_NULL);
  g_assert_cmpint (copy.list.values[3].kind, ==, YARA_KIND_INVALID); /* a list in a list */
  yara_arena_clear (&arena);
}

static void
test_copy_of_each_kind (void)
{
  YaraUuid  uuid = { { 1, 2, 3 } };
  YaraValue values[] = {
    yara_value_null (), yara_value_bool (true), yara_value_double (2.5), yara_value_uuid (uuid),
    yara_value_bytes ((YaraBytes) { "a\0b", 3 }), yara_value_decimal ("1.50"), yara_value_list (NULL, 0),
  };
  YaraValue copy;
  YaraArena arena;

  yara_arena_init (&arena);
  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    {
      g_assert_true (yara_value_copy_to (&copy, &values[i], &arena));
      g_assert_cmpint (copy.kind, ==, values[i].kind);
    }
  yara_value_copy_to (&copy, &values[3], &arena);
  g_assert_cmpmem (copy.uuid.bytes, 16, uuid.bytes, 16);
  yara_value_copy_to (&copy, &values[4], &arena);
  g_assert_cmpmem (copy.bytes.data, copy.bytes.size, "a\0b", 3);
  g_assert_true (copy.bytes.data != values[4].bytes.data);
  yara_arena_clear (&arena);
}

static void
test_copy_without_memory (void)
{
  /* The sizes of these lists overflow, to a large and to a small number. */
  YaraValue half = yara_value_list (NULL, G_MAXSIZE / 2), small = yara_value_list (NULL, G_MAXSIZE / sizeof (YaraValue) + 1);
  YaraValue endless = { YARA_KIND_TEXT, .bytes = { "", G_MAXSIZE } }, list = yara_value_list (&endless, 1), copy;
  YaraArena arena;

  yara_arena_init (&arena);
  g_assert_false (yara_value_copy_to (&copy, &half, &arena));
  g_assert_false (yara_value_copy_to (&copy, &small, &arena));
  g_assert_false (yara_value_copy_to (&copy, &endless, &arena));
  g_assert_false (yara_value_copy_to (&copy, &list, &arena));
  yara_arena_clear (&arena);
}

static void
test_uuid_text (void)
{
  static const char *const bad[] = {
    "", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0",
    "00112233445566778899aabbccddeeff", "{0112233-4455-6677-8899-aabbccddeeff",
    "0011223g-4455-6677-8899-aabbccddeeff", "001122334-455-6677-8899-aabbccddeeff",
    "00112233x4455-6677-8899-aabbccddeeff",
  };
  YaraUuid uuid = { { 0 } };
  char     text[YARA_UUID_TEXT_SIZE];

  g_assert_true (yara_uuid_from_text ("00112233-4455-6677-8899-AABBccddeeff", &uuid));
  for (guint i = 0; i < 16; i++)
    g_assert_cmpuint (uuid.bytes[i], ==, i * 0x11);
  yara_uuid_to_text (&uuid, text);
  g_assert_cmpstr (text, ==, "00112233-4455-6677-8899-aabbccddeeff");
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (yara_uuid_from_text (bad[i], &uuid));
  g_assert_cmpuint (uuid.bytes[15], ==, 0xff); /* a refused text changes nothing */
}

static void
test_uuid_random (void)
{
  YaraUuid a = yara_uuid_random (), b = yara_uuid_random ();
  char     text[YARA_UUID_TEXT_SIZE];

  yara_uuid_to_text (&a, text);
  g_assert_true (g_uuid_string_is_valid (text));
  g_assert_cmpint (text[14], ==, '4');
  g_assert_nonnull (strchr ("89ab", text[19]));
  g_assert_cmpint (memcmp (&a, &b, sizeof a), !=, 0);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/value/kind-names", test_kind_names);
  g_test_add_func ("/value/c-types", test_kind_follows_the_c_type);
  g_test_add_func ("/value/content", test_content);
  g_test_add_func ("/value/copy-owns", test_copy_owns_everything);
  g_test_add_func ("/value/copy-kinds", test_copy_of_each_kind);
  g_test_add_func ("/value/copy-no-memory", test_copy_without_memory);
  g_test_add_func ("/uuid/text", test_uuid_text);
  g_test_add_func ("/uuid/random", test_uuid_random);
  return g_test_run ();
}
