/* SPDX-License-Identifier: MIT */
/* transfer.c: a transfer between two accounts, blocking and on the main loop. What changes one account knows of no
 * transaction, and yet both are changed or neither. */
#include <yaraorm/yaraorm.h>

typedef struct { gint64 id; const char *owner; gint64 cents; } Account;

static const YaraField account_fields[] = {
  YARA_FIELD (Account, id, .primary_key = true),
  YARA_FIELD (Account, owner, .max_length = 40, .unique = true),
  YARA_FIELD (Account, cents),
};
static const YaraModel account_model = YARA_MODEL (Account, "accounts", account_fields);

typedef struct { YaraOrm *orm; const char *from, *to; gint64 cents; } Transfer;

static gboolean
change (YaraOrm *orm, const char *owner, gint64 cents, GError **error)
{
  g_autoptr(YaraQuery) query = yara_query_new (&account_model);
  g_autoptr(YaraResult) found = NULL;
  Account *account;

  yara_query_filter (query, "owner", owner);
  yara_query_for_update (query, YARA_LOCK_WAIT);          /* nobody changes the row meanwhile */
  found = yara_orm_get (orm, query, NULL, error);
  if (found == NULL)
    return FALSE;
  account = yara_result_get_record (found, 0);
  account->cents += cents;
  return yara_orm_save (orm, &account_model, account, YARA_NAMES ("cents"), NULL, error);
}

/* TRUE commits; FALSE with an error rolls back. */
static gboolean
transfer (YaraTransaction *transaction, gpointer data, GError **error)
{
  Transfer *order = data;

  return change (order->orm, order->from, -order->cents, error) &&
         change (order->orm, order->to, order->cents, error);
}

/* ---- the same on the main loop ---- */

typedef struct
{
  Transfer         order;
  YaraTransaction *transaction; /* is given back at the end of the work */
  YaraResult      *from, *to;
  GMainLoop       *loop;
  GError          *error;
} Work;

static void
on_deposited (GObject *orm, GAsyncResult *result, gpointer data)
{
  Work *work = data;
  GError *error = NULL;

  if (yara_orm_save_finish (YARA_ORM (orm), result, &error))
    yara_transaction_return (work->transaction);
  else
    yara_transaction_return_error (work->transaction, error);
}

static void
on_withdrawn (GObject *orm, GAsyncResult *result, gpointer data)
{
  Work *work = data;
  Account *to = yara_result_get_record (work->to, 0);
  GError *error = NULL;

  to->cents += work->order.cents;
  if (yara_orm_save_finish (YARA_ORM (orm), result, &error))
    yara_orm_save_async (YARA_ORM (orm), &account_model, to, NULL, NULL, on_deposited, work);
  else
    yara_transaction_return_error (work->transaction, error);
}

static void
on_to (GObject *orm, GAsyncResult *result, gpointer data)
{
  Work *work = data;
  Account *from = yara_result_get_record (work->from, 0);
  GError *error = NULL;

  work->to = yara_orm_get_finish (YARA_ORM (orm), result, &error);
  from->cents -= work->order.cents;
  if (work->to != NULL)
    yara_orm_save_async (YARA_ORM (orm), &account_model, from, NULL, NULL, on_withdrawn, work);
  else
    yara_transaction_return_error (work->transaction, error);
}

static void
find (YaraOrm *orm, const char *owner, GAsyncReadyCallback callback, Work *work)
{
  g_autoptr(YaraQuery) query = yara_query_new (&account_model);

  yara_query_filter (query, "owner", owner);
  yara_query_for_update (query, YARA_LOCK_WAIT);
  yara_orm_get_async (orm, query, NULL, callback, work);
}

static void
on_from (GObject *orm, GAsyncResult *result, gpointer data)
{
  Work *work = data;
  GError *error = NULL;

  work->from = yara_orm_get_finish (YARA_ORM (orm), result, &error);
  if (work->from != NULL)
    find (YARA_ORM (orm), work->order.to, on_to, work);
  else
    yara_transaction_return_error (work->transaction, error);
}

static void
transfer_body (YaraTransaction *transaction, gpointer data)
{
  Work *work = data;

  work->transaction = transaction;
  find (work->order.orm, work->order.from, on_from, work);
}

static void
on_transferred (GObject *orm, GAsyncResult *result, gpointer data)
{
  Work *work = data;

  yara_orm_in_transaction_finish (YARA_ORM (orm), result, &work->error);
  g_main_loop_quit (work->loop);
}

static gboolean
transfer_on_loop (YaraOrm *orm, const char *from, const char *to, gint64 cents, GError **error)
{
  Work work = { { orm, from, to, cents }, .loop = g_main_loop_new (NULL, FALSE) };

  yara_orm_in_transaction_async (orm, NULL, NULL, transfer_body, &work, NULL, on_transferred, &work);
  g_main_loop_run (work.loop);
  g_main_loop_unref (work.loop);
  g_clear_pointer (&work.from, yara_result_unref);
  g_clear_pointer (&work.to, yara_result_unref);
  if (work.error != NULL)
    g_propagate_error (error, work.error);
  return work.error == NULL;
}

/* ---- the program ---- */

static gboolean
show (YaraOrm *orm, GError **error)
{
  g_autoptr(YaraQuery) query = yara_query_new (&account_model);
  g_autoptr(YaraResult) accounts = NULL;

  yara_query_order_by (query, "owner");
  accounts = yara_orm_all (orm, query, NULL, error);
  if (accounts == NULL)
    return FALSE;
  YARA_FOREACH (Account, account, accounts)
    g_print ("%s %" G_GINT64_FORMAT "  ", account->owner, account->cents);
  g_print ("\n");
  return TRUE;
}

static gboolean
run (GError **error)
{
  g_autoptr(YaraOrm) orm = yara_orm_open ("sqlite://bank.db", NULL, NULL, error);
  g_autoptr(GError) refused = NULL;
  Account accounts[] = { { .owner = "Ada", .cents = 10000 }, { .owner = "Bob", .cents = 500 } };

  if (orm == NULL || !yara_orm_register (orm, &account_model, error) ||
      !yara_orm_generate_schemas (orm, YARA_SCHEMA_SAFE, NULL, error) ||
      !yara_orm_bulk_create (orm, &account_model, accounts, G_N_ELEMENTS (accounts), NULL, error) ||
      !yara_orm_in_transaction (orm, NULL, NULL, transfer, &(Transfer) { orm, "Ada", "Bob", 2500 }, NULL, error) ||
      !show (orm, error) ||
      !transfer_on_loop (orm, "Bob", "Ada", 1000, error) || !show (orm, error))
    return FALSE;

  /* The withdrawal is undone when there is nobody to take the money. */
  if (!transfer_on_loop (orm, "Ada", "Eve", 5000, &refused))
    g_print ("%s\n", refused->message);
  return show (orm, error);
}

int
main (void)
{
  g_autoptr(GError) error = NULL;

  if (!run (&error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  return 0;
}
