/* SPDX-License-Identifier: MIT
 * Beginning and ending blocks. What has been begun and ended is kept as it was issued; what became of it, the
 * session knows. */
#include "conn/block-private.h"

#include <yaraorm/yara-error.h>
#include "base/error.h"
#include "conn/job.h"

/* A step on its way. */
typedef struct
{
  YaraJob       job;
  YaraBlock    *block;
  YaraStep      step;
  gboolean      runs;      /* a request is needed */
  gboolean      is_last;   /* only a rollback, after what was asked for could not run */
  GError       *verdict;   /* decided before the request, or before the last one */
  YaraBlockFunc done;
  gpointer      data;
} Step;

#define OUT_OF_ORDER \
  "its nested blocks did not end in the reverse order of their begin; two chains of work must not share a " \
  "transaction in which one of them nests"

/* ---- what is to be done; with the mutex held ---- */

static void
push (YaraBlock *block)
{
  YaraUnit *unit = block->unit;

  block->below = unit->innermost != NULL ? yara_block_ref (unit->innermost) : NULL;
  block->savepoint = ++unit->n_savepoints;
  unit->innermost = block;
}

/* FALSE: it is not on top. */
static gboolean
pop (YaraBlock *block)
{
  if (block->unit->innermost != block)
    return FALSE;
  block->unit->innermost = block->below;
  return TRUE;
}

static void
condemn (Step *step, const char *doom)
{
  step->block->unit->doom = doom;
  if (step->verdict == NULL)
    step->verdict = g_error_new (YARA_ERROR, YARA_ERROR_TRANSACTION, "the transaction can only be rolled back: %s",
                                 doom);
}

static void
prepare_begin (Step *step)
{
  YaraBlock *block = step->block;
  YaraControlRequest *control = &step->job.request.control;

  step->verdict = block->is_nested ? yara_block_find_obstacle (block) : NULL;
  step->runs = step->verdict == NULL;
  if (!step->runs)
    return;
  push (block);
  control->command = block->is_nested ? YARA_COMMAND_SAVEPOINT : YARA_COMMAND_BEGIN;
  control->options = &block->unit->options;
  step->job.request.timeout = block->unit->options.deadline; /* for the lock */
}

static void
prepare_nested_end (Step *step)
{
  YaraBlock *block = step->block;
  YaraUnit *unit = block->unit;
  gboolean rolls_back = step->step == YARA_STEP_ROLLBACK || step->verdict != NULL;

  if (!pop (block))
    condemn (step, OUT_OF_ORDER);
  else if (rolls_back && block->has_foreign)
    condemn (step, "a nested block was rolled back in which another chain of work had issued statements");
  else if (unit->doom != NULL && !rolls_back)
    condemn (step, unit->doom);
  step->runs = unit->doom == NULL;
  step->job.request.control.command = rolls_back ? YARA_COMMAND_ROLLBACK_TO : YARA_COMMAND_RELEASE;
}

static void
prepare_outermost_end (Step *step)
{
  YaraUnit *unit = step->block->unit;
  gboolean in_order = pop (step->block);

  if (step->step == YARA_STEP_COMMIT && !in_order)
    condemn (step, OUT_OF_ORDER);
  else if (step->step == YARA_STEP_COMMIT && unit->doom != NULL)
    condemn (step, unit->doom);
  else if (step->step == YARA_STEP_COMMIT && yara_unit_is_late (unit) && step->verdict == NULL)
    step->verdict = yara_unit_late_error (unit);
  unit->has_ended = TRUE;
  step->runs = TRUE;
  step->job.request.control.command =
    step->step == YARA_STEP_COMMIT && step->verdict == NULL ? YARA_COMMAND_COMMIT : YARA_COMMAND_ROLLBACK;
}

static void
prepare_end (Step *step, GCancellable *cancellable)
{
  if (yara_block_is_over (step->block))
    {
      step->verdict = g_error_new_literal (YARA_ERROR, YARA_ERROR_TRANSACTION, "it has ended before");
      return;
    }
  if (step->step == YARA_STEP_COMMIT)
    g_cancellable_set_error_if_cancelled (cancellable, &step->verdict);
  atomic_store (&step->block->is_over, TRUE);
  if (step->block->is_nested)
    prepare_nested_end (step);
  else
    prepare_outermost_end (step);
}

static void
prepare (Step *step, GCancellable *cancellable)
{
  YaraControlRequest *control = &step->job.request.control;

  step->job.request.kind = YARA_REQUEST_CONTROL;
  if (step->step == YARA_STEP_BEGIN)
    prepare_begin (step);
  else
    prepare_end (step, cancellable);
  control->savepoint = step->block->savepoint;
}

/* What can be cancelled once it is issued; the rest takes no time. */
static GCancellable *
get_cancellable (const Step *step, GCancellable *cancellable)
{
  YaraCommand command = step->job.request.control.command;

  return command == YARA_COMMAND_BEGIN || command == YARA_COMMAND_COMMIT ? cancellable : NULL;
}

/* ---- after a request ---- */

/* Whether the session still has the transaction although its end was issued: the request did not come
 * so far. Then it is rolled back, which nobody can cancel. */
