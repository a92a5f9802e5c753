/* SPDX-License-Identifier: MIT
 *
 * Schemas: which tables are made where, in which order, and what is refused before anything is made.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64      id;
  const char *title;
  gint64      author;
  gint64      parent;
  bool        parent_null;
} Row;

typedef Row Author, Book, Tree, Loose, Pair, Long, Hen, Egg; /* all of one shape */

#define KEY YARA_FIELD (Row, id, .primary_key = true)

static const YaraField author_fields[] = {
  KEY,
  YARA_FIELD (Row, title, .max_length = 50, .index = true, .description = "what it is called"),
};
static const YaraModel author_model = YARA_MODEL (Author, "authors", author_fields,
                                                  .description = "who writes");

static const YaraField book_fields[] = {
  KEY,
  YARA_FIELD (Row, title, .unique = true),
  YARA_FIELD (Row, author, .references = &author_model, .on_delete = YARA_ON_DELETE_CASCADE),
};
static const YaraIndex book_indexes[] = { YARA_INDEX ("author", "title"), YARA_UNIQUE ("title", "author") };
static const YaraModel book_model = YARA_MODEL (Book, "books", book_fields, YARA_INDEXES (book_indexes));

static const YaraModel tree_model;
static const YaraField tree_fields[] = {
  KEY,
  YARA_FIELD (Row, parent, .references = &tree_model, .on_delete = YARA_ON_DELETE_SET_NULL, .nullable = true,
              .null_flag = YARA_NULL_FLAG (Row, parent_null)),
};
static const YaraModel tree_model = YARA_MODEL (Tree, "trees", tree_fields);

static const YaraField loose_fields[] = {
  KEY,
  YARA_FIELD (Row, author, .references = &author_model, .unconstrained = true),
};
static const YaraModel loose_model = YARA_MODEL (Loose, "looses", loose_fields);

static void
assert_tables (Test *test, const char *connection, const char *expected)
{
  g_autofree char *tables = test_fetch_list (test->orm, connection, test->variant->tables_sql);

  g_assert_cmpstr (tables, ==, expected);
}

#define MODELS(...) ((const YaraModel *const[]) { __VA_ARGS__, NULL })

static void
register_all (Test *test, const YaraModel *const *models)
{
  for (guint i = 0; models[i] != NULL; i++)
    test_ok (yara_orm_register (test->orm, models[i], &error));
}
#define REGISTER(...) register_all (test, MODELS (__VA_ARGS__))

/* ---- order and options ---- */

/* Referenced models come first, whatever the order of registration; foreign keys hold. */
static void
foreign_keys (Test *test)
{
  Row author = { .title = "Ada" }, book = { .title = "Notes",
                                            .author = 77 }, tree = { .parent_null = true }, leaf = { 0 };

  REGISTER (&book_model, &tree_model, &author_model);
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  assert_tables (test, NULL, "authors,books,trees");
  test_fails (yara_orm_create (test->orm, &book_model, &book, NULL, &error), INTEGRITY);
  test_ok (yara_orm_create (test->orm, &author_model, &author, NULL, &error));
  book.author = author.id;
  test_ok (yara_orm_create (test->orm, &book_model, &book, NULL, &error));
  test_ok (yara_orm_delete (test->orm, &author_model, &author, NULL, &error));
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM books"), ==, 0); /* cascade */

  test_ok (yara_orm_create (test->orm, &tree_model, &tree, NULL, &error));
  leaf.parent = tree.id;
  test_ok (yara_orm_create (test->orm, &tree_model, &leaf, NULL, &error));
  test_ok (yara_orm_delete (test->orm, &tree_model, &tree, NULL, &error));
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM trees WHERE parent IS NULL"), ==,
                   1);
}

