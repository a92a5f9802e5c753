/* SPDX-License-Identifier: MIT
 * The child of "route test": lets the library decide for every model and operation.
 * Lines: {"router":PATH,"sha256":HEX}, null for rules, then for each decision {"model","op","said",
 * "connection","reason","time_us"} and, where it applies, "own" (the model's own connection), "varies" (all
 * the connections in turn), "id" (an error) and "returned" (the bad answer). */
#include <string.h>

#include "probe/models.h"
#include "probe/watch.h"

/* Rules are asked as often as their shares need. */
#define RULES_REPEAT 100

static void
set_connections (JsonObject *line, GHashTable *connections)
{
  g_autoptr(GList) names = g_list_sort (g_hash_table_get_keys (connections), (GCompareFunc) strcmp);
  JsonArray *array = json_array_new ();

  for (GList *name = names; name != NULL; name = name->next)
    json_array_add_string_element (array, name->data);
  json_object_set_array_member (line, "varies", array);
}

/* The first answer is the decision. */
static void
set_decision (JsonObject *line, const YaraRoute *route)
{
  json_object_set_string_member (line, "connection", yara_connection_get_name (route->connection));
  json_object_set_string_member (line, "reason", yara_route_reason_get_name (route->reason));
}

static void
decide (YaraOrm *orm, const YaraModel *model, YaraOperation operation, guint repeat)
{
  g_autoptr(GHashTable) connections = g_hash_table_new (g_str_hash, g_str_equal);
  JsonObject *line = json_object_new ();
  const char *fault = NULL;

  json_object_set_string_member (line, "model", model->name);
  json_object_set_string_member (line, "op", operation == YARA_OPERATION_READ ? "read" : "write");
  if (model->connection != NULL)
    json_object_set_string_member (line, "own", model->connection);
  for (guint i = 0; i < repeat && fault == NULL; i++)
    {
      gint64 start = g_get_monotonic_time ();
      gboolean decided;
      YaraRoute route;

      probe_watch_forget ();
      decided = yara_orm_route (orm, model, operation, &route, NULL);
      fault = probe_watch_find_fault (decided);
      if (i == 0)
        {
          json_object_set_int_member (line, "time_us", g_get_monotonic_time () - start);
          probe_watch_set_answer (line, "said");
        }
      if (fault != NULL)
        break;
      if (i == 0)
        set_decision (line, &route);
      g_hash_table_add (connections, (char *) yara_connection_get_name (route.connection));
    }
  if (fault != NULL)
    {
      json_object_set_string_member (line, "id", fault);
      probe_watch_set_answer (line, "returned");
    }
  else if (g_hash_table_size (connections) > 1)
    set_connections (line, connections);
  probe_send (line);
}

static gboolean
is_asked (const RouterOptions *options, const char *operation)
{
  return options->operation == NULL || strcmp (options->operation, operation) == 0;
}

/* Asks about every model and operation. */
static void
decide_all (const ProbeRouter *router, const RouterOptions *options)
{
  g_autoptr(YaraOrm) orm = probe_router_make_view (router->orm, options);
  guint repeat = options->repeat > 0 ? options->repeat : options->rules ? RULES_REPEAT : PROBE_REPEAT;
  g_autofree const YaraModel **models = probe_models_select (options);
  g_autoptr(GError) error = NULL;

  for (guint i = 0; models != NULL && models[i] != NULL; i++)
    {
      if (!yara_orm_register (router->orm, models[i], &error))
        {
          probe_refuse (error);
          return;
        }
      if (is_asked (options, "read"))
        decide (orm, models[i], YARA_OPERATION_READ, repeat);
      if (is_asked (options, "write"))
        decide (orm, models[i], YARA_OPERATION_WRITE, repeat);
    }
}

void
probe_route (ProbeRouter *router, const RouterOptions *options)
{
  g_autoptr(GError) error = NULL;
  JsonObject *head = json_object_new ();

  json_object_set_string_member (head, "router", router->path);
  json_object_set_string_member (head, "sha256", router->sha256);
  probe_send (head);
  if (probe_watch (router, options, &error))
    decide_all (router, options);
  else
    probe_refuse (error);
}
