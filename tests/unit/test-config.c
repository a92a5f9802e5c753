/* SPDX-License-Identifier: MIT
 *
 * The configuration file: what it may say, and what it says to mistakes.
 */
#include <glib/gstdio.h>
#include <string.h>
#include <unistd.h>
#include <yaraorm/yaraorm.h>

#include "model/model-info.h"

#define SECRET "canary"

/* A folder, in which the test works. */
static char *folder;

static void
write_file (const char *name, const char *text)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents_full (path, text, -1, G_FILE_SET_CONTENTS_CONSISTENT, 0600, NULL));
}

static YaraConfig *
load_set (const char *text, const char *set)
{
  g_autoptr(GError) error = NULL;
  YaraConfig *config;

  write_file ("test.ini", text);
  config = yara_config_load ("test.ini", set, &error);
  g_assert_no_error (error);
  return config;
}

#define load(text) load_set ((text), NULL)

/* Loading must fail with a message that has all the words and no secret. */
static void G_GNUC_NULL_TERMINATED
refuse (const char *text, const char *set, ...)
{
  g_autoptr(GError) error = NULL;
  const char *word;
  va_list words;

  write_file ("test.ini", text);
  if (yara_config_load ("test.ini", set, &error) != NULL)
    g_error ("this was not refused: %s", text);
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
  g_assert_null (strchr (error->message, '\n'));
  g_assert_null (strstr (error->message, SECRET));
  g_assert_nonnull (strstr (error->message, "test.ini: "));
  va_start (words, set);
  while ((word = va_arg (words, const char *)) != NULL)
    if (strstr (error->message, word) == NULL)
      g_error ("\"%s\" is not in \"%s\"", word, error->message);
  va_end (words);
}

#define DEFAULT "[connection default]\nurl=sqlite::memory:\n"

/* ---- connections ---- */

static void
test_minimal (void)
{
  g_autoptr(YaraConfig) config = load (DEFAULT);
  g_auto(GStrv) names = yara_config_list_connections (config);
  g_autofree char *path = g_build_filename (folder, "test.ini", NULL);

  g_assert_cmpuint (g_strv_length (names), ==, 1);
  g_assert_cmpstr (names[0], ==, "default");
  g_assert_cmpstr (yara_config_get_path (config), ==, path);
  g_assert_cmpstr (yara_config_get_url (config, "default"), ==, "sqlite::memory:");
  g_assert_cmpint (yara_config_get_role (config, "default"), ==, YARA_ROLE_UNKNOWN);
  g_assert_cmpint (yara_config_get_max_lag (config, "default"), ==, -1);
  g_assert_null (yara_config_get_warning (config));
  g_assert_null (yara_config_get_plugin (config));
  g_assert_null (yara_config_get_rules (config));
  g_assert_null (yara_config_get_models (config)[0]);
}

static void
test_keys (void)
{
  g_autoptr(YaraConfig) config = load (
    "# a comment\n[yaraorm]\nversion = 1\n"
    "[connection replica]\nrole=standby\nmax-lag-bytes = 1.5 MiB\n"
    "url = postgresql://app:" SECRET "@db2/app?sslmode=disable\npool-max=3\nconnect-timeout=1500ms\n"
    "statement-timeout=2min\nidle-timeout=1h\npooler=none\n"
    "[connection default]\nurl=sqlite::memory:\ncheckout-timeout=7\nsynchronous=FULL\nbusy-timeout=0.5s\n");
  g_auto(GStrv) names = yara_config_list_connections (config);
  const char *full = yara_config_get_full_url (config, "replica");

  g_assert_cmpstr (names[0], ==, "default");
  g_assert_cmpstr (names[1], ==, "replica");
  g_assert_cmpint (yara_config_get_role (config, "replica"), ==, YARA_ROLE_STANDBY);
  g_assert_cmpint (yara_config_get_max_lag (config, "replica"), ==, 1536 * 1024);
  g_assert_cmpstr (full, ==, "postgresql://app:" SECRET "@db2/app?sslmode=disable&max_size=3&idle_timeout=3600.000000"
                             "&connect_timeout=1.500000&statement_timeout=120.000000&pooler=none");
  g_assert_null (strstr (yara_config_get_url (config, "replica"), SECRET));
  g_assert_cmpstr (yara_config_get_full_url (config, "default"), ==,
                   "sqlite::memory:?acquire_timeout=7.000000&busy_timeout=0.500000&synchronous=FULL");
}

