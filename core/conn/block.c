/* SPDX-License-Identifier: MIT
 * Blocks: making them, and the statements in them. */
#include "conn/block-private.h"

#include <string.h>
#include <yaraorm/yara-error.h>
#include "conn/job.h"

/* ---- making ---- */

static gboolean
is_given (const YaraTransactionOptions *options, gsize offset)
{
  return options != NULL && options->struct_size > offset;
}

/* What a program built with an older header does not know is as if it were not given. */
static void
copy_options (YaraTransactionOptions *copy, const YaraTransactionOptions *options)
{
  *copy = (YaraTransactionOptions) { 0 };
  if (is_given (options, 0))
    memcpy (copy, options, MIN (options->struct_size, sizeof *copy));
  copy->struct_size = sizeof *copy;
}

static YaraBlock *
block_new (YaraUnit *unit)
{
  YaraBlock *block = g_new0 (YaraBlock, 1);

  atomic_init (&block->ref_count, 1);
  block->unit = unit;
  return block;
}

YaraBlock *
yara_block_new (gconstpointer owner, YaraConnection *connection, YaraDatabase *database,
                const YaraTransactionOptions *options, GError **error)
{
  const YaraBackendConfig *config = yara_database_get_config (database);
  YaraUnit *unit = g_new0 (YaraUnit, 1);

  copy_options (&unit->options, options);
  if (config->backend->one_isolation && unit->options.isolation != YARA_ISOLATION_DEFAULT &&
      unit->options.isolation != YARA_ISOLATION_SERIALIZABLE)
    {
      g_free (unit);
      g_set_error (error, YARA_ERROR, YARA_ERROR_UNSUPPORTED,
                   "begin on \"%s\": transactions of %s are SERIALIZABLE; ask for that or for the default",
                   yara_connection_get_name (connection), config->backend->dialect->name);
      return NULL;
    }
  atomic_init (&unit->ref_count, 1);
  pthread_mutex_init (&unit->mutex, NULL);
  unit->owner = owner;
  unit->connection = g_object_ref (connection);
  unit->database = yara_database_ref (database);
  unit->deadline = unit->options.deadline > 0 ? g_get_monotonic_time () + unit->options.deadline : 0;
  unit->lease = yara_lease_new (database, !unit->options.read_only);
  return block_new (unit);
}

YaraBlock *
yara_block_new_nested (YaraBlock *outer, const YaraTransactionOptions *options, GError **error)
{
  YaraTransactionOptions given;
  YaraBlock *block;

  copy_options (&given, options);
  if (given.isolation != YARA_ISOLATION_DEFAULT || given.read_only || given.deferrable || given.deadline != 0 ||
      (given.rule != YARA_RULE_PINNED && given.rule != outer->unit->options.rule))
    {
      g_set_error (error, YARA_ERROR, YARA_ERROR_TRANSACTION,
                   "begin on \"%s\": a transaction is open there, and a nested block cannot change its isolation, "
                   "access, deadline or rule; give them to the outermost one",
                   yara_connection_get_name (outer->unit->connection));
      return NULL;
    }
  atomic_fetch_add (&outer->unit->ref_count, 1);
  block = block_new (outer->unit);
  block->is_nested = TRUE;
  return block;
}

static void
unit_unref (YaraUnit *unit)
{
  if (atomic_fetch_sub (&unit->ref_count, 1) > 1)
    return;
  if (unit->lease != NULL) /* never begun */
    yara_lease_free (unit->lease);
  yara_database_unref (unit->database);
  g_object_unref (unit->connection);
  pthread_mutex_destroy (&unit->mutex);
  g_free (unit);
}

YaraBlock *
yara_block_ref (YaraBlock *block)
{
  atomic_fetch_add_explicit (&block->ref_count, 1, memory_order_relaxed);
  return block;
}

void
yara_block_unref (YaraBlock *block)
{
  if (atomic_fetch_sub (&block->ref_count, 1) > 1)
    return;
  if (block->below != NULL)
    yara_block_unref (block->below);
  unit_unref (block->unit);
  g_free (block);
}

/* ---- what may be done ---- */

gboolean
yara_unit_is_late (const YaraUnit *unit)
{
  return unit->deadline != 0 && g_get_monotonic_time () >= unit->deadline;
}

GError *
yara_unit_late_error (const YaraUnit *unit)
{
  return g_error_new (YARA_ERROR, YARA_ERROR_TIMEOUT,
                      "the transaction took longer than its deadline of %g seconds, and can only be rolled back",
                      unit->options.deadline / (double) G_USEC_PER_SEC);
}

