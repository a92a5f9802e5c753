/* SPDX-License-Identifier: MIT
 * What a YaraOrm and its views (yara_orm_using(), yara_orm_with_hints()) share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>

#include "base/tally.h"
#include "route/routes.h"
#include "sql/compile.h"
#include <yaraorm/yaraorm.h>

/* A registered model: its checked descriptor and its compiled SQL, one cache a dialect. */
typedef struct YaraDialectCache YaraDialectCache;

typedef struct
{
  YaraModelInfo             *info;
  YaraDialectCache *_Atomic  caches;
} YaraRegisteredModel;

typedef struct YaraHookList YaraHookList;

typedef struct
{
  YaraRoutes             *routes;
  pthread_mutex_t         lock;        /* serializes changes of what follows */
  GHashTable             *connections; /* name -> YaraConnection *, every name there ever was */
  GHashTable             *models;      /* const YaraModel * -> YaraRegisteredModel * */
  GPtrArray              *model_order; /* YaraRegisteredModel *, as registered */
  YaraHookList *_Atomic   hooks;       /* NULL: nobody looks */
  GPtrArray              *old_hooks;   /* replaced lists, kept because a reader may be inside */
  guint                   next_hook_id;
  gboolean                log_statements;
  YaraTally               ledger;
  atomic_bool             closed;
} YaraEngine;

struct _YaraOrm
{
  GObject     parent_instance;
  YaraEngine *engine;
  YaraOrm    *root;       /* of a view: the object that owns the engine; a reference */
  char       *using_name; /* NULL: the router decides */
  char      **hints;      /* NULL: none */
  gint64      timeout;    /* of statements, in microseconds; 0: as the URL says; less: none */
};

/* models.c */
YaraRegisteredModel *yara_engine_find_model (YaraEngine *engine, const YaraModel *model, GError **error);
const YaraModel    **yara_engine_list_models (YaraEngine *engine); /* as registered, NULL-terminated: (transfer container) */
YaraSqlCache        *yara_registered_model_get_cache (YaraRegisteredModel *model, const YaraDialect *dialect);
void                 yara_registered_model_free (YaraRegisteredModel *model);

/* decision-log.c: begins the log that $YARAORM_DECISION_LOG names, if any. */
void yara_engine_start_decision_log (YaraEngine *engine);

/* ledger.c: counts a statement that was executed. `model`: NULL for raw SQL and schemas. */
void yara_engine_count (YaraEngine *engine, const YaraModelInfo *model, YaraOperation operation, const YaraDecision *decision, gboolean failed);

/* signals.c: tells who listens. The object that owns the engine emits; no lock is held. */
void yara_orm_install_signals     (YaraOrmClass *klass);
void yara_orm_announce_router     (YaraOrm *orm, const YaraRouterReceipt *receipt);
void yara_orm_announce_connection (YaraOrm *orm, const char *name, gboolean is_there);

/* connections.c */
void yara_engine_close_databases (YaraEngine *engine);

/* hooks.c: whether anybody wants to know about statements, and the telling. */
static inline gboolean
yara_engine_is_observed (YaraEngine *engine)
{
  return engine->log_statements || atomic_load_explicit (&engine->hooks, memory_order_acquire) != NULL;
}

void yara_engine_report     (YaraEngine *engine, YaraOrm *orm, const YaraQueryEvent *event);
void yara_engine_free_hooks (YaraEngine *engine);
