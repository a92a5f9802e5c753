/* SPDX-License-Identifier: MIT
 *
 * Keys that the library or the program makes, and defaults that the database makes.
 */
#include "fixture.h"

#include <string.h>

/* ---- UUID keys ---- */

typedef struct
{
  YaraUuid    id;
  const char *name;
  gint64      created;
} Token;

static const YaraField token_fields[] = {
  YARA_FIELD (Token, id, .primary_key = true),
  YARA_FIELD (Token, name, .unique = true),
  YARA_FIELD_AS (Token, created, TIMESTAMP, .auto_now_add = true),
};
static const YaraModel token_model = YARA_MODEL (Token, "tokens", token_fields);

static const YaraUuid no_uuid;

#define assert_uuid(a, b) g_assert_cmpmem (&(a), sizeof (YaraUuid), &(b), sizeof (YaraUuid))

static void
uuid_made (Test *test)
{
  Token first = { .name = "a" }, second = { .name = "b" }, found = { 0 };
  g_autoptr(YaraResult) result = NULL;

  TEST_USE (test, &token_model);
  test_ok (yara_orm_create (test->orm, &token_model, &first, NULL, &error));
  test_ok (yara_orm_create (test->orm, &token_model, &second, NULL, &error));
  g_assert_cmpint (first.id.bytes[6] >> 4, ==, 4);
  g_assert_cmpint (first.id.bytes[8] >> 6, ==, 2);
  g_assert_cmpint (memcmp (&first.id, &second.id, sizeof first.id), !=, 0);
  found.id = first.id;
  result = test_ok (yara_orm_refresh (test->orm, &token_model, &found, NULL, &error));
  g_assert_cmpstr (found.name, ==, "a");
}

static void
uuid_given (Test *test)
{
  YaraUuid uuid;
  Token token = { .name = "a" };

  g_assert_true (yara_uuid_from_text ("00112233-4455-6677-8899-AABBCCDDEEFF", &uuid));
  token.id = uuid;
  TEST_USE (test, &token_model);
  test_ok (yara_orm_create (test->orm, &token_model, &token, NULL, &error));
  assert_uuid (token.id, uuid);
  token.name = "b";
  test_ok (yara_orm_save (test->orm, &token_model, &token, NULL, NULL, &error));
  test_fails (yara_orm_create (test->orm, &token_model, &token, NULL, &error), INTEGRITY);
  assert_uuid (token.id, uuid);
  test_ok (yara_orm_delete (test->orm, &token_model, &token, NULL, &error));
  test_fails (yara_orm_delete (test->orm, &token_model, &token, NULL, &error), DOES_NOT_EXIST, "Token");
}

/* After a failure a record looks as before, so that it may be created again. */
static void
uuid_after_failure (Test *test)
{
  Token token = { .name = "a" }, many[3] = { { .name = "x" }, { .name = "y" }, { .name = "a" } };

  TEST_USE (test, &token_model);
  test_ok (yara_orm_create (test->orm, &token_model, &token, NULL, &error));
  token = (Token) { .name = "a" };
  test_fails (yara_orm_create (test->orm, &token_model, &token, NULL, &error), INTEGRITY, "name");
  assert_uuid (token.id, no_uuid);
  test_fails (yara_orm_bulk_create (test->orm, &token_model, many, 3, NULL, &error), INTEGRITY, "name");
  for (guint i = 0; i < 3; i++)
    assert_uuid (many[i].id, no_uuid);
  many[2].name = "z";
  test_ok (yara_orm_bulk_create (test->orm, &token_model, many, 3, NULL, &error));
  g_assert_cmpint (many[0].id.bytes[6] >> 4, ==, 4);
  g_assert_cmpint (many[0].created, ==, many[2].created); /* one instant for the whole call */
}

/* ---- natural keys ---- */

typedef struct
{
  const char *code;
  const char *name;
} Country;

static const YaraField country_fields[] = {
  YARA_FIELD (Country, code, .primary_key = true, .max_length = 2),
  YARA_FIELD (Country, name),
};
static const YaraModel country_model = YARA_MODEL (Country, "countries", country_fields);

