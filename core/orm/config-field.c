/* SPDX-License-Identifier: MIT
 * One field of a [model] group: "text; max=120; unique". */
#include "orm/config-model.h"

#include <string.h>

#include "base/text.h"

/* The kinds, and the C types that stand for them. */
static const struct
{
  const char *name;
  YaraKind    kind;
  YaraCType   c_type;
} kinds[] = {
  { "bool", YARA_KIND_BOOL, YARA_C_TYPE_BOOL },
  { "int16", YARA_KIND_INT16, YARA_C_TYPE_INT16 },
  { "int32", YARA_KIND_INT32, YARA_C_TYPE_INT32 },
  { "int64", YARA_KIND_INT64, YARA_C_TYPE_INT64 },
  { "double", YARA_KIND_DOUBLE, YARA_C_TYPE_DOUBLE },
  { "text", YARA_KIND_TEXT, YARA_C_TYPE_TEXT },
  { "bytes", YARA_KIND_BYTES, YARA_C_TYPE_BYTES },
  { "uuid", YARA_KIND_UUID, YARA_C_TYPE_UUID },
  { "decimal", YARA_KIND_DECIMAL, YARA_C_TYPE_TEXT },
  { "json", YARA_KIND_JSON, YARA_C_TYPE_TEXT },
  { "timestamp", YARA_KIND_TIMESTAMP, YARA_C_TYPE_INT64 },
  { "date", YARA_KIND_DATE, YARA_C_TYPE_INT32 },
  { "enum-int", YARA_KIND_ENUM_INT, YARA_C_TYPE_INT32 },
  { "enum-text", YARA_KIND_ENUM_TEXT, YARA_C_TYPE_INT32 },
};

/* What stands behind the name of an option. */
typedef enum { NOTHING, WORDS, WHOLE, CHOICES, MODEL, ACTION, AUTO } OptionForm;

#define MEMBER(name) offsetof (YaraField, name)

static const struct
{
  const char *name;
  OptionForm  form;
  gsize       offset; /* of the member that it sets */
} options[] = {
  { "primary-key", NOTHING, MEMBER (primary_key) },
  { "natural", NOTHING, MEMBER (natural) },
  { "nullable", NOTHING, MEMBER (nullable) },
  { "unique", NOTHING, MEMBER (unique) },
  { "index", NOTHING, MEMBER (index) },
  { "auto-now", NOTHING, MEMBER (auto_now) },
  { "auto-now-add", NOTHING, MEMBER (auto_now_add) },
  { "unconstrained", NOTHING, MEMBER (unconstrained) },
  { "auto", AUTO, 0 },     /* what a key is without natural, */
  { "not-null", AUTO, 0 }, /* and a field without nullable */
  { "column", WORDS, MEMBER (column) },
  { "description", WORDS, MEMBER (description) },
  { "default", WORDS, MEMBER (default_value) },
  { "default-sql", WORDS, MEMBER (default_sql) },
  { "max", WHOLE, MEMBER (max_length) },
  { "precision", WHOLE, MEMBER (precision) },
  { "scale", WHOLE, MEMBER (scale) },
  { "choices", CHOICES, MEMBER (choices) },
  { "references", MODEL, MEMBER (references) },
  { "on-delete", ACTION, MEMBER (on_delete) },
};

static gboolean G_GNUC_PRINTF (2, 3)
fail (GError **error, const char *format, ...)
{
  g_autofree char *reason = NULL;
  va_list          arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  g_set_error_literal (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, reason);
  return FALSE;
}

/* "unknown WHAT "word"; known: ..." from `n` names that are `step` bytes apart. */
static gboolean
fail_unknown (GError **error, const char *what, const char *word, const char *const *first, gsize step, gsize n)
{
  g_autofree const char **names = g_new0 (const char *, n + 1);
  g_autofree char        *quoted = yara_text_quote (word), *list = NULL, *hint = NULL;

  for (gsize i = 0; i < n; i++)
    names[i] = *(const char *const *) ((const char *) first + i * step);
  list = g_strjoinv (", ", (char **) names);
  hint = yara_text_did_you_mean (word, names);
  return fail (error, "unknown %s \"%s\"; known: %s%s", what, quoted, list, hint);
}

