/* SPDX-License-Identifier: MIT
 * Writing the log of decisions. */
#include "route/decision-log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <yaraorm/yara-error.h>
#include "base/text.h"

void
yara_decision_log_init (YaraDecisionLog *log)
{
  pthread_rwlockattr_t attributes;

  atomic_init (&log->is_on, FALSE);
  log->fd = -1;
  pthread_rwlockattr_init (&attributes);
  /* Otherwise those who decide all the time could keep out who wants to end the log. */
  pthread_rwlockattr_setkind_np (&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init (&log->lock, &attributes);
  pthread_rwlockattr_destroy (&attributes);
}

void
yara_decision_log_clear (YaraDecisionLog *log)
{
  yara_decision_log_open (log, NULL, NULL);
  pthread_rwlock_destroy (&log->lock);
}

/* ---- the file ---- */

static int
fail (const char *path, const char *reason, GError **error)
{
  g_autofree char *quoted = yara_text_quote (path);

  g_set_error (error, YARA_ERROR, YARA_ERROR_CONFIGURATION, "log of decisions \"%s\": %s", quoted, reason);
  return -1;
}

/* A pipe is refused: its reader could stop the program, or end it with a signal. O_NONBLOCK keeps opening one
 * from waiting, and is nothing to a file. */
static int
open_file (const char *path, GError **error)
{
  int         fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
  struct stat status;

  if (fd < 0)
    return fail (path, g_strerror (errno), error);
  if (fstat (fd, &status) == 0 && (S_ISREG (status.st_mode) || S_ISCHR (status.st_mode)))
    return fd;
  close (fd);
  return fail (path, "it is not a file; name one that exists or can be made", error);
}

gboolean
yara_decision_log_open (YaraDecisionLog *log, const char *path, GError **error)
{
  g_autofree char *old_path = NULL;
  int              fd = path != NULL ? open_file (path, error) : -1, old_fd;

  if (path != NULL && fd < 0)
    return FALSE;
  pthread_rwlock_wrlock (&log->lock);
  old_fd = log->fd;
  old_path = log->path;
  log->fd = fd;
  log->path = g_strdup (path);
  atomic_store (&log->is_on, fd >= 0);
  pthread_rwlock_unlock (&log->lock);
  if (old_fd >= 0)
    close (old_fd);
  return TRUE;
}

/* ---- a line ---- */

static void
append_string (GString *line, const char *text)
{
  const char *plain = text; /* from here on nothing has to be escaped */

  g_string_append_c (line, '"');
  for (; *text != '\0'; text++)
    if ((guchar) *text < 0x20 || *text == '"' || *text == '\\')
      {
        g_string_append_len (line, plain, text - plain);
        plain = text;
        if ((guchar) *text >= 0x20)
          g_string_append_c (line, '\\');
        else
          g_string_append_printf (line, "\\u%04x", *plain++);
      }
  g_string_append_len (line, plain, text - plain);
  g_string_append_c (line, '"');
}

/* What is not UTF-8 cannot be a string in JSON: it is the list of its bytes. */
static void
append_text (GString *line, const char *text)
{
  char before = '[';

  if (g_utf8_validate (text, -1, NULL))
    {
      append_string (line, text);
      return;
    }
  for (; *text != '\0'; text++, before = ',')
    g_string_append_printf (line, "%c%u", before, (guchar) *text);
  g_string_append_c (line, ']');
}

static void
append_member (GString *line, const char *name, const char *text)
{
  if (text == NULL)
    return;
  g_string_append_c (line, line->len == 0 ? '{' : ',');
  append_string (line, name);
  g_string_append_c (line, ':');
  append_text (line, text);
}

static void
append_hints (GString *line, const char *const *hints)
{
  const char *before = ",\"hints\":[";

  if (hints == NULL || *hints == NULL)
    return;
  for (; *hints != NULL; hints++, before = ",")
    {
      g_string_append (line, before);
      append_text (line, *hints);
    }
  g_string_append_c (line, ']');
}

static GString *
make_line (const YaraQuestion *question, const char *answer, const char *reason, guint64 generation)
{
  static const char *const rules[] = { "pinned", "strict", "by_name" };
  GString                 *line = g_string_sized_new (256);

  append_member (line, "model", question->model->name);
  append_member (line, "table", question->model->table);
  append_member (line, "own", question->model->connection);
  append_member (line, "operation", question->operation == YARA_OPERATION_READ ? "read" : "write");
  append_hints (line, question->hints);
  append_member (line, "using", question->using_name);
  append_member (line, "transaction", question->transaction);
  append_member (line, "rule", question->transaction != NULL ? rules[question->rule] : NULL);
  append_member (line, "answer", answer);
  append_member (line, "reason", reason);
  g_string_append_printf (line, ",\"generation\":%" G_GUINT64_FORMAT "}\n", generation);
  return line;
}

void
yara_decision_log_write (YaraDecisionLog *log, const YaraQuestion *question, const char *answer, const char *reason,
                         guint64 generation)
{
  g_autoptr (GString) line = make_line (question, answer, reason, generation);
  g_autofree char    *given_up = NULL;
  int                 code;

  pthread_rwlock_rdlock (&log->lock);
  errno = ENOSPC; /* what a part of a line means */
  if (log->fd >= 0 && write (log->fd, line->str, line->len) != (gssize) line->len &&
      atomic_exchange (&log->is_on, FALSE))
    given_up = yara_text_quote (log->path);
  code = errno;
  pthread_rwlock_unlock (&log->lock);
  if (given_up != NULL)
    g_warning ("log of decisions \"%s\": it ends here, because it cannot be written: %s", given_up,
               g_strerror (code));
}
