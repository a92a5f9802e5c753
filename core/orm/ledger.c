/* SPDX-License-Identifier: MIT
 * The ledger: statements by model, operation, connection, reason and generation. */
#include "orm/engine.h"

void
yara_engine_count (YaraEngine *engine, const YaraModelInfo *model, YaraOperation operation,
                   const YaraDecision *decision, gboolean failed)
{
  YaraTallyKey key = { { model, decision->connection, NULL }, operation | decision->reason << 1 };

  yara_tally_add (&engine->ledger, &key, decision->generation, failed);
}

typedef struct
{
  const char *model; /* "": raw SQL, schemas */
  const char *operation;
  const char *connection;
  const char *reason;
  guint64     generation;
  guint64     n_statements;
  guint64     n_failures;
} Line;

static void
append_line (const YaraTallyKey *key, guint64 generation, const guint64 counts[2], gpointer lines)
{
  const YaraModelInfo *model = key->what[0];
  Line                 line = {
                    .model = model != NULL ? model->name : "",
                    .operation = (key->kind & 1) == YARA_OPERATION_READ ? "read" : "write",
                    .connection = yara_connection_get_name ((YaraConnection *) key->what[1]),
                    .reason = yara_route_reason_get_name (key->kind >> 1),
                    .generation = generation,
                    .n_statements = counts[0] + counts[1],
                    .n_failures = counts[1],
  };

  g_array_append_val (lines, line);
}

static int
compare_lines (gconstpointer a, gconstpointer b)
{
  const Line *first = a, *second = b;
  int         order = strcmp (first->model, second->model);

  if (order == 0)
    order = strcmp (first->operation, second->operation);
  if (order == 0)
    order = strcmp (first->connection, second->connection);
  if (order == 0)
    order = strcmp (first->reason, second->reason);
  if (order == 0)
    order = (first->generation > second->generation) - (first->generation < second->generation);
  return order;
}

static GArray *
list_lines (YaraEngine *engine)
{
  GArray *lines = g_array_new (FALSE, FALSE, sizeof (Line));

  yara_tally_foreach (&engine->ledger, append_line, lines);
  g_array_sort (lines, compare_lines);
  return lines;
}

GVariant *
yara_orm_get_ledger (YaraOrm *orm)
{
  g_autoptr (GArray) lines = NULL;
  GVariantBuilder    builder;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  lines = list_lines (orm->engine);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(ssssttt)"));
  for (guint i = 0; i < lines->len; i++)
    {
      const Line *line = &g_array_index (lines, Line, i);

      g_variant_builder_add (&builder, "(ssssttt)", line->model, line->operation, line->connection, line->reason,
                             line->generation, line->n_statements, line->n_failures);
    }
  return g_variant_ref_sink (g_variant_builder_end (&builder));
}

/* ---- OpenMetrics ---- */

static void
append_sample (GString *text, const char *name, const Line *line, guint64 count)
{
  g_string_append_printf (text, "%s_total{model=\"", name);
  for (const char *c = line->model; *c != '\0'; c++) /* of the other words none needs it */
    {
      if (*c == '"' || *c == '\\')
        g_string_append_c (text, '\\');
      g_string_append_c (text, *c);
    }
  g_string_append_printf (text, "\",operation=\"%s\",connection=\"%s\",reason=\"%s\",", line->operation,
                          line->connection, line->reason);
  if (line->generation == YARA_TALLY_OLDER)
    g_string_append (text, "generation=\"older\"} ");
  else
    g_string_append_printf (text, "generation=\"%" G_GUINT64_FORMAT "\"} ", line->generation);
  g_string_append_printf (text, "%" G_GUINT64_FORMAT "\n", count);
}

char *
yara_orm_get_ledger_text (YaraOrm *orm)
{
  g_autoptr (GArray) lines = NULL;
  GString           *text;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  lines = list_lines (orm->engine);
  text = g_string_new ("# TYPE yaraorm_statements counter\n"
                       "# HELP yaraorm_statements Statements that were executed.\n");
  for (guint i = 0; i < lines->len; i++)
    append_sample (text, "yaraorm_statements", &g_array_index (lines, Line, i),
                   g_array_index (lines, Line, i).n_statements);
  g_string_append (text, "# TYPE yaraorm_statement_failures counter\n"
                         "# HELP yaraorm_statement_failures Those of them that failed.\n");
  for (guint i = 0; i < lines->len; i++)
    append_sample (text, "yaraorm_statement_failures", &g_array_index (lines, Line, i),
                   g_array_index (lines, Line, i).n_failures);
  g_string_append (text, "# EOF\n");
  return g_string_free (text, FALSE);
}
