/* SPDX-License-Identifier: MIT
 * Showing what databases have answered. */
#include "ping-output.h"

#include <stdio.h>
#include <string.h>

#include "configuration.h"
#include "errors.h"
#include "output.h"

static const char *const problem_ids[] = {
  [PING_UNREACHABLE] = "YO-C043", [PING_WRONG_ROLE] = "YO-C041", [PING_LAGS] = "YO-C042", [PING_SPLIT] = "YO-C040",
};

/* "db1:5432", "socket" or the name of the file: (transfer full). */
static char *
name_server (YaraConfig *config, const char *name)
{
  const char *url = yara_config_get_url (config, name), *start, *at;
  g_autofree char *body = g_strndup (url, strcspn (url, "?"));

  if (strcmp (configuration_get_backend (config, name), "sqlite") == 0)
    return strstr (body, ":memory:") != NULL ? g_strdup ("memory") : g_path_get_basename (body + strlen ("sqlite:"));
  start = strstr (body, "//");
  at = strrchr (body, '@');
  start = at != NULL ? at + 1 : start != NULL ? start + 2 : "";
  return *start == '\0' || *start == '/' ? g_strdup ("socket") : g_strndup (start, strcspn (start, "/"));
}

void
ping_output_list (YaraConfig *config, const char *const *names)
{
  const char *const headings[] = { "NAME", "BACKEND", "SERVER", "ROLE", NULL };
  struct libscols_table *table = output_table_new (headings, TRUE);
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  JsonArray *array = json_array_new ();

  for (; *names != NULL; names++)
    {
      g_autofree char *server = name_server (config, *names);
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

static const char *
get_role (const Ping *ping)
{
  if (ping->error != NULL)
    return "";
  if (strcmp (configuration_get_backend (ping->config, ping->name), "sqlite") == 0)
    return "rw";
  return configuration_role_name (ping->role);
}

void
ping_print_table (const GPtrArray *pings)
{
  const char *const headings[] = { "NAME", "BACKEND", "SERVER", "ROLE", "VERSION", "CONNECT", "QUERY", "LAG", "VIA",
                                   "NOTE", NULL };
  struct libscols_table *table = output_table_new (headings, TRUE);

  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];
      const char *id = problem_ids[ping->problem];
      g_autofree char *server = name_server (ping->config, ping->name);
      g_autofree char *connect = format_time (ping, ping->connect_time), *query = format_time (ping, ping->query_time);
      g_autofree char *lag = format_lag (ping);
      g_autofree char *note = id != NULL ? g_strdup_printf ("%s %s", id, error_kind_find (id)->title) : g_strdup ("");
      const char *cells[] = { ping->name, configuration_get_backend (ping->config, ping->name), server, get_role (ping),
                              ping->version != NULL ? ping->version : "", connect, query, lag,
                              ping->pooled ? "pooler" : "", note, NULL };

      output_table_add (table, cells, 9, id != NULL ? STYLE_RED : STYLE_PLAIN);
    }
  output_table_print (table);
}

static JsonObject *
make_object (const Ping *ping)
{
  JsonObject *object = json_object_new ();
  const char *id = problem_ids[ping->problem];

  json_object_set_string_member (object, "name", ping->name);
  json_object_set_string_member (object, "backend", configuration_get_backend (ping->config, ping->name));
  json_object_set_boolean_member (object, "answers", ping->error == NULL);
  if (id != NULL)
    json_object_set_string_member (object, "id", id);
  if (ping->error != NULL)
    {
      json_object_set_string_member (object, "reason", ping->error->message);
      return object;
    }
  json_object_set_string_member (object, "role", get_role (ping));
  json_object_set_string_member (object, "version", ping->version);
  json_object_set_int_member (object, "connect_us", ping->connect_time);
  json_object_set_int_member (object, "query_us", ping->query_time);
  json_object_set_boolean_member (object, "pooler", ping->pooled);
  if (ping->lag >= 0)
    json_object_set_int_member (object, "lag_bytes", ping->lag);
  if (ping->lag > 0 && ping->lag_time >= 0)
    json_object_set_double_member (object, "lag_seconds", ping->lag_time);
  if (ping->timeline != NULL)
    json_object_set_int_member (object, "timeline", g_ascii_strtoll (ping->timeline, NULL, 16));
  return object;
}

static void
describe_split (Report *report, const GPtrArray *pings)
{
  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];

      if (ping->problem == PING_SPLIT)
        report_line (report, ping->name, "a primary on timeline %" G_GINT64_FORMAT ", started %s",
                     g_ascii_strtoll (ping->timeline, NULL, 16), ping->started);
    }
  report_line (report, "hint", "stop writing to the one with the lower timeline; it was a primary before a promotion");
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
    report_line (report, "name", "%s", worst->name);
  if (worst->problem == PING_UNREACHABLE)
    report_line (report, "reason", "%s", worst->error->message);
  else if (worst->problem == PING_WRONG_ROLE)
    report_line (report, "reason", "the configuration says %s, the server says %s",
                 configuration_get_role (worst->config, worst->name), get_role (worst));
  else if (worst->problem == PING_LAGS)
    report_line (report, "reason", "%" G_GINT64_FORMAT " bytes, max-lag-bytes is %" G_GINT64_FORMAT, worst->lag,
                 yara_config_get_max_lag (worst->config, worst->name));
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
      printf ("%u of %u reachable\n", n_answers, pings->len);
    }
  return report != NULL ? report_print (report, document) : STATUS_DONE;
}
