/* SPDX-License-Identifier: MIT
 * The sessions of a database: opened on demand, given out first come first served. */
#pragma once

#include "backend/backend.h"
#include "conn/cancel.h"

typedef struct YaraPool YaraPool;

/* Opens nothing yet. `config` is borrowed. */
YaraPool *yara_pool_new  (const YaraBackendConfig *config);
/* Closed, or never opened. */
void      yara_pool_free (YaraPool *pool);

/* Opens one session that writes, and more up to min_size. */
gboolean  yara_pool_open (YaraPool *pool, GCancellable *cancellable, GError **error);

/* Refuses new callers, serves those that wait, waits for the sessions in use and closes them all. */
void      yara_pool_close (YaraPool *pool);

/* A session, for one that waits up to acquire_timeout. `cancel` (nullable) is not armed. */
YaraSession *yara_pool_acquire (YaraPool *pool, gboolean write, YaraCancel *cancel, GError **error);

/* The same without waiting: NULL when none is free or it cannot be opened. */
YaraSession *yara_pool_try_acquire (YaraPool *pool, gboolean write);

/* One that is not clean is closed. */
void yara_pool_release (YaraPool *pool, YaraSession *session);

/* For who comes after the close. */
GError *yara_pool_closed_error (void);

/* How many sessions only read; 0: the others do it. */
static inline guint
yara_pool_max_readers (const YaraBackendConfig *config)
{
  return config->single_writer ? config->max_size - 1 : 0;
}
