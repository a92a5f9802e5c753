/* SPDX-License-Identifier: MIT
 *
 * Transactions. While one is open, every statement of its chain of work runs on its connection, whatever
 * model it is about and whatever the router would say, without being told:
 *
 *     static gboolean
 *     transfer (YaraTransaction *transaction, gpointer data, GError **error)
 *     {
 *       return withdraw (...) && deposit (...);   // functions that know of no transaction
 *     }
 *
 *     yara_orm_in_transaction (orm, NULL, NULL, transfer, data, NULL, error);
 *
 * Which statements belong to it. A blocking transaction is current in its thread from its begin to its
 * end. An asynchronous one is current in its body. What is issued while it is current belongs to it, and
 * it is current again in the callback, and so on down the chain. Other chains on the same loop, other
 * threads and unrelated callbacks are outside; yara_ambient_enter() takes them in. A statement that is
 * issued after the transaction has ended, by a callback that came late, fails with
 * YARA_ERROR_TRANSACTION. Do not return to the main loop with a blocking transaction open: foreign
 * callbacks of that loop would be inside.
 *
 * A transaction spans one connection. Models that the router places on another database are, while it is
 * open, read and written on the transaction's connection: if their tables are not there the statement
 * fails, and if tables of that name are there it goes to those. Plan what you write together by the
 * database in which each model lives, or choose YARA_RULE_STRICT, which refuses such statements.
 *
 * yara_orm_get_connection() gives, inside a transaction, the connection of the transaction WHATEVER NAME
 * IT IS ASKED FOR, so that raw SQL joins it too. yara_orm_using() with another name, and raw SQL on a
 * connection object of another name, are YARA_ERROR_TRANSACTION, and nothing is sent.
 *
 * Statements of one transaction run one at a time, in the order in which they are issued. After an error
 * of the database nothing more of it can succeed, on every backend: later statements are
 * YARA_ERROR_TRANSACTION, and so is the commit, which rolls back. Put a nested block around what may fail.
 *
 * Nesting. A block on a connection on which the chain has one open already is a savepoint in it: it can be
 * rolled back by itself, and shares the fate of the outer one when it succeeds. A block on another
 * connection is a transaction of its own there, and the one that pins until it ends.
 *
 * Raw SQL must not begin, end or nest transactions: BEGIN, COMMIT, ROLLBACK, SAVEPOINT and the like are
 * refused inside one.
 */
#ifndef YARA_TRANSACTION_H
#define YARA_TRANSACTION_H

#include <yaraorm/yara-orm.h>

G_BEGIN_DECLS

/* SQLite takes DEFAULT and SERIALIZABLE, which are the same there; the others are
 * YARA_ERROR_UNSUPPORTED before any lock is taken. */
typedef enum
{
  YARA_ISOLATION_DEFAULT, /* what the server is set to */
  YARA_ISOLATION_READ_UNCOMMITTED,
  YARA_ISOLATION_READ_COMMITTED,
  YARA_ISOLATION_REPEATABLE_READ,
  YARA_ISOLATION_SERIALIZABLE
} YaraIsolation;

/* What happens to a statement whose model belongs on another connection. A model belongs to the
 * transaction's connection when the statement, or else a write, would be placed there. */
typedef enum
{
  YARA_RULE_PINNED, /* it runs on the transaction's connection; the router is not asked at all */
  YARA_RULE_STRICT, /* it is YARA_ERROR_TRANSACTION, and nothing is sent */
  YARA_RULE_BY_NAME /* it goes to its own connection: into the transaction that the chain has open there, else
                       into none. yara_orm_using() and raw SQL go by name, too */
} YaraTransactionRule;

/* Members that are 0 or NULL have their default. */
typedef struct
{
  gsize               struct_size; /* sizeof (YaraTransactionOptions); YARA_TRANSACTION_OPTIONS sets it */
  YaraIsolation       isolation;
  gboolean            read_only;   /* writes are errors. SQLite: on a session that reads, beside a writer */
  gboolean            deferrable;  /* PostgreSQL, SERIALIZABLE and read-only: may wait first, then never fails */
  gint64              deadline;    /* microseconds from its begin, after which statements and the commit are
                                      YARA_ERROR_TIMEOUT; 0: none */
  const YaraModel    *model;       /* where no name is given: opens where writes of this model are routed to */
  YaraTransactionRule rule;
} YaraTransactionOptions;

#ifndef __cplusplus
/* YARA_TRANSACTION_OPTIONS (.read_only = TRUE): options that live as long as the block. */
#define YARA_TRANSACTION_OPTIONS(...) \
  (&(const YaraTransactionOptions) { .struct_size = sizeof (YaraTransactionOptions), __VA_ARGS__ })
#endif

/* An open transaction, or a savepoint in one. Losing the last reference without an end rolls back, with a
 * warning. May be used from any thread. */
#define YARA_TYPE_TRANSACTION (yara_transaction_get_type ())
YARA_API G_DECLARE_FINAL_TYPE (YaraTransaction, yara_transaction, YARA, TRANSACTION, GObject)

/* ---- a block of code ---- */

/* The body of a block, which it does not end itself: TRUE commits, FALSE with an error rolls back.
 * `transaction` (transfer none). */
typedef gboolean (*YaraTransactionFunc) (YaraTransaction *transaction, gpointer data, GError **error);

