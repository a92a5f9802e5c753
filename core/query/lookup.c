/* SPDX-License-Identifier: MIT
 * The names of the lookups. */
#include "query/lookup.h"
#include "base/text.h"

#include <string.h>

/* In the order of YaraLookup, with a NULL behind for yara_text_suggest(). */
static const char *const names[] = {
  "exact", "not", "gt", "gte", "lt", "lte", "in", "not_in", "range", "isnull", "contains", "startswith",
  "endswith", "iexact", "icontains", "istartswith", "iendswith", NULL
};

G_STATIC_ASSERT (G_N_ELEMENTS (names) == YARA_LOOKUP_IENDSWITH + 2);

const char *
yara_lookup_get_name (YaraLookup lookup)
{
  return names[lookup];
}

/* What stands behind the last "__" that has a field before it, or NULL. */
static const char *
find_suffix (const char *text, gsize length)
{
  for (gsize i = length; i-- > 2;)
    if (text[i] == '_' && text[i - 1] == '_')
      return text + i + 1;
  return NULL;
}

void
yara_lookup_split (const char *text, gsize *field_length, YaraLookup *lookup)
{
  gsize length = strlen (text);
  const char *suffix = find_suffix (text, length);

  *field_length = length;
  *lookup = YARA_LOOKUP_EXACT;
  if (suffix == NULL)
    return;
  for (guint i = 0; names[i] != NULL; i++)
    if (names[i][0] == suffix[0] && strcmp (names[i], suffix) == 0)
      {
        *field_length = suffix - text - 2;
        *lookup = i;
        return;
      }
}

const char *
yara_lookup_suggest (const char *text)
{
  const char *suffix = find_suffix (text, strlen (text));

  return suffix == NULL ? NULL : yara_text_suggest (suffix, names);
}
