/* SPDX-License-Identifier: MIT
 * The workload through yaraorm. Blocking verbs first, then asynchronous ones. */
#include "workload.h"

static const YaraField row_fields[] = {
  YARA_FIELD (Row, id, .primary_key = true),
  YARA_FIELD (Row, name, .max_length = 50),
  YARA_FIELD (Row, value),
  YARA_FIELD (Row, cat),
  YARA_FIELD_AS (Row, created, TIMESTAMP, .auto_now_add = true),
};
const YaraModel row_model = YARA_MODEL (Row, "bench", row_fields);

YaraOrm *orm;

/* ---- the connection ---- */

void
expect (gboolean succeeded, GError *error)
{
  if (!succeeded)
    bench_fail ("yaraorm: %s", error != NULL ? error->message : "wrong result");
}

void
open_orm (const char *url)
{
  g_autoptr(GError) error = NULL;

  orm = yara_orm_open (url, NULL, NULL, &error);
  expect (orm != NULL && yara_orm_register (orm, &row_model, &error), error);
}

void
create_table (void)
{
  g_autoptr(GError) error = NULL;

  expect (yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, &error), error);
}

void
run_sql (const char *sql)
{
  g_autoptr(GError) error = NULL;
  YaraConnection *connection = yara_orm_get_connection (orm, NULL, &error);

  expect (connection != NULL && yara_connection_execute (connection, sql, NULL, NULL, &error) >= 0, error);
}

void
print_ddl (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GVariant) schema = yara_orm_schema_sql (orm, NULL, YARA_SCHEMA_DEFAULT, &error);
  g_autoptr(GVariant) statements = NULL;
  const char *statement;
  GVariantIter iter;

  expect (schema != NULL, error);
  g_variant_get_child (schema, 0, "(&s@as)", NULL, &statements);
  g_variant_iter_init (&iter, statements);
  while (g_variant_iter_next (&iter, "&s", &statement))
    g_print ("%s;\n", statement);
}

/* ---- blocking ---- */

void
fill_rows (Row *rows, int n_rows)
{
  for (int i = 0; i < n_rows; i++)
    rows[i] = (Row) { .name = bench_names ()[i], .value = i, .cat = i % N_CATEGORIES };
}

void
bulk_insert (Row *rows)
{
  g_autoptr(GError) error = NULL;

  expect (yara_orm_bulk_create (orm, &row_model, rows, N_ROWS, NULL, &error), error);
}

static void
single_insert (Row *row)
{
  g_autoptr(GError) error = NULL;

  expect (yara_orm_create (orm, &row_model, row, NULL, &error), error);
}

static gint64
update_where_less (int value, int limit)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);
  g_autoptr(GError) error = NULL;
  gint64 n_changed;

  yara_query_filter (query, "value__lt", limit);
  yara_query_set (query, "value", value);
  n_changed = yara_orm_update (orm, query, NULL, &error);
  expect (n_changed >= 0, error);
  return n_changed;
}

static gint64
delete_where_at_least (int limit)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);
  g_autoptr(GError) error = NULL;
  gint64 n_changed;

  yara_query_filter (query, "value__gte", limit);
  n_changed = yara_orm_delete_all (orm, query, NULL, &error);
  expect (n_changed >= 0, error);
  return n_changed;
}

static long
fetch_sum (YaraQuery *query, gsize n_wanted)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraResult) result = yara_orm_all (orm, query, NULL, &error);
  long sum = 0;

  expect (result != NULL, error);
  bench_check (yara_result_get_n_records (result) == n_wanted, "fetch");
  YARA_FOREACH (Row, row, result)
    sum += row->value;
  return sum;
}

static void
fetch_all (void)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);

  bench_check (fetch_sum (query, N_ROWS) == SUM_OF_ALL, "fetch_all");
}

static void
filter (void)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);

  yara_query_filter (query, "value__gte", HALF);
  bench_check (fetch_sum (query, N_ROWS - HALF) == SUM_OF_UPPER_HALF, "filter");
}

static void
count (void)
{
  for (int i = 0; i < N_COUNTS; i++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (&row_model);
      g_autoptr(GError) error = NULL;
      gint64 n_rows = yara_orm_count (orm, query, NULL, &error);

      expect (n_rows >= 0, error);
      bench_check (n_rows == N_ROWS, "count");
    }
}

static void
group_by (void)
{
  g_autoptr(GError) error = NULL;
  YaraConnection *connection = yara_orm_get_connection (orm, NULL, &error);
  g_autoptr(YaraRows) rows = NULL;

  expect (connection != NULL, error);
  rows = yara_connection_fetch_rows (connection, GROUP_BY_SQL, YARA_ARGS (GROUP_BY_MINIMUM), NULL, &error);
  expect (rows != NULL, error);
  bench_check (yara_rows_get_n_rows (rows) == N_CATEGORIES && yara_rows_get_int (rows, 1, 0) == 1 &&
               yara_rows_get_int (rows, 1, 1) == N_ROWS / N_CATEGORIES, "group_by");
}

