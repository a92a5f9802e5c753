/* SPDX-License-Identifier: MIT
 * Completions: where, when and in which order they run; and work in the background. */
#include <gio/gio.h>
#include <stdatomic.h>
#include "conn/background.h"
#include "conn/dispatch.h"

typedef struct
{
  YaraCompletion completion;
  guint          number;
  GArray        *order;    /* numbers, as they were completed */
  GMainContext  *context;  /* where it must run */
  guint          n_nested; /* completions that a loop inside this one must see */
} Step;

static void
complete_step (YaraCompletion *completion)
{
  Step *step = (Step *) completion;

  g_assert_true (g_main_context_is_owner (step->context));
  g_array_append_val (step->order, step->number);
  if (step->n_nested > 0)
    {
      g_main_context_iteration (step->context, TRUE);
      g_assert_cmpuint (step->order->len, ==, step->n_nested);
    }
}

static void
link_steps (Step *steps, guint n_steps, GArray *order, GMainContext *context)
{
  for (guint i = 0; i < n_steps; i++)
    steps[i] = (Step) {
      .completion = { complete_step, i + 1 < n_steps ? &steps[i + 1].completion : NULL },
      .number = i, .order = order, .context = context,
    };
}

static void
assert_in_order (const GArray *order, guint n)
{
  g_assert_cmpuint (order->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpuint (g_array_index (order, guint, i), ==, i);
}

static gpointer
push_from_thread (gpointer data)
{
  gpointer *pair = data;

  yara_dispatcher_push (pair[0], pair[1]);
  return NULL;
}

static void
test_order (void)
{
  YaraDispatcher *dispatcher = yara_dispatcher_get_current ();
  g_autoptr(GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  GMainContext *context = g_main_context_default ();
  Step steps[100];
  gpointer pair[2] = { dispatcher, &steps[50].completion };
  GThread *thread;

  g_assert_true (yara_dispatcher_get_context (dispatcher) == context);
  link_steps (steps, 100, order, context);
  steps[49].completion.next = NULL;
  yara_dispatcher_push (dispatcher, &steps[0].completion);
  g_assert_cmpuint (order->len, ==, 0); /* never inside the push */
  thread = g_thread_new ("pusher", push_from_thread, pair);
  g_thread_join (thread);
  g_assert_true (g_main_context_iteration (context, FALSE));
  assert_in_order (order, 100);
  g_assert_false (g_main_context_iteration (context, FALSE));
  yara_dispatcher_unref (dispatcher);
}

/* A thread wakes a context that sleeps. */
static gpointer
push_later (gpointer data)
{
  g_usleep (20000);
  return push_from_thread (data);
}

static void
test_wakes (void)
{
  YaraDispatcher *dispatcher = yara_dispatcher_get_current ();
  g_autoptr(GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  GMainContext *context = g_main_context_default ();
  Step step;
  gpointer pair[2] = { dispatcher, &step.completion };
  GThread *thread;

  link_steps (&step, 1, order, context);
  thread = g_thread_new ("pusher", push_later, pair);
  while (order->len == 0)
    g_main_context_iteration (context, TRUE);
  g_thread_join (thread);
  yara_dispatcher_unref (dispatcher);
}

/* A completion that runs a loop lets the ones behind it go first. */
static void
test_nested (void)
{
  YaraDispatcher *dispatcher = yara_dispatcher_get_current ();
  g_autoptr(GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  GMainContext *context = g_main_context_default ();
  Step steps[3];

  link_steps (steps, 3, order, context);
  steps[0].n_nested = 3;
  yara_dispatcher_push (dispatcher, &steps[0].completion);
  g_main_context_iteration (context, TRUE);
  assert_in_order (order, 3);
  yara_dispatcher_unref (dispatcher);
}

typedef struct
{
  Step            step;
  YaraDispatcher *dispatcher;
  Step           *next;
} Chain;

static void
push_next (YaraCompletion *completion)
{
  Chain *chain = (Chain *) completion;

  complete_step (completion);
  yara_dispatcher_push (chain->dispatcher, &chain->next->completion);
}

/* What a completion pushes runs in a later iteration. */
static void
test_later_iteration (void)
{
  g_autoptr(GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  GMainContext *context = g_main_context_default ();
  Step next;
  Chain chain = { .dispatcher = yara_dispatcher_get_current (), .next = &next };

  link_steps (&chain.step, 1, order, context);
  link_steps (&next, 1, order, context);
  chain.step.completion.complete = push_next;
  next.number = 1;
  yara_dispatcher_push (chain.dispatcher, &chain.step.completion);
  g_main_context_iteration (context, TRUE);
  assert_in_order (order, 1);
  g_main_context_iteration (context, TRUE);
  assert_in_order (order, 2);
  yara_dispatcher_unref (chain.dispatcher);
}

#define N_THREADS 4
#define N_PUSHES  2000

typedef struct
{
  YaraDispatcher *dispatcher;
  Step            steps[N_PUSHES];
} Pusher;

static gpointer
push_many (gpointer data)
{
  Pusher *pusher = data;

  for (guint i = 0; i < N_PUSHES; i++)
    {
      pusher->steps[i].completion.next = NULL;
      yara_dispatcher_push (pusher->dispatcher, &pusher->steps[i].completion);
    }
  return NULL;
}

static void
test_threads (void)
{
  GMainContext *context = g_main_context_default ();
  YaraDispatcher *dispatcher = yara_dispatcher_get_current ();
  Pusher *pushers = g_new0 (Pusher, N_THREADS);
  GArray *orders[N_THREADS];
  GThread *threads[N_THREADS];
  guint n_done;

  for (guint i = 0; i < N_THREADS; i++)
    {
      orders[i] = g_array_new (FALSE, FALSE, sizeof (guint));
      pushers[i].dispatcher = dispatcher;
      link_steps (pushers[i].steps, N_PUSHES, orders[i], context);
      threads[i] = g_thread_new ("pusher", push_many, &pushers[i]);
    }
  do
    {
      g_main_context_iteration (context, TRUE);
      n_done = 0;
      for (guint i = 0; i < N_THREADS; i++)
        n_done += orders[i]->len;
    }
  while (n_done < N_THREADS * N_PUSHES);
  for (guint i = 0; i < N_THREADS; i++)
    {
      g_thread_join (threads[i]);
      assert_in_order (orders[i], N_PUSHES);
      g_array_unref (orders[i]);
    }
  g_free (pushers);
  yara_dispatcher_unref (dispatcher);
}

/* Contexts come and go, perhaps at the same address; each has a dispatcher of its own. */
static void
test_contexts (void)
{
  g_autoptr(GArray) order = g_array_new (FALSE, FALSE, sizeof (guint));
  YaraDispatcher *main_dispatcher = yara_dispatcher_get_current ();
  Step lost[50];

  for (guint i = 0; i < 50; i++)
    {
      GMainContext *context = g_main_context_new ();
      YaraDispatcher *dispatcher, *again;
      Step step;

      link_steps (&step, 1, order, context);
      link_steps (&lost[i], 1, order, context);
      g_main_context_push_thread_default (context);
      dispatcher = yara_dispatcher_get_current ();
      again = yara_dispatcher_get_current ();
      g_assert_true (dispatcher == again);
      g_assert_true (dispatcher != main_dispatcher);
      g_assert_true (yara_dispatcher_get_context (dispatcher) == context);
      yara_dispatcher_push (dispatcher, &step.completion);
      g_main_context_iteration (context, TRUE);
      g_assert_cmpuint (order->len, ==, i + 1);
      g_main_context_pop_thread_default (context);
      g_main_context_unref (context);

      /* the context is gone, the dispatcher is still referenced */
      g_assert_null (yara_dispatcher_get_context (dispatcher));
      yara_dispatcher_push (dispatcher, &lost[i].completion);
      g_assert_cmpuint (order->len, ==, i + 1);
      yara_dispatcher_unref (again);
      yara_dispatcher_unref (dispatcher);
    }
  yara_dispatcher_unref (main_dispatcher);
}

/* A task that a completion returns calls back at once, because its context has come round. */
static void
on_task_done (GObject *source, GAsyncResult *result, gpointer user_data)
{
  *(gboolean *) user_data = TRUE;
}

typedef struct
{
  YaraCompletion completion;
  GTask         *task;
  gboolean      *is_done;
} TaskStep;

static void
return_task (YaraCompletion *completion)
{
  TaskStep *step = (TaskStep *) completion;

  g_usleep (10); /* a new microsecond, which is how a task tells iterations apart */
  g_assert_false (*step->is_done);
  g_task_return_boolean (step->task, TRUE);
  g_assert_true (*step->is_done);
}

static void
test_task (void)
{
  YaraDispatcher *dispatcher = yara_dispatcher_get_current ();
  gboolean is_done = FALSE;
  TaskStep step = { { return_task, NULL }, g_task_new (NULL, NULL, on_task_done, &is_done), &is_done };

  yara_dispatcher_push (dispatcher, &step.completion);
  g_main_context_iteration (NULL, TRUE);
  g_assert_true (is_done);
  g_object_unref (step.task);
  yara_dispatcher_unref (dispatcher);
}

/* ---- deferring ---- */

static guint n_flushes, n_flushed;

static void
count_flushed (YaraCompletion *first)
{
  n_flushes++;
  for (; first != NULL; first = first->next)
    n_flushed++;
}

static gboolean
defer_three (gpointer data)
{
  static YaraCompletion items[3];
  YaraDispatcher *dispatcher = data;

  for (guint i = 0; i < 3; i++)
    g_assert_true (yara_dispatcher_defer (dispatcher, &items[i], count_flushed));
  g_assert_cmpuint (n_flushes, ==, 0);
  return G_SOURCE_REMOVE;
}

static void
test_defer (void)
{
  YaraDispatcher *dispatcher = yara_dispatcher_get_current ();
  YaraCompletion item;

  n_flushes = n_flushed = 0;
  g_assert_false (yara_dispatcher_defer (dispatcher, &item, count_flushed)); /* no callback is running */
  g_idle_add (defer_three, dispatcher);
  g_main_context_iteration (NULL, TRUE);
  g_main_context_iteration (NULL, FALSE); /* looks at its sources before it would sleep */
  g_assert_cmpuint (n_flushes, ==, 1);
  g_assert_cmpuint (n_flushed, ==, 3);

  n_flushes = n_flushed = 0;
  g_idle_add (defer_three, dispatcher);
  g_main_context_iteration (NULL, TRUE);
  yara_dispatcher_flush_current ();
  g_assert_cmpuint (n_flushed, ==, 3);
  g_main_context_iteration (NULL, FALSE);
  g_assert_cmpuint (n_flushes, ==, 1);
  yara_dispatcher_unref (dispatcher);
}

/* ---- background ---- */

static GThread *work_thread;

static void
work (GTask *task)
{
  work_thread = g_thread_self ();
  g_task_set_task_data (task, g_strdup ("worked"), g_free);
}

static void
finish (GTask *task)
{
  g_assert_true (g_main_context_is_owner (g_task_get_context (task)));
  g_task_return_pointer (task, g_strdup (g_task_get_task_data (task)), g_free);
}

static void
on_finished (GObject *source, GAsyncResult *result, gpointer user_data)
{
  g_autoptr(GError) error = NULL;

  *(char **) user_data = g_task_propagate_pointer (G_TASK (result), &error);
  g_assert_no_error (error);
}

static void
test_background (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autofree char *outcome = NULL;

  g_main_context_push_thread_default (context);
  yara_background_run (g_task_new (NULL, NULL, on_finished, &outcome), work, finish);
  while (outcome == NULL)
    g_main_context_iteration (context, TRUE);
  g_main_context_pop_thread_default (context);
  g_assert_cmpstr (outcome, ==, "worked");
  g_assert_true (work_thread != g_thread_self ());
}

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  g_test_add_func ("/dispatch/order", test_order);
  g_test_add_func ("/dispatch/wakes", test_wakes);
  g_test_add_func ("/dispatch/nested", test_nested);
  g_test_add_func ("/dispatch/later-iteration", test_later_iteration);
  g_test_add_func ("/dispatch/threads", test_threads);
  g_test_add_func ("/dispatch/contexts", test_contexts);
  g_test_add_func ("/dispatch/task", test_task);
  g_test_add_func ("/dispatch/defer", test_defer);
  g_test_add_func ("/background", test_background);
  return g_test_run ();
}
