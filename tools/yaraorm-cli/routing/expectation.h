/* SPDX-License-Identifier: MIT
 * The expectation file of "route test": sorted lines of MODEL OP CONNECTION; # begins a comment line.
 * A router that takes several connections in turn has them all, sorted, separated by commas. */
#pragma once

#include <glib.h>

typedef struct Expectation Expectation;

Expectation *expectation_new  (void); /* empty */
void         expectation_free (Expectation *expectation);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (Expectation, expectation_free)

/* G_FILE_ERROR, or G_IO_ERROR_INVALID_DATA with the number of the line. */
Expectation *expectation_load (const char *path, GError **error);
/* Replaces the file as a whole. Comments are kept, at the top. */
gboolean     expectation_save (const Expectation *expectation, const char *path, GError **error);

/* The connection of a line: (nullable). */
const char *expectation_get (const Expectation *expectation, const char *model, const char *op);
void        expectation_set (Expectation *expectation, const char *model, const char *op,
                             const char *connection);

/* The models in it, sorted: (transfer full). */
char **expectation_list_models (const Expectation *expectation);
