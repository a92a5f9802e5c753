/* SPDX-License-Identifier: MIT
 * The PostgreSQL backend, as the layers above see it. */
#include "backend/postgres/postgres.h"

static const char *const schemes[] = { "postgresql", "postgres", NULL };

const YaraBackend yara_backend_postgres = {
  .name = "postgres",
  .schemes = schemes,
  .dialect = &yara_dialect_postgres,
  .config_new = yara_postgres_config_new,
  .config_free = yara_postgres_config_free,
  .session_open = yara_postgres_session_open,
  .session_close = yara_postgres_session_close,
  .session_run = yara_postgres_session_run,
  .pipeline = &yara_postgres_pipeline,
  .session_begin = yara_postgres_session_begin,
  .session_commit = yara_postgres_session_commit,
  .session_roll_back = yara_postgres_session_roll_back,
  .session_run_savepoint = yara_postgres_session_run_savepoint,
  .session_interrupt = yara_postgres_session_interrupt,
  .session_is_usable = yara_postgres_session_is_usable,
};
