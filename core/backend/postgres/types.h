/* SPDX-License-Identifier: MIT
 * PostgreSQL's types: values to binary parameters, binary results to records and rows. */
#pragma once

#include <libpq-fe.h>

#include "model/result.h"
#include "sql/statement.h"

/* The type that a value is sent as; 0: the server works it out (NULL, text, a list of nothing). Of a
 * LIST, the array type of its first value. */
Oid yara_postgres_type_of (const YaraValue *value);

/* Encodes `value` as a parameter of `type` (0: of its own type): data, length and format (0 text,
 * 1 binary). What must be made is put into `arena`; text and bytes are borrowed. NULL gives NULL data.
 * FALSE with YARA_ERROR_FIELD when the value has no form in that type; the message is to be put
 * behind "value 3 ", as in "is out of the range of integer". */
gboolean yara_postgres_encode (const YaraValue *value, Oid type, YaraArena *arena, const char **data, int *length,
                               int *format, GError **error);

/* The same value behind a four-byte length, as in binary COPY and in arrays; no lists. After a failure
 * `buffer` is as before. */
gboolean yara_postgres_append_binary (const YaraValue *value, Oid type, GByteArray *buffer, GError **error);

/* All rows of a binary answer with the columns of `info` in order. Text and bytes of the records point
 * into `answer`, which becomes the result's backing: (transfer full) in any case. YARA_ERROR_DECODE names
 * model and field. */
gboolean yara_postgres_decode_records (PGresult *answer, const YaraModelInfo *info, YaraResult *result,
                                       GError **error);

/* Whether every column of an answer, or of its description, has a binary form here. */
gboolean yara_postgres_knows_columns (const PGresult *answer);

/* The rows of an answer, at most max_rows, as cells, by the fields of the statement or by the types
 * of the server. (transfer full) of `answer` in any case. A column of a type that has no form here is
 * YARA_ERROR_DECODE naming it and advising a cast to text, unless all its cells are NULL. */
YaraRows *yara_postgres_decode_rows (PGresult *answer, const YaraStatement *statement, GError **error);
