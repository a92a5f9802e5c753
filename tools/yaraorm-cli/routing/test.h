/* SPDX-License-Identifier: MIT
 * "route test": what its parts share. */
#pragma once

#include "probe/probe.h"
#include "probe/router-options.h"
#include "routing/expectation.h"
#include "routing/places.h"

typedef struct
{
  RouterOptions router;
  char         *models_from; /* path, or NULL */
  char         *expect;      /* path, or NULL */
  gboolean      update, in_process, live;
  Expectation  *expectation; /* what is in the file; NULL: none, or not there yet */
  RoutePlaces   places;
} RouteTest;

/* Shows the decisions, and tells whether they are as they should be; returns the exit code. */
int route_test_show (RouteTest *test, const ProbeResult *result);

/* The error about the expectation file: (transfer full). */
Report *route_test_report_file (const RouteTest *test, const GError *error);

/* The decisions that are not as expected, as an array of {"model","op","expected","connection"}: (transfer full);
 * printing them; the error about them: (transfer full). */
JsonArray *route_test_compare            (const RouteTest *test, const ProbeResult *result);
void       route_test_print_differences  (JsonArray *differences);
Report    *route_test_report_differences (const RouteTest *test, guint n_differing, guint n_decisions);

/* Writes what was decided; what the file says about other models stays. The error, or NULL: (transfer full). */
Report *route_test_update (RouteTest *test, const ProbeResult *result);
