/* SPDX-License-Identifier: MIT */
/* signup.c: a transaction with a model that the router sends elsewhere. */
#include <yaraorm/yaraorm.h>

typedef struct { gint64 id; const char *name; } User;
typedef struct { gint64 id; const char *name; } Event;

static const YaraField user_fields[] = { YARA_FIELD (User, id, .primary_key = true), YARA_FIELD (User, name) };
static const YaraField event_fields[] = { YARA_FIELD (Event, id, .primary_key = true), YARA_FIELD (Event, name) };
static const YaraModel user_model = YARA_MODEL (User, "users", user_fields);
static const YaraModel event_model = YARA_MODEL (Event, "events", event_fields);

/* Told of no connection and no transaction. */
static gboolean
sign_up (YaraTransaction *transaction, gpointer data, GError **error)
{
  YaraOrm *orm = data;
  User user = { .name = "Ada" };
  Event event = { .name = "signed up" };

  return yara_orm_create (orm, &user_model, &user, NULL, error) &&
         yara_orm_create (orm, &event_model, &event, NULL, error);
}

static gboolean
run (GError **error)
{
  /* events-router.c sends Event to "analytics". */
  g_autoptr(YaraOrm) orm = yara_orm_open ("sqlite://app.db", "./events-router.so", NULL, error);
  g_autoptr(YaraOrm) on_default = NULL;
  g_autoptr(GError) refused = NULL;

  if (orm == NULL || !yara_orm_add_connection (orm, "analytics", "sqlite://analytics.db", NULL, error) ||
      !yara_orm_register (orm, &user_model, error) || !yara_orm_register (orm, &event_model, error) ||
      !yara_orm_generate_schemas (orm, YARA_SCHEMA_SAFE, NULL, error))
    return FALSE;

  /* The table of events is on "analytics" only, and a transaction on "default" is pinned there. */
  if (!yara_orm_in_transaction (orm, NULL, NULL, sign_up, orm, NULL, &refused))
    g_print ("pinned: %s\n", refused->message);
  g_clear_error (&refused);

  /* Strict: such a mistake is found before anything is sent, whatever tables there are. */
  if (!yara_orm_in_transaction (orm, NULL, YARA_TRANSACTION_OPTIONS (.rule = YARA_RULE_STRICT), sign_up, orm, NULL,
                                &refused))
    g_print ("strict: %s\n", refused->message);

  /* By name: the event is written, but it is not part of the transaction. */
  if (!yara_orm_in_transaction (orm, NULL, YARA_TRANSACTION_OPTIONS (.rule = YARA_RULE_BY_NAME), sign_up, orm, NULL,
                                error))
    return FALSE;

  /* With a table of events on "default", too, both are one unit of work there. */
  on_default = yara_orm_using (orm, "default");
  if (!yara_orm_generate_schemas (on_default, YARA_SCHEMA_SAFE, NULL, error) ||
      !yara_orm_in_transaction (orm, NULL, NULL, sign_up, orm, NULL, error))
    return FALSE;
  g_print ("both on default\n");
  return TRUE;
}

int
main (void)
{
  g_autoptr(GError) error = NULL;

  if (!run (&error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  return 0;
}
