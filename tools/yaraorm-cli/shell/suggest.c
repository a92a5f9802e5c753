/* SPDX-License-Identifier: MIT
 * "Did you mean": the known word nearest to a mistyped one. */
#include "shell/suggest.h"

#include <string.h>

/* The least number of inserted, removed or replaced bytes that makes one word of the other. */
static guint
edit_distance (const char *from, const char *to)
{
  gsize width = strlen (to);
  g_autofree guint *row = g_new (guint, width + 1);

  for (gsize i = 0; i <= width; i++)
    row[i] = i;
  for (gsize line = 1; *from != '\0'; from++, line++)
    {
      guint diagonal = row[0];

      row[0] = line;
      for (gsize i = 1; i <= width; i++)
        {
          guint replaced = diagonal + (*from != to[i - 1]);

          diagonal = row[i];
          row[i] = MIN (MIN (row[i], row[i - 1]) + 1, replaced);
        }
    }
  return row[width];
}

const char *
suggest_nearest (const char *word, const char *const *known)
{
  const char *nearest = NULL;
  guint best = MAX (2, strlen (word) / 3) + 1;

  for (; *known != NULL; known++)
    {
      guint distance = edit_distance (word, *known);

      if (distance < best && distance < strlen (*known))
        {
          nearest = *known;
          best = distance;
        }
    }
  return nearest;
}
