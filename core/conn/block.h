/* SPDX-License-Identifier: MIT
 * Blocks: a transaction on a leased session, and the savepoints in it. Blocks of one transaction form a
 * stack in the order in which they were begun, whichever chain of work did it; who ends one must be on top.
 * All of it may be used from any thread. */
#pragma once

#include <yaraorm/yara-transaction.h>
#include "conn/connection.h"
#include "conn/database.h"

typedef struct YaraBlock YaraBlock;

/* A transaction, which is to be begun: (transfer full). `owner` is who asks for it in yara_ambient_find().
 * YARA_ERROR_UNSUPPORTED when the backend cannot do what `options` (nullable) want. */
YaraBlock *yara_block_new        (gconstpointer owner, YaraConnection *connection, YaraDatabase *database, const YaraTransactionOptions *options, GError **error);

/* A savepoint in the transaction of `outer`. */
YaraBlock *yara_block_new_nested (YaraBlock *outer, const YaraTransactionOptions *options, GError **error);

YaraBlock *yara_block_ref        (YaraBlock *block);
void       yara_block_unref      (YaraBlock *block);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraBlock, yara_block_unref)

/* ---- beginning and ending ---- */

typedef enum
{
  YARA_STEP_BEGIN,
  YARA_STEP_COMMIT,
  YARA_STEP_ROLLBACK
} YaraStep;

/* From the call on that ends it, whether that succeeds or not, it is over. The errors name the connection. */
gboolean yara_block_step (YaraBlock *block, YaraStep step, GCancellable *cancellable, GError **error);

/* The same without blocking: `done` is called in the thread-default context of the caller, later. */
typedef void (*YaraBlockFunc) (gpointer data, GError *error); /* error: (transfer full) (nullable) */

void yara_block_step_async (YaraBlock *block, YaraStep step, GCancellable *cancellable, YaraBlockFunc done, gpointer data);

/* Rolls back what nobody will end, in a thread, or in this one when it cannot be a main loop's. */
void yara_block_abandon (YaraBlock *block);

/* ---- in between ---- */

/* As yara_database_run() and yara_database_submit(). */
void yara_block_run    (YaraBlock *block, YaraRequest *request, GCancellable *cancellable);
void yara_block_submit (YaraBlock *block, YaraJob *job, GCancellable *cancellable);

gboolean yara_block_is_over (YaraBlock *block);

/* Of the whole transaction. */
gconstpointer       yara_block_get_owner      (YaraBlock *block);
YaraConnection     *yara_block_get_connection (YaraBlock *block);
YaraDatabase       *yara_block_get_database   (YaraBlock *block);
YaraTransactionRule yara_block_get_rule       (YaraBlock *block);
gboolean            yara_block_is_read_only   (YaraBlock *block);
gboolean            yara_block_is_late        (YaraBlock *block); /* past its deadline */
gboolean            yara_block_is_nested      (YaraBlock *block);

void    yara_block_count_overridden (YaraBlock *block);
guint64 yara_block_get_n_overridden (YaraBlock *block);
