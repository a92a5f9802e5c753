/* SPDX-License-Identifier: MIT
 * "plugin check --debug": the child of "plugin check" in gdb, which stops where the plugin crashes. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "plugin/check.h"
#include "shell/output.h"

static void
add_option (GString *command, const char *name, const char *value)
{
  g_autofree char *quoted = value != NULL ? options_quote (value) : NULL;

  if (quoted != NULL)
    g_string_append_printf (command, " --%s %s", name, quoted);
}

char *
plugin_debug_describe (const RouterOptions *router)
{
  GString *command = g_string_new ("yaraorm-cli plugin check --debug ");
  g_autofree char *plugin = options_quote (router->plugin);

  g_string_append (command, plugin);
  add_option (command, "args", router->args);
  add_option (command, "connections", router->connections);
  return g_string_free (command, FALSE);
}

static int
report_failure (const char *reason, const char *hint)
{
  g_autoptr(Report) report = report_new ("YO-X001");

  report_line (report, "reason", "%s", reason);
  if (hint != NULL)
    report_line (report, "hint", "%s", hint);
  return report_print (report, NULL);
}

/* gdb with the child as its program: (transfer full). Where nobody can type, it prints the stack and ends. */
static GPtrArray *
list_words (const RouterOptions *router, const char *program)
{
  static const char *const words[] = { "gdb", "-q", "-ex", "run", "-ex", "backtrace" };
  GPtrArray *list = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    g_ptr_array_add (list, g_strdup (words[i]));
  if (!isatty (STDIN_FILENO))
    g_ptr_array_add (list, g_strdup ("-batch"));
  g_ptr_array_add (list, g_strdup ("--args"));
  g_ptr_array_add (list, g_strdup (program));
  g_ptr_array_extend_and_steal (list, probe_list_arguments ("check", router, NULL, NULL));
  return list;
}

int
plugin_debug (const RouterOptions *router)
{
  g_autofree char *gdb = g_find_program_in_path ("gdb");
  g_autofree char *program = g_file_read_link ("/proc/self/exe", NULL);
  g_autoptr(GPtrArray) words = NULL;
  int null;

  if (gdb == NULL)
    return report_failure ("gdb is not installed", "install it, on Debian with: apt install gdb");
  if (program == NULL)
    return report_failure ("/proc/self/exe cannot be read", NULL);
  words = list_words (router, program);
  null = open ("/dev/null", O_WRONLY);
  if (null < 0 || dup2 (null, PROBE_FD) < 0) /* nobody reads the child's lines */
    return report_failure (g_strerror (errno), NULL);
  execv (gdb, (char **) words->pdata);
  return report_failure (g_strerror (errno), NULL);
}
