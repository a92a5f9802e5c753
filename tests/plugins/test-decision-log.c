/* SPDX-License-Identifier: MIT
 * The log of decisions: what a line holds, and that it is never in the way. */
#include "fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include <yaraorm/yaraorm.h>

#include "base/json.h"

typedef struct
{
  gint64 id;
} User, Event, Snapshot;

static const YaraField fields[] = { YARA_FIELD (User, id, .primary_key = true) };
static const YaraModel user_model = YARA_MODEL (User, "user \"rows\"", fields);
static const YaraModel event_model = YARA_MODEL (Event, "events", fields);
static const YaraModel snapshot_model = YARA_MODEL (Snapshot, "snapshots", fields, .connection = "node0001");

static YaraOrm *
open_orm (const char *router)
{
  g_autoptr (GError)  error = NULL;
  g_autofree char    *path = router != NULL ? fixture_zoo_path (router) : NULL;
  YaraOrm            *orm = yara_orm_open ("sqlite::memory:", path, NULL, &error);

  g_assert_no_error (error);
  g_assert_true (yara_orm_add_connection (orm, "node0000", "sqlite::memory:", NULL, NULL));
  g_assert_true (yara_orm_add_connection (orm, "node0001", "sqlite::memory:", NULL, NULL));
  g_assert_true (yara_orm_register (orm, &user_model, NULL));
  g_assert_true (yara_orm_register (orm, &event_model, NULL));
  g_assert_true (yara_orm_register (orm, &snapshot_model, NULL));
  return orm;
}

static gboolean
ask (YaraOrm *orm, const YaraModel *model, YaraOperation operation)
{
  YaraRoute route;

  return yara_orm_route (orm, model, operation, &route, NULL);
}

static void
log_to (YaraOrm *orm, const char *path)
{
  g_autoptr (GError) error = NULL;

  yara_orm_log_decisions (orm, path, &error);
  g_assert_no_error (error);
}

static char *
read_file (const char *path)
{
  char *text;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  return text;
}

/* The file holds just this, and is emptied. */
static void
expect_lines (const char *path, const char *expected)
{
  g_autofree char *text = read_file (path);

  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpint (truncate (path, 0), ==, 0);
}

typedef struct
{
  char *folder, *path, *other;
} Files;

static Files
files_new (void)
{
  Files files = { .folder = g_dir_make_tmp ("yara-log-XXXXXX", NULL) };

  files.path = g_build_filename (files.folder, "a \"log\"", NULL);
  files.other = g_build_filename (files.folder, "other", NULL);
  return files;
}

static void
files_clear (Files *files)
{
  g_unlink (files->path);
  g_unlink (files->other);
  g_assert_cmpint (g_rmdir (files->folder), ==, 0);
  g_free (files->folder);
  g_free (files->path);
  g_free (files->other);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Files, files_clear)

#define USER_LINE "{\"model\":\"User\",\"table\":\"user \\\"rows\\\"\",\"operation\":\"read\""

