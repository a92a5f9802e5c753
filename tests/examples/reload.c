/* SPDX-License-Identifier: MIT */
/* reload.c: a daemon that puts another router in force while it serves: change yaraorm.ini, or the plugin that it
 * names, and send SIGHUP. A plugin is tried in another process first; one that is bad is logged and the router
 * before stays. SIGTERM ends the daemon. */
#include <glib-unix.h>
#include <yaraorm/yaraorm.h>

typedef struct { gint64 id; } Visit;

static const YaraField visit_fields[] = { YARA_FIELD (Visit, id, .primary_key = true) };
static const YaraModel visit_model = YARA_MODEL (Visit, "visits", visit_fields);

typedef struct
{
  GMainLoop *loop;
  YaraOrm   *orm;
  YaraQuery *all;
  guint      n_served;
} Daemon;

static void
on_counted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  Daemon *daemon = user_data;

  if (yara_orm_count_finish (YARA_ORM (source), result, &error) >= 0)
    daemon->n_served++;
  else
    g_printerr ("%s\n", error->message);
}

/* What the daemon is there for, all the time. */
static gboolean
serve (gpointer user_data)
{
  Daemon *daemon = user_data;

  yara_orm_count_async (daemon->orm, daemon->all, NULL, on_counted, daemon);
  return G_SOURCE_CONTINUE;
}

/* In the thread that replaced it. */
static void
on_router_changed (YaraOrm *orm, guint64 generation, const char *path, gpointer user_data)
{
  YaraRoute route;

  if (yara_orm_route (orm, &visit_model, YARA_OPERATION_READ, &route, NULL))
    g_print ("router %" G_GUINT64_FORMAT " is in force: visits are read from %s\n", generation,
             yara_connection_get_name (route.connection));
}

static void
on_replaced (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraRouterReceipt) receipt = yara_orm_replace_router_finish (YARA_ORM (source), result, &error);

  if (receipt != NULL)
    g_print ("router %" G_GUINT64_FORMAT " took over from %" G_GUINT64_FORMAT "\n", receipt->generation,
             receipt->old_generation);
  else
    g_print ("the router stays: %s\n", error->message);
}

static gboolean
on_hangup (gpointer user_data)
{
  Daemon *daemon = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraConfig) config = yara_config_load ("yaraorm.ini", NULL, &error);

  if (config != NULL && yara_config_get_rules (config) == NULL)
    yara_orm_replace_router_async (daemon->orm, yara_config_get_plugin (config), yara_config_get_plugin_args (config),
                                   YARA_ROUTER_TRIAL, NULL, on_replaced, daemon);
  else if (config == NULL || !yara_config_set_router (config, daemon->orm, &error)) /* rules are no code */
    g_print ("the router stays: %s\n", error->message);
  return G_SOURCE_CONTINUE;
}

static gboolean
on_terminate (gpointer user_data)
{
  g_main_loop_quit (((Daemon *) user_data)->loop);
  return G_SOURCE_CONTINUE;
}

int
main (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraOrm) orm = yara_orm_open_config ("yaraorm.ini", NULL, NULL, &error);
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  g_autoptr(YaraQuery) all = yara_query_new (&visit_model);
  Daemon daemon = { loop, orm, all, 0 };
  guint ids[3];

  if (orm == NULL || !yara_orm_register (orm, &visit_model, &error) ||
      !yara_orm_generate_schemas (orm, YARA_SCHEMA_SAFE, NULL, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  g_signal_connect (orm, "router-changed", G_CALLBACK (on_router_changed), NULL);
  ids[0] = g_unix_signal_add (SIGHUP, on_hangup, &daemon);
  ids[1] = g_unix_signal_add (SIGTERM, on_terminate, &daemon);
  ids[2] = g_timeout_add (10, serve, &daemon);
  g_print ("serving\n");
  g_main_loop_run (loop);

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    g_source_remove (ids[i]);
  yara_orm_close (orm, NULL, NULL); /* finishes what is in flight */
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_print ("served: %s\n", daemon.n_served > 0 ? "yes" : "no");
  return 0;
}
