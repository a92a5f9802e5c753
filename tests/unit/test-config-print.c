/* SPDX-License-Identifier: MIT
 * Models that are printed for the configuration file: they come back the same, or a comment says what does not. */
#include <glib/gstdio.h>
#include <string.h>
#include <yaraorm/yaraorm.h>

#include "model/model-info.h"

typedef enum { LOW = 1, HIGH = -2 } Level;

typedef struct
{
  gint64 id;
  char  *code;
} Team;

typedef struct
{
  YaraUuid    id;
  const char *name, *price, *json, *sql;
  YaraBytes   bytes;
  YaraUuid    uuid;
  double      real;
  gint64      created, changed, big, team, boss, other;
  gint32      number, truth, day;
  Level       level, word;
  gint16      small;
  bool        flag, number_is_null, small_is_null;
} User;

static const YaraChoice levels[] = { { LOW, "low: 1" }, { HIGH, "high" }, { 0, NULL } };

static const YaraField team_fields[] = {
  YARA_FIELD (Team, id, .primary_key = true, .natural = true),
  YARA_FIELD (Team, code, .nullable = true),
};
static const YaraModel team_model = YARA_MODEL (Team, "Team", team_fields, .connection = "other");

static const YaraField user_fields[] = {
  YARA_FIELD (User, id, .primary_key = true),
  YARA_FIELD (User, name, .max_length = 50, .default_value = "a=b # c\\", .column = "the name", .unique = true,
              .description = "größe, = und []"),
  YARA_FIELD_AS (User, price, DECIMAL, .precision = 5, .scale = 2, .nullable = true, .default_value = "1.50"),
  YARA_FIELD_AS (User, json, JSON, .nullable = true, .default_value = "{\"a\": [1]}"),
  YARA_FIELD (User, sql, .default_sql = "upper ('x')"),
  YARA_FIELD (User, bytes, .nullable = true),
  YARA_FIELD (User, uuid, .default_value = "00000000-0000-0000-0000-0000000000ff"),
  YARA_FIELD (User, real, .default_value = "2.5", .index = true),
  YARA_FIELD_AS (User, created, TIMESTAMP, .auto_now_add = true),
  YARA_FIELD_AS (User, changed, TIMESTAMP, .auto_now = true),
  YARA_FIELD (User, big, .default_value = "-9223372036854775808"),
  YARA_FIELD (User, team, .references = &team_model, .on_delete = YARA_ON_DELETE_RESTRICT),
  YARA_FIELD (User, boss, .references = &team_model, .on_delete = YARA_ON_DELETE_NO_ACTION),
  YARA_FIELD (User, other, .references = &team_model, .unconstrained = true),
  YARA_FIELD (User, number, .nullable = true, .null_flag = YARA_NULL_FLAG (User, number_is_null)),
  YARA_FIELD_AS (User, truth, BOOL, .default_value = "true"),
  YARA_FIELD_AS (User, day, DATE, .default_value = "1969-12-31"),
  YARA_FIELD_AS (User, level, ENUM_INT, .choices = levels, .default_value = "high"),
  YARA_FIELD_AS (User, word, ENUM_TEXT, .choices = levels, .default_value = "low: 1"),
  YARA_FIELD (User, small, .default_sql = "7", .null_flag = YARA_NULL_FLAG (User, small_is_null)),
  YARA_FIELD (User, flag),
};
static const YaraIndex user_indexes[] = {
  YARA_INDEX ("name", "level"),
  { "by, day; or so", (const char *const[]) { "day", NULL }, true },
};
static const YaraModel user_model = YARA_MODEL (User, "the; users", user_fields, YARA_INDEXES (user_indexes),
                                                .description = "Who; \"pays\"");

/* A path for a file, in a folder of its own. */
static char *path;

static YaraOrm *
open_orm (const YaraModel *const *models)
{
  g_autoptr (GError) error = NULL;
  YaraOrm           *orm = yara_orm_open ("sqlite::memory:", NULL, NULL, &error);

  g_assert_no_error (error);
  for (; *models != NULL; models++)
    {
      yara_orm_register (orm, *models, &error);
      g_assert_no_error (error);
    }
  return orm;
}

