/* SPDX-License-Identifier: MIT
 * Loading and unloading a plugin's code. */
#include "route/plugin.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fenv.h>
#include <link.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "route/elf.h"
#include "route/file.h"
#include "route/refuse.h"

#ifndef MFD_NOEXEC_SEAL
#define MFD_NOEXEC_SEAL 0x0008U
#endif

/* Each copy that cannot be unmapped costs 20 KiB and five mappings. */
#define MAX_RESIDENT 64

static atomic_uint n_resident;

/* The name under which the dynamic linker knows the copy. It takes an equal name for the same library,
 * so the descriptor stays open as long as the copy may be mapped. A debugger opens that name, too: it has
 * the number of this process, because "self" would be the debugger, which then hangs in a pipe of its own. */
typedef struct
{
  char text[32];
} CopyName;

static CopyName
get_copy_name (int fd)
{
  char     self[12];
  ssize_t  length = readlink ("/proc/self", self, sizeof self); /* as /proc counts, also in a namespace */
  CopyName name;

  g_snprintf (name.text, sizeof name.text, "/proc/%.*s/fd/%d", length > 0 ? (int) length : 4,
              length > 0 ? self : "self", fd);
  return name;
}

static gboolean
is_mapped (int fd)
{
  void *handle = dlopen (get_copy_name (fd).text, RTLD_LAZY | RTLD_NOLOAD);

  if (handle == NULL)
    return FALSE;
  dlclose (handle);
  return TRUE;
}

