/* SPDX-License-Identifier: MIT
 * A router whose answers can be seen. */
#include "probe/watch.h"

#include <string.h>

#include "probe/latency.h"
#include "route/rules.h"

/* Timing: so many batches of so many calls, and no longer than so many nanoseconds. */
#define N_BATCHES 64
#define BATCH 16
#define TIMING_LIMIT 5000000

/* The router, its last answer, and how often it was asked, for the functions that the library calls. */
static const ProbeRouter *watched;
static YaraConfig *config; /* with the rules, or NULL */
static YaraRules *rules;   /* of it, in place of a plugin */
static Answer last_answer;
static guint n_asked;

/* Takes what the rules answer; a name of theirs is that of a connection. */
static void
ask_rules (YaraOperation operation, const YaraModel *model)
{
  YaraHints own = { sizeof own, operation, NULL, rules };
  const char *name = operation == YARA_OPERATION_READ ? yara_rules_db_for_read (model, &own)
                                                      : yara_rules_db_for_write (model, &own);

  last_answer = (Answer) { .none = name == NULL };
  g_strlcpy (last_answer.text, name != NULL ? name : "", sizeof last_answer.text);
}

static const char *
ask (YaraOperation operation, const YaraModel *model, const YaraHints *hints)
{
  YaraHints own = { sizeof own, operation, hints->strings, NULL };

  n_asked++;
  if (rules != NULL)
    ask_rules (operation, model);
  else
    probe_router_ask (watched, operation, model, &own, &last_answer);
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

/* "PATTERN=TARGET" as a rule behind those of `list`. */
static gboolean
add_rule (YaraRules *list, const char *text, GError **error)
{
  g_auto(GStrv) names = yara_config_list_connections (config);
  const char *equals = strchr (text, '=');
  g_autofree char *pattern = g_strndup (text, equals - text);

  return yara_rules_add (list, pattern, equals + 1, (const char *const *) names, error);
}

gboolean
probe_watch (ProbeRouter *router, const RouterOptions *options, GError **error)
{
  watched = router;
  if (options->rules)
    {
      config = probe_router_get_config ();
      rules = yara_rules_new ();
      for (const char *const *rule = yara_config_get_rules (config); *rule != NULL; rule++)
        if (!add_rule (rules, *rule, error))
          return FALSE;
    }
  return yara_orm_set_router_functions (router->orm, ask_read, ask_write, NULL, NULL, error);
}

guint
probe_watch_count (void)
{
  return n_asked;
}

const Answer *
probe_watch_last_answer (void)
{
  return &last_answer;
}

void
probe_watch_forget (void)
{
  last_answer = (Answer) { .none = TRUE };
}

const char *
probe_watch_find_fault (gboolean decided)
{
  switch (last_answer.fault)
    {
    case ANSWER_INVALID:
      return "YO-R001";
    case ANSWER_DEAD:
      return "YO-P011";
    case ANSWER_GOOD:
    default:
      return decided ? NULL : last_answer.none ? "YO-C003" : "YO-R003";
    }
}

void
probe_watch_set_answer (JsonObject *line, const char *member)
{
  if (last_answer.none || last_answer.fault == ANSWER_DEAD)
    json_object_set_null_member (line, member);
  else
    json_object_set_string_member (line, member, last_answer.text);
}

gint64
probe_watch_time (const YaraModel *model, YaraOperation operation, const char *const *hints)
{
  YaraHints own = { sizeof own, operation, hints, rules };
  YaraRouterFunc function = watched->ask[operation];
  gint64 spent = 0, best = G_MAXINT64;
  guint n_calls = 1; /* in the first batch: it may be a slow router */

  if (rules != NULL)
    function = operation == YARA_OPERATION_READ ? yara_rules_db_for_read : yara_rules_db_for_write;
  probe_at (watched->call_limit * BATCH, "%s (\"%s\")", probe_function_name (operation), model->name);
  for (guint i = 0; i < N_BATCHES && spent < TIMING_LIMIT; i++, n_calls = BATCH)
    {
      gint64 start = latency_now (), time;

      for (guint call = 0; call < n_calls; call++)
        function (model, &own);
      time = latency_now () - start;
      spent += time;
      best = MIN (best, (time + n_calls - 1) / n_calls);
    }
  return best;
}

char *
probe_watch_find_rule (const YaraModel *model, YaraOperation operation)
{
  if (rules == NULL)
    return NULL;
  for (const char *const *text = yara_config_get_rules (config); *text != NULL; text++)
    {
      g_autoptr(YaraRules) alone = yara_rules_new ();
      YaraHints hints = { sizeof hints, operation, NULL, alone };

      if (add_rule (alone, *text, NULL)
          && (operation == YARA_OPERATION_READ ? yara_rules_db_for_read : yara_rules_db_for_write) (model, &hints))
        return g_strdup (*text);
    }
  return NULL;
}
