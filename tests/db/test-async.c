/* SPDX-License-Identifier: MIT
 *
 * The asynchronous shape of every verb: one callback, in the right context, never before the call has
 * returned, with the outcome of that call and no other.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64      id;
  gint64      token;
  const char *text;
} Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, token, .unique = true),
  YARA_FIELD (Entry, text, .nullable = true),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

/* ---- every verb ---- */

static void
writing_verbs (Test *test)
{
  YaraOrm *orm = test->orm;
  Entry entry = { .token = 1 }, many[3] = { { .token = 2 }, { .token = 3 }, { .token = 4 } };
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  gboolean created = FALSE;

  test_ok (yara_orm_register (orm, &entry_model, &error));
  test_await_ok (orm_generate_schemas, orm, YARA_SCHEMA_DEFAULT);
  test_await_ok (orm_create, orm, &entry_model, &entry);
  g_assert_cmpint (entry.id, ==, 1);
  test_await_ok (orm_bulk_create, orm, &entry_model, many, 3);
  g_assert_cmpint (many[2].id, ==, 4);
  entry.text = "saved";
  test_await_ok (orm_save, orm, &entry_model, &entry, NULL);
  test_await_ok (orm_delete, orm, &entry_model, &many[0]);
  entry.text = NULL;
  {
    g_autoptr(YaraResult) result = test_await_ok (orm_refresh, orm, &entry_model, &entry);

    g_assert_cmpstr (entry.text, ==, "saved");
    g_assert_cmpuint (yara_result_get_n_records (result), ==, 1);
  }
  many[0] = (Entry) { .token = 9 };
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(YaraResult) result = NULL;

      result = test_await (yara_orm_get_or_create_async (orm, &entry_model, &many[0], YARA_NAMES ("token"),
                                                         NULL, test_call_done, &call),
                           test_ok (yara_orm_get_or_create_finish (orm, call.result, &created, &error)));

      g_assert_cmpint (created, ==, i == 0);
      g_assert_cmpint (((Entry *) yara_result_get_record (result, 0))->token, ==, 9);
    }
  many[0].text = "again";
  test_await (yara_orm_update_or_create_async (orm, &entry_model, &many[0], YARA_NAMES ("token"), NULL,
                                               test_call_done, &call),
              test_ok (yara_orm_update_or_create_finish (orm, call.result, &created, &error)));
  g_assert_false (created);
  yara_query_filter (query, "text__isnull", true);
  yara_query_set (query, "text", "set");
  g_assert_cmpint (test_await_ok (orm_update, orm, query), ==, 2);
  g_assert_cmpint (test_fetch_int (orm, NULL, "SELECT count(*) FROM entries WHERE text <> ''"), ==, 4);
}

static void
reading_verbs (Test *test)
{
  YaraOrm *orm = test->orm;
  Entry many[3] = { { .token = 2 }, { .token = 3 }, { .token = 4 } };
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model), one = yara_query_new (&entry_model);
  g_autoptr(YaraQuery) none = yara_query_new (&entry_model);
  gboolean exists = FALSE;

  TEST_USE (test, &entry_model);
  test_ok (yara_orm_bulk_create (orm, &entry_model, many, 3, NULL, &error));
  yara_query_order_by (query, "-token");
  yara_query_filter (one, "token", 3);
  yara_query_filter (none, "token", 99);

