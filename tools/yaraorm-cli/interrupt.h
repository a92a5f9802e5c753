/* SPDX-License-Identifier: MIT
 * Ctrl-C: what runs in a database is cancelled there, too. */
#pragma once

#include <gio/gio.h>

/* From now on an interrupt cancels this: (transfer none). A second one ends the program. */
GCancellable *interrupt_get (void);
