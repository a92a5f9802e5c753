/* SPDX-License-Identifier: MIT
 * The steps of one decision, in words. */
#include "routing/steps.h"

#include <string.h>

#include "shell/configuration.h"
#include "shell/output.h"

void
explanation_take_head (Explanation *explanation, JsonObject *head)
{
  explanation->own = probe_get_text (head, "own");
  explanation->rule = probe_get_text (head, "rule");
  explanation->nanoseconds = json_object_get_int_member_with_default (head, "call_ns", 0);
}

JsonObject *
explanation_get_decision (const Explanation *explanation)
{
  return explanation->inside != NULL ? explanation->inside : explanation->outside;
}

static void
step_free (Step *step)
{
  g_free (step->says);
  g_free (step);
}

static Step * G_GNUC_PRINTF (3, 4)
add (GPtrArray *steps, const char *name, const char *format, ...)
{
  Step *step = g_new0 (Step, 1);
  va_list arguments;

  step->name = name;
  va_start (arguments, format);
  step->says = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_ptr_array_add (steps, step);
  return step;
}

static const char *
arrow (void)
{
  return output_has_unicode () ? "→" : "->";
}

/* Whether the decision is left to the transaction alone. */
static gboolean
is_pinned (const Explanation *explanation)
{
  return explanation->outside == NULL;
}

static void
add_transaction (const Explanation *explanation, GPtrArray *steps)
{
  const RouterOptions *router = &explanation->router;
  const char *open = router->transaction;

  if (open == NULL)
    add (steps, "transaction", "none");
  else if (is_pinned (explanation))
    {
      add (steps, "transaction", "active on \"%s\" %s router is not asked (rule: transactions pin)", open,
           arrow ());
      if (router->using != NULL)
        add (steps, "using", "the program names \"%s\"", router->using);
    }
  else
    add (steps, "transaction", "active on \"%s\" %s where would the statement go? (rule: %s)", open, arrow (),
         router->rule);
}

/* What the router was asked and said. */
static void
add_router (const Explanation *explanation, GPtrArray *steps)
{
  const RouterOptions *router = &explanation->router;
  const char *said = probe_get_text (explanation->outside, "said");
  g_autofree char *answer = said != NULL ? g_strdup_printf ("\"%s\"", said) : g_strdup ("NULL");
  Step *step;

  if (!router->rules)
    step = add (steps, "plugin", "db_for_%s(\"%s\") %s %s", router->operation, router->models[0], arrow (),
                answer);
  else if (explanation->rule != NULL)
    step = add (steps, "rules", "%s %s %s", explanation->rule, arrow (), answer);
  else
    step = add (steps, "rules", "none matches %s.%s", router->models[0], router->operation);
  step->nanoseconds = explanation->nanoseconds;
}

/* A number of bytes in the largest unit that has no remainder: (transfer full). */
static char *
format_bytes (gint64 bytes)
{
  static const char *const units[] = { "B", "KiB", "MiB", "GiB" };
  guint unit = 0;

  for (; unit + 1 < G_N_ELEMENTS (units) && bytes >= 1024 && bytes % 1024 == 0; unit++)
    bytes /= 1024;
  return g_strdup_printf ("%" G_GINT64_FORMAT " %s", bytes, units[unit]);
}

/* Whether there is such a connection, and what the configuration knows of it. */
static void
add_connection (const Explanation *explanation, const char *name, GPtrArray *steps)
{
  YaraConfig *config = explanation->config;
  g_auto(GStrv) known = router_options_list_connections (&explanation->router);
  g_auto(GStrv) configured = config != NULL ? yara_config_list_connections (config) : NULL;
  g_autoptr(GString) text = g_string_new (NULL);

  g_string_printf (text, "\"%s\" %s", name,
                   g_strv_contains ((const char *const *) known, name) ? "exists" : "does not exist");
  if (configured != NULL && g_strv_contains ((const char *const *) configured, name))
    {
      const char *role = configuration_get_role (config, name);
      gint64 lag = yara_config_get_max_lag (config, name);
      g_autofree char *limit = lag >= 0 ? format_bytes (lag) : NULL;

      g_string_append_printf (text, ", %s", configuration_get_backend (config, name));
      if (*role != '\0')
        g_string_append_printf (text, ", role %s", role);
      if (limit != NULL)
        g_string_append_printf (text, ", lag limit %s", limit);
    }
  add (steps, "connection", "%s", text->str);
}

/* Where the statement would go, were there no transaction. FALSE: the router's answer cannot be a name. */
static gboolean
add_place (const Explanation *explanation, GPtrArray *steps)
{
  JsonObject *decision = explanation->outside;
  const char *said = probe_get_text (decision, "said"), *own = explanation->own;
  const char *name = own != NULL ? own : "default";

  if (explanation->router.using != NULL)
    {
      name = explanation->router.using;
      add (steps, "using", "the program names \"%s\" %s router is not asked", name, arrow ());
    }
  else
    {
      add_router (explanation, steps);
      if (probe_get_text (decision, "id") != NULL)
        return FALSE;
      if (said != NULL)
        name = said;
      else if (own != NULL)
        add (steps, "model", "its own connection is \"%s\"", own);
      else
        {
          add (steps, "model", "no connection of its own");
          add (steps, "default", "nobody else has decided");
        }
    }
  add_connection (explanation, name, steps);
  return TRUE;
}

/* What the transaction makes of that. */
static void
add_verdict (const Explanation *explanation, GPtrArray *steps)
{
  const char *outside = probe_get_text (explanation->outside, "connection");
  const char *inside = probe_get_text (explanation->inside, "connection");
  const char *rule = explanation->router.rule;
  gboolean joins = g_strcmp0 (probe_get_text (explanation->inside, "reason"), "transaction") == 0;

  if (inside == NULL)
    add (steps, "transaction", "another connection %s refused (rule: %s)", arrow (), rule);
  else if (!joins)
    add (steps, "transaction", "another connection %s outside of it (rule: %s)", arrow (), rule);
  else if (g_strcmp0 (inside, outside) == 0)
    add (steps, "transaction", "the same connection %s part of it", arrow ());
  else
    add (steps, "transaction", "%s is written on \"%s\" %s read there, too", explanation->router.models[0], inside,
         arrow ());
}

GPtrArray *
explanation_list_steps (const Explanation *explanation)
{
  GPtrArray *steps = g_ptr_array_new_with_free_func ((GDestroyNotify) step_free);

  add_transaction (explanation, steps);
  if (!is_pinned (explanation) && add_place (explanation, steps) && explanation->inside != NULL
      && probe_get_text (explanation->outside, "connection") != NULL)
    add_verdict (explanation, steps);
  return steps;
}
