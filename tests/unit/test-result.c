/* SPDX-License-Identifier: MIT
 * Results and rows: growth, ownership, the getters, dictionaries. */
#include <string.h>
#include "model/result.h"

typedef struct
{
  gint64      id;
  const char *name;
} Item;

static void
test_records_grow (void)
{
  g_autoptr (YaraResult) result = yara_result_new (sizeof (Item));
  guint                  i = 0;

  g_assert_cmpuint (yara_result_get_n_records (result), ==, 0);
  g_assert_null (yara_result_get_records (result));
  g_assert_null (yara_result_get_record (result, 0));
  for (; i < 5000; i++)
    {
      Item *item = yara_result_append (result);

      g_assert_null (item->name); /* zeroed */
      item->id = i;
      item->name = yara_arena_try_copy (&result->arena, "Ada", 3);
    }
  g_assert_cmpuint (yara_result_get_n_records (result), ==, 5000);
  i = 0;
  YARA_FOREACH (Item, item, result)
    {
      g_assert_cmpint (item->id, ==, i++);
      g_assert_cmpstr (item->name, ==, "Ada");
    }
  g_assert_cmpuint (i, ==, 5000);
  g_assert_cmpint (((Item *) yara_result_get_record (result, 4999))->id, ==, 4999);
  g_assert_null (yara_result_get_record (result, 5000));
}

/* Small results live in one block of memory; the first text never overlaps the first records. */
static void
test_record_sizes (void)
{
  static const gsize sizes[] = { 1, 7, 8, 40, 100, 191, 192, 193, 380, 384, 385, 5000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr (YaraResult) result = yara_result_new (sizes[i]);
      gboolean               fits = sizes[i] <= sizeof result->inline_space;
      char                  *text = yara_arena_try_alloc (&result->arena, 16);

      memset (text, 'x', 16);
      for (guint j = 0; j < 20; j++)
        memset (yara_result_append (result), j, sizes[i]);
      for (guint j = 0; j < 20; j++)
        for (gsize k = 0; k < sizes[i]; k++)
          g_assert_cmpint (((char *) yara_result_get_record (result, j))[k], ==, j);
      for (guint j = 0; j < 16; j++)
        g_assert_cmpint (text[j], ==, 'x');

      g_autoptr (YaraResult) one = yara_result_new (sizes[i]);

      g_assert_nonnull (yara_result_append (one));
      g_assert_true (one->records_are_heap == !fits);
    }
}

static void
test_records_without_memory (void)
{
  g_autoptr (YaraResult) result = yara_result_new (G_MAXSIZE / 4);

  g_assert_null (yara_result_append (result));
  g_assert_cmpuint (yara_result_get_n_records (result), ==, 0);
}

static void
count_free (gpointer backing)
{
  ++*(int *) backing;
}

static void
test_last_reference_frees (void)
{
  int         n_freed = 0;
  YaraResult *result = yara_result_new (8);
  YaraRows   *rows = yara_rows_new (0, NULL);

  result->backing = rows->backing = &n_freed;
  result->backing_free = rows->backing_free = count_free;
  yara_result_unref (yara_result_ref (result));
  yara_rows_unref (yara_rows_ref (rows));
  g_assert_cmpint (n_freed, ==, 0);
  g_boxed_free (YARA_TYPE_RESULT, g_boxed_copy (YARA_TYPE_RESULT, result));
  g_boxed_free (YARA_TYPE_ROWS, g_boxed_copy (YARA_TYPE_ROWS, rows));
  g_assert_cmpint (n_freed, ==, 0);
  yara_result_unref (result);
  g_assert_cmpint (n_freed, ==, 1);
  yara_rows_unref (rows);
  g_assert_cmpint (n_freed, ==, 2);
}

static const YaraUuid uuid = { { 0x12, 0x34 } };

static YaraValue
of_kind (YaraKind kind, gint64 integer)
{
  return (YaraValue) { .kind = kind, .integer = integer };
}

