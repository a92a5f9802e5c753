/* SPDX-License-Identifier: MIT
 * Two routers that are asked the same. */
#include "routing/pair.h"

#include <string.h>

#include "routing/fault.h"
#include "shell/configuration.h"

/* Stand for the [route] rules of the configuration. The second one is also what they are called. */
#define RULES "rules:"
#define RULES_NAME "[route]"

void
route_pair_clear (RoutePair *pair)
{
  router_options_clear (&pair->sides[0]);
  router_options_clear (&pair->sides[1]);
  g_free (pair->new_args);
}

void
route_pair_add_options (RoutePair *pair, Options *options, RouterScope more)
{
  const GOptionEntry entries[] = {
    { "new-args", 0, 0, G_OPTION_ARG_FILENAME, &pair->new_args,
      "Text for the router_open of the second plugin (default: that of --args)", "TEXT" },
    { NULL }
  };

  router_options_add (&pair->sides[0], options, ROUTER_ARGS | ROUTER_PROGRAM | ROUTER_MODELS | more);
  options_add (options, entries);
}

/* The second router is asked what the first one is asked. */
static void
copy_questions (RoutePair *pair)
{
  const RouterOptions *from = &pair->sides[0];

  pair->sides[1] = (RouterOptions) {
    .args = g_strdup (pair->new_args != NULL ? pair->new_args : from->args),
    .connections = g_strdup (from->connections),
    .models = g_strdupv (from->models),
    .hints = g_strdupv (from->hints),
    .operation = g_strdup (from->operation),
    .library = g_strdup (from->library),
  };
}

/* The configuration with the rules: (transfer full). NULL: the error was printed. */
static YaraConfig *
load_file_with_rules (const char *path, int *status)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(Report) report = NULL;
  YaraConfig *config = yara_config_load (path, options_get_set (), &error);

  if (config == NULL)
    {
      report = configuration_report ("YO-C001", error);
      *status = report_print (report, NULL);
    }
  return config;
}

/* As route_pair_take_router(), which knows models in any case. */
static gboolean
take_router (RouterOptions *router, YaraConfig *config, const char *command, char *word, int *status)
{
  gboolean is_file = router_options_is_rule_file (word);
  gboolean rules = is_file || g_strcmp0 (word, RULES) == 0 || g_strcmp0 (word, RULES_NAME) == 0;
  char *arguments[] = { (char *) command, rules ? NULL : word, NULL };
  g_autoptr(YaraConfig) file = is_file ? load_file_with_rules (word, status) : NULL;
  YaraConfig *with_rules = is_file ? file : config, *all = config != NULL ? config : file;

  if (is_file && file == NULL)
    return FALSE;
  if (rules && (with_rules == NULL || yara_config_get_rules (with_rules) == NULL))
    {
      *status = options_wrong (command, "%s: the configuration has no [route] rules", word);
      return FALSE;
    }
  if (all != NULL)
    router_options_take (router, all, arguments);
  if (is_file)
    {
      g_free (router->plugin);
      router->plugin = g_strdup (word);
      router->rules = TRUE;
    }
  return router_options_check (router, command, arguments, status);
}

gboolean
route_pair_take_router (RouterOptions *router, YaraConfig *config, const char *command, char *word, int *status)
{
  if (!take_router (router, config, command, word, status))
    return FALSE;
  router_options_use_usual_models (router);
  return TRUE;
}

/* Both are asked about the models of both: files with rules may have brought others each. */
static void
join_models (RouterOptions *first, RouterOptions *second)
{
  g_autoptr(GStrvBuilder) all = g_strv_builder_new ();

  if (first->models != NULL)
    g_strv_builder_addv (all, (const char **) first->models);
  for (char **name = second->models; name != NULL && *name != NULL; name++)
    if (first->models == NULL || !g_strv_contains ((const char *const *) first->models, *name))
      g_strv_builder_add (all, *name);
  if (first->models != NULL || second->models != NULL)
    {
      g_strfreev (first->models);
      first->models = g_strv_builder_end (all);
    }
  router_options_use_usual_models (first);
  g_strfreev (second->models);
  second->models = g_strdupv (first->models);
}

gboolean
route_pair_take (RoutePair *pair, const char *command, char **arguments, int *status)
{
  g_autoptr(YaraConfig) config = NULL;
  g_autoptr(Report) report = NULL;
  char **words = arguments + 1;
  guint n_words = g_strv_length (words);

  if (n_words < 1 || n_words > 2)
    {
      *status = options_wrong (command, n_words > 2 ? "two routers are wanted" : "the routers are missing");
      return FALSE;
    }
  config = configuration_load_if_any (&report);
  if (report != NULL)
    {
      *status = report_print (report, NULL);
      return FALSE;
    }
  if (n_words == 1 && (config == NULL || (yara_config_get_plugin (config) == NULL
                                          && yara_config_get_rules (config) == NULL)))
    {
      *status = options_wrong (command, "one router is given, and no configuration has the other");
      return FALSE;
    }
  if (config != NULL)
    router_options_suggest_models (&pair->sides[0], config);
  copy_questions (pair);
  if (!take_router (&pair->sides[0], config, command, n_words == 1 ? NULL : words[0], status)
      || !take_router (&pair->sides[1], config, command, words[n_words - 1], status))
    return FALSE;
  join_models (&pair->sides[0], &pair->sides[1]);
  return TRUE;
}

ProbeResult *
route_pair_ask (const RouterOptions *router, Report **report)
{
  ProbeResult *result = probe_run (router->rules ? "rules" : "route", router);

  *report = probe_result_report (result, router->plugin);
  if (*report != NULL)
    g_clear_pointer (&result, probe_result_free);
  return result;
}

Report *
route_pair_find_fault (const RouterOptions *router, const ProbeResult *result)
{
  for (guint i = 1; i < result->lines->len; i++)
    if (probe_get_text (result->lines->pdata[i], "id") != NULL)
      return route_fault_report (router, result->lines->pdata[i]);
  return NULL;
}
