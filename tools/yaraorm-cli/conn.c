/* SPDX-License-Identifier: MIT
 * "conn list", "conn ping" and "conn wait". */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "configuration.h"
#include "options.h"
#include "output.h"
#include "ping-output.h"

/* Seconds. */
#define PING_TIMEOUT 5
#define WAIT_TIMEOUT 30

/* Microseconds between two looks of "conn wait". */
#define LOOK_EVERY (G_USEC_PER_SEC / 2)

typedef struct
{
  YaraConfig *config;
  char      **names;   /* that were asked for, or all */
  double      timeout; /* seconds */
  double      watch;   /* seconds, 0: once */
} Conn;

static void
conn_clear (Conn *conn)
{
  yara_config_unref (conn->config);
  g_strfreev (conn->names);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Conn, conn_clear)

/* Parses the command line, loads the configuration and finds the names. FALSE: there is nothing left to do. */
static gboolean
conn_begin (Conn *conn, Options *options, char **arguments, int *status)
{
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(Report) report = NULL;

  if (!options_parse (options, &words, status))
    return FALSE;
  if (conn->timeout <= 0 || conn->timeout > 86400 || conn->watch < 0 || conn->watch > 86400)
    {
      *status = options_wrong (options->command, "seconds are more than 0 and at most 86400");
      return FALSE;
    }
  conn->config = configuration_load (&report);
  for (char **name = words + 1; report == NULL && *name != NULL; name++)
    report = configuration_check_name (conn->config, *name);
  if (report != NULL)
    *status = report_print (report, NULL);
  else
    conn->names = words[1] != NULL ? g_strdupv (words + 1) : yara_config_list_connections (conn->config);
  return report == NULL;
}

int
command_conn_list (char **arguments)
{
  g_auto(Conn) conn = { .timeout = PING_TIMEOUT };
  g_autoptr(Options) options = options_new ("conn list", "[NAME...]");
  int status;

  if (!conn_begin (&conn, options, arguments, &status))
    return status;
  ping_output_list (conn.config, (const char *const *) conn.names);
  return STATUS_DONE;
}

/* One look at all of them, shown; the exit code. */
static int
look (const Conn *conn, gboolean redraw)
{
  const char *const *names = (const char *const *) conn->names;
  g_autoptr(GPtrArray) pings = ping_all (conn->config, names, conn->timeout * G_USEC_PER_SEC);

  if (redraw)
    fputs ("\033[H\033[J", stdout);
  return ping_output (pings);
}

int
command_conn_ping (char **arguments)
{
  g_auto(Conn) conn = { .timeout = PING_TIMEOUT };
  const GOptionEntry entries[] = {
    { "timeout", 0, 0, G_OPTION_ARG_DOUBLE, &conn.timeout, "Seconds to wait for an answer (default: 5)",
      "SECONDS" },
    { "watch", 0, 0, G_OPTION_ARG_DOUBLE, &conn.watch, "Look again every so many seconds, until interrupted",
      "SECONDS" },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("conn ping", "[NAME...]");
  gboolean redraw;
  int status;

  options_add (options, entries);
  if (!conn_begin (&conn, options, arguments, &status))
    return status;
  if (conn.watch > 0 && !isatty (STDOUT_FILENO))
    output_set_json (TRUE);
  redraw = conn.watch > 0 && !output_is_json ();
  status = look (&conn, redraw);
  while (conn.watch > 0 && fflush (stdout) == 0) /* the reader may have gone */
    {
      g_usleep (conn.watch * G_USEC_PER_SEC);
      status = look (&conn, redraw);
    }
  return status;
}

static Report *
report_not_ready (const GPtrArray *pings, double timeout)
{
  Report *report = report_new ("YO-C044");

  report_line (report, "waited", "%g seconds", timeout);
  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];

      if (ping->error != NULL)
        report_line (report, ping->name, "%s", ping->error->message);
    }
  return report;
}

int
command_conn_wait (char **arguments)
{
  g_auto(Conn) conn = { .timeout = WAIT_TIMEOUT };
  const GOptionEntry entries[] = {
    { "timeout", 0, 0, G_OPTION_ARG_DOUBLE, &conn.timeout, "Seconds to wait (default: 30)", "SECONDS" },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("conn wait", "[NAME...]");
  g_autoptr(JsonObject) document = NULL;
  gint64 end;
  int status;

  options_add (options, entries);
  if (!conn_begin (&conn, options, arguments, &status))
    return status;
  end = g_get_monotonic_time () + conn.timeout * G_USEC_PER_SEC;
  for (;;)
    {
      gint64 left = MAX (end - g_get_monotonic_time (), G_USEC_PER_SEC / 10);
      g_autoptr(GPtrArray) pings = ping_all (conn.config, (const char *const *) conn.names, left);
      guint n_silent = 0;

      for (guint i = 0; i < pings->len; i++)
        n_silent += ((const Ping *) pings->pdata[i])->error != NULL;
      if (n_silent == 0)
        break;
      if (g_get_monotonic_time () + LOOK_EVERY >= end)
        {
          g_autoptr(Report) report = report_not_ready (pings, conn.timeout);

          return report_print (report, NULL);
        }
      g_usleep (LOOK_EVERY);
    }
  document = output_document_new (TRUE);
  if (output_is_json ())
    output_document_print (document);
  else
    printf ("%u ready\n", g_strv_length (conn.names));
  return STATUS_DONE;
}
