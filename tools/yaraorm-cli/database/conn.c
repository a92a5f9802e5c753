/* SPDX-License-Identifier: MIT
 * "conn list", "conn ping" and "conn wait". */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "database/ping-output.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/options.h"
#include "shell/output.h"

/* Microseconds. */
#define PING_TIMEOUT (5 * G_USEC_PER_SEC)
#define WAIT_TIMEOUT (30 * G_USEC_PER_SEC)
#define LOOK_EVERY   (G_USEC_PER_SEC / 2) /* of "conn wait" */

typedef struct
{
  YaraConfig *config;
  char      **names;   /* that were asked for, or all */
  char       *watch;   /* --watch */
  double      every;   /* seconds, 0: once */
  char      **wanted;  /* --for */
} Conn;

static void
conn_clear (Conn *conn)
{
  yara_config_unref (conn->config);
  g_strfreev (conn->names);
  g_free (conn->watch);
  g_strfreev (conn->wanted);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Conn, conn_clear)

static void
add_once (GPtrArray *names, const char *name)
{
  if (!g_ptr_array_find_with_equal_func (names, name, g_str_equal, NULL))
    g_ptr_array_add (names, g_strdup (name));
}

/* The names of the arguments and of --for: (transfer full); NULL: all of them. */
static char **
list_wanted (const Conn *conn, char **arguments)
{
  GPtrArray *names;

  if (conn->wanted == NULL && *arguments == NULL)
    return NULL;
  if (conn->wanted != NULL && g_strv_contains ((const char *const *) conn->wanted, "all"))
    return NULL;
  names = g_ptr_array_new ();
  for (char **name = conn->wanted; name != NULL && *name != NULL; name++)
    add_once (names, *name);
  for (; *arguments != NULL; arguments++)
    add_once (names, *arguments);
  g_ptr_array_add (names, NULL);
  return (char **) g_ptr_array_free (names, FALSE);
}

/* Parses the command line, loads the configuration and finds the names. FALSE: there is nothing left to do. */
static gboolean
conn_begin (Conn *conn, Options *options, char **arguments, int *status)
{
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(Report) report = NULL;

  if (!options_parse (options, &words, status))
    return FALSE;
  if (conn->watch != NULL && !(options_parse_time (conn->watch, 1, &conn->every)
                               && conn->every > 0 && conn->every <= 86400))
    {
      *status = options_wrong (options->command, "--watch %s is not a time of more than 0 and at most 1d, as in 1s",
                               conn->watch);
      return FALSE;
    }
  conn->config = configuration_load (&report);
  if (report == NULL)
    conn->names = list_wanted (conn, words + 1);
  for (char **name = conn->names; report == NULL && name != NULL && *name != NULL; name++)
    report = configuration_check_name (conn->config, *name);
  if (report != NULL)
    *status = report_print (report, NULL);
  else if (conn->names == NULL)
    conn->names = yara_config_list_connections (conn->config);
  return report == NULL;
}

int
command_conn_list (char **arguments)
{
  g_auto(Conn) conn = { NULL };
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
  g_autoptr(GPtrArray) pings = ping_all (conn->config, names, FALSE, options_get_timeout (PING_TIMEOUT));

  if (redraw)
    fputs ("\033[H\033[J", stdout);
  return ping_output (pings);
}

int
command_conn_ping (char **arguments)
{
  g_auto(Conn) conn = { NULL };
  const GOptionEntry entries[] = {
    { "watch", 0, 0, G_OPTION_ARG_STRING, &conn.watch, "Look again and again, as in 1s, until interrupted", "TIME" },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("conn ping", "[NAME...]");
  gboolean redraw;
  int status;

  options_add (options, entries);
  if (!conn_begin (&conn, options, arguments, &status))
    return status;
  if (conn.every > 0 && !isatty (STDOUT_FILENO) && output_get_format () == FORMAT_TABLE)
    output_set_format (FORMAT_JSON);
  redraw = conn.every > 0 && output_get_format () == FORMAT_TABLE && g_strcmp0 (g_getenv ("TERM"), "dumb") != 0;
  status = look (&conn, redraw);
  while (conn.every > 0 && fflush (NULL) == 0) /* the reader may have gone */
    {
      g_usleep (conn.every * G_USEC_PER_SEC);
      status = look (&conn, redraw);
    }
  return status;
}

static Report *
report_not_ready (const GPtrArray *pings, gint64 timeout)
{
  Report *report = report_new ("YO-C044");

  report_line (report, "waited", "%g s", (double) timeout / G_USEC_PER_SEC);
  for (guint i = 0; i < pings->len; i++)
    {
      const Ping *ping = pings->pdata[i];

      if (ping->error != NULL)
        report_line (report, ping->name, "%s", ping->error->message);
    }
  return report;
}

/* Looks again and again until all have answered; the error when the time is over: (transfer full). */
static Report *
wait_for (const Conn *conn, gint64 timeout)
{
  gint64 end = g_get_monotonic_time () + timeout;

  for (;;)
    {
      gint64 left = MAX (end - g_get_monotonic_time (), G_USEC_PER_SEC / 10);
      g_autoptr(GPtrArray) pings = ping_all (conn->config, (const char *const *) conn->names, FALSE, left);
      guint n_silent = 0;

      for (guint i = 0; i < pings->len; i++)
        n_silent += ((const Ping *) pings->pdata[i])->error != NULL;
      if (n_silent == 0)
        return NULL;
      if (g_get_monotonic_time () + LOOK_EVERY >= end)
        return report_not_ready (pings, timeout);
      output_progress ("waiting for %u of %u", n_silent, pings->len);
      g_usleep (LOOK_EVERY);
    }
}

int
command_conn_wait (char **arguments)
{
  g_auto(Conn) conn = { NULL };
  const GOptionEntry entries[] = {
    { "for", 0, 0, G_OPTION_ARG_STRING_ARRAY, &conn.wanted, "all (the default), or a NAME; may be repeated",
      "all|NAME" },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("conn wait", "[NAME...]");
  g_autoptr(JsonObject) document = NULL;
  g_autoptr(Report) report = NULL;
  int status;

  options_add (options, entries);
  if (!conn_begin (&conn, options, arguments, &status))
    return status;
  report = wait_for (&conn, options_get_timeout (WAIT_TIMEOUT));
  output_progress_clear ();
  if (report != NULL)
    return report_print (report, NULL);
  document = output_document_new (TRUE);
  if (output_is_json ())
    output_document_print (document);
  else
    printf ("%u ready\n", g_strv_length (conn.names));
  return STATUS_DONE;
}
