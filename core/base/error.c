/* SPDX-License-Identifier: MIT
 * The error domains, and what their errors carry besides the message. */
#include "base/error.h"

#include <string.h>

typedef struct
{
  int   sqlite_code;
  char  sqlstate[6];
  char *connection, *answer;
  char *constraint, *table, *column, *detail;
  gboolean outcome_unknown;
} YaraErrorPrivate;

static void
yara_error_private_init (YaraErrorPrivate *private)
{
}

static void
yara_error_private_copy (const YaraErrorPrivate *source, YaraErrorPrivate *target)
{
  *target = *source;
  target->connection = g_strdup (source->connection);
  target->answer = g_strdup (source->answer);
  target->constraint = g_strdup (source->constraint);
  target->table = g_strdup (source->table);
  target->column = g_strdup (source->column);
  target->detail = g_strdup (source->detail);
}

static void
yara_error_private_clear (YaraErrorPrivate *private)
{
  g_free (private->connection);
  g_free (private->answer);
  g_free (private->constraint);
  g_free (private->table);
  g_free (private->column);
  g_free (private->detail);
}

G_DEFINE_EXTENDED_ERROR (YaraError, yara_error)
G_DEFINE_QUARK (yara-router-error-quark, yara_router_error)

static YaraErrorPrivate *
get_private (const GError *error)
{
  return error != NULL && error->domain == YARA_ERROR ? yara_error_get_private (error) : NULL;
}

int
yara_error_get_sqlite_code (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL ? private->sqlite_code : 0;
}

const char *
yara_error_get_sqlstate (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL && private->sqlstate[0] != '\0' ? private->sqlstate : NULL;
}

const char *
yara_error_get_connection (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL ? private->connection : NULL;
}

const char *
yara_error_get_constraint (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL ? private->constraint : NULL;
}

const char *
yara_error_get_table (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL ? private->table : NULL;
}

const char *
yara_error_get_column (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL ? private->column : NULL;
}

const char *
yara_error_get_detail (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL ? private->detail : NULL;
}

gboolean
yara_error_is_outcome_unknown (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL && private->outcome_unknown;
}

/* Serialization failure, deadlock, lock not available, shutdown, crash, still starting, idle too long. */
static const char *const retryable_states[] = {
  "40001", "40P01", "55P03", "57P01", "57P02", "57P03", "57P05", NULL
};

/* SQLITE_BUSY and SQLITE_LOCKED, with whatever extends them. */
static gboolean
is_busy (int sqlite_code)
{
  return (sqlite_code & 0xff) == 5 || (sqlite_code & 0xff) == 6;
}

gboolean
yara_error_is_retryable (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL && !private->outcome_unknown &&
         (is_busy (private->sqlite_code) || g_strv_contains (retryable_states, private->sqlstate));
}

void
yara_error_set_sqlite_code (GError *error, int code)
{
  YaraErrorPrivate *private = get_private (error);

  if (private != NULL && code != 0)
    private->sqlite_code = code;
}

void
yara_error_set_sqlstate (GError *error, const char *sqlstate)
{
  YaraErrorPrivate *private = get_private (error);

  if (private != NULL && sqlstate != NULL)
    g_strlcpy (private->sqlstate, sqlstate, sizeof private->sqlstate);
}

static void
replace_text (char **place, const char *text)
{
  if (text == NULL)
    return;
  g_free (*place);
  *place = g_strdup (text);
}

void
yara_error_set_connection (GError *error, const char *name)
{
  YaraErrorPrivate *private = get_private (error);

  if (private != NULL)
    replace_text (&private->connection, name);
}

void
yara_error_set_answer (GError *error, const char *name)
{
  YaraErrorPrivate *private = get_private (error);

  if (private != NULL)
    replace_text (&private->answer, name);
}

const char *
yara_error_get_answer (const GError *error)
{
  const YaraErrorPrivate *private = get_private (error);

  return private != NULL ? private->answer : NULL;
}

void
yara_error_set_origin (GError *error, const char *constraint, const char *table, const char *column)
{
  YaraErrorPrivate *private = get_private (error);

  if (private == NULL)
    return;
  replace_text (&private->constraint, constraint);
  replace_text (&private->table, table);
  replace_text (&private->column, column);
}

void
yara_error_set_detail (GError *error, const char *detail)
{
  YaraErrorPrivate *private = get_private (error);

  if (private != NULL)
    replace_text (&private->detail, detail);
}

void
yara_error_set_outcome_unknown (GError *error)
{
  YaraErrorPrivate *private = get_private (error);

  if (private != NULL)
    private->outcome_unknown = TRUE;
}
