/* SPDX-License-Identifier: MIT
 * What is current in a thread: the transactions of the chain of work that runs there. Each operation takes
 * what is current when it is issued, and its callback runs with that. */
#pragma once

#include "conn/block.h"

/* Immutable and counted: the innermost block, and what was current around it. */
struct YaraAmbient
{
  atomic_int   ref_count;
  YaraAmbient *outer;
  YaraBlock   *block;
};

/* What was current before, while something else is. */
typedef struct YaraAmbientFrame YaraAmbientFrame;
struct YaraAmbientFrame
{
  YaraAmbient      *current;
  guint             n_begun;
  YaraAmbientFrame *outer;
};

typedef struct
{
  YaraAmbient      *current; /* a reference; NULL: nothing */
  guint             n_begun; /* how many blocks on top of it were begun in this frame by blocking */
  YaraAmbientFrame *frames;
} YaraAmbientThread;

/* Looked at for every statement; the model spares a call for it. */
extern __thread YaraAmbientThread yara_ambient_thread __attribute__ ((visibility ("hidden"), tls_model ("initial-exec")));

/* Around a callback; within one function. `ambient` is nullable. */
void yara_ambient_push (YaraAmbientFrame *frame, YaraAmbient *ambient);
void yara_ambient_pop  (YaraAmbientFrame *frame);

/* `outer` (nullable) and the block in it: (transfer full). */
YaraAmbient *yara_ambient_new (YaraAmbient *outer, YaraBlock *block);

/* Makes the block current in this thread until it has ended. */
void yara_ambient_begin (YaraBlock *block);

/* Drops what this thread has begun and what has ended meanwhile. */
void yara_ambient_prune (void);

/* The innermost block of `owner`, on `connection` unless that is NULL: (transfer none) (nullable). */
YaraBlock *yara_ambient_find_slowly (gconstpointer owner, YaraConnection *connection);

static inline YaraBlock *
yara_ambient_find (gconstpointer owner, YaraConnection *connection)
{
  return G_LIKELY (yara_ambient_thread.current == NULL) ? NULL : yara_ambient_find_slowly (owner, connection);
}

/* A callback and what it runs in. */
typedef struct
{
  GAsyncReadyCallback callback;  /* nullable */
  gpointer            user_data;
  YaraAmbient        *ambient;   /* a reference, or NULL */
} YaraContinuation;

/* Takes what is current. */
void yara_continuation_init (YaraContinuation *continuation, GAsyncReadyCallback callback, gpointer user_data);

/* Calls it; it may be gone afterwards. Once. */
void yara_continuation_run  (YaraContinuation *continuation, GObject *source, GAsyncResult *result);

/* A task whose callback runs in what is current now; `tag` is its source tag. It is not checked for being
 * cancelled: what was done counts. */
GTask *yara_ambient_task_new (gpointer source, gpointer tag, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
