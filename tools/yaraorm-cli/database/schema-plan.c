/* SPDX-License-Identifier: MIT
 * "schema plan" and "schema show". */
#include "database/schema-plan.h"

#include <stdio.h>
#include <string.h>

#include "database/database.h"
#include "shell/commands.h"
#include "shell/configuration.h"
#include "shell/interrupt.h"
#include "shell/output.h"

static void
part_free (PlanPart *part)
{
  g_free (part->name);
  g_free (part->models);
  g_ptr_array_unref (part->statements);
  g_ptr_array_unref (part->kept);
  g_free (part);
}

void
plan_clear (Plan *plan)
{
  schema_clear (&plan->schema);
  g_clear_pointer (&plan->parts, g_ptr_array_unref);
}

void
plan_add_options (Plan *plan, Options *options)
{
  const GOptionEntry entries[] = {
    { "allow-drop", 0, 0, G_OPTION_ARG_NONE, &plan->allow_drop, "Drop columns and indexes that no model has", NULL },
    { NULL }
  };

  options_add (options, entries);
  schema_add_options (&plan->schema, options);
}

/* ---- making it ---- */

/* The models that are written on a connection, "User, Audit": (transfer full), NULL when there is none. */
static char *
list_models (const Schema *schema, const char *name)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();

  for (const YaraModel *const *model = schema->models; *model != NULL; model++)
    if (strcmp (schema_get_home (schema->orm, *model), name) == 0)
      g_ptr_array_add (names, (char *) (*model)->name);
  if (names->len == 0)
    return NULL;
  g_ptr_array_add (names, NULL);
  return g_strjoinv (", ", (char **) names->pdata);
}

static void
make_parts (Plan *plan)
{
  g_auto(GStrv) names = yara_config_list_connections (plan->schema.config);

  plan->parts = g_ptr_array_new_with_free_func ((GDestroyNotify) part_free);
  for (char **name = names; *name != NULL; name++)
    {
      PlanPart *part = g_new0 (PlanPart, 1);

      part->name = g_strdup (*name);
      part->backend = configuration_get_backend (plan->schema.config, *name);
      part->models = list_models (&plan->schema, *name);
      part->statements = g_ptr_array_new_with_free_func (g_free);
      part->kept = g_ptr_array_new_with_free_func (g_free);
      g_ptr_array_add (plan->parts, part);
    }
}

static PlanPart *
find_part (const Plan *plan, const char *name)
{
  for (guint i = 0; i < plan->parts->len; i++)
    if (strcmp (((PlanPart *) plan->parts->pdata[i])->name, name) == 0)
      return plan->parts->pdata[i];
  g_assert_not_reached ();
}

/* `changes`: a(sas). */
static void
take_changes (Plan *plan, GVariant *changes)
{
  GVariantIter iter;
  const char *name;
  char **statements;

  g_variant_iter_init (&iter, changes);
  while (g_variant_iter_next (&iter, "(&s^as)", &name, &statements))
    {
      PlanPart *part = find_part (plan, name);

      for (char **statement = statements; *statement != NULL; statement++)
        g_ptr_array_add (part->statements, *statement);
      g_free (statements);
    }
}

/* `surplus`: a(sssss). */
static void
take_surplus (Plan *plan, GVariant *surplus)
{
  GVariantIter iter;
  const char *connection, *kind, *table, *name, *statement;

  g_variant_iter_init (&iter, surplus);
  while (g_variant_iter_next (&iter, "(&s&s&s&s&s)", &connection, &kind, &table, &name, &statement))
    {
      PlanPart *part = find_part (plan, connection);
      gboolean drops = plan->allow_drop && *statement != '\0';

      if (drops)
        g_ptr_array_add (part->statements, g_strdup (statement));
      else
        g_ptr_array_add (part->kept, g_strdup_printf ("%s \"%s\" of \"%s\" is not in the model; kept%s", kind, name, table,
                                                      *statement != '\0' ? "" : ", it cannot be dropped alone"));
      part->n_drops += drops;
      plan->keeps |= !drops && *statement != '\0';
    }
}

static void
count (Plan *plan)
{
  for (guint i = 0; i < plan->parts->len; i++)
    {
      const PlanPart *part = plan->parts->pdata[i];

      plan->n_statements += part->statements->len;
      plan->n_drops += part->n_drops;
      plan->n_connections += part->statements->len > 0;
    }
}

