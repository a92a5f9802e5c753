/* SPDX-License-Identifier: MIT
 * The workload through yaraorm's public interface, as a user writes it: a new query for every get, no
 * knobs but the URL. The same for every database. */
#pragma once

#include "bench.h"

#include <yaraorm/yaraorm.h>

typedef struct
{
  gint64      id;
  const char *name;
  gint32      value;
  gint32      cat;
  gint64      created;
} Row;

extern const YaraModel row_model;

/* What is measured; opened and closed by the program. */
extern YaraOrm *orm;

/* Ends the program when `succeeded` is FALSE. */
void expect (gboolean succeeded, GError *error);

/* Opens `orm` and makes the table, which does not exist yet. */
void open_orm     (const char *url);
void create_table (void);

void run_sql      (const char *sql);
void print_ddl    (void);

void fill_rows    (Row *rows, int n_rows);
void bulk_insert  (Row *rows);

/* Runs once untimed, then timed. */
#define MEASURE_READ(name, call) \
  do { BenchTime start_; call; start_ = bench_now (); call; bench_report ((name), start_); } while (0)

/* Each wants an empty table. `empty_sql` empties it. The rows of the first are in the table, and deleted
 * by half, when it returns. */
void measure_table         (Row *rows, const char *empty_sql);
void measure_single_insert (Row *rows, const char *empty_sql);
void measure_async_creates (Row *rows, const char *empty_sql, unsigned in_flight, const char *name);

/* These want the rows of bulk_insert(). */
void get_blocking       (const Row *rows);
void measure_async_gets (Row *rows, unsigned in_flight, const char *name);
