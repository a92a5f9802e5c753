/* SPDX-License-Identifier: MIT
 * What the files of output.h know of each other. */
#pragma once

#include "shell/output.h"

/* Where rows go with FORMAT_JSONL and FORMAT_CSV. */
FILE *output_get_rows (void);

gboolean output_is_quiet (void);

const char *output_table_get_heading (struct libscols_table *table, gsize column);

/* Prints a table on a terminal of so many columns. */
void output_table_print_within (struct libscols_table *table, gsize width);
