/* SPDX-License-Identifier: MIT
 * The compiled SQL of one model in one dialect, found by shape. */
#pragma once

#include <pthread.h>

#include "base/error.h"
#include "sql/compile.h"
#include "sql/shape.h"

/* Shapes kept at most. A program has few; one that makes them without end starts over. */
#define YARA_SQL_CACHE_MAX 512

struct YaraSqlCache
{
  const YaraModelInfo *info;
  const YaraDialect   *dialect;
  GError              *error;  /* the dialect cannot hold the model; every compilation says so */
  pthread_mutex_t      lock;
  GHashTable          *shapes; /* YaraShapeKey * -> YaraSql *, guarded by `lock` */
};

/* The text of `shape`: (transfer full). */
YaraSql *yara_sql_cache_get (YaraSqlCache *cache, const YaraShape *shape);