static void
test_paths (void)
{
  g_autoptr(YaraConfig) config = NULL;
  g_autofree char *relative = g_strdup_printf ("sqlite://%s/etc/data/app.db", folder);
  g_autofree char *above = g_strdup_printf ("sqlite://%s/b.db?max_size=2", folder);
  g_autofree char *plugin = g_strdup_printf ("%s/etc/routers/geo.so", folder);

  write_file ("etc/app.ini", "[connection default]\nurl=sqlite:data/app.db\n[connection a]\nurl=sqlite:///var/a.db\n"
                             "[connection b]\nurl=sqlite://../b.db?max_size=2\n[connection c]\nurl=sqlite://./c.db\n"
                             "[router]\nplugin=routers/geo.so\nargs= eu \n");
  config = yara_config_load ("etc/app.ini", NULL, NULL);
  g_assert_nonnull (config);
  g_assert_cmpstr (yara_config_get_full_url (config, "default"), ==, relative);
  g_assert_cmpstr (yara_config_get_full_url (config, "a"), ==, "sqlite:///var/a.db");
  g_assert_cmpstr (yara_config_get_full_url (config, "b"), ==, above);
  g_assert_true (g_str_has_suffix (yara_config_get_full_url (config, "c"), "/etc/c.db"));
  g_assert_cmpstr (yara_config_get_plugin (config), ==, plugin);
  g_assert_cmpstr (yara_config_get_plugin_args (config), ==, "eu");
}

static void
test_variables (void)
{
  g_autoptr(YaraConfig) config = NULL;

  refuse ("[connection default]\nurl=postgresql://app:${TEST_PASSWORD}@db/app\n", NULL,
          "[connection default] url: the environment variable TEST_PASSWORD is not set", NULL);
  refuse ("[connection default]\nurl=sqlite:${\n", NULL, "${NAME}", NULL);
  refuse ("[connection default]\nurl=sqlite:${}\n", NULL, "${NAME}", NULL);
  g_setenv ("TEST_PASSWORD", SECRET "%40", TRUE);
  g_setenv ("TEST_HOST", "db", TRUE);
  config = load ("[connection default]\nurl=postgresql://app:${TEST_PASSWORD}@${TEST_HOST}/$app\n");
  g_assert_cmpstr (yara_config_get_full_url (config, "default"), ==, "postgresql://app:" SECRET "%40@db/$app");
  g_assert_cmpstr (yara_config_get_url (config, "default"), ==, "postgresql://app:***@db/$app");
  /* Only in url. */
  refuse (DEFAULT "pool-max=${TEST_HOST}\n", NULL, "max_size", "${TEST_HOST}", NULL);
  g_unsetenv ("TEST_PASSWORD");
  g_unsetenv ("TEST_HOST");
}

