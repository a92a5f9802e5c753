/* SPDX-License-Identifier: MIT
 * Publishing, visiting and taking down generations. */
#include "route/generation.h"

#include <errno.h>
#include <time.h>

/* The two mutants leave out one half of the algorithm each; tests/plugins proves that its stress test
 * notices. */
#define VISITORS_MASK ((G_GUINT64_CONSTANT (1) << YARA_CALL_SHIFT) - 1)
#define ONE_CALL      (G_GUINT64_CONSTANT (1) << YARA_CALL_SHIFT)

YaraVisit
yara_generations_enter (YaraGenerations *generations)
{
  YaraVisit visit = { .stripe = yara_stripe_choose () };

  for (;;)
    {
      visit.generation = atomic_load_explicit (&generations->current, memory_order_acquire);
#ifdef YARA_MUTANT_NO_RECHECK
      sched_yield ();
#endif
      atomic_fetch_add (&visit.generation->stripes[visit.stripe].count, 1);
#ifndef YARA_MUTANT_NO_RECHECK
      if (G_LIKELY (atomic_load (&generations->current) == visit.generation))
#endif
        return visit;
      yara_generations_leave (generations, visit);
    }
}

void
yara_generations_leave (YaraGenerations *generations, YaraVisit visit)
{
  atomic_fetch_add (&visit.generation->stripes[visit.stripe].count, (visit.has_called ? ONE_CALL : 0) - 1);
  if (G_LIKELY (atomic_load (&generations->current) == visit.generation))
    return;
  pthread_mutex_lock (&generations->lock);
  pthread_cond_broadcast (&generations->changed);
  pthread_mutex_unlock (&generations->lock);
}

static gboolean
is_empty (YaraGeneration *generation)
{
#ifndef YARA_MUTANT_NO_DRAIN
  for (guint i = 0; i < YARA_N_STRIPES; i++)
    if ((atomic_load (&generation->stripes[i].count) & VISITORS_MASK) != 0)
      return FALSE;
#endif
  return TRUE;
}

static guint64
count_calls (YaraGeneration *generation)
{
  guint64 n_calls = 0;

  for (guint i = 0; i < YARA_N_STRIPES; i++)
    n_calls += atomic_load (&generation->stripes[i].count) >> YARA_CALL_SHIFT;
  return n_calls;
}

static void
router_free (YaraRouter *router)
{
  if (router->plugin != NULL)
    yara_plugin_unload (router->plugin);
  if (router->destroy != NULL)
    router->destroy (router->user_data);
  if (router->differences != NULL)
    {
      yara_tally_clear (router->differences);
      g_free (router->differences);
    }
  g_free (router);
}

/* Tells those who wait for the end of router `number`. */
static void
note_unloaded (YaraGenerations *generations, guint64 number)
{
  for (YaraReplacement *replacement = generations->replacements; replacement != NULL; replacement = replacement->next)
    if (replacement->receipt->old_generation == number)
      {
        replacement->receipt->unload_time = g_get_monotonic_time () - replacement->start;
        replacement->n_waiting = 0;
      }
}

/* Lets go of what a generation holds that nobody is inside any more. Called with the lock held, which
 * is dropped while foreign code runs. */
static void
take_down (YaraGenerations *generations, YaraGeneration *generation)
{
  YaraRouter *router = generation->router, *shadow = generation->shadow;
  guint64     number = router->number;
  gboolean    is_last, is_last_shadow;

  router->calls += count_calls (generation);
  is_last = --router->n_generations == 0;
  is_last_shadow = shadow != NULL && --shadow->n_generations == 0;
  pthread_mutex_unlock (&generations->lock);

  /* A late visitor may be counting itself in and out, so the counters are not simply set to zero. */
  for (guint i = 0; i < YARA_N_STRIPES; i++)
    atomic_fetch_and (&generation->stripes[i].count, VISITORS_MASK);
  if (is_last)
    router_free (router);
  if (is_last_shadow)
    router_free (shadow);
  yara_registry_unref (generation->registry);
  generation->router = NULL;
  generation->shadow = NULL;
  generation->registry = NULL;

  pthread_mutex_lock (&generations->lock);
  generation->next = generations->free;
  generations->free = generation;
  generations->n_routers -= is_last;
  if (is_last)
    note_unloaded (generations, number);
}