static void
test_lines (void)
{
  static const char *const hints[] = { "tenant=\"7\"\\\n", "city=K\xc3\xb6ln", "old=K\xf6ln", NULL };
  static const char *const no_hints[] = { NULL };
  g_auto (Files)           files = files_new ();
  g_autoptr (YaraOrm)      orm = open_orm ("events"), hinted = yara_orm_with_hints (orm, hints);
  g_autoptr (YaraOrm)      bare = yara_orm_with_hints (orm, no_hints), named = yara_orm_using (hinted, "node0001");
  struct stat              status;

  log_to (orm, files.path);
  g_assert_cmpint (stat (files.path, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 07777, ==, 0600);
  g_assert_true (ask (orm, &user_model, YARA_OPERATION_READ));
  g_assert_true (ask (bare, &event_model, YARA_OPERATION_WRITE));
  expect_lines (files.path, USER_LINE ",\"answer\":\"node0000\",\"reason\":\"router\",\"generation\":1}\n"
                            "{\"model\":\"Event\",\"table\":\"events\",\"operation\":\"write\",\"answer\":\"node0001\","
                            "\"reason\":\"router\",\"generation\":1}\n");

  g_assert_true (ask (hinted, &user_model, YARA_OPERATION_READ));
  expect_lines (files.path, USER_LINE ",\"hints\":[\"tenant=\\\"7\\\"\\\\\\u000a\",\"city=K\xc3\xb6ln\","
                            "[111,108,100,61,75,246,108,110]],"
                            "\"answer\":\"node0000\",\"reason\":\"router\",\"generation\":1}\n");

  g_assert_true (ask (named, &user_model, YARA_OPERATION_READ));
  expect_lines (files.path, USER_LINE ",\"hints\":[\"tenant=\\\"7\\\"\\\\\\u000a\",\"city=K\xc3\xb6ln\","
                            "[111,108,100,61,75,246,108,110]],\"using\":\"node0001\","
                            "\"answer\":\"node0001\",\"reason\":\"using\",\"generation\":1}\n");

  g_assert_true (yara_orm_set_router (orm, NULL, NULL, NULL, NULL));
  g_assert_true (ask (orm, &snapshot_model, YARA_OPERATION_READ));
  g_assert_true (ask (orm, &user_model, YARA_OPERATION_READ));
  expect_lines (files.path, "{\"model\":\"Snapshot\",\"table\":\"snapshots\",\"own\":\"node0001\",\"operation\":\"read\","
                            "\"answer\":\"node0001\",\"reason\":\"model\",\"generation\":2}\n"
                            USER_LINE ",\"answer\":\"default\",\"reason\":\"default\",\"generation\":2}\n");
}

static void
test_transactions (void)
{
  g_auto (Files)              files = files_new ();
  g_autoptr (YaraOrm)         orm = open_orm ("events"), named = yara_orm_using (orm, "node0000");
  g_autoptr (YaraTransaction) transaction = NULL;

  log_to (orm, files.path);
  transaction = yara_orm_begin (orm, NULL, NULL, NULL, NULL); /* no model: nothing to decide */
  g_assert_true (ask (orm, &user_model, YARA_OPERATION_READ));
  g_assert_false (ask (named, &user_model, YARA_OPERATION_READ));
  g_assert_true (yara_transaction_rollback (transaction, NULL));
  g_clear_object (&transaction);
  expect_lines (files.path, USER_LINE ",\"transaction\":\"default\",\"rule\":\"pinned\","
                            "\"answer\":\"default\",\"reason\":\"transaction\",\"generation\":0}\n"
                            USER_LINE ",\"using\":\"node0000\",\"transaction\":\"default\",\"rule\":\"pinned\","
                            "\"answer\":\"node0000\",\"reason\":\"refused\",\"generation\":0}\n");

  transaction = yara_orm_begin (orm, NULL, YARA_TRANSACTION_OPTIONS (.model = &event_model, .rule = YARA_RULE_STRICT),
                                NULL, NULL);
  g_assert_false (ask (orm, &user_model, YARA_OPERATION_READ));
  g_assert_true (yara_transaction_rollback (transaction, NULL));
  g_clear_object (&transaction);
  expect_lines (files.path, "{\"model\":\"Event\",\"table\":\"events\",\"operation\":\"write\",\"answer\":\"node0001\","
                            "\"reason\":\"router\",\"generation\":1}\n"
                            USER_LINE ",\"transaction\":\"node0001\",\"rule\":\"strict\","
                            "\"answer\":\"node0000\",\"reason\":\"refused\",\"generation\":1}\n");

  transaction = yara_orm_begin (orm, "default", YARA_TRANSACTION_OPTIONS (.rule = YARA_RULE_BY_NAME), NULL, NULL);
  g_assert_true (ask (orm, &user_model, YARA_OPERATION_READ));
  g_assert_true (yara_transaction_rollback (transaction, NULL));
  expect_lines (files.path, USER_LINE ",\"transaction\":\"default\",\"rule\":\"by_name\","
                            "\"answer\":\"node0000\",\"reason\":\"router\",\"generation\":1}\n");
}

/* Longer than a name may be, and not UTF-8 where it is cut. */
static const char *
answer_badly (const YaraModel *model, const YaraHints *hints)
{
  return "ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss\xc3\xb6 and more";
}

static void
test_refused (void)
{
  static const char *const lost[] = { "lost=1", NULL };
  g_auto (Files)           files = files_new ();
  g_autoptr (YaraOrm)      orm = open_orm ("events"), view = yara_orm_with_hints (orm, lost);
  g_autoptr (YaraOrm)      named = yara_orm_using (orm, "nowhere");
  g_autofree char         *text = NULL;

  log_to (orm, files.path);
  g_assert_false (ask (view, &user_model, YARA_OPERATION_READ));
  g_assert_false (ask (named, &user_model, YARA_OPERATION_READ));
  expect_lines (files.path, USER_LINE ",\"hints\":[\"lost=1\"],\"answer\":\"nowhere\",\"reason\":\"refused\","
                            "\"generation\":1}\n"
                            USER_LINE ",\"using\":\"nowhere\",\"answer\":\"nowhere\",\"reason\":\"refused\","
                            "\"generation\":1}\n");
  g_assert_true (yara_orm_set_router_functions (orm, answer_badly, answer_badly, NULL, NULL, NULL));
  g_assert_false (ask (orm, &user_model, YARA_OPERATION_READ));
  text = read_file (files.path);
  g_assert_nonnull (strstr (text, ",\"answer\":[115,115,"));
  g_assert_nonnull (strstr (text, ",115,195],\"reason\":\"refused\",\"generation\":2}\n"));
  g_assert_true (yara_json_is_valid (text));

  /* Where nothing is open nothing is decided. */
  g_assert_cmpint (truncate (files.path, 0), ==, 0);
  g_assert_true (yara_orm_close (orm, NULL, NULL));
  g_assert_false (ask (orm, &user_model, YARA_OPERATION_READ));
  expect_lines (files.path, "");
}

static void
expect_refusal (YaraOrm *orm, const char *path, const char *words)
{
  g_autoptr (GError) error = NULL;

  g_assert_false (yara_orm_log_decisions (orm, path, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, words));
}

static void
test_files (void)
{
  g_auto (Files)      files = files_new ();
  g_autoptr (YaraOrm) orm = open_orm ("node"), view = yara_orm_using (orm, "node0001");
  g_autofree char    *text = NULL;
  g_auto (GStrv)      lines = NULL;
  int                 reader;

  g_assert_true (g_file_set_contents (files.path, "before\n", -1, NULL));
  log_to (view, files.path); /* of all views */
  ask (orm, &user_model, YARA_OPERATION_READ);

  /* What cannot be taken changes nothing. */
  expect_refusal (orm, files.folder, "directory");
  expect_refusal (orm, "/nonexistent/log", "No such file");
  g_assert_cmpint (mkfifo (files.other, 0600), ==, 0);
  expect_refusal (orm, files.other, "No such device");
  reader = open (files.other, O_RDONLY | O_NONBLOCK);
  expect_refusal (orm, files.other, "it is not a file");
  close (reader);
  g_unlink (files.other);
  ask (orm, &user_model, YARA_OPERATION_READ);

  log_to (orm, files.other);
  ask (orm, &user_model, YARA_OPERATION_READ);
  log_to (orm, NULL);
  log_to (orm, NULL);
  ask (orm, &user_model, YARA_OPERATION_READ);
  text = read_file (files.path);
  g_assert_true (g_str_has_prefix (text, "before\n{\"model\":\"User\","));
  lines = g_strsplit (text, "\n", -1);
  g_assert_cmpuint (g_strv_length (lines), ==, 4);
}

static void
test_environment (void)
{
  g_auto (Files)      files = files_new ();
  g_autoptr (YaraOrm) orm = NULL, other = NULL, none = NULL;

  g_setenv ("YARAORM_DECISION_LOG", files.path, TRUE);
  orm = open_orm ("node");
  other = open_orm (NULL);
  g_setenv ("YARAORM_DECISION_LOG", files.folder, TRUE);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_WARNING, "log of decisions *directory*");
  none = open_orm (NULL);
  g_test_assert_expected_messages ();
  g_unsetenv ("YARAORM_DECISION_LOG");
  ask (orm, &user_model, YARA_OPERATION_READ);
  ask (other, &user_model, YARA_OPERATION_READ);
  ask (none, &user_model, YARA_OPERATION_READ);
  expect_lines (files.path, USER_LINE ",\"answer\":\"node0000\",\"reason\":\"router\",\"generation\":1}\n"
                            USER_LINE ",\"answer\":\"default\",\"reason\":\"default\",\"generation\":0}\n");
}

