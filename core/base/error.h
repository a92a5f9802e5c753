/* SPDX-License-Identifier: MIT
 * What the errors carry besides their message. */
#pragma once

#include <yaraorm/yara-error.h>

/* Notes on an error of YARA_ERROR where it came from; NULL and 0 leave what is there. Other domains
 * are left alone. */
void yara_error_set_sqlite_code (GError *error, int code);
void yara_error_set_sqlstate    (GError *error, const char *sqlstate);
void yara_error_set_connection  (GError *error, const char *name);
void yara_error_set_origin     (GError *error, const char *constraint, const char *table, const char *column);
void yara_error_set_detail     (GError *error, const char *detail);

/* Of an error of routing: the name that could not be followed, for the log of decisions. */
void        yara_error_set_answer (GError *error, const char *name);
const char *yara_error_get_answer (const GError *error); /* (nullable) */

/* Nobody can tell whether the statement took effect. */
void yara_error_set_outcome_unknown (GError *error);
