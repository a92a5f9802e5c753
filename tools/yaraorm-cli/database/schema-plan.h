/* SPDX-License-Identifier: MIT
 * What the tables of the models lack, and have beyond, connection by connection. */
#pragma once

#include "database/schema.h"

/* One connection. */
typedef struct
{
  char       *name;
  const char *backend;
  char       *models;     /* "User, Audit": those that are written there; NULL: none is */
  GPtrArray  *statements; /* char *: what is to be run, in this order */
  guint       n_drops;    /* the last of these */
  GPtrArray  *kept;       /* char *: what no model knows and what stays all the same, as "column "x" of "users"" */
} PlanPart;

typedef struct
{
  Schema     schema;
  gboolean   allow_drop;
  GPtrArray *parts;       /* PlanPart *, in the order of the configuration */
  guint      n_statements, n_drops, n_connections;
  gboolean   keeps;       /* something that --allow-drop would drop */
} Plan;

void plan_clear (Plan *plan);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Plan, plan_clear)

void plan_add_options (Plan *plan, Options *options);

/* Loads everything and compares, or takes the databases for empty. FALSE with the exit code when that went
 * wrong. */
gboolean plan_make (Plan *plan, gboolean compares, int *status);

/* The plan as JSON: (transfer full). */
JsonObject *plan_to_json (const Plan *plan, gboolean applied);

/* Prints it, with `end` behind the last line. */
void plan_show (const Plan *plan, const char *end);