static gboolean
compare (Plan *plan, gboolean compares, GVariant **changes, GVariant **surplus, Report **report)
{
  YaraOrm *orm = plan->schema.orm;
  g_autoptr(GError) error = NULL;

  if (!compares)
    *changes = yara_orm_schema_sql (orm, NULL, YARA_SCHEMA_DEFAULT, &error);
  else
    {
      *changes = yara_orm_schema_changes (orm, NULL, interrupt_get_timed (), &error);
      if (*changes != NULL)
        *surplus = yara_orm_schema_surplus (orm, NULL, interrupt_get_timed (), &error);
    }
  if (error != NULL && !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    *report = database_report (yara_error_get_connection (error), error);
  return error == NULL;
}

gboolean
plan_make (Plan *plan, gboolean compares, int *status)
{
  g_autoptr(Report) report = NULL;
  g_autoptr(GVariant) changes = NULL, surplus = NULL;

  if (!schema_load (&plan->schema, &report) || !schema_open (&plan->schema, &report)
      || !compare (plan, compares, &changes, &surplus, &report))
    {
      *status = schema_fail (report);
      return FALSE;
    }
  make_parts (plan);
  take_changes (plan, changes);
  if (surplus != NULL)
    take_surplus (plan, surplus);
  count (plan);
  return TRUE;
}

/* ---- showing it ---- */

static void
print_line (Style style, const char *mark, const char *text)
{
  g_autofree char *line = g_strconcat ("  ", mark, " ", text, NULL);

  output_styled (stdout, style, line);
  puts ("");
}

static void
print_parts (const Plan *plan)
{
  int name_width = 0, backend_width = 0;

  for (guint i = 0; i < plan->parts->len; i++)
    {
      const PlanPart *part = plan->parts->pdata[i];

      name_width = MAX (name_width, (int) strlen (part->name));
      backend_width = MAX (backend_width, (int) strlen (part->backend));
    }
  for (guint i = 0; i < plan->parts->len; i++)
    {
      const PlanPart *part = plan->parts->pdata[i];
      guint n_additions = part->statements->len - part->n_drops;

      printf ("%-*s  %-*s   %s%s\n", name_width, part->name, backend_width, part->backend,
              part->models != NULL ? part->models : "no model writes here",
              part->models != NULL && part->statements->len == 0 ? "   up to date" : "");
      for (guint j = 0; j < part->statements->len; j++)
        if (j < n_additions)
          print_line (STYLE_GREEN, "+", part->statements->pdata[j]);
        else
          print_line (STYLE_RED, "-", part->statements->pdata[j]);
      for (guint j = 0; j < part->kept->len; j++)
        print_line (STYLE_YELLOW, "!", part->kept->pdata[j]);
    }
}

static JsonArray *
make_array (const GPtrArray *texts)
{
  JsonArray *array = json_array_new ();

  for (guint i = 0; i < texts->len; i++)
    json_array_add_string_element (array, texts->pdata[i]);
  return array;
}

JsonObject *
plan_to_json (const Plan *plan, gboolean applied)
{
  JsonObject *document = output_document_new (TRUE);
  JsonArray *connections = json_array_new ();

  for (guint i = 0; i < plan->parts->len; i++)
    {
      const PlanPart *part = plan->parts->pdata[i];
      JsonObject *connection = json_object_new ();

      if (part->models == NULL)
        {
          json_object_unref (connection);
          continue;
        }
      json_object_set_string_member (connection, "name", part->name);
      json_object_set_string_member (connection, "backend", part->backend);
      json_object_set_array_member (connection, "statements", make_array (part->statements));
      json_object_set_array_member (connection, "kept", make_array (part->kept));
      json_array_add_object_element (connections, connection);
    }
  json_object_set_boolean_member (document, "applied", applied);
  json_object_set_array_member (document, "connections", connections);
  return document;
}

void
plan_show (const Plan *plan, const char *end)
{
  g_autoptr(JsonObject) document = plan_to_json (plan, FALSE);

  if (output_is_json ())
    {
      output_document_print (document);
      return;
    }
  print_parts (plan);
  if (plan->n_statements == 0)
    puts ("nothing to do");
  else
    printf ("%u statement%s on %u connection%s%s\n", plan->n_statements, plan->n_statements == 1 ? "" : "s",
            plan->n_connections, plan->n_connections == 1 ? "" : "s", end);
  if (plan->keeps)
    output_words ("hint: --allow-drop drops what no model has");
}

/* ---- the commands ---- */

int
command_schema_plan (char **arguments)
{
  g_auto(Plan) plan = { 0 };
  gboolean exit_code = FALSE;
  const GOptionEntry entries[] = {
    { "exit-code", 0, 0, G_OPTION_ARG_NONE, &exit_code, "Exit 1 when something is to be done", NULL },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("schema plan", NULL);
  g_auto(GStrv) words = g_strdupv (arguments);
  int status;

  options_add (options, entries);
  plan_add_options (&plan, options);
  if (!options_parse (options, &words, &status) || !plan_make (&plan, TRUE, &status))
    return status;
  plan_show (&plan, "; nothing was run");
  return exit_code && plan.n_statements > 0 ? STATUS_NO : STATUS_DONE;
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
  plan_show (&plan, "");
  return STATUS_DONE;
}
