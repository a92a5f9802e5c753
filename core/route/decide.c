/* SPDX-License-Identifier: MIT
 * Where a statement goes. */
#include "route/routes-private.h"

#include <string.h>

#include "base/error.h"
#include "base/text.h"
#include "conn/ambient.h"

/* From so many connections on a hash table finds a name faster than comparing. */
#define MANY_CONNECTIONS 16

const char *
yara_route_reason_get_name (YaraRouteReason reason)
{
  static const char *const names[] = { "transaction", "using", "router", "model", "default" };

  g_return_val_if_fail ((guint) reason < G_N_ELEMENTS (names), NULL);
  return names[reason];
}

/* Reads no more than 64 bytes of `name`, which may be a plugin's and need not end. */
static YaraRegistryEntry *
find_entry (YaraRegistry *registry, const char *name)
{
  if (registry->n_entries < MANY_CONNECTIONS)
    {
      for (guint i = 0; i < registry->n_entries; i++)
        if (strcmp (registry->entries[i].name, name) == 0)
          return &registry->entries[i];
      return NULL;
    }
  return strnlen (name, YARA_NAME_MAX + 1) <= YARA_NAME_MAX ? yara_registry_find (registry, name) : NULL;
}

/* "router \"replica\" (/path/replica.so)" */
static char *
name_router (const YaraRouter *router)
{
  if (router->plugin == NULL)
    return g_strdup ("the program's router");
  return g_strdup_printf ("router \"%s\" (%s)", router->plugin->name, router->plugin->path);
}

static void
set_answer_error (const YaraGeneration *generation, const YaraModel *model, YaraOperation operation,
                  const char *answer, GError **error)
{
  char                    start[YARA_NAME_MAX + 1] = { 0 };
  gsize                   length = strnlen (answer, YARA_NAME_MAX + 1);
  g_autofree char        *router = name_router (generation->router);
  g_autofree const char **names = yara_registry_list (generation->registry);
  g_autofree char        *known = g_strjoinv (", ", (char **) names);
  g_autofree char        *quoted = NULL, *hint = NULL;
  const char             *reason = "which is no connection";

  memcpy (start, answer, MIN (length, YARA_NAME_MAX));
  quoted = yara_text_quote (start);
  hint = yara_text_did_you_mean (start, names);
  if (length > YARA_NAME_MAX)
    reason = "which goes on for more than 63 bytes";
  else if (!g_utf8_validate (start, -1, NULL))
    reason = "which is not UTF-8";
  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
               "%s: %s (\"%s\") answered \"%s\", %s; known: %s%s", router,
               operation == YARA_OPERATION_READ ? "db_for_read" : "db_for_write",
               model->name, quoted, reason, known, hint);
  yara_error_set_answer (*error, start);
}

/* Where `router` sends a statement: what it answers, the model's own connection, or "default". NULL: a name
 * that is not known. */
static YaraRegistryEntry *
follow (const YaraGeneration *generation, const YaraRouter *router, const YaraModel *model, YaraOperation operation,
        const char *const *hints, gboolean *has_called, YaraRouteReason *reason, GError **error)
{
  YaraRegistry      *registry = generation->registry;
  YaraRegistryEntry *entry;

  if (router->functions[operation] != NULL)
    {
      YaraHints   told = { sizeof told, operation, hints, router->user_data };
      const char *answer = router->functions[operation] (model, &told);

      *has_called = TRUE;
      if (answer != NULL && answer[0] != '\0')
        {
          entry = find_entry (registry, answer);
          if (entry == NULL && error != NULL)
            set_answer_error (generation, model, operation, answer, error);
          *reason = YARA_ROUTE_ROUTER;
          return entry;
        }
    }
  if (model->connection != NULL)
    {
      entry = find_entry (registry, model->connection);
      if (entry == NULL && error != NULL)
        g_propagate_prefixed_error (error, yara_registry_unknown_error (registry, model->connection),
                                    "model \"%s\": ", model->name);
      *reason = YARA_ROUTE_MODEL;
      return entry;
    }
  *reason = YARA_ROUTE_DEFAULT;
  return registry->default_entry;
}

