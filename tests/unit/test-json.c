/* SPDX-License-Identifier: MIT
 * JSON text. */
#include "base/json.h"

static void
valid (void)
{
  static const char *const texts[] = {
    "null", "true", " false ", "0", "-0", "-1.5e+10", "12E5", "0.0", "\"\"", "\"a\\u00e9\\n\\\"\\/\"", "[]", "[ ]",
    "[1,2 , 3]", "{}", "{ }", "{\"a\":1}", "{ \"a\" : [ {} , null ] , \"b\" : \"\" }", "\t[\n1\r]", "\"\xc3\xa9\"",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (!yara_json_is_valid (texts[i]))
      g_error ("refused: %s", texts[i]);
}

static void
invalid (void)
{
  static const char *const texts[] = {
    "", " ", "nul", "nullx", "True", "01", "+1", "-", ".5", "1.", "1e", "1e+", "0x10", "NaN", "Infinity", "'a'", "\"",
    "\"a", "\"\\x\"", "\"\\u12g4\"", "\"\\u12", "\"\\", "\"a\nb\"", "[", "]", "[1", "[1,", "[1,]", "[,1]", "[1 2]", "{",
    "{\"a\"", "{\"a\":", "{\"a\": ", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{a:1}", "{1:1}", "{\"a\" 1}", "{\"a\":1]",
    "[1}", "1 2", "{} {}", "// comment\n1", "[\x01]",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    if (yara_json_is_valid (texts[i]))
      g_error ("taken: %s", texts[i]);
}

static char *
make_nested (guint depth)
{
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, '[');
  for (guint i = 0; i < depth; i++)
    g_string_append_c (text, ']');
  return g_string_free (text, FALSE);
}

static void
depth (void)
{
  g_autofree char *deep = make_nested (1000), *too_deep = make_nested (1001), *bottomless = make_nested (1000000);

  g_assert_true (yara_json_is_valid (deep));
  g_assert_false (yara_json_is_valid (too_deep));
  g_assert_false (yara_json_is_valid (bottomless));
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/json/valid", valid);
  g_test_add_func ("/json/invalid", invalid);
  g_test_add_func ("/json/depth", depth);
  return g_test_run ();
}