/* Takes the first generation without visitors off the list. */
static YaraGeneration *
pick_empty (YaraGenerations *generations)
{
  for (YaraGeneration **link = &generations->retired; *link != NULL; link = &(*link)->next)
    if (is_empty (*link))
      {
        YaraGeneration *generation = *link;

        *link = generation->next;
        return generation;
      }
  return NULL;
}

/* A thread of its own, because the last visitor may not unload the code that it returns to, and
 * because unloading and closing take their time. */
static gpointer
reap (gpointer data)
{
  YaraGenerations *generations = data;

  pthread_mutex_lock (&generations->lock);
  while (generations->n_retired > 0)
    {
      YaraGeneration *generation = pick_empty (generations);

      if (generation == NULL)
        {
          pthread_cond_wait (&generations->changed, &generations->lock);
          continue;
        }
      take_down (generations, generation);
      generations->n_retired--;
      pthread_cond_broadcast (&generations->changed);
    }
  generations->is_reaping = FALSE;
  pthread_mutex_unlock (&generations->lock);
  return NULL;
}

static void
wake_reaper (YaraGenerations *generations)
{
  if (generations->is_reaping)
    {
      pthread_cond_broadcast (&generations->changed);
      return;
    }
  if (generations->reaper != NULL)
    g_thread_join (generations->reaper); /* it has nothing left to do and does not need the lock */
  generations->is_reaping = TRUE;
  generations->reaper = g_thread_new ("yara-reaper", reap, generations);
}

static YaraGeneration *
take_free (YaraGenerations *generations)
{
  YaraGeneration *generation = generations->free;

  if (generation == NULL)
    return g_aligned_alloc0 (1, sizeof (YaraGeneration), _Alignof (YaraGeneration));
  generations->free = generation->next;
  return generation;
}

static guint
count_visitors (const YaraGeneration *generation)
{
  guint n_visitors = 0;

  for (guint i = 0; i < YARA_N_STRIPES; i++)
    n_visitors += atomic_load (&generation->stripes[i].count) & VISITORS_MASK;
  return n_visitors;
}

/* Writes down who took over from whom. */
static void
note_replacement (YaraGenerations *generations, const YaraGeneration *old, const YaraRouter *router,
                  YaraReplacement *replacement)
{
  YaraRouterReceipt *receipt = replacement->receipt;

  receipt->old_generation = old->router->number;
  receipt->generation = router->number;
  if (old->router->plugin != NULL)
    {
      receipt->old_path = g_strdup (old->router->plugin->path);
      receipt->old_sha256 = g_strdup (old->router->plugin->sha256);
    }
  if (router->plugin != NULL)
    {
      receipt->path = g_strdup (router->plugin->path);
      receipt->sha256 = g_strdup (router->plugin->sha256);
    }
  for (const YaraGeneration *retired = generations->retired; retired != NULL; retired = retired->next)
    if (retired->router == old->router)
      receipt->n_deciding += count_visitors (retired);
  receipt->unload_time = -1;
  replacement->start = g_get_monotonic_time ();
  replacement->n_waiting = 1;
  replacement->next = generations->replacements;
  generations->replacements = replacement;
}

void
yara_generations_forget (YaraGenerations *generations, YaraReplacement *replacement)
{
  YaraReplacement **link = &generations->replacements;

  pthread_mutex_lock (&generations->lock);
  while (*link != replacement)
    link = &(*link)->next;
  *link = replacement->next;
  pthread_mutex_unlock (&generations->lock);
}

/* Takes over the reference. The generation before is in the list of retired ones then. */
static void
put_in_force (YaraGenerations *generations, YaraRegistry *registry, YaraRouter *router, YaraRouter *shadow)
{
  YaraGeneration *generation = take_free (generations), *old = atomic_load (&generations->current);

  generation->registry = registry;
  generation->router = router;
  generation->router->n_generations++;
  generation->shadow = shadow;
  if (shadow != NULL)
    shadow->n_generations++;
  atomic_store (&generations->current, generation);

  old->next = generations->retired;
  generations->retired = old;
  generations->n_retired++;
  wake_reaper (generations);
}

