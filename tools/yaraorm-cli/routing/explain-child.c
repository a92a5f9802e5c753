/* SPDX-License-Identifier: MIT
 * The child of "route explain": lets the library make one decision.
 * Lines: {"own":CONNECTION of the model,"rule":that decides,"call_ns":of a call}, then the decision outside of
 * a transaction and that within, each {"connection","reason"} or {"message"}, {"asked","said"}, and "id" when
 * the answer was none that the library could take. Where a transaction pins there is only the one within. */
#include <string.h>

#include "probe/models.h"
#include "probe/watch.h"

typedef struct
{
  YaraOrm         *orm; /* as the program sees it: with hints, and the connection that it names */
  const YaraModel *model;
  YaraOperation    operation;
} Question;

static void
question_clear (Question *question)
{
  g_clear_object (&question->orm);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Question, question_clear)

/* What the library says now. */
static JsonObject *
decide (const Question *question)
{
  g_autoptr(GError) error = NULL;
  JsonObject *line = json_object_new ();
  guint n_asked = probe_watch_count ();
  const char *fault;
  gboolean decided;
  YaraRoute route;

  probe_watch_forget ();
  decided = yara_orm_route (question->orm, question->model, question->operation, &route, &error);
  if (decided)
    {
      json_object_set_string_member (line, "connection", yara_connection_get_name (route.connection));
      json_object_set_string_member (line, "reason", yara_route_reason_get_name (route.reason));
    }
  else
    json_object_set_string_member (line, "message", error->message);
  json_object_set_boolean_member (line, "asked", probe_watch_count () > n_asked);
  if (probe_watch_count () == n_asked)
    return line;
  probe_watch_set_answer (line, "said");
  fault = probe_watch_find_fault (TRUE);
  if (fault != NULL)
    json_object_set_string_member (line, "id", fault);
  return line;
}

/* FALSE: the parent has been told why not. */
static gboolean
decide_in_transaction (const ProbeRouter *router, const RouterOptions *options, const Question *question)
{
  YaraTransactionOptions transaction_options = { .struct_size = sizeof transaction_options };
  g_autoptr(YaraTransaction) transaction = NULL;
  g_autoptr(GError) error = NULL;

  router_options_get_rule (options, &transaction_options.rule);
  transaction = yara_orm_begin (router->orm, options->transaction, &transaction_options, NULL, &error);
  if (transaction == NULL)
    {
      probe_refuse (error);
      return FALSE;
    }
  probe_send (decide (question));
  return yara_transaction_rollback (transaction, NULL);
}

static YaraOrm *
make_view (YaraOrm *orm, const RouterOptions *options)
{
  g_autoptr(YaraOrm) hinted = probe_router_make_view (orm, options);

  return options->using != NULL ? yara_orm_using (hinted, options->using) : g_steal_pointer (&hinted);
}

/* What is known of the model, and of the call: nothing is asked of a router that is not reached. */
static void
send_head (const RouterOptions *options, const Question *question, gboolean is_reached)
{
  g_autofree char *rule = is_reached ? probe_watch_find_rule (question->model, question->operation) : NULL;
  const char *const *hints = (const char *const *) options->hints;
  JsonObject *head = json_object_new ();

  json_object_set_string_member (head, "own", question->model->connection);
  json_object_set_string_member (head, "rule", rule);
  if (is_reached)
    json_object_set_int_member (head, "call_ns", probe_watch_time (question->model, question->operation, hints));
  probe_send (head);
}

void
probe_explain (ProbeRouter *router, const RouterOptions *options)
{
  g_auto(Question) question = { .orm = make_view (router->orm, options) };
  g_autofree const YaraModel **models = probe_models_select (options);
  g_autoptr(GError) error = NULL;
  YaraTransactionRule rule;
  JsonObject *outside = NULL;

  if (models == NULL)
    return;
  question.model = models[0];
  question.operation = strcmp (options->operation, "read") == 0 ? YARA_OPERATION_READ : YARA_OPERATION_WRITE;
  router_options_get_rule (options, &rule);
  if (!yara_orm_register (router->orm, question.model, &error) || !probe_watch (router, options, &error))
    {
      probe_refuse (error);
      return;
    }
  if (options->transaction == NULL || rule != YARA_RULE_PINNED)
    outside = decide (&question);
  send_head (options, &question, outside != NULL && json_object_get_boolean_member (outside, "asked"));
  if (outside != NULL)
    probe_send (outside);
  if (options->transaction != NULL)
    decide_in_transaction (router, options, &question);
}
