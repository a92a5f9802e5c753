/* SPDX-License-Identifier: MIT
 * Lookups: how "age__gte" is taken apart. */
#include "query/lookup.h"

#include <string.h>

static void
test_split (void)
{
  static const struct
  {
    const char *text;
    const char *field;
    YaraLookup  lookup;
  } cases[] = {
    { "age", "age", YARA_LOOKUP_EXACT },
    { "age__exact", "age", YARA_LOOKUP_EXACT },
    { "age__not", "age", YARA_LOOKUP_NOT },
    { "age__gt", "age", YARA_LOOKUP_GT },
    { "age__gte", "age", YARA_LOOKUP_GTE },
    { "age__lt", "age", YARA_LOOKUP_LT },
    { "age__lte", "age", YARA_LOOKUP_LTE },
    { "age__in", "age", YARA_LOOKUP_IN },
    { "age__not_in", "age", YARA_LOOKUP_NOT_IN },
    { "age__range", "age", YARA_LOOKUP_RANGE },
    { "age__isnull", "age", YARA_LOOKUP_ISNULL },
    { "age__contains", "age", YARA_LOOKUP_CONTAINS },
    { "age__startswith", "age", YARA_LOOKUP_STARTSWITH },
    { "age__endswith", "age", YARA_LOOKUP_ENDSWITH },
    { "age__iexact", "age", YARA_LOOKUP_IEXACT },
    { "age__icontains", "age", YARA_LOOKUP_ICONTAINS },
    { "age__istartswith", "age", YARA_LOOKUP_ISTARTSWITH },
    { "age__iendswith", "age", YARA_LOOKUP_IENDSWITH },
    /* A field may hold "__": only the last one counts, and only before a lookup. */
    { "a__b", "a__b", YARA_LOOKUP_EXACT },
    { "a__b__gt", "a__b", YARA_LOOKUP_GT },
    { "a__gt__b", "a__gt__b", YARA_LOOKUP_EXACT },
    { "a__gt__lt", "a__gt", YARA_LOOKUP_LT },
    { "a___gt", "a_", YARA_LOOKUP_GT },
    { "a____gt", "a__", YARA_LOOKUP_GT },
    { "__a__gt", "__a", YARA_LOOKUP_GT },
    /* No lookup. */
    { "age__gtee", "age__gtee", YARA_LOOKUP_EXACT },
    { "age__GT", "age__GT", YARA_LOOKUP_EXACT },
    { "age__g", "age__g", YARA_LOOKUP_EXACT },
    { "age__", "age__", YARA_LOOKUP_EXACT },
    { "age_gt", "age_gt", YARA_LOOKUP_EXACT },
    { "gt", "gt", YARA_LOOKUP_EXACT },
    { "__gt", "__gt", YARA_LOOKUP_EXACT }, /* no field before it */
    { "__", "__", YARA_LOOKUP_EXACT },
    { "_", "_", YARA_LOOKUP_EXACT },
    { "", "", YARA_LOOKUP_EXACT },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize length = G_MAXSIZE;
      YaraLookup lookup = -1;
      g_autofree char *field = NULL;

      yara_lookup_split (cases[i].text, &length, &lookup);
      g_assert_cmpuint (length, <=, strlen (cases[i].text));
      field = g_strndup (cases[i].text, length);
      g_assert_cmpstr (field, ==, cases[i].field);
      g_assert_cmpint (lookup, ==, cases[i].lookup);
    }
}

/* Each name leads back to its lookup. */
static void
test_names (void)
{
  for (YaraLookup lookup = YARA_LOOKUP_EXACT; lookup <= YARA_LOOKUP_IENDSWITH; lookup++)
    {
      g_autofree char *text = g_strconcat ("f__", yara_lookup_get_name (lookup), NULL);
      YaraLookup found;
      gsize length;

      yara_lookup_split (text, &length, &found);
      g_assert_cmpint (found, ==, lookup);
      g_assert_cmpuint (length, ==, 1);
    }
}

static void
test_suggest (void)
{
  g_assert_cmpstr (yara_lookup_suggest ("age__gtee"), ==, "gte");
  g_assert_cmpstr (yara_lookup_suggest ("a__b__contain"), ==, "contains");
  g_assert_cmpstr (yara_lookup_suggest ("age__startwith"), ==, "startswith");
  g_assert_null (yara_lookup_suggest ("age__nonsense"));
  g_assert_null (yara_lookup_suggest ("age"));
  g_assert_null (yara_lookup_suggest (""));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/lookup/split", test_split);
  g_test_add_func ("/lookup/names", test_names);
  g_test_add_func ("/lookup/suggest", test_suggest);
  return g_test_run ();
}
