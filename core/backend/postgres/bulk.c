/* SPDX-License-Identifier: MIT
 * Inserting many records. Few go in one INSERT; many have their keys drawn first and are then copied in
 * binary form; where COPY cannot serve they go in INSERTs of a hundred. */
#include "backend/postgres/postgres.h"

#include <string.h>
#include <yaraorm/yara-error.h>
#include "backend/postgres/binary.h"
#include "model/field.h"

/* How much is handed to libpq at once. */
#define COPY_CHUNK (64 * 1024)

typedef struct
{
  YaraPostgresSession  *session;
  const YaraBulkInsert *bulk;
  const YaraFieldInfo **columns;  /* of COPY: those that are sent, and the key */
  Oid                  *types;    /* of the table */
  guint                 n_columns;
  gsize                 n_keys;   /* records that were given their key */
  gboolean              joins;    /* the transaction that is open */
} Bulk;

static inline char *
record_at (const YaraBulkInsert *bulk, gsize index)
{
  return bulk->records + index * bulk->info->model->record_size;
}

static gboolean
get_value (const YaraBulkInsert *bulk, const YaraFieldInfo *field, gsize index, YaraValue *value, GError **error)
{
  gconstpointer record = record_at (bulk, index);

  if (G_LIKELY (yara_field_get (bulk->info, field, record, value, error) &&
                yara_field_require (bulk->info, field, value, error)))
    return TRUE;
  g_prefix_error (error, "record %" G_GSIZE_FORMAT ": ", index);
  return FALSE;
}

static gboolean
is_stopped (YaraPostgresSession *session, GError **error)
{
  if (session->stop == YARA_STOP_NONE && !atomic_load_explicit (&session->interrupted, memory_order_relaxed))
    return FALSE;
  g_propagate_error (error, yara_postgres_error_new_cancelled (TRUE));
  return TRUE;
}

/* ---- by INSERT ---- */

/* Rows come back in the order of VALUES. */
static gboolean
take_keys (Bulk *state, PGresult *result, gsize n_rows, GError **error)
{
  YaraRequest one = { .statement = { .answer = YARA_ANSWER_ROWS } };
  gboolean ok;

  yara_postgres_take_answer (state->session, &one, result);
  ok = one.error == NULL;
  if (ok && state->bulk->returns_key && one.n_rows != (gint64) n_rows)
    {
      ok = FALSE;
      g_set_error (error, YARA_ERROR, YARA_ERROR_OPERATIONAL,
                   "the INSERT gave %" G_GINT64_FORMAT " keys for %" G_GSIZE_FORMAT " rows", one.n_rows, n_rows);
    }
  for (gsize i = 0; ok && state->bulk->returns_key && i < n_rows; i++)
    ok = yara_record_set_key (state->bulk->info, record_at (state->bulk, state->n_keys++),
                              yara_rows_get_int (one.rows, i, 0), error);
  if (one.error != NULL)
    g_propagate_error (error, g_steal_pointer (&one.error));
  yara_request_reset (&one);
  return ok;
}

static gboolean
insert_chunk (Bulk *state, YaraSql *sql, gsize first, gsize n_rows, GError **error)
{
  const YaraBulkInsert *bulk = state->bulk;
  g_autofree YaraValue *values = g_new (YaraValue, n_rows * bulk->n_columns + 1);
  YaraStatement statement = { .sql = sql, .values = values, .n_values = n_rows * bulk->n_columns };
  PGresult *result;

  if (is_stopped (state->session, error))
    return FALSE;
  for (gsize i = 0; i < statement.n_values; i++)
    if (!get_value (bulk, bulk->columns[i % bulk->n_columns], first + i / bulk->n_columns, &values[i], error))
      return FALSE;
  yara_postgres_start_deadline (state->session);
  result = yara_postgres_execute (state->session, &statement, error);
  return result != NULL && take_keys (state, result, n_rows, error);
}

static gboolean
insert_all (Bulk *state, GError **error)
{
  const YaraBulkInsert *bulk = state->bulk;
  gsize first = 0;

  for (; bulk->chunk_sql != NULL && bulk->n_records - first >= bulk->chunk_rows; first += bulk->chunk_rows)
    if (!insert_chunk (state, bulk->chunk_sql, first, bulk->chunk_rows, error))
      return FALSE;
  return first == bulk->n_records ||
         insert_chunk (state, bulk->tail_sql, first, bulk->n_records - first, error);
}

/* ---- by COPY ---- */

static void
append_columns (const Bulk *state, GString *sql)
{
  for (guint i = 0; i < state->n_columns; i++)
    {
      g_string_append (sql, i > 0 ? ", " : "");
      yara_append_identifier (sql, state->columns[i]->column);
    }
}

