/* SPDX-License-Identifier: MIT
 * CREATE TABLE and CREATE INDEX for SQLite: the text, and what SQLite makes of it. */
#include <sqlite3.h>
#include <string.h>
#include <yaraorm/yara-error.h>

#include "sql/compile.h"
#include "sql/schema.h"

typedef enum
{
  RED,
  GREEN
} Color;

static const YaraChoice colors[] = { { RED, "red" }, { GREEN, "it's green" }, { 0, NULL } };

typedef struct
{
  gint64 id;
} Team;

static const YaraField team_fields[] = { YARA_FIELD (Team, id, .primary_key = true) };
static const YaraModel team_model = YARA_MODEL (Team, "teams", team_fields);

/* Every kind, required and without options. */
typedef struct
{
  gint64      id;
  bool        a_bool;
  short       a_int16;
  gint32      a_int32;
  gint64      a_int64;
  double      a_double;
  const char *a_text;
  YaraBytes   a_bytes;
  YaraUuid    a_uuid;
  const char *a_decimal;
  const char *a_json;
  gint64      a_timestamp;
  gint32      a_date;
  Color       a_enum_int;
  Color       a_enum_text;
} Kinds;

static const YaraField kinds_fields[] = {
  YARA_FIELD (Kinds, id, .primary_key = true),
  YARA_FIELD (Kinds, a_bool),
  YARA_FIELD (Kinds, a_int16),
  YARA_FIELD (Kinds, a_int32),
  YARA_FIELD (Kinds, a_int64),
  YARA_FIELD (Kinds, a_double),
  YARA_FIELD (Kinds, a_text),
  YARA_FIELD (Kinds, a_bytes),
  YARA_FIELD (Kinds, a_uuid),
  YARA_FIELD_AS (Kinds, a_decimal, DECIMAL, .precision = 18, .scale = 2),
  YARA_FIELD_AS (Kinds, a_json, JSON),
  YARA_FIELD_AS (Kinds, a_timestamp, TIMESTAMP),
  YARA_FIELD_AS (Kinds, a_date, DATE),
  YARA_FIELD_AS (Kinds, a_enum_int, ENUM_INT, .choices = colors),
  YARA_FIELD_AS (Kinds, a_enum_text, ENUM_TEXT, .choices = colors),
};
static const YaraModel kinds_model = YARA_MODEL (Kinds, "kinds", kinds_fields);

static const char kinds_sql[] =
  "CREATE TABLE \"kinds\" (\"id\" INTEGER PRIMARY KEY AUTOINCREMENT, "
  "\"a_bool\" INTEGER CHECK (\"a_bool\" IN (0, 1)) NOT NULL, \"a_int16\" INTEGER NOT NULL, "
  "\"a_int32\" INTEGER NOT NULL, \"a_int64\" INTEGER NOT NULL, \"a_double\" REAL NOT NULL, "
  "\"a_text\" TEXT NOT NULL, \"a_bytes\" BLOB NOT NULL, \"a_uuid\" TEXT NOT NULL, "
  "\"a_decimal\" INTEGER NOT NULL, \"a_json\" TEXT NOT NULL, "
  "\"a_timestamp\" INTEGER NOT NULL, \"a_date\" INTEGER NOT NULL, \"a_enum_int\" INTEGER NOT NULL, "
  "\"a_enum_text\" TEXT NOT NULL) STRICT";

/* The same with a default each. */
static const YaraField defaults_fields[] = {
  YARA_FIELD (Kinds, id, .primary_key = true),
  YARA_FIELD (Kinds, a_bool, .default_value = "true"),
  YARA_FIELD (Kinds, a_int16, .default_value = "-5"),
  YARA_FIELD (Kinds, a_int32, .default_value = "18"),
  YARA_FIELD (Kinds, a_int64, .default_value = "-9223372036854775808"),
  YARA_FIELD (Kinds, a_double, .default_value = "-0.1"),
  YARA_FIELD (Kinds, a_text, .default_value = "it's \"new\""),
  YARA_FIELD (Kinds, a_bytes, .default_sql = "x'00ff'"),
  YARA_FIELD (Kinds, a_uuid, .default_value = "AB000000-0000-0000-0000-000000000001"),
  YARA_FIELD_AS (Kinds, a_decimal, DECIMAL, .precision = 18, .scale = 2, .default_value = "-0.5"),
  YARA_FIELD_AS (Kinds, a_json, JSON, .default_value = "{\"a\": \"it's\"}"),
  YARA_FIELD_AS (Kinds, a_timestamp, TIMESTAMP, .default_value = "1970-01-01T00:00:01.5Z"),
  YARA_FIELD_AS (Kinds, a_date, DATE, .default_value = "1970-02-01"),
  YARA_FIELD_AS (Kinds, a_enum_int, ENUM_INT, .choices = colors, .default_value = "it's green"),
  YARA_FIELD_AS (Kinds, a_enum_text, ENUM_TEXT, .choices = colors, .default_value = "it's green"),
};
static const YaraModel defaults_model = YARA_MODEL (Kinds, "defaults", defaults_fields);

