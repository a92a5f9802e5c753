/* SPDX-License-Identifier: MIT
 * From records to statements: one record, many, by key and by likeness. */
#include "compile-fixture.h"

#define NO_KEY "Doc.id: the record has no key; create it first"

static const Doc full_doc = { 7, "title", "old", "slug", 3, false, 99 };

static void
assert_insert (Fixture *fixture, const Doc *doc, YaraAnswer answer, const char *sql, const char *values)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_compile_insert (fixture->cache, doc, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpint (statement.answer, ==, answer);
  g_assert_false (statement.is_read);
  assert_statement (fixture, &statement, sql, values);
}

static void
test_insert (Fixture *fixture, gconstpointer model)
{
  Doc doc = full_doc;
  g_autoptr(GError) error = NULL;
  YaraStatement statement;
  gboolean ok;

  assert_insert (fixture, &doc, YARA_ANSWER_COUNT,
                 "INSERT INTO \"docs\" (" DOC_COLUMNS ") VALUES (?, ?, ?, ?, ?, ?)",
                 "7, 'title', 'old', 'slug', 3, 99");
  doc.id = 0; /* the database makes it */
  assert_insert (fixture, &doc, YARA_ANSWER_KEY,
                 "INSERT INTO \"docs\" (\"title\", \"state\", \"slug\", \"rank\", \"saved\") VALUES (?, ?, ?, ?, ?)",
                 "'title', 'old', 'slug', 3, 99");
  doc.slug = NULL; /* the database knows the default */
  assert_insert (fixture, &doc, YARA_ANSWER_KEY,
                 "INSERT INTO \"docs\" (\"title\", \"state\", \"rank\", \"saved\") VALUES (?, ?, ?, ?)",
                 "'title', 'old', 3, 99");
  doc.rank_null = true;
  assert_insert (fixture, &doc, YARA_ANSWER_KEY,
                 "INSERT INTO \"docs\" (\"title\", \"state\", \"saved\") VALUES (?, ?, ?)", "'title', 'old', 99");
  doc.state = NULL; /* we know the default */
  assert_insert (fixture, &doc, YARA_ANSWER_KEY,
                 "INSERT INTO \"docs\" (\"title\", \"state\", \"saved\") VALUES (?, ?, ?)", "'title', 'new', 99");
  doc.title = NULL; /* nobody does */
  ok = yara_compile_insert (fixture->cache, &doc, &fixture->arena, &statement, &error);
  assert_refused (ok, &statement, &error, error->message);
  doc.title = "\xff";
  ok = yara_compile_insert (fixture->cache, &doc, &fixture->arena, &statement, &error);
  assert_refused (ok, &statement, &error, error->message);
}

static void
assert_update (Fixture *fixture, const Doc *doc, const char *const *fields, const char *sql, const char *values)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_compile_update_record (fixture->cache, doc, fields, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpint (statement.answer, ==, YARA_ANSWER_COUNT);
  assert_statement (fixture, &statement, sql, values);
}

static void
assert_not_updated (Fixture *fixture, const Doc *doc, const char *const *fields, const char *message)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;
  gboolean ok = yara_compile_update_record (fixture->cache, doc, fields, &fixture->arena, &statement, &error);

  assert_refused (ok, &statement, &error, message != NULL ? message : error->message);
}

static void
test_update (Fixture *fixture, gconstpointer model)
{
  Doc doc = full_doc;
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  assert_update (fixture, &doc, NULL,
                 "UPDATE \"docs\" SET \"title\" = ?, \"state\" = ?, \"slug\" = ?, \"rank\" = ?, \"saved\" = ? "
                 "WHERE \"id\" = ?", "'title', 'old', 'slug', 3, 99, 7");
  /* in the order of the fields, and with the auto_now one */
  assert_update (fixture, &doc, YARA_NAMES ("state", "title", "state"),
                 "UPDATE \"docs\" SET \"title\" = ?, \"state\" = ?, \"saved\" = ? WHERE \"id\" = ?",
                 "'title', 'old', 99, 7");
  doc.slug = NULL;
  doc.rank_null = true; /* the record was not told what the database made, and leaves it */
  assert_update (fixture, &doc, NULL,
                 "UPDATE \"docs\" SET \"title\" = ?, \"state\" = ?, \"saved\" = ? WHERE \"id\" = ?",
                 "'title', 'old', 99, 7");
  assert_update (fixture, &doc, YARA_NAMES ("slug"), /* but what is named is written */
                 "UPDATE \"docs\" SET \"slug\" = ?, \"saved\" = ? WHERE \"id\" = ?", "null, 99, 7");
  assert_not_updated (fixture, &doc, YARA_NAMES ("rank"), NULL);

  g_assert_true (yara_compile_update_record (fixture->cache, &doc, (const char *const[]) { NULL }, &fixture->arena,
                                             &statement, &error));
  g_assert_null (statement.sql);
  assert_not_updated (fixture, &doc, YARA_NAMES ("titel"), "Doc has no field \"titel\"; did you mean \"title\"?");
  assert_not_updated (fixture, &doc, YARA_NAMES ("title", "id"),
                      "Doc.id: the key of a row cannot be changed; leave it out of the names");
  doc.title = NULL;
  assert_not_updated (fixture, &doc, NULL, NULL);
  doc.title = "title";
  doc.id = 0;
  assert_not_updated (fixture, &doc, NULL, NO_KEY);
  assert_not_updated (fixture, &doc, YARA_NAMES ("title"), NO_KEY);
}

