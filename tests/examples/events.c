/* SPDX-License-Identifier: MIT */
/* events.c: a program that uses it. */
#include <yaraorm/yaraorm.h>

typedef struct { gint64 id; const char *name; } Event;

static const YaraField event_fields[] = {
  YARA_FIELD (Event, id, .primary_key = true),
  YARA_FIELD (Event, name),
};
static const YaraModel event_model = YARA_MODEL (Event, "events", event_fields);

int
main (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraOrm) orm = yara_orm_open ("sqlite://app.db", "./events-router.so", NULL, &error);
  Event event = { .name = "started" };
  YaraRoute route;

  if (orm == NULL ||
      !yara_orm_add_connection (orm, "analytics", "sqlite://analytics.db", NULL, &error) ||
      !yara_orm_register (orm, &event_model, &error) ||
      !yara_orm_generate_schemas (orm, YARA_SCHEMA_SAFE, NULL, &error) ||
      !yara_orm_create (orm, &event_model, &event, NULL, &error) ||
      !yara_orm_route (orm, &event_model, YARA_OPERATION_WRITE, &route, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  g_print ("Event goes to %s, decided by: %s\n", yara_connection_get_name (route.connection),
           yara_route_reason_get_name (route.reason));
  return 0;
}
