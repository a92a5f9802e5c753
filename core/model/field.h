/* SPDX-License-Identifier: MIT
 * Fields of records by offset, and values that fit fields. Errors are YARA_ERROR_FIELD and name
 * model and field, never the value. */
#pragma once

#include "model/model-info.h"

gboolean yara_field_is_null (const YaraFieldInfo *field, gconstpointer record);

/* The value of the field, checked (range, UTF-8, length, decimal syntax and scale, choices) and in
 * the form that is bound: enums become INT64 or TEXT; text is borrowed from the record. A NULL in a
 * field that is not nullable becomes the default_value if there is one, else a NULL value: whoever
 * binds it decides whether that is an error (yara_field_require()). */
gboolean yara_field_get (const YaraModelInfo *info, const YaraFieldInfo *field, gconstpointer record, YaraValue *value, GError **error);

/* The error for a NULL in a required field. */
gboolean yara_field_require (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, GError **error);

/* Puts what came from the database, and is in the range of the field, into a record, which is zeroed. NULL needs a
 * companion or a nullable field; else FALSE with YARA_ERROR_DECODE. */
void     yara_field_store      (const YaraFieldInfo *field, gpointer record, const YaraValue *value);
gboolean yara_field_store_null (const YaraModelInfo *info, const YaraFieldInfo *field, gpointer record, GError **error);

/* FALSE with the error for a cell of the database that holds `found`. */
gboolean yara_field_fail_cell (const YaraModelInfo *info, const YaraFieldInfo *field, const char *found, GError **error);

/* `value` as given by the program (any kind) in the form that is bound for comparisons with and
 * assignments to `field`. What must be made anew is put into `arena`. NULL stays NULL. Not for
 * lists. `error` says which kinds would fit. */
gboolean yara_field_coerce (const YaraModelInfo *info, const YaraFieldInfo *field, const YaraValue *value, YaraArena *arena, YaraValue *coerced, GError **error);

/* Fills what the library makes before an INSERT: UUID key, auto_now and auto_now_add timestamps
 * (`now`, microseconds), default_value where the field is NULL and not nullable. TRUE: it made the
 * key, which yara_record_clear_key() takes back when the INSERT fails. */
gboolean yara_record_prepare_create (const YaraModelInfo *info, gpointer record, gint64 now);
void     yara_record_clear_key      (const YaraModelInfo *info, gpointer record);

/* Sets the auto_now fields, before an UPDATE. */
void yara_record_prepare_save (const YaraModelInfo *info, gpointer record, gint64 now);

/* The integer key of a record; FALSE if it is 0, so that the database makes it. Only for
 * YARA_KEY_DATABASE. */
gboolean yara_record_has_key (const YaraModelInfo *info, gconstpointer record);

/* Writes a key that the database made. FALSE with YARA_ERROR_DECODE when the C field is too small. */
gboolean yara_record_set_key (const YaraModelInfo *info, gpointer record, gint64 key, GError **error);

/* Current time in microseconds since 1970. */
#define yara_now() g_get_real_time ()