/* Asks the shadow, and counts what it said. */
static void
compare_with_shadow (const YaraGeneration *generation, const YaraModel *model, YaraOperation operation,
                     const char *const *hints, const YaraRegistryEntry *entry)
{
  YaraRouteReason          reason;
  gboolean                 has_called;
  const YaraRegistryEntry *other = follow (generation, generation->shadow, model, operation, hints, &has_called,
                                           &reason, NULL);
  YaraTallyKey             key = { { model }, operation };

  if (entry != other)
    {
      key.what[1] = entry != NULL ? entry->connection : NULL;
      key.what[2] = other != NULL ? other->connection : NULL;
    }
  yara_tally_add (generation->shadow->differences, &key, 0, 0);
}

/* The entry that a statement of `operation` on `model` goes to, and why. Inside a visit. */
static YaraRegistryEntry *
place (YaraVisit *visit, const YaraModel *model, YaraOperation operation, const char *using_name,
       const char *const *hints, YaraRouteReason *reason, GError **error)
{
  YaraGeneration    *generation = visit->generation;
  YaraRegistryEntry *entry;

  if (generation->registry->default_entry == NULL)
    {
      g_set_error_literal (error, YARA_ERROR, YARA_ERROR_CONNECTION,
                           "no database is open: the ORM was closed or not opened");
      return NULL;
    }
  if (using_name != NULL)
    {
      entry = find_entry (generation->registry, using_name);
      if (entry == NULL)
        g_propagate_error (error, yara_registry_unknown_error (generation->registry, using_name));
      *reason = YARA_ROUTE_USING;
      return entry;
    }
  entry = follow (generation, generation->router, model, operation, hints, &visit->has_called, reason, error);
  if (G_UNLIKELY (generation->shadow != NULL))
    compare_with_shadow (generation, model, operation, hints, entry);
  return entry;
}

/* Takes what the caller needs of the entry: it goes when the visit ends. */
static void
fill_decision (YaraDecision *decision, const YaraVisit *visit, const YaraRegistryEntry *entry)
{
  decision->connection = entry->connection;
  decision->database = yara_database_ref (entry->database);
  decision->generation = visit->generation->router->number;
  decision->block = NULL;
  decision->overridden = -1;
}

/* ---- in a transaction ---- */

static void
join (YaraDecision *decision, YaraBlock *block, int overridden)
{
  *decision = (YaraDecision) {
    .connection = yara_block_get_connection (block),
    .database = yara_database_ref (yara_block_get_database (block)),
    .block = yara_block_ref (block),
    .reason = YARA_ROUTE_TRANSACTION,
    .overridden = overridden,
  };
  if (overridden >= 0)
    yara_block_count_overridden (block);
}

/* To where it goes by its name, which may be the place of another transaction of the chain. */
static void
go_by_name (YaraRoutes *routes, YaraDecision *decision, const YaraVisit *visit, const YaraRegistryEntry *entry)
{
  YaraBlock *block = yara_ambient_find (routes, entry->connection);

  fill_decision (decision, visit, entry);
  if (block == NULL)
    return;
  yara_database_unref (decision->database);
  decision->database = yara_database_ref (yara_block_get_database (block));
  decision->block = yara_block_ref (block);
}

/* Who would have been asked, or followed, had there been no transaction on `connection`. */
static int
find_overridden (YaraRoutes *routes, YaraConnection *connection, const YaraModel *model, YaraOperation operation)
{
  const char *name = yara_connection_get_name (connection);
  YaraVisit   visit = yara_generations_enter (&routes->generations);
  gboolean    has_router = visit.generation->router->functions[operation] != NULL;

  yara_generations_leave (&routes->generations, visit);
  if (has_router)
    return YARA_ROUTE_ROUTER;
  if (model->connection != NULL)
    return strcmp (model->connection, name) != 0 ? YARA_ROUTE_MODEL : -1;
  return strcmp (name, "default") != 0 ? YARA_ROUTE_DEFAULT : -1;
}

static gboolean
refuse_using (YaraBlock *block, const char *name, GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_TRANSACTION,
               "connection \"%s\" is named while a transaction is open on \"%s\", and a transaction spans one "
               "connection; end it first, or begin it with YARA_RULE_BY_NAME",
               name, yara_connection_get_name (yara_block_get_connection (block)));
  yara_error_set_answer (error != NULL ? *error : NULL, name);
  return FALSE;
}

