/* SPDX-License-Identifier: MIT
 * After the load of "route swap": whether each decision was one of the router that made it, and whether each row
 * is where its write was sent, and nowhere else. */
#include <string.h>

#include "routing/swap.h"

/* A row that was found where it should be. */
#define FOUND 0x80

void
swap_check_decisions (const SwapWorld *world, const SwapLoad *load, const GByteArray *routers, guint64 first,
                      SwapFindings *findings)
{
  for (guint i = 0; i < load->observations->len; i++)
    {
      const SwapObservation *observation = &g_array_index (load->observations, SwapObservation, i);
      guint64 index = observation->generation - first;
      gboolean is_known = observation->generation >= first && index < routers->len;
      guint router = is_known ? routers->data[index] : 0;

      if (is_known && (world->expected[router][observation->question] >> observation->place & 1) != 0)
        findings->n_decisions[router] += observation->n;
      else
        findings->n_wrong += observation->n;
    }
}

/* One row that was found in a place. */
static gboolean
is_right (const SwapWorld *world, GPtrArray *loads, guint model, guint place, gint64 id)
{
  guint number = SWAP_ROW_THREAD (id), n = SWAP_ROW_NUMBER (id);
  GByteArray *written = number < loads->len ? ((SwapLoad *) loads->pdata[number])->written : NULL;

  if (written == NULL || n >= written->len || written->data[n] != place || n % world->n_models != model)
    return FALSE;
  written->data[n] |= FOUND;
  return TRUE;
}

static gboolean
check_table (const SwapWorld *world, GPtrArray *loads, guint model, guint place, SwapFindings *findings,
             GError **error)
{
  g_autofree char *sql = g_strdup_printf ("SELECT id FROM %s WHERE id >= 0", world->models[model].table);
  g_autoptr(YaraRows) rows = yara_connection_fetch_rows (world->connections[place], sql, NULL, NULL, error);

  if (rows == NULL)
    return FALSE;
  for (gsize i = 0; i < yara_rows_get_n_rows (rows); i++)
    {
      findings->n_rows++;
      findings->n_misplaced += !is_right (world, loads, model, place, yara_rows_get_int (rows, i, 0));
    }
  return TRUE;
}

gboolean
swap_check_rows (const SwapWorld *world, GPtrArray *loads, SwapFindings *findings, GError **error)
{
  for (guint model = 0; model < world->n_models; model++)
    for (guint place = 0; place < world->n_names; place++)
      if (!check_table (world, loads, model, place, findings, error))
        return FALSE;
  for (guint i = 0; i < loads->len; i++)
    {
      const SwapLoad *load = loads->pdata[i];

      findings->n_misplaced += load->n_misread;
      for (guint n = 0; n < load->written->len; n++)
        findings->n_lost += (load->written->data[n] & FOUND) == 0;
    }
  return TRUE;
}
