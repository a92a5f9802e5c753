/* SPDX-License-Identifier: MIT
 * The witness: looks into the databases through handles of its own, past the library. */
#pragma once

#include "places.h"

/* Counts what was found wrong, and says so. */
extern guint n_problems;
void report_problem (const char *format, ...) G_GNUC_PRINTF (1, 2);

/* The one number that a statement gives, 0 when it gives none; -1, reported, when it fails. */
gint64 witness_ask_sql (const char *url, const char *sql);

gboolean witness_has_table (const Place *place, guint model);

/* The one number that `expression` gives over the rows of one step: "count(*)", "min(serial)"; 0 when
 * there is no table. */
gint64 witness_ask (const Place *place, guint model, guint step, const char *expression);

/* Of all places the only one with a row of that step; N_PLACES, reported, when there is not exactly
 * one row. */
guint witness_find_row (const Places *places, guint model, guint step);

/* ---- with a standby ---- */

/* Until the standby shows what the primary holds now. FALSE, reported: it does not come. */
gboolean witness_wait_for_standby (const Places *places);

/* The standby goes on receiving, but shows nothing new until it is resumed. */
gboolean witness_pause_standby  (const Places *places);
gboolean witness_resume_standby (const Places *places);