#define N_FOUND(verb, query, field) \
  ({ g_autoptr(YaraResult) result_ = test_await_ok (orm_##verb, orm, (query)); \
     Entry *entry_ = yara_result_get_record (result_, 0); \
     (entry_ != NULL ? (int) entry_->token : 0) * 10 + (int) yara_result_get_n_records (result_); })

  g_assert_cmpint (N_FOUND (all, query, token), ==, 43);
  g_assert_cmpint (N_FOUND (first, query, token), ==, 41);
  g_assert_cmpint (N_FOUND (last, query, token), ==, 21);
  g_assert_cmpint (N_FOUND (get, one, token), ==, 31);
  g_assert_cmpint (N_FOUND (get_or_none, one, token), ==, 31);
  g_assert_cmpint (N_FOUND (get_or_none, none, token), ==, 0);
  test_await (yara_orm_get_async (orm, none, NULL, test_call_done, &call),
              test_fails (yara_orm_get_finish (orm, call.result, &error), DOES_NOT_EXIST, "Entry"));
  g_assert_cmpint (test_await_ok (orm_count, orm, query), ==, 3);
  test_await (yara_orm_exists_async (orm, one, NULL, test_call_done, &call),
              test_ok (yara_orm_exists_finish (orm, call.result, &exists, &error)));
  g_assert_true (exists);
  {
    g_autoptr(YaraRows) rows = test_await_ok (orm_values, orm, query, YARA_NAMES ("token"));

    g_assert_cmpint (yara_rows_get_int (rows, 2, 0), ==, 2);
  }
}

static void
nobody_listens (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Entry entry = { .token = 1 };

  TEST_USE (test, &entry_model);
  yara_orm_create_async (test->orm, &entry_model, &entry, NULL, NULL, NULL);
  yara_orm_all_async (test->orm, query, NULL, NULL, NULL);
  g_assert_cmpint (test_await_ok (orm_count, test->orm, query), <=, 1);
  test_ok (yara_orm_close (test->orm, NULL, &error));
  test_settle ();
  g_assert_cmpint (entry.id, ==, 1);
}

/* ---- what may go as soon as the call has returned ---- */

static void
arguments_are_copied (Test *test)
{
  YaraConnection *connection = test_connection (test->orm, NULL);
  Entry entry = { .token = 1, .text = "old" };
  YaraQuery *query = yara_query_new (&entry_model);
  char *text = g_strdup ("new"), *name = g_strdup ("text");
  char *sql = g_strdup ("SELECT token FROM entries WHERE text = $1");
  const char **names = g_new0 (const char *, 2);
  YaraValue *value = g_new (YaraValue, 1);
  YaraArgs *args = g_new (YaraArgs, 1);
  TestCall calls[3] = { { NULL }, { NULL }, { NULL } };

  TEST_USE (test, &entry_model);
  test_ok (yara_orm_create (test->orm, &entry_model, &entry, NULL, &error));
  entry.text = "new";
  names[0] = name;
  *value = yara_value_text (text);
  *args = (YaraArgs) { value, 1 };
  yara_query_filter (query, "token", 1);

  yara_orm_save_async (test->orm, &entry_model, &entry, names, NULL, test_call_done, &calls[0]);
  memset (names, 0xff, sizeof *names);
  g_free (names);
  memset (name, 'x', 4);
  g_free (name);
  test_call_wait (&calls[0]);
  yara_orm_get_async (test->orm, query, NULL, test_call_done, &calls[1]);
  yara_query_unref (query);
  yara_connection_fetch_row_async (connection, sql, args, NULL, test_call_done, &calls[2]);
  memset (sql, 'x', strlen (sql));
  g_free (sql);
  memset (text, 'x', 3);
  g_free (text);
  memset (value, 0xff, sizeof *value);
  g_free (value);
  memset (args, 0xff, sizeof *args);
  g_free (args);

  test_calls_wait (calls, 3);
  test_ok (yara_orm_save_finish (test->orm, calls[0].result, &error));
  {
    g_autoptr(YaraResult) result = test_ok (yara_orm_get_finish (test->orm, calls[1].result, &error));
    g_autoptr(YaraRows) row = NULL;

    row = test_ok (yara_connection_fetch_row_finish (connection, calls[2].result, &error));

    g_assert_cmpstr (((Entry *) yara_result_get_record (result, 0))->text, ==, "new");
    g_assert_cmpint (yara_rows_get_int (row, 0, 0), ==, 1);
  }
  test_calls_clear (calls, 3);
}

