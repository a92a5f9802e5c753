/* SPDX-License-Identifier: MIT
 * "route explain": the steps of one decision. The library makes it, in a child process. */
#include <stdio.h>
#include <string.h>

#include "commands.h"
#include "configuration.h"
#include "errors.h"
#include "options.h"
#include "output.h"
#include "probe.h"

typedef struct
{
  RouterOptions router;
  const char   *rule; /* as it is called */
  JsonObject   *outside, *inside; /* decisions; inside is nullable */
  const char   *own;  /* the model's own connection; (nullable) */
} Explanation;

/* Where the steps end, or past them. */
enum { TRANSACTION, USING, ROUTER, MODEL, DEFAULT, N_STEPS };

static const char *const step_names[N_STEPS] = { "transaction", "using", "router", "model", "default" };

static int
find_step (const char *reason)
{
  for (int i = 0; i < N_STEPS; i++)
    if (g_strcmp0 (reason, step_names[i]) == 0)
      return i;
  return N_STEPS;
}

static gboolean
was_asked (JsonObject *decision)
{
  return json_object_get_boolean_member (decision, "asked");
}

static char *
tell_transaction (const Explanation *explanation)
{
  if (explanation->inside == NULL)
    return g_strdup ("none is open");
  return g_strdup_printf ("open on %s, rule %s: %s", explanation->router.transaction, explanation->rule,
                          was_asked (explanation->inside) ? "it depends on where the statement would go"
                                                          : "the statement is its own");
}

static char *
tell_router (const Explanation *explanation)
{
  const char *said = probe_get_text (explanation->outside, "said");

  if (said == NULL)
    return g_strdup_printf ("db_for_%s has no opinion", explanation->router.operation);
  return g_strdup_printf ("db_for_%s answers \"%s\"", explanation->router.operation, said);
}

/* What a step has to say: (transfer full). `last` is the one that decided. */
static char *
tell_step (const Explanation *explanation, int step, int last)
{
  if (step > last)
    return g_strdup ("not reached");
  switch (step)
    {
    case TRANSACTION:
      return tell_transaction (explanation);
    case USING:
      return g_strdup ("the program names no connection");
    case ROUTER:
      return tell_router (explanation);
    case MODEL:
      return explanation->own != NULL ? g_strdup_printf ("its own connection is %s", explanation->own)
                                      : g_strdup ("it has no connection of its own");
    default:
      return g_strdup ("nobody else has decided");
    }
}

/* How far the decision went. One that pins without asking ends at the first step, a bad answer at the router. */
static int
find_last_step (const Explanation *explanation)
{
  const char *reason = probe_get_text (explanation->outside, "reason");

  if (explanation->inside != NULL && !was_asked (explanation->inside))
    return TRANSACTION;
  return reason != NULL ? find_step (reason) : ROUTER;
}

static char *
tell_end (const Explanation *explanation)
{
  const char *outside = probe_get_text (explanation->outside, "connection");
  const char *inside;

  if (explanation->inside == NULL)
    return g_strdup_printf ("It goes to %s.", outside);
  inside = probe_get_text (explanation->inside, "connection");
  if (find_step (probe_get_text (explanation->inside, "reason")) != TRANSACTION)
    return g_strdup_printf ("It goes to %s, outside of the transaction.", inside);
  if (g_strcmp0 (inside, outside) == 0)
    return g_strdup_printf ("It goes to %s, as it would without the transaction.", inside);
  if (was_asked (explanation->inside))
    return g_strdup_printf ("It goes to %s: the model is written there. Without the transaction it would go to %s.",
                            inside, outside);
  return g_strdup_printf ("It goes to %s. Without the transaction it would go to %s.", inside, outside);
}

static void
print (const Explanation *explanation, const char *end)
{
  int last = find_last_step (explanation);

  printf ("a %s of %s, router %s\n\n", explanation->router.operation, explanation->router.models[0],
          explanation->router.plugin);
  for (int i = 0; i < N_STEPS; i++)
    {
      g_autofree char *text = tell_step (explanation, i, last);

      printf ("%d  %-11s  %s\n", i + 1, step_names[i], text);
    }
  printf ("\n%s\n", end);
}

