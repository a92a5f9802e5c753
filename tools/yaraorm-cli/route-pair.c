/* SPDX-License-Identifier: MIT
 * Two routers that are asked the same. */
#include "route-pair.h"

#include <string.h>

#include "configuration.h"

/* Stands for the [route] rules of the configuration. */
#define RULES "rules:"

void
route_pair_clear (RoutePair *pair)
{
  router_options_clear (&pair->sides[0]);
  router_options_clear (&pair->sides[1]);
  g_free (pair->new_args);
}

void
route_pair_add_options (RoutePair *pair, Options *options)
{
  const GOptionEntry entries[] = {
    { "new-args", 0, 0, G_OPTION_ARG_STRING, &pair->new_args,
      "Text for the router_open of the second plugin (default: that of --args)", "TEXT" },
    { NULL }
  };

  router_options_add (&pair->sides[0], options, TRUE);
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
  };
}

/* `word` NULL: the router of the configuration. */
static gboolean
take_side (RouterOptions *router, YaraConfig *config, const char *command, char *word, int *status)
{
  gboolean rules = g_strcmp0 (word, RULES) == 0;
  char *arguments[] = { (char *) command, rules ? NULL : word, NULL };

  if (rules && (config == NULL || yara_config_get_rules (config) == NULL))
    {
      *status = options_wrong (command, "%s: the configuration has no [route] rules", RULES);
      return FALSE;
    }
  if (config != NULL)
    router_options_take (router, config, arguments);
  if (!router_options_check (router, command, arguments, status))
    return FALSE;
  if (router->models == NULL)
    router->models = g_strsplit ("User,Event,Snapshot", ",", -1);
  return TRUE;
}

gboolean
route_pair_take (RoutePair *pair, const char *command, char **arguments, int *status)
{
  g_autoptr(YaraConfig) config = NULL;
  g_autoptr(Report) report = NULL;
  char **words = arguments + 1;
  guint n_words;

  if (*words != NULL && strcmp (*words, "--") == 0)
    words++;
  n_words = g_strv_length (words);
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
  copy_questions (pair);
  return take_side (&pair->sides[0], config, command, n_words == 1 ? NULL : words[0], status)
         && take_side (&pair->sides[1], config, command, words[n_words - 1], status);
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
    {
      JsonObject *line = result->lines->pdata[i];
      const char *id = probe_get_text (line, "id"), *returned = probe_get_text (line, "returned");
      const char *model = probe_get_text (line, "model"), *op = probe_get_text (line, "op");
      Report *report;

      if (id == NULL)
        continue;
      report = report_new (id);
      report_line (report, "plugin", "%s", router->plugin);
      if (returned != NULL)
        report_line (report, "call", "db_for_%s (\"%s\") returned \"%s\"", op, model, returned);
      else
        report_line (report, "call", "db_for_%s (\"%s\")", op, model);
      report_line (report, "help", "yaraorm-cli route test %s", router->plugin);
      return report;
    }
  return NULL;
}
