/* SPDX-License-Identifier: MIT
 * The hidden commands: "complete WORD..." prints what the last word could become, a line each; "man" prints the
 * manual page. */
#pragma once

int complete_main (char **words);
int man_main      (void);
