/* SPDX-License-Identifier: MIT
 * Dialects: where the SQL of the backends differs, as const tables of functions. */
#pragma once

#include "model/model-info.h"
#include "query/lookup.h"

typedef struct YaraDialect YaraDialect;

struct YaraDialect
{
  const char *name;           /* for messages: "SQLite" */

  /* What comparisons return. Not a word that a column could be called. */
  const char *true_text;
  const char *false_text;

  const char *is_distinct;    /* the operator that compares NULL like a value: "IS NOT" */
  const char *no_limit;       /* what stands before an OFFSET that has no LIMIT: "LIMIT -1", or "" */
  const char *table_options;  /* behind the closing parenthesis of CREATE TABLE: "STRICT", or "" */
  gboolean    locks_rows;     /* SELECT can say FOR UPDATE; else a transaction that writes has locked everything */
  gboolean    returns_key;    /* an INSERT whose key the database makes has to ask for it by RETURNING */
  guint       max_parameters; /* placeholders in one statement */
  guint       bulk_rows;      /* rows of one INSERT of many records */

  /* Whether tables of this dialect can hold what `info` describes; else YARA_ERROR_UNSUPPORTED naming
   * model and field. */
  gboolean (*check_model) (const YaraModelInfo *info, GError **error);

  /* Appends the placeholder of the value with this number: "$1". In a text they come as 1, 2, 3, ... */
  void (*append_placeholder) (GString *sql, guint number);

  /* Appends the test whether the column is, or is not, among the values of the one LIST that is bound
   * as `number`. NULL for a column that is NULL. */
  void (*append_in_list) (GString *sql, const YaraFieldInfo *field, gboolean is_in, guint number);

  /* Appends a text lookup (CONTAINS to IENDSWITH) with the pattern that is bound as `number`. */
  void (*append_match) (GString *sql, const YaraFieldInfo *field, YaraLookup lookup, guint number);

  /* Makes that pattern of the text in `value`, in which no character has a special meaning. FALSE when
   * memory is out. */
  gboolean (*make_pattern) (YaraLookup lookup, const YaraValue *value, YaraArena *arena, YaraValue *pattern);

  /* Appends the type of a column, and the checks that keep it to the values of the field's kind. */
  void (*append_type) (GString *sql, const YaraFieldInfo *field);

  /* The same for a key that the database makes; says PRIMARY KEY too. */
  void (*append_database_key) (GString *sql, const YaraFieldInfo *field);

  /* Appends the default_value of the field as a literal in the form that is stored. */
  void (*append_default) (GString *sql, const YaraFieldInfo *field);

  /* A query for what there is of the table whose name is $1: rows of "c" and the name of a column, or "i" and
   * that of an index; "kc" and "ki" repeat the names of those that belong to a key or a constraint, or are
   * inherited, so that they cannot be dropped by themselves. */
  const char *catalog;

  /* Adds the statements that store the descriptions of a table and its columns; NULL: the database
   * keeps none. */
  void (*add_comments) (const YaraModelInfo *info, GPtrArray *statements);
};

extern const YaraDialect yara_dialect_sqlite;
extern const YaraDialect yara_dialect_postgres;

/* Appends `name` in double quotes, quotes inside doubled. */
void yara_append_identifier (GString *sql, const char *name);

/* Appends `text` in single quotes, quotes inside doubled. For schemas only: values are bound. */
void yara_append_text_literal (GString *sql, const char *text, gsize length);
