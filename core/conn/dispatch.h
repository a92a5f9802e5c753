/* SPDX-License-Identifier: MIT
 * Completions: functions to be called in a main context, many with one wake-up. */
#pragma once

#include <glib.h>

/* One pending completion; embed it. Lies in one queue at a time. */
typedef struct YaraCompletion YaraCompletion;
struct YaraCompletion
{
  void          (*complete) (YaraCompletion *completion); /* in the context; may free the completion */
  YaraCompletion *next;
};

/* The completion queue of one main context. Counted; shared by all that complete in that context. */
typedef struct YaraDispatcher YaraDispatcher;

/* That of the thread-default context of the calling thread: (transfer full). Cheap when it exists. */
YaraDispatcher *yara_dispatcher_get_current (void);
YaraDispatcher *yara_dispatcher_ref         (YaraDispatcher *dispatcher);
void            yara_dispatcher_unref       (YaraDispatcher *dispatcher);
GMainContext   *yara_dispatcher_get_context (YaraDispatcher *dispatcher);

/* From any thread: appends the completions from `first` on, linked by `next`, and wakes the context
 * once. Each is completed in order in a later iteration of the context, never inside this call. */
void yara_dispatcher_push (YaraDispatcher *dispatcher, YaraCompletion *first);

/* From any thread: wakes the context, unless this thread is in a callback of it and so looks at all sources
 * before the context sleeps. */
void yara_dispatcher_wake (YaraDispatcher *dispatcher);

/* From inside a callback of the current context: adds `item` to those that `flush` is given together
 * before the context sleeps, so that what one callback starts leaves in one go. FALSE elsewhere. There
 * is one `flush` for all. */
typedef void (*YaraFlushFunc) (YaraCompletion *first);

gboolean yara_dispatcher_defer (YaraDispatcher *dispatcher, YaraCompletion *item, YaraFlushFunc flush);

/* Gives now what the current context has deferred. */
void yara_dispatcher_flush_current (void);
