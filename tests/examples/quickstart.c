/* SPDX-License-Identifier: MIT */
/* quickstart.c: a model, two connections, a router plugin, a query and raw SQL. */
#include <yaraorm/yaraorm.h>

typedef struct { gint64 id; const char *name; gint32 age; } User;

static const YaraField user_fields[] = {
  YARA_FIELD (User, id, .primary_key = true),
  YARA_FIELD (User, name, .max_length = 120),
  YARA_FIELD (User, age),
};
static const YaraModel user_model = YARA_MODEL (User, "users", user_fields);

static gboolean
run (GError **error)
{
  /* The plugin "replica" sends reads to "replica" and writes to "default". A SQLite file has no
   * standby, so here both names lead to the same file. */
  g_autoptr(YaraOrm) orm = yara_orm_open ("sqlite://./app.db", "replica", NULL, error);
  if (orm == NULL ||
      !yara_orm_add_connection (orm, "replica", "sqlite://./app.db", NULL, error) ||
      !yara_orm_register (orm, &user_model, error) ||
      !yara_orm_generate_schemas (orm, YARA_SCHEMA_SAFE, NULL, error))
    return FALSE;

  User ada = { .name = "Ada", .age = 36 };
  if (!yara_orm_create (orm, &user_model, &ada, NULL, error))              /* default */
    return FALSE;
  g_print ("Ada has the key %" G_GINT64_FORMAT "\n", ada.id);

  g_autoptr(YaraQuery) adults = yara_query_new (&user_model);
  yara_query_filter (adults, "age__gte", 18);
  yara_query_order_by (adults, "-age");
  g_autoptr(YaraResult) users = yara_orm_all (orm, adults, NULL, error);   /* replica */
  if (users == NULL)
    return FALSE;
  YARA_FOREACH (User, user, users)
    g_print ("%s is %d\n", user->name, user->age);

  YaraConnection *replica = yara_orm_get_connection (orm, "replica", error);
  if (replica == NULL)
    return FALSE;
  g_autoptr(YaraRows) rows = yara_connection_fetch_rows (replica,
      "SELECT count(*) FROM users WHERE age > $1", YARA_ARGS (30), NULL, error);
  if (rows == NULL)
    return FALSE;
  g_print ("%" G_GINT64_FORMAT " older than 30\n", yara_rows_get_int (rows, 0, 0));
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
