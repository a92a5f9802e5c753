/* SPDX-License-Identifier: MIT
 * A router inside the child: loading it, and asking it one question with open eyes. */
#include "probe/router.h"

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "probe/child.h"
#include "probe/models.h"
#include "shell/configuration.h"

/* Milliseconds for loading and for unloading. */
#define LOAD_LIMIT 2000

/* Bytes of the longest name of a connection. */
#define LONGEST 63

/* How far below the caller's frame an address is still taken for the stack of a call that ended. */
#define STACK_DEPTH (1 << 20)

const char *
probe_function_name (YaraOperation operation)
{
  return operation == YARA_OPERATION_READ ? "db_for_read" : "db_for_write";
}

typedef struct
{
  gint64 id;
} Row;

/* What the program's models are, when somebody has told. */
static YaraConfig *config;

static const YaraField row_fields[] = { YARA_FIELD (Row, id, .primary_key = true) };

const YaraModel *
probe_model_new (const char *name)
{
  const YaraModel *known = probe_models_find (name);
  YaraModel *model;

  if (known != NULL)
    return known;
  model = g_new (YaraModel, 1);
  *model = (YaraModel) YARA_MODEL (Row, g_utf8_strdown (name, -1), row_fields);
  model->name = g_strdup (name);
  probe_models_add ((const YaraModel *const[]) { model, NULL });
  return model;
}

char *
probe_model_describe (const YaraModel *model)
{
  gsize length = strlen (model->name);

  if (length > 63)
    return g_strdup_printf ("a name of %" G_GSIZE_FORMAT " bytes", length);
  return g_strdup_printf ("\"%s\"", model->name);
}

static YaraConfig *
load_rules (const RouterOptions *router, GError **error)
{
  return yara_config_load (router_options_is_rule_file (router->plugin) ? router->plugin : options_get_config (),
                           options_get_set (), error);
}

gboolean
probe_router_put_in_force (const RouterOptions *router, YaraOrm *orm, GError **error)
{
  g_autoptr(YaraConfig) rules = router->rules ? load_rules (router, error) : NULL;

  if (!router->rules)
    return yara_orm_set_router (orm, router->plugin, router->args, NULL, error);
  return rules != NULL && yara_config_set_router (rules, orm, error);
}

/* The parent has found the configuration sound, or there is none. */
static void
load_config (const RouterOptions *options)
{
  g_autoptr(Report) report = NULL;

  config = options->rules ? load_rules (options, NULL) : configuration_load_if_any (&report);
  if (config != NULL)
    probe_models_add (yara_config_get_models (config));
}

YaraConfig *
probe_router_get_config (void)
{
  return config;
}

YaraOrm *
probe_router_open_orm (const RouterOptions *options, GError **error)
{
  g_auto(GStrv) names = router_options_list_connections (options);
  YaraOrm *orm = yara_orm_open ("sqlite::memory:", NULL, NULL, error);

  load_config (options);
  for (char **name = names; orm != NULL && *name != NULL; name++)
    if (strcmp (*name, "default") != 0
        && !yara_orm_add_connection (orm, *name, "sqlite::memory:", NULL, error))
      g_clear_object (&orm);
  return orm;
}

YaraOrm *
probe_router_make_view (YaraOrm *orm, const RouterOptions *options)
{
  const char *const none[] = { NULL };

  return yara_orm_with_hints (orm, options->hints != NULL ? (const char *const *) options->hints : none);
}

/* Waits until the library has unloaded its copy, so that router_close has run. The parent's limit
 * ends it when that never happens. */
static void
wait_for_unload (YaraOrm *orm)
{
  for (guint retired = 1; retired > 0; g_usleep (500))
    {
      g_autoptr(YaraRouterInfo) info = yara_orm_get_router_info (orm);

      retired = info->retired;
    }
}

/* Loads the plugin through the library, which checks everything, and unloads it again. */
static gboolean
load_checked (ProbeRouter *router, const RouterOptions *options, GError **error)
{
  g_autoptr(YaraRouterInfo) info = NULL;
  gint64 start = g_get_monotonic_time ();

  if (!yara_orm_set_router (router->orm, options->plugin, options->args, NULL, error))
    return FALSE;
  router->load_time = g_get_monotonic_time () - start;
  info = yara_orm_get_router_info (router->orm);
  router->path = g_strdup (info->path);
  router->sha256 = g_strdup (info->sha256);

  probe_at (LOAD_LIMIT, "unloading");
  if (!yara_orm_set_router (router->orm, NULL, NULL, NULL, error))
    return FALSE;
  wait_for_unload (router->orm);
  return TRUE;
}