/* Whether COPY may send a value of this kind for a column of this type. */
static gboolean
can_copy (YaraKind kind, Oid type)
{
  enum { BOOL = 16, BYTEA = 17, INT8 = 20, INT2 = 21, INT4 = 23, TEXT = 25, JSON = 114, FLOAT8 = 701, VARCHAR = 1043,
         DATE = 1082, TIMESTAMPTZ = 1184, NUMERIC = 1700, UUID = 2950, JSONB = 3802 };

  switch (kind)
    {
    case YARA_KIND_BOOL:
      return type == BOOL;
    case YARA_KIND_INT16:
    case YARA_KIND_INT32:
    case YARA_KIND_INT64:
    case YARA_KIND_ENUM_INT:
      return type == INT2 || type == INT4 || type == INT8;
    case YARA_KIND_DOUBLE:
      return type == FLOAT8;
    case YARA_KIND_TEXT:
    case YARA_KIND_ENUM_TEXT:
      return type == TEXT || type == VARCHAR;
    case YARA_KIND_BYTES:
      return type == BYTEA;
    case YARA_KIND_UUID:
      return type == UUID;
    case YARA_KIND_DECIMAL:
      return type == NUMERIC;
    case YARA_KIND_JSON:
      return type == JSON || type == JSONB;
    case YARA_KIND_TIMESTAMP:
      return type == TIMESTAMPTZ;
    case YARA_KIND_DATE:
      return type == DATE;
    default:
      return FALSE;
    }
}

/* A statement that was made here, run once and not kept: (transfer full), NULL with an error. */
static PGresult *
query (Bulk *state, const char *sql, const YaraValue *values, guint n_values, GError **error)
{
  YaraSql *text = yara_sql_new (sql, strlen (sql));
  YaraStatement statement = { .sql = text, .values = (YaraValue *) values, .n_values = n_values, .is_raw = TRUE };
  PGresult *result = yara_postgres_execute (state->session, &statement, error);

  yara_sql_unref (text);
  if (PQresultStatus (result) == PGRES_TUPLES_OK || result == NULL)
    return result;
  g_propagate_error (error, yara_postgres_error_new (state->session, result));
  PQclear (result);
  return NULL;
}

/* The types of the columns, which need not be those that this library would make. `serves`: COPY can
 * send all of them. */
static gboolean
look_at_columns (Bulk *state, gboolean *serves, GError **error)
{
  g_autoptr(GString) sql = g_string_new ("SELECT ");
  PGresult *result;

  append_columns (state, sql);
  g_string_append (sql, " FROM ");
  yara_append_identifier (sql, state->bulk->info->table);
  g_string_append (sql, " LIMIT 0");
  result = query (state, sql->str, NULL, 0, error);
  if (result == NULL)
    return FALSE;
  *serves = TRUE;
  for (guint i = 0; i < state->n_columns; i++)
    {
      state->types[i] = PQftype (result, i);
      *serves &= can_copy (state->columns[i]->kind, state->types[i]);
    }
  PQclear (result);
  return TRUE;
}

/* Gives every record its key. `serves`: FALSE when the key does not come from a sequence of its own. */
static gboolean
draw_keys (Bulk *state, gboolean *serves, GError **error)
{
  const YaraBulkInsert *bulk = state->bulk;
  g_autoptr(GString) table = g_string_new (NULL);
  YaraValue values[3];
  PGresult *result;
  gboolean ok = TRUE;

  yara_append_identifier (table, bulk->info->table);
  values[0] = yara_value_text (table->str);
  values[1] = yara_value_text (bulk->info->key->column);
  values[2] = yara_value_int (bulk->n_records);
  result = query (state,
                  "SELECT nextval((SELECT pg_get_serial_sequence($1, $2)::regclass)) FROM generate_series(1, $3)",
                  values, 3, error);
  if (result == NULL)
    return FALSE;
  *serves = (gsize) PQntuples (result) == bulk->n_records && !PQgetisnull (result, 0, 0);
  for (gsize i = 0; ok && *serves && i < bulk->n_records; i++)
    ok = yara_record_set_key (bulk->info, record_at (bulk, state->n_keys++), yara_read_64 (PQgetvalue (result, i, 0)),
                              error);
  PQclear (result);
  return ok;
}

static gboolean
append_record (Bulk *state, gsize index, GByteArray *buffer, GError **error)
{
  guint16 n_columns = GUINT16_TO_BE (state->n_columns);

  g_byte_array_append (buffer, (const guint8 *) &n_columns, sizeof n_columns);
  for (guint i = 0; i < state->n_columns; i++)
    {
      YaraValue value;

      if (!get_value (state->bulk, state->columns[i], index, &value, error))
        return FALSE;
      if (!yara_postgres_append_binary (&value, state->types[i], buffer, error))
        {
          g_prefix_error (error, "record %" G_GSIZE_FORMAT ": %s.%s: the value ", index, state->bulk->info->name,
                          state->columns[i]->name);
          return FALSE;
        }
    }
  return TRUE;
}

static gboolean
put (Bulk *state, GByteArray *buffer, GError **error)
{
  YaraPostgresSession *session = state->session;

  if (is_stopped (session, error))
    return FALSE;
  if (PQputCopyData (session->conn, (const char *) buffer->data, buffer->len) == 1 && yara_postgres_flush (session))
    {
      g_byte_array_set_size (buffer, 0);
      return TRUE;
    }
  if (!is_stopped (session, error))
    g_propagate_error (error, yara_postgres_error_new (session, NULL));
  return FALSE;
}

