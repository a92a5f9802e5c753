/* SPDX-License-Identifier: MIT
 * From the shape of a statement to its text. Walks the shape once, as it was written; placeholders are
 * numbered as they come. */
#include "sql/render.h"

#include "sql/shape.h"

typedef struct
{
  const YaraDialect   *dialect;
  const YaraModelInfo *info;
  const guint8        *next; /* what of the shape is still to be rendered */
  guint                n_placeholders;
  GString             *sql;
} YaraRenderer;

static guint
take_index (YaraRenderer *renderer)
{
  guint index = yara_shape_index_at (renderer->next);

  renderer->next += 2;
  return index;
}

/* NULL at the end of a list of fields. */
static const YaraFieldInfo *
take_field (YaraRenderer *renderer)
{
  guint index = take_index (renderer);

  return index == YARA_SHAPE_NO_FIELD ? NULL : &renderer->info->fields[index];
}

static void
append_column (YaraRenderer *renderer, const YaraFieldInfo *field)
{
  yara_append_identifier (renderer->sql, field->column);
}

static void
append_placeholder (YaraRenderer *renderer)
{
  renderer->dialect->append_placeholder (renderer->sql, ++renderer->n_placeholders);
}

/* "column" operator placeholder */
static void
append_comparison (YaraRenderer *renderer, const YaraFieldInfo *field, const char *operator)
{
  append_column (renderer, field);
  g_string_append_printf (renderer->sql, " %s ", operator);
  append_placeholder (renderer);
}

/* NULL is in no list. */
static void
append_not_in (YaraRenderer *renderer, const YaraFieldInfo *field)
{
  gboolean nullable = field->field->nullable;

  if (nullable)
    g_string_append_c (renderer->sql, '(');
  renderer->dialect->append_in_list (renderer->sql, field, FALSE, ++renderer->n_placeholders);
  if (nullable)
    {
      g_string_append (renderer->sql, " OR ");
      append_column (renderer, field);
      g_string_append (renderer->sql, " IS NULL)");
    }
}

static void
append_condition (YaraRenderer *renderer, guint8 condition, const YaraFieldInfo *field)
{
  static const char *const operators[] = {
    [YARA_LOOKUP_EXACT] = "=", [YARA_LOOKUP_GT] = ">", [YARA_LOOKUP_GTE] = ">=",
    [YARA_LOOKUP_LT] = "<", [YARA_LOOKUP_LTE] = "<=",
  };

  switch (condition)
    {
    case YARA_LOOKUP_NOT:
      append_comparison (renderer, field, renderer->dialect->is_distinct);
      break;
    case YARA_LOOKUP_EXACT:
    case YARA_LOOKUP_GT:
    case YARA_LOOKUP_GTE:
    case YARA_LOOKUP_LT:
    case YARA_LOOKUP_LTE:
      append_comparison (renderer, field, operators[condition]);
      break;
    case YARA_LOOKUP_IN:
      renderer->dialect->append_in_list (renderer->sql, field, TRUE, ++renderer->n_placeholders);
      break;
    case YARA_LOOKUP_NOT_IN:
      append_not_in (renderer, field);
      break;
    case YARA_LOOKUP_RANGE:
      append_comparison (renderer, field, "BETWEEN");
      g_string_append (renderer->sql, " AND ");
      append_placeholder (renderer);
      break;
    case YARA_LOOKUP_ISNULL:
      append_column (renderer, field);
      g_string_append (renderer->sql, " IS NULL");
      break;
    case YARA_SHAPE_NOT_NULL:
      append_column (renderer, field);
      g_string_append (renderer->sql, " IS NOT NULL");
      break;
    default:
      renderer->dialect->append_match (renderer->sql, field, condition, ++renderer->n_placeholders);
    }
}

/* An AND or OR within one of its own kind, `parent`, needs no parentheses; a long run of them would
 * nest deeper than the database's parser can. */
static void
append_expression (YaraRenderer *renderer, guint8 parent)
{
  guint8 type = *renderer->next++;

  switch (type)
    {
    case YARA_SHAPE_TRUE:
      g_string_append (renderer->sql, renderer->dialect->true_text);
      break;
    case YARA_SHAPE_FALSE:
      g_string_append (renderer->sql, renderer->dialect->false_text);
      break;
    case YARA_SHAPE_AND:
    case YARA_SHAPE_OR:
      g_string_append (renderer->sql, type == parent ? "" : "(");
      append_expression (renderer, type);
      g_string_append (renderer->sql, type == YARA_SHAPE_AND ? " AND " : " OR ");
      append_expression (renderer, type);
      g_string_append (renderer->sql, type == parent ? "" : ")");
      break;
    case YARA_SHAPE_NOT: /* NULL counts as not matched, which a plain NOT would drop */
      g_string_append_c (renderer->sql, '(');
      append_expression (renderer, *renderer->next);
      g_string_append_printf (renderer->sql, ") IS NOT %s", renderer->dialect->true_text);
      break;
    default:
      append_condition (renderer, type, take_field (renderer));
    }
}

static void
append_where (YaraRenderer *renderer)
{
  for (gboolean first = TRUE; *renderer->next != YARA_SHAPE_END; first = FALSE)
    {
      g_string_append (renderer->sql, first ? " WHERE " : " AND ");
      append_expression (renderer, YARA_SHAPE_AND);
    }
  renderer->next++;
}

static void
append_orders (YaraRenderer *renderer)
{
  const YaraFieldInfo *field;

  for (gboolean first = TRUE; (field = take_field (renderer)) != NULL; first = FALSE)
    {
      g_string_append (renderer->sql, first ? " ORDER BY " : ", ");
      append_column (renderer, field);
      if (*renderer->next++)
        g_string_append (renderer->sql, " DESC");
    }
}

