/* SPDX-License-Identifier: MIT
 * The databases of "route swap": a file to be thrown away for each connection, or what the user names; a table for
 * each model on each of them; and what each router answers when nothing disturbs it. */
#include <string.h>

#include "probe/router.h"
#include "routing/swap.h"
#include "shell/configuration.h"

/* Asked so often, a router that takes several connections in turn has named them all. */
#define N_QUESTIONS 10000

static const YaraField row_fields[] = {
  YARA_FIELD (SwapRow, id, .primary_key = true, .natural = true),
  YARA_FIELD (SwapRow, place),
};

/* The URL of a connection: (transfer full). */
static char *
get_url (const SwapOptions *swap, const char *name)
{
  const char *given = swap_options_find_url (swap, name);

  return given != NULL ? g_strdup (given) : g_strdup_printf ("sqlite://%s/%s.db", swap->folder, name);
}

static gboolean
open_connections (SwapWorld *world, const SwapOptions *swap, GError **error)
{
  world->names = router_options_list_connections (&swap->pair.sides[0]);
  world->n_names = g_strv_length (world->names);
  world->connections = g_new0 (YaraConnection *, world->n_names);
  for (guint i = 0; i < world->n_names; i++)
    if (strcmp (world->names[i], "default") == 0)
      {
        g_autofree char *url = get_url (swap, world->names[i]);

        world->orm = yara_orm_open (url, NULL, NULL, error);
      }
  for (guint i = 0; i < world->n_names && world->orm != NULL; i++)
    {
      g_autofree char *url = get_url (swap, world->names[i]);

      if (strcmp (world->names[i], "default") != 0
          && !yara_orm_add_connection (world->orm, world->names[i], url, NULL, error))
        return FALSE;
      world->connections[i] = yara_orm_get_connection (world->orm, world->names[i], error);
    }
  if (world->orm != NULL)
    world->view = probe_router_make_view (world->orm, &swap->pair.sides[0]);
  return world->orm != NULL;
}

/* The connection that the program's own model of this name has. */
static const char *
get_own_connection (YaraConfig *config, const char *name)
{
  const YaraModel *const *models = config != NULL ? yara_config_get_models (config) : NULL;

  for (; models != NULL && *models != NULL; models++)
    if (strcmp ((*models)->name, name) == 0)
      return g_intern_string ((*models)->connection);
  return NULL;
}

/* The models have the names that the routers know, and tables of their own. */
static gboolean
register_models (SwapWorld *world, const SwapOptions *swap, GError **error)
{
  g_autoptr(Report) report = NULL;
  g_autoptr(YaraConfig) config = configuration_load_if_any (&report); /* the parent has found it sound */
  char **names = swap->pair.sides[0].models;
  guint32 number = g_random_int ();

  world->n_models = g_strv_length (names);
  world->models = g_new0 (YaraModel, world->n_models);
  for (guint i = 0; i < world->n_models; i++)
    {
      YaraModel *model = &world->models[i];

      *model = (YaraModel) YARA_MODEL (SwapRow, NULL, row_fields);
      model->name = names[i];
      model->table = g_strdup_printf ("yaraorm_swap_%08x_%u", number, i);
      model->connection = get_own_connection (config, names[i]);
      if (!yara_orm_register (world->orm, model, error))
        return FALSE;
    }
  for (guint i = 0; i < 2; i++)
    world->expected[i] = g_new0 (guint64, 2 * world->n_models);
  return TRUE;
}

/* All tables on all connections, each with a row that tells where it is. */
static gboolean
create_tables (SwapWorld *world, GError **error)
{
  world->has_tables = TRUE;
  for (guint place = 0; place < world->n_names; place++)
    {
      g_autoptr(YaraOrm) orm = yara_orm_using (world->orm, world->names[place]);

      if (!yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, error))
        return FALSE;
      for (guint i = 0; i < world->n_models; i++)
        if (!yara_orm_create (orm, &world->models[i], &(SwapRow) { SWAP_MARK, place }, NULL, error))
          return FALSE;
    }
  return TRUE;
}

gboolean
swap_world_open (SwapWorld *world, const SwapOptions *swap, GError **error)
{
  return open_connections (world, swap, error)
         && register_models (world, swap, error)
         && create_tables (world, error);
}

static void
drop_tables (SwapWorld *world)
{
  for (guint place = 0; place < world->n_names; place++)
    for (guint i = 0; i < world->n_models; i++)
      {
        g_autofree char *sql = g_strdup_printf ("DROP TABLE IF EXISTS %s", world->models[i].table);

        if (world->connections[place] != NULL)
          yara_connection_execute (world->connections[place], sql, NULL, NULL, NULL);
      }
}

void
swap_world_close (SwapWorld *world)
{
  if (world->has_tables)
    drop_tables (world);
  if (world->orm != NULL)
    yara_orm_close (world->orm, NULL, NULL);
  g_clear_object (&world->view);
  g_clear_object (&world->orm);
  for (guint i = 0; i < world->n_models; i++)
    g_free ((char *) world->models[i].table);
  g_free (world->models);
  g_free (world->expected[0]);
  g_free (world->expected[1]);
  g_free (world->connections);
  g_strfreev (world->names);
}

guint
swap_world_find_place (const SwapWorld *world, const char *name)
{
  for (guint i = 0; i < world->n_names; i++)
    if (strcmp (world->names[i], name) == 0)
      return i;
  g_assert_not_reached ();
}

gboolean
swap_world_learn (SwapWorld *world, guint side, GError **error)
{
  for (guint question = 0; question < 2 * world->n_models; question++)
    for (guint i = 0; i < N_QUESTIONS; i++)
      {
        YaraRoute route;

        if (!yara_orm_route (world->view, &world->models[question / 2], question % 2, &route, error))
          return FALSE;
        world->expected[side][question] |=
          G_GUINT64_CONSTANT (1) << swap_world_find_place (world, yara_connection_get_name (route.connection));
      }
  return TRUE;
}
