/* SPDX-License-Identifier: MIT
 * "schema apply": shows the plan, asks, and runs it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "database/database.h"
#include "database/schema-plan.h"
#include "shell/commands.h"
#include "shell/interrupt.h"
#include "shell/output.h"

/* How long a statement waits for a lock of somebody else, as PostgreSQL has it: a table that is used must not
 * stand still behind a change that waits. */
#define LOCK_TIMEOUT "SET LOCAL lock_timeout = '5s'"

/* ---- before it is run ---- */

/* A standby, by its own words, cannot take tables. */
static Report *
check_roles (const Plan *plan)
{
  for (guint i = 0; i < plan->parts->len; i++)
    {
      const PlanPart *part = plan->parts->pdata[i];
      YaraConnectionStatus status = { sizeof status };
      Report *report;

      if (part->statements->len == 0
          || !yara_connection_get_status (database_get (plan->schema.orm, part->name), &status)
          || status.role != YARA_ROLE_STANDBY)
        continue;
      report = report_new ("YO-S004");
      report_line (report, "name", "%s", part->name);
      report_line (report, "hint", "route writes to the primary; nothing was run anywhere");
      return report;
    }
  return NULL;
}

/* "default (db1:5432, database app), cache (cache.db)": where something is to be run: (transfer full). */
static char *
list_places (const Plan *plan)
{
  GString *places = g_string_new (NULL);

  for (guint i = 0; i < plan->parts->len; i++)
    {
      const PlanPart *part = plan->parts->pdata[i];
      g_autofree char *place = database_name_place (plan->schema.config, part->name);

      if (part->statements->len > 0)
        g_string_append_printf (places, "%s%s (%s)", places->len > 0 ? ", " : "", part->name, place);
    }
  return g_string_free (places, FALSE);
}

/* Asks a person; the exit code, STATUS_DONE for yes. */
static int
ask (const Plan *plan, const char *places)
{
  g_autofree char *drops = g_strdup_printf (", %u of them to drop something,", plan->n_drops);
  GPollFD waits[2] = { { STDIN_FILENO, G_IO_IN, 0 } };
  char line[16] = "";

  fflush (stdout);
  fprintf (stderr, "Run %u statement%s%s on %s? [y/N] ", plan->n_statements, plan->n_statements == 1 ? "" : "s",
           plan->n_drops > 0 ? drops : "", places);
  if (g_cancellable_make_pollfd (interrupt_get_timed (), &waits[1]))
    {
      g_poll (waits, 2, -1);
      g_cancellable_release_fd (interrupt_get_timed ());
    }
  if (g_cancellable_is_cancelled (interrupt_get_timed ()))
    {
      fputc ('\n', stderr);
      return interrupt_report ();
    }
  if (fgets (line, sizeof line, stdin) == NULL)
    fputc ('\n', stderr);
  g_strstrip (line);
  if (g_ascii_strcasecmp (line, "y") == 0 || g_ascii_strcasecmp (line, "yes") == 0)
    return STATUS_DONE;
  output_words ("nothing was run");
  return STATUS_NO;
}

/* Whether somebody says yes; the exit code, STATUS_DONE for yes. When nobody can be asked that is an error. */
static int
confirm (const Plan *plan)
{
  g_autofree char *places = list_places (plan), *command = options_repeat ("--yes");
  g_autoptr(JsonObject) document = plan_to_json (plan, FALSE);
  g_autoptr(Report) report = NULL;

  if (options_may_ask ())
    return ask (plan, places);
  report = report_new ("YO-S005");
  report_line (report, "on", "%s", places);
  report_line (report, "hint", "%s", command);
  return report_print (report, document);
}

/* ---- running it ---- */

/* What is run on one connection. */
typedef struct
{
  const PlanPart *part;
  guint           n_run; /* statements that the database has taken; all of them, too, before the first is sent */
} Run;

static gboolean
run_statements (YaraTransaction *transaction, gpointer data, GError **error)
{
  YaraConnection *connection = yara_transaction_get_connection (transaction);
  Run *run = data;

  if (strcmp (run->part->backend, "sqlite") != 0
      && yara_connection_execute (connection, LOCK_TIMEOUT, NULL, NULL, error) < 0)
    return FALSE;
  for (run->n_run = 0; run->n_run < run->part->statements->len; run->n_run++)
    if (yara_connection_execute (connection, run->part->statements->pdata[run->n_run], NULL,
                                 interrupt_get_timed (), error) < 0)
      return FALSE;
  return TRUE;
}

static int
report_failure (const Run *run, const GError *error, const char *done)
{
  const PlanPart *part = run->part;
  g_autoptr(Report) report = database_report (part->name, error);

  if (run->n_run < part->statements->len)
    report_line (report, "at", "%s", (char *) part->statements->pdata[run->n_run]);
  if (*done == '\0')
    report_line (report, "done", "nothing");
  else
    report_line (report, "done", "%s; nothing on %s, there is no transaction over several databases", done, part->name);
  if (run->n_run < part->statements->len && run->n_run >= part->statements->len - part->n_drops
      && strcmp (part->backend, "sqlite") == 0)
    report_line (report, "hint", "SQLite drops no column that a check, a trigger or a view still uses");
  return report_print (report, NULL);
}

/* Everything for one connection, or nothing; the exit code. */
static int
apply_to (const Plan *plan, const PlanPart *part, const char *done)
{
  Run run = { part, part->statements->len };
  g_autoptr(GError) error = NULL;

  if (yara_orm_in_transaction (plan->schema.orm, part->name, NULL, run_statements, &run,
                               interrupt_get_timed (), &error))
    return STATUS_DONE;
  if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return report_failure (&run, error, done);
  output_words ("interrupted; done: %s", *done != '\0' ? done : "nothing");
  return interrupt_report ();
}

static int
apply (const Plan *plan)
{
  g_autoptr(GString) done = g_string_new (NULL);
  g_autoptr(JsonObject) document = plan_to_json (plan, TRUE);
  int status;

  for (guint i = 0; i < plan->parts->len; i++)
    {
      const PlanPart *part = plan->parts->pdata[i];

      if (part->statements->len == 0)
        continue;
      status = apply_to (plan, part, done->str);
      if (status != STATUS_DONE)
        return status;
      g_string_append_printf (done, "%s%s", done->len > 0 ? ", " : "", part->name);
    }
  if (output_is_json ())
    output_document_print (document);
  else
    printf ("done on %s\n", done->str);
  return STATUS_DONE;
}

int
command_schema_apply (char **arguments)
{
  g_auto(Plan) plan = { 0 };
  gboolean yes = FALSE;
  const GOptionEntry entries[] = {
    { "yes", 0, 0, G_OPTION_ARG_NONE, &yes, "Do not ask", NULL },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("schema apply", NULL);
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(Report) report = NULL;
  int status;

  options_add (options, entries);
  plan_add_options (&plan, options);
  if (!options_parse (options, &words, &status) || !plan_make (&plan, TRUE, &status))
    return status;
  if (!output_is_json () || plan.n_statements == 0)
    plan_show (&plan, "");
  if (plan.n_statements == 0)
    return STATUS_DONE;
  report = check_roles (&plan);
  if (report != NULL)
    return report_print (report, NULL);
  status = yes ? STATUS_DONE : confirm (&plan);
  if (status != STATUS_DONE)
    return status;
  if (!schema_open_missing (&plan.schema, &report))
    return schema_fail (report);
  return apply (&plan);
}
