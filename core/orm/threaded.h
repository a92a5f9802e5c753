/* SPDX-License-Identifier: MIT
 * The asynchronous shape of the verbs that open and load: the blocking shape in a thread. All of them
 * take two strings. */
#pragma once

#include <gio/gio.h>

/* A blocking verb. What it returns is given to the task: NULL with the error. */
typedef gpointer (*YaraThreadedFunc) (gpointer source, const char *first, const char *second, GCancellable *cancellable, GError **error);

/* Runs `func` in a thread and returns its outcome by a GTask with the tag `tag`; `destroy` (nullable)
 * frees an outcome that nobody takes. What was done stays done: a cancel that comes too late is not
 * reported. */
void yara_run_threaded (gpointer tag, YaraThreadedFunc func, GDestroyNotify destroy, gpointer source, const char *first, const char *second, GCancellable *cancellable, GAsyncReadyCallback callback, gpointer user_data);

/* The outcome: (transfer full). */
gpointer yara_finish_threaded (gpointer tag, gpointer source, GAsyncResult *result, GError **error);
