/* SPDX-License-Identifier: MIT
 * The model of the program that is built against the installed library. */
#pragma once

#include <yaraorm/yaraorm.h>

typedef struct
{
  gint64      id;
  const char *text;
} Letter;

extern const YaraModel letter_model;
