/* SPDX-License-Identifier: MIT
 * The child of "route swap": swaps while the load runs, and tells what came of it in one line. */
#include <string.h>

#include "probe/child.h"
#include "routing/swap.h"

/* Milliseconds for what comes before and after the swaps. */
#define PREPARE_LIMIT 30000
#define FINISH_LIMIT  60000

/* Microseconds between two words about how far it is. */
#define TELL_EVERY (G_USEC_PER_SEC / 2)

/* Milliseconds for a router that was replaced to go. */
#define DRAIN_LIMIT 10000

typedef struct
{
  SwapOptions swap;
  SwapWorld   world;
  char       *sha256[2];
  GPtrArray  *loads;
  GByteArray *routers;   /* which router each generation was, from `first` on */
  guint64     first;
  guint       n_refused, n_torn, n_damaged;
  char       *refusal;   /* the first */
  Latency     swaps;
  guint       retired, mapped; /* routers that should be gone; plugins in memory */
  atomic_bool is_over;
  atomic_uint beat;
} Swap;

static gboolean
put_in_force (Swap *swap, guint side, GError **error)
{
  return probe_router_put_in_force (&swap->swap.pair.sides[side], swap->world.orm, error);
}

/* Puts each router in force once, undisturbed. */
static gboolean
learn (Swap *swap, GError **error)
{
  for (guint side = 0; side < 2; side++)
    {
      RouterOptions *router = &swap->swap.pair.sides[side];
      g_autoptr(YaraRouterInfo) info = NULL;

      if (!put_in_force (swap, side, error) || !swap_world_learn (&swap->world, side, error))
        return FALSE;
      info = yara_orm_get_router_info (swap->world.orm);
      swap->sha256[side] = g_strdup (info->sha256);
      swap->first = info->generation;
      if (!router->rules) /* a name may stand for another file later */
        {
          g_free (router->plugin);
          router->plugin = g_strdup (info->path);
        }
    }
  /* The second one is in force when the load begins. */
  g_byte_array_append (swap->routers, &(guint8) { 1 }, 1);
  return TRUE;
}

/* Only this thread swaps: the router in force is the one that was just put there. */
static void
note_router (Swap *swap, guint side)
{
  g_autoptr(YaraRouterInfo) info = yara_orm_get_router_info (swap->world.orm);

  g_byte_array_append (swap->routers, &(guint8) { side }, 1);
  if (info->generation != swap->first + swap->routers->len - 1 || g_strcmp0 (info->sha256, swap->sha256[side]) != 0)
    swap->n_torn++;
}

static void
swap_once (Swap *swap, guint side)
{
  g_autoptr(GError) error = NULL;
  guint64 start = latency_now ();
  gboolean is_swapped;

  atomic_fetch_add (&swap->beat, 1);
  is_swapped = put_in_force (swap, side, &error);
  atomic_fetch_add (&swap->beat, 1);
  if (is_swapped)
    {
      latency_add (&swap->swaps, latency_now () - start, 0);
      note_router (swap, side);
      return;
    }
  swap->n_refused++;
  if (swap->refusal == NULL)
    swap->refusal = g_strdup (error->message);
}

static void
tell_progress (const Swap *swap, gint64 seconds)
{
  probe_at ((swap->swap.duration - seconds) * 1000 + FINISH_LIMIT, SWAP_AT ", swap %u, %d of %g s",
            swap->routers->len - 1 + swap->n_refused, (int) seconds, swap->swap.duration);
}

static void
swap_all_the_time (Swap *swap)
{
  gint64 start = g_get_monotonic_time (), end = start + swap->swap.duration * G_USEC_PER_SEC, told = start;

  for (guint i = 1;; i++)
    {
      gint64 next = MIN (start + (gint64) (i * swap->swap.every * G_USEC_PER_SEC), end);
      gint64 left = next - g_get_monotonic_time (), now;

      if (left > 0)
        g_usleep (left);
      now = g_get_monotonic_time ();
      if (now >= end)
        return;
      swap_once (swap, (i - 1) % 2);
      if (now - told < TELL_EVERY)
        continue;
      told = now;
      tell_progress (swap, (now - start) / G_USEC_PER_SEC);
    }
}

/* Plugins that this process has in memory. */
static guint
count_mapped (void)
{
  g_autoptr(GHashTable) inodes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autofree char *maps = NULL;
  g_auto(GStrv) lines = NULL;

  if (!g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL))
    return 0;
  lines = g_strsplit (maps, "\n", -1);
  for (char **line = lines; *line != NULL; line++)
    if (strstr (*line, "/memfd:yara-router:") != NULL)
      {
        g_auto(GStrv) columns = g_strsplit (*line, " ", 6); /* range, mode, offset, device, inode, name */

        g_hash_table_add (inodes, g_strdup (columns[4]));
      }
  return g_hash_table_size (inodes);
}

/* Waits until only the router in force is left. */
static void
wait_for_unloading (Swap *swap)
{
  for (guint i = 0; i < DRAIN_LIMIT; i++)
    {
      g_autoptr(YaraRouterInfo) info = yara_orm_get_router_info (swap->world.orm);

      swap->retired = info->retired;
      if (swap->retired == 0)
        break;
      g_usleep (1000);
    }
  swap->mapped = count_mapped ();
}