/* One row with a cell of each kind, in the order of YaraKind from NULL to ENUM_TEXT. */
static YaraRows *
one_of_each (void)
{
  const char *const names[] = { "null", "bool", "int16", "int32", "int64", "double", "text", "bytes",
                                "uuid", "decimal", "json", "timestamp", "date", "enum_int", "enum_text" };
  const YaraValue   cells[] = {
    yara_value_null (),
    yara_value_bool (true),
    of_kind (YARA_KIND_INT16, -16),
    of_kind (YARA_KIND_INT32, 32),
    yara_value_int (G_MININT64),
    yara_value_double (2.5),
    yara_value_text ("größe"),
    yara_value_bytes ((YaraBytes) { "a\0b", 3 }),
    yara_value_uuid (uuid),
    yara_value_decimal ("10.00"),
    yara_value_json ("{}"),
    yara_value_timestamp (G_GINT64_CONSTANT (1704164645000006)),
    yara_value_date (-1),
    of_kind (YARA_KIND_ENUM_INT, 3),
    { .kind = YARA_KIND_ENUM_TEXT, .bytes = { "new", 3 } },
  };
  YaraRows *rows = yara_rows_new (G_N_ELEMENTS (names), names);

  memcpy (yara_rows_append (rows), cells, sizeof cells);
  return rows;
}

static void
test_getters (void)
{
  g_autoptr (YaraRows) rows = one_of_each ();

  g_assert_cmpuint (yara_rows_get_n_rows (rows), ==, 1);
  g_assert_cmpuint (yara_rows_get_n_columns (rows), ==, 15);
  g_assert_cmpstr (yara_rows_get_column_name (rows, 14), ==, "enum_text");
  g_assert_true (yara_rows_is_null (rows, 0, 0));
  g_assert_false (yara_rows_is_null (rows, 0, 1));
  g_assert_cmpint (yara_rows_get_int (rows, 0, 1), ==, 1);
  g_assert_cmpint (yara_rows_get_int (rows, 0, 2), ==, -16);
  g_assert_cmpint (yara_rows_get_int (rows, 0, 3), ==, 32);
  g_assert_cmpint (yara_rows_get_int (rows, 0, 4), ==, G_MININT64);
  g_assert_cmpint (yara_rows_get_int (rows, 0, 11), ==, G_GINT64_CONSTANT (1704164645000006));
  g_assert_cmpint (yara_rows_get_int (rows, 0, 12), ==, -1);
  g_assert_cmpint (yara_rows_get_int (rows, 0, 13), ==, 3);
  g_assert_cmpfloat (yara_rows_get_double (rows, 0, 5), ==, 2.5);
  g_assert_cmpfloat (yara_rows_get_double (rows, 0, 3), ==, 32);
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 6), ==, "größe");
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 9), ==, "10.00");
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 10), ==, "{}");
  g_assert_cmpstr (yara_rows_get_text (rows, 0, 14), ==, "new");
  g_assert_cmpmem (yara_rows_get_bytes (rows, 0, 7).data, yara_rows_get_bytes (rows, 0, 7).size, "a\0b", 3);
  g_assert_cmpmem (yara_rows_get_uuid (rows, 0, 8).bytes, 16, uuid.bytes, 16);
}

static void
test_null_cells_are_silent (void)
{
  g_autoptr (YaraRows) rows = one_of_each ();

  g_assert_cmpint (yara_rows_get_int (rows, 0, 0), ==, 0);
  g_assert_cmpfloat (yara_rows_get_double (rows, 0, 0), ==, 0);
  g_assert_null (yara_rows_get_text (rows, 0, 0));
  g_assert_null (yara_rows_get_bytes (rows, 0, 0).data);
  g_assert_cmpuint (yara_rows_get_uuid (rows, 0, 0).bytes[0], ==, 0);
}

