/* SPDX-License-Identifier: MIT
 * "route test": asks a router about models, shows what it decides, and compares it with an expectation file. */
#include <string.h>

#include "routing/test.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/output.h"

/* Microseconds that a server may take to tell its role. */
#define LIVE_TIMEOUT (5 * G_USEC_PER_SEC)

static void
route_test_clear (RouteTest *test)
{
  router_options_clear (&test->router);
  g_free (test->models_from);
  g_free (test->expect);
  g_clear_pointer (&test->expectation, expectation_free);
  route_places_clear (&test->places);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RouteTest, route_test_clear)

/* Reads the expectation file, and takes the models from it when none are named. */
static Report *
load_expectation (RouteTest *test)
{
  RouterOptions *router = &test->router;
  g_autoptr(GError) error = NULL;

  if (test->expect != NULL)
    test->expectation = expectation_load (test->expect, &error);
  if (error != NULL && !(test->update && g_error_matches (error, G_FILE_ERROR, G_FILE_ERROR_NOENT)))
    return route_test_report_file (test, error);
  if (router->models == NULL && router->library == NULL && test->expectation != NULL)
    router->models = expectation_list_models (test->expectation);
  router_options_use_usual_models (router);
  return NULL;
}

/* What the configuration knows comes after the options and before what is usual. */
static Report *
load_configuration (RouteTest *test, char **words)
{
  gboolean own_models = test->router.models != NULL;
  Report *report = NULL;

  test->places.config = test->live ? configuration_load (&report) : configuration_load_if_any (&report);
  if (report != NULL || test->places.config == NULL)
    return report;
  router_options_suggest_models (&test->router, test->places.config);
  router_options_take (&test->router, test->places.config, words);
  if (!own_models && test->expect != NULL && !test->update)
    g_clear_pointer (&test->router.models, g_strfreev); /* those of the file */
  return NULL;
}

/* Asks, in a child process unless it is to be debugged; NULL with the error. */
static ProbeResult *
ask (RouteTest *test, Report **report)
{
  const char *mode = test->router.rules ? "rules" : "route";
  g_autoptr(ProbeResult) result = NULL;

  if (test->in_process)
    output_words ("%s runs in this process, without limits", test->router.plugin);
  result = test->in_process ? probe_run_here (mode, &test->router) : probe_run (mode, &test->router);
  *report = probe_result_report (result, test->router.plugin);
  if (*report != NULL && result->end == PROBE_TIMED_OUT && test->router.deadline != NULL)
    report_line (*report, "deadline", "%s", test->router.deadline);
  if (*report == NULL && test->live)
    *report = route_places_ask (&test->places, result, options_get_timeout (LIVE_TIMEOUT));
  return *report == NULL ? g_steal_pointer (&result) : NULL;
}

/* Why the options do not go together, or NULL. */
static const char *
find_mistake (const RouteTest *test)
{
  if (test->update && test->expect == NULL)
    return "--update needs --expect FILE, which it writes";
  if (test->in_process && test->router.deadline != NULL)
    return "--deadline cannot be kept with --in-process: nobody could end the call";
  return NULL;
}

static void
add_options (RouteTest *test, Options *options)
{
  const GOptionEntry entries[] = {
    { "models-from", 0, 0, G_OPTION_ARG_FILENAME, &test->models_from,
      "Ask for the models named in FILE, one a line; - is standard input", "FILE" },
    { "expect", 0, 0, G_OPTION_ARG_FILENAME, &test->expect,
      "Ask for the models in FILE, and compare with it; exit 1 when something differs", "FILE" },
    { "update", 0, 0, G_OPTION_ARG_NONE, &test->update, "Write FILE instead of comparing", NULL },
    { "live", 0, 0, G_OPTION_ARG_NONE, &test->live,
      "Ask the servers for their role instead of trusting the configuration", NULL },
    { "in-process", 0, 0, G_OPTION_ARG_NONE, &test->in_process,
      "Run the plugin in this process, without limits, for a debugger", NULL },
    { NULL }
  };

  router_options_add (&test->router, options, ROUTER_ALL & ~ROUTER_TRANSACTION);
  options_add (options, entries);
}

int
command_route_test (char **arguments)
{
  g_auto(RouteTest) test = { 0 };
  g_autoptr(Options) options = options_new ("route test", "[PLUGIN]");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(ProbeResult) result = NULL;
  g_autoptr(Report) report = NULL;
  const char *mistake;
  int status;

  add_options (&test, options);
  if (!options_parse (options, &words, &status))
    return status;
  mistake = find_mistake (&test);
  if (mistake != NULL)
    return options_wrong ("route test", "%s", mistake);
  if (test.models_from != NULL)
    report = router_options_read_models (&test.router, test.models_from);
  if (report == NULL)
    report = load_configuration (&test, words);
  if (report != NULL)
    return report_print (report, NULL);
  if (!router_options_check (&test.router, "route test", words, &status))
    return status;
  report = load_expectation (&test);
  if (report == NULL)
    result = ask (&test, &report);
  return report != NULL ? report_print (report, NULL) : route_test_show (&test, result);
}
