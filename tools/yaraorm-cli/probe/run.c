/* SPDX-License-Identifier: MIT
 * The parent's side of a probe: starts the child, reads its lines, ends it when it takes too long. */
#include "probe/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib-unix.h>

#include "probe/child.h"
#include "shell/output.h"

/* Microseconds that a short probe may take in all, and until its first line. */
#define TOTAL_LIMIT (5 * G_USEC_PER_SEC)
#define START_LIMIT (2 * G_USEC_PER_SEC)

/* Milliseconds after which a silent child is looked at: the plugin may have left a process behind
 * that keeps the pipe open. */
#define LOOK_EVERY 100

/* What the next child reads; -1: nothing. */
static int input = -1;

typedef struct
{
  ProbeResult *result;
  GPid         child;
  GString     *unread; /* the begin of a line */
  gint64       limit;  /* monotonic time when the step must have ended */
  gint64       end;    /* and all of it */
  GCancellable *cancellable;
} Reader;

static void
take_object (gpointer data, JsonObject *object)
{
  ProbeResult *result = data;

  if (json_object_has_member (object, "at"))
    {
      g_free (result->at);
      result->at = g_strdup (json_object_get_string_member (object, "at"));
    }
  else if (json_object_has_member (object, "refused"))
    result->refused = json_object_ref (json_object_get_object_member (object, "refused"));
  else if (json_object_has_member (object, "done"))
    result->end = PROBE_DONE;
  else
    g_ptr_array_add (result->lines, json_object_ref (object));
}

/* PROBE_WORD of all children. */
static const char *
get_word (void)
{
  static char *word;

  if (word == NULL)
    word = g_uuid_string_random ();
  return word;
}

/* What stands before the word is the plugin's. */
static void
take_line (Reader *reader, const char *line)
{
  const char *word = strstr (line, get_word ());
  g_autoptr(JsonNode) node = word != NULL ? json_from_string (word + strlen (get_word ()), NULL) : NULL;
  JsonObject *object;

  if (node == NULL || !JSON_NODE_HOLDS_OBJECT (node))
    return;
  object = json_node_get_object (node);
  if (json_object_has_member (object, "at"))
    {
      reader->limit = g_get_monotonic_time () + json_object_get_int_member (object, "limit") * 1000;
      if (reader->cancellable != NULL) /* it is long */
        output_progress ("%s", json_object_get_string_member (object, "at"));
    }
  take_object (reader->result, object);
}

/* Reads what is there. FALSE at the end. */
static gboolean
read_some (Reader *reader, int fd)
{
  char buffer[4096];
  ssize_t n = read (fd, buffer, sizeof buffer);
  char *end;

  if (n <= 0)
    return n < 0 && errno == EINTR;
  g_string_append_len (reader->unread, buffer, n);
  while ((end = memchr (reader->unread->str, '\n', reader->unread->len)) != NULL)
    {
      *end = '\0';
      take_line (reader, reader->unread->str);
      g_string_erase (reader->unread, 0, end + 1 - reader->unread->str);
    }
  return TRUE;
}

