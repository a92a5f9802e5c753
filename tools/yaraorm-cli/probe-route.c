/* SPDX-License-Identifier: MIT
 * The child of "route test": lets the library decide for every model and operation.
 * Lines: {"router":PATH,"sha256":HEX}, then for each decision {"model","op","said","connection",
 * "reason"} and, where it applies, "varies" (all the connections in turn), "id" (an error) and
 * "returned" (the bad answer). */
#include <string.h>

#include "probe-child.h"

/* Rules are asked as often as their shares need. */
#define RULES_REPEAT 100

/* The router, its last answer, and how often it was asked, for the functions that the library calls. */
static const ProbeRouter *asked;
static Answer last_answer;
static guint n_asked;

static const char *
ask (YaraOperation operation, const YaraModel *model, const YaraHints *hints)
{
  YaraHints own = { sizeof own, operation, hints->strings, NULL };

  n_asked++;
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

/* Names are all that rules give, and they were checked when the configuration was read. */
static void
decide_by_rules (YaraOrm *orm, const YaraModel *model, YaraOperation operation)
{
  g_autoptr(GHashTable) connections = g_hash_table_new (g_str_hash, g_str_equal);
  JsonObject *line = json_object_new ();

  json_object_set_string_member (line, "model", model->name);
  json_object_set_string_member (line, "op", operation == YARA_OPERATION_READ ? "read" : "write");
  for (guint i = 0; i < RULES_REPEAT; i++)
    {
      YaraRoute route;
      const char *name;

      if (!yara_orm_route (orm, model, operation, &route, NULL))
        break;
      name = yara_connection_get_name (route.connection);
      g_hash_table_add (connections, (char *) name);
      if (i > 0)
        continue;
      if (route.reason == YARA_ROUTE_ROUTER)
        json_object_set_string_member (line, "said", name);
      else
        json_object_set_null_member (line, "said");
      json_object_set_string_member (line, "connection", name);
      json_object_set_string_member (line, "reason", yara_route_reason_get_name (route.reason));
    }
  if (g_hash_table_size (connections) > 1)
    set_connections (line, connections);
  probe_send (line);
}

static gboolean
is_asked (const RouterOptions *options, const char *operation)
{
  return options->operation == NULL || strcmp (options->operation, operation) == 0;
}

/* Asks about every model and operation with `decide_one`. */
static void
decide_all (const ProbeRouter *router, const RouterOptions *options,
            void (*decide_one) (YaraOrm *orm, const YaraModel *model, YaraOperation operation))
{
  const char *const none[] = { NULL };
  const char *const *hints = options->hints != NULL ? (const char *const *) options->hints : none;
  g_autoptr(YaraOrm) orm = yara_orm_with_hints (router->orm, hints);
  g_autoptr(GError) error = NULL;

  for (char **name = options->models; name != NULL && *name != NULL; name++)
    {
      const YaraModel *model = probe_model_new (*name);

      if (!yara_orm_register (router->orm, model, &error))
        {
          probe_refuse (error);
          return;
        }
      if (is_asked (options, "read"))
        decide_one (orm, model, YARA_OPERATION_READ);
      if (is_asked (options, "write"))
        decide_one (orm, model, YARA_OPERATION_WRITE);
    }
}

void
probe_rules (ProbeRouter *router, const RouterOptions *options)
{
  JsonObject *head = json_object_new ();

  json_object_set_null_member (head, "sha256");
  probe_send (head);
  decide_all (router, options, decide_by_rules);
}

void
probe_route (ProbeRouter *router, const RouterOptions *options)
{
  g_autoptr(GError) error = NULL;
  JsonObject *head = json_object_new ();

  json_object_set_string_member (head, "router", router->path);
  json_object_set_string_member (head, "sha256", router->sha256);
  probe_send (head);

  asked = router;
  if (yara_orm_set_router_functions (router->orm, ask_read, ask_write, NULL, NULL, &error))
    decide_all (router, options, decide);
  else
    probe_refuse (error);
}

/* ---- one decision ---- */

/* What the library says now; `line` gets {"connection","reason"} or {"message"}, {"asked","said"}, and "id" when
 * the answer was none that it could take. */
static void
explain (YaraOrm *orm, const YaraModel *model, YaraOperation operation, JsonObject *line)
{
  g_autoptr(GError) error = NULL;
  YaraRoute route;

  n_asked = 0;
  last_answer.fault = ANSWER_GOOD;
  if (yara_orm_route (orm, model, operation, &route, &error))
    {
      json_object_set_string_member (line, "connection", yara_connection_get_name (route.connection));
      json_object_set_string_member (line, "reason", yara_route_reason_get_name (route.reason));
    }
  else
    json_object_set_string_member (line, "message", error->message);
  json_object_set_boolean_member (line, "asked", n_asked > 0);
  if (n_asked > 0)
    set_answer (line, "said");
  if (last_answer.fault != ANSWER_GOOD)
    json_object_set_string_member (line, "id", find_fault (TRUE));
}

/* FALSE: the parent has been told why not. */
static gboolean
explain_in_transaction (YaraOrm *orm, const RouterOptions *options, const YaraModel *model, YaraOperation operation)
{
  YaraTransactionOptions transaction_options = { .struct_size = sizeof transaction_options };
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(GError) error = NULL;
  JsonObject *line;

  router_options_get_rule (options, &transaction_options.rule);
  transaction = yara_orm_begin (orm, options->transaction, &transaction_options, NULL, &error);
  if (transaction == NULL)
    {
      probe_refuse (error);
      return FALSE;
    }
  line = json_object_new ();
  explain (orm, model, operation, line);
  probe_send (line);
  return yara_transaction_rollback (transaction, NULL);
}

/* Lines: {"own":CONNECTION of the model}, then the decision outside of a transaction, then that within. */
void
probe_explain (ProbeRouter *router, const RouterOptions *options)
{
  const char *const none[] = { NULL };
  const char *const *hints = options->hints != NULL ? (const char *const *) options->hints : none;
  g_autoptr(YaraOrm) orm = yara_orm_with_hints (router->orm, hints);
  const YaraModel *model = probe_model_new (options->models[0]);
  YaraOperation operation = strcmp (options->operation, "read") == 0 ? YARA_OPERATION_READ : YARA_OPERATION_WRITE;
  g_autoptr(GError) error = NULL;
  JsonObject *head = json_object_new (), *line;

  asked = router;
  if (!yara_orm_register (router->orm, model, &error) ||
      !yara_orm_set_router_functions (router->orm, ask_read, ask_write, NULL, NULL, &error))
    {
      json_object_unref (head);
      probe_refuse (error);
      return;
    }
  json_object_set_string_member (head, "own", model->connection);
  probe_send (head);
  line = json_object_new ();
  explain (orm, model, operation, line);
  probe_send (line);
  if (options->transaction != NULL)
    explain_in_transaction (orm, options, model, operation);
}
