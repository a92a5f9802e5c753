/* SPDX-License-Identifier: MIT
 * The shadow router: it counts exactly what it would change, and changes nothing. */
#include "fixture.h"

#include <yaraorm/yaraorm.h>

typedef struct
{
  gint64 id;
} User, Event;

static const YaraField user_fields[] = { YARA_FIELD (User, id, .primary_key = true) };
static const YaraModel user_model = YARA_MODEL (User, "users", user_fields);
static const YaraField event_fields[] = { YARA_FIELD (Event, id, .primary_key = true) };
static const YaraModel event_model = YARA_MODEL (Event, "events", event_fields);

static YaraOrm *
open_orm (void)
{
  YaraOrm *orm = fixture_open_nodes ();

  yara_orm_register (orm, &user_model, NULL);
  yara_orm_register (orm, &event_model, NULL);
  return orm;
}

static void
set_shadow (YaraOrm *orm, const char *name)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *path = name != NULL ? fixture_zoo_path (name) : NULL;

  yara_orm_set_shadow_router (orm, path, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* Each goes to node0000, whatever the shadow says. */
static void
decide (YaraOrm *orm, const YaraModel *model, YaraOperation operation, guint n)
{
  for (guint i = 0; i < n; i++)
    {
      g_autoptr (GError) error = NULL;
      YaraRoute          route;

      yara_orm_route (orm, model, operation, &route, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (yara_connection_get_name (route.connection), ==, "node0000");
    }
}

static void
expect_report (YaraOrm *orm, const char *expected)
{
  g_autoptr (GVariant) report = yara_orm_get_shadow_report (orm);
  g_autofree char     *text = report != NULL ? g_variant_print (report, FALSE) : NULL;

  g_assert_cmpstr (text, ==, expected);
}

static void
test_report (void)
{
  static const char *const lost[] = { "lost=1", NULL };
  g_autoptr (YaraOrm)      orm = open_orm (), view = yara_orm_with_hints (orm, lost);
  g_autoptr (GError)       error = NULL;
  g_autofree char         *bad = fixture_zoo_path ("no-write"), *node = fixture_zoo_path ("node");

  expect_report (orm, NULL);
  set_shadow (orm, "events");
  expect_report (orm, "(0, 0, [])");
  decide (orm, &user_model, YARA_OPERATION_WRITE, 5);
  decide (orm, &event_model, YARA_OPERATION_READ, 7);
  decide (orm, &event_model, YARA_OPERATION_WRITE, 11);
  expect_report (orm, "(23, 11, [('Event', 'write', 'node0000', 'node0001', 11)])");
  decide (view, &user_model, YARA_OPERATION_READ, 3); /* an unknown name is a difference, no error */
  expect_report (orm, "(26, 14, [('Event', 'write', 'node0000', 'node0001', 11), "
                      "('User', 'read', 'node0000', '', 3)])");

  /* A bad one changes nothing; another router leaves the shadow. */
  g_assert_false (yara_orm_set_shadow_router (orm, bad, NULL, NULL, &error));
  g_assert_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_MISSING_SYMBOL);
  g_assert_true (yara_orm_set_router (orm, node, NULL, NULL, NULL));
  decide (orm, &event_model, YARA_OPERATION_WRITE, 1);
  expect_report (orm, "(27, 15, [('Event', 'write', 'node0000', 'node0001', 12), "
                      "('User', 'read', 'node0000', '', 3)])");
  set_shadow (orm, "events");
  expect_report (orm, "(0, 0, [])");
  set_shadow (orm, NULL);
  expect_report (orm, NULL);
  decide (orm, &event_model, YARA_OPERATION_WRITE, 1);
}

/* ---- under load ---- */

#define N_DECIDERS  4
#define N_DECISIONS 5000 /* of each thread, for each of the four kinds */

static gpointer
decide_all (gpointer orm)
{
  for (guint i = 0; i < N_DECISIONS; i++)
    for (guint kind = 0; kind < 4; kind++)
      decide (orm, kind / 2 ? &event_model : &user_model, kind % 2, 1);
  return NULL;
}

static void
test_load (void)
{
  g_autoptr (YaraOrm) orm = open_orm ();
  g_autofree char    *node = fixture_zoo_path ("node"), *expected = NULL;
  GThread            *threads[N_DECIDERS];

  set_shadow (orm, "events");
  for (guint i = 0; i < N_DECIDERS; i++)
    threads[i] = g_thread_new ("decider", decide_all, orm);
  for (guint i = 0; i < 10; i++)
    {
      g_autoptr (GVariant) report = yara_orm_get_shadow_report (orm);

      g_assert_nonnull (report);
      g_assert_true (yara_orm_set_router (orm, node, NULL, NULL, NULL));
    }
  for (guint i = 0; i < N_DECIDERS; i++)
    g_thread_join (threads[i]);
  expected = g_strdup_printf ("(%u, %u, [('Event', 'write', 'node0000', 'node0001', %u)])",
                              N_DECIDERS * N_DECISIONS * 4, N_DECIDERS * N_DECISIONS, N_DECIDERS * N_DECISIONS);
  expect_report (orm, expected);
}

/* The shadow is replaced and removed while it is asked. */
static void
test_replace (void)
{
  g_autoptr (YaraOrm) orm = open_orm ();
  GThread            *threads[N_DECIDERS];

  for (guint i = 0; i < N_DECIDERS; i++)
    threads[i] = g_thread_new ("decider", decide_all, orm);
  for (guint i = 0; i < FIXTURE_ROUNDS (200); i++)
    set_shadow (orm, i % 3 == 0 ? NULL : i % 3 == 1 ? "events" : "node");
  for (guint i = 0; i < N_DECIDERS; i++)
    g_thread_join (threads[i]);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/shadow/report", test_report);
  g_test_add_func ("/plugins/shadow/load", test_load);
  g_test_add_func ("/plugins/shadow/replace", test_replace);
  return g_test_run ();
}
