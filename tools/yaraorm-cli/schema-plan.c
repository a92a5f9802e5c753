/* SPDX-License-Identifier: MIT
 * "schema plan", "schema apply" and "schema show". */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "commands.h"
#include "configuration.h"
#include "database.h"
#include "interrupt.h"
#include "output.h"
#include "schema.h"

/* How long a statement waits for a lock of somebody else, as PostgreSQL has it: a table that is used must not
 * stand still behind a change that waits. */
#define LOCK_TIMEOUT "SET LOCAL lock_timeout = '5s'"

typedef struct
{
  Schema    schema;
  gboolean  exit_code, yes;
  GVariant *changes; /* a(sas) */
  guint     n_statements, n_connections;
} Plan;

static void
plan_clear (Plan *plan)
{
  schema_clear (&plan->schema);
  g_clear_pointer (&plan->changes, g_variant_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

/* The statements for a connection: (transfer container) (nullable): no model is written there. */
static const char **
find_statements (const Plan *plan, const char *name)
{
  GVariantIter iter;
  const char *connection;
  const char **statements;

  g_variant_iter_init (&iter, plan->changes);
  while (g_variant_iter_next (&iter, "(&s^a&s)", &connection, &statements))
    {
      if (strcmp (connection, name) == 0)
        return statements;
      g_free (statements);
    }
  return NULL;
}

/* The models that are written on a connection, "User, Audit": (transfer full). */
static char *
list_models (const Plan *plan, const char *name)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();

  for (const YaraModel *const *model = plan->schema.models; *model != NULL; model++)
    if (strcmp (schema_get_home (plan->schema.orm, *model), name) == 0)
      g_ptr_array_add (names, (char *) (*model)->name);
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
}

static void
count (Plan *plan)
{
  GVariantIter iter;
  char **statements;

  g_variant_iter_init (&iter, plan->changes);
  while (g_variant_iter_next (&iter, "(s^as)", NULL, &statements))
    {
      plan->n_statements += g_strv_length (statements);
      plan->n_connections += statements[0] != NULL;
      g_strfreev (statements);
    }
}

/* Loads everything and compares, or takes the databases for empty. FALSE with the exit code when that went
 * wrong. */
static gboolean
plan_make (Plan *plan, gboolean compares, int *status)
{
  g_autoptr(Report) report = NULL;
  g_autoptr(GError) error = NULL;

  if (schema_load (&plan->schema, &report) && schema_open (&plan->schema, &report))
    plan->changes = compares ? yara_orm_schema_changes (plan->schema.orm, NULL, NULL, &error)
                             : yara_orm_schema_sql (plan->schema.orm, NULL, YARA_SCHEMA_DEFAULT, &error);
  if (error != NULL)
    report = database_report (yara_error_get_connection (error), error);
  if (report != NULL)
    *status = report_print (report, NULL);
  else
    count (plan);
  return report == NULL;
}

static void
print_statements (const Plan *plan)
{
  g_auto(GStrv) names = yara_config_list_connections (plan->schema.config);

  for (char **name = names; *name != NULL; name++)
    {
      g_autofree const char **statements = find_statements (plan, *name);
      g_autofree char *models = list_models (plan, *name);

      printf ("%s  %s   ", *name, configuration_get_backend (plan->schema.config, *name));
      if (statements == NULL)
        puts ("no model writes here");
      else
        printf ("%s%s\n", models, statements[0] == NULL ? "   up to date" : "");
      for (guint i = 0; statements != NULL && statements[i] != NULL; i++)
        {
          g_autofree char *line = g_strconcat ("  + ", statements[i], NULL);

          output_styled (stdout, STYLE_GREEN, line);
          puts ("");
        }
    }
}

static JsonObject *
make_document (const Plan *plan, gboolean applied)
{
  JsonObject *document = output_document_new (TRUE);
  JsonArray *connections = json_array_new ();
  GVariantIter iter;
  const char *name;
  char **statements;

  g_variant_iter_init (&iter, plan->changes);
  while (g_variant_iter_next (&iter, "(&s^as)", &name, &statements))
    {
      JsonObject *connection = json_object_new ();
      JsonArray *array = json_array_new ();

      for (char **statement = statements; *statement != NULL; statement++)
        json_array_add_string_element (array, *statement);
      json_object_set_string_member (connection, "name", name);
      json_object_set_array_member (connection, "statements", array);
      json_array_add_object_element (connections, connection);
      g_strfreev (statements);
    }
  json_object_set_boolean_member (document, "applied", applied);
  json_object_set_array_member (document, "connections", connections);
  return document;
}

/* "2 statements on 1 connection": (transfer full). */
static char *
describe (const Plan *plan)
{
  return g_strdup_printf ("%u statement%s on %u connection%s", plan->n_statements, plan->n_statements == 1 ? "" : "s",
                          plan->n_connections, plan->n_connections == 1 ? "" : "s");
}

static void
show (const Plan *plan, const char *end)
{
  g_autoptr(JsonObject) document = make_document (plan, FALSE);
  g_autofree char *what = describe (plan);

  if (output_is_json ())
    {
      output_document_print (document);
      return;
    }
  print_statements (plan);
  if (plan->n_statements == 0)
    puts ("nothing to do");
  else
    printf ("%s%s\n", what, end);
}

int
command_schema_plan (char **arguments)
{
  g_auto(Plan) plan = { 0 };
  const GOptionEntry entries[] = {
    { "exit-code", 0, 0, G_OPTION_ARG_NONE, &plan.exit_code, "Exit 1 when something is missing", NULL },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("schema plan", NULL);
  g_auto(GStrv) words = g_strdupv (arguments);
  int status;

  options_add (options, entries);
  schema_add_options (&plan.schema, options);
  if (!options_parse (options, &words, &status) || !plan_make (&plan, TRUE, &status))
    return status;
  show (&plan, "; nothing was run");
  return plan.exit_code && plan.n_statements > 0 ? STATUS_NO : STATUS_DONE;
}

int
command_schema_show (char **arguments)
{
  g_auto(Plan) plan = { 0 };
  g_autoptr(Options) options = options_new ("schema show", NULL);
  g_auto(GStrv) words = g_strdupv (arguments);
  int status;

  schema_add_options (&plan.schema, options);
  if (!options_parse (options, &words, &status) || !plan_make (&plan, FALSE, &status))
    return status;
  show (&plan, "");
  return STATUS_DONE;
}

/* ---- applying ---- */

static gboolean
run_statements (YaraTransaction *transaction, gpointer statements, GError **error)
{
  YaraConnection *connection = yara_transaction_get_connection (transaction);

  if (g_strcmp0 (yara_connection_get_backend (connection), "sqlite") != 0
      && yara_connection_execute (connection, LOCK_TIMEOUT, NULL, NULL, error) < 0)
    return FALSE;
  for (const char **statement = statements; *statement != NULL; statement++)
    if (yara_connection_execute (connection, *statement, NULL, interrupt_get (), error) < 0)
      return FALSE;
  return TRUE;
}

/* Everything for one connection, or nothing; the exit code. */
static int
apply_to (const Plan *plan, const char *name, const char **statements, const char *done)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(Report) report = NULL;

  if (yara_orm_in_transaction (plan->schema.orm, name, NULL, run_statements, statements, interrupt_get (), &error))
    return STATUS_DONE;
  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    {
      fprintf (stderr, "interrupted; done: %s\n", *done != '\0' ? done : "nothing");
      return STATUS_INTERRUPTED;
    }
  report = database_report (name, error);
  report_line (report, "done", "%s", *done != '\0' ? done : "nothing");
  return report_print (report, NULL);
}

/* A standby, by its own words, cannot take tables. */
static Report *
check_roles (const Plan *plan)
{
  g_auto(GStrv) names = yara_config_list_connections (plan->schema.config);

  for (char **name = names; *name != NULL; name++)
    {
      g_autofree const char **statements = find_statements (plan, *name);
      YaraConnectionStatus status = { sizeof status };
      Report *report;

      if (statements == NULL || statements[0] == NULL
          || !yara_connection_get_status (database_get (plan->schema.orm, *name), &status)
          || status.role != YARA_ROLE_STANDBY)
        continue;
      report = report_new ("YO-S004");
      report_line (report, "name", "%s", *name);
      report_line (report, "hint", "route writes to the primary; nothing was run anywhere");
      return report;
    }
  return NULL;
}

/* Whether somebody says yes. Without a terminal that is --yes. */
static gboolean
confirm (const Plan *plan, int *status)
{
  g_autofree char *what = describe (plan);
  char line[16] = "";

  *status = STATUS_NO;
  if (plan->yes)
    return TRUE;
  if (!isatty (STDIN_FILENO) || !isatty (STDERR_FILENO))
    {
      g_autoptr(Report) report = report_new ("YO-S005");

      report_line (report, "hint", "yaraorm-cli schema apply --yes");
      *status = report_print (report, NULL);
      return FALSE;
    }
  fprintf (stderr, "Run %s? [y/N] ", what);
  return fgets (line, sizeof line, stdin) != NULL && (line[0] == 'y' || line[0] == 'Y');
}

static int
apply (const Plan *plan)
{
  g_auto(GStrv) names = yara_config_list_connections (plan->schema.config);
  g_autoptr(GString) done = g_string_new (NULL);
  g_autoptr(JsonObject) document = make_document (plan, TRUE);
  int status;

  for (char **name = names; *name != NULL; name++)
    {
      g_autofree const char **statements = find_statements (plan, *name);

      if (statements == NULL || statements[0] == NULL)
        continue;
      status = apply_to (plan, *name, statements, done->str);
      if (status != STATUS_DONE)
        return status;
      g_string_append_printf (done, "%s%s", done->len > 0 ? ", " : "", *name);
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
  const GOptionEntry entries[] = {
    { "yes", 0, 0, G_OPTION_ARG_NONE, &plan.yes, "Do not ask", NULL },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("schema apply", NULL);
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(Report) report = NULL;
  int status;

  options_add (options, entries);
  schema_add_options (&plan.schema, options);
  if (!options_parse (options, &words, &status) || !plan_make (&plan, TRUE, &status))
    return status;
  if (!output_is_json () || plan.n_statements == 0)
    show (&plan, "");
  if (plan.n_statements == 0)
    return STATUS_DONE;
  report = check_roles (&plan);
  if (report != NULL)
    return report_print (report, NULL);
  if (!confirm (&plan, &status))
    return status;
  if (!schema_open_missing (&plan.schema, &report))
    return report_print (report, NULL);
  return apply (&plan);
}
