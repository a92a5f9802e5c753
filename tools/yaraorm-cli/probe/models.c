/* SPDX-License-Identifier: MIT
 * The models that a child knows. */
#include "probe/models.h"

#include <string.h>

#include "probe/child.h"
#include "shell/suggest.h"

/* Milliseconds for loading a library. */
#define LOAD_LIMIT 2000

static GPtrArray *known;

void
probe_models_add (const YaraModel *const *models)
{
  if (known == NULL)
    known = g_ptr_array_new ();
  for (; *models != NULL; models++)
    g_ptr_array_add (known, (gpointer) *models);
}

const YaraModel *
probe_models_find (const char *name)
{
  for (guint i = 0; known != NULL && i < known->len; i++)
    if (g_strcmp0 (((const YaraModel *) known->pdata[i])->name, name) == 0)
      return known->pdata[i];
  return NULL;
}

static void
refuse (const char *library, const char *reason, const char *hint)
{
  JsonObject *refused = json_object_new (), *line = json_object_new ();

  json_object_set_string_member (refused, "id", "YO-S002");
  json_object_set_string_member (refused, "file", library);
  json_object_set_string_member (refused, "reason", reason);
  if (hint != NULL)
    json_object_set_string_member (refused, "hint", hint);
  json_object_set_object_member (line, "refused", refused);
  probe_send (line);
}

/* The models of a library; NULL: the parent has been told why not. */
static const YaraModel *const *
load (const char *library)
{
  g_autofree char *path = g_canonicalize_filename (library, NULL);
  g_autoptr(GError) error = NULL;
  YaraModelsFunc list = NULL;
  const YaraModel *const *models = NULL;
  GModule *module;

  probe_at (LOAD_LIMIT, PROBE_LOADING_MODELS "%s", library);
  module = g_module_open_full (path, G_MODULE_BIND_LOCAL, &error);
  if (module != NULL && g_module_symbol (module, "yaraorm_models", (gpointer *) &list))
    models = list ();
  if (models == NULL)
    refuse (library, error != NULL ? error->message : "it exports no function yaraorm_models, or that gave none",
            NULL);
  return models;
}

/* A model of the library; NULL: the parent has been told that there is none of this name. */
static const YaraModel *
find_in (const char *library, const YaraModel *const *models, const char *name)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();
  g_autofree char *reason = NULL, *hint = NULL;
  const char *nearest;

  for (; *models != NULL; models++)
    if (strcmp ((*models)->name, name) == 0)
      return *models;
    else
      g_ptr_array_add (names, (gpointer) (*models)->name);
  g_ptr_array_add (names, NULL);
  nearest = suggest_nearest (name, (const char *const *) names->pdata);
  reason = g_strdup_printf ("it has no model \"%s\"", name);
  if (nearest != NULL)
    hint = g_strdup_printf ("did you mean \"%s\"?", nearest);
  refuse (library, reason, hint);
  return NULL;
}

const YaraModel **
probe_models_select (const RouterOptions *options)
{
  g_autoptr(GPtrArray) models = g_ptr_array_new ();
  const YaraModel *const *library = NULL;

  if (options->library != NULL && (library = load (options->library)) == NULL)
    return NULL;
  if (library != NULL && options->models == NULL)
    for (const YaraModel *const *model = library; *model != NULL; model++)
      g_ptr_array_add (models, (gpointer) *model);
  for (char **name = options->models; name != NULL && *name != NULL; name++)
    {
      const YaraModel *model = library != NULL ? find_in (options->library, library, *name)
                                               : probe_model_new (*name);

      if (model == NULL)
        return NULL;
      g_ptr_array_add (models, (gpointer) model);
    }
  g_ptr_array_add (models, NULL);
  return (const YaraModel **) g_ptr_array_free (g_steal_pointer (&models), FALSE);
}
