/* SPDX-License-Identifier: MIT
 *
 * What tables lack of their models, and that running it is enough.
 */
#include "fixture.h"

#include <string.h>

/* A model as it was, and as it is now. */
typedef struct
{
  gint64 id;
  const char *title;
} OldTeam;

typedef struct
{
  gint64 id;
  const char *title;
  const char *code;
  gint32 rank;
  gint64 parent;
  bool no_parent;
} Team;

static const YaraField old_fields[] = {
  YARA_FIELD (OldTeam, id, .primary_key = true),
  YARA_FIELD (OldTeam, title),
};
static const YaraModel old_model = YARA_MODEL (OldTeam, "Teams \"x\"", old_fields);

static const YaraModel team_model;
static const YaraField team_fields[] = {
  YARA_FIELD (Team, id, .primary_key = true),
  YARA_FIELD (Team, title, .index = true),
  YARA_FIELD (Team, code, .nullable = true, .unique = true),
  YARA_FIELD (Team, rank, .default_value = "7"),
  YARA_FIELD (Team, parent, .references = &team_model, .nullable = true, .null_flag = YARA_NULL_FLAG (Team, no_parent)),
};
static const YaraIndex team_indexes[] = { YARA_UNIQUE ("title", "rank") };
static const YaraModel team_model = YARA_MODEL (Team, "Teams \"x\"", team_fields, YARA_INDEXES (team_indexes));

/* The statements for the connection `name`, which must be the only one: (transfer full). */
static char **
get_statements (GVariant *changes, const char *name)
{
  const char *found;
  char **statements;

  g_assert_cmpstr (g_variant_get_type_string (changes), ==, "a(sas)");
  g_assert_cmpuint (g_variant_n_children (changes), ==, 1);
  g_variant_get_child (changes, 0, "(&s^as)", &found, &statements);
  g_assert_cmpstr (found, ==, name);
  return statements;
}

static char **
find_changes (YaraOrm *orm)
{
  g_autoptr(GVariant) changes = test_ok (yara_orm_schema_changes (orm, NULL, NULL, &error));

  return get_statements (changes, "default");
}

static void
from_nothing (Test *test)
{
  g_auto(GStrv) before = NULL, after = NULL;

  test_ok (yara_orm_register (test->orm, &team_model, &error));
  before = find_changes (test->orm);
  g_assert_cmpuint (g_strv_length (before), ==, 3);
  g_assert_true (g_str_has_prefix (before[0], "CREATE TABLE \"Teams \"\"x\"\"\" ("));
  for (char **statement = before; *statement != NULL; statement++)
    test_execute (test->orm, NULL, *statement);
  after = find_changes (test->orm);
  g_assert_cmpuint (g_strv_length (after), ==, 0);
}

static void
from_an_older_model (Test *test)
{
  g_autofree char *url = test_url (test, "default");
  g_autoptr(YaraOrm) now = NULL;
  g_auto(GStrv) changes = NULL, after = NULL;
  OldTeam old = { .title = "a" };
  Team team = { .title = "b", .code = "c", .rank = 1, .parent = 1 };
  g_autoptr(YaraQuery) query = yara_query_new (&team_model);

  TEST_USE (test, &old_model);
  test_ok (yara_orm_create (test->orm, &old_model, &old, NULL, &error));
  now = test->variant->on_disk ? test_ok (yara_orm_open (url, NULL, NULL, &error)) : g_object_ref (test->orm);
  test_ok (yara_orm_register (now, &team_model, &error));

  if (!test->variant->on_disk)
    {
      const YaraModel *const models[] = { &team_model, NULL };
      g_autoptr(GVariant) some = test_ok (yara_orm_schema_changes (now, models, NULL, &error));

      changes = get_statements (some, "default");
    }
  else
    changes = find_changes (now);
  g_assert_cmpuint (g_strv_length (changes), ==, 6);
  for (char **statement = changes; *statement != NULL; statement++)
    {
      g_assert_false (g_str_has_prefix (*statement, "CREATE TABLE"));
      test_execute (now, NULL, *statement);
    }
  after = find_changes (now);
  g_assert_cmpuint (g_strv_length (after), ==, 0);

  /* The row of before has the default, and what was added holds. */
  yara_query_filter (query, "rank", 7);
  g_assert_cmpint (test_ok (yara_orm_count (now, query, NULL, &error)), ==, 1);
  team.parent = old.id;
  test_ok (yara_orm_create (now, &team_model, &team, NULL, &error));
  team.id = 0;
  test_fails (yara_orm_create (now, &team_model, &team, NULL, &error), INTEGRITY);
  test_ok (yara_orm_close (now, NULL, &error));
}

static void
asynchronous (Test *test)
{
  g_autoptr(GVariant) changes = NULL;
  g_auto(GStrv) statements = NULL;
  const YaraModel *const unknown[] = { &team_model, NULL };

  test_await (yara_orm_schema_changes_async (test->orm, unknown, NULL, test_call_done, &call),
              test_fails (yara_orm_schema_changes_finish (test->orm, call.result, &error), CONFIGURATION, "not registered"));
  TEST_USE (test, &old_model);
  changes = test_await (yara_orm_schema_changes_async (test->orm, NULL, NULL, test_call_done, &call),
                        test_ok (yara_orm_schema_changes_finish (test->orm, call.result, &error)));
  statements = get_statements (changes, "default");
  g_assert_cmpuint (g_strv_length (statements), ==, 0);
}