static gboolean
read_kind (YaraField *field, const char *word, GError **error)
{
  for (gsize i = 0; i < G_N_ELEMENTS (kinds); i++)
    if (strcmp (kinds[i].name, word) == 0)
      {
        field->kind = kinds[i].kind;
        field->c_type = kinds[i].c_type;
        return TRUE;
      }
  return fail_unknown (error, "kind", word, &kinds[0].name, sizeof kinds[0], G_N_ELEMENTS (kinds));
}

/* "small:1, large:2" */
static gboolean
read_choices (YaraConfig *config, const char *text, const YaraChoice **choices, GError **error)
{
  g_auto (GStrv) pieces = g_strsplit (text, ",", -1);
  YaraChoice    *list = yara_arena_alloc (&config->arena, sizeof *list * (g_strv_length (pieces) + 1));
  guint          n = 0;

  for (char **piece = pieces; *piece != NULL; piece++, n++)
    {
      char  *colon = strrchr (*piece, ':');
      gint64 value;

      if (colon == NULL || !g_ascii_string_to_signed (g_strstrip (colon + 1), 10, G_MININT32, G_MAXINT32, &value, NULL))
        return fail (error, "choices are written NAME:NUMBER, NAME:NUMBER");
      *colon = '\0';
      list[n] = (YaraChoice) { value, yara_config_keep (config, g_strstrip (*piece)) };
    }
  list[n] = (YaraChoice) { 0, NULL };
  *choices = list;
  return TRUE;
}

static const char *const actions[] = { "cascade", "restrict", "set-null", "set-default", "no-action" };

static gboolean
read_action (const char *text, YaraOnDelete *action, GError **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (actions); i++)
    if (strcmp (actions[i], text) == 0)
      {
        *action = i;
        return TRUE;
      }
  return fail_unknown (error, "on-delete", text, actions, sizeof actions[0], G_N_ELEMENTS (actions));
}

static gboolean
read_whole (const char *name, const char *text, unsigned *number, GError **error)
{
  guint64 value;

  if (!g_ascii_string_to_unsigned (text, 10, 0, G_MAXINT32, &value, NULL))
    return fail (error, "%s is a whole number", name);
  *number = value;
  return TRUE;
}

static gboolean
set_option (YaraConfig *config, gsize option, const char *value, YaraField *field, GError **error)
{
  gpointer member = (char *) field + options[option].offset;

  switch (options[option].form)
    {
    case NOTHING:
      *(bool *) member = true;
      return TRUE;
    case AUTO:
      return TRUE;
    case WORDS:
      *(const char **) member = yara_config_keep (config, value);
      return TRUE;
    case WHOLE:
      return read_whole (options[option].name, value, member, error);
    case CHOICES:
      return read_choices (config, value, member, error);
    case MODEL:
      *(const YaraModel **) member = yara_config_find_model (config, value, error);
      return *(const YaraModel **) member != NULL;
    case ACTION:
      return read_action (value, member, error);
    }
  g_return_val_if_reached (FALSE);
}

/* "unique" or "max=120" */
static gboolean
read_option (YaraConfig *config, const char *text, YaraField *field, GError **error)
{
  const char      *equals = strchr (text, '=');
  g_autofree char *name = g_strchomp (g_strndup (text, equals != NULL ? equals - text : (gssize) strlen (text)));
  const char      *value = equals != NULL ? equals + 1 + strspn (equals + 1, " \t") : NULL;

  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    if (strcmp (options[i].name, name) == 0)
      {
        gboolean is_bare = options[i].form == NOTHING || options[i].form == AUTO;

        if (is_bare != (value == NULL))
          return fail (error, is_bare ? "%s takes no value" : "%s takes a value: %s=...", name, name);
        return set_option (config, i, value, field, error);
      }
  return fail_unknown (error, "option", name, &options[0].name, sizeof options[0], G_N_ELEMENTS (options));
}

