/* SPDX-License-Identifier: MIT
 * Trials: what would harm the process is refused before it runs in it, while four threads run statements. */
#include "fixture.h"

#include <glib/gstdio.h>
#include <stdatomic.h>
#include <string.h>
#include <yaraorm/yaraorm.h>

#include "route/trial.h"

#define N_WORKERS 4

/* The sanitizers make an exit of a crash. */
#define CRASHED (FIXTURE_IS_SCALED_DOWN ? "in its trial" : "crashed in its trial")

typedef struct
{
  gint64 id;
} Event;

static const YaraField event_fields[] = { YARA_FIELD (Event, id, .primary_key = true) };
static const YaraModel event_model = YARA_MODEL (Event, "events", event_fields);

static atomic_bool is_over;
static atomic_uint n_statements;

static gpointer
work (gpointer orm)
{
  g_autoptr (YaraQuery) query = yara_query_new (&event_model);

  while (!atomic_load (&is_over))
    {
      g_autoptr (GError) error = NULL;
      Event              event = { 0 };

      yara_orm_create (orm, &event_model, &event, NULL, &error);
      g_assert_no_error (error);
      yara_orm_count (orm, query, NULL, &error);
      g_assert_no_error (error);
      atomic_fetch_add (&n_statements, 2);
    }
  return NULL;
}

