/* SPDX-License-Identifier: MIT
 * The SQLite backend, as the layers above see it. */
#include "backend/sqlite/sqlite.h"

static const char *const schemes[] = { "sqlite", NULL };

const YaraBackend yara_backend_sqlite = {
  .name = "sqlite",
  .schemes = schemes,
  .dialect = &yara_dialect_sqlite,
  .config_new = yara_sqlite_config_new,
  .config_free = yara_sqlite_config_free,
  .session_open = yara_sqlite_session_open,
  .session_close = yara_sqlite_session_close,
  .session_run = yara_sqlite_session_run,
  .session_run_batch = yara_sqlite_session_run_batch,
  .session_begin = yara_sqlite_session_begin,
  .session_commit = yara_sqlite_session_commit,
  .session_roll_back = yara_sqlite_session_roll_back,
  .session_run_savepoint = yara_sqlite_session_run_savepoint,
  .one_isolation = TRUE,
  .session_interrupt = yara_sqlite_session_interrupt,
  .session_is_usable = yara_sqlite_session_is_usable,
};
