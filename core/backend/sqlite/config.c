/* SPDX-License-Identifier: MIT
 * The URL of an SQLite database: its forms and its parameters. */
#include "backend/sqlite/sqlite.h"

#include <yaraorm/yara-connection.h>
#include <yaraorm/yara-error.h>

static const char *const parameters[] = {
  "max_size", "min_size", "acquire_timeout", "statement_cache_size", "busy_timeout", "statement_timeout",
  "synchronous", "sync_fast_path", NULL
};

/* In the order of PRAGMA synchronous. */
static const char *const synchronous_names[] = { "OFF", "NORMAL", "FULL", "EXTRA", NULL };

void
yara_sqlite_config_free (YaraBackendConfig *base)
{
  YaraSqliteConfig *config = (YaraSqliteConfig *) base;

  g_free (base->facts);
  g_free (base->url);
  g_free (config->path);
  g_free (config);
}

/* The path is made absolute now: sessions are opened later too, and the working directory may have
 * changed by then. It also keeps SQLite from taking "file:x" for a URI of its own. */
static char *
path_from_url (const YaraUrl *url, GError **error)
{
  const char *path = g_str_has_prefix (url->body, "//") ? url->body + 2 : url->body;
  g_autofree char *folder = NULL;

  if (*path == '\0')
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION,
                   "database URL %s: no path; write sqlite://./app.db, sqlite:///var/lib/app.db or "
                   "sqlite::memory:", url->redacted);
      return NULL;
    }
  if (g_str_equal (path, ":memory:") || *path == '/')
    return g_strdup (path);
  if (g_str_has_prefix (path, "./"))
    path += 2;
  folder = g_get_current_dir ();
  return g_build_filename (folder, path, NULL);
}

static gboolean
take_parameters (YaraSqliteConfig *config, YaraUrl *url, GError **error)
{
  gint64 max_size = 8, min_size = 0, statement_cache_size = 100, fast_path = 0;
  double acquire_timeout = 30, busy_timeout = 5, statement_timeout = 0;

  config->synchronous = 1;
  if (!yara_url_take_integer (url, "max_size", 1, 64, &max_size, error) ||
      !yara_url_take_integer (url, "min_size", 0, max_size, &min_size, error) ||
      !yara_url_take_seconds (url, "acquire_timeout", 0.001, 3600, &acquire_timeout, error) ||
      !yara_url_take_integer (url, "statement_cache_size", 0, 10000, &statement_cache_size, error) ||
      !yara_url_take_seconds (url, "busy_timeout", 0, 3600, &busy_timeout, error) ||
      !yara_url_take_seconds (url, "statement_timeout", 0, 86400, &statement_timeout, error) ||
      !yara_url_take_choice (url, "synchronous", synchronous_names, &config->synchronous, error) ||
      !yara_url_take_integer (url, "sync_fast_path", 0, 1, &fast_path, error) ||
      !yara_url_check_rest (url, parameters, error))
    return FALSE;

  config->base.max_size = max_size;
  config->base.min_size = min_size;
  config->base.acquire_timeout = acquire_timeout * G_USEC_PER_SEC;
  config->base.fast_path = fast_path;
  config->base.statement_timeout = statement_timeout * G_USEC_PER_SEC;
  config->statement_cache_size = statement_cache_size;
  config->busy_timeout = busy_timeout * G_USEC_PER_SEC;
  return TRUE;
}

YaraBackendConfig *
yara_sqlite_config_new (YaraUrl *url, GError **error)
{
  YaraSqliteConfig *config = g_new0 (YaraSqliteConfig, 1);

  config->base.backend = &yara_backend_sqlite;
  config->base.url = g_strdup (url->redacted);
  config->base.facts = g_new0 (YaraServerFacts, 1);
  atomic_init (&config->base.facts->role, YARA_ROLE_PRIMARY);
  atomic_init (&config->base.facts->version, sqlite3_libversion_number ());
  config->path = path_from_url (url, error);
  if (config->path == NULL || !take_parameters (config, url, error))
    {
      yara_sqlite_config_free (&config->base);
      return NULL;
    }

  config->in_memory = g_str_equal (config->path, ":memory:");
  config->base.single_session = config->in_memory;
  config->base.single_writer = !config->in_memory;
  if (config->in_memory) /* each session would have a database of its own */
    {
      config->base.max_size = 1;
      config->base.min_size = MIN (config->base.min_size, 1);
    }
  return &config->base;
}
