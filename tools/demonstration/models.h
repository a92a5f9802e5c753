/* SPDX-License-Identifier: MIT
 * The models of the demonstration. They differ in their names only, which is all a router looks at. */
#pragma once

#include <yaraorm/yaraorm.h>

typedef struct
{
  gint64 id;
  gint32 step;   /* of the demonstration */
  gint32 serial; /* counts the rows of one step in the order in which they were sent */
} Record;

enum { USER, EVENT, SNAPSHOT, N_MODELS };

extern const YaraModel *const models[N_MODELS];
