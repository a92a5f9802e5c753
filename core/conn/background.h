/* SPDX-License-Identifier: MIT
 * Blocking work off the main loop, for rare things such as opening and loading: a thread each. */
#pragma once

#include <gio/gio.h>

/* Runs `work` with `task` in a new thread and then `finish` in the context of the caller, where it
 * returns the task. Both get the task data by g_task_get_task_data(). Takes over the reference to
 * `task`. */
typedef void (*YaraBackgroundFunc) (GTask *task);

void yara_background_run (GTask *task, YaraBackgroundFunc work, YaraBackgroundFunc finish);