/* Whether the child still runs. It is left to be waited for. */
static gboolean
is_running (GPid child)
{
  siginfo_t info = { 0 };

  return waitid (P_PID, child, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0;
}

/* FALSE when the child took too long. */
static gboolean
read_all (Reader *reader, int fd)
{
  reader->limit = g_get_monotonic_time () + START_LIMIT;
  while (reader->result->end != PROBE_DONE)
    {
      gint64 left = MIN (reader->end, reader->limit) - g_get_monotonic_time ();
      gboolean running = is_running (reader->child);
      struct pollfd wait = { .fd = fd, .events = POLLIN };

      if (left <= 0 || g_cancellable_is_cancelled (reader->cancellable))
        return FALSE;
      if (fd < 0 && !running)
        break;
      if (poll (&wait, 1, MIN (left / 1000 + 1, LOOK_EVERY)) > 0)
        fd = read_some (reader, fd) ? fd : -1; /* the plugin may have closed the pipe and go on */
      else if (!running)
        break;
    }
  return TRUE;
}

static void
note_end (ProbeResult *result, int status, gboolean in_time)
{
  if (result->end == PROBE_DONE)
    return;
  if (!in_time || (WIFSIGNALED (status) && WTERMSIG (status) == SIGXCPU))
    result->end = PROBE_TIMED_OUT;
  else
    {
      result->end = WIFSIGNALED (status) ? PROBE_CRASHED : PROBE_EXITED;
      result->status = WIFSIGNALED (status) ? WTERMSIG (status) : WEXITSTATUS (status);
    }
}

/* Stays with the child to its end, and ends whatever the plugin has started. Until it is waited for,
 * its number and that of its group are nobody else's. */
static void
follow (ProbeResult *result, GPid child, int fd, gint64 limit, GCancellable *cancellable)
{
  g_autoptr(GString) unread = g_string_new (NULL);
  Reader reader = { .result = result, .child = child, .unread = unread, .end = g_get_monotonic_time () + limit,
                    .cancellable = cancellable };
  gboolean in_time = read_all (&reader, fd);
  int status = 0;

  output_progress_clear ();
  kill (-child, SIGKILL);
  kill (child, SIGKILL); /* it may not have made its group yet */
  while (waitpid (child, &status, 0) < 0 && errno == EINTR)
    ;
  note_end (result, status, in_time);
}

GPtrArray *
probe_list_arguments (const char *mode, const RouterOptions *router, const char *const *more, const char *second)
{
  GPtrArray *arguments = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (arguments, g_strdup (PROBE_COMMAND));
  g_ptr_array_add (arguments, g_strdup (mode));
  for (; more != NULL && *more != NULL; more++)
    g_ptr_array_add (arguments, g_strdup (*more));
  router_options_print (router, arguments);
  if (second != NULL)
    g_ptr_array_add (arguments, g_strdup (second));
  g_ptr_array_add (arguments, NULL);
  return arguments;
}

/* Starts the child, which writes to `fd` as PROBE_FD. What the plugin prints goes to stderr. */
static gboolean
start (const char *mode, const RouterOptions *router, const char *const *more, const char *second, int fd,
       GPid *child, GError **error)
{
  g_autoptr(GPtrArray) arguments = probe_list_arguments (mode, router, more, second);
  g_auto(GStrv) environment = g_environ_setenv (g_get_environ (), PROBE_WORD, get_word (), TRUE);
  const int target = PROBE_FD;
  int words = dup (STDERR_FILENO);
  gboolean started;

  g_ptr_array_insert (arguments, 0, g_strdup ("/proc/self/exe"));
  started = g_spawn_async_with_pipes_and_fds (NULL, (const char *const *) arguments->pdata,
                                              (const char *const *) environment,
                                              G_SPAWN_DO_NOT_REAP_CHILD, NULL, NULL, input, words, -1,
                                              &fd, &target, 1, child, NULL, NULL, NULL, error);
  if (words >= 0)
    close (words);
  return started;
}

ProbeResult *
probe_run (const char *mode, const RouterOptions *router)
{
  return probe_run_long (mode, router, NULL, NULL, TOTAL_LIMIT, NULL);
}

static ProbeResult *
result_new (void)
{
  ProbeResult *result = g_new0 (ProbeResult, 1);

  result->end = PROBE_NOT_STARTED;
  result->at = g_strdup ("starting");
  result->lines = g_ptr_array_new_with_free_func ((GDestroyNotify) json_object_unref);
  return result;
}

ProbeResult *
probe_run_here (const char *mode, const RouterOptions *router)
{
  ProbeResult *result = result_new ();

  probe_work_here (mode, router, take_object, result);
  return result;
}

ProbeResult *
probe_run_long (const char *mode, const RouterOptions *router, const char *const *more, const char *second,
                gint64 limit, GCancellable *cancellable)
{
  ProbeResult *result = result_new ();
  g_autoptr(GError) error = NULL;
  gboolean started;
  GPid child;
  int ends[2];

  if (!g_unix_open_pipe (ends, FD_CLOEXEC, &error))
    {
      result->reason = g_strdup (error->message);
      return result;
    }
  started = start (mode, router, more, second, ends[1], &child, &error);
  close (ends[1]);
  if (started)
    follow (result, child, ends[0], limit, cancellable);
  else
    result->reason = g_strdup (error->message);
  close (ends[0]);
  return result;
}

void
probe_set_input (int fd)
{
  input = fd;
}

void
probe_result_free (ProbeResult *result)
{
  g_free (result->at);
  g_free (result->reason);
  g_ptr_array_unref (result->lines);
  g_clear_pointer (&result->refused, json_object_unref);
  g_free (result);
}

const char *
probe_get_text (JsonObject *line, const char *member)
{
  return json_object_get_string_member_with_default (line, member, NULL);
}

char *
probe_get_connections (JsonObject *line)
{
  g_autoptr(GPtrArray) names = g_ptr_array_new ();
  JsonArray *varies;

  if (!json_object_has_member (line, "varies"))
    return g_strdup (probe_get_text (line, "connection"));
  varies = json_object_get_array_member (line, "varies");
  for (guint i = 0; i < json_array_get_length (varies); i++)
    g_ptr_array_add (names, (char *) json_array_get_string_element (varies, i));
  g_ptr_array_add (names, NULL);
  return g_strjoinv (",", (char **) names->pdata);
}
