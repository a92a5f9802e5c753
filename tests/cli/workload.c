/* SPDX-License-Identifier: MIT
 * A program that decides 50 times a round: by statements, views, hints and transactions of all kinds.
 *   workload ROUNDS ROUTER [ARGS [SHADOW]]    prints what the shadow counted, a line a difference */
#include <stdlib.h>
#include <yaraorm/yaraorm.h>

typedef struct
{
  gint64 id;
} User, Event, Audit, Snapshot;

static const YaraField fields[] = { YARA_FIELD (User, id, .primary_key = true) };
static const YaraModel models[] = {
  YARA_MODEL (User, "users", fields),
  YARA_MODEL (Event, "events", fields),
  YARA_MODEL (Audit, "audit \"log\"", fields),
  YARA_MODEL (Snapshot, "snapshots", fields, .connection = "cache"),
};
#define USER  (&models[0])
#define EVENT (&models[1])
#define AUDIT (&models[2])

static guint n_decisions;

static void
expect (gboolean ok, const GError *error)
{
  if (!ok)
    g_error ("%s", error != NULL ? error->message : "wrong");
}

/* Asks where it would go; it may be refused. */
static void
ask (YaraOrm *orm, const YaraModel *model, YaraOperation operation)
{
  g_autoptr (GError) error = NULL;
  YaraRoute          route;

  n_decisions++;
  if (!yara_orm_route (orm, model, operation, &route, &error))
    g_assert_true (error->domain == YARA_ERROR);
}

static void
ask_all (YaraOrm *orm)
{
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    for (guint operation = 0; operation < 2; operation++)
      ask (orm, &models[i], operation);
}

/* 12 decisions. The rules that ask have no Event: what becomes of it then is not what the router says. */
static void
decide_in_transactions (YaraOrm *orm)
{
  g_autoptr (GError)          error = NULL;
  g_autoptr (YaraOrm)         cache = yara_orm_using (orm, "cache");
  g_autoptr (YaraTransaction) pinned = yara_orm_begin (orm, NULL, NULL, NULL, &error), strict = NULL, by_name = NULL;

  expect (pinned != NULL, error);
  ask (orm, USER, YARA_OPERATION_READ);
  ask (orm, EVENT, YARA_OPERATION_WRITE);
  ask (orm, AUDIT, YARA_OPERATION_READ);
  ask (orm, AUDIT, YARA_OPERATION_WRITE);
  ask (cache, USER, YARA_OPERATION_WRITE); /* refused */
  yara_transaction_rollback (pinned, NULL);

  strict = yara_orm_begin (orm, "cache", YARA_TRANSACTION_OPTIONS (.rule = YARA_RULE_STRICT), NULL, &error);
  expect (strict != NULL, error);
  ask (orm, USER, YARA_OPERATION_READ); /* refused */
  ask (cache, AUDIT, YARA_OPERATION_WRITE);
  yara_transaction_rollback (strict, NULL);

  n_decisions++; /* where it begins */
  by_name = yara_orm_begin (orm, NULL, YARA_TRANSACTION_OPTIONS (.model = USER, .rule = YARA_RULE_BY_NAME), NULL,
                            &error);
  expect (by_name != NULL, error);
  for (guint operation = 0; operation < 2; operation++)
    {
      ask (orm, USER, operation);
      ask (cache, AUDIT, operation);
    }
  yara_transaction_rollback (by_name, NULL);
}

/* 2 decisions. */
static void
run_statements (YaraOrm *orm)
{
  g_autoptr (GError)    error = NULL;
  g_autoptr (YaraQuery) query = yara_query_new (USER);
  User                  user = { 0 };

  n_decisions += 2;
  expect (yara_orm_create (orm, USER, &user, NULL, &error), error);
  expect (yara_orm_count (orm, query, NULL, &error) >= 0, error);
}

static void
run_round (YaraOrm *orm, guint number)
{
  g_autofree char         *hint = g_strdup_printf ("tenant=%u", number % 7);
  const char *const        hints[] = { hint, "region=\xe9u", NULL }; /* not UTF-8 */
  g_autoptr (YaraOrm)      hinted = yara_orm_with_hints (orm, hints), cache = yara_orm_using (orm, "cache");
  g_autoptr (YaraOrm)      nowhere = yara_orm_using (orm, "no \"where\"");

  ask_all (orm);
  ask_all (orm);
  ask_all (hinted);
  ask_all (cache);
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    ask (nowhere, &models[i], YARA_OPERATION_READ);
  decide_in_transactions (orm);
  run_statements (orm);
}

static void
print_shadow (YaraOrm *orm)
{
  g_autoptr (GVariant)     report = yara_orm_get_shadow_report (orm);
  g_autoptr (GVariantIter) differences = NULL;
  const char              *model, *operation, *from, *to;
  guint64                  decisions, n_different, count;

  if (report == NULL)
    return;
  g_variant_get (report, "(tta(sssst))", &decisions, &n_different, &differences);
  while (g_variant_iter_next (differences, "(&s&s&s&st)", &model, &operation, &from, &to, &count))
    g_print ("%s %s %s %s %" G_GUINT64_FORMAT "\n", model, operation, from, to, count);
}

int
main (int argc, char **argv)
{
  static const char *const names[] = { "replica", "cache", "analytics" };
  g_autoptr (GError)  error = NULL;
  g_autoptr (YaraOrm) orm = yara_orm_open ("sqlite::memory:", NULL, NULL, &error);
  guint               n_rounds = argc > 2 ? atoi (argv[1]) : 0;

  expect (orm != NULL, error);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    expect (yara_orm_add_connection (orm, names[i], "sqlite::memory:", NULL, &error), error);
  for (guint i = 0; i < G_N_ELEMENTS (models); i++)
    expect (yara_orm_register (orm, &models[i], &error), error);
  expect (yara_orm_set_router (orm, argv[2], argc > 3 ? argv[3] : NULL, NULL, &error), error);
  if (argc > 4)
    expect (yara_orm_set_shadow_router (orm, argv[4], NULL, NULL, &error), error);
  for (guint i = 0; i < 2; i++)
    expect (yara_connection_execute (yara_orm_get_connection (orm, i == 0 ? NULL : "replica", NULL),
                                     "CREATE TABLE users (id INTEGER PRIMARY KEY)", NULL, NULL, &error) >= 0, error);

  for (guint i = 0; i < n_rounds; i++)
    run_round (orm, i);
  g_assert_cmpuint (n_decisions, ==, n_rounds * 50);
  print_shadow (orm);
  return 0;
}