static void
test_environment (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraConfig) config = NULL, alone = NULL;
  g_autofree char *in_folder = g_strdup_printf ("sqlite://%s/env.db", folder);
  g_auto(GStrv) names = NULL;

  g_assert_null (yara_config_load (NULL, NULL, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, "DATABASE_URL"));

  g_setenv ("DATABASE_URL", "sqlite:env.db", TRUE);
  g_setenv ("YARAORM_URL_GEO_EU", "sqlite:geo.db", TRUE);
  g_setenv ("YARAORM_URL_NEW", "sqlite:new.db", TRUE);
  alone = yara_config_load (NULL, NULL, NULL);
  g_assert_nonnull (alone);
  g_assert_null (yara_config_get_path (alone));
  g_assert_cmpstr (yara_config_get_full_url (alone, "default"), ==, in_folder);
  g_assert_true (g_str_has_suffix (yara_config_get_full_url (alone, "geo_eu"), "/geo.db"));

  write_file ("etc/app.ini", DEFAULT "[connection Geo-EU]\nurl=${NOT_SET}\npool-max=2\n");
  config = yara_config_load ("etc/app.ini", NULL, NULL);
  g_assert_nonnull (config);
  names = yara_config_list_connections (config);
  g_assert_cmpuint (g_strv_length (names), ==, 3);
  g_assert_cmpstr (yara_config_get_full_url (config, "default"), ==, "sqlite::memory:");
  g_assert_false (g_str_has_suffix (yara_config_get_full_url (config, "new"), "etc/new.db")); /* not the file's */
  g_assert_true (g_str_has_suffix (yara_config_get_full_url (config, "Geo-EU"), "/geo.db?max_size=2"));
  g_clear_pointer (&config, yara_config_unref);

  config = load ("[connection default]\npool-max=2\n");
  g_assert_true (g_str_has_suffix (yara_config_get_full_url (config, "default"), "/env.db?max_size=2"));
  g_unsetenv ("DATABASE_URL");
  g_unsetenv ("YARAORM_URL_GEO_EU");
  g_unsetenv ("YARAORM_URL_NEW");
}

static void
test_default (void)
{
  g_autoptr(YaraConfig) config = load ("[yaraorm]\ndefault=main\n[connection main]\nurl=sqlite::memory:\nrole=primary\n");
  g_auto(GStrv) names = yara_config_list_connections (config);

  g_assert_cmpstr (names[0], ==, "default");
  g_assert_cmpstr (names[1], ==, "main");
  g_assert_cmpint (yara_config_get_role (config, "default"), ==, YARA_ROLE_PRIMARY);
  refuse ("[yaraorm]\ndefault=mian\n[connection main]\nurl=sqlite::memory:\n", NULL,
          "[yaraorm] default: there is no [connection mian]; did you mean \"main\"?", NULL);
  refuse ("[yaraorm]\ndefault=main\n[connection main]\nurl=sqlite::memory:\n" DEFAULT, NULL, "too", NULL);
  refuse ("[connection main]\nurl=sqlite::memory:\n", NULL, "no [connection default]", "DATABASE_URL", NULL);
}

static void
test_mistakes (void)
{
  refuse ("", NULL, "no [connection default]", NULL);
  refuse ("url=postgresql://app:" SECRET "@db/app\n", NULL, "line 1", "[GROUP]", NULL);
  refuse (DEFAULT "postgresql://app:" SECRET "@db/app\n", NULL, "line 3", NULL);
  refuse (DEFAULT "[connection\n", NULL, "line 3", "]", NULL);
  refuse (DEFAULT "\xff=1\n", NULL, "UTF-8", NULL);
  refuse ("[conection default]\nurl=sqlite::memory:\n", NULL, "[conection default]",
          "did you mean \"connection\"?", NULL);
  refuse ("[connection]\nurl=sqlite::memory:\n", NULL, "[connection NAME]", NULL);
  refuse ("[connection a b]\nurl=sqlite::memory:\n", NULL, "[connection a b]", "unknown group", NULL);
  refuse ("[connection sp\xc3\xa4t]\nurl=sqlite::memory:\n", NULL, "A-Z a-z 0-9 _ -", NULL);
  refuse (DEFAULT "pool-mx=1\n", NULL, "[connection default] pool-mx: unknown key", "did you mean \"pool-max\"?", NULL);
  refuse (DEFAULT "pool-max=none\n", NULL, "[connection default]", "max_size", NULL);
  refuse (DEFAULT "connect-timeout=3s\n", NULL, "connect_timeout", NULL);
  refuse (DEFAULT "busy-timeout=3 weeks\n", NULL, "busy-timeout: a time is written", NULL);
  refuse (DEFAULT "max-lag-bytes=1 mile\n", NULL, "max-lag-bytes: a size", NULL);
  refuse (DEFAULT "role=standbye\n", NULL, "role", "did you mean \"standby\"?", NULL);
  refuse ("[connection default]\nurl=sqlite::memory:?max_size=1\npool-max=1\n", NULL, "pool-max", "max_size", NULL);
  refuse ("[connection default]\nurl=sqlit::memory:\n", NULL, "sqlit", "did you mean \"sqlite\"?", NULL);
  refuse ("[connection default]\nurl=postgresql://app:" SECRET "@db/app?sslmod=1\n", NULL, "sslmode", NULL);
  refuse ("[connection default]\nurl=http://app:" SECRET "\n", NULL, "http", NULL);
  refuse ("[connection default]\nrole=any\n", NULL, "no url", NULL);
  refuse ("[yaraorm]\nversion=2\n" DEFAULT, NULL, "version", NULL);
  refuse ("[router]\nplugin=\n" DEFAULT, NULL, "[router] plugin", NULL);
  refuse ("[router]\nunknown=ignore\n" DEFAULT, NULL, "[router] unknown", NULL);
  refuse ("[router]\nplugin=a\n[route]\nA.read=default\n" DEFAULT, NULL, "[router] plugin", "[route]", NULL);
}