void
get_blocking (const Row *rows)
{
  for (unsigned i = 0; i < N_GETS; i++)
    {
      const Row *wanted = &rows[bench_get_index (i)];
      g_autoptr(YaraQuery) query = yara_query_new (&row_model);
      g_autoptr(YaraResult) result = NULL;
      g_autoptr(GError) error = NULL;
      const Row *row;

      yara_query_filter (query, "id", wanted->id);
      result = yara_orm_get (orm, query, NULL, &error);
      expect (result != NULL, error);
      row = yara_result_get_record (result, 0);
      bench_check (row->value == wanted->value, "get");
    }
}

/* ---- asynchronous: `in_flight` at a time, a callback starts the next ---- */

typedef struct Flow Flow;
struct Flow
{
  void   (*issue) (Flow *flow, unsigned i);
  Row     *rows;
  unsigned n_wanted, n_issued, n_done;
};

static void
flow_issue_next (Flow *flow)
{
  if (flow->n_issued < flow->n_wanted)
    flow->issue (flow, flow->n_issued++);
}

static void
flow_run (void (*issue) (Flow *flow, unsigned i), Row *rows, unsigned n_wanted, unsigned in_flight)
{
  Flow flow = { .issue = issue, .rows = rows, .n_wanted = n_wanted };

  for (unsigned i = 0; i < in_flight; i++)
    flow_issue_next (&flow);
  while (flow.n_done < n_wanted)
    g_main_context_iteration (NULL, TRUE);
}

static void
on_get (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Flow *flow = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraResult) records = yara_orm_get_finish (orm, result, &error);
  const Row *row;

  expect (records != NULL, error);
  row = yara_result_get_record (records, 0);
  bench_check (row->id == flow->rows[row->value].id, "get_async");
  flow->n_done++;
  flow_issue_next (flow);
}

static void
issue_get (Flow *flow, unsigned i)
{
  g_autoptr(YaraQuery) query = yara_query_new (&row_model);

  yara_query_filter (query, "id", flow->rows[bench_get_index (i)].id);
  yara_orm_get_async (orm, query, NULL, on_get, flow);
}

static void
on_create (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Flow *flow = user_data;
  g_autoptr(GError) error = NULL;

  expect (yara_orm_create_finish (orm, result, &error), error);
  flow->n_done++;
  flow_issue_next (flow);
}

static void
issue_create (Flow *flow, unsigned i)
{
  yara_orm_create_async (orm, &row_model, &flow->rows[i], NULL, on_create, flow);
}

/* ---- the parts of a suite ---- */

void
measure_table (Row *rows, const char *empty_sql)
{
  gint64 n_changed;
  BenchTime start;

  fill_rows (rows, N_ROWS);
  bulk_insert (rows);
  run_sql (empty_sql);
  fill_rows (rows, N_ROWS);
  start = bench_now ();
  bulk_insert (rows);
  bench_report ("bulk_insert", start);

  MEASURE_READ ("group_by", group_by ());
  MEASURE_READ ("fetch_all", fetch_all ());
  MEASURE_READ ("count", count ());
  MEASURE_READ ("filter", filter ());
  MEASURE_READ ("get", get_blocking (rows));

  update_where_less (0, -1);
  start = bench_now ();
  n_changed = update_where_less (0, HALF);
  bench_report ("update", start);
  bench_check (n_changed == HALF, "update");

  delete_where_at_least (N_ROWS);
  start = bench_now ();
  n_changed = delete_where_at_least (HALF);
  bench_report ("delete", start);
  bench_check (n_changed == N_ROWS - HALF, "delete");
}

static void
prepare_inserts (Row *rows, const char *empty_sql)
{
  fill_rows (rows, N_SINGLE);
  single_insert (&rows[0]);
  run_sql (empty_sql);
  rows[0].id = 0;
}

void
measure_single_insert (Row *rows, const char *empty_sql)
{
  BenchTime start;

  prepare_inserts (rows, empty_sql);
  start = bench_now ();
  for (int i = 0; i < N_SINGLE; i++)
    single_insert (&rows[i]);
  bench_report ("single_insert", start);
  bench_check (rows[N_SINGLE - 1].id == rows[0].id + N_SINGLE - 1, "single_insert");
}

void
measure_async_creates (Row *rows, const char *empty_sql, unsigned in_flight, const char *name)
{
  BenchTime start;

  prepare_inserts (rows, empty_sql);
  start = bench_now ();
  flow_run (issue_create, rows, N_SINGLE, in_flight);
  bench_report (name, start);
  for (int i = 0; i < N_SINGLE; i++)
    bench_check (rows[i].id != 0, "create_async");
}

void
measure_async_gets (Row *rows, unsigned in_flight, const char *name)
{
  MEASURE_READ (name, flow_run (issue_get, rows, N_GETS, in_flight));
}
