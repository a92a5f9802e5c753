/* SPDX-License-Identifier: MIT
 * One thread of the load of "route swap": it writes and reads rows and asks for decisions, until it is over, and
 * notes what was decided, where that led, and how long it took. */
#include <string.h>

#include "routing/swap.h"

/* Decisions are so much cheaper than statements that many of them go with each. */
#define DECISIONS_PER_ROUND 256

/* What the library told about the statement that this thread has just run. */
static _Thread_local struct
{
  guint64 generation;
  guint   place;
} seen;

/* Adds to the observation that is growing, or begins one. */
static void
observe (SwapLoad *load, guint question, guint place, guint64 generation)
{
  gsize *latest = &load->latest[question * load->world->n_names + place];
  SwapObservation *observation = *latest > 0 ? &g_array_index (load->observations, SwapObservation, *latest - 1) : NULL;

  if (observation != NULL && observation->generation == generation)
    observation->n++;
  else
    {
      SwapObservation first = { generation, 1, question, place };

      g_array_append_val (load->observations, first);
      *latest = load->observations->len;
    }
}

static void
note_statement (YaraOrm *orm, const YaraQueryEvent *event, gpointer world)
{
  seen.generation = event->generation;
  seen.place = swap_world_find_place (world, event->connection);
}

typedef struct
{
  guint64 start;
  guint   beat;
} Watch;

static Watch
watch_start (const SwapLoad *load)
{
  guint beat = atomic_load (load->beat);

  return (Watch) { latency_now (), beat };
}

static void
watch_stop (const SwapLoad *load, Watch watch, Latency latencies[2])
{
  guint64 taken = latency_now () - watch.start;
  guint beat = atomic_load (load->beat);
  gboolean is_around = beat % 2 != 0 || beat != watch.beat;

  latency_add (&latencies[is_around], taken > load->overhead ? taken - load->overhead : 0,
               is_around ? (beat + 1) / 2 : 0);
}

static void
note_failure (SwapLoad *load, GError *error)
{
  load->n_failed++;
  if (load->failure == NULL)
    load->failure = g_strdup (error->message);
  g_error_free (error);
}

static void
write_row (SwapLoad *load, guint model)
{
  SwapRow row = { SWAP_ROW_ID (load->number, load->written->len), SWAP_MARK };
  Watch watch = watch_start (load);
  GError *error = NULL;
  gboolean is_written = yara_orm_create (load->world->view, &load->world->models[model], &row, NULL, &error);
  guint8 place = is_written ? seen.place : SWAP_PLACE_NONE;

  watch_stop (load, watch, load->statements);
  g_byte_array_append (load->written, &place, 1);
  load->n_statements++;
  if (is_written)
    observe (load, swap_question (model, YARA_OPERATION_WRITE), seen.place, seen.generation);
  else
    note_failure (load, error);
}

/* The row that was read tells in which database it is. */
static void
read_mark (SwapLoad *load, guint model, const YaraQuery *query)
{
  Watch watch = watch_start (load);
  GError *error = NULL;
  g_autoptr(YaraResult) result = yara_orm_get_or_none (load->world->view, query, NULL, &error);
  const SwapRow *row = result != NULL ? yara_result_get_record (result, 0) : NULL;

  watch_stop (load, watch, load->statements);
  load->n_statements++;
  if (error != NULL)
    {
      note_failure (load, error);
      return;
    }
  observe (load, swap_question (model, YARA_OPERATION_READ), seen.place, seen.generation);
  load->n_misread += row == NULL || row->place != seen.place;
}

static void
decide (SwapLoad *load, guint question)
{
  Watch watch = watch_start (load);
  const SwapWorld *world = load->world;
  YaraRoute route;
  GError *error = NULL;
  gboolean is_decided = yara_orm_route (world->view, &world->models[question / 2], question % 2, &route, &error);

  watch_stop (load, watch, load->decisions);
  if (is_decided)
    observe (load, question, swap_world_find_place (world, yara_connection_get_name (route.connection)),
             route.generation);
  else
    note_failure (load, error);
}

static gpointer
run (gpointer data)
{
  SwapLoad *load = data;
  guint n_models = load->world->n_models;
  g_autoptr(GPtrArray) queries = g_ptr_array_new_with_free_func ((GDestroyNotify) yara_query_unref);

  for (guint i = 0; i < n_models; i++)
    {
      YaraQuery *query = yara_query_new (&load->world->models[i]);

      yara_query_filter (query, "id", (gint64) SWAP_MARK);
      g_ptr_array_add (queries, query);
    }
  for (guint round = 0; !atomic_load (load->is_over); round++)
    {
      guint model = round % n_models;

      write_row (load, model);
      read_mark (load, model, queries->pdata[model]);
      for (guint i = 0; i < DECISIONS_PER_ROUND && !atomic_load (load->is_over); i++)
        decide (load, i % (2 * n_models));
    }
  return NULL;
}

/* What two readings of the clock cost at least. */
static guint64
measure_overhead (void)
{
  guint64 least = G_MAXUINT64;

  for (guint i = 0; i < 1000; i++)
    {
      guint64 start = latency_now ();

      least = MIN (least, latency_now () - start);
    }
  return least;
}

SwapLoad *
swap_load_start (SwapWorld *world, guint number, const atomic_bool *is_over, const atomic_uint *beat)
{
  SwapLoad *load = g_new0 (SwapLoad, 1);

  load->world = world;
  load->number = number;
  load->is_over = is_over;
  load->beat = beat;
  load->overhead = measure_overhead ();
  load->observations = g_array_new (FALSE, FALSE, sizeof (SwapObservation));
  load->latest = g_new0 (gsize, 2 * world->n_models * world->n_names);
  load->written = g_byte_array_new ();
  if (number == 0)
    yara_orm_add_query_hook (world->orm, note_statement, world, NULL);
  load->thread = g_thread_new ("load", run, load);
  return load;
}

void
swap_load_free (SwapLoad *load)
{
  g_array_unref (load->observations);
  g_byte_array_unref (load->written);
  g_free (load->latest);
  g_free (load->failure);
  g_free (load);
}