static void
text_key (Test *test)
{
  Country country = { "de", "Germany" }, none = { NULL, "Nowhere" }, empty = { "", "Empty" };
  Country many[] = { { "fr", "France" }, { "it", "Italy" } };
  g_autofree char *codes = NULL;

  TEST_USE (test, &country_model);
  test_ok (yara_orm_create (test->orm, &country_model, &country, NULL, &error));
  test_fails (yara_orm_create (test->orm, &country_model, &country, NULL, &error), INTEGRITY);
  test_fails (yara_orm_create (test->orm, &country_model, &none, NULL, &error), FIELD, "Country", "code");
  test_fails (yara_orm_save (test->orm, &country_model, &none, NULL, NULL, &error), FIELD, "Country", "code");
  test_fails (yara_orm_delete (test->orm, &country_model, &none, NULL, &error), FIELD, "Country", "code");
  test_ok (yara_orm_create (test->orm, &country_model, &empty, NULL, &error));
  test_ok (yara_orm_delete (test->orm, &country_model, &empty, NULL, &error));
  test_ok (yara_orm_bulk_create (test->orm, &country_model, many, 2, NULL, &error));
  country.name = "Deutschland";
  test_ok (yara_orm_save (test->orm, &country_model, &country, NULL, NULL, &error));
  codes = test_fetch_list (test->orm, NULL, "SELECT code || name FROM countries ORDER BY code");
  g_assert_cmpstr (codes, ==, "deDeutschland,frFrance,itItaly");
}

typedef struct
{
  gint32   number;
  YaraUuid owner;
} Port;

static const YaraField port_fields[] = {
  YARA_FIELD (Port, number, .primary_key = true, .natural = true),
  YARA_FIELD (Port, owner, .nullable = true),
};
static const YaraModel port_model = YARA_MODEL (Port, "ports", port_fields);

static void
natural_zero (Test *test)
{
  Port port = { 0 }, many[] = { { 0 }, { 5 } };

  TEST_USE (test, &port_model);
  test_ok (yara_orm_create (test->orm, &port_model, &port, NULL, &error));
  g_assert_cmpint (port.number, ==, 0);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT number FROM ports"), ==, 0);
  test_ok (yara_orm_delete (test->orm, &port_model, &port, NULL, &error));
  test_ok (yara_orm_bulk_create (test->orm, &port_model, many, 2, NULL, &error));
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT sum(number) FROM ports WHERE number IN (0, 5)"),
                   ==, 5);
}

/* A model that is nothing but its key. */
typedef struct { gint64 id; } Ticket;

static const YaraField ticket_fields[] = { YARA_FIELD (Ticket, id, .primary_key = true) };
static const YaraModel ticket_model = YARA_MODEL (Ticket, "tickets", ticket_fields);

static void
only_a_key (Test *test)
{
  Ticket first = { 0 }, second = { 0 }, many[250] = { { 0 } };

  TEST_USE (test, &ticket_model);
  test_ok (yara_orm_create (test->orm, &ticket_model, &first, NULL, &error));
  test_ok (yara_orm_create (test->orm, &ticket_model, &second, NULL, &error));
  g_assert_cmpint (second.id, >, first.id);
  test_ok (yara_orm_save (test->orm, &ticket_model, &first, NULL, NULL, &error));
  test_ok (yara_orm_bulk_create (test->orm, &ticket_model, many, G_N_ELEMENTS (many), NULL, &error));
  for (gsize i = 0; i < G_N_ELEMENTS (many); i++)
    g_assert_cmpint (many[i].id, ==, second.id + 1 + (gint64) i);
}

/* A key that was used is not given again, as long as the table stands. */
static void
keys_are_not_reused (Test *test)
{
  Ticket first = { 0 }, second = { 0 };

  TEST_USE (test, &ticket_model);
  test_ok (yara_orm_create (test->orm, &ticket_model, &first, NULL, &error));
  test_ok (yara_orm_delete (test->orm, &ticket_model, &first, NULL, &error));
  test_ok (yara_orm_create (test->orm, &ticket_model, &second, NULL, &error));
  g_assert_cmpint (second.id, >, first.id);
}

typedef struct { gint16 id; gint32 value; } Small;

static const YaraField small_fields[] = { YARA_FIELD (Small, id, .primary_key = true),
                                          YARA_FIELD (Small, value) };
static const YaraModel small_model = YARA_MODEL (Small, "smalls", small_fields);

