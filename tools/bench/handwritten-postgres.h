/* SPDX-License-Identifier: MIT
 * What the files of the hand-written PostgreSQL program share. */
#pragma once

#include "bench.h"

#include <libpq-fe.h>
#include <stdbool.h>

typedef struct
{
  int64_t id;
  char   *name;
  int     value;
  int     cat;
  int64_t created; /* microseconds since 2000, as PostgreSQL counts */
} Row;

extern PGconn *conn;

/* Ends the program when the result is of another status; returns it. */
PGresult *expect (PGresult *result, ExecStatusType wanted);

void    prepare      (const char *name, const char *sql);
int64_t microseconds (void);
int64_t read_int64   (const PGresult *result, int row, int column);

/* The parameters of an insert. */
typedef struct
{
  uint32_t    value, cat;
  uint64_t    created;
  const char *values[4];
  int         lengths[4], formats[4];
} Insert;

/* Borrows from `row`; not to be copied. */
void insert_bind (Insert *insert, Row *row);

/* Takes the result of a get and checks it. */
void take_get (PGresult *result, const Row *wanted);

/* ---- handwritten-postgres-pipeline.c ---- */

void get_pipelined    (const Row *rows, bool sync_each);
void insert_pipelined (Row *rows);

/* ---- handwritten-postgres-bulk.c: both give the rows their keys ---- */

void prepare_bulk       (void);
void bulk_insert_copy   (Row *rows);
void bulk_insert_unnest (Row *rows);
