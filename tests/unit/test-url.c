/* SPDX-License-Identifier: MIT
 * Connection URLs. "canary" is the password everywhere: no message may hold a part of it. */
#include <string.h>
#include <yaraorm/yara-error.h>
#include "base/url.h"

static void
test_parse (void)
{
  static const struct
  {
    const char *text, *scheme, *body;
  } cases[] = {
    { "sqlite://./rel.db", "sqlite", "//./rel.db" },
    { "sqlite://rel.db", "sqlite", "//rel.db" },
    { "sqlite:///abs.db", "sqlite", "///abs.db" },
    { "sqlite::memory:", "sqlite", ":memory:" },
    { "sqlite://:memory:", "sqlite", "//:memory:" },
    { "SQLite://a%20b.db", "sqlite", "//a%20b.db" }, /* a path is not decoded */
    { "sqlite:///a#b.db", "sqlite", "///a#b.db" },
    { "postgresql+asyncpg://u@h/db", "postgresql", "//u@h/db" },
    { "postgres://u:canary@h:5432/db?sslmode=require", "postgres", "//u:canary@h:5432/db" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError)  error = NULL;
      g_autoptr (YaraUrl) url = yara_url_parse (cases[i].text, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (url->scheme, ==, cases[i].scheme);
      g_assert_cmpstr (url->body, ==, cases[i].body);
    }
}

static void
test_parameters (void)
{
  g_autoptr (GError)  error = NULL;
  g_autoptr (YaraUrl) url = yara_url_parse ("sqlite://a.db?max_size=4&na%6De=a%26b+c%40&empty=", &error);

  g_assert_no_error (error);
  g_assert_cmpstr (url->redacted, ==, "sqlite://a.db?max_size=4&na%6De=a%26b+c%40&empty=");
  g_assert_cmpuint (g_hash_table_size (url->parameters), ==, 3);
  g_assert_cmpstr (g_hash_table_lookup (url->parameters, "name"), ==, "a&b+c@");
  g_assert_cmpstr (g_hash_table_lookup (url->parameters, "empty"), ==, "");
}

static void
test_malformed (void)
{
  static const struct
  {
    const char *text, *message; /* what follows "malformed database URL at byte " */
  } cases[] = {
    { "", "1: no scheme; *" },
    { "canary.db", "7: no scheme; *sqlite:*" },
    { "./canary.db", "1: no scheme; *" },
    { "://canary", "1: no scheme; *" },
    { "1sqlite://canary", "8: no scheme; *" },
    { "sq_lite://canary", "3: no scheme; *" },
    { "sqlite:", "8: nothing behind the scheme" },
    { "sqlite:?max_size=1", "8: nothing behind the scheme" },
    { "sqlite://canary\xff.db", "16: not UTF-8" },
    { "sqlite://canary\n.db", "16: control character" },
    { "sqlite://canary?", "17: a parameter is written name=value" },
    { "sqlite://a?canary", "12: a parameter is written name=value" },
    { "sqlite://a?=canary", "12: parameter without a name" },
    { "sqlite://a?a=1&&b=2", "16: a parameter is written name=value" },
    { "sqlite://a?a=1&a=canary", "16: a parameter of this name came before" },
    { "sqlite://a?a=1&%61=canary", "16: a parameter of this name came before" },
    { "sqlite://a?a=canary%2", "14: bad percent-encoding" },
    { "sqlite://a?a=canary%zz", "14: bad percent-encoding" },
    { "sqlite://a?a=canary%00", "14: bad percent-encoding" },
    { "sqlite://a?a=canary%ff", "14: bad percent-encoding" },
    { "sqlite://a?%zz=canary", "12: bad percent-encoding" },
    { "postgres://u:can?ary@h/db", "21: \"@\" behind \"?\"; *" },
    { "postgres://u:can?ary=x@h/db", "23: \"@\" behind \"?\"; *" },
    { "postgres://u:can@?ary=x@h/db", "24: \"@\" behind \"?\"; *" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError) error = NULL;
      g_autofree char   *pattern = g_strconcat ("malformed database URL at byte ", cases[i].message, NULL);

      g_assert_null (yara_url_parse (cases[i].text, &error));
      g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
      if (!g_pattern_match_simple (pattern, error->message))
        g_error ("\"%s\" gave: %s", cases[i].text, error->message);
      g_assert_null (strstr (error->message, "can"));
      g_assert_null (strstr (error->message, "ary"));
    }
}

static void
test_redaction (void)
{
  static const struct
  {
    const char *text, *redacted;
  } cases[] = {
    { "postgres://u:canary@h/db", "postgres://u:***@h/db" },
    { "postgres://u:can@ary@h/db", "postgres://u:***@h/db" },
    { "postgres://u:can/ary@h/db", "postgres://u:***@h/db" },
    { "postgres://u:can#ary@h/db", "postgres://u:***@h/db" },
    { "postgres://u:can:ary@h/db", "postgres://u:***@h/db" },
    { "postgres://u:/@can#:/ary@h:1/db", "postgres://u:***@h:1/db" },
    { "postgres://:canary@h/db", "postgres://:***@h/db" },
    { "postgres:u:canary@h/db", "postgres:u:***@h/db" },
    { "postgres:///u:canary@h/db", "postgres:///u:***@h/db" },
    { "postgres://u:can%3Fary@h/db?a=b", "postgres://u:***@h/db?a=b" },
    { "postgres://h/db?user=u&password=canary&a=b", "postgres://h/db?user=u&password=***&a=b" },
    { "postgres://h/db?sslpassword=canary", "postgres://h/db?sslpassword=***" },
    { "postgres://h/db?PassWord=canary", "postgres://h/db?PassWord=***" },
    { "postgres://h/db?pass%77ord=canary", "postgres://h/db?pass%77ord=***" },
    { "postgres://u@h:5432/db", "postgres://u@h:5432/db" },
    { "postgres://h:5432/db", "postgres://h:5432/db" },
    { "sqlite::memory:", "sqlite::memory:" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr (GError)  error = NULL;
      g_autoptr (YaraUrl) url = yara_url_parse (cases[i].text, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (url->redacted, ==, cases[i].redacted);
    }
}

/* What a parameter p of text `value` gives: TRUE and a number, or FALSE and a message. */
static gboolean
take (const char *value, gint64 *integer, double *seconds, guint *choice, GError **error)
{
  static const char *const levels[] = { "off", "normal", "full", NULL };
  g_autofree char         *text = g_strdup_printf ("sqlite://a.db?p=%s", value);
  g_autoptr (YaraUrl)      url = yara_url_parse (text, NULL);
  gboolean                 taken;

  if (integer != NULL)
    taken = yara_url_take_integer (url, "p", 1, 64, integer, error);
  else if (seconds != NULL)
    taken = yara_url_take_seconds (url, "p", 0, 3600, seconds, error);
  else
    taken = yara_url_take_choice (url, "p", levels, choice, error);
  g_assert_cmpuint (g_hash_table_size (url->parameters), ==, 0);
  return taken;
}

static void
test_take_integer (void)
{
  static const char *const bad[] = { "0", "65", "-1", "", "4x", "%204", "1e1", "99999999999999999999" };
  gint64                   value = 7;

  g_assert_true (take ("64", &value, NULL, NULL, NULL));
  g_assert_true (take ("1", &value, NULL, NULL, NULL));
  g_assert_cmpint (value, ==, 1);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (take (bad[i], &value, NULL, NULL, &error));
      g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
      g_assert_cmpint (value, ==, 1);
      if (i == 1)
        g_assert_cmpstr (error->message, ==,
                         "database URL sqlite://a.db?p=65: parameter p must be a whole number from 1 to 64, found \"65\"");
    }
}

static void
test_take_seconds (void)
{
  static const char *const bad[] = { "-1", "3600.1", "", ".", "1.2.3", "nan", "inf", "0x10", "%201", "1s" };
  double                   value = 7;

  g_assert_true (take ("0", NULL, &value, NULL, NULL));
  g_assert_cmpfloat (value, ==, 0);
  g_assert_true (take ("3600", NULL, &value, NULL, NULL));
  g_assert_cmpfloat (value, ==, 3600);
  g_assert_true (take ("0.25", NULL, &value, NULL, NULL));
  g_assert_cmpfloat (value, ==, 0.25);
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr (GError) error = NULL;

      g_assert_false (take (bad[i], NULL, &value, NULL, &error));
      g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
      g_assert_cmpfloat (value, ==, 0.25);
      if (i == 1)
        g_assert_nonnull (strstr (error->message, "parameter p must be seconds from 0 to 3600, found \"3600.1\""));
    }
}

static void
test_take_choice (void)
{
  g_autoptr (GError) error = NULL;
  guint              index = 7;

  g_assert_true (take ("FULL", NULL, NULL, &index, NULL));
  g_assert_cmpuint (index, ==, 2);
  g_assert_false (take ("ful", NULL, NULL, &index, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, "parameter p must be one of off, normal, full, found \"ful\""));
}

static void
test_take_absent (void)
{
  g_autoptr (YaraUrl) url = yara_url_parse ("sqlite://a.db", NULL);
  gint64              integer = 7;
  double              seconds = 7;
  guint               index = 7;

  g_assert_true (yara_url_take_integer (url, "p", 1, 2, &integer, NULL));
  g_assert_true (yara_url_take_seconds (url, "p", 1, 2, &seconds, NULL));
  g_assert_true (yara_url_take_choice (url, "p", (const char *const[]) { "a", NULL }, &index, NULL));
  g_assert_cmpint (integer, ==, 7);
  g_assert_cmpfloat (seconds, ==, 7);
  g_assert_cmpuint (index, ==, 7);
}

static void
test_secret_values_stay_out (void)
{
  g_autoptr (YaraUrl) url = yara_url_parse ("sqlite://a.db?password=canary", NULL);
  g_autoptr (GError)  error = NULL;
  gint64              integer;

  g_assert_false (yara_url_take_integer (url, "password", 1, 2, &integer, &error));
  g_assert_null (strstr (error->message, "canary"));
}

static void
test_rest (void)
{
  static const char *const known[] = { "max_size", "min_size", NULL };
  g_autoptr (YaraUrl)      url = yara_url_parse ("sqlite://a.db?max_size=1&maxsize=2&zzz=3", NULL);
  g_autoptr (GError)       error = NULL;
  gint64                   value;

  g_assert_true (yara_url_take_integer (url, "max_size", 1, 2, &value, NULL));
  g_assert_false (yara_url_check_rest (url, known, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
  g_assert_cmpstr (error->message, ==,
                   "database URL sqlite://a.db?max_size=1&maxsize=2&zzz=3: unknown parameter \"maxsize\"; "
                   "known: max_size, min_size; did you mean \"max_size\"?");
  g_hash_table_remove_all (url->parameters);
  g_assert_true (yara_url_check_rest (url, known, NULL));
  yara_url_free (NULL);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/url/parse", test_parse);
  g_test_add_func ("/url/parameters", test_parameters);
  g_test_add_func ("/url/malformed", test_malformed);
  g_test_add_func ("/url/redaction", test_redaction);
  g_test_add_func ("/url/take-integer", test_take_integer);
  g_test_add_func ("/url/take-seconds", test_take_seconds);
  g_test_add_func ("/url/take-choice", test_take_choice);
  g_test_add_func ("/url/take-absent", test_take_absent);
  g_test_add_func ("/url/secret-values", test_secret_values_stay_out);
  g_test_add_func ("/url/rest", test_rest);
  return g_test_run ();
}