/* ---- many at once ---- */

#define N_CALLS 200

static void
answers_find_their_call (Test *test)
{
  g_autofree Entry *entries = g_new0 (Entry, N_CALLS);
  TestCall creates[N_CALLS], reads[N_CALLS];

  memset (creates, 0, sizeof creates);
  memset (reads, 0, sizeof reads);
  TEST_USE (test, &entry_model);
  for (guint i = 0; i < N_CALLS; i++)
    {
      entries[i] = (Entry) { .token = 1000 + i, .text = i % 2 ? "odd" : NULL };
      yara_orm_create_async (test->orm, &entry_model, &entries[i], NULL, test_call_done, &creates[i]);
    }
  test_calls_wait (creates, N_CALLS);
  for (guint i = 0; i < N_CALLS; i++)
    test_ok (yara_orm_create_finish (test->orm, creates[i].result, &error));
  for (guint i = 0; i < N_CALLS; i++)
    {
      g_autoptr(YaraQuery) query = yara_query_new (&entry_model);

      yara_query_filter (query, "token", 1000 + i);
      if (i % 4 == 3)
        yara_orm_save_async (test->orm, &entry_model, &entries[i], NULL, NULL, test_call_done, &reads[i]);
      else if (i % 4 == 2)
        yara_orm_count_async (test->orm, query, NULL, test_call_done, &reads[i]);
      else
        yara_orm_get_async (test->orm, query, NULL, test_call_done, &reads[i]);
    }
  test_calls_wait (reads, N_CALLS);
  for (guint i = 0; i < N_CALLS; i++)
    if (i % 4 == 3)
      test_ok (yara_orm_save_finish (test->orm, reads[i].result, &error));
    else if (i % 4 == 2)
      g_assert_cmpint (test_ok (yara_orm_count_finish (test->orm, reads[i].result, &error)), ==, 1);
    else
      {
        g_autoptr(YaraResult) result = test_ok (yara_orm_get_finish (test->orm, reads[i].result, &error));
        Entry *entry = yara_result_get_record (result, 0);

        g_assert_cmpint (entry->token, ==, 1000 + i);
        g_assert_cmpint (entry->id, ==, entries[i].id);
        g_assert_cmpstr (entry->text, ==, i % 2 ? "odd" : NULL);
      }
  test_calls_clear (creates, N_CALLS);
  test_calls_clear (reads, N_CALLS);
}

/* Writes that wait together are committed together; one that fails undoes itself only. Which of those
 * that want the same token comes first is open where several sessions write. */
static void
failing_write_in_a_group (Test *test)
{
  Entry entries[50];
  TestCall calls[50];
  guint n_first = 0;

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &entry_model);
  for (guint i = 0; i < 50; i++)
    {
      entries[i] = (Entry) { .token = i % 5 == 4 ? 0 : i }; /* every fifth repeats a token */
      yara_orm_create_async (test->orm, &entry_model, &entries[i], NULL, test_call_done, &calls[i]);
    }
  test_calls_wait (calls, 50);
  for (guint i = 0; i < 50; i++)
    {
      GError *error = NULL;
      gboolean created = yara_orm_create_finish (test->orm, calls[i].result, &error);

      g_assert_cmpint (entries[i].id > 0, ==, created);
      if (entries[i].token == 0)
        n_first += created;
      else
        g_assert_no_error (error);
      if (!created)
        test_check_error (&error, YARA_ERROR, YARA_ERROR_INTEGRITY, "token", NULL);
      if (test->variant->one_writer)
        g_assert_cmpint (created, ==, i % 5 != 4);
    }
  test_calls_clear (calls, 50);
  g_assert_cmpuint (n_first, ==, 1);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM entries"), ==, 40);
}

