/* SPDX-License-Identifier: MIT
 * Asking databases how they do: all at once, a thread each, within a limit. */
#pragma once

#include <yaraorm/yaraorm.h>

/* What is wrong with an answer. */
typedef enum
{
  PING_GOOD,
  PING_UNREACHABLE, /* `error` */
  PING_WRONG_ROLE,  /* not what the configuration says */
  PING_LAGS,        /* more than the configuration allows */
  PING_SPLIT        /* another primary is of the same cluster */
} PingProblem;

typedef struct
{
  YaraConfig *config;
  const char *name;
  PingProblem problem;
  GError     *error;
  YaraRole    role;
  char       *version;
  gint64      connect_time, query_time; /* microseconds */
  gboolean    pooled;
  gboolean    mixed;    /* Pgpool, which sends each statement to a server of its choice; `role` is unknown */
  char       *details;  /* settings and limits, when they were asked for */

  /* SQLite */
  char       *journal;  /* "wal" */

  /* PostgreSQL */
  char       *system;   /* identifier of the cluster */
  char       *started;  /* when the server was, which tells servers apart */
  char       *timeline; /* of a primary */
  gint64      position; /* in the write-ahead log: written, of a standby replayed */
  gint64      lag;      /* bytes behind its primary, when that was asked too; -1: unknown */
  double      lag_time; /* seconds since the last transaction that was replayed; -1: there was none */
} Ping;

/* Asks the databases `names` (NULL-terminated, kept) and compares the answers: (transfer full), an array of
 * Ping * in their order. Those that have not answered after `timeout` microseconds are unreachable. */
GPtrArray *ping_all (YaraConfig *config, const char *const *names, gboolean details, gint64 timeout);

/* The timeline of a primary. */
gint64 ping_get_timeline (const Ping *ping);

/* Whether none has a problem. */
gboolean ping_all_good (const GPtrArray *pings);
