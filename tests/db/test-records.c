/* SPDX-License-Identifier: MIT
 *
 * One record at a time: create, save, delete, refresh, get or create, update or create.
 */
#include "fixture.h"

#include <string.h>

typedef struct
{
  gint64      id;
  const char *name;
  const char *city;
  gint32      age;
  bool        age_unknown;
  const char *state;
  gint64      created;
  gint64      changed;
} Person;

static const YaraField person_fields[] = {
  YARA_FIELD (Person, id, .primary_key = true),
  YARA_FIELD (Person, name, .unique = true, .max_length = 40),
  YARA_FIELD (Person, city, .nullable = true, .column = "home town"),
  YARA_FIELD (Person, age, .nullable = true, .null_flag = YARA_NULL_FLAG (Person, age_unknown)),
  YARA_FIELD (Person, state, .default_value = "new"),
  YARA_FIELD_AS (Person, created, TIMESTAMP, .auto_now_add = true),
  YARA_FIELD_AS (Person, changed, TIMESTAMP, .auto_now = true),
};
static const YaraModel person_model = YARA_MODEL (Person, "people", person_fields);

static gint64
count_people (Test *test)
{
  return test_fetch_int (test->orm, NULL, "SELECT count(*) FROM people");
}

static Person
add_person (Test *test, const char *name)
{
  Person person = { .name = name, .age = 36 };

  test_ok (yara_orm_create (test->orm, &person_model, &person, NULL, &error));
  return person;
}

/* ---- create ---- */

static void
create (Test *test)
{
  gint64 before = g_get_real_time (), after;
  Person first, second;
  g_autofree char *names = NULL;

  TEST_USE (test, &person_model);
  first = add_person (test, "Ada");
  second = add_person (test, "Grace");
  after = g_get_real_time ();
  g_assert_cmpint (first.id, >, 0);
  g_assert_cmpint (second.id, >, first.id);
  g_assert_cmpstr (first.state, ==, "new");
  g_assert_cmpint (first.created, >=, before);
  g_assert_cmpint (second.created, <=, after);
  g_assert_cmpint (first.changed, >=, before);
  names = test_fetch_list (test->orm, NULL,
                           "SELECT name || coalesce(\"home town\", '?') || state FROM people ORDER BY id");
  g_assert_cmpstr (names, ==, "Ada?new,Grace?new");
}

static void
create_with_key (Test *test)
{
  Person person = { .id = 1000, .name = "Ada" }, next;

  TEST_USE (test, &person_model);
  test_ok (yara_orm_create (test->orm, &person_model, &person, NULL, &error));
  g_assert_cmpint (person.id, ==, 1000);
  person.name = "Grace";
  test_fails (yara_orm_create (test->orm, &person_model, &person, NULL, &error), INTEGRITY);
  next = add_person (test, "Mary");
  g_assert_cmpint (next.id, !=, 1000);
}

static void
create_conflict (Test *test)
{
  Person person = { .name = "Ada " TEST_SECRET };
  g_autoptr(GError) error = NULL;

  TEST_USE (test, &person_model);
  test_ok (yara_orm_create (test->orm, &person_model, &person, NULL, &error));
  person = (Person) { .name = "Ada " TEST_SECRET };
  test_fails (yara_orm_create (test->orm, &person_model, &person, NULL, &error), INTEGRITY, "name");
  g_assert_cmpint (person.id, ==, 0);
  g_assert_cmpint (count_people (test), ==, 1);
  test_await (yara_orm_create_async (test->orm, &person_model, &person, NULL, test_call_done, &call),
              test_fails (yara_orm_create_finish (test->orm, call.result, &error), INTEGRITY, "name"));
  g_assert_cmpint (person.id, ==, 0);
  g_assert_false (yara_orm_create (test->orm, &person_model, &person, NULL, &error));
  g_assert_cmpstr (yara_error_get_connection (error), ==, "default");
  if (strcmp (test->variant->backend, "sqlite") == 0)
    g_assert_cmpint (yara_error_get_sqlite_code (error), ==, 2067); /* SQLITE_CONSTRAINT_UNIQUE */
  person.name = "Grace";
  test_ok (yara_orm_create (test->orm, &person_model, &person, NULL, &error)); /* the session is sound */
}

