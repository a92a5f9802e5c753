/* SPDX-License-Identifier: MIT
 *
 * Routing rules: which one decides, and how shares are kept.
 */
#include <string.h>
#include <yaraorm/yaraorm.h>

#include "route/rules.h"

static const char *const known[] = { "default", "replica", "events", NULL };

static const char *
ask (YaraRules *rules, const char *name, YaraOperation operation)
{
  YaraModel model = { .struct_size = sizeof model, .name = name };
  YaraHints hints = { sizeof hints, operation, NULL, rules };

  return operation == YARA_OPERATION_READ ? yara_rules_db_for_read (&model, &hints)
                                          : yara_rules_db_for_write (&model, &hints);
}

/* Rules from lines "PATTERN TARGET". */
static YaraRules *
make (const char *lines)
{
  YaraRules *rules = yara_rules_new ();
  g_auto(GStrv) each = g_strsplit (lines, "\n", -1);
  g_autoptr(GError) error = NULL;

  for (char **line = each; *line != NULL; line++)
    {
      g_auto(GStrv) parts = g_strsplit (*line, " ", 2);

      yara_rules_add (rules, parts[0], parts[1], known, &error);
      g_assert_no_error (error);
    }
  return rules;
}

static void
test_first_match (void)
{
  g_autoptr(YaraRules) rules = make ("User.read replica\nEvent*.* events\nEvent.write default\nA?.write events\n*.read replica");

  g_assert_cmpstr (ask (rules, "User", YARA_OPERATION_READ), ==, "replica");
  g_assert_null (ask (rules, "User", YARA_OPERATION_WRITE));
  g_assert_cmpstr (ask (rules, "Event", YARA_OPERATION_WRITE), ==, "events");
  g_assert_cmpstr (ask (rules, "EventLog", YARA_OPERATION_READ), ==, "events");
  g_assert_cmpstr (ask (rules, "AB", YARA_OPERATION_WRITE), ==, "events");
  g_assert_null (ask (rules, "ABC", YARA_OPERATION_WRITE));
  g_assert_null (ask (rules, "user", YARA_OPERATION_WRITE));
  g_assert_cmpstr (ask (rules, "user", YARA_OPERATION_READ), ==, "replica");
}

static void
test_point_in_name (void)
{
  g_autoptr(YaraRules) rules = make ("app.User.read replica");

  g_assert_cmpstr (ask (rules, "app.User", YARA_OPERATION_READ), ==, "replica");
  g_assert_null (ask (rules, "app", YARA_OPERATION_READ));
}

/* Exact in every hundred, and mixed: no long runs of one connection. */
static void
test_shares (void)
{
  g_autoptr(YaraRules) rules = make ("*.read 70% replica, 25 % default,5%events\n*.write 100% default");

  for (guint round = 0; round < 3; round++)
    {
      guint n_replica = 0, n_default = 0, n_events = 0, run = 0, longest = 0;

      for (guint i = 0; i < 100; i++)
        {
          const char *name = ask (rules, "User", YARA_OPERATION_READ);

          n_replica += strcmp (name, "replica") == 0;
          n_default += strcmp (name, "default") == 0;
          n_events += strcmp (name, "events") == 0;
          run = strcmp (name, "replica") == 0 ? run + 1 : 0;
          longest = MAX (longest, run);
        }
      g_assert_cmpuint (n_replica, ==, 70);
      g_assert_cmpuint (n_default, ==, 25);
      g_assert_cmpuint (n_events, ==, 5);
      g_assert_cmpuint (longest, <, 10);
    }
  g_assert_cmpstr (ask (rules, "User", YARA_OPERATION_WRITE), ==, "default");
}

#define N_THREADS 4
#define N_HUNDREDS 500

typedef struct
{
  YaraRules *rules;
  guint      n_replica;
} Asker;

static gpointer
ask_often (gpointer data)
{
  Asker *asker = data;

  for (guint i = 0; i < N_HUNDREDS * 100; i++)
    asker->n_replica += strcmp (ask (asker->rules, "User", YARA_OPERATION_READ), "replica") == 0;
  return NULL;
}

static void
test_threads (void)
{
  g_autoptr(YaraRules) rules = make ("*.read 80% replica, 20% default");
  Asker askers[N_THREADS] = { { NULL, 0 } };
  GThread *threads[N_THREADS];
  guint n_replica = 0;

  for (guint i = 0; i < N_THREADS; i++)
    {
      askers[i].rules = rules;
      threads[i] = g_thread_new ("asker", ask_often, &askers[i]);
    }
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_thread_join (threads[i]);
      n_replica += askers[i].n_replica;
    }
  g_assert_cmpuint (n_replica, ==, N_THREADS * N_HUNDREDS * 80);
}

static void
test_mistakes (void)
{
  static const struct
  {
    const char *pattern, *target, *words;
  } bad[] = {
    { "User", "replica", "MODEL.OPERATION=CONNECTION" },
    { ".read", "replica", "MODEL.OPERATION=CONNECTION" },
    { "User.raed", "replica", "did you mean \"read\"?" },
    { "User.", "replica", "none of read, write and *" },
    { "User.read", "replcia", "did you mean \"replica\"?" },
    { "User.read", "", "known: default, replica, events" },
    { "User.read", "replica, default", "with their shares" },
    { "User.read", "50% replica, 40% default", "the shares make 90%" },
    { "User.read", "50% replica, 60% default", "the shares make 110%" },
    { "User.read", "0% replica, 100% default", "with their shares" },
    { "User.read", "x% replica", "with their shares" },
    { "User.read", "50% replica,", "with their shares" },
    { "User.read", "100% replcia", "did you mean \"replica\"?" },
  };
  g_autoptr(YaraRules) rules = yara_rules_new ();

  for (gsize i = 0; i < G_N_ELEMENTS (bad); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (yara_rules_add (rules, bad[i].pattern, bad[i].target, known, &error));
      g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
      if (strstr (error->message, bad[i].words) == NULL)
        g_error ("%s=%s: %s", bad[i].pattern, bad[i].target, error->message);
    }
  g_assert_null (ask (rules, "User", YARA_OPERATION_READ)); /* none was added */
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/rules/first-match", test_first_match);
  g_test_add_func ("/rules/point-in-name", test_point_in_name);
  g_test_add_func ("/rules/shares", test_shares);
  g_test_add_func ("/rules/threads", test_threads);
  g_test_add_func ("/rules/mistakes", test_mistakes);
  return g_test_run ();
}