/* ---- sets ---- */

static void
test_sets (void)
{
  const char *text = DEFAULT "pool-max=1\n[router]\nplugin=replica\n"
                     "[test connection default]\npool-max=1\n[test connection cache]\nurl=sqlite:cache.db\n"
                     "[test route]\nA.read=cache\n";
  g_autoptr(YaraConfig) plain = load (text), test = load_set (text, "test");
  g_auto(GStrv) plain_names = yara_config_list_connections (plain), names = yara_config_list_connections (test);

  g_assert_cmpuint (g_strv_length (plain_names), ==, 1);
  g_assert_cmpstr (yara_config_get_plugin (plain), ==, "replica");
  g_assert_cmpuint (g_strv_length (names), ==, 2);
  g_assert_cmpstr (yara_config_get_full_url (test, "default"), ==, "sqlite::memory:?max_size=1");
  g_assert_null (yara_config_get_plugin (test));
  g_assert_cmpstr (yara_config_get_rules (test)[0], ==, "A.read=cache");
  refuse (text, "tset", "no set \"tset\"", NULL);
  refuse (DEFAULT "[test conection default]\nurl=x\n", NULL, "unknown group", NULL);
}

/* ---- places ---- */

static void
test_places (void)
{
  g_autofree char *deep = g_build_filename (folder, "work", "a", "b", NULL);
  g_autofree char *mark = g_build_filename (folder, "work", ".git", NULL);
  g_autofree char *found = g_build_filename (folder, "work", "yaraorm.ini", NULL);
  g_autoptr(YaraConfig) config = NULL;
  g_autoptr(GError) error = NULL;
  g_auto(GStrv) outside = NULL, inside = NULL, named = NULL;

  write_file ("work/yaraorm.ini", DEFAULT);
  g_assert_cmpint (g_mkdir_with_parents (deep, 0700), ==, 0);
  g_assert_cmpint (chdir (deep), ==, 0);

  outside = yara_config_list_places ();
  g_assert_false (g_strv_contains ((const char *const *) outside, found));
  g_assert_cmpint (g_mkdir (mark, 0700), ==, 0);
  inside = yara_config_list_places ();
  g_assert_cmpuint (g_strv_length (inside), ==, g_strv_length (outside) + 2);
  g_assert_cmpstr (inside[2], ==, found);
  config = yara_config_load (NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (yara_config_get_path (config), ==, found);

  g_setenv ("YARAORM_CONFIG", "absent.ini", TRUE);
  named = yara_config_list_places ();
  g_assert_cmpuint (g_strv_length (named), ==, 1);
  g_assert_null (yara_config_load (NULL, NULL, &error));
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION);
  g_assert_nonnull (strstr (error->message, "absent.ini"));
  g_unsetenv ("YARAORM_CONFIG");
  g_assert_cmpint (chdir (folder), ==, 0);
}

/* ---- what others can read ---- */

