/* SPDX-License-Identifier: MIT
 * Suggestions, quoting, names of connections, and what errors carry. */
#include <string.h>
#include "base/error.h"
#include "base/text.h"

static const char *const known[] = { "default", "replica", "analytics", "id", NULL };

static void
test_suggest (void)
{
  static const struct
  {
    const char *word, *suggestion;
  } cases[] = {
    { "replica", "replica" },
    { "replcia", "replica" },  /* a swap is one step */
    { "replic", "replica" },   /* removal */
    { "rreplica", "replica" }, /* insertion */
    { "REPLICA", "replica" },  /* letter case is no step */
    { "rxplixa", "replica" },  /* two of seven */
    { "rxplixx", NULL },       /* three of seven */
    { "ie", "id" },            /* one step is allowed in a short word */
    { "di", "id" },            /* and a swap is one */
    { "xy", NULL },
    { "", NULL },
    { "zzzzzzzzz", NULL },
  };
  g_autofree char *endless = g_strnfill (100000, 'a');
  g_autofree char *longest = g_strnfill (63, 'a'), *longer = g_strnfill (64, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    g_assert_cmpstr (yara_text_suggest (cases[i].word, known), ==, cases[i].suggestion);
  g_assert_cmpstr (yara_text_suggest (longest, (const char *const[]) { longer, longest, NULL }), ==, longest);
  g_assert_null (yara_text_suggest (longer, (const char *const[]) { longest, NULL }));
  g_assert_null (yara_text_suggest (endless, known));
  g_assert_null (yara_text_suggest ("aaa", (const char *const[]) { endless, NULL }));
}

static void
test_nearest_wins (void)
{
  static const char *const words[] = { "description", "descriptor", NULL };

  g_assert_cmpstr (yara_text_suggest ("descripter", words), ==, "descriptor");
}

static void
test_did_you_mean (void)
{
  g_autofree char *hint = yara_text_did_you_mean ("replca", known);
  g_autofree char *nothing = yara_text_did_you_mean ("elsewhere", known);

  g_assert_cmpstr (hint, ==, "; did you mean \"replica\"?");
  g_assert_cmpstr (nothing, ==, "");
}

static void
test_connection_names (void)
{
  static const char *const good[] = { "default", "A-Z_09", "x" };
  static const char *const bad[] = { "", "a b", "a.b", "größe", "a/b", "a\n" };
  g_autofree char         *longest = g_strnfill (63, 'a');
  g_autofree char         *longer = g_strnfill (64, 'a');

  for (guint i = 0; i < G_N_ELEMENTS (good); i++)
    g_assert_true (yara_text_is_connection_name (good[i]));
  for (guint i = 0; i < G_N_ELEMENTS (bad); i++)
    g_assert_false (yara_text_is_connection_name (bad[i]));
  g_assert_true (yara_text_is_connection_name (longest));
  g_assert_false (yara_text_is_connection_name (longer));
}

static void
test_quote (void)
{
  static const struct
  {
    const char *text, *quoted;
  } cases[] = {
    { "replica", "replica" },
    { "größe", "größe" },
    { "a\nb\tc\x7f", "a\\u000ab\\u0009c\\u007f" },
    { "a\xff\xc3", "a\\xff\\xc3" },
    { "\xe2\x80\xae", "\\u202e" }, /* turns the writing direction around */
    { "", "" },
  };
  g_autofree char *exact = g_strnfill (80, 'a');
  g_autofree char *more = g_strnfill (100000, 'a');
  g_autofree char *exact_quoted = yara_text_quote (exact);
  g_autofree char *more_quoted = yara_text_quote (more);

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *quoted = yara_text_quote (cases[i].text);

      g_assert_cmpstr (quoted, ==, cases[i].quoted);
    }
  g_assert_cmpstr (exact_quoted, ==, exact);
  g_assert_true (g_str_has_prefix (more_quoted, exact));
  g_assert_cmpstr (more_quoted + 80, ==, "…");
}

static void
test_errors_carry_their_origin (void)
{
  g_autoptr (GError) error = g_error_new_literal (YARA_ERROR, YARA_ERROR_INTEGRITY, "refused");
  g_autoptr (GError) copy = NULL;

  g_assert_cmpint (yara_error_get_sqlite_code (error), ==, 0);
  g_assert_null (yara_error_get_sqlstate (error));
  g_assert_null (yara_error_get_connection (error));

  yara_error_set_sqlite_code (error, 2067);
  yara_error_set_sqlstate (error, "23505");
  yara_error_set_connection (error, "default");
  yara_error_set_connection (error, "replica");
  yara_error_set_sqlite_code (error, 0);
  yara_error_set_sqlstate (error, NULL);
  yara_error_set_connection (error, NULL);

  copy = g_error_copy (error);
  g_clear_error (&error);
  g_assert_cmpint (yara_error_get_sqlite_code (copy), ==, 2067);
  g_assert_cmpstr (yara_error_get_sqlstate (copy), ==, "23505");
  g_assert_cmpstr (yara_error_get_connection (copy), ==, "replica");
}

static void
test_other_errors_carry_nothing (void)
{
  g_autoptr (GError) other = g_error_new_literal (YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_ABI, "refused");
  GError            *errors[] = { NULL, other };

  g_assert_true (YARA_ROUTER_ERROR != YARA_ERROR);
  for (guint i = 0; i < G_N_ELEMENTS (errors); i++)
    {
      yara_error_set_sqlite_code (errors[i], 1);
      yara_error_set_sqlstate (errors[i], "23505");
      yara_error_set_connection (errors[i], "default");
      g_assert_cmpint (yara_error_get_sqlite_code (errors[i]), ==, 0);
      g_assert_null (yara_error_get_sqlstate (errors[i]));
      g_assert_null (yara_error_get_connection (errors[i]));
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/text/suggest", test_suggest);
  g_test_add_func ("/text/nearest-wins", test_nearest_wins);
  g_test_add_func ("/text/did-you-mean", test_did_you_mean);
  g_test_add_func ("/text/connection-names", test_connection_names);
  g_test_add_func ("/text/quote", test_quote);
  g_test_add_func ("/error/origin", test_errors_carry_their_origin);
  g_test_add_func ("/error/other-domains", test_other_errors_carry_nothing);
  return g_test_run ();
}
