/* SPDX-License-Identifier: MIT
 * Stopping work when a GCancellable is cancelled. g_cancellable_disconnect() waits until the handlers
 * have returned, and these may wait for us; here nothing waits. */
#pragma once

#include <gio/gio.h>

typedef struct YaraCancel YaraCancel;

/* Watches `cancellable`, which is not NULL: (transfer full). */
YaraCancel *yara_cancel_new (GCancellable *cancellable);

/* From now on cancelling calls `stop`, once at most, in the thread that cancels. FALSE: it was
 * cancelled before. `stop` may take locks that are never held around arm and disarm. */
typedef void (*YaraStopFunc) (gpointer data);

gboolean yara_cancel_arm    (YaraCancel *cancel, YaraStopFunc stop, gpointer data);

/* After this returned, `stop` is neither called nor running. */
void     yara_cancel_disarm (YaraCancel *cancel);

/* Disarmed, or from inside `stop`. */
void     yara_cancel_free   (YaraCancel *cancel);