static YaraModelInfo *
make_info (const YaraModel *model)
{
  g_autoptr(GError) error = NULL;
  YaraModelInfo *info = yara_model_info_new (model, &error);

  g_assert_no_error (error);
  return info;
}

/* Knows the model that `user_data` describes. */
static const YaraModelInfo *
find_model (const YaraModel *model, gpointer user_data)
{
  const YaraModelInfo *info = user_data;

  return info != NULL && info->model == model ? info : NULL;
}

/* The statements for `model`, which may refer to Team. */
static GPtrArray *
make_schema (const YaraModel *model, gboolean safe)
{
  g_autoptr(YaraModelInfo) info = make_info (model);
  g_autoptr(YaraModelInfo) team = make_info (&team_model);
  g_autoptr(GPtrArray) statements = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GError) error = NULL;

  yara_schema_append (&yara_dialect_sqlite, info, safe, find_model, team, statements, &error);
  g_assert_no_error (error);
  return g_steal_pointer (&statements);
}

static sqlite3 *
open_database (void)
{
  sqlite3 *db;

  g_assert_cmpint (sqlite3_open (":memory:", &db), ==, SQLITE_OK);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DQS_DDL, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_DQS_DML, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
  sqlite3_db_config (db, SQLITE_DBCONFIG_ENABLE_FKEY, 1, NULL);
  return db;
}

static void
run (sqlite3 *db, const char *sql)
{
  if (sqlite3_exec (db, sql, NULL, NULL, NULL) != SQLITE_OK)
    g_error ("%s: %s", sqlite3_errmsg (db), sql);
}

static void
assert_constraint (sqlite3 *db, const char *sql)
{
  g_assert_cmpint (sqlite3_exec (db, sql, NULL, NULL, NULL), ==, SQLITE_CONSTRAINT);
}

static void
run_schema (sqlite3 *db, const YaraModel *model, gboolean safe)
{
  g_autoptr(GPtrArray) statements = make_schema (model, safe);

  for (guint i = 0; i < statements->len; i++)
    run (db, statements->pdata[i]);
}

/* The only cell of a query. */
static char *
query (sqlite3 *db, const char *sql)
{
  sqlite3_stmt *stmt;
  char *text;

  if (sqlite3_prepare_v2 (db, sql, -1, &stmt, NULL) != SQLITE_OK)
    g_error ("%s: %s", sqlite3_errmsg (db), sql);
  g_assert_cmpint (sqlite3_step (stmt), ==, SQLITE_ROW);
  text = g_strdup ((const char *) sqlite3_column_text (stmt, 0));
  sqlite3_finalize (stmt);
  return text;
}

static void
assert_query (sqlite3 *db, const char *sql, const char *expected)
{
  g_autofree char *text = query (db, sql);

  g_assert_cmpstr (text, ==, expected);
}

static void
test_kinds (void)
{
  g_autoptr(GPtrArray) statements = make_schema (&kinds_model, FALSE);
  sqlite3 *db = open_database ();

  g_assert_cmpuint (statements->len, ==, 1);
  g_assert_cmpstr (statements->pdata[0], ==, kinds_sql);
  run_schema (db, &kinds_model, FALSE);
  run (db, "INSERT INTO kinds VALUES (NULL, 1, 1, 1, 1, 1, '', x'', '', 1, '{}', 1, 1, 1, '')");
  /* what does not belong there is kept out */
  assert_constraint (db, "UPDATE kinds SET a_int32 = 'x'");
  assert_constraint (db, "UPDATE kinds SET a_text = NULL");
  assert_constraint (db, "UPDATE kinds SET a_bool = 2");
  assert_constraint (db, "UPDATE kinds SET a_bytes = 'x'");
  /* the key of a deleted row is not given again */
  run (db, "DELETE FROM kinds");
  run (db, "INSERT INTO kinds VALUES (NULL, 1, 1, 1, 1, 1, '', x'', '', 1, '{}', 1, 1, 1, '')");
  assert_query (db, "SELECT id FROM kinds", "2");
  sqlite3_close (db);
}

