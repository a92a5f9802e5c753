/* SPDX-License-Identifier: MIT
 * What the errors carry besides their message. */
#pragma once

#include <yaraorm/yara-error.h>

/* Notes on an error of YARA_ERROR where it came from; NULL and 0 leave what is there. Other domains
 * are left alone. */
void yara_error_set_sqlite_code (GError *error, int code);
void yara_error_set_sqlstate    (GError *error, const char *sqlstate);
void yara_error_set_connection  (GError *error, const char *name);
