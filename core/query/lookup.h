/* SPDX-License-Identifier: MIT
 * Lookups: the part behind the field in "age__gte". */
#pragma once

#include <glib.h>

typedef enum
{
  YARA_LOOKUP_EXACT,
  YARA_LOOKUP_NOT,
  YARA_LOOKUP_GT,
  YARA_LOOKUP_GTE,
  YARA_LOOKUP_LT,
  YARA_LOOKUP_LTE,
  YARA_LOOKUP_IN,
  YARA_LOOKUP_NOT_IN,
  YARA_LOOKUP_RANGE,
  YARA_LOOKUP_ISNULL,
  YARA_LOOKUP_CONTAINS,
  YARA_LOOKUP_STARTSWITH,
  YARA_LOOKUP_ENDSWITH,
  YARA_LOOKUP_IEXACT,
  YARA_LOOKUP_ICONTAINS,
  YARA_LOOKUP_ISTARTSWITH,
  YARA_LOOKUP_IENDSWITH
} YaraLookup;

/* The name of a lookup as programs write it: "gte". */
const char *yara_lookup_get_name (YaraLookup lookup);

/* Splits "age__gte" into the length of the field name and the lookup. A field name may hold "__"
 * itself: only the last "__" counts. When what stands behind it is no lookup, the whole text is
 * taken for a field name and `*lookup` is EXACT. */
void yara_lookup_split (const char *text, gsize *field_length, YaraLookup *lookup);

/* The nearest lookup to what stands behind the last "__", for messages; or NULL. */
const char *yara_lookup_suggest (const char *text);
