/* SPDX-License-Identifier: MIT
 * What the schema commands work with: the models of the configuration, and the connections that their writes
 * are routed to. Plugin code runs in a child process; its answers are used here. */
#pragma once

#include <gmodule.h>
#include <yaraorm/yaraorm.h>

#include "shell/errors.h"
#include "shell/options.h"

typedef struct
{
  char                   *library; /* --models, or NULL */
  YaraConfig             *config;
  GModule                *module;  /* the library that was loaded */
  const YaraModel *const *models;
  YaraOrm                *orm;     /* all connections by name; those that models are written on are open, the
                                      others stand for their names */
} Schema;

void schema_clear (Schema *schema);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Schema, schema_clear)

/* The options that all of them have. */
void schema_add_options (Schema *schema, Options *options);

/* Prints what went wrong; the exit code. `report` NULL: it was interrupted. */
int schema_fail (Report *report);

/* Loads configuration and models. */
gboolean schema_load (Schema *schema, Report **report);

/* Opens an ORM routed by the configuration's router, or by the plugin `plugin` when that is not NULL; no database
 * is opened: (transfer full). */
YaraOrm *schema_route (const Schema *schema, const char *plugin, Report **report);

/* The connection that writes of a model go to: (transfer none). */
const char *schema_get_home (YaraOrm *orm, const YaraModel *model);

/* Routes, and opens the databases that models are written on. An SQLite file that is not there is not made,
 * and counts as empty. FALSE without an error: it was interrupted. */
gboolean schema_open (Schema *schema, Report **report);

/* Makes those files. FALSE as above. */
gboolean schema_open_missing (Schema *schema, Report **report);
