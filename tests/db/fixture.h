/* SPDX-License-Identifier: MIT
 *
 * What every behavior test starts from: a YaraOrm that is open on a throwaway database. A case knows
 * its database by the variant only, so that it runs on all of them.
 */
#pragma once

#include <yaraorm/yaraorm.h>

/* One kind of database. */
typedef struct
{
  const char *name;         /* first part of the test path */
  const char *backend;      /* what yara_connection_get_backend() says */
  gboolean    on_disk;      /* two connections may share a database, and it outlives them */
  gboolean    blocks_loop;  /* asynchronous statements run in the calling thread */
  gboolean    one_writer;   /* writes wait for one another */
  const char *endless_sql;  /* one row, but only after it was interrupted */
  const char *tables_sql;   /* the names of all tables, sorted */
  char     *(*make_url) (const char *folder, const char *name);
  const char *bytes_type;   /* what a column of bytes is called in SQL */
  const char *bytes_prefix; /* what stands before the hexadecimal digits of a literal, */
  const char *bytes_suffix; /* and behind them */
} TestVariant;

typedef struct
{
  const TestVariant *variant;
  char              *folder;  /* of this case alone */
  YaraOrm           *orm;     /* "default" is open, no model is registered */
} Test;

typedef struct
{
  const char *path;            /* "records/create" */
  void      (*run) (Test *test);
  const char *only;            /* the one variant that it is for, or NULL */
} TestCase;

/* The whole main(): runs every case on every variant. */
int test_main (int argc, char **argv, const TestCase *cases, gsize n_cases);
#define TEST_MAIN(cases) \
  int main (int argc, char **argv) { return test_main (argc, argv, (cases), G_N_ELEMENTS (cases)); }

/* The URL of the database `name` of this case; "default" is that of test->orm. */
char *test_url (Test *test, const char *name);

/* Opens the database `name` under that name. */
void test_add_connection (Test *test, const char *name);

/* Registers the models and creates their tables. */
void test_use_models (Test *test, const YaraModel *const *models);
#define TEST_USE(test, ...) test_use_models ((test), (const YaraModel *const[]) { __VA_ARGS__, NULL })

/* Bound values that must never show up in a message or log: every error and every log message of
 * a test is searched for them. */
#define TEST_SECRET        "canary"
#define TEST_SECRET_NUMBER 8675309

/* The same as a password in URLs; servers that trust everybody do not ask for it. */
#define TEST_PASSWORD      TEST_SECRET "%21%40%2F9"

/* How many debug messages the library has logged so far. */
guint test_count_log_messages (void);

/* Runs `call`, which writes its GError into `&error`, and gives its value; the call must succeed:
 *     YaraResult *users = test_ok (yara_orm_all (orm, query, NULL, &error)); */
#define test_ok(call) \
  ({ GError *error = NULL; __typeof__ (call) value_ = (call); g_assert_no_error (error); \
     g_assert_true (TEST_SUCCEEDED (value_)); value_; })

/* The same for a call that must fail with this error and a message that has all the words; TRUE. */
#define test_fails_in(call, domain, code, ...) \
  ({ GError *error = NULL; __typeof__ (call) value_ = (call); \
     test_check_error (&error, (domain), (code), ##__VA_ARGS__, NULL); \
     g_assert_false (TEST_SUCCEEDED (value_)); TRUE; })
#define test_fails(call, code, ...)  test_fails_in (call, YARA_ERROR, YARA_ERROR_##code, ##__VA_ARGS__)
#define test_is_cancelled(call)      test_fails_in (call, G_IO_ERROR, G_IO_ERROR_CANCELLED)

/* Checks and frees an error: domain, code, one line of UTF-8, the words, no secret. */
void test_check_error (GError **error, GQuark domain, int code, ...) G_GNUC_NULL_TERMINATED;

#define TEST_SUCCEEDED(value) \
  _Generic ((value), gboolean: test_succeeded_boolean, gint64: test_succeeded_count, \
            default: test_succeeded_pointer) (value)

static inline gboolean test_succeeded_boolean (gboolean value) { return value; }
static inline gboolean test_succeeded_count (gint64 value) { return value >= 0; }
static inline gboolean test_succeeded_pointer (gconstpointer value) { return value != NULL; }

/* The connection of a name, which must be there; NULL is the default. */
YaraConnection *test_connection (YaraOrm *orm, const char *name);

/* Raw SQL on a connection, which must succeed: runs a statement; the first cell of its answer. */
void   test_execute (YaraOrm *orm, const char *connection, const char *sql);
gint64 test_fetch_int (YaraOrm *orm, const char *connection, const char *sql);

/* Bytes as SQL, from their hexadecimal digits. */
char *test_bytes_literal (Test *test, const char *digits);

/* The first column of the answer, joined by commas: "a,b,c". */
char *test_fetch_list (YaraOrm *orm, const char *connection, const char *sql);

/* ---- asynchronous calls ---- */

/* One call on its way: pass test_call_done() and the call as callback and data. */
typedef struct
{
  GAsyncResult *result;      /* set by the callback */
  guint         n_callbacks;
  GThread      *thread;      /* in which the callback ran */
  GMainContext *context;     /* and its thread-default context, compared only */
} TestCall;

void test_call_done (GObject *source, GAsyncResult *result, gpointer user_data);

/* Runs the thread-default context until every call has called back. */
void test_calls_wait (TestCall *calls, gsize n_calls);
#define test_call_wait(call) test_calls_wait ((call), 1)

/* Each has called back exactly once; drops the results. */
void test_calls_clear (TestCall *calls, gsize n_calls);

/* Runs `start`, which passes test_call_done() and `&call`, checks that it has not called back when it
 * returns, waits, and gives the value of `finish`, which uses call.result and `&error`:
 *     test_await (yara_orm_count_async (orm, query, NULL, test_call_done, &call),
 *                 test_ok (yara_orm_count_finish (orm, call.result, &error))) */
#define test_await(start, finish) \
  ({ TestCall call = { NULL }; start; g_assert_cmpuint (call.n_callbacks, ==, 0); test_call_wait (&call); \
     __typeof__ (finish) outcome_ = (finish); test_calls_clear (&call, 1); outcome_; })

/* The usual case: yara_`verb` of `object` with its arguments up to the cancellable must succeed:
 *     gint64 n = test_await_ok (orm_count, test->orm, query) */
#define test_await_ok(verb, object, ...) \
  test_await (yara_##verb##_async ((object), __VA_ARGS__, NULL, test_call_done, &call), \
              test_ok (yara_##verb##_finish ((object), call.result, &error)))
/* ---- PostgreSQL, on the throwaway servers of the test run ---- */

/* The URL of the database `name` of this process, which is made when there is none; a case finds it
 * empty. Straight to the server, or through PgBouncer. */
char *test_postgres_url  (const char *folder, const char *name);
char *test_pgbouncer_url (const char *folder, const char *name);

/* A new case begins: what its databases hold is dropped when they are first asked for. */
void test_postgres_begin_case (void);

/* The value of a variable that tools/throwaway-postgres wrote. */
char *test_postgres_variable (const char *name);

/* Runs the context until nothing is pending. */
void test_settle (void);
