/* SPDX-License-Identifier: MIT
 * Keeping statements in flight while the router is replaced. */
#include "flight.h"

#define N_ROWS_BEFORE 600 /* finished before the swap is asked for */
#define N_ROWS_AFTER  600 /* finished after it was done */

typedef struct Flight Flight;

typedef struct
{
  Flight *flight;
  Record  record;
} Slot;

struct Flight
{
  YaraOrm      *orm;
  guint         step;
  const char   *path;
  FlightReport *report;
  GMainLoop    *loop;
  Slot          slots[N_IN_FLIGHT];
  guint         n_finished;
  guint         n_finished_at_swap; /* 0: not swapped yet */
  GError       *error;              /* of the swap, or of the first statement that failed */
};

static guint64
current_generation (YaraOrm *orm)
{
  g_autoptr(YaraRouterInfo) info = yara_orm_get_router_info (orm);

  return info->generation;
}

static void
count_row (YaraOrm *orm, const YaraQueryEvent *event, gpointer user_data)
{
  Flight *flight = user_data;
  guint   after = event->generation == flight->report->generations[0] ? 0 : 1;

  if (event->error == NULL)
    for (guint model = 0; model < N_MODELS; model++)
      if (event->model == models[model])
        flight->report->counts[after][model]++;
}

static void
on_swapped (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Flight *flight = user_data;

  yara_orm_set_router_finish (flight->orm, result, flight->error == NULL ? &flight->error : NULL);
  flight->report->generations[1] = current_generation (flight->orm);
  flight->n_finished_at_swap = flight->n_finished;
}

static void on_created (GObject *source, GAsyncResult *result, gpointer user_data);

static void
send_row (Slot *slot)
{
  Flight *flight = slot->flight;
  guint   serial = flight->report->n_rows++;

  slot->record = (Record) { .step = flight->step, .serial = serial };
  yara_orm_create_async (flight->orm, models[serial % N_MODELS], &slot->record, NULL, on_created, slot);
}

static void
on_created (GObject *source, GAsyncResult *result, gpointer user_data)
{
  Slot   *slot = user_data;
  Flight *flight = slot->flight;

  if (!yara_orm_create_finish (flight->orm, result, flight->error == NULL ? &flight->error : NULL))
    flight->report->n_failed++;
  flight->n_finished++;
  if (flight->n_finished == N_ROWS_BEFORE)
    yara_orm_set_router_async (flight->orm, flight->path, NULL, NULL, on_swapped, flight);

  if (flight->n_finished_at_swap == 0 || flight->n_finished < flight->n_finished_at_swap + N_ROWS_AFTER)
    send_row (slot);
  else if (flight->n_finished == flight->report->n_rows)
    g_main_loop_quit (flight->loop);
}

gboolean
fly_through_swap (YaraOrm *orm, guint step, const char *path, FlightReport *report, GError **error)
{
  Flight flight = { .orm = orm, .step = step, .path = path, .report = report };
  guint  hook = yara_orm_add_query_hook (orm, count_row, &flight, NULL);

  *report = (FlightReport) { .generations[0] = current_generation (orm) };
  flight.loop = g_main_loop_new (NULL, FALSE);
  for (guint i = 0; i < N_IN_FLIGHT; i++)
    {
      flight.slots[i].flight = &flight;
      send_row (&flight.slots[i]);
    }
  g_main_loop_run (flight.loop);
  g_main_loop_unref (flight.loop);
  yara_orm_remove_query_hook (orm, hook);

  if (flight.error == NULL)
    return TRUE;
  g_propagate_error (error, flight.error);
  return FALSE;
}