static void
unique_and_indexes (Test *test)
{
  Row author = { .title = "Ada" }, other = { .title = "Eve" }, book = { .title = "Notes" };

  REGISTER (&author_model, &book_model);
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  test_ok (yara_orm_create (test->orm, &author_model, &author, NULL, &error));
  test_ok (yara_orm_create (test->orm, &author_model, &other, NULL, &error));
  book.author = author.id;
  test_ok (yara_orm_create (test->orm, &book_model, &book, NULL, &error));
  book = (Row) { .title = "Notes", .author = other.id };
  test_fails (yara_orm_create (test->orm, &book_model, &book, NULL, &error), INTEGRITY, "title");
}

static void
composite_unique (Test *test)
{
  static const YaraField fields[] = { KEY, YARA_FIELD (Row, title), YARA_FIELD (Row, author) };
  static const char *const names[] = { "title", "author", NULL };
  static const YaraIndex indexes[] = { { "one_of_each", names, true } };
  static const YaraModel model = YARA_MODEL (Pair, "pairs", fields, YARA_INDEXES (indexes));
  Row row = { .title = "a", .author = 1 };

  TEST_USE (test, &model);
  test_ok (yara_orm_create (test->orm, &model, &row, NULL, &error));
  row = (Row) { .title = "a", .author = 2 };
  test_ok (yara_orm_create (test->orm, &model, &row, NULL, &error));
  row = (Row) { .title = "a", .author = 1 };
  if (strcmp (test->variant->backend, "sqlite") == 0)
    test_fails (yara_orm_create (test->orm, &model, &row, NULL, &error), INTEGRITY, "title", "author");
  else
    {
      g_autoptr(GError) error = NULL;

      g_assert_false (yara_orm_create (test->orm, &model, &row, NULL, &error));
      g_assert_error (error, YARA_ERROR, YARA_ERROR_INTEGRITY);
      g_assert_cmpstr (yara_error_get_constraint (error), ==, "one_of_each");
      g_assert_cmpstr (yara_error_get_table (error), ==, "pairs");
      g_assert_nonnull (strstr (yara_error_get_detail (error), "title, author"));
      g_assert_null (strstr (error->message, "=("));
    }
}

#define LONG_62 "n1234567890123456789012345678901234567890123456789012345678901"

/* The names of indexes are made from others that fill all 63 bytes themselves. */
static void
long_names (Test *test)
{
  static const YaraField fields[] = {
    KEY,
    YARA_FIELD (Row, title, .column = LONG_62 "a", .index = true),
    YARA_FIELD (Row, author, .column = LONG_62 "b", .index = true),
  };
  const YaraIndex indexes[] = { { NULL, YARA_NAMES ("title", "author"), false },
                                { NULL, YARA_NAMES ("author", "title"), false } };
  YaraModel model = YARA_MODEL (Long, LONG_62 "c", fields, YARA_INDEXES (indexes));
  YaraModel twin = model;

  twin.name = "Twin";
  twin.table = LONG_62 "d";
  TEST_USE (test, &model, &twin);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM sqlite_master "
                                   "WHERE type = 'index' AND length (name) <= 63"), ==, 8);
  test_ok (yara_orm_close (test->orm, NULL, &error)); /* before the descriptors go */
}

/* Two models that refer to each other. */
static const YaraModel hen_model, egg_model;
static const YaraField hen_fields[] = {
  KEY,
  YARA_FIELD (Row, parent, .references = &egg_model, .nullable = true,
              .null_flag = YARA_NULL_FLAG (Row, parent_null)),
};
static const YaraField egg_fields[] = {
  KEY,
  YARA_FIELD (Row, parent, .references = &hen_model, .on_delete = YARA_ON_DELETE_RESTRICT, .nullable = true,
              .null_flag = YARA_NULL_FLAG (Row, parent_null)),
};
static const YaraModel hen_model = YARA_MODEL (Hen, "hens", hen_fields);
static const YaraModel egg_model = YARA_MODEL (Egg, "eggs", egg_fields);

static void
circle (Test *test)
{
  Row hen = { .parent_null = true }, egg = { 0 };

  REGISTER (&hen_model, &egg_model);
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  test_ok (yara_orm_create (test->orm, &hen_model, &hen, NULL, &error));
  egg.parent = hen.id;
  test_ok (yara_orm_create (test->orm, &egg_model, &egg, NULL, &error));
  test_fails (yara_orm_delete (test->orm, &hen_model, &hen, NULL, &error), INTEGRITY);
}