static void
create_missing_table (Test *test)
{
  Person person = { .name = "Ada" };

  test_ok (yara_orm_register (test->orm, &person_model, &error));
  test_fails (yara_orm_create (test->orm, &person_model, &person, NULL, &error), OPERATIONAL, "people");
  g_assert_cmpint (person.id, ==, 0);
}

/* ---- save ---- */

static void
save_all (Test *test)
{
  Person person, other;
  g_autofree char *row = NULL;
  gint64 created;

  TEST_USE (test, &person_model);
  other = add_person (test, "Grace");
  person = add_person (test, "Ada");
  created = person.created;
  person.name = "Ada L.";
  person.city = "London";
  person.age_unknown = true;
  person.changed = 0;
  test_ok (yara_orm_save (test->orm, &person_model, &person, NULL, NULL, &error));
  g_assert_cmpint (person.changed, >=, created);
  g_assert_cmpint (person.created, ==, created);
  row = test_fetch_list (test->orm, NULL,
                         "SELECT name || \"home town\" || coalesce(age, -1) FROM people WHERE id = 2");
  g_assert_cmpstr (row, ==, "Ada L.London-1");
  {
    Person again = { .id = person.id };
    g_autoptr(YaraResult) result = NULL;

    result = test_ok (yara_orm_refresh (test->orm, &person_model, &again, NULL, &error));

    g_assert_cmpint (again.changed, ==, person.changed);
    g_assert_cmpint (again.created, ==, created);
  }
  g_assert_cmpint (other.id, ==, 1);
  g_assert_cmpint (test_fetch_int (test->orm, NULL,
                                   "SELECT count(*) FROM people WHERE name = 'Grace' AND age = 36"), ==, 1);
}

static void
save_named (Test *test)
{
  Person person;
  g_autofree char *row = NULL;

  TEST_USE (test, &person_model);
  person = add_person (test, "Ada");
  person.name = "not saved";
  person.city = "London";
  person.changed = 0;
  test_ok (yara_orm_save (test->orm, &person_model, &person, YARA_NAMES ("city"), NULL, &error));
  g_assert_cmpint (person.changed, >, 0); /* auto_now is written with whatever is saved */
  row = test_fetch_list (test->orm, NULL, "SELECT name || \"home town\" || age FROM people");
  g_assert_cmpstr (row, ==, "AdaLondon36");

  test_fails (yara_orm_save (test->orm, &person_model, &person, YARA_NAMES ("city", "naem"), NULL, &error),
              FIELD,
              "Person", "naem", "name");
  test_fails (yara_orm_save (test->orm, &person_model, &person, YARA_NAMES ("home town"), NULL, &error),
              FIELD, "home town");
}

static void
save_nothing (Test *test)
{
  Person person;

  TEST_USE (test, &person_model);
  person = add_person (test, "Ada");
  person.changed = 5;
  person.name = "not saved";
  test_ok (yara_orm_save (test->orm, &person_model, &person, (const char *const[]) { NULL }, NULL, &error));
  g_assert_cmpint (person.changed, ==, 5);
  test_await_ok (orm_save, test->orm, &person_model, &person, (const char *const[]) { NULL });
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM people WHERE name = 'Ada'"), ==, 1);
}

static void
save_missing (Test *test)
{
  Person person = { .id = 77, .name = "Nobody", .state = "new" };
  Person other;

  TEST_USE (test, &person_model);
  test_fails (yara_orm_save (test->orm, &person_model, &person, NULL, NULL, &error), DOES_NOT_EXIST,
              "Person");
  test_fails (yara_orm_save (test->orm, &person_model, &person, YARA_NAMES ("age"), NULL, &error),
              DOES_NOT_EXIST, "Person");
  g_assert_cmpint (count_people (test), ==, 0);

  /* a conflict leaves row and record alone */
  add_person (test, "Ada");
  other = add_person (test, "Grace");
  other.name = "Ada";
  test_fails (yara_orm_save (test->orm, &person_model, &other, NULL, NULL, &error), INTEGRITY, "name");
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT count(*) FROM people WHERE name = 'Grace'"), ==,
                   1);
}

/* ---- delete and refresh ---- */

