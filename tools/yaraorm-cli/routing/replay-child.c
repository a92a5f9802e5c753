/* SPDX-License-Identifier: MIT
 * The child of "route replay": reads a log of decisions from stdin and lets the library decide each again.
 * Lines: {"first":{...}} (the first difference), {"model","op","was","becomes","count"} for each kind of
 * difference, {"same":N,"different":N}; or {"damaged":LINE,"reason":TEXT}. */
#include <stdio.h>
#include <string.h>

#include "probe/child.h"
#include "probe/probe.h"
#include "routing/log.h"

typedef struct
{
  char  *texts[4]; /* model, operation, was, becomes */
  guint64 count;
} Kind;

typedef struct
{
  YaraOrm         *orm;
  GHashTable      *models;      /* name -> YaraModel * */
  YaraTransaction *transaction; /* what is open, or NULL */
  char            *transaction_name;
  YaraTransactionRule rule;
  GHashTable      *kinds;       /* text -> Kind * */
  guint64          n_same, n_different;
} Replay;

static void
kind_free (Kind *kind)
{
  for (guint i = 0; i < G_N_ELEMENTS (kind->texts); i++)
    g_free (kind->texts[i]);
  g_free (kind);
}

/* ---- the question ---- */

typedef struct
{
  gint64 id;
} Row;

/* The model of a name. What else a router may read of it is as the log has it for this decision: the library, too,
 * looks at the model's own connection only when it decides. NULL: the library refused it. */
static YaraModel *
find_model (Replay *replay, const LogEntry *entry, GError **error)
{
  static const YaraField fields[] = { YARA_FIELD (Row, id, .primary_key = true) };
  YaraModel *model = g_hash_table_lookup (replay->models, entry->model);

  if (model == NULL)
    {
      model = g_new (YaraModel, 1);
      *model = (YaraModel) YARA_MODEL (Row, g_intern_string (entry->table), fields);
      model->name = g_intern_string (entry->model);
      if (!yara_orm_register (replay->orm, model, error))
        {
          g_free (model);
          return NULL;
        }
      g_hash_table_insert (replay->models, (char *) model->name, model);
    }
  if (strcmp (model->table, entry->table) != 0)
    model->table = g_intern_string (entry->table);
  if (g_strcmp0 (model->connection, entry->own) != 0)
    model->connection = g_intern_string (entry->own);
  return model;
}

/* Makes the transaction current in which the decision was made. */
static gboolean
enter_transaction (Replay *replay, const LogEntry *entry, GError **error)
{
  YaraTransactionOptions options = { .struct_size = sizeof options, .rule = entry->rule };

  if (g_strcmp0 (replay->transaction_name, entry->transaction) == 0 && replay->rule == entry->rule)
    return TRUE;
  if (replay->transaction != NULL)
    yara_transaction_rollback (replay->transaction, NULL);
  g_clear_object (&replay->transaction);
  g_free (replay->transaction_name);
  replay->transaction_name = g_strdup (entry->transaction);
  replay->rule = entry->rule;
  if (entry->transaction != NULL)
    replay->transaction = yara_orm_begin (replay->orm, entry->transaction, &options, NULL, error);
  return entry->transaction == NULL || replay->transaction != NULL;
}

/* `orm` as the program had it: (transfer full). */
static YaraOrm *
make_view (YaraOrm *orm, const LogEntry *entry)
{
  g_autoptr(YaraOrm) hinted = entry->hints != NULL ? yara_orm_with_hints (orm, (const char *const *) entry->hints)
                                                   : g_object_ref (orm);

  return entry->using != NULL ? yara_orm_using (hinted, entry->using) : g_steal_pointer (&hinted);
}

/* ---- the answer ---- */

/* (transfer full). */
static char *
describe (gboolean is_refused, const char *answer)
{
  if (!is_refused)
    return g_strdup (answer);
  return answer != NULL ? g_strconcat ("refused: ", answer, NULL) : g_strdup ("refused");
}

static void
set_text (JsonObject *object, const char *member, const char *text)
{
  if (text != NULL)
    json_object_set_string_member (object, member, text);
}

static void
send_first (const LogEntry *entry, const char *was, const char *becomes, const char *reason)
{
  static const char *const rules[] = { "pinned", "strict", "by_name" };
  JsonObject *line = json_object_new (), *first = json_object_new ();

  json_object_set_int_member (first, "line", entry->line);
  set_text (first, "model", entry->model);
  set_text (first, "table", entry->table);
  set_text (first, "own", entry->own);
  set_text (first, "op", entry->operation == YARA_OPERATION_READ ? "read" : "write");
  if (entry->hints != NULL)
    {
      JsonArray *hints = json_array_new ();

      for (char **hint = entry->hints; *hint != NULL; hint++)
        json_array_add_string_element (hints, *hint);
      json_object_set_array_member (first, "hints", hints);
    }
  set_text (first, "using", entry->using);
  set_text (first, "transaction", entry->transaction);
  set_text (first, "rule", entry->transaction != NULL ? rules[entry->rule] : NULL);
  set_text (first, "was", was);
  set_text (first, "was_reason", entry->reason);
  set_text (first, "becomes", becomes);
  set_text (first, "becomes_reason", reason);
  json_object_set_object_member (line, "first", first);
  probe_send (line);
}