static void
test_full_disk (void)
{
  g_auto (Files)      files = files_new ();
  g_autoptr (YaraOrm) orm = open_orm ("node");

  log_to (orm, "/dev/full");
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_WARNING, "*it ends here*No space left*");
  g_assert_true (ask (orm, &user_model, YARA_OPERATION_READ));
  g_test_assert_expected_messages ();
  g_assert_true (ask (orm, &user_model, YARA_OPERATION_READ)); /* says nothing any more */
  log_to (orm, files.path);
  g_assert_true (ask (orm, &user_model, YARA_OPERATION_READ));
  expect_lines (files.path, USER_LINE ",\"answer\":\"node0000\",\"reason\":\"router\",\"generation\":1}\n");
}

/* ---- several threads ---- */

#define N_DECIDERS 4

static guint n_decisions; /* of each thread */

static gpointer
decide_all (gpointer orm)
{
  for (guint i = 0; i < n_decisions; i++)
    g_assert_true (ask (orm, i % 2 ? &event_model : &user_model, i / 2 % 2));
  return NULL;
}

/* Lines of a file, each whole. */
static guint
count_lines (const char *path)
{
  g_autofree char *text = read_file (path);
  g_auto (GStrv)   lines = g_strsplit (text, "\n", -1);
  guint            n_lines = MAX (g_strv_length (lines), 1) - 1; /* an empty text has no piece */

  g_assert_true (*text == '\0' || g_str_has_suffix (text, "}\n"));
  for (guint i = 0; i < n_lines; i++)
    {
      g_assert_true (g_str_has_prefix (lines[i], "{\"model\":"));
      g_assert_true (yara_json_is_valid (lines[i]));
    }
  return n_lines;
}