void
yara_generations_publish (YaraGenerations *generations, YaraRegistry *registry, YaraRouter *router,
                          YaraReplacement *replacement)
{
  const YaraGeneration *old;

  pthread_mutex_lock (&generations->lock);
  old = atomic_load (&generations->current);
  if (router != NULL)
    {
      router->number = ++generations->last_number;
      generations->n_routers++;
    }
  put_in_force (generations, registry != NULL ? registry : yara_registry_ref (old->registry),
                router != NULL ? router : old->router, old->shadow);
  if (replacement != NULL)
    note_replacement (generations, old, router, replacement);
  pthread_mutex_unlock (&generations->lock);
}

void
yara_generations_publish_shadow (YaraGenerations *generations, YaraRouter *shadow)
{
  const YaraGeneration *old;

  pthread_mutex_lock (&generations->lock);
  old = atomic_load (&generations->current);
  put_in_force (generations, yara_registry_ref (old->registry), old->router, shadow);
  pthread_mutex_unlock (&generations->lock);
}

void
yara_generations_init (YaraGenerations *generations)
{
  pthread_condattr_t attributes;
  YaraGeneration    *first = take_free (generations);

  first->registry = yara_registry_new ();
  first->router = g_new0 (YaraRouter, 1);
  first->router->n_generations = 1;
  generations->n_routers = 1;
  atomic_init (&generations->current, first);

  pthread_mutex_init (&generations->lock, NULL);
  pthread_condattr_init (&attributes);
  pthread_condattr_setclock (&attributes, CLOCK_MONOTONIC);
  pthread_cond_init (&generations->changed, &attributes);
  pthread_condattr_destroy (&attributes);
}

void
yara_generations_clear (YaraGenerations *generations)
{
  YaraGeneration *generation;

  if (generations->reaper != NULL)
    g_thread_join (generations->reaper);
  pthread_mutex_lock (&generations->lock);
  take_down (generations, atomic_load (&generations->current));
  pthread_mutex_unlock (&generations->lock);
  while ((generation = generations->free) != NULL)
    {
      generations->free = generation->next;
      g_aligned_free (generation);
    }
  pthread_cond_destroy (&generations->changed);
  pthread_mutex_destroy (&generations->lock);
}

static void
wake_waiters (GCancellable *cancellable, YaraGenerations *generations)
{
  pthread_mutex_lock (&generations->lock);
  pthread_cond_broadcast (&generations->changed);
  pthread_mutex_unlock (&generations->lock);
}

gboolean
yara_generations_wait (YaraGenerations *generations, const guint *counter, guint goal, gint64 timeout,
                       GCancellable *cancellable)
{
  struct timespec deadline;
  gint64          nanoseconds;
  gboolean        is_reached;
  gulong          handler = 0;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (wake_waiters), generations, NULL);
  clock_gettime (CLOCK_MONOTONIC, &deadline);
  nanoseconds = deadline.tv_nsec + (timeout % G_USEC_PER_SEC) * 1000;
  deadline.tv_sec += timeout / G_USEC_PER_SEC + nanoseconds / 1000000000;
  deadline.tv_nsec = nanoseconds % 1000000000;

  pthread_mutex_lock (&generations->lock);
  while (*counter > goal && !g_cancellable_is_cancelled (cancellable) &&
         pthread_cond_timedwait (&generations->changed, &generations->lock, &deadline) != ETIMEDOUT)
    ;
  is_reached = *counter <= goal;
  pthread_mutex_unlock (&generations->lock);
  g_cancellable_disconnect (cancellable, handler);
  return is_reached;
}

guint64
yara_generations_count_calls (YaraGenerations *generations)
{
  YaraGeneration *current = atomic_load (&generations->current);
  guint64         n_calls = current->router->calls + count_calls (current);

  for (YaraGeneration *generation = generations->retired; generation != NULL; generation = generation->next)
    if (generation->router == current->router)
      n_calls += count_calls (generation);
  return n_calls;
}