/* Backends notice it in different places. */
static void
assert_key_error (GError **error)
{
  g_assert_true (g_error_matches (*error, YARA_ERROR, YARA_ERROR_INTEGRITY) ||
                 g_error_matches (*error, YARA_ERROR, YARA_ERROR_OPERATIONAL) ||
                 g_error_matches (*error, YARA_ERROR, YARA_ERROR_DECODE));
  g_clear_error (error);
}

/* A key that the program brings moves the database's own keys on, or has to be told. */
static void
go_on_behind (Test *test, gint16 key)
{
  g_autofree char *sql = g_strdup_printf ("SELECT setval('smalls_id_seq', %d)", key);

  if (strcmp (test->variant->backend, "postgres") == 0)
    test_execute (test->orm, NULL, sql);
}

/* The next key is one that the record cannot hold: nothing is inserted. */
static void
key_too_large (Test *test)
{
  Small last = { .id = G_MAXINT16 - 150 }, next = { 0 }, many[200] = { { 0 } };
  GError *error = NULL;

  TEST_USE (test, &small_model);
  test_ok (yara_orm_create (test->orm, &small_model, &last, NULL, &error));
  go_on_behind (test, last.id);
  g_assert_false (yara_orm_bulk_create (test->orm, &small_model, many, 200, NULL, &error));
  assert_key_error (&error);
  for (gsize i = 0; i < G_N_ELEMENTS (many); i++)
    g_assert_cmpint (many[i].id, ==, 0);
  last.id = G_MAXINT16;
  test_ok (yara_orm_create (test->orm, &small_model, &last, NULL, &error));
  go_on_behind (test, last.id);
  g_assert_false (yara_orm_create (test->orm, &small_model, &next, NULL, &error));
  assert_key_error (&error);
  g_assert_cmpint (next.id, ==, 0);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM smalls"), ==, 2);
}

/* ---- defaults of the database ---- */

typedef struct
{
  gint64      id;
  const char *name;
  const char *tag;
  gint32      rank;
  bool        no_rank;
} Post;

static const YaraField post_fields[] = {
  YARA_FIELD (Post, id, .primary_key = true),
  YARA_FIELD (Post, name),
  YARA_FIELD (Post, tag, .default_sql = "upper('made')"),
  YARA_FIELD (Post, rank, .nullable = true, .null_flag = YARA_NULL_FLAG (Post, no_rank),
              .default_sql = "40 + 2"),
};
static const YaraModel post_model = YARA_MODEL (Post, "posts", post_fields);

static void
default_sql (Test *test)
{
  Post post = { .name = "a", .no_rank = true }, own = { .name = "b", .tag = "mine", .rank = 7 };
  Post many[2] = { { .name = "c", .no_rank = true }, { .name = "d", .no_rank = true } };
  g_autoptr(YaraResult) result = NULL;
  g_autofree char *rows = NULL;

  TEST_USE (test, &post_model);
  test_ok (yara_orm_create (test->orm, &post_model, &post, NULL, &error));
  g_assert_null (post.tag); /* the record is not told */
  result = test_ok (yara_orm_refresh (test->orm, &post_model, &post, NULL, &error));
  g_assert_cmpstr (post.tag, ==, "MADE");
  g_assert_cmpint (post.rank, ==, 42);
  g_assert_false (post.no_rank);
  test_ok (yara_orm_create (test->orm, &post_model, &own, NULL, &error));
  test_ok (yara_orm_bulk_create (test->orm, &post_model, many, 2, NULL, &error));
  rows = test_fetch_list (test->orm, NULL, "SELECT name || tag || rank FROM posts ORDER BY id");
  g_assert_cmpstr (rows, ==, "aMADE42,bmine7,cMADE42,dMADE42");
}

static const TestCase cases[] = {
  { "keys/uuid-made", uuid_made },
  { "keys/uuid-given", uuid_given },
  { "keys/uuid-after-failure", uuid_after_failure },
  { "keys/text", text_key },
  { "keys/natural-zero", natural_zero },
  { "keys/only-a-key", only_a_key },
  { "keys/are-not-reused", keys_are_not_reused },
  { "keys/too-large", key_too_large },
  { "keys/default-sql", default_sql },
};
TEST_MAIN (cases)
