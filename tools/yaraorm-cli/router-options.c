/* SPDX-License-Identifier: MIT
 * What a router is asked: as options, checked, and as a command line for the child. */
#include "options.h"

#include <string.h>

/* What a program with the routers that are shipped would have. */
#define USUAL_CONNECTIONS "default,replica,analytics,cache"

/* Longest name of a model or connection. */
#define NAME_MAX_BYTES 63

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
}

void
router_options_add (RouterOptions *router, Options *options, gboolean all)
{
  const GOptionEntry loading[] = {
    { "args", 0, 0, G_OPTION_ARG_STRING, &router->args, "Text for the plugin's router_open", "TEXT" },
    { NULL }
  };
  const GOptionEntry asking[] = {
    { "model", 0, 0, G_OPTION_ARG_STRING_ARRAY, &router->models,
      "Ask for this model; may be repeated (default: those of --expect, of the configuration, or User, Event, "
      "Snapshot)", "NAME" },
    { "op", 0, 0, G_OPTION_ARG_STRING, &router->operation,
      "Ask for read or write only (default: both)", "OP" },
    { "hint", 0, 0, G_OPTION_ARG_STRING_ARRAY, &router->hints,
      "A hint of the program for the router; may be repeated", "NAME=VALUE" },
    { "connections", 0, 0, G_OPTION_ARG_STRING, &router->connections,
      "Connections of the program (default: those of the configuration, or " USUAL_CONNECTIONS ")", "A,B,C" },
    { NULL }
  };

  options_add (options, loading);
  if (all)
    options_add (options, asking);
}

void
router_options_add_transaction (RouterOptions *router, Options *options)
{
  const GOptionEntry entries[] = {
    { "in-transaction", 0, 0, G_OPTION_ARG_STRING, &router->transaction,
      "As if a transaction were open on this connection", "NAME" },
    { "rule", 0, 0, G_OPTION_ARG_STRING, &router->rule,
      "Its rule: pinned, strict or by_name (default: pinned)", "RULE" },
    { NULL }
  };

  options_add (options, entries);
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
  if (router->models == NULL && *yara_config_get_models (config) != NULL)
    router->models = g_strv_builder_end (names);
  if (arguments[1] != NULL)
    return;
  router->rules = yara_config_get_rules (config) != NULL;
  router->plugin = g_strdup (router->rules ? "[route]" : yara_config_get_plugin (config));
  if (router->args == NULL)
    router->args = g_strdup (yara_config_get_plugin_args (config));
}

static gboolean
is_connection_name (const char *name)
{
  gsize length = strlen (name);

  return length > 0 && length <= NAME_MAX_BYTES
         && strspn (name, G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_-") == length;
}

gboolean
router_options_is_model (const char *name)
{
  gsize length = strlen (name);

  for (const char *c = name; *c != '\0'; c++)
    if (g_ascii_isspace (*c) || g_ascii_iscntrl (*c))
      return FALSE;
  return length > 0 && length <= NAME_MAX_BYTES;
}

/* Why the models cannot be used: (transfer full), or NULL. */
static char *
find_model_mistake (char **models)
{
  for (; models != NULL && *models != NULL; models++)
    {
      if (!router_options_is_model (*models))
        return g_strdup_printf ("model \"%s\": want 1 to %d bytes without spaces", *models, NAME_MAX_BYTES);
      if (g_strv_contains ((const char *const *) models + 1, *models))
        return g_strdup_printf ("model \"%s\" is given twice", *models);
    }
  return NULL;
}

/* Why the options cannot be used: (transfer full), or NULL. */
static char *
find_mistake (const RouterOptions *router)
{
  g_auto(GStrv) connections = router_options_list_connections (router);
  const char *op = router->operation;

  if (op != NULL && strcmp (op, "read") != 0 && strcmp (op, "write") != 0)
    return g_strdup_printf ("--op %s is neither read nor write", op);
  for (char **name = connections; *name != NULL; name++)
    if (!is_connection_name (*name))
      return g_strdup_printf ("--connections: \"%s\": want 1 to %d of A-Z a-z 0-9 _ -", *name,
                              NAME_MAX_BYTES);
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

  /* The parser leaves the "--" that ends the options. */
  if (*words != NULL && strcmp (*words, "--") == 0)
    words++;
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
  for (char **name = router->models; name != NULL && *name != NULL; name++)
    print_option (arguments, "model", *name);
  for (char **hint = router->hints; hint != NULL && *hint != NULL; hint++)
    print_option (arguments, "hint", *hint);
  g_ptr_array_add (arguments, g_strdup ("--"));
  g_ptr_array_add (arguments, g_strdup (router->plugin));
}