static void
append_limits (YaraRenderer *renderer)
{
  guint8 limits = *renderer->next++;

  if (limits & YARA_SHAPE_LIMIT)
    {
      g_string_append (renderer->sql, " LIMIT ");
      append_placeholder (renderer);
    }
  if (limits & YARA_SHAPE_OFFSET)
    {
      if (!(limits & YARA_SHAPE_LIMIT) && *renderer->dialect->no_limit != '\0')
        g_string_append_printf (renderer->sql, " %s", renderer->dialect->no_limit);
      g_string_append (renderer->sql, " OFFSET ");
      append_placeholder (renderer);
    }
  if ((limits & YARA_SHAPE_FOR_UPDATE) && renderer->dialect->locks_rows)
    g_string_append_printf (renderer->sql, " FOR UPDATE%s", limits & YARA_SHAPE_NOWAIT ? " NOWAIT" :
                            limits & YARA_SHAPE_SKIP_LOCKED ? " SKIP LOCKED" : "");
}

static void
append_from (YaraRenderer *renderer)
{
  g_string_append (renderer->sql, " FROM ");
  yara_append_identifier (renderer->sql, renderer->info->table);
}

static void
append_all_columns (YaraRenderer *renderer)
{
  for (guint i = 0; i < renderer->info->n_fields; i++)
    {
      g_string_append (renderer->sql, i > 0 ? ", " : "");
      append_column (renderer, &renderer->info->fields[i]);
    }
}

static void
render_select (YaraRenderer *renderer)
{
  const YaraFieldInfo *field;
  gboolean all = TRUE;

  g_string_append (renderer->sql, *renderer->next++ ? "SELECT DISTINCT " : "SELECT ");
  for (; (field = take_field (renderer)) != NULL; all = FALSE)
    {
      g_string_append (renderer->sql, all ? "" : ", ");
      append_column (renderer, field);
    }
  if (all)
    append_all_columns (renderer);
  append_from (renderer);
  append_where (renderer);
  append_orders (renderer);
  append_limits (renderer);
}

static void
render_count (YaraRenderer *renderer)
{
  g_string_append (renderer->sql, "SELECT count(*)");
  append_from (renderer);
  append_where (renderer);
}

static void
render_count_rows (YaraRenderer *renderer)
{
  g_string_append (renderer->sql, "SELECT count(*) FROM (SELECT ");
  if (*renderer->next++)
    {
      g_string_append (renderer->sql, "DISTINCT ");
      append_all_columns (renderer);
    }
  else
    g_string_append_c (renderer->sql, '1');
  append_from (renderer);
  append_where (renderer);
  append_limits (renderer);
  g_string_append (renderer->sql, ") AS matches");
}

static void
render_exists (YaraRenderer *renderer)
{
  g_string_append (renderer->sql, "SELECT EXISTS (SELECT 1");
  append_from (renderer);
  append_where (renderer);
  append_limits (renderer);
  g_string_append_c (renderer->sql, ')');
}

static void
render_update (YaraRenderer *renderer)
{
  const YaraFieldInfo *field;

  g_string_append (renderer->sql, "UPDATE ");
  yara_append_identifier (renderer->sql, renderer->info->table);
  for (gboolean first = TRUE; (field = take_field (renderer)) != NULL; first = FALSE)
    {
      g_string_append (renderer->sql, first ? " SET " : ", ");
      append_comparison (renderer, field, "=");
    }
  append_where (renderer);
}

static void
render_delete (YaraRenderer *renderer)
{
  g_string_append (renderer->sql, "DELETE");
  append_from (renderer);
  append_where (renderer);
}

static void
render_insert (YaraRenderer *renderer)
{
  guint n_rows = take_index (renderer), n_columns = 0;
  gboolean returns_key = *renderer->next++;
  const YaraFieldInfo *field;

  g_string_append (renderer->sql, "INSERT INTO ");
  yara_append_identifier (renderer->sql, renderer->info->table);
  for (; (field = take_field (renderer)) != NULL; n_columns++)
    {
      g_string_append (renderer->sql, n_columns == 0 ? " (" : ", ");
      append_column (renderer, field);
    }
  g_string_append (renderer->sql, n_columns == 0 ? " DEFAULT VALUES" : ") VALUES ");
  for (guint row = 0; n_columns > 0 && row < n_rows; row++)
    {
      g_string_append (renderer->sql, row > 0 ? ", (" : "(");
      for (guint column = 0; column < n_columns; column++)
        {
          g_string_append (renderer->sql, column > 0 ? ", " : "");
          append_placeholder (renderer);
        }
      g_string_append_c (renderer->sql, ')');
    }
  if (returns_key)
    {
      g_string_append (renderer->sql, " RETURNING ");
      append_column (renderer, renderer->info->key);
    }
}

GString *
yara_render (const YaraDialect *dialect, const YaraModelInfo *info, const guint8 *shape)
{
  YaraRenderer renderer = { dialect, info, shape + 1, 0, g_string_new (NULL) };

  switch (*shape)
    {
    case YARA_SHAPE_SELECT:
      render_select (&renderer);
      break;
    case YARA_SHAPE_COUNT:
      render_count (&renderer);
      break;
    case YARA_SHAPE_COUNT_ROWS:
      render_count_rows (&renderer);
      break;
    case YARA_SHAPE_EXISTS:
      render_exists (&renderer);
      break;
    case YARA_SHAPE_UPDATE:
      render_update (&renderer);
      break;
    case YARA_SHAPE_DELETE:
      render_delete (&renderer);
      break;
    case YARA_SHAPE_INSERT:
      render_insert (&renderer);
      break;
    default:
      g_assert_not_reached ();
    }
  return renderer.sql;
}
