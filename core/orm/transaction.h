/* SPDX-License-Identifier: MIT
 * The transaction object from the inside. */
#pragma once

#include "conn/ambient.h"
#include "orm/engine.h"

/* An asynchronous block, whose body is at work. */
typedef struct YaraBlockTask YaraBlockTask;

struct _YaraTransaction
{
  GObject        parent_instance;
  YaraOrm       *orm;   /* the one that owns the engine; a reference */
  YaraBlock     *block;
  YaraAmbient   *outer; /* what was current when it was begun; or NULL */
  YaraBlockTask *task;  /* or NULL */
};

/* A block that is to be begun: (transfer full); NULL with the error. */
YaraBlock *yara_transaction_plan (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, GError **error);

/* The object of a block that was begun; takes over the reference to `block`. `outer` is nullable. */
YaraTransaction *yara_transaction_new (YaraOrm *orm, YaraBlock *block, YaraAmbient *outer);

/* The work of an asynchronous block was dropped: it fails. */
void yara_block_task_drop (YaraBlockTask *task);

/* Runs a body and ends the transaction. */
gboolean yara_transaction_run (YaraTransaction *transaction, YaraTransactionFunc body, gpointer data, GCancellable *cancellable, GError **error);
