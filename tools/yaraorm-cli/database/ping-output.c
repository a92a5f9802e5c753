/* SPDX-License-Identifier: MIT
 * Showing what databases have answered. */
#include "database/ping-output.h"

#include <stdio.h>
#include <string.h>

#include "database/database.h"
#include "shell/configuration.h"
#include "shell/errors.h"
#include "shell/output.h"

static const char *const problem_ids[] = {
  [PING_UNREACHABLE] = "YO-C043", [PING_WRONG_ROLE] = "YO-C041", [PING_LAGS] = "YO-C042", [PING_SPLIT] = "YO-C040",
};

void
ping_output_list (YaraConfig *config, const char *const *names)
{
  const char *const headings[] = { "NAME", "BACKEND", "SERVER", "ROLE", NULL };
  struct libscols_table *table = output_table_new (headings, TRUE);
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  JsonArray *array = json_array_new ();

  for (; *names != NULL; names++)
    {
      g_autofree char *server = database_name_server (config, *names);
      const char *cells[] = { *names, configuration_get_backend (config, *names), server,
                              configuration_get_role (config, *names), NULL };
      JsonObject *object = json_object_new ();

      json_object_set_string_member (object, "name", cells[0]);
      json_object_set_string_member (object, "backend", cells[1]);
      json_object_set_string_member (object, "server", cells[2]);
      json_object_set_string_member (object, "role", cells[3]);
      json_array_add_object_element (array, object);
      output_table_add (table, cells, 0, STYLE_PLAIN);
    }
  json_object_set_array_member (document, "connections", array);
  if (!output_is_json ())
    output_table_print (table);
  else
    {
      scols_unref_table (table);
      output_document_print (document);
    }
}

/* "3.1 ms" */
static char *
format_time (const Ping *ping, gint64 microseconds)
{
  return ping->error != NULL ? g_strdup ("") : g_strdup_printf ("%.1f ms", microseconds / 1000.0);
}

/* Bytes, and seconds only when there are bytes: a quiet primary sends nothing for long times. */
static char *
format_lag (const Ping *ping)
{
  if (ping->lag < 0)
    return g_strdup ("");
  if (ping->lag == 0 || ping->lag_time < 0)
    return g_strdup_printf ("%" G_GINT64_FORMAT " B", ping->lag);
  return g_strdup_printf ("%" G_GINT64_FORMAT " B, %.1f s", ping->lag, ping->lag_time);
}

/* "cache.db (WAL)" */
static char *
format_server (const Ping *ping)
{
  g_autofree char *server = database_name_server (ping->config, ping->name);

  return g_strcmp0 (ping->journal, "wal") == 0 ? g_strconcat (server, " (WAL)", NULL) : g_steal_pointer (&server);
}

/* What was found, or what the URL says: a pooler in session mode cannot be told from none. */
static const char *
get_pooler (const Ping *ping)
{
  if (ping->mixed)
    return "Pgpool";
  if (ping->pooled)
    return "pooler (transaction)";
  return ping->error == NULL && strstr (yara_config_get_url (ping->config, ping->name), "pooler=session") != NULL
           ? "pooler (session)" : "";
}

/* "1 and 2": the timelines of the primaries of one cluster, the lowest first: (transfer full). */
static char *
list_timelines (const GPtrArray *pings)
{
  g_autoptr(GArray) timelines = g_array_new (FALSE, FALSE, sizeof (gint64));
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < pings->len; i++)
    {
      gint64 timeline;
      guint at = 0;

      if (((const Ping *) pings->pdata[i])->problem != PING_SPLIT)
        continue;
      timeline = ping_get_timeline (pings->pdata[i]);
      while (at < timelines->len && g_array_index (timelines, gint64, at) < timeline)
        at++;
      g_array_insert_val (timelines, at, timeline);
    }
  for (guint i = 0; i < timelines->len; i++)
    g_string_append_printf (text, "%s%" G_GINT64_FORMAT, i == 0 ? "" : " and ", g_array_index (timelines, gint64, i));
  return g_string_free (text, FALSE);
}

/* "YO-C040 split brain? timelines 1 and 2": (transfer full). */
static char *
describe_problem (const GPtrArray *pings, const Ping *ping)
{
  const char *id = problem_ids[ping->problem];
  g_autofree char *timelines = list_timelines (pings);

  switch (ping->problem)
    {
    case PING_UNREACHABLE:
      return g_strconcat (id, " does not answer", NULL);
    case PING_WRONG_ROLE:
      return g_strdup_printf ("%s should be %s", id, configuration_get_role (ping->config, ping->name));
    case PING_LAGS:
      return g_strdup_printf ("%s more than %" G_GINT64_FORMAT " B behind", id,
                              yara_config_get_max_lag (ping->config, ping->name));
    case PING_SPLIT:
      return g_strdup_printf ("%s split brain? timelines %s", id, timelines);
    default:
      return g_strdup ("");
    }
}

static const char *
get_role (const Ping *ping)
{
  if (ping->error != NULL)
    return "";
  if (strcmp (configuration_get_backend (ping->config, ping->name), "sqlite") == 0)
    return "rw";
  if (ping->mixed)
    return "mixed";
  return configuration_role_name (ping->role);
}

