/* SPDX-License-Identifier: MIT
 * What replacing a router tells: its receipt, the wait for the end of the old one, the signals. */
#include "fixture.h"

#include <stdatomic.h>
#include <yaraorm/yaraorm.h>

typedef struct
{
  gint64 id;
} Entry;

static const YaraField entry_fields[] = { YARA_FIELD (Entry, id, .primary_key = true) };
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

static YaraOrm *
open_orm (void)
{
  g_autoptr (GError) error = NULL;
  YaraOrm           *orm = yara_orm_open ("sqlite::memory:", NULL, NULL, &error);

  g_assert_no_error (error);
  yara_orm_register (orm, &entry_model, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *name = g_strdup_printf ("node%04u", i);

      yara_orm_add_connection (orm, name, "sqlite::memory:", NULL, &error);
      g_assert_no_error (error);
    }
  return orm;
}

/* ---- signals ---- */

typedef struct
{
  guint64  generation;
  char    *path;
  char    *name;
  gboolean is_there;
  guint    n_router, n_connection;
  YaraOrm *orm;
} Seen;

static void
on_router_changed (YaraOrm *orm, guint64 generation, const char *path, Seen *seen)
{
  g_autoptr (YaraRouterInfo) info = yara_orm_get_router_info (orm); /* it is in force by now */

  g_assert_cmpuint (info->generation, ==, generation);
  seen->generation = generation;
  g_free (seen->path);
  seen->path = g_strdup (path);
  seen->orm = orm;
  seen->n_router++;
}

static void
on_connection_changed (YaraOrm *orm, const char *name, gboolean is_there, Seen *seen)
{
  g_free (seen->name);
  seen->name = g_strdup (name);
  seen->is_there = is_there;
  seen->n_connection++;
}

