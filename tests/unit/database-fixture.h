/* SPDX-License-Identifier: MIT
 * An open database with a table of items, and asynchronous requests that note how they completed. */
#pragma once

#include "conn/database.h"
#include "sqlite-fixture.h"

#define ENDLESS       "WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c) "
#define ENDLESS_READ  ENDLESS "SELECT max (n) FROM c"
#define ENDLESS_WRITE ENDLESS "INSERT INTO items (name, value) SELECT n, n FROM c"

static YaraDatabase  *database;
static YaraModelInfo *info;
static YaraSql       *insert_sql, *select_sql;

static inline void
run_ok (YaraRequest *request)
{
  yara_database_run (database, request, NULL);
  g_assert_no_error (request->error);
}

static inline void
set_up_database (Fixture *fixture, gconstpointer variant)
{
  g_autofree char *url = NULL;
  g_autoptr(GError) error = NULL;
  YaraRequest script = { .kind = YARA_REQUEST_SCRIPT, .script = ITEM_TABLE };

  make_folder (fixture);
  url = g_str_has_prefix (variant, "sqlite:") ? g_strdup (variant) : make_url (fixture, variant);
  database = yara_database_open (url, NULL, &error);
  g_assert_no_error (error);
  info = make_info (&item_model);
  insert_sql = yara_sql_new (INSERT_ITEM, strlen (INSERT_ITEM));
  select_sql = yara_sql_new (SELECT_ITEM, strlen (SELECT_ITEM));
  run_ok (&script);
}

static inline void
tear_down_database (Fixture *fixture, gconstpointer variant)
{
  yara_database_unref (database);
  yara_sql_unref (insert_sql);
  yara_sql_unref (select_sql);
  yara_model_info_free (info);
  remove_folder (fixture);
}

static inline gint64
run_int (const char *sql)
{
  YaraRequest request = make_raw (sql, NULL, YARA_ANSWER_ROWS);
  gint64 number;

  run_ok (&request);
  number = yara_rows_get_int (request.rows, 0, 0);
  clear_request (&request);
  return number;
}

static inline gint64
count_items (void)
{
  return run_int ("SELECT count(*) FROM items");
}

/* ---- asynchronous calls ---- */

typedef struct
{
  YaraJob       job;
  YaraValue     values[2];
  char          name[16];
  guint         n_completed;
  GThread      *thread;
  GMainContext *context;
} Call;

static inline void
on_completed (YaraCompletion *completion)
{
  Call *call = (Call *) completion;

  call->n_completed++;
  call->thread = g_thread_self ();
  g_assert_true (call->context == NULL || g_main_context_is_owner (call->context));
}

static inline void
submit (Call *call, GCancellable *cancellable)
{
  call->job.completion.complete = on_completed;
  yara_database_submit (database, &call->job, cancellable);
  g_assert_cmpuint (call->n_completed, ==, 0); /* never inside */
}

static inline void
submit_raw (Call *call, const char *sql, YaraAnswer answer, GCancellable *cancellable)
{
  *call = (Call) { .job.request = make_raw (sql, NULL, answer) };
  submit (call, cancellable);
}

static inline void
submit_insert (Call *call, guint number, GCancellable *cancellable)
{
  *call = (Call) { .n_completed = 0 };
  g_snprintf (call->name, sizeof call->name, "item %u", number);
  call->values[0] = yara_value_text (call->name);
  call->values[1] = yara_value_int (number);
  call->job.request = (YaraRequest) {
    .kind = YARA_REQUEST_STATEMENT,
    .statement = { .sql = yara_sql_ref (insert_sql), .values = call->values, .n_values = 2,
                   .answer = YARA_ANSWER_KEY, .info = info },
  };
  submit (call, cancellable);
}

static inline void
submit_select (Call *call, gint64 key, GCancellable *cancellable)
{
  *call = (Call) { .values = { yara_value_int (key) } };
  call->job.request = (YaraRequest) {
    .kind = YARA_REQUEST_STATEMENT,
    .statement = { .sql = yara_sql_ref (select_sql), .values = call->values, .n_values = 1,
                   .answer = YARA_ANSWER_RECORDS, .info = info, .is_read = TRUE },
  };
  submit (call, cancellable);
}

static inline void
await (Call *calls, guint n_calls)
{
  GMainContext *context = g_main_context_get_thread_default ();

  for (guint i = 0; i < n_calls; i++)
    while (calls[i].n_completed == 0)
      g_main_context_iteration (context, TRUE);
}

/* Each call has completed once, here, with no error or a cancelled one. */
static inline void
finish (Call *calls, guint n_calls, gboolean cancelled)
{
  for (guint i = 0; i < n_calls; i++)
    {
      g_assert_cmpuint (calls[i].n_completed, ==, 1);
      g_assert_true (calls[i].thread == g_thread_self ());
      if (cancelled)
        g_assert_error (calls[i].job.request.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      else
        g_assert_no_error (calls[i].job.request.error);
      clear_request (&calls[i].job.request);
    }
}

#define N_CALLS 100

#define ADD(variant, url, path, function) \
  g_test_add ("/database/" variant "/" path, Fixture, url, set_up_database, function, tear_down_database)
