/* SPDX-License-Identifier: MIT
 * An ORM is closed at any moment, while statements run and its router is replaced: everybody comes back. */
#include "fixture.h"

#include <stdatomic.h>
#include <yaraorm/yaraorm.h>

#define N_WORKERS 2
#define N_ROUNDS  FIXTURE_ROUNDS (500)

typedef struct
{
  gint64 id;
} Entry;

static const YaraField entry_fields[] = { YARA_FIELD (Entry, id, .primary_key = true) };
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

static atomic_bool is_closed;
static atomic_uint n_statements, n_swaps;

/* Until the ORM is closed no statement fails; then all do. */
static gpointer
work (gpointer orm)
{
  for (;;)
    {
      g_autoptr (GError) error = NULL;
      Entry              entry = { 0 };

      if (yara_orm_create (orm, &entry_model, &entry, NULL, &error))
        atomic_fetch_add (&n_statements, 1);
      else
        {
          g_assert_error (error, YARA_ERROR, YARA_ERROR_CONNECTION);
          g_assert_true (atomic_load (&is_closed));
          return NULL;
        }
    }
}

static gpointer
swap (gpointer orm)
{
  g_autofree char *path = fixture_zoo_path ("yielding");

  for (guint i = 0; !atomic_load (&is_closed) || i == 0; i++)
    {
      g_autoptr (GError) error = NULL;

      yara_orm_set_router (orm, i % 2 == 0 ? path : NULL, NULL, NULL, &error);
      g_assert_no_error (error);
      atomic_fetch_add (&n_swaps, 1);
    }
  return NULL;
}

static YaraOrm *
open_orm (void)
{
  g_autoptr (GError)  error = NULL;
  YaraOrm            *orm = yara_orm_open ("sqlite::memory:", NULL, NULL, &error);
  g_autoptr (YaraOrm) node = NULL;

  g_assert_no_error (error);
  g_assert_true (yara_orm_add_connection (orm, "node0000", "sqlite::memory:", NULL, NULL));
  g_assert_true (yara_orm_register (orm, &entry_model, NULL));
  g_assert_true (yara_orm_generate_schemas (orm, YARA_SCHEMA_DEFAULT, NULL, NULL));
  node = yara_orm_using (orm, "node0000");
  g_assert_true (yara_orm_generate_schemas (node, YARA_SCHEMA_DEFAULT, NULL, NULL));
  return orm;
}

static void
run_round (void)
{
  g_autoptr (YaraOrm) orm = open_orm ();
  GThread            *workers[N_WORKERS], *swapper;

  atomic_store (&is_closed, FALSE);
  for (guint i = 0; i < N_WORKERS; i++)
    workers[i] = g_thread_new ("worker", work, orm);
  swapper = g_thread_new ("swapper", swap, orm);
  g_usleep (g_random_int_range (0, 3000));
  atomic_store (&is_closed, TRUE);
  g_assert_true (yara_orm_close (orm, NULL, NULL));
  for (guint i = 0; i < N_WORKERS; i++)
    g_thread_join (workers[i]);
  g_thread_join (swapper);
}

static void
test_any_moment (void)
{
  guint n_descriptors = 0;

  for (guint i = 0; i < N_ROUNDS; i++)
    {
      run_round ();
      if (i == 0)
        n_descriptors = fixture_count_descriptors ();
    }
  g_test_message ("%u rounds, %u statements, %u swaps", N_ROUNDS, atomic_load (&n_statements), atomic_load (&n_swaps));
  if (FIXTURE_UNMAPS)
    {
      g_assert_cmpuint (fixture_count_images (), ==, 0);
      g_assert_cmpuint (fixture_count_descriptors (), ==, n_descriptors);
    }
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/plugins/close/any-moment", test_any_moment);
  return g_test_run ();
}