static JsonObject *
make_document (const Explanation *explanation)
{
  JsonObject *document = output_document_new (TRUE);
  JsonArray *steps = json_array_new ();
  JsonObject *decision = explanation->inside != NULL ? explanation->inside : explanation->outside;
  int last = find_last_step (explanation);

  json_object_set_string_member (document, "plugin", explanation->router.plugin);
  json_object_set_string_member (document, "model", explanation->router.models[0]);
  json_object_set_string_member (document, "op", explanation->router.operation);
  for (int i = 0; i < N_STEPS; i++)
    {
      g_autofree char *text = tell_step (explanation, i, last);
      JsonObject *step = json_object_new ();

      json_object_set_string_member (step, "step", step_names[i]);
      json_object_set_string_member (step, "says", text);
      json_array_add_object_element (steps, step);
    }
  json_object_set_array_member (document, "steps", steps);
  if (probe_get_text (decision, "connection") != NULL)
    {
      json_object_set_string_member (document, "connection", probe_get_text (decision, "connection"));
      json_object_set_string_member (document, "reason", probe_get_text (decision, "reason"));
    }
  return document;
}

/* Shows the steps, and what comes of them. */
static int
show (const Explanation *explanation)
{
  JsonObject *decision = explanation->inside != NULL ? explanation->inside : explanation->outside;
  const char *message = probe_get_text (decision, "message"), *id = probe_get_text (decision, "id");
  g_autoptr(JsonObject) document = make_document (explanation);
  g_autoptr(Report) report = NULL;
  g_autofree char *end = NULL;

  /* What the transaction refuses would be decided without it. */
  if (message != NULL && id == NULL)
    id = probe_get_text (explanation->outside, "message") != NULL ? "YO-R003" : "YO-R007";
  if (id != NULL)
    {
      report = report_new (id);
      report_line (report, "plugin", "%s", explanation->router.plugin);
      if (message != NULL)
        report_line (report, "reason", "%s", message);
      report_line (report, "help", "yaraorm-cli help %s", id);
    }
  else
    end = tell_end (explanation);
  if (!output_is_json ())
    print (explanation, end != NULL ? end : "It is refused, and nothing is sent.");
  else if (report == NULL)
    output_document_print (document);
  return report != NULL ? report_print (report, document) : STATUS_DONE;
}

/* PLUGIN MODEL OP; leaves PLUGIN in `words`. FALSE: `status` says why. */
static gboolean
take_words (Explanation *explanation, char **words, int *status)
{
  YaraTransactionRule rule;

  if (words[1] != NULL && strcmp (words[1], "--") == 0)
    memmove (words + 1, words + 2, (g_strv_length (words + 2) + 1) * sizeof *words);
  if (g_strv_length (words) != 4)
    *status = options_wrong ("route explain", "PLUGIN, MODEL and OP are wanted, such as: ./replica.so User read");
  else if (!router_options_get_rule (&explanation->router, &rule))
    *status = options_wrong ("route explain", "--rule %s is none of pinned, strict and by_name",
                             explanation->router.rule);
  else if (explanation->router.rule != NULL && explanation->router.transaction == NULL)
    *status = options_wrong ("route explain", "--rule is that of a transaction; give --in-transaction NAME, too");
  else
    {
      g_strfreev (explanation->router.models);
      explanation->router.models = g_new0 (char *, 2);
      explanation->router.models[0] = words[2];
      g_free (explanation->router.operation);
      explanation->router.operation = words[3];
      words[2] = words[3] = NULL;
      explanation->rule = explanation->router.rule != NULL ? explanation->router.rule : "pinned";
      return TRUE;
    }
  return FALSE;
}

/* Asks, and shows the result of a child that came to its end. */
static int
explain (Explanation *explanation)
{
  g_autoptr(ProbeResult) result = probe_run ("explain", &explanation->router);
  g_autoptr(Report) report = probe_result_report (result, explanation->router.plugin);

  if (report != NULL)
    return report_print (report, NULL);
  explanation->own = probe_get_text (result->lines->pdata[0], "own");
  explanation->outside = result->lines->pdata[1];
  explanation->inside = result->lines->len > 2 ? result->lines->pdata[2] : NULL;
  return show (explanation);
}

static void
explanation_clear (Explanation *explanation)
{
  router_options_clear (&explanation->router);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Explanation, explanation_clear)

int
command_route_explain (char **arguments)
{
  g_auto(Explanation) explanation = { .router = ROUTER_OPTIONS_INIT };
  g_autoptr(Options) options = options_new ("route explain", "PLUGIN MODEL OP");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(YaraConfig) config = NULL;
  g_autoptr(Report) report = NULL;
  int status;

  router_options_add (&explanation.router, options, TRUE);
  router_options_add_transaction (&explanation.router, options);
  if (!options_parse (options, &words, &status) || !take_words (&explanation, words, &status))
    return status;
  config = configuration_load_if_any (&report);
  if (report != NULL)
    return report_print (report, NULL);
  if (config != NULL)
    router_options_take (&explanation.router, config, words);
  if (!router_options_check (&explanation.router, "route explain", words, &status))
    return status;
  return explain (&explanation);
}