static void
safe_and_not (Test *test)
{
  Row author = { .title = "Ada" };

  REGISTER (&author_model, &book_model);
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_SAFE, NULL, &error));
  test_ok (yara_orm_create (test->orm, &author_model, &author, NULL, &error));
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_SAFE, NULL, &error));
  test_fails (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error), OPERATIONAL,
              "authors");
  test_await (yara_orm_generate_schemas_async (test->orm, YARA_SCHEMA_DEFAULT, NULL, test_call_done, &call),
              test_fails (yara_orm_generate_schemas_finish (test->orm, call.result, &error), OPERATIONAL,
                          "authors"));
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM authors"), ==, 1);
}

/* The last table stands in the way: none is made. */
static void
all_or_nothing (Test *test)
{
  REGISTER (&author_model, &book_model, &tree_model);
  test_execute (test->orm, NULL, "CREATE TABLE trees (id BIGINT)");
  test_fails (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error), OPERATIONAL, "trees");
  assert_tables (test, NULL, "trees");
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_SAFE, NULL, &error));
  assert_tables (test, NULL, "authors,books,trees");
}

static void
subset (Test *test)
{
  REGISTER (&author_model, &book_model, &tree_model);
  test_ok (yara_orm_generate_schemas_for (test->orm, MODELS (&author_model), YARA_SCHEMA_DEFAULT, NULL,
                                          &error));
  assert_tables (test, NULL, "authors");
  test_await_ok (orm_generate_schemas_for, test->orm, MODELS (&book_model), YARA_SCHEMA_DEFAULT);
  assert_tables (test, NULL, "authors,books");
  test_ok (yara_orm_generate_schemas_for (test->orm, (const YaraModel *const[]) { NULL }, YARA_SCHEMA_DEFAULT,
                                          NULL, &error));
  test_fails (yara_orm_generate_schemas_for (test->orm, MODELS (&loose_model), YARA_SCHEMA_DEFAULT, NULL,
                                             &error),
              CONFIGURATION, "Loose");
  assert_tables (test, NULL, "authors,books");
}

/* ---- several connections ---- */

/* Writes of books go to "library", all reads elsewhere. */
static const char *
read_from (const YaraModel *model, const YaraHints *hints)
{
  return "replica";
}

static const char *
write_to (const YaraModel *model, const YaraHints *hints)
{
  return strcmp (model->name, hints->user_data) == 0 ? "library" : NULL;
}

static void
route_to_library (Test *test, const char *model)
{
  test_add_connection (test, "replica");
  test_add_connection (test, "library");
  test_ok (yara_orm_set_router_functions (test->orm, read_from, write_to, (gpointer) model, NULL, &error));
}

static void
on_the_write_connection (Test *test)
{
  REGISTER (&author_model, &tree_model, &loose_model);
  route_to_library (test, "Tree");
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  assert_tables (test, "default", "authors,looses");
  assert_tables (test, "library", "trees");
  assert_tables (test, "replica", "");
}

static void
across_connections (Test *test)
{
  REGISTER (&tree_model, &author_model, &book_model);
  route_to_library (test, "Book");
  test_fails (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error), CONFIGURATION,
              "Book", "author", "Author", "library", "default");
  test_fails (yara_orm_schema_sql (test->orm, NULL, YARA_SCHEMA_DEFAULT, &error), CONFIGURATION, "Book",
              "Author");
  assert_tables (test, "default", "");
  assert_tables (test, "library", "");
  test_fails (yara_orm_generate_schemas_for (test->orm, MODELS (&book_model), YARA_SCHEMA_DEFAULT, NULL,
                                             &error),
              CONFIGURATION, "Book", "Author");
  assert_tables (test, "library", "");
}

static void
unconstrained (Test *test)
{
  Row loose = { .author = 12345 };

  REGISTER (&loose_model, &author_model);
  route_to_library (test, "Loose");
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  assert_tables (test, "library", "looses");
  test_ok (yara_orm_create (test->orm, &loose_model, &loose, NULL, &error));
}

