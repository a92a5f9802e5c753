/* SPDX-License-Identifier: MIT
 * The expectation file of "route test". */
#include "routing/expectation.h"

#include <string.h>

#include "probe/router-options.h"

struct Expectation
{
  GTree   *lines;    /* "MODEL OP" -> connection */
  GString *comments;
};

static int
compare (gconstpointer a, gconstpointer b, gpointer unused)
{
  return strcmp (a, b);
}

Expectation *
expectation_new (void)
{
  Expectation *expectation = g_new (Expectation, 1);

  expectation->lines = g_tree_new_full (compare, NULL, g_free, g_free);
  expectation->comments = g_string_new (NULL);
  return expectation;
}

void
expectation_free (Expectation *expectation)
{
  g_tree_unref (expectation->lines);
  g_string_free (expectation->comments, TRUE);
  g_free (expectation);
}

/* The words of a line: (transfer full). */
static GStrv
split (const char *line)
{
  g_autoptr(GStrvBuilder) words = g_strv_builder_new ();
  g_auto(GStrv) pieces = g_strsplit_set (line, " \t\r", -1);

  for (char **piece = pieces; *piece != NULL; piece++)
    if (**piece != '\0')
      g_strv_builder_add (words, *piece);
  return g_strv_builder_end (words);
}

/* Whether `names` are those of connections, with commas between. */
static gboolean
are_connections (const char *names)
{
  g_auto(GStrv) each = g_strsplit (names, ",", -1);
  gboolean good = TRUE;

  for (char **name = each; *name != NULL; name++)
    good &= router_options_is_connection (*name);
  return good;
}

/* Why a line is wrong, or NULL. */
static const char *
take_line (Expectation *expectation, const char *line)
{
  g_auto(GStrv) words = split (line);

  if (!g_utf8_validate (line, -1, NULL))
    return "not UTF-8";
  if (words[0] == NULL)
    return NULL;
  if (words[0][0] == '#')
    {
      g_string_append_printf (expectation->comments, "%s\n", line);
      return NULL;
    }
  if (g_strv_length (words) != 3)
    return "a line is MODEL OP CONNECTION";
  if (!router_options_is_model (words[0]))
    return "MODEL is not the name of a model";
  if (strcmp (words[1], "read") != 0 && strcmp (words[1], "write") != 0)
    return "OP is read or write";
  if (!are_connections (words[2]))
    return "CONNECTION is not the name of a connection";
  if (expectation_get (expectation, words[0], words[1]) != NULL)
    return "this model and operation stand in an earlier line";
  expectation_set (expectation, words[0], words[1], words[2]);
  return NULL;
}

Expectation *
expectation_load (const char *path, GError **error)
{
  g_autoptr(Expectation) expectation = expectation_new ();
  g_auto(GStrv) lines = NULL;
  g_autofree char *text = NULL;

  if (!g_file_get_contents (path, &text, NULL, error))
    return NULL;
  lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *mistake = take_line (expectation, lines[i]);

      if (mistake != NULL)
        {
          g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "line %u: %s", i + 1, mistake);
          return NULL;
        }
    }
  return g_steal_pointer (&expectation);
}

static gboolean
append_line (gpointer key, gpointer value, gpointer text)
{
  g_string_append_printf (text, "%s %s\n", (const char *) key, (const char *) value);
  return FALSE;
}

gboolean
expectation_save (const Expectation *expectation, const char *path, GError **error)
{
  g_autoptr(GString) text = g_string_new (expectation->comments->str);

  g_tree_foreach (expectation->lines, append_line, text);
  return g_file_set_contents_full (path, text->str, text->len, G_FILE_SET_CONTENTS_CONSISTENT, 0666, error);
}

const char *
expectation_get (const Expectation *expectation, const char *model, const char *op)
{
  g_autofree char *key = g_strconcat (model, " ", op, NULL);

  return g_tree_lookup (expectation->lines, key);
}

void
expectation_set (Expectation *expectation, const char *model, const char *op, const char *connection)
{
  g_tree_replace (expectation->lines, g_strconcat (model, " ", op, NULL), g_strdup (connection));
}

static gboolean
append_model (gpointer key, gpointer value, gpointer data)
{
  g_autofree char *model = g_strndup (key, strcspn (key, " "));
  GPtrArray *models = data;

  if (models->len == 0 || strcmp (models->pdata[models->len - 1], model) != 0)
    g_ptr_array_add (models, g_steal_pointer (&model));
  return FALSE;
}

char **
expectation_list_models (const Expectation *expectation)
{
  GPtrArray *models = g_ptr_array_new ();

  g_tree_foreach (expectation->lines, append_model, models);
  g_ptr_array_add (models, NULL);
  return (char **) g_ptr_array_free (models, FALSE);
}
