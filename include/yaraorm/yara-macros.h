/* SPDX-License-Identifier: MIT */
#ifndef YARA_MACROS_H
#define YARA_MACROS_H

#include <gio/gio.h>

/* Marks what the shared library exports; everything else is hidden. */
#define YARA_API __attribute__ ((visibility ("default"))) extern

#endif
