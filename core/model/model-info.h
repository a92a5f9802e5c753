/* SPDX-License-Identifier: MIT
 * A model descriptor after it was checked: what the layers above work with. Immutable. */
#pragma once

#include <yaraorm/yara-model.h>
#include "base/value.h"

typedef struct
{
  const YaraField *field;
  const char      *name;
  const char      *column;
  guint            index;         /* in YaraModelInfo.fields */
  YaraKind         kind;          /* never YARA_KIND_NULL */
  YaraCType        c_type;
  gsize            offset;
  gsize            null_offset;   /* of the companion bool; G_MAXSIZE: none */
  gboolean         has_default;
  YaraValue        default_value; /* of `kind`; text points into the descriptor or the model info */
} YaraFieldInfo;

typedef enum
{
  YARA_KEY_NATURAL,  /* the program brings it */
  YARA_KEY_DATABASE, /* integer, made by the database when it is 0 */
  YARA_KEY_LIBRARY   /* UUID, made by the library when it is zero */
} YaraKeyMaker;

typedef struct
{
  const char          *name;   /* of the index in the database, at most 63 bytes */
  const YaraFieldInfo **fields;
  guint                n_fields;
  gboolean             unique;
} YaraIndexInfo;

typedef struct
{
  const YaraModel     *model;
  const char          *name;    /* model->name */
  const char          *table;   /* model->table */
  YaraFieldInfo       *fields;
  guint                n_fields;
  const YaraFieldInfo *key;
  YaraKeyMaker         key_maker;
  YaraIndexInfo       *indexes; /* composite and single-column ones */
  guint                n_indexes;
  gboolean             has_auto_now; /* any auto_now or auto_now_add field */
  const YaraFieldInfo **filled;      /* the fields with auto_now, auto_now_add or default_value */
  guint                n_filled;
  YaraArena            arena;   /* behind the names, lists and defaults above */
} YaraModelInfo;

/* Checks `model`: (transfer full); YARA_ERROR_CONFIGURATION naming the model and the field. */
YaraModelInfo *yara_model_info_new  (const YaraModel *model, GError **error);
void           yara_model_info_free (YaraModelInfo *info);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraModelInfo, yara_model_info_free)

/* The field of a name of `length` bytes, or NULL. */
const YaraFieldInfo *yara_model_info_find (const YaraModelInfo *info, const char *name, gsize length);

/* The same or YARA_ERROR_FIELD with a suggestion. */
const YaraFieldInfo *yara_model_info_get (const YaraModelInfo *info, const char *name, GError **error);