static void
delete (Test *test)
{
  Person person, other;

  TEST_USE (test, &person_model);
  person = add_person (test, "Ada");
  other = add_person (test, "Grace");
  test_ok (yara_orm_delete (test->orm, &person_model, &person, NULL, &error));
  g_assert_cmpint (count_people (test), ==, 1);
  test_fails (yara_orm_delete (test->orm, &person_model, &person, NULL, &error), DOES_NOT_EXIST, "Person");
  test_await_ok (orm_delete, test->orm, &person_model, &other);
  g_assert_cmpint (count_people (test), ==, 0);
}

static void
refresh (Test *test)
{
  Person person, gone = { .id = 99, .name = "mine" };
  g_autoptr(YaraResult) result = NULL;

  TEST_USE (test, &person_model);
  person = add_person (test, "Ada");
  test_execute (test->orm, NULL, "UPDATE people SET name = 'Augusta', age = NULL, \"home town\" = 'Rome'");
  result = test_ok (yara_orm_refresh (test->orm, &person_model, &person, NULL, &error));
  g_assert_cmpstr (person.name, ==, "Augusta");
  g_assert_cmpstr (person.city, ==, "Rome");
  g_assert_true (person.age_unknown);
  g_assert_cmpuint (yara_result_get_n_records (result), ==, 1);

  test_fails (yara_orm_refresh (test->orm, &person_model, &gone, NULL, &error), DOES_NOT_EXIST, "Person");
  g_assert_cmpstr (gone.name, ==, "mine");
}

/* ---- look, then write ---- */

static YaraResult *
find_or_make (Test *test, Person *person, const char *const *fields, gboolean *created)
{
  return test_ok (yara_orm_get_or_create (test->orm, &person_model, person, fields, created, NULL, &error));
}

static void
get_or_create (Test *test)
{
  Person person = { .name = "Ada", .age = 36 }, again = { .name = "Ada", .age = 1 };
  gboolean created = FALSE;

  TEST_USE (test, &person_model);
  {
    g_autoptr(YaraResult) result = find_or_make (test, &person, YARA_NAMES ("name"), &created);
    Person *made = yara_result_get_record (result, 0);

    g_assert_true (created);
    g_assert_cmpuint (yara_result_get_n_records (result), ==, 1);
    g_assert_cmpint (made->id, >, 0);
    g_assert_cmpint (made->id, ==, person.id);
    g_assert_cmpstr (made->name, ==, "Ada");
    g_assert_cmpstr (made->state, ==, "new");
    g_assert_cmpint (made->created, ==, person.created);
  }
  {
    g_autoptr(YaraResult) result = find_or_make (test, &again, YARA_NAMES ("name"), &created);
    Person *found = yara_result_get_record (result, 0);

    g_assert_false (created);
    g_assert_cmpint (found->id, ==, person.id);
    g_assert_cmpint (found->age, ==, 36);
  }
  again = (Person) { .name = "Mary" };
  {
    g_autoptr(YaraResult) result = find_or_make (test, &again, YARA_NAMES ("name"), NULL);

    g_assert_cmpuint (yara_result_get_n_records (result), ==, 1);
  }
  g_assert_cmpint (count_people (test), ==, 2);
}

/* NULL equals NULL here, so that looking and making agree. */
static void
get_or_create_null (Test *test)
{
  Person person = { .name = "Ada", .city = NULL, .age_unknown = true };
  gboolean created = FALSE;

  TEST_USE (test, &person_model);
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(YaraResult) result = find_or_make (test, &person, YARA_NAMES ("city", "age"), &created);

      g_assert_cmpint (created, ==, i == 0);
    }
  g_assert_cmpint (count_people (test), ==, 1);
}

static void
get_or_create_bad (Test *test)
{
  Person person = { .name = "x", .age = 36 };
  gboolean created = FALSE;

  TEST_USE (test, &person_model);
  add_person (test, "Ada");
  add_person (test, "Grace");
  test_fails (yara_orm_get_or_create (test->orm, &person_model, &person, YARA_NAMES ("age"), &created, NULL,
                                      &error),
              MULTIPLE_OBJECTS, "Person");
  test_fails (yara_orm_update_or_create (test->orm, &person_model, &person, YARA_NAMES ("age"), &created,
                                         NULL, &error),
              MULTIPLE_OBJECTS, "Person");
  test_fails (yara_orm_get_or_create (test->orm, &person_model, &person, YARA_NAMES ("aeg"), &created, NULL,
                                      &error),
              FIELD, "Person", "aeg");
  person.name = NULL;
  person.age = 7;
  test_fails (yara_orm_get_or_create (test->orm, &person_model, &person, YARA_NAMES ("age"), &created, NULL,
                                      &error),
              FIELD, "Person", "name");
  g_assert_cmpint (count_people (test), ==, 2);
}