static void
set_latencies (JsonObject *line, const char *member, const Latency *latency)
{
  JsonObject *object = latency_to_json (latency);

  json_object_set_int_member (object, "max_at", latency->where);
  json_object_set_object_member (line, member, object);
}

static void
set_load (const Swap *swap, JsonObject *line)
{
  g_autofree Latency *latencies = g_new0 (Latency, 4); /* statements, decisions; [1]: around a swap */
  guint64 n_statements = 0, n_failed = 0;
  const char *failure = NULL;

  for (guint i = 0; i < swap->loads->len; i++)
    {
      const SwapLoad *load = swap->loads->pdata[i];

      for (guint around = 0; around < 2; around++)
        {
          latency_merge (&latencies[around], &load->statements[around]);
          latency_merge (&latencies[2 + around], &load->decisions[around]);
        }
      n_statements += load->n_statements;
      n_failed += load->n_failed;
      failure = failure != NULL ? failure : load->failure;
    }
  json_object_set_int_member (line, "statements", n_statements);
  json_object_set_int_member (line, "failed", n_failed);
  json_object_set_string_member (line, "failure", failure);
  set_latencies (line, "statement_around", &latencies[1]);
  set_latencies (line, "decision_around", &latencies[3]);
  latency_merge (&latencies[0], &latencies[1]);
  latency_merge (&latencies[2], &latencies[3]);
  set_latencies (line, "statement", &latencies[0]);
  set_latencies (line, "decision", &latencies[2]);
}

static void
send_result (const Swap *swap, const SwapFindings *findings)
{
  JsonObject *line = json_object_new ();
  guint active = swap->routers->data[swap->routers->len - 1];

  json_object_set_int_member (line, "swaps", swap->routers->len - 1);
  json_object_set_int_member (line, "refusals", swap->n_refused);
  json_object_set_string_member (line, "refusal", swap->refusal);
  json_object_set_int_member (line, "damaged", swap->n_damaged);
  json_object_set_int_member (line, "torn", swap->n_torn);
  set_latencies (line, "swap", &swap->swaps);
  set_load (swap, line);
  json_object_set_int_member (line, "decisions_a", findings->n_decisions[0]);
  json_object_set_int_member (line, "decisions_b", findings->n_decisions[1]);
  json_object_set_int_member (line, "wrong", findings->n_wrong);
  json_object_set_int_member (line, "rows", findings->n_rows);
  json_object_set_int_member (line, "misplaced", findings->n_misplaced);
  json_object_set_int_member (line, "lost", findings->n_lost);
  json_object_set_int_member (line, "retired", swap->retired);
  json_object_set_int_member (line, "mapped", swap->mapped);
  json_object_set_boolean_member (line, "plugin_active", !swap->swap.pair.sides[active].rules);
  probe_send (line);
}

static gboolean
run (Swap *swap, GError **error)
{
  SwapVandal *vandal = NULL;
  SwapFindings findings = { 0 };

  probe_at (PREPARE_LIMIT, "preparing the databases");
  if (!swap_world_open (&swap->world, &swap->swap, error))
    return FALSE;
  probe_at (PREPARE_LIMIT, "loading");
  if (!learn (swap, error))
    return FALSE;
  if (swap->swap.hostile && (vandal = swap_vandal_start (&swap->swap, error)) == NULL)
    return FALSE;
  tell_progress (swap, 0);
  for (int i = 0; i < swap->swap.threads; i++)
    g_ptr_array_add (swap->loads, swap_load_start (&swap->world, i, &swap->is_over, &swap->beat));
  swap_all_the_time (swap);
  atomic_store (&swap->is_over, TRUE);
  for (guint i = 0; i < swap->loads->len; i++)
    g_thread_join (((SwapLoad *) swap->loads->pdata[i])->thread);
  if (vandal != NULL)
    swap->n_damaged = swap_vandal_stop (vandal);
  wait_for_unloading (swap);

  probe_at (FINISH_LIMIT, "checking");
  for (guint i = 0; i < swap->loads->len; i++)
    swap_check_decisions (&swap->world, swap->loads->pdata[i], swap->routers, swap->first, &findings);
  if (!swap_check_rows (&swap->world, swap->loads, &findings, error))
    return FALSE;
  send_result (swap, &findings);
  return TRUE;
}

int
swap_child_main (char **arguments)
{
  Swap swap = { .loads = g_ptr_array_new_with_free_func ((GDestroyNotify) swap_load_free),
                .routers = g_byte_array_new () };
  g_autoptr(Options) parser = options_new ("swap", "A B");
  g_auto(GStrv) words = g_strdupv (arguments);
  g_autoptr(GError) error = NULL;
  int status;

  probe_confine (FALSE);
  swap_options_add (&swap.swap, parser, TRUE);
  if (!options_parse (parser, &words, &status) || !swap_options_take (&swap.swap, words, &status))
    return status;
  if (!run (&swap, &error))
    probe_refuse (error);
  swap_world_close (&swap.world);
  probe_finish ();
}