/* A file in memory that nobody can change any more, this process included. */
static int
copy_to_memory (const YaraPlugin *plugin, const YaraRouterFile *file, GError **error)
{
  g_autofree char *name = g_strdup_printf ("yara-router:%.200s", plugin->name);
  int              fd = memfd_create (name, MFD_CLOEXEC | MFD_ALLOW_SEALING | MFD_NOEXEC_SEAL);
  gsize            done = 0;

  if (fd < 0 && errno == EINVAL) /* Linux before 6.3 */
    fd = memfd_create (name, MFD_CLOEXEC | MFD_ALLOW_SEALING);
  while (fd >= 0 && done < file->size)
    {
      gssize n = write (fd, file->bytes + done, file->size - done);

      if (n < 0 && errno == EINTR)
        continue;
      if (n < 0)
        break;
      done += n;
    }
  if (fd >= 0 && done == file->size &&
      fcntl (fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) == 0)
    return fd;
  yara_refuse (error, FILE, "cannot be copied into memory: %s", g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}

/* A function of the plugin itself; NULL when it has none, or when it is a library's. */
static gpointer
find_own_function (const YaraPlugin *plugin, const char *name)
{
  gpointer         function = dlsym (plugin->handle, name);
  struct link_map *map = NULL;
  Dl_info          own, found;

  if (function == NULL || dlinfo (plugin->handle, RTLD_DI_LINKMAP, &map) != 0 ||
      dladdr (map->l_ld, &own) == 0 || dladdr (function, &found) == 0 || own.dli_fbase != found.dli_fbase)
    return NULL;
  return function;
}

static gboolean
map_copy (YaraPlugin *plugin, GError **error)
{
  CopyName name = get_copy_name (plugin->fd);

  if (atomic_load (&n_resident) >= MAX_RESIDENT)
    return yara_refuse (error, UNSAFE, "is one too many: %d earlier routers cannot be unloaded", MAX_RESIDENT);
  if (is_mapped (plugin->fd))
    return yara_refuse (error, NOT_A_PLUGIN, "cannot be loaded: %s is in use", name.text);
  plugin->handle = dlopen (name.text, RTLD_NOW | RTLD_LOCAL);
  if (plugin->handle == NULL)
    {
      const char *reason = dlerror ();

      if (g_str_has_prefix (reason, name.text))
        reason += strlen (name.text) + strlen (": ");
      return yara_refuse (error, NOT_A_PLUGIN, "cannot be loaded: %s", reason);
    }
  plugin->functions[YARA_OPERATION_READ] = find_own_function (plugin, "db_for_read");
  plugin->functions[YARA_OPERATION_WRITE] = find_own_function (plugin, "db_for_write");
  if (plugin->functions[YARA_OPERATION_READ] == NULL || plugin->functions[YARA_OPERATION_WRITE] == NULL)
    return yara_refuse (error, MISSING_SYMBOL, "has db_for_read or db_for_write from another library");
  return TRUE;
}

/* What the plugin wrote, as one line of UTF-8. */
static char *
make_one_line (const char *message)
{
  char *line = g_utf8_make_valid (message, -1);

  for (char *c = line; *c != '\0'; c++)
    if (g_ascii_iscntrl (*c))
      *c = ' ';
  return line;
}

static gboolean
call_open (YaraPlugin *plugin, GError **error)
{
  int           (*router_open) (const char *args, char *message, size_t size);
  const char     *args = plugin->args != NULL ? plugin->args : "";
  char            message[256] = "";
  g_autofree char *line = NULL;

  router_open = find_own_function (plugin, "router_open");
  if (router_open != NULL && router_open (args, message, sizeof message) != 0)
    {
      message[sizeof message - 1] = '\0';
      line = make_one_line (message[0] != '\0' ? message : "it gave no reason");
      return yara_refuse (error, REFUSED, "refused the arguments \"%s\": %s", args, line);
    }
  plugin->close = find_own_function (plugin, "router_close");
  return TRUE;
}

/* The parts that run the plugin's code. */
static gboolean
start (YaraPlugin *plugin, GError **error)
{
  fenv_t   environment;
  gboolean started;

  /* A plugin built with -ffast-math changes the arithmetic of the thread that loads it. */
  fegetenv (&environment);
  started = map_copy (plugin, error) && call_open (plugin, error);
  fesetenv (&environment);
  return started;
}

/* Takes over what is known of the file. */
static YaraPlugin *
plugin_new (YaraRouterFile *file, const char *args)
{
  YaraPlugin *plugin = g_new0 (YaraPlugin, 1);

  plugin->name = g_path_get_basename (file->path);
  if (g_str_has_suffix (plugin->name, ".so"))
    plugin->name[strlen (plugin->name) - strlen (".so")] = '\0';
  plugin->path = g_steal_pointer (&file->path);
  plugin->sha256 = g_steal_pointer (&file->sha256);
  plugin->args = g_strdup (args);
  return plugin;
}

static gboolean
check_bytes (const YaraRouterFile *file, const char *sha256, GError **error)
{
  if (sha256 != NULL && strcmp (file->sha256, sha256) != 0)
    return yara_refuse (error, TRIAL, "was changed after its trial");
  return yara_elf_check (file->bytes, file->size, error);
}

YaraPlugin *
yara_plugin_load (const char *name, const char *args, GError **error)
{
  return yara_plugin_load_only (name, args, NULL, error);
}

YaraPlugin *
yara_plugin_load_only (const char *name, const char *args, const char *sha256, GError **error)
{
  g_autofree char          *path = yara_router_file_find (name, error);
  g_autoptr(YaraRouterFile) file = NULL;
  YaraPlugin               *plugin;

  if (path == NULL)
    return NULL;
  file = yara_router_file_read (path, error);
  if (file != NULL && check_bytes (file, sha256, error))
    {
      plugin = plugin_new (file, args);
      plugin->fd = copy_to_memory (plugin, file, error);
      if (plugin->fd >= 0 && start (plugin, error))
        return plugin;
      yara_plugin_unload (plugin);
    }
  g_prefix_error (error, "router \"%s\": ", path);
  return NULL;
}

void
yara_plugin_unload (YaraPlugin *plugin)
{
  gboolean is_resident = FALSE;

  if (plugin->close != NULL)
    plugin->close ();
  if (plugin->handle != NULL)
    {
#ifdef YARAORM_KEEP_PLUGINS
      is_resident = TRUE;
#else
      dlclose (plugin->handle);
      is_resident = is_mapped (plugin->fd);
      if (is_resident)
        atomic_fetch_add (&n_resident, 1);
#endif
    }
  if (plugin->fd >= 0 && !is_resident)
    close (plugin->fd);
  g_free (plugin->name);
  g_free (plugin->path);
  g_free (plugin->args);
  g_free (plugin->sha256);
  g_free (plugin);
}
