/* SPDX-License-Identifier: MIT
 * Logs of decisions, as yara_orm_log_decisions () writes them, read line by line. */
#pragma once

#include <stdio.h>
#include <yaraorm/yaraorm.h>

#include "shell/errors.h"

/* One line. */
typedef struct
{
  guint64             line; /* its number, from 1 */
  char               *model, *table;
  char               *own;  /* (nullable) */
  YaraOperation       operation;
  char              **hints;       /* (nullable) */
  char               *using;       /* (nullable) */
  char               *transaction; /* (nullable) */
  YaraTransactionRule rule;
  char               *answer;      /* (nullable) */
  char               *reason;
  gboolean            is_refused;
} LogEntry;

void log_entry_clear (LogEntry *entry);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LogEntry, log_entry_clear)

typedef struct
{
  FILE   *file;
  FILE   *copy; /* gets every line that is read; (nullable) */
  char   *text; /* the line */
  size_t  size;
  guint64 n_lines;
} LogReader;

void log_reader_clear (LogReader *reader); /* the files are left open */
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LogReader, log_reader_clear)

/* Reads the next line into `entry`, which has to be clear. FALSE at the end, or with `problem`: what is wrong with
 * line `n_lines`: (transfer none). */
gboolean log_reader_next (LogReader *reader, LogEntry *entry, const char **problem);

/* What a whole log holds. */
typedef struct
{
  guint64     n_decisions;
  GHashTable *models;      /* their names */
  GHashTable *connections; /* the names that decisions could go to */
} LogSummary;

void log_summary_clear (LogSummary *summary);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (LogSummary, log_summary_clear)

/* Reads all of it, and writes it to `copy` unless that is NULL. The error about the log called `path`, or NULL:
 * (transfer full). */
Report *log_summary_take (LogSummary *summary, const char *path, FILE *file, FILE *copy);

/* The error about a line. */
Report *log_report_line (const char *path, guint64 line, const char *problem);

/* The error about a log that cannot be read. */
Report *log_report_file (const char *path, int code);
