/* SPDX-License-Identifier: MIT
 * What a router is asked: as options, checked, and as a command line for the child. */
#include "probe/router-options.h"

#include <string.h>

#include "probe/child.h"
#include "shell/output.h"
#include "shell/suggest.h"

/* What a program with the routers that are shipped would have. */
#define USUAL_CONNECTIONS "default,replica,analytics,cache"

#define USUAL_MODELS "User,Event,Snapshot"

/* Milliseconds that may be asked for: a child has five seconds in all. */
#define LONGEST_DEADLINE 5000

#define MOST_REPEATS 1000

void
router_options_clear (RouterOptions *router)
{
  g_free (router->plugin);
  g_free (router->args);
  g_free (router->connections);
  g_strfreev (router->models);
  g_strfreev (router->hints);
  g_free (router->operation);
  g_free (router->transaction);
  g_free (router->rule);
  g_free (router->using);
  g_free (router->library);
  g_free (router->deadline);
}

/* Texts are taken as the bytes that they are, which is what "FILENAME" means: the locale of a cron job knows no
 * letters but those of ASCII. */
void
router_options_add (RouterOptions *router, Options *options, RouterScope scope)
{
  const struct
  {
    RouterScope  scope;
    GOptionEntry entry;
  } all[] = {
    { ROUTER_ARGS,
      { "args", 0, 0, G_OPTION_ARG_FILENAME, &router->args, "Text for the plugin's router_open", "TEXT" } },
    { ROUTER_PROGRAM,
      { "hint", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &router->hints,
        "A hint of the program for the router; may be repeated", "NAME=VALUE" } },
    { ROUTER_PROGRAM,
      { "connections", 0, 0, G_OPTION_ARG_FILENAME, &router->connections,
        "Connections of the program (default: those of the configuration, or " USUAL_CONNECTIONS ")", "A,B,C" } },
    { ROUTER_MODELS,
      { "model", 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &router->models,
        "Ask for this model; may be repeated (default: those of the configuration, or User, Event, Snapshot)",
        "NAME" } },
    { ROUTER_OPERATION,
      { "op", 0, 0, G_OPTION_ARG_FILENAME, &router->operation, "Ask for read or write only (default: both)", "OP" } },
    { ROUTER_LIBRARY,
      { "models", 0, 0, G_OPTION_ARG_FILENAME, &router->library,
        "Take the models from a library that exports yaraorm_models", "FILE" } },
    { ROUTER_CALLS,
      { "deadline", 0, 0, G_OPTION_ARG_FILENAME, &router->deadline,
        "Time limit of one call, from 1ms to 5s (default: 1s)", "TIME" } },
    { ROUTER_CALLS,
      { "repeat", 0, 0, G_OPTION_ARG_INT, &router->repeat,
        "Ask the same N times, 1 to 1000, and tell who varies (default: 32, rules 100)", "N" } },
    { ROUTER_TRANSACTION,
      { "in-transaction", 0, 0, G_OPTION_ARG_FILENAME, &router->transaction,
        "As if a transaction were open on this connection", "NAME" } },
    { ROUTER_TRANSACTION,
      { "rule", 0, 0, G_OPTION_ARG_FILENAME, &router->rule,
        "Its rule: pinned, strict or by_name (default: pinned)", "RULE" } },
    { ROUTER_TRANSACTION,
      { "using", 0, 0, G_OPTION_ARG_FILENAME, &router->using, "As if the program named this connection", "NAME" } },
  };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if ((scope & all[i].scope) != 0)
      options_add (options, (const GOptionEntry[]) { all[i].entry, { NULL } });
}

/* FALSE: it is none that is allowed. */
static gboolean
parse_deadline (const char *text, guint *milliseconds)
{
  double seconds;

  if (!options_parse_time (text, 1, &seconds) || seconds * 1000 < 1 || seconds * 1000 > LONGEST_DEADLINE)
    return FALSE;
  *milliseconds = seconds * 1000;
  return TRUE;
}

