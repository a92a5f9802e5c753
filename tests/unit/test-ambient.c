/* SPDX-License-Identifier: MIT
 * What is current in a thread: frames, what is found in them, and what is dropped when it has ended. */
#include "conn/ambient.h"

#include <yaraorm/yara-error.h>

typedef struct
{
  YaraDatabase   *database;
  YaraConnection *here, *there;
  YaraBlock      *first, *second, *inner; /* here, there, and in `first` */
  int             owner, other;
} Fixture;

static void
step (YaraBlock *block, YaraStep kind)
{
  g_autoptr(GError) error = NULL;

  yara_block_step (block, kind, NULL, &error);
  g_assert_no_error (error);
}

static void
set_up (Fixture *fixture, gconstpointer data)
{
  g_autoptr(GError) error = NULL;

  fixture->database = yara_database_open ("sqlite::memory:", NULL, &error);
  g_assert_no_error (error);
  fixture->here = yara_connection_new ("here", NULL);
  fixture->there = yara_connection_new ("there", NULL);
  fixture->first = yara_block_new (&fixture->owner, fixture->here, fixture->database, NULL, &error);
  g_assert_no_error (error);
  fixture->second = yara_block_new (&fixture->owner, fixture->there, fixture->database, NULL, &error);
  g_assert_no_error (error);
  fixture->inner = yara_block_new_nested (fixture->first, NULL, &error);
  g_assert_no_error (error);
}

static void
tear_down (Fixture *fixture, gconstpointer data)
{
  g_assert_null (yara_ambient_thread.current);
  g_assert_null (yara_ambient_thread.frames);
  yara_block_unref (fixture->inner);
  yara_block_unref (fixture->second);
  yara_block_unref (fixture->first);
  g_object_unref (fixture->here);
  g_object_unref (fixture->there);
  yara_database_unref (fixture->database);
}

/* The innermost is found, by owner and by connection. */
static void
finds (Fixture *fixture, gconstpointer data)
{
  YaraAmbient *outer, *inner;
  YaraAmbientFrame frame;

  g_assert_null (yara_ambient_find (&fixture->owner, NULL));
  outer = yara_ambient_new (NULL, fixture->first);
  inner = yara_ambient_new (outer, fixture->second);
  yara_ambient_push (&frame, inner);
  g_assert_true (yara_ambient_find (&fixture->owner, NULL) == fixture->second);
  g_assert_true (yara_ambient_find (&fixture->owner, fixture->here) == fixture->first);
  g_assert_true (yara_ambient_find (&fixture->owner, fixture->there) == fixture->second);
  g_assert_null (yara_ambient_find (&fixture->other, NULL));
  yara_ambient_pop (&frame);
  g_assert_null (yara_ambient_find (&fixture->owner, NULL));
  yara_ambient_unref (inner);
  yara_ambient_unref (outer);
}

/* What was begun by blocking is current until it has ended, and then no longer. */
static void
prunes (Fixture *fixture, gconstpointer data)
{
  step (fixture->first, YARA_STEP_BEGIN);
  yara_ambient_begin (fixture->first);
  step (fixture->inner, YARA_STEP_BEGIN);
  yara_ambient_begin (fixture->inner);
  g_assert_true (yara_ambient_find (&fixture->owner, NULL) == fixture->inner);
  step (fixture->inner, YARA_STEP_COMMIT);
  g_assert_true (yara_ambient_find (&fixture->owner, NULL) == fixture->first);
  step (fixture->first, YARA_STEP_ROLLBACK);
  g_assert_null (yara_ambient_find (&fixture->owner, NULL));
}

/* What was captured stays, also when it has ended: who comes late is told. */
static void
keeps_what_was_captured (Fixture *fixture, gconstpointer data)
{
  YaraAmbient *captured;
  YaraAmbientFrame frame;

  step (fixture->first, YARA_STEP_BEGIN);
  yara_ambient_begin (fixture->first);
  captured = yara_ambient_dup_current ();
  step (fixture->first, YARA_STEP_COMMIT);
  g_assert_null (yara_ambient_dup_current ());

  yara_ambient_push (&frame, captured);
  g_assert_true (yara_ambient_find (&fixture->owner, NULL) == fixture->first);
  g_assert_true (yara_block_is_over (fixture->first));
  yara_ambient_pop (&frame);
  yara_ambient_unref (captured);
}

/* What a callback began and did not end is not current behind it. */
static void
frames (Fixture *fixture, gconstpointer data)
{
  YaraAmbientFrame outer, inner;
  YaraAmbient *ambient = yara_ambient_new (NULL, fixture->second);

  step (fixture->first, YARA_STEP_BEGIN);
  yara_ambient_push (&outer, NULL);
  yara_ambient_begin (fixture->first);
  yara_ambient_push (&inner, ambient);
  g_assert_true (yara_ambient_find (&fixture->owner, NULL) == fixture->second);
  yara_ambient_pop (&inner);
  g_assert_true (yara_ambient_find (&fixture->owner, NULL) == fixture->first);
  yara_ambient_pop (&outer);
  g_assert_null (yara_ambient_find (&fixture->owner, NULL));
  step (fixture->first, YARA_STEP_ROLLBACK);
  yara_ambient_unref (ambient);
}

static void
unbalanced (Fixture *fixture, gconstpointer data)
{
  YaraAmbientFrame frame;

  yara_ambient_push (&frame, NULL);
  yara_ambient_enter (NULL);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, "*yara_ambient_leave*");
  yara_ambient_pop (&frame);
  g_test_assert_expected_messages ();

  /* nobody leaves what a callback is in */
  yara_ambient_push (&frame, NULL);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_CRITICAL, "*yara_ambient_leave*");
  yara_ambient_leave ();
  g_test_assert_expected_messages ();
  yara_ambient_pop (&frame);
}

/* ---- callbacks ---- */

static void
note (GObject *source, GAsyncResult *result, gpointer data)
{
  *(YaraAmbient **) data = yara_ambient_dup_current ();
}

/* A task runs its callback in what was current when it was made. */
static void
tasks (Fixture *fixture, gconstpointer data)
{
  YaraAmbient *ambient = yara_ambient_new (NULL, fixture->first), *inside = NULL, *outside = ambient;
  YaraAmbientFrame frame;
  g_autoptr(GTask) first = NULL, second = yara_ambient_task_new (NULL, NULL, NULL, note, &outside);

  yara_ambient_push (&frame, ambient);
  first = yara_ambient_task_new (NULL, NULL, NULL, note, &inside);
  g_task_return_boolean (second, TRUE);
  while (!g_task_get_completed (second)) /* within, a callback of outside is outside */
    g_main_context_iteration (NULL, TRUE);
  yara_ambient_pop (&frame);
  g_task_return_boolean (first, TRUE);
  while (!g_task_get_completed (first))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (inside == ambient);
  g_assert_null (outside);
  yara_ambient_unref (inside);
  yara_ambient_unref (ambient);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
#define ADD(path, function) g_test_add ("/ambient/" path, Fixture, NULL, set_up, function, tear_down)
  ADD ("finds", finds);
  ADD ("prunes", prunes);
  ADD ("keeps-what-was-captured", keeps_what_was_captured);
  ADD ("frames", frames);
  ADD ("unbalanced", unbalanced);
  ADD ("tasks", tasks);
  return g_test_run ();
}