/* default_value and default_sql are what the database puts in. */
static void
test_defaults (void)
{
  static const char *const expected[][2] = {
    { "a_bool", "1" },
    { "a_int16", "-5" },
    { "a_int32", "18" },
    { "a_int64", "-9223372036854775808" },
    { "a_double", "-0.1" },
    { "a_text", "it's \"new\"" },
    { "hex (a_bytes)", "00FF" },
    { "a_uuid", "ab000000-0000-0000-0000-000000000001" },
    { "a_decimal", "-50" },
    { "a_json", "{\"a\": \"it's\"}" },
    { "a_timestamp", "1500000" },
    { "a_date", "31" },
    { "a_enum_int", "1" },
    { "a_enum_text", "it's green" },
  };
  sqlite3 *db = open_database ();

  run_schema (db, &defaults_model, FALSE);
  run (db, "INSERT INTO defaults DEFAULT VALUES");
  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      g_autofree char *sql = g_strdup_printf ("SELECT %s FROM defaults", expected[i][0]);

      assert_query (db, sql, expected[i][1]);
    }
  sqlite3_close (db);
}

typedef struct
{
  gint64      id;
  const char *price;
} Price;

static void
test_decimal_defaults (void)
{
  static const struct
  {
    const char *text;
    guint       scale;
    const char *stored;
  } cases[] = {
    { "10.00", 2, "1000" }, { "9", 2, "900" }, { "-0.05", 2, "-5" }, { "0", 2, "0" }, { "007.5", 2, "750" },
    { "1.500", 2, "150" }, { "+3", 0, "3" }, { "999999999999999999", 0, "999999999999999999" },
    { "-0.999999999999999999", 18, "-999999999999999999" }, { "5.0", 0, "5" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      const YaraField fields[] = {
        YARA_FIELD (Price, id, .primary_key = true),
        YARA_FIELD_AS (Price, price, DECIMAL, .precision = 18, .scale = cases[i].scale,
                       .default_value = cases[i].text),
      };
      const YaraModel model = YARA_MODEL (Price, "prices", fields);
      sqlite3 *db = open_database ();

      run_schema (db, &model, FALSE);
      run (db, "INSERT INTO prices DEFAULT VALUES");
      assert_query (db, "SELECT price FROM prices", cases[i].stored);
      sqlite3_close (db);
    }
}

/* Options, references and indexes; names that need their quotes. */
typedef struct
{
  const char *code;
  const char *name;
  gint64      team;
  gint64      rival;
  gint64      parent;
  bool        parent_null;
  gint64      far;
  gint32      rank;
  bool        rank_null;
} Odd;

static const YaraField odd_fields[] = {
  YARA_FIELD (Odd, code, .primary_key = true, .unique = true, .column = "co\"de"),
  YARA_FIELD (Odd, name, .unique = true, .nullable = true, .max_length = 20, .column = "select"),
  YARA_FIELD (Odd, team, .references = &team_model),
  YARA_FIELD (Odd, rival, .references = &team_model, .on_delete = YARA_ON_DELETE_RESTRICT),
  YARA_FIELD (Odd, parent, .references = &team_model, .on_delete = YARA_ON_DELETE_SET_NULL, .nullable = true,
              .null_flag = YARA_NULL_FLAG (Odd, parent_null)),
  YARA_FIELD (Odd, far, .references = &team_model, .unconstrained = true),
  YARA_FIELD (Odd, rank, .index = true, .default_sql = "40 + 2", .null_flag = YARA_NULL_FLAG (Odd, rank_null)),
};
static const YaraIndex odd_indexes[] = { YARA_INDEX ("name", "rank"), YARA_UNIQUE ("code", "team") };
static const YaraModel odd_model = YARA_MODEL (Odd, "it\"s; --", odd_fields, YARA_INDEXES (odd_indexes));

static void
test_options (void)
{
  g_autoptr(GPtrArray) statements = make_schema (&odd_model, FALSE);
  sqlite3 *db = open_database ();

  g_assert_cmpuint (statements->len, ==, 4);
  g_assert_cmpstr (statements->pdata[0], ==,
                   "CREATE TABLE \"it\"\"s; --\" (\"co\"\"de\" TEXT NOT NULL PRIMARY KEY, \"select\" TEXT UNIQUE, "
                   "\"team\" INTEGER NOT NULL REFERENCES \"teams\" (\"id\") ON DELETE CASCADE, "
                   "\"rival\" INTEGER NOT NULL REFERENCES \"teams\" (\"id\") ON DELETE RESTRICT, "
                   "\"parent\" INTEGER REFERENCES \"teams\" (\"id\") ON DELETE SET NULL, "
                   "\"far\" INTEGER NOT NULL, \"rank\" INTEGER NOT NULL DEFAULT (40 + 2)) STRICT");
  for (guint i = 1; i < statements->len; i++)
    {
      g_assert_true (g_str_has_prefix (statements->pdata[i], "CREATE "));
      g_assert_nonnull (strstr (statements->pdata[i], " ON \"it\"\"s; --\" (\""));
    }

  run_schema (db, &team_model, FALSE);
  run_schema (db, &odd_model, FALSE);
  assert_query (db, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL", "3");
  assert_query (db, "SELECT count(*) FROM sqlite_schema WHERE sql LIKE 'CREATE UNIQUE INDEX %'", "1");
  run (db, "INSERT INTO teams VALUES (1), (2), (3)");
  run (db, "INSERT INTO \"it\"\"s; --\" (\"co\"\"de\", team, rival, parent, far) VALUES ('a', 1, 2, 3, 99)");
  assert_query (db, "SELECT rank FROM \"it\"\"s; --\"", "42");
  assert_constraint (db, "INSERT INTO \"it\"\"s; --\" (\"co\"\"de\", team, rival, far) VALUES ('b', 9, 2, 99)");
  assert_constraint (db, "DELETE FROM teams WHERE id = 2");
  run (db, "DELETE FROM teams WHERE id = 3");
  assert_query (db, "SELECT parent FROM \"it\"\"s; --\"", NULL);
  run (db, "DELETE FROM teams WHERE id = 1");
  assert_query (db, "SELECT count(*) FROM \"it\"\"s; --\"", "0");
  sqlite3_close (db);
}

typedef struct
{
  gint64   id;
  gint64   parent;
  bool     parent_null;
  YaraUuid token;
} Node;

static const YaraModel node_model;
static const YaraField node_fields[] = {
  YARA_FIELD (Node, id, .primary_key = true, .natural = true),
  YARA_FIELD (Node, parent, .references = &node_model, .on_delete = YARA_ON_DELETE_NO_ACTION, .nullable = true,
              .null_flag = YARA_NULL_FLAG (Node, parent_null)),
};
static const YaraModel node_model = YARA_MODEL (Node, "nodes", node_fields);

static const YaraField token_fields[] = { YARA_FIELD (Node, token, .primary_key = true) };
static const YaraModel token_model = YARA_MODEL (Node, "tokens", token_fields);

static void
test_keys (void)
{
  g_autoptr(GPtrArray) node = make_schema (&node_model, FALSE);
  g_autoptr(GPtrArray) token = make_schema (&token_model, FALSE);
  sqlite3 *db = open_database ();

  /* a model may refer to itself */
  g_assert_cmpstr (node->pdata[0], ==,
                   "CREATE TABLE \"nodes\" (\"id\" INTEGER NOT NULL PRIMARY KEY, "
                   "\"parent\" INTEGER REFERENCES \"nodes\" (\"id\") ON DELETE NO ACTION) STRICT");
  g_assert_cmpstr (token->pdata[0], ==, "CREATE TABLE \"tokens\" (\"token\" TEXT NOT NULL PRIMARY KEY) STRICT");
  run_schema (db, &node_model, FALSE);
  run_schema (db, &token_model, FALSE);
  /* the natural integer key is the row number, not a second index */
  run (db, "INSERT INTO nodes VALUES (7, NULL)");
  assert_query (db, "SELECT rowid FROM nodes", "7");
  assert_query (db, "SELECT count(*) FROM sqlite_schema WHERE type = 'index' AND tbl_name = 'nodes'", "0");
  sqlite3_close (db);
}

static void
test_safe (void)
{
  g_autoptr(GPtrArray) statements = make_schema (&odd_model, TRUE);
  sqlite3 *db = open_database ();

  for (guint i = 0; i < statements->len; i++)
    g_assert_nonnull (strstr (statements->pdata[i], " IF NOT EXISTS \""));
  run_schema (db, &team_model, TRUE);
  run_schema (db, &odd_model, TRUE);
  run_schema (db, &odd_model, TRUE);
  g_assert_cmpint (sqlite3_exec (db, kinds_sql, NULL, NULL, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, kinds_sql, NULL, NULL, NULL), ==, SQLITE_ERROR);
  sqlite3_close (db);
}

static void
test_unknown_reference (void)
{
  g_autoptr(YaraModelInfo) info = make_info (&odd_model);
  g_autoptr(GPtrArray) statements = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GError) error = NULL;

  g_assert_false (yara_schema_append (&yara_dialect_sqlite, info, FALSE, find_model, NULL, statements, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
  g_assert_cmpstr (error->message, ==,
                   "Odd.team: refers to model Team, which is not registered; register it or make the field "
                   "unconstrained");
  g_assert_cmpuint (statements->len, ==, 0);
}

/* Refused wherever the model would be used with SQLite. */
static void
test_wide_decimal (void)
{
  const YaraField fields[] = {
    YARA_FIELD (Price, id, .primary_key = true),
    YARA_FIELD_AS (Price, price, DECIMAL, .precision = 19, .scale = 2),
  };
  const YaraModel model = YARA_MODEL (Price, "prices", fields);
  static const char message[] =
    "Price.price: SQLite holds decimals of at most 18 digits, the field has a precision of 19; lower it or use "
    "another backend";
  g_autoptr(YaraModelInfo) info = make_info (&model);
  g_autoptr(GPtrArray) statements = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(YaraQuery) all = yara_query_new (&model);
  YaraSqlCache *cache = yara_sql_cache_new (info, &yara_dialect_sqlite);
  Price price = { 1, "1.00" };
  YaraStatement statement;
  YaraBulkInsert bulk;
  YaraArena arena;
  GError *error = NULL;

#define assert_unsupported(call) \
  do \
    { \
      g_assert_false (call); \
      g_assert_error (error, YARA_ERROR, YARA_ERROR_UNSUPPORTED); \
      g_assert_cmpstr (error->message, ==, message); \
      g_clear_error (&error); \
    } \
  while (0)

  yara_arena_init (&arena);
  assert_unsupported (yara_schema_append (&yara_dialect_sqlite, info, FALSE, find_model, NULL, statements, &error));
  assert_unsupported (yara_compile_select (cache, YARA_SELECT_ALL, all, NULL, &arena, &statement, &error));
  assert_unsupported (yara_compile_update (cache, all, &arena, &statement, &error));
  assert_unsupported (yara_compile_delete (cache, all, &arena, &statement, &error));
  assert_unsupported (yara_compile_insert (cache, &price, &arena, &statement, &error));
  assert_unsupported (yara_compile_update_record (cache, &price, NULL, &arena, &statement, &error));
  assert_unsupported (yara_compile_delete_record (cache, &price, &arena, &statement, &error));
  assert_unsupported (yara_compile_select_like (cache, &price, NULL, &arena, &statement, &error));
  assert_unsupported (yara_compile_bulk_insert (cache, &price, 1, &arena, &bulk, &error));
  yara_arena_clear (&arena);
  yara_sql_cache_free (cache);
}

static void
test_identifier (void)
{
  static const char *const cases[][2] = {
    { "users", "\"users\"" }, { "us\"ers", "\"us\"\"ers\"" }, { "\"", "\"\"\"\"" }, { "a b", "\"a b\"" },
    { "\xc3\xa9", "\"\xc3\xa9\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GString) sql = g_string_new (NULL);

      yara_append_identifier (sql, cases[i][0]);
      g_assert_cmpstr (sql->str, ==, cases[i][1]);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/schema/kinds", test_kinds);
  g_test_add_func ("/schema/defaults", test_defaults);
  g_test_add_func ("/schema/decimal-defaults", test_decimal_defaults);
  g_test_add_func ("/schema/options", test_options);
  g_test_add_func ("/schema/keys", test_keys);
  g_test_add_func ("/schema/safe", test_safe);
  g_test_add_func ("/schema/unknown-reference", test_unknown_reference);
  g_test_add_func ("/schema/wide-decimal", test_wide_decimal);
  g_test_add_func ("/schema/identifier", test_identifier);
  return g_test_run ();
}
