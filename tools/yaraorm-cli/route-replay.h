/* SPDX-License-Identifier: MIT
 * The child of "route replay". */
#pragma once

/* `arguments` are the mode, "replay" or "replay-rules", and a router's options; the log is on stdin. */
int replay_child_main (char **arguments);