gboolean
yara_config_read_field (YaraConfig *config, const char *text, YaraField *field, GError **error)
{
  g_auto (GStrv) parts = g_strsplit (text, ";", -1);

  if (parts[0] == NULL)
    return fail (error, "a field begins with its kind, as in \"text; max=120\"");
  if (!read_kind (field, g_strstrip (parts[0]), error))
    return FALSE;
  for (char **part = parts + 1; *part != NULL; part++)
    if (*g_strstrip (*part) != '\0' && !read_option (config, *part, field, error))
      return FALSE;
  if (field->kind == YARA_KIND_TIMESTAMP && g_strcmp0 (field->default_value, "now") == 0)
    {
      field->default_value = NULL;
      field->auto_now_add = true;
    }
  return TRUE;
}

/* ---- the way back ---- */

/* Whether the choices can be written; `text` gets them. */
static gboolean
print_choices (GString *text, const YaraChoice *choices)
{
  for (const YaraChoice *choice = choices; choice->name != NULL; choice++)
    {
      if (!yara_config_can_hold (choice->name, ";,"))
        return FALSE;
      g_string_append_printf (text, "%s%s:%d", choice > choices ? "," : "", choice->name, choice->value);
    }
  return TRUE;
}

/* What stands behind the name of an option that a field has: (transfer full). NULL: it cannot be written. */
static char *
print_value (gsize option, gconstpointer member, const YaraModel *const *models)
{
  g_autoptr (GString) text = g_string_new ("=");
  const char         *words = NULL;
  const YaraModel    *target;

  switch (options[option].form)
    {
    case NOTHING:
    case AUTO:
      return g_strdup ("");
    case WORDS:
      words = *(const char *const *) member;
      break;
    case WHOLE:
      g_string_append_printf (text, "%u", *(const unsigned *) member);
      break;
    case CHOICES:
      if (!print_choices (text, *(const YaraChoice *const *) member))
        return NULL;
      break;
    case MODEL:
      target = *(const YaraModel *const *) member;
      while (*models != NULL && *models != target)
        models++;
      if (*models == NULL || !yara_config_can_hold (target->name, ";[] "))
        return NULL;
      g_string_append (text, target->name);
      break;
    case ACTION:
      g_string_append (text, actions[*(const YaraOnDelete *) member]);
      break;
    }
  if (words != NULL && !yara_config_can_hold (words, ";"))
    return NULL;
  g_string_append (text, words != NULL ? words : "");
  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Whether a member is what it is when the option is not given. */
static gboolean
is_unset (gsize option, gconstpointer member)
{
  switch (options[option].form)
    {
    case NOTHING:
      return !*(const bool *) member;
    case AUTO:
      return TRUE;
    case WHOLE:
      return *(const unsigned *) member == 0;
    case ACTION:
      return *(const YaraOnDelete *) member == YARA_ON_DELETE_CASCADE;
    default:
      return *(gconstpointer const *) member == NULL;
    }
}

void
yara_config_print_field (GString *text, const YaraFieldInfo *field, const YaraModel *const *models)
{
  g_autoptr (GString) line = g_string_new (NULL);
  gsize               kind = 0;

  while (kinds[kind].kind != field->kind)
    kind++;
  g_string_append_printf (line, "field.%s=%s", field->name, kinds[kind].name);
  for (gsize i = 0; i < G_N_ELEMENTS (options); i++)
    {
      gconstpointer    member = (const char *) field->field + options[i].offset;
      g_autofree char *value = NULL;

      if (is_unset (i, member))
        continue;
      value = print_value (i, member, models);
      if (value != NULL)
        g_string_append_printf (line, "; %s%s", options[i].name, value);
      else
        g_string_append_printf (text, "# field.%s lacks its %s, which the file cannot hold\n", field->name,
                                options[i].name);
    }
  g_string_append_printf (text, "%s\n", line->str);
}
