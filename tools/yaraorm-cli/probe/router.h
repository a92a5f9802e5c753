/* SPDX-License-Identifier: MIT
 * A router inside the child: loaded by the library, which checks the file, and then once more as a
 * bare module, so that its answers can be seen as they are. */
#pragma once

#include <gmodule.h>
#include <yaraorm/yaraorm.h>

#include "probe/router-options.h"

typedef struct
{
  YaraOrm        *orm;     /* with the connections, without a router */
  YaraRouterFunc  ask[2];  /* by YaraOperation */
  char           *path;    /* of the file */
  char           *sha256;
  gint64          load_time; /* microseconds */
  guint           call_limit; /* milliseconds for one call */
} ProbeRouter;

/* The connections alone, each a database in memory: (transfer full). */
YaraOrm *probe_router_open_orm (const RouterOptions *options, GError **error);

/* `orm` with the hints of the program: (transfer full). */
YaraOrm *probe_router_make_view (YaraOrm *orm, const RouterOptions *options);

/* The configuration that the connections are of: (transfer none) (nullable). */
YaraConfig *probe_router_get_config (void);

/* FALSE when the library refused; the parent has been told. */
gboolean probe_router_load (ProbeRouter *router, const RouterOptions *options);

/* Lets the library put the plugin, or the rules, in force. */
gboolean probe_router_put_in_force (const RouterOptions *router, YaraOrm *orm, GError **error);

/* What is wrong with an answer. */
typedef enum
{
  ANSWER_GOOD,
  ANSWER_INVALID, /* not UTF-8, or too long for a name */
  ANSWER_DEAD     /* in memory that the plugin had given up */
} AnswerFault;

typedef struct
{
  AnswerFault fault;
  gboolean    none;      /* NULL or "" */
  char        text[65];  /* as much as a name may have, and one more */
  const char *place;     /* where it was; not to be read */
  gint64      duration;  /* microseconds */
  gboolean    errno_changed, signals_changed;
} Answer;

/* Calls the function for `operation` and takes a good look at the answer. The parent is told. */
void probe_router_ask (const ProbeRouter *router, YaraOperation operation, const YaraModel *model,
                       const YaraHints *hints, Answer *answer);

/* "db_for_read" or "db_for_write". */
const char *probe_function_name (YaraOperation operation);

/* A model of this name. Lives as long as the child. */
const YaraModel *probe_model_new (const char *name);
/* Its name for the user: (transfer full). */
char *probe_model_describe (const YaraModel *model);