static YaraOrm *
open_orm (void)
{
  g_autoptr (GError) error = NULL;
  YaraOrm           *orm = fixture_open_nodes ();

  yara_orm_register (orm, &event_model, NULL);
  g_assert_true (yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  return orm;
}

static void
expect_refusal (YaraOrm *orm, const char *name, YaraRouterFlags flags, YaraRouterError code, const char *reason)
{
  g_autoptr (GError)         error = NULL;
  g_autoptr (YaraRouterInfo) info = NULL;
  g_autofree char           *path = fixture_zoo_path (name);

  g_assert_null (yara_orm_replace_router (orm, path, NULL, flags, NULL, &error));
  g_assert_error (error, YARA_ROUTER_ERROR, (int) code);
  if (strstr (error->message, reason) == NULL || strstr (error->message, path) == NULL)
    g_error ("wanted \"%s\", got \"%s\"", reason, error->message);
  info = yara_orm_get_router_info (orm);
  g_assert_cmpuint (info->generation, ==, 1);
}

static void
test_hostile (void)
{
  const struct
  {
    const char *name;
    const char *reason;
  } cases[] = {
    { "hostile-crash", CRASHED },
    { "hostile-abort", CRASHED },
    { "hostile-exit", "ended the process in its trial" },
    { "hostile-loop", "did not come back within 5 seconds" },
    { "hostile-unknown", "sends writes of Event to \"nowhere\", which is no connection" },
    { "hostile-long", "which is no connection" },
    { "hostile-space", "\" node0000\", which is no connection" },
    { "hostile-forged", "\"node0000?done\", which is no connection" },
    { "hostile-pointer", "its trial" },
    { "hostile-turns", "\"nowhere\", which is no connection" },
    { "hostile-kill", CRASHED },
    { "hostile-close", "in its trial" },
    { "hostile-done", "confused its trial" },
  };
  g_autoptr (YaraOrm) orm = open_orm ();
  GThread            *threads[N_WORKERS];

  atomic_store (&is_over, FALSE);
  for (guint i = 0; i < N_WORKERS; i++)
    threads[i] = g_thread_new ("worker", work, orm);
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    expect_refusal (orm, cases[i].name, YARA_ROUTER_TRIAL, YARA_ROUTER_ERROR_TRIAL, cases[i].reason);
  expect_refusal (orm, "no-write", YARA_ROUTER_TRIAL, YARA_ROUTER_ERROR_MISSING_SYMBOL, "db_for_write");
  expect_refusal (orm, "refuses", YARA_ROUTER_TRIAL, YARA_ROUTER_ERROR_REFUSED, "refused the arguments");
  atomic_store (&is_over, TRUE);
  for (guint i = 0; i < N_WORKERS; i++)
    g_thread_join (threads[i]);
  g_test_message ("%u statements", atomic_load (&n_statements));
  g_assert_cmpuint (atomic_load (&n_statements), >, 100);
}

static void
test_sound (void)
{
  g_autoptr (YaraOrm)           orm = open_orm ();
  g_autoptr (GError)            error = NULL;
  g_autoptr (YaraRouterReceipt) receipt = NULL;
  g_autofree char              *path = fixture_zoo_path ("yielding");

  receipt = yara_orm_replace_router (orm, path, NULL, YARA_ROUTER_TRIAL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (receipt->generation, ==, 2);
}

static void
test_keep_writes (void)
{
  g_autoptr (YaraOrm)           orm = open_orm ();
  g_autoptr (GError)            error = NULL;
  g_autoptr (YaraRouterReceipt) same = NULL, moved = NULL;
  g_autofree char              *path = fixture_zoo_path ("events"), *node = fixture_zoo_path ("node"), *text = NULL;
  g_autoptr (GVariant)          report = NULL;
  g_autoptr (YaraRouterInfo)    info = NULL;
  guint64                       n_calls;

  g_assert_true (yara_orm_set_shadow_router (orm, path, NULL, NULL, NULL));
  info = yara_orm_get_router_info (orm);
  n_calls = info->calls;
  g_clear_pointer (&info, yara_router_info_free);
  expect_refusal (orm, "events", YARA_ROUTER_KEEP_WRITES, YARA_ROUTER_ERROR_TRIAL,
                  "would move the writes of Event from \"node0000\" to \"node0001\"");
  /* What is asked of the router on this occasion is no decision. */
  report = yara_orm_get_shadow_report (orm);
  g_assert_cmpstr (text = g_variant_print (report, FALSE), ==, "(0, 0, [])");
  info = yara_orm_get_router_info (orm);
  g_assert_cmpuint (info->calls, ==, n_calls);
  same = yara_orm_replace_router (orm, node, NULL, YARA_ROUTER_KEEP_WRITES, NULL, &error);
  g_assert_no_error (error);
  moved = yara_orm_replace_router (orm, path, NULL, YARA_ROUTER_TRIAL, NULL, &error);
  g_assert_no_error (error);
}

/* Whatever damaged code does, it does in its trial. */
static void
test_damaged (void)
{
  const YaraModel   *models[] = { &fixture_model, NULL };
  guint              n_tries = FIXTURE_IS_SCALED_DOWN ? 10 : 60, n_passed = 0, n_refused = 0;
  g_autoptr (GString) good = fixture_load ("node");
  g_autofree char    *path = NULL;
  Fixture             fixture;

  fixture_init (&fixture, 2);
  path = fixture_path (&fixture, "damaged.so");
  for (guint i = 0; i < n_tries; i++)
    {
      g_autoptr (GString) bytes = g_string_new_len (good->str, good->len);
      g_autoptr (GError)  error = NULL;
      g_autofree char    *sum = NULL;

      for (guint n = g_test_rand_int_range (1, 16); n > 0; n--)
        bytes->str[g_test_rand_int_range (0, bytes->len)] ^= 1 << g_test_rand_int_range (0, 8);
      fixture_write (path, bytes);
      sum = yara_trial_run (fixture.routes, path, NULL, models, FALSE, &error);
      g_assert_true ((sum == NULL) == (error != NULL));
      n_passed += sum != NULL;
      n_refused += g_error_matches (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_TRIAL);
    }
  g_test_message ("of %u: %u passed, %u failed their trial, the file of the others was refused", n_tries, n_passed,
                  n_refused);
  fixture_clear (&fixture);
}

/* What was not tried is not put in force: the file may change meanwhile. */
static void
test_changed_after_it (void)
{
  g_autoptr (YaraOrm) orm = open_orm ();
  g_autoptr (GError)  error = NULL;
  g_autoptr (GString) bytes = fixture_load ("node"), other = fixture_load ("yielding");
  g_autofree char    *helper = g_strdup (g_getenv ("YARAORM_TRIAL_HELPER")), *script = NULL;
  Fixture             fixture;
  g_autofree char    *path = NULL, *new_path = NULL, *script_path = NULL;

  fixture_init (&fixture, 0);
  path = fixture_path (&fixture, "router.so");
  new_path = fixture_path (&fixture, "new.so");
  script_path = fixture_path (&fixture, "helper");
  fixture_write (path, bytes);
  fixture_write (new_path, other);
  script = g_strdup_printf ("#!/bin/sh\nanswers=$('%s' \"$@\")\nmv '%s' '%s'\necho \"$answers\"\n", helper, new_path, path);
  g_assert_true (g_file_set_contents_full (script_path, script, -1, G_FILE_SET_CONTENTS_NONE, 0700, NULL));
  g_setenv ("YARAORM_TRIAL_HELPER", script_path, TRUE);
  g_assert_null (yara_orm_replace_router (orm, path, NULL, YARA_ROUTER_TRIAL, NULL, &error));
  g_assert_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_TRIAL);
  g_assert_nonnull (strstr (error->message, "was changed after its trial"));
  g_setenv ("YARAORM_TRIAL_HELPER", helper, TRUE);
  fixture_clear (&fixture);
}

/* What cannot be tried is not put in force. */
static void
test_no_helper (void)
{
  g_autoptr (YaraOrm) orm = open_orm ();
  g_autofree char    *helper = g_strdup (g_getenv ("YARAORM_TRIAL_HELPER"));

  g_setenv ("YARAORM_TRIAL_HELPER", "/nonexistent/helper", TRUE);
  expect_refusal (orm, "yielding", YARA_ROUTER_TRIAL, YARA_ROUTER_ERROR_TRIAL, "/nonexistent/helper: No such file");
  g_setenv ("YARAORM_TRIAL_HELPER", helper, TRUE);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/trial/no-helper", test_no_helper);
  g_test_add_func ("/plugins/trial/sound", test_sound);
  g_test_add_func ("/plugins/trial/keep-writes", test_keep_writes);
  g_test_add_func ("/plugins/trial/changed-after-it", test_changed_after_it);
  g_test_add_func ("/plugins/trial/damaged", test_damaged);
  g_test_add_func ("/plugins/trial/hostile", test_hostile);
  return g_test_run ();
}
