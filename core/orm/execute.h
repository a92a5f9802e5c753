/* SPDX-License-Identifier: MIT
 * The life of one call of a verb, in its blocking and its asynchronous shape. A verb is a few steps;
 * each prepares one request and looks at its outcome. The same steps serve both shapes. */
#pragma once

#include "conn/ambient.h"
#include "conn/lease.h"
#include "orm/engine.h"

typedef struct YaraCall YaraCall;

typedef struct
{
  const char   *name;
  YaraOperation operation;

  /* Prepares the first request in call->job.request, or sets call->done. */
  gboolean (*start) (YaraCall *call, GError **error);

  /* Takes the outcome of the request, and sets call->done or prepares the next one. */
  gboolean (*next) (YaraCall *call, GError **error);

  /* next() looks at the request's error itself; else the first error ends the call. */
  gboolean handles_errors;

  /* Takes back what start() and next() wrote into the records, when the call fails; or NULL. */
  void (*undo) (YaraCall *call);
} YaraVerb;

struct YaraCall
{
  YaraJob              job;       /* the request that runs next, or has run */
  const YaraVerb      *verb;
  YaraOrm             *orm;
  YaraRegisteredModel *model;     /* NULL: raw SQL, schemas */
  YaraSqlCache        *sql;       /* of the model, in the dialect of the decision */
  YaraDecision         decision;
  YaraLease           *lease;     /* of the verb, for all of its requests; or NULL */
  guint                step;      /* for verbs of several requests */
  gboolean             done;

  /* what the verb was given */
  const YaraQuery     *query;
  gpointer             record;    /* or the first of an array */
  gsize                n_records;
  const char *const   *fields;
  gboolean            *made_keys; /* of each record, once it was prepared for an INSERT; or NULL */
  gpointer             extra;     /* of one verb alone; freed by extra_free */
  GDestroyNotify       extra_free;

  /* what it returns */
  YaraResult          *result;
  YaraRows            *rows;
  gint64               count;
  gboolean             flag;

  GTask               *task;      /* of the asynchronous shape */
  YaraContinuation     continuation;
  YaraArena            arena;
  gint64               arena_space[32];
};

/* A call on a model; the caller sets the inputs. */
void yara_call_init (YaraCall *call, const YaraVerb *verb, YaraOrm *orm);

/* Same on the heap, for the asynchronous shape. */
YaraCall *yara_call_new (const YaraVerb *verb, YaraOrm *orm);

/* Places the call by its model; the first thing start() of a verb on a model needs is there then. */
gboolean yara_call_run (YaraCall *call, const YaraModel *model, GCancellable *cancellable, GError **error);
void     yara_call_submit (YaraCall *call, const YaraModel *model, gpointer source, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/* Placed already: call->decision is set, or start() sets it. */
gboolean yara_call_run_placed    (YaraCall *call, GCancellable *cancellable, GError **error);
void     yara_call_submit_placed (YaraCall *call, gpointer source, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/* Completes later with `error`: (transfer full). Frees the call. */
void yara_call_fail_async (YaraCall *call, gpointer source, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data, GError *error);

/* Releases what the call holds; results that were stolen are not its own any more. */
void yara_call_clear (YaraCall *call);
void yara_call_free  (YaraCall *call);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (YaraCall, yara_call_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraCall, yara_call_free)

/* The finished call behind a GAsyncResult of `verb`: (transfer full), NULL with the error. */
YaraCall *yara_call_finish (gpointer source, GAsyncResult *result, const YaraVerb *verb, GError **error);

/* Fills in what the library makes for the `n_records` records that are to be inserted, and the undo()
 * that takes their keys back. */
void yara_call_prepare_create (YaraCall *call, gsize n_records);
void yara_call_undo_create    (YaraCall *call);

/* Arguments that outlive x_async(): copies into the call's arena. */
const char *const *yara_call_copy_names (YaraCall *call, const char *const *names);

/* Every asynchronous call is on the heap and has a task. */
static inline gboolean
yara_call_is_async (const YaraCall *call)
{
  return call->task != NULL;
}
