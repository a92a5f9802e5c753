/* SPDX-License-Identifier: MIT
 * What the tests of the sql layer share: two models, their tables in a database in memory, and the
 * check of a statement: its text, its values, and that SQLite takes it. */
#pragma once

#include <string.h>
#include <yaraorm/yara-error.h>

#include "backend/sqlite/sqlite.h"
#include "sql/compile.h"
#include "sql/schema.h"

typedef enum
{
  RED,
  GREEN
} Color;

static const YaraChoice colors[] = { { RED, "red" }, { GREEN, "green" }, { 0, NULL } };

typedef struct
{
  gint64      id;
  const char *name;
  gint32      age;
  bool        age_null;
  const char *price;
  Color       color;
  Color       level;
  YaraUuid    token;
  bool        flag;
  double      score;
} Item;

static const YaraField item_fields[] = {
  YARA_FIELD (Item, id, .primary_key = true),
  YARA_FIELD (Item, name, .nullable = true, .max_length = 20),
  YARA_FIELD (Item, age, .nullable = true, .null_flag = YARA_NULL_FLAG (Item, age_null)),
  YARA_FIELD_AS (Item, price, DECIMAL, .nullable = true, .precision = 8, .scale = 2),
  YARA_FIELD_AS (Item, color, ENUM_TEXT, .choices = colors),
  YARA_FIELD_AS (Item, level, ENUM_INT, .choices = colors),
  YARA_FIELD (Item, token, .nullable = true),
  YARA_FIELD (Item, flag),
  YARA_FIELD (Item, score),
};
static const YaraModel item_model = YARA_MODEL (Item, "items", item_fields);

#define ITEM_COLUMNS \
  "\"id\", \"name\", \"age\", \"price\", \"color\", \"level\", \"token\", \"flag\", \"score\""

/* For what is done with records. */
typedef struct
{
  gint64      id;
  const char *title;
  const char *state;
  const char *slug;
  gint32      rank;
  bool        rank_null;
  gint64      saved;
} Doc;

static const YaraField doc_fields[] = {
  YARA_FIELD (Doc, id, .primary_key = true),
  YARA_FIELD (Doc, title),
  YARA_FIELD (Doc, state, .default_value = "new"),
  YARA_FIELD (Doc, slug, .nullable = true, .default_sql = "lower (hex (randomblob (4)))"),
  YARA_FIELD (Doc, rank, .null_flag = YARA_NULL_FLAG (Doc, rank_null), .default_sql = "40 + 2"),
  YARA_FIELD_AS (Doc, saved, TIMESTAMP, .auto_now = true),
};
static const YaraModel doc_model = YARA_MODEL (Doc, "docs", doc_fields);

#define DOC_COLUMNS "\"id\", \"title\", \"state\", \"slug\", \"rank\", \"saved\""

typedef struct
{
  YaraModelInfo *info;
  YaraSqlCache  *cache;
  sqlite3       *db;
  YaraArena      arena;
} Fixture;

static inline void
create_table (sqlite3 *db, const YaraModelInfo *info)
{
  g_autoptr(GPtrArray) statements = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GError) error = NULL;

  yara_schema_append (&yara_dialect_sqlite, info, FALSE, NULL, NULL, statements, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < statements->len; i++)
    if (sqlite3_exec (db, statements->pdata[i], NULL, NULL, NULL) != SQLITE_OK)
      g_error ("%s: %s", sqlite3_errmsg (db), (char *) statements->pdata[i]);
}

static inline void
fixture_set_up (Fixture *fixture, gconstpointer model)
{
  g_autoptr(GError) error = NULL;

  fixture->info = yara_model_info_new (model, &error);
  g_assert_no_error (error);
  fixture->cache = yara_sql_cache_new (fixture->info, &yara_dialect_sqlite);
  g_assert_cmpint (sqlite3_open (":memory:", &fixture->db), ==, SQLITE_OK);
  sqlite3_db_config (fixture->db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config (fixture->db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  yara_sqlite_list_register (fixture->db);
  create_table (fixture->db, fixture->info);
  yara_arena_init (&fixture->arena);
}

static inline void
fixture_tear_down (Fixture *fixture, gconstpointer model)
{
  yara_arena_clear (&fixture->arena);
  sqlite3_close (fixture->db);
  yara_sql_cache_free (fixture->cache);
  yara_model_info_free (fixture->info);
}

/* A value for comparison with a text: 5, 2.5, 'Ada', decimal 9.00/2, null, [1, 2]. */
static inline void
describe_value (GString *text, const YaraValue *value)
{
  char uuid[YARA_UUID_TEXT_SIZE];

  switch (value->kind)
    {
    case YARA_KIND_NULL:
      g_string_append (text, "null");
      break;
    case YARA_KIND_DOUBLE:
      g_string_append_printf (text, "%g", value->number);
      break;
    case YARA_KIND_TEXT:
      g_string_append_printf (text, "'%.*s'", (int) value->bytes.size, (const char *) value->bytes.data);
      break;
    case YARA_KIND_DECIMAL:
      g_string_append_printf (text, "decimal %.*s/%u", (int) value->bytes.size, (const char *) value->bytes.data,
                              value->scale);
      break;
    case YARA_KIND_UUID:
      yara_uuid_to_text (&value->uuid, uuid);
      g_string_append (text, uuid);
      break;
    case YARA_KIND_LIST:
      for (gsize i = 0; i < value->list.n_values; i++)
        {
          g_string_append (text, i == 0 ? "[" : ", ");
          describe_value (text, &value->list.values[i]);
        }
      g_string_append_c (text, ']');
      break;
    default:
      g_string_append_printf (text, "%" G_GINT64_FORMAT, value->integer);
    }
}

static inline void
assert_prepares (Fixture *fixture, const char *sql, int n_values)
{
  sqlite3_stmt *stmt;

  if (sqlite3_prepare_v2 (fixture->db, sql, -1, &stmt, NULL) != SQLITE_OK)
    g_error ("%s: %s", sqlite3_errmsg (fixture->db), sql);
  g_assert_cmpint (sqlite3_bind_parameter_count (stmt), ==, n_values);
  sqlite3_finalize (stmt);
}

/* Checks `statement` and clears it. */
static inline void
assert_statement (Fixture *fixture, YaraStatement *statement, const char *sql, const char *values)
{
  g_autoptr(GString) text = g_string_new (NULL);

  g_assert_cmpstr (statement->sql->text, ==, sql);
  g_assert_cmpuint (statement->sql->length, ==, strlen (sql));
  for (guint i = 0; i < statement->n_values; i++)
    {
      g_string_append (text, i == 0 ? "" : ", ");
      describe_value (text, &statement->values[i]);
    }
  g_assert_cmpstr (text->str, ==, values);
  g_assert_true (statement->info == fixture->info);
  assert_prepares (fixture, sql, statement->n_values);
  yara_statement_clear (statement);
}

/* Checks that a compilation failed so, and clears the error. */
static inline void
assert_refused (gboolean ok, const YaraStatement *statement, GError **error, const char *message)
{
  static const YaraStatement empty;

  g_assert_false (ok);
  g_assert_error (*error, YARA_ERROR, YARA_ERROR_FIELD);
  g_assert_cmpstr ((*error)->message, ==, message);
  g_assert_cmpmem (statement, sizeof *statement, &empty, sizeof empty);
  g_clear_error (error);
}