/* Which kinds each getter takes, as bits; every other cell but NULL is criticized. */
static void
test_getters_refuse_other_kinds (void)
{
  const guint          integers = 1 << YARA_KIND_INT16 | 1 << YARA_KIND_INT32 | 1 << YARA_KIND_INT64;
  const guint          takes[5] = {
    integers | 1 << YARA_KIND_BOOL | 1 << YARA_KIND_TIMESTAMP | 1 << YARA_KIND_DATE | 1 << YARA_KIND_ENUM_INT,
    integers | 1 << YARA_KIND_DOUBLE,
    1 << YARA_KIND_TEXT | 1 << YARA_KIND_DECIMAL | 1 << YARA_KIND_JSON | 1 << YARA_KIND_ENUM_TEXT,
    1 << YARA_KIND_BYTES,
    1 << YARA_KIND_UUID,
  };
  static const char *const wanted[5] = { "an integer", "a number", "text", "bytes", "a uuid" };
  g_autoptr (YaraRows)     rows = one_of_each ();

  for (guint getter = 0; getter < 5; getter++)
    for (guint kind = YARA_KIND_BOOL; kind <= YARA_KIND_ENUM_TEXT; kind++)
      {
        g_autofree char *message = g_strdup_printf ("row 0, column %u (\"%s\") holds %s, not %s", kind,
                                                    yara_kind_get_name (kind), yara_kind_get_name (kind), wanted[getter]);

        if (takes[getter] & 1u << kind)
          continue;
        g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, message);
        if (getter == 0)
          g_assert_cmpint (yara_rows_get_int (rows, 0, kind), ==, 0);
        else if (getter == 1)
          g_assert_cmpfloat (yara_rows_get_double (rows, 0, kind), ==, 0);
        else if (getter == 2)
          g_assert_null (yara_rows_get_text (rows, 0, kind));
        else if (getter == 3)
          g_assert_null (yara_rows_get_bytes (rows, 0, kind).data);
        else
          g_assert_cmpuint (yara_rows_get_uuid (rows, 0, kind).bytes[0], ==, 0);
        g_test_assert_expected_messages ();
      }
}

static void
test_outside (void)
{
  g_autoptr (YaraRows) rows = one_of_each ();

  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, "*row < rows->n_rows*");
  g_assert_cmpint (yara_rows_get_value (rows, 1, 0)->kind, ==, YARA_KIND_NULL);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, "*column < rows->n_columns*");
  g_assert_cmpint (yara_rows_get_int (rows, 0, 15), ==, 0);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, "*column < rows->n_columns*");
  g_assert_null (yara_rows_get_column_name (rows, 15));
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, "*rows != NULL*");
  g_assert_cmpuint (yara_rows_get_n_rows (NULL), ==, 0);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, "*result != NULL*");
  g_assert_null (yara_result_get_record (NULL, 0));
  g_test_assert_expected_messages ();
}

static void
test_rows_grow (void)
{
  g_autofree char     *name = g_strdup ("n");
  const char          *names[] = { name, "t" };
  g_autoptr (YaraRows) rows = yara_rows_new (2, names);
  g_autoptr (YaraRows) no_columns = yara_rows_new (0, NULL);

  name[0] = 'x'; /* names are copied */
  g_assert_cmpstr (yara_rows_get_column_name (rows, 0), ==, "n");
  for (guint i = 0; i < 1000; i++)
    {
      YaraValue *row = yara_rows_append (rows);

      g_assert_cmpint (row[0].kind, ==, YARA_KIND_NULL);
      g_assert_cmpint (row[1].kind, ==, YARA_KIND_NULL);
      row[0] = yara_value_int (i);
      g_assert_nonnull (yara_rows_append (no_columns));
    }
  for (guint i = 0; i < 1000; i++)
    g_assert_cmpint (yara_rows_get_int (rows, i, 0), ==, i);
  g_assert_cmpuint (yara_rows_get_n_rows (no_columns), ==, 1000);
}

static void
test_rows_without_memory (void)
{
  g_autoptr (YaraRows) rows = yara_rows_new (1, (const char *const[]) { "n" });

  rows->n_rows = rows->capacity = G_MAXSIZE / 16;
  g_assert_null (yara_rows_append (rows));
}