static gboolean
refuse_elsewhere (YaraBlock *block, const YaraModel *model, YaraOperation operation, const YaraRegistryEntry *entry,
                  YaraRouteReason reason, GError **error)
{
  g_set_error (error, YARA_ERROR, YARA_ERROR_TRANSACTION,
               "a %s of %s goes to \"%s\" (%s), but a transaction is open on \"%s\", and its rule is strict; "
               "issue it outside of the transaction",
               operation == YARA_OPERATION_READ ? "read" : "write", model->name,
               entry->name, yara_route_reason_get_name (reason),
               yara_connection_get_name (yara_block_get_connection (block)));
  yara_error_set_answer (error != NULL ? *error : NULL, entry->name);
  return FALSE;
}

/* The rules that ask: within a visit. A model that is written here is also read here. */
static gboolean
decide_by_asking (YaraRoutes *routes, YaraVisit *visit, YaraBlock *block, const YaraModel *model,
                  YaraOperation operation, const char *using_name, const char *const *hints, YaraDecision *decision,
                  GError **error)
{
  YaraConnection    *connection = yara_block_get_connection (block);
  YaraRouteReason    reason, write_reason;
  YaraRegistryEntry *entry = place (visit, model, operation, using_name, hints, &reason, error), *home = entry;

  decision->generation = visit->generation->router->number;
  if (entry != NULL && entry->connection != connection && operation == YARA_OPERATION_READ && using_name == NULL)
    home = place (visit, model, YARA_OPERATION_WRITE, NULL, hints, &write_reason, error);
  if (entry == NULL || home == NULL)
    return FALSE;
  if (home->connection == connection)
    join (decision, block, entry != home ? (int) reason : -1);
  else if (yara_block_get_rule (block) == YARA_RULE_STRICT)
    return refuse_elsewhere (block, model, operation, entry, reason, error);
  else
    {
      decision->reason = reason;
      go_by_name (routes, decision, visit, entry);
    }
  return TRUE;
}

static gboolean
decide_inside (YaraRoutes *routes, YaraBlock *block, const YaraModel *model, YaraOperation operation,
               const char *using_name, const char *const *hints, YaraDecision *decision, GError **error)
{
  YaraConnection     *connection = yara_block_get_connection (block);
  YaraTransactionRule rule = yara_block_get_rule (block);
  YaraVisit           visit;
  gboolean            ok;

  decision->generation = 0;
  if (using_name != NULL && rule != YARA_RULE_BY_NAME)
    {
      if (strcmp (using_name, yara_connection_get_name (connection)) != 0)
        return refuse_using (block, using_name, error);
      join (decision, block, -1);
      return TRUE;
    }
  if (rule == YARA_RULE_PINNED)
    {
      join (decision, block, find_overridden (routes, connection, model, operation));
      return TRUE;
    }
  visit = yara_generations_enter (&routes->generations);
  ok = decide_by_asking (routes, &visit, block, model, operation, using_name, hints, decision, error);
  yara_generations_leave (&routes->generations, visit);
  return ok;
}

/* ---- deciding ---- */

static inline G_ALWAYS_INLINE gboolean
decide (YaraRoutes *routes, const YaraModel *model, YaraOperation operation, const char *using_name,
        const char *const *hints, YaraDecision *decision, GError **error)
{
  YaraBlock         *block = yara_ambient_find (routes, NULL);
  YaraVisit          visit;
  YaraRegistryEntry *entry;

  if (G_UNLIKELY (block != NULL))
    return decide_inside (routes, block, model, operation, using_name, hints, decision, error);
  visit = yara_generations_enter (&routes->generations);
  entry = place (&visit, model, operation, using_name, hints, &decision->reason, error);

  if (entry != NULL)
    fill_decision (decision, &visit, entry);
  else
    decision->generation = visit.generation->router->number;
  yara_generations_leave (&routes->generations, visit);
  return entry != NULL;
}

/* Where a transaction begins: by its name, or where writes of the model go. */
static gboolean
decide_begin (YaraRoutes *routes, const YaraModel *model, const char *name, const char *const *hints,
              YaraDecision *decision, GError **error)
{
  YaraVisit          visit = yara_generations_enter (&routes->generations);
  YaraRegistryEntry *entry = place (&visit, model, YARA_OPERATION_WRITE, name, hints, &decision->reason, error);

  if (entry != NULL)
    go_by_name (routes, decision, &visit, entry);
  else
    decision->generation = visit.generation->router->number;
  yara_generations_leave (&routes->generations, visit);
  return entry != NULL;
}