/* Runs `body` in a transaction on connection `name` (NULL: that of yara_orm_using(), else where writes of
 * `options->model` go, else "default"). TRUE: it was committed. FALSE: it was rolled back; the error is that of
 * the body, unchanged, or why it could not be committed. `options` is nullable; in a nested block
 * only `model` may be given. YARA_ERROR_CONFIGURATION: unknown name. YARA_ERROR_CONNECTION with
 * yara_error_is_outcome_unknown(): the link was lost while it was being committed; look before you try
 * again. */
YARA_API gboolean yara_orm_in_transaction (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, YaraTransactionFunc body, gpointer data, GCancellable *cancellable, GError **error);

/* The body of an asynchronous block: starts work. `transaction` (transfer full): the reference goes
 * on with the work, whose last step gives it to yara_transaction_return() or
 * yara_transaction_return_error(), perhaps within the body. Losing it instead rolls back, and the block
 * fails with YARA_ERROR_TRANSACTION. */
typedef void (*YaraTransactionBody) (YaraTransaction *transaction, gpointer data);

/* Takes over `transaction` and commits. */
YARA_API void yara_transaction_return (YaraTransaction *transaction);

/* Takes over `transaction` and `error`, and rolls back; the block fails with `error`. */
YARA_API void yara_transaction_return_error (YaraTransaction *transaction, GError *error);

/* The same without blocking. `body` is called in the thread-default main context of the caller, never before
 * this has returned; the callback runs outside of the transaction, in that of the caller, if any. Cancelling
 * before the commit rolls back. */
YARA_API void     yara_orm_in_transaction_async  (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, YaraTransactionBody body, gpointer data, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_in_transaction_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* As yara_orm_in_transaction(), but when it fails with an error for which yara_error_is_retryable() says
 * TRUE (a serialization failure, a deadlock, a lock that was not free) it is run again from the beginning,
 * up to `n_attempts` times in all, after pauses of random length that grow up to 200 milliseconds. The body
 * must be fit to be run again. Nested in a transaction of the same connection it runs once: only the
 * whole transaction could be tried again. */
YARA_API gboolean yara_orm_run_retrying        (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, guint n_attempts, YaraTransactionFunc body, gpointer data, GCancellable *cancellable, GError **error);
YARA_API void     yara_orm_run_retrying_async  (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, guint n_attempts, YaraTransactionBody body, gpointer data, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_orm_run_retrying_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* ---- straight-line code ---- */

/* Begins a transaction, or a savepoint: (transfer full). SQLite takes the write lock here, unless it is
 * read-only; on PostgreSQL the BEGIN travels with the first statement. Blocking: it is current in this thread
 * until it ends. Asynchronous: it is current in the callback. */
YARA_API YaraTransaction *yara_orm_begin        (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, GCancellable *cancellable, GError **error);
YARA_API void             yara_orm_begin_async  (YaraOrm *orm, const char *name, const YaraTransactionOptions *options, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API YaraTransaction *yara_orm_begin_finish (YaraOrm *orm, GAsyncResult *result, GError **error);

/* Commits, or releases the savepoint. It is over afterwards in any case, and from the call on no statement
 * of it can be issued. FALSE: nothing of it was stored, unless yara_error_is_outcome_unknown(). Savepoints
 * must end in the reverse order of their begin; else this is YARA_ERROR_TRANSACTION, and the whole
 * transaction can only be rolled back. A commit that is cancelled in time rolls back. */
YARA_API gboolean yara_transaction_commit        (YaraTransaction *transaction, GCancellable *cancellable, GError **error);
YARA_API void     yara_transaction_commit_async  (YaraTransaction *transaction, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_transaction_commit_finish (YaraTransaction *transaction, GAsyncResult *result, GError **error);

/* Undoes it, or what was done since the savepoint. Cannot be cancelled. */
YARA_API gboolean yara_transaction_rollback        (YaraTransaction *transaction, GError **error);
YARA_API void     yara_transaction_rollback_async  (YaraTransaction *transaction, GAsyncReadyCallback callback, gpointer user_data);
YARA_API gboolean yara_transaction_rollback_finish (YaraTransaction *transaction, GAsyncResult *result, GError **error);

/* ---- looking ---- */

/* FALSE from the call on that ends it. */
YARA_API gboolean        yara_transaction_is_open        (YaraTransaction *transaction);

YARA_API YaraConnection *yara_transaction_get_connection (YaraTransaction *transaction); /* (transfer none) */

/* How many statements of the whole transaction ran on its connection although somebody else would have
 * been asked for another: see `overridden` of YaraQueryEvent. */
YARA_API guint64         yara_transaction_get_n_overridden (YaraTransaction *transaction);

/* ---- carrying transactions across callbacks of others ---- */

/* What is current in a thread: its open transactions. Counted, immutable. It does not keep a
 * transaction open. */
typedef struct YaraAmbient YaraAmbient;

#define YARA_TYPE_AMBIENT (yara_ambient_get_type ())
YARA_API GType yara_ambient_get_type (void);

/* (transfer full) (nullable): NULL when there is no transaction. */
YARA_API YaraAmbient *yara_ambient_dup_current (void);

/* Makes `ambient` (nullable) current in this thread until yara_ambient_leave(), within one callback. */
YARA_API void yara_ambient_enter (YaraAmbient *ambient);
YARA_API void yara_ambient_leave (void);

YARA_API YaraAmbient *yara_ambient_ref   (YaraAmbient *ambient);
YARA_API void         yara_ambient_unref (YaraAmbient *ambient);
G_DEFINE_AUTOPTR_CLEANUP_FUNC (YaraAmbient, yara_ambient_unref)

G_END_DECLS

#endif
