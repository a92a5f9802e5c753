/* SPDX-License-Identifier: MIT
 * "schema drift": what a new router would leave behind. */
#include <stdio.h>
#include <string.h>

#include "database/database.h"
#include "database/schema.h"
#include "shell/commands.h"
#include "shell/interrupt.h"
#include "shell/output.h"

typedef struct
{
  Schema     schema;
  char      *router;   /* the new one */
  YaraOrm   *next;     /* routed by it */
  JsonArray *moves;    /* {"model","from","to","rows","parts"} */
  guint      n_refused;
} Drift;

static void
drift_clear (Drift *drift)
{
  g_clear_object (&drift->next);
  schema_clear (&drift->schema);
  g_free (drift->router);
  g_clear_pointer (&drift->moves, json_array_unref);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Drift, drift_clear)

/* Whether the table of a model has rows where it is now; a table that is not there has none. */
static gboolean
has_rows (const Drift *drift, const YaraModel *model, gboolean *rows, GError **error)
{
  const YaraModel *const one[] = { model, NULL };
  g_autoptr(GVariant) changes = yara_orm_schema_changes (drift->schema.orm, one, interrupt_get_timed (), error);
  g_autoptr(YaraQuery) query = NULL;
  g_autoptr(GVariant) home_changes = NULL, statements = NULL;
  g_autoptr(YaraOrm) home = NULL;
  const char *first = NULL;

  *rows = FALSE;
  if (changes == NULL)
    return FALSE;
  home_changes = g_variant_get_child_value (changes, 0);
  statements = g_variant_get_child_value (home_changes, 1);
  if (g_variant_n_children (statements) > 0)
    g_variant_get_child (statements, 0, "&s", &first);
  if (first != NULL && g_str_has_prefix (first, "CREATE TABLE"))
    return TRUE;
  query = yara_query_new (model);
  home = yara_orm_using (drift->schema.orm, schema_get_home (drift->schema.orm, model)); /* a standby may lag */
  return yara_orm_exists (home, query, rows, interrupt_get_timed (), error);
}

/* A model that this one refers to by a constraint and that the new router writes elsewhere, or NULL. */
static const char *
find_parted (const Drift *drift, const YaraModel *model)
{
  const char *home = schema_get_home (drift->next, model);

  for (gsize i = 0; i < model->n_fields; i++)
    {
      const YaraModel *target = model->fields[i].references;

      if (target != NULL && !model->fields[i].unconstrained
          && strcmp (schema_get_home (drift->next, target), home) != 0)
        return target->name;
    }
  return NULL;
}

/* Looks at one model; FALSE: a database did not answer. */
static gboolean
look (Drift *drift, const YaraModel *model, GError **error)
{
  const char *from = schema_get_home (drift->schema.orm, model), *to = schema_get_home (drift->next, model);
  const char *parted = find_parted (drift, model);
  gboolean rows = FALSE;
  JsonObject *move;

  if (strcmp (from, to) == 0 && parted == NULL)
    return TRUE;
  if (strcmp (from, to) != 0 && !has_rows (drift, model, &rows, error))
    return FALSE;
  move = json_object_new ();
  json_object_set_string_member (move, "model", model->name);
  json_object_set_string_member (move, "from", from);
  json_object_set_string_member (move, "to", to);
  json_object_set_boolean_member (move, "rows", rows);
  if (parted != NULL)
    json_object_set_string_member (move, "parts", parted);
  json_array_add_object_element (drift->moves, move);
  drift->n_refused += rows || parted != NULL;
  return TRUE;
}

static char *
describe (JsonObject *move)
{
  const char *parts = json_object_get_string_member_with_default (move, "parts", NULL);

  if (parts != NULL)
    return g_strdup_printf ("YO-S006 parted from %s, to which it refers", parts);
  return g_strdup (json_object_get_boolean_member (move, "rows") ? "YO-S006 has rows there" : "empty");
}

static void
print_table (const Drift *drift)
{
  const char *const headings[] = { "MODEL", "WRITTEN ON", "BECOMES", "NOTE", NULL };
  struct libscols_table *table = output_table_new (headings, TRUE);

  for (guint i = 0; i < json_array_get_length (drift->moves); i++)
    {
      JsonObject *move = json_array_get_object_element (drift->moves, i);
      g_autofree char *note = describe (move);
      const char *cells[] = { json_object_get_string_member (move, "model"),
                              json_object_get_string_member (move, "from"),
                              json_object_get_string_member (move, "to"), note, NULL };

      output_table_add (table, cells, 3, *note == 'Y' ? STYLE_RED : STYLE_PLAIN);
    }
  output_table_print (table);
}

static int
show (const Drift *drift)
{
  g_autoptr(JsonObject) document = output_document_new (TRUE);
  g_autoptr(Report) report = NULL;
  guint n_moves = json_array_get_length (drift->moves);

  json_object_set_array_member (document, "moves", json_array_ref (drift->moves));
  if (!output_is_json () && n_moves > 0)
    print_table (drift);
  if (!output_is_json ())
    printf ("%u model%s concerned, %u refused\n", n_moves, n_moves == 1 ? "" : "s", drift->n_refused);
  if (drift->n_refused == 0)
    {
      if (output_is_json ())
        output_document_print (document);
      return STATUS_DONE;
    }
  report = report_new ("YO-S006");
  report_line (report, "router", "%s", drift->router);
  report_line (report, "reason", "%u of %u models", drift->n_refused, n_moves);
  report_line (report, "hint", "copy the rows first, or keep these models where they are");
  return report_print (report, document);
}

int
command_schema_drift (char **arguments)
{
  g_auto(Drift) drift = { .moves = json_array_new () };
  const GOptionEntry entries[] = {
    { "router", 0, 0, G_OPTION_ARG_STRING, &drift.router, "The new router's plugin", "PLUGIN" },
    { NULL }
  };
  g_autoptr(Options) options = options_new ("schema drift", NULL);
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(Report) report = NULL;
  g_autoptr(GError) error = NULL;
  int status;

  options_add (options, entries);
  schema_add_options (&drift.schema, options);
  if (!options_parse (options, &words, &status))
    return status;
  if (drift.router == NULL)
    return options_wrong ("schema drift", "--router PLUGIN is missing");
  if (schema_load (&drift.schema, &report) && schema_open (&drift.schema, &report))
    drift.next = schema_route (&drift.schema, drift.router, &report);
  if (drift.next == NULL)
    return schema_fail (report);
  for (const YaraModel *const *model = drift.schema.models; *model != NULL; model++)
    if (!look (&drift, *model, &error))
      {
        if (!g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
          report = database_report (yara_error_get_connection (error), error);
        return schema_fail (report);
      }
  return show (&drift);
}