static void
update_or_create (Test *test)
{
  Person person = { .name = "Ada", .age = 36, .city = "London" }, again = { .name = "Ada", .age = 37 };
  gboolean created = FALSE;
  g_autofree char *row = NULL;

  TEST_USE (test, &person_model);
  test_ok (yara_orm_update_or_create (test->orm, &person_model, &person, YARA_NAMES ("name"), &created, NULL,
                                      &error));
  g_assert_true (created);
  g_assert_cmpint (person.id, >, 0);
  test_ok (yara_orm_update_or_create (test->orm, &person_model, &again, YARA_NAMES ("name"), &created, NULL,
                                      &error));
  g_assert_false (created);
  g_assert_cmpint (again.id, ==, person.id);
  g_assert_cmpint (again.changed, >=, person.changed);
  {
    Person stored = { .id = person.id };
    g_autoptr(YaraResult) result = NULL;

    result = test_ok (yara_orm_refresh (test->orm, &person_model, &stored, NULL, &error));

    g_assert_cmpint (stored.created, ==, person.created); /* when it was created has not changed */
  }
  row = test_fetch_list (test->orm, NULL, "SELECT name || age || coalesce(\"home town\", '?') FROM people");
  g_assert_cmpstr (row, ==, "Ada37?");
  test_await (yara_orm_update_or_create_async (test->orm, &person_model, &person, YARA_NAMES ("name"), NULL,
                                               test_call_done, &call),
              test_ok (yara_orm_update_or_create_finish (test->orm, call.result, &created, &error)));
  g_assert_false (created);
  g_assert_cmpint (test_fetch_int (test->orm, NULL, "SELECT age FROM people"), ==, 36);
}

/* Many look for one thing at once: one makes it, the others find it. */
static void
get_or_create_at_once (Test *test)
{
  enum { N = 40 };
  Person people[N];
  TestCall calls[N];
  guint n_created = 0;

  memset (calls, 0, sizeof calls);
  TEST_USE (test, &person_model);
  for (guint i = 0; i < N; i++)
    {
      people[i] = (Person) { .name = "Ada", .age = i };
      if (i % 2)
        yara_orm_update_or_create_async (test->orm, &person_model, &people[i], YARA_NAMES ("name"), NULL,
                                         test_call_done, &calls[i]);
      else
        yara_orm_get_or_create_async (test->orm, &person_model, &people[i], YARA_NAMES ("name"), NULL,
                                      test_call_done, &calls[i]);
    }
  test_calls_wait (calls, N);
  for (guint i = 0; i < N; i++)
    {
      gboolean created = FALSE;

      if (i % 2)
        test_ok (yara_orm_update_or_create_finish (test->orm, calls[i].result, &created, &error));
      else
        yara_result_unref (test_ok (yara_orm_get_or_create_finish (test->orm, calls[i].result, &created,
                                                                   &error)));
      n_created += created;
    }
  test_calls_clear (calls, N);
  g_assert_cmpuint (n_created, ==, 1);
  g_assert_cmpint (count_people (test), ==, 1);
}

static const TestCase cases[] = {
  { "records/create", create },
  { "records/create-with-key", create_with_key },
  { "records/create-conflict", create_conflict },
  { "records/create-missing-table", create_missing_table },
  { "records/save-all", save_all },
  { "records/save-named", save_named },
  { "records/save-nothing", save_nothing },
  { "records/save-missing", save_missing },
  { "records/delete", delete },
  { "records/refresh", refresh },
  { "records/get-or-create", get_or_create },
  { "records/get-or-create-null", get_or_create_null },
  { "records/get-or-create-bad", get_or_create_bad },
  { "records/update-or-create", update_or_create },
  { "records/get-or-create-at-once", get_or_create_at_once },
};
TEST_MAIN (cases)