static void
test_delete (Fixture *fixture, gconstpointer model)
{
  Doc doc = full_doc;
  g_autoptr(GError) error = NULL;
  YaraStatement statement;
  gboolean ok;

  yara_compile_delete_record (fixture->cache, &doc, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpint (statement.answer, ==, YARA_ANSWER_COUNT);
  assert_statement (fixture, &statement, "DELETE FROM \"docs\" WHERE \"id\" = ?", "7");
  doc.id = 0;
  ok = yara_compile_delete_record (fixture->cache, &doc, &fixture->arena, &statement, &error);
  assert_refused (ok, &statement, &error, NO_KEY);
}

static void
assert_like (Fixture *fixture, const Doc *doc, const char *const *fields, const char *sql, const char *values)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  yara_compile_select_like (fixture->cache, doc, fields, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpint (statement.answer, ==, YARA_ANSWER_RECORDS);
  g_assert_true (statement.is_read);
  g_assert_cmpuint (statement.max_rows, ==, fields == NULL ? 1 : 2);
  assert_statement (fixture, &statement, sql, values);
}

static void
assert_not_like (Fixture *fixture, const Doc *doc, const char *const *fields, const char *message)
{
  g_autoptr(GError) error = NULL;
  YaraStatement statement;
  gboolean ok = yara_compile_select_like (fixture->cache, doc, fields, &fixture->arena, &statement, &error);

  assert_refused (ok, &statement, &error, message);
}

static void
test_select_like (Fixture *fixture, gconstpointer model)
{
  Doc doc = full_doc;

  assert_like (fixture, &doc, NULL, "SELECT " DOC_COLUMNS " FROM \"docs\" WHERE \"id\" = ?", "7");
  doc.slug = NULL;
  assert_like (fixture, &doc, YARA_NAMES ("title", "slug", "rank"),
               "SELECT " DOC_COLUMNS " FROM \"docs\" WHERE \"title\" = ? AND \"slug\" IS NULL AND \"rank\" = ? LIMIT ?",
               "'title', 3, 2");
  assert_not_like (fixture, &doc, YARA_NAMES ("titel"), "Doc has no field \"titel\"; did you mean \"title\"?");
  assert_not_like (fixture, &doc, (const char *const[]) { NULL }, "Doc: no fields are named to find the row by");
  doc.id = 0;
  assert_not_like (fixture, &doc, NULL, NO_KEY);
  assert_like (fixture, &doc, YARA_NAMES ("id"), "SELECT " DOC_COLUMNS " FROM \"docs\" WHERE \"id\" = ? LIMIT ?",
               "0, 2"); /* no row has it */
}

/* ---- keys of other kinds ---- */

typedef struct
{
  gint64 id;
} Ticket;

static const YaraField ticket_fields[] = { YARA_FIELD (Ticket, id, .primary_key = true) };
static const YaraModel ticket_model = YARA_MODEL (Ticket, "tickets", ticket_fields);

static void
test_only_a_key (Fixture *fixture, gconstpointer model)
{
  Ticket ticket = { 0 }, tickets[3] = { { 0 } };
  g_autoptr(GError) error = NULL;
  YaraStatement statement;
  YaraBulkInsert bulk;

  yara_compile_insert (fixture->cache, &ticket, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpint (statement.answer, ==, YARA_ANSWER_KEY);
  assert_statement (fixture, &statement, "INSERT INTO \"tickets\" DEFAULT VALUES", "");

  g_assert_true (yara_compile_bulk_insert (fixture->cache, tickets, 3, &fixture->arena, &bulk, &error));
  g_assert_cmpuint (bulk.n_columns, ==, 0);
  g_assert_cmpuint (bulk.chunk_rows, ==, 1);
  g_assert_cmpstr (bulk.chunk_sql->text, ==, "INSERT INTO \"tickets\" DEFAULT VALUES RETURNING \"id\"");
  g_assert_null (bulk.tail_sql);
  assert_prepares (fixture, bulk.chunk_sql->text, 0);
  yara_bulk_insert_clear (&bulk);

  ticket.id = 5;
  yara_compile_insert (fixture->cache, &ticket, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  assert_statement (fixture, &statement, "INSERT INTO \"tickets\" (\"id\") VALUES (?)", "5");
  g_assert_true (yara_compile_update_record (fixture->cache, &ticket, NULL, &fixture->arena, &statement, &error));
  g_assert_null (statement.sql); /* there is nothing to update */
}

typedef struct
{
  const char *code;
  gint32      n;
} Country;

static const YaraField country_fields[] = {
  YARA_FIELD (Country, code, .primary_key = true),
  YARA_FIELD (Country, n),
};
static const YaraModel country_model = YARA_MODEL (Country, "countries", country_fields);

static void
test_text_key (Fixture *fixture, gconstpointer model)
{
  Country country = { "NL", 1 };
  g_autoptr(GError) error = NULL;
  YaraStatement statement;
  gboolean ok;

  yara_compile_insert (fixture->cache, &country, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  g_assert_cmpint (statement.answer, ==, YARA_ANSWER_COUNT);
  assert_statement (fixture, &statement, "INSERT INTO \"countries\" (\"code\", \"n\") VALUES (?, ?)", "'NL', 1");
  yara_compile_update_record (fixture->cache, &country, NULL, &fixture->arena, &statement, &error);
  g_assert_no_error (error);
  assert_statement (fixture, &statement, "UPDATE \"countries\" SET \"n\" = ? WHERE \"code\" = ?", "1, 'NL'");

  country.code = NULL;
  ok = yara_compile_insert (fixture->cache, &country, &fixture->arena, &statement, &error);
  assert_refused (ok, &statement, &error, error->message);
  ok = yara_compile_delete_record (fixture->cache, &country, &fixture->arena, &statement, &error);
  assert_refused (ok, &statement, &error, "Country.code: the record has no key; create it first");
}

/* A record that knows nothing but its key writes nothing. */
static const YaraField mark_fields[] = {
  YARA_FIELD (Doc, id, .primary_key = true),
  YARA_FIELD (Doc, slug, .nullable = true, .default_sql = "'x'"),
};
static const YaraModel mark_model = YARA_MODEL (Doc, "marks", mark_fields);

static void
test_nothing_to_update (Fixture *fixture, gconstpointer model)
{
  Doc doc = { .id = 5 };
  g_autoptr(GError) error = NULL;
  YaraStatement statement;

  g_assert_true (yara_compile_update_record (fixture->cache, &doc, NULL, &fixture->arena, &statement, &error));
  g_assert_null (statement.sql);
  assert_update (fixture, &doc, YARA_NAMES ("slug"), "UPDATE \"marks\" SET \"slug\" = ? WHERE \"id\" = ?",
                 "null, 5");
}

/* ---- many records ---- */

static void
test_bulk (Fixture *fixture, gconstpointer model)
{
  g_autofree Doc *docs = g_new0 (Doc, 250);
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraSql) chunk = NULL;
  YaraBulkInsert bulk;

  for (int i = 0; i < 250; i++)
    docs[i] = (Doc) { .title = "title", .state = "old", .rank_null = true };
  g_assert_true (yara_compile_bulk_insert (fixture->cache, docs, 250, &fixture->arena, &bulk, &error));
  g_assert_true (bulk.info == fixture->info);
  g_assert_true (bulk.returns_key);
  g_assert_true (bulk.records == (char *) docs);
  g_assert_cmpuint (bulk.n_records, ==, 250);
  g_assert_cmpuint (bulk.chunk_rows, ==, 100);
  g_assert_cmpuint (bulk.n_columns, ==, 3); /* slug and rank are the database's */
  g_assert_cmpstr (bulk.columns[0]->name, ==, "title");
  g_assert_cmpstr (bulk.columns[1]->name, ==, "state");
  g_assert_cmpstr (bulk.columns[2]->name, ==, "saved");
  assert_prepares (fixture, bulk.chunk_sql->text, 300);
  assert_prepares (fixture, bulk.tail_sql->text, 150);
  chunk = yara_sql_ref (bulk.chunk_sql);
  yara_bulk_insert_clear (&bulk);
  g_assert_null (bulk.chunk_sql);

  for (int i = 0; i < 100; i++)
    docs[i].id = i + 1;
  g_assert_true (yara_compile_bulk_insert (fixture->cache, docs, 100, &fixture->arena, &bulk, &error));
  g_assert_false (bulk.returns_key);
  g_assert_cmpuint (bulk.n_columns, ==, 4);
  g_assert_null (bulk.tail_sql);
  yara_bulk_insert_clear (&bulk);

  g_assert_true (yara_compile_bulk_insert (fixture->cache, docs + 100, 2, &fixture->arena, &bulk, &error));
  g_assert_null (bulk.chunk_sql);
  g_assert_cmpstr (bulk.tail_sql->text, ==,
                   "INSERT INTO \"docs\" (\"title\", \"state\", \"saved\") VALUES (?, ?, ?), (?, ?, ?) "
                   "RETURNING \"id\"");
  yara_bulk_insert_clear (&bulk);

  g_assert_true (yara_compile_bulk_insert (fixture->cache, docs + 100, 110, &fixture->arena, &bulk, &error));
  g_assert_true (bulk.chunk_sql == chunk); /* the text is kept */
  yara_bulk_insert_clear (&bulk);

  g_assert_true (yara_compile_bulk_insert (fixture->cache, docs, 0, &fixture->arena, &bulk, &error));
  g_assert_null (bulk.chunk_sql);
  g_assert_null (bulk.tail_sql);
  yara_bulk_insert_clear (&bulk);
}

static void
assert_not_bulk (Fixture *fixture, Doc *docs, gsize n_docs, const char *message)
{
  g_autoptr(GError) error = NULL;
  YaraBulkInsert bulk;

  g_assert_false (yara_compile_bulk_insert (fixture->cache, docs, n_docs, &fixture->arena, &bulk, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_FIELD);
  g_assert_cmpstr (error->message, ==, message);
  g_assert_null (bulk.chunk_sql);
  g_assert_null (bulk.tail_sql);
}

static void
test_bad_bulk (Fixture *fixture, gconstpointer model)
{
  Doc docs[3] = { full_doc, full_doc, full_doc };

  docs[2].id = 0;
  assert_not_bulk (fixture, docs, 3, "Doc.id: 2 of 3 records have a key; give all of them one or none");
  docs[2].id = 5;
  docs[0].slug = NULL;
  assert_not_bulk (fixture, docs, 3,
                   "Doc.slug: 1 of 3 records leave the field to the database; let all of them do so or none");
}

/* ---- a model with many columns ---- */

#define N_WIDE 500

typedef struct
{
  gint64 id;
  gint32 cells[N_WIDE];
} Wide;

/* Chunks keep within the parameters of one statement, and shapes outgrow their first place. */
static void
test_wide_model (void)
{
  g_autofree YaraField *fields = g_new0 (YaraField, N_WIDE + 1);
  g_autofree Wide *records = g_new0 (Wide, 70);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  YaraModel model = { .struct_size = sizeof model, .name = "Wide", .table = "wide", .record_size = sizeof (Wide),
                      .fields = fields, .n_fields = N_WIDE + 1 };
  g_autoptr(GError) error = NULL;
  Fixture fixture;
  YaraBulkInsert bulk;

  fields[0] = (YaraField) YARA_FIELD (Wide, id, .primary_key = true);
  for (guint i = 0; i < N_WIDE; i++)
    {
      g_ptr_array_add (names, g_strdup_printf ("c%u", i));
      fields[i + 1] = (YaraField) { .name = names->pdata[i], .c_type = YARA_C_TYPE_INT32, .size = sizeof (gint32),
                                    .offset = offsetof (Wide, cells) + i * sizeof (gint32) };
    }
  fixture_set_up (&fixture, &model);
  g_assert_true (yara_compile_bulk_insert (fixture.cache, records, 70, &fixture.arena, &bulk, &error));
  g_assert_cmpuint (bulk.chunk_rows, ==, 32766 / N_WIDE);
  assert_prepares (&fixture, bulk.chunk_sql->text, N_WIDE * bulk.chunk_rows);
  assert_prepares (&fixture, bulk.tail_sql->text, N_WIDE * (70 - bulk.chunk_rows));
  yara_bulk_insert_clear (&bulk);
  fixture_tear_down (&fixture, &model);
}

#define add(path, model, test) g_test_add (path, Fixture, model, fixture_set_up, test, fixture_tear_down)

int
main (int argc, char **argv)
{
  g_test_init (&argc, &argv, NULL);
  add ("/compile-record/insert", &doc_model, test_insert);
  add ("/compile-record/update", &doc_model, test_update);
  add ("/compile-record/delete", &doc_model, test_delete);
  add ("/compile-record/select-like", &doc_model, test_select_like);
  add ("/compile-record/only-a-key", &ticket_model, test_only_a_key);
  add ("/compile-record/text-key", &country_model, test_text_key);
  add ("/compile-record/nothing-to-update", &mark_model, test_nothing_to_update);
  add ("/compile-record/bulk", &doc_model, test_bulk);
  add ("/compile-record/bad-bulk", &doc_model, test_bad_bulk);
  g_test_add_func ("/compile-record/wide-model", test_wide_model);
  return g_test_run ();
}
