/* SPDX-License-Identifier: MIT
 * "route swap": its options, and what its parts share. The parent only watches; the load runs in a child process,
 * which a router that crashes takes down alone. */
#pragma once

#include <stdatomic.h>
#include <yaraorm/yaraorm.h>

#include "probe/latency.h"
#include "routing/pair.h"

typedef struct
{
  RoutePair pair;
  int       threads;
  char     *duration_text, *every_text;
  double    duration, every; /* seconds */
  gboolean  hostile;
  char    **connections; /* "NAME=URL"; (nullable) */
  char     *folder;      /* of the files to be thrown away; only the child is told */
} SwapOptions;

void swap_options_clear (SwapOptions *swap);
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (SwapOptions, swap_options_clear)

#define SWAP_COMMAND "route swap"

/* What the child says that it does while it swaps begins so. */
#define SWAP_AT "swapping"

/* `child` adds what only the parent says. */
void     swap_options_add  (SwapOptions *swap, Options *options, gboolean child);
gboolean swap_options_take (SwapOptions *swap, char **arguments, int *status);

/* The URL that --connection gives for a name: (transfer none) (nullable). */
const char *swap_options_find_url (const SwapOptions *swap, const char *name);

/* ---- swap-report.c: what the child tells when it has come to its end ---- */

/* What speaks against the routers, or the library: (transfer full), "" for nothing. */
char *swap_judge        (const SwapOptions *swap, JsonObject *line);
void  swap_print_report (const SwapOptions *swap, JsonObject *line);

/* ---- swap-world.c: the databases, the tables and the right answers ---- */

#define SWAP_MAX_NAMES 63

/* One row. Those with `id` from 0 were written under load; SWAP_MARK tells in which database it is. */
typedef struct
{
  gint64 id, place;
} SwapRow;

#define SWAP_MARK (-1)

typedef struct
{
  YaraOrm         *orm, *view; /* the view has the hints of the program */
  char           **names; /* of the connections; a place is an index into them */
  YaraConnection **connections;
  guint            n_names;
  YaraModel       *models;
  guint            n_models;
  gboolean         has_tables;
  guint64         *expected[2]; /* by router; bits of places, by model and operation */
} SwapWorld;

gboolean swap_world_open  (SwapWorld *world, const SwapOptions *swap, GError **error);
void     swap_world_close (SwapWorld *world); /* drops the tables */

/* Learns what router `side` answers; it has to be in force. */
gboolean swap_world_learn (SwapWorld *world, guint side, GError **error);

/* The index of a model and an operation. */
static inline guint
swap_question (guint model, YaraOperation operation)
{
  return 2 * model + operation;
}

guint swap_world_find_place (const SwapWorld *world, const char *name);

/* ---- swap-load.c: one of the threads that use the database all the time ---- */

/* So many decisions of one router about one question that led to one place. */
typedef struct
{
  guint64 generation, n;
  guint   question, place;
} SwapObservation;

#define SWAP_PLACE_NONE 0xff /* the write failed */

typedef struct
{
  SwapWorld         *world;
  guint              number;
  const atomic_bool *is_over;
  const atomic_uint *beat;      /* odd while a swap is at work; grows by 2 with each */
  guint64            overhead;  /* of reading the clock: nanoseconds */
  GThread           *thread;

  GArray     *observations;     /* of SwapObservation */
  gsize      *latest;           /* by question and place: the index of the one that grows, and 1 */
  GByteArray *written;          /* the place of each row, by its number */
  guint64     n_statements, n_failed, n_misread;
  char       *failure;          /* the first */
  Latency     statements[2], decisions[2]; /* [1]: around a swap */
} SwapLoad;

SwapLoad *swap_load_start (SwapWorld *world, guint number, const atomic_bool *is_over, const atomic_uint *beat);
void      swap_load_free  (SwapLoad *load); /* its thread has ended */
G_DEFINE_AUTOPTR_CLEANUP_FUNC (SwapLoad, swap_load_free)

/* The row `n` of a thread. */
#define SWAP_ROW_ID(number, n) ((gint64) (number) << 40 | (n))
#define SWAP_ROW_THREAD(id)    ((guint) ((id) >> 40))
#define SWAP_ROW_NUMBER(id)    ((guint) ((id) & 0xffffffffff))

/* ---- swap-check.c: whether all is where it should be ---- */

typedef struct
{
  guint64 n_decisions[2]; /* by router */
  guint64 n_wrong, n_rows, n_misplaced, n_lost;
} SwapFindings;

/* `routers` has which router each generation was, from generation `first` on. */
void     swap_check_decisions (const SwapWorld *world, const SwapLoad *load, const GByteArray *routers, guint64 first,
                               SwapFindings *findings);
gboolean swap_check_rows      (const SwapWorld *world, GPtrArray *loads, SwapFindings *findings, GError **error);

/* ---- swap-vandal.c: damages the plugins' files while they are swapped ---- */

typedef struct SwapVandal SwapVandal;

/* Copies the plugins into the folder, puts the copies into their place in `swap`, and begins. */
SwapVandal *swap_vandal_start (SwapOptions *swap, GError **error);
/* Ends it, and returns how often a file was damaged. */
guint       swap_vandal_stop  (SwapVandal *vandal);
