/* SPDX-License-Identifier: MIT
 *
 * Errors. Every message is one line: what failed, where, why, and what to do. No message holds a
 * password or a bound value. A cancelled call fails with G_IO_ERROR, G_IO_ERROR_CANCELLED.
 */
#ifndef YARA_ERROR_H
#define YARA_ERROR_H

#include <yaraorm/yara-macros.h>

G_BEGIN_DECLS

/* Why a call failed. */
typedef enum
{
  YARA_ERROR_CONFIGURATION,    /* a URL, a parameter, a name, a model or a routing answer is wrong */
  YARA_ERROR_CONNECTION,       /* the database cannot be reached or opened, or was closed */
  YARA_ERROR_TIMEOUT,          /* no session became free, or a lock was not granted, in time */
  YARA_ERROR_OPERATIONAL,      /* the database refused the statement */
  YARA_ERROR_INTEGRITY,        /* a constraint of the database refused the rows */
  YARA_ERROR_TRANSACTION,      /* a transaction was misused or could not end as asked */
  YARA_ERROR_DOES_NOT_EXIST,   /* one row was wanted and there is none */
  YARA_ERROR_MULTIPLE_OBJECTS, /* one row was wanted and there are more */
  YARA_ERROR_FIELD,            /* unknown field or lookup, or a value that the field cannot hold */
  YARA_ERROR_DECODE,           /* the database holds a value that the field or getter cannot hold */
  YARA_ERROR_UNSUPPORTED       /* this backend cannot do it */
} YaraError;

#define YARA_ERROR (yara_error_quark ())
YARA_API GQuark yara_error_quark (void);

/* Why a router plugin was refused. The router that was in force stays in force. */
typedef enum
{
  YARA_ROUTER_ERROR_FILE,           /* cannot be found, opened or read */
  YARA_ROUTER_ERROR_NOT_A_PLUGIN,   /* not a sound shared object for this machine, or it cannot be loaded */
  YARA_ROUTER_ERROR_ABI,            /* no ABI mark, or one of another version */
  YARA_ROUTER_ERROR_MISSING_SYMBOL, /* db_for_read or db_for_write is absent or not its own */
  YARA_ROUTER_ERROR_UNSAFE,         /* somebody else could have written the file, or it cannot be unloaded */
  YARA_ROUTER_ERROR_REFUSED,        /* its router_open said no */
  YARA_ROUTER_ERROR_TRIAL           /* it failed its trial, or could not be tried: YARA_ROUTER_TRIAL */
} YaraRouterError;

#define YARA_ROUTER_ERROR (yara_router_error_quark ())
YARA_API GQuark yara_router_error_quark (void);

/* The extended result code of SQLite behind `error`; 0 when there is none. */
YARA_API int yara_error_get_sqlite_code (const GError *error);

/* The SQLSTATE behind `error`: (nullable) (transfer none), five characters. */
YARA_API const char *yara_error_get_sqlstate (const GError *error);

/* The name of the connection that reported `error`: (nullable) (transfer none). */
YARA_API const char *yara_error_get_connection (const GError *error);

/* What the database named as the origin of `error`: (nullable) (transfer none). SQLite names none. */
YARA_API const char *yara_error_get_constraint (const GError *error);
YARA_API const char *yara_error_get_table      (const GError *error);
YARA_API const char *yara_error_get_column     (const GError *error);

/* More words of the database: (nullable) (transfer none). They may hold values of rows, such as
 * "Key (email)=(...) already exists.", and so are not part of the message. */
YARA_API const char *yara_error_get_detail (const GError *error);

/* Whether the same call may succeed when it is tried again: a serialization failure, a deadlock, a lock
 * that was not free, a server that was going down or coming up. Nothing of the call took effect. */
YARA_API gboolean yara_error_is_retryable (const GError *error);

/* Whether the link was lost after a write was sent, so that it may have taken effect or not. Look
 * before you try again. */
YARA_API gboolean yara_error_is_outcome_unknown (const GError *error);

G_END_DECLS

#endif
