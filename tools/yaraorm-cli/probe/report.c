/* SPDX-License-Identifier: MIT
 * The errors behind the ends of children. */
#include "probe/probe.h"

#include <string.h>

#include <yaraorm/yaraorm.h>

#include "probe/models.h"

/* The library's reasons, in the order of YaraRouterError. */
static const struct
{
  const char *id, *hint;
} refusals[] = {
  [YARA_ROUTER_ERROR_FILE] = { "YO-P001",
    "check the path; a name without a slash is looked up among the installed routers" },
  [YARA_ROUTER_ERROR_NOT_A_PLUGIN] = { "YO-P002",
    "build it with: cc -shared -fPIC -Wl,-z,defs -o NAME.so NAME.c" },
  [YARA_ROUTER_ERROR_ABI] = { "YO-P003", "include <yaraorm/yara-router.h> and build it again" },
  [YARA_ROUTER_ERROR_MISSING_SYMBOL] = { "YO-P004", "define both db_for_read and db_for_write, not static" },
  [YARA_ROUTER_ERROR_UNSAFE] = { "YO-P006",
    "the file and its folders must be yours or root's, and not writable by group or others" },
  [YARA_ROUTER_ERROR_REFUSED] = { "YO-P008", "the plugin's router_open decides this; see --args" },
  [YARA_ROUTER_ERROR_TRIAL] = { "YO-P015", "yaraorm-cli plugin check tells what is wrong with it" },
};

const char *
probe_get_refusal_id (int code)
{
  g_assert (code >= 0 && code < (int) G_N_ELEMENTS (refusals));
  return refusals[code].id;
}

char *
probe_describe_signal (int number)
{
  const char *name = sigabbrev_np (number); /* those for one's own use have none */

  return name != NULL ? g_strdup_printf ("signal %d (SIG%s)", number, name) : g_strdup_printf ("signal %d", number);
}

/* What was not refused by the library. */
static Report *
report_models (const ProbeResult *result)
{
  Report *report = report_new (probe_get_text (result->refused, "id"));
  const char *const members[] = { "file", "reason", "hint" };

  for (guint i = 0; i < G_N_ELEMENTS (members); i++)
    if (probe_get_text (result->refused, members[i]) != NULL)
      report_line (report, members[i], "%s", probe_get_text (result->refused, members[i]));
  return report;
}

static Report *
report_refusal (const ProbeResult *result, const char *plugin)
{
  gint64 code = json_object_get_int_member (result->refused, "code");
  gboolean known = code >= 0 && code < (gint64) G_N_ELEMENTS (refusals);
  gboolean no_slash = code == YARA_ROUTER_ERROR_FILE && strchr (plugin, '/') == NULL;
  Report *report = report_new (known ? refusals[code].id : "YO-U003");

  report_line (report, "plugin", "%s", plugin);
  report_line (report, "reason", "%s", json_object_get_string_member (result->refused, "message"));
  if (no_slash && g_file_test (plugin, G_FILE_TEST_EXISTS))
    report_line (report, "hint", "for the file in this folder write ./%s", plugin);
  else if (g_str_has_suffix (plugin, ".ini"))
    report_line (report, "hint", "the rules of a configuration are asked with --config %s and without PLUGIN", plugin);
  else if (known)
    report_line (report, "hint", "%s", refusals[code].hint);
  return report;
}

/* The error about an end, about the library of models when that was being loaded. */
static Report *
report_end (const ProbeResult *result, const char *id, const char *plugin)
{
  gboolean loads_models = g_str_has_prefix (result->at, PROBE_LOADING_MODELS);
  Report *report = report_new (loads_models ? "YO-S002" : id);

  if (loads_models)
    report_line (report, "file", "%s", result->at + strlen (PROBE_LOADING_MODELS));
  else
    report_line (report, "plugin", "%s", plugin);
  return report;
}

Report *
probe_result_report (const ProbeResult *result, const char *plugin)
{
  g_autofree char *signal = NULL;
  Report *report;

  if (result->refused != NULL)
    return json_object_has_member (result->refused, "id") ? report_models (result)
                                                          : report_refusal (result, plugin);
  switch (result->end)
    {
    case PROBE_DONE:
      return NULL;
    case PROBE_NOT_STARTED:
      report = report_new ("YO-X001");
      report_line (report, "reason", "%s", result->reason);
      return report;
    case PROBE_CRASHED:
      report = report_end (result, "YO-P005", plugin);
      signal = probe_describe_signal (result->status);
      report_line (report, "reason", "%s", signal);
      break;
    case PROBE_EXITED:
      report = report_end (result, "YO-P010", plugin);
      report_line (report, "reason", "exit (%d)", result->status);
      break;
    case PROBE_TIMED_OUT:
    default:
      report = report_end (result, "YO-P009", plugin);
      report_line (report, "reason", "killed, it did not come back");
      break;
    }
  report_line (report, "at", "%s", result->at);
  report_line (report, "help", "yaraorm-cli help %s", report_get_id (report));
  return report;
}
