/* SPDX-License-Identifier: MIT
 * Routing rules: reading them, and deciding by them. */
#include "route/rules.h"

#include <stdatomic.h>
#include <string.h>

#include <yaraorm/yara-error.h>
#include "base/text.h"

#define PERCENT 100

/* Prime to PERCENT: counting in steps of it meets every number below PERCENT once, the shares mixed. */
#define STEP 61

typedef struct
{
  char *connection;
  guint end; /* the share is up to this percent, from where the one before ends */
} Share;

typedef struct
{
  char         *model;   /* the name, or NULL: */
  GPatternSpec *pattern;
  gboolean      applies[2]; /* by YaraOperation */
  GArray       *shares;
  atomic_uint   n_decisions;
} Rule;

struct YaraRules
{
  GPtrArray *rules;
};

static void
share_clear (gpointer share)
{
  g_free (((Share *) share)->connection);
}

static void
rule_free (Rule *rule)
{
  g_free (rule->model);
  g_clear_pointer (&rule->pattern, g_pattern_spec_free);
  g_array_unref (rule->shares);
  g_free (rule);
}

static Rule *
rule_new (void)
{
  Rule *rule = g_new0 (Rule, 1);

  rule->shares = g_array_new (FALSE, FALSE, sizeof (Share));
  g_array_set_clear_func (rule->shares, share_clear);
  return rule;
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Rule, rule_free)

YaraRules *
yara_rules_new (void)
{
  YaraRules *rules = g_new (YaraRules, 1);

  rules->rules = g_ptr_array_new_with_free_func ((GDestroyNotify) rule_free);
  return rules;
}

void
yara_rules_free (YaraRules *rules)
{
  g_ptr_array_unref (rules->rules);
  g_free (rules);
}

/* ---- reading ---- */

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

static gboolean
parse_operation (Rule *rule, const char *operation, GError **error)
{
  static const char *const known[] = { "read", "write", "*", NULL };
  g_autofree char         *quoted = NULL, *hint = NULL;

  rule->applies[YARA_OPERATION_READ] = strcmp (operation, "write") != 0;
  rule->applies[YARA_OPERATION_WRITE] = strcmp (operation, "read") != 0;
  if (g_strv_contains (known, operation))
    return TRUE;
  quoted = yara_text_quote (operation);
  hint = yara_text_did_you_mean (operation, known);
  return fail (error, "operation \"%s\" is none of read, write and *%s", quoted, hint);
}

/* The name of a model may hold points: the last one counts. */
static gboolean
parse_pattern (Rule *rule, const char *pattern, GError **error)
{
  const char      *point = strrchr (pattern, '.');
  g_autofree char *model = NULL;

  if (point == NULL || point == pattern)
    return fail (error, "a rule is written MODEL.OPERATION=CONNECTION, as in \"User.read=replica\" or "
                        "\"*.read=replica\"");
  model = g_strndup (pattern, point - pattern);
  if (strpbrk (model, "*?") != NULL)
    rule->pattern = g_pattern_spec_new (model);
  else
    rule->model = g_steal_pointer (&model);
  return parse_operation (rule, point + 1, error);
}

static gboolean
add_share (Rule *rule, const char *name, guint percent, const char *const *known, GError **error)
{
  guint end = rule->shares->len > 0 ? g_array_index (rule->shares, Share, rule->shares->len - 1).end : 0;
  Share share = { NULL, end + percent };

  if (!g_strv_contains (known, name))
    {
      g_autofree char *quoted = yara_text_quote (name), *list = g_strjoinv (", ", (char **) known);
      g_autofree char *hint = yara_text_did_you_mean (name, known);

      return fail (error, "\"%s\" is no connection; known: %s%s", quoted, list, hint);
    }
  share.connection = g_strdup (name);
  g_array_append_val (rule->shares, share);
  return TRUE;
}

/* "80% replica" */
static gboolean
parse_share (Rule *rule, const char *text, const char *const *known, GError **error)
{
  const char      *sign = strchr (text, '%');
  g_autofree char *number = g_strchomp (g_strndup (text, sign != NULL ? sign - text : 0));
  guint64          percent;

  if (sign == NULL || !g_ascii_string_to_unsigned (number, 10, 1, PERCENT, &percent, NULL))
    return fail (error, "several connections are written with their shares, as in \"80%% replica, 20%% default\"");
  return add_share (rule, sign + 1 + strspn (sign + 1, " \t"), percent, known, error);
}

static gboolean
parse_target (Rule *rule, const char *target, const char *const *known, GError **error)
{
  g_auto (GStrv) pieces = g_strsplit (target, ",", -1);
  guint          total;

  if (strpbrk (target, ",%") == NULL)
    return add_share (rule, target, PERCENT, known, error);
  for (char **piece = pieces; *piece != NULL; piece++)
    if (!parse_share (rule, g_strstrip (*piece), known, error))
      return FALSE;
  total = g_array_index (rule->shares, Share, rule->shares->len - 1).end;
  return total == PERCENT || fail (error, "the shares make %u%%, not 100%%", total);
}

gboolean
yara_rules_add (YaraRules *rules, const char *pattern, const char *target, const char *const *known, GError **error)
{
  g_autoptr (Rule) rule = rule_new ();

  if (!parse_pattern (rule, pattern, error) || !parse_target (rule, target, known, error))
    return FALSE;
  g_ptr_array_add (rules->rules, g_steal_pointer (&rule));
  return TRUE;
}

/* ---- deciding ---- */

static gboolean
matches (const Rule *rule, const char *model)
{
  return rule->model != NULL ? strcmp (rule->model, model) == 0 : g_pattern_spec_match_string (rule->pattern, model);
}

/* Of every hundred decisions each connection gets just its share. */
static const char *
pick (Rule *rule)
{
  const Share *share = (const Share *) rule->shares->data;
  guint        place;

  if (share->end == PERCENT)
    return share->connection;
  place = atomic_fetch_add_explicit (&rule->n_decisions, 1, memory_order_relaxed) % PERCENT * STEP % PERCENT;
  while (place >= share->end)
    share++;
  return share->connection;
}

static const char *
decide (const YaraModel *model, const YaraHints *hints, YaraOperation operation)
{
  const GPtrArray *rules = ((const YaraRules *) hints->user_data)->rules;

  for (guint i = 0; i < rules->len; i++)
    {
      Rule *rule = rules->pdata[i];

      if (rule->applies[operation] && matches (rule, model->name))
        return pick (rule);
    }
  return NULL;
}

const char *
yara_rules_db_for_read (const YaraModel *model, const YaraHints *hints)
{
  return decide (model, hints, YARA_OPERATION_READ);
}

const char *
yara_rules_db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return decide (model, hints, YARA_OPERATION_WRITE);
}
