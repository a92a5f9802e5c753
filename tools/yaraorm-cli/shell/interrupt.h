/* SPDX-License-Identifier: MIT
 * Ctrl-C and the end of --timeout: what runs in a database is cancelled there, too. */
#pragma once

#include <gio/gio.h>

/* From now on an interrupt cancels this: (transfer none). A second one ends the program. */
GCancellable *interrupt_get (void);

/* The same, cancelled also when --timeout is over, if it was given. */
GCancellable *interrupt_get_timed (void);

/* What a command returns whose work was cancelled: 130 or, when the time was over, exit code 5 with the error
 * block (YO-D004). */
int interrupt_report (void);
