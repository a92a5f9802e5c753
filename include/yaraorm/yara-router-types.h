/* SPDX-License-Identifier: MIT
 *
 * The types that a program and a router plugin share. Plain C11: no GLib, nothing to link.
 * Both structs grow only at their end and carry their size, so that a plugin built against an
 * older header keeps working.
 */
#ifndef YARA_ROUTER_TYPES_H
#define YARA_ROUTER_TYPES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Version of the contract between library and plugin. A new major number means that old plugins
 * must be rebuilt; a plugin with a newer minor number than the library is refused. */
#define YARA_ROUTER_ABI_MAJOR 1
#define YARA_ROUTER_ABI_MINOR 0

#ifdef __cplusplus
extern "C" {
#endif

/* What a statement does to rows; decides which of the router's two functions is asked. */
typedef enum
{
  YARA_OPERATION_READ,
  YARA_OPERATION_WRITE
} YaraOperation;

/* A model: one table and the C struct that holds one row of it. Declare it `static const` with
 * YARA_MODEL (yara-model.h). A router reads the first members only; what comes after
 * `connection` is the library's and may be longer than this header knows. */
typedef struct YaraModel
{
  size_t      struct_size;  /* sizeof (YaraModel) where the model was compiled */
  const char *name;         /* name of the C type: "User" */
  const char *table;        /* name of the table: "users" */
  const char *connection;   /* the model's own connection, or NULL: used when the router has no answer */

  const char              *description; /* comment of the table, or NULL */
  size_t                   record_size; /* sizeof the C type */
  const struct YaraField  *fields;
  size_t                   n_fields;
  const struct YaraIndex  *indexes;     /* composite ones, or NULL */
  size_t                   n_indexes;
} YaraModel;

/* What the router is told besides the model. Lives for the call only. May be ignored. */
typedef struct YaraHints
{
  size_t             struct_size; /* members past this size do not exist in the running library */
  YaraOperation      operation;
  const char *const *strings;     /* the program's "name=value" strings, NULL-terminated, or NULL */
  void              *user_data;   /* what yara_orm_set_router_functions() was given; NULL in a plugin */
} YaraHints;

/* The value of the program's hint `name`, or NULL when the program gave none. */
static inline const char *
yara_hints_get (const YaraHints *hints, const char *name)
{
  size_t length = strlen (name);

  if (hints == NULL || hints->strings == NULL)
    return NULL;
  for (const char *const *hint = hints->strings; *hint != NULL; hint++)
    if (strncmp (*hint, name, length) == 0 && (*hint)[length] == '=')
      return *hint + length + 1;
  return NULL;
}

/* The form of both router functions. The answer is the name of a connection, or NULL or "" for
 * "no opinion". The library reads the answer before the function's generation can be unloaded and
 * keeps no pointer to it. Called from any thread, several at once; must not block. */
typedef const char *(*YaraRouterFunc) (const YaraModel *model, const YaraHints *hints);

/* The ABI mark of a plugin: an ELF note named "yaraorm" of type 1. */
typedef struct
{
  uint32_t name_size, desc_size, type;
  char     name[8];
  uint32_t abi_major, abi_minor, model_size, hints_size;
} YaraRouterNote;

#ifdef __cplusplus
}
#endif

#endif