static const char *
warn (const char *text, int mode)
{
  g_autoptr(YaraConfig) config = NULL;

  write_file ("test.ini", text);
  g_assert_cmpint (g_chmod ("test.ini", mode), ==, 0);
  config = yara_config_load ("test.ini", NULL, NULL);
  g_assert_nonnull (config);
  return yara_config_get_warning (config) != NULL ? g_intern_string (yara_config_get_warning (config)) : NULL;
}

static void
test_warning (void)
{
  const char *literal = "[connection default]\nurl=postgresql://app:" SECRET "@db/app\n";
  const char *parameter = "[connection default]\nurl=postgresql://db/app?password=" SECRET "\n";
  const char *variable = "[connection default]\nurl=postgresql://app:${TEST_PASSWORD}@db/app\n";
  const char *port = "[connection default]\nurl=postgresql://app@db:5432/app\n";

  g_setenv ("TEST_PASSWORD", SECRET, TRUE);
  g_assert_null (warn (literal, 0600));
  g_assert_null (warn (literal, 0640));
  g_assert_nonnull (strstr (warn (literal, 0644), "test.ini: others can read the password of connection \"default\""));
  g_assert_null (strstr (warn (literal, 0644), SECRET));
  g_assert_nonnull (warn (parameter, 0644));
  g_assert_null (warn (variable, 0644));
  g_assert_null (warn (port, 0644));
  g_unsetenv ("TEST_PASSWORD");
}

/* ---- models ---- */

static void
test_models (void)
{
  g_autoptr(YaraConfig) config = load (
    DEFAULT "[model User]\ntable=users\ndescription=People\nfield.id=int64; primary-key; auto\n"
    "field.email=text; max=120; not-null; unique\nfield.age=int16; nullable\nfield.paid=bool; default=true\n"
    "field.size=enum-text; choices=small:1, large:2; default=large\nfield.team=int64; references=Team; on-delete=set-null; nullable\n"
    "field.total=decimal; precision=12; scale=2\nfield.created=timestamp; default=now\nfield.token=uuid; nullable\n"
    "field.raw=bytes; nullable; column=raw_data\nfield.score=double; default-sql=1.5\nfield.born=date; nullable\n"
    "index.by_age=age, email; unique\n"
    "[model Team]\nfield.id=int64; primary-key; natural\nfield.title=text;\n");
  const YaraModel *const *models = yara_config_get_models (config);
  g_autoptr(YaraModelInfo) user = yara_model_info_new (models[0], NULL);
  const YaraField *fields = models[0]->fields;

  g_assert_nonnull (user);
  g_assert_cmpstr (models[0]->name, ==, "User");
  g_assert_cmpstr (models[0]->table, ==, "users");
  g_assert_cmpstr (models[1]->table, ==, "team");
  g_assert_null (models[2]);
  g_assert_cmpuint (models[0]->n_fields, ==, 12);
  g_assert_true (fields[0].primary_key && user->key_maker == YARA_KEY_DATABASE);
  g_assert_true (models[1]->fields[0].natural);
  g_assert_true (fields[1].max_length == 120 && fields[1].unique && !fields[1].nullable);
  g_assert_true (fields[2].nullable && fields[2].null_flag > 0);
  g_assert_cmpstr (fields[3].default_value, ==, "true");
  g_assert_true (fields[4].choices[1].value == 2 && fields[4].choices[2].name == NULL);
  g_assert_true (fields[5].references == models[1] && fields[5].on_delete == YARA_ON_DELETE_SET_NULL);
  g_assert_true (fields[7].auto_now_add && fields[7].default_value == NULL);
  g_assert_cmpstr (fields[9].column, ==, "raw_data");
  g_assert_true (fields[10].null_flag > 0);
  g_assert_true (models[0]->indexes[0].unique);
  g_assert_cmpstr (models[0]->indexes[0].fields[1], ==, "email");
  for (guint i = 1; i < models[0]->n_fields; i++)
    g_assert_cmpuint (fields[i].offset, >=, fields[i - 1].offset + fields[i - 1].size);
}

