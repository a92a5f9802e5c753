/* SPDX-License-Identifier: MIT
 * Cutting a text into its statements. */
#pragma once

#include <glib.h>

/* The statements without their semicolons: (transfer full). Semicolons in quotes, comments, dollar quotes and
 * the bodies of SQLite's triggers do not end one; what is blank or comment only is left out. */
GStrv sql_split (const char *text);
