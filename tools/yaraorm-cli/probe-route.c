/* SPDX-License-Identifier: MIT
 * The child of "route test": lets the library decide for every model and operation.
 * Lines: {"router":PATH,"sha256":HEX}, then for each decision {"model","op","said","connection",
 * "reason"} and, where it applies, "varies" (all the connections in turn), "id" (an error) and
 * "returned" (the bad answer). */
#include <string.h>

#include "probe-child.h"

/* The router and its last answer, for the functions that the library calls. */
static const ProbeRouter *asked;
static Answer last_answer;

static const char *
ask (YaraOperation operation, const YaraModel *model, const YaraHints *hints)
{
  YaraHints own = { sizeof own, operation, hints->strings, NULL };

  probe_router_ask (asked, operation, model, &own, &last_answer);
  return last_answer.none || last_answer.fault != ANSWER_GOOD ? NULL : last_answer.text;
}

static const char *
ask_read (const YaraModel *model, const YaraHints *hints)
{
  return ask (YARA_OPERATION_READ, model, hints);
}

static const char *
ask_write (const YaraModel *model, const YaraHints *hints)
{
  return ask (YARA_OPERATION_WRITE, model, hints);
}

/* The id of the error in a decision, or NULL. */
static const char *
find_fault (gboolean decided)
{
  switch (last_answer.fault)
    {
    case ANSWER_INVALID:
      return "YO-R001";
    case ANSWER_DEAD:
      return "YO-P011";
    case ANSWER_GOOD:
    default:
      return decided ? NULL : "YO-R003";
    }
}

static void
set_answer (JsonObject *line, const char *member)
{
  if (last_answer.none || last_answer.fault == ANSWER_DEAD)
    json_object_set_null_member (line, member);
  else
    json_object_set_string_member (line, member, last_answer.text);
}

static void
set_connections (JsonObject *line, GHashTable *connections)
{
  g_autoptr(GList) names = g_list_sort (g_hash_table_get_keys (connections), (GCompareFunc) strcmp);
  JsonArray *array = json_array_new ();

  for (GList *name = names; name != NULL; name = name->next)
    json_array_add_string_element (array, name->data);
  json_object_set_array_member (line, "varies", array);
}

static void
decide (YaraOrm *orm, const YaraModel *model, YaraOperation operation)
{
  g_autoptr(GHashTable) connections = g_hash_table_new (g_str_hash, g_str_equal);
  JsonObject *line = json_object_new ();
  const char *fault = NULL;

  json_object_set_string_member (line, "model", model->name);
  json_object_set_string_member (line, "op", operation == YARA_OPERATION_READ ? "read" : "write");
  for (guint i = 0; i < PROBE_REPEAT && fault == NULL; i++)
    {
      YaraRoute route;
      const char *name;

      fault = find_fault (yara_orm_route (orm, model, operation, &route, NULL));
      if (i == 0)
        set_answer (line, "said");
      if (fault != NULL)
        break;
      name = yara_connection_get_name (route.connection);
      g_hash_table_add (connections, (char *) name);
      if (i > 0)
        continue;
      json_object_set_string_member (line, "connection", name);
      json_object_set_string_member (line, "reason", yara_route_reason_get_name (route.reason));
    }
  if (fault != NULL)
    {
      json_object_set_string_member (line, "id", fault);
      set_answer (line, "returned");
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

void
probe_route (ProbeRouter *router, const RouterOptions *options)
{
  const char *const none[] = { NULL };
  const char *const *hints = options->hints != NULL ? (const char *const *) options->hints : none;
  g_autoptr(YaraOrm) orm = yara_orm_with_hints (router->orm, hints);
  g_autoptr(GError) error = NULL;
  JsonObject *head = json_object_new ();

  json_object_set_string_member (head, "router", router->path);
  json_object_set_string_member (head, "sha256", router->sha256);
  probe_send (head);

  asked = router;
  if (!yara_orm_set_router_functions (router->orm, ask_read, ask_write, NULL, NULL, &error))
    {
      probe_refuse (error);
      return;
    }
  for (char **name = options->models; *name != NULL; name++)
    {
      const YaraModel *model = probe_model_new (*name);

      if (!yara_orm_register (router->orm, model, &error))
        {
          probe_refuse (error);
          return;
        }
      if (is_asked (options, "read"))
        decide (orm, model, YARA_OPERATION_READ);
      if (is_asked (options, "write"))
        decide (orm, model, YARA_OPERATION_WRITE);
    }
}
