/* SPDX-License-Identifier: MIT
 *
 * Accounts, and short ways to create and count them inside and outside of transactions.
 */
#pragma once

#include "fixture.h"

typedef struct
{
  gint64      id;
  const char *name;
  gint32      amount;
} Account;

static const YaraField account_fields[] = {
  YARA_FIELD (Account, id, .primary_key = true),
  YARA_FIELD (Account, name, .max_length = 40, .unique = true),
  YARA_FIELD (Account, amount),
};
static const YaraModel account_model = YARA_MODEL (Account, "accounts", account_fields);

static inline void
create (YaraOrm *orm, const char *name, gint32 amount)
{
  Account account = { .name = name, .amount = amount };

  test_ok (yara_orm_create (orm, &account_model, &account, NULL, &error));
}

static inline gint64
count (YaraOrm *orm)
{
  g_autoptr(YaraQuery) query = yara_query_new (&account_model);

  return test_ok (yara_orm_count (orm, query, NULL, &error));
}

/* The names in the table, as somebody sees them who is outside. */
static inline void
assert_names (Test *test, const char *names)
{
  g_autofree char *found = test_fetch_list (test->orm, NULL, "SELECT name FROM accounts ORDER BY name");

  g_assert_cmpstr (found, ==, names);
}

static inline YaraTransaction *
begin (Test *test)
{
  return test_ok (yara_orm_begin (test->orm, NULL, NULL, NULL, &error));
}

static inline void
commit (YaraTransaction *transaction)
{
  test_ok (yara_transaction_commit (transaction, NULL, &error));
}

static inline void
roll_back (YaraTransaction *transaction)
{
  test_ok (yara_transaction_rollback (transaction, &error));
}
