/* SPDX-License-Identifier: MIT
 * Finding and reading a plugin's file. Whoever can write the file, or replace it, runs code in this
 * process: so file and folders must belong to root or to this user. */
#include "route/file.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "route/refuse.h"

#define MAX_SIZE (64 * 1024 * 1024)

/* Takes over `folder`; often several of them are the same. */
static void
add_folder (GPtrArray *folders, char *folder)
{
  if (folder[0] != '\0' && !g_ptr_array_find_with_equal_func (folders, folder, g_str_equal, NULL))
    g_ptr_array_add (folders, folder);
  else
    g_free (folder);
}

/* "../lib/yaraorm/routers" as seen from this library, or from the program it is linked into. */
static void
add_own_folders (GPtrArray *folders)
{
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  Dl_info          info;

  if (dladdr (add_own_folders, &info) != 0 && strchr (info.dli_fname, '/') != NULL)
    {
      g_autofree char *folder = g_path_get_dirname (info.dli_fname);

      add_folder (folders, g_build_filename (folder, "yaraorm", "routers", NULL));
    }
  if (program != NULL)
    {
      g_autofree char *folder = g_path_get_dirname (program);
      g_autofree char *prefix = g_path_get_dirname (folder);

      add_folder (folders, g_build_filename (prefix, "lib", "yaraorm", "routers", NULL));
    }
}

/* Where routers are looked for, in order. The environment does not count in set-user-ID programs. */
static GPtrArray *
list_folders (void)
{
  GPtrArray    *folders = g_ptr_array_new_with_free_func (g_free);
  const char   *variable = secure_getenv ("YARAORM_ROUTER_PATH");
  g_auto(GStrv) given = g_strsplit (variable != NULL ? variable : "", ":", -1);

  for (guint i = 0; given[i] != NULL; i++)
    add_folder (folders, g_strdup (given[i]));
  add_own_folders (folders);
  add_folder (folders, g_strdup (YARAORM_ROUTER_DIR));
  return folders;
}

char *
yara_router_file_find (const char *name, GError **error)
{
  g_autoptr(GPtrArray) folders = NULL;
  g_autofree char     *file_name = g_strconcat (name, ".so", NULL);
  g_autofree char     *searched = NULL;

  if (strchr (name, '/') != NULL)
    return g_strdup (name);
  if (name[0] == '\0')
    {
      yara_refuse (error, FILE, "the router's name is empty; give a file or the name of an installed router");
      return NULL;
    }
  folders = list_folders ();
  for (guint i = 0; i < folders->len; i++)
    {
      char *path = g_build_filename (folders->pdata[i], file_name, NULL);

      if (access (path, F_OK) == 0)
        return path;
      g_free (path);
    }
  g_ptr_array_add (folders, NULL);
  searched = g_strjoinv (", ", (char **) folders->pdata);
  yara_refuse (error, FILE, "router \"%s\": there is no %s in %s; "
               "for a file write a path with a slash, \"./%s\"", name, file_name, searched, name);
  return NULL;
}

/* Whether only root and this user can write what `status` tells of. Others may write into a sticky
 * folder, because they cannot replace what is not theirs. */
static gboolean
check_writers (const struct stat *status, const char *what, GError **error)
{
  if (status->st_uid != 0 && status->st_uid != geteuid ())
    return yara_refuse (error, UNSAFE, "%s belongs to user %u; it must belong to root or to user %u, "
                        "who runs this program", what, status->st_uid, geteuid ());
  if ((status->st_mode & (S_IWGRP | S_IWOTH)) != 0 &&
      !(S_ISDIR (status->st_mode) && (status->st_mode & S_ISVTX) != 0))
    return yara_refuse (error, UNSAFE, "%s can be written by %s; take that away with chmod go-w", what,
                        (status->st_mode & S_IWOTH) != 0 ? "everybody" : "its group");
  return TRUE;
}

/* All folders above `path`, which is absolute. */
static gboolean
check_folders (const char *path, GError **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  for (;;)
    {
      g_autofree char *what = g_strdup_printf ("its folder %s", folder);
      char            *parent;
      struct stat      status;

      if (stat (folder, &status) != 0)
        return yara_refuse (error, FILE, "%s cannot be looked at: %s", what, g_strerror (errno));
      if (!check_writers (&status, what, error))
        return FALSE;
      if (strcmp (folder, "/") == 0)
        return TRUE;
      parent = g_path_get_dirname (folder);
      g_free (folder);
      folder = parent;
    }
}

