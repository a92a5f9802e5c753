/* SPDX-License-Identifier: MIT
 * What is wrong with a decision. */
#include "routing/fault.h"

#include <string.h>

#include "probe/probe.h"
#include "shell/suggest.h"

/* The known connections, and the one that was meant, or how to make `name` known. */
static void
add_known (Report *report, const RouterOptions *router, const char *name)
{
  g_auto(GStrv) connections = router_options_list_connections (router);
  g_autofree char *known = g_strjoinv (", ", connections);
  const char *nearest = suggest_nearest (name, (const char *const *) connections);

  report_line (report, "known", "%s", known);
  if (nearest != NULL)
    report_line (report, "hint", "did you mean \"%s\"?", nearest);
  else if (!router_options_is_connection (name))
    report_line (report, "hint", "no connection can have such a name: 1 to %d of A-Z a-z 0-9 _ -", ROUTER_NAME_MAX);
  else
    report_line (report, "hint", "if the program has it: --connections %s,%s",
                 router->connections != NULL ? router->connections : "default", name);
}

Report *
route_fault_report (const RouterOptions *router, JsonObject *decision)
{
  const char *id = probe_get_text (decision, "id"), *returned = probe_get_text (decision, "returned");
  const char *model = probe_get_text (decision, "model"), *op = probe_get_text (decision, "op");
  const char *own = probe_get_text (decision, "own");
  gboolean is_own = own != NULL && strcmp (id, "YO-C003") == 0;
  Report *report = report_new (id);

  if (is_own)
    {
      report_line (report, "model", "%s, whose own connection is \"%s\"", model, own);
      add_known (report, router, own);
    }
  else if (returned != NULL)
    report_line (report, "plugin", "%s, db_for_%s(\"%s\") returned \"%s\"", router->plugin, op, model, returned);
  else
    report_line (report, "plugin", "%s, db_for_%s(\"%s\")", router->plugin, op, model);
  report_data (report, "plugin", router->plugin);
  report_data (report, "model", model);
  report_data (report, "op", op);
  if (returned != NULL)
    report_data (report, "returned", returned);
  if (returned != NULL && strcmp (id, "YO-R003") == 0)
    add_known (report, router, returned);
  else if (!is_own)
    report_line (report, "help", "yaraorm-cli help %s", id);
  return report;
}

Report *
route_fault_check_name (const RouterOptions *router, const char *what, const char *name)
{
  g_auto(GStrv) connections = router_options_list_connections (router);
  Report *report;

  if (g_strv_contains ((const char *const *) connections, name))
    return NULL;
  report = report_new ("YO-C003");
  report_line (report, "name", "%s %s", what, name);
  report_data (report, "name", name);
  add_known (report, router, name);
  return report;
}