static void
count_difference (Replay *replay, const LogEntry *entry, const char *was, const char *becomes)
{
  const char *const texts[] = { entry->model, entry->operation == YARA_OPERATION_READ ? "read" : "write", was,
                                becomes, NULL };
  char *key = g_strjoinv ("\n", (char **) texts);
  Kind *kind = g_hash_table_lookup (replay->kinds, key);

  if (kind != NULL)
    g_free (key);
  else
    {
      kind = g_new0 (Kind, 1);
      for (guint i = 0; i < G_N_ELEMENTS (kind->texts); i++)
        kind->texts[i] = g_strdup (texts[i]);
      g_hash_table_insert (replay->kinds, key, kind);
    }
  kind->count++;
}

/* To the library the functions of the plugin are the program's. */
static const char *
skip_router (const char *message)
{
  const char *start = "the program's router: ";

  return g_str_has_prefix (message, start) ? message + strlen (start) : message;
}

/* Whether it can be decided; what was decided is counted. */
static gboolean
decide (Replay *replay, const LogEntry *entry, GError **error)
{
  YaraModel *model = find_model (replay, entry, error);
  g_autoptr(YaraOrm) view = make_view (replay->orm, entry);
  g_autoptr(GError) refusal = NULL;
  g_autofree char *was = NULL, *becomes = NULL;
  YaraRoute route;
  gboolean decided;

  if (model == NULL || !enter_transaction (replay, entry, error))
    return FALSE;
  decided = yara_orm_route (view, model, entry->operation, &route, &refusal);
  if (decided ? !entry->is_refused && strcmp (yara_connection_get_name (route.connection), entry->answer) == 0
              : entry->is_refused)
    {
      replay->n_same++;
      return TRUE;
    }
  was = describe (entry->is_refused, entry->answer);
  becomes = describe (!decided, decided ? yara_connection_get_name (route.connection) : NULL);
  if (replay->n_different++ == 0)
    send_first (entry, was, becomes,
                decided ? yara_route_reason_get_name (route.reason) : skip_router (refusal->message));
  count_difference (replay, entry, was, becomes);
  return TRUE;
}

static void
send_damaged (guint64 number, const char *reason)
{
  JsonObject *line = json_object_new ();

  json_object_set_int_member (line, "damaged", number);
  json_object_set_string_member (line, "reason", reason);
  probe_send (line);
}

static void
send_result (const Replay *replay)
{
  JsonObject *line = json_object_new ();
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, replay->kinds);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      static const char *const members[] = { "model", "op", "was", "becomes" };
      const Kind *kind = value;
      JsonObject *difference = json_object_new ();

      for (guint i = 0; i < G_N_ELEMENTS (members); i++)
        json_object_set_string_member (difference, members[i], kind->texts[i]);
      json_object_set_int_member (difference, "count", kind->count);
      probe_send (difference);
    }
  json_object_set_int_member (line, "same", replay->n_same);
  json_object_set_int_member (line, "different", replay->n_different);
  probe_send (line);
}

static void
replay_all (Replay *replay)
{
  g_auto(LogReader) reader = { .file = stdin };
  const char *problem;

  for (;;)
    {
      g_auto(LogEntry) entry = { 0 };
      g_autoptr(GError) error = NULL;

      if (!log_reader_next (&reader, &entry, &problem))
        break;
      probe_at (PROBE_CALL_LIMIT, "line %" G_GUINT64_FORMAT ": %s of \"%s\"", entry.line,
                entry.operation == YARA_OPERATION_READ ? "read" : "write", entry.model);
      if (!decide (replay, &entry, &error))
        {
          send_damaged (entry.line, error->message);
          return;
        }
    }
  if (problem != NULL)
    send_damaged (reader.n_lines, problem); /* somebody has changed the file meanwhile */
  else
    send_result (replay);
}

int
replay_child_main (char **arguments)
{
  g_auto(RouterOptions) options = ROUTER_OPTIONS_INIT;
  g_autoptr(Options) parser = options_new (arguments[0], "PLUGIN");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(GError) error = NULL;
  ProbeRouter router = { 0 };
  Replay replay = { 0 };
  int status;

  probe_confine (FALSE);
  router_options_add (&options, parser, ROUTER_ALL);
  if (!options_parse (parser, &words, &status) || !router_options_check (&options, arguments[0], words, &status))
    return status;
  options.rules = strcmp (arguments[0], "replay-rules") == 0;
  if (probe_router_load (&router, &options))
    {
      replay.orm = router.orm;
      replay.models = g_hash_table_new (g_str_hash, g_str_equal);
      replay.kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify) kind_free);
      if (!options.rules
          && !yara_orm_set_router_functions (router.orm, router.ask[YARA_OPERATION_READ],
                                             router.ask[YARA_OPERATION_WRITE], NULL, NULL, &error))
        probe_refuse (error);
      else
        replay_all (&replay);
    }
  probe_finish ();
}