/* Loads the same file as a module. */
static gboolean
load_bare (ProbeRouter *router, const RouterOptions *options, GError **error)
{
  int (*open) (const char *args, char *message, size_t size) = NULL;
  GModule *module = g_module_open_full (router->path, G_MODULE_BIND_LOCAL, error);
  char message[256] = "";

  if (module == NULL)
    return FALSE;
  for (YaraOperation operation = YARA_OPERATION_READ; operation <= YARA_OPERATION_WRITE; operation++)
    if (!g_module_symbol (module, probe_function_name (operation), (gpointer *) &router->ask[operation]))
      {
        g_set_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_MISSING_SYMBOL,
                     "the file was replaced while it was looked at; try again");
        return FALSE;
      }
  if (!g_module_symbol (module, "router_open", (gpointer *) &open)
      || open (options->args != NULL ? options->args : "", message, sizeof message) == 0)
    return TRUE;
  g_set_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_REFUSED,
               "router_open said no the second time: %s", message);
  return FALSE;
}

gboolean
probe_router_load (ProbeRouter *router, const RouterOptions *options)
{
  g_autoptr(GError) error = NULL;

  router->call_limit = router_options_get_deadline (options);
  probe_at (LOAD_LIMIT, "loading");
  router->orm = probe_router_open_orm (options, &error);
  if (router->orm != NULL && options->rules && yara_config_set_router (config, router->orm, &error))
    return TRUE;
  if (router->orm != NULL && !options->rules && load_checked (router, options, &error))
    {
      probe_at (LOAD_LIMIT, "loading");
      if (load_bare (router, options, &error))
        return TRUE;
    }
  probe_refuse (error);
  return FALSE;
}

static gboolean
is_same_mask (const sigset_t *a, const sigset_t *b)
{
  for (int number = 1; number < NSIG; number++)
    if (sigismember (a, number) != sigismember (b, number))
      return FALSE;
  return TRUE;
}

/* Whether `text` is still at `place` when the heap was used a little: memory that was freed is then
 * somebody else's. */
static gboolean
stays (const char *place, const char *text, gsize size)
{
  enum { STEP = 16, N_BLOCKS = 32 };
  char *blocks[N_BLOCKS];
  gboolean same;

  for (gsize i = 0; i < N_BLOCKS; i++)
    {
      blocks[i] = g_malloc ((i + 1) * STEP);
      memset (blocks[i], 0xa5, (i + 1) * STEP);
    }
  __asm__ volatile ("" : : "r" (blocks) : "memory"); /* keeps the compiler from leaving it all out */
  same = memcmp (place, text, size) == 0;
  for (gsize i = 0; i < N_BLOCKS; i++)
    g_free (blocks[i]);
  return same;
}

/* Copies what was returned, and looks whether it stays what it is. `frame` is that of the caller. */
static void
inspect (const char *returned, guintptr frame, Answer *answer)
{
  gsize length;

  answer->place = returned;
  answer->none = returned == NULL;
  if (returned == NULL)
    return;
  if ((guintptr) returned < frame && frame - (guintptr) returned < STACK_DEPTH)
    {
      answer->fault = ANSWER_DEAD;
      return;
    }
  length = strnlen (returned, LONGEST + 1);
  memcpy (answer->text, returned, length);
  if (!stays (returned, answer->text, MIN (length + 1, LONGEST + 1)))
    answer->fault = ANSWER_DEAD;
  else if (length > LONGEST || !g_utf8_validate (answer->text, length, NULL))
    answer->fault = ANSWER_INVALID;
  answer->none = length == 0;
}

void
probe_router_ask (const ProbeRouter *router, YaraOperation operation, const YaraModel *model,
                  const YaraHints *hints, Answer *answer)
{
  g_autofree char *name = probe_model_describe (model);
  sigset_t before, after;
  const char *returned;

  *answer = (Answer) { 0 };
  probe_at (router->call_limit, "%s (%s)", probe_function_name (operation), name);
  pthread_sigmask (SIG_SETMASK, NULL, &before);
  errno = 0;
  answer->duration = -g_get_monotonic_time ();
  returned = router->ask[operation] (model, hints);
  answer->errno_changed = errno != 0;
  answer->duration += g_get_monotonic_time ();
  pthread_sigmask (SIG_SETMASK, NULL, &after);
  answer->signals_changed = !is_same_mask (&before, &after);
  probe_at (router->call_limit, "%s (%s), reading its answer", probe_function_name (operation), name);
  inspect (returned, (guintptr) __builtin_frame_address (0), answer);
}
