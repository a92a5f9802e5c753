/* SPDX-License-Identifier: MIT
 * Help: of a command, made from its options and its page; of a topic or an error, its page. The
 * pages are the files help/NAME.txt, built into the program. */
#pragma once

#include <gio/gio.h>

/* Prints the help of `command`, "" for the program, to stdout; returns the exit code. */
int help_print_command (const char *command, GOptionContext *context);