static YaraConfig *
load (const char *groups)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *text = g_strconcat ("[connection default]\nurl=sqlite::memory:\n[connection other]\n"
                                         "url=sqlite::memory:\n", groups, NULL);
  YaraConfig        *config;

  g_assert_true (g_file_set_contents (path, text, -1, NULL));
  config = yara_config_load (path, NULL, &error);
  g_assert_no_error (error);
  return config;
}

static void
assert_same_field (const YaraModelInfo *a, const YaraModelInfo *b, guint i)
{
  const YaraField *first = a->fields[i].field, *second = b->fields[i].field;

  g_assert_cmpstr (a->fields[i].name, ==, b->fields[i].name);
  g_assert_cmpstr (a->fields[i].column, ==, b->fields[i].column);
  g_assert_cmpint (a->fields[i].kind, ==, b->fields[i].kind);
  g_assert_cmpstr (first->description, ==, second->description);
  g_assert_cmpint (first->primary_key, ==, second->primary_key);
  g_assert_cmpint (first->natural, ==, second->natural);
  g_assert_cmpint (first->nullable, ==, second->nullable);
  g_assert_cmpint (first->unique, ==, second->unique);
  g_assert_cmpint (first->index, ==, second->index);
  g_assert_cmpint (first->auto_now, ==, second->auto_now);
  g_assert_cmpint (first->auto_now_add, ==, second->auto_now_add);
  g_assert_cmpint (first->unconstrained, ==, second->unconstrained);
  g_assert_cmpuint (first->max_length, ==, second->max_length);
  g_assert_cmpuint (first->precision, ==, second->precision);
  g_assert_cmpuint (first->scale, ==, second->scale);
  g_assert_cmpstr (first->default_value, ==, second->default_value);
  g_assert_cmpstr (first->default_sql, ==, second->default_sql);
  g_assert_cmpint (first->on_delete, ==, second->on_delete);
  g_assert_cmpstr (first->references != NULL ? first->references->name : NULL, ==,
                   second->references != NULL ? second->references->name : NULL);
  g_assert_true ((first->choices == NULL) == (second->choices == NULL));
  for (guint j = 0; first->choices != NULL && (j == 0 || first->choices[j - 1].name != NULL); j++)
    {
      g_assert_cmpstr (first->choices[j].name, ==, second->choices[j].name);
      g_assert_true (first->choices[j].name == NULL || first->choices[j].value == second->choices[j].value);
    }
}

static void
assert_same (const YaraModel *first, const YaraModel *second)
{
  g_autoptr (YaraModelInfo) a = yara_model_info_new (first, NULL), b = yara_model_info_new (second, NULL);

  g_assert_cmpstr (a->name, ==, b->name);
  g_assert_cmpstr (a->table, ==, b->table);
  g_assert_cmpstr (first->connection, ==, second->connection);
  g_assert_cmpstr (first->description, ==, second->description);
  g_assert_cmpint (a->key_maker, ==, b->key_maker);
  g_assert_cmpuint (a->n_fields, ==, b->n_fields);
  for (guint i = 0; i < a->n_fields; i++)
    assert_same_field (a, b, i);
  g_assert_cmpuint (a->n_indexes, ==, b->n_indexes);
  for (guint i = 0; i < a->n_indexes; i++)
    {
      g_assert_cmpstr (a->indexes[i].name, ==, b->indexes[i].name);
      g_assert_cmpint (a->indexes[i].unique, ==, b->indexes[i].unique);
      g_assert_cmpuint (a->indexes[i].n_fields, ==, b->indexes[i].n_fields);
      for (guint j = 0; j < a->indexes[i].n_fields; j++)
        g_assert_cmpstr (a->indexes[i].fields[j]->name, ==, b->indexes[i].fields[j]->name);
    }
}

