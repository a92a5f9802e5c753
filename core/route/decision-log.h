/* SPDX-License-Identifier: MIT
 * The log of decisions: one JSON object a line, one write a line. While there is none, deciding only looks at
 * a flag. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include <yaraorm/yara-routing.h>
#include <yaraorm/yara-transaction.h>

typedef struct
{
  atomic_bool      is_on;
  pthread_rwlock_t lock; /* writing a line reads what follows */
  int              fd;   /* -1: there is none */
  char            *path;
} YaraDecisionLog;

/* What was to be decided. */
typedef struct
{
  const YaraModel    *model;
  YaraOperation       operation;
  const char         *using_name;  /* nullable */
  const char *const  *hints;       /* nullable */
  const char         *transaction; /* the connection of the one that is current, or NULL */
  YaraTransactionRule rule;        /* its rule */
} YaraQuestion;

void yara_decision_log_init  (YaraDecisionLog *log);
void yara_decision_log_clear (YaraDecisionLog *log);

/* Appends to the file at `path` from now on. NULL: to none, and when this returns no line is being written any
 * more. YARA_ERROR_CONFIGURATION leaves all as it was. */
gboolean yara_decision_log_open (YaraDecisionLog *log, const char *path, GError **error);

static inline gboolean
yara_decision_log_is_on (YaraDecisionLog *log)
{
  return atomic_load_explicit (&log->is_on, memory_order_acquire);
}

/* Appends a line. `answer` is nullable. A file that cannot be written is given up with a warning. */
void yara_decision_log_write (YaraDecisionLog *log, const YaraQuestion *question, const char *answer, const char *reason, guint64 generation);