guint
router_options_get_deadline (const RouterOptions *router)
{
  guint milliseconds = PROBE_CALL_LIMIT;

  if (router->deadline != NULL)
    parse_deadline (router->deadline, &milliseconds);
  return milliseconds;
}

gboolean
router_options_get_rule (const RouterOptions *router, YaraTransactionRule *rule)
{
  static const char *const names[] = { "pinned", "strict", "by_name" };

  *rule = YARA_RULE_PINNED;
  for (guint i = 0; router->rule != NULL && i < G_N_ELEMENTS (names); i++)
    if (strcmp (router->rule, names[i]) == 0)
      {
        *rule = i;
        return TRUE;
      }
  return router->rule == NULL;
}

void
router_options_suggest_models (const RouterOptions *router, YaraConfig *config)
{
  g_autoptr(GPtrArray) known = g_ptr_array_new ();
  const char *nearest;

  for (const YaraModel *const *model = yara_config_get_models (config); *model != NULL; model++)
    g_ptr_array_add (known, (char *) (*model)->name);
  g_ptr_array_add (known, NULL);
  for (char **name = router->models; name != NULL && *name != NULL; name++)
    if (!g_strv_contains ((const char *const *) known->pdata, *name)
        && (nearest = suggest_nearest (*name, (const char *const *) known->pdata)) != NULL)
      output_words ("hint: the configuration has no model \"%s\"; did you mean \"%s\"?", *name, nearest);
}

void
router_options_take (RouterOptions *router, YaraConfig *config, char **arguments)
{
  const YaraModel *const *models = yara_config_get_models (config);
  g_autoptr(GStrvBuilder) names = g_strv_builder_new ();

  if (router->connections == NULL)
    {
      g_auto(GStrv) connections = yara_config_list_connections (config);

      router->connections = g_strjoinv (",", connections);
    }
  for (; *models != NULL; models++)
    g_strv_builder_add (names, (*models)->name);
  if (router->models == NULL && router->library == NULL && *yara_config_get_models (config) != NULL)
    router->models = g_strv_builder_end (names);
  if (arguments[1] != NULL)
    return;
  router->rules = yara_config_get_rules (config) != NULL;
  router->plugin = g_strdup (router->rules ? "[route]" : yara_config_get_plugin (config));
  if (router->args == NULL)
    router->args = g_strdup (yara_config_get_plugin_args (config));
}

void
router_options_use_usual_models (RouterOptions *router)
{
  if (router->library != NULL || (router->models != NULL && router->models[0] != NULL))
    return;
  g_strfreev (router->models);
  router->models = g_strsplit (USUAL_MODELS, ",", -1);
}

gboolean
router_options_is_connection (const char *name)
{
  gsize length = strlen (name);

  return length > 0 && length <= ROUTER_NAME_MAX
         && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-") == length;
}

gboolean
router_options_is_rule_file (const char *word)
{
  return word != NULL && g_str_has_suffix (word, ".ini");
}

gboolean
router_options_is_model (const char *name)
{
  gsize length = strlen (name);

  for (const char *c = name; *c != '\0'; c++)
    if (g_ascii_isspace (*c) || g_ascii_iscntrl (*c))
      return FALSE;
  return length > 0 && length <= ROUTER_NAME_MAX && g_utf8_validate (name, length, NULL);
}

/* Why the models cannot be used: (transfer full), or NULL. */
static char *
find_model_mistake (char **models)
{
  for (; models != NULL && *models != NULL; models++)
    {
      if (!router_options_is_model (*models))
        return g_strdup_printf ("model \"%s\": want 1 to %d bytes of UTF-8 without spaces", *models, ROUTER_NAME_MAX);
      if (g_strv_contains ((const char *const *) models + 1, *models))
        return g_strdup_printf ("model \"%s\" is given twice", *models);
    }
  return NULL;
}

/* What a word that is no operation might have been: (transfer full). */
static char *
find_operation_mistake (const char *op)
{
  const char *const known[] = { "read", "write", NULL };
  const char *nearest = suggest_nearest (op, known);

  if (nearest == NULL)
    return g_strdup_printf ("operation \"%s\" is neither read nor write", op);
  return g_strdup_printf ("operation \"%s\" is neither read nor write; did you mean \"%s\"?", op, nearest);
}

