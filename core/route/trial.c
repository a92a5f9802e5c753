/* SPDX-License-Identifier: MIT
 * The trial of a plugin, from the side of the program. The helper reads the models from its input, one a
 * line: name, table, own connection. It answers with lines: "sha256 SUM", "answer NUMBER OPERATION NAME",
 * "refused CODE MESSAGE", and "done" at the end; without that it was ended by the plugin. */
#include "route/trial.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/text.h"
#include "route/refuse.h"

extern char **environ;

/* More than a sound helper has to say about so many models as a process can have. */
#define MAX_OUTPUT (64 * 1024 * 1024)

/* A file in memory with the models in it; -1 with the error. */
static int
write_models (const YaraModel *const *models, GError **error)
{
  g_autoptr (GString) text = g_string_new (NULL);
  int                 fd = memfd_create ("yara-trial", MFD_CLOEXEC);

  for (; *models != NULL; models++)
    g_string_append_printf (text, "%s\t%s\t%s\n", (*models)->name, (*models)->table,
                            (*models)->connection != NULL ? (*models)->connection : "");
  if (fd >= 0 && write (fd, text->str, text->len) == (gssize) text->len && lseek (fd, 0, SEEK_SET) == 0)
    return fd;
  yara_refuse (error, TRIAL, "cannot be tried: %s", g_strerror (errno));
  if (fd >= 0)
    close (fd);
  return -1;
}

