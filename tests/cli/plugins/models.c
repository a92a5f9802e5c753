/* SPDX-License-Identifier: MIT
 * A library of models, which goes wrong in the way that $MODELS names. */
#include <stdlib.h>
#include <string.h>
#include <yaraorm/yaraorm.h>

typedef struct
{
  gint64 id;
} Note;

static const YaraField fields[] = { YARA_FIELD (Note, id, .primary_key = true) };
static const YaraModel note = YARA_MODEL (Note, "notes", fields, .connection = "cache");

__attribute__ ((visibility ("default"))) const YaraModel *const *yaraorm_models (void);

const YaraModel *const *
yaraorm_models (void)
{
  static const YaraModel *const all[] = { &note, NULL };
  const char *how = getenv ("MODELS");

  if (how != NULL && strcmp (how, "crash") == 0)
    abort ();
  if (how != NULL && strcmp (how, "loop") == 0)
    for (volatile unsigned i = 0;; i++)
      ;
  return all;
}