/* The folders of the path as it was given: whoever can write there chooses the file. */
static gboolean
check_given_folders (const char *path, GError **error)
{
  g_autofree char *given = g_path_get_dirname (path);
  char            *folder = realpath (given, NULL);
  g_autofree char *inside = folder != NULL ? g_build_filename (folder, "-", NULL) : NULL;

  free (folder);
  if (inside == NULL)
    return yara_refuse (error, FILE, "its folder cannot be found: %s", g_strerror (errno));
  return check_folders (inside, error);
}

static gboolean
check_file (int fd, struct stat *status, GError **error)
{
  struct statvfs system;

  if (fstat (fd, status) != 0 || fstatvfs (fd, &system) != 0)
    return yara_refuse (error, FILE, "cannot be looked at: %s", g_strerror (errno));
  if (S_ISDIR (status->st_mode))
    return yara_refuse (error, FILE, "is a folder");
  if (!S_ISREG (status->st_mode))
    return yara_refuse (error, FILE, "is not a regular file");
  if (status->st_size == 0)
    return yara_refuse (error, FILE, "is empty");
  if (status->st_size > MAX_SIZE)
    return yara_refuse (error, FILE, "is larger than 64 MiB");
  if (!check_writers (status, "the file", error))
    return FALSE;
  /* The copy in memory could be run all the same, which the administrator did not want. */
  if ((system.f_flag & ST_NOEXEC) != 0)
    return yara_refuse (error, UNSAFE, "lies on a file system that is mounted noexec");
  return TRUE;
}

/* Reads what `before` promises, and one byte more, to find the end. A writer at work shows in the size or
 * the time stamp, or leaves a file that ends too early for its ELF header. */
static gboolean
read_all (int fd, const struct stat *before, YaraRouterFile *file, GError **error)
{
  gsize       wanted = before->st_size;
  gssize      n = 1;
  struct stat after;

  file->bytes = g_try_malloc (wanted + 1);
  if (file->bytes == NULL)
    return yara_refuse (error, FILE, "does not fit into memory");
  while (n > 0 && file->size <= wanted)
    {
      n = read (fd, file->bytes + file->size, wanted + 1 - file->size);
      if (n < 0 && errno == EINTR)
        n = 1;
      else if (n < 0)
        return yara_refuse (error, FILE, "cannot be read: %s", g_strerror (errno));
      else
        file->size += n;
    }
  if (file->size != wanted || fstat (fd, &after) != 0 || after.st_size != before->st_size ||
      memcmp (&after.st_mtim, &before->st_mtim, sizeof after.st_mtim) != 0)
    return yara_refuse (error, FILE, "changed while it was read; write a new file and rename it");
  file->sha256 = g_compute_checksum_for_data (G_CHECKSUM_SHA256, file->bytes, file->size);
  return TRUE;
}

YaraRouterFile *
yara_router_file_read (const char *path, GError **error)
{
  g_autoptr(YaraRouterFile) file = g_new0 (YaraRouterFile, 1);
  char                     *resolved = realpath (path, NULL);
  struct stat               status;
  gboolean                  is_read;
  int                       fd;

  file->path = g_strdup (resolved);
  free (resolved);
  /* What is opened is the resolved path, whose folders are checked: nobody else can have changed it
   * in between. A FIFO must not block. */
  fd = file->path != NULL ? open (file->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW) : -1;
  if (fd < 0)
    {
      yara_refuse (error, FILE, "cannot be opened: %s", g_strerror (errno));
      return NULL;
    }
  is_read = check_file (fd, &status, error) &&
            check_folders (file->path, error) &&
            check_given_folders (path, error) &&
            read_all (fd, &status, file, error);
  close (fd);
  return is_read ? g_steal_pointer (&file) : NULL;
}

void
yara_router_file_free (YaraRouterFile *file)
{
  g_free (file->path);
  g_free (file->bytes);
  g_free (file->sha256);
  g_free (file);
}
