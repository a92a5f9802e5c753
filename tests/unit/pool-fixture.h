/* SPDX-License-Identifier: MIT
 * A backend that only counts, and a pool on it. */
#pragma once

#include <gio/gio.h>
#include <stdatomic.h>
#include <unistd.h>
#include <yaraorm/yara-error.h>
#include "conn/pool.h"

typedef struct
{
  YaraSession base;
  gboolean    is_broken;
} FakeSession;

static atomic_int n_open, n_opened, n_failures; /* the next so many cannot be opened */

static inline YaraSession *
fake_open (const YaraBackendConfig *config, gboolean read_only, GCancellable *cancellable, GError **error)
{
  FakeSession *session;

  if (atomic_load (&n_failures) > 0)
    {
      atomic_fetch_sub (&n_failures, 1);
      g_set_error (error, YARA_ERROR, YARA_ERROR_CONNECTION, "cannot be opened");
      return NULL;
    }
  session = g_new0 (FakeSession, 1);
  session->base = (YaraSession) { config, read_only };
  atomic_fetch_add (&n_open, 1);
  atomic_fetch_add (&n_opened, 1);
  return &session->base;
}

static inline void
fake_close (YaraSession *session)
{
  atomic_fetch_sub (&n_open, 1);
  g_free (session);
}

static inline gboolean
fake_is_usable (YaraSession *session)
{
  return !((FakeSession *) session)->is_broken;
}

static const YaraBackend fake_backend = {
  .name = "fake",
  .session_open = fake_open,
  .session_close = fake_close,
  .session_is_usable = fake_is_usable,
};

typedef struct
{
  YaraBackendConfig config;
  YaraPool         *pool;
} Fixture;

static inline void
open_pool (Fixture *fixture, guint max_size, guint min_size, gboolean single_writer)
{
  g_autoptr(GError) error = NULL;

  atomic_store (&n_opened, 0);
  fixture->config = (YaraBackendConfig) {
    .backend = &fake_backend, .max_size = max_size, .min_size = min_size, .single_writer = single_writer,
    .acquire_timeout = 50 * 1000,
  };
  fixture->pool = yara_pool_new (&fixture->config);
  g_assert_true (yara_pool_open (fixture->pool, NULL, &error));
  g_assert_no_error (error);
}

static inline void
close_pool (Fixture *fixture)
{
  yara_pool_close (fixture->pool);
  yara_pool_free (fixture->pool);
  g_assert_cmpint (atomic_load (&n_open), ==, 0);
}

static inline YaraSession *
acquire (Fixture *fixture, gboolean write)
{
  g_autoptr(GError) error = NULL;
  YaraSession *session = yara_pool_acquire (fixture->pool, write, NULL, &error);

  g_assert_no_error (error);
  return session;
}

static inline void
acquire_fails (Fixture *fixture, gboolean write, YaraError code, const char *part)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (yara_pool_acquire (fixture->pool, write, NULL, &error));
  g_assert_error (error, YARA_ERROR, (int) code);
  g_assert_nonnull (strstr (error->message, part));
}