GError *
yara_block_find_obstacle (YaraBlock *block)
{
  YaraUnit *unit = block->unit;

  if (yara_block_is_over (block))
    return g_error_new_literal (YARA_ERROR, YARA_ERROR_TRANSACTION,
                                "not sent, because the transaction has ended; a callback that comes after the end "
                                "is no part of it");
  if (unit->doom != NULL)
    return g_error_new (YARA_ERROR, YARA_ERROR_TRANSACTION,
                        "not sent, because the transaction can only be rolled back: %s", unit->doom);
  return yara_unit_is_late (unit) ? yara_unit_late_error (unit) : NULL;
}

/* No statement may go on past the deadline. */
static void
limit_timeout (const YaraUnit *unit, YaraRequest *request)
{
  gint64 timeout = yara_request_get_timeout (request, yara_database_get_config (unit->database));
  gint64 left = MAX (unit->deadline - g_get_monotonic_time (), 1);

  request->timeout = timeout > 0 ? MIN (timeout, left) : left;
}

/* Lets a statement in: TRUE, or FALSE with the request's error. */
static gboolean
admit (YaraBlock *block, YaraRequest *request)
{
  request->error = yara_block_find_obstacle (block);
  request->in_transaction = TRUE;
  if (request->error != NULL)
    return FALSE;
  if (block->unit->deadline != 0)
    limit_timeout (block->unit, request);
  for (YaraBlock *inner = block->unit->innermost; inner != block && inner != NULL; inner = inner->below)
    inner->has_foreign = TRUE;
  return TRUE;
}

/* ---- statements ---- */

void
yara_unit_unlock (YaraUnit *unit)
{
  YaraLease *lease = unit->is_done && unit->n_inside == 0 ? g_steal_pointer (&unit->lease) : NULL;

  pthread_mutex_unlock (&unit->mutex);
  if (lease != NULL)
    yara_lease_free (lease);
}

void
yara_unit_run (YaraUnit *unit, YaraRequest *request, GCancellable *cancellable)
{
  yara_lease_run (unit->lease, request, cancellable);
  pthread_mutex_lock (&unit->mutex);
  unit->n_inside--;
  yara_unit_unlock (unit);
}

void
yara_block_complete_later (YaraJob *job)
{
  job->dispatcher = yara_dispatcher_get_current ();
  job->cancel = NULL;
  yara_jobs_complete (&job, 1);
}

void
yara_block_run (YaraBlock *block, YaraRequest *request, GCancellable *cancellable)
{
  YaraUnit *unit = block->unit;
  gboolean is_in;

  pthread_mutex_lock (&unit->mutex);
  is_in = admit (block, request);
  unit->n_inside += is_in;
  pthread_mutex_unlock (&unit->mutex);
  if (is_in)
    yara_unit_run (unit, request, cancellable);
}

void
yara_block_submit (YaraBlock *block, YaraJob *job, GCancellable *cancellable)
{
  YaraUnit *unit = block->unit;

  pthread_mutex_lock (&unit->mutex);
  if (admit (block, &job->request))
    yara_lease_submit (unit->lease, job, cancellable);
  else
    yara_block_complete_later (job);
  pthread_mutex_unlock (&unit->mutex);
}

/* ---- looking ---- */

gboolean
yara_block_is_over (YaraBlock *block)
{
  return atomic_load (&block->is_over) || atomic_load (&block->unit->has_ended);
}

gconstpointer
yara_block_get_owner (YaraBlock *block)
{
  return block->unit->owner;
}

YaraConnection *
yara_block_get_connection (YaraBlock *block)
{
  return block->unit->connection;
}

YaraDatabase *
yara_block_get_database (YaraBlock *block)
{
  return block->unit->database;
}

YaraTransactionRule
yara_block_get_rule (YaraBlock *block)
{
  return block->unit->options.rule;
}

gboolean
yara_block_is_read_only (YaraBlock *block)
{
  return block->unit->options.read_only;
}

gboolean
yara_block_is_late (YaraBlock *block)
{
  return yara_unit_is_late (block->unit);
}

gboolean
yara_block_is_nested (YaraBlock *block)
{
  return block->is_nested;
}

void
yara_block_count_overridden (YaraBlock *block)
{
  atomic_fetch_add_explicit (&block->unit->n_overridden, 1, memory_order_relaxed);
}

guint64
yara_block_get_n_overridden (YaraBlock *block)
{
  return atomic_load_explicit (&block->unit->n_overridden, memory_order_relaxed);
}
