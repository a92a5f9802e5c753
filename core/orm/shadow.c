/* SPDX-License-Identifier: MIT
 * The public side of the shadow router. */
#include "orm/engine.h"

#include "orm/threaded.h"

gboolean
yara_orm_set_shadow_router (YaraOrm *orm, const char *path, const char *args, GCancellable *cancellable,
                            GError **error)
{
  g_return_val_if_fail (YARA_IS_ORM (orm), FALSE);

  return !g_cancellable_set_error_if_cancelled (cancellable, error) &&
         yara_routes_set_shadow (orm->engine->routes, path, args, error);
}

static gpointer
set_threaded (gpointer orm, const char *path, const char *args, GCancellable *cancellable, GError **error)
{
  return yara_orm_set_shadow_router (orm, path, args, cancellable, error) ? orm : NULL;
}

void
yara_orm_set_shadow_router_async (YaraOrm *orm, const char *path, const char *args, GCancellable *cancellable,
                                  GAsyncReadyCallback callback, gpointer user_data)
{
  g_return_if_fail (YARA_IS_ORM (orm));

  yara_run_threaded (yara_orm_set_shadow_router_async, set_threaded, NULL, orm, path, args, cancellable, callback,
                     user_data);
}

gboolean
yara_orm_set_shadow_router_finish (YaraOrm *orm, GAsyncResult *result, GError **error)
{
  return yara_finish_threaded (yara_orm_set_shadow_router_async, orm, result, error) != NULL;
}

/* ---- the report ---- */

typedef struct
{
  const char *model;
  const char *operation;
  const char *from;
  const char *to;
  guint64     count;
} Difference;

typedef struct
{
  guint64 n_decisions;
  guint64 n_different;
  GArray *differences;
} Report;

static const char *
name_connection (gconstpointer connection)
{
  return connection != NULL ? yara_connection_get_name ((YaraConnection *) connection) : "";
}

static void
take (const YaraTallyKey *key, guint64 generation, const guint64 counts[2], gpointer data)
{
  Report    *report = data;
  Difference difference = {
    .model = ((const YaraModel *) key->what[0])->name,
    .operation = key->kind == YARA_OPERATION_READ ? "read" : "write",
    .from = name_connection (key->what[1]),
    .to = name_connection (key->what[2]),
    .count = counts[0],
  };

  report->n_decisions += counts[0];
  if (key->what[1] == key->what[2])
    return;
  report->n_different += counts[0];
  g_array_append_val (report->differences, difference);
}

static int
compare (gconstpointer a, gconstpointer b)
{
  const Difference *first = a, *second = b;
  int               order = strcmp (first->model, second->model);

  if (order == 0)
    order = strcmp (first->operation, second->operation);
  if (order == 0)
    order = strcmp (first->from, second->from);
  if (order == 0)
    order = strcmp (first->to, second->to);
  return order;
}

GVariant *
yara_orm_get_shadow_report (YaraOrm *orm)
{
  g_autoptr (GArray) differences = g_array_new (FALSE, FALSE, sizeof (Difference));
  Report             report = { .differences = differences };
  GVariantBuilder    builder;

  g_return_val_if_fail (YARA_IS_ORM (orm), NULL);

  if (!yara_routes_ask_shadow (orm->engine->routes, take, &report))
    return NULL;
  g_array_sort (differences, compare);
  g_variant_builder_init (&builder, G_VARIANT_TYPE ("a(sssst)"));
  for (guint i = 0; i < differences->len; i++)
    {
      const Difference *difference = &g_array_index (differences, Difference, i);

      g_variant_builder_add (&builder, "(sssst)", difference->model, difference->operation, difference->from,
                             difference->to, difference->count);
    }
  return g_variant_ref_sink (g_variant_new ("(tta(sssst))", report.n_decisions, report.n_different, &builder));
}