/* Columns and tables that no model knows stay, and are nobody's business. */
static void
left_alone (Test *test)
{
  g_auto(GStrv) statements = NULL;

  TEST_USE (test, &old_model);
  test_execute (test->orm, NULL, "ALTER TABLE \"Teams \"\"x\"\"\" ADD COLUMN more integer");
  test_execute (test->orm, NULL, "CREATE INDEX by_more ON \"Teams \"\"x\"\"\" (more)");
  statements = find_changes (test->orm);
  g_assert_cmpuint (g_strv_length (statements), ==, 0);
}

/* ---- what no model knows ---- */

/* "index by_more; column more": (transfer full). `droppable`: only what can be dropped. */
static char *
describe_surplus (GVariant *surplus, gboolean droppable)
{
  GString *text = g_string_new (NULL);
  GVariantIter iter;
  const char *connection, *kind, *table, *name, *statement;

  g_assert_cmpstr (g_variant_get_type_string (surplus), ==, "a(sssss)");
  g_variant_iter_init (&iter, surplus);
  while (g_variant_iter_next (&iter, "(&s&s&s&s&s)", &connection, &kind, &table, &name, &statement))
    {
      g_assert_cmpstr (connection, ==, "default");
      g_assert_cmpstr (table, ==, old_model.table);
      if (!droppable || *statement != '\0')
        g_string_append_printf (text, "%s%s %s", text->len > 0 ? "; " : "", kind, name);
    }
  return g_string_free (text, FALSE);
}

static void
expect_surplus (YaraOrm *orm, gboolean droppable, const char *expected)
{
  g_autoptr(GVariant) surplus = test_ok (yara_orm_schema_surplus (orm, NULL, NULL, &error));
  g_autofree char *text = describe_surplus (surplus, droppable);

  g_assert_cmpstr (text, ==, expected);
}

static void
drop_all (YaraOrm *orm)
{
  g_autoptr(GVariant) surplus = test_ok (yara_orm_schema_surplus (orm, NULL, NULL, &error));
  GVariantIter iter;
  const char *statement;

  g_variant_iter_init (&iter, surplus);
  while (g_variant_iter_next (&iter, "(&s&s&s&s&s)", NULL, NULL, NULL, NULL, &statement))
    if (*statement != '\0')
      test_execute (orm, NULL, statement);
}

static void
surplus (Test *test)
{
  OldTeam team = { .title = "stays" };
  g_autoptr(YaraQuery) query = yara_query_new (&old_model);

  TEST_USE (test, &old_model);
  test_ok (yara_orm_create (test->orm, &old_model, &team, NULL, &error));
  expect_surplus (test->orm, FALSE, "");
  test_execute (test->orm, NULL, "ALTER TABLE \"Teams \"\"x\"\"\" ADD COLUMN more integer");
  test_execute (test->orm, NULL, "ALTER TABLE \"Teams \"\"x\"\"\" ADD COLUMN \"less \"\"y\"\"\" integer");
  test_execute (test->orm, NULL, "CREATE INDEX \"by \"\"more\"\"\" ON \"Teams \"\"x\"\"\" (more)");
  expect_surplus (test->orm, TRUE, "index by \"more\"; column less \"y\"; column more");
  drop_all (test->orm);
  expect_surplus (test->orm, FALSE, "");
  yara_query_filter (query, "title", "stays");
  g_assert_cmpint (test_ok (yara_orm_count (test->orm, query, NULL, &error)), ==, 1);
}

/* What another model of the same table has, is known; so is the index of a unique column. */
static void
surplus_of_two_models (Test *test)
{
  const YaraModel *const old[] = { &old_model, NULL };
  g_autoptr(GVariant) found = NULL;

  TEST_USE (test, &team_model);
  test_ok (yara_orm_register (test->orm, &old_model, &error));
  found = test_ok (yara_orm_schema_surplus (test->orm, old, NULL, &error));
  g_assert_cmpuint (g_variant_n_children (found), ==, 0);
  expect_surplus (test->orm, FALSE, "");
}

/* The key of a table is nothing to drop, nor is the index of a constraint. */
static void
surplus_key (Test *test)
{
  g_autoptr(GVariant) found = NULL;
  g_autofree char *text = NULL;

  test_ok (yara_orm_register (test->orm, &old_model, &error));
  test_execute (test->orm, NULL, "CREATE TABLE \"Teams \"\"x\"\"\" (id bigint NOT NULL, other bigint PRIMARY KEY, "
                                 "title text UNIQUE)");
  found = test_await (yara_orm_schema_surplus_async (test->orm, NULL, NULL, test_call_done, &call),
                      test_ok (yara_orm_schema_surplus_finish (test->orm, call.result, &error)));
  text = describe_surplus (found, FALSE);
  g_assert_cmpstr (text, ==, "column other");
  expect_surplus (test->orm, TRUE, "");
}

/* A model is looked for where its writes go. */
static void
routed (Test *test)
{
  g_autoptr(YaraOrm) other = yara_orm_using (test->orm, "other");
  g_autoptr(GVariant) changes = NULL;
  g_auto(GStrv) statements = NULL;

  test_add_connection (test, "other");
  TEST_USE (test, &old_model);
  changes = test_ok (yara_orm_schema_changes (other, NULL, NULL, &error));
  statements = get_statements (changes, "other");
  g_assert_cmpuint (g_strv_length (statements), ==, 1);
}

static const TestCase cases[] = {
  { "changes/from-nothing", from_nothing },
  { "changes/from-an-older-model", from_an_older_model },
  { "changes/async", asynchronous },
  { "changes/left-alone", left_alone },
  { "changes/routed", routed },
  { "surplus/dropped", surplus },
  { "surplus/two-models", surplus_of_two_models },
  { "surplus/key", surplus_key },
};

TEST_MAIN (cases)
