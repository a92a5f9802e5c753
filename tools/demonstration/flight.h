/* SPDX-License-Identifier: MIT
 * A swap of the router while statements are in flight. */
#pragma once

#include "models.h"

#define N_IN_FLIGHT 48

typedef struct
{
  guint   n_rows;                /* sent */
  guint   n_failed;
  guint64 generations[2];        /* of the router before and after the swap */
  guint   counts[2][N_MODELS];   /* rows that the library says each of the two routers placed */
} FlightReport;

/* Keeps N_IN_FLIGHT creates in flight, swaps to the router at `path` in the middle, and returns when
 * everything has finished. */
gboolean fly_through_swap (YaraOrm *orm, guint step, const char *path, FlightReport *report, GError **error);