static void
test_model_mistakes (void)
{
  refuse (DEFAULT "[model A]\n", NULL, "[model A]", "no fields", NULL);
  refuse (DEFAULT "[model A]\nfield.id=boool; primary-key\n", NULL, "[model A] field.id", "did you mean \"bool\"?", NULL);
  refuse (DEFAULT "[model A]\nfield.id=\n", NULL, "[model A] field.id", "kind", NULL);
  refuse (DEFAULT "[model A]\nfield.id=int64; primarykey\n", NULL, "did you mean \"primary-key\"?", NULL);
  refuse (DEFAULT "[model A]\nfield.id=int64; primary-key=1\n", NULL, "primary-key takes no value", NULL);
  refuse (DEFAULT "[model A]\nfield.id=text; max\n", NULL, "max takes a value", NULL);
  refuse (DEFAULT "[model A]\nfield.id=text; max=-1\n", NULL, "whole number", NULL);
  refuse (DEFAULT "[model A]\nfield.id=int64\n", NULL, "A", NULL);
  refuse (DEFAULT "[model A]\nfield.id=int64; primary-key\nindex.x=nothing\n", NULL, "nothing", NULL);
  refuse (DEFAULT "[model A]\nfield.id=int64; primary-key\nindex.x=id; uniqe\n", NULL, "index.x", NULL);
  refuse (DEFAULT "[model A]\nfield.id=int64; primary-key\nfield.b=int64; references=B\n", NULL, "[model B]", NULL);
  refuse (DEFAULT "[model A]\nfield.id=enum-int; choices=a\n", NULL, "NAME:NUMBER", NULL);
  refuse (DEFAULT "[model A]\nfield.id=int64; on-delete=drop\n", NULL, "cascade", NULL);
  refuse (DEFAULT "[model A]\nconnection=cache\nfield.id=int64; primary-key\n", NULL, "[connection cache]", NULL);
}

/* ---- opening ---- */

static void
test_open_warns (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(YaraOrm) orm = NULL;

  write_file ("test.ini", "[connection default]\nurl=sqlite::memory:\n[connection b]\nurl=postgresql://a:" SECRET "@/x?host=/nowhere\n");
  g_assert_cmpint (g_chmod ("test.ini", 0644), ==, 0);
  g_test_expect_message ("YaraOrm", G_LOG_LEVEL_WARNING, "*others can read the password*");
  orm = yara_orm_open_config ("test.ini", NULL, NULL, &error);
  g_test_assert_expected_messages ();
  g_assert_null (orm);
  g_assert_error (error, YARA_ERROR, YARA_ERROR_CONNECTION);
  g_assert_null (strstr (error->message, SECRET));
}

int
main (int argc, char **argv)
{
  int status;

  g_test_init (&argc, &argv, NULL);
  g_unsetenv ("DATABASE_URL");
  g_unsetenv ("YARAORM_CONFIG");
  folder = g_dir_make_tmp ("yaraorm-config-XXXXXX", NULL);
  g_assert_nonnull (folder);
  g_assert_cmpint (chdir (folder), ==, 0);
  g_setenv ("XDG_CONFIG_HOME", folder, TRUE);
  g_setenv ("XDG_CONFIG_DIRS", folder, TRUE);

  g_test_add_func ("/config/minimal", test_minimal);
  g_test_add_func ("/config/keys", test_keys);
  g_test_add_func ("/config/paths", test_paths);
  g_test_add_func ("/config/variables", test_variables);
  g_test_add_func ("/config/environment", test_environment);
  g_test_add_func ("/config/default", test_default);
  g_test_add_func ("/config/mistakes", test_mistakes);
  g_test_add_func ("/config/sets", test_sets);
  g_test_add_func ("/config/places", test_places);
  g_test_add_func ("/config/warning", test_warning);
  g_test_add_func ("/config/models", test_models);
  g_test_add_func ("/config/model-mistakes", test_model_mistakes);
  g_test_add_func ("/config/open-warns", test_open_warns);
  status = g_test_run ();

  g_assert_cmpint (chdir ("/"), ==, 0);
  g_assert_true (g_spawn_sync (NULL, (char *[]) { (char *) "rm", (char *) "-rf", folder, NULL }, NULL,
                               G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, NULL, NULL));
  g_free (folder);
  return status;
}