static void
reference_to_unregistered (Test *test)
{
  REGISTER (&book_model);
  test_fails (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error), CONFIGURATION, "Book",
              "Author");
  assert_tables (test, NULL, "");
}

/* ---- as text ---- */

/* What schema_sql() tells is what is made: run by hand it leaves the same schema. */
static void
sql_is_what_is_made (Test *test)
{
  const char *schema = "SELECT coalesce(sql, name) FROM sqlite_master "
                       "WHERE name NOT LIKE 'sqlite_%' ORDER BY name";
  g_autofree char *made = NULL, *told = NULL;
  g_autoptr(GVariant) variant = NULL;
  g_autoptr(GVariantIter) connections = NULL;
  const char *name;
  GVariantIter *statements;
  guint n_connections = 0, n_statements = 0;

  REGISTER (&book_model, &author_model, &tree_model);
  test_add_connection (test, "other");
  variant = test_ok (yara_orm_schema_sql (test->orm, NULL, YARA_SCHEMA_DEFAULT, &error));
  g_assert_cmpstr (g_variant_get_type_string (variant), ==, "a(sas)");
  g_assert_false (g_variant_is_floating (variant));
  assert_tables (test, NULL, "");
  g_variant_get (variant, "a(sas)", &connections);
  while (g_variant_iter_next (connections, "(&sas)", &name, &statements))
    {
      const char *sql;

      n_connections++;
      g_assert_cmpstr (name, ==, "default");
      while (g_variant_iter_next (statements, "&s", &sql))
        {
          test_execute (test->orm, "other", sql);
          n_statements++;
        }
      g_variant_iter_free (statements);
    }
  g_assert_cmpuint (n_connections, ==, 1);
  g_assert_cmpuint (n_statements, ==, 6); /* three tables; an index of authors and two of books */
  test_ok (yara_orm_generate_schemas (test->orm, YARA_SCHEMA_DEFAULT, NULL, &error));
  made = test_fetch_list (test->orm, "default", schema);
  told = test_fetch_list (test->orm, "other", schema);
  g_assert_cmpstr (made, ==, told);
}

static void
sql_per_connection (Test *test)
{
  g_autoptr(GVariant) all = NULL, one = NULL;
  const char *first, *second;

  REGISTER (&author_model, &tree_model);
  route_to_library (test, "Tree");
  all = test_ok (yara_orm_schema_sql (test->orm, NULL, YARA_SCHEMA_SAFE, &error));
  g_assert_cmpuint (g_variant_n_children (all), ==, 2);
  g_variant_get_child (all, 0, "(&sas)", &first, NULL);
  g_variant_get_child (all, 1, "(&sas)", &second, NULL);
  g_assert_cmpstr (first, !=, second);
  one = test_ok (yara_orm_schema_sql (test->orm, MODELS (&tree_model), YARA_SCHEMA_SAFE, &error));
  g_assert_cmpuint (g_variant_n_children (one), ==, 1);
  assert_tables (test, "library", "");
}

static const TestCase cases[] = {
  { "schemas/foreign-keys", foreign_keys },
  { "schemas/unique-and-indexes", unique_and_indexes },
  { "schemas/composite-unique", composite_unique },
  { "schemas/long-names", long_names, "sqlite-file" },
  { "schemas/circle", circle, "sqlite-file" },
  { "schemas/safe-and-not", safe_and_not },
  { "schemas/all-or-nothing", all_or_nothing },
  { "schemas/subset", subset },
  { "schemas/on-the-write-connection", on_the_write_connection },
  { "schemas/across-connections", across_connections },
  { "schemas/unconstrained", unconstrained },
  { "schemas/reference-to-unregistered", reference_to_unregistered },
  { "schemas/sql-is-what-is-made", sql_is_what_is_made, "sqlite-file" },
  { "schemas/sql-per-connection", sql_per_connection },
};
TEST_MAIN (cases)
