/* SPDX-License-Identifier: MIT
 * The indexes of a model and their names. */
#include "model/model-check.h"

#include <string.h>
#include "base/text.h"

#define HASH_LENGTH 8

/* A name that is too long ends in a hash of the whole of it, so that it stays the same and its own. */
static const char *
fit_name (YaraArena *arena, const char *name)
{
  gsize            length = strlen (name), kept = YARA_NAME_MAX - 1 - HASH_LENGTH;
  g_autofree char *hash = NULL;
  g_autofree char *cut = NULL;

  if (length > YARA_NAME_MAX)
    {
      while ((name[kept] & 0xc0) == 0x80) /* not inside a UTF-8 character */
        kept--;
      hash = g_compute_checksum_for_string (G_CHECKSUM_SHA256, name, -1);
      cut = g_strdup_printf ("%.*s_%.*s", (int) kept, name, HASH_LENGTH, hash);
      name = cut;
    }
  return memcpy (yara_arena_alloc (arena, strlen (name) + 1), name, strlen (name) + 1);
}

static const char *
make_name (YaraModelInfo *info, const YaraIndexInfo *index)
{
  g_autoptr (GString) name = g_string_new (index->unique ? "uq_" : "idx_");

  g_string_append (name, info->table);
  for (guint i = 0; i < index->n_fields; i++)
    g_string_append_printf (name, "_%s", index->fields[i]->column);
  return fit_name (&info->arena, name->str);
}

static void
make_single (YaraModelInfo *info, const YaraFieldInfo *field, YaraIndexInfo *index)
{
  index->n_fields = 1;
  index->fields = yara_arena_alloc (&info->arena, sizeof *index->fields);
  index->fields[0] = field;
  index->unique = FALSE;
  index->name = make_name (info, index);
}

static gboolean
make_composite (YaraModelInfo *info, const YaraIndex *source, YaraIndexInfo *index, GError **error)
{
  guint n_fields = source->fields != NULL ? g_strv_length ((char **) source->fields) : 0;

  if (n_fields == 0)
    return yara_model_fail (info->model, error, "an index names no fields");
  index->n_fields = 0;
  index->fields = yara_arena_alloc (&info->arena, n_fields * sizeof *index->fields);
  index->unique = source->unique;
  for (guint i = 0; i < n_fields; i++)
    {
      const YaraFieldInfo *field = yara_model_info_find (info, source->fields[i], strlen (source->fields[i]));

      if (field == NULL)
        {
          g_autofree char *quoted = yara_text_quote (source->fields[i]);

          return yara_model_fail (info->model, error, "an index names the unknown field \"%s\"", quoted);
        }
      for (guint j = 0; j < i; j++)
        if (index->fields[j] == field)
          return yara_model_fail (info->model, error, "an index names the field %s twice", field->name);
      index->fields[index->n_fields++] = field;
    }
  index->name = source->name != NULL ? source->name : make_name (info, index);
  return TRUE;
}

static gboolean
check_names (const YaraModelInfo *info, GError **error)
{
  for (guint i = 0; i < info->n_indexes; i++)
    {
      const char *problem = yara_model_name_problem (info->indexes[i].name);

      if (problem != NULL)
        return yara_model_fail (info->model, error, "the name of an index %s", problem);
      for (guint j = 0; j < i; j++)
        if (g_ascii_strcasecmp (info->indexes[i].name, info->indexes[j].name) == 0)
          return yara_model_fail (info->model, error, "two indexes are named %s; give one a name of its own",
                                  info->indexes[i].name);
    }
  return TRUE;
}

gboolean
yara_model_make_indexes (YaraModelInfo *info, GError **error)
{
  const YaraModel *model = info->model;
  guint            n_single = 0;

  if (model->n_indexes > 0 && model->indexes == NULL)
    return yara_model_fail (model, error, "it counts indexes but has none; use YARA_INDEXES");
  for (guint i = 0; i < info->n_fields; i++)
    n_single += info->fields[i].field->index;

  info->indexes = yara_arena_alloc (&info->arena, (n_single + model->n_indexes) * sizeof *info->indexes);
  for (guint i = 0; i < info->n_fields; i++)
    if (info->fields[i].field->index)
      make_single (info, &info->fields[i], &info->indexes[info->n_indexes++]);
  for (gsize i = 0; i < model->n_indexes; i++)
    if (!make_composite (info, &model->indexes[i], &info->indexes[info->n_indexes++], error))
      return FALSE;
  return check_names (info, error);
}