static void
test_threads (void)
{
  g_auto (Files)      files = files_new ();
  g_autoptr (YaraOrm) orm = open_orm ("events"), other = open_orm ("node");
  GThread            *threads[N_DECIDERS];

  n_decisions = FIXTURE_ROUNDS (20000);
  log_to (orm, files.path);
  log_to (other, files.path); /* two may share a file */
  for (guint i = 0; i < N_DECIDERS; i++)
    threads[i] = g_thread_new ("decider", decide_all, i % 2 ? orm : other);
  for (guint i = 0; i < N_DECIDERS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (count_lines (files.path), ==, N_DECIDERS * n_decisions);
}

/* The log is replaced and ended while others decide. Each decision is in the one or the other, or in none while there
 * is none; nothing comes into a file that was given up. */
static void
test_replace (void)
{
  g_auto (Files)      files = files_new ();
  g_autoptr (YaraOrm) orm = open_orm ("events");
  GThread            *threads[N_DECIDERS];
  guint               n_lines;

  n_decisions = FIXTURE_ROUNDS (20000);
  log_to (orm, files.path);
  for (guint i = 0; i < N_DECIDERS; i++)
    threads[i] = g_thread_new ("decider", decide_all, orm);
  for (guint i = 0; i < FIXTURE_ROUNDS (400); i++)
    log_to (orm, i % 2 ? files.path : files.other);
  for (guint i = 0; i < N_DECIDERS; i++)
    g_thread_join (threads[i]);
  log_to (orm, files.other);
  g_assert_cmpuint (count_lines (files.path) + count_lines (files.other), ==, N_DECIDERS * n_decisions);

  n_lines = count_lines (files.path);
  log_to (orm, files.path);
  for (guint i = 0; i < N_DECIDERS; i++)
    threads[i] = g_thread_new ("decider", decide_all, orm);
  log_to (orm, NULL);
  for (guint i = 0; i < 20; i++)
    {
      g_autofree char *before = read_file (files.path), *after = NULL;

      g_thread_yield ();
      after = read_file (files.path);
      g_assert_cmpstr (after, ==, before);
    }
  for (guint i = 0; i < N_DECIDERS; i++)
    g_thread_join (threads[i]);
  g_assert_cmpuint (count_lines (files.path), >=, n_lines);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/decision-log/lines", test_lines);
  g_test_add_func ("/plugins/decision-log/transactions", test_transactions);
  g_test_add_func ("/plugins/decision-log/refused", test_refused);
  g_test_add_func ("/plugins/decision-log/files", test_files);
  g_test_add_func ("/plugins/decision-log/environment", test_environment);
  g_test_add_func ("/plugins/decision-log/full-disk", test_full_disk);
  g_test_add_func ("/plugins/decision-log/threads", test_threads);
  g_test_add_func ("/plugins/decision-log/replace", test_replace);
  return g_test_run ();
}