/* The same when the statement itself leaves something behind as it fails. */
static void
half_done_write_in_a_group (Test *test)
{
  Entry entries[20];
  TestCall calls[20];

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &entry_model);
  test_execute (test->orm, NULL, "CREATE TRIGGER odd AFTER INSERT ON entries WHEN new.token % 2 = 1 "
                                 "BEGIN SELECT RAISE (FAIL, 'odd'); END");
  for (guint i = 0; i < 20; i++)
    {
      entries[i] = (Entry) { .token = i };
      yara_orm_create_async (test->orm, &entry_model, &entries[i], NULL, test_call_done, &calls[i]);
    }
  test_calls_wait (calls, 20);
  for (guint i = 0; i < 20; i++)
    if (i % 2 == 1)
      test_fails (yara_orm_create_finish (test->orm, calls[i].result, &error), INTEGRITY, "odd");
    else
      test_ok (yara_orm_create_finish (test->orm, calls[i].result, &error));
  test_calls_clear (calls, 20);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM entries"), ==, 10);
}

/* A statement that is issued in the callback of another sees what that one did. */
typedef struct
{
  Test  *test;
  Entry  entry;
  gint64 round, seen;
} Chain;

static void chain_created (GObject *source, GAsyncResult *result, gpointer user_data);

static void
chain_counted (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Chain *chain = user_data;

  chain->seen = test_ok (yara_orm_count_finish (YARA_ORM (source), result, &error));
  g_assert_cmpint (chain->seen, ==, chain->round);
  if (chain->round == 30)
    return;
  chain->round++;
  chain->entry = (Entry) { .token = chain->round };
  yara_orm_create_async (chain->test->orm, &entry_model, &chain->entry, NULL, chain_created, chain);
}

static void
chain_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Chain *chain = user_data;
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);

  g_assert_true (source == G_OBJECT (chain->test->orm));
  test_ok (yara_orm_create_finish (YARA_ORM (source), result, &error));
  yara_orm_count_async (chain->test->orm, query, NULL, chain_counted, chain);
}

static void
callback_sees_the_effect (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  Chain chain = { .test = test };

  TEST_USE (test, &entry_model);
  yara_orm_count_async (test->orm, query, NULL, chain_counted, &chain);
  while (chain.seen < 30)
    g_main_context_iteration (NULL, TRUE);
}

/* A callback that closes, or runs the loop itself, does no harm. */
static void
count_up (GObject *source, GAsyncResult *result, gpointer user_data)
{
  guint *n_calls = user_data;

  test_ok (yara_orm_count_finish (YARA_ORM (source), result, &error));
  if (++*n_calls % 3 == 0)
    g_main_context_iteration (NULL, FALSE);
}

static void
close_then (GObject *source, GAsyncResult *result, gpointer user_data)
{
  count_up (source, result, user_data);
  test_ok (yara_orm_close (YARA_ORM (source), NULL, &error));
}

static void
reentrant_callbacks (Test *test)
{
  g_autoptr(YaraQuery) query = yara_query_new (&entry_model);
  guint n_calls = 0;

  TEST_USE (test, &entry_model);
  for (guint i = 0; i < 60; i++)
    yara_orm_count_async (test->orm, query, NULL, i == 40 ? close_then : count_up, &n_calls);
  while (n_calls < 60)
    g_main_context_iteration (NULL, TRUE);
  test_settle ();
  g_assert_cmpuint (n_calls, ==, 60);
}

static const TestCase cases[] = {
  { "async/writing-verbs", writing_verbs },
  { "async/reading-verbs", reading_verbs },
  { "async/nobody-listens", nobody_listens },
  { "async/arguments-are-copied", arguments_are_copied },
  { "async/answers-find-their-call", answers_find_their_call },
  { "async/failing-write-in-a-group", failing_write_in_a_group },
  { "async/half-done-write-in-a-group", half_done_write_in_a_group, "sqlite-file" },
  { "async/callback-sees-the-effect", callback_sees_the_effect },
  { "async/reentrant-callbacks", reentrant_callbacks },
};
TEST_MAIN (cases)
