/* SPDX-License-Identifier: MIT
 * "route explain": the steps of one decision. The library makes it, in a child process. */
#include <stdio.h>
#include <string.h>

#include "probe/probe.h"
#include "probe/router-options.h"
#include "routing/fault.h"
#include "routing/steps.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/output.h"

/* The error behind a decision, or NULL: (transfer full). */
static Report *
make_report (Explanation *explanation)
{
  JsonObject *decision = explanation_get_decision (explanation);
  const char *message = probe_get_text (decision, "message"), *id = probe_get_text (decision, "id");
  JsonObject *outside = explanation->outside;
  Report *report;

  if (message == NULL && id == NULL)
    return NULL;
  /* What is refused only within the transaction is its refusal. */
  if (id == NULL && (outside == NULL || probe_get_text (outside, "message") == NULL))
    {
      report = report_new ("YO-R007");
      report_line (report, "plugin", "%s", explanation->router.plugin);
      report_line (report, "reason", "%s", message);
      report_line (report, "help", "yaraorm-cli help YO-R007");
      return report;
    }
  if (id == NULL)
    id = probe_get_text (outside, "said") != NULL ? "YO-R003" : "YO-C003";
  json_object_set_string_member (decision, "id", id);
  json_object_set_string_member (decision, "model", explanation->router.models[0]);
  json_object_set_string_member (decision, "op", explanation->router.operation);
  json_object_set_string_member (decision, "own", explanation->own);
  if (probe_get_text (decision, "said") != NULL)
    json_object_set_string_member (decision, "returned", probe_get_text (decision, "said"));
  return route_fault_report (&explanation->router, decision);
}

static JsonObject *
make_document (const Explanation *explanation, GPtrArray *steps)
{
  JsonObject *document = output_document_new (TRUE), *decision = explanation_get_decision (explanation);
  JsonArray *array = json_array_new ();

  json_object_set_string_member (document, "plugin", explanation->router.plugin);
  json_object_set_string_member (document, "model", explanation->router.models[0]);
  json_object_set_string_member (document, "op", explanation->router.operation);
  for (guint i = 0; i < steps->len; i++)
    {
      const Step *step = steps->pdata[i];
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "step", step->name);
      json_object_set_string_member (object, "says", step->says);
      if (step->nanoseconds > 0)
        json_object_set_int_member (object, "call_ns", step->nanoseconds);
      json_array_add_object_element (array, object);
    }
  json_object_set_array_member (document, "steps", array);
  if (probe_get_text (decision, "connection") != NULL)
    {
      json_object_set_string_member (document, "connection", probe_get_text (decision, "connection"));
      json_object_set_string_member (document, "reason", probe_get_text (decision, "reason"));
    }
  return document;
}

static void
print (const Explanation *explanation, GPtrArray *steps, gboolean is_decided)
{
  for (guint i = 0; i < steps->len; i++)
    {
      const Step *step = steps->pdata[i];
      g_autofree char *says = output_make_printable (step->says); /* a router may have said anything */

      printf ("%u  %-11s   %s", i + 1, step->name, says);
      if (step->nanoseconds > 0)
        printf ("        %" G_GINT64_FORMAT " ns", step->nanoseconds);
      puts ("");
    }
  printf ("=  %s\n", is_decided ? probe_get_text (explanation_get_decision (explanation), "connection")
                                : "refused, nothing is sent");
}

/* Shows the steps, and what comes of them. */
static int
show (Explanation *explanation)
{
  g_autoptr(GPtrArray) steps = explanation_list_steps (explanation);
  g_autoptr(Report) report = make_report (explanation);
  g_autoptr(JsonObject) document = make_document (explanation, steps);

  if (!output_is_json ())
    print (explanation, steps, report == NULL);
  else if (report == NULL)
    output_document_print (document);
  return report != NULL ? report_print (report, document) : STATUS_DONE;
}

/* [PLUGIN] MODEL OP; leaves PLUGIN in `words`. FALSE: `status` says why. */
static gboolean
take_words (Explanation *explanation, char **words, int *status)
{
  RouterOptions *router = &explanation->router;
  guint n_words = g_strv_length (words);
  YaraTransactionRule rule;

  if (n_words < 3 || n_words > 4)
    *status = options_wrong ("route explain", "PLUGIN, MODEL and OP are wanted, such as: ./replica.so User read");
  else if (!router_options_get_rule (router, &rule))
    *status = options_wrong ("route explain", "--rule %s is none of pinned, strict and by_name", router->rule);
  else if (router->rule != NULL && router->transaction == NULL)
    *status = options_wrong ("route explain", "--rule is that of a transaction; give --in-transaction NAME, too");
  else
    {
      g_strfreev (router->models);
      router->models = g_new0 (char *, 2);
      router->models[0] = words[n_words - 2];
      g_free (router->operation);
      router->operation = words[n_words - 1];
      words[n_words - 2] = words[n_words - 1] = NULL;
      return TRUE;
    }
  return FALSE;
}

/* The error about a connection that was named and is none, or NULL: (transfer full). */
static Report *
check_names (const RouterOptions *router)
{
  Report *report = NULL;

  if (router->transaction != NULL)
    report = route_fault_check_name (router, "--in-transaction", router->transaction);
  if (report == NULL && router->using != NULL)
    report = route_fault_check_name (router, "--using", router->using);
  return report;
}

/* Asks, and shows the result of a child that came to its end. */
static int
explain (Explanation *explanation)
{
  RouterOptions *router = &explanation->router;
  g_autoptr(Report) report = check_names (router);
  g_autoptr(ProbeResult) result = NULL;
  guint next = 1;

  if (report == NULL)
    {
      result = probe_run (router->rules ? "explain-rules" : "explain", router);
      report = probe_result_report (result, router->plugin);
    }
  if (report != NULL)
    return report_print (report, NULL);
  explanation_take_head (explanation, result->lines->pdata[0]);
  if (router->transaction == NULL || result->lines->len > 2)
    explanation->outside = result->lines->pdata[next++];
  if (router->transaction != NULL)
    explanation->inside = result->lines->pdata[next];
  return show (explanation);
}

static void
explanation_clear (Explanation *explanation)
{
  router_options_clear (&explanation->router);
  g_clear_pointer (&explanation->config, yara_config_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Explanation, explanation_clear)

int
command_route_explain (char **arguments)
{
  g_auto(Explanation) explanation = { .router = ROUTER_OPTIONS_INIT };
  g_autoptr(Options) options = options_new ("route explain", "[PLUGIN] MODEL OP");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(Report) report = NULL;
  int status;

  router_options_add (&explanation.router, options,
                      ROUTER_ARGS | ROUTER_PROGRAM | ROUTER_LIBRARY | ROUTER_TRANSACTION);
  if (!options_parse (options, &words, &status) || !take_words (&explanation, words, &status))
    return status;
  explanation.config = configuration_load_if_any (&report);
  if (report != NULL)
    return report_print (report, NULL);
  if (explanation.config != NULL)
    {
      router_options_suggest_models (&explanation.router, explanation.config);
      router_options_take (&explanation.router, explanation.config, words);
    }
  if (!router_options_check (&explanation.router, "route explain", words, &status))
    return status;
  return explain (&explanation);
}
