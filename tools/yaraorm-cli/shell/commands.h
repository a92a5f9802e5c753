/* SPDX-License-Identifier: MIT
 * The commands. */
#pragma once

#include <glib.h>

typedef struct
{
  const char *name;      /* one word or two */
  int       (*run) (char **arguments); /* [0] is the program, then what stands behind the name */
  const char *summary;
  gboolean    has_table;         /* that can be printed as JSON lines or CSV */
} Command;

/* All commands, ending with a NULL name. */
extern const Command commands[];

/* The command that `words` begin with, and how many words its name has: (nullable). */
const Command *command_find (char **words, guint *n_words);

/* Whether the command of that name has a table; so has "", which is the program before its command is known. */
gboolean command_has_table (const char *name);

/* Runs `command` with `words`, the program's name not among them. */
int command_run (const Command *command, char **words);

/* Prints the error for `words` that begin with no command; returns the exit code. */
int command_report_unknown (char **words);

int command_route_test   (char **arguments);
int command_route_explain (char **arguments);
int command_route_diff   (char **arguments);
int command_route_record (char **arguments);
int command_route_replay (char **arguments);
int command_route_swap   (char **arguments);
int command_route_bench  (char **arguments);
int command_plugin_check (char **arguments);
int command_plugin_info  (char **arguments);
int command_plugin_new   (char **arguments);
int command_config_init  (char **arguments);
int command_config_check (char **arguments);
int command_config_show  (char **arguments);
int command_config_path  (char **arguments);
int command_conn_list    (char **arguments);
int command_conn_ping    (char **arguments);
int command_conn_wait    (char **arguments);
int command_sql          (char **arguments);
int command_schema_plan  (char **arguments);
int command_schema_apply (char **arguments);
int command_schema_show  (char **arguments);
int command_schema_import (char **arguments);
int command_schema_drift (char **arguments);
int command_doctor       (char **arguments);
int command_help         (char **arguments);
int command_version      (char **arguments);