/* Why the options cannot be used: (transfer full), or NULL. */
static char *
find_mistake (const RouterOptions *router)
{
  g_auto(GStrv) connections = router_options_list_connections (router);
  const char *op = router->operation;
  guint milliseconds;

  if (op != NULL && strcmp (op, "read") != 0 && strcmp (op, "write") != 0)
    return find_operation_mistake (op);
  if (router->deadline != NULL && !parse_deadline (router->deadline, &milliseconds))
    return g_strdup_printf ("--deadline %s is not a time from 1ms to 5s", router->deadline);
  if (router->repeat < 0 || router->repeat > MOST_REPEATS)
    return g_strdup_printf ("--repeat %d is not 1 to %d", router->repeat, MOST_REPEATS);
  for (char **name = connections; *name != NULL; name++)
    {
      if (!router_options_is_connection (*name))
        return g_strdup_printf ("--connections: \"%s\": want 1 to %d of A-Z a-z 0-9 _ -", *name, ROUTER_NAME_MAX);
      if (g_strv_contains ((const char *const *) name + 1, *name))
        return g_strdup_printf ("--connections: \"%s\" is given twice", *name);
    }
  for (char **hint = router->hints; hint != NULL && *hint != NULL; hint++)
    if (strchr (*hint, '=') == NULL || **hint == '=')
      return g_strdup_printf ("--hint: \"%s\" is not of the form name=value", *hint);
  return find_model_mistake (router->models);
}

gboolean
router_options_check (RouterOptions *router, const char *command, char **arguments, int *status)
{
  g_autofree char *mistake = NULL;
  char **words = arguments + 1;

  if (*words == NULL && router->plugin == NULL)
    {
      *status = options_wrong (command, "PLUGIN is missing");
      return FALSE;
    }
  if (*words != NULL && (g_strv_length (words) != 1 || **words == '\0'))
    {
      *status = options_wrong (command, "one PLUGIN is wanted");
      return FALSE;
    }
  if (*words != NULL)
    {
      g_free (router->plugin);
      router->plugin = g_strdup (*words);
      router->rules = FALSE;
    }
  mistake = find_mistake (router);
  if (mistake != NULL)
    *status = options_wrong (command, "%s", mistake);
  return mistake == NULL;
}

char **
router_options_list_connections (const RouterOptions *router)
{
  char **names = g_strsplit (router->connections != NULL ? router->connections : USUAL_CONNECTIONS, ",", -1);
  g_autofree char *all = NULL;

  if (g_strv_contains ((const char *const *) names, "default"))
    return names;
  g_strfreev (names);
  all = g_strconcat ("default,", router->connections, NULL);
  return g_strsplit (all, ",", -1);
}

static void
print_option (GPtrArray *arguments, const char *name, const char *value)
{
  if (value != NULL)
    g_ptr_array_add (arguments, g_strdup_printf ("--%s=%s", name, value));
}

void
router_options_print (const RouterOptions *router, GPtrArray *arguments)
{
  print_option (arguments, "config", options_get_config ());
  print_option (arguments, "set", options_get_set ());
  print_option (arguments, "args", router->args);
  print_option (arguments, "connections", router->connections);
  print_option (arguments, "op", router->operation);
  print_option (arguments, "in-transaction", router->transaction);
  print_option (arguments, "rule", router->rule);
  print_option (arguments, "using", router->using);
  print_option (arguments, "models", router->library);
  print_option (arguments, "deadline", router->deadline);
  if (router->repeat > 0)
    g_ptr_array_add (arguments, g_strdup_printf ("--repeat=%d", router->repeat));
  for (char **name = router->models; name != NULL && *name != NULL; name++)
    print_option (arguments, "model", *name);
  for (char **hint = router->hints; hint != NULL && *hint != NULL; hint++)
    print_option (arguments, "hint", *hint);
  g_ptr_array_add (arguments, g_strdup ("--"));
  g_ptr_array_add (arguments, g_strdup (router->plugin));
}