static gboolean
put_all (Bulk *state, GError **error)
{
  static const char header[] = "PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0";
  static const guint8 trailer[] = { 0xff, 0xff };
  g_autoptr(GByteArray) buffer = g_byte_array_sized_new (COPY_CHUNK + COPY_CHUNK / 8);

  g_byte_array_append (buffer, (const guint8 *) header, sizeof header); /* with the NUL: 19 bytes */
  for (gsize i = 0; i < state->bulk->n_records; i++)
    {
      if (!append_record (state, i, buffer, error) || (buffer->len >= COPY_CHUNK && !put (state, buffer, error)))
        return FALSE;
      yara_postgres_start_deadline (state->session);
    }
  g_byte_array_append (buffer, trailer, sizeof trailer);
  return put (state, buffer, error);
}

/* Ends the COPY, well or not, and takes its outcome. */
static gboolean
end_copy (Bulk *state, gboolean ok, GError **error)
{
  YaraPostgresSession *session = state->session;
  PGresult *result;

  if (session->is_broken)
    return FALSE;
  PQputCopyEnd (session->conn, ok ? NULL : "the program stopped it");
  result = yara_postgres_receive (session);
  if (ok && PQresultStatus (result) != PGRES_COMMAND_OK)
    {
      ok = FALSE;
      g_propagate_error (error, yara_postgres_error_new (session, result));
    }
  PQclear (result);
  yara_postgres_drain (session);
  return ok;
}

static gboolean
copy_all (Bulk *state, GError **error)
{
  YaraPostgresSession *session = state->session;
  g_autoptr(GString) sql = g_string_new ("COPY ");
  PGresult *result;

  yara_append_identifier (sql, state->bulk->info->table);
  g_string_append (sql, " (");
  append_columns (state, sql);
  g_string_append (sql, ") FROM STDIN (FORMAT binary)");
  yara_postgres_start_deadline (session);
  result = PQsendQuery (session->conn, sql->str) ? yara_postgres_receive (session) : NULL;
  if (PQresultStatus (result) != PGRES_COPY_IN)
    {
      g_propagate_error (error, yara_postgres_error_new (session, result));
      PQclear (result);
      yara_postgres_drain (session);
      return FALSE;
    }
  PQclear (result);
  return end_copy (state, put_all (state, error), error);
}

/* ---- together ---- */

static gboolean
copy_or_insert (Bulk *state, GError **error)
{
  gboolean serves = FALSE;

  yara_postgres_start_deadline (state->session);
  if ((!state->joins && !yara_postgres_command (state->session, "BEGIN", "BEGIN", error)) ||
      !look_at_columns (state, &serves, error) ||
      (serves && state->bulk->returns_key && !draw_keys (state, &serves, error)) ||
      !(serves ? copy_all (state, error) : insert_all (state, error)) ||
      is_stopped (state->session, error))
    return FALSE;
  yara_postgres_start_deadline (state->session);
  return state->joins || yara_postgres_command (state->session, "COMMIT", "COMMIT", error);
}

static void
take_back_keys (Bulk *state)
{
  while (state->n_keys > 0)
    yara_record_set_key (state->bulk->info, record_at (state->bulk, --state->n_keys), 0, NULL);
}

static gboolean
run (Bulk *state, GError **error)
{
  const YaraBulkInsert *bulk = state->bulk;

  /* One statement is its own transaction. */
  if (bulk->chunk_sql == NULL)
    return insert_all (state, error);
  state->columns = g_new (const YaraFieldInfo *, bulk->n_columns + 1);
  state->types = g_new0 (Oid, bulk->n_columns + 1);
  memcpy (state->columns, bulk->columns, bulk->n_columns * sizeof *bulk->columns);
  state->n_columns = bulk->n_columns;
  if (bulk->returns_key)
    state->columns[state->n_columns++] = bulk->info->key;
  return copy_or_insert (state, error);
}

static gboolean
run_once (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  Bulk state = { .session = session, .bulk = &request->bulk, .joins = request->in_transaction };
  gboolean ok;

  if (!yara_postgres_begin_request (request, guard))
    return FALSE;
  ok = run (&state, &request->error);
  yara_postgres_end_request (session, request, guard);
  if (!request->in_transaction)
    yara_postgres_session_clean (session);
  if (!ok)
    take_back_keys (&state);
  g_free (state.columns);
  g_free (state.types);
  return ok;
}

/* A statement that was prepared before its table changed fails within the transaction; nothing is
 * stored then. */
static gboolean
was_stale (const YaraPostgresSession *session, const GError *error)
{
  const char *state = yara_error_get_sqlstate (error);

  return !session->is_broken && (g_strcmp0 (state, "0A000") == 0 || g_strcmp0 (state, "26000") == 0);
}

void
yara_postgres_run_bulk_insert (YaraPostgresSession *session, YaraRequest *request, const YaraRunGuard *guard)
{
  gboolean ok = run_once (session, request, guard);

  if (!ok && !request->in_transaction && was_stale (session, request->error))
    {
      g_clear_error (&request->error);
      ok = run_once (session, request, guard);
    }
  if (ok)
    request->n_rows = request->bulk.n_records;
}