/* Either of the two, written down. Where nothing is open nothing was decided. */
static gboolean
decide_and_log (YaraRoutes *routes, YaraQuestion question, gboolean begins, YaraDecision *decision, GError **error)
{
  YaraBlock *block = begins ? NULL : yara_ambient_find (routes, NULL);
  GError    *reason = NULL;
  gboolean   ok;

  if (block != NULL)
    {
      question.transaction = yara_connection_get_name (yara_block_get_connection (block));
      question.rule = yara_block_get_rule (block);
    }
  ok = begins ? decide_begin (routes, question.model, question.using_name, question.hints, decision, &reason)
              : decide (routes, question.model, question.operation, question.using_name, question.hints, decision,
                        &reason);
  if (ok)
    yara_decision_log_write (&routes->log, &question, yara_connection_get_name (decision->connection),
                             yara_route_reason_get_name (decision->reason), decision->generation);
  else if (!g_error_matches (reason, YARA_ERROR, YARA_ERROR_CONNECTION))
    yara_decision_log_write (&routes->log, &question, yara_error_get_answer (reason), "refused",
                             decision->generation);
  if (!ok)
    g_propagate_error (error, reason);
  return ok;
}

gboolean
yara_routes_decide (YaraRoutes *routes, const YaraModel *model, YaraOperation operation, const char *using_name,
                    const char *const *hints, YaraDecision *decision, GError **error)
{
  if (G_UNLIKELY (yara_decision_log_is_on (&routes->log)))
    return decide_and_log (routes, (YaraQuestion) { model, operation, using_name, hints }, FALSE, decision, error);
  return decide (routes, model, operation, using_name, hints, decision, error);
}

gboolean
yara_routes_decide_connection (YaraRoutes *routes, YaraConnection *connection, YaraDecision *decision,
                               GError **error)
{
  YaraVisit          visit = yara_generations_enter (&routes->generations);
  YaraRegistryEntry *entry = yara_registry_find_connection (visit.generation->registry, connection);

  if (entry != NULL)
    {
      fill_decision (decision, &visit, entry);
      decision->reason = YARA_ROUTE_USING;
    }
  else
    g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION, "connection \"%s\" was removed or closed",
                 yara_connection_get_name (connection));
  yara_generations_leave (&routes->generations, visit);
  return entry != NULL;
}

gboolean
yara_routes_decide_raw (YaraRoutes *routes, YaraConnection *connection, YaraDecision *decision, GError **error)
{
  YaraBlock *block = yara_ambient_find (routes, NULL);

  if (block != NULL && yara_block_get_connection (block) != connection)
    {
      if (yara_block_get_rule (block) != YARA_RULE_BY_NAME)
        return refuse_using (block, yara_connection_get_name (connection), error);
      block = yara_ambient_find (routes, connection);
    }
  if (block == NULL)
    return yara_routes_decide_connection (routes, connection, decision, error);
  join (decision, block, -1);
  return TRUE;
}

gboolean
yara_routes_decide_begin (YaraRoutes *routes, const char *name, const YaraModel *model, const char *using_name,
                          const char *const *hints, YaraDecision *decision, GError **error)
{
  if (name == NULL)
    name = using_name;
  if (name == NULL && model == NULL)
    name = "default";
  if (G_UNLIKELY (yara_decision_log_is_on (&routes->log)) && model != NULL)
    return decide_and_log (routes, (YaraQuestion) { model, YARA_OPERATION_WRITE, name, hints }, TRUE, decision,
                           error);
  return decide_begin (routes, model, name, hints, decision, error);
}

YaraConnection *
yara_routes_find_home (YaraRoutes *routes, const YaraModel *model)
{
  YaraVisit                visit = yara_generations_enter (&routes->generations);
  gboolean                 has_called;
  YaraRouteReason          reason;
  const YaraRegistryEntry *entry = follow (visit.generation, visit.generation->router, model, YARA_OPERATION_WRITE,
                                           NULL, &has_called, &reason, NULL);
  YaraConnection          *connection = entry != NULL ? entry->connection : NULL;

  yara_generations_leave (&routes->generations, visit);
  return connection;
}
