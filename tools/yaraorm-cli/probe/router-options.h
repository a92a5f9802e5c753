/* SPDX-License-Identifier: MIT
 * What a router is asked: options of many commands, and the command line of the child. */
#pragma once

#include "shell/errors.h"
#include "shell/options.h"

/* Bytes of the longest name of a model or connection. */
#define ROUTER_NAME_MAX 63

/* What a router is asked. The parent hands it to the child as a command line. */
typedef struct
{
  char  *plugin;      /* or, with rules, what to call them */
  gboolean rules;     /* the rules of the configuration instead of a plugin */
  char  *args;        /* (nullable) */
  char  *connections; /* "a,b,c"; (nullable) the usual ones */
  char **models;      /* (nullable) */
  char **hints;       /* (nullable) */
  char  *operation;   /* "read" or "write"; (nullable) both */
  char  *transaction; /* the connection of the one that is open; (nullable) none */
  char  *rule;        /* its rule; (nullable) pinned */
  char  *using;       /* the connection that the program names; (nullable) none */
  char  *library;     /* with models; (nullable) */
  char  *deadline;    /* for one call, as it was given; (nullable) the usual one */
  int    repeat;      /* how often the same is asked; 0: as often as it usually is */
} RouterOptions;

#define ROUTER_OPTIONS_INIT { 0 }
void router_options_clear (RouterOptions *router);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (RouterOptions, router_options_clear)

/* Options of a router, by what they choose. */
typedef enum
{
  ROUTER_ARGS        = 1 << 0, /* how it is loaded */
  ROUTER_PROGRAM     = 1 << 1, /* what the program tells it: hints, and the connections that there are */
  ROUTER_MODELS      = 1 << 2, /* about which models it is asked */
  ROUTER_OPERATION   = 1 << 3, /* about which operation */
  ROUTER_LIBRARY     = 1 << 4, /* the library that has the models */
  ROUTER_CALLS       = 1 << 5, /* how long a call may take, and how often the same is asked */
  ROUTER_TRANSACTION = 1 << 6, /* the transaction that is open */
  ROUTER_ALL         = (1 << 7) - 1
} RouterScope;

void router_options_add (RouterOptions *router, Options *options, RouterScope scope);

/* Milliseconds that one call may take. */
guint router_options_get_deadline (const RouterOptions *router);

/* Adds the models named in the file `path`, "-" for stdin, a line each. The error, or NULL: (transfer full). */
Report *router_options_read_models (RouterOptions *router, const char *path);

/* FALSE: there is no such rule. */
gboolean router_options_get_rule (const RouterOptions *router, YaraTransactionRule *rule);

/* Takes from the configuration what was not given: connections, models and, when `arguments` name no PLUGIN,
 * the router. */
void router_options_take (RouterOptions *router, YaraConfig *config, char **arguments);

/* When there is nothing that names models, these are asked about: User, Event and Snapshot. */
void router_options_use_usual_models (RouterOptions *router);

/* Says so when a model that was named is almost one of the configuration: any name can be asked about. */
void router_options_suggest_models (const RouterOptions *router, YaraConfig *config);

/* Takes PLUGIN and checks what was given. */
gboolean router_options_check (RouterOptions *router, const char *command, char **arguments, int *status);

/* Whether `word` (nullable) is a file NAME.ini, whose [route] rules are meant. */
gboolean router_options_is_rule_file (const char *word);

/* Whether `name` can be that of a model: 1 to 63 bytes of UTF-8 without spaces and control characters. */
gboolean router_options_is_model (const char *name);
/* The same of a connection: 1 to 63 of A-Z a-z 0-9 _ -. */
gboolean router_options_is_connection (const char *name);

/* The names of the connections, "default" among them: (transfer full). */
char **router_options_list_connections (const RouterOptions *router);

/* The command line that gives the same options: added to `arguments`. */
void router_options_print (const RouterOptions *router, GPtrArray *arguments);