static void
test_signals (void)
{
  g_autoptr (YaraOrm) orm = open_orm ();
  g_autoptr (YaraOrm) view = yara_orm_using (orm, "node0000");
  g_autoptr (GError)  error = NULL;
  g_autofree char    *path = fixture_zoo_path ("node"), *bad = fixture_zoo_path ("no-read");
  Seen                seen = { 0 };

  g_signal_connect (orm, "router-changed", G_CALLBACK (on_router_changed), &seen);
  g_signal_connect (orm, "connection-changed", G_CALLBACK (on_connection_changed), &seen);

  g_assert_true (yara_orm_set_router (view, path, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (seen.n_router, ==, 1);
  g_assert_cmpuint (seen.generation, ==, 1);
  g_assert_cmpstr (seen.path, ==, path);
  g_assert_true (seen.orm == orm);

  g_assert_false (yara_orm_set_router (orm, bad, NULL, NULL, &error));
  g_clear_error (&error);
  g_assert_cmpuint (seen.n_router, ==, 1);

  g_assert_true (yara_orm_set_router (orm, NULL, NULL, NULL, NULL));
  g_assert_cmpuint (seen.n_router, ==, 2);
  g_assert_null (seen.path);

  g_assert_true (yara_orm_add_connection (view, "third", "sqlite::memory:", NULL, NULL));
  g_assert_cmpstr (seen.name, ==, "third");
  g_assert_true (seen.is_there);
  g_assert_true (yara_orm_remove_connection (orm, "third", NULL));
  g_assert_false (seen.is_there);
  g_assert_cmpuint (seen.n_connection, ==, 2);
  g_assert_false (yara_orm_add_connection (orm, "third", "nonsense://", NULL, NULL));
  g_assert_cmpuint (seen.n_connection, ==, 2);
  g_free (seen.path);
  g_free (seen.name);
}

/* ---- receipts ---- */

static void
test_receipt (void)
{
  g_autoptr (YaraOrm)           orm = open_orm ();
  g_autoptr (GError)            error = NULL;
  g_autofree char              *path = fixture_zoo_path ("node"), *other = fixture_zoo_path ("yielding"), *bad = fixture_zoo_path ("no-write");
  g_autoptr (YaraRouterReceipt) first = yara_orm_replace_router (orm, path, NULL, YARA_ROUTER_DEFAULT, NULL, &error), second = NULL;
  g_autoptr (YaraRouterInfo)    info = NULL;

  g_assert_no_error (error);
  g_assert_cmpuint (first->old_generation, ==, 0);
  g_assert_cmpuint (first->generation, ==, 1);
  g_assert_null (first->old_path);
  g_assert_cmpstr (first->path, ==, path);

  g_assert_null (yara_orm_replace_router (orm, bad, NULL, YARA_ROUTER_DEFAULT, NULL, &error));
  g_assert_error (error, YARA_ROUTER_ERROR, YARA_ROUTER_ERROR_MISSING_SYMBOL);
  g_clear_error (&error);

  second = yara_orm_replace_router (orm, other, NULL, YARA_ROUTER_DEFAULT, NULL, &error);
  g_assert_no_error (error);
  info = yara_orm_get_router_info (orm);
  g_assert_cmpuint (second->old_generation, ==, 1);
  g_assert_cmpuint (second->generation, ==, 2);
  g_assert_cmpstr (second->old_path, ==, path);
  g_assert_cmpstr (second->old_sha256, ==, first->sha256);
  g_assert_cmpstr (second->sha256, ==, info->sha256);
  g_assert_cmpstr (second->sha256, !=, first->sha256);
  g_assert_cmpuint (second->n_deciding, ==, 0);
  g_assert_cmpint (second->unload_time, >=, 0);
}

/* Generations that differ in their connections only have the same router. */
static void
test_receipt_over_connections (void)
{
  g_autoptr (YaraOrm)           orm = open_orm ();
  g_autofree char              *path = fixture_zoo_path ("node");
  g_autoptr (YaraRouterReceipt) first = yara_orm_replace_router (orm, path, NULL, YARA_ROUTER_DEFAULT, NULL, NULL), second = NULL;

  g_assert_true (yara_orm_add_connection (orm, "third", "sqlite::memory:", NULL, NULL));
  second = yara_orm_replace_router (orm, NULL, NULL, YARA_ROUTER_DEFAULT, NULL, NULL);
  g_assert_cmpuint (second->old_generation, ==, first->generation);
  g_assert_cmpstr (second->old_path, ==, path);
  g_assert_null (second->path);
  g_assert_cmpint (second->unload_time, >=, 0);
}

/* ---- a call that stays inside ---- */

static atomic_bool is_inside, may_leave;

static const char *
stay (const YaraModel *model, const YaraHints *hints)
{
  atomic_store (&is_inside, TRUE);
  while (!atomic_load (&may_leave))
    g_usleep (1000);
  return "node0000";
}

static gpointer
decide (gpointer orm)
{
  YaraRoute route;

  g_assert_true (yara_orm_route (orm, &entry_model, YARA_OPERATION_READ, &route, NULL));
  return NULL;
}

/* A thread that is inside the router until it may leave. */
static GThread *
go_inside (YaraOrm *orm)
{
  GThread *thread;

  atomic_store (&is_inside, FALSE);
  atomic_store (&may_leave, FALSE);
  g_assert_true (yara_orm_set_router_functions (orm, stay, stay, NULL, NULL, NULL));
  thread = g_thread_new ("decider", decide, orm);
  while (!atomic_load (&is_inside))
    g_usleep (1000);
  return thread;
}

static void
test_drain (void)
{
  g_autoptr (YaraOrm)           orm = open_orm ();
  g_autoptr (GError)            error = NULL;
  g_autoptr (GCancellable)      cancellable = g_cancellable_new ();
  g_autoptr (YaraRouterReceipt) receipt = NULL;
  GThread                      *thread;

  g_assert_true (yara_orm_drain_router (orm, 0, NULL, &error));
  thread = go_inside (orm);
  receipt = yara_orm_replace_router (orm, NULL, NULL, YARA_ROUTER_DEFAULT, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (receipt->n_deciding, ==, 1);
  g_assert_cmpint (receipt->unload_time, ==, -1);

  g_assert_false (yara_orm_drain_router (orm, 0.01, NULL, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_TIMEOUT);
  g_clear_error (&error);
  g_cancellable_cancel (cancellable);
  g_assert_false (yara_orm_drain_router (orm, 60, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  atomic_store (&may_leave, TRUE);
  g_assert_true (yara_orm_drain_router (orm, 60, NULL, &error));
  g_assert_no_error (error);
  g_thread_join (thread);
}

typedef struct
{
  GMainLoop    *loop;
  GAsyncResult *result;
} Call;

static void
on_done (GObject *source, GAsyncResult *result, gpointer data)
{
  Call *call = data;

  call->result = g_object_ref (result);
  g_main_loop_quit (call->loop);
}

static gboolean
let_leave (gpointer data)
{
  atomic_store (&may_leave, TRUE);
  return G_SOURCE_REMOVE;
}

static gboolean
cancel (gpointer cancellable)
{
  g_cancellable_cancel (cancellable);
  return G_SOURCE_REMOVE;
}

static void
test_async (void)
{
  g_autoptr (YaraOrm)           orm = open_orm ();
  g_autoptr (GError)            error = NULL;
  g_autoptr (GMainLoop)         loop = g_main_loop_new (NULL, FALSE);
  g_autoptr (GCancellable)      cancellable = g_cancellable_new ();
  g_autoptr (YaraRouterReceipt) receipt = NULL;
  g_autofree char              *path = fixture_zoo_path ("node");
  GThread                      *thread = go_inside (orm);
  Call                          call = { loop, NULL };

  /* Cancelling the wait leaves the new router. */
  g_timeout_add (20, cancel, cancellable);
  yara_orm_replace_router_async (orm, path, NULL, YARA_ROUTER_DEFAULT, cancellable, on_done, &call);
  g_main_loop_run (loop);
  receipt = yara_orm_replace_router_finish (orm, call.result, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (receipt->path, ==, path);
  g_assert_cmpint (receipt->unload_time, ==, -1);
  g_clear_object (&call.result);

  yara_orm_drain_router_async (orm, 0, NULL, on_done, &call);
  g_main_loop_run (loop);
  g_assert_false (yara_orm_drain_router_finish (orm, call.result, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_TIMEOUT);
  g_clear_error (&error);
  g_clear_object (&call.result);

  g_timeout_add (20, let_leave, NULL);
  yara_orm_drain_router_async (orm, 60, NULL, on_done, &call);
  g_main_loop_run (loop);
  g_assert_true (yara_orm_drain_router_finish (orm, call.result, &error));
  g_assert_no_error (error);
  g_clear_object (&call.result);
  g_thread_join (thread);
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/receipt/signals", test_signals);
  g_test_add_func ("/plugins/receipt/receipt", test_receipt);
  g_test_add_func ("/plugins/receipt/over-connections", test_receipt_over_connections);
  g_test_add_func ("/plugins/receipt/drain", test_drain);
  g_test_add_func ("/plugins/receipt/async", test_async);
  return g_test_run ();
}
