/* SPDX-License-Identifier: MIT
 * A statement: text, bound values, and what is to be made of its answer. */
#pragma once

#include "base/value.h"
#include "model/model-info.h"

/* Compiled SQL text, counted and immutable. Its `id` is unique in the process, so that a session
 * finds its prepared statement without hashing the text. */
typedef struct
{
  gatomicrefcount ref_count;
  guint64         id;
  gsize           length;
  char            text[];
} YaraSql;

YaraSql *yara_sql_new   (const char *text, gsize length);
YaraSql *yara_sql_ref   (YaraSql *sql);
void     yara_sql_unref (YaraSql *sql);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraSql, yara_sql_unref)

typedef enum
{
  YARA_ANSWER_COUNT,   /* the number of changed rows */
  YARA_ANSWER_KEY,     /* of an INSERT of one row: the key that the database made */
  YARA_ANSWER_NUMBER,  /* the integer in the first column of the first row, such as a count(*) */
  YARA_ANSWER_RECORDS, /* all columns of `info`, in the order of its fields, into a YaraResult */
  YARA_ANSWER_ROWS     /* into a YaraRows */
} YaraAnswer;

typedef struct
{
  YaraSql             *sql;       /* a reference */
  YaraValue           *values;    /* bound in order: $1 is values[0]; a LIST is one value */
  guint                n_values;
  YaraAnswer           answer;
  const YaraModelInfo *info;      /* (nullable): raw SQL */
  const YaraFieldInfo **columns;  /* ROWS: the field of each column; NULL for raw SQL, where the
                                     database tells the kinds */
  guint                n_columns;
  gsize                max_rows;  /* stop after so many; 0: all */
  gboolean             is_raw;    /* SQL of the program: one statement is enforced, nothing is assumed */
  gboolean             is_read;   /* generated SELECT; of raw SQL the backend finds out */
} YaraStatement;

/* Drops the reference to the text; the values are an arena's. */
void yara_statement_clear (YaraStatement *statement);

/* Many records of one model in one transaction. The backend reads the records field by field
 * (yara_field_get()) and writes the keys that the database makes into them; after a failure no
 * record has a key that it did not have before. */
typedef struct
{
  const YaraModelInfo  *info;
  const YaraFieldInfo **columns;    /* those that are sent */
  guint                 n_columns;
  char                 *records;
  gsize                 n_records;
  gboolean              returns_key; /* the SQL ends in RETURNING key */
  YaraSql              *chunk_sql;   /* for chunk_rows rows, or NULL when there are fewer */
  gsize                 chunk_rows;
  YaraSql              *tail_sql;    /* for the n_records % chunk_rows rows that are left, or NULL */
} YaraBulkInsert;

void yara_bulk_insert_clear (YaraBulkInsert *bulk);