/* Its input and output are the two descriptors, and it is alone in its process group. */
static gboolean
spawn (const char *path, const char *args, int input, int output, pid_t *child, GError **error)
{
  const char                *helper = secure_getenv ("YARAORM_TRIAL_HELPER");
  const char                *arguments[] = { "yaraorm-trial", path, args, NULL };
  posix_spawn_file_actions_t actions;
  posix_spawnattr_t          attributes;
  sigset_t                   signals;
  int                        code;

  if (helper == NULL)
    helper = YARAORM_HELPER_DIR "/yaraorm-trial";
  posix_spawn_file_actions_init (&actions);
  posix_spawn_file_actions_adddup2 (&actions, input, STDIN_FILENO);
  posix_spawn_file_actions_adddup2 (&actions, output, STDOUT_FILENO);
  posix_spawn_file_actions_addclosefrom_np (&actions, STDERR_FILENO + 1);
  posix_spawnattr_init (&attributes);
  posix_spawnattr_setflags (&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawnattr_setpgroup (&attributes, 0);
  sigemptyset (&signals);
  posix_spawnattr_setsigmask (&attributes, &signals);
  sigfillset (&signals);
  posix_spawnattr_setsigdefault (&attributes, &signals);
  code = posix_spawn (child, helper, &actions, &attributes, (char **) arguments, environ);
  posix_spawnattr_destroy (&attributes);
  posix_spawn_file_actions_destroy (&actions);
  if (code != 0)
    return yara_refuse (error, TRIAL, "cannot be tried: %s: %s", helper, g_strerror (code));
  return TRUE;
}

static gboolean
is_done (const GString *output)
{
  return g_str_has_suffix (output->str, "\ndone\n");
}

/* Reads up to the last line, the end or the limit; FALSE at the limit. */
static gboolean
read_output (int fd, GString *output)
{
  gint64 end = g_get_monotonic_time () + YARA_TRIAL_LIMIT, left;
  char   buffer[4096];

  while ((left = end - g_get_monotonic_time ()) > 0)
    {
      struct pollfd wait = { .fd = fd, .events = POLLIN };
      gssize        n;

      if (poll (&wait, 1, left / 1000 + 1) <= 0)
        continue;
      n = read (fd, buffer, sizeof buffer);
      if (n < 0 && errno == EINTR)
        continue;
      if (n <= 0 || output->len > MAX_OUTPUT)
        return TRUE;
      g_string_append_len (output, buffer, n);
      if (is_done (output))
        return TRUE;
    }
  return FALSE;
}

/* Ends the child and whatever it has started; `wait`: it may end by itself first, and its status tells how.
 * Until it is waited for, its number and that of its group are nobody else's. */
static int
end_child (pid_t child, gboolean wait)
{
  siginfo_t info = { 0 };
  int       status = 0;

  for (guint i = 0; wait && i < 100 && info.si_pid == 0; i++)
    {
      if (i > 0)
        g_usleep (10000);
      if (waitid (P_PID, child, &info, WEXITED | WNOHANG | WNOWAIT) != 0)
        return 0; /* the program does not want to know about its children: there is none any more */
    }
  kill (-child, SIGKILL);
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    ;
  return status;
}

static gboolean
run_helper (const char *path, const char *args, const YaraModel *const *models, GString *output, GError **error)
{
  int      input = write_models (models, error), ends[2], status;
  pid_t    child;
  gboolean started, in_time;

  if (input < 0)
    return FALSE;
  if (pipe2 (ends, O_CLOEXEC) != 0)
    {
      close (input);
      return yara_refuse (error, TRIAL, "cannot be tried: %s", g_strerror (errno));
    }
  started = spawn (path, args, input, ends[1], &child, error);
  close (input);
  close (ends[1]);
  in_time = started && read_output (ends[0], output);
  close (ends[0]);
  if (!started)
    return FALSE;
  status = end_child (child, in_time && !is_done (output));
  if (is_done (output))
    return TRUE;
  if (!in_time)
    return yara_refuse (error, TRIAL, "did not come back within %d seconds of its trial",
                        (int) (YARA_TRIAL_LIMIT / G_USEC_PER_SEC));
  if (WIFSIGNALED (status))
    return yara_refuse (error, TRIAL, "crashed in its trial: %s", g_strsignal (WTERMSIG (status)));
  return yara_refuse (error, TRIAL, "ended the process in its trial");
}

/* ---- what the helper says ---- */

typedef struct
{
  YaraRoutes             *routes;
  YaraRegistry           *registry;
  const YaraModel *const *models;
  guint                   n_models;
  gboolean                keep_writes;
  char                   *sha256;
} Trial;

/* What cannot be written now may go anywhere. */
static gboolean
check_write (Trial *trial, const YaraModel *model, const YaraRegistryEntry *entry, GError **error)
{
  YaraConnection *now = yara_routes_find_home (trial->routes, model);

  if (now == NULL || now == entry->connection)
    return TRUE;
  return yara_refuse (error, TRIAL, "would move the writes of %s from \"%s\" to \"%s\"", model->name,
                      yara_connection_get_name (now), entry->name);
}

static gboolean
check_answer (Trial *trial, const char *line, GError **error)
{
  guint              number;
  int                operation, length = 0;
  const YaraModel   *model;
  YaraRegistryEntry *entry = trial->registry->default_entry;
  const char        *answer;

  if (sscanf (line, "%u %d%n", &number, &operation, &length) < 2 || line[length] != ' ' || number >= trial->n_models)
    return yara_refuse (error, TRIAL, "confused its trial");
  model = trial->models[number];
  answer = line + length + 1;
  if (*answer == '\0')
    answer = model->connection;
  if (answer != NULL)
    entry = yara_registry_find (trial->registry, answer);
  if (entry == NULL)
    {
      g_autofree char *quoted = yara_text_quote (answer != NULL ? answer : "default");

      return yara_refuse (error, TRIAL, "sends %ss of %s to \"%s\", which is no connection",
                          operation == YARA_OPERATION_READ ? "read" : "write", model->name, quoted);
    }
  return operation == YARA_OPERATION_READ || !trial->keep_writes || check_write (trial, model, entry, error);
}

static gboolean
check_line (Trial *trial, const char *line, GError **error)
{
  int code, length = 0;

  if (g_str_has_prefix (line, "sha256 "))
    {
      g_free (trial->sha256);
      trial->sha256 = g_strdup (line + strlen ("sha256 "));
    }
  else if (g_str_has_prefix (line, "answer "))
    return check_answer (trial, line + strlen ("answer "), error);
  else if (sscanf (line, "refused %d %n", &code, &length) == 1 && length > 0)
    {
      g_set_error_literal (error, YARA_ROUTER_ERROR, code, line + length);
      return FALSE;
    }
  return TRUE;
}

/* Whether a refusal has the name of the plugin in it already. */
static gboolean
is_complete (const GError *error)
{
  return g_str_has_prefix (error->message, "router \"");
}

char *
yara_trial_run (YaraRoutes *routes, const char *path, const char *args, const YaraModel *const *models,
                gboolean keep_writes, GError **error)
{
  g_autoptr (GString) output = g_string_new ("\n");
  g_auto (GStrv)      lines = NULL;
  GError             *refusal = NULL;
  Trial               trial = { routes, yara_routes_get_registry (routes), models, 0, keep_writes, NULL };
  gboolean            ok = run_helper (path, args, models, output, &refusal);

  while (models[trial.n_models] != NULL)
    trial.n_models++;
  if (ok)
    lines = g_strsplit (output->str, "\n", -1);
  for (guint i = 0; ok && lines[i] != NULL; i++)
    ok = check_line (&trial, lines[i], &refusal);
  if (ok && trial.sha256 == NULL) /* the plugin has spoken in place of the helper */
    ok = yara_refuse (&refusal, TRIAL, "confused its trial");
  yara_registry_unref (trial.registry);
  if (ok)
    return trial.sha256;
  if (!is_complete (refusal))
    g_prefix_error (&refusal, "router \"%s\": ", path);
  g_propagate_error (error, refusal);
  g_free (trial.sha256);
  return NULL;
}
