/* SPDX-License-Identifier: MIT
 * What the tests of plugins share. */
#include "fixture.h"

#include <fcntl.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const YaraModel fixture_model = { .struct_size = sizeof (YaraModel), .name = "User", .table = "users" };

static void
add_connection (Fixture *fixture, YaraRegistry **registry, const char *name)
{
  YaraConnection *connection = yara_connection_new (name, NULL);
  YaraRegistry   *with = yara_registry_with (*registry, name, connection, fixture->database);

  g_ptr_array_add (fixture->connections, connection);
  yara_registry_unref (*registry);
  *registry = with;
}

static void
ignore_message (const char *domain, GLogLevelFlags level, const char *message, gpointer user_data)
{
}

void
fixture_init (Fixture *fixture, guint n_nodes)
{
  g_autoptr(GError) error = NULL;
  YaraRegistry     *registry = yara_registry_new ();

  g_log_set_handler ("YaraOrm", G_LOG_LEVEL_DEBUG, ignore_message, NULL); /* thousands of "loaded" */
  fixture->database = yara_database_open ("sqlite::memory:", NULL, &error);
  g_assert_no_error (error);
  fixture->connections = g_ptr_array_new_with_free_func (g_object_unref);
  add_connection (fixture, &registry, "default");
  for (guint i = 0; i < n_nodes; i++)
    {
      g_autofree char *name = g_strdup_printf ("node%04u", i);

      add_connection (fixture, &registry, name);
    }
  fixture->routes = yara_routes_new ();
  yara_routes_set_registry (fixture->routes, registry);
  fixture->folder = g_dir_make_tmp ("yara-plugins-XXXXXX", &error);
  g_assert_no_error (error);
}

void
fixture_clear (Fixture *fixture)
{
  g_autoptr(GDir) folder = g_dir_open (fixture->folder, 0, NULL);
  const char     *name;

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = fixture_path (fixture, name);

      g_remove (path);
    }
  g_assert_cmpint (g_rmdir (fixture->folder), ==, 0);
  g_free (fixture->folder);
  yara_routes_free (fixture->routes);
  g_ptr_array_unref (fixture->connections);
  yara_database_unref (fixture->database);
}

void
fixture_set (Fixture *fixture, const char *path)
{
  g_autoptr(GError) error = NULL;

  yara_routes_set_plugin (fixture->routes, path, NULL, &error);
  g_assert_no_error (error);
}

const char *
fixture_ask (Fixture *fixture, YaraOperation operation)
{
  g_autoptr(GError) error = NULL;
  YaraDecision      decision;

  yara_routes_decide (fixture->routes, &fixture_model, operation, NULL, NULL, &decision, &error);
  g_assert_no_error (error);
  yara_database_unref (decision.database);
  return yara_connection_get_name (decision.connection);
}

char *
fixture_path (Fixture *fixture, const char *name)
{
  return g_build_filename (fixture->folder, name, NULL);
}

char *
fixture_zoo_path (const char *name)
{
  return g_strdup_printf ("%s/%s.so", ZOO_FOLDER, name);
}

GString *
fixture_load (const char *name)
{
  g_autofree char  *path = fixture_zoo_path (name);
  g_autofree char  *bytes = NULL;
  g_autoptr(GError) error = NULL;
  gsize             size;

  g_file_get_contents (path, &bytes, &size, &error);
  g_assert_no_error (error);
  return g_string_new_len (bytes, size);
}

void
fixture_patch (GString *plugin, guint number)
{
  char  digits[16];
  char *found = plugin->str;

  /* The name stands in the file once, with its NUL. */
  do
    {
      found = memmem (found + 1, plugin->str + plugin->len - (found + 1), "node", 4);
      g_assert_nonnull (found);
    }
  while (strspn (found + 4, "0123456789") != 4 || found[8] != '\0');
  g_snprintf (digits, sizeof digits, "%04u", number);
  memcpy (found + 4, digits, 4);
}

void
fixture_write (const char *path, const GString *bytes)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, bytes->str, bytes->len), ==, bytes->len);
  close (fd);
}

guint
fixture_count_images (void)
{
  g_autofree char       *maps = NULL;
  g_auto(GStrv)          lines = NULL;
  g_autoptr(GHashTable)  inodes = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  g_assert_true (g_file_get_contents ("/proc/self/maps", &maps, NULL, NULL));
  lines = g_strsplit (maps, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_auto(GStrv) columns = NULL;

      if (strstr (lines[i], "/memfd:yara-router:") == NULL)
        continue;
      columns = g_strsplit (lines[i], " ", 6); /* range, mode, offset, device, inode, name */
      g_hash_table_add (inodes, g_strdup (columns[4]));
    }
  return g_hash_table_size (inodes);
}

guint
fixture_count_descriptors (void)
{
  g_autoptr(GDir) folder = g_dir_open ("/proc/self/fd", 0, NULL);
  guint           n = 0;

  while (g_dir_read_name (folder) != NULL)
    n++;
  return n;
}

gsize
fixture_get_resident_bytes (void)
{
  g_autofree char *text = NULL;
  gsize            pages = 0;

  g_assert_true (g_file_get_contents ("/proc/self/statm", &text, NULL, NULL));
  g_assert_cmpint (sscanf (text, "%*u %" G_GSIZE_FORMAT, &pages), ==, 1);
  return pages * sysconf (_SC_PAGESIZE);
}

YaraOrm *
fixture_open_nodes (void)
{
  g_autoptr (GError) error = NULL;
  g_autofree char   *path = fixture_zoo_path ("node");
  YaraOrm           *orm = yara_orm_open ("sqlite::memory:", path, NULL, &error);

  g_assert_no_error (error);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *name = g_strdup_printf ("node%04u", i);

      g_assert_true (yara_orm_add_connection (orm, name, "sqlite::memory:", NULL, NULL));
    }
  return orm;
}
