/* SPDX-License-Identifier: MIT
 * The error domains, and what their errors carry besides the message. */
#include "base/error.h"

#include <string.h>

typedef struct
{
  int   sqlite_code;
  char  sqlstate[6];
  char *connection;
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
}

static void
yara_error_private_clear (YaraErrorPrivate *private)
{
  g_free (private->connection);
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

void
yara_error_set_connection (GError *error, const char *name)
{
  YaraErrorPrivate *private = get_private (error);

  if (private != NULL && name != NULL)
    {
      g_free (private->connection);
      private->connection = g_strdup (name);
    }
}