void
ping_print_table (const GPtrArray *pings)
{
  /* People get it when there is something to be noted; programs get the same columns each time. */
  gboolean notes = output_get_format () != FORMAT_TABLE || !ping_all_good (pings);
  const char *headings[] = { "NAME", "BACKEND", "SERVER", "ROLE", "VERSION", "CONNECT", "QUERY", "LAG", "VIA",
                             notes ? "NOTE" : NULL, NULL };
  struct libscols_table *table = output_table_new (headings, TRUE);

  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];
      g_autofree char *server = format_server (ping), *note = describe_problem (pings, ping), *lag = format_lag (ping);
      g_autofree char *connect = format_time (ping, ping->connect_time), *query = format_time (ping, ping->query_time);
      const char *cells[] = { ping->name, configuration_get_backend (ping->config, ping->name), server, get_role (ping),
                              ping->version != NULL ? ping->version : "", connect, query, lag, get_pooler (ping),
                              notes ? note : NULL, NULL };

      output_table_add (table, cells, 9, ping->problem != PING_GOOD ? STYLE_RED : STYLE_PLAIN);
    }
  output_table_print (table);
}

/* What is wrong with one; a split is a matter of several: (transfer full) (nullable). */
static char *
explain_problem (const Ping *ping)
{
  switch (ping->problem)
    {
    case PING_UNREACHABLE:
      return g_strdup (ping->error->message);
    case PING_WRONG_ROLE:
      return g_strdup_printf ("the configuration says %s, the server says %s",
                              configuration_get_role (ping->config, ping->name), get_role (ping));
    case PING_LAGS:
      return g_strdup_printf ("%" G_GINT64_FORMAT " bytes, max-lag-bytes is %" G_GINT64_FORMAT, ping->lag,
                              yara_config_get_max_lag (ping->config, ping->name));
    default:
      return NULL;
    }
}

static JsonObject *
make_object (const Ping *ping)
{
  JsonObject *object = json_object_new ();
  const char *id = problem_ids[ping->problem];
  g_autofree char *reason = explain_problem (ping);
  g_autofree char *server = database_name_server (ping->config, ping->name);

  json_object_set_string_member (object, "name", ping->name);
  json_object_set_string_member (object, "backend", configuration_get_backend (ping->config, ping->name));
  json_object_set_string_member (object, "server", server);
  json_object_set_boolean_member (object, "answers", ping->error == NULL);
  if (id != NULL)
    json_object_set_string_member (object, "id", id);
  if (reason != NULL)
    json_object_set_string_member (object, "reason", reason);
  if (ping->error != NULL)
    return object;
  json_object_set_string_member (object, "role", get_role (ping));
  json_object_set_string_member (object, "version", ping->version);
  json_object_set_int_member (object, "connect_us", ping->connect_time);
  json_object_set_int_member (object, "query_us", ping->query_time);
  json_object_set_boolean_member (object, "pooler", ping->pooled);
  if (*get_pooler (ping) != '\0')
    json_object_set_string_member (object, "via", get_pooler (ping));
  if (ping->journal != NULL)
    json_object_set_string_member (object, "journal_mode", ping->journal);
  if (ping->details != NULL)
    json_object_set_string_member (object, "details", ping->details);
  if (ping->lag >= 0)
    json_object_set_int_member (object, "lag_bytes", ping->lag);
  if (ping->lag > 0 && ping->lag_time >= 0)
    json_object_set_double_member (object, "lag_seconds", ping->lag_time);
  if (ping->timeline != NULL)
    json_object_set_int_member (object, "timeline", ping_get_timeline (ping));
  return object;
}

static void
describe_split (Report *report, const GPtrArray *pings)
{
  g_autofree char *timelines = list_timelines (pings);

  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];

      if (ping->problem == PING_SPLIT)
        report_line (report, ping->name, "a primary on timeline %" G_GINT64_FORMAT ", started %s",
                     ping_get_timeline (ping), ping->started);
    }
  report_line (report, "reason", "split brain? timelines %s", timelines);
  report_line (report, "hint", "stop writing to the one with the lower timeline; it was a primary before a promotion");
}

/* Those that have another problem than the worst one: each is told. */
static void
explain_others (Report *report, const GPtrArray *pings, const Ping *worst)
{
  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];
      g_autofree char *reason = explain_problem (ping);

      if (ping != worst && reason != NULL)
        report_line (report, ping->name, "%s: %s", problem_ids[ping->problem], reason);
    }
}

Report *
ping_make_report (const GPtrArray *pings)
{
  const Ping *worst = NULL;
  Report *report;

  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];

      if (ping->problem != PING_GOOD && (worst == NULL || ping->problem == PING_SPLIT))
        worst = worst != NULL && worst->problem == PING_SPLIT ? worst : ping;
    }
  if (worst == NULL)
    return NULL;
  report = report_new (problem_ids[worst->problem]);
  if (worst->problem == PING_SPLIT)
    describe_split (report, pings);
  else
    {
      g_autofree char *reason = explain_problem (worst);

      report_line (report, "name", "%s", worst->name);
      report_line (report, "reason", "%s", reason);
    }
  explain_others (report, pings, worst);
  report_line (report, "help", "yaraorm-cli help %s", report_get_id (report));
  return report;
}

JsonArray *
ping_make_array (const GPtrArray *pings)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < pings->len; i++)
    json_array_add_object_element (array, make_object (pings->pdata[i]));
  return array;
}

int
ping_output (const GPtrArray *pings)
{
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  g_autoptr(Report) report = ping_make_report (pings);
  guint n_answers = 0;

  for (guint i = 0; i < pings->len; i++)
    n_answers += ((const Ping *) pings->pdata[i])->error == NULL;
  json_object_set_array_member (document, "connections", ping_make_array (pings));
  if (output_is_json () && report == NULL)
    output_document_print (document);
  else if (!output_is_json ())
    {
      ping_print_table (pings);
      if (n_answers < pings->len)
        printf ("%u of %u reachable\n", n_answers, pings->len);
      else
        printf ("%s%u reachable\n", pings->len > 1 ? "all " : "", pings->len);
    }
  return report != NULL ? report_print (report, document) : STATUS_DONE;
}