static gboolean
must_run_again (Step *step)
{
  YaraRequest *request = &step->job.request;

  if (step->block->is_nested || step->step == YARA_STEP_BEGIN || step->is_last ||
      request->control.end != YARA_END_NOT_RUN)
    return FALSE;
  step->is_last = TRUE;
  if (step->verdict == NULL)
    step->verdict = g_steal_pointer (&request->error);
  g_clear_error (&request->error);
  request->control.command = YARA_COMMAND_ROLLBACK;
  return TRUE;
}

/* The begin of a block has failed. */
static void
fail_begin (YaraBlock *block)
{
  atomic_store (&block->is_over, TRUE);
  if (!pop (block) && block->is_nested)
    block->unit->doom = OUT_OF_ORDER;
  if (!block->is_nested)
    {
      block->unit->has_ended = TRUE;
      block->unit->is_done = TRUE;
    }
}

/* The outcome: (transfer full) (nullable). */
static GError *
finish (Step *step)
{
  static const char *const names[] = { "begin", "commit", "rollback" };
  YaraBlock *block = step->block;
  YaraUnit *unit = block->unit;
  GError *error = g_steal_pointer (&step->job.request.error);

  pthread_mutex_lock (&unit->mutex);
  if (step->step == YARA_STEP_BEGIN && error != NULL)
    fail_begin (block);
  else if (step->runs && step->step != YARA_STEP_BEGIN && block->is_nested && error != NULL && block->has_foreign)
    unit->doom = "a nested block failed in which another chain of work had issued statements";
  else if (step->runs && step->step != YARA_STEP_BEGIN && !block->is_nested)
    unit->is_done = TRUE;
  yara_unit_unlock (unit);

  /* A connection that is gone has rolled back. */
  if (step->step == YARA_STEP_ROLLBACK && step->is_last)
    {
      g_clear_error (&step->verdict);
      g_clear_error (&error);
    }
  if (step->verdict != NULL)
    {
      g_clear_error (&error);
      error = g_steal_pointer (&step->verdict);
    }
  if (error != NULL && error->domain == YARA_ERROR)
    {
      yara_error_set_connection (error, yara_connection_get_name (unit->connection));
      g_prefix_error (&error, "%s on \"%s\": ", names[step->step], yara_connection_get_name (unit->connection));
    }
  return error;
}

/* ---- steps ---- */

static void
prepare_to_run (Step *step, GCancellable *cancellable)
{
  YaraUnit *unit = step->block->unit;

  pthread_mutex_lock (&unit->mutex);
  prepare (step, cancellable);
  unit->n_inside += step->runs;
  pthread_mutex_unlock (&unit->mutex);
}

static GError *
run_prepared (Step *step, GCancellable *cancellable)
{
  YaraUnit *unit = step->block->unit;

  if (step->runs)
    yara_unit_run (unit, &step->job.request, get_cancellable (step, cancellable));
  if (step->runs && must_run_again (step))
    {
      pthread_mutex_lock (&unit->mutex);
      unit->n_inside++;
      pthread_mutex_unlock (&unit->mutex);
      yara_unit_run (unit, &step->job.request, NULL);
    }
  return finish (step);
}

gboolean
yara_block_step (YaraBlock *block, YaraStep kind, GCancellable *cancellable, GError **error)
{
  Step step = { .block = block, .step = kind };
  GError *failure;

  prepare_to_run (&step, cancellable);
  failure = run_prepared (&step, cancellable);
  if (failure != NULL)
    g_propagate_error (error, failure);
  return failure == NULL;
}

static void
on_completed (YaraCompletion *completion)
{
  Step *step = (Step *) completion;

  if (step->runs && must_run_again (step))
    {
      yara_lease_submit (step->block->unit->lease, &step->job, NULL);
      return;
    }
  step->done (step->data, finish (step));
  yara_block_unref (step->block);
  g_free (step);
}

void
yara_block_step_async (YaraBlock *block, YaraStep kind, GCancellable *cancellable, YaraBlockFunc done, gpointer data)
{
  Step *step = g_new0 (Step, 1);
  YaraUnit *unit = block->unit;

  step->block = yara_block_ref (block);
  step->step = kind;
  step->done = done;
  step->data = data;
  step->job.completion.complete = on_completed;
  /* Inside, so that requests are queued in the order in which blocks are stacked. */
  pthread_mutex_lock (&unit->mutex);
  prepare (step, cancellable);
  if (step->runs)
    yara_lease_submit (unit->lease, &step->job, get_cancellable (step, cancellable));
  else
    yara_block_complete_later (&step->job);
  pthread_mutex_unlock (&unit->mutex);
}

static gpointer
run_abandoned (gpointer data)
{
  Step *step = data;
  GError *error = run_prepared (step, NULL);

  g_clear_error (&error);
  yara_block_unref (step->block);
  g_free (step);
  return NULL;
}

void
yara_block_abandon (YaraBlock *block)
{
  Step *step = g_new0 (Step, 1);
  GThread *thread = NULL;

  step->block = yara_block_ref (block);
  step->step = YARA_STEP_ROLLBACK;
  prepare_to_run (step, NULL);
  if (step->runs && g_main_depth () > 0)
    thread = g_thread_try_new ("yara-rollback", run_abandoned, step, NULL);
  if (thread != NULL)
    g_thread_unref (thread);
  else
    run_abandoned (step);
}