static void
test_dictionaries (void)
{
  g_autoptr (YaraRows) rows = one_of_each ();
  g_autoptr (GVariant) all = g_variant_ref_sink (yara_rows_to_variant (rows));
  g_autofree char     *text = g_variant_print (all, FALSE);

  g_assert_true (g_variant_is_of_type (all, G_VARIANT_TYPE ("aa{sv}")));
  g_assert_cmpstr (text, ==,
                   "[{'bool': <true>, 'int16': <int64 -16>, 'int32': <int64 32>, 'int64': <int64 -9223372036854775808>, "
                   "'double': <2.5>, 'text': <'größe'>, 'bytes': <[byte 0x61, 0x00, 0x62]>, "
                   "'uuid': <'12340000-0000-0000-0000-000000000000'>, 'decimal': <'10.00'>, 'json': <'{}'>, "
                   "'timestamp': <'2024-01-02T03:04:05.000006Z'>, 'date': <'1969-12-31'>, 'enum_int': <int64 3>, "
                   "'enum_text': <'new'>}]");
}

static void
test_times_in_dictionaries (void)
{
  static const struct
  {
    YaraKind    kind;
    gint64      integer;
    const char *text;
  } cases[] = {
    { YARA_KIND_TIMESTAMP, -1, "1969-12-31T23:59:59.999999Z" },
    { YARA_KIND_TIMESTAMP, -1000000, "1969-12-31T23:59:59.000000Z" },
    { YARA_KIND_TIMESTAMP, G_MININT64, "-9223372036854775808" },
    { YARA_KIND_DATE, -719162, "0001-01-01" },
    { YARA_KIND_DATE, G_MAXINT32, "2147483647" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (YaraRows)   rows = yara_rows_new (1, (const char *const[]) { "t" });
      g_autoptr (GVariant)   all = NULL, row = NULL;
      g_autofree char       *text = NULL;

      yara_rows_append (rows)[0] = of_kind (cases[i].kind, cases[i].integer);
      all = g_variant_ref_sink (yara_rows_to_variant (rows));
      row = g_variant_get_child_value (all, 0);
      g_assert_true (g_variant_lookup (row, "t", "s", &text));
      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_dictionary_names (void)
{
  const char *const    names[] = { "a", "b", "a", "\xff" };
  g_autoptr (YaraRows) rows = yara_rows_new (4, names);
  g_autoptr (YaraRows) none = yara_rows_new (4, names);
  g_autoptr (GVariant) all = NULL, nothing = NULL;
  g_autofree char     *text = NULL, *nothing_text = NULL;

  for (guint row = 0; row < 2; row++)
    {
      YaraValue *cells = yara_rows_append (rows);

      cells[0] = yara_value_int (1);
      cells[2] = row == 0 ? yara_value_int (2) : yara_value_null ();
      cells[3] = yara_value_int (3);
    }
  all = g_variant_ref_sink (yara_rows_to_variant (rows));
  text = g_variant_print (all, FALSE);
  g_assert_cmpstr (text, ==, "[{'a': <int64 2>, '\xef\xbf\xbd': <int64 3>}, {'\xef\xbf\xbd': <int64 3>}]");

  nothing = g_variant_ref_sink (yara_rows_to_variant (none));
  nothing_text = g_variant_print (nothing, TRUE);
  g_assert_cmpstr (nothing_text, ==, "@aa{sv} []");
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/result/grow", test_records_grow);
  g_test_add_func ("/result/sizes", test_record_sizes);
  g_test_add_func ("/result/no-memory", test_records_without_memory);
  g_test_add_func ("/result/last-reference", test_last_reference_frees);
  g_test_add_func ("/rows/getters", test_getters);
  g_test_add_func ("/rows/null-cells", test_null_cells_are_silent);
  g_test_add_func ("/rows/other-kinds", test_getters_refuse_other_kinds);
  g_test_add_func ("/rows/outside", test_outside);
  g_test_add_func ("/rows/grow", test_rows_grow);
  g_test_add_func ("/rows/no-memory", test_rows_without_memory);
  g_test_add_func ("/rows/dictionaries", test_dictionaries);
  g_test_add_func ("/rows/dictionary-times", test_times_in_dictionaries);
  g_test_add_func ("/rows/dictionary-names", test_dictionary_names);
  return g_test_run ();
}
