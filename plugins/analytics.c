/* SPDX-License-Identifier: MIT
 * Some models live in databases of their own; the others stay where they are. For data that grows or
 * is used differently from the rest: events, metrics, logs.
 *
 * args: where each model lives, "Event=analytics,Metric=analytics"; default "Event=analytics". */
#include <stdio.h>
#include <string.h>
#include <yaraorm/yara-router.h>

#define MAX_MODELS 32

static char        text[1024];
static const char *models[MAX_MODELS], *connections[MAX_MODELS];
static unsigned    n_models;

int
router_open (const char *args, char *message, size_t size)
{
  if (strlen (args) >= sizeof text)
    {
      snprintf (message, size, "longer than %zu bytes", sizeof text - 1);
      return -1;
    }
  strcpy (text, *args != '\0' ? args : "Event=analytics");
  for (char *pair = text; pair != NULL; n_models++)
    {
      char *comma = strchr (pair, ','), *equals;

      if (comma != NULL)
        *comma++ = '\0';
      equals = strchr (pair, '=');
      if (equals == NULL || equals == pair || equals[1] == '\0' || n_models == MAX_MODELS)
        {
          snprintf (message, size, "want 1 to %d of Model=connection, separated by commas", MAX_MODELS);
          return -1;
        }
      *equals = '\0';
      models[n_models] = pair;
      connections[n_models] = equals + 1;
      pair = comma;
    }
  return 0;
}

const char *
db_for_read (const YaraModel *model, const YaraHints *hints)
{
  for (unsigned i = 0; i < n_models; i++)
    if (strcmp (model->name, models[i]) == 0)
      return connections[i];
  return NULL;
}

/* One source of truth: written where it is read. */
const char *
db_for_write (const YaraModel *model, const YaraHints *hints)
{
  return db_for_read (model, hints);
}