static void
test_same (void)
{
  const YaraModel *const models[] = { &user_model, &team_model, NULL };
  g_autoptr (YaraOrm)    orm = open_orm (models), again = NULL;
  g_autofree char       *text = yara_orm_print_models (orm), *second = NULL;
  g_autoptr (YaraConfig) config = load (text);

  g_assert_null (strstr (text, "\n# "));
  for (guint i = 0; models[i] != NULL; i++)
    assert_same (models[i], yara_config_get_models (config)[i]);
  g_assert_null (yara_config_get_models (config)[2]);

  again = open_orm (yara_config_get_models (config));
  second = yara_orm_print_models (again);
  g_assert_cmpstr (second, ==, text);
}

static void
test_text (void)
{
  const YaraModel *const none[] = { NULL }, *const models[] = { &team_model, NULL };
  g_autoptr (YaraOrm)    empty = open_orm (none), orm = open_orm (models);
  g_autofree char       *nothing = yara_orm_print_models (empty), *text = yara_orm_print_models (orm);

  g_assert_cmpstr (nothing, ==, "");
  g_assert_cmpstr (text, ==, "[model Team]\ntable=Team\nconnection=other\n"
                             "field.id=int64; primary-key; natural\nfield.code=text; nullable\n");
}

/* ---- what the file cannot hold ---- */

typedef struct
{
  gint64      id, team;
  const char *a, *b, *c, *d;
} Odd;

static const YaraField odd_fields[] = {
  YARA_FIELD (Odd, id, .primary_key = true),
  YARA_FIELD (Odd, team, .references = &team_model),
  YARA_FIELD (Odd, a, .default_value = "x; unique", .description = "two\nlines"),
  YARA_FIELD (Odd, b, .default_value = " x", .default_sql = NULL, .nullable = true),
  YARA_FIELD (Odd, c, .max_length = 3),
  YARA_FIELD (Odd, d),
};
static const YaraIndex odd_indexes[] = {
  { "x=y", (const char *const[]) { "a", NULL }, false },
};

static void
test_odd (void)
{
  YaraField              fields[G_N_ELEMENTS (odd_fields)];
  YaraModel              odd = YARA_MODEL (Odd, "odd", fields, YARA_INDEXES (odd_indexes), .description = "\tx");
  YaraModel              unnamed = YARA_MODEL (Team, "teams", team_fields);
  const YaraModel *const models[] = { &odd, &unnamed, NULL };
  g_autoptr (YaraOrm)    orm = NULL;
  g_autofree char       *text = NULL;
  g_autoptr (YaraConfig) config = NULL;

  memcpy (fields, odd_fields, sizeof fields);
  fields[5].name = "d[0]";
  unnamed.name = "struct team";
  orm = open_orm (models);
  text = yara_orm_print_models (orm);
  g_assert_cmpstr (text, ==,
                   "[model Odd]\n"
                   "table=odd\n"
                   "# the description is one that the file cannot hold\n"
                   "field.id=int64; primary-key\n"
                   "# field.team lacks its references, which the file cannot hold\n"
                   "field.team=int64\n"
                   "# field.a lacks its description, which the file cannot hold\n"
                   "# field.a lacks its default, which the file cannot hold\n"
                   "field.a=text\n"
                   "# field.b lacks its default, which the file cannot hold\n"
                   "field.b=text; nullable\n"
                   "field.c=text; max=3\n"
                   "# the field \"d[0]\" is left out: the file cannot hold its name\n"
                   "# an index is left out: the file cannot hold its name, or that of a field\n"
                   "\n"
                   "# the model \"struct team\" is left out: the file cannot hold its name\n");
  config = load (text); /* and the rest of it can be read */
  g_assert_cmpuint (yara_config_get_models (config)[0]->n_fields, ==, 5);
}

int
main (int argc, char **argv)
{
  g_autofree char *folder = NULL;
  int              status;

  g_test_init (&argc, &argv, NULL);
  folder = g_dir_make_tmp ("yara-print-XXXXXX", NULL);
  path = g_build_filename (folder, "yaraorm.ini", NULL);
  g_test_add_func ("/config-print/same", test_same);
  g_test_add_func ("/config-print/text", test_text);
  g_test_add_func ("/config-print/odd", test_odd);
  status = g_test_run ();
  g_unlink (path);
  g_rmdir (folder);
  g_free (path);
  return status;
}
