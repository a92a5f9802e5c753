/* SPDX-License-Identifier: MIT
 *
 * Entries, and a chain of asynchronous calls that creates three of them in one transaction.
 */
#pragma once

#include "fixture.h"

typedef struct { gint64 id; const char *name; gint32 step; } Entry;

static const YaraField entry_fields[] = {
  YARA_FIELD (Entry, id, .primary_key = true),
  YARA_FIELD (Entry, name, .max_length = 40),
  YARA_FIELD (Entry, step),
};
static const YaraModel entry_model = YARA_MODEL (Entry, "entries", entry_fields);

static inline gint64
count_entries (YaraOrm *orm, const char *connection)
{
  return test_fetch_int (orm, connection, "SELECT count(*) FROM entries");
}

/* The callback of a transaction, which runs outside of it. */
static inline void
chain_done (GObject *source, GAsyncResult *result, gpointer call)
{
  g_assert_null (yara_ambient_dup_current ());
  test_call_done (source, result, call);
}

/* ---- one chain ---- */

typedef enum { RETURN, RETURN_ERROR, RETURN_AT_ONCE, DROP } Ending;

typedef struct
{
  YaraOrm         *orm;
  Ending           ending;
  YaraTransaction *transaction;
  Entry            entries[3];
  guint            n_created;
  gboolean         was_ambient; /* in every callback */
  TestCall         call;
} Chain;

static inline void chain_step (Chain *chain);

static inline void
on_created (GObject *orm, GAsyncResult *result, gpointer data)
{
  Chain *chain = data;
  g_autoptr(YaraAmbient) ambient = yara_ambient_dup_current ();

  chain->was_ambient &= ambient != NULL;
  test_ok (yara_orm_create_finish (YARA_ORM (orm), result, &error));
  chain->n_created++;
  chain_step (chain);
}

static inline void
chain_end (Chain *chain)
{
  switch (chain->ending)
    {
    case RETURN:
    case RETURN_AT_ONCE:
      yara_transaction_return (g_steal_pointer (&chain->transaction));
      break;
    case RETURN_ERROR:
      yara_transaction_return_error (g_steal_pointer (&chain->transaction),
                                     g_error_new (G_FILE_ERROR, G_FILE_ERROR_FAILED, "on purpose"));
      break;
    case DROP:
      g_clear_object (&chain->transaction);
    }
}

static inline void
chain_step (Chain *chain)
{
  Entry *entry = &chain->entries[chain->n_created];

  if (chain->n_created == G_N_ELEMENTS (chain->entries) || chain->ending == RETURN_AT_ONCE)
    {
      chain_end (chain);
      return;
    }
  entry->name = "chain";
  entry->step = chain->n_created;
  yara_orm_create_async (chain->orm, &entry_model, entry, NULL, on_created, chain);
}

static inline void
chain_body (YaraTransaction *transaction, gpointer data)
{
  Chain *chain = data;

  chain->was_ambient = TRUE;
  chain->transaction = transaction;
  chain_step (chain);
}
